"""The bans over HTTP: listed, pronounced and lifted by those who may, and hostile addresses refused by name."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, web
from served import Panel, refused

from callcenter.hotline.alarms import Alarms
from callcenter.hotline.flows.bans.desk import BanDesk
from callcenter.hotline.flows.bans.keeper import BanKeeper
from callcenter.hotline.views import bans
from callcenter.panel import server
from callcenter.panel.keys import DATABASE, LIVE, SETTINGS

SCANNER = "203.0.113.9"


@pytest.fixture
def features(tmp_path: Path) -> list[server.Feature]:
    def add(app: web.Application) -> None:
        keeper = BanKeeper(app[DATABASE], app[SETTINGS], tmp_path / "bans.conf", Alarms(app[LIVE]))
        app[bans.BAN_DESK] = BanDesk(app[DATABASE], keeper)
        for path, view in bans.ROUTES:
            app.router.add_view(f"/api/v1/{path}", view)

    return [add]


async def listed(client: ClientSession, **asked: str) -> list[dict[str, Any]]:
    async with client.get("/api/v1/bans", params=asked) as answer:
        assert answer.status == 200, await answer.text()
        rows: list[dict[str, Any]] = await answer.json()
        return rows


async def test_a_supervisor_bans_sees_and_lifts_and_it_is_in_the_trail(panel: Panel) -> None:
    boss = await panel.signed_in("zhou", "supervisor")
    assert await listed(boss) == []
    note = "<script>alert(1)</script>"
    async with boss.post("/api/v1/bans", json={"address": f" {SCANNER} ", "minutes": 30, "note": note}) as answer:
        assert answer.status == 200, await answer.text()
    async with boss.post("/api/v1/bans", json={"address": "2001:db8::1/64"}) as answer:
        assert (await answer.json())["address"] == "2001:db8::/64"
    rows = await listed(boss)
    assert [(row["address"], row["reason"], row["by"], row["active"]) for row in rows] == [
        ("2001:db8::/64", "manual", "zhou", True),
        (SCANNER, "manual", "zhou", True),
    ]
    assert rows[1]["note"] == note, "text stays text"
    for address in (SCANNER, "2001:db8::/64"):
        async with boss.delete(f"/api/v1/bans/{quote(address, safe='')}", headers=JSON) as answer:
            assert await answer.json() == {"address": address}
    assert await listed(boss) == []
    assert [(row["address"], row["lifted_by"]) for row in await listed(boss, every="true", limit="1")] == [
        ("2001:db8::/64", "zhou")
    ]
    assert [(who, action) for who, action, target in await panel.trail() if target == SCANNER] == [
        ("zhou", "address_banned"),
        ("zhou", "ban_lifted"),
    ]
    async with boss.delete(f"/api/v1/bans/{SCANNER}", headers=JSON) as answer:
        await refused(answer, 404)


#: No form of another site can send it.
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("role", ["agent", "inspector", "manager"])
async def test_nobody_else_sees_or_touches_them(panel: Panel, role: Any) -> None:  # noqa: ANN401  # a role
    client = await panel.signed_in("wang", role)
    async with client.get("/api/v1/bans") as answer:
        await refused(answer, 403)
    async with client.post("/api/v1/bans", json={"address": SCANNER}) as answer:
        await refused(answer, 403)
    async with client.delete(f"/api/v1/bans/{SCANNER}", headers=JSON) as answer:
        await refused(answer, 403)
    async with panel.client().get("/api/v1/bans") as answer:
        await refused(answer, 401)
    assert await listed(panel.cli(), every="true") == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.0/8",
        "0.0.0.0/0",
        "nonsense",
        "1.2.3.4\r\npermit=0.0.0.0/0",
        "1.2.3.4;deny",
        "../etc",
    ],
)
async def test_what_must_not_be_banned_or_is_no_address_is_refused(panel: Panel, address: str, tmp_path: Path) -> None:
    boss = await panel.signed_in("zhou", "supervisor")
    async with boss.post("/api/v1/bans", json={"address": address}) as answer:
        await refused(answer, 409)
    async with boss.delete(f"/api/v1/bans/{quote(address, safe='')}", headers=JSON) as answer:
        await refused(answer, 404)
    assert await listed(boss, every="true") == []
    file = tmp_path / "bans.conf"
    assert not file.exists() or "permit=0.0.0.0/0" not in file.read_text()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": SCANNER, "minutes": 0}, "minutes"),
        ({"address": SCANNER, "minutes": 43_201}, "minutes"),
        ({"address": SCANNER, "minutes": "60"}, "minutes"),
        ({"address": ""}, "address"),
        ({"address": "1" * 65}, "address"),
        ({"address": SCANNER, "note": "x" * 501}, "note"),
        ({"address": SCANNER, "forever": True}, "forever"),
        ({}, "address"),
    ],
)
async def test_bad_orders_are_refused_by_their_field(panel: Panel, body: dict[str, Any], field: str) -> None:
    boss = await panel.signed_in("zhou", "supervisor")
    async with boss.post("/api/v1/bans", json=body) as answer:
        assert list(await refused(answer, 400)) == [field]
