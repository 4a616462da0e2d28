"""What happens at a demo's hotline: citizens dial, talk, give up, rate, dial again; agents take breaks."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from callcenter.api_client import HotlineDown, HotlineRefused, LocalApi
from callcenter.demo.citizens import Citizen, numbers, pauses
from callcenter.demo.seats import Seat
from callcenter.demo.sipp import Server, SippError
from callcenter.demo.speech import spoken
from callcenter.settings import Demo

_log = structlog.get_logger()
#: So many different people live in the demo's district: few enough for some to call twice.
_POPULATION = 300
#: Calls at once; a citizen beyond them does not dial.
_MOST_CALLS = 60
#: Seconds between two looks of a citizen at how things stand.
_LOOK = 0.25
#: Share of citizens who hang up first after a talk, who rate, and who dial again when nobody answered.
_HANGS_UP_FIRST, _RATES, _DIALS_AGAIN = 0.4, 0.8, 0.4
#: How satisfied they are, 1 to 5, in a hundred.
_RATINGS = {"5": 88, "4": 8, "3": 2, "2": 1, "1": 1}
#: Seconds between breaks of the agents, and of a break.
_BREAKS, _BREAK = 45.0, 20.0
_CITIZENS_SAY = (
    "你好，我家楼下的路灯坏了，麻烦派人来看一下。",
    "请问社保卡丢了，要到哪里补办？",
    "小区门口一直在施工，晚上声音很大，没法休息。",
    "我想表扬一下昨天帮助我的工作人员，谢谢你们。",
)


class Life:
    """Lets citizens and agents live; `agents` are agent numbers with the seats they are signed in at."""

    def __init__(
        self,
        demo: Demo,
        server: Server,
        folder: Path,
        *,
        agents: Mapping[str, Seat],
        api: LocalApi,
        chance: random.Random,
    ) -> None:
        self._demo = demo
        self._server = server
        self._folder = folder
        self._agents = agents
        self._api = api
        self._chance = chance
        self._people = numbers(chance, _POPULATION)
        self._busy: set[str] = set()
        self._voices: list[bytes] = []

    async def go_on(self) -> None:
        """Go on until cancelled; every call in progress is then hung up."""
        for number, text in enumerate(_CITIZENS_SAY):
            self._voices.append(await asyncio.to_thread(spoken, text, self._folder, pitch=30 + 15 * number))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._breaks(), name="demo breaks")
            for pause in pauses(self._demo.calls_per_minute, self._chance):
                await asyncio.sleep(pause)
                free = [person for person in self._people if person not in self._busy]
                if len(self._busy) < _MOST_CALLS:
                    group.create_task(self._person(self._chance.choice(free)), name="demo citizen")

    async def _person(self, number: str) -> None:
        """Call, and call again when nobody answered."""
        self._busy.add(number)
        try:
            while True:
                served = await self._call(number)
                if served or self._chance.random() > _DIALS_AGAIN:
                    return
                await asyncio.sleep(self._chance.uniform(5, 30))
        except (SippError, OSError) as error:
            _log.warning("demo_call_failed", error=str(error)[:300])
        finally:
            self._busy.discard(number)

    async def _call(self, number: str) -> bool:
        """Call once; return whether a person answered."""
        impatient = self._chance.random() < self._demo.impatient
        patience = self._demo.patience_seconds * self._chance.uniform(0.5, 2.5) if impatient else None
        hangs_up_first = self._chance.random() < _HANGS_UP_FIRST
        talk = self._demo.talk_seconds * self._chance.uniform(0.2, 0.9)
        clock = asyncio.get_running_loop().time
        began, met = clock(), None
        async with Citizen(self._server, self._folder, number, words=self._chance.choice(self._voices)) as citizen:
            while citizen.status is None:
                await asyncio.sleep(_LOOK)
                talking = self._talks(number)
                if talking and met is None:
                    met = clock()
                if met is None and patience is not None and clock() - began > patience:
                    break
                if talking and met is not None and hangs_up_first and clock() - met > talk:
                    break
                if met is not None and not talking:
                    await self._rate(citizen)
                    break
        return met is not None

    def _talks(self, number: str) -> bool:
        return any(number in seat.talking.values() for seat in self._agents.values())

    async def _rate(self, citizen: Citizen) -> None:
        """Answer the question after the talk, or hang up on it."""
        if self._chance.random() < _RATES:
            await asyncio.sleep(self._chance.uniform(1, 5))
            citizen.press(self._chance.choices(list(_RATINGS), weights=list(_RATINGS.values()))[0])
            await citizen.until("ended", "hung_up", "over", within=30)

    async def _breaks(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / _BREAKS))
            agent = self._chance.choice(list(self._agents))
            for path, body, seconds in (
                ("break", {"reason": self._chance.choice(("rest", "meal", "training"))}, _BREAK),
                ("ready", {}, 0.0),
            ):
                with suppress(HotlineDown, HotlineRefused):  # a hotline that restarts is part of the show
                    await asyncio.to_thread(self._api.post, f"/agents/{agent}/{path}", body)
                await asyncio.sleep(seconds)
