"""The tables of the settings file about special desks 专席, as for enterprises or for calls in English."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from callcenter.settings.sections import Section
from callcenter.settings.words import Word


def desk_queue(name: str) -> str:
    """Return the name that the queue of the desk `name` has in Asterisk; none is called like the hotline's own."""
    return f"desk-{name}"


class Desk(Section):
    """A special desk 专席: supervisors move waiting callers to it, whom its agents take before all others."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,20}$")]
    #: What people read.
    label: Annotated[Word, Field(max_length=20)]
    #: Who sits at it, wherever they are signed in...
    agents: tuple[Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")], ...] = ()
    #: ...and where whoever is signed in sits at it.
    seats: Annotated[tuple[Annotated[str, Field(pattern=r"^[0-9]{3,6}$")], ...], Field(validate_default=True)] = ()

    @field_validator("seats")
    @classmethod
    def _somebody_sits_there(cls, seats: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if not seats and not others.data.get("agents", True):
            raise ValueError("a desk has agents or seats; without any nobody would take its callers")
        return seats

    @property
    def queue(self) -> str:
        """Name of its queue in Asterisk."""
        return desk_queue(self.name)
