"""Who may go where: every route says which right it needs, and one middleware holds it to that.

A route that says nothing does not start: `check_routes` refuses the application.
"""

import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from callcenter.panel.auth import familiar
from callcenter.panel.auth.familiar import Browser
from callcenter.panel.i18n import N_, use
from callcenter.panel.keys import CLI_TOKEN, IDENTITY, SESSIONS, SETTINGS, VAULT
from callcenter.panel.problems import Problem
from callcenter.panel.rights import Right
from callcenter.panel.sessions import LONGEST, Actor, Identity
from callcenter.storage.clock import now

_SAFE = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS)
_Handler = TypeVar("_Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Guard:
    """What a route asks of whoever calls it; a right of None lets everyone in."""

    right: Right | None
    #: Allowed as well while a one-time password has not been changed, or the second step not been set up.
    with_one_time_password: bool = False
    #: Allowed as well while the second step has not been set up.
    while_enrolling: bool = False


#: What carries a file: no form of another site can send it, and it is no JSON.
UPLOAD_TYPE = "application/octet-stream"


def requires(
    right: Right, *, with_one_time_password: bool = False, while_enrolling: bool = False
) -> Callable[[_Handler], _Handler]:
    """Mark a handler, or a method of an ApiView, as open to everyone who has `right`."""

    def mark(handler: _Handler) -> _Handler:
        handler.__dict__["guard"] = Guard(right, with_one_time_password, while_enrolling)
        return handler

    return mark


def public(handler: _Handler) -> _Handler:
    """Mark a handler as open to everyone, signed in or not."""
    handler.__dict__["guard"] = Guard(None)
    return handler


def upload(handler: _Handler) -> _Handler:
    """Mark a handler, or a method of an ApiView, whose body is a file (`UPLOAD_TYPE`) that it reads as it comes."""
    handler.__dict__["upload"] = True
    return handler


def is_upload(handler: Any, method: str) -> bool:  # noqa: ANN401  # a function, or a class of views
    """Whether `handler` takes a file and not JSON."""
    if isinstance(handler, type):
        handler = getattr(handler, method.lower(), None)
    return getattr(handler, "upload", False) is True


def long_lived(handler: _Handler) -> _Handler:
    """Mark a handler whose answer is a line that stays open: no time limit ends it."""
    handler.__dict__["long_lived"] = True
    return handler


def is_long_lived(handler: Any) -> bool:  # noqa: ANN401  # a function, or a class of views
    """Whether the answer of `handler` has no time limit."""
    return getattr(handler, "long_lived", False) is True


def guard_of(handler: Any, method: str) -> Guard | None:  # noqa: ANN401  # a function, or a class of views
    """Return the mark of `handler`, or None when it has none."""
    if isinstance(handler, type):
        handler = getattr(handler, method.lower(), None)
    guard = getattr(handler, "guard", None)
    return guard if isinstance(guard, Guard) else None


def check_routes(app: web.Application) -> None:
    """Raise TypeError, naming the route, when one does not say who may use it."""
    for route in app.router.routes():
        if isinstance(route.resource, web.StaticResource):
            continue
        handler: Any = route.handler
        methods = sorted(getattr(handler, "allowed_methods", ())) if isinstance(handler, type) else [route.method]
        for method in methods:
            if guard_of(handler, method) is None:
                where = route.resource.canonical if route.resource else route
                raise TypeError(f"{method} {where}: mark it with @requires(right) or @public")


def identity_of(request: web.Request) -> Identity | None:
    """Return who asks, or None."""
    return request.get(IDENTITY)


def current_user(request: web.Request) -> Identity:
    """Return who asks; only for routes that require a right."""
    identity = identity_of(request)
    if identity is None:
        raise RuntimeError("current_user on a route that requires no right")
    return identity


def actor_of(request: web.Request) -> Actor:
    """Return who asks, for the audit trail."""
    identity = identity_of(request)
    return Actor(identity.login if identity else "", request.app[SETTINGS].node, request.remote or "")


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks, and let them through only where they may go."""
    found = request.match_info.http_exception is None
    if found and isinstance(request.match_info.route.resource, web.StaticResource):
        return await handler(request)
    guard = guard_of(request.match_info.handler, request.method) if found else None
    if guard is None and found and request.method not in _SAFE:
        return await handler(request)  # a view without this method: 405 comes from there
    if request.method not in _SAFE:
        _refuse_foreign_pages(request)
    request[IDENTITY] = None
    try:
        request[IDENTITY] = identity = await _identify(request)
    except Exception:
        if guard is not None and guard.right is not None:
            raise
        identity = None  # health and the sign-in page must answer while the database is away
    if identity and identity.language and "lang" not in request.query and "lang" not in request.cookies:
        use(identity.language)
    if guard is None or guard.right is None:
        return await handler(request)
    return await handler(request) if _allowed(request, identity, guard) else _send_elsewhere(request, identity)


async def still_allowed(request: web.Request) -> bool:
    """Whether whoever opened a long stream is still signed in; for streams, which outlive the check at their start."""
    identity = await _identify(request)
    return identity is not None and not identity.must_change_password and not identity.must_enrol


def set_cookie(answer: web.StreamResponse, request: web.Request, token: str) -> None:
    """Hand the browser its session."""
    answer.set_cookie(
        cookie_name(request),
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=request.secure,
        path="/",
    )


def clear_cookie(answer: web.StreamResponse, request: web.Request) -> None:
    """Take the session back."""
    answer.del_cookie(cookie_name(request), path="/", httponly=True, samesite="Strict", secure=request.secure)


def cookie_name(request: web.Request) -> str:
    """Return the cookie's name. Browsers share cookies between ports, so that of a second hotline differs.

    So does that over HTTPS: a browser takes no plain cookie in the place of a secure one, and one that is named
    `__Host-` from nobody but this very host, not from a neighbour with the same domain either.
    """
    settings = request.app[SETTINGS]
    return f"__Host-callcenter_{settings.https_panel_port}" if request.secure else f"callcenter_{settings.panel_port}"


def browser_of(request: web.Request) -> Browser:
    """Return which browser asks, and who has signed in with it before."""
    return familiar.read(request.app[VAULT], request.cookies.get(_browser_cookie(request)), now())


def set_browser_cookie(answer: web.StreamResponse, request: web.Request, login: str) -> None:
    """Let the browser know `login` from now on; the cookie goes to the sign-in and nowhere else."""
    answer.set_cookie(
        _browser_cookie(request),
        familiar.write(request.app[VAULT], browser_of(request).and_of(login), now()),
        max_age=int(familiar.REMEMBERED.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=request.secure,
        path="/api/v1/",
    )


def _browser_cookie(request: web.Request) -> str:
    return f"{cookie_name(request).removeprefix('__Host-')}_browser"


def ensure_cli_token(folder: Path) -> str:
    """Return the token in `folder`/cli.token, made at first (mode 0600): whoever can read it is administrator here."""
    path = folder / "cli.token"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if token := path.read_text(encoding="ascii").strip():
            return token
        path.unlink()  # a start that was cut between making and writing it
        return ensure_cli_token(folder)
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token


async def _identify(request: web.Request) -> Identity | None:
    scheme, _, bearer = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        known = hmac.compare_digest(bearer.strip().encode(), request.app[CLI_TOKEN].encode())
        return Identity("cli", "cli", "administrator", language="en", local=True) if known else None
    token = request.cookies.get(cookie_name(request))
    return await request.app[SESSIONS].identify(token, now()) if token else None


def _allowed(request: web.Request, identity: Identity | None, guard: Guard) -> bool:
    if identity is None or (identity.must_change_password and not guard.with_one_time_password):
        return False
    if identity.must_enrol and not (guard.with_one_time_password or guard.while_enrolling):
        return False
    if guard.right is not None and not identity.has(guard.right):
        raise Problem(403, N_("You may not do this."))
    return request is not None


def _send_elsewhere(request: web.Request, identity: Identity | None) -> web.StreamResponse:
    """Ask for a sign-in, or for a new password."""
    if request.path.startswith("/api/"):
        if identity is None:
            raise Problem(401, N_("Please sign in."), headers={"WWW-Authenticate": "Bearer"})
        if identity.must_change_password:
            raise Problem(403, N_("Please change your one-time password first."))
        raise Problem(403, N_("Please set up the second step of your sign-in first."))
    if identity is None:
        raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path_qs, safe='')}")
    raise web.HTTPSeeOther("/password" if identity.must_change_password else "/two-step")


def _refuse_foreign_pages(request: web.Request) -> None:
    """Refuse what another site makes a signed-in browser send (CSRF), beside the SameSite cookie.

    JSON, and a file sent as what it is to no form, cannot be sent across sites without a permission that we never give.
    A request with neither header does not come from a browser of today, and so carries nobody's cookie against their
    will.
    """
    file = is_upload(request.match_info.handler, request.method)
    # A request that names no type counts as a file to the library; another site's script can send such a one.
    if file and (request.content_type != UPLOAD_TYPE or not request.headers.get(hdrs.CONTENT_TYPE)):
        raise Problem(415, N_("The file must be sent as application/octet-stream."))
    if request.headers.get(hdrs.AUTHORIZATION):
        return
    if not file and request.content_type != "application/json":
        raise Problem(415, N_("The request must be JSON."))
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    if (site is not None and site not in ("same-origin", "none")) or (
        origin is not None and urlsplit(origin).netloc != request.host
    ):
        raise Problem(403, N_("The request came from another site."))
