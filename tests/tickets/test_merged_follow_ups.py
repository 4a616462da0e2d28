"""Citizens whose request was merged into another hear its answer too: once each, and what they say is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from follow_up_work import AGENT, BOSS, NUMBER, T0, Work, at
from sqlalchemy import select

from callcenter.hotline.rules.agents import Refused as Impossible
from callcenter.reports import indicators
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.follow_ups.links import Looked
from callcenter.tickets.rules.decisions import CITY
from callcenter.tickets.rules.follow_ups import Merged, to_visit
from callcenter.tickets.rules.refusals import Refused
from callcenter.tickets.tables import FollowUp, FollowUpLink, TicketEntry

ONE, TWO, THREE = "13800000011", "13800000012", "13800000013"


@pytest.fixture
def work(database: Database, tmp_path: Path) -> Work:
    return Work(database, tmp_path)


async def repeat(work: Work, phone: str, main: str, **fields: Any) -> str:  # noqa: ANN401  # columns
    """Store a request of another citizen, merged into `main`; return its number."""
    wanted = {"state": "to_dispatch", "caller": phone, "title": "没有水", "answer": None, "unit_id": None}
    number = await work.answered(**wanted | fields)
    await work.move(number, "merge", main=main)
    return number


async def states(work: Work, number: str) -> list[str]:
    return [one.state for one in await work.all_of(number)]


async def approve(work: Work, number: str, when: Any = T0) -> None:  # noqa: ANN401  # a time
    await work.move(number, "approve_reply", when=when, answer="已修复")


async def say(work: Work, number: str, doer: Any, said: Any, words: str = "", when: Any = T0) -> None:  # noqa: ANN401, PLR0917
    async with work.database.begin() as session:
        owed = (await work.all_of(number))[-1]
        await work.desk.said(session, await session.get_one(FollowUp, owed.id), doer, said, words, when)


async def entries(work: Work, number: str) -> list[tuple[str, str, str | None]]:
    async with work.database.read() as session:
        ticket = await work.ticket(number)
        query = select(TicketEntry).where(TicketEntry.ticket_id == ticket.id).order_by(TicketEntry.id)
        return [(one.move, one.to_state, one.words) for one in await session.scalars(query)]


async def redone(work: Work, main: str, words: str = "又停了") -> None:
    """The answer of `main` is withdrawn: it is done again, and replied to."""
    await work.move(main, "redo", AGENT, words=words)
    await work.move(main, "sign", await work.unit())
    await work.move(main, "reply", await work.unit(), words="再次修复")


async def test_each_citizen_of_a_merged_request_is_owed_the_answer_once(work: Work) -> None:
    main = await work.answered()
    own = [await repeat(work, phone, main) for phone in (ONE, TWO, ONE, NUMBER, "+8613800000011", "")]
    last = await repeat(work, THREE, main, contact_phone=TWO)
    unknown = await repeat(work, "", main)
    assert await states(work, own[0]) == [], "nothing before there is an answer"
    await approve(work, main)
    assert await states(work, main) == ["waiting"]
    assert [await states(work, one) for one in own] == [["waiting"], ["waiting"], [], [], [], ["waiting"]]
    assert await states(work, last) == [], "who wants to be called at the same telephone is the same citizen"
    assert await states(work, unknown) == ["waiting"], "whose telephone is not known is nobody else"
    assert [(one.number, one.next_at) for one in await work.all_of(own[1])] == [(TWO, T0)]
    assert (await work.ticket(own[0])).state == "merged"


async def test_whoever_is_merged_while_the_main_request_is_followed_up_is_owed_it_as_well(work: Work) -> None:
    main, _ = await work.to_follow_up()
    first, same = await repeat(work, ONE, main), await repeat(work, ONE, main)
    await say(work, first, AGENT, "satisfied")
    await work.move(main, "follow_up", AGENT, satisfaction="satisfied")
    again, late = await repeat(work, ONE, main), await repeat(work, TWO, main)
    assert [await states(work, one) for one in (first, same, again, late)] == [["done"], [], [], ["waiting"]]


async def test_what_comes_back_answered_from_the_city_or_was_answered_on_the_call_is_told_too(work: Work) -> None:
    for state, move, doer in (("city", "from_city", CITY), ("accepted", "answer", AGENT)):
        main = await work.answered(state=state, unit_id=None, answer=None)
        other, same = await repeat(work, ONE, main), await repeat(work, NUMBER, main)
        await work.move(main, move, doer, answer="已答复")
        assert [await states(work, one) for one in (other, same)] == [["waiting"], []], move


async def test_a_main_request_that_is_merged_takes_its_own_along_and_back(work: Work) -> None:
    first = await work.answered(state="handling", caller=ONE)
    carried = await repeat(work, TWO, first)
    main = await work.answered()
    await work.move(first, "merge", main=main)
    assert (await work.ticket(carried)).merged_into_id == (await work.ticket(main)).id
    direct = await repeat(work, THREE, main)
    await approve(work, main)
    assert [await states(work, one) for one in (first, carried, direct)] == [["waiting"]] * 3
    await work.move(first, "unmerge")
    ids = [(await work.ticket(one)).merged_into_id for one in (first, carried, direct)]
    assert ids == [None, (await work.ticket(first)).id, (await work.ticket(main)).id]
    got = [await states(work, one) for one in (first, carried, direct)]
    assert got == [["called_off"], ["called_off"], ["waiting"]]
    steps = [(move, to) for move, to, _ in await entries(work, carried)]
    assert steps == [("merge", "merged"), ("remerge", "merged"), ("remerge", "merged")]


async def test_a_chain_of_merges_from_before_is_followed_to_its_end(work: Work) -> None:
    first, main = await work.answered(state="handling", caller=ONE), await work.answered()
    deep = await repeat(work, TWO, first)
    async with work.database.begin() as session:
        ticket = await session.get_one(type(await work.ticket(first)), (await work.ticket(first)).id)
        ticket.state, ticket.merged_into_id = "merged", (await work.ticket(main)).id
    await approve(work, main)
    assert [await states(work, one) for one in (first, deep)] == [["waiting"], ["waiting"]]


async def test_what_a_content_citizen_says_is_kept_with_their_own_request_and_moves_nothing(work: Work) -> None:
    main = await work.answered()
    own = await repeat(work, ONE, main)
    await approve(work, main)
    for _ in range(2):  # told twice is said once
        await say(work, own, AGENT, "fairly", "慢了些", at(1))
    (owed,) = await work.all_of(own)
    assert (owed.state, owed.satisfaction, owed.words, owed.said_to) == ("done", "fairly", "慢了些", "li")
    ticket = await work.ticket(own)
    assert (ticket.state, ticket.satisfaction, ticket.followed_up_at) == ("merged", "fairly", at(1))
    assert await entries(work, own) == [("merge", "merged", None), ("follow_up", "merged", "慢了些")]
    assert (await work.ticket(main)).state == "follow_up"


async def test_an_unhappy_one_waits_for_a_supervisor_and_no_word_is_lost(work: Work) -> None:
    main = await work.answered()
    own = await repeat(work, ONE, main)
    await approve(work, main)
    await say(work, own, AGENT, "unhappy", "我家还是没有水")
    (owed,) = await work.all_of(own)
    assert (owed.state, owed.needs_supervisor, owed.words) == ("answered", True, "我家还是没有水")
    ticket = await work.ticket(own)
    assert (ticket.state, ticket.satisfaction) == ("merged", "unhappy")
    await work.move(main, "follow_up", AGENT, satisfaction="satisfied")
    assert await states(work, own) == ["answered"], "whatever the main request does"
    await say(work, own, BOSS, "unhappy", "已当面说明", at(2))
    (owed,) = await work.all_of(own)
    assert (owed.state, owed.needs_supervisor, owed.said_to) == ("done", False, "boss")
    assert [words for *_, words in await entries(work, own)] == [None, "我家还是没有水", "已当面说明"]


async def test_an_unhappy_word_that_nobody_had_to_ask_for_waits_for_a_supervisor_too(work: Work) -> None:
    main, _ = await work.to_follow_up()
    own = await repeat(work, NUMBER, main)
    assert await states(work, own) == []
    await work.move(own, "follow_up", AGENT, satisfaction="unhappy", words="来窗口说没解决")
    (owed,) = await work.all_of(own)
    assert (owed.state, owed.needs_supervisor, owed.words) == ("answered", True, "来窗口说没解决")


async def test_nobody_says_a_word_of_an_answer_that_is_not_there(work: Work) -> None:
    main = await work.answered(answer=None)
    own = await repeat(work, ONE, main)
    with pytest.raises(Refused, match="has not been answered"):
        await work.move(own, "follow_up", AGENT, satisfaction="satisfied")


async def test_who_is_not_reached_is_given_up_with_evidence_and_moves_nothing(work: Work) -> None:
    main = await work.answered()
    own = await repeat(work, ONE, main)
    await approve(work, main)
    (owed,) = await work.all_of(own)
    async with work.database.begin() as session:
        row = await session.get_one(FollowUp, owed.id)
        await work.follow_ups.in_vain(session, row, "wrong_number", at(1))
    assert await states(work, own) == ["unreached"]
    assert await work.desk.give_up() == 0
    assert [(await work.ticket(one)).state for one in (own, main)] == ["merged", "follow_up"]


async def test_undoing_a_merge_calls_its_follow_up_off_and_asks_others_of_the_same_telephone(work: Work) -> None:
    main = await work.answered()
    own, same = await repeat(work, ONE, main), await repeat(work, ONE, main)
    await approve(work, main)
    await work.links.send_due()
    await work.move(own, "unmerge", when=at(1))
    (owed,) = await work.all_of(own)
    assert (owed.state, owed.closed_at) == ("called_off", at(1))
    assert await states(work, same) == ["waiting"]
    async with work.database.read() as session:
        with pytest.raises(Impossible, match="over already"):
            await work.errand.find(session, owed.id)
        link = await session.get(FollowUpLink, owed.id)
        assert link is None or link.used_at
    await work.move(own, "merge", main=main)
    assert await states(work, own) == ["called_off"], "the other one is asked for both"


async def test_undoing_a_merge_decides_on_an_unhappy_word_and_forgets_it_for_the_next_answer(work: Work) -> None:
    main = await work.answered()
    own = await repeat(work, ONE, main)
    await approve(work, main)
    await say(work, own, AGENT, "unhappy", "没有水")
    await work.move(own, "unmerge")
    (owed,) = await work.all_of(own)
    assert (owed.state, owed.satisfaction, owed.needs_supervisor) == ("done", "unhappy", False)
    ticket = await work.ticket(own)
    assert (ticket.state, ticket.satisfaction, ticket.followed_up_at) == ("to_dispatch", None, None)


async def test_an_answer_that_is_withdrawn_is_read_to_nobody_and_the_next_to_those_who_are_not_content(
    work: Work,
) -> None:
    main = await work.answered()
    content, unhappy, waiting, talked = [await repeat(work, phone, main) for phone in (ONE, TWO, THREE, "13800000014")]
    await approve(work, main)
    await say(work, content, AGENT, "satisfied")
    await say(work, unhappy, AGENT, "unhappy", "没有水")
    async with work.database.begin() as session:
        (await session.get_one(FollowUp, (await work.all_of(talked))[0].id)).state = "answered"
    await redone(work, main)
    got = [await states(work, one) for one in (content, unhappy, waiting, talked)]
    assert got == [["done"], ["done"], ["called_off"], ["answered"]]
    await say(work, talked, AGENT, "fairly")  # the result of a talk may be noted later
    await approve(work, main, at(5))
    got = [(await states(work, one))[1:] for one in (content, unhappy, waiting, talked)]
    assert got == [[], ["waiting"], ["waiting"], []]


async def test_a_link_of_a_merged_request_shows_nothing_of_the_main_request(work: Work) -> None:
    main = await work.answered(title="李四家停水", caller=NUMBER)
    own = await repeat(work, ONE, main)
    await approve(work, main, clock.now())
    await work.links.send_due()
    (owed,) = await work.all_of(own)
    message = json.loads((work.folder / f"follow-up-{owed.id}.json").read_text())
    assert "一并办理" in message["text"]
    looked = await work.links.look(message["link"].rpartition("/")[2])
    assert looked == Looked("open", own, "没有水", merged=True)
    for secret in (main, "李四", "已修复", NUMBER):
        assert secret not in json.dumps(message, ensure_ascii=False) + str(looked)
    assert (await work.links.rate(message["link"].rpartition("/")[2], "unhappy", "没有水")).state == "answered"
    (owed,) = await work.all_of(own)
    assert (owed.needs_supervisor, owed.said_to, owed.words) == (True, "citizen", "没有水")


async def test_a_confidential_main_request_is_told_of_by_those_who_may_read_it(work: Work) -> None:
    main = await work.answered(confidential=True)
    own = await repeat(work, ONE, main)
    await approve(work, main)
    async with work.database.read() as session:
        assert list(await work.errand.pending(session, T0, {"1001"}, set())) == [], own


async def figures(work: Work, number: int) -> tuple[Any, Any, Any]:
    """The indicator `number` of the day: what is as it should be, of how many, and for how many words were said."""
    async with work.database.read() as session:
        (row,) = await indicators.indicators(session, T0.date(), T0.date(), now=at(9), only=number)
    return row["numerator"], row["denominator"], row["parts"][0]["numerator"] if number == 6 else None


async def test_each_merged_request_counts_as_one_visit_that_is_owed_and_made_and_what_is_said_as_a_word(
    work: Work,
) -> None:
    main = await work.answered(first_dispatched_at=T0, replied_at=T0)
    first, same, second, third = [await repeat(work, phone, main) for phone in (ONE, ONE, TWO, THREE)]
    assert (await figures(work, 6), await figures(work, 3)) == ((0, 0, 0), (0, 0, None)), "no answer, no visit"
    await approve(work, main, at(1))
    assert await figures(work, 6) == (0, 4, 0), "main, first, second and third; the same telephone is asked once"
    assert (await work.ticket(same)).replied_at is None
    await say(work, first, AGENT, "satisfied", when=at(2))
    await say(work, second, AGENT, "unhappy", "没有水", when=at(2))
    assert (await figures(work, 6), await figures(work, 3)) == ((2, 4, 2), (1, 2, None))
    async with work.database.begin() as session:
        owed = await session.get_one(FollowUp, (await work.all_of(third))[0].id)
        await work.follow_ups.in_vain(session, owed, "wrong_number", at(3))
    assert (await figures(work, 6), await figures(work, 3)) == ((3, 4, 2), (1, 2, None)), "given up with evidence"
    await work.move(main, "redo", AGENT, words="又停了", when=at(4))
    assert (await figures(work, 6), await figures(work, 3)) == ((1, 1, 1), (1, 1, None)), "the content said the last"
    await work.move(first, "unmerge", when=at(5))
    assert (await figures(work, 6), await figures(work, 3)) == ((0, 0, 0), (0, 0, None))


def test_every_citizen_is_visited_once() -> None:
    some = [Merged(1, "a"), Merged(2, "b"), Merged(3, "a"), Merged(4, ""), Merged(5, ""), Merged(6, "main")]
    assert to_visit("main", some) == [1, 2, 4, 5]
    asked = [Merged(1, "a", visited=True), Merged(2, "a"), Merged(3, "b", content=True), Merged(4, "b")]
    assert to_visit("", asked) == []
