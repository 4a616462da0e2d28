"""How the rules of requests 工单 refuse: why, in words that a person can act on."""

from collections.abc import Mapping


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it, which extraction looks for
    """Mark `message` for translation, and return it as it is."""
    return message


class Refused(Exception):
    """What was asked for is not possible now.

    `message` is an English sentence marked N_, with the places of `values` as in `%(state)s`. `words` names those of
    the values that are words to be translated as well. `fields` says what is wrong with what was given; without any,
    it is the ticket that stands in the way.
    """

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, words: tuple[str, ...] = (), **values: object
    ) -> None:
        super().__init__(message % values)
        self.message = message
        self.values = values
        self.words = words
        self.fields = dict(fields or {})


class NotYours(Refused):
    """The move is there, but for others."""


#: What is said of a field.
MISSING = N_("is missing")
FOREIGN = N_("does not belong to this step")


def faulty(**fields: str) -> Refused:
    """Return the refusal that names what is wrong with what was given."""
    return Refused(N_("Some fields are wrong."), fields=fields)
