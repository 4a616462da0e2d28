"""Replay: call history rebuilt from Asterisk's files by the same historian, and compared with the one in use.

What is compared is exactly what the historian in use has read: its place in the files is read together with its rows,
and the copy is rebuilt from the files up to that place, so calls may go on meanwhile.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.asterisk.cel import CelFault, parse
from callcenter.asterisk.cel_files import files_of, identity_of
from callcenter.hotline.flows.proof import replayed
from callcenter.hotline.flows.proof.replayed import Unequal
from callcenter.hotline.historian import Historian
from callcenter.hotline.tables import Call, Callback, CelPosition
from callcenter.storage import migrate
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn

#: Takes the database to write into, the file of call records, and what hears why storing fails.
MakeHistorian = Callable[[Database, Path, Callable[[str | None], None]], Historian]


@dataclass(frozen=True, slots=True)
class Further:
    """Something beside calls and callbacks that must be equal."""

    caller: str
    #: Linkedid of the call that it came from.
    call: str
    #: What must be equal, in words.
    value: str


#: Reads further things, by a key that both histories know them by.
Load = Callable[[AsyncSession], Awaitable[Mapping[str, Further]]]


class ReplayError(Exception):
    """The history cannot be rebuilt; the text says why and what to do."""


class Position(NamedTuple):
    """How far a historian has read: `offset` bytes of the file with this identity."""

    file: str
    offset: int


@dataclass(slots=True)
class Comparison:
    """What came out."""

    calls: int = 0
    callbacks: int = 0
    #: Callbacks about which people decided something that no record of Asterisk's tells.
    human_deeds: int = 0
    #: Calls that began before the oldest record that is still on disk.
    before_files: int = 0
    unequal: list[Unequal] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the two histories are one."""
        return not self.unequal

    def as_row(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "calls": self.calls,
            "callbacks": self.callbacks,
            "human_deeds": self.human_deeds,
            "before_files": self.before_files,
            "equal": self.equal,
            "differences": [difference._asdict() for difference in self.unequal],
        }


async def position_of(session: AsyncSession, node: str) -> Position | None:
    """Return how far the historian of `node` has read; None when it has not begun."""
    row = await session.get(CelPosition, node)
    return Position(row.file, row.offset) if row else None


async def stored_to(database: Database, node: str) -> Position | None:
    """Return `position_of` as it is now; for whoever removes old files."""
    async with database.read() as session:
        return await position_of(session, node)


async def prepare(into: Database) -> None:
    """Bring the schema of `into` up to date. Raises ReplayError when any history is in it."""
    await migrate.upgrade(into.url.render_as_string(hide_password=False))
    async with into.read() as session:
        for table in (Call, Callback, CelPosition):
            if (await session.scalars(select(func.count()).select_from(table))).one():
                raise ReplayError(f"{into.url.render_as_string()} is not empty: it has {table.__tablename__}")


async def rebuild(into: Database, cel: Path, make: MakeHistorian) -> None:
    """Have a historian read everything at `cel`. Raises ReplayError when it cannot store it."""
    loop = asyncio.get_running_loop()
    trouble: asyncio.Future[str] = loop.create_future()

    def hear(why: str | None) -> None:
        if why and not trouble.done():
            trouble.set_result(why)

    historian = make(into, cel, hear)

    async def read() -> None:
        while await historian.step():
            pass

    reading = spawn(read(), name="replay")
    try:
        # A historian never gives up; here there is somebody to tell.
        await asyncio.wait({reading, trouble}, return_when=asyncio.FIRST_COMPLETED)
        if trouble.done():
            raise ReplayError(f"the history cannot be stored: {trouble.result()}")
        await reading
    finally:
        await cancel(reading)


async def compare(
    in_use: Database,
    into: Database,
    cel: Path,
    *,
    node: str,
    make: MakeHistorian,
    further: Mapping[str, Load] | None = None,
) -> Comparison:
    """Rebuild into `into`, which is prepared, what `in_use` has read of the files of `cel`; say how the two compare.

    `further` are more things to compare, by what they are. Raises ReplayError, and what the databases raise.
    """
    # One transaction: the place, and what was made of all before it.
    async with in_use.read() as session:
        position = await position_of(session, node)
        mine = await replayed.load(session, node)
        my_further = {what: await load(session) for what, load in (further or {}).items()}
    with tempfile.TemporaryDirectory(prefix="callcenter-replay-") as scratch:
        copied = Path(scratch) / cel.name
        try:
            began, files = await asyncio.to_thread(_lay_out, cel, position, copied)
        except OSError as error:
            raise ReplayError(f"the call records cannot be copied: {error}") from error
        await rebuild(into, copied, make)
    async with into.read() as session:
        theirs = await replayed.load(session, node)
        their_further = {what: await load(session) for what, load in (further or {}).items()}
    result = Comparison(human_deeds=mine.human_deeds, before_files=mine.drop_before(began))
    theirs.drop_before(began)
    result.calls, result.callbacks = len(mine.calls), sum(map(len, mine.owed.values()))
    result.unequal += replayed.compare(mine, theirs, files)
    comparable = mine.calls.keys() | theirs.calls.keys(), mine.loose | theirs.loose
    for what, items in my_further.items():
        result.unequal += _further(what, items, their_further[what], *comparable)
    return result


def _further(
    what: str,
    in_use: Mapping[str, Further],
    rebuilt: Mapping[str, Further],
    calls: AbstractSet[str],
    loose: AbstractSet[str],
) -> Iterator[Unequal]:
    """Yield what is not equal among things that came from `calls`, for citizens who are not `loose`."""
    for key in sorted(in_use.keys() | rebuilt.keys()):
        one, other = in_use.get(key), rebuilt.get(key)
        there = one or other
        if one != other and there and there.call in calls and there.caller not in loose:
            yield Unequal(what, key, one.value if one else "not there", other.value if other else "not there")


def _lay_out(cel: Path, position: Position | None, into: Path) -> tuple[datetime | None, set[str]]:
    """Make the files of `cel` up to `position` appear at `into`.

    Returns when the oldest record of them was written, and their identities. Raises ReplayError when the file of the
    position is not there.
    """
    if position is None:
        return None, set()
    files = [path for path, _ in files_of(cel)]
    identities = [identity_of(path) for path in files]
    if position.file not in identities:
        raise ReplayError(f"the file that the historian reads is not {cel} nor one beside it: bring it back first")
    last = identities.index(position.file)
    for path in files[:last]:
        (into.parent / path.name).symlink_to(path.resolve())
    with files[last].open("rb") as source, into.open("xb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        copy.truncate(position.offset)
    began = next((at for path in files[: last + 1] if (at := _first_time(path))), None)
    return began, set(identities[: last + 1])


def _first_time(path: Path) -> datetime | None:
    with path.open("rb") as stream:
        for line in stream:
            try:
                return parse(line.strip()).at
            except CelFault:
                continue
    return None
