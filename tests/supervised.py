"""Starts the supervisor on small programs, as its own process: `python supervised.py <JSON>`."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from callcenter.settings import load
from callcenter.supervisor import PartlyDeaf, Program, run

DEADLINE = 15.0


def main(described: dict[str, Any]) -> int:
    settings = load(data=Path(described["data"]), port_offset=described["port_offset"])
    programs = [
        Program(
            name=item["name"],
            command=tuple(item["command"]),
            notify=item.get("notify", False),
            watchdog_seconds=item.get("watchdog_seconds"),
            before_start=_unprepared if item.get("unprepared") else None,
            probe=_deaf_probe(item["deaf_file"]) if item.get("deaf_file") else None,
            stop_seconds=item.get("stop_seconds", 2.0),
        )
        for item in described["programs"]
    ]
    return asyncio.run(run(settings, programs, only=described.get("only")))


def _unprepared() -> None:
    raise RuntimeError("first fault\nsecond fault")


def _deaf_probe(file: str) -> Callable[[], Awaitable[None]]:
    async def probe() -> None:
        if not os.path.exists(file):  # noqa: ASYNC240, PTH110  # a test's file
            return
        with open(file, "r+", encoding="utf-8") as deaf:  # noqa: ASYNC230, PTH123
            partly = deaf.read().startswith("partly")
            deaf.write("?")  # one more time asked
        raise PartlyDeaf("deaf on one side") if partly else RuntimeError("deaf")

    return probe


async def until(condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # other processes make it true: there is nothing to wait on
            await asyncio.sleep(0.01)


class Supervised:
    """A running supervisor and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._changed = asyncio.Condition()
        self.reading = asyncio.get_running_loop().create_task(self._read(), name="read-supervisor")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            async with self._changed:
                self.lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()

    async def says(self, words: str, times: int = 1) -> str:
        """Wait until `times` lines hold `words`; returns the last of them."""

        def found() -> list[str]:
            return [line for line in self.lines if words in line]

        try:
            async with asyncio.timeout(DEADLINE), self._changed:
                await self._changed.wait_for(lambda: len(found()) >= times)
        except TimeoutError:
            raise AssertionError(f"never said {words!r} {times} times: {self.lines}") from None
        return found()[times - 1]

    def close_console(self) -> None:
        """Read no more: what the supervisor prints from now on breaks its pipe."""
        self.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]  # asyncio has no other way

    async def ends(self) -> int:
        async with asyncio.timeout(DEADLINE):
            status = await self.process.wait()
            await self.reading
        return status


@asynccontextmanager
async def supervised(
    data: Path,
    *programs: dict[str, Any],
    port_offset: int = 2000,
    only: str | None = None,
    env: dict[str, str] | None = None,
) -> AsyncIterator[Supervised]:
    """Run the supervisor on `programs`; it is stopped at the end of the block, and must stop."""
    described = {"data": str(data), "port_offset": port_offset, "programs": programs, "only": only}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        json.dumps(described),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # No ballast, unless the test is about it: it would take the room of a big disk.
        env={name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
        | {"CALLCENTER_DISK__BALLAST_MB": "0"}
        | (env or {}),
    )
    running = Supervised(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await running.ends()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
