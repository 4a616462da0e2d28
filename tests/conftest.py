"""Fixtures that every test may use."""

import os
import tempfile
from pathlib import Path

import hypothesis
import pytest
import structlog

pytest_plugins = ["database"]
#: The keys of recordings that a test makes are nobody's: they never lie in the home of whoever runs it.
_STATE = tempfile.TemporaryDirectory(prefix="callcenter-test-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
# Each hotline is three programs of ours: compiled once for all of them, whatever is set here.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# How long one example takes says more about what else the machine does than about the rule.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# Tracebacks as Python prints them: drawing boxes with every frame's code around takes longer than most tests.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

#: What begins first, so that no worker is left alone with it at the end: files by the minutes that they take, then the
#: folders with real calls, which wait more than they work, then the one with a real browser.
_FIRST = (
    "journeys/test_journey_recording_transfers.py",
    "journeys/test_journey_truth.py",
    "chaos/test_chaos_short.py",
    "journeys/test_journey_desk_talk.py",
    "journeys/test_contract.py",
    "journeys/test_journey_policy.py",
    "journeys/test_journey_phone.py",
    "journeys/test_journey_fallback.py",
    "journeys/test_journey_others_failures.py",
    "journeys/",
    "chaos/",
    "browser/test_accessibility.py",
    "browser/",
    "tickets/test_merged_sequences.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; each keeps its own order."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    name = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((rank for rank, first in enumerate(_FIRST) if name.startswith(first)), len(_FIRST))
