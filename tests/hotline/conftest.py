"""Where Asterisk writes its channel event log."""

from pathlib import Path

import pytest


@pytest.fixture
def cel(tmp_path: Path) -> Path:
    folder = tmp_path / "cel-custom"
    folder.mkdir()
    return folder / "cel.jsonl"
