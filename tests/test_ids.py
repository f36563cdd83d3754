import re
from concurrent.futures import ThreadPoolExecutor

from livethread.ids import Ids


def test_ids_have_the_shapes_of_the_api() -> None:
    ids = Ids()
    assert re.fullmatch(r"msg_[A-Za-z0-9]{24}", ids.new("msg"))
    assert re.fullmatch(r"[a-z0-9]{4}", ids.tag())
    assert re.fullmatch(r"req_[0-9a-f]{32}", ids.request())
    assert re.fullmatch(r"vs_[0-9a-f]{32}", ids.vector_store())


def test_ids_made_by_several_threads_are_all_different() -> None:
    ids = Ids()
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: ids.new("run"), range(4000)))
    assert len(set(made)) == 4000


def test_ids_with_a_seed_come_again() -> None:
    first, second = Ids(seed=7), Ids(seed=7)
    assert [first.new("run"), first.tag(), first.request()] == [second.new("run"), second.tag(), second.request()]


def test_every_letter_is_as_likely_as_any_other() -> None:
    ids = Ids(seed=1)
    letters = "".join(ids.tag() for _ in range(9000))
    assert {letter: 800 < letters.count(letter) < 1200 for letter in set(letters)} == dict.fromkeys(
        "abcdefghijklmnopqrstuvwxyz0123456789", True
    )
