"""The floor as the wallboard's document: what everyone on the floor may see, numbers masked. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from callcenter.hotline.rules.desks import Desk, sitting
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.numbers import mask
from callcenter.hotline.rules.seats import STATES, Aside, Seat

Json = dict[str, Any]


def queue_section(floor: Floor, *, limit: int, most: int) -> Json:
    """Return who waits; `limit` is the number that must never wait, `most` the number that may."""
    return {
        "limit": limit,
        "max": most,
        "waiting": [
            {
                "id": call.linkedid,
                "caller": mask(call.caller),
                "position": call.position,
                "since": iso(call.since),
                "desk": call.desk or None,
                "moving": call.moving,
            }
            for call in floor.waiting
        ],
        "in_greeting": len(floor.greeting),
        "max_waiting_seen": floor.max_waiting_seen,
    }


def desks_section(floor: Floor, desks: Sequence[Desk]) -> list[Json]:
    """Return the special desks 专席 in the order in which they were set, each with the agents who sit there now."""
    return [{"name": desk.name, "label": desk.label, "agents": sitting(floor, desk.name)} for desk in desks]


def seat_section(seat: Seat, agents: Mapping[str, str]) -> Json:
    """Return one seat; `agents` maps agent numbers to names."""
    return {
        "seat": seat.number,
        "agent": seat.agent,
        "name": agents.get(seat.agent or "", seat.agent),
        "state": seat.state,
        "reason": seat.reason,
        "since": iso(seat.since),
        "caller": None if seat.caller is None else mask(seat.caller),
        "phone": bool(seat.phones),
        # Which of the two is there: the SIP phone comes first, and the browser's where there is none.
        "phone_kind": None if not seat.phones else "sip" if seat.number in seat.phones else "browser",
        "until": iso(seat.until) if seat.state == "wrap_up" else None,
        "talk": None if seat.aside is None else _aside(seat.aside),
    }


def _aside(aside: Aside) -> Json:
    who = aside.who if aside.kind in {"seat", "police"} else mask(aside.who)
    return {
        "stage": aside.stage,
        "kind": aside.kind or None,
        "who": who,
        "result": aside.result or None,
        "since": iso(aside.since),
    }


def agents_by_state(floor: Floor) -> dict[str, int]:
    """Return how many seats are in each state."""
    counts = Counter(seat.state for seat in floor.seats.values())
    return {state: counts[state] for state in STATES}


def iso(at: datetime | None) -> str | None:
    """Return `at` in ISO 8601 with zone, to the millisecond."""
    return None if at is None else at.isoformat(timespec="milliseconds")
