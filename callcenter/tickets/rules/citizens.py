"""What citizens on the web 网络受理 write and are told: telephones, numbers, and states in their own words."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callcenter.hotline.rules.numbers import held, normalised
from callcenter.tickets.rules import numbers
from callcenter.tickets.rules.refusals import N_

#: How far a request is, as a citizen thinks of it.
Stage = Literal["received", "working", "answered", "closed", "refused"]
_PHONE_MARKS = frozenset(" -()·.\u3000")
_MOBILE = 11

#: State -> stage, and the sentence about it.
_STATES: dict[str, tuple[Stage, str]] = {
    "accepted": ("received", N_("We have received your request and are checking it.")),
    "reviewing": ("received", N_("We have received your request and are checking it.")),
    "to_dispatch": ("received", N_("Your request is being passed on to the department in charge.")),
    "dispatched": ("working", N_("Your request is with the department in charge.")),
    "handling": ("working", N_("The department in charge is working on it.")),
    "returned": ("working", N_("We are finding out which department is in charge.")),
    "replied": ("working", N_("The department has answered; we are checking the answer.")),
    "city": ("working", N_("Your request is with the city's own hotline.")),
    "follow_up": ("answered", N_("Your request has been answered. We may call you to ask whether you are content.")),
    "to_close": ("answered", N_("Your request has been answered.")),
    "closed": ("closed", N_("Your request is closed.")),
    "archived": ("closed", N_("Your request is closed.")),
    "merged": ("working", N_("Others have asked for the same; your request is handled together with theirs.")),
    "refused": ("refused", N_("This is not for the hotline to handle. Please call us if you have questions.")),
}
#: Stage of the main request 主单 -> the sentence about one that was merged into it; nothing else of it is told.
_WITH_OTHERS: dict[Stage, str] = {
    "received": _STATES["merged"][1],
    "working": _STATES["merged"][1],
    "answered": N_("It was handled together with the same request of others, and answered. We may call you about it."),
    "closed": N_("It was handled together with the same request of others, and is closed."),
    "refused": _STATES["refused"][1],
}
#: Moves that a citizen is told of; all others are ours.
_STEPS: dict[str, str] = {
    "open": N_("Request received"),
    "dispatch": N_("Passed on to the department in charge"),
    "redispatch": N_("Passed on to another department"),
    "sign": N_("Department has begun its work"),
    "grant_extension": N_("More time needed"),
    "to_city": N_("Passed on to the city's own hotline"),
    "approve_reply": N_("Answer given"),
    "answer": N_("Answer given"),
    "follow_up": N_("We asked you whether you are content"),
    "redo": N_("Handled once more"),
    "reopen": N_("Handled once more"),
    "close": N_("Closed"),
    "merge": N_("Joined with the same request of others"),
    "unmerge": N_("Handled by itself again"),
    "refuse": N_("Not for the hotline to handle"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A step that a citizen is told of."""

    at: datetime
    words: str


def phone(text: str) -> str | None:
    """Return the one spelling of the telephone in `text`; None unless it is a mobile, or a land line with area code."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", text) if one not in _PHONE_MARKS)
    number = normalised(plain)
    whole = number.startswith("0") or (number.startswith("1") and len(number) == _MOBILE)
    return number if whole and held(number) is None else None


def ticket_number(text: str) -> str | None:
    """Return the number of a request as somebody typed it; None when its check digit says that it is not one."""
    number = numbers.said(unicodedata.normalize("NFKC", text))
    return number if numbers.is_number(number) else None


def stage_of(state: str) -> tuple[Stage, str]:
    """Return how far a request in `state` is, and the sentence about it."""
    return _STATES.get(state, ("working", _STATES["handling"][1]))


def stage_with_others(main: str) -> tuple[Stage, str]:
    """Return the same for a request that was merged into one in the state `main`, whose stage is its own."""
    stage, _ = stage_of(main)
    return stage, _WITH_OTHERS[stage]


def may_read_answer(state: str) -> bool:
    """Whether the answer has been checked, and so is the citizen's to read."""
    return state in {"follow_up", "to_close", "closed", "archived"}


def steps(moves: Iterable[tuple[datetime, str]]) -> list[Told]:
    """Return what a citizen is told of a history, (time, move) in order; our own doings are left out, and repeats."""
    told: list[Told] = []
    for at, move in moves:
        words = _STEPS.get(move)
        if words and (not told or told[-1].words != words):
            told.append(Told(at, words))
    return told
