"""Chaos: a real hotline, a crowd that calls it, and everything dies in turn. At the end not one caller may be lost.

`python tests/chaos/chaos_run.py --seed 7 --minutes 5` prints what happened and the table, and ends with status 1 on any
violation, each with its evidence; logs, call records and the database are then kept in a folder that is named.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).absolute().parents[1]))
sys.path.insert(0, str(Path(__file__).absolute().parents[1] / "journeys"))
sys.path.insert(0, str(Path(__file__).absolute().parents[1] / "chaos"))

from chaos_books import caught_up, read
from chaos_citizens import Crowd, Talk, crowd, talks_of
from chaos_faults import Scene, inflict, plan, whole
from chaos_network import Network, Reached
from chaos_report import Outcome, report
from chaos_scene import AGENTS, Say, back_to_work, seated, set_scene
from chaos_verdict import judge
from chaos_witness import most_waiting
from harness import CITIZEN_VOICE, Hotline

from callcenter.demo.sipp import running
from callcenter.paths import Paths
from callcenter.tasks import cancel, spawn

#: Seconds that the last calls, and the history of them, may take after the last fault.
QUIET = 90.0
#: Seconds of quiet in which everybody who is owed has been called back.
CALLING_BACK = 400.0
#: The rule: never five.
MOST_WAITING = 4


async def chaos(
    seed: int,
    minutes: float,
    folder: Path,
    say: Say,
    *,
    every: float = 15.0,
    patience: float = 40.0,
    only: Sequence[str] = (),
    callbacks: bool = True,
    calling_back: float = CALLING_BACK,
) -> Outcome:
    """Run it below `folder`: faults `every` so many seconds, citizens who stay have so many seconds of `patience`.

    With `callbacks` there is a line to a telephone network, and whoever is owed is called back meanwhile, and for
    `calling_back` seconds after the last citizen's call; with that left alone, everybody must have been by then.
    """
    outcome = Outcome(seed, minutes)
    chance = random.Random(seed)
    rate = chance.uniform(2.5, 4.5)
    dials = crowd(chance, round(rate * minutes * 60), longest=patience)
    planned = plan(chance, minutes * 60, every=every, only=only)
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(running(Network(folder / "network"))) if callbacks else None
        settings = network.settings if network else {"CALLBACKS__MODE": "off"}
        scene = await set_scene(folder, stack, say, settings)
        hotline = scene.hotline
        seats = await seated(hotline, stack, chance)
        say(f"seed {seed}: {len(dials)} calls at {rate:.1f} a second, {len(planned)} faults, {len(seats)} seats")
        people = Crowd(hotline.server, folder / "crowd", dials, rate=rate, words=CITIZEN_VOICE)
        back = spawn(back_to_work(hotline), name="breaks end")
        calls = spawn(people.call(minutes * 60 + patience + QUIET), name="crowd")
        try:
            outcome.faults = await inflict(scene, planned, say)
            await calls
        finally:
            await cancel(back, calls)
        if not await whole(scene, QUIET):
            outcome.troubles.append("the hotline is not whole again")
        if network:
            await _call_back(hotline, outcome, calling_back)
        await _history(hotline, outcome)
        talks = [talk for seat in seats for talk in talks_of(seat)]
        await _close(outcome, scene, people, talks, network.calls() if network else [])
        if not outcome.clean:
            outcome.kept = _keep(folder, people, talks, network.calls() if network else [])
    return outcome


async def _call_back(hotline: Hotline, outcome: Outcome, within: float) -> None:
    """Wait until nobody is owed any more; then the agents leave, so that nobody is dialled while the books close."""
    path = Paths.of(hotline.settings).database
    deadline = time.monotonic() + within
    while (still := sum(debt.open for debt in read(path).debts)) and time.monotonic() < deadline:
        await asyncio.sleep(1)
    if still and within == CALLING_BACK:
        outcome.troubles.append(f"{still} citizens have not been called back after {within:g} s of quiet")
    for agent in AGENTS:
        await hotline.sign_out(agent)


async def _history(hotline: Hotline, outcome: Outcome) -> None:
    """Wait until the books are closed: every record read, no call open."""
    paths = Paths.of(hotline.settings)
    deadline = time.monotonic() + QUIET
    while not await asyncio.to_thread(caught_up, paths.database, paths.cel):
        if time.monotonic() > deadline:
            outcome.troubles.append("the history has not caught up, or calls are still open")
            return
        await asyncio.sleep(0.2)


async def _close(outcome: Outcome, scene: Scene, people: Crowd, talks: list[Talk], called_back: list[Reached]) -> None:
    """Hold everything against everything."""
    paths = Paths.of(scene.hotline.settings)
    attempts = people.attempts()
    if len(attempts) < people.expected:
        outcome.troubles.append(f"only {len(attempts)} of {people.expected} citizens dialled: {people.sipp.complaint}")
    done = [fault for fault in outcome.faults if not fault.note.startswith("skipped")]
    deaths = [fault.at for fault in done if fault.name.startswith("asterisk")]
    outcome.troubles += [f"{fault.name}: {fault.note}" for fault in done if fault.recovery is None]
    for program in ("asterisk", "controller"):
        starts = scene.hotline.log.read_text().count(f"{program}: starting")
        if starts > (most := 1 + sum(fault.name.startswith(program) for fault in done)):
            outcome.troubles.append(f"{program} was started {starts} times, and {most} would have done")
    outcome.verdict = judge(attempts, talks, read(paths.database), deaths, called_back)
    outcome.sampled, outcome.samples = scene.witness.most, scene.witness.samples
    logs = sorted(paths.log.glob("queue_log*"), key=lambda path: path.stat().st_mtime)
    outcome.recomputed = most_waiting(line for path in logs for line in path.read_text("utf-8", "replace").splitlines())
    for witness, most in (("Asterisk, asked,", outcome.sampled), ("queue_log, recomputed,", outcome.recomputed)):
        if most > MOST_WAITING:
            outcome.troubles.append(f"{witness} says that {most} waited")
    await _audit(scene.hotline, outcome)


async def _audit(hotline: Hotline, outcome: Outcome) -> None:
    """Have the hotline compare its own books with queue_log."""
    day = datetime.now(ZoneInfo(hotline.settings.time_zone)).date()
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", "audit", "--json"),
        *("--from", str(day - timedelta(days=1)), "--to", str(day)),
        env={**os.environ, **hotline.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = (text.decode() for text in await done.communicate())
    if "No such command" in err:
        outcome.audit = "NOT DONE: there is no `callcenter audit`"
        return
    try:
        differences = json.loads(out)
    except ValueError:
        outcome.troubles.append(f"callcenter audit: {done.returncode}: {err[-2000:]}{out[-500:]}")
        return
    outcome.differences = differences if isinstance(differences, list) else differences.get("differences", [])
    if any(fault.name == "disk full" for fault in outcome.faults):
        # While the disk is full the calls go on and recording does not; that the audit says so is right.
        outcome.differences = [one for one in outcome.differences if one.get("kind") != "recording_missing"]
    outcome.audit = str(len(outcome.differences))


def _keep(folder: Path, people: Crowd, talks: list[Talk], called_back: list[Reached]) -> Path:
    """Copy what tells how it was to a folder that stays."""
    kept = Path(tempfile.mkdtemp(prefix="callcenter-chaos-"))
    record = {
        "attempts": [asdict(attempt) for attempt in people.attempts()],
        "talks": [asdict(talk) for talk in talks],
        "called_back": [asdict(call) for call in called_back],
    }
    (kept / "phones.json").write_text(json.dumps(record, indent=1))
    shutil.copy(folder / "run.log", kept)
    for path in [*(folder / "var").glob("callcenter.db*"), folder / "var/log", folder / "var/asterisk/log"]:
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, kept / ("asterisk-log" if path.parent.name == "asterisk" else path.name))
    return kept


def main(arguments: list[str]) -> int:
    """Run it and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="the run it makes is the same for the same seed")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--every", type=float, default=15, help="seconds from one fault to the next, on average")
    parser.add_argument("--only", action="append", default=[], metavar="FAULT", help="such as 'asterisk killed'")
    parser.add_argument("--no-callbacks", action="store_true", help="there is no line to call anybody back on")
    chosen = parser.parse_args(arguments)
    seed = random.randrange(10_000) if chosen.seed is None else chosen.seed

    def say(line: str) -> None:
        print(line, flush=True)

    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        outcome = asyncio.run(
            chaos(
                seed,
                chosen.minutes,
                Path(folder),
                say,
                every=chosen.every,
                only=chosen.only,
                callbacks=not chosen.no_callbacks,
            )
        )
    report(outcome, say)
    return 0 if outcome.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
