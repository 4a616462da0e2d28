"""How many working days a request 工单 may take."""

from collections.abc import Mapping


def days(kind: str, urgency: str, terms: Mapping[str, int], unit_terms: Mapping[str, int] | None = None) -> int:
    """Return the working days from the first dispatch: the kind's, or the urgency's where those are fewer.

    `terms` are the settings' by kind and urgency; a unit's own come before them.
    """
    own = dict(terms) | dict(unit_terms or {})
    usual = own[kind]
    return usual if urgency == "normal" else min(usual, own[urgency])


def sign_days(terms: Mapping[str, int], unit_terms: Mapping[str, int] | None = None) -> int:
    """Return the working days within which a unit signs 签收."""
    return (dict(terms) | dict(unit_terms or {}))["sign"]
