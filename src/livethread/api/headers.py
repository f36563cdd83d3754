"""The headers that every answer carries, and which web pages may read it (wire.md, Headers).

Pure ASGI, and ``send`` is handed on within the call: streams step it by hand.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livethread.api import auth, problems
from livethread.api.origins import Origins
from livethread.api.paths import route_of
from livethread.errors import ApiError
from livethread.ids import Ids

_ALLOWED: Final = frozenset(["authorization", "content-type", "last-event-id", "idempotency-key", "x-livethread-claim"])
_ALLOWED_PREFIXES: Final = ("openai-", "x-stainless-")
_EXPOSED: Final = b"x-request-id, openai-poll-after-ms, x-thread-cursor, retry-after, x-should-retry"
_METHODS: Final = "GET, POST, DELETE"
_ROOM_STREAM: Final = "/stream"
"""The one call outside ``/v1`` that takes a key, and writes."""

_READS: Final = frozenset(["GET", "HEAD", "OPTIONS"])


class Headers:
    """Goes around the whole app, its error answers included.

    Args:
        app: what answers.
        ids: for ``x-request-id``.
        origins: web origins that may call besides this machine's own, as ``https://app.example.com``.
        keys: if there are any, a caller of ``/v1`` and ``/stream`` must send one.
        timer: seconds, for ``openai-processing-ms``.
    """

    def __init__(
        self,
        app: ASGIApp,
        ids: Ids,
        origins: Collection[str] = (),
        keys: Collection[str] = (),
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._ids = ids
        self._origins = Origins(origins, guarded=bool(keys))
        self._keys = tuple(keys)
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket" and not self._may_connect(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "This origin may not connect here."})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._timer()
        scope["request_id"] = self._ids.request()
        given: dict[bytes, bytes] = dict(scope["headers"])
        added = [
            (b"x-request-id", scope["request_id"].encode()),
            (b"openai-version", b"2020-10-01"),
            *self._cors(given),
        ]

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                took = (b"openai-processing-ms", b"%d" % ((self._timer() - began) * 1000))
                message = {**message, "headers": [*message.get("headers", ()), *added, took]}
            return send(message)

        answering = self._answering(scope, given)
        del given  # a stream may last for days
        await answering(scope, receive, send_with_headers)

    def _answering(self, scope: Scope, given: dict[bytes, bytes]) -> ASGIApp:
        if scope["method"] == "OPTIONS" and b"origin" in given and b"access-control-request-method" in given:
            return self._preflight(given)
        foreign = self._origins.foreign_name(scope, given)
        if foreign is not None:
            return problems.response(
                ApiError(
                    f"This server checks no keys, so on its own machine it does not answer to the name {foreign}: "
                    f"a web site could have made it. If it is this server's, put https://{foreign} into "
                    "LIVETHREAD_ORIGINS, or set LIVETHREAD_API_KEYS.",
                    status=403,
                )
            )
        if scope["method"] not in _READS and not self._origins.may_write(given):
            origin = given[b"origin"].decode("latin-1")[:128]
            return problems.response(
                ApiError(
                    f"Pages of {origin} may not write here. If they should, name that origin in LIVETHREAD_ORIGINS.",
                    status=403,
                )
            )
        if b"x-livethread-hop" in given:
            return problems.response(
                ApiError(
                    "This request comes from a Livethread server that has been given itself or another one as its "
                    "upstream. Set LIVETHREAD_UPSTREAM_URL there to the address of a model API."
                )
            )
        refused = auth.refusal(given.get(b"authorization", b""), self._keys)
        if refused is not None and (route_of(scope).startswith("/v1/") or route_of(scope) == _ROOM_STREAM):
            return problems.response(refused)
        return self._app

    def _may_connect(self, scope: Scope) -> bool:
        """Whether a WebSocket may be opened: browsers ask nobody before, and the page could both read and write."""
        given: dict[bytes, bytes] = dict(scope["headers"])
        return self._origins.may_write(given) and self._origins.foreign_name(scope, given) is None

    def _preflight(self, given: dict[bytes, bytes]) -> Response:
        if not self._origins.may_read(given):
            return Response(status_code=204)
        asked = given.get(b"access-control-request-headers", b"").decode("latin-1").lower().split(",")
        names = [name for name in map(str.strip, asked) if name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)]
        headers = {
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": ", ".join(names),
            "access-control-max-age": "600",
        }
        return Response(status_code=204, headers=headers)

    def _cors(self, given: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        if not self._origins.may_read(given):
            return [(b"vary", b"Origin")]
        return [
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", given[b"origin"]),
            (b"access-control-expose-headers", _EXPOSED),
        ]
