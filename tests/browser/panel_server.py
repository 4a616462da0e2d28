"""A small real web server with the panel's templates and built files, whose floor the test moves by hand."""

import asyncio
import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiohttp_jinja2
import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.panel import i18n
from callcenter.panel.rights import may, rights_of

WEB = Path(__file__).parents[2] / "web"
#: As strict as the real panel's: whatever needs more shows as an error on the console.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
LISTS = (
    "calls",
    "callbacks",
    "tickets",
    "users",
    "policy_log",
    "blocked_callers",
    "bans",
    "test_dials",
    "follow_ups",
    "rate",
    "dispatch_help",
)
PAGES = ("wallboard", "floor", "timeline", "agent_day", "desk", *LISTS, "sign_in", "password", "error")
#: States in which a callback is owed.
OPEN = ("waiting", "dialling", "retry")
Json = dict[str, Any]


def ago(seconds: float) -> str:
    """ISO time `seconds` before now."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def rate(numerator: int, denominator: int) -> Json:
    """An indicator with the target of 95 %."""
    value = numerator / denominator if denominator else None
    met = None if value is None else value >= 0.95
    return {"numerator": numerator, "denominator": denominator, "value": value, "target": 0.95, "met": met}


def waiting(*ages: float) -> list[Json]:
    """Callers in the queue, each waiting for so many seconds."""
    return [
        {"id": f"call-{at + 1}", "caller": f"138****{1234 + 1111 * at}", "position": at + 1, "since": ago(age)}
        for at, age in enumerate(ages)
    ]


def seat(number: int, state: str = "signed_out", name: str | None = None, **more: object) -> Json:
    """One seat; agents are numbered as the seats are."""
    agent = None if state == "signed_out" else str(number - 7000)
    empty = {"reason": None, "since": ago(95), "caller": None, "phone": True, "until": None}
    return {"seat": str(number), "agent": agent, "name": name, "state": state, **empty, **more}


def floor(waits: tuple[float, ...] = (), seats: list[Json] | None = None, **more: object) -> Json:
    """Build the live document of a hotline that has just started, with `more` sections in place of the usual ones."""
    return {
        "asterisk": "up",
        "database": "up",
        "queue": {"limit": 5, "max": 4, "waiting": waiting(*waits), "in_greeting": 0, "max_waiting_seen": len(waits)},
        "seats": {one["seat"]: one for one in (seats or [seat(8001 + step) for step in range(10)])},
        "figures": {
            "day": "2026-11-23",
            "calls": 0,
            "answer_rate": rate(0, 0),
            "answer_rate_30s": rate(0, 0),
            "missed": 0,
            "called_back": 0,
        },
        "announcement": {"on": False},
        "now": ago(0),
        **more,
    }


def callback(number: int, state: str = "waiting", /, **more: object) -> Json:
    """One row of the callbacks' listing, opened 12 minutes ago and due in three."""
    caller = f"138000{number:05d}"
    times = {"called_at": ago(720), "opened_at": ago(700), "due_at": ago(-180), "next_at": ago(10)}
    nothing = dict.fromkeys(("held", "assigned", "escalated_at", "note", "settled_by", "settled_at", "settled_call"))
    row = {"id": number, "caller": caller, "number": caller, "state": state, "reason": "abandoned_queue", "priority": 0}
    return {**row, **times, **nothing, "attempts": [], "calls": [number], "ticket": f"20261124{number:05d}", **more}


def attempt(result: str, agent: str = "1001", seconds_ago: float = 300, **more: object) -> Json:
    """One try to reach a citizen, which rang for 20 seconds."""
    ended = None if result == "dialling" else ago(seconds_ago - 20)
    row = {"at": ago(seconds_ago), "agent": agent, "number": "13800000001", "result": result}
    return {**row, "ended_at": ended, "note": None, "call": None, **more}


def owed(**more: object) -> Json:
    """The live section about callbacks: nothing owed, dialled automatically."""
    nothing = dict.fromkeys(("open", "dialling", "overdue", "escalated", "held"), 0)
    return {**nothing, "next_due": None, "mode": "automatic", "line": True, **more}


def policy(level: str = "calm", **more: object) -> Json:
    """The live section about the queue rule's measures."""
    row = {"level": level, "since": ago(30), "predicted_wait": 0, "within_minutes": 15}
    return {**row, "called_back": [], "reserves": [], **more}


class Panel:
    """The server; `set` and `patch` move the floor, `cut` takes the stream away, `mute` leaves it open and silent."""

    def __init__(self) -> None:
        self.floor = floor()
        self.user: Json | None = {"login": "li", "name": "李敏", "role": "administrator", "agent": "1001"}
        self.lists: dict[str, list[Json]] = {}
        self.orders: list[tuple[str, Any]] = []
        self.questions: list[str] = []
        #: Path -> (status, answer) for what the server shall refuse.
        self.refusals: dict[str, tuple[int, Json]] = {}
        #: "METHOD path" -> (status, answer) to an order.
        self.answers: dict[str, tuple[int, Json]] = {}
        #: "METHOD path" -> the lists that the order changes, and no earlier: pages ask for their lists all the time.
        self.changes: dict[str, dict[str, list[Json]]] = {}
        self.pings = 0
        self.signed_in = True
        self.url = ""
        self._open = True
        self._muted = False
        self._streams: set[web.StreamResponse] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        app = web.Application(middlewares=[self._secured])
        manifest = json.loads((WEB / "dist" / "manifest.json").read_text())
        env = aiohttp_jinja2.setup(
            app,
            loader=jinja2.FileSystemLoader(WEB / "templates"),
            undefined=jinja2.StrictUndefined,
            extensions=["jinja2.ext.i18n"],
        )
        i18n.load(WEB / "locale")
        env.install_gettext_callables(i18n.translate, i18n.translate_plural, newstyle=True)  # type: ignore[attr-defined]
        env.globals["asset"] = lambda name: f"/static/{manifest[name]}"
        app.router.add_static("/static/", WEB / "dist")
        app.router.add_get("/", self._root)
        app.router.add_get("/api/v1/live", self._live)
        app.router.add_get("/api/v1/{list}", self._list)
        app.router.add_route("*", "/api/v1/{order:.*}", self._order)
        app.router.add_get("/{page}", self._page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every stream and stop."""
        await self.cut()
        if self._runner:
            await self._runner.cleanup()

    async def set(self, document: Json) -> None:
        """Replace the floor by a fresh snapshot."""
        self.floor = document
        await self._send("snapshot", document)

    async def patch(self, change: Json) -> None:
        """Change the floor by a merge patch."""
        self.floor = _merge(self.floor, change)
        await self._send("patch", change)

    async def tell(self, event: str, news: Json) -> None:
        """Send an event that is no part of the floor."""
        await self._send(event, news)

    async def cut(self) -> None:
        """Break every stream, and refuse new ones until `mend`."""
        self._open = False
        for stream in list(self._streams):
            if stream._req and stream._req.transport:
                stream._req.transport.abort()
        self._streams.clear()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds, at most five seconds."""
        async with asyncio.timeout(5):
            while not condition():  # any condition, not one that could signal
                await asyncio.sleep(0.01)

    async def ordered(self, order: str, body: object) -> None:
        """Wait for the next order, which must be this one."""
        await self.until(lambda: bool(self.orders))
        assert self.orders.pop(0) == (order, body)

    def mute(self) -> None:
        """Keep every stream open, and say nothing more: a dead line that TCP has not noticed."""
        self._muted = True

    def mend(self) -> None:
        """Take streams again."""
        self._open, self._muted = True, False

    async def _send(self, event: str, document: Json) -> None:
        if self._muted:
            return
        line = f"event: {event}\ndata: {json.dumps(document)}\n\n".encode()
        for stream in list(self._streams):
            await stream.write(line)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if not self.signed_in:
            raise web.HTTPUnauthorized
        if not self._open:
            raise web.HTTPServiceUnavailable
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        while self._muted:  # an Event for each stream would be no clearer
            await asyncio.sleep(0.05)
        self.floor["now"] = ago(0)
        await stream.write(f"retry: 1000\n\nevent: snapshot\ndata: {json.dumps(self.floor)}\n\n".encode())
        self._streams.add(stream)
        try:
            while True:
                await asyncio.sleep(0.2)
                if not self._muted:
                    await stream.write(b": ping\n\n")
                    self.pings += 1
        except ConnectionError:
            return stream
        finally:
            self._streams.discard(stream)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.questions.append(request.path_qs)
        if refusal := self.refusals.get(request.path):
            return web.json_response(refusal[1], status=refusal[0])
        rows = self.lists.get(request.match_info["list"], [])
        for name in ("state", "outcome", "caller"):
            if wanted := request.query.get(name):
                states = OPEN if (name, wanted) == ("state", "open") else (wanted,)
                rows = [row for row in rows if row.get(name) in states]
        return web.json_response(rows)

    async def _order(self, request: web.Request) -> web.StreamResponse:
        order = f"{request.method} {request.path}"
        if request.method == "GET":  # asks, and orders nothing
            self.questions.append(request.path_qs)
            status, answer = self.answers.get(order) or self.refusals.get(request.path, (200, {}))
            return web.json_response(answer, status=status)
        self.orders.append((order, await request.json() if request.can_read_body else None))
        self.lists.update(self.changes.get(order, {}))
        status, answer = self.answers.get(order) or self.refusals.get(request.path, (200, {}))
        return web.json_response(answer, status=status)

    async def _root(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/desk")

    async def _page(self, request: web.Request) -> web.StreamResponse:
        page = request.match_info["page"].replace("-", "_")
        if page not in PAGES:
            raise web.HTTPNotFound
        lang = i18n.choose(request.query.get("lang"))
        i18n.use(lang)
        anyone = page in {"sign_in", "error"}
        context = {
            "user": None if anyone or not self.user else {**self.user, "has": partial(may, self.user["role"])},
            "ends": None,
            "rights": "" if anyone or not self.user else " ".join(sorted(rights_of(self.user["role"]))),
            "lang": lang,
            "time_zone": "Asia/Shanghai",
            "page": page,
            "i18n_json": i18n.script_catalogue(lang),
            "status": 404,
            "message": i18n.translate("Nothing is here."),
        }
        return aiohttp_jinja2.render_template(f"{page}.html", request, context)

    @staticmethod
    @web.middleware
    async def _secured(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request)
        if not answer.prepared:
            answer.headers["Content-Security-Policy"] = POLICY
        return answer


def _merge(target: Json, change: Json) -> Json:
    merged = copy.copy(target)
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = _merge(merged.get(name) or {}, value)
        else:
            merged[name] = value
    return merged
