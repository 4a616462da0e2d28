"""Two histories side by side: what of them must be equal when both were made of the same records.

What people decided (a supervisor who closes a callback, an agent who notes a voicemail) is in no record of Asterisk's,
and neither are the settings of that day. Where that changed which callback answers for a missed call, only this must
hold: each missed call that is answered for in one history is answered for in the other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline import call_rows
from callcenter.hotline.tables import Call, Callback, CallbackAttempt, CallbackCall, CelQuarantine

#: Columns of a call that its records decide; ids and the ticket's number are given out as they come.
_FIELDS = (*(name for name in call_rows.FIELDS if name != "linkedid"), "progress", "parties")
_STARTED = _FIELDS.index("started_at")
#: Results of attempts that only a person can know.
_NOTED = frozenset({"voicemail", "wrong_number"})


class Unequal(NamedTuple):
    """Something that the two histories have differently."""

    #: `call`, `callback`, `missed_call`, `ticket` or `quarantined`.
    what: str
    key: str
    in_use: str
    rebuilt: str


class Obligation(NamedTuple):
    """A callback, without what people decided and what the settings say."""

    caller: str
    opened_at: datetime
    reason: str
    number: str | None
    #: Linkedids of the missed calls.
    calls: tuple[str, ...]
    settled_by: str | None
    settled_at: datetime | None
    settled_call: str | None
    has_ticket: bool


@dataclass(slots=True)
class History:
    """What a database tells of one node."""

    #: Linkedid -> the columns in `_FIELDS`, and whether there is a ticket.
    calls: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    #: The obligations of each citizen, oldest first.
    owed: dict[str, list[Obligation]] = field(default_factory=dict)
    #: Citizens whose obligations cannot be rebuilt one by one.
    loose: set[str] = field(default_factory=set)
    #: Callbacks about which people decided something.
    human_deeds: int = 0
    #: File and offset of each line that could not be understood.
    quarantined: set[tuple[str, int]] = field(default_factory=set)

    def drop_before(self, began: datetime | None) -> int:
        """Forget calls that began before `began`, the oldest record on disk (None: there is none), and return how many.

        Obligations that answer for one of them cannot be rebuilt one by one.
        """
        gone = {linkedid for linkedid, row in self.calls.items() if began is None or row[_STARTED] < began}
        self.calls = {linkedid: row for linkedid, row in self.calls.items() if linkedid not in gone}
        for caller, owed in self.owed.items():
            if any(call not in self.calls for one in owed for call in (*one.calls, one.settled_call) if call):
                self.loose.add(caller)
        return len(gone)

    def answered_for(self, caller: str) -> set[str]:
        """Return the missed calls of `caller` that some callback answers for."""
        return {call for one in self.owed.get(caller, ()) for call in one.calls if call in self.calls}


async def load(session: AsyncSession, node: str) -> History:
    """Read the history of `node`."""
    history = History()
    names: dict[int, str] = {}
    calls = select(Call.id, Call.linkedid, *(getattr(Call, name) for name in _FIELDS), Call.ticket.is_not(None))
    for id_, linkedid, *rest in await session.execute(calls.where(Call.node == node)):
        names[id_] = linkedid
        history.calls[linkedid] = tuple(rest)
    missed: defaultdict[int, list[str]] = defaultdict(list)
    for link in await session.execute(select(CallbackCall.callback_id, CallbackCall.call_id)):
        missed[link.callback_id].append(names.get(link.call_id, "of another node"))
    noted = await _noted_by_people(session, node)
    for row in await session.scalars(select(Callback).where(Callback.node == node).order_by(Callback.opened_at)):
        by_supervisor = row.settled_by == "supervisor" or row.id in noted
        history.human_deeds += by_supervisor or bool(row.note or row.assigned or row.priority)
        if by_supervisor or row.priority or row.state == "unreachable":
            history.loose.add(row.caller)
        history.owed.setdefault(row.caller, []).append(
            Obligation(
                row.caller,
                row.opened_at,
                row.reason,
                row.number,
                tuple(sorted(missed[row.id])),
                row.settled_by,
                row.settled_at,
                names.get(row.settled_call_id, "of another node") if row.settled_call_id else None,
                row.ticket is not None,
            )
        )
    lines = select(CelQuarantine.file, CelQuarantine.offset).where(CelQuarantine.node == node)
    history.quarantined = {(file, offset) for file, offset in await session.execute(lines)}
    return history


async def _noted_by_people(session: AsyncSession, node: str) -> set[int]:
    """Return the callbacks of which an agent said what an attempt came to."""
    query = (
        select(CallbackAttempt.callback_id, CallbackAttempt.result, CallbackAttempt.note, Call.dial_result)
        .outerjoin(Call, Call.id == CallbackAttempt.call_id)
        .where(CallbackAttempt.node == node)
    )
    return {
        callback
        for callback, result, note, told in await session.execute(query)
        if note or (result in _NOTED and told != result)
    }


def compare(in_use: History, rebuilt: History, files: set[str]) -> Iterable[Unequal]:
    """Yield what is not equal; `files` are the identities of the files that were read."""
    yield from _calls(in_use.calls, rebuilt.calls)
    loose = in_use.loose | rebuilt.loose
    for caller in sorted(in_use.owed.keys() | rebuilt.owed.keys()):
        if caller in loose:
            one, other = in_use.answered_for(caller), rebuilt.answered_for(caller)
            for call in sorted(one ^ other):
                yield Unequal("missed_call", call, _owed(call in one), _owed(call in other))
        else:
            yield from _obligations(in_use.owed.get(caller, []), rebuilt.owed.get(caller, []))
    for file, offset in sorted(in_use.quarantined ^ rebuilt.quarantined):
        if file in files:
            known = (file, offset) in in_use.quarantined
            words = ("understood", "quarantined")
            yield Unequal("quarantined", f"{file}:{offset}", words[known], words[not known])


def _calls(in_use: Mapping[str, tuple[Any, ...]], rebuilt: Mapping[str, tuple[Any, ...]]) -> Iterable[Unequal]:
    for linkedid in sorted(in_use.keys() | rebuilt.keys()):
        one, other = in_use.get(linkedid), rebuilt.get(linkedid)
        if one is None or other is None:
            yield Unequal("call", linkedid, _there(one), _there(other))
            continue
        for name, mine, theirs in zip((*_FIELDS, "ticket"), one, other, strict=True):
            if mine != theirs:
                yield Unequal("call", linkedid, f"{name} {_word(mine)}", f"{name} {_word(theirs)}")


def _obligations(in_use: list[Obligation], rebuilt: list[Obligation]) -> Iterable[Unequal]:
    mine, theirs = ({one.opened_at: one for one in owed} for owed in (in_use, rebuilt))
    for opened_at in sorted(mine.keys() | theirs.keys()):
        one, other = mine.get(opened_at), theirs.get(opened_at)
        if one is None or other is None:
            key = f"{(one or other or in_use[0]).caller} {_word(opened_at)}"
            yield Unequal("callback", key, _there(one), _there(other))
            continue
        for name, value, rebuilt_value in zip(Obligation._fields, one, other, strict=True):
            if value != rebuilt_value:
                key = f"{one.caller} {_word(opened_at)}"
                yield Unequal("callback", key, f"{name} {_word(value)}", f"{name} {_word(rebuilt_value)}")


def _there(value: object) -> str:
    return "not there" if value is None else "there"


def _owed(answered_for: bool) -> str:  # noqa: FBT001  # a call is answered for or it is not
    return "answered for by a callback" if answered_for else "answered for by none"


def _word(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
