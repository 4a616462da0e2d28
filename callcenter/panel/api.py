"""Views of the JSON API: what comes in is checked against its types, and what is wrong is named."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
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

    Their arguments say what they take: before `/` from the path, a `Body` from the body, after `*` from the headers,
    any other from the query.
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
        injectors: list[Any] = list(_View._parse_func_signature(func))  # type: ignore[attr-defined]  # noqa: SLF001  # its hook for this
        for place, injector in enumerate(injectors):
            if isinstance(injector, BodyGetter):
                injectors[place] = _JsonBody({injector.arg_name: injector.model}, {})
            elif isinstance(injector, QueryGetter):
                injector.model = type("Query", (injector.model,), {"model_config": ConfigDict(extra="forbid")})
        if not any(isinstance(injector, QueryGetter) for injector in injectors):
            nothing = QueryGetter({}, {})
            nothing.model = type("Query", (nothing.model,), {"model_config": ConfigDict(extra="forbid")})
            injectors.append(nothing)
        if func.__name__ in ("post", "put", "patch") and not any(isinstance(one, _JsonBody) for one in injectors):
            injectors.append(_NoBody({"nothing": _Nothing}, {}))
        return injectors


class _Nothing(Body):
    pass


class _JsonBody(BodyGetter):  # type: ignore[misc]  # the library has no types
    async def inject(self, request: web.Request, args_view: list[Any], kwargs_view: dict[str, Any]) -> None:  # noqa: ARG002  # the library's
        try:
            body = json.loads(await request.read())
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
