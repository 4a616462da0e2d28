"""What the rules of requests 工单 are told, and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from callcenter.tickets.rules.effects import Effect, Part

#: As what somebody signed in, or what acts by itself.
Role = Literal["unit", "agent", "supervisor", "inspector", "manager", "administrator", "citizen", "city", "system"]
#: The columns of a ticket that `amend` may change.
AMENDABLE = (
    "kind",
    "title",
    "description",
    "category_id",
    "place_id",
    "address",
    "contact_name",
    "contact_phone",
    "anonymous",
)


@dataclass(frozen=True, slots=True)
class Doer:
    """Who makes a move."""

    #: A login, `citizen`, `city`, or `system`.
    who: str
    role: Role
    #: The member unit they work for: its row, and what programs call it.
    unit_id: int | None = None
    unit: str | None = None

    @property
    def supervises(self) -> bool:
        """Whether they may what a supervisor may."""
        return self.role in {"supervisor", "administrator"}


#: The hotline itself.
SYSTEM = Doer("system", "system")
CITIZEN = Doer("citizen", "citizen")
CITY = Doer("city", "city")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings allow: [tickets]."""

    most_redos: int = 2
    most_extensions: int = 1
    most_extension_days: int = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """A ticket as the rules see it: columns of `Ticket`, and what they need from beside it."""

    id: int
    number: str
    kind: str
    #: None where there is no ticket yet.
    state: str | None
    title: str = ""
    description: str = ""
    category_id: int | None = None
    place_id: int | None = None
    address: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    anonymous: bool = False
    urgency: str = "normal"
    confidential: bool = False
    accepted_by: str | None = None
    unit_id: int | None = None
    first_unit_id: int | None = None
    submitted_at: datetime | None = None
    first_dispatched_at: datetime | None = None
    due_at: datetime | None = None
    redone: int = 0
    extended: int = 0
    reminded: int = 0
    pending: str | None = None
    pending_days: int | None = None
    merged_from: str | None = None
    #: The units that help now 协办.
    helpers: frozenset[int] = frozenset()
    #: Words of the lead unit's last reply.
    reply: str | None = None
    #: Whether the request that it was merged into has been answered at least once.
    main_answered: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What came with the order to move; units, places and tickets have been looked up."""

    words: str | None = None
    unit: int | None = None
    helpers: tuple[int, ...] = ()
    days: int | None = None
    main: Facts | None = None
    urgency: str | None = None
    satisfaction: str | None = None
    answer: str | None = None
    confidential: bool | None = None
    #: Column -> new value, of `AMENDABLE`.
    fields: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PartOrder:
    """A unit gets a part in the ticket, or loses it, signs for it, replies."""

    deed: Literal["give", "end", "sign", "reply"]
    unit_id: int
    part: Literal["lead", "helper"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is told."""

    audience: Literal["unit", "agent", "supervisor"]
    unit_id: int | None = None
    who: str | None = None


@dataclass(slots=True)
class Decision:
    """What a move comes to."""

    to: str
    #: As what the doer was let through.
    part: Part
    #: Column of the ticket -> new value.
    changes: dict[str, Any] = field(default_factory=dict)
    #: Effects on clocks, in order, and the days that an extension gives.
    clocks: list[Effect] = field(default_factory=list)
    days: int = 0
    parts: list[PartOrder] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
