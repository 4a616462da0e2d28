"""A ticket from the first word to the archive, and the side paths, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from life_scene import MONDAY, TO_CLOSED, TO_FOLLOW_UP, TO_HANDLING, TO_REVIEW, TO_UNIT, Life, living
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.mover import MovedMeanwhile, NoSuchTicket
from callcenter.tickets.rules.refusals import NotYours, Refused


@pytest_asyncio.fixture
async def life(database: Database, tmp_path: Path) -> Life:
    return await living(database, tmp_path)


async def test_the_whole_way_leaves_an_entry_for_each_step(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_CLOSED, ("archive", "system"))
    entries = await life.entries(number)
    assert [(one.from_state, one.move, one.to_state) for one in entries] == [
        (None, "open", "accepted"),
        ("accepted", "submit", "reviewing"),
        ("reviewing", "dispatch", "dispatched"),
        ("dispatched", "sign", "handling"),
        ("handling", "reply", "replied"),
        ("replied", "approve_reply", "follow_up"),
        ("follow_up", "follow_up", "to_close"),
        ("to_close", "close", "closed"),
        ("closed", "archive", "archived"),
    ]
    assert [one.version for one in entries] == list(range(1, 10))
    ticket = await life.ticket(number)
    assert (ticket.state, ticket.version, ticket.answer) == ("archived", 9, "已更换灯泡。")
    assert (ticket.unit_id, ticket.first_unit_id, ticket.closing_unit_id) == (life.units["roads"],) * 3
    assert ticket.satisfaction == "satisfied"
    assert {clock.name for clock in await life.clocks(number)} == {"total", "sign", "handle"}
    assert all(clock.stopped_at for clock in await life.clocks(number))
    assert [event.move for event in life.heard] == [one.move for one in entries]


async def test_a_complaint_is_due_four_working_days_after_its_first_dispatch_whatever_happens_then(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_UNIT)
    due = (await life.ticket(number)).due_at
    assert due == MONDAY + timedelta(days=4, hours=7, minutes=30), "Friday 17:30 in Shanghai"
    life.now += timedelta(days=1)
    await life.go(
        number,
        ("return", "roads", {"words": "不归我们管"}),
        ("uphold_return", "boss"),
        ("dispatch", "li", {"unit": "water"}),
        ("redispatch", "boss", {"unit": "housing", "words": "派错了"}),
        ("sign", "housing"),
    )
    ticket = await life.ticket(number)
    assert ticket.due_at == due
    assert (ticket.first_unit_id, ticket.unit_id) == (life.units["roads"], life.units["housing"])
    (total,) = [clock for clock in await life.clocks(number) if clock.name == "total"]
    assert total.started_at == MONDAY
    standing = [clock.name for clock in await life.clocks(number) if clock.stopped_at is None]
    assert sorted(standing) == ["handle", "total"]


async def test_nobody_gains_time_by_a_return_or_an_extension_that_is_refused(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_HANDLING)
    before = {clock.name: clock.due_at for clock in await life.clocks(number)}
    await life.move(number, "return", "roads", words="不归我们管")
    assert {c.name for c in await life.clocks(number) if c.paused_at} == {"handle"}
    life.now += timedelta(days=1)
    await life.go(number, ("reject_return", "boss", {"words": "归你们"}), ("sign", "roads"))
    await life.move(number, "ask_extension", "roads", days=2, words="缺备件")
    life.now += timedelta(hours=3)
    await life.move(number, "refuse_extension", "boss", words="不同意")
    after = {clock.name: clock.due_at for clock in await life.clocks(number) if clock.name != "sign"}
    assert after == {name: before[name] for name in after}
    assert not any(clock.paused_at for clock in await life.clocks(number))


async def test_a_granted_extension_moves_both_deadlines_once(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_HANDLING, ("ask_extension", "roads", {"days": 2, "words": "缺备件"}))
    due = (await life.ticket(number)).due_at
    await life.move(number, "grant_extension", "boss")
    ticket = await life.ticket(number)
    assert due is not None
    assert ticket.due_at == due + timedelta(days=4), "two working days over a weekend"
    assert (ticket.extended, ticket.pending) == (1, None)
    with pytest.raises(Refused, match="as often as is allowed"):
        await life.move(number, "ask_extension", "roads", days=1, words="还要")


async def test_after_the_deadline_nobody_asks_for_an_extension(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_HANDLING)
    life.now += timedelta(days=10)
    with pytest.raises(Refused, match="The deadline is over"):
        await life.move(number, "ask_extension", "roads", days=1, words="晚了")


async def test_an_unhappy_citizen_has_it_done_again_with_a_fresh_clock_and_the_earlier_one_stays(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_FOLLOW_UP)
    life.now += timedelta(days=2)
    await life.move(number, "redo", "li", words="灯还是不亮")
    ticket = await life.ticket(number)
    assert (ticket.state, ticket.redone, ticket.satisfaction) == ("dispatched", 1, "unhappy")
    totals = [clock for clock in await life.clocks(number) if clock.name == "total"]
    assert [bool(clock.stopped_at) for clock in totals] == [True, False]
    assert ticket.due_at == totals[-1].due_at
    await life.go(number, ("sign", "roads"), ("reply", "roads", {"words": "换了线路"}), ("approve_reply", "boss"))
    await life.go(number, ("redo", "li", {"words": "还是不亮"}), ("sign", "roads"), ("reply", "roads", {"words": "修"}))
    await life.move(number, "approve_reply", "boss", answer="已修复线路，请查看。")
    with pytest.raises(Refused, match="as often as is allowed"):
        await life.move(number, "redo", "li", words="又来")
    with pytest.raises(Refused, match="a supervisor decides"):
        await life.move(number, "follow_up", "li", satisfaction="unhappy")
    await life.go(number, ("follow_up", "boss", {"satisfaction": "unhappy"}), ("close", "boss"))
    ticket = await life.ticket(number)
    assert (ticket.state, ticket.satisfaction, ticket.answer) == ("closed", "unhappy", "已修复线路，请查看。")


async def test_an_unhappy_answer_is_no_way_around_the_redo(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_FOLLOW_UP)
    with pytest.raises(Refused, match="Have it done again"):
        await life.move(number, "follow_up", "boss", satisfaction="unhappy")


async def test_what_was_answered_on_the_call_is_closed_at_once(life: Life) -> None:
    number = await life.open(kind="enquiry", then="answer", answer="周一至周五办理。")
    ticket = await life.ticket(number)
    assert (ticket.state, ticket.answer, ticket.closed_at) == ("closed", "周一至周五办理。", MONDAY)
    assert [one.move for one in await life.entries(number)] == ["open", "answer"]


async def test_a_merged_repeat_follows_its_main_ticket_until_it_is_taken_out_again(life: Life) -> None:
    main, repeat = await life.open(), await life.open()
    await life.go(main, *TO_REVIEW)
    await life.go(repeat, *TO_HANDLING)
    clocks = [(clock.name, clock.due_at, clock.stopped_at) for clock in await life.clocks(repeat)]
    life.now += timedelta(hours=1)
    await life.move(repeat, "merge", "boss", main=main)
    assert (await life.ticket(repeat)).state == "merged"
    for wrong, reason in ((repeat, "itself"), (main, "merged itself"), ("20990101000017", "number")):
        other = await life.open()
        target = other if wrong == repeat else repeat if wrong == main else wrong
        with pytest.raises(Refused) as refused:
            await life.move(other, "merge", "li", main=target)
        assert reason in refused.value.fields["main"]
    life.now += timedelta(hours=1)
    await life.move(repeat, "unmerge", "boss")
    ticket = await life.ticket(repeat)
    assert (ticket.state, ticket.merged_into_id, ticket.closed_at) == ("handling", None, None)
    assert [(clock.name, clock.due_at, clock.stopped_at) for clock in await life.clocks(repeat)] == clocks


async def test_a_city_ticket_waits_without_the_clock_running(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_UNIT, ("return", "roads", {"words": "属市级"}), ("uphold_return", "boss"))
    due = (await life.ticket(number)).due_at
    await life.move(number, "to_city", "boss")
    life.now += timedelta(days=1)
    await life.move(number, "from_city", "city", words="不属市级")
    ticket = await life.ticket(number)
    assert due is not None
    assert (ticket.state, ticket.due_at) == ("to_dispatch", due + timedelta(days=3)), "a working day, over the weekend"
    await life.move(number, "to_city", "boss")
    with pytest.raises(Refused) as refused:
        await life.move(number, "from_city", "city")
    assert "answer" in refused.value.fields
    await life.move(number, "from_city", "city", answer="市里已处理。")
    assert (await life.ticket(number)).state == "follow_up"
    await life.move(number, "redo", "li", words="没有处理")
    assert (await life.ticket(number)).state == "to_dispatch", "no unit of ours has it"
    await life.move(number, "dispatch", "boss", unit="roads")
    assert (await life.ticket(number)).state == "dispatched"


async def test_what_was_amended_stays_readable(life: Life) -> None:
    number = await life.open(description="第一稿")
    await life.move(number, "amend", "li", fields={"description": "第二稿", "category": "water", "title": "路灯不亮"})
    await life.move(number, "amend", "li", fields={"description": "第三稿", "place": "east", "address": ""})
    changes = [one.changes for one in await life.entries(number)]
    assert changes[1]["description"] == ["第一稿", "第二稿"]
    assert "title" not in changes[1], "it is as it was"
    assert changes[2]["description"] == ["第二稿", "第三稿"]
    assert changes[2].keys() == {"description", "place_id"}
    with pytest.raises(Refused, match="nothing would change"):
        await life.move(number, "amend", "li", fields={"description": "第三稿"})


async def test_the_database_itself_refuses_to_rewrite_history(life: Life) -> None:
    number = await life.open()
    for statement in ("UPDATE ticket_entries SET words = 'x'", "DELETE FROM ticket_entries"):
        with pytest.raises(DBAPIError, match="only ever added"):
            async with life.database.begin() as session:
                await session.execute(text(statement))
    assert len(await life.entries(number)) == 1


async def test_who_saw_an_older_version_is_told_and_changes_nothing(life: Life) -> None:
    number = await life.open()
    await life.move(number, "submit", "li", version=1)
    with pytest.raises(MovedMeanwhile) as moved:
        await life.move(number, "refuse", "boss", version=1, words="不受理")
    assert moved.value.version == 2
    assert len(await life.entries(number)) == 2


async def test_the_same_order_twice_is_one_step(life: Life) -> None:
    number = await life.open()
    first = await life.move(number, "submit", "li", version=1, request_id="order-0001")
    assert first is not None
    assert await life.move(number, "submit", "li", version=1, request_id="order-0001") is None
    assert len(await life.entries(number)) == 2
    with pytest.raises(Refused) as refused:
        await life.move(number, "approve", "boss", version=2, request_id="order-0001")
    assert "request_id" in refused.value.fields


async def test_only_the_unit_that_has_it_signs_and_helpers_answer_for_themselves(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_REVIEW)
    await life.move(number, "dispatch", "boss", unit="roads", helpers=("water",))
    with pytest.raises(NotYours):
        await life.move(number, "sign", "water")
    with pytest.raises(NotYours):
        await life.move(number, "helper_reply", "roads", words="x")
    await life.go(number, ("sign", "roads"), ("helper_reply", "water", {"words": "水管无碍"}))
    with pytest.raises(Refused) as refused:
        await life.move(number, "add_helper", "boss", helpers=("water", "housing"))
    assert "helpers" in refused.value.fields
    parts = {row.part: row for row in await life.parts(number)}
    assert parts["lead"].signed_at
    assert parts["helper"].replied_at
    told = {(row.kind, row.unit_id) for row in await life.notices(number) if row.audience == "unit"}
    assert {("dispatch", life.units["roads"]), ("dispatch", life.units["water"])} <= told


async def test_what_is_missing_or_wrong_is_named(life: Life) -> None:
    number = await life.open(category=None)
    for move, who, order, fields in (
        ("submit", "li", {}, {"category"}),
        ("refuse", "boss", {"words": "  "}, {"words"}),
        ("refuse", "boss", {"words": "好", "days": 3}, {"days"}),
        ("amend", "li", {"fields": {"category": "none"}}, {"category"}),
        ("amend", "li", {"fields": {"place": "none"}}, {"place"}),
        ("amend", "li", {"fields": {"kind": "missed_call"}}, {"kind"}),
        ("amend", "li", {"fields": {"title": " "}}, {"title"}),
        ("amend", "li", {"fields": {"caller": "1"}}, {"caller"}),
        ("amend", "li", {"fields": {"title": "长" * 201, "contact_phone": "1" * 33}}, {"title", "contact_phone"}),
        ("comment", "li", {"words": "长" * 5001}, {"words"}),
        ("attach", "li", {"attachments": (99,)}, {"attachments"}),
    ):
        with pytest.raises(Refused) as refused:
            await life.move(number, move, who, **order)
        assert refused.value.fields.keys() == fields, move
    await life.go(number, ("amend", "li", {"fields": {"category": "water"}}), ("submit", "li"))
    for unit in ("nobody", "gone"):
        with pytest.raises(Refused) as refused:
            await life.move(number, "dispatch", "boss", unit=unit)
        assert refused.value.fields.keys() == {"unit"}
    with pytest.raises(NoSuchTicket):
        await life.move("20260101000018", "submit", "li")


@pytest.mark.parametrize(
    "words",
    [
        "路灯不亮",
        "مرحبا بالعالم",
        "👩‍👧🚰",
        "𠮷野家",
        "Ünïcödé\n\tтекст",
        "\u202eRTL\u202c",
        "'; DROP TABLE tickets;--",
    ],
)
async def test_texts_of_any_script_are_kept_to_the_last_sign(life: Life, words: str) -> None:
    long = (words * 10_000)[:10_000].strip()
    number = await life.open(title=words, description=long)
    await life.move(number, "comment", "li", words=words)
    ticket = await life.ticket(number)
    assert (ticket.title, ticket.description) == (words, long)
    assert (await life.entries(number))[-1].words == words


async def test_a_raised_urgency_is_due_sooner_and_a_lowered_one_gains_nobody_time(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_UNIT)
    usual = (await life.ticket(number)).due_at
    assert usual is not None
    await life.move(number, "set_urgency", "boss", urgency="emergency")
    assert (await life.ticket(number)).due_at == usual - timedelta(days=3), "one working day"
    await life.move(number, "set_urgency", "boss", urgency="normal")
    assert (await life.ticket(number)).due_at == usual - timedelta(days=3)


async def test_a_reopened_ticket_starts_anew_and_keeps_its_past(life: Life) -> None:
    number = await life.open()
    await life.go(number, *TO_CLOSED, ("reopen", "boss", {"words": "市民又来电"}))
    ticket = await life.ticket(number)
    assert (ticket.state, ticket.unit_id, ticket.closed_at) == ("to_dispatch", None, None)
    await life.go(number, ("dispatch", "li", {"unit": "water"}))
    assert (await life.ticket(number)).first_unit_id == life.units["roads"]
