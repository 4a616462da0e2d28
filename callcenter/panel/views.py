"""Pages and API of accounts. Thin: they read the request, call a use case, and show the outcome."""

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.panel import accounts, users
from callcenter.panel.access import actor_of, clear_cookie, current_user, identity_of, public, requires, set_cookie
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import LANGUAGES, N_, script_catalogue
from callcenter.panel.keys import DATABASE, SESSIONS, SETTINGS, THROTTLE
from callcenter.panel.pages import add_page, render
from callcenter.panel.problems import Problem
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Identity
from callcenter.panel.tables import User
from callcenter.storage.clock import now

#: Where each role's work is; the others look at the wallboard.
_HOMES: dict[Role, str] = {"unit": "/unit", "agent": "/desk", "inspector": "/calls", "manager": "/indicators"}
#: Short enough to hash, long enough for a sentence.
Password = Annotated[str, Field(max_length=1000, strict=True)]
Login = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
AgentNumber = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
UnitCode = Annotated[str, Field(min_length=1, max_length=30)]


class Credentials(Body):
    """What signs somebody in."""

    user: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[Password, Field(min_length=1)]


class NewPassword(Body):
    """A change of password."""

    current: Password
    new: Password


class Me(BaseModel):
    """Who is signed in."""

    login: str
    name: str
    role: Role
    agent: str | None
    #: Code of the member unit 成员单位 they work for, or null for the hotline's own people.
    unit: str | None
    language: str | None
    must_change_password: bool

    @classmethod
    def of(cls, identity: Identity) -> "Me":
        """Return what `identity` may know of itself."""
        return cls.model_validate({name: getattr(identity, name) for name in cls.model_fields})


class UserRow(Me):
    """A user, as an administrator sees them."""

    active: bool
    created_at: datetime
    signed_in_at: datetime | None
    #: Shown once, when it was just made.
    one_time_password: str | None = None

    @classmethod
    def of_user(cls, user: User, one_time_password: str | None = None) -> "UserRow":
        """Return `user` without what must stay secret."""
        known = {name: getattr(user, name) for name in cls.model_fields if name != "one_time_password"}
        return cls.model_validate({**known, "one_time_password": one_time_password})


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


class SignIn(ApiView):
    """/api/v1/sign-in."""

    @public
    @answers(Me)
    async def post(self, credentials: Credentials) -> web.Response:
        """Sign in; the answer sets the session's cookie."""
        app = self.request.app
        token, identity = await accounts.sign_in(
            app[DATABASE],
            app[THROTTLE],
            credentials.user,
            credentials.password,
            node=app[SETTINGS].node,
            address=self.request.remote or "",
            now=now(),
        )
        answer = _json(Me.of(identity))
        set_cookie(answer, self.request, token)
        return answer


class SignOut(ApiView):
    """/api/v1/sign-out."""

    @requires("account.own", with_one_time_password=True)
    @answers(None, status=204)
    async def post(self) -> web.Response:
        """End this session."""
        identity = current_user(self.request)
        await accounts.sign_out(self.request.app[DATABASE], identity, actor_of(self.request), now=now())
        self.request.app[SESSIONS].forget(identity.login)
        answer = web.Response(status=204)
        clear_cookie(answer, self.request)
        return answer


class WhoAmI(ApiView):
    """/api/v1/me."""

    @requires("account.own", with_one_time_password=True)
    @answers(Me)
    async def get(self) -> web.Response:
        """Tell who is signed in."""
        return _json(Me.of(current_user(self.request)))


class OwnPassword(ApiView):
    """/api/v1/password."""

    @requires("account.own", with_one_time_password=True)
    @answers(None, status=204)
    async def post(self, passwords: NewPassword) -> web.Response:
        """Change one's own password; every other session of the user ends."""
        app, identity = self.request.app, current_user(self.request)
        if not identity.token_hash:
            raise Problem(409, N_("The command line has no password."))
        await accounts.change_password(
            app[DATABASE],
            app[THROTTLE],
            identity,
            passwords.current,
            passwords.new,
            actor=actor_of(self.request),
            now=now(),
        )
        app[SESSIONS].forget(identity.login)
        return web.Response(status=204)


class Users(ApiView):
    """/api/v1/users."""

    @requires("users.manage")
    @answers(list[UserRow])
    async def get(self) -> web.Response:
        """List every user, by login."""
        rows = await users.listing(self.request.app[DATABASE])
        return web.json_response([UserRow.of_user(user).model_dump(mode="json") for user in rows])

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


@public
async def sign_in_page(request: web.Request) -> web.StreamResponse:
    """Show the way in; whoever is in already goes on."""
    if identity_of(request):
        raise web.HTTPSeeOther("/")
    return render(request, "sign_in.html", page="sign_in")


@requires("account.own", with_one_time_password=True)
async def password_page(request: web.Request) -> web.StreamResponse:
    """Change the password."""
    return render(request, "password.html", page="password")


@requires("account.own")
async def home(request: web.Request) -> web.StreamResponse:
    """Send each to where their work is."""
    raise web.HTTPSeeOther(_HOMES.get(current_user(request).role, "/wallboard"))


@public
async def catalogue(request: web.Request) -> web.Response:
    """Hand a script the words of a language."""
    language = request.match_info["language"]
    if language not in LANGUAGES:
        raise web.HTTPNotFound
    return web.Response(text=script_catalogue(language), content_type="application/json")


def add_routes(app: web.Application, *, with_pages: bool) -> None:
    """Add everything of accounts to `app`; pages only where there is a front end."""
    app.router.add_view("/api/v1/sign-in", SignIn)
    app.router.add_view("/api/v1/sign-out", SignOut)
    app.router.add_view("/api/v1/me", WhoAmI)
    app.router.add_view("/api/v1/password", OwnPassword)
    app.router.add_view("/api/v1/users", Users)
    app.router.add_view("/api/v1/users/{login}", OneUser)
    app.router.add_get("/i18n/{language}.json", catalogue)
    if with_pages:
        app.router.add_get("/", home)
        app.router.add_get("/sign-in", sign_in_page)
        app.router.add_get("/password", password_page)
        add_page(app, "/users", "users.html", right="users.manage")


def _json(row: BaseModel, *, status: int = 200) -> web.Response:
    return web.json_response(row.model_dump(mode="json"), status=status)
