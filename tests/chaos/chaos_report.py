"""What a run of chaos found, and the table that it prints."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos_faults import Fault
from chaos_verdict import KINDS, Verdict


@dataclass
class Outcome:
    """Everything that a run found."""

    seed: int
    minutes: float
    faults: list[Fault] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    sampled: int = 0
    samples: int = 0
    recomputed: int = 0
    #: How many differences the audit found, or why it did not look; and the differences.
    audit: str = "-"
    differences: list[Any] = field(default_factory=list)
    #: What else is wrong.
    troubles: list[str] = field(default_factory=list)
    kept: Path | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.verdict.violations or self.troubles or self.differences)


def report(outcome: Outcome, say: Callable[[str], None]) -> None:
    """Print the table, and the evidence of whatever is wrong."""
    verdict = outcome.verdict
    say(f"\nChaos, seed {outcome.seed}, {outcome.minutes:g} minutes")
    say(f"{'fault':<20}{'at':>10}{'whole again':>14}")
    for fault in outcome.faults:
        whole_again = "never" if fault.recovery is None else f"{fault.recovery:.1f} s"
        say(f"{fault.name:<20}{time.strftime('%H:%M:%S', time.localtime(fault.at)):>10}{whole_again:>14}  {fault.note}")
    figures = {
        "calls": verdict.calls,
        "of these not let in (Asterisk dead)": verdict.outside,
        "of these swallowed by its death, unheard": verdict.swallowed,
        "answered": verdict.answered,
        "of these cut by Asterisk's death": verdict.cut,
        "missed": verdict.missed,
        "ended while being answered": verdict.on_the_line,
        "dials to call citizens back": verdict.dials,
        "citizens reached by them": verdict.called_back,
        "callbacks owed": verdict.owed,
        "callbacks settled": verdict.settled,
        "callbacks given up as unreachable": verdict.unreachable,
        **{kind: verdict.count(kind) for kind in KINDS},
        f"most waiting, {outcome.samples} samples": outcome.sampled,
        "most waiting, queue_log": outcome.recomputed,
        "audit differences": outcome.audit,
    }
    for name, figure in figures.items():
        say(f"{name:<40}{figure:>8}")
    for kind, evidence in verdict.violations:
        say(f"VIOLATION {kind}: {evidence}")
    for difference in outcome.differences:
        say(f"VIOLATION audit: {json.dumps(difference, ensure_ascii=False)}")
    for trouble in outcome.troubles:
        say(f"VIOLATION {trouble}")
    say(f"kept: {outcome.kept}" if outcome.kept else "nothing is wrong")
