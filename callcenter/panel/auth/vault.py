"""The key that secrets of sign-in are kept with: a file of its own, so that a stolen database opens nothing.

`secrets/sign_in.key` is made at first (mode 0600). It belongs into a backup, apart from that of the database. Each line
is a Fernet key: the first one encrypts, all of them decrypt, so a new key goes on top. Lose it, and every second step
has to be set up anew (`callcenter user reset-two-step LOGIN`), and nothing else.
"""

import hashlib
import hmac
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class VaultError(Exception):
    """The key file cannot be used, or does not open what was kept; says which and what to do."""


class Vault:
    """Encrypts what must be read again, and makes marks of what must only be recognised."""

    def __init__(self, folder: Path) -> None:
        path = folder / "sign_in.key"
        lines = _read_or_make(path).split()
        try:
            self._keys = MultiFernet([Fernet(line) for line in lines])
        except ValueError as error:
            raise VaultError(f"{path}: {error}; restore it from a backup, or delete it: a new one is made") from error
        # The oldest key: marks stay the same when a new one goes on top.
        self._mark = hashlib.sha256(b"marks of sign-in" + lines[-1].encode()).digest()

    def encrypt(self, text: str) -> str:
        """Return `text` so that only the key file opens it."""
        return self._keys.encrypt(text.encode()).decode()

    def decrypt(self, kept: str) -> str:
        """Return what `encrypt` was given. Raises VaultError when the key is another one."""
        try:
            return self._keys.decrypt(kept).decode()
        except InvalidToken:
            raise VaultError("secrets/sign_in.key is not the key that this secret was kept with") from None

    def mark(self, purpose: str, text: str) -> str:
        """Return 64 hexadecimal digits by which `text` is known again; without the key nobody can try what it was."""
        return hmac.new(self._mark, f"{purpose}\0{text}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def seal(self, purpose: str, content: dict[str, Any], now: datetime) -> str:
        """Return a token that carries `content`, unreadable and unchangeable for whoever holds it."""
        body = json.dumps([purpose, content]).encode()
        return self._keys.encrypt_at_time(body, int(now.timestamp())).decode()

    def unseal(self, purpose: str, token: str, *, most: timedelta, now: datetime) -> dict[str, Any] | None:
        """Return what a token of this `purpose` carries, or None when it is not ours or older than `most`."""
        try:
            body = self._keys.decrypt_at_time(token, int(most.total_seconds()), int(now.timestamp()))
            sealed_for, content = json.loads(body)
        except (InvalidToken, ValueError):  # text that is no ASCII is a ValueError
            return None
        return dict(content) if sealed_for == purpose else None


def _read_or_make(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)  # whole or not at all, and never over another's
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    if found := path.read_text(encoding="ascii", errors="replace").strip():
        return found
    raise VaultError(f"{path} is empty; restore it from a backup, or delete it: a new one is made")
