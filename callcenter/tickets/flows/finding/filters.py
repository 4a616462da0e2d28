"""What a list of tickets may be asked for, and the conditions that this comes to."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules.numbers import variants
from callcenter.panel.sessions import Identity
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.rules.words import CLOSED_STATES, STATES, Kind, Source, State, Urgency
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket, TicketUnit

#: Months of a period that are looked for one by one.
_MOST_MONTHS = 36
_FIRST = date(2000, 1, 1)
_FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
OPEN_STATES = tuple(state for state in STATES if state not in CLOSED_STATES)

Code = Annotated[str, Field(max_length=30, pattern=r"^[0-9A-Za-z._-]+$")]
Question = Annotated[str, Field(max_length=200)]
Agent = Annotated[str, Field(max_length=20, pattern=r"^[0-9A-Za-z-]+$")]
Caller = Annotated[str, Field(max_length=32, pattern=r"^\+?[0-9]+$")]
Due = Literal["overdue", "today", "soon"]
Part = Literal["lead", "helper"]
#: A moment; or a day, all of which is meant.
Moment = AwareDatetime | date


class Filters(BaseModel):
    """A choice of tickets; what is left out asks for nothing."""

    model_config = ConfigDict(extra="forbid")

    #: Words, each of which is somewhere in the ticket; in quotes as they stand.
    q: Question | None = None
    #: One of these.
    state: Annotated[list[State], Field(max_length=len(STATES))] = []
    kind: Kind | None = None
    #: Code of the lead unit.
    unit: Code | None = None
    #: Code of a category or place, with all below it.
    category: Code | None = None
    place: Code | None = None
    urgency: Urgency | None = None
    source: Source | None = None
    #: The agent who took the call.
    agent: Agent | None = None
    #: In every spelling of the number.
    caller: Caller | None = None
    #: When it was opened.
    since: Moment | None = None
    until: Moment | None = None
    due: Due | None = None
    #: Accepted by whoever asks, or from their calls.
    mine: bool = False
    #: A unit waits for an extension to be granted.
    pending: bool = False
    #: What the asker's own unit is in it now: the others that it had once are left out.
    part: Part | None = None

    @field_validator("state", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:  # noqa: ANN401  # what came
        """Take `?state=a,b` as `?state=a&state=b`."""
        texts = value if isinstance(value, list) else [value]
        return [part for text in texts for part in (text.split(",") if isinstance(text, str) else [text]) if part != ""]


class Unknown(Exception):
    """A filter names what is not there; `field` is which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter as the database understands it: `name` is of a column, or what else it is about."""

    name: str
    #: The values wanted of the column; None for what is no list of values.
    values: tuple[Any, ...] | None
    where: ColumnElement[bool]


async def conditions(
    session: AsyncSession, filters: Filters, asker: Identity, *, countdown: Countdown, zone: ZoneInfo
) -> list[Condition]:
    """Return the conditions of `filters` other than its words. Raises Unknown."""
    found: list[Condition] = []

    def among(name: str, values: Collection[Any]) -> None:
        column = getattr(Ticket, name)
        where = column == next(iter(values)) if len(values) == 1 else column.in_(values)
        found.append(Condition(name, tuple(values), where))

    for name in ("state", "kind", "urgency", "source", "agent"):
        if value := getattr(filters, name):
            among(name, list(dict.fromkeys(value)) if name == "state" else [value])
    if filters.unit is not None:
        among("unit_id", [await _unit(session, filters.unit)])
    if filters.category is not None:
        among("category_id", await _below(session, Category, filters.category, "category"))
    if filters.place is not None:
        among("place_id", await _below(session, Place, filters.place, "place"))
    if filters.caller is not None:
        among("caller", variants(filters.caller))
    return [*found, *_work(filters, asker, countdown, zone), *_period(filters, zone)]


def _work(filters: Filters, asker: Identity, countdown: Countdown, zone: ZoneInfo) -> Iterator[Condition]:
    if filters.mine:
        mine = [Ticket.accepted_by == asker.login] + ([Ticket.agent == asker.agent] if asker.agent else [])
        yield Condition("mine", None, or_(*mine))
    if filters.pending:
        yield Condition("pending", ("extension",), Ticket.pending.is_not(None))
    if filters.due is not None:
        yield Condition("due", None, _due(filters.due, countdown, zone))
    if filters.part is not None:
        own = select(MemberUnit.id).where(MemberUnit.code == (asker.unit or "")).scalar_subquery()
        has = exists().where(
            TicketUnit.ticket_id == Ticket.id,
            TicketUnit.unit_id == own,
            TicketUnit.part == filters.part,
            TicketUnit.until.is_(None),
        )
        yield Condition("has", None, has)


async def _unit(session: AsyncSession, code: str) -> int:
    unit = await session.scalar(select(MemberUnit.id).where(MemberUnit.code == code))
    if unit is None:
        raise Unknown("unit")
    return unit


def _period(filters: Filters, zone: ZoneInfo) -> list[Condition]:
    if filters.since is None and filters.until is None:
        return []
    since = _moment(filters.since or _FIRST, zone)
    until = _FOREVER
    if filters.until is not None:
        last = filters.until
        until = _moment(last if isinstance(last, datetime) else min(last, date(9000, 1, 1)) + timedelta(days=1), zone)
    months = _months(since.astimezone(UTC), until.astimezone(UTC))
    where = (Ticket.opened_at >= since) & (Ticket.opened_at < until)
    return [Condition("opened_at", months if len(months) <= _MOST_MONTHS else None, where)]


def _months(since: datetime, until: datetime) -> tuple[str, ...]:
    """Return the months, as they are marked, that have something between the two; one too many is enough."""
    found: list[str] = []
    year, month = since.year, since.month
    while (year, month) <= (until.year, until.month) and len(found) <= _MOST_MONTHS:
        found.append(f"{year:04}{month:02}")
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004
    return tuple(found)


def _moment(moment: datetime | date, zone: ZoneInfo) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), zone)


def _due(due: Due, countdown: Countdown, zone: ZoneInfo) -> ColumnElement[bool]:
    now = countdown.now
    still_open = Ticket.closed_at.is_(None)
    if due == "overdue":
        return still_open & (Ticket.due_at < now)
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    if due == "today":
        return still_open & (Ticket.due_at >= now) & (Ticket.due_at < tomorrow)
    return still_open & (Ticket.due_at >= now) & (Ticket.due_at <= countdown.soon)


async def _below(session: AsyncSession, table: type[Category | Place], code: str, field: str) -> list[int]:
    """Return the ids of the node `code` and of all below it, in all their versions."""
    parents: dict[str, str | None] = {}
    ids: dict[str, list[int]] = defaultdict(list)
    for id_, its, parent in await session.execute(select(table.id, table.code, table.parent).order_by(table.id)):
        parents[its] = parent
        ids[its].append(id_)
    if code not in ids:
        raise Unknown(field)
    children: dict[str, list[str]] = defaultdict(list)
    for its, parent in parents.items():
        if parent is not None:
            children[parent].append(its)
    wanted = [code]
    for one in wanted:  # grows as it goes
        wanted += [child for child in children[one] if child not in wanted]
    return [id_ for one in wanted for id_ in ids[one]]
