"""What happened to a request: past tense."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TicketOpened:
    """A request 工单 was accepted 受理."""

    at: datetime
    number: str
    kind: str
    caller: str


@dataclass(frozen=True, slots=True)
class TicketMoved:
    """A ticket made a move; what it starts runs in the same transaction (`flows.mover`)."""

    at: datetime
    ticket_id: int
    number: str
    entry_id: int
    move: str
    from_state: str | None
    to_state: str
    who: str
    role: str
    #: The lead unit after the move.
    unit_id: int | None
    words: str | None
