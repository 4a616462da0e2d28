"""What a batch of calls means for others: who was answered, who was missed, which attempt ended how."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline import call_rows
from callcenter.hotline.events import CallAnswered, CallEnded, ErrandTried, HotlineEvent
from callcenter.hotline.flows.callbacks import obligations as callbacks
from callcenter.hotline.flows.callbacks.attempts import result_of
from callcenter.hotline.rules.callbacks import Answered, Missed, Policy, Tried
from callcenter.hotline.rules.calls import CallRecord
from callcenter.hotline.rules.numbers import normalised

#: A call as it was committed before, None for a new one, and as it is stored now.
Change = tuple[CallRecord | None, CallRecord]


async def of(session: AsyncSession, node: str, changes: Sequence[Change], policy: Policy) -> list[HotlineEvent]:
    """Store what the changed calls, stored already, do to the callbacks; return what happened, in order."""
    happened: list[HotlineEvent] = []
    answered: list[tuple[str, CallRecord]] = []
    missed: list[tuple[str, CallRecord]] = []
    tried: list[CallRecord] = []
    errands: list[CallRecord] = []
    for before, call in changes:
        answered_now = call.answered_at is not None and not (before and before.answered_at)
        ended_now = call.ended_at is not None and not (before and before.ended_at)
        if call.direction == "inbound" and answered_now and call.answered_at:
            # A number that somebody keyed is a wish, and no proof that its owner has been answered.
            answered.append((normalised(call.caller, policy.area_code), call))
            happened.append(CallAnswered(node, call.answered_at, call.linkedid, call.caller, call.agent))
        if ended_now and call.ended_at:
            happened.append(CallEnded(node, call.ended_at, call.linkedid, call.caller, call.direction, call.outcome))
            if owes(call):
                missed.append((citizen_of(call, policy), call))
        if call.direction == "outbound" and call.attempt_id is not None and (answered_now or ended_now):
            (tried if call.errand == "callback" else errands).append(call)
    owed = await callbacks.open_of(session, {citizen for citizen, _ in answered if citizen})
    # Of the answered calls only those matter whose caller is owed something, or was missed just now.
    waiting = owed.keys() | {citizen for citizen, _ in missed}
    redials = [(citizen, call) for citizen, call in answered if citizen and citizen in waiting]
    if not missed and not redials and not tried and not errands:
        return happened
    concerned = [call.linkedid for call in (*tried, *errands, *(call for _, call in (*missed, *redials)))]
    ids = await call_rows.ids(session, node, concerned)
    happened += [_errand(node, ids[call.linkedid], call, policy) for call in errands]
    if not missed and not redials and not tried:
        return happened
    return happened + await callbacks.apply_calls(
        session,
        node,
        [
            *(_missed(ids[call.linkedid], citizen, call, policy) for citizen, call in missed),
            *(_answered(ids[call.linkedid], citizen, call) for citizen, call in redials),
            *(_tried(ids[call.linkedid], call, policy) for call in tried),
        ],
        policy,
    )


def citizen_of(call: CallRecord, policy: Policy) -> str:
    """Return the citizen's number in its one spelling; of who withheld it, the one that they keyed, if any."""
    return normalised(call.caller or call.callback_number or "", policy.area_code)


def owes(call: CallRecord) -> bool:
    """Whether the citizen of an ended call reached nobody, or asked by key to be called back and reached nobody."""
    asked = call.direction == "inbound" and call.wants_callback and not call.answered_at
    return call.missed or (asked and call.outcome != "blocked")


def _missed(id_: int, citizen: str, call: CallRecord, policy: Policy) -> Missed:
    return Missed(
        id_,
        citizen,
        call.outcome,
        call.started_at,
        call.ended_at or call.started_at,
        number=normalised(call.callback_number, policy.area_code) if call.callback_number else None,
        requested=call.wants_callback,
    )


def _answered(id_: int, citizen: str, call: CallRecord) -> Answered:
    return Answered(id_, citizen, call.answered_at or call.started_at)


def _errand(node: str, id_: int, call: CallRecord, policy: Policy) -> ErrandTried:
    return ErrandTried(
        node,
        call.answered_at or call.ended_at or call.started_at,
        call.errand or "",
        call.attempt_id or 0,
        id_,
        normalised(call.caller, policy.area_code),
        call.agent or "",
        result_of(call),
        call.started_at,
        call.ended_at,
    )


def _tried(id_: int, call: CallRecord, policy: Policy) -> Tried:
    return Tried(
        call.attempt_id or 0,
        id_,
        normalised(call.caller, policy.area_code),
        call.agent or "",
        result_of(call),
        call.started_at,
        call.answered_at or call.ended_at or call.started_at,
        call.ended_at,
    )
