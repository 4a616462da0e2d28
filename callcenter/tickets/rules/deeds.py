"""What each move does to its ticket, once it is known to be possible."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callcenter.tickets.rules.decisions import AMENDABLE, Decision, Doer, Facts, Given, Limits, PartOrder
from callcenter.tickets.rules.moves import Move
from callcenter.tickets.rules.refusals import N_, Refused, faulty
from callcenter.tickets.rules.words import CLOSED_STATES, REQUEST_KINDS, SATISFACTIONS, URGENCIES


@dataclass(frozen=True, slots=True)
class Case:
    """One move that somebody wants to make, and the decision as it grows."""

    row: Move
    facts: Facts
    given: Given
    doer: Doer
    limits: Limits
    now: datetime
    decision: Decision

    def change(self, **changes: object) -> None:
        """Give columns of the ticket new values."""
        self.decision.changes |= changes

    def part(self, deed: str, part: str, *units: int | None) -> None:
        """Change the parts that `units` have."""
        self.decision.parts += [PartOrder(deed, unit, part) for unit in units if unit is not None]  # type: ignore[arg-type]


def _taken_up(case: Case) -> None:
    """Whoever first works on what nobody accepted, a missed call or a form from the web, has accepted it."""
    if case.facts.accepted_by is None:
        case.change(accepted_by=case.doer.who)


def _submit(case: Case) -> None:
    _taken_up(case)
    if case.facts.submitted_at is None:
        case.change(submitted_at=case.now)


def _answer(case: Case) -> None:
    _submit(case)  # the work on it ends here, as it does with a submission
    case.change(answer=case.given.answer, closed_at=case.now)


def _hand_over(case: Case, unit: int) -> None:
    """The lead part 主办 goes to `unit`."""
    facts, given = case.facts, case.given
    if unit in given.helpers:
        raise faulty(helpers=N_("names the lead unit"))
    case.part("end", "lead", facts.unit_id)
    case.part("end", "helper", *({unit} & facts.helpers))
    case.part("give", "lead", unit)
    case.part("give", "helper", *(one for one in given.helpers if one not in facts.helpers))
    case.change(unit_id=unit, dispatched_at=case.now, signed_at=None, replied_at=None, pending=None, pending_days=None)


def _dispatch(case: Case) -> None:
    assert case.given.unit is not None  # noqa: S101  # the table needs it
    if case.doer.supervises or case.doer.role == "agent":
        _taken_up(case)
    _hand_over(case, case.given.unit)
    if case.facts.first_dispatched_at is None:
        case.change(first_unit_id=case.given.unit, first_dispatched_at=case.now)


def _redispatch(case: Case) -> None:
    assert case.given.unit is not None  # noqa: S101  # the table needs it
    if case.given.unit == case.facts.unit_id:
        raise faulty(unit=N_("has it already"))
    _hand_over(case, case.given.unit)


def _sign(case: Case) -> None:
    case.change(signed_at=case.now)
    case.part("sign", "lead", case.facts.unit_id)


def _reply(case: Case) -> None:
    case.change(replied_at=case.now, pending=None, pending_days=None)
    case.part("reply", "lead", case.facts.unit_id)


def _approve_reply(case: Case) -> None:
    case.change(answer=case.given.answer or case.facts.reply)


def _follow_up(case: Case) -> None:
    said = case.given.satisfaction
    if said not in SATISFACTIONS:
        raise faulty(satisfaction=N_("must be satisfied, fairly or unhappy"))
    # What was merged is not done again by itself: its visit stays open until a supervisor has decided.
    if said == "unhappy" and case.facts.state != "merged":
        if case.facts.redone < case.limits.most_redos:
            raise Refused(N_("An unhappy citizen has the matter done again: choose “Have it done again”."))
        if not case.doer.supervises:
            raise Refused(N_("It has been done again as often as is allowed; a supervisor decides how it ends."))
    case.change(satisfaction=said, followed_up_at=case.now)


def _redo(case: Case) -> None:
    facts = case.facts
    if case.given.satisfaction not in {None, "unhappy"}:
        raise faulty(satisfaction=N_("must be unhappy: a satisfied citizen asks for no redo"))
    case.change(satisfaction="unhappy", followed_up_at=case.now, redone=facts.redone + 1)
    if facts.unit_id is None:  # the city platform answered: now it is dispatched here
        case.decision.to = "to_dispatch"
        case.decision.clocks = ["stop all"]
        return
    case.part("end", "lead", facts.unit_id)
    case.part("end", "helper", *sorted(facts.helpers))
    case.part("give", "lead", facts.unit_id)
    case.part("give", "helper", *sorted(facts.helpers))
    case.change(dispatched_at=case.now, signed_at=None, replied_at=None)


def _uphold_return(case: Case) -> None:
    case.part("end", "lead", case.facts.unit_id)
    case.part("end", "helper", *sorted(case.facts.helpers))
    case.change(unit_id=None, signed_at=None)


def _close(case: Case) -> None:
    case.change(closed_at=case.now, closing_unit_id=case.facts.unit_id)


def _reopen(case: Case) -> None:
    _uphold_return(case)
    case.change(closed_at=None, closing_unit_id=None, replied_at=None, satisfaction=None, followed_up_at=None)


def _from_city(case: Case) -> None:
    if case.given.answer:
        case.decision.to = "follow_up"
        case.change(answer=case.given.answer, replied_at=case.now)
    elif case.given.words:
        case.decision.to = "to_dispatch"
    else:
        raise faulty(answer=N_("is missing: the answer, or in words why it comes back without one"))


def _add_helper(case: Case) -> None:
    if case.facts.unit_id in case.given.helpers:
        raise faulty(helpers=N_("names the lead unit"))
    if case.facts.helpers & set(case.given.helpers):
        raise faulty(helpers=N_("names a unit that helps already"))
    case.part("give", "helper", *case.given.helpers)


def _ask_extension(case: Case) -> None:
    case.change(pending="extension", pending_days=_days(case))


def _grant_extension(case: Case) -> None:
    case.decision.days = _days(case)
    case.change(extended=case.facts.extended + 1, pending=None, pending_days=None)


def _days(case: Case) -> int:
    days = case.given.days if case.given.days is not None else case.facts.pending_days or 0
    if not 1 <= days <= case.limits.most_extension_days:
        raise faulty(days=N_("is more than an extension may be, or less than a day"))
    return days


def _merge(case: Case) -> None:
    main = case.given.main
    assert main is not None  # noqa: S101  # the table needs it
    if main.id == case.facts.id:
        raise faulty(main=N_("is this ticket itself"))
    if main.state == "merged":
        raise faulty(main=N_("has been merged itself; name the ticket that it was merged into"))
    if main.state in CLOSED_STATES:
        raise faulty(main=N_("is closed"))
    if main.kind == "missed_call":
        raise faulty(main=N_("is a missed call and no request"))
    case.change(merged_into_id=main.id)
    _unsay(case)
    if case.row.name == "merge":
        case.change(merged_from=case.facts.state, closed_at=case.now)


def _unmerge(case: Case) -> None:
    if case.facts.merged_from:
        case.decision.to = case.facts.merged_from
    case.change(merged_into_id=None, merged_from=None, closed_at=None)
    _unsay(case)


def _unsay(case: Case) -> None:
    """What the citizen said of one answer is no word about another; the history keeps it."""
    case.change(satisfaction=None, followed_up_at=None, replied_at=None)


def _set_urgency(case: Case) -> None:
    if case.given.urgency not in URGENCIES:
        raise faulty(urgency=N_("must be normal, urgent or emergency"))
    _must_change(case.given.urgency == case.facts.urgency)
    case.change(urgency=case.given.urgency)


def _set_confidential(case: Case) -> None:
    _must_change(case.given.confidential == case.facts.confidential)
    if not case.given.confidential and not case.doer.supervises:
        raise Refused(N_("Only a supervisor may lift confidentiality."))
    case.change(confidential=case.given.confidential)


def _amend(case: Case) -> None:
    fields = case.given.fields
    if unknown := set(fields) - set(AMENDABLE):
        raise faulty(**dict.fromkeys(sorted(unknown), N_("cannot be amended")))
    if "kind" in fields and fields["kind"] not in REQUEST_KINDS:
        raise faulty(kind=N_("is no kind of request"))
    for name in ("title", "description"):
        if name in fields and not (fields[name] or "").strip():
            raise faulty(**{name: N_("is missing")})
    changed = {name: value for name, value in fields.items() if getattr(case.facts, name) != value}
    _must_change(not changed)
    case.change(**changed)


def _must_change(same: bool) -> None:  # noqa: FBT001  # reads as a sentence where it is called
    if same:
        raise Refused(N_("That is as it is already: nothing would change."))


DEEDS: dict[str, Callable[[Case], None]] = {
    "submit": _submit,
    "answer": _answer,
    "dispatch": _dispatch,
    "sign": _sign,
    "reply": _reply,
    "approve_reply": _approve_reply,
    "follow_up": _follow_up,
    "redo": _redo,
    "close": _close,
    "archive": lambda case: case.change(archived_at=case.now),
    "refuse": lambda case: case.change(closed_at=case.now),
    "from_city": _from_city,
    "return": lambda case: case.change(pending=None, pending_days=None),
    "uphold_return": _uphold_return,
    "reject_return": lambda case: case.change(signed_at=None),
    "redispatch": _redispatch,
    "add_helper": _add_helper,
    "helper_reply": lambda case: case.part("reply", "helper", case.doer.unit_id),
    "ask_extension": _ask_extension,
    "grant_extension": _grant_extension,
    "refuse_extension": lambda case: case.change(pending=None, pending_days=None),
    "remind": lambda case: case.change(reminded=case.facts.reminded + 1),
    "supervise": lambda case: case.change(supervised=True),
    "reject_reply": lambda case: case.change(replied_at=None),
    "reopen": _reopen,
    "merge": _merge,
    "remerge": _merge,
    "unmerge": _unmerge,
    "set_urgency": _set_urgency,
    "set_confidential": _set_confidential,
    "amend": _amend,
    "callback_settled": lambda case: case.change(closed_at=case.now),
    "callback_reopened": lambda case: case.change(closed_at=None),
}
