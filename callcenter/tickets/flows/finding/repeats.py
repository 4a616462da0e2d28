"""Earlier requests 工单 that may tell of the same matter 重复件, found by caller, by place and category, and by words.

Each way gives a few candidates through an index of its own; which of them are alike is for `rules.repeats` to say.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import iso
from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.panel.sessions import Identity
from callcenter.storage.segmenting import Term, terms, warmed
from callcenter.tickets.flows.access import visible
from callcenter.tickets.flows.finding.search_index import TICKETS, mark
from callcenter.tickets.rules import repeats as rules
from callcenter.tickets.rules.words import CLOSED_STATES
from callcenter.tickets.tables import Category, Place, Ticket

#: Candidates that each way may give, and repeats that are shown.
_OF_CALLER, _OF_PLACE, _OF_WORDS, SHOWN = 15, 20, 12, 5
#: Ids that the full-text index is asked for before the newest of them are taken.
_READ = 400
#: Words that must all be in a ticket, and names of places that are looked for each by itself.
_WORDS, _SPOTS = 3, 2


@dataclass(frozen=True, slots=True)
class Sought:
    """What is being written, as far as it is known."""

    text: str
    #: Its words, those that tell most first.
    words: Sequence[str] = ()
    caller: str = ""
    #: Code of the place, and of the category that it has or seems to have.
    place: str | None = None
    category: str | None = None


async def repeats(
    session: AsyncSession, identity: Identity, sought: Sought, *, now: datetime, area_code: str = ""
) -> list[dict[str, Any]]:
    """Return up to `SHOWN` tickets before `now` that `identity` may see and that may be the same; open ones first."""
    caller = normalised(sought.caller, area_code) if sought.caller else ""
    since = now - rules.REACH
    await warmed()
    ways = [
        *_of_caller(caller, since, now, area_code),
        *_of_place(sought, since, now),
        *_of_spots(session, sought, since, now),
        *_of_words(session, sought.words, since, now),
    ]
    if not ways:
        return []
    # In one statement: a question and its answer cost as much as what is asked.
    ids = union(*(select(way.c.id) for way in ways))
    query = (
        select(
            Ticket.number,
            Ticket.title,
            func.substr(Ticket.description, 1, rules.LONGEST).label("description"),
            Ticket.caller,
            Ticket.state,
            Ticket.opened_at,
            Place.code.label("place"),
            Category.code.label("category"),
        )
        .outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.id.in_(ids), Ticket.state != "merged", Ticket.kind != "missed_call", visible(identity))
        .where(Ticket.opened_at < now)
    )
    return _best(list(await session.execute(query)), sought, caller, area_code)


def _best(found: Sequence[Any], sought: Sought, caller: str, area_code: str) -> list[dict[str, Any]]:
    new = rules.Told(caller, sought.place, sought.category, rules.spots(sought.text))
    own = rules.shingles(sought.text)
    theirs = [rules.shingles(f"{row.title}\n{row.description}") for row in found]
    weigh = rules.weights([own, *theirs])
    alike = []
    for row, pairs in zip(found, theirs, strict=True):
        their_caller = normalised(row.caller, area_code) if row.caller else ""
        spots = rules.spots(f"{row.title}\n{row.description}")
        old = rules.Told(their_caller, row.place, row.category, spots)
        likeness = rules.likeness(new, old, rules.alike(own, pairs, weigh))
        if likeness.score >= rules.LEAST:
            alike.append((row.state in CLOSED_STATES, -likeness.score, row, likeness))
    alike.sort(key=lambda one: (one[0], one[1], one[2].number))
    return [
        {
            "number": row.number,
            "title": row.title,
            "opened_at": iso(row.opened_at),
            "state": row.state,
            "why": list(likeness.why),
            "score": round(likeness.score, 3),
        }
        for _, _, row, likeness in alike[:SHOWN]
    ]


def _of_caller(caller: str, since: datetime, now: datetime, area_code: str) -> Iterator[CTE]:
    if not caller:
        return
    # Picked apart from the sorting, so that no planner walks everybody's newest until it has met enough of theirs.
    theirs = select(Ticket.id, Ticket.opened_at).where(Ticket.caller.in_(variants(caller, area_code)))
    picked = theirs.cte("theirs").prefix_with("MATERIALIZED")
    newest = select(picked.c.id).where(picked.c.opened_at >= since, picked.c.opened_at < now)
    yield newest.order_by(picked.c.opened_at.desc()).limit(_OF_CALLER).cte("of_caller")


def _of_place(sought: Sought, since: datetime, now: datetime) -> Iterator[CTE]:
    if sought.place is None or sought.category is None:
        return
    place = select(Place.id).where(Place.code == sought.place).scalar_subquery()
    category = select(func.max(Category.id)).where(Category.code == sought.category).scalar_subquery()
    newest = select(Ticket.id).where(Ticket.place_id == place, Ticket.category_id == category)
    newest = newest.where(Ticket.opened_at >= since, Ticket.opened_at < now)
    yield newest.order_by(Ticket.opened_at.desc(), Ticket.id.desc()).limit(_OF_PLACE).cte("of_place")


def _of_spots(session: AsyncSession, sought: Sought, since: datetime, now: datetime) -> Iterator[CTE]:
    for number, spot in enumerate(sorted(rules.spots(sought.text))[:_SPOTS]):
        asked = terms(f'"{spot}"')
        yield from by_words(session, asked, [months(since, now)], _OF_WORDS, f"of_spot_{number}")


def _of_words(session: AsyncSession, words: Sequence[str], since: datetime, now: datetime) -> Iterator[CTE]:
    if len(words) >= _WORDS:
        asked = terms(" ".join(words[:_WORDS]) + " ")
        yield from by_words(session, asked, [months(since, now)], _OF_WORDS, "of_words")


def by_words(
    session: AsyncSession, asked: Sequence[Term], marks: Sequence[Collection[str]], most: int, name: str
) -> Iterator[CTE]:
    """Yield how to find the newest of the tickets that have all that is `asked` and one of each of `marks`."""
    if not asked:
        return
    found = TICKETS.find(session, asked, marks=marks, ranked=False)
    newest = select(found.id.label("id")).select_from(found.source).where(found.condition)
    if session.get_bind().dialect.name != "sqlite":
        # Read apart, so that PostgreSQL does not walk through all tickets, newest first, looking at the words of each.
        few = newest.limit(_READ).cte(f"few_{name}").prefix_with("MATERIALIZED", dialect="postgresql")
        yield select(few.c.id).order_by(few.c.id.desc()).limit(most).cte(name)
        return
    yield newest.order_by(found.id.desc()).limit(most).cte(name)


def months(since: datetime, until: datetime) -> list[str]:
    """Return the marks of the months from `since` to `until`."""
    found = []
    day = since.replace(day=1)
    while day <= until:
        found.append(mark("opened_at", f"{day:%Y%m}"))
        day = (day + timedelta(days=32)).replace(day=1)
    return found
