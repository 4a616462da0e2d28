"""A colleague to whom a citizen is passed on: their desk shows who it is, as for any call, and what was written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from harness import Hotline, wait_for
from recorded_talks import hear_each_other, talk
from talk_desk import OTHER_HZ, Desk, desks_of

from callcenter.demo.seats import Seat
from callcenter.demo.speech import tone

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(hotline: Hotline) -> AsyncIterator[dict[str, Desk]]:
    async with desks_of(hotline, {"1001": "agent", "1002": "agent"}) as made:
        yield made


@asynccontextmanager
async def aside(hotline: Hotline) -> AsyncIterator[Seat]:
    """Agent 1002, on a break so that the citizen comes to the first."""
    async with hotline.seated("1002", "8002", words=tone(OTHER_HZ), ring=3) as other:
        await hotline.post("/agents/1002/break", {"reason": "rest"})
        await hotline.until_agent("1002", "break")
        yield other


async def at_desk(desk: Desk) -> tuple[str | None, str | None, bool]:
    """What the colleague's desk is told: how the call stands, who it is, whether it was passed on."""
    found = await desk.get("desk/call")
    return found["state"], found["caller"], found["passed"]


async def shows(desk: Desk, state: str | None, caller: str | None) -> None:
    """Wait until a desk shows that call, passed on by a colleague; or none."""

    async def there() -> bool:
        return await at_desk(desk) == (state, caller, state is not None)

    await wait_for(there, what=f"the colleague's desk shows {state} {caller}")


async def begin_form(desk: Desk, title: str) -> dict[str, Any]:
    """The agent begins to write; the desk saves what stands there."""
    call = await desk.get("desk/call")
    fields = {"title": title, "caller": call["caller"]}
    body = {"version": 1, "fields": fields, "linkedid": call["linkedid"]}
    assert await desk.put(f"drafts/passed-on-{call['caller']}", body) == 200
    return fields


@pytest.mark.parametrize("mode", ["transfer", "consult", "three_way"])
async def test_the_colleagues_desk_shows_whom_they_are_given(
    hotline: Hotline, desks: dict[str, Desk], mode: str
) -> None:
    caller = {"transfer": "13740010001", "consult": "13740010002", "three_way": "13740010003"}[mode]
    first, second = desks["1001"], desks["1002"]
    async with aside(hotline) as other, talk(hotline, caller) as (citizen, seat):
        await hotline.post("/agents/1002/ready")
        await hotline.until_agent("1002", "ready")
        fields = await begin_form(first, "路灯不亮")
        assert (await second.get("desk/begun"))["fields"] is None, "it is nobody's business yet"
        await first.do("dial", kind="seat", number="8002", mode=mode)
        await shows(second, "ringing", caller)
        await hotline.until_agent("1002", "ringing")
        assert (await second.get("desk/begun"))["fields"] == fields, "no citizen says everything twice"
        await shows(second, "talking", caller)
        if mode != "transfer":
            stage = {"consult": "asked", "three_way": "joined"}[mode]
            await second.until(stage)
            assert "同事" in await second.refused("hold")
            await first.do("complete")
        await seat.until("ended")
        await hear_each_other(citizen, other, OTHER_HZ)
        await second.until("talking")
        await second.do("hold")
        await second.until("held")
        await second.do("resume")
        await hear_each_other(citizen, other, OTHER_HZ)
        await shows(second, "talking", caller)
        await citizen.hang_up()
        await other.until("ended")
        await hotline.until_agent("1002", "wrap_up")
        await shows(second, None, None)
        await hotline.until_agent("1002", "ready")
