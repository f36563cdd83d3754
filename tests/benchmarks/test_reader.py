"""The benchmarks' reader must find every stamp, however its answer is cut, and none twice."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from benchmarks.token_path.reader import Reader

TOKENS = b'data: {"text":{"value":" token@1;"}}\n\ndata: {"text":{"value":" token@2; token@3;"}}\n\n'
END = b'event: thread.message.completed\ndata: {"value":" token@1; token@2; token@3;"}\n\n\r\n0\r\n\r\n'
ANSWER = b"HTTP/1.1 200 OK\r\n\r\n" + TOKENS + END


def read(size: int, answer: bytes = ANSWER) -> Reader:
    reader = Reader(b"", 3)
    reader.connection_made(Mock())
    for at in range(0, len(answer), size):
        reader.data_received(answer[at : at + size])
    reader.connection_lost(None)
    return reader


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1000])
async def test_tokens_are_found_however_the_answer_is_cut_and_not_again_in_its_whole_text(size: int) -> None:
    reader = read(size)
    await reader.done
    assert [came - aged for came, aged in zip(reader.came, reader.aged, strict=True)] == [1, 2, 3]


async def test_tokens_that_are_read_together_count_as_one_read() -> None:
    together, apart = read(1000), read(1)
    await together.done
    await apart.done
    assert (together.reads, apart.reads) == (1, 3)


@pytest.mark.parametrize("missing", [END, b"0\r\n\r\n"])
async def test_an_answer_that_has_no_end_is_a_failure(missing: bytes) -> None:
    with pytest.raises(RuntimeError, match="3 of 3 tokens came"):
        await read(7, ANSWER.replace(missing, b"")).done


async def test_an_answer_that_lacks_a_token_is_a_failure() -> None:
    with pytest.raises(RuntimeError, match="2 of 3 tokens came"):
        await read(7, b"HTTP/1.1 200 OK\r\n\r\n token@1; token@2;0\r\n\r\n").done
