from __future__ import annotations

import gzip
import zlib

import pytest

from livethread.providers.http.incoming import MOST_HEAD, Incoming, NotHttp

OK = b"HTTP/1.1 200 OK\r\n"
IN_CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"
RAW_DEFLATE = zlib.compressobj(wbits=-zlib.MAX_WBITS)


def read(*pieces: bytes, ended: bool = False) -> tuple[bytes, bool, bool]:
    """The body, whether it is whole, and whether its connection may be used again."""
    incoming = Incoming()
    body = b"".join([incoming.feed(piece) for piece in pieces])
    if ended:
        incoming.end()
    return body, incoming.whole, incoming.keeps


def refusal(*pieces: bytes) -> str:
    with pytest.raises(NotHttp) as raised:
        read(*pieces)
    return str(raised.value)


@pytest.mark.parametrize(
    ("answer", "body", "keeps"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
        (OK + b"Content-Length: 0\r\n\r\n", b"", True),
        (OK + b"Content-Length: 5, 5\r\n\r\nhello", b"hello", True),
        (IN_CHUNKS + b"5\r\nhello\r\n0\r\n\r\n", b"hello", True),
        (IN_CHUNKS + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello", True),
        (IN_CHUNKS + b'005;a="b"\r\nhello\r\n0\r\nExpires: never\r\n\r\n', b"hello", True),
        (IN_CHUNKS + b"A \r\nhe\r\nllo\r\n!\r\n0\r\n\r\n", b"he\r\nllo\r\n!", True),
        (IN_CHUNKS.replace(b"\r\n", b"\n") + b"5\nhello\n0\n\n", b"hello", True),
        (OK + b"Transfer-Encoding: gzip,  Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"x", True),
        (OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"x", False),
        (OK + b"Connection: x, Close\r\nContent-Length: 1\r\n\r\nx", b"x", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", b"x", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx",
         b"x", True),
        (b"HTTP/1.1 204\r\n\r\n", b"", True),
        (OK + b"Content-Length: 1\r\n\r\nx" + OK, b"x", False),
    ],
)  # fmt: skip
def test_an_answer_is_read_however_its_bytes_are_cut(answer: bytes, body: bytes, keeps: bool) -> None:
    assert read(answer) == (body, True, keeps)
    assert read(*(bytes([byte]) for byte in answer)) == (body, True, keeps)
    for cut in range(len(answer)):
        assert read(answer[:cut], answer[cut:]) == (body, True, keeps)


@pytest.mark.parametrize("length", [1, 9, 10, 15, 16, 255, 256, 4096, 70_000])
def test_a_chunk_that_comes_alone_is_unpacked_like_any_other(length: int) -> None:
    token = b"\n" * length
    alone = b"%x\r\n%b\r\n" % (length, token)
    incoming = Incoming()
    assert incoming.feed(IN_CHUNKS) == b""
    assert [incoming.feed(piece) for piece in (alone, alone, alone[:-1], alone[-1:] + alone, alone)] == [
        token, token, token, token, token
    ]  # fmt: skip
    assert (incoming.feed(b"0\r\n\r\n"), incoming.whole, incoming.keeps) == (b"", True, True)


def test_a_body_without_a_length_ends_with_its_connection_which_is_of_no_further_use() -> None:
    assert read(OK + b"\r\nhel", b"lo") == (b"hello", False, False)
    assert read(OK + b"\r\nhel", b"lo", ended=True) == (b"hello", True, False)
    assert read(OK + b"Transfer-Encoding: gzip\r\n\r\nhello", ended=True) == (b"hello", True, False)


@pytest.mark.parametrize("cut", [OK, OK + b"Content-Length: 6\r\n\r\nhello", IN_CHUNKS + b"5\r\nhello\r\n"])
def test_an_end_too_early_is_none(cut: bytes) -> None:
    assert read(cut, ended=True)[1:] == (False, False)


def test_the_names_of_headers_are_small_and_repeated_ones_are_joined() -> None:
    incoming = Incoming()
    incoming.feed(OK + b"X-A:  1 \r\nx-a: two\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n\xc3\xa9: x"[:-5])
    incoming.feed(b"X-B: \xff\r\n\r\n")
    assert incoming.head is not None
    assert (incoming.head.status, incoming.head.content_type) == (200, "text/event-stream")
    assert (incoming.head.headers["x-a"], incoming.head.headers["x-b"]) == ("1, two", "\ufffd")


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        (b"gzip", gzip.compress(b"hello " * 99)),
        (b"X-GZip", gzip.compress(b"hello " * 99)),
        (b"deflate", zlib.compress(b"hello " * 99)),
        (b"deflate", RAW_DEFLATE.compress(b"hello " * 99) + RAW_DEFLATE.flush()),
        (b"identity", b"hello " * 99),
    ],
)
def test_what_is_compressed_though_nobody_asked_for_it_is_unpacked(coding: bytes, packed: bytes) -> None:
    head = OK + b"Content-Encoding: " + coding + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [b"1\r\n%c\r\n" % byte for byte in packed]
    assert read(head, *chunks, b"0\r\n\r\n") == (b"hello " * 99, True, True)


def test_a_little_that_unpacks_to_very_much_is_refused() -> None:
    packed = gzip.compress(bytes(20 * 1024 * 1024))
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    assert refusal(head + packed) == "a piece of its answer is longer than 16 MB"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "its answer begins with b'SSH-2.0-OpenSSH_9.2'"),
        (b"\x15\x03\x01", r"its answer begins with b'\x15\x03\x01'"),
        (b"HTTP/2 200\r\n", "its answer begins with b'HTTP/2 200'"),
        (b"HTTP/1.1 OK\r\n", "its answer begins with b'HTTP/1.1 OK'"),
        (OK + b"no header\r\n", "there is no header in b'no header'"),
        (OK + b"a b: c\r\n", "there is no header in b'a b: c'"),
        (OK + b" folded\r\n", "there is no header in b' folded'"),
        (OK + b"Content-Length: -1\r\n\r\n", "its answer has the length '-1'"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "its answer has the length '1'"),
        (OK + b"Content-Encoding: br\r\n\r\n", "its answer is compressed by 'br', which was not asked for"),
        (OK + b"Content-Encoding: gzip\r\n\r\nplain", "its compression is broken: "),
        (IN_CHUNKS + b"0x5\r\nhello\r\n", "a chunk of its answer begins with b'0x5'"),
        (IN_CHUNKS + b"1_0\r\n", "a chunk of its answer begins with b'1_0'"),
        (IN_CHUNKS + b"-1\r\n", "a chunk of its answer begins with b'-1'"),
        (IN_CHUNKS + b"\r\n", "a chunk of its answer begins with b''"),
        (IN_CHUNKS + b"f" * 99 + b"\r\n", "a chunk of its answer begins with b'ffffffffffffffffffff'"),
        (IN_CHUNKS + b"2\r\nhello\r\n", "a chunk of its answer is longer than it says"),
        (OK + b"x: y\r\n" * (MOST_HEAD // 6), "the head of its answer does not end"),
        (OK + b"x" * MOST_HEAD, "the head of its answer does not end"),
        (IN_CHUNKS + b"0\r\n" + b"x: y\r\n" * (MOST_HEAD // 6 + 1), "the head of its answer does not end"),
    ],
)
def test_what_is_no_http_is_refused_with_the_reason(answer: bytes, why: str) -> None:
    assert refusal(answer).startswith(why)
    assert refusal(*(answer[at : at + 97] for at in range(0, len(answer), 97))).startswith(why)


def test_a_chunk_that_comes_alone_and_is_none_is_refused() -> None:
    for odd in (b"0x5\r\nhello\r\n", b"+5\r\nhello\r\n", b"1_0\r\n" + b"x" * 10 + b"\r\n"):
        assert refusal(IN_CHUNKS, odd).startswith("a chunk of its answer begins with")
