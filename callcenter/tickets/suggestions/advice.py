"""What an agent is told while they write: category, unit, why, past tickets that speak for it, and repeats 重复件."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.sessions import Identity
from callcenter.storage.engine import Database
from callcenter.storage.segmenting import terms, warmed
from callcenter.tickets.flows.access import visible
from callcenter.tickets.flows.finding.repeats import Sought, by_words, months, repeats
from callcenter.tickets.flows.finding.search_index import mark
from callcenter.tickets.rules import repeats as rules
from callcenter.tickets.suggestions.guesses import SILENT, Guess, Guesses
from callcenter.tickets.suggestions.keeper import ModelKeeper
from callcenter.tickets.suggestions.record import Recorder
from callcenter.tickets.tables import Category, MemberUnit, Ticket

#: Past tickets that are shown, and that are looked at for them.
EVIDENCE, _LOOKED_AT = 5, 20
#: So old at most.
_EVIDENCE_REACH = timedelta(days=365)
#: Words that a past ticket shares, in turn, until there are some.
_SHARED = (3, 2, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it is being filled in; `place` is a code, `draft` the name of the form."""

    title: str
    description: str
    kind: str | None = None
    place: str | None = None
    caller: str | None = None
    draft: str | None = None


class Adviser:
    """Answers forms."""

    def __init__(self, database: Database, keeper: ModelKeeper, recorder: Recorder, *, area_code: str = "") -> None:
        self.keeper = keeper
        self.database = database
        self._recorder = recorder
        self._area_code = area_code

    async def advise(self, identity: Identity, asked: Asked, *, now: datetime) -> dict[str, Any]:
        """Return what the hotline's history says of a form, as far as `identity` may see it."""
        model, model_id = self.keeper.model, self.keeper.model_id
        guesses = SILENT
        await warmed()
        if model is not None:
            guesses = await asyncio.to_thread(model.guess, asked.title, asked.description, asked.kind, asked.place)
        text = f"{asked.title}\n{asked.description}"
        sought = Sought(text, guesses.telling, asked.caller or "", asked.place, guesses.nearest)
        async with self.database.read() as session:
            names = await _named(session, guesses) if guesses.category or guesses.unit else _Names(None, None, None)
            category, unit = _shown(guesses.category, names.category), _shown(guesses.unit, names.unit)
            answer: dict[str, Any] = {
                "category": category,
                "unit": unit,
                "reasons": _reasons(guesses, category, unit),
                "tickets": await _evidence(session, identity, guesses, names, text, now),
                "repeats": await repeats(session, identity, sought, now=now, area_code=self._area_code),
            }
        if asked.draft and model_id is not None:
            shown = Guesses(guesses.category if category else None, guesses.unit if unit else None, (), None)
            await self._recorder.keep(asked.draft, identity.login, model_id, shown, now=now)
        return answer


@dataclass(frozen=True, slots=True)
class _Names:
    """What the guesses are called; None for what can no longer be chosen."""

    category: str | None
    unit: str | None
    unit_id: int | None


async def _named(session: AsyncSession, guesses: Guesses) -> _Names:
    category = guesses.category.code if guesses.category else ""
    unit = guesses.unit.code if guesses.unit else ""
    active = select(MemberUnit.id).where(MemberUnit.code == unit, MemberUnit.active).scalar_subquery()
    chosen = select(Category.name).where(Category.code == category, Category.until.is_(None)).scalar_subquery()
    name = select(MemberUnit.name).where(MemberUnit.code == unit, MemberUnit.active).scalar_subquery()
    row = (await session.execute(select(chosen.label("category"), name.label("unit"), active.label("id")))).one()
    return _Names(row.category, row.unit, row.id)


def _shown(guess: Guess | None, name: str | None) -> dict[str, Any] | None:
    if guess is None or name is None:
        return None
    return {"code": guess.code, "name": name, "probability": round(guess.probability, 4)}


def _reasons(guesses: Guesses, category: object, unit: object) -> list[str]:
    if unit and guesses.unit:
        return list(guesses.unit.words)
    return list(guesses.category.words) if category and guesses.category else []


async def _evidence(  # noqa: PLR0917  # whose, of what
    session: AsyncSession, identity: Identity, guesses: Guesses, names: _Names, text: str, now: datetime
) -> list[dict[str, Any]]:
    """Return the closed tickets of the suggested unit that are most like the text, by the words that spoke for it."""
    unit = guesses.unit
    if unit is None or names.unit_id is None:
        return []
    marks = [
        [mark("unit_id", names.unit_id)],
        [mark("state", "archived"), mark("state", "closed")],
        months(now - _EVIDENCE_REACH, now),
    ]
    for count in dict.fromkeys(min(count, len(unit.words)) for count in _SHARED):
        for way in by_words(session, terms(" ".join(unit.words[:count]) + " "), marks, _LOOKED_AT, "evidence"):
            query = (
                select(
                    Ticket.number,
                    Ticket.title,
                    func.substr(Ticket.description, 1, rules.LONGEST).label("description"),
                    Category.name.label("category"),
                )
                .outerjoin(Category, Category.id == Ticket.category_id)
                .where(Ticket.id.in_(select(way.c.id)), Ticket.closing_unit_id == names.unit_id, visible(identity))
            )
            if found := list(await session.execute(query)):
                return [
                    {"number": one.number, "title": one.title, "unit": names.unit, "category": one.category}
                    for one in _likest(found, text)
                ]
    return []


def _likest(found: list[Any], text: str) -> list[Any]:
    own = rules.shingles(text)
    theirs = [rules.shingles(f"{row.title}\n{row.description}") for row in found]
    weigh = rules.weights([own, *theirs])
    alike = {row.number: rules.alike(own, pairs, weigh) for row, pairs in zip(found, theirs, strict=True)}
    return sorted(found, key=lambda row: (-alike[row.number], row.number))[:EVIDENCE]
