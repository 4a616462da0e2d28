"""Test dials 拨测: the hotline dials itself through a line, as a citizen would, and writes down what it found.

The row is on disk before Asterisk is asked to dial, and the verdict comes from what Asterisk wrote of the call, so that
a controller that dies in between finds it again and closes it. Never two at once, and none while a citizen waits.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.asterisk.ami import AmiClient, AmiDown, AmiError
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.flows.test_calls.rows import TestDialRow, row_of
from callcenter.hotline.listings import iso
from callcenter.hotline.rules import test_dials as rules
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.tables import Call, TestDial
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: The alarm of one that failed; it stands until the next that passes.
ALARM = "test_dial_failed"
#: Seconds between two looks at one that is under way, and until a database that is away is tried again.
_LOOK = 0.5
_AGAIN = 2.0
#: Seconds that the line may let it ring beyond the limit: that it came late is worth knowing too.
_RING_ON = 5


@dataclass(frozen=True)
class _Line:
    trunk: str
    number: str


class TestDials:
    """Orders test dials and judges them. Wire `floor_changed` and `history_changed`, then run `run()`.

    `current` tells whether the history is up to date: while it is not, that something is missing means nothing.
    """

    __test__ = False

    def __init__(
        self,
        database: Database,
        keeper: FloorKeeper,
        settings: Settings,
        alarms: Alarms,
        *,
        current: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._keeper = keeper
        self._node = settings.node
        self._number = settings.test_dials.caller_id
        trunk = settings.line(settings.test_dials.trunk)
        self._line = _Line(trunk.name, settings.test_dials.number or settings.hotline_number) if trunk else None
        self._limits = rules.Limits(settings.test_dials.greeting_seconds, settings.test_dials.person_seconds)
        self._alarms = alarms
        self._current = current
        self._now = now
        #: What the floor showed during those that this program ordered itself.
        self._meanwhile: dict[int, rules.Meanwhile] = {}
        self._rung = False
        self._ordering = asyncio.Lock()
        self._woken = asyncio.Event()
        self._away = False

    def floor_changed(self, _before: Floor, after: Floor) -> None:
        """Note whether an agent stays free, and whether a citizen comes; never blocks."""
        for order, seen in self._meanwhile.items():
            rung = any(seat.caller == self._number for seat in after.seats.values())
            self._rung = self._rung or rung
            self._meanwhile[order] = rules.Meanwhile(
                free=self._rung or (seen.free and _somebody_is_ready(after)),
                citizen=seen.citizen or self._citizens(after) > 0,
            )

    def history_changed(self, *_: object) -> None:
        """Calls were written: look at once."""
        if self._meanwhile:
            self._woken.set()

    def _citizens(self, floor: Floor) -> int:
        return sum(call.caller != self._number for call in floor.waiting)

    async def scheduled(self) -> None:
        """Order one as the timetable asks; what keeps it from being dialled is logged."""
        try:
            await self.dial()
        except Refused as refusal:
            _log.warning("test_dial_not_ordered", reason=str(refusal))
        except (SQLAlchemyError, OSError) as error:
            _log.warning("test_dial_not_ordered", reason=type(error).__name__)

    async def dial(self) -> TestDialRow:
        """Order a test dial now, and return its row; raises Refused when there is no line, or one is under way.

        While a citizen waits none is dialled, for it would take a place; the row says so.
        """
        line, ami = self._line, self._keeper.ami
        if line is None:
            raise Refused(N_("there is no line to dial through; name one under [[trunks]]"))
        if ami is None or not self._keeper.floor.connected:
            raise Refused(N_("Asterisk is not connected just now; try again in a moment"))
        if self._ordering.locked():
            raise Refused(N_("a test dial is under way; wait until it is over"))
        async with self._ordering:
            floor = self._keeper.floor
            waiting = self._citizens(floor)
            async with self._database.begin() as session:
                if await session.scalar(_open(self._node).limit(1)) is not None:
                    raise Refused(N_("a test dial is under way; wait until it is over"))
                dial = TestDial(node=self._node, at=self._now(), trunk=line.trunk, result="dialling")
                if waiting:
                    dial.result, dial.waiting_found = "yielded", waiting
                    dial.detail = "not dialled: a citizen was waiting"
                session.add(dial)
            if not waiting:
                self._meanwhile[dial.id] = rules.Meanwhile(free=_somebody_is_ready(floor), citizen=False)
                self._rung = False
                self._woken.set()
                await self._order(ami, line, dial)
            return row_of(dial)

    async def _order(self, ami: AmiClient, line: _Line, dial: TestDial) -> None:
        until = int((dial.at + rules.LONGEST).timestamp())
        try:
            await ami.action("Setvar", Variable="TEST_DIAL_UNTIL", Value=str(until))
            await ami.action(
                "Originate",
                Channel=f"PJSIP/{line.number}@trunk-{line.trunk}",
                Context="hotline-test-dial",
                Exten="s",
                Priority=1,
                Timeout=int(self._limits.greeting + _RING_ON) * 1000,
                CallerID=f"<{self._number}>",
                ChannelId=self._channel(dial.id),
                Async="true",
            )
        except AmiDown as error:
            await self._close(dial.id, rules.Verdict("failed", detail=f"it could not be ordered: {error}"))
        except AmiError as error:
            # Asterisk may have begun all the same: what it wrote decides.
            _log.warning("test_dial_order_unanswered", error=str(error))

    def _channel(self, order: int) -> str:
        return f"{self._node}-test-{order}"

    async def run(self) -> None:
        """Judge what is under way, also from before a restart, until cancelled."""
        while not await self._try(self._recall):  # noqa: ASYNC110  # a database tells nobody that it is back
            await asyncio.sleep(_AGAIN)
        while True:
            self._woken.clear()
            pending = await self._try(self.look)
            patience = None if pending == 0 else _AGAIN if pending is None else _LOOK
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._woken.wait()

    async def _try(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            done = await work()
        except (SQLAlchemyError, OSError) as error:
            if not self._away:
                _log.warning("test_dials_wait", error=type(error).__name__)
            self._away = True
            return None
        self._away = False
        return done

    async def _recall(self) -> bool:
        """Raise the alarm again that stood when the program ended."""
        query = _of(self._node).where(TestDial.result.in_(("passed", "failed"))).order_by(TestDial.id.desc())
        async with self._database.read() as session:
            last = await session.scalar(query.limit(1))
        if last is not None and last.result == "failed":
            self._raise(last)
        return True

    async def look(self) -> int:
        """Judge every test dial that is under way, and end those that are over; returns how many still are."""
        if not self._current():
            return len(self._meanwhile) or 1
        async with self._database.read() as session:
            dials = list(await session.scalars(_open(self._node)))
            verdicts = [(dial, await self._judge(session, dial)) for dial in dials]
        for dial, (verdict, lasts) in verdicts:
            if verdict is None:
                continue
            await self._close(dial.id, verdict)
            # Left alone it would wait on. One that an agent answered tells them that it was a test, and ends by itself.
            if lasts and verdict.person_seconds is None and self._keeper.ami is not None:
                with contextlib.suppress(AmiError):
                    await self._keeper.ami.action("Hangup", Channel=self._channel(dial.id))
        return sum(verdict is None for _, (verdict, _) in verdicts)

    async def _judge(self, session: AsyncSession, dial: TestDial) -> tuple[rules.Verdict | None, bool]:
        """Return the verdict, if there is one, and whether the side that dials still lasts."""
        ours = select(Call).where(Call.node == self._node, Call.linkedid == self._channel(dial.id))
        dialled = await session.scalar(ours)
        arrived = await session.scalar(
            select(Call)
            .where(Call.node == self._node, Call.direction == "test", Call.caller == self._number)
            .where(Call.attempt_id.is_(None), Call.started_at >= dial.at - timedelta(seconds=1))
            .where(Call.started_at < dial.at + rules.LONGEST)
            .order_by(Call.started_at)
            .limit(1)
        )
        verdict = rules.judge(
            dial.at,
            rules.Dialled(dialled.started_at, dialled.answered_at, dialled.ended_at) if dialled else None,
            _arrived(arrived) if arrived else None,
            self._meanwhile.get(dial.id, rules.Meanwhile()),
            self._now(),
            self._limits,
        )
        return verdict, dialled is not None and dialled.ended_at is None

    async def _close(self, order: int, verdict: rules.Verdict) -> None:
        async with self._database.begin() as session:
            dial = await session.get_one(TestDial, order)
            dial.result = verdict.result
            dial.greeting_seconds = verdict.greeting_seconds
            dial.person_seconds = verdict.person_seconds
            dial.waiting_found = verdict.waiting_found
            dial.detail = verdict.detail[:300] if verdict.detail else None
        self._meanwhile.pop(order, None)
        _log.info("test_dial_over", id=order, result=verdict.result, detail=verdict.detail)
        if verdict.result == "failed":
            self._raise(dial)
        elif verdict.result == "passed":
            self._alarms.clear(ALARM)

    def _raise(self, dial: TestDial) -> None:
        self._alarms.raise_(
            ALARM, id=dial.id, at=iso(dial.at), detail=dial.detail, waiting_found=dial.waiting_found, trunk=dial.trunk
        )


def _somebody_is_ready(floor: Floor) -> bool:
    return any(seat.state == "ready" for seat in floor.seats.values())


def _of(node: str) -> Any:  # noqa: ANN401  # a select of one entity
    return select(TestDial).where(TestDial.node == node)


def _open(node: str) -> Any:  # noqa: ANN401
    return _of(node).where(TestDial.result == "dialling").order_by(TestDial.id)


def _arrived(call: Call) -> rules.Arrived:
    found = int(call.dial_result) if call.dial_result and call.dial_result.isdecimal() else None
    return rules.Arrived(call.queued_at, call.left_queue_at, call.answered_at, call.ended_at, found)
