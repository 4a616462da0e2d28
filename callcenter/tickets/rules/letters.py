"""What member units 成员单位 are mailed: numbers and titles, and of a confidential ticket the number alone.

Nothing that a citizen said, and nothing that staff wrote, goes by mail: it is read in the panel, by whoever signs in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from callcenter.tickets.rules.moves import MOVES
from callcenter.tickets.rules.numbers import readable

#: The moves whose notice is mailed at once.
AT_ONCE = (
    "dispatch",
    "redispatch",
    "add_helper",
    "reject_return",
    "redo",
    "reject_reply",
    "remind",
    "supervise",
)
#: An unanswered letter is no use any more after so long.
GIVEN_UP_AFTER = timedelta(days=2)
#: Tickets that a digest lists one by one.
MOST_LISTED = 100
_HIDDEN = "（保密工单，请登录查看）"


@dataclass(frozen=True, slots=True)
class Listed:
    """A ticket as a letter names it."""

    number: str
    title: str
    confidential: bool
    due_at: datetime | None

    @property
    def shown(self) -> str:
        """What may be mailed of its title, in one line."""
        return _HIDDEN if self.confidential else " ".join(self.title.split())


@dataclass(frozen=True, slots=True)
class Letter:
    """What is mailed: plain text."""

    to: str
    subject: str
    text: str
    #: The same letter sent again has the same name: a mailbox can tell.
    name: str


def at_once(to: str, unit: str, move: str, ticket: Listed, *, name: str, zone: tzinfo) -> Letter:
    """Return the letter that tells `unit` of a move."""
    what = MOVES[move].chinese
    lines = [f"{unit}：", "", f"{what}：{readable(ticket.number)}", ticket.shown]
    if ticket.due_at:
        lines.append(f"办理截止：{_minute(ticket.due_at, zone)}")
    return Letter(to, f"【12345】{what} {ticket.number}", _signed(lines), name)


def digest(to: str, unit: str, tickets: Sequence[Listed], now: datetime, *, name: str, zone: tzinfo) -> Letter:
    """Return the letter of the day: what `unit` has open, with what is over and due today first."""
    today = now.astimezone(zone).date()
    over = [ticket for ticket in tickets if ticket.due_at and ticket.due_at < now]
    due = [ticket for ticket in tickets if ticket not in over and _is_due(ticket, today, zone)]
    rest = [ticket for ticket in tickets if ticket not in over and ticket not in due]
    lines = [f"{unit}：", "", f"在办工单 {len(tickets)} 件：已超期 {len(over)} 件，今日到期 {len(due)} 件。"]
    left = MOST_LISTED
    for heading, group in (("已超期", over), ("今日到期", due), ("其他在办", rest)):
        if not group:
            continue
        lines += ["", f"{heading}（{len(group)} 件）"]
        for ticket in group[:left]:
            until = _minute(ticket.due_at, zone) if ticket.due_at else "待定"
            lines.append(f"{readable(ticket.number)}  {until}  {ticket.shown}")
        if len(group) > left:
            lines.append(f"……另有 {len(group) - left} 件，请登录查看")
        left = max(0, left - len(group))
    subject = f"【12345】{today:%Y-%m-%d} 在办 {len(tickets)} 件，超期 {len(over)} 件，今日到期 {len(due)} 件"
    return Letter(to, subject, _signed(lines), name)


def _is_due(ticket: Listed, today: date, zone: tzinfo) -> bool:
    return ticket.due_at is not None and ticket.due_at.astimezone(zone).date() == today


def _minute(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _signed(lines: list[str]) -> str:
    return "\n".join([*lines, "", "工单内容请登录 12345 热线平台查看。本邮件由系统发出，请勿回复。", ""])
