from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from openai import AsyncOpenAI, OpenAI

from livethread import testing

HERE = Path(__file__).parent
DEPRECATED = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")
"""All that the SDK says of `beta.assistants`; of threads and runs it says more, which pyproject.toml knows."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(DEPRECATED)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """A server for all of these tests; its built-in models speak at once."""
    with testing.server() as url:
        yield url


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[OpenAI]:
    """The official Python SDK; what it would retry is told at once."""
    with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
async def async_client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client
