"""A citizen asks by key how far their request is: by its number, or with # alone by where they call from.

They hear its last digits, how far it is and when it is due. Whoever keys another's number hears how far it is and no
more; a number that cannot be is said to be wrong, and asked for once more; then a person helps.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from harness import PROMPTS, Hotline, hears, wait_for

import callcenter.hotline.tables  # noqa: F401  # tickets refer to calls and callbacks
from callcenter import databases
from callcenter.demo.citizens import Citizen
from callcenter.storage.engine import Database
from callcenter.tickets.rules.numbers import number as ticket_number
from callcenter.tickets.tables import Ticket

pytestmark = pytest.mark.asterisk

OWN, OTHER = "13897000001", "13897000002"
NUMBER = ticket_number(date(2026, 11, 23), 97)
#: Two neighbours exchanged, as people do.
WRONG = NUMBER[:-3] + NUMBER[-2] + NUMBER[-3] + NUMBER[-1]


@pytest.fixture
async def request_on_its_way(hotline: Hotline) -> None:
    database = Database(databases.url(hotline.settings))
    async with database.begin() as session:
        session.add(
            Ticket(
                node=hotline.settings.node,
                number=f"{NUMBER}",
                kind="help",
                state="handling",
                caller=OWN,
                title="t",
                description="d",
                opened_at=datetime.now(UTC),
                due_at=datetime.now(UTC) + timedelta(days=3),
            )
        )
    await database.close()


async def until_heard(citizen: Citizen, prompt: str, within: float = 12) -> None:
    hertz = PROMPTS[prompt][0]
    await wait_for(lambda: hears(citizen.speech.heard, hertz, 0.3), within, what=f"{citizen} hears {prompt}")


async def heard_until(citizen: Citizen, last: str) -> list[str]:
    """Return the prompts of a request that are heard until `last` is, in order."""
    wanted = ("ticket-digits", "ticket-handling", "day-due", last)
    found: list[str] = []

    def listen() -> bool:
        found.extend(one for one in wanted if one not in found and hears(citizen.speech.heard, PROMPTS[one][0], 0.3))
        return last in found

    await wait_for(listen, 40, what=f"{citizen} hears {last}")
    return found


async def asks(citizen: Citizen, keys: str) -> None:
    await until_heard(citizen, "ticket-number")
    citizen.press(keys)


@pytest.mark.usefixtures("request_on_its_way")
async def test_a_request_is_read_aloud_whole_to_its_citizen_and_its_state_alone_to_others(hotline: Hotline) -> None:
    async with hotline.citizen(OWN) as citizen:
        await until_heard(citizen, "menu")
        citizen.press("1")
        await asks(citizen, "#")
        assert await heard_until(citizen, "goodbye") == ["ticket-digits", "ticket-handling", "day-due", "goodbye"]
        await citizen.until("ended", within=20)
    async with hotline.citizen(OTHER) as citizen:
        await until_heard(citizen, "menu")
        citizen.press("1")
        await asks(citizen, WRONG + "#")
        await until_heard(citizen, "ticket-wrong", 15)
        await asks(citizen, NUMBER + "#")
        assert await heard_until(citizen, "goodbye") == ["ticket-handling", "goodbye"], "its state and nothing else"
        await citizen.until("ended", within=20)
    for caller in (OWN, OTHER):
        assert (await hotline.call_of(caller))["outcome"] == "self_service"


async def test_who_keys_a_wrong_number_twice_gets_a_person(hotline: Hotline) -> None:
    caller = "13897000003"
    async with hotline.seated("1001", "8001") as seat, hotline.citizen(caller) as citizen:
        await until_heard(citizen, "menu")
        citizen.press("1")
        for _ in range(2):
            await asks(citizen, WRONG + "#")
            await until_heard(citizen, "ticket-wrong", 15)
        await seat.until("answered", within=20)
        await citizen.hang_up()
    assert (await hotline.call_of(caller))["outcome"] == "answered"
