"""The two programs that the supervisor keeps running: Asterisk and the controller."""

import json
import sys
import time

from callcenter import preparation
from callcenter.asterisk.probe import PartlyDeafError, probe_asterisk
from callcenter.preparation import Prepared
from callcenter.settings import Settings
from callcenter.supervisor import PartlyDeaf, Program

NAMES = ("asterisk", "controller")
#: A controller that says nothing for longer is killed, so that callers inside a question are free within 3 s.
WATCHDOG_SECONDS = 2.5


def compose(settings: Settings, prepared: Prepared) -> list[Program]:
    """Return Asterisk and the controller, in the order in which they start."""

    def before_asterisk() -> None:
        preparation.configure(settings, prepared)
        mark_start(settings, prepared)

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
            watchdog_seconds=WATCHDOG_SECONDS,
        ),
    ]


def mark_start(settings: Settings, prepared: Prepared) -> None:
    """Write into the call history that Asterisk starts: whatever call was still open then was cut.

    A line of its own even after one that a dying Asterisk left unfinished.
    """
    seconds = time.time()
    mark = {
        "eventtype": "ASTERISK_START",
        "eventenum": "ASTERISK_START",
        "eventtime": f"{seconds:.6f}",
        "node": settings.node,
    }
    path = prepared.paths.cel
    whole = True
    if path.exists() and path.stat().st_size:
        with path.open("rb") as file:
            file.seek(-1, 2)
            whole = file.read() == b"\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(("" if whole else "\n") + json.dumps(mark) + "\n")
