"""What the settings say of sessions, ready to be asked for every request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcenter.panel.auth.rules.shifts import End, end_of
from callcenter.panel.rights import ROLES, Right, Role, rights_of
from callcenter.settings import Settings

#: All that a screen on a wall is for.
KIOSK_RIGHTS: frozenset[Right] = frozenset({"account.own", "floor.see", "queue.see", "figures.see"})


@dataclass(frozen=True, slots=True)
class Terms:
    """Who must prove what, and when sessions end; by default sessions end with no shift."""

    shifts: tuple[time, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    least: timedelta = timedelta(0)
    grace: timedelta = timedelta(0)
    shift_roles: frozenset[str] = frozenset()
    two_step_roles: frozenset[str] = frozenset()
    kiosks: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> "Terms":
        """Return what `settings` say."""
        said = settings.sign_in
        return cls(
            shifts=tuple(time.fromisoformat(text) for text in said.shifts),
            zone=ZoneInfo(settings.time_zone),
            least=timedelta(hours=said.shift_least_hours),
            grace=timedelta(minutes=said.shift_grace_minutes),
            shift_roles=frozenset(said.shift_roles),
            two_step_roles=frozenset(said.totp_required_for),
            kiosks=frozenset(said.kiosks),
        )

    def end(self, login: str, role: str, began: datetime) -> End | None:
        """Return when a session ends with the shift; None when it does not."""
        if not self.shifts or role not in self.shift_roles or login in self.kiosks:
            return None
        return end_of(began, self.shifts, self.zone, least=self.least, grace=self.grace)

    def rights(self, login: str, role: Role) -> frozenset[Right]:
        """Return the rights of somebody; those of a screen on a wall are few, whatever its role."""
        if login not in self.kiosks:
            return _RIGHTS[role]
        return _RIGHTS[role] & KIOSK_RIGHTS


_RIGHTS: Mapping[Role, frozenset[Right]] = {role: rights_of(role) for role in ROLES}
