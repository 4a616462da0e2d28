"""Reading the settings, and naming every fault at once: where it stands, which key, and why."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from callcenter.settings.model import ENV_PREFIX, Settings, config_file


class SettingsError(Exception):
    """Settings that cannot be used; `faults` has one line per fault: file or variable, key, reason."""

    def __init__(self, faults: list[str]) -> None:
        # A key may hold a line break, and a terminal's escapes.
        self.faults = ["".join(c if c.isprintable() else repr(c)[1:-1] for c in fault) for fault in faults]
        super().__init__("\n".join(self.faults))


def load(**overrides: Any) -> Settings:  # noqa: ANN401  # as wide as the settings themselves
    """Read the settings; `overrides` win over file and environment.

    Raises SettingsError with every fault, each naming where it stands.
    """
    strays = [
        f"environment {name}: unknown setting"
        for name in os.environ
        if name.upper().startswith(ENV_PREFIX)
        and name[len(ENV_PREFIX) :].split("__")[0].lower() not in {*Settings.model_fields, "config"}
    ]
    path = config_file()
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([f"{path}: {_reason(error)}", *strays]) from error
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise SettingsError([_fault(fault, path, written) for fault in error.errors()] + strays) from error
    if strays:
        raise SettingsError(strays)
    return settings


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        named = f" ({ENV_PREFIX}CONFIG names it)" if os.environ.get(ENV_PREFIX + "CONFIG") else ""
        return f"{(error.strerror or str(error)).lower()}{named}"
    return f"not UTF-8: {error}" if isinstance(error, UnicodeDecodeError) else str(error)


def _fault(fault: Any, path: Path | None, written: dict[str, Any]) -> str:  # noqa: ANN401  # pydantic's ErrorDetails
    where = [str(part) for part in fault["loc"]]
    unknown = fault["type"] == "extra_forbidden"
    # An unknown variable is no setting at all, and found by `load`.
    variable = None if unknown and len(where) == 1 else _variable(where, written)
    reason = fault["msg"].removeprefix("Value error, ")
    if unknown:
        reason = "unknown setting"
    elif variable and fault["type"] in {"tuple_type", "model_type", "model_attributes_type"}:
        reason = f"{_not_json(os.environ[variable])}; {reason}"
    source = f"environment {variable}" if variable else str(path) if path else "settings"
    return f"{source}: {'.'.join(where)}: {reason}"


def _variable(where: list[str], written: dict[str, Any]) -> str | None:
    """Return the environment variable that the setting at `where` was read from, or None."""
    names = {name.upper(): name for name in os.environ}
    for depth in range(len(where), 0, -1):
        name = ENV_PREFIX + "__".join(where[:depth]).upper()
        # A variable that holds the whole table is to blame only for what the file does not say itself.
        if name in names and (depth == len(where) or not _says(written, where)):
            return names[name]
    return None


def _says(written: Any, where: list[str]) -> bool:  # noqa: ANN401  # any TOML
    for part in where:
        if not isinstance(written, dict) or part not in written:
            return False
        written = written[part]
    return True


def _not_json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        return f"not JSON: {error}"
    return "JSON of the wrong kind"
