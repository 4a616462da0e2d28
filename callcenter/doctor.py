"""Checks everything the hotline needs, and says how to mend what is wrong."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from callcenter import databases, disk_watch, preparation
from callcenter.api_client import HotlineDown, HotlineRefused, LocalApi
from callcenter.asterisk import certificate, install, renewal
from callcenter.paths import ROOT, Paths
from callcenter.recordings import key_file
from callcenter.recordings.flows.retention import keys_in_use
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.supervisor import ports_in_use
from callcenter.tickets.flows.time import calendar

_GIBIBYTE = 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing checked: what was found, or what is wrong and how to mend it."""

    name: str
    ok: bool
    detail: str

    def as_row(self) -> dict[str, Any]:
        """Return it as the listing shows it; `ok` reads as a word."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Run every check; none stops the others."""
    findings: list[Finding] = []
    for check in (
        _python,
        _asterisk,
        _tools,
        _configuration,
        _certificate,
        _shown_certificate,
        _calendar,
        _front_end,
        _data_folder,
        _database,
        _recordings,
        _running,
    ):
        try:
            findings += check(settings)
        except Exception as error:  # noqa: BLE001  # a check that breaks is a finding too
            findings.append(Finding(check.__name__.strip("_"), ok=False, detail=f"{type(error).__name__}: {error}"))
    return findings


Check = Callable[[Settings], Iterator[Finding]]


def _python(_settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), version)


def _asterisk(_settings: Settings) -> Iterator[Finding]:
    program = install.find(ROOT)
    yield Finding("asterisk", program is not None, program.version if program else "not here; get it with: make setup")


def _tools(_settings: Settings) -> Iterator[Finding]:
    missing = [tool for tool in ("espeak-ng", "sox", "setpriv") if shutil.which(tool) is None]
    yield Finding("tools", not missing, f"missing: {', '.join(missing)}; run: make setup" if missing else "all there")


def _configuration(settings: Settings) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="callcenter-doctor-") as folder:
        faults = preparation.faults(settings, Path(folder))
    yield Finding("configuration", not faults, "; ".join(faults) or "renders")


def _certificate_file(settings: Settings) -> Path:
    """Return where the certificate stands that panel and phones show: the given one, or our own."""
    given = settings.https.certificate
    return given.expanduser() if given else Paths.of(settings).secrets / "certificate.pem"


def _certificate(settings: Settings) -> Iterator[Finding]:
    given, path = settings.https.certificate, _certificate_file(settings)
    if not given and not path.exists():
        yield Finding("certificate", ok=True, detail="self-signed; it is made at the first start")
        return
    over = certificate.ends(path)
    detail = f"{'given' if given else 'self-signed'}, holds until {over:%Y-%m-%d}"
    soon = bool(given) and over - clock.now() < certificate.RENEW_BEFORE
    yield Finding("certificate", not soon, f"{path}: {detail}; renew it, and restart the hotline" if soon else detail)


def _shown_certificate(settings: Settings) -> Iterator[Finding]:
    path = _certificate_file(settings)
    if not path.exists():
        return
    ours = renewal.in_file(path)
    host = "127.0.0.1" if settings.bind in {"0.0.0.0", "::"} else settings.bind  # not bound, but compared
    ports = {"the panel": settings.https_panel_port, "phones (TLS)": settings.sips_port}
    ports["browser phones (WSS)"] = settings.https_port
    old = [
        f"{who} at port {port}"
        for who, port in ports.items()
        if (shown := renewal.served(host, port)) is not None and shown != ours
    ]
    mend = "the panel takes it up within a minute; for phones, restart the hotline in a quiet hour"
    detail = f"not the one in {path}: {', '.join(old)}; {mend}"
    yield Finding("shown certificate", not old, detail if old else "the one in the file, wherever somebody listens")


def _calendar(settings: Settings) -> Iterator[Finding]:
    if faults := calendar.faults(settings):
        yield Finding("calendar", ok=False, detail="; ".join(faults))
        return
    known = calendar.load(settings)
    detail = calendar.warning(known, clock.now()) or f"holidays are known until the end of {known.years[-1]}"
    yield Finding("calendar", ok=True, detail=detail)


def _front_end(_settings: Settings) -> Iterator[Finding]:
    built = (ROOT / "web" / "dist" / "manifest.json").exists()
    yield Finding("front end", built, "built" if built else "not built; run: make setup")


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = Paths.of(settings).data
    folder.mkdir(parents=True, exist_ok=True)
    space = disk_watch.look(folder)
    marks = disk_watch.marks(space.total, settings.disk)
    enough = disk_watch.level(space, marks) == "enough"
    detail = f"{folder}: {space.free / _GIBIBYTE:.1f} of {space.total / _GIBIBYTE:.1f} GiB free"
    wanted = f", less than {marks.alarm / _GIBIBYTE:.1f}; free some space, or calls can no longer be written down"
    yield Finding("disk", enough, detail if enough else detail + wanted)
    damaged = disk_watch.damaged_files(folder)
    detail = f"{', '.join(damaged)} in {folder}: kept aside and made anew; look at them, and take them away"
    yield Finding("damaged files", not damaged, detail if damaged else "none")


def _database(settings: Settings) -> Iterator[Finding]:
    async def ask() -> None:
        async with databases.opened(settings) as database, database.read() as session:
            await session.execute(text("select 1"))

    try:
        asyncio.run(ask())
    except Exception as error:  # noqa: BLE001  # drivers raise their own kinds
        yield Finding("database", ok=False, detail=str(error))
    else:
        yield Finding("database", ok=True, detail="PostgreSQL" if settings.database_url.startswith("p") else "SQLite")


def _recordings(settings: Settings) -> Iterator[Finding]:
    path = settings.recordings.keys
    if not path.exists():
        yield Finding("recording keys", ok=True, detail=f"{path} is made at the first start")
        return
    try:
        known = key_file.load(path).all
    except key_file.KeyFileError as error:
        yield Finding("recording keys", ok=False, detail=str(error))
        return

    async def ask() -> set[str]:
        async with databases.opened(settings) as database, database.read() as session:
            return await keys_in_use(session, settings.node)

    missing: list[str] = []
    with suppress(Exception):  # a database that is away is a finding already
        missing = sorted(asyncio.run(ask()) - known.keys())
    lacks = f"{path} lacks {', '.join(missing)}, without which older recordings cannot be heard; restore it"
    keys = f"{len(known)} key{'s' * (len(known) > 1)} in {path}; keep a backup of it apart from that of the data"
    yield Finding("recording keys", not missing, lacks if missing else keys)


def _running(settings: Settings) -> Iterator[Finding]:
    try:
        agents = LocalApi(settings).get("/agents")
    except HotlineRefused as error:
        yield Finding("hotline", ok=False, detail=str(error))
    except HotlineDown:
        taken = ports_in_use(settings)
        yield Finding("ports", not taken, "; ".join(taken) or "free")
        yield Finding("hotline", ok=True, detail="not running")
    else:
        there = sum(1 for agent in agents if agent["state"] != "signed_out")
        yield Finding("hotline", ok=True, detail=f"running, {there} of {len(agents)} agents signed in")
