"""Commands that prove the history: the audit against Asterisk's other witness, and the replay of its files."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter import app as controller
from callcenter import databases
from callcenter.cli.output import Json, show, show_one
from callcenter.hotline.flows.callbacks.obligations import policy_of
from callcenter.hotline.flows.proof import audit as auditing
from callcenter.hotline.flows.proof import replay as replaying
from callcenter.hotline.historian import Historian
from callcenter.hotline.listings import day_bounds
from callcenter.hotline.tables import Call, Callback
from callcenter.paths import Paths
from callcenter.recordings.flows.retention import deleted_recordings
from callcenter.reports.indicators import max_waiting
from callcenter.settings import Settings, load
from callcenter.storage import clock
from callcenter.storage.engine import Database, async_url
from callcenter.tickets.tables import Ticket

#: What happened so lately is left to the next audit: the historian may be reading it just now.
_SETTLED = timedelta(seconds=3)
_DAY = ("%Y-%m-%d",)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(audit)
    app.command()(replay)


def audit(
    first: Annotated[datetime | None, typer.Option("--from", formats=[*_DAY], help="First day; today.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=[*_DAY], help="Last day, included.")] = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Compare the calls in the database with Asterisk's queue_log, call by call; status 1 when they differ."""
    settings = load()
    today = databases.today(settings)
    begin = first.date() if first else today
    end = last.date() if last else max(today, begin)
    if end < begin:
        raise typer.BadParameter(f"--to {end} is before --from {begin}")
    paths = Paths.of(settings)
    since, until = day_bounds(begin, end, settings.time_zone)
    scope = auditing.Scope(
        node=settings.node,
        begin=since,
        end=until,
        as_of=clock.now() - _SETTLED,
        log=paths.log / "queue_log",
        recordings=paths.recordings,
        limit=settings.queue.max_waiting,
        deleted=deleted_recordings,
    )

    async def compare() -> auditing.Report:
        async with databases.opened(settings) as database:
            return await auditing.audit(database, scope, max_waiting)

    try:
        report = asyncio.run(compare())
    except auditing.AuditError as error:
        raise _failed(error) from None
    row = {"from": begin.isoformat(), "to": end.isoformat()} | report.as_row()
    if json:
        show_one(row, as_json=True)
    else:
        _print_audit(report, row)
    if not report.clean:
        raise typer.Exit(1)


def _print_audit(report: auditing.Report, row: Mapping[str, Any]) -> None:
    if report.clean:
        sys.stdout.write(f"no differences: {row['compared']} calls compared\n")
    else:
        count = len(report.differences)
        sys.stdout.write(f"{count} difference{'s' * (count > 1)}; {row['compared']} calls compared\n")
        show(row["differences"], as_json=False)
    most = row["most_waiting"]
    Console(highlight=False).print(
        Text(
            f"most waiting at one instant: {most['queue_log']} by queue_log, {most['database']} by the database; "
            f"at most {most['limit']} may\n"
            f"in progress: {row['in_progress']}; too fresh to compare: {row['too_fresh']}"
            + "".join(f"; {case.replace('_', ' ')}: {times}" for case, times in sorted(row["explained"].items()))
        )
    )


def replay(
    into: Annotated[str, typer.Option(help="URL of the empty database to rebuild into; else a temporary one.")] = "",
    compare: Annotated[  # noqa: FBT002
        bool, typer.Option("--compare", help="Compare with the database in use; always so without --into.")
    ] = False,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Rebuild call history from Asterisk's files into an empty database, and compare; status 1 when not equal."""
    settings = load()
    try:
        if into:
            _check_target(settings, into)
        if compare or not into:
            _compare(settings, into, as_json=json)
        else:
            asyncio.run(_rebuild(settings, into))
            sys.stdout.write("rebuilt\n")
    except replaying.ReplayError as error:
        raise _failed(error) from None


def _check_target(settings: Settings, into: str) -> None:
    """Raise ReplayError for a URL that can be no empty database."""
    try:
        named = async_url(into)
    except (ValueError, ArgumentError) as error:
        raise replaying.ReplayError(f"--into {into}: {error}") from error
    if named == async_url(databases.url(settings)):
        raise replaying.ReplayError("--into names the database in use; name an empty one")
    folder = Path(named.database or "").parent
    if named.get_backend_name() == "sqlite" and not folder.is_dir():
        raise replaying.ReplayError(f"--into {into}: there is no folder {folder}")


def _failed(error: Exception) -> typer.Exit:
    sys.stderr.write(f"callcenter: {' '.join(str(error).split())}\n")
    return typer.Exit(1)


def _compare(settings: Settings, into: str, *, as_json: bool) -> None:
    async def work() -> replaying.Comparison:
        async with databases.opened(settings) as in_use, _target(into) as target:
            await replaying.prepare(target)
            return await replaying.compare(
                in_use,
                target,
                Paths.of(settings).cel,
                node=settings.node,
                make=_maker(settings),
                further={"ticket": tickets_of_missed_calls},
            )

    result = asyncio.run(work())
    if as_json:
        show_one(result.as_row(), as_json=True)
    else:
        if result.equal:
            sys.stdout.write(f"equal: {result.calls} calls, {result.callbacks} callbacks\n")
        else:
            sys.stdout.write(f"not equal: {len(result.unequal)} differences\n")
            show([difference._asdict() for difference in result.unequal], as_json=False)
        sys.stdout.write(
            f"decided by people, and in no record of Asterisk's: {result.human_deeds} callbacks; "
            f"older than the records on disk: {result.before_files} calls\n"
        )
    if not result.equal:
        raise typer.Exit(1)


async def _rebuild(settings: Settings, into: str) -> None:
    async with _target(into) as target:
        await replaying.prepare(target)
        await replaying.rebuild(target, Paths.of(settings).cel, _maker(settings))


@asynccontextmanager
async def _target(url: str) -> AsyncIterator[Database]:
    """Open the database at `url`, or a temporary one."""
    with tempfile.TemporaryDirectory(prefix="callcenter-replay-") as folder:
        database = Database(url or f"sqlite:///{folder}/replay.db")
        try:
            yield database
        except (OSError, SQLAlchemyError) as error:
            cause = getattr(error, "orig", None) or error
            raise replaying.ReplayError(f"a database does not answer: {cause}; check --into") from error
        finally:
            await database.close()


def _maker(settings: Settings) -> replaying.MakeHistorian:
    """Return what makes a historian as the controller does."""
    policy = policy_of(settings)

    def make(database: Database, cel: Path, on_trouble: Callable[[str | None], None]) -> Historian:
        return Historian(
            database,
            cel,
            node=settings.node,
            policy=policy,
            subscribers=controller.SUBSCRIBERS,
            on_trouble=on_trouble,
        )

    return make


async def tickets_of_missed_calls(session: AsyncSession) -> Mapping[str, replaying.Further]:
    """Return the tickets that missed calls opened: one for each callback, and one for each withheld number."""
    query = (
        select(Ticket.caller, Ticket.opened_at, Callback.opened_at, Call.linkedid)
        .outerjoin(Callback, Callback.id == Ticket.callback_id)
        .outerjoin(Call, Call.id == Ticket.call_id)
        .where((Ticket.kind == "missed_call") | Ticket.callback_id.is_not(None))
    )
    return {
        f"{caller} {opened_at.isoformat()}" if owed_at else linkedid or "of no call": replaying.Further(
            caller, linkedid or "", f"opened {opened_at.isoformat()}"
        )
        for caller, opened_at, owed_at, linkedid in await session.execute(query)
    }
