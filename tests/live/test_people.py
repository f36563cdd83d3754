"""The people of one thread: who came, who went, who types, at times that the tests say."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from livethread.domain.people import Person, Present
from livethread.live.people import LEAVING, SHOWN, TYPING, News, People

ANN, BO = Person("u1", "Ann"), Person("u2", "Bo")
NOTHING = News([], [], False, [])


def told(*people: Person | None) -> People:
    """These are there, and everybody has been told."""
    there = People()
    for person in people:
        there.enter(person)
    there.news()
    return there


def test_who_comes_is_news_once() -> None:
    people = People()
    people.enter(ANN)
    assert people.changed
    assert people.news() == News([ANN], [], False, [])
    assert (people.news(), people.changed) == (NOTHING, False)


def test_two_tabs_of_one_user_are_one_person_until_both_are_closed() -> None:
    people = told(ANN)
    people.enter(ANN)
    assert (people.news(), people.viewers, people.listed()) == (NOTHING, 1, [Present("u1", "Ann", False)])
    people.leave(ANN, 0)
    people.pass_time(100)
    assert (people.news(), people.viewers) == (NOTHING, 1)
    people.leave(ANN, 100)
    people.pass_time(100 + LEAVING)
    assert (people.news(), people.viewers, people.listed()) == (News([], [ANN], False, []), 0, [])


def test_a_leave_is_news_only_after_a_while_so_a_reload_is_silent() -> None:
    people = told(ANN, BO)
    people.leave(ANN, 10)
    people.pass_time(10 + LEAVING - 0.1)
    assert (people.news(), people.viewers, people.next_change) == (NOTHING, 2, 10 + LEAVING)
    people.enter(ANN)
    assert people.next_change is None
    people.pass_time(1000)
    assert (people.news(), people.viewers) == (NOTHING, 2)


def test_who_comes_and_goes_before_anybody_was_told_is_no_news() -> None:
    people = told()
    people.enter(ANN)
    people.leave(ANN, 0)
    people.pass_time(LEAVING)
    assert people.news() == NOTHING


def test_who_goes_and_comes_before_anybody_was_told_is_no_news_unless_by_another_name() -> None:
    for name, renamed in (("Ann", False), ("Anna", True)):
        people = told(ANN)
        people.leave(ANN, 0)
        people.pass_time(LEAVING)
        people.enter(Person("u1", name))
        assert people.news() == News([], [], renamed, [])
        assert people.listed() == [Present("u1", name, False)]


def test_the_newest_name_of_a_user_counts() -> None:
    people = told(ANN)
    people.enter(Person("u1", "Anna"))
    assert people.news() == News([], [], True, [])
    assert people.listed() == [Present("u1", "Anna", False)]


def test_viewers_without_a_name_are_only_counted() -> None:
    people = told(ANN)
    people.enter(None)
    people.enter(None)
    assert (people.viewers, people.news()) == (3, NOTHING)
    people.leave(None, 0)
    assert (people.viewers, people.next_change) == (2, None)


def test_typing_lapses_unless_it_is_said_again() -> None:
    people = told(ANN)
    assert people.type("u1", True, 0) == Present("u1", "Ann", True)
    assert people.news() == News([], [], False, [Present("u1", "Ann", True)])
    people.type("u1", True, 4)
    people.pass_time(TYPING)
    assert (people.news(), people.next_change) == (NOTHING, 4 + TYPING)
    people.pass_time(4 + TYPING)
    assert people.news() == News([], [], False, [Present("u1", "Ann", False)])
    assert people.next_change is None


def test_typing_that_ceases_before_anybody_was_told_is_no_news() -> None:
    people = told(ANN)
    people.type("u1", True, 0)
    people.type("u1", False, 0)
    assert (people.news(), people.next_change) == (NOTHING, None)


def test_who_is_not_there_does_not_type_and_who_has_gone_types_no_more() -> None:
    people = told(ANN)
    assert people.type("u2", True, 0) is None
    people.type("u1", True, 0)
    people.news()
    people.leave(ANN, 0)
    people.pass_time(LEAVING)
    assert people.news() == News([], [ANN], False, [])
    assert people.next_change is None


def test_what_changes_next_is_known() -> None:
    people = told(ANN, BO)
    people.type("u1", True, 0)
    people.leave(BO, 1)
    assert people.next_change == 1 + LEAVING
    people.pass_time(1 + LEAVING)
    assert people.next_change == TYPING


def test_of_too_many_the_first_are_listed_and_all_are_counted() -> None:
    people = People()
    crowd = [Person(f"u{number}", "x") for number in range(SHOWN + 50)]
    for person in crowd:
        people.enter(person)
    assert (people.viewers, len(people.listed()), people.news().joined) == (SHOWN + 50, SHOWN, crowd[:SHOWN])
    people.leave(crowd[0], 0)
    people.pass_time(LEAVING)
    assert people.listed()[-1].user_id == f"u{SHOWN}"


class Doing(NamedTuple):
    """What happens: to whom, by what name, and after how many seconds."""

    name: str
    user: int
    called: str
    after: float


PROGRAMS = st.lists(
    st.builds(
        Doing,
        st.sampled_from(["enter", "enter", "leave", "type", "cease", "tell", "tell"]),
        st.integers(0, 3),
        st.sampled_from(["Ann", "Bo"]),
        st.sampled_from([0.0, 0.5, 2.0, 3.0, 6.0]),
    ),
    max_size=60,
)


@given(PROGRAMS)
def test_who_follows_the_news_knows_who_is_there_and_who_types(program: list[Doing]) -> None:
    people, now = People(), 0.0
    connections: list[Person] = []
    there: set[str] = set()
    typing: set[str] = set()
    for doing in [*program, Doing("tell", 0, "", 10.0)]:
        now += doing.after
        people.pass_time(now)
        user_id = f"u{doing.user}"
        if doing.name == "enter":
            connections.append(Person(user_id, doing.called))
            people.enter(connections[-1])
        elif doing.name == "leave" and connections:
            people.leave(connections.pop(doing.user % len(connections)), now)
        elif doing.name in ("type", "cease"):
            people.type(user_id, doing.name == "type", now)
        elif doing.name == "tell":
            news = people.news()
            assert not there & {person.user_id for person in news.joined}
            assert there >= {person.user_id for person in news.left}
            there |= {person.user_id for person in news.joined}
            there -= {person.user_id for person in news.left}
            typing = {user_id for user_id in typing if user_id in there}
            typing |= {person.user_id for person in news.typing if person.typing}
            typing -= {person.user_id for person in news.typing if not person.typing}
            assert there == {person.user_id for person in people.listed()}
            assert typing == {person.user_id for person in people.listed() if person.typing}
    assert there == {person.user_id for person in connections}
    assert people.viewers == len(there)
