"""A folder of recordings with its keys, on both databases."""

from pathlib import Path

import pytest
from talks import Kept

from callcenter.settings import Settings
from callcenter.storage.engine import Database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", recordings={"key_file": tmp_path / "keys.json"})


@pytest.fixture
def kept(tmp_path: Path, settings: Settings, database: Database) -> Kept:
    return Kept(tmp_path / "var" / "recordings", settings, database)
