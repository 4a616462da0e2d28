"""The indicators of requests: each formula against requests counted by hand, and the list behind each figure."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import func, select, update

from callcenter.reports import indicators, lists
from callcenter.reports.requests import FORMULAS
from callcenter.reports.rollups import Rollups
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.tables import IndicatorDay, MemberUnit, Ticket, TouchedMoment

DAY = date(2026, 11, 20)
#: Ten in the morning in Shanghai.
T0 = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
NOW = T0 + timedelta(days=3)
HOUR = timedelta(hours=1)
_next = count(1)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def request(state: str = "archived", **more: object) -> Ticket:
    fields: dict[str, object] = {
        "node": "node1",
        "number": f"{next(_next):014}",
        "kind": "complaint",
        "state": state,
        "caller": "13800000001",
        "title": "路灯不亮",
        "description": "春晖路的路灯不亮",
        "opened_at": T0,
        "work_started_at": T0,
    }
    return Ticket(**(fields | more))


async def store(database: Database, *rows: object) -> None:
    async with database.begin() as session:
        session.add_all(rows)


async def figure(database: Database, number: int, first: date = DAY, last: date = DAY) -> dict[str, object]:
    """The indicator; and the list behind it is as long as the figure says, whichever part is asked for."""
    period = indicators.period_of(first, last)
    async with database.read() as session:
        (row,) = await indicators.indicators(session, first, last, only=number)
        indicators.IndicatorRow.model_validate(row, strict=True)
        listed = {}
        for part in ("denominator", "numerator", "failing"):
            rows = await everything(session, number, period, part)
            listed[part] = len(rows)
            for one in rows:
                lists.BehindRow.model_validate(one, strict=True)
                assert one["good"] is (part == "numerator") or part == "denominator"
    good = row["numerator"]
    if number == 7:  # a mean: those within the limit are another figure of it
        good = row["parts"][2]["numerator"]
    assert listed == {"denominator": row["denominator"], "numerator": good, "failing": row["denominator"] - (good or 0)}
    return dict(row)


async def everything(session: object, number: int, period: object, part: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    after = None
    while True:
        page = await lists.behind(session, number, period, lists.Page(part, after, 2))  # type: ignore[arg-type]
        rows += page["rows"]
        after = page["next"]
        if after is None:
            return rows


async def test_closed_on_time_counts_what_fell_due_in_the_period_once_it_is_closed_or_late(database: Database) -> None:
    due = T0 + 2 * HOUR
    await store(
        database,
        request(due_at=due, closed_at=due),
        request(due_at=due, closed_at=due - timedelta(days=9), opened_at=T0 - timedelta(days=10)),
        request(due_at=due, closed_at=due + timedelta(microseconds=1)),
        request("handling", due_at=due),
        # Not: due tomorrow, at the city, merged, a missed call, answered on the call and so without a deadline.
        request(due_at=due + timedelta(days=1), closed_at=due),
        request("city", due_at=due),
        request("merged", due_at=due, closed_at=due),
        request(kind="missed_call", due_at=due, closed_at=due + HOUR),
        request(closed_at=T0),
    )
    row = await figure(database, 2)
    assert (row["numerator"], row["denominator"], row["met"]) == (2, 4, False)


async def test_what_is_open_and_not_due_yet_counts_in_no_period(database: Database) -> None:
    await store(database, request("handling", due_at=NOW + HOUR), request(due_at=NOW + HOUR, closed_at=NOW - HOUR))
    row = await figure(database, 2, DAY, DAY + timedelta(days=9))
    assert (row["numerator"], row["denominator"]) == (1, 1)


async def test_satisfaction_is_the_last_word_and_who_waits_for_a_redo_has_not_said_it(database: Database) -> None:
    await store(
        database,
        request("to_close", satisfaction="satisfied", followed_up_at=T0),
        request("closed", satisfaction="fairly", followed_up_at=T0),
        request("archived", satisfaction="unhappy", followed_up_at=T0),
        request("handling", satisfaction="unhappy", followed_up_at=T0),
        request("archived", followed_up_at=None),
    )
    row = await figure(database, 3)
    assert (row["numerator"], row["denominator"], row["target"], row["met"]) == (2, 3, 0.99, False)


async def test_a_dispatch_is_wrong_when_another_unit_closes_it(database: Database) -> None:
    units = [MemberUnit(code=f"u{n}", name=f"单位{n}", active=True) for n in range(2)]
    await store(database, *units)
    first, other = (unit.id for unit in units)
    fields = {"first_unit_id": first, "first_dispatched_at": T0}
    await store(
        database,
        *(request(closing_unit_id=first, **fields) for _ in range(98)),
        request("handling", **fields),
        request(closing_unit_id=other, **fields),
        request(first_dispatched_at=T0 - timedelta(days=1), first_unit_id=first, closing_unit_id=other),
    )
    row = await figure(database, 4)
    assert (row["numerator"], row["denominator"], row["met"]) == (99, 100, True)
    await store(database, *(request(closing_unit_id=other, **fields) for _ in range(2)))
    await store(database, *(request(closing_unit_id=first, **fields) for _ in range(48)))
    row = await figure(database, 4)
    (error,) = row["parts"]  # type: ignore[misc]
    assert (error["numerator"], error["denominator"], error["value"]) == (3, 150, 0.02)
    assert (error["met"], row["met"]) == (False, False), "less than 2 % is asked for, and 2 % is not less"


async def test_a_follow_up_is_owed_when_the_reply_was_approved(database: Database) -> None:
    sent = {"first_dispatched_at": T0 - HOUR, "replied_at": T0}
    await store(
        database,
        request("to_close", satisfaction="satisfied", **sent),
        request("archived", satisfaction=None, **sent),
        request("follow_up", **sent),
        # Not: the reply is not approved yet, still with its unit, answered by the city, reply of another day.
        request("replied", **sent),
        request("handling", first_dispatched_at=T0),
        request("closed", replied_at=T0),
        request("follow_up", first_dispatched_at=T0, replied_at=T0 + timedelta(days=1)),
    )
    row = await figure(database, 6)
    assert (row["numerator"], row["denominator"]) == (2, 3)
    (reached,) = row["parts"]  # type: ignore[misc]
    assert (reached["numerator"], reached["denominator"]) == (1, 2)


async def test_requests_that_were_merged_count_by_the_visits_of_their_own(database: Database) -> None:
    owed = {"closed_at": T0 - HOUR, "replied_at": T0}
    await store(
        database,
        request("merged", satisfaction="satisfied", followed_up_at=T0 + HOUR, **owed),
        request("merged", satisfaction="unhappy", followed_up_at=T0 + HOUR, **owed),
        request("merged", followed_up_at=T0 + HOUR, **owed),
        request("merged", **owed),
        # Not: asked with another of the same telephone; its main request has no answer yet.
        request("merged", closed_at=T0),
    )
    row = await figure(database, 6)
    (reached,) = row["parts"]  # type: ignore[misc]
    assert (row["numerator"], row["denominator"], reached["numerator"]) == (3, 4, 2)
    row = await figure(database, 3)
    assert (row["numerator"], row["denominator"]) == (1, 2)


async def test_handling_time_is_a_mean_of_working_days_with_a_limit_for_each_kind(database: Database) -> None:
    day = 7 * 3600
    await store(
        database,
        request(kind="enquiry", submitted_at=T0, handled_seconds=3 * day),
        request(kind="enquiry", submitted_at=T0, handled_seconds=day),
        request(submitted_at=T0, handled_seconds=4 * day),
        request(submitted_at=T0, handled_seconds=4 * day + 1),
        request(submitted_at=T0, handled_seconds=None),
        request(kind="missed_call", submitted_at=T0, handled_seconds=9 * day),
    )
    row = await figure(database, 7)
    enquiries, others, within = row["parts"]  # type: ignore[misc]
    assert (enquiries["numerator"], enquiries["denominator"], enquiries["value"], enquiries["met"]) == (4, 2, 2, True)
    assert (others["denominator"], others["target"], others["met"]) == (2, 4, False)
    assert within["numerator"] == 2
    assert (row["denominator"], row["unit"], row["met"]) == (4, "working_days", False)


async def test_a_day_that_was_counted_is_counted_anew_when_a_request_of_it_is_touched(database: Database) -> None:
    due = T0 + 2 * HOUR
    tickets = [request("to_close", due_at=due) for _ in range(3)]
    await store(database, *tickets, request(due_at=due, closed_at=T0))
    rollups = Rollups(database, "Asia/Shanghai", indicators.WORKDAY)
    assert await rollups.count()
    assert await rollups.count() == 0, "nothing was touched since"
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(TouchedMoment)) == 0
    assert (await figure(database, 2))["numerator"] == 1
    async with database.begin() as session:
        await session.execute(update(Ticket).where(Ticket.id == tickets[0].id).values(closed_at=T0, state="closed"))
    assert (await figure(database, 2))["numerator"] == 2, "before any sweep"
    async with database.begin() as session:
        # Its deadline was moved: it counts in another day now, and no more in this one.
        moved = {"due_at": due - timedelta(days=1), "closed_at": T0, "state": "closed"}
        await session.execute(update(Ticket).where(Ticket.id == tickets[1].id).values(**moved))
    for swept in (False, True):
        if swept:
            await rollups.sweep()
        both = [await figure(database, 2, day, day) for day in (DAY, DAY - timedelta(days=1))]
        assert [row["denominator"] for row in both] == [3, 1]


async def test_counted_days_are_what_is_read(database: Database) -> None:
    await store(database, request(due_at=T0, closed_at=T0))
    await Rollups(database, "Asia/Shanghai", indicators.WORKDAY).sweep()
    async with database.begin() as session:
        await session.execute(update(IndicatorDay).where(IndicatorDay.number == 2).values(tallies=[100, 99]))
    async with database.read() as session:
        (row,) = await indicators.indicators(session, DAY, DAY, only=2)
        (elsewhere,) = await indicators.indicators(session, DAY, DAY, "Europe/Berlin", only=2)
    assert (row["numerator"], row["denominator"]) == (99, 100)
    assert elsewhere["denominator"] == 1, "another zone's days are others"


async def test_a_request_that_is_opened_with_a_deadline_of_a_counted_day_is_counted(database: Database) -> None:
    await store(database, request(due_at=T0, closed_at=T0))
    await Rollups(database, "Asia/Shanghai", indicators.WORKDAY).sweep()
    await store(database, request("to_dispatch", source="city", due_at=T0 + HOUR))
    assert (await figure(database, 2))["denominator"] == 2


async def test_missed_calls_touch_no_day(database: Database) -> None:
    await store(database, call := request("accepted", kind="missed_call", due_at=T0))
    async with database.begin() as session:
        await session.execute(update(Ticket).where(Ticket.id == call.id).values(state="closed", closed_at=T0))
    async with database.read() as session:
        assert (await session.scalars(select(TouchedMoment))).all() == []


async def test_the_wallboard_shows_what_is_open_and_what_is_late(database: Database) -> None:
    await store(
        database,
        request("handling", due_at=NOW - HOUR),
        request("handling", due_at=NOW + HOUR),
        request("accepted"),
        request("city", due_at=NOW - HOUR),
        request("accepted", kind="missed_call", due_at=NOW - HOUR),
        request(closed_at=NOW, due_at=NOW - HOUR),
    )
    async with database.read() as session:
        shown = await indicators.figures(session, DAY)
    assert (shown["requests_open"], shown["requests_overdue"]) == (4, 1)


def test_every_formula_has_a_list() -> None:
    assert set(FORMULAS) < lists.LISTED
