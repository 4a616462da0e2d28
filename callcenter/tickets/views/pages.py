"""The pages of requests 工单 besides their list: one request, a member unit's work, the reference data."""

from aiohttp import web

from callcenter.panel.keys import MANIFEST
from callcenter.panel.pages import add_page


def add_routes(app: web.Application) -> None:
    """Add the pages, where there is a front end."""
    if MANIFEST in app:
        add_page(app, "/tickets/{number}", "ticket.html", right="tickets.see")
        add_page(app, "/unit", "unit.html", right="tickets.see")
        add_page(app, "/reference", "reference.html", right="reference.manage")
