import pytest

from livethread.providers.address import shown


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        (" https://user:sesame@models.test/v1/ ", "https://models.test/v1"),
        ("https://models.test:8443/v1?api-key=sesame#sesame", "https://models.test:8443/v1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_shown_without_anything_that_may_be_secret(url: str, text: str) -> None:
    assert shown(url) == text
