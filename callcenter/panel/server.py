"""The web application: what it is made of, and how it is served."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry

from callcenter.panel import access, errors, health, i18n, keys, observe, openapi, pages, stream, views
from callcenter.panel.accounts import Accounts
from callcenter.panel.auth import views as auth_views
from callcenter.panel.auth.guesses import Guesses
from callcenter.panel.auth.terms import Terms
from callcenter.panel.auth.vault import Vault
from callcenter.panel.live import LiveState
from callcenter.panel.sessions import Sessions
from callcenter.paths import ROOT, Paths
from callcenter.settings import Settings
from callcenter.storage.engine import Database

_log = structlog.get_logger()

#: Adds the routes of one feature folder.
Feature = Callable[[web.Application], None]

#: The largest body of any request; nothing that people type is larger.
LARGEST_BODY = 256 * 1024
#: The longest that an answer may take; the live stream is no answer that ends.
LONGEST_SECONDS = 30
#: A file of the largest size over a slow line in the country.
LONGEST_UPLOAD_SECONDS = 300
#: How long requests in progress may take to end when the panel stops.
SHUTDOWN_SECONDS = 0.5

_POLICY = (
    "default-src 'self'; connect-src 'self'{phones}; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


def build(
    settings: Settings,
    database: Database,
    *,
    features: Iterable[Feature] = (),
    probes: Mapping[str, keys.Probe] | None = None,
    live: LiveState | None = None,
    registry: CollectorRegistry | None = None,
    front: Path = ROOT / "web",
) -> web.Application:
    """Return the panel with every route of `features`; `probes` are the parts that /healthz asks.

    `front` is the folder of the front end: templates, locale, and dist from its build. Without a build there is
    only the API.
    Raises TypeError for a route that does not say who may use it, ValueError for a broken catalogue.
    """
    registry = registry or CollectorRegistry()
    app = web.Application(
        client_max_size=LARGEST_BODY,
        # From the outside in: the first sees everything, the last knows who asks.
        middlewares=[observe.observed(registry), i18n.in_language, errors.told, _in_time, access.guarded],
    )
    app[keys.SETTINGS] = settings
    app[keys.DATABASE] = database
    app[keys.LIVE] = live = live or LiveState()
    app[keys.METRICS] = registry
    app[keys.CLI_TOKEN] = access.ensure_cli_token(Paths.of(settings).secrets)
    app[keys.VAULT] = vault = Vault(Paths.of(settings).secrets)
    terms = Terms.of(settings)
    app[keys.SESSIONS] = Sessions(database, terms)
    app[keys.ACCOUNTS] = Accounts(
        database, Guesses(database, vault, settings.sign_in, settings.node), vault, terms, settings.node
    )
    app[keys.PROBES] = dict(probes or {})
    observe.watch_live(registry, live)
    i18n.load(front / "locale")
    with_pages = (front / "dist" / "manifest.json").exists()
    if with_pages:
        pages.set_up(app, front)
    else:
        _log.warning("no_front_end", folder=str(front), hint="build it: npm ci && npm run build")
    views.add_routes(app, with_pages=with_pages)
    auth_views.add_routes(app, with_pages=with_pages)
    app.router.add_get("/healthz", health.health)
    app.router.add_get("/metrics", observe.metrics)
    app.router.add_get("/api/v1/live", stream.stream)
    app.router.add_get("/api/v1/openapi.json", openapi.show)
    for feature in features:
        feature(app)
    access.check_routes(app)
    openapi.prepare(app)
    app.on_response_prepare.append(_harden)
    app.on_shutdown.append(_end_streams)
    return app


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, *, secure: tuple[int, ssl.SSLContext] | None = None
) -> AsyncIterator[web.AppRunner]:
    """Serve `app` for the length of the block, and over HTTPS at the port and with the certificate of `secure` too.

    Raises OSError when a port is taken.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        if secure:
            await web.TCPSite(runner, host, secure[0], ssl_context=secure[1]).start()
        yield runner
    finally:
        await runner.cleanup()


@web.middleware
async def _in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    if access.is_long_lived(request.match_info.handler):
        return await handler(request)
    file = access.is_upload(request.match_info.handler, request.method)
    try:
        async with asyncio.timeout(LONGEST_UPLOAD_SECONDS if file else LONGEST_SECONDS):
            return await handler(request)
    except TimeoutError:
        raise web.HTTPGatewayTimeout from None


async def _harden(request: web.Request, answer: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Content-Security-Policy", _POLICY.format(phones=_phone_lines(request)))
    if request.path.startswith("/static/"):
        # The name of a built file changes with its content; what has no such name is asked for again.
        built = request.path.removeprefix("/static/") in request.app.get(keys.MANIFEST, {}).values()
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if built else "no-cache"
    else:
        answer.headers.setdefault("Cache-Control", "no-store")


def _phone_lines(request: web.Request) -> str:
    """Return where a page may open the browser phone's line besides its own address: Asterisk on the same machine.

    The panel's own address is named too, for browsers to whom 'self' means no WebSocket.
    """
    host = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?", request.host)
    if host is None:
        return ""
    settings = request.app[keys.SETTINGS]
    scheme, port = ("wss", settings.https_port) if request.secure else ("ws", settings.http_port)
    return f" {scheme}://{host[0]} {scheme}://{host[1]}:{port}"


async def _end_streams(app: web.Application) -> None:
    app[keys.LIVE].close()
