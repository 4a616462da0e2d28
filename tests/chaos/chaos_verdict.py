"""The verdict: SIPp's own record of each citizen held against the hotline's books. Pure.

A talk of a second or more, by the logs of both phones, is a talk; none is none; for what lies between, either is right,
as long as the books agree with themselves. Times are seconds since the epoch.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from chaos_books import Books, Debt, Row
from chaos_citizens import Attempt, Talk
from chaos_network import Reached

#: Seconds together from which citizen and agent have certainly talked.
SURE = 1.0
#: Seconds by which SIPp's clock readings and Asterisk's may differ for the same thing, on a busy machine.
NEAR = 2.0
#: Seconds before a death in which Asterisk's SIP stack may say "trying" to a call that Asterisk never gets to see: the
#: citizen hears nothing, and nothing is on disk.
DYING = 10.0
MISSED = frozenset({"abandoned_greeting", "abandoned_queue", "overflowed", "unanswered"})
#: What is counted, in the table's order.
KINDS = ("lost call", "doubled call", "wrong outcome", "lost", "doubled", "wrongly owed")


@dataclass
class Verdict:
    """Counts for the table, and each violation with its evidence."""

    calls: int = 0
    #: Asterisk never heard of them; and heard of them, died, and had not picked up nor written anything.
    outside: int = 0
    swallowed: int = 0
    answered: int = 0
    missed: int = 0
    on_the_line: int = 0
    cut: int = 0
    owed: int = 0
    settled: int = 0
    unreachable: int = 0
    #: Calls to citizens, and citizens whom they reached.
    dials: int = 0
    called_back: int = 0
    violations: list[tuple[str, str]] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Return how many violations are of that kind."""
        return Counter(kind for kind, _ in self.violations)[kind]


@dataclass
class _Case:
    """One number: what it did, and what the books say of it."""

    attempts: list[Attempt] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    called_back: list[Reached] = field(default_factory=list)


def judge(
    attempts: Iterable[Attempt],
    talks: Iterable[Talk],
    books: Books,
    deaths: Sequence[float],
    called_back: Iterable[Reached] = (),
) -> Verdict:
    """Return what is wrong; `deaths` are the instants from which Asterisk did nothing more until it started anew."""
    cases: dict[str, _Case] = defaultdict(_Case)
    for attempt in attempts:
        cases[attempt.number].attempts.append(attempt)
    for talk in talks:
        cases[talk.caller].talks.append(talk)
    for row in books.calls:
        cases[row.caller].rows.append(row)
    for debt in books.debts:
        cases[_number(debt.caller)].debts.append(debt)
    for call in called_back:
        cases[_number(call.number)].called_back.append(call)
    verdict = Verdict()
    for number, case in cases.items():
        _Judge(number, case, verdict, sorted(deaths)).judge()
    for line in books.quarantined:
        verdict.violations.append(("lost call", f"a record of Asterisk's that could not be read: {line}"))
    return verdict


def _number(caller: str) -> str:
    """A number in any of its spellings, as the citizens here dial from it."""
    return caller.removeprefix("+86")


class _Judge:
    def __init__(self, number: str, case: _Case, verdict: Verdict, deaths: list[float]) -> None:
        self._number, self._case, self._verdict, self._deaths = number, case, verdict, deaths

    def judge(self) -> None:
        case = self._case
        case.attempts.sort(key=lambda attempt: attempt.dialled)
        self._verdict.calls += len(case.attempts)
        self._calls()
        answered = self._answers()
        self._owed(answered)

    # Every call that Asterisk knew of is one row.
    def _calls(self) -> None:
        free = list(self._case.rows)
        for attempt in self._case.attempts:
            if attempt.heard_of is None:
                continue
            at = attempt.heard_of
            row = min(free, key=lambda row: abs(row.started - at), default=None)
            if row is None or not attempt.dialled - NEAR <= row.started <= at + NEAR:
                if attempt.answered is None and any(at <= death <= at + DYING for death in self._deaths):
                    self._verdict.swallowed += 1
                    continue
                self._say("lost call", f"it rang at {at:.3f} and is in no row")
                continue
            free.remove(row)
        for attempt in self._case.attempts:
            if attempt.heard_of is None:
                # It may have got in unheard: Asterisk died before, or woke up after, the citizen gave up.
                again = [row for row in free if attempt.dialled - NEAR <= row.started <= attempt.dialled + 60]
                self._verdict.outside += not again
                for row in again[:1]:
                    free.remove(row)
        for row in free:
            # An INVITE that a dying Asterisk had begun with is sent again, and is a call of its life after.
            if not row.cut:
                self._say("doubled call", f"row {row.id} is nobody's call")

    # A row is answered if and only if a seat's phone says so.
    def _answers(self) -> dict[int, float]:
        """Return the rows that are answered, and when."""
        rows = [row for row in self._case.rows if row.answered is not None]
        self._are_over()
        sure = 0
        for talk in sorted(self._case.talks, key=lambda talk: (talk.unsure, talk.began)):
            if self._is_callback(talk):
                continue
            together, died = self._together(talk)
            row = next((row for row in rows if self._is_in(row.answered or 0.0, talk)), None)
            if row is None:
                if together >= SURE and not talk.unsure:
                    self._say("wrong outcome", f"talked {together:.1f} s with {talk.seat} and is in no answered row")
                self._verdict.on_the_line += 0 < together < SURE and not talk.unsure
                continue
            rows.remove(row)
            sure += 1
            self._verdict.cut += row.cut
            if died and together >= SURE and not row.cut:
                self._say("wrong outcome", f"row {row.id} was cut by Asterisk's death and does not say so")
            claimed = (row.ended or inf) - (row.answered or 0.0)
            if together <= 0 and claimed >= SURE:
                self._say("wrong outcome", f"row {row.id} is answered, but the citizen was gone before")
        for row in rows:
            self._say("wrong outcome", f"row {row.id} is answered, and no seat's phone was")
        self._verdict.answered += sure
        self._verdict.missed += sum(row.outcome in MISSED for row in self._case.rows)
        return {row.id: row.answered for row in self._case.rows if row.answered is not None}

    def _are_over(self) -> None:
        for row in self._case.rows:
            if row.ended is None or row.outcome == "in_progress":
                self._say("wrong outcome", f"row {row.id} has not ended")
            elif (row.answered is None) == (row.outcome == "answered") or (
                row.answered is None and row.outcome not in MISSED
            ):
                self._say("wrong outcome", f"row {row.id} is {row.outcome}, answered at {row.answered}")

    def _is_callback(self, talk: Talk) -> bool:
        """Whether the seat's phone rang to call the citizen back: then theirs was dialled while it had the call."""
        return any(talk.began - NEAR <= call.dialled <= (talk.over or inf) for call in self._case.called_back)

    def _is_in(self, at: float, talk: Talk) -> bool:
        """Whether a call that was answered at that instant is this one; the two are joined a moment later."""
        return talk.began - NEAR <= at <= (talk.over or talk.began + 10) + NEAR

    def _together(self, talk: Talk) -> tuple[float, bool]:
        """Return how long the seat and one of the citizen's calls were both there, and whether a death ended that."""
        death = next((at for at in self._deaths if at >= talk.began), inf)
        best = (-inf, False)
        for attempt in self._case.attempts:
            if attempt.answered is None:
                continue
            begins = max(talk.began, attempt.answered)
            ends = min(talk.over or inf, attempt.over or inf)
            # Whoever leaves in the moment of the death may have left before it.
            best = max(best, (min(ends, death) - begins, death + SURE < ends))
        return best

    # Who reached nobody is owed once, and who was answered after that is not.
    def _owed(self, answered: dict[int, float]) -> None:
        debts, missed = self._case.debts, [row for row in self._case.rows if row.outcome in MISSED]
        covering = Counter(call for debt in debts for call in debt.calls)
        for row in missed:
            if covering[row.id] != 1:
                self._say("doubled" if covering[row.id] else "lost", f"row {row.id} has {covering[row.id]} callbacks")
        for call in covering.keys() - {row.id for row in missed}:
            self._say("wrongly owed", f"call {call} is no missed call of theirs")
        by_callback = self._called_back()
        self._states([*answered.values(), *by_callback], missed)
        for debt in debts:
            if debt.settled_by == "redial" and not answered:
                self._say("lost", f"callback {debt.id} is settled by a redial that nobody answered")
            if "answered" in debt.attempts[:-1]:
                self._say("doubled", f"callback {debt.id} was dialled again after it had reached them")

    def _states(self, reached_at: Sequence[float], missed: list[Row]) -> None:
        debts = self._case.debts
        still = [debt for debt in debts if debt.open]
        self._verdict.owed += len(still)
        self._verdict.settled += sum(debt.state == "settled" for debt in debts)
        self._verdict.unreachable += sum(debt.state == "unreachable" for debt in debts)
        if len(still) > 1:
            self._say("doubled", "open: " + ", ".join(str(debt.id) for debt in still))
        if any(first.open and second for first, second in pairwise(debts)):
            self._say("doubled", "a callback was opened while an earlier one was open")
        reached = max(reached_at, default=-inf)
        last_miss = max((self._gone(row) for row in missed), default=-inf)
        given_up = any(debt.state == "unreachable" for debt in debts)
        if missed and last_miss > reached + NEAR and not still and not given_up:
            self._say("lost", "missed after they were last reached, and nothing is owed any more")
        if still and not missed:
            self._say("wrongly owed", "never missed, and owed")
        elif still and reached > last_miss + NEAR:
            self._say("wrongly owed", "reached after their last miss, and still owed")

    def _called_back(self) -> list[float]:
        """Return when callbacks reached them. Nobody is dialled twice at once, nor again once they were reached."""
        calls = sorted(self._case.called_back, key=lambda call: call.dialled)
        self._verdict.dials += len(calls)
        talked: list[float] = []
        for call, after in zip(calls, [*calls[1:], None], strict=False):
            death = next((at for at in self._deaths if at >= call.dialled), inf)
            over = min(call.over or inf, death)
            if call.answered is not None and over - call.answered >= SURE:
                talked.append(call.answered)
                missed_since = any(
                    self._gone(row) > call.answered - NEAR for row in self._case.rows if row.answered is None
                )
                if after and not missed_since:
                    self._say("doubled", f"called back at {after.dialled:.3f}, and they had been reached")
            if after and after.dialled < min(call.over or call.dialled, death):
                self._say("doubled", f"dialled at {after.dialled:.3f} while another dial was under way")
        self._verdict.called_back += bool(talked)
        if not talked and any(debt.settled_by == "callback" for debt in self._case.debts):
            # Whoever picked up and was gone within a second, by Asterisk's death or not, may count as reached.
            if not any(call.answered for call in calls):
                self._say("lost", "settled by a callback that nobody answered")
            else:
                talked += [call.answered for call in calls if call.answered]
        return talked

    def _gone(self, row: Row) -> float:
        return row.ended if row.ended is not None else row.started

    def _say(self, kind: str, what: str) -> None:
        case = self._case
        evidence = "\n".join(
            f"    {line}" for line in (*case.attempts, *case.talks, *case.called_back, *case.rows, *case.debts)
        )
        self._verdict.violations.append((kind, f"{self._number}: {what}\n{evidence}"))
