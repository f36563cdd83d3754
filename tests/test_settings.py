from pathlib import Path

import pytest

from livethread.errors import SetupError
from livethread.settings import Settings


def test_without_a_word_from_anybody_the_defaults_hold() -> None:
    assert Settings.read(environment={}) == Settings()


def test_the_command_line_wins_over_the_environment() -> None:
    environment = {"LIVETHREAD_HOST": "0.0.0.0", "LIVETHREAD_PORT": "9000", "LIVETHREAD_DATA": "/somewhere"}
    assert Settings.read(environment=environment) == Settings(host="0.0.0.0", port=9000, data=Path("/somewhere"))
    given = Settings.read(host="::1", port=0, data=Path("here"), environment=environment)
    assert given == Settings(host="::1", port=0, data=Path("here"))


def test_everything_else_comes_from_the_environment() -> None:
    environment = {
        "LIVETHREAD_UPSTREAM_URL": "http://models.test/v1",
        "LIVETHREAD_UPSTREAM_KEY": "k",
        "LIVETHREAD_THREAD_POLICY": "parallel",
        "LIVETHREAD_ORIGINS": "https://a.test, https://b.test",
        "LIVETHREAD_API_KEYS": "one,two",
        "LIVETHREAD_WORDS_PER_SECOND": "0",
        "LIVETHREAD_RUN_SECONDS": "60",
        "LIVETHREAD_MAX_BODY": "1000",
    }
    assert Settings.read(environment=environment) == Settings(
        upstream_url="http://models.test/v1",
        upstream_key="k",
        thread_policy="parallel",
        origins=("https://a.test", "https://b.test"),
        api_keys=("one", "two"),
        words_per_second=0,
        run_seconds=60,
        max_body=1000,
    )


def test_the_variables_that_a_developer_exports_for_the_app_serve_as_the_upstream_too() -> None:
    theirs = {"OPENAI_BASE_URL": "http://models.test/v1", "OPENAI_API_KEY": "k"}
    assert Settings.read(environment=theirs) == Settings(upstream_url="http://models.test/v1", upstream_key="k")


def test_our_own_variables_win_and_their_key_does_not_go_to_our_upstream() -> None:
    both = {
        "LIVETHREAD_UPSTREAM_URL": "http://ours.test/v1",
        "OPENAI_BASE_URL": "http://theirs.test/v1",
        "OPENAI_API_KEY": "k",
    }
    assert Settings.read(environment=both) == Settings(upstream_url="http://ours.test/v1")


def test_a_key_alone_connects_nothing() -> None:
    assert Settings.read(environment={"OPENAI_API_KEY": "k"}).upstream_url is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "LIVETHREAD_PORT",
            "eighty",
            "LIVETHREAD_PORT is 'eighty', but must be a whole number up to 65535; set another or unset it.",
        ),
        (
            "LIVETHREAD_PORT",
            "99999",
            "LIVETHREAD_PORT is '99999', but must be a whole number up to 65535; set another or unset it.",
        ),
        (
            "LIVETHREAD_RUN_SECONDS",
            "-1",
            "LIVETHREAD_RUN_SECONDS is '-1', but must be a number that is not negative; set another or unset it.",
        ),
        (
            "LIVETHREAD_THREAD_POLICY",
            "wait",
            "LIVETHREAD_THREAD_POLICY is 'wait', but must be one of queue, parallel, interrupt, reject.",
        ),
    ],
)
def test_a_value_that_makes_no_sense_is_one_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SetupError) as raised:
        Settings.read(environment={name: value})
    assert str(raised.value) == sentence
