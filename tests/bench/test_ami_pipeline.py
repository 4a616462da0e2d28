"""How many queue events a second one core takes, from bytes to the floor, beside panoramisk alone.

The bytes are a recording of a real Asterisk 22, repeated, in chunks as a busy socket delivers them. Nothing is sent;
each row is the best of three runs, so that a neighbour's noise counts least.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from callcenter.asterisk.ami.protocol import Protocol
from callcenter.asterisk.translate import EVENTS, Translator
from callcenter.hotline.rules import floor as rules

pytestmark = pytest.mark.bench

RECORDING = Path(__file__).parents[1] / "asterisk" / "recordings" / "shift.ami"
SEATS = tuple(str(8001 + step) for step in range(10))
WANTED = 200_000
CHUNK = 32 * 1024
RUNS = 3


class NoTransport(asyncio.Transport):
    """A socket that leads nowhere."""

    def abort(self) -> None:
        """There is nothing to close."""

    close = abort


def stream() -> tuple[list[bytes], int]:
    """Return the banner and about `WANTED` events in chunks, and how many events there are."""
    banner, _, rest = RECORDING.read_bytes().partition(b"\r\n")
    wanted = tuple(f"Event: {name}\r\n".encode() for name in sorted(EVENTS))
    queue = b"".join(part + b"\r\n\r\n" for part in rest.split(b"\r\n\r\n") if part.startswith(wanted))
    one = queue.count(b"\r\n\r\n")
    copies = WANTED // one
    whole = banner + b"\r\n" + queue * copies
    return [whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK)], one * copies


def feed(receive: Callable[[bytes], None], chunks: Iterable[bytes]) -> float:
    """Return the seconds that it takes, in processor time."""
    gc.collect()
    began = time.process_time()
    for chunk in chunks:
        receive(chunk)
    return time.process_time() - began


def panoramisk_alone(chunks: list[bytes]) -> tuple[float, int]:
    """Panoramisk's own protocol and manager with one catch-all callback."""
    heard = [0]

    def hear(_manager: Manager, _event: Any) -> None:  # noqa: ANN401 - panoramisk's message
        heard[0] += 1

    manager = Manager(loop=asyncio.get_running_loop())
    manager.callbacks.clear()
    manager.patterns.clear()
    manager.register_event("*", hear)
    protocol = AMIProtocol()
    protocol.connection_made(NoTransport())
    protocol.factory, protocol.encoding = manager, "utf8"
    return feed(protocol.data_received, chunks), heard[0]


def to_messages(chunks: list[bytes]) -> tuple[float, int]:
    """Ours, to a callback that counts messages."""
    heard = [0]

    def hear(_message: dict[str, Any]) -> None:
        heard[0] += 1

    protocol = Protocol(hear)
    protocol.connection_made(NoTransport())
    return feed(protocol.data_received, chunks), heard[0]


def to_events(chunks: list[bytes]) -> tuple[float, int]:
    """Ours, to the trade's events."""
    heard = [0]
    translator, now = Translator(SEATS), datetime.now(UTC)

    def hear(message: dict[str, Any]) -> None:
        heard[0] += 1
        for _ in translator.feed(message, now):
            pass

    protocol = Protocol(hear)
    protocol.connection_made(NoTransport())
    return feed(protocol.data_received, chunks), heard[0]


def to_floor(chunks: list[bytes]) -> tuple[float, int]:
    """Ours, all the way to the floor that the wallboard shows."""
    heard = [0]
    translator, now = Translator(SEATS), datetime.now(UTC)
    floor = [rules.empty(SEATS, timedelta(seconds=15))]

    def hear(message: dict[str, Any]) -> None:
        heard[0] += 1
        for event in translator.feed(message, now):
            floor[0] = rules.apply(floor[0], event)

    protocol = Protocol(hear)
    protocol.connection_made(NoTransport())
    return feed(protocol.data_received, chunks), heard[0]


async def test_events_a_second_from_bytes_to_the_floor() -> None:
    logging.getLogger("panoramisk").setLevel(logging.ERROR)
    chunks, expected = stream()
    rates: dict[str, float] = {}
    for name, run in (
        ("panoramisk alone, to one callback", panoramisk_alone),
        ("ours, to messages", to_messages),
        ("ours, to events", to_events),
        ("ours, to the floor", to_floor),
    ):
        results = [run(chunks) for _ in range(RUNS)]
        assert {heard for _, heard in results} == {expected}, name
        rates[name] = expected / min(seconds for seconds, _ in results)
    base = rates["panoramisk alone, to one callback"]
    print(f"\n{expected} queue events, {sum(map(len, chunks)) / 1e6:.0f} MB, one core")
    for name, rate in rates.items():
        print(f"{name:36} {rate:>10,.0f} events/s   x{rate / base:.2f}")
    # Ten seats at their busiest raise some tens of events a second; a thousand times that is the floor of this test.
    assert rates["ours, to the floor"] > 10_000
