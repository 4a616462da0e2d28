"""Typed settings: defaults, then `callcenter.toml`, then `CALLCENTER_*` environment variables; all faults at once.

Names in the file and in the environment are the same: `[queue] wrap_up_seconds` is `CALLCENTER_QUEUE__WRAP_UP_SECONDS`.
`sections.py` has the tables with their defaults and limits, `model.py` the rest.
"""

from callcenter.settings.loading import SettingsError, load
from callcenter.settings.model import ENV_PREFIX, Settings
from callcenter.settings.promises import PROMISED_MINUTES
from callcenter.settings.sections import QUEUE_LIMIT, Demo, MenuOption, Trunk

__all__ = [
    "ENV_PREFIX",
    "PROMISED_MINUTES",
    "QUEUE_LIMIT",
    "Demo",
    "MenuOption",
    "Settings",
    "SettingsError",
    "Trunk",
    "load",
]
