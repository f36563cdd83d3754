"""The tables of upstreams and aliases: what they may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from livethread.errors import SetupError
from livethread.settings import Settings

ADDRESS = 'url = "http://a.test"'
SECRET = "sk_live_0123456789abcdef"


def refused(folder: Path, text: str, **environment: str) -> str:
    file = folder / "livethread.toml"
    file.write_text(text)
    with pytest.raises(SetupError) as raised:
        Settings.read(folder=folder, environment=environment)
    return str(raised.value).removeprefix(f"{file}:")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("upstreams = 3", "1: upstreams must be tables, one for each: [upstreams.NAME]."),
        (
            f"[upstreams]\n{ADDRESS}",
            "2: upstreams.url must be a table; name the upstream that it is of: [upstreams.NAME].",
        ),
        (
            "\n[upstreams.a]\nstream = false",
            '2: The upstream a has no address; add one, as in url = "http://127.0.0.1:11434/v1".',
        ),
        (f"[upstreams.a]\n{ADDRESS}\nulr = 1", "3: An upstream has no key ulr; did you mean url?"),
        (
            f"[upstreams.a]\n{ADDRESS}\nx = 1",
            "3: An upstream has no key x; it may have context, dialect, images, key_env, stream, url.",
        ),
        (
            f'[upstreams.a]\n{ADDRESS}\ndialect = "anthropic"',
            '3: upstreams.a.dialect is "anthropic", but must be chat-completions.',
        ),
        (f'[upstreams.a]\n{ADDRESS}\nstream = "no"', '3: upstreams.a.stream is "no", but must be true or false.'),
        (f"[upstreams.a]\n{ADDRESS}\nimages = 1", "3: upstreams.a.images is 1, but must be true or false."),
        (
            f"[upstreams.a]\n{ADDRESS}\ncontext = 0",
            "3: upstreams.a.context is 0, but must be a whole number from 1 to 2147483648.",
        ),
        (
            f'[upstreams."My GPU"]\n{ADDRESS}',
            '1: An upstream\'s name consists of a-z, 0-9, - and _, which "My GPU" does not.',
        ),
        (
            f"[upstreams.builtin]\n{ADDRESS}",
            "1: The name builtin is that of the built-in models; give the upstream another one.",
        ),
        (
            f"[upstreams.a]\n{ADDRESS}\n[upstreams.a]\n{ADDRESS}",
            "3: This is not valid TOML: Cannot declare ('upstreams', 'a') twice.",
        ),
        ("aliases = 'x'", '1: aliases must be a table: [aliases], and below it lines such as "old" = "new".'),
        (
            "[aliases]\ngpt-4.1 = 'builtin/guide'",
            '2: A name with a dot stands in quotes: "gpt-4.…" = "UPSTREAM/MODEL".',
        ),
        (
            "[aliases]\na = 1",
            '2: aliases.a must be the name of a model in quotes, such as "local/llama3.3".',
        ),
        ("[aliases]\na = ''", '2: aliases.a must be the name of a model in quotes, such as "local/llama3.3".'),
    ],
)
def test_what_makes_no_sense_is_named_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    assert refused(tmp_path, text) == sentence


@pytest.mark.parametrize(
    "url", ["models.test/v1", "ftp://user:sesame@models.test", "http://", "http://a:b", "http://[", ""]
)
def test_an_address_that_is_none_of_http_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    text = f'[upstreams.a]\nstream = true\nurl = "{url}"'
    assert refused(tmp_path, text) == "3: upstreams.a.url must be an address such as http://127.0.0.1:11434/v1."


@pytest.mark.parametrize("key", ["key", "api_key", "token"])
def test_a_key_in_the_file_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    assert refused(tmp_path, f'[upstreams.a]\n{ADDRESS}\n{key} = "{SECRET}"') == (
        "3: A key never stands in a file; put it into a variable, and name that in key_env."
    )


@pytest.mark.parametrize("value", [f'"{SECRET}"', '"sk-0123456789"', "7", '""'])
def test_a_key_where_the_name_of_a_variable_belongs_is_refused_and_not_repeated(tmp_path: Path, value: str) -> None:
    assert refused(tmp_path, f"[upstreams.a]\n{ADDRESS}\nkey_env = {value}") == (
        "3: upstreams.a.key_env must be the name of an environment variable that holds the key, never the key itself."
    )


@pytest.mark.parametrize("environment", [{}, {"LOCAL_KEY": ""}, {"LOCAL_KEY": "\n"}])
def test_a_variable_that_is_not_set_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    assert refused(tmp_path, f'[upstreams.a]\n{ADDRESS}\nkey_env = "LOCAL_KEY"', **environment) == (
        "3: The variable LOCAL_KEY, which is to hold the key of the upstream a, is not set; "
        "set it, or remove key_env if no key is needed."
    )
