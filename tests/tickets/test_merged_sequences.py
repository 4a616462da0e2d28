"""Whatever is moved in whatever order: no citizen of a merged request misses the answer, nor hears it twice at once.

After every move, for each main request that has its answer: whoever was merged into it and has a telephone that is not
the main request's own has a follow-up about this answer, open or done, or has another merged request with the same
telephone that has one, or said already that they are content. No telephone has two open follow-ups of one family. And
while there is no answer, nobody new is called: only a talk that has begun is still noted.
"""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from follow_up_work import AGENT, BOSS, T0, Work
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.rules.decisions import CITY, SYSTEM, Doer
from callcenter.tickets.rules.follow_ups import ANSWERED, OPEN
from callcenter.tickets.rules.refusals import Refused
from callcenter.tickets.tables import FollowUp, Ticket

#: Two of them are one citizen; the last has withheld their number.
PHONES = ("13800000010", "13800000011", "13800000012", "13800000011", "")
BEGINS = ("replied", "to_dispatch", "handling", "to_dispatch", "accepted")
CONTENT = {"satisfied", "fairly"}

_requests = st.integers(0, len(PHONES) - 1)
_said = st.sampled_from(["satisfied", "fairly", "unhappy"])
#: The way of a request to its answer and back, often enough; what else happens, now and then.
_moves = st.sampled_from(
    [
        *("dispatch", "sign", "reply", "approve_reply", "follow_up", "follow_up_unreached", "close", "redo", "reopen"),
        *("answer", "to_city", "from_city", "submit", "return", "reject_reply", "archive"),
    ]
)
_steps = st.one_of(
    st.tuples(st.just("merge"), _requests, _requests),
    st.tuples(st.just("unmerge"), _requests, st.none()),
    st.tuples(st.just("on"), _requests, st.none()),
    st.tuples(st.sampled_from(["redo", "on"]), st.just(0), _said),
    st.tuples(_moves, _requests, _said),
    st.tuples(st.sampled_from(["said", "talked", "in_vain"]), _requests, _said),
)
#: The next step of a request that goes on as most do.
_NEXT = {
    "accepted": "submit",
    "reviewing": "approve",
    "to_dispatch": "dispatch",
    "dispatched": "sign",
    "handling": "reply",
    "replied": "approve_reply",
    "follow_up": "follow_up",
    "to_close": "close",
    "city": "from_city",
    "closed": "reopen",
}


class Family:
    """Requests that are merged into one another, and taken apart again."""

    def __init__(self, work: Work, unit: Doer, numbers: list[str]) -> None:
        self.work = work
        self.unit = unit
        self.numbers = numbers
        self.now = T0

    async def step(self, name: str, which: int, more: Any) -> None:  # noqa: ANN401  # a request, or a word
        number = self.numbers[which]
        self.now += timedelta(hours=1)
        try:
            if name in {"said", "talked", "in_vain"}:
                await self._visit(number, name, more)
            else:
                await self._move(number, name, more)
        except Refused:
            return

    async def _move(self, number: str, name: str, more: Any) -> None:  # noqa: ANN401
        ticket = await self.work.ticket(number)
        move = _NEXT.get(ticket.state, "comment") if name == "on" else name
        orders: dict[str, Order] = {
            "merge": Order(main=self.numbers[more] if name == "merge" else None),
            "dispatch": Order(unit="water"),
            "follow_up": Order(satisfaction=more or "satisfied"),
            "answer": Order(answer="已答复"),
            "from_city": Order(answer="已答复"),
            "approve_reply": Order(answer="已修复"),
        }
        bare = {"sign", "submit", "approve", "unmerge", "close", "archive", "follow_up_unreached"}
        order = orders.get(move) or Order(words=None if move in bare else "因为")
        doers = {"from_city": CITY, "sign": self.unit, "reply": self.unit, "return": self.unit, "archive": SYSTEM}
        for doer in (doers.get(move, BOSS), AGENT):
            try:
                async with self.work.database.begin() as session:
                    await self.work.mover.move(session, number, move, doer, order, now=self.now)
            except Refused:
                continue
            return

    async def _visit(self, number: str, name: str, said: Any) -> None:  # noqa: ANN401
        async with self.work.database.begin() as session:
            id_ = next((one.id for one in await self.work.all_of(number) if one.state in OPEN), None)
            if id_ is None:
                return
            owed = await session.get_one(FollowUp, id_)
            if name == "talked":  # and the result is not noted yet
                owed.state, owed.assigned = "answered", "1001"
            elif name == "said":
                await self.work.desk.said(session, owed, AGENT, said, "因为", self.now)
            elif not owed.needs_supervisor:
                await self.work.follow_ups.in_vain(session, owed, "wrong_number", self.now)

    async def check(self) -> None:
        async with self.work.database.read() as session:
            found = await session.scalars(select(Ticket).where(Ticket.number.in_(self.numbers)))
            tickets = {one.id: one for one in found}
            query = select(FollowUp).where(FollowUp.ticket_id.in_(tickets)).order_by(FollowUp.id)
            visits: dict[int, list[FollowUp]] = {id_: [] for id_ in tickets}
            for one in await session.scalars(query):
                visits[one.ticket_id].append(one)
        families: dict[int, list[Ticket]] = {}
        for ticket in tickets.values():
            at = ticket
            while at.merged_into_id is not None:
                at = tickets[at.merged_into_id]
            if at is not ticket:
                families.setdefault(at.id, []).append(ticket)
        for ticket in tickets.values():
            assert sum(one.state in OPEN for one in visits[ticket.id]) <= 1, "one open follow-up of each request"
        for main, merged in families.items():
            self._check_family(tickets[main], merged, visits)

    def _check_family(self, main: Ticket, merged: list[Ticket], visits: dict[int, list[FollowUp]]) -> None:
        opened = [one for ticket in (main, *merged) for one in visits[ticket.id] if one.state in OPEN]
        # A talk that had begun is still noted after its answer was withdrawn, or its request merged elsewhere.
        waiting = Counter(one.number for one in opened if one.number and one.state in {"waiting", "retry"})
        assert max(waiting.values(), default=0) <= 1, "the same telephone twice"
        if main.state not in ANSWERED:
            assert not [one for one in opened if one.ticket_id != main.id and one.state in {"waiting", "retry"}]
            return
        since = visits[main.id][-1].opened_at if visits[main.id] else main.closed_at
        assert since
        served = {self.work.follow_ups.telephone_of(main)}
        missed = []
        for ticket in merged:
            last = visits[ticket.id][-1] if visits[ticket.id] else None
            heard = last is not None and last.state != "called_off" and (last.state in OPEN or last.opened_at >= since)
            if heard or ticket.satisfaction in CONTENT:
                served.add(self.work.follow_ups.telephone_of(ticket))
            else:
                missed.append(ticket)
        for ticket in missed:
            telephone = self.work.follow_ups.telephone_of(ticket)
            assert telephone, "whose telephone is not known has a visit of their own"
            assert telephone in served, f"{telephone} is told nothing of the answer to {main.number} ({main.state})"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    joined=st.sets(st.integers(1, len(PHONES) - 1), min_size=2),
    answered=st.booleans(),
    steps=st.lists(_steps, min_size=10, max_size=40),
)
async def test_no_sequence_of_moves_lets_a_citizen_miss_the_answer_or_hear_it_twice(
    database: Database, tmp_path: Path, *, joined: set[int], answered: bool, steps: list[tuple[str, int, Any]]
) -> None:
    work = Work(database, tmp_path)
    numbers = []
    for phone, state in zip(PHONES, BEGINS, strict=True):
        answer = "已修复" if state == "replied" else None
        numbers.append(await work.answered(caller=phone, state=state, answer=answer))
    family = Family(work, await work.unit(), numbers)
    begin: list[tuple[str, int, Any]] = [("merge", which, 0) for which in sorted(joined)]
    for name, which, more in [*begin, *([("on", 0, None)] if answered else []), *steps]:
        await family.step(name, which, more)
        await family.check()
