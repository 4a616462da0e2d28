"""The link to Asterisk's manager that keeps itself up."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from panoramisk.manager import Manager

from callcenter.asterisk.ami.actions import (
    AmiDown,
    AmiError,
    AmiRefused,
    AmiTimeout,
    Fields,
    Question,
    Reply,
)
from callcenter.asterisk.ami.protocol import Protocol
from callcenter.asterisk.ami.wire import Message
from callcenter.tasks import cancel, spawn

_log = structlog.get_logger()

#: Seconds for TCP to connect, and for the login to be answered.
CONNECT_SECONDS = 5.0
#: Seconds to wait for the FullyBooted event, which Asterisk sends after the login or, while it starts, once it is up.
BOOT_SECONDS = 5.0
#: The first and the longest wait before connecting again, in seconds.
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
#: A link that held this many seconds was a good one: the next wait is the first again.
GOOD_LINK_SECONDS = 5.0
#: How many ping deadlines a peer may take that sends events but no answer to a ping.
BUSY_DEADLINES = 5


class _Link(Manager):  # type: ignore[misc]  # panoramisk has no types
    """One connection of panoramisk's manager, which never connects again by itself.

    Mend 6: panoramisk retries at a fixed interval, also after `close()` and with a wrong secret. That is `AmiClient`'s.
    """

    protocol: Protocol

    def __init__(self, host: str, port: int, on_event: Callable[[Message], None]) -> None:
        super().__init__(host=host, port=port, protocol_factory=lambda: Protocol(on_event))

    async def open(self) -> None:
        """Connect. Raises OSError or TimeoutError."""
        self.loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, self.protocol = await self.connect()

    def connection_made(self, f: "asyncio.Future[tuple[asyncio.Transport, Protocol]]") -> None:
        """Do nothing; panoramisk would log in, start a timer and, on failure, connect again by itself."""

    def close(self) -> None:
        """End the connection, if there is one."""
        if self.protocol is not None:
            self.protocol.drop("closed_by_us")

    async def ask(self, question: Question, wait: float) -> Any:  # noqa: ANN401 - a Reply or a list, as asked
        """Send `question` and wait at most `wait` seconds. Raises `AmiError`.

        `asyncio.wait` rather than a cancelling timeout: after a stall of this process an answer that has arrived
        meanwhile counts, though the deadline has passed too.
        """
        future = self.protocol.send(question)
        try:
            await asyncio.wait({future}, timeout=wait)
            if not future.done():
                raise AmiTimeout(f"{question.name}: no answer within {wait:g} s")
            return future.result()
        finally:
            self.protocol.forget(question)


class AmiClient:
    """Connects, logs in, stays connected, and says so.

    `on_message` gets every event, synchronously and in order; an exception in it is logged and harms nothing.
    `on_up` is awaited after each login, when actions already work, so that the owner can ask for the floor afresh; the
    events that come meanwhile are delivered as they come. If it raises, the link is dropped and made again.
    `on_down` is called once for each link that logged in, after its last event. Times are in seconds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        secret: str,
        *,
        on_message: Callable[[Message], None],
        on_up: Callable[[], Awaitable[None]],
        on_down: Callable[[], None],
        ping_seconds: float = 2.0,
        ping_deadline: float = 2.0,
    ) -> None:
        self._address = host, port
        self._login = {"Username": username, "Secret": secret, "Events": "on"}
        self._on_message = on_message
        self._on_up = on_up
        self._on_down = on_down
        self._ping_seconds = ping_seconds
        self._ping_deadline = ping_deadline
        self._link: _Link | None = None
        self._booted = asyncio.Event()
        self._stopping = asyncio.Event()
        self._trouble = ""
        self._jitter = random.Random()  # noqa: S311 - spreads reconnects, keeps no secret
        #: Whether the link is up and logged in.
        self.connected = False

    async def run(self) -> None:
        """Keep the link up until `stop()`; network faults and refusals are logged, never raised."""
        wait = FIRST_WAIT
        loop = asyncio.get_running_loop()
        stopping = spawn(self._stopping.wait(), name="ami_stopping")
        try:
            while not stopping.done():
                began = loop.time()
                serving = spawn(self._one_link(), name="ami_link")
                try:
                    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await cancel(serving)
                # Jitter, so that several controllers do not come back to one Asterisk in step.
                await asyncio.wait({stopping}, timeout=wait * self._jitter.uniform(0.5, 1.0))
                wait = FIRST_WAIT if loop.time() - began >= GOOD_LINK_SECONDS + wait else min(wait * 2, LONGEST_WAIT)
        finally:
            await cancel(stopping)

    async def stop(self) -> None:
        """End the link and `run()`; actions under way fail with `AmiUnknownOutcome`."""
        self._stopping.set()
        if self._link is not None:
            self._link.close()

    async def action(self, name: str, /, *, timeout: float = 5.0, **fields: Fields) -> Reply:  # noqa: ASYNC109
        """Carry out an action that has one answer.

        Raises `AmiDown` (nothing sent), `AmiRefused`, `AmiTimeout`, `AmiUnknownOutcome`, and ValueError for a field
        that Asterisk would misread (line end, NUL, too long). Nothing is ever sent twice.
        """
        reply: Reply = await self._up_link(name).ask(Question(name, fields), timeout)
        return reply

    async def list(self, name: str, /, *, timeout: float = 10.0, **fields: Fields) -> "list[Message]":  # noqa: ASYNC109
        """Carry out an action that answers with a list (`EventList: start`); raises as `action` does."""
        listed: list[Message] = await self._up_link(name).ask(Question(name, fields, listing=True), timeout)
        return listed

    def _up_link(self, name: str) -> _Link:
        if self._link is None or not self.connected:
            raise AmiDown(f"{name}: no link to Asterisk")
        return self._link

    async def _one_link(self) -> None:
        """Connect, serve one link to its end, and close it."""
        link = self._link = _Link(*self._address, self._deliver)
        self._booted.clear()
        pinging = None
        try:
            await link.open()
            await self._log_in(link)
            self.connected = True
            pinging = spawn(self._ping(link), name="ami_ping")
            await self._greet(link)
            await asyncio.wait({link.protocol.ended})  # a bare await would cancel the future along with us
        except (OSError, TimeoutError) as error:
            self._note("ami_unreachable", reason=str(error) or "no answer")
        except AmiRefused as error:
            self._note("ami_login_refused", reason=error.message)
        except AmiError as error:
            self._note("ami_login_failed", reason=str(error))
        finally:
            link.close()
            self._link = None
            self._ended(link)  # before anything is awaited: this task may be cancelled while it ends
            await cancel(pinging)

    async def _log_in(self, link: _Link) -> None:
        await link.ask(Question("Login", dict(self._login)), CONNECT_SECONDS)
        # A starting Asterisk accepts the login before the queue is loaded.
        booted = spawn(self._booted.wait(), name="ami_boot")
        await asyncio.wait({booted, link.protocol.ended}, timeout=BOOT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        await cancel(booted)
        if link.protocol.ended.done():
            raise AmiDown(f"the link was lost after the login ({link.protocol.ended.result()})")
        if not self._booted.is_set():
            _log.warning("ami_not_fully_booted", waited=BOOT_SECONDS)

    async def _greet(self, link: _Link) -> None:
        """Tell the owner that the link is up, for as long as it is."""
        _log.info("ami_up", host=self._address[0], port=self._address[1])
        self._trouble = ""
        greeting = spawn(self._welcome(link), name="ami_on_up")
        try:
            await asyncio.wait({greeting, link.protocol.ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(greeting)

    async def _welcome(self, link: _Link) -> None:
        try:
            await self._on_up()
        except Exception as error:  # a link whose floor could not be asked for is of no use, whatever the reason
            link.protocol.drop("on_up_failed")
            if not isinstance(error, AmiError):
                raise
            _log.warning("ami_on_up_failed", reason=str(error))

    def _ended(self, link: _Link) -> None:
        if not self.connected:
            return
        self.connected = False
        log = _log.info if self._stopping.is_set() else _log.warning
        log("ami_down", reason=link.protocol.ended.result() if link.protocol.ended.done() else "cancelled")
        try:
            self._on_down()
        except Exception:  # noqa: BLE001 - the owner's fault must not end the link for good
            _log.exception("ami_on_down_failed")

    def _deliver(self, message: Message) -> None:
        if message.get("Event") == "FullyBooted":
            self._booted.set()
        self._on_message(message)

    async def _ping(self, link: _Link) -> None:
        """Notice a peer that has gone without a word (mend 6): no answer and no byte within the deadline."""
        while True:
            await asyncio.sleep(self._ping_seconds)
            try:
                answer = link.protocol.send(Question("Ping", {}))
            except AmiDown:
                return
            for _ in range(BUSY_DEADLINES):
                received = link.protocol.received
                await asyncio.wait({answer}, timeout=self._ping_deadline)
                if answer.done() or link.protocol.received == received:
                    break
            if not answer.done():
                link.protocol.drop("ping_unanswered")
                return

    def _note(self, word: str, *, reason: str) -> None:
        """Log trouble once, until it changes or is over."""
        if self._trouble != (trouble := f"{word} {reason}") and not self._stopping.is_set():
            self._trouble = trouble
            _log.error(word, host=self._address[0], port=self._address[1], reason=reason)
