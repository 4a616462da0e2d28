"""Citizens on the web 网络受理: file a request, and see how far it is, with no account and nothing of another's."""

import asyncio
import hmac
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.rules.numbers import normalised
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.settings.requests import Citizens
from callcenter.storage.engine import Database
from callcenter.tickets.flows.citizens.robots import Robots
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.merging import state_told
from callcenter.tickets.flows.moving.opening import New
from callcenter.tickets.rules import citizens as rules
from callcenter.tickets.rules.citizens import Stage, Told
from callcenter.tickets.rules.decisions import CITIZEN
from callcenter.tickets.rules.flood import Allowance, sender_of
from callcenter.tickets.tables import Place, Ticket, TicketEntry

#: What a solution is good for.
FILING = "file"
#: Every answer about a request takes this long, found or not: the time tells nothing.
TRACK_SECONDS = 0.3
#: Questions about one number in an hour, wherever they come from: telephones cannot be tried out.
PER_NUMBER = 20
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Tracked:
    """A request as its citizen may see it."""

    number: str
    kind: str
    opened_at: datetime
    stage: Stage
    words: str
    answer: str | None
    steps: list[Told]


class CitizenDesk:
    """What anybody may do without signing in, and how often. In memory: a restart forgives."""

    def __init__(self, database: Database, desk: TicketDesk, settings: Citizens) -> None:
        self.settings = settings
        self.robots = Robots(settings.work)
        self._database = database
        self._desk = desk
        self._filed = Allowance(settings.filed_per_hour)
        self._filed_by_all = Allowance(settings.filed_per_hour_by_all)
        self._tracked = Allowance(settings.tracked_per_hour)
        self._asked = Allowance(PER_NUMBER)

    async def file(self, new: New, phone: str, solution: dict[str, Any], address: str) -> str:
        """Open a request and return its number; the same form sent twice is one request.

        Raises Problem 429 when this address, or everybody together, has filed enough for an hour; 400 with the field
        that is wrong (`contact_phone`, `solution`); Refused as the rules of requests do.
        """
        telephone = rules.phone(phone)
        if telephone is None:
            reason = N_("Please give a mobile number, or a land line with its area code.")
            raise Problem(400, N_("Some fields are wrong."), fields={"contact_phone": reason})
        sender = sender_of(address)
        _wait(self._filed.wait(sender, time.monotonic()), _MANY_FILED)
        _wait(self._filed_by_all.wait(_ALL, time.monotonic()), _MANY_FILED)
        self.robots.check(solution, FILING, new.request_id)
        # Counted before the work, for others may be sent at the same moment.
        self._filed.use(sender, time.monotonic())
        self._filed_by_all.use(_ALL, time.monotonic())
        fresh = False
        try:
            wanted = replace(new, source="web", caller=telephone, contact_phone=telephone)
            number, fresh = await self._desk.open(wanted, CITIZEN)
        finally:
            if not fresh:
                self._filed.give_back(sender)
                self._filed_by_all.give_back(_ALL)
        return number

    async def track(self, number: str, phone: str, address: str) -> Tracked:
        """Return how far request `number` is, for whoever knows its telephone as well.

        Raises Problem 400 (field `number`) for what cannot be a number, 429 after too many questions, and 404 in the
        same words and after the same time when there is no such request and when the telephone is another.
        """
        _wait(self._tracked.wait(sender_of(address), time.monotonic()), _MANY_TRACKED)
        self._tracked.use(sender_of(address), time.monotonic())
        meant = rules.ticket_number(number)
        if meant is None:
            reason = N_("Please check the number: a digit seems to be wrong or missing.")
            raise Problem(400, reason, fields={"number": reason})
        _wait(self._asked.wait(meant, time.monotonic()), _MANY_TRACKED)
        self._asked.use(meant, time.monotonic())
        async with _always_so_long(TRACK_SECONDS), self._database.read() as session:
            found = Ticket.number == meant, Ticket.kind != "missed_call"
            ticket = await session.scalar(select(Ticket).where(*found))
            if not _knows(ticket, rules.phone(phone)) or ticket is None:
                raise Problem(404, N_("No request was found with this number and this telephone."))
            history = select(TicketEntry.at, TicketEntry.move).where(TicketEntry.ticket_id == ticket.id)
            moves = [(at, move) for at, move in await session.execute(history.order_by(TicketEntry.id))]
            main = await state_told(session, ticket.state, ticket.merged_into_id)
        stage, words = rules.stage_with_others(main) if main else rules.stage_of(ticket.state)
        answer = ticket.answer if rules.may_read_answer(ticket.state) else None
        told = rules.steps(moves)
        return Tracked(ticket.number, ticket.kind, ticket.opened_at, stage, words, answer, told)

    async def places(self) -> list[tuple[str, str]]:
        """Return (code, name) of every place that can be chosen, with what it lies in; none without the database."""
        try:
            async with self._database.read() as session:
                query = select(Place.code, Place.parent, Place.name).where(Place.active.is_(True)).order_by(Place.id)
                rows = [(code, parent, name) for code, parent, name in await session.execute(query)]
        except (SQLAlchemyError, OSError):
            return []
        names = {code: name for code, _, name in rows}
        return [(code, f"{names[parent]} {name}" if parent in names else name) for code, parent, name in rows]


_MANY_FILED = N_("Many requests have come from here within the hour. Please try again later, or call us.")
_MANY_TRACKED = N_("There have been many questions from here within the hour. Please try again later, or call us.")


def _wait(seconds: float, reason: str) -> None:
    if seconds:
        raise Problem(429, reason, headers={"Retry-After": str(math.ceil(seconds))})


def _knows(ticket: Ticket | None, phone: str | None) -> bool:
    """Whether `phone` is one of the request's; as much work whether there is a request or not."""
    of_ticket = (ticket.caller, ticket.contact_phone or "") if ticket else ("", "")
    given = (phone or "").encode()
    same = [hmac.compare_digest(normalised(one).encode(), given) for one in of_ticket]
    return bool(given) and any(same)


@asynccontextmanager
async def _always_so_long(seconds: float) -> AsyncIterator[None]:
    """Let the block take `seconds` at least, whatever comes of it."""
    until = asyncio.get_running_loop().time() + seconds
    try:
        yield
    finally:
        await asyncio.sleep(until - asyncio.get_running_loop().time())
