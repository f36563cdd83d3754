from __future__ import annotations

import json

import pytest
from engineio.packet import Packet as EnginePacket
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import EVENT, Packet
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from livethread.sockets.packets import Bundle, event, frame, told
from livethread.sse import KEEP_ALIVE, encode

THREAD = "thread_1"


def read(packet: bytes) -> tuple[str, list[object]]:
    """An event as the engine's own decoders read it: its name, and what it carries."""
    outer = EnginePacket(encoded_packet=packet.decode("ascii"))
    inner = Packet(encoded_packet=outer.data)
    assert (inner.packet_type, inner.namespace, inner.id) == (EVENT, None, None)
    name, *carried = inner.data
    return name, carried


def frames(data: bytes) -> list[bytes]:
    """The text frames in what goes over a WebSocket, as a client's parser reads them."""
    client = ClientProtocol(parse_uri("ws://localhost"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    return [bytes(frame.data) for frame in client.events_received() if isinstance(frame, Frame) and frame.fin]


def test_an_event_is_what_the_protocol_says() -> None:
    assert read(event("message", b'{"a":"\\u00e9"}')) == ("message", [{"a": "é"}])
    assert read(event("welcome")) == ("welcome", [])


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_of_any_size_is_one_that_a_client_reads(size: int) -> None:
    packet = b"4" * size
    assert frames(frame(packet)) == [packet]


def test_what_a_hub_writes_is_told_event_by_event_with_its_cursor() -> None:
    data = (
        encode("thread.message.delta", '{"id":"msg_1"}', id="4.abcd~2.0.1")
        + KEEP_ALIVE
        + encode("thread.presence", '{"viewers":1}')
        + encode("thread.message.completed", '{"id":"msg_1"}', id="5.abcd")
    )
    bundle = told(THREAD, data)
    assert bundle is not None
    assert [read(packet) for packet in bundle.packets] == [
        ("thread.event", [{"thread_id": THREAD, "id": id, "event": type, "data": carried}])
        for id, type, carried in [
            ("4.abcd~2.0.1", "thread.message.delta", {"id": "msg_1"}),
            (None, "thread.presence", {"viewers": 1}),
            ("5.abcd", "thread.message.completed", {"id": "msg_1"}),
        ]
    ]
    assert bundle.cursor == "5.abcd"
    assert frames(bundle.frames) == list(bundle.packets)


def test_events_without_a_cursor_move_none() -> None:
    bundle = told(THREAD, encode("thread.typing", '{"typing":true}'))
    assert bundle is not None
    assert bundle.cursor is None


def test_keep_alives_are_no_events() -> None:
    assert told(THREAD, KEEP_ALIVE) is None


def test_all_who_are_handed_the_same_share_one_bundle() -> None:
    data = encode("thread.message.delta", "{}", id="4.abcd")
    assert told(THREAD, data) is told(THREAD, bytes(bytearray(data)))
    assert told("thread_2", data) is not told(THREAD, data)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_arrives_as_it_was(texts: list[str]) -> None:
    data = b"".join(encode("thread.message.delta", json.dumps({"text": text}), id="1.aaaa") for text in texts)
    bundle = told(THREAD, data)
    assert bundle is not None
    assert [read(packet)[1][0]["data"]["text"] for packet in bundle.packets] == texts  # type: ignore[index]


def test_a_bundle_without_packets_writes_nothing() -> None:
    assert Bundle([]).frames == b""
