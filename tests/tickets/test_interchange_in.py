"""What the city platform sends: believed only when signed, done once, refused with the name of what is wrong."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from city_scene import KEY, OURS, THEIRS, District, asks, district
from life_scene import living
from sqlalchemy import func, select

from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.interchange import signing
from callcenter.tickets.tables import CityMessage, Ticket


@pytest_asyncio.fixture
async def ours(database: Database, tmp_path: Path) -> AsyncIterator[District]:
    async with district(await living(database, tmp_path), tmp_path) as its:
        yield its


async def count(ours: District, table: Any = Ticket) -> int:  # noqa: ANN401  # a table
    async with ours.life.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_city_ticket_waits_to_be_dispatched_under_both_numbers(ours: District) -> None:
    status, told = await ours.say(asks(category="roads.lamp", place="east", urgency="urgent", caller="13800000001"))
    assert (status, told["result"], told["message_id"]) == (200, "ok", "message-1")
    ticket = await ours.life.ticket(told["number"])
    assert (ticket.state, ticket.source, ticket.city_number) == ("to_dispatch", "city", "SZ-1")
    assert (ticket.urgency, ticket.caller, ticket.accepted_by) == ("urgent", "13800000001", None)


async def test_the_same_message_twice_is_one_ticket_and_one_answer(ours: District) -> None:
    first = await ours.say(asks())
    assert await ours.say(asks()) == first
    both = await asyncio.gather(*(ours.say(asks("SZ-2", "message-2")) for _ in range(8)))
    assert {(status, told["number"]) for status, told in both} == {(200, both[0][1]["number"])}
    assert await count(ours) == 2


async def test_a_name_stands_for_one_message(ours: District) -> None:
    await ours.say(asks())
    status, told = await ours.say(asks("SZ-9"))
    assert (status, set(told["fields"])) == (409, {"message_id"})
    assert await count(ours) == 1


async def test_a_city_number_that_comes_anew_is_the_same_ticket(ours: District) -> None:
    _, first = await ours.say(asks())
    _, again = await ours.say(asks("SZ-1", "message-2", description="补充：井盖已丢失两天。"))
    assert again["number"] == first["number"]
    entries = await ours.life.entries(first["number"])
    assert [entry.move for entry in entries] == ["open", "comment"]
    assert "两天" in (entries[1].words or "")


async def test_a_reminder_reaches_the_unit_and_the_supervisors(ours: District) -> None:
    _, told = await ours.say(asks(category="roads.lamp"))
    await ours.life.go(told["number"], ("dispatch", "boss", {"unit": "roads"}))
    words = {"kind": "remind", "city_number": "SZ-1", "words": "请尽快办理。"}
    assert (await ours.say({"message_id": "message-2", **words}))[0] == 200
    notices = await ours.life.notices(told["number"])
    assert {"unit", "supervisor"} <= {notice.audience for notice in notices if "remind" in notice.kind}
    assert (await ours.life.ticket(told["number"])).reminded == 1


async def test_what_we_handed_up_comes_back_with_its_answer(ours: District) -> None:
    number = await ours.life.open()
    await ours.life.go(number, ("submit", "li"), ("to_city", "boss"))
    result = {"outcome": "done", "words": "市水务局已修复。"}
    message = {"message_id": "message-3", "kind": "result", "city_number": "SZ-77", "number": number, "result": result}
    assert (await ours.say(message))[0] == 200
    ticket = await ours.life.ticket(number)
    assert (ticket.state, ticket.answer, ticket.city_number) == ("follow_up", "市水务局已修复。", "SZ-77")
    assert (await ours.say(message))[0] == 200, "the same again"
    status, told = await ours.say({**message, "message_id": "message-4"})
    assert (status, told["result"]) == (409, "refused"), "it is at the city no more"


async def test_what_the_city_returns_waits_to_be_dispatched(ours: District) -> None:
    number = await ours.life.open()
    await ours.life.go(number, ("submit", "li"), ("to_city", "boss"))
    result = {"outcome": "returned", "words": "属区级职责。"}
    message = {"message_id": "message-5", "kind": "result", "city_number": "SZ-78", "number": number, "result": result}
    assert (await ours.say(message))[0] == 200
    assert (await ours.life.ticket(number)).state == "to_dispatch"


def signed_by_hand(sent: bytes, /, **parts: Any) -> dict[str, str]:  # noqa: ANN401  # parts of the signature
    """Headers of a message whose signature is right for other `parts` than it has."""
    at = str(int(clock.now().timestamp()))
    right = {"method": "POST", "path": "/api/v1/city/messages", "time": at, "nonce": secrets.token_urlsafe(24)}
    wanted = right | {"body": sent} | parts
    key = wanted.pop("key", KEY.encode())
    sign = signing.signature(key, **wanted)
    return {signing.ID: "city", signing.TIME: right["time"], signing.NONCE: right["nonce"], signing.SIGNATURE: sign}


@pytest.mark.parametrize(
    "parts",
    [
        {"key": b"x" * 40},
        {"method": "PUT"},
        {"path": "/elsewhere"},
        {"time": "1"},
        {"nonce": "n" * 20},
        {"body": b"{}"},
    ],
    ids=lambda parts: next(iter(parts)),
)
async def test_a_signature_holds_for_every_part_of_the_message(ours: District, parts: dict[str, Any]) -> None:
    body = json.dumps(asks()).encode()
    headers = signed_by_hand(body, **parts)
    async with ours.session.post(
        f"{ours.url}/api/v1/city/messages", data=body, headers={**headers, "Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 401
        assert "X-Hotline-Signature" in (await answer.json())["fields"]
    assert await count(ours) == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"now": 0.0}, "X-Hotline-Time"),
        ({"id": "nobody"}, "X-Hotline-Id"),
        ({"nonce": "short"}, "X-Hotline-Nonce"),
        ({"time": "yesterday"}, "X-Hotline-Time"),
        ({"signature": "市"}, "X-Hotline-Signature"),
        ({"signature": ""}, "X-Hotline-Signature"),
    ],
)
async def test_what_is_wrong_with_a_signature_is_named(ours: District, changed: dict[str, Any], field: str) -> None:
    status, told = await ours.say(asks(), **changed)
    assert (status, set(told["fields"])) == (401, {field})
    assert await count(ours) == 0


@pytest.mark.parametrize("ahead", [-600, 600])
async def test_a_clock_that_is_ten_minutes_off_is_told_so(ours: District, ahead: int) -> None:
    status, told = await ours.say(asks(), now=clock.now().timestamp() + ahead)
    assert status == 401
    assert f"{ahead:+d}"[:3] in told["fields"]["X-Hotline-Time"]


async def test_a_message_that_was_listened_to_cannot_be_replayed(ours: District) -> None:
    nonce = secrets.token_urlsafe(24)
    assert (await ours.say(asks(), nonce=nonce))[0] == 200
    status, told = await ours.say(asks(), nonce=nonce)
    assert (status, set(told["fields"])) == (401, {"X-Hotline-Nonce"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ticket": {"category": "no-such"}}, "category"),
        ({"ticket": {"place": "no-such"}}, "place"),
        ({"ticket": {"kind": "party"}}, "ticket.kind"),
        ({"ticket": {"title": "长" * 201}}, "ticket.title"),
        ({"ticket": {"title": ""}}, "ticket.title"),
        ({"ticket": {"due_at": "tomorrow"}}, "ticket.due_at"),
        ({"ticket": {"secret": 1}}, "ticket.secret"),
        ({"city_number": "'; DROP TABLE tickets"}, "city_number"),
        ({"message_id": "x"}, "message_id"),
        ({"kind": "gift"}, "kind"),
        ({"kind": "remind"}, "body"),
    ],
)
async def test_a_faulty_message_is_refused_by_field_and_remembered_by_nobody(
    ours: District, change: dict[str, Any], field: str
) -> None:
    message = asks(**change.get("ticket", {})) | {name: value for name, value in change.items() if name != "ticket"}
    status, told = await ours.say(message)
    assert status == 400, told
    assert (told["result"], list(told["fields"])) == ("refused", [field])
    assert await count(ours) == await count(ours, CityMessage) == 0
    assert (await ours.say(asks()))[0] == 200, "mended, it may be sent under the same name"


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\xfe", b'{"a":' * 50_000, b'{"message_id": "\\u0000"}'])
async def test_garbage_is_refused(ours: District, body: bytes) -> None:
    status, told = await ours.say(body)
    assert (status, told["result"]) == (400, "refused")


async def test_a_message_that_is_too_large_is_refused(ours: District) -> None:
    status, _ = await ours.say(b" " * 300_000)
    assert status == 413


async def test_nobody_is_believed_without_a_key(ours: District) -> None:
    async with ours.session.post(f"{ours.url}/api/v1/city/messages", json=asks()) as answer:
        assert answer.status == 401


def test_an_answer_is_not_taken_for_a_message() -> None:
    headers = signing.signed_answer(THEIRS, "/in", "n" * 20, b"{}", now=1000.0)
    signing.verify_answer(OURS, "/in", "n" * 20, headers, b"{}", 1000.0)
    with pytest.raises(signing.BadSignature, match="Signature"):
        signing.verify(OURS, "POST", "/in", headers, b"{}", 1000.0)
    with pytest.raises(signing.BadSignature, match="not that of our message"):
        signing.verify_answer(OURS, "/in", "m" * 20, headers, b"{}", 1000.0)


def test_the_key_is_in_no_picture_of_the_parties() -> None:
    assert KEY not in repr(OURS)
