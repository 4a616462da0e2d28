"""The rows of the audit trail as their reader may see them: deeds in words, names, and citizens' numbers masked."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import iso
from callcenter.hotline.rules.numbers import mask
from callcenter.hotline.rules.written_numbers import masked_in
from callcenter.panel.i18n import N_, translate
from callcenter.panel.sessions import Identity
from callcenter.panel.trail import deeds, reading

Row = dict[str, Any]
#: How the trail names a number that was looked up.
_CALLER = "caller "
#: Deeds whose target is a citizen's number and nothing else.
_ABOUT_NUMBERS = frozenset({"caller_listed", "caller_unlisted"})


class AuditRow(BaseModel):
    """One deed."""

    #: Its place in the chain.
    number: int
    at: str
    #: A login, `cli`, or empty for the hotline itself.
    who: str
    #: Their name, where they still have an account.
    name: str | None
    action: str
    #: The deed in words.
    words: str
    target: str
    #: From where; empty for the machine itself.
    address: str
    node: str
    #: What is known beside: old and new values, a reason.
    detail: dict[str, Any]


async def shown(session: AsyncSession, reader: Identity, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return `rows` as AuditRow has them, with citizens' numbers as `reader` may see them."""
    names = await reading.names(session, rows)
    found = []
    for row in rows:
        known = {"at": iso(row["at"]), "name": names.get(row["who"]), "words": deeds.spoken(row["action"])}
        hidden = {} if reader.local else {"target": _target(row), "detail": _hidden(row["detail"])}
        found.append({**row, **known, **hidden})
    return found


def _target(row: Mapping[str, Any]) -> str:
    target: str = row["target"]
    if row["action"] in _ABOUT_NUMBERS:
        return mask(target)
    if target.startswith(_CALLER):
        return _CALLER + mask(target.removeprefix(_CALLER))
    # "recording 2345678" is no telephone.
    return masked_in(target, local=False)


def _hidden(value: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(value, str):
        return masked_in(value)
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _hidden(one) for name, one in value.items()}
    return value


def columns() -> tuple[tuple[str, int], ...]:
    """Return heading and width of each column of a workbook."""
    headings = (
        (N_("Number"), 9), (N_("Time"), 20), (N_("Who"), 14), (N_("Name"), 12), (N_("Deed"), 26), (N_("Thing"), 24),
        (N_("From where"), 18), (N_("Details"), 60),
    )  # fmt: skip
    return tuple((translate(heading), width) for heading, width in headings)


def cells(row: Row, zone: ZoneInfo) -> list[str]:
    """Return a row that was `shown` as a line of that workbook."""
    at = datetime.fromisoformat(row["at"]).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    detail = json.dumps(row["detail"], ensure_ascii=False) if row["detail"] else ""
    return [str(row["number"]), at, row["who"], row["name"] or "", row["words"], row["target"], row["address"], detail]
