"""How PostgreSQL is asked for words among a million tickets."""

import math
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.fulltext import Found, FullText
from callcenter.tickets.flows.access import visible_ids
from callcenter.tickets.flows.finding.paging import Cursor, by_id, int_of
from callcenter.tickets.flows.finding.question import (
    MOST_COUNTED,
    RANKED,
    SURELY_MORE,
    Page,
    Wanted,
    all_marked,
    best,
    count,
    is_marked,
    paged,
    with_words,
)
from callcenter.tickets.tables import Ticket

#: With so many in the index's list, old versions of rows among them, surely more than `MOST_COUNTED` may be seen.
_LISTED = 13_000
#: A walk goes so many times as far as it needs to where the words stand evenly among all tickets.
_PATIENCE = 3


async def in_postgresql(session: AsyncSession, wanted: Wanted, words: Found, *, ranked: bool) -> Page:
    """Return the newest, or the best of the newest.

    PostgreSQL guesses how many rows have several words, and when it guesses too many it walks through all there are
    in order, or through all tickets to join a dozen. So the index says how many there are, and we say which way to go.
    """
    await _ways(session, seqscan=False, hashjoin=False, mergejoin=False)
    ids = select(words.id.label("id")).select_from(words.source).where(words.condition)
    size = await FullText.rows(session, words)
    there = await _there(session, words, ids, size)
    _, limit = _part(wanted, ranked=ranked)
    found = None
    if there is None:
        found = await _among_many(session, wanted, words, None, ranked=ranked)
    elif there > (_cheap(limit, size) if ranked or not wanted.counted else _LISTED):
        # To meet one more than a page, where they stand evenly among all, one walks so far.
        reach = (limit + 1) * max(size, there) // there
        found = await _among_many(session, wanted, words, _PATIENCE * reach, ranked=ranked)
    rows, total = found or await _among_few(session, wanted, ids, ranked=ranked)
    await _ways(session, bitmapscan=True, seqscan=True, hashjoin=True, mergejoin=True)
    if not ranked:
        return paged(rows, wanted.limit, total)
    newest = [row[0] for row in rows[:RANKED]]
    ranks = await session.execute(select(words.id, words.rank).select_from(words.source).where(words.id.in_(newest)))
    return best(list(ranks), wanted)


_Rows = tuple[list[Any], int]


async def _there(session: AsyncSession, words: Found, ids: Select[Any], size: int) -> int | None:
    """Return about how many have the words; None for so many that nobody should list them."""
    if await FullText.common(session, words, SURELY_MORE, size):
        return None
    listed = await FullText.listed(session, words)
    return await count(session, ids, _LISTED) if listed is None else listed


def _cheap(limit: int, size: int) -> int:
    """Return up to how many rows that have the words it is cheaper to read them all than to walk back for `limit`.

    A row that the list names takes twice as long as one that is walked by, and to meet `limit` of n among `size` one
    walks by `limit` * `size` / n.
    """
    return math.isqrt(limit * size // 2)


async def _among_many(
    session: AsyncSession, wanted: Wanted, words: Found, reach: int | None, *, ranked: bool
) -> _Rows | None:
    """Return the newest, walking back through all tickets, and how many there are.

    None when the first `reach` tickets do not hold enough of them: they are old, or the filters leave few.
    """
    exact = wanted.all_seen and all_marked(wanted)
    query = with_words(wanted)
    if exact:
        query = select(words.id.label("id")).select_from(words.source).where(words.condition)
    at, limit = _part(wanted, ranked=ranked)
    column = query.selected_columns.id
    await _ways(session, bitmapscan=False)
    some = query
    if reach is not None:
        last = await session.scalar(select(func.max(words.id)).select_from(words.source)) or 0
        first = min(last, int_of(at, 0) if at else last) - reach
        some = query.where(words.id > first)
    rows = await by_id(session, some, column, at, limit)
    await _ways(session, bitmapscan=True)
    if reach is not None and first > 0 and len(rows) <= limit:
        return None
    total = MOST_COUNTED + 1
    if not exact and wanted.counted and not ranked and not all_marked(wanted):
        total = await count(session, query)
    return rows, total


async def _among_few(session: AsyncSession, wanted: Wanted, ids: Select[Any], *, ranked: bool) -> _Rows:
    """Return the newest of those that the index gives, and how many of them may be seen."""
    query: Select[Any] = ids
    at, limit = _part(wanted, ranked=ranked)
    loose = [one.where for one in wanted.found if not is_marked(one)]
    if loose or not wanted.all_seen:
        few = ids.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        query = select(few.c.id).where(visible_ids(wanted.asker, few.c.id))
    if loose:
        query = query.join(Ticket, Ticket.id == few.c.id).where(*loose)
    # Put together once, for the page and for the number.
    kept = query.cte("kept").prefix_with("MATERIALIZED", dialect="postgresql")
    if ranked or not wanted.counted:
        return await by_id(session, select(kept.c.id), kept.c.id, at, limit), 0
    number = select(func.count()).select_from(kept).scalar_subquery()
    rows = await by_id(session, select(kept.c.id, number), kept.c.id, at, limit)
    total = rows[0][1] if rows else (await count(session, query) if at else 0)
    return [(row[0],) for row in rows], total


def _part(wanted: Wanted, *, ranked: bool) -> tuple[Cursor | None, int]:
    """Return where the page begins and how long it is; of what is ranked all must be seen."""
    return (None, RANKED) if ranked else (wanted.at, wanted.limit)


async def _ways(session: AsyncSession, **ways: bool) -> None:
    """Say which ways of answering PostgreSQL may choose from until the transaction ends."""
    settings = (func.set_config(f"enable_{name}", "on" if on else "off", True) for name, on in ways.items())  # noqa: FBT003
    await session.execute(select(*settings))
