"""A question for tickets, taken apart, and what every way of answering it shares."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.sessions import Identity
from callcenter.storage.fulltext import Found
from callcenter.tickets.flows.finding.filters import Condition
from callcenter.tickets.flows.finding.paging import Cursor, cursor, int_of
from callcenter.tickets.tables import Ticket

#: Counted no further.
MOST_COUNTED = 10_000
#: With so many, more than `MOST_COUNTED` are not confidential.
SURELY_MORE = 11_000
#: Of the newest so many that have the words, the best answers come first.
RANKED = 400
#: Filters that the full-text index knows, as marks.
MARKED = ("state", "kind", "source", "urgency", "unit_id", "category_id", "place_id", "agent", "pending")


@dataclass(frozen=True, slots=True)
class Page:
    """Ids of one page, in order."""

    ids: list[int]
    #: Where the next page begins; None at the end.
    next: str | None
    #: All that there are, or `MOST_COUNTED` + 1 for more.
    total: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question, taken apart."""

    found: list[Condition]
    #: Of the asker, and of a number that was given in full.
    always: list[ColumnElement[bool]]
    words: Found | None
    sqlite: bool
    asker: Identity
    at: Cursor | None
    limit: int
    counted: bool

    @property
    def all_seen(self) -> bool:
        """Whether the asker may see every ticket."""
        return self.asker.has("tickets.see_confidential")


def is_marked(condition: Condition) -> bool:
    """Whether the full-text index answers it."""
    return condition.name in MARKED or condition.name == "part"


def all_marked(wanted: Wanted) -> bool:
    """Whether the index knows all that is asked, but for the few confidential tickets that the asker may not see."""
    return all(map(is_marked, wanted.found))


def with_words(wanted: Wanted) -> Select[Any]:
    """Return the question with words for all that the index does not answer. Raises ValueError when it has no words."""
    words = wanted.words
    if words is None:
        raise ValueError("no words")
    query = select(words.id.label("id")).select_from(words.source).where(words.condition)
    loose = [one.where for one in wanted.found if not is_marked(one)]
    return query.join(Ticket, Ticket.id == words.id).where(*wanted.always, *loose)


async def count(session: AsyncSession, query: Select[Any], most: int = MOST_COUNTED) -> int:
    """Return how many rows `query` has; `most` + 1 for more than that."""
    some = query.limit(most + 1).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0


def paged(rows: list[Any], limit: int, total: int) -> Page:
    """Return a page of `rows`, of which there may be one more than `limit`: then another page follows."""
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = cursor([value.isoformat() if isinstance(value, datetime) else value for value in rows[-1]])
    return Page([row[0] for row in rows], following, total)


def best(found: list[Any], wanted: Wanted) -> Page:
    """Return a page of the best answers; of equal ones the newest first."""
    start, limit = (0 if wanted.at is None else int_of(wanted.at, 0)), wanted.limit
    best = sorted(found, key=lambda row: (-row[1], -row[0]))
    more = start + limit < len(best)
    return Page([row[0] for row in best[start : start + limit]], cursor([start + limit]) if more else None, len(best))
