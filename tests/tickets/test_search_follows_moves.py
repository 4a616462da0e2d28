"""A ticket can be found from its opening on, by what it says now, and by what was said on its way."""

from pathlib import Path
from zoneinfo import ZoneInfo

from life_scene import BOSS, CALENDAR, TO_HANDLING, UNIT_PEOPLE, Life, living

from callcenter.panel.sessions import Identity
from callcenter.storage.engine import Database
from callcenter.tickets.flows.finding.filters import Filters
from callcenter.tickets.flows.finding.search import search
from callcenter.tickets.flows.finding.search_index import index_moved
from callcenter.tickets.rules.countdown import Countdown


async def found(life: Life, who: Identity = BOSS, **filters: str) -> int:
    async with life.database.read() as session:
        wanted = Filters.model_validate(filters)
        countdown = Countdown(CALENDAR, life.now, 8)
        return (await search(session, wanted, who, countdown=countdown, zone=ZoneInfo("Asia/Shanghai"))).total


async def test_a_ticket_is_found_as_it_is_after_each_move(database: Database, tmp_path: Path) -> None:
    life = await living(database, tmp_path, [index_moved])
    its = await life.open(title="路灯不亮", description="晚上很暗")
    assert await found(life, q="路灯", state="accepted") == 1
    assert await found(life, q=its) == 1
    await life.move(its, "amend", "li", fields={"title": "井盖缺失"})
    assert (await found(life, q="路灯"), await found(life, q="井盖")) == (0, 1)
    await life.go(its, *TO_HANDLING)
    assert await found(life, q="井盖", state="handling", unit="roads") == 1
    assert await found(life, q="井盖", state="accepted") == 0
    assert await found(life, UNIT_PEOPLE["roads"], q="井盖") == 1
    assert await found(life, UNIT_PEOPLE["water"], q="井盖") == 0
    await life.move(its, "reply", "roads", words="已经换了新的盖板。")
    assert await found(life, q="新的盖板") == 1
