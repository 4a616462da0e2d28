"""The table of the settings file about recordings 录音: as what, where, and how long they are kept, and their keys."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from callcenter.settings.sections import Section
from callcenter.settings.words import Folder


class Recordings(Section):
    """Every conversation is recorded, both sides apart, and kept encrypted."""

    #: `opus` takes a sixth of the room; `wav` is what every program of every age can read.
    format: Literal["opus", "wav"] = "opus"
    #: Where they are kept; a folder of the data folder when it is left out. Another disk keeps the calls' own free.
    folder: Folder | None = None
    #: The file of keys, never in the data folder: whoever copies that must not get the keys with it. Left out, it is
    #: `callcenter/recording-keys.json` below XDG_STATE_HOME, or below ~/.local/state.
    key_file: Path | None = None
    #: Days until a recording is deleted; a legal hold 封存 keeps it longer.
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 1095
    #: Where the recordings' own disk has less free than this, the supervisor is told; below a quarter of it new
    #: conversations are no longer recorded, so that they can go on.
    alarm_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 2048

    @property
    def keys(self) -> Path:
        """Absolute path of the file of keys."""
        if self.key_file is not None:
            return self.key_file.expanduser().resolve()
        state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        return (Path(state).expanduser() / "callcenter" / "recording-keys.json").resolve()
