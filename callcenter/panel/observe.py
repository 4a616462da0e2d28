"""Every request, measured and logged without personal data: the route, not the path, and never the query."""

import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest

from callcenter.panel.access import is_long_lived, public
from callcenter.panel.keys import METRICS
from callcenter.panel.live import LiveState

_log = structlog.get_logger()
_QUIET = ("/healthz", "/metrics", "/static")


def observed(registry: CollectorRegistry) -> Middleware:
    """Return the middleware that measures into `registry`."""
    seconds = Histogram(
        "callcenter_http_request_seconds",
        "Time from a request's headers to the end of its answer",
        ["method", "route", "status"],
        registry=registry,
        buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    )

    @web.middleware
    async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        status = 499  # the asker went away before there was an answer
        try:
            answer = await handler(request)
            status = answer.status
        except web.HTTPException as error:
            status = error.status
            raise
        else:
            return answer
        finally:
            resource = request.match_info.route.resource
            route = resource.canonical if resource else "unknown"
            method = request.method if request.method in ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE") else "other"
            took = time.perf_counter() - began
            if not is_long_lived(request.match_info.handler):  # lasts as long as somebody looks
                seconds.labels(method, route, status).observe(took)
            if not route.startswith(_QUIET):
                _log.info("request", method=method, route=route, status=status, ms=round(took * 1000, 1))

    return observe


def watch_live(registry: CollectorRegistry, live: LiveState) -> None:
    """Measure the live stream."""
    Gauge("callcenter_live_subscribers", "Browsers on the live stream", registry=registry).set_function(
        lambda: live.subscribers
    )
    Gauge(
        "callcenter_live_resyncs", "Times that a browser fell behind and was sent the whole document", registry=registry
    ).set_function(lambda: live.resyncs)


@public
async def metrics(request: web.Request) -> web.Response:
    """Show every measure to Prometheus."""
    return web.Response(
        body=generate_latest(request.app[METRICS]),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )
