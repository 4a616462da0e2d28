"""How PostgreSQL is asked for words among a million tickets."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.fulltext import Found, FullText
from callcenter.tickets.flows.finding.paging import Cursor, by_id
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


async def in_postgresql(session: AsyncSession, wanted: Wanted, words: Found, *, ranked: bool) -> Page:
    """Return the newest, or the best of the newest.

    PostgreSQL guesses how many rows have several words, and when it guesses too many it walks through all there are
    in order, or through all tickets to join a dozen. So the index says how many there are, and we say which way to go.
    """
    await _ways(session, seqscan=False, hashjoin=False, mergejoin=False)
    ids = select(words.id.label("id")).select_from(words.source).where(words.condition)
    there = SURELY_MORE + 1
    if not await FullText.common(session, words, SURELY_MORE):
        there = await count(session, ids, SURELY_MORE)
    find = _among_many if there > MOST_COUNTED else _among_few
    rows, total = await find(session, wanted, ids, there, ranked=ranked)
    await _ways(session, bitmapscan=True, seqscan=True, hashjoin=True, mergejoin=True)
    if not ranked:
        return paged(rows, wanted.limit, total)
    newest = [row[0] for row in rows[:RANKED]]
    ranks = await session.execute(select(words.id, words.rank).select_from(words.source).where(words.id.in_(newest)))
    return best(list(ranks), wanted)


_Rows = tuple[list[Any], int]


async def _among_many(session: AsyncSession, wanted: Wanted, ids: Select[Any], there: int, *, ranked: bool) -> _Rows:
    """Return the newest, walking back through all tickets, and how many there are."""
    exact = wanted.all_seen and all_marked(wanted)
    query = ids if exact else with_words(wanted)
    total = MOST_COUNTED + 1
    if not exact and wanted.counted and not ranked and not (all_marked(wanted) and there > SURELY_MORE):
        total = await count(session, query)
    await _ways(session, bitmapscan=False)
    column = query.selected_columns.id
    return await by_id(session, query, column, *_part(wanted, ranked=ranked)), total


async def _among_few(session: AsyncSession, wanted: Wanted, ids: Select[Any], there: int, *, ranked: bool) -> _Rows:
    """Return the newest of those that the index gives, and how many of them may be seen."""
    few = ids.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    query = select(few.c.id)
    at, limit = _part(wanted, ranked=ranked)
    if wanted.all_seen and all_marked(wanted):
        return await by_id(session, query, few.c.id, at, limit), there
    loose = [one.where for one in wanted.found if not is_marked(one)]
    query = query.join(Ticket, Ticket.id == few.c.id).where(*wanted.always, *loose)
    if ranked or not wanted.counted:
        return await by_id(session, query, few.c.id, at, limit), there
    # Put together once, for the page and for the number.
    kept = query.cte("kept").prefix_with("MATERIALIZED", dialect="postgresql")
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
