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
