"""Pages and API of requests 工单. Thin: they read the request, ask a flow or a listing, and show it."""

from aiohttp import web

from callcenter.tickets.views import listing


def add_routes(app: web.Application) -> None:
    """Add the tickets' API and pages."""
    listing.add_routes(app)
