"""The words of requests 工单, as they are stored, sent and shown; the Chinese is what staff and citizens read."""

from typing import Literal, get_args

Kind = Literal["enquiry", "complaint", "help", "suggestion", "report", "praise", "missed_call"]
State = Literal[
    "accepted",
    "reviewing",
    "to_dispatch",
    "dispatched",
    "handling",
    "returned",
    "replied",
    "follow_up",
    "to_close",
    "city",
    "closed",
    "archived",
    "merged",
    "refused",
]
Urgency = Literal["normal", "urgent", "emergency"]
Source = Literal["phone", "web", "missed_call", "city"]
#: What the citizen says of the handling 满意度; the last word counts.
Satisfaction = Literal["satisfied", "fairly", "unhappy"]

KINDS: dict[str, str] = {
    "enquiry": "咨询",
    "complaint": "投诉",
    "help": "求助",
    "suggestion": "建议",
    "report": "举报",
    "praise": "表扬",
    "missed_call": "漏接件",
}
STATES: dict[str, str] = {
    "accepted": "受理",
    "reviewing": "待审核",
    "to_dispatch": "待派单",
    "dispatched": "待签收",
    "handling": "办理中",
    "returned": "退单待裁定",
    "replied": "回复待审核",
    "follow_up": "待回访",
    "to_close": "待办结",
    "city": "市级办理",
    "closed": "办结",
    "archived": "归档",
    "merged": "已并单",
    "refused": "不予受理",
}
URGENCIES: dict[str, str] = {"normal": "一般", "urgent": "紧急", "emergency": "特急"}
SOURCES: dict[str, str] = {"phone": "来电", "web": "网络", "missed_call": "漏接", "city": "市级转办"}
SATISFACTIONS: dict[str, str] = {"satisfied": "满意", "fairly": "基本满意", "unhappy": "不满意"}

#: A ticket in one of these needs nothing more.
CLOSED_STATES = frozenset({"closed", "archived", "merged", "refused"})
#: States in which a member unit has it.
UNIT_STATES = frozenset({"dispatched", "handling"})
#: Kinds that a person chooses; the other is opened by the hotline itself.
REQUEST_KINDS = tuple(kind for kind in get_args(Kind) if kind != "missed_call")


def state_word(state: str) -> Literal["open", "closed"]:
    """Return what is known of a caller whose newest ticket is in `state`."""
    return "closed" if state in CLOSED_STATES else "open"
