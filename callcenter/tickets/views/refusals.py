"""How a refusal of the rules reaches whoever asked: in their language, with the field it is about."""

from collections.abc import Iterator
from contextlib import contextmanager

from callcenter.panel.i18n import N_, current, translate
from callcenter.panel.problems import Problem
from callcenter.tickets.flows.moving.mover import MovedMeanwhile, NoSuchTicket
from callcenter.tickets.rules.refusals import NotYours, Refused

_NO_SUCH = N_("There is no such ticket.")
_MOVED = N_("Somebody has worked on this ticket meanwhile. Nothing was changed: look at what happened, then try again.")


@contextmanager
def told() -> Iterator[None]:
    """Turn what the mover raises within the block into an answer."""
    try:
        yield
    except NoSuchTicket as error:
        raise Problem(404, _NO_SUCH) from error
    except MovedMeanwhile as error:
        raise Problem(409, _MOVED, fields={"version": str(error.version)}) from error
    except NotYours as error:
        raise Problem(403, sentence(error)) from error
    except Refused as error:
        raise Problem(400 if error.fields else 409, sentence(error), fields=error.fields) from error


def sentence(error: Refused) -> str:
    """Return the reason in the language of the request."""
    values = {name: _said(value) if name in error.words else value for name, value in error.values.items()}
    return translate(error.message) % values


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ("、" if current().startswith("zh") else ", ").join(translate(str(one)) for one in value)
    return translate(str(value))
