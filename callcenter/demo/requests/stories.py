"""What becomes of a generated request 工单: how likely each turn is, and when it comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from callcenter.demo.requests import texts
from callcenter.demo.requests.lives import Life, NotYet
from callcenter.demo.requests.texts import Matter
from callcenter.demo.requests.world import World

_SYSTEM = ("system", "system")
_MISTAKEN = 0.035
_REJECTED_RETURN = 0.006
_LATE = 0.011
_EXTENDED = 0.04
_HELPED = 0.03
_REMINDED = 0.05
_SUPERVISED = 0.01
_UNREACHED = 0.03
_UNHAPPY = 0.035
#: Of those who were unhappy once, and had it done again.
_STILL_UNHAPPY = 0.4
_REFUSED = 0.004
_TO_CITY = 0.005
_SENT_BACK = 0.012
_REPLY_REJECTED = 0.015
_LEFT_LYING = 0.02
#: Share that an agent answers on the call, by kind.
_ANSWERED = {"enquiry": 0.88, "praise": 0.7, "suggestion": 0.4, "help": 0.45, "complaint": 0.3, "report": 0.15}


@dataclass(frozen=True, slots=True)
class Opening:
    """How a request begins."""

    id: int
    number: str
    at: datetime
    matter: Matter
    kind: str
    caller: str
    #: An earlier ticket about the same matter that this one is merged into 并单.
    repeats: int | None = None


def missed(  # noqa: PLR0917
    world: World, rng: Random, id_: int, number: str, at: datetime, caller: str
) -> Life:
    """Return the ticket of a missed call 漏接件, closed when the citizen was called back."""
    life = Life(
        world,
        {
            "id": id_,
            "number": number,
            "kind": "missed_call",
            "source": "missed_call",
            "caller": caller,
            "title": f"漏接来电 {caller}",
            "description": "市民在排队等待时挂断。须回拨。",
            "opened_at": at,
            "due_at": at + timedelta(minutes=15),
        },
        _SYSTEM,
    )
    try:
        back = at + timedelta(minutes=2 + rng.random() * 12)
        life.simply(back, "callback_settled", "closed", _SYSTEM, closed_at=back)
        gone = back + world.archive_after
        life.simply(gone, "archive", "archived", _SYSTEM, archived_at=gone)
    except NotYet:
        pass
    return life


def lived(world: World, rng: Random, opening: Opening) -> Life:
    """Return the ticket as it is now, with all that happened to it."""
    life = _opened(world, rng, opening)
    agent = (f"agent{int(life.ticket['agent'] or 1001) - 1000:02}", "agent")
    try:
        _accepted(life, rng, opening, agent)
        if life.ticket["state"] == "closed":
            gone = life.ticket["closed_at"] + world.archive_after
            life.simply(gone, "archive", "archived", _SYSTEM, archived_at=gone)
    except NotYet:
        pass
    return life


def _opened(world: World, rng: Random, opening: Opening) -> Life:
    roll = rng.random()
    source = "phone" if roll < 0.86 else "web" if roll < 0.98 else "city"  # noqa: PLR2004  # shares
    urgency = "normal" if (roll := rng.random()) < 0.94 else "urgent" if roll < 0.99 else "emergency"  # noqa: PLR2004
    title, description = texts.told(rng, opening.matter, opening.kind)
    phone = source == "phone"
    agent = f"10{1 + int(rng.random() * 10):02}" if phone else None
    ids = world.ids
    ticket = {
        "id": opening.id,
        "number": opening.number,
        "kind": opening.kind,
        "state": "to_dispatch" if source == "city" else "accepted",
        "caller": opening.caller,
        "title": title,
        "description": description,
        "source": source,
        "urgency": urgency,
        "confidential": rng.random() < 0.01,  # noqa: PLR2004
        "category_id": ids.categories[opening.matter.subject.code],
        "place_id": ids.places[opening.matter.place] if rng.random() < 0.9 else None,  # noqa: PLR2004
        "address": texts.address(rng, opening.matter) if rng.random() < 0.7 else None,  # noqa: PLR2004
        "contact_name": texts.name(rng),
        "contact_phone": opening.caller if rng.random() < 0.1 else None,  # noqa: PLR2004
        "anonymous": rng.random() < 0.05,  # noqa: PLR2004
        "accepted_by": f"agent{int(agent or 1001) - 1000:02}" if phone else None,
        "agent": agent,
        "opened_at": opening.at,
        # The form is sent while they talk; the talk began before.
        "work_started_at": opening.at - timedelta(seconds=rng.random() * 240) if phone else opening.at,
        "city_number": f"CITY{opening.number}" if source == "city" else None,
    }
    openers = {"phone": (str(ticket["accepted_by"]), "agent"), "web": ("citizen", "citizen"), "city": ("city", "city")}
    return Life(world, ticket, openers[source])


def _accepted(life: Life, rng: Random, opening: Opening, agent: tuple[str, str]) -> None:
    """Take it from the first word to review, or to an early end."""
    at = opening.at + timedelta(minutes=1 + rng.random() * 14)
    if life.ticket["source"] == "web":
        at += timedelta(minutes=rng.random() * 180)
    supervisor = (f"shift{1 + opening.id % 4}", "supervisor")
    if life.ticket["state"] == "accepted":
        if opening.repeats is not None:
            life.ended(at, "merge", "merged", agent, None, merged_into_id=opening.repeats, merged_from="accepted")
            return
        if rng.random() < _ANSWERED[opening.kind] and life.ticket["source"] == "phone":
            life.answered(at, agent, texts.answer(rng, opening.matter))
            return
        if rng.random() < _LEFT_LYING:
            at += timedelta(hours=rng.random() * 60)
        life.submit(at, agent)
        at += timedelta(minutes=2 + rng.random() * 60)
        if rng.random() < _REFUSED:
            life.ended(at, "refuse", "refused", supervisor, "同一事项已经答复，不再重复受理。")
            return
        if rng.random() < _SENT_BACK:
            life.simply(at, "send_back", "accepted", supervisor, "请补充具体位置。")
            life.submit(at := at + timedelta(minutes=3 + rng.random() * 30), agent)
            at += timedelta(minutes=2 + rng.random() * 40)
        if rng.random() < _TO_CITY:
            _by_the_city(life, rng, at, supervisor)
            return
    _dispatched(life, rng, opening.matter, at, supervisor)


def _by_the_city(life: Life, rng: Random, at: datetime, supervisor: tuple[str, str]) -> None:
    life.simply(at, "to_city", "city", supervisor)
    place = life.world.position(at) + 1 + rng.random() * 4
    back = life.world.moment(place)
    answer = "市级部门已经处理并答复市民。"
    life.simply(back, "from_city", "follow_up", ("city", "city"), answer=answer, replied_at=back)
    _visited(life, rng, place, place + 0.3, "satisfied", supervisor)
    closing = life.world.moment(place + 0.4)
    life.close(closing, supervisor)


def _dispatched(life: Life, rng: Random, matter: Matter, at: datetime, supervisor: tuple[str, str]) -> None:
    """Take it from the dispatch to the end, through the wrong unit first if need be."""
    world, units = life.world, life.world.ids.units
    right = texts.right_unit(matter)
    mistaken = rng.random() < _MISTAKEN
    unit = texts.mistaken_unit(matter) if mistaken else right
    mistaken = unit != right
    life.dispatch(at, units[unit], supervisor)
    place = world.position(at)
    if mistaken or rng.random() < _REJECTED_RETURN:
        place += 0.05 + rng.random() * 0.3
        their = (f"unit-{unit}", "unit")
        if mistaken and rng.random() < 0.2:  # noqa: PLR2004  # a supervisor notices
            life.redispatch(world.moment(place), units[right], supervisor, "派单有误，改派。")
        else:
            life.give_back(world.moment(place), their, texts.returned(rng, right))
            place += 0.02 + rng.random() * 0.2
            if mistaken:
                life.uphold(world.moment(place), supervisor)
                life.dispatch(world.moment(place + 0.01), units[right], supervisor)
            else:
                life.reject_return(world.moment(place), supervisor, "属于你单位职责，请按时办理。")
        place += 0.02
    _handled(life, rng, matter, right, place, supervisor)


def _handled(  # noqa: PLR0917  # whose, where, when, by whom
    life: Life, rng: Random, matter: Matter, unit: str, place: float, supervisor: tuple[str, str]
) -> None:
    """Take it from a unit's hands to the end; again after a redo."""
    world = life.world
    their = (f"unit-{unit}", "unit")
    for done_before in range(3):
        due = life.ticket["due_at"]
        end = world.position(due) - 1e-6 if due else place + 4.0
        place += min(0.9, max(end - place, 0.1)) * rng.random() * 0.6
        life.sign(world.moment(place), their)
        place = _on_the_way(life, rng, place, end, their, supervisor)
        due = life.ticket["due_at"]
        end = world.position(due) - 1e-6 if due else end
        # Most are done well before their time; a few are not, however often they are reminded.
        last = end - (end - place) * rng.random() * 0.8 if rng.random() > _LATE else end + 0.1 + rng.random() ** 2 * 6
        replied, approved, asked, closed = sorted(place + (last - place) * rng.random() for _ in range(4))
        life.reply(world.moment(replied), their, texts.reply(rng, matter, unit))
        if rng.random() < _REPLY_REJECTED:
            again = world.moment(replied + (approved - replied) * 0.3)
            life.reject_reply(again, supervisor, "答复没有针对诉求，请重新回复。")
            life.reply(world.moment(replied + (approved - replied) * 0.6), their, texts.reply(rng, matter, unit))
        words = str(life.entries[-1][10])
        life.simply(world.moment(approved), "approve_reply", "follow_up", supervisor, answer=words)
        said = _said(rng, done_before)
        if said == "unhappy" and done_before < 2:  # noqa: PLR2004  # the settings' most redoes
            reason = texts.redo(rng)
            life.followed_up(world.moment(approved), world.moment(asked), said, reason, rng)
            life.redo(world.moment(asked), ("agent01", "agent"), reason)
            place = asked
            continue
        _visited(life, rng, approved, asked, said, supervisor)
        life.close(world.moment(closed), supervisor)
        return


def _on_the_way(  # noqa: PLR0917
    life: Life, rng: Random, place: float, end: float, their: tuple[str, str], supervisor: tuple[str, str]
) -> float:
    """Let happen what happens while a unit has it; return where that leaves us."""
    world, room = life.world, max(end - place, 0.05)
    if rng.random() < _HELPED:
        helper = rng.choice(tuple(world.ids.units.values()))
        if helper != life.ticket["unit_id"] and all(part[1] != helper for part in life.units):
            life.help(world.moment(place := place + room * 0.05), helper, supervisor)
    if rng.random() < _EXTENDED and not life.ticket["extended"] and life.ticket["due_at"]:
        days = 1 + int(rng.random() * 4)
        life.ask_extension(world.moment(place := place + room * 0.3), their, days, texts.extension(rng))
        refused = "理由不充分，请按期办理。" if rng.random() < 0.2 else None  # noqa: PLR2004
        life.decide_extension(world.moment(place := place + room * 0.05), supervisor, refused)
    if rng.random() < _REMINDED:
        at, times = world.moment(place := place + room * 0.1), life.ticket["reminded"] + 1
        life.simply(at, "remind", None, ("agent02", "agent"), "市民来电催办。", reminded=times)
    if rng.random() < _SUPERVISED:
        at = world.moment(place := place + room * 0.05)
        life.simply(at, "supervise", None, supervisor, "请加快办理。", supervised=True)
    return place


def _said(rng: Random, done_before: int) -> str | None:
    """Return what the citizen says in the follow-up visit; None when nobody picks up."""
    if rng.random() < _UNREACHED:
        return None
    if rng.random() < (_STILL_UNHAPPY if done_before else _UNHAPPY):
        return "unhappy"
    return "satisfied" if rng.random() < 0.83 else "fairly"  # noqa: PLR2004


def _visited(  # noqa: PLR0917
    life: Life, rng: Random, approved: float, asked: float, said: str | None, supervisor: tuple[str, str]
) -> None:
    """回访: with the citizen's last word, or with none after the last try."""
    opened, at = life.world.moment(approved), life.world.moment(asked)
    words = "处理结果认可。" if said == "satisfied" else None
    life.followed_up(opened, at, said, words, rng)
    if said is None:
        life.simply(at, "follow_up_unreached", "to_close", _SYSTEM)
        return
    by = supervisor if said == "unhappy" else ("agent01", "agent")
    life.simply(at, "follow_up", "to_close", by, words, satisfaction=said, followed_up_at=at)
