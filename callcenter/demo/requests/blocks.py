"""Fourteen days of generated requests at a time, as rows; no block knows of another, so any process makes any."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random

from callcenter.demo.requests import stories, texts
from callcenter.demo.requests.lives import Life
from callcenter.demo.requests.texts import Matter
from callcenter.demo.requests.world import World
from callcenter.tickets.rules import numbers

DAYS = 14
_MISSED = 0.07
_REPEATED = 0.06
#: Of the repeats, so many come from the same telephone, and so many are noticed and merged.
_SAME_CALLER = 0.6
_MERGED = 0.3
_REMEMBERED = 400
#: The most that an agent takes to notice.
_NOTICED = timedelta(hours=4)
#: How many call in each hour of a day.
_HOURS = tuple(accumulate((1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 18, 14, 9, 10, 15, 17, 16, 13, 9, 8, 7, 5, 3, 2)))
#: From Monday to Sunday.
_WEEK = (1.15, 1.1, 1.05, 1.05, 1.1, 0.8, 0.7)
#: From January to December.
_YEAR = (0.9, 0.8, 1.0, 1.0, 1.0, 1.1, 1.25, 1.2, 1.0, 0.95, 0.95, 1.0)
_CALLERS = 100_000


@dataclass(slots=True)
class Rows:
    """Rows of every table, in the order of `columns`."""

    tickets: list[tuple[object, ...]] = field(default_factory=list)
    entries: list[tuple[object, ...]] = field(default_factory=list)
    units: list[list[object]] = field(default_factory=list)
    clocks: list[list[object]] = field(default_factory=list)
    follow_ups: list[tuple[object, ...]] = field(default_factory=list)
    attempts: list[tuple[object, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """Some days, how many requests each has, and the id of the first."""

    seed: int
    days: tuple[tuple[date, int], ...]
    first_id: int


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A ticket that may be repeated."""

    id: int
    matter: Matter
    kind: str
    caller: str
    #: Until when another may be merged into it; None for as long as anybody likes.
    until: datetime | None


def plan(seed: int, count: int, first: date, last: date, first_id: int) -> list[Block]:
    """Return the blocks that `count` requests from the day `first` to the day `last` fall into."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    weights = [_WEEK[day.weekday()] * _YEAR[day.month - 1] for day in days]
    reach = list(accumulate(weights))
    # Rounded so that they come to `count`.
    until = [round(count * weight / reach[-1]) for weight in reach]
    counts = [after - before for before, after in zip([0, *until], until, strict=False)]
    blocks = []
    for start in range(0, len(days), DAYS):
        some = tuple(zip(days[start : start + DAYS], counts[start : start + DAYS], strict=True))
        blocks.append(Block(seed, some, first_id))
        first_id += sum(number for _, number in some)
    return blocks


def make(world: World, block: Block) -> Rows:
    """Return the rows of `block`; the same for the same block in the same world."""
    rng = Random(f"{block.seed} {block.days[0][0]}")  # noqa: S311  # a seeded generator is meant
    rows = Rows()
    earlier: deque[_Earlier] = deque(maxlen=_REMEMBERED)
    id_ = block.first_id
    for day, count in block.days:
        midnight = datetime(day.year, day.month, day.day, tzinfo=world.zone).astimezone(UTC)
        times = sorted(_moment(rng, midnight) for _ in range(count))
        for place, at in enumerate(times, 1):
            # Today is not over yet.
            at = min(at, world.now - timedelta(microseconds=(count - place) * 1000))  # noqa: PLW2901
            _add(rows, _one(world, rng, id_, numbers.number(day, place), at, earlier))
            id_ += 1
    return rows


def _moment(rng: Random, midnight: datetime) -> datetime:
    (hour,) = rng.choices(range(24), cum_weights=_HOURS)
    return midnight + timedelta(hours=hour, seconds=rng.random() * 3600)


def _one(  # noqa: PLR0917
    world: World, rng: Random, id_: int, number: str, at: datetime, earlier: deque[_Earlier]
) -> Life:
    if rng.random() < _MISSED:
        return stories.missed(world, rng, id_, number, at, _caller(rng))
    repeats = None
    if earlier and rng.random() < _REPEATED:
        known = earlier[int(rng.random() * len(earlier))]
        matter, kind = known.matter, known.kind
        caller = known.caller if rng.random() < _SAME_CALLER else _caller(rng)
        if (known.until is None or at < known.until - _NOTICED) and rng.random() < _MERGED:
            repeats = known.id
    else:
        matter, caller = texts.new_matter(rng), _caller(rng)
        names, weights = zip(*matter.subject.kinds, strict=True)
        (kind,) = rng.choices(names, weights) if rng.random() > 0.01 else ("praise",)  # noqa: PLR2004
    life = stories.lived(world, rng, stories.Opening(id_, number, at, matter, kind, caller, repeats))
    earlier.append(_Earlier(id_, matter, kind, caller, life.ticket["closed_at"]))
    return life


def _caller(rng: Random) -> str:
    """Return a number that nobody has: some call again and again."""
    which = int(rng.random() ** 2 * _CALLERS)
    return f"138000{which:05}" if which % 10 else f"05140{which:06}"


def _add(rows: Rows, life: Life) -> None:
    rows.tickets.append(life.row)
    rows.entries += life.entries
    rows.units += life.units
    rows.clocks += life.clocks
    rows.follow_ups += life.follow_ups
    rows.attempts += life.attempts
