"""Hostile and broken FastAGI clients: each is dropped and logged once, and no other question waits for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from callcenter.asterisk.agi import COMMAND_BYTES, AgiError, AgiHangup, AgiRequest, parse_answer, quote
from callcenter.asterisk.fastagi import FastAgiServer

HEADER = (
    b"agi_network: yes\nagi_network_script: arrival?x=1&y=%E4%B8%80&z=\nagi_request: agi://127.0.0.1:4573/arrival?x=1\n"
    b"agi_channel: PJSIP/citizen-1\nagi_callerid: 13800000001\nagi_arg_1: one\nagi_arg_2: two words\n\n"
)
Route = Callable[[AgiRequest], Awaitable[None]]


@asynccontextmanager
async def serving(route: Route, **limits: float) -> AsyncIterator[FastAgiServer]:
    server = FastAgiServer("127.0.0.1", 0, {"arrival": route}, **({"drain_seconds": 0.1} | limits))  # type: ignore[arg-type]
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class Peer:
    """Asterisk's side of the conversation."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, *data: bytes) -> None:
        for part in data:
            self.writer.write(part)
            await self.writer.drain()

    async def hears(self) -> str:
        async with asyncio.timeout(5):
            return (await self.reader.readline()).decode().rstrip("\n")

    async def is_dropped(self) -> None:
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(1024):
                    pass


@asynccontextmanager
async def peer(server: FastAgiServer) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()


async def set_one_variable(request: AgiRequest) -> None:
    await request.set_variable("HOTLINE", "known")


async def is_answered(server: FastAgiServer) -> None:
    """Ask a question as Asterisk does, and get its answer within a second."""
    async with asyncio.timeout(1), peer(server) as asterisk:
        await asterisk.says(HEADER)
        assert await asterisk.hears() == 'SET VARIABLE "HOTLINE" "known"'
        await asterisk.says(b"200 result=1\n")
        await asterisk.is_dropped()


async def test_route_query_and_arguments_reach_the_question() -> None:
    seen: list[AgiRequest] = []

    async def route(request: AgiRequest) -> None:
        seen.append(request)

    async with serving(route) as server, peer(server) as asterisk:
        await asterisk.says(HEADER)
        await asterisk.is_dropped()
    assert seen[0].query == {"x": "1", "y": "一", "z": ""}
    assert seen[0].args == ("one", "two words")
    assert (seen[0].route, seen[0].caller) == ("arrival", "13800000001")
    assert seen[0].variables["agi_channel"] == "PJSIP/citizen-1"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\xff\xfe garbage\n\n",
        b"\n",
        b"agi_network: yes\n\n",
        b"agi_network: yes\nno colon here\n\n",
        b"a" * 10_000_000,
        b"agi_network: yes\nagi_callerid: " + b"1" * 10_000_000 + b"\n\n",
        b"agi_x: 1\n" * 100_000,
    ],
    ids=["http", "garbage", "empty", "no-channel", "no-colon", "10-MB", "10-MB-value", "many-lines"],
)
async def test_what_is_no_header_is_dropped_and_logged_once(sent: bytes) -> None:
    async with serving(set_one_variable) as server:
        with capture_logs() as logs:
            async with peer(server) as hostile:
                with contextlib.suppress(ConnectionError):  # it is dropped before it has said everything
                    await hostile.says(sent)
                await hostile.is_dropped()
                await is_answered(server)
        assert [entry["event"] for entry in logs] == ["agi_peer_dropped"]


@pytest.mark.parametrize("sent", [b"", b"agi_network: yes\nagi_cha"], ids=["silent", "half-a-header"])
async def test_a_silent_peer_is_dropped_in_time_and_stalls_nobody(sent: bytes) -> None:
    async with serving(set_one_variable, header_seconds=0.3) as server:
        with capture_logs() as logs:
            async with peer(server) as hostile:
                await hostile.says(sent)
                await is_answered(server)
                await hostile.is_dropped()
        assert [entry["reason"] for entry in logs] == ["no whole header in time"]


async def test_connect_and_close_is_logged_once_and_stalls_nobody() -> None:
    async with serving(set_one_variable) as server:
        with capture_logs() as logs:
            async with peer(server):
                pass
            await is_answered(server)
            await is_answered(server)
        assert [entry["reason"] for entry in logs] == ["closed without a word"]


async def test_a_header_in_single_bytes_with_broken_text_is_read() -> None:
    callers: list[str] = []

    async def route(request: AgiRequest) -> None:
        callers.append(request.variables["agi_calleridname"])

    async with serving(route) as server, peer(server) as asterisk:
        header = HEADER[:-1] + b"agi_calleridname: \xe5\xbc\xa0\xff\n\n"
        await asterisk.says(*(header[at : at + 1] for at in range(len(header))))
        await asterisk.is_dropped()
    assert callers == ["张�"]


async def test_a_newline_in_the_callers_words_cannot_change_the_question() -> None:
    asked: list[str] = []

    async def route(request: AgiRequest) -> None:
        asked.append(request.route)

    async with serving(route) as server, peer(server) as asterisk:
        await asterisk.says(HEADER[:-1] + b"agi_calleridname: x\nagi_network_script: evil\nagi_callerid: 110\n\n")
        await asterisk.is_dropped()
    assert asked == ["arrival"]


async def test_an_answer_nobody_asked_for_is_not_believed() -> None:
    """The header is ended early by the caller's words, which go on with what looks like an answer."""
    values: list[str | None] = []

    async def route(request: AgiRequest) -> None:
        values.append(await request.get_variable("BLOCKED"))

    async with serving(route) as server, peer(server) as asterisk:
        with capture_logs() as logs:
            await asterisk.says(HEADER + b"200 result=1 (no)\n")
            await asterisk.is_dropped()
        assert values == []
        assert [entry["event"] for entry in logs] == ["agi_failed"]


async def test_commands_get_their_own_answers_and_only_one_is_under_way() -> None:
    values: list[str | None] = []

    async def route(request: AgiRequest) -> None:
        values.extend(await asyncio.gather(*(request.get_variable(name) for name in "abc")))

    async with serving(route) as server, peer(server) as asterisk:
        await asterisk.says(HEADER)
        assert await asterisk.hears() == 'GET VARIABLE "a"'
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asterisk.reader.readline(), 0.05)
        await asterisk.says(b"100 result=0 Trying...\n", b"200 result=1 (x) (y))\n")
        await asterisk.hears()
        await asterisk.says(b"200 result=0\n")
        await asterisk.hears()
        await asterisk.says(b"200 result=1 ()\n")
        await asterisk.is_dropped()
    assert values == ["x) (y)", None, ""]


async def outcome(*says: bytes, route: Route, **limits: float) -> list[str]:
    """Run a route against one question and fixed words after its first command; returns the logged reasons."""
    async with serving(route, **limits) as server, peer(server) as asterisk:
        with capture_logs() as logs:
            await asterisk.says(HEADER)
            await asterisk.hears()
            await asterisk.says(*says)
            await asterisk.is_dropped()
        await is_answered_elsewhere(server)
        return [f"{entry['log_level']}: {entry.get('reason', entry['event'])}" for entry in logs]


async def is_answered_elsewhere(server: FastAgiServer) -> None:
    """Whatever happened to one question, nothing of it is left."""
    async with asyncio.timeout(2):
        while server.active:  # the connection's own end is not to be waited on
            await asyncio.sleep(0.01)


async def test_a_usage_block_is_one_refusal_and_the_conversation_goes_on() -> None:
    heard: list[str] = []

    async def route(request: AgiRequest) -> None:
        with pytest.raises(AgiError, match="520 Invalid command syntax"):
            await request.command("SET VARIABLE")
        heard.append(str(await request.get_variable("x")))

    usage = b"520-Invalid command syntax.  Proper usage follows:\nUsage: SET VARIABLE\n200 result=1 (trap)\n"
    async with serving(route) as server, peer(server) as asterisk:
        await asterisk.says(HEADER)
        assert await asterisk.hears() == "SET VARIABLE"
        await asterisk.says(usage, b"520 End of proper usage.\n")
        assert await asterisk.hears() == 'GET VARIABLE "x"'
        await asterisk.says(b"200 result=1 (right)\n")
        await asterisk.is_dropped()
    assert heard == ["right"]


async def test_a_hangup_ends_the_question_quietly_and_later_answers_belong_to_nobody() -> None:
    async def route(request: AgiRequest) -> None:
        with pytest.raises(AgiHangup):
            await request.get_variable("a")
        with pytest.raises(AgiHangup):
            await request.get_variable("b")
        assert request.hung_up.is_set()
        raise AgiHangup("again")

    assert await outcome(b"HANGUP\n200 result=1 (a)\n", route=route) == ["debug: again"]


async def test_a_closed_connection_is_a_hangup() -> None:
    seen = asyncio.Event()

    async def route(request: AgiRequest) -> None:
        try:
            await request.get_variable("a")
        except AgiHangup:
            seen.set()

    async with serving(route) as server:
        async with peer(server) as asterisk:
            await asterisk.says(HEADER)
            await asterisk.hears()
        async with asyncio.timeout(1):
            await seen.wait()


async def test_no_answer_in_time_breaks_the_conversation_off() -> None:
    assert await outcome(route=set_one_variable, answer_seconds=0.2) == ["warning: no answer to SET VARIABLE in time"]


async def test_an_answer_of_10_mb_breaks_the_conversation_off() -> None:
    logged = await outcome(b"200 result=1 (" + b"x" * 100_000 + b"\n", route=set_one_variable)
    assert logged == ["warning: a line longer than 49152 bytes"]


async def test_garbage_for_an_answer_breaks_the_conversation_off() -> None:
    assert await outcome(b"\xff\xfe\n", route=set_one_variable) == ["warning: a line that is no answer"]


async def test_a_failed_playback_is_an_error_and_not_a_hangup() -> None:
    async def route(request: AgiRequest) -> None:
        await request.stream_file("hotline/none")

    assert await outcome(b"200 result=-1 endpos=0\n", route=route) == ["warning: the channel failed: -1"]


async def test_a_hangup_during_playback_is_a_hangup() -> None:
    async def route(request: AgiRequest) -> None:
        await request.stream_file("hotline/greeting")

    assert await outcome(b"200 result=-1 endpos=99\n", b"HANGUP\n", route=route) == ["debug: the caller hung up"]


async def test_a_route_that_falls_silent_is_ended_but_a_long_playback_is_not() -> None:
    async def route(request: AgiRequest) -> None:
        assert await request.stream_file("long", "12") == "1"
        await asyncio.sleep(60)

    async with serving(route, think_seconds=0.2) as server, peer(server) as asterisk:
        with capture_logs() as logs:
            await asterisk.says(HEADER)
            assert await asterisk.hears() == 'STREAM FILE "long" "12"'
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asterisk.reader.readline(), 0.4)  # longer than the route may think
            await asterisk.says(b"200 result=49 endpos=1\n")
            await asterisk.is_dropped()
    assert [entry["event"] for entry in logs] == ["agi_route_too_slow"]


async def test_a_route_that_fails_ends_its_own_question_only() -> None:
    async def route(request: AgiRequest) -> None:
        if request.args:
            raise ZeroDivisionError
        await set_one_variable(request)

    async with serving(route) as server, peer(server) as asterisk:
        with capture_logs() as logs:
            await asterisk.says(HEADER)
            await asterisk.is_dropped()
        assert [entry["event"] for entry in logs] == ["agi_route_failed"]


async def test_an_unknown_route_is_logged_and_closed() -> None:
    async with serving(set_one_variable) as server, peer(server) as asterisk:
        with capture_logs() as logs:
            await asterisk.says(b"agi_network_script: other\nagi_channel: x\n\n")
            await asterisk.is_dropped()
        assert [(entry["event"], entry["route"]) for entry in logs] == [("agi_route_unknown", "other")]


async def test_connections_over_the_cap_are_closed_at_once_and_logged_once() -> None:
    async with serving(set_one_variable, max_connections=2) as server:
        async with peer(server), peer(server):
            with capture_logs() as logs:
                for _ in range(3):
                    async with peer(server) as third:
                        await third.is_dropped()
            assert [entry["event"] for entry in logs] == ["agi_full"]
        await is_answered_elsewhere(server)
        await is_answered(server)


async def test_stop_lets_a_question_end_and_cuts_one_that_does_not() -> None:
    ended = []

    async def route(request: AgiRequest) -> None:
        await request.command("NOOP")
        ended.append(True)

    async with (
        serving(route, drain_seconds=0.3, answer_seconds=60) as server,
        peer(server) as quick,
        peer(server) as stuck,
    ):
        for asterisk in (quick, stuck):
            await asterisk.says(HEADER)
            assert await asterisk.hears() == "NOOP"
        stopping = asyncio.get_running_loop().create_task(server.stop(), name="stop")
        await quick.says(b"200 result=0\n")
        async with asyncio.timeout(2):
            await stopping
        await stuck.is_dropped()
    assert ended == [True]


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_what_would_end_the_line_cannot_be_sent(text: str) -> None:
    with pytest.raises(ValueError, match="may not contain"):
        quote(text)


def test_quoting_escapes_quotes_and_backslashes() -> None:
    assert quote('a "b" \\ 张') == '"a \\"b\\" \\\\ 张"'


async def test_a_command_longer_than_asterisk_reads_cannot_be_sent() -> None:
    async def route(request: AgiRequest) -> None:
        with pytest.raises(ValueError, match="2000 bytes"):
            await request.set_variable("x", "张" * COMMAND_BYTES)
        await set_one_variable(request)

    async with serving(route) as server:
        await is_answered(server)


@pytest.mark.parametrize(
    ("line", "result", "data"),
    [
        ("200 result=1 (value)", "1", "value"),
        ("200 result= (timeout)", "", "timeout"),
        ("200 result=123 (timeout)", "123", "timeout"),
        ("200 result=0 endpos=1234", "0", ""),
        ("200 result=-1", "-1", ""),
        ("200 result=1 ()", "1", ""),
    ],
)
def test_answers_as_asterisk_writes_them(line: str, result: str, data: str) -> None:
    answer = parse_answer(line)
    assert answer is not None
    assert (answer.code, answer.result, answer.data) == (200, result, data)
