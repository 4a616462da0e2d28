"""What a model says of a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guess:
    """A code and how sure it is; `words` spoke for it, the strongest first."""

    code: str
    probability: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What it dares to say, which may be nothing."""

    category: Guess | None
    unit: Guess | None
    #: The text's known words, those that are said most rarely first.
    telling: tuple[str, ...]
    #: The most probable category, dared or not: where to look for repeats 重复件.
    nearest: str | None


SILENT = Guesses(None, None, (), None)
