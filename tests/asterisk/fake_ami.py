"""A manager that does what a test tells it, good or bad."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

Answer = Callable[["FakeLink", dict[str, str]], None]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until `condition` holds; fails the test after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


class FakeLink:
    """One client's connection, seen from Asterisk's side."""

    def __init__(self, server: "FakeAmi", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self.received: list[dict[str, str]] = []
        self.closed = asyncio.Event()

    def send(self, text: str | bytes) -> None:
        self._writer.write(text if isinstance(text, bytes) else text.encode())

    def reply(self, action: dict[str, str], response: str = "Success", *lines: str) -> None:
        self.send("\r\n".join([f"Response: {response}", f"ActionID: {action['ActionID']}", *lines]) + "\r\n\r\n")

    def event(self, name: str, *lines: str) -> None:
        self.send("\r\n".join([f"Event: {name}", *lines]) + "\r\n\r\n")

    def names(self) -> list[str]:
        return [action["Action"] for action in self.received]

    def cut(self) -> None:
        self._writer.transport.abort()

    async def serve(self) -> None:
        self.send(self._server.banner)
        try:
            while True:
                text = (await self._reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.split("\r\n") if ": " in line)
                self.received.append(action)
                if not self._server.deaf:
                    self._server.answers.get(action["Action"], FakeLink.reply)(self, action)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.closed.set()
            self._writer.close()


class FakeAmi:
    """Listens on loopback; `answers` maps an action's name to what is done about it (default: Success)."""

    def __init__(self) -> None:
        self.secret = "secret"
        self.banner = BANNER
        #: True: takes everything, says nothing.
        self.deaf = False
        self.answers: dict[str, Answer] = {"Login": self._login}
        self.links: list[FakeLink] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None] | None] = set()

    @property
    def link(self) -> FakeLink:
        """The newest connection."""
        return self.links[-1]

    def _login(self, link: FakeLink, action: dict[str, str]) -> None:
        if action.get("Secret") == self.secret:
            link.reply(action, "Success", "Message: Authentication accepted")
            link.send(BOOTED)
        else:
            link.reply(action, "Error", "Message: Authentication failed")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._serving.add(task)
        link = FakeLink(self, reader, writer)
        self.links.append(link)
        try:
            await link.serve()
        finally:
            self._serving.discard(task)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in self.links:
            link.cut()
        for task in list(self._serving):
            if task is not None:
                await asyncio.wait({task}, timeout=2)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
