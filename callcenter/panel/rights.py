"""Who may do what: every right of the panel, what it lets people do, and the roles that have it.

A route asks for a right and never for a role: `@requires("calls.see")`. The roles are no ladder. An inspector hears
recordings and takes no calls, a manager reads reports and steers no floor. So what a role may do is written in one
place, here, and drawn for people by `callcenter user rights`. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

#: What somebody's work is. `unit` is the staff of a member unit 成员单位, who see only their own unit's requests.
Role = Literal["unit", "agent", "supervisor", "inspector", "manager", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)

#: What a right is named after: the thing, a dot, what is done with it.
Right = Literal[
    "account.own",
    "floor.see",
    "queue.see",
    "floor.supervise",
    "announcement.switch",
    "policy.see",
    "test_dials.see",
    "test_dials.make",
    "phone.use",
    "calls.take",
    "talk.handle",
    "dial.outside",
    "chat.write",
    "calls.see",
    "callers.see",
    "callers.block",
    "recordings.hear",
    "recordings.hold",
    "numbers.reveal",
    "callbacks.see",
    "callbacks.work",
    "callbacks.manage",
    "tickets.see",
    "tickets.see_all",
    "tickets.see_confidential",
    "tickets.open",
    "tickets.move",
    "tickets.export",
    "tickets.share_lists",
    "follow_ups.see",
    "follow_ups.work",
    "follow_ups.manage",
    "notices.see",
    "notices.see_shift",
    "knowledge.see",
    "knowledge.write",
    "dispatch_help.see",
    "interchange.manage",
    "figures.see",
    "reports.see",
    "reference.see",
    "reference.manage",
    "seats.see",
    "bans.manage",
    "users.manage",
    "audit.see",
]


@dataclass(frozen=True, slots=True)
class Grant:
    """A right: the roles that have it, and what it lets them do, in English and in Chinese."""

    roles: frozenset[Role]
    english: str
    chinese: str


def _only(*roles: Role) -> frozenset[Role]:
    """Return `roles` and the administrator, who could give themselves any role and so has every right."""
    return frozenset({*roles, "administrator"})


_EVERYONE = frozenset(ROLES)
_HOTLINE = _EVERYONE - {"unit"}
_FLOOR = _only("agent", "supervisor")
_SHIFT = _only("supervisor")
_HEARING = _only("supervisor", "inspector")
_OFFICE = _only("supervisor", "manager")
_ADMINISTRATOR = _only()

RIGHTS: dict[Right, Grant] = {
    "account.own": Grant(_EVERYONE, "sign in and out, change one's own password", "登录、退出、修改本人密码"),
    # The floor as it is now
    "floor.see": Grant(_HOTLINE, "see the wallboard and what each agent does", "查看大屏和各座席状态"),
    "queue.see": Grant(_HOTLINE, "see who waits in the queue, numbers masked", "查看排队情况（号码打码）"),
    "floor.supervise": Grant(
        _SHIFT,
        "listen, whisper, barge in, move waiting callers, change another agent's state",
        "监听、耳语、强插，调整排队，变更他人座席状态",
    ),
    "announcement.switch": Grant(_SHIFT, "switch the emergency announcement", "开关应急公告"),
    "policy.see": Grant(_OFFICE, "see the queue policy's steps", "查看排队策略措施"),
    "test_dials.see": Grant(_HOTLINE, "see the test dials", "查看拨测记录"),
    "test_dials.make": Grant(_SHIFT, "make a test dial", "发起拨测"),
    # One's own phone
    "phone.use": Grant(_FLOOR, "sign in at a seat, take a break, be ready", "签入座席、示忙、示闲"),
    "calls.take": Grant(_FLOOR, "take calls at the desk", "在工作台接听来电"),
    "talk.handle": Grant(_FLOOR, "hold, transfer, three-way call, 110", "保持、转接、三方通话、转110"),
    "dial.outside": Grant(_SHIFT, "dial any number, beside callbacks and follow-ups", "自由外呼（回拨、回访除外）"),
    "chat.write": Grant(_FLOOR, "write to a seat, and read what was written", "收发座席消息"),
    # Calls and citizens
    "calls.see": Grant(_HOTLINE, "see the list of calls, numbers masked", "查看通话记录（号码打码）"),
    "callers.see": Grant(_FLOOR, "see a citizen's earlier calls and requests", "查看市民历史来电和工单"),
    "callers.block": Grant(_SHIFT, "keep the list of abusive callers", "管理骚扰号码名单"),
    "recordings.hear": Grant(
        _only("supervisor", "inspector"), "hear recordings (each hearing is kept)", "听录音（留痕）"
    ),
    "recordings.hold": Grant(_SHIFT, "keep a recording beyond its term (legal hold)", "录音封存，到期不删"),
    "numbers.reveal": Grant(_SHIFT, "show a masked number in full; each time is kept", "查看完整号码（留痕）"),
    # Missed calls
    "callbacks.see": Grant(_HOTLINE, "see the callbacks", "查看漏接回拨"),
    "callbacks.work": Grant(_FLOOR, "call back and note what came of it", "执行回拨、登记结果"),
    "callbacks.manage": Grant(
        _SHIFT, "assign, close or allow a callback, or bring it forward", "分派、办结、放行、提前回拨"
    ),
    # Requests 工单
    "tickets.see": Grant(_EVERYONE, "see requests; a member unit its own", "查看工单（成员单位仅限本单位）"),
    "tickets.see_all": Grant(_HOTLINE, "see every unit's requests", "查看全部单位工单"),
    "tickets.see_confidential": Grant(_SHIFT, "see confidential requests of others", "查看他人受理的保密工单"),
    "tickets.open": Grant(_FLOOR, "write a new request, with dispatch help", "新建工单、使用派单助手"),
    "tickets.move": Grant(
        _only("unit", "agent", "supervisor"),
        "move a request on, as far as the table of moves lets one's part",
        "办理工单（按流转表中的角色）",
    ),
    "tickets.export": Grant(_only("unit", "supervisor", "manager"), "download lists of requests", "导出工单"),
    "tickets.share_lists": Grant(_SHIFT, "share a kept list with everybody", "共享常用列表"),
    "follow_ups.see": Grant(_HOTLINE, "see the follow-ups", "查看回访"),
    "follow_ups.work": Grant(_FLOOR, "make follow-up calls and note the answer", "执行回访、登记结果"),
    "follow_ups.manage": Grant(_SHIFT, "see to others' follow-ups", "处理他人回访"),
    "notices.see": Grant(_EVERYONE, "see one's own notices", "查看本人提醒"),
    "notices.see_shift": Grant(_SHIFT, "see the notices for supervisors, as of deadlines", "查看班长提醒（时限预警）"),
    "knowledge.see": Grant(_HOTLINE, "read the knowledge base, say that an article is out of date", "查阅知识库、报错"),
    "knowledge.write": Grant(_SHIFT, "write the knowledge base", "维护知识库"),
    "dispatch_help.see": Grant(_OFFICE, "see how good the dispatch help is", "查看派单助手准确率"),
    "interchange.manage": Grant(_SHIFT, "see to the exchange with the city platform", "管理市平台对接"),
    # Reports
    "figures.see": Grant(_HOTLINE, "see the indicators' figures", "查看考核指标数值"),
    "reports.see": Grant(_OFFICE, "read reports and the lists behind each figure", "查看报表及指标明细"),
    # What the hotline runs on
    "reference.see": Grant(_HOTLINE, "see units, categories and places", "查看单位、分类、镇街"),
    "reference.manage": Grant(_ADMINISTRATOR, "change units, categories and places", "维护单位、分类、镇街"),
    "seats.see": Grant(_ADMINISTRATOR, "see the seats' SIP accounts", "查看座席话机账号"),
    "bans.manage": Grant(_SHIFT, "see and lift bans of phones that failed to register", "查看和解除话机封禁"),
    "users.manage": Grant(_ADMINISTRATOR, "add users, give roles, close accounts", "管理用户和角色"),
    "audit.see": Grant(_ADMINISTRATOR, "read the audit trail", "查看审计日志"),
}


def may(role: Role, right: Right) -> bool:
    """Whether `role` has `right`."""
    return role in RIGHTS[right].roles


def rights_of(role: Role) -> frozenset[Right]:
    """Return every right of `role`."""
    return frozenset(right for right in RIGHTS if may(role, right))


def roles_with(*rights: Right) -> Iterable[Role]:
    """Return the roles that have all of `rights`, in the order of `ROLES`."""
    return tuple(role for role in ROLES if all(may(role, right) for right in rights))


#: What people call each role.
NAMES: dict[Role, tuple[str, str]] = {
    "unit": ("member unit", "成员单位"),
    "agent": ("agent", "座席"),
    "supervisor": ("supervisor", "班长"),
    "inspector": ("inspector", "质检员"),
    "manager": ("manager", "主管"),
    "administrator": ("administrator", "管理员"),
}
Language = Literal["zh", "en"]
#: Between these lines a README holds what is drawn here.
BEGIN, END = "<!-- rights -->", "<!-- /rights -->"


def section(language: Language) -> str:
    """Return what stands between the markers of the README in `language`, with them."""
    return f"{BEGIN}\n\n{table(language)}\n\n{END}"


def replaced(text: str, language: Language) -> str:
    """Return the README `text` with its section drawn anew. Raises ValueError when it has no markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no lines {BEGIN} and {END}")
    return before + section(language) + after


def table(language: Language) -> str:
    """Return every right as a line of a Markdown table, with a column for each role."""
    chinese = language == "zh"
    heads = ("权限" if chinese else "right", *(NAMES[role][chinese] for role in ROLES))
    lines = ["| " + " | ".join(heads) + " |", "| --- " + "| :-: " * len(ROLES) + "|"]
    for right, grant in RIGHTS.items():
        ticks = ("✓" if role in grant.roles else "" for role in ROLES)
        what = f"`{right}` {grant.chinese if chinese else grant.english}"
        lines.append("| " + " | ".join((what, *ticks)) + " |")
    return "\n".join(lines)
