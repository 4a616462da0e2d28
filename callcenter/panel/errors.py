"""What went wrong, told once: as JSON to programs, as a page to people."""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import DataError, DBAPIError, DisconnectionError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import MANIFEST
from callcenter.panel.pages import render
from callcenter.panel.problems import Problem

_log = structlog.get_logger()

#: Words for what aiohttp refuses by itself.
_WORDS = {
    400: N_("The request could not be understood."),
    403: N_("You may not do this."),
    404: N_("There is nothing here."),
    405: N_("This cannot be done here."),
    413: N_("The request is too large."),
    415: N_("The request must be JSON."),
    500: N_("Something went wrong on our side; it has been written down."),
    503: N_("The database is away at the moment; calls go on. Please try again."),
    504: N_("This took too long and was given up. Please try again."),
}


def wants_json(request: web.Request) -> bool:
    """Whether a program asks, and not somebody who looks at a page."""
    if MANIFEST not in request.app:
        return True  # no front end has been built
    return request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", "")


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal and every failure into one answer, and write failures down once."""
    try:
        if "%00" in request.raw_path:  # PostgreSQL's text cannot hold it, and no keyboard types it
            return _answer(request, Problem(400, _WORDS[400]))
        return await handler(request)
    except Problem as problem:
        return _answer(request, problem)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004  # a redirect is no problem
            raise
        kept = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _answer(request, Problem(error.status, _WORDS.get(error.status, error.reason), headers=kept))
    except ConnectionResetError:
        raise  # the asker has gone: nobody to tell
    except Exception as error:  # the last line of defence: whatever a view let through
        if request.transport is None or request.transport.is_closing():
            raise
        if database_is_away(error):
            _log.warning("database_away", route=request.match_info.route.resource, error=type(error).__name__)
            return _answer(request, Problem(503, _WORDS[503], headers={"Retry-After": "2"}))
        _log.exception("request_failed", method=request.method, path=_path(request))
        return _answer(request, Problem(500, _WORDS[500]))


def _path(request: web.Request) -> str:
    """Return the path for the log; one that holds a secret is told by its route."""
    resource = request.match_info.route.resource
    return resource.canonical if resource and "token" in request.match_info else request.path


def database_is_away(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be reached or is busy, and not that we used it wrongly."""
    if isinstance(error, DBAPIError):
        return not isinstance(error, IntegrityError | DataError | ProgrammingError)
    return isinstance(error, DisconnectionError | PoolTimeout | ConnectionError)


def _answer(request: web.Request, problem: Problem) -> web.StreamResponse:
    message = translate(problem.message)
    if wants_json(request):
        body = {"error": message, "fields": {name: translate(reason) for name, reason in problem.fields.items()}}
        return web.json_response(body, status=problem.status, headers=problem.headers)
    answer = render(
        request,
        "error.html",
        page="error",
        status=problem.status,
        context={"status": problem.status, "message": message},
    )
    answer.headers.update(problem.headers)
    return answer
