import pytest

from livethread.providers.ourselves import is_ourselves


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8000/v1", "127.0.0.1"),
        ("http://localhost:8000/v1", "127.0.0.1"),
        ("http://127.1:8000/v1", "127.0.0.1"),
        ("http://0.0.0.0:8000", "127.0.0.1"),
        ("http://127.0.0.1:8000/v1", "0.0.0.0"),
        ("http://[::1]:8000/v1", "::1"),
        ("http://localhost:8000/v1", "0.0.0.0"),
    ],
)
def test_our_own_address_is_known_however_it_is_spelt(url: str, host: str) -> None:
    assert is_ourselves(url, host, 8000)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11434/v1",
        "http://127.0.0.2:8000/v1",
        "http://no-such-host.invalid:8000/v1",
        "http://127.0.0.1:port/v1",
        "https://127.0.0.1/v1",
        "not an address",
    ],
)
def test_another_program_is_not_taken_for_ours(url: str) -> None:
    assert not is_ourselves(url, "127.0.0.1", 8000)
