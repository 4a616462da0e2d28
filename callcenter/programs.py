"""The two programs that the supervisor keeps running: Asterisk and the controller."""

import errno
import json
import sys
import time
from collections.abc import Callable

import structlog

from callcenter import preparation
from callcenter.asterisk.journal import recovered
from callcenter.asterisk.probe import PartlyDeafError, probe_asterisk
from callcenter.preparation import Prepared
from callcenter.settings import Settings
from callcenter.supervisor import PartlyDeaf, Program, give_up

_log = structlog.get_logger()

NAMES = ("asterisk", "controller")
#: A controller that says nothing for longer is killed, so that callers inside a question are free within 3 s.
WATCHDOG_SECONDS = 2.5


def compose(settings: Settings, prepared: Prepared) -> list[Program]:
    """Return Asterisk and the controller, in the order in which they start."""
    started = False

    def before_asterisk() -> None:
        nonlocal started
        steps = (lambda: preparation.configure(settings, prepared), lambda: mark_start(settings, prepared))
        for step in steps:
            _with_room(step, prepared, needed=not started)
        started = True

    async def asterisk_answers() -> None:
        try:
            await probe_asterisk(
                settings.bind, settings.sip_port, settings.ami_port, "probe", prepared.secrets.ami_probe
            )
        except PartlyDeafError as error:
            raise PartlyDeaf(str(error)) from error

    program = prepared.program
    return [
        Program(
            name="asterisk",
            command=(*program.argv, "-C", str(prepared.paths.etc / "asterisk.conf"), "-f"),
            env=dict(program.env),
            cwd=prepared.paths.asterisk,
            before_start=before_asterisk,
            probe=asterisk_answers,
        ),
        Program(
            name="controller",
            command=(sys.executable, "-m", "callcenter", "controller"),
            notify=True,
            # Ready in one or two seconds, in ten on an overloaded machine: one that hangs before that is noticed too.
            start_seconds=30.0,
            watchdog_seconds=WATCHDOG_SECONDS,
        ),
    ]


def _with_room(step: Callable[[], None], prepared: Prepared, *, needed: bool) -> None:
    """Do what writes to the disk, giving up the ballast when it is full.

    Raises what `step` does; but unless `needed`, no fault of the disk: an Asterisk that ran before starts again on a
    full disk, because callers who are answered and not written down are better served than those whom nobody answers.
    """
    try:
        try:
            step()
        except OSError as error:
            if error.errno != errno.ENOSPC or not give_up(prepared.paths.data):
                raise
            step()
    except OSError as error:
        if needed:
            raise
        _log.error("not_written_before_start", reason=str(error))


def mark_start(settings: Settings, prepared: Prepared) -> None:
    """Write into the call history that Asterisk starts: whatever call was still open then was cut.

    Before that line stands who called in its last minutes, by the journal: it may have died before it wrote that here.
    The first line is one of its own even after one that a dying Asterisk left unfinished.
    """
    seconds = time.time()
    mark = {
        "eventtype": "ASTERISK_START",
        "eventenum": "ASTERISK_START",
        "eventtime": f"{seconds:.6f}",
        "node": settings.node,
    }
    path = prepared.paths.cel
    called = recovered(prepared.paths.journal)
    whole = True
    if path.exists() and path.stat().st_size:
        with path.open("rb") as file:
            file.seek(-1, 2)
            whole = file.read() == b"\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(("" if whole else "\n") + "".join(f"{line}\n" for line in [*called, json.dumps(mark)]))
