"""The link to the manager, against a peer that misbehaves in every way that panoramisk did not survive."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import structlog
from fake_ami import BOOTED, FakeAmi, FakeLink, until

from callcenter.asterisk import ami as package
from callcenter.asterisk.ami import AmiClient, AmiDown, AmiRefused, AmiTimeout, AmiUnknownOutcome, client, protocol
from callcenter.tasks import cancel, spawn


class Owner:
    """What the client's owner hears."""

    def __init__(self) -> None:
        self.messages: list[package.Message] = []
        self.ups = 0
        self.downs = 0
        self.on_up: Callable[[], Awaitable[object]] | None = None
        self.fault: Exception | None = None

    def hear(self, message: package.Message) -> None:
        self.messages.append(message)
        if self.fault is not None:
            raise self.fault

    async def up(self) -> None:
        self.ups += 1
        if self.on_up is not None:
            await self.on_up()

    def down(self) -> None:
        self.downs += 1

    def heard(self, name: str) -> list[package.Message]:
        return [message for message in self.messages if message["Event"] == name]


@asynccontextmanager
async def linked(
    server: FakeAmi, owner: Owner, *, secret: str = "", ping: float = 60.0, ready: bool = True
) -> AsyncIterator[AmiClient]:
    ami = AmiClient(
        "127.0.0.1",
        server.port,
        "controller",
        secret or server.secret,
        on_message=owner.hear,
        on_up=owner.up,
        on_down=owner.down,
        ping_seconds=ping,
        ping_deadline=0.2,
    )
    running = spawn(ami.run(), name="test-ami")
    try:
        if ready:
            await until(lambda: owner.ups)
        yield ami
    finally:
        await ami.stop()
        await asyncio.wait({running}, timeout=5)
        assert running.done()
        assert running.exception() is None


@pytest.fixture
async def server() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as fake:
        yield fake


@pytest.fixture
def owner() -> Owner:
    return Owner()


async def test_events_arrive_in_order_and_on_up_may_ask_while_they_come(server: FakeAmi, owner: Owner) -> None:
    def queue_status(link: FakeLink, action: dict[str, str]) -> None:
        link.event("Meanwhile", "Number: 1")
        link.reply(action, "Success", "EventList: start", "Message: Queue status will follow")
        link.event("QueueMember", f"ActionID: {action['ActionID']}", "Name: 1001")
        link.event("QueueStatusComplete", f"ActionID: {action['ActionID']}", "EventList: Complete", "ListItems: 1")
        link.event("Meanwhile", "Number: 2")

    server.answers["QueueStatus"] = queue_status
    listed: list[package.Message] = []

    async def ask() -> None:
        listed.extend(await ami.list("QueueStatus"))

    owner.on_up = ask
    async with linked(server, owner, ready=False) as ami:
        await until(lambda: listed)
        for number in range(3, 500):
            server.link.event("Meanwhile", f"Number: {number}")
        await until(lambda: len(owner.heard("Meanwhile")) == 499)
    assert [row["Name"] for row in listed] == ["1001"]
    assert [int(message["Number"]) for message in owner.heard("Meanwhile")] == list(range(1, 500))
    assert owner.heard("QueueMember") == []


async def test_an_exception_in_the_callback_is_logged_once_and_harms_nothing(server: FakeAmi, owner: Owner) -> None:
    """Mend 2: in panoramisk it closes the link."""
    async with linked(server, owner) as ami:
        owner.fault = RuntimeError("boom")
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                server.link.event("Newchannel")
            await until(lambda: len(owner.heard("Newchannel")) == 3)
        assert (await ami.action("Ping")).fields["Response"] == "Success"
        assert (owner.downs, len(server.links)) == (0, 1)
    assert [line["event"] for line in logs] == ["ami_message_failed"]


async def test_queue_add_ends_with_its_one_answer(server: FakeAmi, owner: Owner) -> None:
    """Mend 3: panoramisk takes "Added interface to queue" for the start of a list and never resolves."""
    server.answers["QueueAdd"] = lambda link, action: link.reply(action, "Success", "Message: Added interface to queue")
    async with linked(server, owner) as ami:
        assert (await ami.action("QueueAdd", Queue="hotline")).message == "Added interface to queue"


async def test_a_refusal_ends_an_action_and_a_list_with_asterisks_words(server: FakeAmi, owner: Owner) -> None:
    """Mend 3: in panoramisk a refused list never resolves."""
    server.answers["Status"] = lambda link, action: link.reply(action, "Error", "Message: No such channel")
    async with linked(server, owner) as ami:
        for asked in (ami.action("Status"), ami.list("Status")):
            with pytest.raises(AmiRefused) as refused:
                await asked
            assert refused.value.message == "No such channel"


async def test_a_list_that_is_none_is_empty(server: FakeAmi, owner: Owner) -> None:
    async with linked(server, owner) as ami:
        assert await ami.list("Ping") == []


async def test_silence_ends_in_a_timeout_and_the_late_answer_is_passed_over(server: FakeAmi, owner: Owner) -> None:
    """Mend 3: panoramisk waits for ever."""
    late: list[dict[str, str]] = []
    server.answers["Status"] = lambda _link, action: late.append(action)
    async with linked(server, owner) as ami:
        began = time.monotonic()
        with pytest.raises(AmiTimeout):
            await ami.action("Status", timeout=0.05)
        assert time.monotonic() - began < 1
        server.link.reply(late[0])
        server.link.reply(late[0])
        assert (await ami.action("Ping")).fields["Response"] == "Success"


async def test_a_list_cut_off_has_an_unknown_outcome(server: FakeAmi, owner: Owner) -> None:
    """Mend 3: panoramisk neither resolves nor repeats it."""

    def half(link: FakeLink, action: dict[str, str]) -> None:
        link.reply(action, "Success", "EventList: start")
        link.event("CoreShowChannel", f"ActionID: {action['ActionID']}")
        link._writer.close()

    server.answers["CoreShowChannels"] = half
    async with linked(server, owner) as ami:
        with pytest.raises(AmiUnknownOutcome):
            await ami.list("CoreShowChannels")


async def test_an_originates_response_is_an_event_even_when_it_comes_first(server: FakeAmi, owner: Owner) -> None:
    """Mend 4: panoramisk swallows it; it carries the action's id and, in a real Asterisk, a Response field."""

    def originate(link: FakeLink, action: dict[str, str]) -> None:
        about = f"ActionID: {action['ActionID']}"
        link.event("OriginateResponse", about, "Response: Failure", "Reason: 3")
        link.reply(action, "Success", "Message: Originate successfully queued")
        link.event("OriginateResponse", about, "Response: Success", "Reason: 4")

    server.answers["Originate"] = originate
    async with linked(server, owner) as ami:
        reply = await ami.action("Originate", Channel="PJSIP/8001", Async="true")
        assert reply.message == "Originate successfully queued"
        await until(lambda: len(owner.heard("OriginateResponse")) == 2)


async def test_play_dtmf_is_an_action_like_others(server: FakeAmi, owner: Owner) -> None:
    """Mend 4: panoramisk raises KeyError("async") at its answer and drops the link."""
    server.answers["PlayDTMF"] = lambda link, action: link.reply(action, "Success", "Message: DTMF successfully queued")
    async with linked(server, owner) as ami:
        assert (await ami.action("PlayDTMF", Channel="PJSIP/1", Digit="1")).message == "DTMF successfully queued"
        assert owner.downs == 0


async def test_an_action_under_way_when_the_link_breaks_is_never_sent_again(server: FakeAmi, owner: Owner) -> None:
    """Mend 5: panoramisk sends it again after the reconnect, and the citizen is dialled twice."""
    server.answers["Originate"] = lambda link, _action: link.cut()
    async with linked(server, owner) as ami:
        with pytest.raises(AmiUnknownOutcome):
            await ami.action("Originate", Channel="PJSIP/8001", Async="true")
        await until(lambda: owner.ups == 2)
        await ami.action("Ping")
        assert sum(link.names().count("Originate") for link in server.links) == 1
    assert owner.downs == 2


async def test_without_a_link_nothing_is_sent_and_the_caller_hears_so(owner: Owner, server: FakeAmi) -> None:
    async with linked(server, owner) as ami:
        await server.close()
        await until(lambda: not ami.connected)
        with pytest.raises(AmiDown):
            await ami.action("Ping")
        with pytest.raises(AmiDown):
            await ami.list("QueueStatus")


async def test_a_wrong_secret_raises_one_alarm_and_is_tried_again(
    server: FakeAmi, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mend 6: panoramisk is silent about it."""
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    with structlog.testing.capture_logs() as logs:
        async with linked(server, owner, secret="old", ready=False):
            await until(lambda: len(server.links) >= 3)
            assert owner.ups == 0
            server.secret = "old"
            await until(lambda: owner.ups == 1)
    alarms = [line for line in logs if line["log_level"] == "error"]
    assert [(line["event"], line["reason"]) for line in alarms] == [("ami_login_refused", "Authentication failed")]


async def test_the_wait_between_tries_grows_and_has_jitter(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mend 6: panoramisk's is fixed. Each wait is between half and all of 0.1, 0.2, 0.4 s."""
    refused = FakeAmi()
    refused.answers["Login"] = lambda link, _action: link.cut()
    tries: list[float] = []
    one_link = AmiClient._one_link

    async def noted(self: AmiClient) -> None:
        tries.append(time.monotonic())
        await one_link(self)

    monkeypatch.setattr(AmiClient, "_one_link", noted)
    async with refused, linked(refused, owner, ready=False):
        await until(lambda: len(tries) == 4)
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert all(low <= wait < low * 2 + 0.3 for low, wait in zip((0.05, 0.1, 0.2), waits, strict=True)), waits


async def test_stop_while_waiting_to_reconnect_stays_stopped(owner: Owner) -> None:
    """Mend 6: panoramisk's close() during the wait reconnects all the same."""
    async with FakeAmi() as server:
        async with linked(server, owner) as ami:
            await server.close()
            await until(lambda: not ami.connected)
            await ami.stop()
            await server.open()
        links = len(server.links)
        await asyncio.sleep(0.3)
        assert len(server.links) == links


async def test_a_half_open_peer_is_noticed(server: FakeAmi, owner: Owner) -> None:
    """Mend 6: panoramisk pings, and never looks whether there was an answer."""
    async with linked(server, owner, ping=0.1):
        server.deaf = True
        await until(lambda: owner.downs == 1, seconds=2)
        server.deaf = False
        await until(lambda: owner.ups == 2)


async def test_a_peer_that_sends_events_but_no_answer_is_given_up_later(server: FakeAmi, owner: Owner) -> None:
    server.answers["Ping"] = lambda _link, _action: None
    async with linked(server, owner, ping=0.1):
        link, began = server.link, time.monotonic()
        while not owner.downs:
            link.event("VarSet")
            await asyncio.sleep(0.02)
        assert 0.2 * 2 < time.monotonic() - began < 0.2 * (client.BUSY_DEADLINES + 4)


async def test_a_login_that_is_never_answered_is_given_up(
    server: FakeAmi, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.1)
    server.deaf = True
    async with linked(server, owner, ready=False):
        await until(lambda: len(server.links) >= 2)


async def test_the_owner_hears_of_the_link_only_when_asterisk_has_booted(server: FakeAmi, owner: Owner) -> None:
    server.answers["Login"] = FakeLink.reply
    async with linked(server, owner, ready=False) as ami:
        await until(lambda: server.links and server.link.names() == ["Login"])
        await asyncio.sleep(0.1)
        assert (owner.ups, ami.connected) == (0, False)
        server.link.send(BOOTED)
        await until(lambda: owner.ups == 1)


async def test_a_link_that_breaks_before_asterisk_has_booted_was_never_up(server: FakeAmi, owner: Owner) -> None:
    def login(link: FakeLink, action: dict[str, str]) -> None:
        link.reply(action)
        link._writer.close()

    server.answers["Login"] = login
    async with linked(server, owner, ready=False):
        await until(lambda: len(server.links) == 2)
    assert (owner.ups, owner.downs) == (0, 0)


@pytest.mark.parametrize("value", ["a\r\n\r\nAction: Originate", "a\nb", "a\rb", "a\0b", "x" * 1000])
async def test_a_field_that_asterisk_would_misread_is_never_sent(server: FakeAmi, owner: Owner, value: str) -> None:
    """Mend 7: panoramisk sends it, and a real Asterisk carries out what it holds."""
    async with linked(server, owner) as ami:
        for asked in (
            ami.action("Setvar", Variable="name", Value=value),
            ami.action("Setvar", Variable=["a=1", value]),
            ami.action(value),
        ):
            with pytest.raises(ValueError, match="field"):
                await asked
        with pytest.raises(ValueError, match="own field"):
            await ami.action("Setvar", ActionID="1")
        await ami.action("Ping")
        assert server.link.names() == ["Login", "Ping"]


async def test_fields_travel_as_given(server: FakeAmi, owner: Owner) -> None:
    async with linked(server, owner) as ami:
        await ami.action("QueueAdd", MemberName="张三: 1001", Penalty=0, Variable=["a=1", "b=2"])
        sent = server.link.received[-1]
        assert (sent["MemberName"], sent["Penalty"], sent["Variable"]) == ("张三: 1001", "0", "b=2")


async def test_a_flood_without_end_drops_the_link_and_says_so(server: FakeAmi, owner: Owner) -> None:
    async with linked(server, owner):
        with structlog.testing.capture_logs() as logs:
            server.link.send(b"Event: X\r\nName: " + b"x" * (2 << 20))
            await until(lambda: owner.ups == 2)
    assert any(line["event"] == "ami_down" and line["reason"] == "message_too_long" for line in logs)


async def test_a_peer_that_does_not_read_is_dropped(
    server: FakeAmi, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "UNSENT_LIMIT", -1)
    async with linked(server, owner, ready=False):
        await until(lambda: len(server.links) == 2)
        assert owner.ups == 0


async def test_a_listing_that_fails_in_on_up_makes_the_link_anew(server: FakeAmi, owner: Owner) -> None:
    async def fail() -> None:
        if owner.ups == 1:
            raise AmiRefused("QueueStatus", "not yet")

    owner.on_up = fail
    async with linked(server, owner) as ami:
        await until(lambda: owner.ups == 2)
        assert (owner.downs, len(server.links), ami.connected) == (1, 2, True)


async def test_on_up_that_hangs_ends_with_its_link(server: FakeAmi, owner: Owner) -> None:
    hanging = asyncio.Event()
    owner.on_up = lambda: hanging.wait() if owner.ups == 1 else asyncio.sleep(0)
    async with linked(server, owner):
        server.link.cut()
        await until(lambda: owner.ups == 2)


async def test_cancelling_run_closes_the_link(server: FakeAmi, owner: Owner) -> None:
    ami = AmiClient("127.0.0.1", server.port, "u", "secret", on_message=owner.hear, on_up=owner.up, on_down=owner.down)
    running = spawn(ami.run(), name="test-ami")
    await until(lambda: owner.ups)
    await cancel(running)
    await until(server.link.closed.is_set)
    assert (owner.downs, ami.connected) == (1, False)
