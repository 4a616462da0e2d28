"""One hotline for all journeys: each signs its agents in and out itself. And the network of one with a line."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from harness import Hotline, running_hotline
from talk_desk import network_of

from callcenter.demo.network import Network


@pytest.fixture(scope="session")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    with running_hotline(tmp_path_factory.mktemp("hotline")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(lines: Hotline) -> AsyncIterator[Network]:
    """The telephone network of a module whose `lines` are a `hotline_with_a_line`."""
    async with network_of(lines) as network:
        yield network
