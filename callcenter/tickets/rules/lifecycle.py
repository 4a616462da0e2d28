"""Whether a move is possible, and what it comes to. Pure: the ticket's facts in, a decision or a refusal out."""

from datetime import datetime

from callcenter.tickets.rules import texts
from callcenter.tickets.rules.decisions import Decision, Doer, Facts, Given, Limits
from callcenter.tickets.rules.deeds import DEEDS, Case
from callcenter.tickets.rules.effects import STANDING, WHO, Field, Part
from callcenter.tickets.rules.moves import MOVES, ROWS, TABLE, Move
from callcenter.tickets.rules.refusals import FOREIGN, MISSING, N_, NotYours, Refused, faulty
from callcenter.tickets.rules.told import told

#: Moves of what a citizen asked for; a missed call 漏接件 is none until somebody says of which kind it is.
_OF_REQUESTS = frozenset({"submit", "answer", "merge"})
_OF_MISSED_CALLS = frozenset({"callback_settled", "callback_reopened"})


def parts_of(doer: Doer, facts: Facts) -> frozenset[Part]:
    """Return as what `doer` may act on this ticket."""
    match doer.role:
        case "unit":
            lead: frozenset[Part] = frozenset({"lead"}) if doer.unit_id == facts.unit_id else frozenset()
            helper: frozenset[Part] = frozenset({"helper"}) if doer.unit_id in facts.helpers else frozenset()
            return (lead | helper) if doer.unit_id is not None else frozenset()
        case "supervisor" | "administrator":
            return frozenset({"agent", "supervisor"})
        case "inspector" | "manager":
            return frozenset()  # they see requests, and have no part in them
        case other:
            return frozenset({other})


def available(facts: Facts, doer: Doer, limits: Limits, now: datetime) -> list[Move]:
    """Return the moves that `doer` may make now, in the table's order: the way through first."""
    found = []
    for row in TABLE:
        if row.source == facts.state and facts.state is not None and row.by & parts_of(doer, facts):
            try:
                _obstacles(row, facts, limits, now)
            except Refused:
                continue
            found.append(row)
    return found


def decide(facts: Facts, move: str, doer: Doer, given: Given, *, limits: Limits, now: datetime) -> Decision:
    """Return what `move` comes to. Raises Refused with the reason when it is not possible, NotYours for others'."""
    row = _row(facts, move)
    own = row.by & parts_of(doer, facts)
    if not own:
        raise NotYours(
            N_("“%(move)s” is for %(who)s."),
            move=row.label,
            who=tuple(WHO[part] for part in WHO if part in row.by),
            words=("move", "who"),
        )
    _obstacles(row, facts, limits, now)
    _check_given(row, given)
    if move == "submit":
        _check_complete(facts)
    clocks = [effect for effect in row.starts if not effect.startswith("tell")]
    decision = Decision(to=row.to[0], part=next(part for part in WHO if part in own), clocks=clocks)
    if deed := DEEDS.get(move):
        deed(Case(row, facts, given, doer, limits, now, decision))
    unit_after = decision.changes.get("unit_id", facts.unit_id)
    decision.notices = told(row.starts, facts, given, doer, unit_after)
    return decision


def _row(facts: Facts, move: str) -> Move:
    if move not in MOVES:
        raise Refused(N_("There is no step named %(move)s."), move=move[:40])
    row = ROWS.get((move, facts.state))  # type: ignore[arg-type]
    if row is None or facts.state is None:
        raise Refused(
            N_("“%(move)s” is not possible while the ticket is “%(state)s”."),
            move=MOVES[move].label,
            state=STANDING.get(facts.state or "", ""),
            words=("move", "state"),
        )
    return row


def _obstacles(row: Move, facts: Facts, limits: Limits, now: datetime) -> None:
    """Raise Refused for what stands in the way whatever is given."""
    if row.name in _OF_REQUESTS and facts.kind == "missed_call":
        raise Refused(N_("A missed call is no request yet: say first of which kind it is."))
    if row.name in _OF_MISSED_CALLS and facts.kind != "missed_call":
        raise Refused(N_("It has become a request of its own and no longer follows its callback."))
    if row.name == "ask_extension":
        _may_be_extended(facts, limits, now)
    if row.name in {"grant_extension", "refuse_extension"} and facts.pending != "extension":
        raise Refused(N_("No extension has been asked for."))
    if row.name == "follow_up" and facts.state == "merged" and not facts.main_answered:
        raise Refused(N_("The request that it was merged into has not been answered yet."))
    if row.name == "redo" and facts.redone >= limits.most_redos:
        raise Refused(N_("It has been done again as often as is allowed; a supervisor decides how it ends."))


def _may_be_extended(facts: Facts, limits: Limits, now: datetime) -> None:
    if facts.pending:
        raise Refused(N_("An extension has been asked for already."))
    if facts.extended >= limits.most_extensions:
        raise Refused(N_("It has been extended as often as is allowed."))
    if facts.due_at is not None and now >= facts.due_at:
        raise Refused(N_("The deadline is over: an extension is asked for before it."))


def _check_given(row: Move, given: Given) -> None:
    """Raise Refused that names what is missing, what does not belong here, and texts that are too long."""
    values: dict[Field, object] = {
        "words": (given.words or "").strip(),
        "unit": given.unit,
        "helpers": given.helpers,
        "days": given.days,
        "main": given.main,
        "urgency": given.urgency,
        "satisfaction": given.satisfaction,
        "answer": (given.answer or "").strip(),
        "confidential": given.confidential,
        "fields": given.fields,
        "attachments": given.attachments,
    }
    there = {name for name, value in values.items() if value or value is False or value == 0}
    faults: dict[str, str] = {name: MISSING for name in row.needs if name not in there}
    faults |= {name: FOREIGN for name in there if name not in (*row.needs, *row.may)}
    if faults:
        raise faulty(**faults)
    texts.check({"words": given.words, "answer": given.answer})
    texts.check({name: given.fields[name] for name in texts.LIMITS if name in given.fields})


def _check_complete(facts: Facts) -> None:
    """Raise Refused that names what a request lacks before it can be reviewed."""
    has = {"title": facts.title.strip(), "description": facts.description.strip(), "category": facts.category_id}
    if missing := [name for name, value in has.items() if not value]:
        raise faulty(**dict.fromkeys(missing, MISSING))
