"""A hotline with a line, the desks of agents as their browsers ask the server, and phones that talk.

Everybody has a tone of their own.
"""

import functools
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import document

from callcenter.demo.network import Network
from callcenter.demo.seats import Seat
from callcenter.demo.sipp import free_port
from callcenter.demo.speech import share_of, tone

PASSWORD = "right horse battery"
#: What a third sounds like: a second seat, and every telephone of the network.
OTHER_HZ, NETWORK_HZ = 1350, 620


@contextmanager
def hotline_with_a_line(folder: Path, **changes: str) -> Iterator[Hotline]:
    """Run a hotline whose line leads to where `network_of` stands; `changes` are settings by environment name."""
    trunk = {"name": "carrier", "host": "127.0.0.1", "port": free_port(), "match": ["127.0.0.99"]}
    with running_hotline(folder, TRUNKS=json.dumps([trunk]), **changes) as running:
        yield running


@asynccontextmanager
async def network_of(lines: Hotline) -> AsyncIterator[Network]:
    """The telephone network at the end of that line, which Asterisk has found."""
    (trunk,) = json.loads(lines.environment["CALLCENTER_TRUNKS"])
    async with Network(lines.server, lines.folder, words=tone(NETWORK_HZ), port=trunk["port"], ring=0.5) as network:

        async def line() -> bool:
            return bool((await document(lines)).get("callbacks", {}).get("line"))

        # Asterisk looks every 30 s whether a line is there, and the first look came before the network did.
        await wait_for(line, 45, what="Asterisk has found the line")
        yield network


class Desk:
    """The desk of an agent."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Return status and answer."""
        async with self._client.post(f"/api/v1/{path}", json=body) as answer:
            # A password that was changed is answered with nothing.
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def get(self, path: str) -> Any:  # noqa: ANN401  # whatever is shown
        """Return what is shown."""
        async with self._client.get(f"/api/v1/{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def put(self, path: str, body: dict[str, Any]) -> int:
        """Return the status."""
        async with self._client.put(f"/api/v1/{path}", json=body) as answer:
            return answer.status

    async def do(self, deed: str, **body: str) -> None:
        """Do something with the talk, which must be possible."""
        status, answer = await self.post(f"talk/{deed}", dict(body))
        assert status == 200, answer

    async def refused(self, deed: str, **body: str) -> str:
        """Try something with the talk that must not be possible, and return why."""
        status, answer = await self.post(f"talk/{deed}", dict(body))
        assert status in {403, 409}, answer
        return str(answer["error"])

    async def stage(self) -> str | None:
        """Return how the talk stands."""
        async with self._client.get("/api/v1/talk") as answer:
            stage: str | None = (await answer.json()).get("stage")
            return stage

    async def until(self, stage: str | None, within: float = 15) -> None:
        """Wait until the talk stands so."""

        async def there() -> bool:
            return await self.stage() == stage

        await wait_for(there, within, what=f"the talk is {stage}")


@asynccontextmanager
async def desks_of(lines: Hotline, people: Mapping[str, str]) -> AsyncIterator[dict[str, Desk]]:
    """Make an account for each agent of a role, and yield their desks, signed in."""
    url = f"http://127.0.0.1:{lines.settings.panel_port}"
    made: dict[str, Desk] = {}
    async with AsyncExitStack() as stack:
        for agent, role in people.items():
            login = f"desk{agent}"
            new = await lines.cli("user", "add", login, "--name", login, "--role", role, "--agent", agent)
            jar = aiohttp.CookieJar(unsafe=True)
            desk = Desk(await stack.enter_async_context(aiohttp.ClientSession(url, cookie_jar=jar)))
            once = new["one_time_password"]
            for path, body in (
                ("sign-in", {"user": login, "password": once}),
                ("password", {"current": once, "new": PASSWORD}),
            ):
                status, answer = await desk.post(path, body)
                assert status < 300, answer
            made[agent] = desk
        yield made


@asynccontextmanager
async def talking(
    lines: Hotline, caller: str, agent: str = "1001", number: str = "8001"
) -> AsyncIterator[tuple[Any, Seat]]:
    """A citizen and an agent who hear each other."""
    async with lines.seated(agent, number) as seat, lines.citizen(caller) as citizen:
        await seat.until("answered", within=20)
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="the agent hears the citizen")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
        yield citizen, seat


@asynccontextmanager
async def beside(lines: Hotline) -> AsyncIterator[Seat]:
    """A second agent, on a break and so at hand for a colleague, with a tone of their own."""
    async with lines.seated("1002", "8002", words=tone(OTHER_HZ)) as other:
        await lines.post("/agents/1002/break", {"reason": "rest"})
        yield other


def mixed(samples: list[int], hertz: float) -> bool:
    """Whether a tone is among what was heard just now, beside others."""
    last = samples[-3200:]
    return len(last) >= 3000 and share_of(last, hertz) > 0.05


async def hears_both(ear: Any, *tones: float) -> None:  # noqa: ANN401  # any phone
    """Wait until several tones are heard at once."""
    for hertz in tones:
        there = functools.partial(lambda tone: mixed(ear.speech.heard, tone), hertz)
        await wait_for(there, what=f"{hertz} Hz is heard by {ear}")


def silent(ear: Any, hertz: float) -> bool:  # noqa: ANN401  # any phone
    """Whether a tone is not heard now."""
    last = ear.speech.heard[-3200:]
    return len(last) >= 3000 and not share_of(last, hertz) > 0.01
