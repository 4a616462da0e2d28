"""Dispatch help on a hotline: learned by a job, kept by the controller, asked at the desk, held against the truth."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from desk_api import Api, serving
from dispatch_scene import NOW, filled, trained
from sqlalchemy import func, select, update

from callcenter.panel.sessions import Identity
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets import views
from callcenter.tickets.flows.finding.repeats import Sought, repeats
from callcenter.tickets.flows.finding.search_index import index_moved
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.suggestions import record, training
from callcenter.tickets.suggestions.advice import Adviser
from callcenter.tickets.suggestions.keeper import ALARM, ModelKeeper
from callcenter.tickets.suggestions.learning import TooLittle
from callcenter.tickets.suggestions.training import AlreadyLearning
from callcenter.tickets.tables import DispatchModel, MemberUnit, Place, Suggestion, Ticket
from callcenter.tickets.views.suggestions import ADVISER

LIGHT = {
    "kind": "help",
    "title": "路灯不亮",
    "description": "来电人反映，清澜街道春晖路的路灯半个月不亮了，晚上走路看不见，希望尽快处理。",
}
FORM = "form-0000-0001"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var")


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.data_folder / "dispatch-help"


class Told:
    """Alarms that were told of."""

    def __init__(self) -> None:
        self.on: dict[str, Mapping[str, Any]] = {}

    def __call__(self, kind: str, figures: Mapping[str, Any] | None) -> None:
        if figures is None:
            self.on.pop(kind, None)
        else:
            self.on[kind] = figures


@pytest.fixture
async def api(
    database: Database, settings: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    """A hotline that has learned, and is asked."""
    await filled(database, settings, 3000)
    await trained(database, settings, folder)
    keeper = ModelKeeper(database, folder, settings)
    await keeper.look()

    def wired(app: web.Application) -> None:
        app[TICKETS] = TicketDesk(database, Mover(settings, KeptCalendar(settings), [index_moved, record.join]))
        app[ADVISER] = Adviser(database, keeper, record.Recorder(database, settings.node))

    async with serving(database, tmp_path, [views.add_routes, wired], monkeypatch) as api:
        yield api


async def test_the_desk_is_told_category_unit_reasons_and_past_tickets(api: Api) -> None:
    agent = await api.as_("agent01", agent="1001")
    async with agent.post("/api/v1/suggestions", json=LIGHT) as answer:
        advice = await answer.json()
        assert answer.status == 200, advice
    assert (advice["category"]["code"], advice["category"]["name"]) == ("street-light", "路灯")
    assert advice["unit"]["name"] == "城市管理局"
    assert "路灯" in advice["reasons"]
    assert 1 <= len(advice["tickets"]) <= 5
    async with api.database.read() as session:
        urban = await session.scalar(select(MemberUnit.id).where(MemberUnit.code == "urban"))
        for past in advice["tickets"]:
            ticket = await session.scalar(select(Ticket).where(Ticket.number == past["number"]))
            assert ticket is not None
            assert ticket.closing_unit_id == urban
            assert not ticket.confidential
    async with agent.post("/api/v1/suggestions", json=LIGHT | {"title": "qwerty", "description": "asdf"}) as answer:
        silent = await answer.json()
    assert (silent["category"], silent["unit"], silent["reasons"], silent["tickets"]) == (None, None, [], [])


async def test_what_was_suggested_is_held_against_what_was_right(api: Api) -> None:
    agent = await api.as_("agent01", agent="1001")
    for form in (FORM, "form-0000-0002"):
        async with agent.post("/api/v1/suggestions", json=LIGHT | {"draft": form}) as answer:
            assert answer.status == 200
        wanted = LIGHT | {"request_id": form, "category": "street-light"}
        async with agent.post("/api/v1/tickets", json=wanted) as answer:
            assert answer.status == 201, await answer.text()
    async with api.database.begin() as session:
        rows = list(await session.scalars(select(Suggestion).order_by(Suggestion.id)))
        assert [(row.draft, row.category, row.unit, row.chosen) for row in rows] == [
            (FORM, "street-light", "urban", "street-light"),
            ("form-0000-0002", "street-light", "urban", "street-light"),
        ]
        units = {code: id_ for id_, code in await session.execute(select(MemberUnit.id, MemberUnit.code))}
        for row, closing in zip(rows, ("urban", "power"), strict=True):
            values = {"state": "closed", "closed_at": clock.now(), "closing_unit_id": units[closing]}
            await session.execute(update(Ticket).where(Ticket.id == row.ticket_id).values(values))
    async with agent.get("/api/v1/suggestions/accuracy") as answer:
        assert answer.status == 403
    boss = await api.as_("boss", "supervisor")
    async with boss.get("/api/v1/suggestions/accuracy") as answer:
        seen = await answer.json()
        assert answer.status == 200, seen
    assert seen["live"] == {"numerator": 1, "denominator": 2, "value": 0.5, "target": 0.02, "met": False}
    assert seen["live_category"]["numerator"] == 0
    assert [month["denominator"] for month in seen["months"]] == [2]
    assert [(one["suggested"]["code"], one["right"]["code"], one["count"]) for one in seen["confused"]] == [
        ("urban", "power", 1)
    ]
    assert len(seen["wrong"]) == 1
    assert seen["model"]["used"] is True
    assert seen["held_out"]["unit"]["tickets"] > 0


async def test_another_persons_form_and_a_sent_one_are_not_changed(api: Api) -> None:
    agent, other = await api.as_("agent01", agent="1001"), await api.as_("agent02", agent="1002")
    bus = {"title": "公交车不准点", "description": "44路公交车等了四十分钟不来，建议增加公交班次", "draft": FORM}
    await (await agent.post("/api/v1/suggestions", json=LIGHT | {"draft": FORM})).json()
    await (await other.post("/api/v1/suggestions", json=bus)).json()
    async with agent.post("/api/v1/tickets", json=LIGHT | {"request_id": FORM}) as answer:
        assert answer.status == 201
    await (await agent.post("/api/v1/suggestions", json=bus)).json()
    async with api.database.read() as session:
        rows = list(await session.scalars(select(Suggestion)))
    assert [(row.who, row.category) for row in rows] == [("agent01", "street-light")]


async def test_what_is_sent_is_checked_and_units_do_not_ask(api: Api) -> None:
    agent = await api.as_("agent01", agent="1001")
    wrong = {"title": "x" * 201, "description": "x" * 100_001, "kind": "missed_call", "draft": "../../etc"}
    for name, value in wrong.items():
        async with agent.post("/api/v1/suggestions", json={name: value}) as answer:
            assert answer.status == 400, name
            assert list((await answer.json())["fields"]) == [name]
    unit = await api.as_("urban1", "unit", unit="urban")
    async with unit.post("/api/v1/suggestions", json=LIGHT) as answer:
        assert answer.status == 403


async def test_a_repeat_is_found_by_caller_and_by_road_but_never_a_confidential_one(
    database: Database, settings: Settings
) -> None:
    await filled(database, settings, 400)
    boss, agent = Identity("boss", "boss", "supervisor"), Identity("agent09", "agent09", "agent")
    async with database.read() as session:
        query = select(Ticket, Place.code).join(Place, Place.id == Ticket.place_id)
        known, place = (
            await session.execute(
                query.where(
                    Ticket.description.contains("春晖路"), Ticket.state != "merged", Ticket.caller.startswith("138")
                ).limit(1)
            )
        ).one()
    text = f"{known.title}\n{known.description}"
    for caller in (known.caller, f"+86{known.caller}", "13999999999"):
        async with database.read() as session:
            found = await repeats(session, boss, Sought(text, (), caller, place, None), now=NOW)
        assert known.number in [one["number"] for one in found], caller
        assert ("same_caller" in found[0]["why"]) == (caller != "13999999999")
    async with database.begin() as session:
        await session.execute(update(Ticket).where(Ticket.id == known.id).values(confidential=True, accepted_by="x"))
    async with database.read() as session:
        seen = await repeats(session, boss, Sought(text, (), known.caller, place, None), now=NOW)
        hidden = await repeats(session, agent, Sought(text, (), known.caller, place, None), now=NOW)
        late = await repeats(session, boss, Sought(text, (), known.caller, place, None), now=NOW + timedelta(days=200))
    assert known.number in [one["number"] for one in seen]
    assert known.number not in [one["number"] for one in hidden]
    assert late == []


async def test_a_broken_file_leaves_the_model_before_it_and_raises_an_alarm(
    database: Database, settings: Settings, folder: Path
) -> None:
    await filled(database, settings, 1000)
    first = await trained(database, settings, folder)
    alarms = Told()
    keeper = ModelKeeper(database, folder, settings, alarms)
    await keeper.look()
    assert keeper.model_id == first.id
    async with database.begin() as session:
        # Otherwise the same file would come of the same tickets.
        await session.execute(update(Ticket).where(Ticket.id > 900).values(confidential=True))
    second = await trained(database, settings, folder, NOW + timedelta(days=1))
    path = folder / second.file
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    await keeper.look()
    assert keeper.model_id == first.id
    assert alarms.on == {ALARM: {"file": second.file}}
    # Whoever starts now finds the older one, too.
    fresh = ModelKeeper(database, folder, settings)
    await fresh.look()
    assert fresh.model_id == first.id
    async with database.begin() as session:
        await session.execute(update(Ticket).where(Ticket.id > 850).values(confidential=True))
    third = await trained(database, settings, folder, NOW + timedelta(days=2))
    await keeper.look()
    assert keeper.model_id == third.id
    assert alarms.on == {}


async def test_two_trainings_at_once_are_one(database: Database, settings: Settings, folder: Path) -> None:
    await filled(database, settings, 600)
    results = await asyncio.gather(
        trained(database, settings, folder), trained(database, settings, folder), return_exceptions=True
    )
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [AlreadyLearning]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(DispatchModel)) == 1


async def test_without_enough_tickets_nothing_is_learned(database: Database, settings: Settings, folder: Path) -> None:
    await filled(database, settings, 100)
    with pytest.raises(TooLittle):
        await trained(database, settings, folder)
    assert set(os.listdir(folder)) == {"training.lock"}  # noqa: PTH208


async def test_a_training_that_is_killed_leaves_the_model_that_was_there(
    database: Database, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(database, settings, 600)
    first = await trained(database, settings, folder)
    left = folder / "begun-1"
    left.write_bytes(b"half of it")
    url = database.url.render_as_string(hide_password=False)
    environment = {**os.environ, "CALLCENTER_DATA": str(settings.data_folder), "CALLCENTER_DATABASE_URL": url}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", "dispatch-help", "train"), env=environment
    )
    async with asyncio.timeout(60):
        # It has begun to work once it has cleared away what another left.
        while left.exists():
            await asyncio.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    keeper = ModelKeeper(database, folder, settings)
    await keeper.look()
    assert keeper.model_id == first.id
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(DispatchModel)) == 1

    def half(_folder: Path, _name: str, _content: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(training, "_write", half)
    with pytest.raises(OSError, match="no space"):
        await trained(database, settings, folder)
    await keeper.look()
    assert keeper.model_id == first.id


async def test_the_controller_has_it_learned_by_a_process_of_its_own(
    database: Database, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", database.url.render_as_string(hide_password=False))
    await filled(database, settings, 600)
    keeper = ModelKeeper(database, folder, settings)
    await keeper.minutely()
    async with asyncio.timeout(90):
        while keeper.model is None:
            await asyncio.sleep(0.05)
    await keeper.minutely()
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(DispatchModel)) == 1
