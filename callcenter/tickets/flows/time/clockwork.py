"""The clocks of one ticket, set going, stopped and moved by what a move starts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.flows.time.clocks import clock_of, row_of, write
from callcenter.tickets.rules import clocks, terms
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.decisions import Decision
from callcenter.tickets.tables import MemberUnit, Ticket, TicketClock


class Clockwork:
    """The clocks of `ticket` at `now`; `settled` are the settings' working days by kind, urgency and `sign`."""

    def __init__(
        self, session: AsyncSession, ticket: Ticket, now: datetime, calendar: WorkCalendar, settled: Mapping[str, int]
    ) -> None:
        self._session = session
        self._ticket = ticket
        self._now = now
        self._calendar = calendar
        self._settled = settled
        self._rows: list[TicketClock] = []
        self._unit_terms: Mapping[str, int] = {}

    async def apply(self, decision: Decision) -> None:
        """Carry out the decision's effects on clocks; call it before the ticket's columns are changed."""
        if not decision.clocks:
            return
        query = select(TicketClock).where(TicketClock.ticket_id == self._ticket.id).order_by(TicketClock.id)
        self._rows = list(await self._session.scalars(query))
        unit = decision.changes.get("unit_id", self._ticket.unit_id)
        if unit is not None:
            self._unit_terms = await self._session.scalar(select(MemberUnit.terms).where(MemberUnit.id == unit)) or {}
        urgency = decision.changes.get("urgency", self._ticket.urgency)
        for effect in decision.clocks:
            verb, _, name = effect.partition(" ")
            match verb:
                case "start" | "renew":
                    self._start(verb, name, unit, urgency)
                case "rerun":
                    self._rerun(name)
                case "tighten":
                    self._tighten(name, urgency)
                case "stop" | "pause" | "resume" | "continue" | "extend":
                    for row in self._standing(None if name == "all" else name):
                        self._turn(row, verb, decision.days)
        if totals := [row for row in self._rows if row.name == "total"]:
            decision.changes["due_at"] = totals[-1].due_at

    def _standing(self, name: str | None = None) -> list[TicketClock]:
        return [row for row in self._rows if row.stopped_at is None and name in {None, row.name}]

    def _start(self, verb: str, name: str, unit: int | None, urgency: str) -> None:
        if name == "handle" and (standing := self._standing(name)):
            for row in standing:
                self._turn(row, "continue", 0)
            return
        if name == "total" and verb == "start" and self._standing(name):
            return
        for row in self._standing(name):
            self._turn(row, "stop", 0)
        if name == "sign":
            days = terms.sign_days(self._settled, self._unit_terms)
        else:
            days = terms.days(self._ticket.kind, urgency, self._settled, self._unit_terms)
        clock = clocks.start(name, days, self._now, self._calendar)
        row = row_of(self._ticket.id, None if name == "total" else unit, clock)
        self._session.add(row)
        self._rows.append(row)

    def _turn(self, row: TicketClock, verb: str, days: int) -> None:
        clock = clock_of(row)
        match verb:
            case "stop":
                clock = clocks.stop(clock, self._now)
            case "pause":
                clock = clocks.pause(clock, self._now)
            case "resume":
                clock = clocks.resume(clock, self._now, self._calendar)
            case "continue":  # what was asked for was refused: nobody gains time by asking
                clock = replace(clock, paused_at=None)
            case "extend":
                clock = clocks.extend(clock, days, self._calendar)
        write(row, clock)

    def _rerun(self, name: str) -> None:
        """Let clocks go on as if they had never been stopped: the last of a name, or all that a merge stopped."""
        if name == "stopped":
            again = [
                row for row in self._rows if row.stopped_at is not None and row.stopped_at == self._ticket.closed_at
            ]
            for row in again:
                write(row, replace(clock_of(row), stopped_at=None))
            return
        for row in [row for row in self._rows if row.name == name][-1:]:
            write(row, replace(clock_of(row), stopped_at=None, paused_at=None))

    def _tighten(self, name: str, urgency: str) -> None:
        """Give a running clock the term of a raised urgency; a lowered one gains nobody time."""
        ticket = self._ticket
        before = terms.days(ticket.kind, ticket.urgency, self._settled, self._unit_terms)
        fewer = before - terms.days(ticket.kind, urgency, self._settled, self._unit_terms)
        for row in self._standing(name):
            if fewer > 0:
                clock = clock_of(row)
                write(row, clocks.timed(replace(clock, days=max(1, clock.days - fewer)), self._calendar))
