"""The file of keys: which master keys sealed the recordings, and which one seals new ones.

It lies outside the data folder, with mode 0600. Whoever has lost it has lost the recordings, so it belongs into a
backup of its own. A new key begins with `callcenter recording rotate-key`; older ones stay, for what they sealed.
"""

import base64
import binascii
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callcenter.recordings.sealing import KEY_BYTES, MasterKey

_ID_BYTES = 8


class KeyFileError(Exception):
    """The file of keys cannot be used; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The master keys by id, and the one in use."""

    current: MasterKey
    all: dict[str, bytes]


def load(path: Path) -> Keys:
    """Read the file of keys. Raises KeyFileError."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path}: others can read it; chmod 600 it")
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"{error.strerror}" if isinstance(error, OSError) else "not text"
        raise KeyFileError(f"{path}: {reason}; restore it from its backup, or set recordings.key_file") from error
    try:
        stored = json.loads(text)
        keys = {_id(name): base64.b64decode(one["key"], validate=True) for name, one in stored["keys"].items()}
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError(f"a key has not {KEY_BYTES} bytes")  # noqa: TRY301  # told as any other fault of the file
        return Keys(MasterKey(stored["current"], keys[stored["current"]]), keys)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise KeyFileError(f"{path}: damaged ({error}); restore it from its backup") from error


def ensure(path: Path, now: datetime) -> Keys:
    """Read the file of keys, made with a first key when there is none. Raises KeyFileError."""
    if not path.exists():
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = _write(path, {}, now)
            with suppress(FileExistsError):  # another start was faster, and its key is as good
                os.link(draft, path)
            draft.unlink()
            _settle(path.parent)
        except OSError as error:
            raise KeyFileError(f"{path}: {error.strerror}; set recordings.key_file to where it can be kept") from error
    return load(path)


def rotate(path: Path, now: datetime) -> Keys:
    """Begin a new master key; recordings from now on are sealed with it. Raises KeyFileError, OSError."""
    load(path)
    known = json.loads(path.read_text(encoding="ascii"))["keys"]
    _write(path, known, now).replace(path)
    _settle(path.parent)
    return load(path)


def _write(path: Path, known: dict[str, object], now: datetime) -> Path:
    """Write a draft beside `path` with `known` keys and a new one; returns it, safe on disk."""
    name = secrets.token_hex(_ID_BYTES)
    new = {"key": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(), "since": now.isoformat()}
    draft = path.with_name(f"{path.name}.{name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        json.dump({"current": name, "keys": {**known, name: new}}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _id(name: str) -> str:
    if len(bytes.fromhex(name)) != _ID_BYTES:
        raise ValueError(f"{name!r} is no key's id")
    return name
