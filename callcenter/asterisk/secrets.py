"""Passwords that are made once, live in the data folder with mode 0600, and are never committed."""

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from callcenter.settings import Settings

#: What may stand in Asterisk's configuration as it is.
_PASSWORD = re.compile(r"[^\x00-\x20\x7f-\U0010ffff;\"\[\]{}$\\]+")


class SecretsError(Exception):
    """The file of secrets cannot be used; says which and what to do."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What Asterisk and its peers share."""

    ami: str
    ami_probe: str
    #: Seat number -> SIP password.
    seats: dict[str, str]


def read(folder: Path) -> dict[str, Any]:
    """Return what `folder`/asterisk.json holds, of ami, ami_probe and seats; nothing when there is no file.

    Raises SecretsError when the file is damaged.
    """
    path = folder / "asterisk.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        words = [*known.get("seats", {}).values(), *(known[name] for name in ("ami", "ami_probe") if name in known)]
    except (OSError, ValueError, AttributeError) as error:
        raise SecretsError(
            f"{path}: {error}; restore it from a backup, or delete it and give every phone its new password"
        ) from error
    if not all(isinstance(word, str) and _PASSWORD.fullmatch(word) for word in words):
        raise SecretsError(
            f"{path}: a password is empty, no text, or has a space, a quote or one of ;[]{{}}$\\ in it; mend it by hand"
        )
    return dict(known)


def ensure(folder: Path, settings: Settings) -> Secrets:
    """Read `folder`/asterisk.json, add what is missing (a new seat gets a password of its own), and return it.

    Raises SecretsError when the file is damaged: a new one would lock out every configured phone.
    """
    known = read(folder)
    stored: dict[str, str] = known.get("seats", {})
    made = Secrets(
        ami=known.get("ami") or secrets.token_urlsafe(24),
        ami_probe=known.get("ami_probe") or secrets.token_urlsafe(24),
        seats=stored | {seat: secrets.token_urlsafe(18) for seat in settings.seats.numbers if seat not in stored},
    )
    if asdict(made) != known:
        _write_private(folder / "asterisk.json", json.dumps(asdict(made), indent=2))
    return made


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
