"""A historian on a real file and a real database, and what it made of it."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cel_lines import Citizen
from sqlalchemy import func, select

from callcenter.hotline import events, listings
from callcenter.hotline.historian import Historian
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving import missed as tickets

SUBSCRIBERS = {
    events.CallMissed: [tickets.open_for_missed_calls],
    events.CallbackSettled: [tickets.close_for_settled_callbacks],
}


def historian(database: Database, cel: Path, **more: object) -> Historian:
    settings: dict[str, Any] = {"subscribers": SUBSCRIBERS} | more
    return Historian(database, cel, node="node1", **settings)


def write(cel: Path, lines: Iterable[str], *, end: str = "\n") -> None:
    with cel.open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + end)


def size(cel: Path) -> int:
    return cel.stat().st_size


def rotate(cel: Path, suffix: str) -> Path:
    return cel.rename(cel.with_name(cel.name + suffix))


def truncate(cel: Path) -> None:
    cel.write_text("")


async def catch_up(scribe: Historian) -> None:
    async with asyncio.timeout(30):
        while await scribe.step():
            pass


async def tell(database: Database, cel: Path, *citizens: Iterable[str], **more: object) -> None:
    """Write the citizens' lines and have a fresh historian store them."""
    for citizen in citizens:
        write(cel, citizen)
    await catch_up(historian(database, cel, **more))


async def calls(database: Database) -> list[dict[str, Any]]:
    async with database.read() as session:
        return await listings.calls(session)


async def callbacks(database: Database) -> list[dict[str, Any]]:
    async with database.read() as session:
        return await listings.callbacks(session)


def without_ids(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """PostgreSQL uses up an id for each row that it finds there already."""
    return [row | {"id": None, "calls": len(row.get("calls", []))} for row in rows]


async def outcomes(database: Database) -> dict[str, str]:
    return {call["linkedid"]: call["outcome"] for call in await calls(database)}


class Alarms:
    """What was raised, newest detail by kind, and everything in order."""

    def __init__(self) -> None:
        self.now: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[str, dict[str, Any] | None]] = []

    def __call__(self, kind: str, detail: dict[str, Any] | None) -> None:
        self.log.append((kind, detail))
        if detail is None:
            del self.now[kind]
        else:
            self.now[kind] = detail


async def count(database: Database, table: type) -> int:
    async with database.read() as session:
        return (await session.scalars(select(func.count()).select_from(table))).one()


def abandoned(linkedid: str, caller: str = "13800000001", *, start: float = 0) -> Citizen:
    return Citizen(linkedid, caller, start=start).queued().hangs_up(20)
