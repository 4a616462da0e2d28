"""Actions for Asterisk: how they are written, how they end, and how they fail."""

import asyncio
from dataclasses import dataclass
from typing import Any

from panoramisk.actions import Action

from callcenter.asterisk.ami.wire import Message

#: What an action may carry.
Fields = str | int | list[str]
#: Bytes in a line of an action. Asterisk 22 refuses more than 1023 ("line too long"), which is better heard here.
LINE_LIMIT = 1000
#: Fields of an action; Asterisk passes over those beyond (`AST_MAX_MANHEADERS`).
FIELD_LIMIT = 128

_SUCCESS = frozenset({"Success", "Follows", "Goodbye", "Pong"})


class AmiError(Exception):
    """An action that did not succeed."""


class AmiRefused(AmiError):
    """Asterisk understood the action and said no; `message` is its reason."""

    def __init__(self, action: str, message: str) -> None:
        super().__init__(f"{action}: {message}")
        self.message = message


class AmiDown(AmiError):
    """There is no link: nothing was sent."""


class AmiTimeout(AmiError):
    """Asterisk did not answer in time; whether it acted is unknown."""


class AmiUnknownOutcome(AmiError):
    """The link was lost while the action was under way; whether Asterisk acted is unknown. It is never sent again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Asterisk's answer to an action that it carried out."""

    message: str
    fields: Message


class Question(Action):  # type: ignore[misc]  # panoramisk has no types
    """An action that is under way; `future` gets its `Reply` or, when `listing`, the listed messages.

    Mend 3: panoramisk guesses from the words of the answer whether more will follow, so some futures never resolve.
    Here only `EventList` decides, and a refusal always ends it.
    Mend 7: a value with a line end would be a second action, which Asterisk carries out.
    """

    future: asyncio.Future[Any]

    def __init__(self, name: str, fields: dict[str, Fields], *, listing: bool = False) -> None:
        for key in fields:
            if key.lower() in {"action", "actionid"}:
                raise ValueError(f"{key} is the client's own field")
        super().__init__({"Action": name, **fields}, as_list=listing)
        self.listing = listing
        self.listed: list[Message] = []
        self.started = False
        lines = str(self).split("\r\n")
        expected = sum(len(value) if isinstance(value, list) else 1 for value in self.values())
        # The text of an action ends with its own two line ends; any other came out of a field.
        if len(lines) != expected + 2 or any(set(line) & {"\r", "\n", "\0"} for line in lines):
            raise ValueError(f"{name}: a field may hold no line end and no NUL")
        if expected > FIELD_LIMIT or any(len(line.encode()) > LINE_LIMIT for line in lines):
            raise ValueError(f"{name}: more than {FIELD_LIMIT} fields, or one longer than {LINE_LIMIT} bytes")

    @property
    def name(self) -> str:
        """The action's name."""
        return str(self["Action"])

    def add_message(self, message: Message) -> bool:
        """Take a message that carries this action's id; returns True once the action has ended."""
        if "Event" not in message:
            return self._answered(message)
        if self.started and message.get("EventList") == "Complete":
            self._resolve(self.listed)
            return True
        if self.started and message.get("EventList") == "cancelled":
            self.fail(AmiRefused(self.name, "the listing was cancelled"))
            return True
        self.listed.append(message)
        return False

    def _answered(self, message: Message) -> bool:
        text = str(message.get("Message", ""))
        if message["Response"] not in _SUCCESS:
            self.fail(AmiRefused(self.name, text or str(message["Response"])))
            return True
        self.started = self.listing and message.get("EventList") == "start"
        if not self.started:
            self._resolve([] if self.listing else Reply(text, message))
        return not self.started

    def takes(self, message: Message) -> bool:
        """Whether `message`, which carries this action's id, is a part of the answer, and not an event about it.

        Mend 4: an asynchronous Originate ends with its acknowledgement. Its OriginateResponse is an event like others,
        though it carries the action's id and a Response of its own, and may come first.
        """
        return self.started or ("Response" in message and "Event" not in message)

    def _resolve(self, result: object) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: AmiError) -> None:
        """End the action with `error`."""
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # one whose caller has gone is no "exception was never retrieved"
