"""Passwords that are made once, live in the data folder with mode 0600, and are never committed."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from callcenter.settings import Settings


class SecretsError(Exception):
    """The file of secrets cannot be used; says which and what to do."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What Asterisk and its peers share."""

    ami: str
    ami_probe: str
    #: Seat number -> SIP password.
    seats: dict[str, str]


def ensure(folder: Path, settings: Settings) -> Secrets:
    """Read `folder`/asterisk.json, add what is missing (a new seat gets a password of its own), and return it.

    Raises SecretsError when the file is damaged: a new one would lock out every configured phone.
    """
    path = folder / "asterisk.json"
    try:
        known = json.loads(path.read_text()) if path.exists() else {}
        stored = {str(seat): str(word) for seat, word in known.get("seats", {}).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise SecretsError(
            f"{path}: {error}; restore it from a backup, or delete it and give every phone its new password"
        ) from error
    made = Secrets(
        ami=known.get("ami") or secrets.token_urlsafe(24),
        ami_probe=known.get("ami_probe") or secrets.token_urlsafe(24),
        seats=stored | {seat: secrets.token_urlsafe(18) for seat in settings.seats.numbers if seat not in stored},
    )
    if asdict(made) != known:
        _write_private(path, json.dumps(asdict(made), indent=2))
    return made


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
