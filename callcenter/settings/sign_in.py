"""The table of the settings file about signing in to the panel: locks, the second step, sessions that end."""

from datetime import time
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from callcenter.settings.sections import Section

#: The panel's roles, lower than which this package lies; a test holds the two lists together.
ROLES = ("unit", "agent", "supervisor", "inspector", "manager", "administrator")


def _role(name: str) -> str:
    if name not in ROLES:
        raise ValueError(f"there is no role {name!r}; there are: {', '.join(ROLES)}")
    return name


def _clock_time(text: str) -> str:
    if time.fromisoformat(text).tzinfo is not None:
        raise ValueError("a local time such as 08:00, without a zone")
    return text


RoleName = Annotated[str, AfterValidator(_role)]
#: A time of the day in the hotline's zone, as a clock on the wall shows it.
ClockTime = Annotated[str, Field(pattern=r"^[0-2][0-9]:[0-5][0-9]$"), AfterValidator(_clock_time)]


class SignIn(Section):
    """How people sign in to the panel, and when they have to do it again."""

    #: So many wrong passwords lock a login at the address they come from, or in the browser.
    wrong_passwords: Annotated[int, Field(ge=3, le=100)] = 10
    #: Minutes that the first lock lasts; each further one lasts twice as long, up to the longest.
    lock_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    longest_lock_minutes: Annotated[int, Field(ge=1, le=10_080)] = 240
    #: Roles whose people must prove themselves with a code from their telephone (TOTP) as well.
    totp_required_for: tuple[RoleName, ...] = ()
    #: When shifts change 交接班. A session of `shift_roles` ends `shift_grace_minutes` after the first change that is
    #: at least `shift_least_hours` later than its beginning, so that whoever comes early for a shift is not signed out
    #: when it begins; never in the midst of a talk. Empty: sessions end for other reasons only.
    shifts: tuple[ClockTime, ...] = ("08:00", "16:00", "00:00")
    shift_grace_minutes: Annotated[int, Field(ge=0, le=120)] = 10
    shift_least_hours: Annotated[float, Field(ge=0, le=12)] = 2
    shift_roles: tuple[RoleName, ...] = ("agent", "supervisor")
    #: Logins of screens that hang on a wall: they see the wallboard and nothing else, and no shift ends for them.
    kiosks: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")], ...] = ()

    @field_validator("longest_lock_minutes")
    @classmethod
    def _longest_is_longest(cls, longest: int, others: ValidationInfo) -> int:
        if longest < others.data.get("lock_minutes", 0):
            raise ValueError("must be at least lock_minutes")
        return longest

    @field_validator("shifts")
    @classmethod
    def _shifts_differ(cls, shifts: tuple[str, ...]) -> tuple[str, ...]:
        if twice := {shift for shift in shifts if shifts.count(shift) > 1}:
            raise ValueError(f"{', '.join(sorted(twice))} is named twice")
        return shifts
