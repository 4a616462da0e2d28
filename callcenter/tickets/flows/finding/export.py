"""A list of tickets as a workbook for Excel, written as it is read: memory does not grow with it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.masking import number_for, text_for
from callcenter.panel.sessions import Identity
from callcenter.panel.workbook import MOST_ROWS, Sheet
from callcenter.tickets.flows.access import hides_caller
from callcenter.tickets.flows.finding.filters import Filters
from callcenter.tickets.flows.finding.found import Names, names_of, tickets_of
from callcenter.tickets.flows.finding.search import Sort, search
from callcenter.tickets.flows.time.remaining import left_of
from callcenter.tickets.rules.countdown import Countdown, Left
from callcenter.tickets.rules.words import CLOSED_STATES, KINDS, SATISFACTIONS, SOURCES, STATES, URGENCIES
from callcenter.tickets.tables import Ticket

_BATCH = 500
#: Heading and width of each column.
COLUMNS: tuple[tuple[str, int], ...] = (
    ("工单编号", 17),
    ("类型", 8),
    ("状态", 10),
    ("标题", 32),
    ("诉求内容", 60),
    ("来源", 9),
    ("紧急程度", 9),
    ("诉求分类", 18),
    ("地点", 14),
    ("详细地址", 24),
    ("来电号码", 15),
    ("联系人", 10),
    ("联系电话", 15),
    ("主办单位", 18),
    ("受理人", 10),
    ("受理时间", 19),
    ("首次派单时间", 19),
    ("办理期限", 19),
    ("剩余工作时间", 20),
    ("办结时间", 19),
    ("满意度", 9),
    ("答复内容", 60),
)
#: In place of the time left when the calendar lacks a year that it takes.
UNKNOWN_YEAR = "工作日历缺该年度"
TOO_MANY = f"仅导出前 {MOST_ROWS} 条，其余未列出；请缩小筛选范围后分次导出。"


async def write(
    session: AsyncSession,
    path: Path,
    filters: Filters,
    asker: Identity,
    *,
    countdown: Countdown,
    zone: ZoneInfo,
    sort: Sort = "newest",
    most: int = MOST_ROWS,
) -> int:
    """Write the tickets that `filters` leaves into a workbook at `path`; returns how many there are in it.

    Raises what `search` raises.
    """
    sheet = Sheet(path, "工单", COLUMNS)
    after: str | None = None
    written = 0
    try:
        while True:
            limit = min(_BATCH, most - written)
            page = await search(
                session,
                filters,
                asker,
                countdown=countdown,
                zone=zone,
                sort=sort,
                after=after,
                limit=limit,
                counted=False,
            )
            tickets = await tickets_of(session, page.ids)
            names = await names_of(session, tickets)
            left = await left_of(session, tickets, countdown)
            rows = [_cells(ticket, names, asker, zone, _said(ticket, left, countdown)) for ticket in tickets]
            session.expunge_all()
            await asyncio.to_thread(sheet.add, rows)
            written += len(rows)
            after = page.next
            if after is None or written >= most:
                break
        if after is not None:
            await asyncio.to_thread(sheet.add, [[TOO_MANY]])
    finally:
        await asyncio.to_thread(sheet.close)
    return written


def _said(ticket: Ticket, left: Mapping[int, Left], countdown: Countdown) -> str:
    """Return the working time left in words, and why it is not known where it is not."""
    if ticket.id in left:
        return countdown.spoken(left[ticket.id])
    waits = ticket.state not in CLOSED_STATES and (ticket.due_at or ticket.first_dispatched_at)
    return UNKNOWN_YEAR if waits else ""


def _cells(ticket: Ticket, names: Names, asker: Identity, zone: ZoneInfo, left: str) -> list[str]:
    hidden = hides_caller(asker, ticket)

    def name(column: str) -> str:
        return names[column].get(getattr(ticket, column) or 0, ("", ""))[1]

    def moment(at: datetime | None) -> str:
        return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else ""

    def known(text: str | None) -> str:
        return "" if hidden or text is None else text

    return [
        ticket.number,
        KINDS.get(ticket.kind, ticket.kind),
        STATES.get(ticket.state, ticket.state),
        text_for(asker, ticket.title),
        text_for(asker, ticket.description),
        SOURCES.get(ticket.source, ticket.source),
        URGENCIES.get(ticket.urgency, ticket.urgency),
        name("category_id"),
        name("place_id"),
        text_for(asker, ticket.address or ""),
        number_for(asker, known(ticket.caller)),
        known(ticket.contact_name),
        number_for(asker, known(ticket.contact_phone)),
        name("unit_id"),
        ticket.accepted_by or "",
        moment(ticket.opened_at),
        moment(ticket.first_dispatched_at),
        moment(ticket.due_at),
        left,
        moment(ticket.closed_at),
        SATISFACTIONS.get(ticket.satisfaction or "", ""),
        text_for(asker, ticket.answer or ""),
    ]
