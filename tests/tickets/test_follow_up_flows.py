"""A follow-up opens with the approval, closes with the ticket's next move, and each attempt of it counts once."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from follow_up_work import AGENT, NUMBER, T0, Work, at
from sqlalchemy import select

from callcenter.hotline.events import ErrandTried
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.dialling import Dial
from callcenter.hotline.rules.retries import Result
from callcenter.hotline.tables import Call
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.rules.refusals import Refused as MoveRefused
from callcenter.tickets.tables import FollowUp, FollowUpLink, TicketEntry


@pytest.fixture
def work(database: Database, tmp_path: Path) -> Work:
    return Work(database, tmp_path)


async def dial(work: Work, follow_up: int, when: datetime = T0, agent: str = "1001") -> int | None:
    async with work.database.begin() as session:
        return await work.errand.begin(session, Dial(follow_up, agent, "8001", NUMBER, "follow-up"), when)


async def told(work: Work, attempt: int, result: Result, when: datetime = T0, *, began: datetime | None = None) -> None:
    """The historian tells what an attempt came to; its call is stored before that."""
    async with work.database.begin() as session:
        name = f"node1-follow-up-{attempt}"
        call = (await session.scalars(select(Call).where(Call.linkedid == name))).first()
        if call is None:
            call = Call(
                node="node1",
                linkedid=name,
                caller=NUMBER,
                direction="outbound",
                started_at=began or when,
                outcome="answered" if result == "answered" else "unanswered",
                attempt_id=attempt,
                wants_callback=False,
                cut=False,
            )
            session.add(call)
            await session.flush()
        event = ErrandTried("node1", when, "follow-up", attempt, call.id, NUMBER, "1001", result, began or when, when)
        await work.follow_ups.tried(session, [event])


async def test_every_approved_reply_owes_one_follow_up_and_a_redo_another(work: Work) -> None:
    number, first = await work.to_follow_up()
    assert [(one.state, one.number) for one in await work.all_of(number)] == [("waiting", NUMBER)]
    await work.move(number, "comment", words="催问")
    assert len(await work.all_of(number)) == 1, "a comment owes no second one"
    await work.move(number, "redo", AGENT, words="还是没有水")
    (done,) = await work.all_of(number)
    assert (done.state, done.satisfaction, done.words, done.said_to) == ("done", "unhappy", "还是没有水", "li")
    water = await work.ticket(number)
    assert (water.state, water.redone) == ("dispatched", 1)
    async with work.database.begin() as session:
        (await session.get_one(type(water), water.id)).state = "replied"
    await work.move(number, "approve_reply")
    assert [one.state for one in await work.all_of(number)] == ["done", "waiting"]
    assert first == done.id


async def test_the_citizen_is_called_where_they_want_to_be_and_not_at_night(work: Work) -> None:
    number, _ = await work.to_follow_up(at(14), contact_phone="13900000009")
    (owed,) = await work.all_of(number)
    assert (owed.number, owed.next_at) == ("13900000009", at(22))
    async with work.database.read() as session:
        assert await work.errand.pending(session, at(15), {"1001"}, set()) == []
        assert [one.id for one in await work.errand.pending(session, at(22), {"1001"}, set())] == [owed.id]


async def test_a_number_that_must_not_be_dialled_is_not(work: Work) -> None:
    _, owed = await work.to_follow_up(contact_phone="16812345")
    async with work.database.read() as session:
        assert [one.held for one in await work.errand.pending(session, at(0), {"1001"}, set())] == ["premium"]
        with pytest.raises(Refused, match="no number that can be dialled"):
            await work.errand.find(session, owed)


async def test_an_attempt_is_taken_once_and_on_disk_before_anybody_is_asked(work: Work) -> None:
    _, owed = await work.to_follow_up()
    first = await dial(work, owed)
    assert first is not None
    assert await dial(work, owed, agent="1002") is None
    assert [(one.agent, one.result) for one in await work.tries_of(owed)] == [("1001", "dialling")]
    async with work.database.read() as session:
        with pytest.raises(Refused, match="being dialled already"):
            await work.errand.find(session, owed)


async def test_who_is_not_reached_is_tried_again_and_given_up_after_the_last(work: Work) -> None:
    number, owed = await work.to_follow_up()
    for hours, state in ((0, "retry"), (2, "retry"), (26, "unreached")):
        attempt = await dial(work, owed, at(hours))
        assert attempt is not None
        for _ in range(2):  # the same news twice change nothing
            await told(work, attempt, "no_answer", at(hours))
        assert (await work.all_of(number))[0].state == state
    assert (await work.ticket(number)).state == "follow_up"
    assert await work.desk.give_up() == 1
    assert (await work.ticket(number)).state == "to_close"
    assert await work.desk.give_up() == 0


async def test_a_follow_up_of_an_earlier_round_gives_up_no_later_one(work: Work) -> None:
    number, owed = await work.to_follow_up()
    attempt = await dial(work, owed)
    assert attempt is not None
    await told(work, attempt, "wrong_number")
    await work.move(number, "redo", AGENT, words="本人来窗口说没解决")
    async with work.database.begin() as session:
        ticket = await work.ticket(number)
        (await session.get_one(type(ticket), ticket.id)).state = "replied"
    await work.move(number, "approve_reply")
    assert await work.desk.give_up() == 0
    assert [one.state for one in await work.all_of(number)] == ["unreached", "waiting"]


async def test_an_order_that_asterisk_never_got_is_given_back_and_the_record_is_believed_all_the_same(
    work: Work,
) -> None:
    number, owed = await work.to_follow_up()
    attempt = await dial(work, owed)
    assert attempt is not None
    async with work.database.begin() as session:
        assert list(await work.errand.never_began(session, at(-1))) == [], "it is too early"
        assert list(await work.errand.never_began(session, at(1))) == [attempt]
        await work.errand.not_dialled(session, attempt, at(1), "never ordered")
    assert [one.state for one in await work.all_of(number)] == ["waiting"]
    await told(work, attempt, "answered", T0 + timedelta(seconds=20))
    assert [one.state for one in await work.all_of(number)] == ["answered"]
    async with work.database.read() as session:
        assert list(await work.errand.never_began(session, at(1))) == []


async def test_a_record_of_another_life_is_no_attempt_of_this_one(work: Work) -> None:
    number, owed = await work.to_follow_up()
    attempt = await dial(work, owed)
    assert attempt is not None
    await told(work, attempt, "no_answer", at(-30), began=at(-30))
    assert [one.result for one in await work.tries_of(owed)] == ["dialling"]
    assert (await work.all_of(number))[0].state == "dialling"


async def test_at_the_last_redo_an_unhappy_citizen_is_left_to_a_supervisor_and_no_word_is_lost(work: Work) -> None:
    number, id_ = await work.to_follow_up(redone=2)
    async with work.database.begin() as session:
        owed = await session.get_one(FollowUp, id_)
        await work.desk.said(session, owed, AGENT, "unhappy", "三次都没修好", T0)
    (kept,) = await work.all_of(number)
    assert (kept.state, kept.satisfaction, kept.words, kept.needs_supervisor) == (
        "answered",
        "unhappy",
        "三次都没修好",
        True,
    )
    assert (await work.ticket(number)).state == "follow_up"
    with pytest.raises(MoveRefused):
        await work.move(number, "redo", AGENT, words="again")


async def entries(work: Work, number: str) -> list[tuple[str, str | None]]:
    async with work.database.read() as session:
        ticket = await work.ticket(number)
        query = select(TicketEntry).where(TicketEntry.ticket_id == ticket.id).order_by(TicketEntry.id)
        return [(one.move, one.words) for one in await session.scalars(query)]


async def link_of(work: Work, follow_up: int) -> str:
    message = json.loads((work.folder / f"follow-up-{follow_up}.json").read_text())
    return str(message["link"]).rpartition("/")[2]


async def test_a_citizen_answers_by_link_once_and_only_its_hash_is_kept(work: Work) -> None:
    number, owed = await work.to_follow_up(clock.now())
    assert [await work.links.send_due(), await work.links.send_due()] == [1, 0]
    message = json.loads((work.folder / f"follow-up-{owed}.json").read_text())
    assert message["to"] == NUMBER
    assert message["link"] in message["text"]
    assert (work.folder / f"follow-up-{owed}.json").stat().st_mode & 0o77 == 0, "a link is a secret"
    token = await link_of(work, owed)
    async with work.database.read() as session:
        (kept,) = await session.scalars(select(FollowUpLink.token_hash))
    assert token not in kept
    for _ in range(2):  # asking changes nothing
        looked = await work.links.look(token)
        assert (looked.state, looked.number, looked.answer) == ("open", number, "已修复")
    assert (await work.links.rate(token, "fairly", "慢了些")).state == "answered"
    assert (await work.links.rate(token, "unhappy", "不行")).state == "answered"
    (done,) = await work.all_of(number)
    assert (done.state, done.satisfaction, done.words, done.said_to) == ("done", "fairly", "慢了些", "citizen")
    assert (await work.ticket(number)).state == "to_close"
    assert [move for move, _ in await entries(work, number)] == ["approve_reply", "follow_up"]


async def test_a_link_dies_with_its_time_and_with_the_agents_call(work: Work) -> None:
    _, late = await work.to_follow_up(clock.now())
    number, called = await work.to_follow_up(clock.now())
    await work.links.send_due()
    async with work.database.begin() as session:
        (await session.get_one(FollowUpLink, late)).expires_at = clock.now()
    assert (await work.links.look(await link_of(work, late))).state == "expired"
    assert (await work.links.rate(await link_of(work, late), "unhappy", "太慢")).state == "expired"
    await work.move(number, "follow_up", AGENT, satisfaction="satisfied")
    assert (await work.links.rate(await link_of(work, called), "unhappy", "太慢")).state == "answered"
    assert (await work.all_of(number))[0].satisfaction == "satisfied"


async def test_a_message_that_was_perhaps_not_handed_over_is_made_anew(work: Work) -> None:
    _, owed = await work.to_follow_up(clock.now())
    work.folder.write_text("no folder")
    assert await work.links.send_due() == 0
    work.folder.unlink()
    assert await work.links.send_due() == 1
    assert (await work.links.look(await link_of(work, owed))).state == "open"


async def test_two_answers_by_one_link_at_once_are_one(work: Work) -> None:
    number, owed = await work.to_follow_up(clock.now())
    await work.links.send_due()
    token = await link_of(work, owed)
    came = await asyncio.gather(*(work.links.rate(token, "satisfied", "") for _ in range(4)), return_exceptions=True)
    assert [one.state for one in came if not isinstance(one, BaseException)] == ["answered"] * len(came)
    assert [move for move, _ in await entries(work, number)] == ["approve_reply", "follow_up"]


async def test_a_link_that_nobody_was_given_opens_nothing(work: Work) -> None:
    for token in ("", "x" * 43, "../" * 10, "停水" * 20):
        assert (await work.links.look(token)).state == "unknown"
        assert (await work.links.rate(token, "satisfied", "")).state == "unknown"
