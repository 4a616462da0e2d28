"""Alarms 告警 on the wallboard: one of each kind, from when its cause was first seen until it is over."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from callcenter.hotline.wallboard import iso
from callcenter.panel.live import LiveState
from callcenter.storage import clock

_log = structlog.get_logger()
#: The section of the live document: kind -> since when, and the figures.
SECTION = "alarms"


class Alarms:
    """Keeps the live section `alarms`; to be used from the event loop only.

    Figures are JSON; one that is None is not shown. What an alarm means in words is the browser's to say.
    """

    def __init__(self, live: LiveState, *, now: Callable[[], datetime] = clock.now) -> None:
        self._live = live
        self._now = now
        live.set(SECTION, {})

    @property
    def raised(self) -> Mapping[str, Mapping[str, Any]]:
        """The alarms that are on; not to be changed."""
        alarms: Mapping[str, Mapping[str, Any]] = self._live.document[SECTION]
        return alarms

    def raise_(self, kind: str, **figures: Any) -> None:  # noqa: ANN401  # any JSON
        """Raise an alarm, or give the one that is on new figures; it keeps the time at which it was first raised."""
        known = self.raised.get(kind)
        if known is None:
            _log.error("alarm_raised", kind=kind, **figures)
        since = known["since"] if known else iso(self._now())
        self._live.set(SECTION, {**self.raised, kind: {**figures, "since": since}})

    def clear(self, kind: str) -> None:
        """End an alarm; one that is not on stays so."""
        if kind in self.raised:
            _log.info("alarm_over", kind=kind)
            self._live.set(SECTION, {name: alarm for name, alarm in self.raised.items() if name != kind})

    def tell(self, kind: str, figures: Mapping[str, Any] | None) -> None:
        """Raise with `figures`, or clear when there are none: for those who report either way in one call."""
        if figures is None:
            self.clear(kind)
        else:
            self.raise_(kind, **figures)
