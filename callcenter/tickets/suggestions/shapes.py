"""How far dispatch help 派单建议 can be trusted, as the API shows it."""

from pydantic import BaseModel


class Error(BaseModel):
    """Suggestions that were wrong, of those whose truth is known; `value` is null without any."""

    numerator: int
    denominator: int
    value: float | None
    target: float
    met: bool | None


class HeldOut(BaseModel):
    """On tickets that it had not seen: how many it would have got right, and what it dared to say."""

    tickets: int
    right: int
    accuracy: float | None
    #: Share of which it says something, and how much of that was wrong.
    coverage: float | None
    error: Error
    #: How sure it must be to speak.
    least: float


class BothHeldOut(BaseModel):
    """Of categories and of units."""

    category: HeldOut
    unit: HeldOut


class Learned(BaseModel):
    """The newest model."""

    trained_at: str
    tickets: int
    seconds: int
    features: int
    #: Whether it is the one in use: a broken file is not.
    used: bool


class Month(Error):
    """Units suggested, by the month in which the ticket was closed."""

    month: str


class Code(BaseModel):
    """A unit."""

    code: str
    name: str


class Confusion(BaseModel):
    """A unit that was suggested, the one that was right, and how often."""

    suggested: Code
    right: Code
    count: int


class WrongOne(BaseModel):
    """A ticket for which the wrong unit was suggested; `at` is null for one that was set aside."""

    number: str
    title: str | None
    at: str | None
    suggested: Code
    right: Code
    probability: float | None


class Accuracy(BaseModel):
    """How far dispatch help can be trusted."""

    enabled: bool
    model: Learned | None
    held_out: BothHeldOut | None
    live: Error
    live_category: Error
    months: list[Month]
    confused: list[Confusion]
    wrong: list[WrongOne]
    held_out_wrong: list[WrongOne]
