"""The API's description: whole, and true to the code."""

from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel
from served import Panel, refused

from callcenter.panel import openapi, server
from callcenter.panel.access import requires
from callcenter.panel.api import ApiView, Body, answers


def _body(extra: str) -> type[Body]:
    return type("Order", (Body,), {"__annotations__": {extra: int}})


First, Second = _body("first"), _body("second")


class Row(BaseModel):
    value: str | None


class Rows(ApiView):
    @requires("reports.see")
    @answers(list[Row])
    async def get(self, name: str, /, kind: str = "all", *, limit: int | None = None, after: int) -> web.Response:
        """List rows.

        In order.
        """
        return web.json_response([name, kind, limit, after])

    @requires("calls.see")
    @answers(Row, status=201)
    async def post(self, name: str, /, order: First) -> web.Response:  # type: ignore[valid-type]
        return web.json_response([name, order])

    @requires("calls.see")
    async def patch(self, name: str, /, order: Second) -> web.Response:  # type: ignore[valid-type]
        return web.json_response([name, order])


@pytest.fixture
def features() -> list[server.Feature]:
    return [lambda app: app.router.add_view("/api/v1/rows/{name}", Rows) and None]


@pytest.fixture
async def described(panel: Panel) -> dict[str, Any]:
    async with panel.client().get("/api/v1/openapi.json") as answer:
        return await answer.json()


async def test_every_operation_is_there(panel: Panel, described: dict[str, Any]) -> None:
    for operation in openapi.operations(panel.app):
        assert described["paths"][operation.path][operation.method.lower()]["responses"]
    assert {"/api/v1/live", "/api/v1/users/{login}", "/api/v1/openapi.json"} < described["paths"].keys()


def test_parameters_say_where_they_go_and_what_they_are(described: dict[str, Any]) -> None:
    get = described["paths"]["/api/v1/rows/{name}"]["get"]
    seen = [(one["in"], one["name"], one["required"], one["schema"].get("default")) for one in get["parameters"]]
    assert seen == [
        ("path", "name", True, None),
        ("query", "kind", False, "all"),
        ("query", "limit", False, None),
        ("query", "after", True, None),
    ]
    assert get["summary"] == "List rows."
    assert get["security"] == [{"token": []}, {"session": []}]


def test_bodies_refuse_what_they_do_not_know_and_never_overwrite_each_other(described: dict[str, Any]) -> None:
    path = described["paths"]["/api/v1/rows/{name}"]
    properties = []
    for method in ("post", "patch"):
        reference = path[method]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schema = described["components"]["schemas"][reference.rsplit("/", 1)[1]]
        assert schema["additionalProperties"] is False
        properties += schema["properties"]
    assert properties == ["first", "second"]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:  # noqa: ANN401  # any JSON
        if isinstance(part, dict):
            return [value for key, value in part.items() if key == "$ref"] + [
                found for value in part.values() for found in references(value)
            ]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    found = references(described)
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in described["components"]["schemas"]


def test_operations_have_names_of_their_own(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for path in described["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


async def test_a_view_takes_what_its_description_says(panel: Panel) -> None:
    async with panel.cli().get("/api/v1/rows/x?limit=5&after=7") as answer:
        assert await answer.json() == ["x", "all", 5, 7]
    async with panel.cli().get("/api/v1/rows/x") as answer:
        assert (await refused(answer, 400)).keys() == {"after"}
