"""One connection to the manager: panoramisk's protocol, mended.

What was wrong with panoramisk 1.4, and where it is mended (`tests/asterisk/test_ami_*.py` show each):

1. text cut by a chunk loses characters, and size is unbounded: `wire.Splitter`
2. an exception in a callback closes the link: `Protocol.data_received`
3. futures that never resolve: `actions.Question`, and a time limit on every action in `client`
4. the OriginateResponse event is swallowed: `actions.Question.takes`; nothing else is guessed from an action's name
5. actions under way are sent again after a reconnect: `Protocol._over`
6. a fixed reconnect interval, silence about a wrong secret, a half-open peer never noticed: `client`
7. a line end in a field smuggles in a second action: `actions.Question`
8. asynchronous callbacks run unordered: one synchronous callback takes every event, in order
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from panoramisk.ami_protocol import AMIProtocol

from callcenter.asterisk.ami.actions import AmiDown, AmiUnknownOutcome, Question
from callcenter.asterisk.ami.wire import Message, MessageTooLongError, Splitter

_log = structlog.get_logger()

#: Unsent bytes beyond which the peer no longer reads.
UNSENT_LIMIT = 1 << 20
#: Kinds of event whose failure is logged, once each on a link; the others fail in silence.
LOGGED_FAILURES = 20


class Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """One connection. Every event goes to `on_event`, in order; `ended` resolves when the connection is over."""

    transport: asyncio.Transport

    def __init__(self, on_event: Callable[[Message], None]) -> None:
        self._on_event = on_event
        self._splitter = Splitter()
        self._asked: dict[str, Question] = {}
        self._failures: set[str] = set()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        #: Bytes received so far: a sign of life.
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (asyncio calls this)."""
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Handle a chunk (asyncio calls this).

        Mend 2: in panoramisk an exception out of a callback ends the connection. Here each message is on its own.
        """
        self.received += len(data)
        try:
            for message in self._splitter.feed(data):
                try:
                    self.handle_message(message)
                except Exception:  # noqa: BLE001 - whatever it was, the next message is another matter
                    self._failed(message)
                if self.closed:
                    return
        except MessageTooLongError:
            self.drop("message_too_long")

    def _failed(self, message: Message) -> None:
        name = str(message.get("Event"))
        if name not in self._failures and len(self._failures) < LOGGED_FAILURES:
            self._failures.add(name)
            _log.exception("ami_message_failed", event_name=name)

    def handle_message(self, message: Message) -> None:
        """Give a message to the action it answers, or else to `on_event`."""
        action_id = message.get("ActionID")
        question = self._asked.get(action_id) if type(action_id) is str else None
        if question is not None and question.takes(message):
            if question.add_message(message):
                del self._asked[question.id]
        elif "Event" in message:
            self._on_event(message)

    def send(self, data: Question, as_list: bool = False) -> asyncio.Future[Any]:  # noqa: ARG002, FBT001, FBT002 - panoramisk's
        """Send an action; returns the future of its answer. Raises `AmiDown` when the connection is over."""
        if self.closed or self.transport.is_closing():
            raise AmiDown(f"{data.name}: no link to Asterisk")
        if self.transport.get_write_buffer_size() > UNSENT_LIMIT:
            self.drop("peer_does_not_read")
            raise AmiDown(f"{data.name}: Asterisk does not read")
        self._asked[data.id] = data
        self.transport.write(str(data).encode())
        return data.future

    def forget(self, question: Question) -> None:
        """Wait no longer for an answer; one that comes late is passed over."""
        self._asked.pop(question.id, None)

    def drop(self, reason: str) -> None:
        """End the connection at once, whatever is unsent."""
        if not self.closed:
            self.transport.abort()
            self._over(reason)

    def eof_received(self) -> bool:
        """Close when the peer has closed (asyncio calls this)."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is under way (asyncio calls this)."""
        if not self.closed:
            self._over(str(exc) if exc else "closed_by_peer")

    def _over(self, reason: str) -> None:
        """End once: mend 5, panoramisk sends again after a reconnect what was under way; a citizen is dialled twice."""
        self.closed = True
        asked, self._asked = self._asked, {}
        for question in asked.values():
            question.fail(AmiUnknownOutcome(f"{question.name}: the link was lost ({reason})"))
        if not self.ended.done():
            self.ended.set_result(reason)
