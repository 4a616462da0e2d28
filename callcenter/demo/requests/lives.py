"""One generated request 工单 from its first word on, each step as the table of moves has it, up to now."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from callcenter.demo.requests.columns import TICKET
from callcenter.demo.requests.world import World

#: Places in the rows of CLOCK and UNIT.
_DUE, _PAUSED, _STOPPED, _PAUSES = 5, 6, 7, 8
_UNTIL, _SIGNED, _REPLIED = 4, 5, 6
#: Follow-ups that one ticket may have; their ids leave room for so many.
MOST_FOLLOW_UPS = 4


class NotYet(Exception):
    """The next step lies in the future: the ticket stays as it is."""


class Life:
    """A ticket as it grows. Every verb is a move of the table, and raises NotYet when it lies in the future."""

    def __init__(self, world: World, ticket: dict[str, Any], opener: tuple[str, str]) -> None:
        self.world = world
        self.ticket: dict[str, Any] = dict.fromkeys(TICKET) | {
            "node": world.node, "state": "accepted", "version": 0, "urgency": "normal", "confidential": False,
            "anonymous": False, "redone": 0, "extended": 0, "reminded": 0, "supervised": False,
        } | ticket  # fmt: skip
        self.entries: list[tuple[object, ...]] = []
        self.units: list[list[Any]] = []
        self.clocks: list[list[Any]] = []
        self.follow_ups: list[tuple[object, ...]] = []
        self.attempts: list[tuple[object, ...]] = []
        self._step(self.ticket["opened_at"], "open", self.ticket["state"], opener)

    @property
    def row(self) -> tuple[object, ...]:
        """The ticket's own row."""
        return tuple(self.ticket.values())

    def _step(  # noqa: PLR0917  # an entry's columns
        self,
        at: datetime,
        move: str,
        to: str | None,
        by: tuple[str, str],
        words: str | None = None,
        unit: int | None = None,
        **changes: Any,  # noqa: ANN401  # columns of the ticket
    ) -> None:
        ticket = self.ticket
        if at > self.world.now:
            raise NotYet
        recorded = {
            name: [_plain(ticket[name]), _plain(value)]
            for name, value in changes.items()
            if name in _RECORDED and ticket[name] != value
        }
        before = ticket["state"] if ticket["version"] else None
        ticket["version"] += 1
        ticket["state"] = to or before
        ticket.update(changes)
        self.entries.append(
            (
                ticket["node"], ticket["id"], at, by[0], by[1], unit, move, before, ticket["state"], ticket["version"],
                words, json.dumps(recorded, ensure_ascii=False) if recorded else "{}",
            )
        )  # fmt: skip

    def simply(  # an entry's columns
        self,
        at: datetime,
        move: str,
        to: str | None,
        by: tuple[str, str],
        words: str | None = None,
        **changes: Any,  # noqa: ANN401  # columns of the ticket
    ) -> None:
        """Make a move that no clock and no unit follows."""
        self._step(at, move, to, by, words, **changes)

    def submit(self, at: datetime, by: tuple[str, str]) -> None:
        """提交审核."""
        more: dict[str, Any] = (
            {} if self.ticket["submitted_at"] else {"submitted_at": at, "handled_seconds": self._worked(at)}
        )
        self._step(at, "submit", "reviewing", by, accepted_by=self.ticket["accepted_by"] or by[0], **more)

    def answered(self, at: datetime, by: tuple[str, str], answer: str) -> None:
        """在线答复."""
        accepted = self.ticket["accepted_by"] or by[0]
        self._step(
            at, "answer", "closed", by, accepted_by=accepted, submitted_at=at, handled_seconds=self._worked(at),
            answer=answer, closed_at=at,
        )  # fmt: skip

    def ended(
        self,
        at: datetime,
        move: str,
        to: str,
        by: tuple[str, str],
        words: str | None,
        **changes: Any,  # noqa: ANN401
    ) -> None:
        """不予受理, 并单: it ends without an answer."""
        self._step(at, move, to, by, words, closed_at=at, **changes)
        self._stop(at)

    def dispatch(self, at: datetime, unit: int, by: tuple[str, str]) -> None:
        """派单."""
        changes: dict[str, Any] = {"unit_id": unit, "dispatched_at": at, "signed_at": None, "replied_at": None}
        if self.ticket["first_dispatched_at"] is None:
            changes |= {"first_unit_id": unit, "first_dispatched_at": at, "due_at": self.world.due(at, self.term)}
        self._step(at, "dispatch", "dispatched", by, accepted_by=self.ticket["accepted_by"] or by[0], **changes)
        if not any(clock[2] == "total" and clock[_STOPPED] is None for clock in self.clocks):
            self._start("total", at, None, self.term)
        self._hand_over(at, unit)

    def redispatch(self, at: datetime, unit: int, by: tuple[str, str], words: str) -> None:
        """改派."""
        self._step(
            at, "redispatch", "dispatched", by, words, unit_id=unit, dispatched_at=at, signed_at=None, replied_at=None
        )
        self._end_part(at)
        self._stop(at, "handle")
        self._hand_over(at, unit)

    def help(self, at: datetime, unit: int, by: tuple[str, str]) -> None:
        """协办."""
        self._step(at, "add_helper", None, by)
        self.units.append([self.ticket["id"], unit, "helper", at, None, None, None])

    def sign(self, at: datetime, by: tuple[str, str]) -> None:
        """签收."""
        unit = self.ticket["unit_id"]
        self._step(at, "sign", "handling", by, unit=unit, signed_at=at)
        self._lead()[_SIGNED] = at
        self._stop(at, "sign")
        self._start("handle", at, unit, self.term)

    def give_back(self, at: datetime, by: tuple[str, str], words: str) -> None:
        """退单."""
        self._step(at, "return", "returned", by, words, unit=self.ticket["unit_id"])
        for clock in self._standing("sign", "handle"):
            clock[_PAUSED] = at

    def uphold(self, at: datetime, by: tuple[str, str]) -> None:
        """同意退单."""
        self._step(at, "uphold_return", "to_dispatch", by, unit_id=None, signed_at=None)
        self._end_part(at, "lead", "helper")
        self._stop(at, "sign", "handle")

    def reject_return(self, at: datetime, by: tuple[str, str], words: str) -> None:
        """驳回退单."""
        self._step(at, "reject_return", "dispatched", by, words, signed_at=None)
        self._stop(at, "sign")
        for clock in self._standing("handle"):
            clock[_PAUSED] = None
        self._start("sign", at, self.ticket["unit_id"], self.world.terms["sign"])

    def ask_extension(self, at: datetime, by: tuple[str, str], days: int, words: str) -> None:
        """申请延期."""
        unit = self.ticket["unit_id"]
        self._step(at, "ask_extension", None, by, words, unit=unit, pending="extension", pending_days=days)
        for clock in self._standing("handle"):
            clock[_PAUSED] = at

    def decide_extension(self, at: datetime, by: tuple[str, str], words: str | None) -> None:
        """同意延期, or 驳回延期 with `words`."""
        ticket, world = self.ticket, self.world
        if at > world.now:
            raise NotYet
        granted = words is None
        (total,) = self._standing("total")
        changes: dict[str, Any] = {"pending": None, "pending_days": None}
        if granted:
            total[4] += ticket["pending_days"]
            total[_DUE] = world.due(total[3], total[4])
            changes |= {"extended": ticket["extended"] + 1, "due_at": total[_DUE]}
        days = ticket["pending_days"]
        self._step(at, "grant_extension" if granted else "refuse_extension", None, by, words, **changes)
        for clock in self._standing("handle"):
            if granted:
                clock[4] += days
                clock[_PAUSES] = json.dumps([[clock[_PAUSED].isoformat(), at.isoformat()]])
                if (due := world.due(clock[3], clock[4])) is not None:
                    still = world.position(at) - world.position(clock[_PAUSED])
                    clock[_DUE] = world.moment(world.position(due) - 1e-9 + still)
            clock[_PAUSED] = None

    def reply(self, at: datetime, by: tuple[str, str], words: str) -> None:
        """回复."""
        self._step(at, "reply", "replied", by, words, unit=self.ticket["unit_id"], replied_at=at)
        self._lead()[_REPLIED] = at
        self._stop(at, "handle")

    def reject_reply(self, at: datetime, by: tuple[str, str], words: str) -> None:
        """退回重办."""
        self._step(at, "reject_reply", "handling", by, words, replied_at=None)
        self.clocks[-1][_STOPPED] = None

    def redo(self, at: datetime, by: tuple[str, str], words: str) -> None:
        """重办."""
        ticket = self.ticket
        unit = ticket["unit_id"]
        self._step(
            at, "redo", "dispatched", by, words, satisfaction="unhappy", followed_up_at=at, redone=ticket["redone"] + 1,
            dispatched_at=at, signed_at=None, replied_at=None, due_at=self.world.due(at, self.term),
        )  # fmt: skip
        self._end_part(at)
        self._stop(at)
        self._start("total", at, None, self.term)
        self._hand_over(at, unit)

    def close(self, at: datetime, by: tuple[str, str]) -> None:
        """办结."""
        self._step(at, "close", "closed", by, closed_at=at, closing_unit_id=self.ticket["unit_id"])
        self._stop(at)

    def followed_up(self, opened: datetime, at: datetime, said: str | None, words: str | None, rng: Random) -> None:
        """Put down the visit 回访 that was opened when the reply was approved: tried, and perhaps `said` something."""
        ticket = self.ticket
        number = ticket["contact_phone"] or ticket["caller"]
        of = ticket["id"] * MOST_FOLLOW_UPS + len(self.follow_ups)
        done = at <= self.world.now
        tries = [at] if said else [opened + (at - opened) * share for share in (0.3, 0.6, 1.0)]
        for place, try_at in enumerate(tries):
            if try_at <= self.world.now:
                answered = said and place == len(tries) - 1
                self.attempts.append(
                    (
                        ticket["node"], of, try_at - timedelta(minutes=3), f"10{1 + int(rng.random() * 10):02}", number,
                        "answered" if answered else "no_answer", try_at - timedelta(minutes=2),
                    )
                )  # fmt: skip
        if done:
            state = "done" if said else "unreached"
        else:
            state = "retry" if said is None and tries[0] <= self.world.now else "waiting"
        self.follow_ups.append(
            (
                of, ticket["node"], ticket["id"], state, number, opened, opened, said if done else None,
                words if done else None, "agent01" if done and said else None, at if done and said else None, False,
                at if done else None,
            )
        )  # fmt: skip

    @property
    def term(self) -> int:
        """Working days that it may take."""
        terms, urgency = self.world.terms, self.ticket["urgency"]
        usual = terms[self.ticket["kind"]]
        return usual if urgency == "normal" else min(usual, terms[urgency])

    def _worked(self, at: datetime) -> int:
        passed = self.world.calendar.between(self.ticket["work_started_at"], at)
        return round(passed.total_seconds())

    def _start(self, name: str, at: datetime, unit: int | None, days: int) -> None:
        self.clocks.append([self.ticket["id"], unit, name, at, days, self.world.due(at, days), None, None, None])

    def _hand_over(self, at: datetime, unit: int) -> None:
        self.units.append([self.ticket["id"], unit, "lead", at, None, None, None])
        self._stop(at, "sign")
        self._start("sign", at, unit, self.world.terms["sign"])

    def _lead(self) -> list[Any]:
        return next(part for part in reversed(self.units) if part[2] == "lead")

    def _end_part(self, at: datetime, *which: str) -> None:
        for part in self.units:
            if part[_UNTIL] is None and part[2] in (which or ("lead",)):
                part[_UNTIL] = at

    def _standing(self, *names: str) -> Sequence[list[Any]]:
        return [clock for clock in self.clocks if clock[_STOPPED] is None and clock[2] in names]

    def _stop(self, at: datetime, *names: str) -> None:
        for clock in self._standing(*(names or ("sign", "total", "handle"))):
            clock[_STOPPED] = at


_RECORDED = frozenset(
    ("answer", "unit_id", "satisfaction", "accepted_by", "pending_days", "merged_into_id", "due_at", "urgency")
)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
