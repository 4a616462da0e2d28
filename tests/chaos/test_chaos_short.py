"""A minute of chaos: a crowd calls a real hotline while controller, Asterisk, database, disk and wires fail in turn.

Whoever reached nobody is owed exactly once and called back once, whoever was answered is owed nothing, never do five
wait, and the hotline's books agree with Asterisk's queue_log. The long run is `make chaos`.
"""

from pathlib import Path

import pytest
from chaos_faults import KINDS, name_of
from chaos_run import chaos, report

pytestmark = pytest.mark.asterisk
SEED = 34


async def test_no_caller_is_lost_whatever_dies(tmp_path: Path) -> None:
    said: list[str] = []
    outcome = await chaos(SEED, 0.75, tmp_path, said.append, every=5, patience=15, calling_back=15)
    report(outcome, said.append)
    printed = "\n".join(said)
    print(printed)
    assert outcome.clean, printed
    assert {fault.name for fault in outcome.faults} == {name_of(kind) for kind in KINDS}, printed
    assert outcome.verdict.answered > 10
    assert outcome.verdict.missed > 20
    assert outcome.verdict.called_back > 5
    assert outcome.sampled == 4, "the crowd was no crowd"
