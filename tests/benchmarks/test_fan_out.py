from __future__ import annotations

import pytest

from benchmarks.fan_out.measure import Burst
from benchmarks.fan_out.page import BEGIN, END, renewed
from benchmarks.fan_out.peers.publishing import event, text
from benchmarks.figures import Floor
from livethread.domain.events import text_delta
from livethread.sse import encode


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


def test_only_what_stands_between_its_marks_is_written_anew() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert renewed(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert renewed(renewed(page, "new"), "newer") == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"


@pytest.mark.parametrize("page", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_marks_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="needs these two lines"):
        renewed(page, "new")


@pytest.mark.parametrize(("figure", "met"), [(2.5, True), (2.49, False), (float("nan"), False)])
def test_a_floor_is_met_by_a_figure_that_was_measured_and_is_not_below_it(figure: float, met: bool) -> None:
    assert Floor("ratio", figure, 2.5).met is met


def test_a_floor_that_is_not_met_says_so_with_its_figure() -> None:
    assert str(Floor("ratio", 2.4, 2.5)) == "NOT met  ratio: 2.40, at least 2.5"
