"""The live stream, as a browser meets it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse
from served import Panel

from callcenter.panel import stream
from callcenter.panel.live import CAPACITY, LiveState

DEADLINE = 5


async def events(answer: ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """(event, data) of each event, and ("ping", None) of each comment, until the stream ends."""
    block: dict[str, str] = {}
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if text.startswith(":"):
            yield "ping", None
        elif text:
            name, _, value = text.partition(": ")
            block[name] = value
        elif "event" in block:
            yield block["event"], json.loads(block["data"])
            block = {}


async def until(condition: Any) -> None:  # noqa: ANN401
    async with asyncio.timeout(DEADLINE):
        while not condition():  # what it waits for has no event
            await asyncio.sleep(0.01)


async def test_the_whole_document_comes_first_and_then_only_what_changes(panel: Panel) -> None:
    panel.live.update(
        {"asterisk": "up", "seats": {"8001": {"state": "ready", "agent": "1001"}, "8002": {"state": "ready"}}}
    )
    async with asyncio.timeout(DEADLINE), panel.cli().get("/api/v1/live") as answer:
        assert answer.content_type == "text/event-stream"
        heard = events(answer)
        event, document = await anext(heard)
        assert event == "snapshot"
        assert document.pop("now").endswith("+00:00")
        assert document == panel.live.document
        panel.live.set("seats", {"8001": {"state": "talking", "agent": "1001"}, "8002": {"state": "ready"}})
        assert await anext(heard) == ("patch", {"seats": {"8001": {"state": "talking"}}})
        panel.live.set("asterisk", "up")  # no change, nothing sent
        panel.live.set("asterisk", "停")
        assert await anext(heard) == ("patch", {"asterisk": "停"})


async def test_a_line_that_is_quiet_shows_that_it_lives(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PING_SECONDS", 0.05)
    async with asyncio.timeout(DEADLINE), panel.cli().get("/api/v1/live") as answer:
        heard = events(answer)
        assert (await anext(heard))[0] == "snapshot"
        assert (await anext(heard))[0] == "ping"


async def test_a_reader_that_falls_behind_gets_the_whole_document_instead(panel: Panel) -> None:
    """A browser that reads nothing fills its own queue, no more; what it then gets is right."""
    big = "x" * 50_000
    async with asyncio.timeout(60), panel.cli().get("/api/v1/live") as slow, panel.cli().get("/api/v1/live") as quick:
        reader = events(quick)
        await anext(reader)
        await until(lambda: panel.live.subscribers == 2)
        number = 0
        while not panel.live.resyncs:
            number += 1
            panel.live.set("figures", {"number": number, "text": f"{number}{big}"})
            assert (await anext(reader))[0] == "patch"
        panel.live.set("figures", {"number": 0, "text": ""})
        document: dict[str, Any] = {}
        resyncs = -1
        async for event, part in events(slow):
            if event == "ping":
                continue
            resyncs += event == "snapshot"
            document = part if event == "snapshot" else document | part
            if document.get("figures", {}).get("number") == 0:
                break
        assert resyncs == panel.live.resyncs == 1


async def test_a_reader_that_has_gone_is_forgotten(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PING_SECONDS", 0.05)
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.1)
    client = panel.cli()
    async with client.get("/api/v1/live") as answer:
        await anext(events(answer))
        assert panel.live.subscribers == 1
    await client.close()
    await until(lambda: panel.live.subscribers == 0)


async def test_a_stream_ends_when_its_reader_is_signed_out(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.1)
    wang = await panel.signed_in("wang")
    async with asyncio.timeout(DEADLINE), wang.get("/api/v1/live") as answer:
        heard = events(answer)
        assert (await anext(heard))[0] == "snapshot"
        await asyncio.sleep(0.3)  # several checks go by
        panel.live.set("asterisk", "up")
        assert (await anext(heard))[0] == "patch"
        await panel.cli().patch("/api/v1/users/wang", json={"active": False})
        assert [event async for event in heard] == []


async def test_stopping_the_panel_ends_every_stream_at_once(panel: Panel) -> None:
    async with asyncio.timeout(1), panel.cli().get("/api/v1/live") as answer:
        heard = events(answer)
        await anext(heard)
        await panel.app.shutdown()
        assert [event async for event in heard] == []


class TestSubscribers:
    async def test_a_full_queue_is_dropped_for_a_snapshot(self) -> None:
        live = LiveState()
        with live.subscribe() as reader:
            assert b"snapshot" in (await reader.next() or b"")
            for number in range(CAPACITY):
                live.set("number", number)
            due = await reader.next() or b""
            assert due.count(b"event: patch") == CAPACITY
            for number in range(CAPACITY + 5):
                live.set("number", -number)
            due = await reader.next() or b""
            assert due.count(b"event: ") == 1
            assert f'"number":{-number}}}'.encode() in due
        assert (live.subscribers, live.resyncs) == (0, 1)

    async def test_sections_that_change_together_arrive_together(self) -> None:
        live = LiveState()
        with live.subscribe() as reader:
            await reader.next()
            live.update({"queue": {"waiting": []}, "figures": {"calls": 1}})
            assert (await reader.next() or b"").count(b"event: patch") == 1

    async def test_what_is_no_json_is_refused_and_changes_nothing(self) -> None:
        live = LiveState()
        live.set("figures", {"value": 1})
        for wrong in (float("nan"), object()):
            with pytest.raises((ValueError, TypeError)):
                live.set("figures", {"value": wrong})
        assert live.document == {"figures": {"value": 1}}
