"""The names of the assistants that appear in a thread."""

from __future__ import annotations

from livethread.client import ApiError, Client, State


class Speakers:
    """Learns each name when its assistant first appears.

    Args:
        client: to the server.
    """

    def __init__(self, client: Client) -> None:
        self.names: dict[str, str] = {}
        """By the assistants' ids."""
        self._client = client

    async def learn(self, state: State) -> None:
        """Ask for the names that a state needs; an assistant without one, or deleted, goes by its id.

        Raises:
            Unreachable: nobody answers.
        """
        ids = {run["assistant_id"] for run in state.runs} | {message["assistant_id"] for message in state.messages}
        for id in ids - self.names.keys() - {None}:
            try:
                self.names[id] = (await self._client.call("GET", f"/assistants/{id}"))["name"] or id
            except ApiError:
                self.names[id] = id
