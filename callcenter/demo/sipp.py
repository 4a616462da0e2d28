"""SIPp, well behaved: a process a phone, free ports, its steps as they happen, and nothing left behind."""

import asyncio
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_log = structlog.get_logger()
_SCENARIOS = Environment(  # SIP is no HTML
    loader=FileSystemLoader(Path(__file__).parent / "scenarios"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # noqa: S701
)
#: Seconds between two looks at what a phone wrote.
_LOOK = 0.05
#: Seconds that a phone may take to end by itself once it was told to.
_GRACE = 2.0
_HOST = "127.0.0.1"


class SippError(Exception):
    """SIPp is missing, or a phone did not do what it was started for."""


@dataclass(frozen=True)
class Server:
    """The SIP server under the calls; loopback, as the lab profile has it."""

    port: int
    host: str = _HOST


@dataclass(frozen=True, slots=True)
class Step:
    """A line that a scenario wrote: what happened to which call of the phone, when, and what else it said."""

    word: str
    call: int
    #: Seconds since the epoch, to the microsecond.
    at: float
    rest: str = ""


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """Return a port on the loopback network that nothing holds at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def scenario(name: str, **values: Any) -> str:  # noqa: ANN401  # whatever the template prints
    """Return the scenario `name` with its values filled in; raises jinja2.UndefinedError for one that is missing."""
    # Expat takes an XML declaration only as the very first thing.
    return _SCENARIOS.get_template(f"{name}.xml").render(**values).lstrip()


@dataclass
class Sipp:
    """One SIPp process that plays one scenario.

    `listen` is told each step as the scenario logs it; the steps so far are in `steps`.
    """

    server: Server
    scenario: str
    values: dict[str, Any]
    folder: Path
    #: Rows of the injection file: bytes as they shall appear on the wire, `;` between fields.
    rows: Sequence[bytes] = ()
    arguments: Sequence[str] = ()
    transport: str = "u1"
    port: int = field(default_factory=free_port)
    listen: Callable[[Step], None] | None = None
    steps: list[Step] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _read: int = 0

    async def start(self) -> None:
        """Start the process. Raises SippError when SIPp is not installed."""
        # setpriv asks the kernel to end the phone with whoever started it, however that ended.
        programs = [shutil.which(name) for name in ("setpriv", "sipp")]
        if None in programs:
            raise SippError("sipp or setpriv is missing; install: sip-tester util-linux")
        setpriv, sipp = (str(program) for program in programs)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file("xml").write_text(scenario(self.scenario, **self.values), encoding="utf-8")
        injection: list[str] = []
        if self.rows:
            self._file("csv").write_bytes(b"SEQUENTIAL\n" + b"\n".join(self.rows) + b"\n")
            injection = ["-inf", str(self._file("csv"))]
        with self._file("out").open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                *(setpriv, "--pdeathsig", "KILL", "--", sipp, f"{self.server.host}:{self.server.port}"),
                *("-sf", str(self._file("xml")), *injection, "-t", self.transport, "-i", _HOST, "-p", str(self.port)),
                # By itself SIPp looks for a control port from 8888 on, and gives up after sixty neighbours.
                *("-cp", str(free_port()), "-nostdin", "-skip_rlimit"),
                *("-trace_logs", "-log_file", str(self._file("log")), *self.arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
                cwd=self.folder,
            )

    def _file(self, kind: str) -> Path:
        return self.folder / f"{self.scenario}-{self.port}.{kind}"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    def look(self) -> None:
        """Read the steps that were written since the last look."""
        with suppress(FileNotFoundError), self._file("log").open("rb") as file:
            file.seek(self._read)
            written = file.read()
            whole = written[: written.rfind(b"\n") + 1]
            self._read += len(whole)
            for line in whole.decode("utf-8", "replace").splitlines():
                # SIPp's [timestamp] is a date, a time and the epoch's seconds, with tabs between.
                if found := re.fullmatch(r"(\w+) (\d+) [^\t]*\t[^\t]*\t([\d.]+) ?(.*)", line):
                    word, call, at, rest = found.groups()
                    self._happened(Step(word, int(call), float(at), rest))

    def _happened(self, step: Step) -> None:
        self.steps.append(step)
        if self.listen:
            self.listen(step)

    async def watch(self) -> int:
        """Follow the steps until the process ends; return its status, 0 when every call went as the scenario says."""
        if self._process is None:
            raise SippError("it was never started")
        while self._process.returncode is None:
            self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _LOOK)
        self.look()
        return self._process.returncode

    def said(self, word: str) -> int:
        """Return how often the scenario logged `word`."""
        self.look()
        return sum(step.word == word for step in self.steps)

    def hang_up(self, call_id: str, attempt: int = 0) -> None:
        """Tell the phone to hang up the call `call_id` now: a message of ours on the call's own Call-ID.

        One of the same `attempt` as before would be taken for its repetition, and passed over.
        """
        words = (
            "MESSAGE sip:hang-up@localhost SIP/2.0",
            f"Via: SIP/2.0/UDP {_HOST}:9;branch=z9hG4bK-hang-up-{attempt}",
            "From: <sip:demo@localhost>;tag=demo",
            "To: <sip:phone@localhost>",
            f"Call-ID: {re.sub(r'[^!-~]', '', call_id)}",
            f"CSeq: {1000 + attempt} MESSAGE",
            "Content-Length: 0",
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto("\r\n".join([*words, "", ""]).encode(), (_HOST, self.port))

    async def stop(self) -> None:
        """End the process: gently, then not."""
        if self._process is None:
            return
        for how, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
            if self._process.returncode is not None:
                return
            with suppress(ProcessLookupError):
                self._process.send_signal(how)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), patience)

    @property
    def complaint(self) -> str:
        """The last lines that SIPp printed, for an error message."""
        with suppress(OSError):
            return self._file("out").read_text("utf-8", "replace")[-2000:]
        return ""

    def forget(self) -> None:
        """Remove the files of this phone."""
        for path in self.folder.glob(f"{self.scenario}-{self.port}.*"):
            path.unlink(missing_ok=True)


@asynccontextmanager
async def running(sipp: Sipp) -> AsyncIterator[Sipp]:
    """Start `sipp` and end it on leaving, whatever happens inside."""
    await sipp.start()
    try:
        yield sipp
    finally:
        await sipp.stop()
