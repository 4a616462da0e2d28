"""THE table of what can happen to a request 工单: who may, from where, to where, what it needs, and what it starts.

Everything else follows it: the rules refuse what is not in it, pages offer what is, and `callcenter tickets-table`
draws it into the README. One row for each move and the state that it starts from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from callcenter.tickets.rules.effects import Effect, Field, Part
from callcenter.tickets.rules.refusals import N_
from callcenter.tickets.rules.words import CLOSED_STATES, STATES, State

#: Where nothing has been closed.
OPEN_STATES: tuple[State, ...] = tuple(state for state in STATES if state not in CLOSED_STATES)  # type: ignore[misc]
#: Where a repeat 重复件 may still be merged into another: before a unit has answered it.
MERGEABLE: tuple[State, ...] = ("accepted", "reviewing", "to_dispatch", "dispatched", "handling", "returned")
_BEFORE_DISPATCH: tuple[State, ...] = ("accepted", "reviewing", "to_dispatch")
_AT_UNIT: tuple[State, ...] = ("dispatched", "handling")


@dataclass(frozen=True, slots=True)
class Move:
    """One row: a move from one state."""

    name: str
    #: What it is called, on its button and in the history alike: in English, and in Chinese as the catalogue has it.
    label: str
    chinese: str
    #: None where there is no ticket yet.
    source: State | None
    #: Where it leads; several where what is given decides.
    to: tuple[State, ...]
    by: frozenset[Part]
    needs: tuple[Field, ...]
    may: tuple[Field, ...]
    starts: tuple[Effect, ...]


def _rows(  # noqa: PLR0917  # a table reads by its columns
    name: str,
    label: str,
    chinese: str,
    sources: State | tuple[State | None, ...],
    to: State | tuple[State, ...] | None,
    by: Part | tuple[Part, ...],
    *,
    needs: tuple[Field, ...] = (),
    may: tuple[Field, ...] = (),
    starts: tuple[Effect, ...] = (),
) -> Iterator[Move]:
    """Yield a row for each of `sources`; `to` None stays where it is. Words and files may go with nearly every step."""
    further: tuple[Field, ...] = tuple(one for one in ("words", "attachments") if one not in (*needs, *may))
    for source in (sources,) if isinstance(sources, str) else sources:
        goal = (source,) if to is None and source else (to,) if isinstance(to, str) else to
        parts = frozenset((by,) if isinstance(by, str) else by)
        yield Move(name, label, chinese, source, goal or (), parts, needs, (*may, *further), starts)


def _table() -> Iterator[Move]:
    # The way through, in order.
    yield from _rows(
        "open",
        N_("Accept the request"),
        "受理",
        (None,),
        ("accepted", "to_dispatch"),
        ("agent", "citizen", "city", "system"),
    )
    yield from _rows("submit", N_("Submit for review"), "提交审核", "accepted", "reviewing", "agent")
    yield from _rows("approve", N_("Approve the request"), "审核通过", "reviewing", "to_dispatch", "supervisor")
    for source, by in (("reviewing", "supervisor"), ("to_dispatch", "agent")):
        yield from _rows(
            "dispatch",
            N_("Dispatch"),
            "派单",
            source,  # type: ignore[arg-type]
            "dispatched",
            by,  # type: ignore[arg-type]
            needs=("unit",),
            may=("helpers",),
            starts=("start total", "start sign", "tell unit", "tell helpers"),
        )
    yield from _rows(
        "sign", N_("Sign for"), "签收", "dispatched", "handling", "lead", starts=("stop sign", "start handle")
    )
    yield from _rows(
        "reply",
        N_("Reply to the request"),
        "回复",
        "handling",
        "replied",
        "lead",
        needs=("words",),
        starts=("stop handle", "tell supervisors"),
    )
    yield from _rows(
        "approve_reply",
        N_("Approve the reply"),
        "回复审核通过",
        "replied",
        "follow_up",
        "supervisor",
        may=("answer",),
        starts=("open follow-up",),
    )
    yield from _rows(
        "follow_up",
        N_("Follow-up made"),
        "回访完成",
        "follow_up",
        "to_close",
        ("agent", "citizen", "system"),
        needs=("satisfaction",),
    )
    yield from _rows("close", N_("Close the request"), "办结", "to_close", "closed", "supervisor", starts=("stop all",))
    yield from _rows("archive", N_("Archive"), "归档", "closed", "archived", ("supervisor", "system"))

    # Before the dispatch.
    yield from _rows(
        "answer",
        N_("Answered on the call"),
        "在线答复",
        "accepted",
        "closed",
        "agent",
        needs=("answer",),
        starts=("stop all",),
    )
    yield from _rows(
        "send_back",
        N_("Send back to be changed"),
        "退回修改",
        "reviewing",
        "accepted",
        "supervisor",
        needs=("words",),
        starts=("tell agent",),
    )
    yield from _rows(
        "refuse",
        N_("Not admissible"),
        "不予受理",
        ("accepted", "reviewing"),
        "refused",
        "supervisor",
        needs=("words",),
        starts=("stop all", "tell agent"),
    )
    yield from _rows(
        "to_city",
        N_("Pass to the city platform"),
        "转市平台",
        ("reviewing", "to_dispatch"),
        "city",
        "supervisor",
        starts=("pause total", "send to city"),
    )
    yield from _rows(
        "from_city",
        N_("Back from the city platform"),
        "市平台返回",
        "city",
        ("follow_up", "to_dispatch"),
        ("city", "supervisor"),
        may=("answer",),
        starts=("resume total", "open follow-up"),
    )

    # While a unit has it.
    yield from _rows(
        "return",
        N_("Return to the hotline"),
        "退单",
        _AT_UNIT,
        "returned",
        "lead",
        needs=("words",),
        starts=("pause sign", "pause handle", "tell supervisors"),
    )
    yield from _rows(
        "uphold_return",
        N_("Accept the return"),
        "同意退单",
        "returned",
        "to_dispatch",
        "supervisor",
        starts=("stop sign", "stop handle", "tell former unit"),
    )
    yield from _rows(
        "reject_return",
        N_("Reject the return"),
        "驳回退单",
        "returned",
        "dispatched",
        "supervisor",
        needs=("words",),
        starts=("start sign", "continue handle", "tell unit"),
    )
    yield from _rows(
        "redispatch",
        N_("Dispatch to another unit"),
        "改派",
        _AT_UNIT,
        "dispatched",
        "supervisor",
        needs=("unit", "words"),
        may=("helpers",),
        starts=("stop handle", "start sign", "tell unit", "tell helpers", "tell former unit"),
    )
    yield from _rows(
        "add_helper",
        N_("Add helping units"),
        "增加协办单位",
        _AT_UNIT,
        None,
        "supervisor",
        needs=("helpers",),
        starts=("tell helpers",),
    )
    yield from _rows(
        "helper_reply",
        N_("Report as helping unit"),
        "协办回复",
        _AT_UNIT,
        None,
        "helper",
        needs=("words",),
        starts=("tell unit",),
    )
    yield from _rows(
        "ask_extension",
        N_("Ask for more time"),
        "申请延期",
        "handling",
        None,
        "lead",
        needs=("days", "words"),
        starts=("pause handle", "tell supervisors"),
    )
    yield from _rows(
        "grant_extension",
        N_("Grant more time"),
        "同意延期",
        "handling",
        None,
        "supervisor",
        may=("days",),
        starts=("resume handle", "extend handle", "extend total", "tell unit"),
    )
    yield from _rows(
        "refuse_extension",
        N_("Refuse more time"),
        "驳回延期",
        "handling",
        None,
        "supervisor",
        needs=("words",),
        starts=("continue handle", "tell unit"),
    )
    yield from _rows("remind", N_("Remind the unit"), "催办", _AT_UNIT, None, ("agent", "city"), starts=("tell unit",))
    yield from _rows(
        "supervise",
        N_("Put under supervision"),
        "督办",
        _AT_UNIT,
        None,
        "supervisor",
        needs=("words",),
        starts=("tell unit",),
    )
    yield from _rows(
        "reject_reply",
        N_("Send the reply back"),
        "退回重办",
        "replied",
        "handling",
        "supervisor",
        needs=("words",),
        starts=("rerun handle", "tell unit"),
    )

    # After the reply.
    yield from _rows(
        "redo",
        N_("Have it done again"),
        "重办",
        "follow_up",
        ("dispatched", "to_dispatch"),
        ("agent", "citizen", "system"),
        needs=("words",),
        may=("satisfaction",),
        starts=("renew total", "start sign", "tell unit", "tell helpers"),
    )
    yield from _rows(
        "follow_up_unreached",
        N_("Citizen not reached"),
        "回访未接通",
        "follow_up",
        "to_close",
        ("agent", "system"),
    )
    yield from _rows("reopen", N_("Take up again"), "重新办理", "closed", "to_dispatch", "supervisor", needs=("words",))

    # At any time.
    for sources, by in ((_BEFORE_DISPATCH, "agent"), (MERGEABLE[3:], "supervisor")):
        yield from _rows(
            "merge",
            N_("Merge into another"),
            "并单",
            sources,
            "merged",
            by,  # type: ignore[arg-type]
            needs=("main",),
            starts=("stop all", "tell unit"),
        )
    yield from _rows(
        "remerge",
        N_("Follow the main request"),
        "随主单转并",
        "merged",
        None,
        "system",
        needs=("main",),
    )
    yield from _rows(
        "follow_up",
        N_("Follow-up made"),
        "回访完成",
        "merged",
        None,
        ("agent", "citizen", "system"),
        needs=("satisfaction",),
    )
    yield from _rows(
        "unmerge", N_("Undo the merge"), "撤销并单", "merged", MERGEABLE, "supervisor", starts=("rerun stopped",)
    )
    yield from _rows(
        "set_urgency", N_("Change the urgency"), "调整紧急程度", _BEFORE_DISPATCH, None, "agent", needs=("urgency",)
    )
    yield from _rows(
        "set_urgency",
        N_("Change the urgency"),
        "调整紧急程度",
        tuple(state for state in OPEN_STATES if state not in _BEFORE_DISPATCH),
        None,
        "supervisor",
        needs=("urgency",),
        starts=("tighten total", "tell unit"),
    )
    yield from _rows(
        "set_confidential",
        N_("Change confidentiality"),
        "设置保密",
        OPEN_STATES,
        None,
        "agent",
        needs=("confidential",),
    )
    yield from _rows("amend", N_("Change the contents"), "修改内容", OPEN_STATES, None, "agent", needs=("fields",))
    yield from _rows(
        "comment",
        N_("Comment"),
        "备注",
        OPEN_STATES,
        None,
        ("agent", "lead", "helper", "citizen", "city", "system"),
        needs=("words",),
    )
    yield from _rows(
        "attach", N_("Add files"), "补充附件", OPEN_STATES, None, ("agent", "lead", "helper"), needs=("attachments",)
    )

    # Missed calls 漏接件: their tickets follow the callback.
    yield from _rows(
        "callback_settled",
        N_("Called back"),
        "已回拨",
        "accepted",
        "closed",
        "system",
        starts=("stop all",),
    )
    yield from _rows("callback_reopened", N_("Callback owed again"), "重新回拨", "closed", "accepted", "system")


TABLE: tuple[Move, ...] = tuple(_table())
ROWS: dict[tuple[str, State | None], Move] = {(row.name, row.source): row for row in TABLE}
#: Every move once, in the table's order: its first row.
MOVES: dict[str, Move] = {row.name: row for row in reversed(TABLE)}
NAMES: tuple[str, ...] = tuple(dict.fromkeys(row.name for row in TABLE))
