"""Articles from a CSV file: all of them or none, and each fault with its line."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.sessions import Actor
from callcenter.tickets.flows.knowledge import articles as knowledge
from callcenter.tickets.tables import Article, MemberUnit

#: Heading -> what it is of an article; in English or as staff write it.
HEADINGS: Mapping[str, str] = {
    "title": "title",
    "标题": "title",
    "keywords": "keywords",
    "关键词": "keywords",
    "body": "body",
    "内容": "body",
    "unit": "unit",
    "责任单位": "unit",
    "valid_from": "valid_from",
    "生效日期": "valid_from",
    "valid_until": "valid_until",
    "失效日期": "valid_until",
}
_LONGEST: Mapping[str, int] = {"title": 200, "keywords": 1000, "body": 20_000}
MOST_ROWS = 100_000
_LARGEST_FIELD = 1_000_000


class Faulty(Exception):
    """The file cannot be taken over; `faults` says why, a line each."""

    def __init__(self, *faults: str) -> None:
        super().__init__(faults[0])
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of it."""

    added: int
    changed: int
    same: int


Line = tuple[int, dict[str, Any]]


def parsed(raw: bytes) -> list[Line]:
    """Return (line, texts) of each article in a CSV file, in UTF-8 or as Chinese Excel writes it. Raises Faulty."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise Faulty("the file is neither UTF-8 nor GB18030") from None
    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [HEADINGS.get(name.strip().lower()) for name in next(reader, [])]
        if not {"title", "body"} <= set(names):
            raise Faulty("line 1: the headings title 标题 and body 内容 are needed")
        rows: list[Line] = []
        faults: list[str] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            given = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}
            values, wrong = _values(given)
            faults += [f"line {reader.line_num}: {one}" for one in wrong]
            rows.append((reader.line_num, values))
    except csv.Error as error:
        raise Faulty(f"line {reader.line_num}: {error}") from error
    if len(rows) > MOST_ROWS:
        raise Faulty(f"{len(rows)} articles are more than {MOST_ROWS}: divide the file")
    if faults:
        raise Faulty(*faults)
    return rows


async def take_over(session: AsyncSession, actor: Actor, rows: Sequence[Line], *, now: datetime) -> Counted:
    """Add the articles, or change those whose title is there. Raises Faulty, and Problem."""
    units: dict[str, str] = {}
    for code, name in await session.execute(select(MemberUnit.code, MemberUnit.name)):
        units[code] = units[name] = code
    if unknown := [f"line {line}: unit {row['unit']!r} is not known" for line, row in rows if _unknown(row, units)]:
        raise Faulty(*unknown)
    added = changed = 0
    for _, row in rows:
        texts = {**row, "unit": units.get(row.get("unit") or "")}
        there = await session.scalar(select(Article).where(Article.title == row["title"]).order_by(Article.id).limit(1))
        if there is None:
            await knowledge.add(session, actor, texts, now=now)
            added += 1
            continue
        before = there.version
        after = await knowledge.change(session, actor, there.id, texts, version=before, now=now)
        changed += after.version > before
    return Counted(added, changed, len(rows) - added - changed)


def _unknown(row: Mapping[str, Any], units: Mapping[str, str]) -> bool:
    return bool(row.get("unit")) and row["unit"] not in units


def _values(given: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = dict(given)
    wrong = [f"{name} is missing" for name in ("title", "body") if not given.get(name)]
    for name, most in _LONGEST.items():
        if len(given.get(name, "")) > most:
            wrong.append(f"{name} has more than {most} characters")
        if "\0" in given.get(name, ""):
            wrong.append(f"{name} has a character that no text has")
    for name in ("valid_from", "valid_until"):
        if name in given:
            try:
                values[name] = _day(given[name])
            except ValueError:
                wrong.append(f"{name} {given[name]!r} is no day such as 2026-12-31")
    return values, wrong


def _day(text: str) -> date | None:
    return date.fromisoformat("-".join(part.zfill(2) for part in text.replace("/", "-").split("-"))) if text else None
