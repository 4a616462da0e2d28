"""The whole panel as the composition root wires it, somebody of each role, and rows with one telltale number."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, web

from callcenter.app import compose
from callcenter.hotline.tables import Call, Callback, CallbackAttempt, CallbackCall
from callcenter.panel import server
from callcenter.panel.access import Guard, guard_of, is_long_lived, is_upload
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.rights import ROLES, Right, Role
from callcenter.panel.sessions import open_session
from callcenter.panel.tables import User
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.finding.search_index import rebuild
from callcenter.tickets.tables import FollowUp, FollowUpAttempt, MemberUnit, Ticket, TicketEntry, TicketUnit

#: On every row; if it is in an answer, a number got out.
NUMBER = "13912345678"
MASKED = "139****5678"
TICKET = "2611230001"
#: What a citizen may say, and what a SIP header may hold.
SCRIPT = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    handler: Any
    guard: Guard

    @property
    def right(self) -> Right | None:
        """The right that it needs, or None where everybody may."""
        return self.guard.right

    @property
    def api(self) -> bool:
        """Whether it answers programs."""
        return self.path.startswith("/api/")

    @property
    def stays_open(self) -> bool:
        """Whether its answer has no end."""
        return is_long_lived(self.handler)

    @property
    def takes_file(self) -> bool:
        """Whether its body is a file."""
        return is_upload(self.handler, self.method)

    def where(self) -> str:
        """An address of it, with something in place of each part."""
        parts = {"number": TICKET, "login": "li", "code": "roads", "move": "comment", "draft": "d" * 16}
        if "/indicators/" in self.path:
            parts["number"] = "1"
        elif "callers/" in self.path:
            parts["number"] = NUMBER
        path = self.path
        for name in {part.split("}")[0] for part in path.split("{")[1:]}:
            path = path.replace(f"{{{name}}}", parts.get(name, "1"))
        return path


def routes(app: web.Application) -> Iterator[Route]:
    """Every method of every path but the built files."""
    for route in app.router.routes():
        if isinstance(route.resource, web.StaticResource) or route.method == "HEAD" or route.resource is None:
            continue
        handler: Any = route.handler
        for method in sorted(handler.allowed_methods) if isinstance(handler, type) else [route.method]:
            guard = guard_of(handler, method)
            assert guard, route
            yield Route(method, route.resource.canonical, handler, guard)


@dataclass
class Scene:
    """The served panel and its people."""

    url: str
    app: web.Application
    database: Database
    #: Cookie of each role.
    tokens: dict[Role, str] = field(default_factory=dict)
    clients: list[ClientSession] = field(default_factory=list)

    def client(self, role: Role | None, **headers: str) -> ClientSession:
        """A browser of somebody with `role`, or of nobody."""
        name = f"callcenter_{self.app[SETTINGS].panel_port}"
        cookies = {} if role is None else {name: self.tokens[role]}
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True), cookies=cookies, headers=headers)
        self.clients.append(client)
        return client

    def routes(self) -> list[Route]:
        """Every route there is."""
        return list(routes(self.app))


@asynccontextmanager
async def whole(folder: Path, url: str) -> AsyncIterator[Scene]:
    """Serve the whole panel on the database at `url`; nothing else of the hotline runs."""
    app = compose(Settings(data=folder / "var", database_url=url)).panel
    database = app[DATABASE]
    async with server.serving(app, "127.0.0.1", 0) as runner:
        scene = Scene(f"http://127.0.0.1:{runner.addresses[0][1]}", app, database)
        await _fill(scene)
        await rebuild(database)
        try:
            yield scene
        finally:
            for client in scene.clients:
                await client.close()
    await database.close()


async def _fill(scene: Scene) -> None:
    now = clock.now()
    node = {"node": "node1"}
    async with scene.database.begin() as session:
        unit = MemberUnit(code="roads", name="城管执法局")
        session.add(unit)
        await session.flush()
        for role in ROLES:
            user = User(
                **node,
                login=f"a-{role}",
                name=role,
                role=role,
                agent="1001" if role == "agent" else None,
                unit="roads" if role == "unit" else None,
                active=True,
                password_hash="x",
                must_change_password=False,
                created_at=now,
            )
            session.add(user)
            await session.flush()
            scene.tokens[role] = open_session(session, user, "node1", now)
        call = Call(
            **node,
            linkedid="1.1",
            caller=NUMBER,
            direction="inbound",
            started_at=now - timedelta(minutes=9),
            queued_at=now - timedelta(minutes=9),
            ended_at=now - timedelta(minutes=8),
            outcome="abandoned_queue",
            cut=False,
            ticket=TICKET,
        )
        hostile = Call(
            **node,
            linkedid="1.2",
            caller=SCRIPT[:32],
            direction="inbound",
            started_at=now - timedelta(minutes=5),
            queued_at=now - timedelta(minutes=5),
            answered_at=now - timedelta(minutes=4),
            agent="1002",
            seat="8002",
            ended_at=now - timedelta(minutes=3),
            outcome="answered",
            cut=False,
            rating=5,
        )
        session.add_all((call, hostile))
        await session.flush()
        callback = Callback(
            **node,
            caller=NUMBER,
            number=NUMBER,
            state="retry",
            reason="abandoned_queue",
            called_at=now - timedelta(minutes=9),
            opened_at=now - timedelta(minutes=8),
            due_at=now + timedelta(hours=1),
            next_at=now,
            priority=0,
            ticket=TICKET,
        )
        session.add(callback)
        await session.flush()
        session.add(CallbackCall(callback_id=callback.id, call_id=call.id))
        session.add(
            CallbackAttempt(
                **node,
                callback_id=callback.id,
                at=now - timedelta(minutes=2),
                agent="1002",
                number=NUMBER,
                result="no_answer",
                ended_at=now - timedelta(minutes=1),
            )
        )
        ticket = Ticket(
            **node,
            number=TICKET,
            kind="complaint",
            state="handling",
            caller=NUMBER,
            contact_phone=NUMBER,
            contact_name=SCRIPT[:60],
            title=SCRIPT,
            description=SCRIPT,
            source="phone",
            urgency="normal",
            confidential=False,
            anonymous=False,
            opened_at=now - timedelta(hours=2),
            accepted_by="somebody",
            agent="1002",
            unit_id=unit.id,
            first_unit_id=unit.id,
            dispatched_at=now - timedelta(hours=1),
            first_dispatched_at=now - timedelta(hours=1),
            version=3,
        )
        session.add(ticket)
        await session.flush()
        session.add(TicketUnit(ticket_id=ticket.id, unit_id=unit.id, part="lead", since=now - timedelta(hours=1)))
        session.add(
            TicketEntry(
                **node,
                ticket_id=ticket.id,
                at=now - timedelta(hours=2),
                who="somebody",
                role="agent",
                move="amend",
                from_state="accepted",
                to_state="accepted",
                version=1,
                words=SCRIPT,
                changes={"contact_phone": [None, NUMBER]},
                request_id="r1",
            )
        )
        visit = FollowUp(
            **node,
            ticket_id=ticket.id,
            state="retry",
            number=NUMBER,
            opened_at=now - timedelta(hours=1),
            next_at=now,
            needs_supervisor=False,
        )
        session.add(visit)
        await session.flush()
        session.add(
            FollowUpAttempt(
                **node,
                follow_up_id=visit.id,
                at=now - timedelta(minutes=2),
                agent="1002",
                number=NUMBER,
                result="no_answer",
                ended_at=now,
            )
        )
