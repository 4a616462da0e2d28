"""Units for a permanent installation: Asterisk and the controller each under systemd, as a user without privileges."""

import os
import re
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callcenter.paths import ROOT
from callcenter.settings import ENV_PREFIX, Settings

TEMPLATES = ROOT / "asterisk-conf" / "systemd"
#: Where the units keep the recordings' keys unless a setting says otherwise: below /var/lib, made by systemd (0700).
KEY_FOLDER = "callcenter-keys"
#: What ProtectHome=yes hides.
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))


def render(settings: Settings, user: str, *, python: Path | None = None, root: Path = ROOT) -> dict[str, str]:
    """Return the units, file name -> text, for the hotline that `settings` describe, run by the system user `user`.

    `python` is the interpreter of the environment that the hotline is installed in (the one that runs now), `root` its
    working folder. Raises ValueError for a user name that systemd would not take.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}", user):
        raise ValueError(f"{user!r} is no name of a system user")
    python = python or Path(sys.executable)
    names = {
        "command": f"{_argument(str(python))} -m callcenter run",
        "user": user,
        "working_folder": _literal(str(root)),
        "environment": [_quoted(f"{name}={value}") for name, value in _environment(settings).items()],
        "data_folder": _quoted(str(settings.data_folder)),
        "elsewhere": [_quoted(f"-{folder}") for folder in _elsewhere(settings)],
        "key_folder": KEY_FOLDER if settings.recordings.key_file is None else "",
        "protect_home": "read-only" if any(_is_in_a_home(path) for path in _read(settings, python, root)) else "yes",
    }
    # Unit files are no HTML.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    return {
        template.stem: environment.get_template(template.name).render(names)
        for template in sorted(TEMPLATES.glob("callcenter*.j2"))
    }


def _environment(settings: Settings) -> dict[str, str]:
    """Return the variables with which the units find the same settings as this run; secrets are left out."""
    variables = {ENV_PREFIX + "DATA": str(settings.data_folder)}
    if settings.port_offset:
        variables[ENV_PREFIX + "PORT_OFFSET"] = str(settings.port_offset)
    if settings.recordings.key_file is None:
        variables[ENV_PREFIX + "RECORDINGS__KEY_FILE"] = f"/var/lib/{KEY_FOLDER}/recording-keys.json"
    named = Path(os.environ.get(ENV_PREFIX + "CONFIG", "callcenter.toml"))
    if named.exists():
        variables[ENV_PREFIX + "CONFIG"] = str(named.resolve())
    return variables


def _elsewhere(settings: Settings) -> list[Path]:
    """Return what is written outside the data folder."""
    named = settings.recordings
    folders = [named.folder and named.folder.expanduser().resolve(), named.key_file and named.keys.parent]
    return [folder for folder in folders if folder]


def _read(settings: Settings, python: Path, root: Path) -> list[Path]:
    return [root, python, python.resolve(), settings.data_folder]


def _is_in_a_home(path: Path) -> bool:
    return any(path.is_relative_to(home) for home in _HOMES)


def _literal(text: str) -> str:
    """Return `text` for a setting that takes the rest of the line (systemd.unit(5), "Specifiers")."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError(f"{text!r} cannot stand in a unit file")
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Return `text` as one word (systemd.syntax(7), "Quoting")."""
    return '"' + _literal(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _argument(text: str) -> str:
    """Return `text` as one word of a command line, where `$` begins a variable (systemd.service(5))."""
    return _quoted(text).replace("$", "$$")
