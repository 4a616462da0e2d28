"""Reading the audit trail: pages, filters, masked numbers, its own trace, the check of the chain, and the workbook."""

import asyncio
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from served import Panel, refused
from sqlalchemy import text

from callcenter.hotline import views as hotline_views
from callcenter.panel import audit, server
from callcenter.panel.sessions import Actor
from callcenter.panel.trail.checking import PIECE, Checker
from callcenter.panel.trail.sealing import WITNESS
from callcenter.panel.trail.witness import Witness
from callcenter.paths import Paths
from callcenter.settings import Settings
from callcenter.storage.clock import now
from callcenter.storage.engine import Database

LI = Actor("li", "node1", "192.0.2.1")
NUMBER = "13800001234"
DEADLINE = 20


@pytest.fixture
def features() -> list[server.Feature]:
    return [hotline_views.add_routes]


async def deed(database: Database, action: str, target: str = "", *, at: datetime | None = None, **detail: Any) -> None:  # noqa: ANN401
    async with database.begin() as session:
        audit.record(session, LI, action, at=at or now(), target=target, **detail)


async def read(client: ClientSession, **asked: str) -> dict[str, Any]:
    async with client.get("/api/v1/audit", params=asked) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def test_it_is_read_newest_first_in_pages_and_each_reading_is_a_deed_in_it(panel: Panel) -> None:
    admin = await panel.signed_in("root", "administrator")
    for number in range(7):
        await deed(panel.database, "callback_closed", f"callback {number}", reason="号码有误")
    first = await read(admin, target="callback", limit="3")
    assert [row["target"] for row in first["rows"]] == ["callback 6", "callback 5", "callback 4"]
    assert first["rows"][0]["detail"] == {"reason": "号码有误"}
    assert (first["rows"][0]["who"], first["rows"][0]["name"], first["rows"][0]["address"]) == ("li", None, LI.address)
    await deed(panel.database, "callback_closed", "callback 99")
    second = await read(admin, target="callback", limit="3", before=str(first["next"]))
    assert [row["target"] for row in second["rows"]] == ["callback 3", "callback 2", "callback 1"], "nothing shifts"
    looked = (await read(admin, who="root", action="audit_seen"))["rows"]
    assert [row["detail"] for row in looked] == [
        {"filters": {"target": "callback", "before": first["next"]}},
        {"filters": {"target": "callback"}},
    ]
    assert looked[0]["name"] == "Root"


async def test_it_is_asked_by_who_deed_thing_and_days_of_the_hotline(panel: Panel) -> None:
    admin = await panel.signed_in("root", "administrator")
    # Midnight in Shanghai is 16:00 of the day before in UTC.
    midnight = datetime(2026, 5, 1, 16, tzinfo=UTC)
    await deed(panel.database, "recording_heard", "recording 1", at=midnight - timedelta(seconds=1))
    await deed(panel.database, "recording_heard", "recording 2", at=midnight)
    await deed(panel.database, "recording_heard", "100%_of", at=midnight + timedelta(days=1))

    async def targets(**asked: str) -> list[str]:
        return [row["target"] for row in (await read(admin, **asked))["rows"]]

    assert await targets(who="li", since="2026-05-02", until="2026-05-02") == ["recording 2"]
    assert await targets(action="recording_heard", until="2026-05-01") == ["recording 1"]
    assert await targets(target="0%_o") == ["100%_of"]
    assert await targets(target="%") == ["100%_of"], "a sign of the database's is a letter like others"
    assert await targets(who="nobody") == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"action": "no_such_deed"}, "action"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "until"),
        ({"since": "yesterday"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"before": "0"}, "before"),
        ({"limit": "501"}, "limit"),
        ({"who": "a\u0007b"}, "who"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_questions_are_refused_by_their_field(panel: Panel, asked: dict[str, str], field: str) -> None:
    admin = await panel.signed_in("root", "administrator")
    async with admin.get("/api/v1/audit", params=asked) as answer:
        assert list(await refused(answer, 400)) == [field]


async def test_citizens_numbers_are_masked_wherever_they_stand(panel: Panel) -> None:
    admin = await panel.signed_in("root", "administrator")
    await deed(panel.database, "caller_looked_up", f"caller {NUMBER}")
    await deed(panel.database, "caller_listed", "62345678", note=f"也用 {NUMBER} 和 010-62345678 打来")
    await deed(
        panel.database,
        "callback_closed",
        "callback 1",
        changes={"note": ["", [f"机主１３８００００１２３４，{NUMBER}"]]},
    )
    await deed(panel.database, "confidential_ticket_seen", "ticket 202605010000138")
    body = str((await read(admin))["rows"])
    for hidden in (NUMBER, "１３８００００", "62345678"):
        assert hidden not in body
    assert "caller 138****1234" in body
    assert "******78" in body, "of a local number the last two are shown"
    assert "ticket 202605010000138" in body, "a request's number is no telephone's"
    async with admin.get("/api/v1/audit/export") as answer:
        assert NUMBER not in cells(await answer.read())
    assert NUMBER in str(await read(panel.cli())), "the machine's own command line has the database anyway"


@pytest.mark.parametrize("role", ["agent", "supervisor", "inspector", "manager"])
async def test_it_is_the_administrators_alone(panel: Panel, role: Any) -> None:  # noqa: ANN401  # a role
    client = await panel.signed_in("wang", role)
    for path in ("audit", "audit/deeds", "audit/chain", "audit/export"):
        async with client.get(f"/api/v1/{path}") as answer:
            await refused(answer, 403)
    async with client.post("/api/v1/audit/chain", json={}) as answer:
        await refused(answer, 403)
    assert "audit_seen" not in [action for _, action, _ in await panel.trail()]


async def checked(client: ClientSession) -> dict[str, Any]:
    """Order a check and wait for its end."""
    async with client.post("/api/v1/audit/chain", json={}) as answer:
        assert answer.status == 202, await answer.text()
    async with asyncio.timeout(DEADLINE):
        while True:
            async with client.get("/api/v1/audit/chain") as answer:
                found: dict[str, Any] = await answer.json()
            if found["state"] != "running":
                return found
            await asyncio.sleep(0.05)


async def test_the_chain_is_checked_by_a_press_and_tampering_is_found(panel: Panel, settings: Settings) -> None:
    panel.database.info[WITNESS] = Witness(Paths.of(settings).witness)
    admin = await panel.signed_in("root", "administrator")
    async with admin.get("/api/v1/audit/chain") as answer:
        assert (await answer.json())["state"] == "never"
    for number in range(PIECE * 2 + 3):
        await deed(panel.database, "callback_closed", f"callback {number}")
    whole = await checked(admin)
    rows = len(await panel.trail())
    assert (whole["state"], whole["rows"], whole["by"], whole["faults"]) == ("whole", rows - 1, "root", [])
    assert (await panel.trail())[-1] == ("root", "audit_verified", "")
    async with panel.database.begin() as session:
        for trigger in ("audit_no_update", "audit_no_delete"):
            await session.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        await session.execute(text("UPDATE audit SET who = 'wang' WHERE number = 5"))
    broken = await checked(admin)
    assert (broken["state"], broken["faults"]) == ("broken", ["row 5 was changed"])
    # A panel that starts anew knows it from the trail.
    other = Checker(panel.database, Witness(Paths.of(settings).witness))
    assert (await other.standing()).state == "broken"


def cells(workbook: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(workbook)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


async def test_it_is_exported_as_it_is_filtered_and_nothing_in_it_is_a_formula(panel: Panel) -> None:
    admin = await panel.signed_in("root", "administrator")
    await deed(panel.database, "callback_closed", "=cmd|' /C calc'!A0", note="=1+1")
    await deed(panel.database, "recording_heard", "recording 1")
    async with admin.get("/api/v1/audit/export", params={"action": "callback_closed"}) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
        found = cells(await answer.read())
    assert "=cmd|" in found
    assert "<f>" not in found
    assert "recording 1" not in found
    (row, *_) = (await read(admin, action="audit_exported"))["rows"]
    assert row["detail"] == {"rows": 1, "filters": {"action": "callback_closed"}}
