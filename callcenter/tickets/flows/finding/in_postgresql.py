"""How PostgreSQL is asked for words among a million tickets."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.fulltext import Found
from callcenter.tickets.flows.finding.paging import by_id
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
    there = await count(session, ids, SURELY_MORE)
    exact = wanted.all_seen and all_marked(wanted)
    if there > MOST_COUNTED:
        query, column = (ids if exact else with_words(wanted)), words.id
    else:
        few = ids.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        query, column = select(few.c.id), few.c.id
        if not exact:
            loose = [one.where for one in wanted.found if not is_marked(one)]
            query = query.join(Ticket, Ticket.id == few.c.id).where(*wanted.always, *loose)
    total = min(there, MOST_COUNTED + 1)
    if not exact and wanted.counted and not ranked and not (all_marked(wanted) and there > SURELY_MORE):
        total = await count(session, query)
    if there > MOST_COUNTED:
        await _ways(session, bitmapscan=False)
    rows = await by_id(session, query, column, None if ranked else wanted.at, RANKED if ranked else wanted.limit)
    await _ways(session, bitmapscan=True, seqscan=True, hashjoin=True, mergejoin=True)
    if not ranked:
        return paged(rows, wanted.limit, total)
    newest = [row[0] for row in rows[:RANKED]]
    ranks = await session.execute(select(words.id, words.rank).select_from(words.source).where(words.id.in_(newest)))
    return best(list(ranks), wanted)


async def _ways(session: AsyncSession, **ways: bool) -> None:
    """Say which ways of answering PostgreSQL may choose from until the transaction ends."""
    settings = (func.set_config(f"enable_{name}", "on" if on else "off", True) for name, on in ways.items())  # noqa: FBT003
    await session.execute(select(*settings))
