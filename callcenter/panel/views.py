"""Pages and API of users, for those who look after them. Thin: one's own account is in `panel.auth.views`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.panel import users
from callcenter.panel.access import actor_of, current_user, public, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.auth import two_step
from callcenter.panel.auth.bodies import Password
from callcenter.panel.auth.guesses import Locked
from callcenter.panel.i18n import LANGUAGES, N_, script_catalogue
from callcenter.panel.keys import ACCOUNTS, DATABASE, SESSIONS
from callcenter.panel.pages import add_page
from callcenter.panel.problems import Problem
from callcenter.panel.rights import Role
from callcenter.panel.tables import User
from callcenter.storage.clock import now

#: Where each role's work is; the others look at the wallboard.
_HOMES: dict[Role, str] = {"unit": "/unit", "agent": "/desk", "inspector": "/calls", "manager": "/indicators"}
Login = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
AgentNumber = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
UnitCode = Annotated[str, Field(min_length=1, max_length=30)]


class UserRow(BaseModel):
    """A user, as an administrator sees them."""

    login: str
    name: str
    role: Role
    agent: str | None
    #: Code of the member unit 成员单位 they work for, or null for the hotline's own people.
    unit: str | None
    language: str | None
    must_change_password: bool
    active: bool
    created_at: datetime
    signed_in_at: datetime | None
    #: Since when a code is asked for after the password; null where it is not.
    two_step_since: datetime | None
    #: Until when their login is locked somewhere, and the addresses where it is.
    locked_until: datetime | None = None
    locked_at: list[str] = []
    #: Shown once, when it was just made.
    one_time_password: str | None = None

    @classmethod
    def of_user(cls, user: User, one_time_password: str | None = None, locked: Sequence[Locked] = ()) -> "UserRow":
        """Return `user` without what must stay secret."""
        others = {"one_time_password", "locked_until", "locked_at"}
        known = {name: getattr(user, name) for name in cls.model_fields if name not in others}
        return cls.model_validate(
            {
                **known,
                "one_time_password": one_time_password,
                "locked_until": max((one.until for one in locked), default=None),
                "locked_at": sorted({one.address for one in locked if one.address}),
            }
        )


class UserToAdd(Body):
    """Somebody who is to get access."""

    login: Login
    name: Name
    role: Role
    agent: AgentNumber | None = None
    #: For the role `unit`, and for no other.
    unit: UnitCode | None = None
    #: For their first sign-in; made here, and shown once, when it is left out.
    password: Password | None = None


class UserChange(Body):
    """What may be changed about a user; members left out stay as they are."""

    name: Name | None = None
    role: Role | None = None
    agent: AgentNumber | None = None
    unit: UnitCode | None = None
    active: bool | None = None
    language: Literal["zh_CN", "en"] | None = None
    #: Make a new one-time password.
    reset_password: bool = False


class Users(ApiView):
    """/api/v1/users."""

    @requires("users.manage")
    @answers(list[UserRow])
    async def get(self) -> web.Response:
        """List every user, by login."""
        app = self.request.app
        rows = await users.listing(app[DATABASE])
        async with app[DATABASE].read() as session:
            locked = await app[ACCOUNTS].guesses.locked(session, [user.login for user in rows], now())
        return web.json_response(
            [UserRow.of_user(user, None, locked.get(user.login, ())).model_dump(mode="json") for user in rows]
        )

    @requires("users.manage")
    @answers(UserRow, status=201)
    async def post(self, new: UserToAdd) -> web.Response:
        """Add a user; unless a password was sent, the answer carries their one-time password, this once."""
        wanted = users.NewUser(new.login, new.name, new.role, new.agent, new.password, new.unit)
        user, password = await users.add(self.request.app[DATABASE], wanted, actor=actor_of(self.request), now=now())
        return _json(UserRow.of_user(user, password), status=201)


class OneUser(ApiView):
    """/api/v1/users/{login}."""

    @requires("users.manage")
    @answers(UserRow)
    async def patch(self, login: str, /, wanted: UserChange) -> web.Response:
        """Change a user, disable them (`active`), or give them a new one-time password (`reset_password`)."""
        changes = wanted.model_dump(exclude_unset=True, exclude={"reset_password"})
        if nothing := [name for name in ("name", "role", "active") if name in changes and changes[name] is None]:
            raise Problem(400, N_("Some fields are wrong."), fields=dict.fromkeys(nothing, N_("may not be empty")))
        user, password = await users.change(
            self.request.app[DATABASE],
            login,
            changes,
            reset_password=wanted.reset_password,
            actor=actor_of(self.request),
            now=now(),
        )
        self.request.app[SESSIONS].forget(login)
        return _json(UserRow.of_user(user, password))


class Unlock(ApiView):
    """/api/v1/users/{login}/unlock."""

    @requires("users.manage")
    @answers(None, status=204)
    async def post(self, login: str, /) -> web.Response:
        """Forget the failed sign-ins of a user, wherever they were made."""
        app = self.request.app
        await users.unlock(app[DATABASE], app[ACCOUNTS].guesses, login, actor=actor_of(self.request), now=now())
        return web.Response(status=204)


class ResetTwoStep(ApiView):
    """/api/v1/users/{login}/reset-two-step."""

    @requires("users.manage")
    @answers(UserRow)
    async def post(self, login: str, /) -> web.Response:
        """Let a user whose telephone is lost sign in with the password alone; signs them out everywhere."""
        if login == current_user(self.request).login:
            raise Problem(409, N_("Stop your own second step on your account's page, with a code."))
        user = await two_step.reset(self.request.app[DATABASE], login, actor=actor_of(self.request), now=now())
        self.request.app[SESSIONS].forget(login)
        return _json(UserRow.of_user(user))


@requires("account.own")
async def home(request: web.Request) -> web.StreamResponse:
    """Send each to where their work is; a screen on the wall has none."""
    user = current_user(request)
    kiosk = user.login in request.app[ACCOUNTS].terms.kiosks
    raise web.HTTPSeeOther("/wallboard" if kiosk else _HOMES.get(user.role, "/wallboard"))


@public
async def catalogue(request: web.Request) -> web.Response:
    """Hand a script the words of a language."""
    language = request.match_info["language"]
    if language not in LANGUAGES:
        raise web.HTTPNotFound
    return web.Response(text=script_catalogue(language), content_type="application/json")


def add_routes(app: web.Application, *, with_pages: bool) -> None:
    """Add everything of accounts to `app`; pages only where there is a front end."""
    app.router.add_view("/api/v1/users", Users)
    app.router.add_view("/api/v1/users/{login}", OneUser)
    app.router.add_view("/api/v1/users/{login}/unlock", Unlock)
    app.router.add_view("/api/v1/users/{login}/reset-two-step", ResetTwoStep)
    app.router.add_get("/i18n/{language}.json", catalogue)
    if with_pages:
        app.router.add_get("/", home)
        add_page(app, "/users", "users.html", right="users.manage")


def _json(row: BaseModel, *, status: int = 200) -> web.Response:
    return web.json_response(row.model_dump(mode="json"), status=status)
