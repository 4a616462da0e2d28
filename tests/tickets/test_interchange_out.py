"""What the city is told: in order, until it confirms, whatever it does meanwhile."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from city_scene import City, city, sender, until
from life_scene import TO_HANDLING, Life, living
from sqlalchemy import select

from callcenter.settings.requests import Interchange as Wanted
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.interchange import outbox
from callcenter.tickets.interchange.client import CityClient
from callcenter.tickets.interchange.outbox import Outbox
from callcenter.tickets.tables import CityOutbox

Manner = Callable[[City, web.Request], Awaitable[web.StreamResponse]]


@pytest_asyncio.fixture
async def theirs(tmp_path: Path) -> AsyncIterator[City]:
    async with city(tmp_path) as its:
        yield its


def wanted_of(its: City, **more: Any) -> Wanted:  # noqa: ANN401  # settings
    return Wanted(url=its.url, ca_file=its.ca_file, retry_seconds=(1,), stuck_after=3, **more)


async def with_outbox(database: Database, folder: Path, wanted: Wanted) -> Life:
    life = await living(database, folder)
    life.mover.subscribers.append(Outbox(wanted, "node1").hears)
    life.now = clock.now()
    return life


async def handed_up(life: Life) -> str:
    number = await life.open()
    await life.go(number, ("submit", "li"), ("to_city", "boss", {"words": "涉及市管道路"}))
    return number


async def turn(life: Life, wanted: Wanted, *, seconds: float = 2.0) -> tuple[int, list[tuple[str, Any]]]:
    """Try what is due, once, now; a peer is waited for so long."""
    sending, alarms = sender(life, wanted)
    async with life.database.begin() as session:
        rows = await session.scalars(select(CityOutbox).where(CityOutbox.sent_at.is_(None)))
        for row in rows:
            row.next_at = clock.now()
    async with CityClient(wanted.url, sending.parties, wanted.ca_file, seconds) as client:
        return await sending.turn(client), alarms


async def rows(life: Life) -> list[CityOutbox]:
    async with life.database.read() as session:
        return list(await session.scalars(select(CityOutbox).order_by(CityOutbox.id)))


async def test_a_ticket_handed_up_is_confirmed_and_has_their_number(
    database: Database, tmp_path: Path, theirs: City
) -> None:
    async def numbered(its: City, request: web.Request) -> web.StreamResponse:
        return its.confirm(request, city_number="SZ-5")

    theirs.manner = numbered
    life = await with_outbox(database, tmp_path, wanted_of(theirs))
    number = await handed_up(life)
    sent, alarms = await turn(life, wanted_of(theirs))
    assert sent == 1
    assert alarms[-1] == ("city_messages_stuck", None)
    (got,) = theirs.got
    assert (got["kind"], got["number"], got["ticket"]["title"], got["words"]) == (
        "ticket",
        number,
        "路灯不亮",
        "涉及市管道路",
    )
    assert (await life.ticket(number)).city_number == "SZ-5"
    assert (await turn(life, wanted_of(theirs)))[0] == 0, "once"


async def test_the_city_hears_of_its_ticket_step_by_step_in_order(
    database: Database, tmp_path: Path, theirs: City
) -> None:
    life = await with_outbox(database, tmp_path, wanted_of(theirs))
    number = await life.open("city", source="city", city_number="SZ-6")
    await life.go(
        number, ("dispatch", "boss", {"unit": "roads"}), ("sign", "roads"), ("reply", "roads", {"words": "好"})
    )
    await life.go(number, ("approve_reply", "boss"), ("follow_up", "li", {"satisfaction": "satisfied"}))
    await life.go(number, ("close", "boss"))
    other = await life.open()
    await life.go(other, *TO_HANDLING)
    while (await turn(life, wanted_of(theirs)))[0]:
        pass
    assert [got["move"] for got in theirs.got] == ["dispatch", "sign", "reply", "approve_reply", "follow_up", "close"]
    assert (theirs.got[-1]["state"], theirs.got[-1]["answer"], theirs.got[-1]["satisfaction"]) == (
        "closed",
        "好",
        "satisfied",
    )
    assert {got["city_number"] for got in theirs.got} == {"SZ-6"}, "of other tickets it hears nothing"


async def hangs(_its: City, _request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    raise AssertionError


async def resets(_its: City, request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def drips(_its: City, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(300):
        await answer.write(b" ")
        await asyncio.sleep(0.1)
    return answer


async def hangs_after_the_headers(_its: City, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await asyncio.sleep(30)
    return answer


async def breaks(_its: City, _request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="Internal Server Error")


async def sends_elsewhere(its: City, _request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": its.url + "?again"})


async def html(_its: City, _request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>登录</html>", content_type="text/html")


async def is_endless(its: City, request: web.Request) -> web.StreamResponse:
    return its.signed(request, b" " * 200_000)


async def signs_garbage(its: City, request: web.Request) -> web.StreamResponse:
    return its.signed(request, b'{"result": 7}')


async def signs_wrongly(its: City, request: web.Request) -> web.StreamResponse:
    answer = its.confirm(request)
    answer.headers["X-Hotline-Signature"] = "0" * 64
    return answer


async def signs_for_another_request(its: City, request: web.Request) -> web.StreamResponse:
    said = json.dumps({"message_id": its.got[-1]["message_id"], "result": "ok"}).encode()
    return its.signed(request, said, nonce="another-nonce-of-old")


async def answers_another_message(its: City, request: web.Request) -> web.StreamResponse:
    return its.confirm(request, message_id="another-message")


async def lives_in_the_past(its: City, request: web.Request) -> web.StreamResponse:
    said = json.dumps({"message_id": its.got[-1]["message_id"], "result": "ok"}).encode()
    return its.signed(request, said, now=clock.now().timestamp() - 600)


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        (hangs, "no answer within"),
        (resets, "Disconnected"),
        (drips, "no answer within"),
        (hangs_after_the_headers, "no answer within"),
        (breaks, "HTTP 500"),
        (sends_elsewhere, "HTTP 302"),
        (html, "not signed"),
        (is_endless, "more than"),
        (signs_garbage, "an answer that is none"),
        (signs_wrongly, "Signature is wrong"),
        (signs_for_another_request, "Nonce"),
        (answers_another_message, "another message"),
        (lives_in_the_past, "differs from our clock by -60"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
async def test_whatever_the_city_does_the_message_stays_until_it_is_confirmed(
    database: Database, tmp_path: Path, theirs: City, manner: Manner, said: str
) -> None:
    wanted = wanted_of(theirs)
    life = await with_outbox(database, tmp_path, wanted)
    await handed_up(life)
    theirs.manner = manner
    for attempt in (1, 2, 3):
        sent, alarms = await turn(life, wanted, seconds=0.4)
        (letter,) = await rows(life)
        assert (sent, letter.attempts, letter.sent_at) == (0, attempt, None)
        assert said in (letter.error or "")
        assert alarms[-1] == ("city_messages_stuck", {"messages": 1} if attempt == 3 else None)
    theirs.manner = None
    sent, alarms = await turn(life, wanted)
    assert (sent, alarms[-1][1]) == (1, None)
    assert len(theirs.distinct()) == 1, "they can tell that it was one message"


async def test_a_peer_that_refuses_for_good_is_asked_again_only_by_a_person(
    database: Database, tmp_path: Path, theirs: City
) -> None:
    async def refuses(its: City, request: web.Request) -> web.StreamResponse:
        return its.confirm(request, 400, result="refused", error="unknown district")

    theirs.manner = refuses
    wanted = wanted_of(theirs)
    life = await with_outbox(database, tmp_path, wanted)
    await handed_up(life)
    _, alarms = await turn(life, wanted)
    assert alarms[-1] == ("city_messages_stuck", {"messages": 1})
    assert (await turn(life, wanted), len(theirs.got)) == ((0, alarms), 1)
    async with database.begin() as session:
        (row,) = await outbox.listing(session, 3, which="stuck", limit=10)
        assert (row["refused"], row["stuck"]) == (True, True)
        assert "unknown district" in row["error"]
        await outbox.retry(session, row["id"], clock.now())
    theirs.manner = None
    assert (await turn(life, wanted))[0] == 1


async def test_what_is_given_up_lets_the_next_go_on(database: Database, tmp_path: Path, theirs: City) -> None:
    wanted = wanted_of(theirs)
    life = await with_outbox(database, tmp_path, wanted)
    number = await life.open("city", source="city", city_number="SZ-6")
    await life.go(number, ("dispatch", "boss", {"unit": "roads"}), ("sign", "roads"))
    theirs.manner = breaks
    await turn(life, wanted)
    assert [one["move"] for one in theirs.got] == ["dispatch"], "the second waits for the first"
    async with database.begin() as session:
        await outbox.give_up(session, (await rows(life))[0].id, "boss", "已电话告知", clock.now())
        with pytest.raises(LookupError):
            await outbox.give_up(session, 999, "boss", "不存在", clock.now())
    theirs.manner = None
    assert (await turn(life, wanted))[0] == 1
    assert theirs.got[-1]["move"] == "sign"


async def test_an_answer_that_was_lost_leads_to_the_same_message_again(
    database: Database, tmp_path: Path, theirs: City
) -> None:
    wanted = wanted_of(theirs)
    life = await with_outbox(database, tmp_path, wanted)
    await handed_up(life)
    theirs.manner = resets
    await turn(life, wanted)
    theirs.manner = None
    await turn(life, wanted)
    assert (len(theirs.got), len(theirs.distinct())) == (2, 1)
    assert theirs.got[0] == theirs.got[1]


async def test_nobody_is_there(database: Database, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = City(url=f"http://127.0.0.1:{taken.getsockname()[1]}/in")
        wanted = wanted_of(nobody)
        life = await with_outbox(database, tmp_path, wanted)
        await handed_up(life)
        await turn(life, wanted)
    assert "Connect" in ((await rows(life))[0].error or "")


async def test_a_name_that_leads_nowhere(database: Database, tmp_path: Path) -> None:
    nowhere = City(url="https://city.invalid/in")
    wanted = wanted_of(nowhere)
    life = await with_outbox(database, tmp_path, wanted)
    await handed_up(life)
    await turn(life, wanted)
    assert (await rows(life))[0].attempts == 1


async def test_a_certificate_of_nobody_we_know_is_not_trusted(database: Database, tmp_path: Path, theirs: City) -> None:
    wanted = Wanted(url=theirs.url, retry_seconds=(1,))
    life = await with_outbox(database, tmp_path, wanted)
    await handed_up(life)
    await turn(life, wanted)
    assert "certificate is not trusted" in ((await rows(life))[0].error or "")
    assert not theirs.got


async def test_five_hundred_messages_go_out_after_an_outage(database: Database, tmp_path: Path, theirs: City) -> None:
    wanted = wanted_of(theirs)
    life = await with_outbox(database, tmp_path, wanted)
    for _ in range(50):
        number = await life.open("city", source="city", city_number=f"SZ-{_}")
        await life.go(
            number, ("dispatch", "boss", {"unit": "roads"}), ("redispatch", "boss", {"unit": "water", "words": "改派"})
        )
        for words in range(8):
            await life.move(number, "comment", "li", words=str(words))
    sending, _ = sender(life, wanted)
    running = asyncio.ensure_future(sending.run())  # noqa: TID251  # ends with the test
    try:
        sending.look()
        await until(lambda: len(theirs.got) >= 500, 60)
    finally:
        running.cancel()
    assert len(theirs.distinct()) == len(theirs.got) == 500
    for number in {one["number"] for one in theirs.got}:
        told = [one["words"] for one in theirs.got if one["number"] == number and one["move"] == "comment"]
        assert told == [str(words) for words in range(8)], "in order for each ticket"


def test_a_url_must_be_secret() -> None:
    for url in ("http://city.example/in", "ftp://city.example", "https://user:pass@city.example/in", "city"):
        with pytest.raises(ValueError, match="must be"):
            Wanted(url=url)
