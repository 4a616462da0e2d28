"""Units, categories and places from CSV files: everything of a file, or nothing and every fault with its line.

What is there already and says the same stays as it is, so that a file may be imported again; what a file does not name
is left alone. Nodes may stand before those that they lie below.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.storage.engine import Database
from callcenter.tickets.flows.reference import keeping as reference
from callcenter.tickets.rules.reference import MOST_CHARACTERS, ImportFault, Kind, Line, read_csv
from callcenter.tickets.tables import Category, MemberUnit, Place

_TABLES: dict[Kind, type[MemberUnit | Category | Place]] = {
    "units": MemberUnit,
    "categories": Category,
    "places": Place,
}


async def import_file(database: Database, kind: Kind, path: Path, *, actor: Actor, now: datetime) -> Counter[str]:
    """Import `path`; return how many were `added`, `changed` and left `unchanged`. Raises ImportFault."""
    return await import_text(database, kind, path.name, _text(path), actor=actor, now=now)


async def import_text(
    database: Database, kind: Kind, name: str, text: str, *, actor: Actor, now: datetime
) -> Counter[str]:
    """Import the CSV `text` of the file `name`; return the counts. Raises ImportFault."""
    lines = read_csv(kind, name, text)
    counts: Counter[str] = Counter({"added": 0, "changed": 0, "unchanged": 0})
    faults: list[str] = []
    try:
        async with database.begin() as session:
            known = set(await session.scalars(select(_TABLES[kind].code)))
            for line in _parents_first(lines):
                code, news = line.fields["code"], {name: value for name, value in line.fields.items() if name != "code"}
                try:
                    if code in known:
                        _, changed = await reference.change(session, kind, code, news, actor=actor, now=now)
                        counts["changed" if changed else "unchanged"] += 1
                    else:
                        await reference.add(session, kind, line.fields, actor=actor, now=now)
                        counts["added"] += 1
                except Problem as problem:
                    reasons = problem.fields or {"row": problem.message}
                    faults += [f"{name}: line {line.line}: {field}: {why}" for field, why in reasons.items()]
            if faults:
                raise ImportFault(faults)
    except IntegrityError:
        raise ImportFault([f"{name}: somebody else changed the same at this moment; import it again"]) from None
    return counts


def _parents_first(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield each line after that of its parent; those of a circle come last, and are refused."""
    left = list(lines)
    while left:
        codes = {line.fields["code"] for line in left}
        ready = [line for line in left if line.fields.get("parent") not in codes]
        yield from ready or left
        left = [line for line in left if line not in ready] if ready else []


def _text(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(4 * MOST_CHARACTERS + 1)
    for encoding in ("utf-8-sig", "gb18030"):  # the second is what a Chinese spreadsheet saves
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ImportFault([f"{path.name}: neither UTF-8 nor GB 18030: save it as UTF-8"])
