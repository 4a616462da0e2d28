"""Who hears of a move."""

from callcenter.tickets.rules.decisions import Doer, Facts, Given, Notice
from callcenter.tickets.rules.effects import Effect


def told(effects: tuple[Effect, ...], facts: Facts, given: Given, doer: Doer, unit_after: int | None) -> list[Notice]:
    """Return who is told, in the order of `effects`; nobody of what they did themselves."""
    notices: list[Notice] = []
    for effect in effects:
        match effect:
            case "tell unit":
                notices += _units(unit_after)
            case "tell former unit" if facts.unit_id != unit_after:
                notices += _units(facts.unit_id)
            case "tell helpers":
                notices += _units(*(given.helpers or sorted(facts.helpers)))
            case "tell agent" if facts.accepted_by:
                notices.append(Notice("agent", who=facts.accepted_by))
            case "tell supervisors":
                notices.append(Notice("supervisor"))
            case _:
                pass
    mine = {Notice("unit", doer.unit_id), Notice("agent", who=doer.who)}
    return [notice for notice in dict.fromkeys(notices) if notice not in mine]


def _units(*units: int | None) -> list[Notice]:
    return [Notice("unit", unit) for unit in units if unit is not None]
