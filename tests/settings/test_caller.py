"""Which server the commands speak to that use one."""

from __future__ import annotations

import pytest

from livethread.errors import SetupError
from livethread.settings import Caller, Settings
from livethread.settings.caller import DEFAULT_URL


def test_the_command_line_wins_over_the_environment() -> None:
    env = {"LIVETHREAD_URL": "http://10.0.0.1:1", "LIVETHREAD_API_KEY": " sesame ", "USER": "ann"}
    assert Caller.read(env) == Caller("http://10.0.0.1:1", "sesame", "ann")
    assert Caller.read(env, url="http://10.0.0.2:2", key="simsim", name="Bob") == Caller(
        "http://10.0.0.2:2", "simsim", "Bob"
    )


def test_without_a_word_it_is_the_server_that_was_started_without_one() -> None:
    assert Caller.read({"LIVETHREAD_URL": "", "LIVETHREAD_API_KEY": ""}) == Caller(DEFAULT_URL, None, "me")
    assert f"http://{Settings().host}:{Settings().port}" == DEFAULT_URL


@pytest.mark.parametrize(
    ("env", "options", "told"),
    [
        ({"LIVETHREAD_URL": "nowhere"}, {}, "LIVETHREAD_URL has a value that makes no sense"),
        ({}, {"url": "ftp://x"}, "--url has a value"),
        ({}, {"name": " "}, "--name: expected 1 to 64 characters"),
        ({}, {"key": "a\nb"}, "--key"),
    ],
)
def test_what_makes_no_sense_is_refused(env: dict[str, str], options: dict[str, str], told: str) -> None:
    with pytest.raises(SetupError, match=told):
        Caller.read(env, **options)


def test_a_key_is_not_printed() -> None:
    assert "sesame" not in repr(Caller(api_key="sesame"))
