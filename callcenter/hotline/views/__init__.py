"""Pages and API of the hotline. Thin: they read the request, ask a use case or a listing, and show the outcome."""

from aiohttp import web

from callcenter.hotline.views import (
    audit_trail,
    bans,
    callbacks,
    desk_messages,
    floor,
    free_dial,
    history,
    phones,
    supervising,
    supervision,
    talks,
)
from callcenter.panel.keys import MANIFEST
from callcenter.panel.pages import add_page
from callcenter.panel.rights import Right


def add_routes(app: web.Application) -> None:
    """Add the hotline's API and pages."""
    for path, view in (
        ("seats", floor.Seats),
        ("agents", floor.Agents),
        ("agents/{agent}/sign-in", floor.SignIn),
        ("agents/{agent}/sign-out", floor.SignOut),
        ("agents/{agent}/break", floor.Break),
        ("agents/{agent}/ready", floor.Ready),
        ("queue", floor.Queue),
        ("announcement", floor.Announcement),
        ("calls", history.Calls),
        *callbacks.ROUTES,
        *supervising.ROUTES,
        *desk_messages.ROUTES,
        ("phone", phones.Phone),
        *talks.ROUTES,
        *free_dial.ROUTES,
        ("policy-log", supervision.PolicyLog),
        ("blocked-callers", supervision.BlockedCallersList),
        ("blocked-callers/{number}", supervision.OneBlockedCaller),
        ("test-dials", supervision.TestDialsList),
        *bans.ROUTES,
        *audit_trail.ROUTES,
    ):
        app.router.add_view(f"/api/v1/{path}", view)
    audit_trail.set_up(app)
    app.router.add_get("/phone", phones.line, name="phone-line")
    if MANIFEST not in app:
        return  # no front end was built: the API alone
    pages: dict[str, Right] = {
        "wallboard": "floor.see",
        "floor": "floor.supervise",
        "desk": "calls.take",
        "calls": "calls.see",
        "callbacks": "callbacks.see",
        "policy_log": "policy.see",
        "blocked_callers": "callers.block",
        "test_dials": "test_dials.make",
        "bans": "bans.manage",
        "audit": "audit.see",
    }
    for page, right in pages.items():
        add_page(app, f"/{page.replace('_', '-')}", f"{page}.html", right=right)
