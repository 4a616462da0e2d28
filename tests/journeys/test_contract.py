"""The public contract on a running hotline: what scripts and outside checks are built on.

Every listing of the command line has exactly its fields, of their types, and is the same at the API. Errors are one
line and a status. A request that is wrong is told which field. Accounts begin with a one-time password. Health,
metrics, the API's description and the live stream are where the contract says.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from harness import Hotline, running_hotline, wait_for

pytestmark = pytest.mark.asterisk

Check = Callable[[Any], bool]
Row = dict[str, Any]


def text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def when(value: object) -> bool:
    """ISO 8601 with zone."""
    return isinstance(value, str) and "T" in value and datetime.fromisoformat(value).tzinfo is not None


def truth(value: object) -> bool:
    return isinstance(value, bool)


def number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def seat(value: object) -> bool:
    return isinstance(value, str) and 8001 <= int(value) <= 8010


def one_of(*words: str) -> Check:
    return lambda value: value in words


def maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(each) for each in value)


def rows_of(fields: dict[str, Check]) -> Check:
    return lambda value: isinstance(value, list) and all(not wrong(each, fields) for each in value)


STATES = ("signed_out", "ready", "break", "ringing", "talking", "wrap_up")
OUTCOMES = (
    *("answered", "abandoned_greeting", "abandoned_queue", "overflowed", "unanswered"),
    *("self_service", "blocked", "in_progress"),
)
#: What DESIGN's public contract promises of each listing.
CONTRACT: dict[str, dict[str, Check]] = {
    "seats": {"seat": seat, "sip_user": text, "sip_password": text, "agent": maybe(text)},
    "agents": {
        "agent": text,
        "name": text,
        "state": one_of(*STATES),
        "seat": maybe(seat),
        "since": maybe(when),
    },
    "queue": {
        "waiting": rows_of(
            {"caller": lambda value: isinstance(value, str), "position": whole, "since": when, "desk": maybe(text)}
        ),
        "limit": lambda value: value == 5,
        "max_waiting_seen": whole,
        "agents": lambda value: set(value) == set(STATES) and all(map(whole, value.values())),
    },
    "calls": {
        "id": whole,
        "linkedid": text,
        "caller": lambda value: isinstance(value, str),
        "direction": one_of("inbound", "outbound", "internal", "test"),
        "started_at": when,
        "queued_at": maybe(when),
        "answered_at": maybe(when),
        "ended_at": maybe(when),
        "agent": maybe(text),
        "seat": maybe(seat),
        "outcome": one_of(*OUTCOMES),
        "recording": maybe(text),
        "rating": maybe(whole),
        "ticket": maybe(text),
    },
    "callbacks": {
        "id": whole,
        "caller": text,
        "state": one_of("waiting", "dialling", "retry", "settled", "unreachable"),
        "reason": text,
        "opened_at": when,
        "due_at": when,
        "settled_by": maybe(one_of("callback", "redial", "supervisor")),
        "attempts": rows_of({"at": when, "agent": text, "result": text}),
        "calls": list_of(whole),
        "ticket": maybe(text),
    },
    "tickets": {
        "number": text,
        "kind": text,
        "state": text,
        "caller": text,
        "unit": maybe(text),
        "opened_at": when,
        "due_at": maybe(when),
        "closed_at": maybe(when),
    },
    "indicators": {
        "numerator": maybe(number),
        "denominator": maybe(number),
        "value": maybe(number),
        "target": maybe(number),
        "met": maybe(truth),
    },
}
#: What is there beyond the contract; a further field is a decision, and made here.
FURTHER = {
    "agents": {"reason"},
    "calls": {"cut", "parties", "mos_citizen", "mos_agent", "line_loss", "line_jitter_ms", "line_rtt_ms"},
    "callbacks": {
        *("number", "called_at", "next_at", "priority", "held", "assigned", "escalated_at"),
        *("settled_at", "settled_call", "note"),
    },
    "tickets": {"title", "description"},
    "indicators": {"number", "name", "name_zh", "reason", "within_30_seconds", "unit", "parts", "listed"},
}


def wrong(row: Row, fields: dict[str, Check], further: frozenset[str] = frozenset()) -> list[str]:
    """Return what is wrong with a row: fields missing, fields nobody promised, values of another type."""
    if not isinstance(row, dict):
        return [f"{row!r} is no object"]
    missing = [f"{name} is missing" for name in fields if name not in row]
    strange = [f"{name} is new" for name in row if name not in fields and name not in further]
    return (
        missing
        + strange
        + [f"{name}: {row[name]!r}" for name, fits in fields.items() if name in row and not fits(row[name])]
    )


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline of this module's own: its accounts are as they are at first."""
    with running_hotline(tmp_path_factory.mktemp("contract")) as running:
        yield running


@pytest.fixture
async def browser(contract: Hotline) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser: it keeps cookies."""
    url = f"http://127.0.0.1:{contract.settings.panel_port}"
    async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


def bearer(hotline: Hotline) -> dict[str, str]:
    return {"Authorization": "Bearer " + (hotline.settings.data_folder / "secrets/cli.token").read_text().strip()}


async def failing(hotline: Hotline, *arguments: str, **settings: str) -> tuple[int, list[str]]:
    """Run a command that fails; return its status and its lines on stderr. It may print nothing else."""
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", *arguments),
        env={**os.environ, **hotline.environment, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await done.communicate()
    assert out == b""
    return done.returncode or 0, err.decode().splitlines()


# ---- Listings --------------------------------------------------------------------------------------------------------


async def test_listings_have_their_fields_and_are_the_same_at_the_api(contract: Hotline) -> None:
    async with contract.seated("1003", "8003") as phone, contract.citizen("13840000001") as citizen:
        await phone.until("answered", within=20)
        await citizen.hang_up()
    async with contract.citizen("13840000002") as citizen:
        await citizen.until("answered")
        await citizen.hang_up()
    assert (await contract.call_of("13840000001"))["outcome"] == "answered"
    await contract.callback_of("13840000002")
    async with contract.seated("1004", "8004"):
        await contract.post("/agents/1004/break", {"reason": "meal"})
        today = datetime.now().astimezone()
        period = ((today - timedelta(days=1)).date().isoformat(), (today + timedelta(days=1)).date().isoformat())
        for name, fields in CONTRACT.items():
            told, asked = name.split(), f"/{name}"
            if name == "indicators":
                told, asked = (
                    [name, "--from", period[0], "--to", period[1]],
                    f"/{name}?since={period[0]}&until={period[1]}",
                )
            printed = await contract.cli(*told)
            assert printed == await contract.get(asked), name
            rows = [printed] if isinstance(printed, dict) else printed
            assert rows, f"{name}: nothing to look at"
            assert isinstance(printed, dict) == (name == "queue")
            for row in rows:
                assert wrong(row, fields, frozenset(FURTHER.get(name, ()))) == [], f"{name}: {row}"
            if name == "seats":
                assert {row["seat"]: row["agent"] for row in rows}["8004"] == "1004"
            if name == "indicators":
                assert [row["number"] for row in rows] == list(range(1, 13))
        on_break = await contract.agent("1004")
        assert (on_break["state"], on_break["seat"], on_break["reason"]) == ("break", "8004", "meal")


def test_the_test_sees_a_field_that_is_missing_new_or_of_another_type() -> None:
    fields = {"at": when, "count": whole}
    assert wrong({"at": "2026-11-23T12:00:00+00:00", "count": 1}, fields) == []
    assert wrong({"at": "2026-11-23T12:00:00", "colour": "red"}, fields) == [
        "count is missing",
        "colour is new",
        "at: '2026-11-23T12:00:00'",
    ]


async def test_agents_sign_in_and_out_by_command(contract: Hotline) -> None:
    async with contract.seat("8005"):
        row = await contract.cli("agent", "sign-in", "1005", "--seat", "8005")
        assert wrong(row, CONTRACT["agents"], frozenset({"reason"})) == []
        assert (row["agent"], row["seat"], row["state"]) == ("1005", "8005", "ready")
        row = await contract.cli("agent", "break", "1005", "--reason", "training")
        assert (row["state"], row["reason"]) == ("break", "training")
        assert (await contract.cli("agent", "ready", "1005"))["state"] == "ready"
        row = await contract.cli("agent", "sign-out", "1005")
        assert (row["state"], row["seat"]) == ("signed_out", None)


async def test_announcement_is_switched_by_command(contract: Hotline) -> None:
    assert await contract.cli("announcement") == {"on": False}
    assert await contract.cli("announcement", "on") == {"on": True} == await contract.get("/announcement")
    assert await contract.cli("announcement", "off") == {"on": False}


# ---- Errors ----------------------------------------------------------------------------------------------------------


async def test_errors_are_one_line_and_a_status(contract: Hotline) -> None:
    async with contract.seated("1006", "8006"):
        for arguments, status, words in (
            (("agent", "sign-in", "9999", "--seat", "8007"), 1, "9999"),
            (("agent", "sign-in", "1007", "--seat", "8099"), 1, "8099"),
            (("agent", "sign-in", "1007", "--seat", "8006"), 1, "8006"),
            (("agent", "sign-in", "1006", "--seat", "8007"), 1, "8006"),
            (("agent", "sign-in", "1007", "--seat", "x; y"), 1, "seat"),
            (("agent", "break", "1006", "--reason", "football"), 1, "reason"),
            (("agent", "break", "1007", "--reason", "rest"), 1, "1007"),
            (("agent", "ready", "1007"), 1, "1007"),
            (("agent", "sign-out", "1007"), 1, "1007"),
            (("dance",), 2, "dance"),
        ):
            found, lines = await failing(contract, *arguments)
            assert (found, len(lines)) == (status, 1), (arguments, found, lines)
            assert lines[0].startswith("callcenter: "), lines
            assert words in lines[0], (arguments, lines)
    found, lines = await failing(contract, "queue", CALLCENTER_PORT_OFFSET="7490")
    assert (found, len(lines)) == (1, 1)
    assert "not running" in lines[0]


async def test_second_start_on_one_data_folder_is_refused_and_says_who_holds_it(contract: Hotline) -> None:
    found, lines = await failing(contract, "run")
    assert (found, len(lines)) == (1, 1)
    assert str(contract.process.pid) in lines[0]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/agents/1001/sign-in", {"seat": "8001", "colour": "red"}, "colour"),
        ("/agents/1001/sign-in", {"seat": 8001}, "seat"),
        ("/agents/1001/sign-in", {}, "seat"),
        ("/agents/1001/sign-in", {"seat": "8001\r\nAction: Logoff"}, "seat"),
        ("/agents/1001/break", {"reason": "football"}, "reason"),
        ("/agents/1001/break", {"reason": ["rest"]}, "reason"),
        ("/agents/1001/ready", {"now": True}, "now"),
        ("/agents/1001/sign-out", {"by": "me"}, "by"),
        ("/announcement", {"on": "yes"}, "on"),
        ("/announcement", {"on": True, "text": "x"}, "text"),
        ("/users", {"login": "A B", "name": "x", "role": "agent"}, "login"),
        ("/users", {"login": "ab", "name": "x", "role": "king"}, "role"),
    ],
)
async def test_body_that_is_wrong_is_told_which_field(
    contract: Hotline, browser: aiohttp.ClientSession, path: str, body: Row, field: str
) -> None:
    async with browser.post("/api/v1" + path, json=body, headers=bearer(contract)) as answer:
        assert answer.status == 400
        told = await answer.json()
        assert list(told["fields"]) == [field]
        assert text(told["error"])
        assert text(told["fields"][field])


async def test_what_is_not_json_or_not_there_is_refused(contract: Hotline, browser: aiohttp.ClientSession) -> None:
    for method, path, body, status in (
        ("POST", "/announcement", b"{", 400),
        ("POST", "/announcement", b"[]", 400),
        ("POST", "/announcement", b"\xff", 400),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/calls", None, 405),
        ("GET", "/calls?limit=0", None, 400),
        ("GET", "/calls?colour=red", None, 400),
        ("GET", "/calls?since=2026-11-23T12:00:00", None, 400),
        ("GET", "/indicators?since=2026-11-24&until=2026-11-23", None, 400),
        ("POST", "/agents/1001%0d%0aAction:%20Logoff/ready", b"{}", 409),
    ):
        headers = bearer(contract) | {"Content-Type": "application/json"}
        async with browser.request(method, "/api/v1" + path, data=body, headers=headers) as answer:
            assert answer.status == status, (method, path, await answer.text())
            assert set(await answer.json()) == {"error", "fields"}


# ---- Accounts --------------------------------------------------------------------------------------------------------


async def sign_in(browser: aiohttp.ClientSession, user: str, password: str) -> Row:
    async with browser.post("/api/v1/sign-in", json={"user": user, "password": password}) as answer:
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())


async def test_first_sign_in_with_the_password_shown_once(contract: Hotline, browser: aiohttp.ClientSession) -> None:
    (shown,) = re.findall(r"first sign-in: user (\S+), one-time password (\S+)", contract.log.read_text())
    stored = [path for path in contract.settings.data_folder.rglob("*") if path.is_file()]
    assert [path for path in stored if shown[1].encode() in path.read_bytes()] == [], "and is written nowhere"
    me = await sign_in(browser, *shown)
    assert (me["login"], me["role"], me["must_change_password"]) == ("admin", "administrator", True)
    async with browser.get("/api/v1/seats") as answer:
        assert answer.status == 403, "nothing but a change of the password is possible yet"
    new = {"current": shown[1], "new": "a long enough sentence 7"}
    async with browser.post("/api/v1/password", json=new) as answer:
        assert answer.status == 204, await answer.text()
    async with browser.get("/api/v1/me") as answer:
        assert (await answer.json())["must_change_password"] is False
    async with browser.get("/api/v1/seats") as answer:
        assert answer.status == 200
    async with browser.post("/api/v1/sign-in", json={"user": "admin", "password": shown[1]}) as answer:
        assert answer.status == 401, "once is once"


async def test_agent_sees_and_does_what_agents_may(contract: Hotline, browser: aiohttp.ClientSession) -> None:
    made = await contract.cli("user", "add", "li.na", "--role", "agent", "--name", "李娜", "--agent", "1008")
    me = await sign_in(browser, "li.na", made["one_time_password"])
    assert (me["role"], me["agent"], me["must_change_password"]) == ("agent", "1008", True)
    new = {"current": made["one_time_password"], "new": "another sentence 8"}
    async with browser.post("/api/v1/password", json=new) as answer:
        assert answer.status == 204, await answer.text()
    for method, path, body, status in (
        ("GET", "/seats", None, 403),
        ("GET", "/users", None, 403),
        ("POST", "/users", {"login": "evil", "name": "x", "role": "administrator"}, 403),
        ("POST", "/announcement", {"on": True}, 403),
        ("POST", "/agents/1009/sign-in", {"seat": "8009"}, 403),
        ("POST", "/agents/1009/sign-out", {}, 403),
        ("GET", "/agents", None, 200),
        ("GET", "/queue", None, 200),
        ("GET", "/calls", None, 200),
        ("GET", "/indicators", None, 200),
    ):
        async with browser.request(method, "/api/v1" + path, json=body) as answer:
            assert answer.status == status, (method, path, await answer.text())
            assert "sip_password" not in await answer.text()
    async with browser.post("/api/v1/agents/1008/sign-in", json={"seat": "8008"}) as answer:
        assert answer.status == 200, await answer.text()
    await contract.sign_out("1008")
    assert (await contract.cli("user", "disable", "li.na"))["active"] is False

    async def shut_out() -> bool:
        async with browser.get("/api/v1/me") as answer:
            return answer.status == 401

    await wait_for(shut_out, what="whoever was disabled is signed out")


async def test_stranger_sees_nothing(contract: Hotline, browser: aiohttp.ClientSession) -> None:
    for name in (*CONTRACT, "live", "users", "me", "announcement"):
        for headers in ({}, {"Authorization": "Bearer guess"}):
            async with browser.get(f"/api/v1/{name}", headers=headers) as answer:
                assert answer.status == 401, name
    assert (await contract.agent("1001"))["state"] == "signed_out"


# ---- Health, metrics, description, live stream -----------------------------------------------------------------------


async def test_health_tells_how_each_part_is(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/healthz") as answer:
        assert answer.status == 200
        assert await answer.json() == {
            "ok": True,
            "parts": {"asterisk": {"ok": True, "reason": None}, "database": {"ok": True, "reason": None}},
        }


async def test_metrics_are_prometheus_text(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert any(line.startswith("callcenter_") for line in samples)
    for line in samples:
        assert re.fullmatch(r'[a-z_:][a-z0-9_:]*(\{([a-z_]+="[^"]*",?)*\})? [-+0-9.eEinfNa]+', line), line


async def test_description_covers_the_contract_and_every_reference_resolves(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/api/v1/openapi.json") as answer:
        described = await answer.json()
    assert described["openapi"].startswith("3.1")
    assert {"title", "version"} <= described["info"].keys()
    schemas = described["components"]["schemas"]
    references = re.findall(r'"\$ref": "([^"]*)"', json.dumps(described))
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= schemas.keys()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method not in {"get", "post", "patch", "put", "delete"}:
                continue
            named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path)), path
            assert operation["responses"], path
            assert all(text(response["description"]) for response in operation["responses"].values()), path
    for name, fields in CONTRACT.items():
        schema = described["paths"][f"/api/v1/{name}"]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        row = schemas[schema.get("items", schema)["$ref"].rpartition("/")[2]]
        assert set(row["properties"]) == set(fields) | set(FURTHER.get(name, ())), name


async def test_live_stream_sends_the_whole_and_then_what_changes(
    contract: Hotline, browser: aiohttp.ClientSession
) -> None:
    async with contract.seat("8010"), browser.get("/api/v1/live", headers=bearer(contract)) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        stream = frames(answer)
        name, document = await anext(stream)
        assert name == "snapshot"
        assert {"now", "asterisk", "database", "queue", "seats", "agents", "figures"} <= document.keys()
        assert (document["asterisk"], document["queue"]["limit"]) == ("up", 5)
        await contract.post("/agents/1010/sign-in", {"seat": "8010"})
        try:
            async with asyncio.timeout(10):
                while document["seats"]["8010"]["agent"] != "1010":
                    name, patch = await anext(stream)
                    assert name == "patch"
                    document = merged(document, patch)
        finally:
            await contract.sign_out("1010")


def merged(document: Any, patch: Any) -> Any:  # noqa: ANN401  # any JSON
    """Apply a merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    before = document if isinstance(document, dict) else {}
    kept = {name: value for name, value in before.items() if name not in patch}
    return kept | {name: merged(before.get(name), value) for name, value in patch.items() if value is not None}


async def frames(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Row]]:
    """Read a stream of events: each one's name and its JSON."""
    fields: dict[str, str] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], json.loads(fields["data"])
            fields = {}
