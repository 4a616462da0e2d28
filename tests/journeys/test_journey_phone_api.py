"""The short-lived password of a browser phone: who gets one, how long it counts, and the line through the panel.

Asterisk itself is asked each time, by a REGISTER.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar, WSMsgType, WSServerHandshakeError
from harness import Hotline, wait_for
from sip_line import SipLine, tried
from softphone import as_agent

pytestmark = pytest.mark.asterisk
AGENT, SEAT, USER = "1004", "8004", "8004w"
Json = dict[str, Any]


@pytest_asyncio.fixture
async def agent(hotline: Hotline) -> AsyncIterator[ClientSession]:
    """Agent 1004's panel; they sit at seat 8004, whose phone is the browser's."""
    await hotline.post(f"/agents/{AGENT}/sign-in", {"seat": SEAT})
    async with as_agent(hotline, AGENT) as client:
        yield client
    await hotline.sign_out(AGENT)


async def asked(client: ClientSession, page: str = "page-one-1", **more: Any) -> tuple[int, Json]:  # noqa: ANN401
    async with client.post("/api/v1/phone", json={"page": page, **more}) as answer:
        return answer.status, await answer.json()


async def credential(client: ClientSession) -> Json:
    status, given = await asked(client)
    assert status == 200, given
    return given


def direct(hotline: Hotline) -> str:
    return f"ws://127.0.0.1:{hotline.settings.http_port}/ws"


async def until_refused(hotline: Hotline, password: str) -> None:
    async def refused() -> bool:
        return await tried(direct(hotline), USER, password) == 401

    await wait_for(refused, 15, what="Asterisk takes the password no longer")


async def test_only_who_sits_at_a_seat_gets_its_phone(hotline: Hotline) -> None:
    async with as_agent(hotline, AGENT) as client:
        status, refusal = await asked(client)
        assert (status, refusal["error"]) == (409, f"话务员 {AGENT} 尚未签入")
    made = await hotline.cli("user", "add", "manager-of-phones", "--role", "manager", "--name", "主管")
    url = f"http://127.0.0.1:{hotline.settings.panel_port}"
    async with ClientSession(url, cookie_jar=CookieJar(unsafe=True)) as client:
        assert (await asked(client))[0] == 401
        once = {"user": "manager-of-phones", "password": made["one_time_password"]}
        change = {"current": made["one_time_password"], "new": "seventeen green lamps"}
        for path, body in (("sign-in", once), ("password", change)):
            async with client.post(f"/api/v1/{path}", json=body) as answer:
                assert answer.ok
        assert (await asked(client))[0] == 403


async def test_a_password_counts_until_the_next_for_its_own_seat_alone(hotline: Hotline, agent: ClientSession) -> None:
    first = await credential(agent)
    assert first["addresses"][0] == direct(hotline)
    assert (first["sip_user"], first["seconds"]) == (USER, 600)
    assert await tried(direct(hotline), USER, first["sip_password"]) == 200
    assert await tried(direct(hotline), "8005w", first["sip_password"]) == 401, "another seat's"
    own = next(row["sip_password"] for row in await hotline.cli("seats") if row["seat"] == SEAT)
    assert await tried(direct(hotline), USER, own) == 401, "the SIP phone's is not the browser's"
    second = await credential(agent)
    assert await tried(direct(hotline), USER, first["sip_password"]) == 401, "an old one"
    assert await tried(direct(hotline), USER, second["sip_password"]) == 200


async def test_leaving_the_seat_or_the_panel_ends_it(hotline: Hotline, agent: ClientSession) -> None:
    given = await credential(agent)
    await hotline.sign_out(AGENT)
    await until_refused(hotline, given["sip_password"])
    await hotline.post(f"/agents/{AGENT}/sign-in", {"seat": SEAT})
    given = await credential(agent)
    assert await tried(direct(hotline), USER, given["sip_password"]) == 200
    async with agent.post("/api/v1/sign-out", json={}) as answer:
        assert answer.ok
    await until_refused(hotline, given["sip_password"])


async def test_a_page_that_is_closed_gives_the_phone_back(hotline: Hotline, agent: ClientSession) -> None:
    given = await credential(agent)
    async with agent.delete("/api/v1/phone", json={"page": "another-page"}) as answer:
        assert answer.ok
    assert await tried(direct(hotline), USER, given["sip_password"]) == 200, "only its own page may"
    async with agent.delete("/api/v1/phone", json={"page": "page-one-1"}) as answer:
        assert answer.ok
    assert await tried(direct(hotline), USER, given["sip_password"]) == 401


async def test_the_line_through_the_panel_is_for_the_page_that_is_the_phone(
    hotline: Hotline, agent: ClientSession
) -> None:
    given = await credential(agent)
    path = "/phone?page=page-one-1"
    origin = f"http://127.0.0.1:{hotline.settings.panel_port}"
    for wrong, where in (
        ({"Origin": "http://evil.example"}, path),
        ({"Origin": origin}, "/phone?page=another-page"),
        ({}, path),
    ):
        with pytest.raises(WSServerHandshakeError) as refused:
            await agent.ws_connect(where, protocols=("sip",), headers=wrong)
        assert refused.value.status == 403
    async with agent.ws_connect(path, protocols=("sip",), headers={"Origin": origin}) as line:
        assert line.protocol == "sip"
        assert await SipLine(line).register(USER, given["sip_password"]) == 200
        await hotline.sign_out(AGENT)
        while (message := await line.receive(timeout=15)).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            pass  # Asterisk asks whether the phone is still there
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)
