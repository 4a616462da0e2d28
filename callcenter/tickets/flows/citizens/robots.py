"""Work that a sender's machine does before it may send, so that a flood costs the flooder (ALTCHA, proof of work).

A task is signed, expires, is for one purpose, and its solution is good for one form: sent again with the same form it
is the same request, with another it is refused.
"""

import secrets
from collections import OrderedDict
from datetime import timedelta
from typing import Any, Literal

from altcha import v1 as altcha

from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.storage import clock

#: How long a task may be worked on.
GOOD_FOR = timedelta(minutes=10)
#: Solutions remembered at most. More than this in `GOOD_FOR` would be a flood that the limits stop first.
MOST_REMEMBERED = 50_000
_HASH: Literal["SHA-256"] = "SHA-256"
_FIELDS = {"algorithm": str, "challenge": str, "number": int, "salt": str, "signature": str}


class Robots:
    """Hands out tasks and checks solutions. In memory: after a restart the page asks for another task by itself."""

    def __init__(self, work: int) -> None:
        self._work = work
        self._key = secrets.token_hex(32)
        #: Task -> the form that it was solved for, oldest first.
        self._spent: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def task(self, purpose: str) -> dict[str, Any]:
        """Return a new task: find the number from 0 to `maxNumber` that, behind `salt`, has the hash `challenge`."""
        made = altcha.create_challenge(
            altcha.ChallengeOptions(
                algorithm=_HASH,
                max_number=self._work,
                hmac_key=self._key,
                expires=clock.now() + GOOD_FOR,
                params={"for": purpose},
            )
        )
        return dict(made.to_dict())

    def check(self, solution: dict[str, Any], purpose: str, form: str) -> None:
        """Spend `solution` on `form`. Raises Problem 400 (field `solution`) when it is none, too old, or spent."""
        whole = {name: solution.get(name) for name in _FIELDS}
        if any(type(whole[name]) is not kind for name, kind in _FIELDS.items()) or whole["algorithm"] != _HASH:
            raise _again()
        payload: Any = whole
        good, _ = altcha.verify_solution(payload, self._key, check_expires=True)
        params = altcha.extract_params(payload) if good else {}
        if not good or params.get("for") != [purpose]:
            raise _again()
        now = clock.now().timestamp()
        while self._spent and (next(iter(self._spent.values()))[1] < now or len(self._spent) >= MOST_REMEMBERED):
            self._spent.popitem(last=False)
        # The task's own name, which stays the same however salt and number are divided.
        spent_on, _ = self._spent.setdefault(str(whole["challenge"]), (form, now + GOOD_FOR.total_seconds()))
        if spent_on != form:
            raise _again()


def _again() -> Problem:
    reason = N_("The check against robots has expired. Please send again.")
    return Problem(400, reason, fields={"solution": reason})
