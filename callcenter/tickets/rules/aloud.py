"""What a citizen who asks by telephone is told of a request 工单, in words for which there are recordings. Pure.

Whoever calls from the number that the request came from hears its last digits, how far it is, and a day: when it is
due, or was answered. Whoever keys the number of another hears how far it is and nothing else. Of a request that was
merged into another 并单 nobody hears a day, for that would be the other's; only whether that one is answered.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from callcenter.tickets.rules.numbers import DAMM

#: State -> the word that its prompt is named after (`hotline/ticket-WORD`).
WORDS: dict[str, str] = {
    "accepted": "accepted",
    "reviewing": "accepted",
    "to_dispatch": "accepted",
    "dispatched": "dispatched",
    "handling": "handling",
    "returned": "accepted",
    "replied": "replied",
    "follow_up": "answered",
    "to_close": "answered",
    "city": "city",
    "closed": "closed",
    "archived": "closed",
    "merged": "merged",
    "refused": "refused",
}
#: Words of requests that still have a deadline to tell, and of those whose answer has a day.
_DUE = frozenset({"accepted", "dispatched", "handling"})
_ANSWERED = frozenset({"answered", "closed"})
#: Words of a main request 主单 that say more to the citizens of those merged into it than that they are.
_OF_MAIN = frozenset({"answered", "closed", "refused"})
#: Digits at the end of a number by which its citizen knows it again: the place in the day and the check digit.
_LAST = 6


@dataclass(frozen=True, slots=True)
class Told:
    """What is read aloud; `none` where there is no such request, `wrong` where no request can have that number."""

    word: str
    #: Last digits of the number, and the day with what it means (`due`, `answered`); empty for what is not told.
    digits: str = ""
    when: str = ""
    #: Month and day, as in `1125`.
    day: str = ""

    def variables(self) -> dict[str, str]:
        """Return the channel variables that the dialplan reads; the word last, for it says that all are there."""
        return {
            "HOTLINE_TICKET_DIGITS": self.digits,
            "HOTLINE_TICKET_WHEN": self.when if self.day else "",
            "HOTLINE_TICKET_DAY": self.day,
            "HOTLINE_TICKET": self.word,
        }


NONE, WRONG = Told("none"), Told("wrong")


def told(
    number: str, state: str, *, own: bool, due_at: datetime | None, answered_at: datetime | None, zone: tzinfo
) -> Told:
    """Return what whoever asks about the request is told; `own` when they call from where it came from."""
    word = WORDS[state]
    if not own:
        return Told(word)
    if word in _DUE and due_at is not None:
        return Told(word, number[-_LAST:], "due", f"{due_at.astimezone(zone):%m%d}")
    if word in _ANSWERED and answered_at is not None:
        return Told(word, number[-_LAST:], "answered", f"{answered_at.astimezone(zone):%m%d}")
    return Told(word, number[-_LAST:])


def told_with_others(number: str, main: str, *, own: bool) -> Told:
    """Return the same for a request that was merged into one in the state `main`: how far that is, and no day."""
    word = WORDS[main]
    return Told(word if word in _OF_MAIN else WORDS["merged"], number[-_LAST:] if own else "")


def header() -> str:
    """Return the first line of the file that is read while nobody can be asked: the table of check digits."""
    return "! " + "".join(DAMM)


def lines(number: str, callers: list[str], whole: Told, newest_of: list[str]) -> list[str]:
    """Return the lines of one request: by number, with `callers` who are told all; and those whose newest it is."""
    by = ",".join(callers) or "-"
    return [
        f"n{number} {by} {whole.word} {whole.digits or '-'} {whole.when or '-'} {whole.day or '-'}",
        *(f"c{caller} {number}" for caller in newest_of),
    ]
