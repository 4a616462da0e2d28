"""A request 工单 as the API shows it."""

from typing import Annotated, Any

from pydantic import BaseModel

from callcenter.hotline.masking import Phone, Phones


class Named(BaseModel):
    """Something with a code and a name."""

    code: str
    name: str


class InTree(Named):
    """A category or a place, with the names above it."""

    path: str


class TimeLeft(BaseModel):
    """Working time until a deadline, or since it when `overdue`, at the moment of the answer."""

    minutes: int
    overdue: bool
    #: Working minutes of a working day, by which days are told from hours.
    day_minutes: int
    #: No more than so many left are few.
    warn_minutes: int
    #: Whether it counts at this moment; seconds until that turns by itself, null on a clock that stands still.
    running: bool
    turns_in: int | None


class ItsCall(BaseModel):
    """The call that it came from; `id` is null until the call is stored."""

    id: int
    started_at: str
    agent: str | None
    recording: str | None


class PartOfUnit(Named):
    """What a unit has, or had, to do with it."""

    part: str
    since: str
    until: str | None
    signed_at: str | None
    replied_at: str | None


class ItsClock(BaseModel):
    """One deadline; `due_at` is null while it needs a year whose holidays are not known.

    `left` is as it was when the clock was stopped, or came to stand still; null as well when the calendar cannot tell.
    """

    name: str
    unit: str | None
    days: int
    started_at: str
    due_at: str | None
    paused_at: str | None
    stopped_at: str | None
    left: TimeLeft | None


class Entry(BaseModel):
    """One step of its history; `changes` are field -> [before, after]."""

    id: int
    at: str
    who: str
    #: As the panel knows whoever did it; null for whom it does not know.
    name: str | None
    role: str
    unit: str | None
    move: str
    #: What the move is called, in the language of whoever asks.
    label: str
    from_state: str | None
    to_state: str
    version: int
    words: str | None
    changes: Annotated[dict[str, list[Any]], Phones((("caller",), ("contact_phone",)))]
    attachments: list[int]


class ItsFile(BaseModel):
    """A file that was sent with a step."""

    id: int
    name: str
    type: str
    bytes: int
    by: str
    at: str
    entry: int | None


class PossibleMove(BaseModel):
    """A step that whoever asks may take now, and what it takes."""

    name: str
    label: str
    to: str
    needs: list[str]
    may: list[str]


class TicketDetail(BaseModel):
    """A request with its history, and what may be done with it now."""

    number: str
    kind: str
    state: str
    version: int
    #: Null for units when the citizen wishes to stay unknown.
    caller: Phone | None
    title: str
    description: str
    source: str
    urgency: str
    confidential: bool
    category: InTree | None
    place: InTree | None
    address: str | None
    contact_name: str | None
    contact_phone: Phone | None
    anonymous: bool
    answer: str | None
    accepted_by: str | None
    agent: str | None
    unit: Named | None
    first_unit: Named | None
    closing_unit: Named | None
    opened_at: str
    work_started_at: str | None
    submitted_at: str | None
    first_dispatched_at: str | None
    dispatched_at: str | None
    signed_at: str | None
    replied_at: str | None
    due_at: str | None
    #: Null without a deadline, on a closed one, and when the calendar does not know the year.
    left: TimeLeft | None
    closed_at: str | None
    archived_at: str | None
    satisfaction: str | None
    followed_up_at: str | None
    redone: int
    extended: int
    reminded: int
    supervised: bool
    pending: str | None
    pending_days: int | None
    merged_into: str | None
    merged: list[str]
    city_number: str | None
    linkedid: str | None
    call: ItsCall | None
    units: list[PartOfUnit]
    clocks: list[ItsClock]
    entries: list[Entry]
    attachments: list[ItsFile]
    follow_up: Annotated[dict[str, Any] | None, Phones((("number",), ("attempts", "number")))]
    moves: list[PossibleMove]
