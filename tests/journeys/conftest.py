"""One hotline for all journeys: each signs its agents in and out itself."""

from collections.abc import Iterator

import pytest
from harness import Hotline, running_hotline


@pytest.fixture(scope="session")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    with running_hotline(tmp_path_factory.mktemp("hotline")) as running:
        yield running
