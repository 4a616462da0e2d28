"""The words of the table of moves: who takes part, what may be given, and what follows by itself."""

from typing import Literal

from callcenter.tickets.rules.refusals import N_

#: As what somebody acts. A supervisor may what an agent may, an administrator what a supervisor may; lead 主办 and
#: helper 协办 are the units that have a part in the ticket now.
Part = Literal["citizen", "agent", "supervisor", "lead", "helper", "city", "system"]
Field = Literal[
    "words",
    "unit",
    "helpers",
    "days",
    "main",
    "urgency",
    "satisfaction",
    "answer",
    "confidential",
    "fields",
    "attachments",
]
#: What follows from a move by itself; `lifecycle` says exactly what each means, `told` whom it tells.
Effect = Literal[
    "start total",
    "renew total",
    "start sign",
    "start handle",
    "stop sign",
    "stop handle",
    "stop all",
    "pause sign",
    "pause handle",
    "pause total",
    "resume handle",
    "resume total",
    "continue handle",
    "rerun handle",
    "rerun stopped",
    "extend handle",
    "extend total",
    "tighten total",
    "tell unit",
    "tell helpers",
    "tell former unit",
    "tell agent",
    "tell supervisors",
    "open follow-up",
    "send to city",
]

#: What each effect does, for people.
EFFECTS: dict[Effect, tuple[str, str]] = {
    "start total": ("total clock runs, unless it does already", "总时限开始（已开始的不重新计时）"),
    "renew total": ("a fresh total clock runs", "总时限重新开始"),
    "start sign": ("sign clock runs", "签收时限开始"),
    "start handle": ("handle clock runs", "办理时限开始"),
    "stop sign": ("sign clock stops", "签收时限停止"),
    "stop handle": ("handle clock stops", "办理时限停止"),
    "stop all": ("all clocks stop", "全部时限停止"),
    "pause sign": ("sign clock stands still", "签收时限暂停"),
    "pause handle": ("handle clock stands still", "办理时限暂停"),
    "pause total": ("total clock stands still", "总时限暂停"),
    "resume handle": ("handle clock goes on, due later by the pause", "办理时限恢复（顺延）"),
    "resume total": ("total clock goes on, due later by the pause", "总时限恢复（顺延）"),
    "continue handle": ("handle clock goes on, due as before", "办理时限恢复（不顺延）"),
    "rerun handle": ("handle clock goes on, due as before", "办理时限恢复（不顺延）"),
    "rerun stopped": ("the clocks go on, due as before", "时限恢复（不顺延）"),
    "extend handle": ("handle clock gets the days", "办理时限延长"),
    "extend total": ("total clock gets the days", "总时限延长"),
    "tighten total": ("total clock is due sooner if its term is shorter", "总时限按新时限缩短"),
    "tell unit": ("the lead unit is told", "通知主办单位"),
    "tell helpers": ("the helping units are told", "通知协办单位"),
    "tell former unit": ("the unit that had it is told", "通知原单位"),
    "tell agent": ("the agent is told", "通知受理人"),
    "tell supervisors": ("supervisors are told", "通知班长"),
    "open follow-up": ("a follow-up is owed", "生成回访任务"),
    "send to city": ("goes out to the city platform", "发往市平台"),
}

PARTS: dict[Part, str] = {
    "citizen": "市民",
    "agent": "座席",
    "supervisor": "班长",
    "lead": "主办单位",
    "helper": "协办单位",
    "city": "市平台",
    "system": "系统",
}

#: The same, for a sentence: "that is for ...". In the order in which somebody who is several things acts.
WHO: dict[Part, str] = {
    "supervisor": N_("supervisors"),
    "agent": N_("agents"),
    "lead": N_("the lead unit"),
    "helper": N_("helping units"),
    "citizen": N_("the citizen"),
    "city": N_("the city platform"),
    "system": N_("the hotline itself"),
}

#: States, for a sentence.
STANDING: dict[str, str] = {
    "accepted": N_("accepted"),
    "reviewing": N_("to be reviewed"),
    "to_dispatch": N_("to be dispatched"),
    "dispatched": N_("to be signed for"),
    "handling": N_("being handled"),
    "returned": N_("returned, to be decided"),
    "replied": N_("replied, to be reviewed"),
    "follow_up": N_("to be followed up"),
    "to_close": N_("to be closed"),
    "city": N_("with the city platform"),
    "closed": N_("closed"),
    "archived": N_("archived"),
    "merged": N_("merged into another"),
    "refused": N_("not admissible"),
}
