"""Asterisk's configuration, rendered from `asterisk-conf/` and `dialplan/` with strict undefined checking."""

import hmac
import os
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError

from callcenter.asterisk import security
from callcenter.asterisk.secrets import Secrets
from callcenter.paths import ROOT, Paths
from callcenter.settings import Settings

#: Folders of templates; every `NAME.conf.j2` becomes `etc/NAME.conf`.
FOLDERS = (ROOT / "asterisk-conf", ROOT / "dialplan")
#: AMI events that the floor reads, and the guard of the door; all others are left out at Asterisk's side.
AMI_EVENTS = (
    *sorted(security.EVENTS),
    "AgentCalled",
    "AgentComplete",
    "AgentConnect",
    "AgentRingNoAnswer",
    "FullyBooted",
    "Hangup",
    "OriginateResponse",
    "PeerStatus",
    "QueueCallerAbandon",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueMemberAdded",
    "QueueMemberPause",
    "QueueMemberRemoved",
    "QueueMemberStatus",
    "UserEvent",
)
#: The kernel's limit on a socket's path, less the socket's own name.
_LONGEST_RUN_FOLDER = 107 - len("/asterisk.ctl")


class RenderError(Exception):
    """Configuration that cannot be rendered; `faults` has one line per fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def render(  # what a configuration is made of
    into: Path,
    *,
    settings: Settings,
    paths: Paths,
    secrets: Secrets,
    modules: Path,
    certificate: tuple[Path, Path],
    fallback: Path,
    folders: Iterable[Path] = FOLDERS,
) -> list[Path]:
    """Render every template into the folder `into`, mode 0600; files that no template makes any more are removed.

    `modules` is the program's module folder, `certificate` the certificate and its key, `fallback` the AGI script.
    A template of which nothing comes makes no file. Returns the files. Raises RenderError with every fault, and then
    leaves the folder as it was.
    """
    names: Mapping[str, Any] = {
        "settings": settings,
        "paths": paths_for_templates(paths, fallback),
        "secrets": secrets,
        "program": {"modules": modules},
        "certificate": {"cert": certificate[0], "key": certificate[1]},
        "cel_file": paths.cel.name,
        "ami_events": AMI_EVENTS,
        "unknown_password": lambda user: hmac.digest(secrets.ami.encode(), user.encode(), "sha256").hex(),
        "bind_in_url": f"[{settings.bind}]" if ":" in settings.bind else settings.bind,
    }
    faults = []
    if len(str(paths.run)) > _LONGEST_RUN_FOLDER:
        faults.append(
            f"{paths.run}: longer than {_LONGEST_RUN_FOLDER} characters; set CALLCENTER_DATA to a shorter path"
        )
    rendered: dict[str, str] = {}
    for folder in folders:
        # Configuration files are no HTML: quoting would break them, and settings refuse what could.
        environment = Environment(  # noqa: S701
            loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
        )
        for template in sorted(folder.glob("*.conf.j2")):
            try:
                rendered[template.stem] = environment.get_template(template.name).render(names)
            except Exception as error:  # noqa: BLE001  # whatever an expression in a template raises
                faults.append(f"{_place(template, error)}: {' '.join(str(error).split()) or type(error).__name__}")
    if faults:
        raise RenderError(faults)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    rendered = {name: text for name, text in rendered.items() if text.strip()}
    for stale in into.glob("*.conf"):
        if stale.name not in rendered:
            stale.unlink()
    return [_write_private(into / name, text) for name, text in rendered.items()]


def paths_for_templates(paths: Paths, fallback: Path) -> dict[str, Path]:
    """Return the paths that templates may name."""
    return {
        "etc": paths.etc,
        "lib": paths.lib,
        "share": paths.share,
        "spool": paths.spool,
        "run": paths.run,
        "log": paths.log,
        "raw_recordings": paths.raw_recordings,
        "journal": paths.journal,
        "bans": paths.bans,
        "snapshot": paths.snapshot,
        "fallback": fallback,
    }


def _place(template: Path, error: Exception) -> str:
    """Return `folder/file:line` of a fault; Jinja puts the template's own lines into the traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(template)]
    line = error.lineno if isinstance(error, TemplateSyntaxError) else lines[-1] if lines else None
    return f"{template.parent.name}/{template.name}{f':{line}' if line else ''}"


def _write_private(path: Path, text: str) -> Path:
    """Write a file whole or not at all: a full disk must leave Asterisk the configuration that it had."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)  # it may have been there before, readable to all
            file.write(text)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        if not (path.exists() and path.read_text(encoding="utf-8") == text):
            raise
    return path
