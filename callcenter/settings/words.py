"""What a setting's value may be: small types, each of which refuses what would harm whoever reads it."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field


def _harmless(text: str) -> str:
    """Refuse what would end a line or start an expression in one of Asterisk's files."""
    if found := re.search(r"[\x00-\x1f\x7f;\[\]{}$\"\\]", text):
        raise ValueError(f"may not contain {found.group()!r}")
    if text != text.strip():
        raise ValueError("may not begin or end with a space")
    return text


def _address(text: str) -> str:
    # A zone (fe80::1%eth0) may be any text at all, and Asterisk binds to none.
    if "%" in text:
        raise ValueError("may not name a zone")
    ipaddress.ip_address(text)
    return text


def _host(text: str) -> str:
    """Return a host's name or address, an IPv6 address without its brackets."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare:
        return _address(bare)
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,255}", text):
        raise ValueError("must be a host's name or an address")
    return text


def _network(text: str) -> str:
    if "%" in text:
        raise ValueError("may not name a zone")
    ipaddress.ip_network(text, strict=False)
    return text


def _folder(path: Path) -> Path:
    """Refuse a path that Asterisk's configuration or dialplan would read as more than a path."""
    try:
        text = str(path.expanduser().resolve())
    except (RuntimeError, OSError) as error:
        raise ValueError(str(error)) from error
    if found := re.search(r"[\x00-\x1f\x7f;,|\[\]{}$\"\\\ud800-\udfff]", text):
        raise ValueError(f"the path {text!r} may not contain {found.group()!r}")
    return path


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # not known; no name at all; the name of a folder
        raise ValueError(f"no time zone {name!r}") from error
    return name


#: Text that is rendered into Asterisk's configuration.
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_harmless)]
#: Text that is spoken by a synthesiser.
Spoken = Annotated[str, Field(max_length=500)]
#: A menu key; `#` ends an entry in Asterisk's Read and cannot be one.
Digit = Annotated[str, Field(pattern=r"^[0-9*]$")]
Seconds = Annotated[int, Field(ge=0, le=86_400)]
Address = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, AfterValidator(_host)]
Network = Annotated[str, AfterValidator(_network)]
Folder = Annotated[Path, AfterValidator(_folder)]
File = Annotated[Path, AfterValidator(_folder)]
#: An IANA time zone.
Zone = Annotated[str, Field(pattern=r"^[A-Za-z_+\-/0-9]+$"), AfterValidator(_zone)]
