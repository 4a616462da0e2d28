"""How long the texts of requests 工单 may be, in characters of any script; longer ones are refused, never cut."""

from collections.abc import Mapping

from callcenter.tickets.rules.refusals import N_, faulty

TITLE = 200
DESCRIPTION = 10_000
ANSWER = 10_000
WORDS = 5_000
ADDRESS = 200
CONTACT_NAME = 60
PHONE = 32

LIMITS: Mapping[str, int] = {
    "title": TITLE,
    "description": DESCRIPTION,
    "answer": ANSWER,
    "words": WORDS,
    "address": ADDRESS,
    "contact_name": CONTACT_NAME,
    "contact_phone": PHONE,
    "caller": PHONE,
}
_TOO_LONG = {
    PHONE: N_("is longer than 32 characters"),
    CONTACT_NAME: N_("is longer than 60 characters"),
    TITLE: N_("is longer than 200 characters"),
    WORDS: N_("is longer than 5,000 characters"),
    DESCRIPTION: N_("is longer than 10,000 characters"),
}
_BAD = N_("holds characters that are no text")


def check(texts: Mapping[str, str | None]) -> None:
    """Raise Refused, naming each field, for texts that are too long or hold what no database keeps."""
    faults: dict[str, str] = {}
    for name, text in texts.items():
        if text is None:
            continue
        if len(text) > LIMITS[name]:
            faults[name] = _TOO_LONG[LIMITS[name]]
        elif "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
            faults[name] = _BAD
    if faults:
        raise faulty(**faults)
