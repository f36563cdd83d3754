"""Writes down what goes over the wire between the SDK and a server, and holds it against the published contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import httpx2
from jsonschema import Draft202012Validator

from tests.domain.test_contract import CONTRACT, KNOWN_DEVIATIONS

SCHEMAS: Final[dict[str, Any]] = CONTRACT["components"]["schemas"]

DEVIATIONS: Final = {
    **KNOWN_DEVIATIONS,
    ("RunObject", "incomplete_details.reason"): "content_filter: no documented value says so (reference section 4)",
    **{
        (schema, name): "null in an empty list, as the hosted API sent it (reference section 1.4)"
        for schema in ("ListAssistantsResponse", "ListMessagesResponse", "ListRunStepsResponse", "ListRunsResponse")
        for name in ("first_id", "last_id")
    },
}
"""(schema, path) of what the published document does not allow, and why it is right all the same."""


@dataclass
class Exchange:
    """One request and the bytes of its answer.

    Args:
        cut: whether the connection ended before the answer did.
    """

    method: str
    path: str
    status: int
    content_type: str
    body: bytearray = field(default_factory=bytearray)
    cut: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return self.content_type.startswith("text/event-stream")

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


class _Copied(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, copy: bytearray) -> None:
        self._stream = stream
        self._copy = copy

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            self._copy += piece
            yield piece

    def close(self) -> None:
        self._stream.close()


class Recording(httpx2.HTTPTransport):
    """A transport that keeps every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: list[Exchange] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        content_type = response.headers.get("content-type", "")
        path = request.url.path.removeprefix("/v1")
        exchange = Exchange(request.method, path, response.status_code, content_type)
        self.exchanges.append(exchange)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Copied(response.stream, exchange.body)
        return response


@cache
def _operations() -> list[tuple[str, str, re.Pattern[str], str]]:
    """Method, path, its pattern and the schema of its answer, the most particular paths first."""
    found = []
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            (media,) = operation["responses"]["200"]["content"].values()
            pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
            if "$ref" in media["schema"]:
                found.append((method.upper(), path, pattern, media["schema"]["$ref"].rpartition("/")[2]))
    return sorted(found, key=lambda operation: operation[1].count("{"))


def operation(exchange: Exchange) -> tuple[str, str, str]:
    """The method, path and answer's schema in the contract of what was asked."""
    for method, path, pattern, schema in _operations():
        if method == exchange.method and pattern.fullmatch(exchange.path):
            return method, path, schema
    raise AssertionError(f"the contract has no {exchange}")


def outside(exchange: Exchange) -> bool:
    """Whether the contract does not speak of this: of our list of threads, and of models."""
    return re.fullmatch(r"GET (/threads|/models(/.+)?)", f"{exchange.method} {exchange.path}") is not None


@cache
def event_schemas() -> dict[str, str]:
    """The schema of each event's data, by the event's type."""
    found = {}
    for kind in ("ThreadStreamEvent", "RunStreamEvent", "RunStepStreamEvent", "MessageStreamEvent"):
        for event in SCHEMAS[kind]["oneOf"]:
            (type,) = event["properties"]["event"]["enum"]
            found[type] = event["properties"]["data"]["$ref"].rpartition("/")[2]
    return found


def events(exchange: Exchange) -> list[tuple[str, str]]:
    """Type and data of each event of a stream, which has to be framed as the house rules say.

    Of one that was cut, the event that the cut went through is left out.
    """
    *blocks, rest = exchange.body.decode("ascii").split("\n\n")
    assert exchange.cut or rest == "", f"{exchange}: ends within an event"
    found = []
    for block in blocks:
        framed = re.fullmatch(r"event: ([\w.]+)\ndata: (.+)(\nid: [0-9a-z.~]+)?", block.removeprefix(":\n"))
        assert framed is not None, f"{exchange}: {block!r}"
        found.append((framed[1], framed[2]))
    return found


@dataclass(frozen=True)
class Fault:
    """Something in an answer that the contract does not allow."""

    schema: str
    path: str
    message: str
    place: str

    @property
    def known(self) -> bool:
        """Whether it is meant to be so."""
        return (self.schema, self.path) in DEVIATIONS


def faults(exchange: Exchange) -> list[Fault]:
    """Where an answer is not what the contract says, known deviations too."""
    if exchange.is_stream:
        assert exchange.content_type == "text/event-stream; charset=utf-8"
        told = events(exchange)
        if told[-1:] == [("done", "[DONE]")]:
            told.pop()
        else:
            assert exchange.cut, f"{exchange}: ends without an end"
        found = []
        for type, data in told:
            found += _faults(f"{exchange} {type}", event_schemas()[type], json.loads(data))
        return found
    assert exchange.content_type == "application/json", str(exchange)
    answer = json.loads(exchange.body)
    if exchange.status != 200:
        return _faults(str(exchange), "ErrorResponse", answer)
    if outside(exchange):
        return []
    _, _, schema = operation(exchange)
    if schema.startswith("List"):
        item = SCHEMAS[schema]["properties"]["data"]["items"]["$ref"].rpartition("/")[2]
        return [
            *_faults(str(exchange), schema, answer | {"data": []}),
            *(fault for one in answer["data"] for fault in _faults(str(exchange), item, one)),
        ]
    return _faults(str(exchange), schema, answer)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]})


def _faults(place: str, schema: str, value: Any) -> list[Fault]:
    return [
        Fault(schema, ".".join(str(step) for step in error.absolute_path), error.message, place)
        for error in _validator(schema).iter_errors(value)
    ]
