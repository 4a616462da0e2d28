"""What a request's history says of the linkage with the police 110联动. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

_ZONE: Final = ZoneInfo("Asia/Shanghai")
_MODES: Final[Mapping[str, str]] = {"three_way": "三方通话", "transfer": "一键转接", "consult": "先行咨询"}
#: Why the police were not reached, by the call's record (`hotline.rules.reached`).
_RESULTS: Final[Mapping[str, str]] = {
    "busy": "占线",
    "no_answer": "无人接听",
    "cancelled": "话务员取消",
    "no_line": "无可用外线",
    "wrong_number": "空号",
    "refused": "拒接",
}


def noted(parties: Sequence[Mapping[str, Any]]) -> tuple[str, datetime]:
    """Return the words about every call to the police among `parties`, in order, and when the last was made.

    `parties` are as in `hotline.rules.records.CallRecord.parties`, at least one of kind `police`.
    """
    police = [party for party in parties if party.get("kind") == "police"]
    return "110联动：" + "；".join(map(_said, police)) + "。", _at(police[-1])


def _said(party: Mapping[str, Any]) -> str:
    called = f"{_clock(party['at'])}呼叫{party.get('who')}（{_MODES.get(str(party.get('mode')), '')}）"
    if answered := party.get("answered_at"):
        return f"{called}，{_clock(answered)}接通"
    return f"{called}，未接通：{_RESULTS.get(str(party.get('result')), '原因不明')}"


def _clock(iso: str) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(_ZONE):%H:%M:%S}"


def _at(party: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(party["at"]))
