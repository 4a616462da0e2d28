"""The service notification protocol of systemd (sd_notify(3)): sending it, and receiving it from our own children.

The libraries for it are unmaintained or need libsystemd, for a protocol of one datagram; so it stands here.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

#: The kernel's limit on a socket's path, less its closing zero.
_PATH_BYTES = 107
_DATAGRAM_BYTES = 4096


class Notifier:
    """Tells whoever started this program how it is; does nothing when nobody asked (no NOTIFY_SOCKET)."""

    def __init__(self, address: str | None = None) -> None:
        """`address` instead of NOTIFY_SOCKET; one that begins with `@` is abstract."""
        self._address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        # Not blocking: a receiver that hangs must not hang us; what it does not take at once is dropped.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def ready(self) -> None:
        """Say that the start is complete."""
        self.send(READY="1")

    def watchdog(self) -> None:
        """Say that the program is alive; call it from the event loop, so that a hung loop falls silent."""
        self.send(WATCHDOG="1")

    def stopping(self) -> None:
        """Say that the program is ending by itself."""
        self.send(STOPPING="1")

    def status(self, text: str) -> None:
        """Send one line for people; our supervisor shows it on the console as it is."""
        self.send(STATUS=" ".join(text.splitlines()))

    def send(self, **fields: str) -> None:
        """Send the fields in one datagram; never raises."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError):
            self._socket.sendto("\n".join(f"{name}={value}" for name, value in fields.items()).encode(), address)

    async def keep_alive(self, seconds: float = 0.5) -> None:
        """Call `watchdog` every `seconds`, for ever."""
        while True:
            self.watchdog()
            await asyncio.sleep(seconds)

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()


class NotifyReceiver:
    """Receives notifications at `address`, which the child is given as NOTIFY_SOCKET."""

    def __init__(self, folder: Path, name: str, on_fields: Callable[[dict[str, str]], None]) -> None:
        """Listen in `folder`, which only we may enter (else another user could speak for the child).

        A path too long for a socket is replaced by one in a private temporary folder. `on_fields` is called from the
        running event loop with the fields of each datagram.
        """
        self._on_fields = on_fields
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        path = folder / f"{name}.notify"
        if len(os.fsencode(path)) > _PATH_BYTES:
            self._temporary = tempfile.TemporaryDirectory(prefix="callcenter-")
            path = Path(self._temporary.name) / "notify"
        path.unlink(missing_ok=True)
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._socket.bind(self.address)
        path.chmod(0o600)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._receive)

    def _receive(self) -> None:
        with suppress(BlockingIOError):
            while datagram := self._socket.recv(_DATAGRAM_BYTES):
                lines = datagram.decode("utf-8", errors="replace").splitlines()
                self._on_fields(dict(line.split("=", 1) for line in lines if "=" in line))

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        Path(self.address).unlink(missing_ok=True)
        if self._temporary is not None:
            self._temporary.cleanup()
