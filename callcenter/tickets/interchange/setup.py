"""Whether the interchange is set up, and its shared key."""

from callcenter.settings.requests import Interchange
from callcenter.tickets.interchange.signing import LEAST_KEY, Parties


def fault(wanted: Interchange) -> str | None:
    """Return what is wrong with the settings, in one line without secrets; None when all is well or it is off."""
    if wanted.key_file is None:
        return "[interchange] key_file is missing: a file with the key shared with the city" if wanted.url else None
    try:
        key = wanted.key_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return f"[interchange] key_file {wanted.key_file}: cannot be read: {error}"
    if len(key) < LEAST_KEY:
        return f"[interchange] key_file {wanted.key_file}: the key has {len(key)} characters, {LEAST_KEY} are needed"
    return None


def parties(wanted: Interchange) -> Parties | None:
    """Return who signs for whom; None when the interchange is off or badly set up (`fault` says why)."""
    if wanted.key_file is None or fault(wanted):
        return None
    key = wanted.key_file.read_text(encoding="utf-8").strip()
    return Parties(wanted.our_id, wanted.their_id, key.encode())
