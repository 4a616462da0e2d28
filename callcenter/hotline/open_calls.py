"""The calls whose channels are not all gone: what the interpreter needs to go on with them, as it was committed."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from callcenter.asterisk.cel import CelEvent, Kind
from callcenter.hotline.flows.callbacks.consequences import Change
from callcenter.hotline.rules.calls import CallRecord, cut, interpret

#: Calls after which the event loop gets its turn.
_BREATH = 200


class Told(NamedTuple):
    """Events by call, in order, up to a start of Asterisk, which none of the calls before it survived."""

    events: dict[str, list[CelEvent]]
    restarted: CelEvent | None


def told_by(events: Sequence[CelEvent]) -> list[Told]:
    """Return `events`, sorted by call."""
    told: list[Told] = []
    calls: dict[str, list[CelEvent]] = {}
    for event in events:
        if event.kind is Kind.RESTARTED:
            told.append(Told(calls, event))
            calls = {}
        elif (before := calls.get(event.linkedid)) is not None:
            before.append(event)
        else:
            calls[event.linkedid] = [event]
    return [*told, Told(calls, None)]


class OpenCalls:
    """Calls of `node` in progress, by linkedid; changed only by `commit`, once the database has it."""

    def __init__(self, node: str, calls: Mapping[str, CallRecord]) -> None:
        self._node = node
        self._calls = dict(calls)

    def __len__(self) -> int:
        return len(self._calls)

    def strangers(self, told: Sequence[Told]) -> set[str]:
        """Return the calls that are told of and that are not among the open ones."""
        return {linkedid for part in told for linkedid in part.events} - self._calls.keys()

    async def interpret(self, told: Sequence[Told], finished: Collection[str]) -> list[Change]:
        """Return what is made of the calls; those of `finished` ones were read before, or come too late."""
        changed: dict[str, CallRecord] = {}
        for part in told:
            await self._apply(part.events, finished, changed)
            if part.restarted and part.restarted.detail in {"", self._node}:
                self._cut(changed, part.restarted)
        return [(self._calls.get(linkedid), call) for linkedid, call in changed.items()]

    def commit(self, changes: Sequence[Change]) -> None:
        """The database has `changes`."""
        for _, call in changes:
            if call.progress is None:
                self._calls.pop(call.linkedid, None)
            else:
                self._calls[call.linkedid] = call

    async def _apply(
        self, told: Mapping[str, Sequence[CelEvent]], finished: Collection[str], changed: dict[str, CallRecord]
    ) -> None:
        for count, (linkedid, events) in enumerate(told.items()):
            if linkedid not in finished:
                call = interpret(changed.get(linkedid) or self._calls.get(linkedid), events)
                if call is not None:
                    changed[linkedid] = call
            if count % _BREATH == 0:
                await asyncio.sleep(0)

    def _cut(self, changed: dict[str, CallRecord], restarted: CelEvent) -> None:
        for linkedid, call in (self._calls | changed).items():
            if call.progress is not None:
                changed[linkedid] = cut(call, restarted.at)
