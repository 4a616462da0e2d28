"""/api/v1/units, /categories, /places: all staff read them, administrators look after them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.access import actor_of, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage import clock
from callcenter.tickets import reference_listings as listings
from callcenter.tickets.flows.reference import keeping as flows
from callcenter.tickets.rules.reference import Kind

Text = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(max_length=30)]
Terms = Annotated[dict[Code, int], Field(max_length=20)]
Rank = Annotated[int, Field(ge=0, le=9999)]


class NewUnit(Body):
    """A member unit that is to be."""

    code: Code
    name: Text
    phone: Text | None = None
    email: Text | None = None
    terms: Terms = Field(default_factory=dict)


class UnitChange(Body):
    """What is to be another; what is left out stays."""

    name: Text = ""
    phone: Text | None = None
    email: Text | None = None
    terms: Terms = Field(default_factory=dict)
    active: bool = True


class NewCategory(Body):
    """A category that is to be."""

    code: Code
    name: Text
    parent: Code | None = None
    rank: Rank = 0
    unit: Code | None = None


class CategoryChange(Body):
    """What is to be another; what is left out stays."""

    name: Text = ""
    parent: Code | None = None
    rank: Rank = 0
    unit: Code | None = None
    active: bool = True


class NewPlace(Body):
    """A place that is to be."""

    code: Code
    name: Text
    parent: Code | None = None


class PlaceChange(Body):
    """What is to be another; what is left out stays."""

    name: Text = ""
    parent: Code | None = None
    active: bool = True


class _Reference(ApiView):
    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        async with self.request.app[DATABASE].read() as session:
            yield session

    async def _add(self, kind: Kind, wanted: Body) -> web.Response:
        try:
            async with self.request.app[DATABASE].begin() as session:
                row = await flows.add(session, kind, _given(wanted), actor=actor_of(self.request), now=clock.now())
        except IntegrityError:
            raise Problem(409, N_("Somebody else has just changed the same.")) from None
        return web.json_response(row, status=201)

    async def _change(self, kind: Kind, code: str, wanted: Body) -> web.Response:
        try:
            async with self.request.app[DATABASE].begin() as session:
                row, _ = await flows.change(
                    session, kind, code, _said(wanted), actor=actor_of(self.request), now=clock.now()
                )
        except IntegrityError:
            raise Problem(409, N_("Somebody else has just changed the same.")) from None
        return web.json_response(row)


class Units(_Reference):
    """/api/v1/units."""

    @requires("reference.see")
    @answers(list[listings.UnitRow])
    async def get(self) -> web.Response:
        """List the member units, active ones first."""
        async with self._reading() as session:
            return web.json_response(await listings.units(session))

    @requires("reference.manage")
    @answers(listings.UnitRow, status=201)
    async def post(self, wanted: NewUnit) -> web.Response:
        """Add a member unit."""
        return await self._add("units", wanted)


class Unit(_Reference):
    """/api/v1/units/{code}."""

    @requires("reference.manage")
    @answers(listings.UnitRow)
    async def patch(self, code: Code, /, wanted: UnitChange) -> web.Response:
        """Change a member unit; one that is not active keeps its tickets and gets no new ones."""
        return await self._change("units", code, wanted)


class Categories(_Reference):
    """/api/v1/categories."""

    @requires("reference.see")
    @answers(list[listings.CategoryRow])
    async def get(self, *, retired: bool = False) -> web.Response:
        """List the categories that can be chosen; with `retired` every version that ever was."""
        async with self._reading() as session:
            return web.json_response(await listings.categories(session, retired=retired))

    @requires("reference.manage")
    @answers(listings.CategoryRow, status=201)
    async def post(self, wanted: NewCategory) -> web.Response:
        """Add a category."""
        return await self._add("categories", wanted)


class Category(_Reference):
    """/api/v1/categories/{code}."""

    @requires("reference.see")
    @answers(list[listings.CategoryRow])
    async def get(self, code: Code, /) -> web.Response:
        """List the versions of a category, newest first."""
        async with self._reading() as session:
            rows = await listings.categories(session, code=code)
        if not rows:
            raise Problem(404, N_("There is no such category."))
        return web.json_response(rows)

    @requires("reference.manage")
    @answers(listings.CategoryRow)
    async def patch(self, code: Code, /, wanted: CategoryChange) -> web.Response:
        """Give a category its next version, or retire it; tickets keep the version that they were given."""
        return await self._change("categories", code, wanted)


class Places(_Reference):
    """/api/v1/places."""

    @requires("reference.see")
    @answers(list[listings.PlaceRow])
    async def get(self) -> web.Response:
        """List the places, active ones first."""
        async with self._reading() as session:
            return web.json_response(await listings.places(session))

    @requires("reference.manage")
    @answers(listings.PlaceRow, status=201)
    async def post(self, wanted: NewPlace) -> web.Response:
        """Add a place."""
        return await self._add("places", wanted)


class Place(_Reference):
    """/api/v1/places/{code}."""

    @requires("reference.manage")
    @answers(listings.PlaceRow)
    async def patch(self, code: Code, /, wanted: PlaceChange) -> web.Response:
        """Change a place; one that is not active cannot be chosen any more."""
        return await self._change("places", code, wanted)


def _given(wanted: Body) -> dict[str, Any]:
    """Return all fields; an empty text is none."""
    return {name: None if value == "" and name != "name" else value for name, value in wanted.model_dump().items()}


def _said(wanted: Body) -> dict[str, Any]:
    """Return the fields that the request names."""
    given = _given(wanted)
    return {name: given[name] for name in wanted.model_fields_set}


def add_routes(app: web.Application) -> None:
    """Add the API of units, categories and places."""
    app.router.add_view("/api/v1/units", Units)
    app.router.add_view("/api/v1/units/{code}", Unit)
    app.router.add_view("/api/v1/categories", Categories)
    app.router.add_view("/api/v1/categories/{code}", Category)
    app.router.add_view("/api/v1/places", Places)
    app.router.add_view("/api/v1/places/{code}", Place)
