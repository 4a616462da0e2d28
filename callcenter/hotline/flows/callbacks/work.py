"""What people do with a callback 回拨: note what a call came to, assign, bring forward, close, allow."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import CallbackReopened, CallbackSettled, CallbackUnreachable, HotlineEvent
from callcenter.hotline.flows.callbacks import attempts
from callcenter.hotline.flows.callbacks.obligations import as_owed
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.callbacks import Attempt, Owed, Policy, in_vain
from callcenter.hotline.rules.numbers import variants
from callcenter.hotline.rules.retries import Result
from callcenter.hotline.tables import OPEN_STATES, Call, Callback, CallbackAttempt

#: What a person may note of a call that was picked up.
NOTED: tuple[Result, ...] = ("answered", "voicemail", "wrong_number")
_LONGEST_NOTE = 500
_DIALLABLE = re.compile(r"\+?[0-9]{3,20}")


class NoSuchCallback(LookupError):
    """No callback has this id."""


async def assign(session: AsyncSession, callback_id: int, agent: str | None, agents: Collection[str]) -> None:
    """Keep the callback for `agent`, or for nobody. Raises NoSuchCallback; Refused when it is over or nobody has it."""
    callback = await _open(session, callback_id)
    if agent is not None and agent not in agents:
        raise Refused(N_("agent %(agent)s does not exist"), agent=agent)
    callback.assigned = agent


async def close(session: AsyncSession, callback_id: int, reason: str, now: datetime) -> list[HotlineEvent]:
    """A supervisor declares it settled, `reason` says why; a call that is under way goes on.

    Raises NoSuchCallback; Refused when it is over already.
    """
    callback = await _get(session, callback_id)
    if callback.state not in {*OPEN_STATES, "unreachable"}:
        raise Refused(N_("the callback is over already"))
    callback.state, callback.settled_by, callback.settled_at = "settled", "supervisor", now
    callback.note = reason[:_LONGEST_NOTE]
    return [CallbackSettled(callback.node, now, callback.id, callback.caller, "supervisor")]


async def forward(session: AsyncSession, callback_id: int, policy: Policy, now: datetime) -> list[HotlineEvent]:
    """Dial it next, also one that was given up as unreachable. Raises NoSuchCallback; Refused when it is settled."""
    callback = await _get(session, callback_id)
    if callback.state == "settled":
        raise Refused(N_("the callback is over already"))
    callback.priority += 1
    callback.next_at = now
    if callback.state != "unreachable":
        return []
    await _no_other(session, callback)
    callback.state, callback.due_at, callback.escalated_at = "retry", now + policy.due, None
    return [CallbackReopened(callback.node, now, callback.id, callback.caller)]


async def allow(session: AsyncSession, callback_id: int) -> None:
    """Let a held number be dialled. Raises NoSuchCallback; Refused when it is over, or was never held."""
    callback = await _open(session, callback_id)
    if callback.held is None:
        raise Refused(N_("the number is not held"))
    if not _DIALLABLE.fullmatch(callback.number or callback.caller):
        raise Refused(N_("%(number)s is no number that can be dialled"), number=callback.number or callback.caller)
    callback.held = None


@dataclass(frozen=True, slots=True)
class Note:
    """What a call to the citizen came to: `voicemail`, `wrong_number`, or `answered` after all."""

    result: Result
    text: str = ""


async def note(
    session: AsyncSession, callback_id: int, noted: Note, policy: Policy, now: datetime
) -> list[HotlineEvent]:
    """Note what the last call to the citizen came to, and what follows from it.

    Whoever calls has seen to it that it was their call. Raises NoSuchCallback; Refused when no call was picked up.
    """
    callback = await _get(session, callback_id)
    row = await last_attempt(session, callback_id)
    if row is None or row.result not in NOTED:
        raise Refused(N_("nobody has picked up yet; Asterisk itself tells how such a call ended"))
    row.note = noted.text[:_LONGEST_NOTE] or row.note
    if row.result == noted.result:
        return []
    row.result = noted.result
    await session.flush()
    if noted.result == "answered":
        return _reached(callback, row, now)
    if callback.settled_by in {"redial", "supervisor"} or await _answered_since(session, callback, row, policy):
        return []
    if callback.state not in OPEN_STATES and await _other(session, callback):
        return []  # they have called again since, and that is owed
    after = in_vain(as_owed(callback, await _attempts(session, callback_id)), noted.result, now, policy)
    return _bring_back(callback, after, now)


async def last_attempt(session: AsyncSession, callback_id: int) -> CallbackAttempt | None:
    """Return the newest attempt of a callback."""
    query = select(CallbackAttempt).where(CallbackAttempt.callback_id == callback_id)
    return (await session.scalars(query.order_by(CallbackAttempt.id.desc()).limit(1))).first()


def _reached(callback: Callback, row: CallbackAttempt, now: datetime) -> list[HotlineEvent]:
    if callback.state == "settled":
        return []
    callback.state, callback.settled_by, callback.settled_at = "settled", "callback", row.ended_at or now
    callback.settled_call_id = row.call_id
    return [CallbackSettled(callback.node, now, callback.id, callback.caller, "callback")]


def _bring_back(callback: Callback, after: Owed, now: datetime) -> list[HotlineEvent]:
    was_open = callback.state in OPEN_STATES
    for name in ("state", "next_at", "due_at", "escalated_at", "settled_by", "settled_at"):
        setattr(callback, name, getattr(after, name))
    callback.settled_call_id = None
    if after.state == "unreachable":
        return [CallbackUnreachable(callback.node, now, callback.id, callback.caller, after.tried)]
    return [] if was_open else [CallbackReopened(callback.node, now, callback.id, callback.caller)]


async def _answered_since(session: AsyncSession, callback: Callback, row: CallbackAttempt, policy: Policy) -> bool:
    """Whether the citizen has reached a person by themselves since they were dialled."""
    spellings = variants(callback.caller, policy.area_code)
    query = select(Call.id).where(Call.caller.in_(spellings), Call.direction == "inbound", Call.answered_at >= row.at)
    return (await session.scalars(query.limit(1))).first() is not None


async def _attempts(session: AsyncSession, callback_id: int) -> dict[int, Attempt]:
    rows = await session.scalars(select(CallbackAttempt).where(CallbackAttempt.callback_id == callback_id))
    return {row.id: attempts.as_attempt(row) for row in rows}


async def _other(session: AsyncSession, callback: Callback) -> int | None:
    """Return another callback that is owed to the same citizen."""
    query = select(Callback.id).where(
        Callback.caller == callback.caller, Callback.id != callback.id, Callback.state.in_(OPEN_STATES)
    )
    return (await session.scalars(query)).first()


async def _no_other(session: AsyncSession, callback: Callback) -> None:
    if other := await _other(session, callback):
        raise Refused(N_("the citizen is owed another callback already: %(other)s"), other=other)


async def _open(session: AsyncSession, callback_id: int) -> Callback:
    callback = await _get(session, callback_id)
    if callback.state not in OPEN_STATES:
        raise Refused(N_("the callback is over already"))
    return callback


async def _get(session: AsyncSession, callback_id: int) -> Callback:
    callback = await session.get(Callback, callback_id, with_for_update=True)
    if callback is None:
        raise NoSuchCallback(f"there is no callback {callback_id}")
    return callback
