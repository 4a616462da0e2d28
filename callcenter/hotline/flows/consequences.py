"""What a batch of calls means for others: who was answered, who was missed, which attempt ended how."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline import call_rows
from callcenter.hotline.events import CallAnswered, CallEnded, HotlineEvent
from callcenter.hotline.flows import callbacks
from callcenter.hotline.rules.callbacks import Answered, Missed, Policy
from callcenter.hotline.rules.calls import CallRecord

#: A call as it was committed before, None for a new one, and as it is stored now.
Change = tuple[CallRecord | None, CallRecord]


async def of(session: AsyncSession, node: str, changes: Sequence[Change], policy: Policy) -> list[HotlineEvent]:
    """Store what the changed calls, stored already, do to the callbacks; return what happened, in order."""
    happened: list[HotlineEvent] = []
    answered: list[CallRecord] = []
    missed: list[CallRecord] = []
    for before, call in changes:
        inbound = call.direction == "inbound"
        if inbound and call.answered_at and not (before and before.answered_at):
            answered.append(call)
            happened.append(CallAnswered(node, call.answered_at, call.linkedid, call.caller, call.agent))
        if call.ended_at and not (before and before.ended_at):
            happened.append(CallEnded(node, call.ended_at, call.linkedid, call.caller, call.direction, call.outcome))
            missed += [call] if call.missed else []
    owed = await callbacks.open_of(session, {call.caller for call in answered if call.caller})
    # Of the answered calls only those matter whose caller is owed something, or was missed just now.
    waiting = owed.keys() | {call.caller for call in missed}
    redials = [call for call in answered if call.caller and call.caller in waiting]
    if not missed and not redials:
        return happened
    ids = await call_rows.ids(session, node, [call.linkedid for call in (*missed, *redials)])
    return happened + await callbacks.apply_calls(
        session,
        node,
        [
            Missed(ids[call.linkedid], call.caller, call.outcome, call.started_at, call.ended_at)
            for call in missed
            if call.ended_at
        ],
        [Answered(ids[call.linkedid], call.caller, call.answered_at) for call in redials if call.answered_at],
        policy,
    )
