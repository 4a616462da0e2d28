"""Mail to member units 成员单位: at once of what they must act on, and each working day's digest.

What is still to be mailed is found in the database, so that nothing is lost while the server, or we, are away; what the
server has accepted is marked letter by letter, so that a crash repeats one letter at most.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets import mail
from callcenter.tickets.rules import letters
from callcenter.tickets.rules.calendar import UnknownYear, WorkCalendar
from callcenter.tickets.rules.letters import Letter, Listed
from callcenter.tickets.rules.words import UNIT_STATES
from callcenter.tickets.tables import MemberUnit, Ticket, TicketDigest, TicketNotice, TicketUnit

_log = structlog.get_logger()
#: Letters of one sweep; the next minute brings the next.
MOST_LETTERS = 200
#: How long an address is left alone that was refused, or that the line died of.
AFTER_REFUSAL = timedelta(minutes=15)

OnAlarm = Callable[[str, Mapping[str, Any] | None], None]


class Post:
    """The mail that is due; `sweep` sends it. `calendar` returns the calendar in force."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        calendar: Callable[[], WorkCalendar],
        *,
        on_alarm: OnAlarm | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._calendar = calendar
        self._on_alarm = on_alarm
        self._now = now
        self._zone = ZoneInfo(settings.time_zone)
        #: Address -> when it may be tried again.
        self._refused: dict[str, datetime] = {}
        #: Why the server cannot be used, or None.
        self.trouble: str | None = None

    async def sweep(self) -> None:
        """Send what is due. Letters that the server does not take now are due again at the next sweep."""
        if not self._settings.mail.host:
            return
        at_once = await self._at_once()
        digests = await self._digests()
        if not at_once and not digests:
            return
        try:
            async with mail.connected(self._settings.mail) as line:
                for notice_id, letter in at_once:
                    if await self._sent(line, letter):
                        await self._mark_mailed(notice_id)
                for unit_id, day, count, daily in digests:
                    if daily is None or await self._sent(line, daily):
                        await self._mark_digest(unit_id, day, count)
        except mail.MailAway as away:
            self._troubled(str(away))
        else:
            self._troubled(None)

    async def _sent(self, line: mail.Session, letter: Letter) -> bool:
        now = self._now()
        if self._refused.get(letter.to, now) > now:
            return False
        line.must_live()
        # Also while it is under way: a letter that the line dies of must not come first again and hold up all others.
        self._refused[letter.to] = now + AFTER_REFUSAL
        try:
            await line.send(letter)
        except mail.LetterRefused as refused:
            _log.warning("letter_refused", letter=letter.name, error=str(refused))
            return False
        del self._refused[letter.to]
        return True

    async def _at_once(self) -> list[tuple[int, Letter]]:
        query = (
            select(TicketNotice, Ticket, MemberUnit)
            .join(Ticket, Ticket.id == TicketNotice.ticket_id)
            .join(MemberUnit, MemberUnit.id == TicketNotice.unit_id)
            .where(
                TicketNotice.made_at >= self._now() - letters.GIVEN_UP_AFTER,
                TicketNotice.audience == "unit",
                TicketNotice.kind.in_(letters.AT_ONCE),
                TicketNotice.mailed_at.is_(None),
                MemberUnit.active,
                MemberUnit.email.is_not(None),
                MemberUnit.email.not_in([to for to, until in self._refused.items() if until > self._now()]),
            )
            .order_by(TicketNotice.id)
            .limit(MOST_LETTERS)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return [
            (notice.id, self._of_notice(notice, ticket, unit.email or "", unit.name)) for notice, ticket, unit in rows
        ]

    def _of_notice(self, notice: TicketNotice, ticket: Ticket, to: str, unit: str) -> Letter:
        name = self._name("notice", notice.id)
        return letters.at_once(to, unit, notice.kind, _listed(ticket), name=name, zone=self._zone)

    async def _digests(self) -> Sequence[tuple[int, date, int, Letter | None]]:
        now = self._now()
        today = now.astimezone(self._zone)
        if today.time() < time.fromisoformat(self._settings.mail.digest_at) or not self._works(today.date()):
            return []
        sent = select(TicketDigest.unit_id).where(TicketDigest.day == today.date())
        due: list[tuple[int, date, int, Letter | None]] = []
        async with self._database.read() as session:
            units = await session.scalars(
                select(MemberUnit)
                .where(MemberUnit.active, MemberUnit.email.is_not(None), MemberUnit.id.not_in(sent))
                .order_by(MemberUnit.id)
                .limit(MOST_LETTERS)
            )
            for unit in units.all():
                has = (
                    (TicketUnit.unit_id == unit.id, TicketUnit.until.is_(None), Ticket.state.in_(UNIT_STATES)),
                    (TicketUnit, TicketUnit.ticket_id == Ticket.id),
                )
                count = await session.scalar(select(func.count()).select_from(Ticket).join(*has[1]).where(*has[0])) or 0
                # A unit with thousands is told how many, and of the most urgent ones by name.
                rows = await session.scalars(
                    select(Ticket)
                    .join(*has[1])
                    .where(*has[0])
                    .order_by(Ticket.due_at.is_(None), Ticket.due_at)
                    .limit(1000)
                )
                name = self._name("digest", f"{today.date()}.{unit.code}")
                listed = [_listed(ticket) for ticket in rows]
                letter = letters.digest(unit.email or "", unit.name, listed, now, name=name, zone=self._zone)
                due.append((unit.id, today.date(), count, letter if count else None))
        return due

    def _works(self, day: date) -> bool:
        try:
            return self._calendar().is_workday(day)
        except UnknownYear:
            return True  # a letter too many does no harm

    async def _mark_mailed(self, notice_id: int) -> None:
        async with self._database.begin() as session:
            await session.execute(
                update(TicketNotice).where(TicketNotice.id == notice_id).values(mailed_at=self._now())
            )

    async def _mark_digest(self, unit_id: int, day: date, count: int) -> None:
        dialect = sqlite if self._database.is_sqlite else postgresql
        async with self._database.begin() as session:
            await session.execute(
                dialect.insert(TicketDigest)
                .values(unit_id=unit_id, day=day, sent_at=self._now(), tickets=count)
                .on_conflict_do_nothing()
            )

    def _name(self, kind: str, which: object) -> str:
        return f"{kind}-{which}.{self._settings.node}"

    def _troubled(self, trouble: str | None) -> None:
        if trouble and trouble != self.trouble:
            _log.error("mail_away", error=trouble)
        if self._on_alarm and (trouble or self.trouble):
            self._on_alarm("mail_away", {"error": trouble} if trouble else None)
        self.trouble = trouble


def _listed(ticket: Ticket) -> Listed:
    return Listed(ticket.number, ticket.title, ticket.confidential, ticket.due_at)
