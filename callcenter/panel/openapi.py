"""GET /api/v1/openapi.json: the API described from its own code, OpenAPI 3.1.

Written here and not taken from aiohttp-pydantic: that says OpenAPI 3.0 around schemas of 3.1, leaves out routes that
are functions, and two models of one name in two folders would overwrite each other.
"""

import asyncio
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_type_hints

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from callcenter import __version__
from callcenter.panel.access import UPLOAD_TYPE, guard_of, is_upload, public
from callcenter.panel.api import Answer, answers
from callcenter.panel.rights import RIGHTS, Right, roles_with

PREFIX = "/api/v1/"
_REF = "#/components/schemas/{model}"
Json = dict[str, Any]


class Refusal(BaseModel):
    """What every refusal looks like."""

    #: One sentence, in the language of whoever asked.
    error: str
    #: What is wrong with which field.
    fields: dict[str, str] = {}


@public
@answers(Json)
async def show(request: web.Request) -> web.Response:
    """Describe this API."""
    return web.json_response(await request.app[_DESCRIPTION].made(request.app))


def prepare(app: web.Application) -> None:
    """Let `show` describe `app`; call it when every route is there."""
    app[_DESCRIPTION] = _Description()


class _Description:
    """The description, made when it is first asked for: most controllers end before anybody does."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._made: Json | None = None

    async def made(self, app: web.Application) -> Json:
        """Return it. The first time takes a quarter of a second, in which calls go on."""
        async with self._lock:
            if self._made is None:
                self._made = await asyncio.to_thread(describe, app)
            return self._made


_DESCRIPTION: web.AppKey[_Description] = web.AppKey("openapi", _Description)


@dataclass(frozen=True, slots=True)
class _Operation:
    path: str
    method: str
    handler: Any

    @property
    def arguments(self) -> list[tuple[str, str, Any, Any]]:
        """(place, name, type, default) of each argument of a view's method; a function takes only the request."""
        hints = get_type_hints(self.handler, include_extras=True)
        found = []
        for argument in inspect.signature(self.handler).parameters.values():
            type_ = hints.get(argument.name)
            if argument.name == "self" or type_ is web.Request:
                continue
            if argument.kind is argument.POSITIONAL_ONLY:
                place = "path"
            elif isinstance(type_, type) and issubclass(type_, BaseModel):
                place = "body"
            else:
                place = "query"
            found.append((place, argument.name, type_, argument.default))
        return found


def operations(app: web.Application) -> Iterator[_Operation]:
    """Yield every operation of the API."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if not path.startswith(PREFIX) or route.method in ("HEAD", "OPTIONS"):
            continue
        handler: Any = route.handler
        if isinstance(handler, type):
            for method in sorted(getattr(handler, "allowed_methods", ())):
                yield _Operation(path, method, getattr(handler, method.lower()))
        else:
            yield _Operation(path, route.method, handler)


def describe(app: web.Application) -> Json:
    """Return the OpenAPI document of every route below /api/v1/."""
    found = list(operations(app))
    schemas = _Schemas(found)
    paths: dict[str, Json] = {}
    for operation in found:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "callcenter", "version": __version__},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The token in DATA/secrets/cli.token."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "callcenter_PORT",  # and __Host-callcenter_PORT over HTTPS
                    "description": "Set by sign-in.",
                },
            },
        },
    }


class _Schemas:
    """JSON schemas of every type, with names that differ where models of one name do."""

    def __init__(self, found: list[_Operation]) -> None:
        inputs: list[tuple[str, Any, TypeAdapter[Any]]] = [("refusal", "serialization", TypeAdapter(Refusal))]
        for number, operation in enumerate(found):
            for _place, name, type_, _default in operation.arguments:
                inputs.append((f"{number} {name}", "validation", TypeAdapter(type_)))
            answer = _answer(operation)
            if answer.type is not None:
                inputs.append((f"{number} answer", "serialization", TypeAdapter(answer.type)))
        made, rest = TypeAdapter.json_schemas(inputs, ref_template=_REF)
        self.definitions: Json = rest.get("$defs", {})
        self._made = {key: schema for (key, _mode), schema in made.items()}
        self._numbers = {id(operation): number for number, operation in enumerate(found)}

    def of(self, operation: _Operation, name: str) -> Json:
        """Return the schema of the argument `name`, or of the `answer`."""
        return dict(self._made[f"{self._numbers[id(operation)]} {name}"])

    @property
    def refusal(self) -> Json:
        """Return the schema of every refusal."""
        return dict(self._made["refusal"])


def _answer(operation: _Operation) -> Answer:
    answer = getattr(operation.handler, "answer", None)
    return answer if isinstance(answer, Answer) else Answer(Any, 200, "application/json")


def _describe(operation: _Operation, schemas: _Schemas) -> Json:
    answer = _answer(operation)
    guard = guard_of(operation.handler, operation.method)
    text = inspect.getdoc(operation.handler) or ""
    body: Json = {}
    if is_upload(operation.handler, operation.method):
        file = {UPLOAD_TYPE: {"schema": {"type": "string", "format": "binary"}}}
        body = {"requestBody": {"required": True, "content": file}}
    parameters = []
    for place, name, _type, default in operation.arguments:
        schema = schemas.of(operation, name)
        if place == "body":
            body = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
            continue
        optional = default is not inspect.Parameter.empty
        if optional and default is not None:
            schema["default"] = TypeAdapter(Any).dump_python(default, mode="json")
        parameters.append({"in": place, "name": name, "required": not optional, "schema": schema})
    good: Json = {"description": "Done."}
    if answer.type is not None:
        good["content"] = {answer.content_type: {"schema": schemas.of(operation, "answer")}}
    right = guard.right if guard else None
    described: Json = {
        "operationId": f"{operation.method.lower()}_{_words(operation.path)}",
        "summary": text.split("\n")[0],
        "description": text + _needs(right),
        "security": [{"token": []}, {"session": []}] if right else [],
        "responses": {
            str(answer.status): good,
            "default": {
                "description": "Refused.",
                "content": {"application/json": {"schema": schemas.refusal}},
            },
        },
        **body,
    }
    if parameters:
        described["parameters"] = parameters
    return described


def _needs(right: Right | None) -> str:
    if right is None:
        return ""
    return f"\n\nNeeds the right `{right}`: {RIGHTS[right].english} ({', '.join(roles_with(right))})."


def _words(path: str) -> str:
    return "_".join(part.strip("{}").replace("-", "_") for part in path.removeprefix(PREFIX).split("/"))
