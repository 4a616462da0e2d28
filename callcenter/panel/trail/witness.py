"""Marks of the audit trail outside the database: how long it was and how it ended, after every commit.

Whoever can write to the database could hash the whole chain anew, or cut its end off. What they cannot do there is take
back a line in this folder: `DATA/audit/2026-11.marks`, a line for each commit with the chain's name, its length and the
hash of its last row. Lines are only ever appended; `chattr +a` or a copy on another machine makes that certain.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from callcenter.storage.clock import now

_log = structlog.get_logger()
_LINE = re.compile(r"([0-9a-f]{16}) ([1-9][0-9]{0,17}) ([0-9a-f]{64})")
_SUFFIX = ".marks"


@dataclass(frozen=True, slots=True)
class Mark:
    """The chain named `chain` had `count` rows, the last with the hash `hash`."""

    chain: str
    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class Witness:
    """The folder of the marks."""

    folder: Path

    def write(self, mark: Mark) -> None:
        """Append `mark`. A full disk or a missing right keeps nobody from their work: it is logged."""
        line = f"{mark.chain} {mark.count} {mark.hash}\n".encode("ascii")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.folder / f"{now():%Y-%m}{_SUFFIX}"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(file, line)  # one write of a short line is never mixed with another program's
            finally:
                os.close(file)
        except OSError as error:
            _log.error("audit_not_witnessed", count=mark.count, error=str(error))

    def marks(self) -> Iterator[Mark]:
        """Yield every mark, oldest file first. A line cut by a power failure is none."""
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            with path.open(encoding="ascii", errors="replace") as file:
                for line in file:
                    if found := _LINE.fullmatch(line.rstrip("\n")):
                        yield Mark(found[1], int(found[2]), found[3])
