"""The controller is away for good, and Asterisk itself answers from what the controller left on disk.

Nobody restarts it here: whoever would is stopped. A caller on the list of abusive callers is told so, everybody else
hears the announcement, one asks by key how far their request is and is told, and who wants a person gets one. Then all
is back, and the calls are on the list as if nothing had been.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import psutil
import pytest
from harness import PROMPTS, SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import document, stopped, until_document
from sqlalchemy import insert

from callcenter import databases
from callcenter.demo.citizens import Citizen
from callcenter.paths import Paths
from callcenter.storage.engine import Database
from callcenter.tickets.rules.numbers import number as ticket_number
from callcenter.tickets.tables import Ticket

pytestmark = pytest.mark.asterisk

#: Of the request that is asked about.
NUMBER = ticket_number(date(2026, 11, 23), 42)
BLOCKED, ASKS, OTHER = "13895000001", "13895000002", "13895000003"


@pytest.fixture
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    with running_hotline(tmp_path_factory.mktemp("fallback")) as running:
        yield running


async def asks_for_help(hotline: Hotline, caller: str) -> None:
    """A request of `caller` is on its way."""
    database = Database(databases.url(hotline.settings))
    async with database.begin() as session:
        await session.execute(
            insert(Ticket).values(
                node=hotline.settings.node,
                number=NUMBER,
                kind="help",
                state="accepted",
                caller=caller,
                title="t",
                description="d",
                opened_at=datetime.now(UTC),
            )
        )
    await database.close()


async def until_heard(citizen: Citizen, prompt: str, within: float = 10) -> None:
    hertz = PROMPTS[prompt][0]
    await wait_for(lambda: hears(citizen.speech.heard, hertz, 0.3), within, what=f"{citizen} hears {prompt}")


async def test_the_snapshot_answers_while_the_controller_is_away(hotline: Hotline) -> None:
    snapshot = Paths.of(hotline.settings).snapshot
    await hotline.cli("announcement", "on")
    await asks_for_help(hotline, ASKS)
    async with hotline.citizen(OTHER) as citizen:  # whatever is stored is a reason to look at the requests again
        await citizen.until("answered")
        await citizen.hang_up()
    await wait_for(lambda: ASKS in json.loads(snapshot.read_text())["tickets"], 20, what="the request is in the file")

    async with hotline.seated("1001", "8001"):
        with stopped(psutil.Process(hotline.process.pid)):
            hotline.program("controller").kill()
            known = json.loads(snapshot.read_text())
            assert known["announcement"] == {"on": True}
            snapshot.write_text(json.dumps(known | {"blocked": {BLOCKED: "block"}}))
            async with hotline.citizen(BLOCKED) as citizen:
                await until_heard(citizen, "blocked")
                await citizen.until("ended")
            async with hotline.citizen(ASKS) as citizen:
                await until_heard(citizen, "announcement")
                await until_heard(citizen, "menu")
                citizen.press("1")
                await until_heard(citizen, "ticket-number")
                citizen.press("#")
                await until_heard(citizen, "ticket-accepted")
                await citizen.until("ended", within=15)
            async with hotline.citizen(OTHER) as citizen:
                await until_heard(citizen, "menu")
                citizen.press("1")
                await until_heard(citizen, "ticket-number")
                citizen.press("#")
                await until_heard(citizen, "ticket-none")
                await citizen.until("ended", within=15)
            async with hotline.citizen(OTHER) as citizen:
                await until_heard(citizen, "menu")
                citizen.press("1")
                await until_heard(citizen, "ticket-number")
                citizen.press(NUMBER + "#")
                await until_heard(citizen, "ticket-accepted", 15)
                await citizen.until("ended", within=15)
            async with hotline.citizen(OTHER) as citizen:
                await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), 15, what="a person answers")
                await citizen.hang_up()
        await until_document(hotline, asterisk="up", database="up")
    for caller, outcomes in (
        (BLOCKED, ["blocked"]),
        (ASKS, ["self_service"]),
        (OTHER, ["answered", "self_service", "self_service", "abandoned_greeting"]),
    ):

        async def known_as(caller: str = caller, outcomes: list[str] = outcomes) -> bool:
            return [row["outcome"] for row in await hotline.calls_of(caller)] == outcomes

        await wait_for(known_as, what=f"the calls of {caller} are {outcomes}")


async def test_a_damaged_snapshot_is_kept_aside_and_said_and_callers_are_answered_all_the_same(
    hotline: Hotline,
) -> None:
    snapshot = Paths.of(hotline.settings).snapshot
    await hotline.cli("announcement", "on")
    with stopped(psutil.Process(hotline.process.pid)):
        hotline.program("controller").kill()
        snapshot.write_bytes(snapshot.read_bytes()[:-7])
        async with hotline.citizen(OTHER) as citizen:
            await until_heard(citizen, "greeting")
            await citizen.hang_up()
    await until_document(hotline, asterisk="up", database="up")
    kept = [path.name for path in snapshot.parent.glob("snapshot.json.damaged-*")]
    assert len(kept) == 1
    assert json.loads(snapshot.read_text())["announcement"] == {"on": True}, "made anew from the database"

    async def said() -> bool:
        alarms = (await document(hotline)).get("alarms", {})
        return bool(alarms.get("file_damaged", {}).get("files") == kept)

    await wait_for(said, what="the wallboard says so")
