from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.strict_json import MAX_DEPTH, UNREADABLE, child, decode
from livethread.errors import ApiError
from livethread.ids import Ids

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def refusal(raw: bytes) -> dict[str, Any]:
    with pytest.raises(ApiError) as raised:
        decode(raw)
    return vars(raised.value)


@given(VALUES, st.booleans())
def test_json_is_decoded_as_it_is(value: Any, ascii: bool) -> None:
    assert decode(json.dumps(value, ensure_ascii=ascii).encode()) == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"", {}),
        (b" \r\n", {}),
        (b"\xef\xbb\xbf{}", {}),
        (b"null", None),
        (b'{"a":1,"a":2}', {"a": 2}),
        (rb'"\u0000\u001b"', "\x00\x1b"),
        (rb'{"\ud83d\ude00":["\uD83D\uDE00"]}', {"\U0001f600": ["\U0001f600"]}),
        (rb'"\\ud800"', "\\ud800"),
        (b"1e308", 1e308),
    ],
)
def test_odd_but_good_bodies_are_taken(raw: bytes, value: Any) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"{'a':1}",
        b"{} {}",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b'"\x00"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"[" * 100_000,
        b"9" * 5_000,
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    assert refusal(raw) == {"message": UNREADABLE, "status": 400, "param": None, "code": None}


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        (rb'{"content":"a\ud800"}', "content"),
        (rb'{"content":"\udc00\ud800"}', "content"),
        (rb'{"messages":[{"content":"a"},{"content":[{"text":"\uDFFF"}]}]}', "messages[1].content[0].text"),
        (rb'{"metadata":{"a":"b","\ud800":"c"}}', "metadata"),
        (rb'["\ud83d\ude00","\ud83d"]', "[1]"),
    ],
)
def test_half_of_a_surrogate_pair_is_refused_with_the_path_of_its_field(raw: bytes, param: str) -> None:
    assert refusal(raw) == {
        "message": f"Invalid '{param}': not valid text. Expected a string without half of a surrogate pair.",
        "status": 400,
        "param": param,
        "code": "invalid_value",
    }


def test_half_of_a_surrogate_pair_alone_is_refused_too() -> None:
    assert refusal(rb'"\ud800"') == {
        "message": "Invalid body: not valid text. Expected a string without half of a surrogate pair.",
        "status": 400,
        "param": None,
        "code": "invalid_value",
    }


@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_has_an_end(opened: bytes, closed: bytes) -> None:
    decode(opened * MAX_DEPTH + b"1" + closed * MAX_DEPTH)
    assert refusal(opened * (MAX_DEPTH + 1) + b"1" + closed * (MAX_DEPTH + 1)) == {
        "message": f"The JSON body of your request is nested too deeply. Expected at most {MAX_DEPTH} levels.",
        "status": 400,
        "param": None,
        "code": None,
    }


def test_brackets_in_text_are_not_nesting() -> None:
    text = "[{" * MAX_DEPTH
    assert decode(json.dumps([text]).encode()) == [text]


def test_the_deepest_body_can_be_stored_and_read_back() -> None:
    # model, tools, tool, function and parameters are the levels around it.
    schema = b'{"a":' * (MAX_DEPTH - 4) + b"1" + b"}" * (MAX_DEPTH - 4)
    body = decode(b'{"model":"m","tools":[{"type":"function","function":{"name":"f","parameters":' + schema + b"}}]}")
    text = Assistant.create(AssistantCreate.model_validate(body), Ids(1), 1).json_text()
    assert Assistant.model_validate_json(text).json_text() == text


@pytest.mark.parametrize(
    ("path", "step", "result"),
    [("", "a", "a"), ("a", "b", "a.b"), ("a", 0, "a[0]"), ("", 1, "[1]"), ("a[0]", "b", "a[0].b")],
)
def test_a_path_grows_by_names_and_numbers(path: str, step: str | int, result: str) -> None:
    assert child(path, step) == result
