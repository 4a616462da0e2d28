"""Messages to citizens, through whatever sends them: an interface, and a folder of files that any gateway can empty."""

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from callcenter.settings import Settings


@dataclass(frozen=True, slots=True)
class Message:
    """A short message to a citizen."""

    #: The same message has the same name, however often it is handed over.
    name: str
    #: The citizen's number in its one spelling.
    to: str
    text: str
    #: The link in the text, for gateways that shorten it.
    link: str
    made_at: datetime


class Messenger(Protocol):
    """Takes messages for whatever sends them."""

    async def send(self, message: Message) -> None:
        """Hand the message over, once and for all. Raises OSError when that failed; it is tried again."""


def messenger_of(settings: Settings) -> Messenger | None:
    """Return what takes messages to citizens, or None where the settings name nobody."""
    folder = settings.follow_ups.message_folder
    return FileMessenger(folder.expanduser()) if folder and settings.follow_ups.public_url else None


class FileMessenger:
    """Writes each message into a folder as a file of its own, `NAME.json`, whole or not at all.

    Whoever sends it removes the file. Links are secrets: folder and files are the service user's alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: Message) -> None:
        """Write the file."""
        await asyncio.to_thread(self._write, message)

    def _write(self, message: Message) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{message.name}.new"
        document = asdict(message) | {"made_at": message.made_at.isoformat()}
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / f"{message.name}.json")
        except OSError:
            draft.unlink(missing_ok=True)
            raise
