"""The follow-ups' API 回访: who sees and notes what, what is refused and why; and the citizen's link, from outside."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from desk_api import Api, serving
from follow_up_work import Work
from sqlalchemy import select

from callcenter.hotline.rules.dialling import Dial
from callcenter.panel.tables import Audit
from callcenter.reports import views as reports
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.tables import FollowUp, FollowUpAttempt
from callcenter.tickets.views import follow_ups, rating
from callcenter.tickets.views.follow_ups import FOLLOW_UP_DESK
from callcenter.tickets.views.rating import RATING, Rating


@pytest.fixture
def work(database: Database, tmp_path: Path) -> Work:
    return Work(database, tmp_path)


@pytest_asyncio.fixture
async def api(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    features = [follow_ups.add_routes, rating.add_routes, reports.add_routes]
    async with serving(work.database, tmp_path, features, monkeypatch) as served:
        served.app[FOLLOW_UP_DESK] = work.desk
        served.app[RATING] = Rating(work.links)
        yield served


async def post(client: ClientSession, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with client.post(f"/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def listed(client: ClientSession, view: str) -> list[int]:
    async with client.get(f"/api/v1/follow-ups?view={view}") as answer:
        assert answer.status == 200, await answer.text()
        return [row["id"] for row in await answer.json()]


async def picked_up(work: Work, follow_up: int, agent: str = "1001") -> None:
    """Somebody answered a call that `agent` made."""
    async with work.database.begin() as session:
        attempt = await work.errand.begin(
            session, Dial(follow_up, agent, "8001", "13800000001", "follow-up"), clock.now()
        )
        (await session.get_one(FollowUpAttempt, attempt)).result = "answered"
        owed = await session.get_one(FollowUp, follow_up)
        owed.state, owed.assigned = "answered", agent


async def test_the_agent_who_spoke_notes_the_word_and_nobody_else_but_a_supervisor(api: Api, work: Work) -> None:
    number, owed = await work.to_follow_up(clock.now())
    li, wang = await api.as_("li", agent="1001"), await api.as_("wang", agent="1002")
    status, answer = await post(li, f"follow-ups/{owed}/result", {"result": "satisfied"})
    assert (status, answer["fields"]) == (409, {}), "nobody has picked up"
    await picked_up(work, owed)
    assert (await post(wang, f"follow-ups/{owed}/result", {"result": "satisfied"}))[0] == 409
    assert [await listed(li, "mine"), await listed(wang, "mine")] == [[owed], []]
    status, answer = await post(li, f"follow-ups/{owed}/result", {"result": "unhappy"})
    assert (status, list(answer["fields"])) == (400, ["words"])
    for _ in range(2):  # sent twice is said once
        status, row = await post(li, f"follow-ups/{owed}/result", {"result": "unhappy", "words": "还没有水"})
        assert (status, row["state"], row["words"]) == (200, "done", "还没有水")
    ticket = await work.ticket(number)
    assert (ticket.state, ticket.redone) == ("dispatched", 1)
    async with work.database.read() as session:
        trail = [(one.who, one.action, one.target) for one in await session.scalars(select(Audit))]
    assert ("li", "follow_up_result_noted", f"follow-up {owed}") in trail


async def test_a_voicemail_is_tried_again_and_a_wrong_number_given_up(api: Api, work: Work) -> None:
    _, owed = await work.to_follow_up(clock.now())
    boss = await api.as_("boss", "supervisor", "1001")
    await picked_up(work, owed)
    status, row = await post(boss, f"follow-ups/{owed}/result", {"result": "no_answer", "words": "语音信箱"})
    assert (status, row["state"], row["attempts"][0]["note"]) == (200, "retry", "语音信箱")
    status, answer = await post(boss, f"follow-ups/{owed}/result", {"result": "no_answer"})
    assert status == 409, answer
    await picked_up(work, owed)
    status, row = await post(boss, f"follow-ups/{owed}/result", {"result": "wrong_number"})
    assert (status, row["state"]) == (200, "unreached")


async def test_a_confidential_ticket_is_visited_by_those_who_may_see_it(api: Api, work: Work) -> None:
    _, owed = await work.to_follow_up(clock.now(), confidential=True)
    li, boss = await api.as_("li", agent="1001"), await api.as_("boss", "supervisor")
    assert [await listed(li, "open"), await listed(boss, "open")] == [[], [owed]]
    async with li.get(f"/api/v1/follow-ups/{owed}") as answer:
        assert answer.status == 404
    for path, body in ((f"follow-ups/{owed}/dial", {}), (f"follow-ups/{owed}/result", {"result": "satisfied"})):
        assert (await post(li, path, body))[0] == 404
    async with work.database.read() as session:
        assert list(await work.errand.pending(session, clock.now(), {"1001"}, set())) == [], (
            "nor is it dialled by itself"
        )


async def test_the_work_list_names_the_main_request_of_a_merged_one_to_those_who_may_see_it(
    api: Api, work: Work
) -> None:
    async def shown(client: ClientSession, follow_up: int) -> tuple[Any, ...]:
        async with client.get(f"/api/v1/follow-ups/{follow_up}") as answer:
            text = await answer.text()
            assert "已修复" not in text, "the main request's answer is read there, by who may read it"
            row = json.loads(text)
        (listed,) = [one for one in await rows(client) if one["id"] == follow_up]
        assert listed == row
        return row["merged"], row["main"], row["answer"]

    async def rows(client: ClientSession) -> list[Any]:
        async with client.get("/api/v1/follow-ups?view=open") as answer:
            found: list[Any] = await answer.json()
            return found

    li, boss = await api.as_("li", agent="1001"), await api.as_("boss", "supervisor")
    for confidential in (False, True):
        main = await work.answered(confidential=confidential)
        fields = {"state": "to_dispatch", "caller": f"1380000001{confidential:d}", "answer": None, "unit_id": None}
        own = await work.answered(**fields)
        await work.move(own, "merge", main=main)
        await work.move(main, "approve_reply", answer="已修复")
        (owed,) = await work.all_of(own)
        assert await shown(boss, owed.id) == (True, main, None)
        assert await shown(li, owed.id) == (True, None if confidential else main, None)


async def test_units_and_strangers_see_no_follow_ups(api: Api, work: Work) -> None:
    _, owed = await work.to_follow_up(clock.now())
    unit, nobody = await api.as_("water", "unit", unit="water"), await api.client()
    for client, refusal in ((unit, 403), (nobody, 401)):
        for path in ("follow-ups", "follow-ups/counts", f"follow-ups/{owed}"):
            async with client.get(f"/api/v1/{path}") as answer:
                assert answer.status == refusal, path
        assert (await post(client, f"follow-ups/{owed}/result", {"result": "satisfied"}))[0] == refusal


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "result"),
        ({"result": "great"}, "result"),
        ({"result": "satisfied", "words": "x" * 2001}, "words"),
        ({"result": "satisfied", "more": 1}, "more"),
    ],
)
async def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    li = await api.as_("li", agent="1001")
    status, answer = await post(li, "follow-ups/1/result", body)
    assert (status, list(answer["fields"])) == (400, [field])


async def test_without_a_line_or_a_seat_nobody_is_dialled(api: Api, work: Work) -> None:
    _, owed = await work.to_follow_up(clock.now())
    li, boss = await api.as_("li", agent="1001"), await api.as_("boss", "supervisor")
    status, answer = await post(li, f"follow-ups/{owed}/dial", {})
    assert (status, "1001" in answer["error"]) == (409, True)
    assert (await post(li, f"follow-ups/{owed}/dial", {"agent": "1002"}))[0] == 403
    status, answer = await post(boss, f"follow-ups/{owed}/dial", {})
    assert (status, list(answer["fields"])) == (400, ["agent"])
    assert (await post(boss, "follow-ups/99999/dial", {"agent": "1001"}))[0] == 404


async def test_a_citizen_answers_from_outside_and_guessing_is_slowed_down(api: Api, work: Work) -> None:
    number, owed = await work.to_follow_up(clock.now())
    await work.links.send_due()
    token = json.loads((work.folder / f"follow-up-{owed}.json").read_text())["link"].rpartition("/")[2]
    citizen = await api.client()
    status, shown = await post(citizen, "rate/look", {"token": token})
    assert (status, shown["state"], shown["title"]) == (200, "open", "停水")
    status, answer = await post(citizen, "rate", {"token": token, "satisfaction": "unhappy"})
    assert (status, list(answer["fields"])) == (400, ["words"])
    status, shown = await post(citizen, "rate", {"token": token, "satisfaction": "satisfied"})
    assert (status, shown) == (200, {"state": "answered", "number": "", "title": "", "answer": "", "merged": False})
    assert (await work.ticket(number)).state == "to_close"
    assert (await post(citizen, "rate", {"token": token, "satisfaction": "fairly"}))[1]["state"] == "answered"
    guesses = [(await post(citizen, "rate/look", {"token": f"{n:043d}"}))[0] for n in range(70)]
    assert set(guesses) == {404, 429}
    assert guesses[-1] == 429


async def test_a_number_that_somebody_wrote_down_is_masked_in_the_list_but_for_whoever_works_on_it(
    api: Api, work: Work
) -> None:
    number, owed = await work.to_follow_up(
        clock.now(), title="请回电6655 1234", description="13800001234，工单20261123"
    )
    await picked_up(work, owed)
    async with work.database.begin() as session:
        (attempt,) = await session.scalars(select(FollowUpAttempt))
        attempt.note = "改打66551235"
    seen = {}
    for login, agent in (("li", "1001"), ("wang", "1002")):
        client = await api.as_(login, agent=agent)
        async with client.get("/api/v1/follow-ups") as answer:
            (row,) = await answer.json()
        seen[login] = (row["ticket"], row["title"], row["description"], row["attempts"][0]["note"])
    assert seen["wang"] == (number, "请回电******34", "138****1234，工单20261123", "改打******35")
    assert seen["li"] == (number, "请回电6655 1234", "13800001234，工单20261123", "改打66551235")


async def test_the_list_behind_an_indicator_masks_the_numbers_in_titles(api: Api, work: Work) -> None:
    asked = {"state": "closed", "satisfaction": "satisfied", "followed_up_at": clock.now()}
    number = await work.answered(title="请回电6655 1234", **asked)
    boss = await api.as_("boss", "supervisor")
    async with boss.get("/api/v1/indicators/3/list") as answer:
        (row,) = (await answer.json())["rows"]
    assert (row["ticket"], row["title"]) == (number, "请回电******34")
