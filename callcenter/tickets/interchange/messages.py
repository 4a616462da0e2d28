"""What the platforms say to each other; described in OpenAPI from these very classes."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from callcenter.panel.api import Body
from callcenter.tickets.rules import texts

MessageId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.:-]{8,64}$")]
Number = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]
Code = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]{1,30}$")]
Words = Annotated[str, Field(min_length=1, max_length=texts.WORDS)]
Kind = Literal["enquiry", "complaint", "help", "suggestion", "report", "praise"]
Urgency = Literal["normal", "urgent", "emergency"]


class CityTicket(Body):
    """A city-level ticket 市级工单, as it is handed to the district."""

    kind: Kind
    title: Annotated[str, Field(min_length=1, max_length=texts.TITLE)]
    description: Annotated[str, Field(min_length=1, max_length=texts.DESCRIPTION)]
    urgency: Urgency = "normal"
    #: Codes of the district's own category and place.
    category: Code | None = None
    place: Code | None = None
    address: Annotated[str, Field(max_length=texts.ADDRESS)] | None = None
    caller: Annotated[str, Field(max_length=texts.PHONE)] | None = None
    contact_name: Annotated[str, Field(max_length=texts.CONTACT_NAME)] | None = None
    contact_phone: Annotated[str, Field(max_length=texts.PHONE)] | None = None
    anonymous: bool = False
    confidential: bool = False
    #: When the city wants it done.
    due_at: Annotated[AwareDatetime, Field(strict=False)] | None = None


class Result(Body):
    """How the city ended a ticket that the district had handed up."""

    outcome: Literal["done", "returned"]
    #: The answer for the citizen, or why it comes back.
    words: Words


class FromCity(Body):
    """A message of the city platform."""

    #: Chosen by the sender; the same again is the same message.
    message_id: MessageId
    kind: Literal["ticket", "remind", "withdraw", "result"]
    #: Number that the city knows the ticket by.
    city_number: Number
    #: `ticket`: what is asked for.
    ticket: CityTicket | None = None
    #: `remind`, `withdraw`: in words.
    words: Words | None = None
    #: `result`: how it ended, and our number of it.
    result: Result | None = None
    number: Annotated[str, Field(pattern=r"^[0-9]{13,20}$")] | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> "FromCity":
        needed = {"ticket": "ticket", "remind": "words", "withdraw": "words", "result": "result"}[self.kind]
        for name in ("ticket", "words", "result"):
            if (getattr(self, name) is not None) != (name == needed):
                raise ValueError(f"{name} {'is missing' if name == needed else 'does not belong here'}")
        return self


class ToldCity(BaseModel):
    """What we answer: confirmed, or refused with the fields that are wrong."""

    message_id: str
    result: Literal["ok", "refused"]
    #: Our number of the ticket.
    number: str | None = None
    error: str | None = None
    fields: dict[str, str] = {}


class FromUs(BaseModel):
    """A message of ours: a ticket that we hand up, or how far one of the city's is."""

    message_id: str
    kind: Literal["ticket", "progress"]
    number: str
    city_number: str | None
    at: str
    #: `ticket`: the request.
    ticket: dict[str, str | bool | None] | None = None
    #: `progress`: where it is now (`accepted`, `dispatched`, `handling`, `replied`, `closed`...), and the answer.
    state: str | None = None
    move: str | None = None
    unit: str | None = None
    words: str | None = None
    answer: str | None = None
    satisfaction: str | None = None


class FromTheirAnswer(BaseModel):
    """What they must answer to be believed; signed."""

    message_id: str
    result: Literal["ok", "refused"]
    city_number: Annotated[str, Field(pattern=r"^[0-9A-Za-z_.-]{1,64}$")] | None = None
    error: Annotated[str, Field(max_length=2000)] | None = None
