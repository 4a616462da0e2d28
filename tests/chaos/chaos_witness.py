"""Two witnesses of how many waited: Asterisk itself, asked five times a second, and its queue_log, counted."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from callcenter.tasks import cancel, spawn

#: Seconds between two samples; seconds that Asterisk may take to answer one.
EVERY, DEADLINE = 0.2, 2.0
#: What queue_log calls the end of a wait.
_LEFT = frozenset({"CONNECT", "ABANDON", "EXITEMPTY", "EXITWITHKEY", "EXITWITHTIMEOUT"})
#: Device states in which a member's phone is not there (Asterisk: invalid, unavailable, unknown).
_GONE = frozenset({"0", "4", "5"})


@dataclass
class QueueWitness:
    """Asks Asterisk over a manager connection of its own. Enter it to begin."""

    port: int
    secret: str
    #: Most that a sample found, how many samples there were, and when more than four waited.
    most: int = 0
    samples: int = 0
    too_many: list[tuple[float, int]] = field(default_factory=list)
    #: Members whose phone is there, by the last sample; 0 while Asterisk does not answer.
    members: int = 0
    #: Counts sign-ins: a new one is a new Asterisk, or one that came back to life.
    answered_at: float = 0.0
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = spawn(self._sample(), name="queue witness")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            await cancel(self._task)

    async def _sample(self) -> None:
        while True:
            with suppress(OSError, TimeoutError, EOFError, ValueError):
                await self._ask_on()
            self.members = 0
            await asyncio.sleep(EVERY)

    async def _ask_on(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(DEADLINE):
                await reader.readline()
                sign_in = {"Action": "Login", "Username": "controller", "Secret": self.secret, "Events": "off"}
                writer.write(_action(sign_in))
                if (await _message(reader)).get("Response") != "Success":
                    raise ValueError("the manager port refused the witness")
            while True:
                due = loop.time() + EVERY
                async with asyncio.timeout(DEADLINE):
                    await self._one(reader, writer)
                await asyncio.sleep(max(due - loop.time(), 0.0))
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_action({"Action": "QueueStatus", "Queue": "hotline"}))
        members, waiting = 0, None
        while (message := await _message(reader)).get("Event") != "QueueStatusComplete":
            if message.get("Event") == "QueueParams":
                waiting = int(message["Calls"])
            elif message.get("Event") == "QueueMember":
                members += message.get("Status") not in _GONE
        loop_time = asyncio.get_running_loop().time()
        if waiting is None:
            return  # queues are not loaded yet
        self.samples += 1
        self.most = max(self.most, waiting)
        self.members, self.answered_at = members, loop_time
        if waiting > 4:
            self.too_many.append((loop_time, waiting))


def _action(fields: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"


async def _message(reader: asyncio.StreamReader) -> dict[str, str]:
    message: dict[str, str] = {}
    while (line := await reader.readline()) not in {b"\r\n", b"\n"}:
        if not line:
            raise EOFError
        name, _, value = line.decode("utf-8", "replace").partition(":")
        message[name.strip()] = value.strip()
    return message


def most_waiting(queue_log: Iterable[str]) -> int:
    """Return the most who waited at once by `queue_log`, whose lines have whole seconds only.

    The line that says that a caller is with an agent is written a moment after their place became free, and the next
    caller's entry may come before it. So a wait that ends in the second in which another begins, or in the next, is
    taken to have ended first: what is returned is certain, and a fifth who waited for longer than that is found.
    """
    lines = [line.strip().split("|") for line in queue_log]
    events = [(int(line[0]), line[1], line[4]) for line in lines if len(line) > 4 and re.fullmatch(r"\d+", line[0])]
    ends = {call: at for at, call, word in events if word in _LEFT}
    waiting: dict[str, int] = {}
    most = 0
    for at, call, word in events:
        if word == "QUEUESTART":
            waiting.clear()
        elif word == "ENTERQUEUE":
            waiting[call] = at
            most = max(most, sum(other == call or ends.get(other, at + 2) > at + 1 for other in waiting))
        elif word in _LEFT:
            waiting.pop(call, None)
    return most
