"""A settings file says what is wrong with it, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from livethread.errors import SetupError
from livethread.settings.file import SettingsFile, dotted

TEXT = '''# a comment
port = 80

origins = [
  "https://a.test",  # port = 1
  "https://b.test",
]
note = """
[aliases]
"x" = "not here"
"""
a.b."c.d" = { e = 1, f = 2 }

[upstreams.local]
url = "http://a.test"
[upstreams]
other.url = "http://b.test"

[aliases]
"gpt-4.1" = 'x'
'x' = "y"'''


def loaded(folder: Path, data: str | bytes) -> SettingsFile:
    file = folder / "livethread.toml"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return SettingsFile.load(file)


def refused(folder: Path, data: str | bytes) -> str:
    with pytest.raises(SetupError) as raised:
        loaded(folder, data)
    return str(raised.value).removeprefix(f"{folder}/livethread.toml:")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("port",), 2),
        (("origins",), 4),
        (("note",), 8),
        (("a",), 12),
        (("a", "b", "c.d", "f"), 12),
        (("upstreams",), 14),
        (("upstreams", "local"), 14),
        (("upstreams", "local", "url"), 15),
        (("upstreams", "other"), 17),
        (("aliases",), 19),
        (("aliases", "gpt-4.1"), 20),
        (("aliases", "x"), 21),
    ],
)
def test_every_key_is_found_on_the_line_where_it_is_set(
    tmp_path: Path, keys: tuple[str, ...], line: int, end: str
) -> None:
    file = loaded(tmp_path, TEXT.replace("\n", end))
    assert str(file.wrong(keys, "So it is.")) == f"{tmp_path}/livethread.toml:{line}: So it is."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "port = 1\n\n* = 2",
            "3: This is not valid TOML: Invalid statement; "
            "a name with other characters than letters, digits, - and _ stands in quotes.",
        ),
        (
            "[aliases]\nmeta/llama = 'x'",
            "2: This is not valid TOML: Expected '=' after a key in a key/value pair; "
            "a name with other characters than letters, digits, - and _ stands in quotes.",
        ),
        ("[a.b]\n[c]\n[a.b]", "3: This is not valid TOML: Cannot declare ('a', 'b') twice."),
        ("a = 1\na = 2", "2: This is not valid TOML: Cannot overwrite a value."),
        ("a = 1\nb = [1,\n2\n\n", "2: This is not valid TOML: Unclosed array."),
        ('a = 1\nb = """\nc = 3\n', "2: This is not valid TOML: Unterminated string."),
        ("a =", "1: This is not valid TOML: Invalid value."),
        (b"a = 1\nb = '\xe4'\n", "2: This is not UTF-8; save the file in that encoding."),
        ("a = 1".encode("utf-16"), "1: This is not UTF-8; save the file in that encoding."),
        ("a = " + "[" * 100_000, " This is nested too deeply to be a settings file."),
    ],
)
def test_a_file_that_is_no_toml_is_one_sentence_with_its_line(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    assert refused(tmp_path, text) == sentence


def test_the_mark_that_some_editors_put_first_is_taken(tmp_path: Path) -> None:
    assert loaded(tmp_path, b"\xef\xbb\xbfport = 1").values == {"port": 1}


def test_a_file_that_is_not_there_or_a_folder_is_one_sentence(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.toml", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(SetupError) as raised:
            SettingsFile.load(path)
        assert str(raised.value) == f"The settings file {path} cannot be read ({why}); name another one with --config."


def test_a_path_is_spelt_as_in_the_file() -> None:
    assert dotted(("aliases", "gpt-4.1")) == 'aliases."gpt-4.1"'
    assert dotted(("upstreams", "a_b-1", "")) == 'upstreams.a_b-1.""'
