"""The job that learns: reads closed tickets, learns, writes a file and the row that tells of it. A process of its own.

Whatever ends it midway leaves the model that was there: the file is complete before it has its name, and the row comes
last. Two at once are one: the second finds the lock taken.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select

from callcenter.settings.requests import DispatchHelp
from callcenter.storage.engine import Database
from callcenter.tickets.suggestions.examples import closed_tickets, examples
from callcenter.tickets.suggestions.heap import Heap
from callcenter.tickets.suggestions.learning import TooLittle, learn
from callcenter.tickets.suggestions.model import dumped
from callcenter.tickets.suggestions.record import forgotten
from callcenter.tickets.tables import DispatchModel, Suggestion

#: The newest so many are learned from: memory has an end, and what was right three years ago may not be now.
MOST_TICKETS = 200_000
#: Models whose files are kept.
_KEPT = 3
_LOCK, _BEGUN = "training.lock", "begun-"
_TOLD_EVERY = 5000


class AlreadyLearning(Exception):
    """Another process is at it."""


async def train(
    database: Database,
    folder: Path,
    settings: DispatchHelp,
    *,
    node: str,
    now: Callable[[], datetime],
    told: Callable[[int], object] = lambda _count: None,
) -> DispatchModel:
    """Learn from this hotline's closed tickets; returns the row of the new model.

    Raises TooLittle when there is not enough to learn from, AlreadyLearning when another process does.
    """
    with _alone(folder):
        begin = time.monotonic()
        _remove(folder, f"{_BEGUN}*")
        async with database.read() as session:
            if await closed_tickets(session, settings.least_tickets) < settings.least_tickets:
                raise TooLittle(f"fewer than {settings.least_tickets} closed tickets; nothing can be learned yet")
        heap = Heap()
        async for one in examples(database, MOST_TICKETS):
            heap.add(one)
            if len(heap) % _TOLD_EVERY == 0:
                told(len(heap))
        if len(heap) < settings.least_tickets:
            raise TooLittle(f"only {len(heap)} of the closed tickets have a category that is in use")
        heap.turn()
        model, figures = learn(heap, least_probability=settings.least_probability)
        content = dumped(model)
        digest = hashlib.sha256(content).hexdigest()
        name = f"model-{digest[:20]}.npz"
        _write(folder, name, content)
        row = DispatchModel(
            node=node,
            trained_at=now(),
            file=name,
            sha256=digest,
            tickets=len(heap),
            seconds=round(time.monotonic() - begin),
            figures=figures.as_json(),
        )
        async with database.begin() as session:
            session.add(row)
            await session.flush()
            newest = select(DispatchModel.file).where(DispatchModel.node == node).order_by(DispatchModel.id.desc())
            kept = set(await session.scalars(newest.limit(_KEPT)))
            await session.execute(delete(Suggestion).where(forgotten(now())))
        _remove(folder, "model-*.npz", but=kept)
        return row


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The system lets the lock go with the process, however that ends.
    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyLearning("another process is learning") from error
        yield


def _remove(folder: Path, pattern: str, *, but: Collection[str] = ()) -> None:
    for path in folder.glob(pattern):
        if path.name not in but:
            path.unlink(missing_ok=True)


def _write(folder: Path, name: str, content: bytes) -> None:
    begun = folder / f"{_BEGUN}{os.getpid()}"
    with begun.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    begun.replace(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
