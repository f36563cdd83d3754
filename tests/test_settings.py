"""Where a setting comes from, and what is said when it makes no sense."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from livethread.errors import SetupError
from livethread.settings import Settings, UpstreamSettings

DOCS = Path(__file__).parent.parent / "docs" / "models.md"


def read(folder: Path, environment: dict[str, str] | None = None, **given: Any) -> Settings:
    """The settings of a process started in this folder, which sees nothing of the real environment."""
    return Settings.read(folder=folder, environment=environment or {}, **given)


def refused(folder: Path, environment: dict[str, str] | None = None, **given: Any) -> str:
    with pytest.raises(SetupError) as raised:
        read(folder, environment, **given)
    return str(raised.value)


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "livethread.toml"
    file.write_text(text, encoding="utf-8")
    return file


def upstream(name: str, url: str, key: str | None = None) -> UpstreamSettings:
    return UpstreamSettings(name, url, key)


def test_without_a_word_from_anybody_the_defaults_hold(tmp_path: Path) -> None:
    assert read(tmp_path) == Settings()


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'host = "10.0.0.1"\nport = 1\ndata = "there"\nretries = 1\nmax_rounds = 2\n')
    environment = {"LIVETHREAD_HOST": "0.0.0.0", "LIVETHREAD_PORT": "9000", "LIVETHREAD_RETRIES": "5"}
    assert read(tmp_path) == Settings(
        host="10.0.0.1", port=1, data=tmp_path / "there", retries=1, max_rounds=2, file=file
    )
    assert read(tmp_path, environment) == Settings(
        host="0.0.0.0", port=9000, data=tmp_path / "there", retries=5, max_rounds=2, file=file
    )
    assert read(tmp_path, environment, host="::1", port=0, data=Path("here")) == Settings(
        host="::1", port=0, data=Path("here"), retries=5, max_rounds=2, file=file
    )


def test_everything_that_is_one_value_comes_from_the_environment(tmp_path: Path) -> None:
    environment = {
        "LIVETHREAD_DATA": "/somewhere",
        "LIVETHREAD_THREAD_POLICY": "parallel",
        "LIVETHREAD_ORIGINS": "https://a.test, https://b.test",
        "LIVETHREAD_API_KEYS": "one,two",
        "LIVETHREAD_WORDS_PER_SECOND": "0",
        "LIVETHREAD_RUN_SECONDS": "60",
        "LIVETHREAD_MAX_BODY": "1000",
        "LIVETHREAD_RETRIES": "0",
        "LIVETHREAD_RETRY_SECONDS": "1.5",
        "LIVETHREAD_STALL_SECONDS": "30",
        "LIVETHREAD_MAX_ROUNDS": "8",
        "LIVETHREAD_MAX_VIEWERS": "50",
        "LIVETHREAD_MAX_VIEWERS_PER_THREAD": "5",
        "LIVETHREAD_LOCAL_ENGINES": "off",
        "LIVETHREAD_ROOM_ASSISTANT": "asst_room",
        "LIVETHREAD_ROOM_EMPTY_SECONDS": "30",
        "LIVETHREAD_ROOM_NO_FUNCTION": "yes",
    }
    assert read(tmp_path, environment) == Settings(
        data=Path("/somewhere"),
        thread_policy="parallel",
        origins=("https://a.test", "https://b.test"),
        api_keys=("one", "two"),
        words_per_second=0,
        run_seconds=60,
        max_body=1000,
        retries=0,
        retry_seconds=1.5,
        stall_seconds=30,
        max_rounds=8,
        max_viewers=50,
        max_viewers_per_thread=5,
        local_engines=False,
        room_assistant="asst_room",
        room_empty_seconds=30,
        room_no_function=True,
    )


def test_everything_that_is_no_secret_comes_from_the_file(tmp_path: Path) -> None:
    text = """
    host = "::"
    port = 0
    data = "/somewhere"
    thread_policy = "reject"
    origins = ["https://a.test"]
    words_per_second = 2
    run_seconds = 60.5
    max_body = 1000
    retries = 0
    retry_seconds = 1.5
    stall_seconds = 30
    max_rounds = 8
    max_viewers = 50
    max_viewers_per_thread = 5
    local_engines = false
    room_assistant = "asst_room"
    room_empty_seconds = 30
    room_no_function = true
    upstreams.default.url = "http://models.test/v1"
    [upstreams.other]
    url = " https://other.test/v1 "
    key_env = "OTHER_KEY"
    dialect = "chat-completions"
    stream = false
    images = true
    context = 8192
    [aliases]
    "gpt-4.1" = "other/large"
    "*" = "builtin/guide"
    """
    assert read(tmp_path, {"OTHER_KEY": "k\n"}, config=write(tmp_path / "etc", text)) == Settings(
        host="::",
        port=0,
        data=Path("/somewhere"),
        upstreams=(
            upstream("default", "http://models.test/v1"),
            UpstreamSettings("other", "https://other.test/v1", "k", stream=False, images=True, context=8192),
        ),
        aliases={"gpt-4.1": "other/large", "*": "builtin/guide"},
        thread_policy="reject",
        origins=("https://a.test",),
        words_per_second=2,
        run_seconds=60.5,
        max_body=1000,
        retries=0,
        retry_seconds=1.5,
        stall_seconds=30,
        max_rounds=8,
        max_viewers=50,
        max_viewers_per_thread=5,
        local_engines=False,
        room_assistant="asst_room",
        room_empty_seconds=30,
        room_no_function=True,
        file=tmp_path / "etc" / "livethread.toml",
    )


def test_the_file_is_the_one_that_is_named_else_the_nearest(tmp_path: Path) -> None:
    assert read(tmp_path).file is None
    kept = write(tmp_path / "data", "")
    assert read(tmp_path).file == kept
    elsewhere = write(tmp_path / "kept", "")
    assert read(tmp_path, data=Path("kept")).file == read(tmp_path, {"LIVETHREAD_DATA": "kept"}).file == elsewhere
    here = write(tmp_path, "")
    assert read(tmp_path).file == here
    assert read(tmp_path, {"LIVETHREAD_CONFIG": str(kept)}).file == kept
    assert read(tmp_path, {"LIVETHREAD_CONFIG": str(kept)}, config=elsewhere).file == elsewhere


def test_a_file_in_the_data_folder_cannot_move_that_folder(tmp_path: Path) -> None:
    file = write(tmp_path / "data", 'port = 1\ndata = "elsewhere"\n')
    assert refused(tmp_path) == f"{file}:2: The data folder's own settings cannot name another one; remove the line."
    assert read(tmp_path, data=Path("data")).data == Path("data")


def test_our_own_variables_make_the_upstream_default(tmp_path: Path) -> None:
    ours = {"LIVETHREAD_UPSTREAM_URL": "http://ours.test/v1", "LIVETHREAD_UPSTREAM_KEY": "k"}
    assert read(tmp_path, ours).upstreams == (upstream("default", "http://ours.test/v1", "k"),)
    write(tmp_path, '[upstreams.default]\nurl = "http://file.test/v1"\n[upstreams.b]\nurl = "http://b.test"')
    assert read(tmp_path, ours).upstreams == (
        upstream("default", "http://ours.test/v1", "k"),
        upstream("b", "http://b.test"),
    )


def test_the_variables_that_a_developer_exports_for_the_app_serve_as_the_upstream_too(tmp_path: Path) -> None:
    theirs = {"OPENAI_BASE_URL": "http://theirs.test/v1", "OPENAI_API_KEY": "k"}
    assert read(tmp_path, theirs).upstreams == (upstream("default", "http://theirs.test/v1", "k"),)
    write(tmp_path, '[upstreams.default]\nurl = "http://file.test/v1"\n')
    assert read(tmp_path, theirs).upstreams == (upstream("default", "http://file.test/v1"),)


def test_our_own_variables_win_and_their_key_does_not_go_to_our_upstream(tmp_path: Path) -> None:
    both = {
        "LIVETHREAD_UPSTREAM_URL": "http://ours.test/v1",
        "OPENAI_BASE_URL": "http://theirs.test/v1",
        "OPENAI_API_KEY": "k",
    }
    assert read(tmp_path, both).upstreams == (upstream("default", "http://ours.test/v1"),)


def test_a_key_alone_connects_nothing_but_opens_the_default_upstream_of_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, {"OPENAI_API_KEY": "k", "LIVETHREAD_UPSTREAM_KEY": "k"}).upstreams == ()
    write(tmp_path, '[upstreams.default]\nurl = "http://a.test"\n[upstreams.b]\nurl = "http://b.test"\n')
    assert read(tmp_path, {"LIVETHREAD_UPSTREAM_KEY": "k"}).upstreams == (
        upstream("default", "http://a.test", "k"),
        upstream("b", "http://b.test"),
    )


def test_a_key_is_not_in_what_a_traceback_would_show() -> None:
    settings = Settings(api_keys=("sesame",), upstreams=(upstream("default", "http://u:opensesame@a.test", "sesame"),))
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "is 'eighty', but must be a whole number up to 65535"),
        ("PORT", "99999", "is '99999', but must be a whole number up to 65535"),
        ("PORT", "9" * 5000, f"is '{'9' * 5000}', but must be a whole number up to 65535"),
        ("RUN_SECONDS", "-1", "is '-1', but must be a number that is not negative"),
        ("RUN_SECONDS", "nan", "is 'nan', but must be a number that is not negative"),
        ("STALL_SECONDS", "0", "is '0', but must be a number greater than 0"),
        ("MAX_ROUNDS", "0", "is '0', but must be a whole number from 1 to 10000"),
        ("MAX_VIEWERS", "0", "is '0', but must be a whole number from 1 to 1000000"),
        ("MAX_VIEWERS_PER_THREAD", "-5", "is '-5', but must be a whole number from 1 to 1000000"),
        ("LOCAL_ENGINES", "perhaps", "is 'perhaps', but must be true or false"),
        *(
            (
                "ORIGINS",
                origins,
                f"is '{origins}', but must be a list of web origins such as https://app.example.com, or *",
            )
            for origins in (
                "app.example.com",
                "https://[bad",
                "https://a.test/chat",
                "https://a.test,https://bücher.test",
            )
        ),
        ("THREAD_POLICY", "wait", "is 'wait', but must be one of queue, parallel, interrupt, reject"),
        (
            "UPSTREAM_URL",
            "user:sesame@models.test",
            "has a value that makes no sense; it must be an address such as http://127.0.0.1:11434/v1",
        ),
    ],
)
def test_a_variable_that_makes_no_sense_is_one_sentence(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    name = f"LIVETHREAD_{name}"
    assert refused(tmp_path, {name: value}) == f"{name} {sentence}; set another or unset it."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "1: The settings file has no key prot; did you mean port?"),
        ("\n\nPort = 1", "3: The settings file has no key Port; did you mean port?"),
        ("[upstream.local]", "1: The settings file has no key upstream; did you mean upstreams?"),
        ("[alias]\na = 'b'", "1: The settings file has no key alias; did you mean aliases?"),
        ('port = "80"', '1: port is "80", but must be a whole number up to 65535.'),
        ("retries = true", "1: retries is true, but must be a whole number up to 100."),
        ("run_seconds = nan", "1: run_seconds is NaN, but must be a number that is not negative."),
        ('\nlocal_engines = "no"', '2: local_engines is "no", but must be true or false.'),
        (
            "origins = 'x'",
            '1: origins is "x", but must be a list of web origins such as https://app.example.com, or *.',
        ),
        ("data = 1979-05-27", '1: data is "1979-05-27", but must be text.'),
        ("api_keys = ['sesame']", "1: A key never stands in a file; put it into the variable LIVETHREAD_API_KEYS."),
        ("upstream_key = 'x'", "1: A key never stands in a file; put it into the variable LIVETHREAD_UPSTREAM_KEY."),
    ],
)
def test_what_the_file_should_not_say_is_named_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    file = write(tmp_path, text)
    assert refused(tmp_path) == f"{file}:{sentence}"


def test_a_key_that_is_like_no_other_is_answered_with_all_there_are(tmp_path: Path) -> None:
    file = write(tmp_path, '"ähnlich\\nkeinem" = 1')
    assert refused(tmp_path) == (
        f'{file}:1: The settings file has no key "ähnlich\\nkeinem"; it may have aliases, data, host, local_engines, '
        "max_body, max_rounds, max_viewers, max_viewers_per_thread, origins, port, retries, "
        "retry_seconds, room_assistant, room_empty_seconds, room_no_function, run_seconds, stall_seconds, "
        "thread_policy, upstreams, words_per_second."
    )


@pytest.mark.parametrize(
    ("aliases", "sentence"),
    [
        ('"a" = "a"', "2: The alias 'a' leads back to itself (a -> a); let one of them stand for a model."),
        (
            '"x" = "a"\n"a" = "b"\n"b" = "c"\n"c" = "a"',
            "3: The alias 'a' leads back to itself (a -> b -> c -> a); let one of them stand for a model.",
        ),
        ('"*" = "*"', "2: The alias '*' leads back to itself (* -> *); let one of them stand for a model."),
        (
            '"b" = "builtin/guide"\n"a" = "locl/llama"',
            "3: The alias 'a' stands for 'locl/llama', but there is no upstream 'locl'; write the name of an upstream "
            "and a slash before the model's name (upstreams: one, two).",
        ),
        (
            '"a" = "llama"',
            "2: The alias 'a' stands for 'llama', but no upstream takes names without a prefix; write the name of an "
            "upstream and a slash before the model's name (upstreams: one, two).",
        ),
    ],
)
def test_an_alias_that_leads_nowhere_is_refused_with_its_line(tmp_path: Path, aliases: str, sentence: str) -> None:
    text = f'[aliases]\n{aliases}\n[upstreams]\none.url = "http://a.test"\ntwo.url = "http://b.test"\n'
    file = write(tmp_path, text)
    assert refused(tmp_path, {"LIVETHREAD_LOCAL_ENGINES": "0"}) == f"{file}:{sentence}"


@pytest.mark.parametrize(
    "aliases",
    [
        {"a": "b", "b": "builtin/guide"},
        {"a": "ollama/llama3.3"},  # which may be found when the server starts
        {"a": "nowhere/llama", "*": "builtin/guide"},
    ],
)
def test_an_alias_that_may_lead_somewhere_is_taken(aliases: dict[str, str]) -> None:
    assert Settings(aliases=aliases).aliases == aliases


def test_settings_made_in_code_are_held_to_the_same_rules() -> None:
    with pytest.raises(SetupError, match=r"The alias 'a' leads back to itself \(a -> b -> a\)"):
        Settings(aliases={"a": "b", "b": "a"})


def test_the_settings_files_of_the_documentation_can_be_used(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        variables = dict.fromkeys(re.findall(r'key_env = "(\w+)"', example), "k")
        write(tmp_path, example)
        assert read(tmp_path, variables).upstreams
