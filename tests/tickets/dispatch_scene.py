"""A hotline that has learned from generated requests, and examples that need no database."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from callcenter.demo.requests import texts
from callcenter.demo.requests.loading import Wish, generate
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets.flows.time.calendar import load
from callcenter.tickets.suggestions.examples import Example
from callcenter.tickets.suggestions.heap import Heap
from callcenter.tickets.suggestions.learning import Figures, learn
from callcenter.tickets.suggestions.model import Model
from callcenter.tickets.suggestions.training import train
from callcenter.tickets.tables import DispatchModel

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


def taught(count: int = 3000, seed: int = 5) -> tuple[Model, Figures]:
    """Learn from so many made-up tickets."""
    rng, heap = Random(seed), Heap()
    for number in range(count):
        matter = texts.new_matter(rng)
        (kind,) = rng.choices(*zip(*matter.subject.kinds, strict=True))
        title, story = texts.told(rng, matter, kind)
        place = texts.town(matter.place) if rng.random() < 0.9 else None
        unit = texts.right_unit(matter) if rng.random() < 0.6 else None
        heap.add(Example(f"T{number:06}", title, story, kind, place, matter.subject.code, unit))
    heap.turn()
    return learn(heap, least_probability=0.6)


async def filled(database: Database, settings: Settings, tickets: int = 1500) -> None:
    """Fill the database with closed and open tickets of the last weeks."""
    wish = Wish(tickets=tickets, seed=7, days=60, now=NOW)
    await generate(database, settings, load(settings), wish, processes=0, search=True)


async def trained(database: Database, settings: Settings, folder: Path, now: datetime = NOW) -> DispatchModel:
    """Learn from what is in the database."""
    return await train(database, folder, settings.dispatch_help, node=settings.node, now=lambda: now)
