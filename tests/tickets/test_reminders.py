"""Reminders of deadlines: none lost and none doubled, whatever happens to the machine."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from notice_scene import CALENDAR, SHANGHAI, at, clock, ticket, told, unit
from sqlalchemy import func, insert, select, text, update

from callcenter.panel.live import LiveState
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets.flows.time import deadlines, reminders
from callcenter.tickets.flows.time.calendar import KeptCalendar, published
from callcenter.tickets.flows.time.clocks import clock_of, write
from callcenter.tickets.flows.time.timekeeper import Timekeeper
from callcenter.tickets.rules import clocks
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.tables import Ticket, TicketClock, TicketNotice

AUDIENCES = ("unit", "agent", "supervisor")


async def sweep(database: Database, now: str) -> int:
    return await reminders.remind(database, CALENDAR, at(now), before_hours=8, after_hours=7)


def kinds(*names: str) -> list[tuple[str, str]]:
    return [(name, audience) for name in names for audience in AUDIENCES]


async def test_unit_agent_and_supervisor_are_told_before_at_and_after_each_once(database: Database) -> None:
    housing = await unit(database)
    await clock(database, await ticket(database, "1", housing), "2026-11-23T10:00", 2)
    for now, so_far in (
        ("2026-11-24T16:29", ()),
        ("2026-11-24T16:30", ("before",)),
        ("2026-11-24T16:31", ("before",)),
        ("2026-11-25T17:29", ("before",)),
        ("2026-11-25T17:30", ("before", "at")),
        ("2026-11-26T16:59", ("before", "at")),
        ("2026-11-26T17:30", ("before", "at", "after")),
        ("2026-12-26T17:30", ("before", "at", "after")),
    ):
        await sweep(database, now)
        assert await told(database) == kinds(*so_far), now
    async with database.read() as session:
        first, *_, last = (await session.scalars(select(TicketNotice).order_by(TicketNotice.id))).all()
    assert first.words == "总时限将于 2026-11-25 17:30 届满，请抓紧办理。"
    assert (first.unit_id, first.about) == (housing, at("2026-11-25T17:30"))
    assert "至今仍未" in (last.words or "")


async def test_nobody_is_told_who_is_not_there(database: Database) -> None:
    await clock(database, await ticket(database, "1", None, accepted_by=None), "2026-11-23T10:00", 1)
    await sweep(database, "2026-11-24T17:30")
    assert await told(database) == [("before", "supervisor"), ("at", "supervisor")]


async def test_a_clock_that_stands_still_or_was_stopped_reminds_nobody(database: Database) -> None:
    for place, change in enumerate((clocks.pause, clocks.stop)):
        id_ = await clock(database, await ticket(database, str(place)), "2026-11-23T10:00", 1)
        async with database.begin() as session:
            row = await session.get_one(TicketClock, id_)
            write(row, change(clock_of(row), at("2026-11-23T11:00")))
    assert await sweep(database, "2026-12-23T10:00") == 0


async def test_a_deadline_that_was_moved_is_told_of_anew(database: Database) -> None:
    id_ = await clock(database, await ticket(database, "1"), "2026-11-23T10:00", 1)
    await sweep(database, "2026-11-24T17:00")
    async with database.begin() as session:
        row = await session.get_one(TicketClock, id_)
        write(row, clocks.extend(clock_of(row), 2, CALENDAR))
    await sweep(database, "2026-11-24T17:30")
    assert Counter(await told(database)) == Counter([("before", "agent"), ("before", "supervisor")])
    await sweep(database, "2026-11-26T17:30")
    assert Counter(await told(database))["before", "supervisor"] == 2
    assert Counter(await told(database))["at", "supervisor"] == 1


async def test_a_machine_that_slept_over_the_weekend_tells_everything_in_order_and_once(database: Database) -> None:
    await clock(database, await ticket(database, "1", await unit(database)), "2026-11-19T10:00", 1)
    await sweep(database, "2026-11-19T11:00")
    for _ in range(2):
        await sweep(database, "2026-11-23T17:30")
        assert await told(database) == kinds("before", "at", "after")


async def test_a_clock_that_is_set_back_doubles_nothing(database: Database) -> None:
    await clock(database, await ticket(database, "1", await unit(database)), "2026-11-23T10:00", 1)
    for now in ("2026-11-24T17:30", "2026-11-24T10:00", "2026-11-23T08:00", "2026-11-24T17:31"):
        await sweep(database, now)
    assert await told(database) == kinds("before", "at")


async def many(database: Database, count: int) -> None:
    """Tickets with a clock each that is over."""
    await unit(database)
    due = at("2026-11-24T17:30")
    async with database.begin() as session:
        row: dict[str, Any] = {
            "node": "node1",
            "kind": "help",
            "state": "handling",
            "caller": "",
            "title": "t",
            "description": "d",
            "opened_at": due,
            "unit_id": 1,
            "accepted_by": "zhang",
        }
        await session.execute(insert(Ticket), [row | {"number": str(place)} for place in range(count)])
        ids = (await session.scalars(select(Ticket.id))).all()
        await session.execute(
            insert(TicketClock),
            [{"ticket_id": id_, "name": "total", "started_at": due, "days": 1, "due_at": due} for id_ in ids],
        )


async def whole(database: Database) -> tuple[int, int]:
    """How many notices there are, and how many different ones."""
    async with database.read() as session:
        columns = (TicketNotice.clock_id, TicketNotice.kind, TicketNotice.audience)
        every = await session.scalar(select(func.count(TicketNotice.id)))
        different = len((await session.execute(select(*columns).distinct())).all())
    return every or 0, different


async def test_two_sweeps_at_once_tell_each_once(database: Database) -> None:
    await many(database, 500)
    other = Database(database.url.render_as_string(hide_password=False))
    made = await asyncio.gather(*(sweep(one, "2026-11-25T17:30") for one in (database, other, database)))
    # What one of them held, the others left to it.
    made.append(await sweep(database, "2026-11-25T17:31"))
    assert sum(made) >= 500 * 3
    assert await whole(database) == (500 * 9, 500 * 9)
    await other.close()


_PROGRAM = """
import asyncio, sys
from notice_scene import CALENDAR, at
from callcenter.storage.engine import Database
from callcenter.tickets.flows.time import reminders
reminders.BATCH = 5
async def main():
    database = Database(sys.argv[1])
    await reminders.remind(database, CALENDAR, at("2026-11-25T17:30"), before_hours=8, after_hours=7)
asyncio.run(main())
"""


async def test_a_sweep_that_is_killed_in_the_middle_is_finished_by_the_next(database: Database) -> None:
    await many(database, 1500)
    url = database.url.render_as_string(hide_password=False)
    here = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    program = subprocess.Popen(  # noqa: ASYNC220  # it is killed, not awaited
        [sys.executable, "-c", _PROGRAM, url], env=os.environ | {"PYTHONPATH": here}
    )
    try:
        deadline = time.monotonic() + 60
        while (await whole(database))[0] < 30:
            assert program.poll() is None
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait(20)
    there, different = await whole(database)
    assert there == different
    assert 0 < there < 1500 * 9, "it was killed in the middle"
    await sweep(database, "2026-11-25T17:30")
    assert await whole(database) == (1500 * 9, 1500 * 9)


@pytest.mark.parametrize("kind", clocks.REMINDERS)
async def test_a_sweep_looks_at_running_clocks_only_however_many_are_stopped(database: Database, kind: Any) -> None:  # noqa: ANN401
    if not database.is_sqlite:
        pytest.skip("PostgreSQL plans by statistics")
    async with database.read() as session:
        seen: list[str] = []
        real = session.execute

        async def explained(query: Any, *more: Any) -> Any:  # noqa: ANN401
            compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            seen.extend(row.detail for row in await real(text(f"EXPLAIN QUERY PLAN {compiled}")))
            return await real(query, *more)

        session.execute = explained  # type: ignore[method-assign]
        await reminders._due(session, kind, at("2026-11-25T17:30"))
    assert any("ix_ticket_clocks_running" in step for step in seen), seen
    assert not [step for step in seen if step.startswith("SCAN")], seen


def lacking(last: int) -> WorkCalendar:
    return WorkCalendar({day: worked for day, worked in published().items() if day.year <= last}, SHANGHAI)


async def due(database: Database) -> list[datetime | None]:
    async with database.read() as session:
        rows = await session.execute(select(TicketClock.due_at, Ticket.due_at).join(Ticket).order_by(TicketClock.id))
        return [moment for row in rows for moment in row]


async def test_deadlines_in_an_unknown_year_are_worked_out_once_it_is_loaded(database: Database) -> None:
    now = at("2025-12-31T12:00")
    for number in ("1", "2"):
        await clock(database, await ticket(database, number), "2025-12-31T10:00", 2, calendar=lacking(2025))
    await clock(database, await ticket(database, "3"), "2025-12-31T10:00", 1, "sign", calendar=lacking(2025))
    for _ in range(2):
        assert await deadlines.work_out(database, lacking(2025), now) == {2026}
    assert await due(database) == [None] * 6
    assert await told(database) == [("calendar", "supervisor")], "supervisors hear of a year once"
    assert await deadlines.work_out(database, CALENDAR, now) == set()
    total, sign = at("2026-01-05T17:30"), at("2026-01-04T17:30")
    # The ticket's own deadline is its total clock's.
    assert await due(database) == [total, total, total, total, sign, None]


async def test_the_sweep_of_each_minute_reads_the_calendar_and_counts_what_is_unseen(
    database: Database, tmp_path: Path
) -> None:
    settings, live = Settings(data=tmp_path), LiveState()
    alarms: dict[str, Any] = {}
    now = at("2026-12-30T10:00")

    def tell(kind: str, figures: Any) -> None:  # noqa: ANN401
        alarms[kind] = figures

    keeper = Timekeeper(database, settings, KeptCalendar(settings), live, on_alarm=tell, now=lambda: now)
    id_ = await ticket(database, "1", await unit(database))
    await clock(database, id_, "2026-12-30T10:00", 3, calendar=CALENDAR)
    await clock(database, id_, "2026-12-29T10:00", 1, "sign")
    await keeper.sweep()
    assert live.document["notices"] == {"supervisor": 2, "people": {"zhang": 1}}
    assert alarms == {"calendar_ends": {"year": 2027, "waiting": True}, "calendar_faulty": None}
    (tmp_path / "calendar.toml").write_text("[2027]\noff = ['2027-02-30']\n", encoding="utf-8")
    await keeper.sweep()
    assert "there is no such day" in alarms["calendar_faulty"]["detail"]
    off = ["2027-01-01", "2027-02-05..2027-02-11", "2027-04-05", "2027-05-03", "2027-06-09", "2027-09-15"]
    (tmp_path / "calendar.toml").write_text(
        f"[2027]\noff = {[*off, '2027-05-01', '2027-10-01..2027-10-07']}\nwork = ['2027-02-20', '2027-10-09']\n",
        encoding="utf-8",
    )
    await keeper.sweep()
    assert alarms == {"calendar_ends": None, "calendar_faulty": None}
    assert (await due(database))[0] == at("2027-01-05T17:30")
    async with database.begin() as session:
        await session.execute(update(TicketNotice).values(seen_at=now))
    await keeper.sweep()
    assert live.document["notices"] == {"supervisor": 0, "people": {}}


async def test_a_sweep_over_many_overdue_clocks_that_were_told_of_is_short(database: Database) -> None:
    await many(database, 3000)
    await sweep(database, "2026-11-25T17:30")
    async with database.begin() as session:
        await session.execute(text("ANALYZE"))
    best = min([await timed(database) for _ in range(3)])
    assert best < timedelta(seconds=1), best


async def timed(database: Database) -> timedelta:
    began = datetime.now(UTC)
    assert await sweep(database, "2026-11-25T17:31") == 0
    return datetime.now(UTC) - began


async def test_what_another_sweep_told_meanwhile_is_not_told_again(database: Database) -> None:
    await clock(database, await ticket(database, "1", await unit(database)), "2026-11-23T10:00", 1)
    now = at("2026-11-24T17:30")
    async with database.begin() as session:
        (due_now,) = await reminders._due(session, "at", now)
        for _ in range(2):
            await reminders._tell(session, list(reminders._notices("at", due_now, CALENDAR, now)))
    assert await told(database) == kinds("at")
