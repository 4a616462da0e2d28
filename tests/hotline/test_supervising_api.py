"""The supervisor's hands over the API: rights, refusals, the trail, and messages that reach their parties alone.

What Asterisk does with an order is shown by the journeys; here a link that takes every order stands for it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from callcenter.asterisk import events
from callcenter.asterisk.ami import AmiClient
from callcenter.hotline.board import Board
from callcenter.hotline.flows.agents import AgentDesk
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.flows.policy.keeper import PolicyKeeper
from callcenter.hotline.flows.policy.log import PolicyLog
from callcenter.hotline.flows.supervising.agents import AgentDeeds
from callcenter.hotline.flows.supervising.desk_messages import supervises
from callcenter.hotline.flows.supervising.listening import Listening
from callcenter.hotline.flows.supervising.moving import Moving
from callcenter.hotline.flows.supervising.reserves import Reserves
from callcenter.hotline.flows.talks import TalkDesk
from callcenter.hotline.keys import HOTLINE, Hotline
from callcenter.hotline.rules.desks import Desk
from callcenter.hotline.rules.floor import apply, empty
from callcenter.hotline.views import desk_messages, supervising
from callcenter.hotline.views.supervising import HANDS, Hands
from callcenter.panel import passwords, server, users
from callcenter.panel.live import LiveState
from callcenter.panel.rights import ROLES, Role
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.settings import Settings
from callcenter.settings.promises import Reserve
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn

PASSWORD = "right horse battery"
MEMBER = events.Member(
    "PJSIP/8001",
    "1001",
    "not_in_use",
    paused=False,
    reason="",
    paused_since=None,
    in_call=False,
    last_call=None,
)
DESKS = (Desk("english", "英语专席", agents=("1003",)),)


@dataclass
class Link:
    """Takes every order, and does to the floor what Asterisk would."""

    keeper: FloorKeeper
    orders: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    channels: list[dict[str, str]] = field(default_factory=list)
    entries: list[dict[str, str]] = field(default_factory=list)

    async def action(self, name: str, /, **fields: Any) -> None:  # noqa: ANN401
        self.orders.append((name, fields))
        match name:
            case "QueueRemove":
                self.keeper.put(events.MemberRemoved(clock.now(), fields["Interface"], ""))
            case "QueueAdd":
                agent, interface = fields["MemberName"], fields["Interface"]
                self.keeper.put(events.MemberChanged(clock.now(), _member(interface, agent)))
            case "QueuePause":
                agent = self.keeper.floor.seats[fields["Interface"].removeprefix("PJSIP/")].agent or ""
                reason = fields["Reason"] if fields["Paused"] == "true" else None
                self.keeper.put(events.MemberChanged(clock.now(), _member(fields["Interface"], agent, reason)))
            case "QueueWithdrawCaller":
                call = next(one for one in self.keeper.floor.waiting if one.channel == fields["Caller"])
                desk = fields["WithdrawInfo"].removeprefix("desk=")
                place = 1 + sum(one.desk == desk for one in self.keeper.floor.waiting)
                self.keeper.put(events.CallerLeft(clock.now(), call.linkedid, call.channel, abandoned=False))
                self.keeper.put(
                    events.CallerJoined(clock.now(), call.linkedid, call.channel, call.caller, place, desk, call.since)
                )
            case "QueueChangePriorityCaller":
                self.entries.sort(key=lambda row: row["Channel"] != fields["Caller"])
                for place, row in enumerate(self.entries, start=1):
                    row["Position"] = str(place)

    async def list(self, name: str, /, **_: Any) -> "list[dict[str, str]]":  # noqa: ANN401
        return self.channels if name == "CoreShowChannels" else self.entries

    def named(self, name: str) -> "list[dict[str, Any]]":
        return [fields for order, fields in self.orders if order == name]


def _member(interface: str, agent: str, reason: str | None = None) -> events.Member:
    return replace(MEMBER, interface=interface, agent=agent, paused=reason is not None, reason=reason or "")


@dataclass
class Api:
    url: str
    database: Database
    keeper: FloorKeeper
    link: Link
    live: LiveState
    stack: AsyncExitStack

    async def as_(self, login: str, role: Role, agent: str | None = None) -> ClientSession:
        """A browser that somebody has signed in with."""
        new = users.NewUser(login, login.title(), role, agent, PASSWORD)
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True))
        await self.stack.enter_async_context(client)
        async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
            assert answer.status == 200
        return client

    def hear(self, *heard: events.AnyEvent) -> None:
        for event in heard:
            self.keeper.floor = apply(self.keeper.floor, event)

    def wait(self, *callers: str) -> None:
        for place, caller in enumerate(callers, start=1):
            channel = f"PJSIP/lab-0000000{place}"
            self.hear(events.CallerJoined(clock.now(), f"call-{place}", channel, caller, place))
            self.link.entries.append(
                {"Event": "QueueEntry", "Channel": channel, "Position": str(place), "Priority": "0"}
            )

    def talk(self) -> None:
        """Agent 1001 talks at 8001."""
        self.hear(events.AgentConnected(clock.now(), "call-9", "PJSIP/8001", "1001", "13800000009", waited=1, rang=1))
        channel = {"Channel": "PJSIP/8001-0000000a", "ChannelStateDesc": "Up", "BridgeId": "b", "Linkedid": "call-9"}
        self.link.channels.append(channel | {"Duration": "00:00:09", "Uniqueid": "u9"})

    async def trail(self) -> list[tuple[str, str, str]]:
        async with self.database.read() as session:
            rows = await session.scalars(select(Audit).order_by(Audit.id))
            return [(row.who, row.action, row.target) for row in rows if row.action != "signed_in"]


@pytest_asyncio.fixture
async def api(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()
    settings = Settings(data=tmp_path / "var", port_offset=4100, reserves=(Reserve(name="zhang", seat="8003"),))
    live = LiveState()
    floor = empty(("8001", "8002", "8003", "8009"), timedelta(seconds=30))
    keeper = FloorKeeper(floor, queue="hotline", clock=clock.now, on_change=lambda *_: None, desks=DESKS)
    link = Link(keeper)
    keeper.ami = cast("AmiClient", link)
    keeper.floor = apply(
        floor, events.FloorListed(clock.now(), (), (MEMBER,), dict.fromkeys(("8001", "8003", "8009"), True))
    )
    board = Board(live, floor, limit=5, most=4)
    board.names = {"1001": "Wang", "1002": "Li"}
    policy = PolicyKeeper(
        keeper, live, PolicyLog(database, "node1"), settings, queue="hotline", names=lambda: board.names, owed=lambda: 0
    )
    talks = TalkDesk(keeper, "110", cast("Any", None))
    listening = Listening(
        keeper, settings, clock.now, lambda rows: live.tell("listening", rows, supervises), talks.gather
    )
    app = server.build(
        settings, database, live=live, registry=CollectorRegistry(), front=tmp_path,
        features=[
            lambda app: [app.router.add_view(f"/api/v1/{path}", view) for path, view in supervising.ROUTES] and None,
            lambda app: [app.router.add_view(f"/api/v1/{path}", view) for path, view in desk_messages.ROUTES] and None,
        ],
    )  # fmt: skip
    desk = AgentDesk(keeper, lambda: board.names, queue="hotline")
    app[HOTLINE] = Hotline(keeper, desk, board, {}, 4, 5, cast("Any", None))
    moving = Moving(keeper, lambda: board.names, clock.now, queue="hotline", node="node1", ring_seconds=3)
    app[HANDS] = Hands(listening, moving, AgentDeeds(keeper, desk), Reserves(keeper, policy))
    floor_task = spawn(keeper.run(), name="floor")
    async with AsyncExitStack() as stack, server.serving(app, "127.0.0.1", 0) as runner:
        yield Api(f"http://127.0.0.1:{runner.addresses[0][1]}", database, keeper, link, live, stack)
    await cancel(floor_task)


async def post(client: ClientSession, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with client.post(f"/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json()


@asynccontextmanager
async def stream(client: ClientSession) -> AsyncIterator["Stream"]:
    """The live stream of somebody, whose own events are kept."""
    async with client.get("/api/v1/live") as answer:
        reading = Stream(answer)
        await reading.until("snapshot")
        yield reading


class Stream:
    """Reads events until the one that is waited for."""

    def __init__(self, answer: Any) -> None:  # noqa: ANN401
        self._answer = answer
        self._text = ""
        self.seen: list[str] = []

    async def until(self, name: str) -> Any:  # noqa: ANN401
        async with asyncio.timeout(5):
            while True:
                event, found, rest = self._text.partition("\n\n")
                if not found:
                    self._text += (await self._answer.content.readany()).decode()
                    continue
                self._text = rest
                fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line and line[0] != ":")
                self.seen.append(fields.get("event", ""))
                if fields.get("event") == name:
                    return json.loads(fields["data"])


# ---- Listening ----


async def test_a_listening_rings_the_chosen_phone_with_the_channel_that_asterisk_listed_and_is_on_the_trail(
    api: Api,
) -> None:
    boss = await api.as_("boss", "supervisor")
    api.talk()
    status, row = await post(boss, "supervision/listen", {"seat": "8001", "mode": "whisper", "phone": "8009"})
    assert (status, row["state"], row["mode"], row["phone"]) == (200, "ringing", "whisper", "8009")
    (order,) = api.link.named("Originate")
    assert (order["Channel"], order["Context"], order["Exten"]) == ("PJSIP/8009", "hotline-listen", "whisper")
    assert "SPIED=PJSIP/8001-0000000a" in order["Variable"]
    assert order["Account"] == "boss"
    assert ("boss", "listening_ordered", "seat 8001") in await api.trail()


async def test_a_listening_in_progress_changes_its_way_and_talk_and_only_its_own_supervisor_may(api: Api) -> None:
    boss, other = await api.as_("boss", "supervisor"), await api.as_("other", "supervisor")
    api.talk()
    ear = {
        "Channel": "PJSIP/8009-0000000b",
        "Uniqueid": "node1-listen-5",
        "AccountCode": "boss",
        "ChannelStateDesc": "Up",
    }
    api.link.channels.append(
        ear | {"ChannelStateDesc": "Up", "Application": "ChanSpy", "ApplicationData": "PJSIP/8001-0000000a,qES"}
    )
    status, row = await post(boss, "supervision/listen", {"agent": "1001", "mode": "barge"})
    assert (status, row["id"], row["mode"]) == (200, "node1-listen-5", "barge")
    assert api.link.named("Redirect")[-1] == {
        "Channel": "PJSIP/8009-0000000b", "Context": "hotline-listen", "Exten": "barge", "Priority": 1,
    }  # fmt: skip
    assert not api.link.named("Originate"), "the phone is picked up already"
    assert (await post(other, "supervision/listen/node1-listen-5", {"mode": "whisper"}))[0] == 403
    assert (await post(boss, "supervision/listen/node1-listen-5", {"mode": "whisper"}))[0] == 200
    assert (await post(boss, "supervision/listen/node1-listen-6", {"mode": "whisper"}))[0] == 404
    async with other.delete("/api/v1/supervision/listen/node1-listen-5", json={}) as answer:
        assert answer.status == 204
    assert api.link.named("Hangup") == [{"Channel": "PJSIP/8009-0000000b"}]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seat": "8001", "agent": "1001"},
        {"seat": "PJSIP/8001-0000000a"},
        {"seat": "8001\r\nAction: Originate"},
        {"seat": "8001", "mode": "record"},
        {"seat": "8001", "phone": "Local/1@x"},
        {"seat": "8001", "channel": "PJSIP/8001"},
    ],
)
async def test_no_name_of_a_channel_comes_from_outside(api: Api, body: dict[str, Any]) -> None:
    boss = await api.as_("boss", "supervisor")
    api.talk()
    assert (await post(boss, "supervision/listen", body))[0] == 400
    assert not api.link.orders


async def test_only_those_who_steer_the_floor_have_hands(api: Api) -> None:
    paths = [
        ("supervision/listen", {"seat": "8001"}),
        ("supervision/listen/x", {"mode": "listen"}),
        ("supervision/waiting/call-1", {"to": "front"}),
        ("supervision/agents/1001", {"deed": "sign_out"}),
        ("supervision/reserves/zhang", {"joined": True}),
        ("supervision/undo", {"step": "join_reserve", "whom": "zhang"}),
    ]
    for role in ROLES:
        if role in {"unit", "supervisor", "administrator"}:  # a unit's people are held off by test_rights
            continue
        client = await api.as_(f"a-{role}", role, "1002" if role == "agent" else None)
        for path, body in paths:
            assert (await post(client, path, body))[0] == 403, (role, path)
    assert not api.link.orders


# ---- Waiting callers ----


async def test_a_caller_is_moved_to_the_front_by_priority_and_never_leaves_the_queue(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    api.wait("13800000001", "13800000002", "13800000003")
    status, moved = await post(boss, "supervision/waiting/call-3", {"to": "front"})
    assert (status, moved["position"], moved["caller"]) == (200, 1, "138****0003")
    assert [name for name, _ in api.link.orders] == ["QueueChangePriorityCaller"]
    assert [call.linkedid for call in api.keeper.floor.waiting] == ["call-3", "call-1", "call-2"]
    assert (await post(boss, "supervision/waiting/nobody", {"to": "front"}))[0] == 409
    assert ("boss", "caller_moved", "call call-3") in await api.trail()


async def test_an_agent_who_cannot_take_a_caller_is_not_rung(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    api.wait("13800000001")
    status, answer = await post(boss, "supervision/waiting/call-1", {"to": "agent", "agent": "1002"})
    assert (status, "1002" in answer["error"]) == (409, True)
    assert (await post(boss, "supervision/waiting/call-1", {"to": "agent"}))[0] == 400
    assert not api.link.orders


async def test_a_caller_is_moved_to_a_desk_and_back_and_keeps_the_time_that_they_have_waited(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    api.wait("13800000001", "13800000002")
    since = api.keeper.floor.waiting[1].since
    api.hear(events.DeskMemberChanged(clock.now(), "english", MEMBER))
    status, moved = await post(boss, "supervision/waiting/call-2", {"to": "desk", "desk": "english"})
    assert (status, moved["desk"], moved["position"], moved["moving"]) == (200, "english", 1, False)
    waiting = api.keeper.floor.waiting
    assert [(call.linkedid, call.desk) for call in waiting] == [("call-1", ""), ("call-2", "english")]
    assert waiting[1].since == since
    status, moved = await post(boss, "supervision/waiting/call-2", {"to": "queue"})
    assert (status, moved["desk"], moved["position"]) == (200, None, 2)
    orders = api.link.named("QueueWithdrawCaller")
    assert [(order["Queue"], order["WithdrawInfo"]) for order in orders] == [
        ("hotline", "desk=english"),
        ("desk-english", "desk="),
    ]
    assert [entry for entry in await api.trail() if entry[1] == "caller_moved"] == [
        ("boss", "caller_moved", "call call-2")
    ] * 2


async def test_a_move_to_a_desk_that_is_not_possible_orders_nothing(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    api.wait("13800000001")
    for body, status, why in (
        ({"to": "desk", "desk": "english"}, 409, "nobody is signed in"),
        ({"to": "desk", "desk": "french"}, 409, "no desk french"),
        ({"to": "queue"}, 409, "general queue already"),
        ({"to": "desk"}, 400, ""),
        ({"to": "queue", "desk": "english"}, 400, ""),
        ({"to": "desk", "desk": "english\r\nAction: Hangup"}, 400, ""),
    ):
        found, answer = await post(boss, "supervision/waiting/call-1", body)
        assert (found, why in answer["error"]) == (status, True), (body, answer)
    assert not api.link.orders
    assert not [entry for entry in await api.trail() if entry[1] == "caller_moved"]


# ---- Agents, reserves, the policy ----


async def test_whoever_is_signed_out_by_a_supervisor_is_told_by_whom_and_why_and_acknowledges_it(api: Api) -> None:
    boss, agent = await api.as_("boss", "supervisor"), await api.as_("wang", "agent", "1001")
    other = await api.as_("li", "agent", "1002")
    async with stream(agent) as mine, stream(other) as theirs:
        status, row = await post(
            boss, "supervision/agents/1001", {"deed": "sign_out", "message": "<script>下班</script>"}
        )
        assert (status, row["state"]) == (200, "signed_out")
        message = await mine.until("message")
        assert (message["deed"], message["by"], message["text"]) == ("sign_out", "boss", "<script>下班</script>")
        status, read = await post(agent, "desk-messages/read", {"until": message["id"], "deeds": True})
        assert (status, read["ids"]) == (200, [message["id"]])
        assert (await mine.until("read"))["ids"] == [message["id"]]
        api.live.set("end", 1)
        await theirs.until("patch")
        assert "message" not in theirs.seen, "nobody else hears of it"
    assert ("boss", "agent_sign_out_by_supervisor", "agent 1001") in await api.trail()


async def test_a_break_is_ended_and_one_that_is_none_is_not(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    assert (await post(boss, "supervision/agents/1001", {"deed": "ready"}))[0] == 409
    assert (await post(boss, "supervision/agents/1001", {"deed": "break", "reason": "meeting"}))[0] == 200
    status, row = await post(boss, "supervision/agents/1001", {"deed": "ready", "message": "请返岗"})
    assert (status, row["state"]) == (200, "ready")


async def test_a_reserve_is_called_in_by_hand_and_sent_back(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    status, row = await post(boss, "supervision/reserves/zhang", {"joined": True})
    assert (status, row["joined"], row["by"]) == (200, True, "hand")
    assert api.link.named("QueueAdd")[0]["Interface"] == "PJSIP/8003"
    status, row = await post(boss, "supervision/reserves/zhang", {"joined": False})
    assert (status, row["joined"]) == (200, False)
    assert (await post(boss, "supervision/reserves/nobody", {"joined": True}))[0] == 409
    assert (await post(boss, "supervision/undo", {"step": "join_reserve", "whom": "zhang"}))[0] == 409
    assert (await post(boss, "supervision/undo", {"step": "end_wrap_up", "whom": "8001"}))[0] == 400
    trail = [action for _, action, _ in await api.trail()]
    assert trail.count("reserve_called_in") == trail.count("reserve_sent_back") == 1


# ---- Messages ----


async def test_supervisor_and_desk_write_to_each_other_and_marks_say_what_is_unread(api: Api) -> None:
    boss, agent = await api.as_("boss", "supervisor"), await api.as_("wang", "agent", "1001")
    async with stream(boss) as floor, stream(agent) as desk:
        status, asked = await post(boss, "desk-messages", {"agent": "1001", "text": " 请核对\u202e地址\u0007 "})
        assert (status, asked["text"], asked["to_desk"], asked["seat"]) == (200, "请核对地址", True, "8001")
        assert (await desk.until("message"))["id"] == asked["id"]
        status, answered = await post(agent, "desk-messages", {"text": "好的"})
        assert (status, answered["to_desk"], answered["agent"]) == (200, False, "1001")
        await floor.until("message")
        assert (await floor.until("message"))["id"] == answered["id"]
    async with boss.get("/api/v1/desk-messages?agent=1001") as answer:
        thread = await answer.json()
    assert [message["text"] for message in thread["messages"]] == ["请核对地址", "好的"]
    assert thread["unread"] == {"1001": 1}
    await post(boss, "desk-messages/read", {"agent": "1001", "until": answered["id"]})
    async with boss.get("/api/v1/desk-messages?agent=1001") as answer:
        thread = await answer.json()
    assert thread["unread"] == {}
    assert [bool(message["read_at"]) for message in thread["messages"]] == [False, True], (
        "the desk has not read its own"
    )


async def test_an_agent_reads_and_writes_in_their_own_thread_alone(api: Api) -> None:
    agent = await api.as_("wang", "agent", "1001")
    async with agent.get("/api/v1/desk-messages?agent=1002") as answer:
        assert answer.status == 403
    assert (await post(agent, "desk-messages", {"agent": "1002", "text": "x"}))[0] == 403
    assert (await post(agent, "desk-messages/read", {"agent": "1002", "until": 1}))[0] == 403
    inspector = await api.as_("qi", "inspector")
    async with inspector.get("/api/v1/desk-messages?agent=1001") as answer:
        assert answer.status == 403


@pytest.mark.parametrize("text", ["", "   ", "\u0007\u202e", "x" * 501])
async def test_a_message_that_says_nothing_or_too_much_is_refused(api: Api, text: str) -> None:
    boss = await api.as_("boss", "supervisor")
    assert (await post(boss, "desk-messages", {"agent": "1001", "text": text}))[0] in {400, 409}
    assert (await post(boss, "desk-messages", {"agent": "6666", "text": "x"}))[0] == 409
