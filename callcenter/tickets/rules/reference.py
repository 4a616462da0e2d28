"""Codes, trees, and the CSV files that units, categories and places are imported from."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from callcenter.tickets.rules.refusals import N_
from callcenter.tickets.rules.words import REQUEST_KINDS, URGENCIES

Kind = Literal["units", "categories", "places"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What programs call a unit, a category, a place; it never changes.
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
#: An address that mail goes to as it stands.
EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,7}")
PHONE = re.compile(r"\+?[0-9][0-9 -]{1,30}")
#: Levels of a tree.
DEEPEST = 4
MOST_NAME, MOST_EMAIL, MOST_RANK = 100, 200, 9999
#: For what a unit may have terms of its own, and how many working days.
TERMS = frozenset({*REQUEST_KINDS, *URGENCIES, "sign"}) - {"normal"}
MOST_DAYS = 250
MOST_ROWS, MOST_CHARACTERS = 2000, 2_000_000

#: Column -> what it may be called; the first name is the one that is told.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("code", "编码", "代码"),
    "name": ("name", "名称"),
    "phone": ("phone", "电话", "值班电话"),
    "email": ("email", "邮箱"),
    "terms": ("terms", "时限"),
    "parent": ("parent", "上级", "上级编码"),
    "rank": ("rank", "序号", "排序"),
    "unit": ("unit", "单位", "单位编码"),
}
#: The columns of each kind of file; the first two must be there.
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "units": ("code", "name", "phone", "email", "terms"),
    "categories": ("code", "name", "parent", "rank", "unit"),
    "places": ("code", "name", "parent"),
}


class Faulty(Exception):
    """What is wrong, by field."""

    def __init__(self, **fields: str) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in fields.items()))
        self.fields = fields


class ImportFault(Exception):
    """A file that nothing is imported from; `faults` has one line for each fault, with its line in the file."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file, and the line on which it ends."""

    line: int
    fields: Mapping[str, Any]


def check(fields: Mapping[str, Any]) -> None:
    """Raise Faulty with every field that cannot be: a code, a name, a telephone number, an address, terms."""
    wrong: dict[str, str] = {}
    if "code" in fields and not CODE.fullmatch(fields["code"]):
        wrong["code"] = N_("1 to 30 of a-z, 0-9, - and _, with a letter or digit first")
    if "name" in fields:
        name = fields["name"]
        if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
            wrong["name"] = N_("1 to 100 characters in one line")
    if (phone := fields.get("phone")) and not PHONE.fullmatch(phone):
        wrong["phone"] = N_("a telephone number of digits, spaces and hyphens")
    if (email := fields.get("email")) and (len(email) > MOST_EMAIL or not EMAIL.fullmatch(email)):
        wrong["email"] = N_("an address such as duty@example.org")
    if terms := _wrong_terms(fields.get("terms") or {}):
        wrong["terms"] = terms
    rank = fields.get("rank", 0)
    if not isinstance(rank, int) or not 0 <= rank <= MOST_RANK:
        wrong["rank"] = N_("0 to 9999")
    if wrong:
        raise Faulty(**wrong)


def _wrong_terms(terms: Mapping[str, Any]) -> str | None:
    for kind, days in terms.items():
        if kind not in TERMS:
            return f"{kind!r}: terms are for {', '.join(sorted(TERMS))}"
        if type(days) is not int or not 1 <= days <= MOST_DAYS:
            return f"{kind}: 1 to {MOST_DAYS} working days"
    return None


def path(code: str, parents: Mapping[str, str | None]) -> list[str]:
    """Return the codes from the top down to `code`; raises Faulty for a parent that is not there, and for a circle."""
    way = [code]
    while (above := parents.get(way[0])) is not None:
        if above not in parents:
            raise Faulty(parent=N_("what it is to lie below cannot be chosen"))
        if above in way:
            raise Faulty(parent=N_("it would lie below itself"))
        if len(way) >= DEEPEST:
            raise Faulty(parent=N_("a tree has no more than 4 levels"))
        way.insert(0, above)
    return way


def height(code: str, parents: Mapping[str, str | None]) -> int:
    """Return how many levels lie below `code`."""
    below = [child for child, parent in parents.items() if parent == code]
    return 1 + max(height(child, parents) for child in below) if below else 0


def must_fit(code: str, parents: Mapping[str, str | None]) -> None:
    """Raise Faulty unless the tree `parents` is one at `code`: no circle, nothing missing, not too deep."""
    if len(path(code, parents)) + height(code, parents) > DEEPEST:
        raise Faulty(parent=N_("a tree has no more than 4 levels"))


def read_csv(kind: Kind, name: str, text: str) -> list[Line]:
    """Return the rows of a file, each with what it says; an empty cell is None. Raises ImportFault with every fault."""
    if len(text) > MOST_CHARACTERS or "\0" in text:
        raise ImportFault([f"{name}: no CSV file, or longer than {MOST_CHARACTERS} characters"])
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    lines: list[Line] = []
    faults: list[str] = []
    try:
        columns = _columns(kind, next(rows, []))
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(lines) >= MOST_ROWS:
                raise ImportFault([f"{name}: more than {MOST_ROWS} rows"])
            try:
                lines.append(Line(rows.line_num, _fields(columns, cells)))
            except Faulty as faulty:
                faults += [f"{name}: line {rows.line_num}: {field}: {why}" for field, why in faulty.fields.items()]
    except Faulty as faulty:
        raise ImportFault([f"{name}: line 1: {why}" for why in faulty.fields.values()]) from None
    except csv.Error as error:
        raise ImportFault([f"{name}: line {rows.line_num}: no CSV: {error}"]) from None
    faults += [f"{name}: {fault}" for fault in _twice(lines, kind)]
    if not lines and not faults:
        faults = [f"{name}: holds no rows"]
    if faults:
        raise ImportFault(faults)
    return lines


def _columns(kind: Kind, header: list[str]) -> list[str]:
    known = {alias: column for column in COLUMNS[kind] for alias in _COLUMNS[column]}
    found: list[str] = []
    for cell in header:
        column = known.get(cell.strip().lower())
        if column is None:
            raise Faulty(header=f"unknown column {cell.strip()[:30]!r}; there are: {', '.join(COLUMNS[kind])}")
        if column in found:
            raise Faulty(header=f"column {column} stands there twice")
        found.append(column)
    if missing := [column for column in ("code", "name") if column not in found]:
        raise Faulty(header=f"the first line names the columns; {' and '.join(missing)} must be among them")
    return found


def _fields(columns: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise Faulty(row=f"{len(cells)} cells under {len(columns)} columns")
    padded = [cell.strip() for cell in cells] + [""] * (len(columns) - len(cells))
    fields: dict[str, Any] = {column: cell or None for column, cell in zip(columns, padded, strict=False)}
    if missing := [column for column in ("code", "name") if not fields[column]]:
        raise Faulty(**dict.fromkeys(missing, "must be there"))
    if "rank" in fields:
        rank = fields["rank"] or "0"
        if not rank.isascii() or not rank.isdigit() or len(rank) > len(str(MOST_RANK)):
            raise Faulty(rank=f"{rank[:20]!r}: 0 to {MOST_RANK}")
        fields["rank"] = int(rank)
    if "terms" in fields:
        fields["terms"] = dict(_terms(fields["terms"] or ""))
    check(fields)
    return fields


def _terms(cell: str) -> Iterator[tuple[str, int]]:
    """Yield what `enquiry=1 complaint=3` says."""
    for part in re.split(r"[\s;；]+", cell):
        if part:
            kind, _, days = part.partition("=")
            if not days.isascii() or not days.isdigit() or len(days) > 3:  # noqa: PLR2004  # far beyond MOST_DAYS
                raise Faulty(terms=f"{part[:40]!r}: written as in enquiry=1 complaint=3")
            yield kind, int(days)


def _twice(lines: list[Line], kind: Kind) -> Iterator[str]:
    for column in ("code", "name") if kind == "units" else ("code",):
        first: dict[str, int] = {}
        for line in lines:
            value = line.fields[column]
            if value in first:
                yield f"line {line.line}: {column}: {value!r} stands in line {first[value]} already"
            first.setdefault(value, line.line)
