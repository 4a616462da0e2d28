"""Follow-ups 回访 by link: the citizen is sent one, and answers once, without a call.

A token is never stored, only its hash; so a message that was not handed over for certain is made anew, with another.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules.numbers import held
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.follow_ups.desk import FollowUpDesk
from callcenter.tickets.messages import Message, Messenger
from callcenter.tickets.rules.decisions import CITIZEN
from callcenter.tickets.rules.follow_ups import OPEN
from callcenter.tickets.rules.numbers import readable
from callcenter.tickets.rules.words import Satisfaction
from callcenter.tickets.tables import FollowUp, FollowUpLink, Ticket

_log = structlog.get_logger()
#: 256 bits, as `secrets.token_urlsafe` writes them.
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")
#: Messages that one sweep sends, and characters of a title in one.
_SOME, _TITLE = 100, 20


@dataclass(frozen=True, slots=True)
class Looked:
    """What a link opens."""

    state: Literal["open", "answered", "expired", "unknown"]
    number: str = ""
    title: str = ""
    answer: str = ""
    #: It was handled together with the same request of others, whose answer is theirs to read.
    merged: bool = False


@dataclass(frozen=True)
class FollowUpLinks:
    """Sends links and takes answers; `messenger` is None where none are sent."""

    database: Database
    desk: FollowUpDesk
    public_url: str = ""
    messenger: Messenger | None = None

    async def send_due(self) -> int:
        """Send a link to each citizen whose follow-up has opened and who has none; returns how many were."""
        if self.messenger is None or not self.public_url:
            return 0
        now = clock.now()
        query = (
            select(FollowUp.id)
            .outerjoin(FollowUpLink, FollowUpLink.follow_up_id == FollowUp.id)
            .where(
                FollowUp.state.in_(OPEN),
                FollowUp.number != "",
                FollowUp.opened_at > now - self.desk.follow_ups.policy.link,
                or_(FollowUpLink.follow_up_id.is_(None), FollowUpLink.sent_at.is_(None)),
            )
            .order_by(FollowUp.id)
            .limit(_SOME)
        )
        async with self.database.read() as session:
            due = list(await session.scalars(query))
        sent = 0
        for id_ in due:
            message = await self._make(id_, now)
            if message is None:
                continue
            try:
                await self.messenger.send(message)
            except OSError as error:
                _log.warning("message_not_handed_over", message=message.name, error=str(error))
                return sent
            async with self.database.begin() as session:
                await session.execute(update(FollowUpLink).where(FollowUpLink.follow_up_id == id_).values(sent_at=now))
            sent += 1
        return sent

    async def look(self, token: str) -> Looked:
        """Return what the link of `token` opens; changes nothing."""
        async with self.database.read() as session:
            found = await self._find(session, token)
            if found is None:
                return Looked("unknown")
            link, owed = found
            state = self._state(link, owed, clock.now())
            if state != "open":
                return Looked(state)
            ticket = await session.get_one(Ticket, owed.ticket_id)
            if ticket.state == "merged":
                return Looked("open", ticket.number, ticket.title, merged=True)
            return Looked("open", ticket.number, ticket.title, ticket.answer or "")

    async def rate(self, token: str, said: Satisfaction, words: str) -> Looked:
        """Take the citizen's answer, once; returns `answered`, or why not. Raises what the mover raises."""
        now = clock.now()
        async with self.database.begin() as session:
            found = await self._find(session, token)
            if found is None:
                return Looked("unknown")
            link, owed = found
            state = self._state(link, owed, now)
            if state != "open":
                return Looked(state)
            await self.desk.said(session, owed, CITIZEN, said, words, now)
            await session.execute(update(FollowUpLink).where(FollowUpLink.follow_up_id == owed.id).values(used_at=now))
        self.desk.dialler.call_off("follow-up", owed.id)
        return Looked("answered")

    async def _make(self, follow_up: int, now: datetime) -> Message | None:
        """Store the hash of a new token, and return the message with it; None when there is nobody to send it to."""
        token = secrets.token_urlsafe(32)
        until = now + self.desk.follow_ups.policy.link
        async with self.database.begin() as session:
            owed = await session.get(FollowUp, follow_up, with_for_update=True)
            if owed is None or owed.state not in OPEN:
                return None
            ticket = await session.get_one(Ticket, owed.ticket_id)
            link = await session.get(FollowUpLink, follow_up) or FollowUpLink(follow_up_id=follow_up)
            link.token_hash, link.expires_at = _hash(token), until
            session.add(link)
            if held(owed.number):  # an emergency or a premium number is sent nothing, and not looked at again
                link.sent_at = link.expires_at = now
                return None
            number, to = readable(ticket.number), owed.number
            about = "" if ticket.confidential else f"“{ticket.title[:_TITLE]}”"
            handled = "已与相同诉求一并办理并有答复" if ticket.state == "merged" else "已有答复"
        address = f"{self.public_url.rstrip('/')}/rate/{token}"
        last = until.astimezone(self.desk.follow_ups.policy.zone)
        text = (
            f"【12345热线】您反映的事项{about}（工单号 {number}）{handled}，请评价办理结果，"
            f"{last.month}月{last.day}日前有效：{address}"
        )
        return Message(f"follow-up-{follow_up}", to, text, address, now)

    @staticmethod
    async def _find(session: AsyncSession, token: str) -> tuple[FollowUpLink, FollowUp] | None:
        if not _TOKEN.fullmatch(token):
            return None
        query = (
            select(FollowUpLink, FollowUp)
            .join(FollowUp, FollowUp.id == FollowUpLink.follow_up_id)
            .where(FollowUpLink.token_hash == _hash(token))
        )
        found = (await session.execute(query)).first()
        return (found[0], found[1]) if found else None

    @staticmethod
    def _state(link: FollowUpLink, owed: FollowUp, now: datetime) -> Literal["open", "answered", "expired"]:
        if link.used_at is not None or owed.state not in OPEN:
            return "answered"
        return "expired" if link.expires_at <= now else "open"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
