"""The timeline of a day and an agent's day 座席一天, from stored calls and from what the agents were seen to do."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline import listings
from callcenter.hotline.listings import day_bounds, iso
from callcenter.hotline.rules.numbers import mask
from callcenter.hotline.tables import Agent, Call, Callback, CallbackCall
from callcenter.reports import day as rules
from callcenter.reports.calls import SATISFIED, missed
from callcenter.reports.day import STATES, DayCall, Stretch
from callcenter.workforce.tables import AgentActivity

#: What a number of the timeline counts.
Which = Literal["arrived", "answered", "missed", "waiting"]
#: Calls that began so long before midnight may still end after it.
_LONGEST_CALL = timedelta(hours=6)
_MISSED_AT = func.coalesce(Call.ended_at, Call.left_queue_at, Call.started_at)
_ENDED = Call.ended_at.is_not(None)


class AgentsOfDay(BaseModel):
    """An agent on the timeline."""

    agent: str
    name: str
    #: Seconds in each state.
    seconds: dict[str, float]
    answered: int
    #: [state, since, until, reason] of each stretch.
    stretches: list[tuple[str, str, str, str | None]]


class Timeline(BaseModel):
    """A day in slices of five minutes."""

    day: str
    begin: str
    #: The day's end, or now.
    end: str
    slice_seconds: int
    #: For each slice: calls that came, were answered, were missed, and the most that waited at one instant.
    arrived: list[int]
    answered: list[int]
    missed: list[int]
    waiting: list[int]
    #: For each state, the average number of agents in each slice.
    agents: dict[str, list[float]]
    totals: dict[str, int]
    people: list[AgentsOfDay]


class AgentDay(BaseModel):
    """An agent's day: states, calls, figures."""

    agent: str
    name: str
    day: str
    begin: str
    end: str
    stretches: list[dict[str, Any]]
    seconds: dict[str, float]
    #: When they were first and last seen at work; null on a day off.
    first_seen: str | None
    last_seen: str | None
    answered: int
    talked_seconds: float
    #: At work for citizens / when work could come (话务利用率).
    busy_seconds: float
    open_seconds: float
    rated: int
    satisfied: int
    calls: list[listings.CallRow]


async def timeline(session: AsyncSession, day: date, now: datetime, time_zone: str) -> dict[str, Any]:
    """Return the timeline of `day`, until `now` when that is today; see Timeline."""
    begin, end = bounds(day, now, time_zone)
    calls = await _calls(session, begin, end)
    stretches = await _stretches(session, begin, end)
    slices = rules.slices(begin, end, calls, stretches)
    return {
        "day": day.isoformat(),
        "begin": iso(begin),
        "end": iso(end),
        "slice_seconds": int(rules.SLICE.total_seconds()),
        "arrived": slices.arrived,
        "answered": slices.answered,
        "missed": slices.missed,
        "waiting": slices.waiting,
        "agents": slices.agents,
        "totals": {
            "arrived": sum(slices.arrived),
            "answered": sum(slices.answered),
            "missed": sum(slices.missed),
            "waiting": max(slices.waiting, default=0),
        },
        "people": await _people(session, begin, end, stretches),
    }


def bounds(day: date, now: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """Return when `day` begins, and its end or `now`, whichever is sooner; never before it begins."""
    begin, end = day_bounds(day, day, time_zone)
    return begin, max(min(end, now), begin)


async def _calls(session: AsyncSession, begin: datetime, end: datetime) -> list[DayCall]:
    query = (
        _inbound(
            select(Call.started_at, Call.queued_at, Call.left_queue_at, Call.answered_at, _MISSED_AT, _is_missed())
        )
        .where(Call.started_at >= begin - _LONGEST_CALL, Call.started_at < end)
        .order_by(Call.started_at)
    )
    return [
        DayCall(arrived, queued, left, answered, lost if is_missed else None)
        for arrived, queued, left, answered, lost, is_missed in await session.execute(query)
    ]


def _inbound(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.select_from(Call)
        .outerjoin(CallbackCall, CallbackCall.call_id == Call.id)
        .outerjoin(Callback, Callback.id == CallbackCall.callback_id)
        .where(Call.direction == "inbound")
    )


def _is_missed() -> ColumnElement[bool]:
    return and_(missed(), _ENDED)


async def _stretches(session: AsyncSession, begin: datetime, end: datetime, agent: str | None = None) -> list[Stretch]:
    query = (
        select(AgentActivity)
        .where(AgentActivity.since < end, or_(AgentActivity.until.is_(None), AgentActivity.until > begin))
        .order_by(AgentActivity.since, AgentActivity.id)
    )
    if agent is not None:
        query = query.where(AgentActivity.agent == agent)
    return [
        Stretch(row.agent, row.state, row.since, row.until, row.reason, row.seat)
        for row in await session.scalars(query)
    ]


async def _people(
    session: AsyncSession, begin: datetime, end: datetime, stretches: Sequence[Stretch]
) -> list[dict[str, Any]]:
    by_agent: dict[str, list[Stretch]] = {}
    for one in rules.within(begin, end, stretches):
        by_agent.setdefault(one.agent, []).append(one)
    names = {row.number: row.name for row in await session.execute(select(Agent.number, Agent.name))}
    counted = await session.execute(
        select(Call.agent, func.count())
        .where(Call.direction == "inbound", Call.answered_at >= begin, Call.answered_at < end)
        .where(Call.started_at >= begin - _LONGEST_CALL, Call.started_at < end)
        .group_by(Call.agent)
    )
    answered = {row[0]: row[1] for row in counted}
    return [
        {
            "agent": agent,
            "name": names.get(agent, agent),
            "seconds": rules.seconds_by_state(own),
            "answered": answered.get(agent, 0),
            "stretches": [(one.state, iso(one.since), iso(one.until), one.reason) for one in own],
        }
        for agent, own in sorted(by_agent.items())
    ]


async def behind(
    session: AsyncSession, which: Which, since: datetime, until: datetime, *, agent: str | None = None, limit: int = 500
) -> list[dict[str, Any]]:
    """Return the calls that a number of the timeline counts from `since` until before `until`, oldest first."""
    moment = {
        "arrived": Call.started_at,
        "answered": Call.answered_at,
        "missed": _MISSED_AT,
        "waiting": Call.queued_at,
    }[which]
    query: Any = _inbound(select(Call))
    if which == "waiting":
        # Everybody who waited at some instant of it.
        query = query.where(
            Call.queued_at < until,
            or_(Call.left_queue_at.is_(None), Call.left_queue_at > since),
            or_(Call.left_queue_at.is_(None), Call.left_queue_at > Call.queued_at),
            Call.started_at >= since - _LONGEST_CALL,
        )
    else:
        query = query.where(moment >= since, moment < until)
    if which == "missed":
        query = query.where(_is_missed())
    if agent is not None:
        query = query.where(Call.agent == agent)
    rows = await session.scalars(query.order_by(moment, Call.id).limit(limit))
    return [shown(call) for call in rows]


def shown(call: Call) -> dict[str, Any]:
    """Return a call as lists have it, its number masked."""
    return {**listings.call_row(call), "caller": mask(call.caller)}


async def agent_day(session: AsyncSession, agent: str, day: date, now: datetime, time_zone: str) -> dict[str, Any]:
    """Return the day of `agent`; see AgentDay. Raises LookupError when there is no such agent."""
    person = await session.get(Agent, agent)
    if person is None:
        raise LookupError(agent)
    begin, end = bounds(day, now, time_zone)
    own = rules.within(begin, end, await _stretches(session, begin, end, agent))
    seconds = rules.seconds_by_state(own)
    busy, could = rules.occupancy(seconds)
    calls = (
        await session.scalars(
            select(Call)
            .where(Call.agent == agent, Call.started_at >= begin, Call.started_at < end)
            .order_by(Call.started_at, Call.id)
        )
    ).all()
    talks = [call for call in calls if call.answered_at is not None]
    rated = [call.rating for call in talks if call.rating is not None]
    return {
        "agent": agent,
        "name": person.name,
        "day": day.isoformat(),
        "begin": iso(begin),
        "end": iso(end),
        "stretches": [
            {
                "state": one.state,
                "reason": one.reason,
                "seat": one.seat,
                "since": iso(one.since),
                "until": iso(one.until),
            }
            for one in own
        ],
        "seconds": {state: seconds[state] for state in STATES},
        "first_seen": iso(own[0].since) if own else None,
        "last_seen": iso(max(one.until for one in own if one.until)) if own else None,
        "answered": sum(call.direction == "inbound" for call in talks),
        "talked_seconds": round(
            sum(((call.ended_at or end) - call.answered_at).total_seconds() for call in talks if call.answered_at), 1
        ),
        "busy_seconds": round(busy, 1),
        "open_seconds": round(could, 1),
        "rated": len(rated),
        "satisfied": sum(rating >= SATISFIED for rating in rated),
        "calls": [shown(call) for call in calls],
    }
