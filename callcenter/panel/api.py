"""Views of the JSON API: what comes in is checked against its types, and what is wrong is named."""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web
from aiohttp_pydantic.injectors import BodyGetter, QueryGetter
from pydantic import BaseModel, ConfigDict, ValidationError

from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem

if TYPE_CHECKING:
    _View = web.View  # the library has no types; its view answers to the same calls
else:
    from aiohttp_pydantic import PydanticView as _View

_Handler = TypeVar("_Handler", bound=Callable[..., Any])


class Body(BaseModel):
    """Base of what a request carries: an unknown member or a wrong type is refused, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers when all is well, for the API's description."""

    type: Any
    status: int
    content_type: str


def answers(type_: Any, *, status: int = 200, content_type: str = "application/json") -> Callable[[_Handler], _Handler]:  # noqa: ANN401  # a type expression such as list[Row]
    """Describe in /api/v1/openapi.json what a handler answers; `None` is an answer without a body."""

    def mark(handler: _Handler) -> _Handler:
        handler.__dict__["answer"] = Answer(type_, status, content_type)
        return handler

    return mark


class ApiView(_View):
    """Base of every API view, with methods get, post, patch...

    Their arguments say what they take: before `/` from the path, a `Body` from the body, any other from the query.
    """

    async def on_validation_error(self, exception: ValidationError, context: str) -> web.StreamResponse:
        """Name what is wrong; `context` is body, path, query string or headers."""
        fields: dict[str, str] = {}
        for error in exception.errors(include_url=False, include_context=False, include_input=False):
            name = ".".join(str(part) for part in error["loc"]) or context
            reason = "unknown field" if error["type"] == "extra_forbidden" else error["msg"]
            fields[name[:100]] = reason.removeprefix("Value error, ")
        raise Problem(400, N_("Some fields are wrong."), fields=fields)

    @staticmethod
    def _parse_func_signature(func: Callable[..., Any]) -> Iterable[Any]:
        """Make the library's checks as strict as the contract: unknown query parameters, bodies that are not JSON."""
        injectors: list[Any] = list(_View._parse_func_signature(_without_headers(func)))  # type: ignore[attr-defined]  # noqa: SLF001  # its hook for this
        for place, injector in enumerate(injectors):
            if isinstance(injector, BodyGetter):
                injectors[place] = _JsonBody({injector.arg_name: injector.model}, {})
            elif isinstance(injector, QueryGetter):
                injector.model = type("Query", (injector.model,), {"model_config": ConfigDict(extra="forbid")})
        if not any(isinstance(injector, QueryGetter) for injector in injectors):
            nothing = QueryGetter({}, {})
            nothing.model = type("Query", (nothing.model,), {"model_config": ConfigDict(extra="forbid")})
            injectors.append(nothing)
        if getattr(func, "upload", False):  # it reads its body itself
            return injectors
        if func.__name__ in ("post", "put", "patch") and not any(isinstance(one, _JsonBody) for one in injectors):
            injectors.append(_NoBody({"nothing": _Nothing}, {}))
        return injectors


def _without_headers(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a stand-in whose keyword-only arguments come from the query; the library would look in the headers."""

    @wraps(func)
    def stand_in() -> None: ...

    given = inspect.signature(func)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    loose = [one.replace(kind=kind) if one.kind is one.KEYWORD_ONLY else one for one in given.parameters.values()]
    loose.sort(key=lambda one: (one.kind, one.default is not one.empty))
    stand_in.__dict__["__signature__"] = given.replace(parameters=loose)
    return stand_in


def _texts(part: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for name, value in part.items():
            yield name
            yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)


class _Nothing(Body):
    pass


class _JsonBody(BodyGetter):  # type: ignore[misc]  # the library has no types
    async def inject(self, request: web.Request, args_view: list[Any], kwargs_view: dict[str, Any]) -> None:  # noqa: ARG002  # the library's
        raw = await request.read()
        try:
            body = json.loads(raw)
            if b"\\u0000" in raw and "\0" in "".join(_texts(body)):
                raise ValueError  # noqa: TRY301  # PostgreSQL's text cannot hold it, and no keyboard types it
        except (ValueError, RecursionError):  # not UTF-8 is a ValueError too
            raise Problem(400, N_("The body is not JSON.")) from None
        if not isinstance(body, dict):
            raise Problem(400, N_("The body must be a JSON object."))
        kwargs_view[self.arg_name] = self.model.model_validate(body)


class _NoBody(_JsonBody):
    """For an order without particulars: no body, or an empty object."""

    async def inject(self, request: web.Request, args_view: list[Any], kwargs_view: dict[str, Any]) -> None:
        if await request.read():
            await super().inject(request, args_view, kwargs_view)
            del kwargs_view[self.arg_name]
