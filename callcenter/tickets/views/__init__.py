"""Pages and API of requests 工单. Thin: they read the request, ask a flow or a listing, and show it."""

from aiohttp import web

from callcenter.tickets.views import (
    attachments,
    callers,
    citizens,
    drafts,
    follow_ups,
    knowledge,
    listing,
    notices,
    numbers,
    pages,
    rating,
    reference,
    requests,
    search,
    suggestions,
)


def add_routes(app: web.Application) -> None:
    """Add the tickets' API and pages."""
    listing.add_routes(app)
    callers.add_routes(app)
    drafts.add_routes(app)
    requests.add_routes(app)
    search.add_routes(app)
    knowledge.add_routes(app)
    follow_ups.add_routes(app)
    rating.add_routes(app)
    notices.add_routes(app)
    numbers.add_routes(app)
    reference.add_routes(app)
    attachments.add_routes(app)
    citizens.add_routes(app)
    suggestions.add_routes(app)
    pages.add_routes(app)
