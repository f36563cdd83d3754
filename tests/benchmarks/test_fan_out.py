from __future__ import annotations

import pytest
import socketio

from benchmarks.fan_out.crowds import CROWDS
from benchmarks.fan_out.faces import FACES, SOCKETS, Face
from benchmarks.fan_out.measure import Audience, Burst
from benchmarks.fan_out.page import marks, renewed
from benchmarks.fan_out.peers.publishing import event, text, thread_event
from benchmarks.fan_out.results import Results
from benchmarks.figures import Floor
from livethread.domain.events import text_delta
from livethread.sockets.packets import told
from livethread.sse import encode

BEGIN, END = marks("any")


def test_a_burst_is_read_from_the_load_clients_report() -> None:
    report = "1000 500 228000 200000000 1000000000 1500000000 2000000 9000000"
    burst = Burst.read(report, cpu=0.25, published=1_300_000_000)
    assert burst == Burst(1000, 500, 0.5, 0.0, 0.25, 0.2, 2.0, 9.0)
    assert (burst.cost, burst.per_core, burst.rate) == (250.0, 4000.0, 2000.0)
    assert (burst.share, burst.client_share, burst.joined) == (0.5, 0.4, 2.0)
    assert Burst.read(report, cpu=0.25, published=1_600_000_000).tail == 0.0


def test_a_pace_is_held_to_its_end_if_the_rest_is_there_soon() -> None:
    report = "1000 500 228000 200000000 1000000000 1550000000 2000000 9000000"
    burst = Burst.read(report, cpu=0.25, published=1_500_000_000)
    assert [burst.tail, burst.rate] == pytest.approx([0.05, 2000.0])


def test_peers_send_the_bytes_that_livethread_would() -> None:
    data = text_delta("msg_A1b2C3d4E5f6G7h8I9j0K1l2", 0, text(123), first=False)
    assert event(123, 10) == encode("thread.message.delta", data, id="7.k3f9~5.0.0000a")


def test_peers_tell_over_socketio_what_livethread_would() -> None:
    said = thread_event(123, 10)
    bundle = told(said["thread_id"], event(123, 10))
    assert bundle is not None
    packet = socketio.packet.Packet(socketio.packet.EVENT, namespace="/", data=["thread.event", said])
    assert bundle.packets == [b"4" + packet.encode().encode()]


@pytest.mark.parametrize("face", FACES, ids=[face.title for face in FACES])
def test_livethread_is_measured_by_the_peers_of_its_face(face: Face) -> None:
    peers = {peer for ratios in face.ratios.values() for peer in ratios}
    assert peers <= set(face.names) - {face.ours}
    assert set(face.ratios) <= set(CROWDS)


class Bursting(Audience):
    """Comes to so many deliveries per core, whatever is asked for."""

    def __init__(self, per_core: float) -> None:
        self._per_core = per_core

    def burst(self, seconds: float, *, rate: float = 0, batch: int = 1, patience: float = 0) -> Burst:
        return Burst(1000, 1000, 1.0, 0.0, 1000 / self._per_core, 0.5, 1.0, 2.0)


def test_a_bar_is_held_against_the_peer_and_where_there_is_none_the_ratio_is_reported() -> None:
    results = Results(SOCKETS, 0.1)
    for crowd in (CROWDS[2], CROWDS[4]):
        for name, per_core in zip(SOCKETS.names, (12_000, 1_000, 10_000), strict=True):
            results.pressed(name, crowd, Bursting(per_core))
    assert list(map(str, results.bars())) == [
        "met      1,000 viewers, one by one, deliveries/s per core : python-socketio: 12.00, at least 10",
        "NOT met  1,000 viewers, one by one, deliveries/s per core : Node socket.io: 1.20, at least 1.5",
        "no bar   200 × 5 viewers, one by one, deliveries/s per core : python-socketio: 12.00",
        "no bar   200 × 5 viewers, one by one, deliveries/s per core : Node socket.io: 1.20",
    ]


def test_only_what_stands_between_its_marks_is_written_anew() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert renewed(page, "any", "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert renewed(renewed(page, "any", "new"), "any", "newer") == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"


@pytest.mark.parametrize("page", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_marks_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="needs these two lines"):
        renewed(page, "any", "new")


@pytest.mark.parametrize(("figure", "met"), [(2.5, True), (2.49, False), (float("nan"), False)])
def test_a_floor_is_met_by_a_figure_that_was_measured_and_is_not_below_it(figure: float, met: bool) -> None:
    assert Floor("ratio", figure, 2.5).met is met


def test_a_floor_that_is_not_met_says_so_with_its_figure() -> None:
    assert str(Floor("ratio", 2.4, 2.5)) == "NOT met  ratio: 2.40, at least 2.5"
