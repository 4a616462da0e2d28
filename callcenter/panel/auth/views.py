"""API of signing in: password and code, sign-out, one's password, second step and sessions. Thin."""

from aiohttp import web
from pydantic import BaseModel

from callcenter.panel.access import (
    actor_of,
    browser_of,
    clear_cookie,
    current_user,
    identity_of,
    public,
    requires,
    set_browser_cookie,
    set_cookie,
)
from callcenter.panel.accounts import CODE_WITHIN, Accounts, SignedIn
from callcenter.panel.api import ApiView, answers
from callcenter.panel.auth import own_sessions, two_step
from callcenter.panel.auth.bodies import (
    CodeOfPending,
    CodeWanted,
    Credentials,
    CurrentPassword,
    Me,
    NewPassword,
    OneCode,
    RecoveryCodes,
    SessionRow,
    TwoStepEnrolment,
    TwoStepStatus,
)
from callcenter.panel.auth.guesses import Place
from callcenter.panel.i18n import N_
from callcenter.panel.keys import ACCOUNTS, DATABASE, SESSIONS
from callcenter.panel.pages import render
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Identity
from callcenter.storage.clock import now


class _View(ApiView):
    @property
    def accounts(self) -> Accounts:
        return self.request.app[ACCOUNTS]

    def place(self, login: str) -> Place:
        """Return where `login` tries to get in from."""
        name = browser_of(self.request).name_for(login.strip().lower())
        return Place(self.request.remote or "", name, self.request.headers.get("User-Agent", ""))

    def somebody(self) -> Identity:
        """Return who asks. Raises Problem 409 for the command line, which has no account."""
        identity = current_user(self.request)
        if not identity.token_hash:
            raise Problem(409, N_("The command line has no password."))
        return identity

    def before(self) -> str:
        """Return the token hash of the session that this browser has had so far."""
        identity = identity_of(self.request)
        return identity.token_hash if identity else ""

    def welcome(self, signed_in: SignedIn, answer: web.Response) -> web.Response:
        """Hand over the new session; what was known of this person's sessions may be so no more."""
        before = identity_of(self.request)
        self.request.app[SESSIONS].forget(signed_in.identity.login, *([before.login] if before else []))
        set_cookie(answer, self.request, signed_in.token)
        set_browser_cookie(answer, self.request, signed_in.identity.login)
        return answer


class SignIn(_View):
    """/api/v1/sign-in."""

    @public
    @answers(Me)
    async def post(self, credentials: Credentials) -> web.Response:
        """Sign in; the answer sets the session's cookie.

        202 with `pending` and `seconds` asks for the second step: send a code to /api/v1/sign-in/code.
        """
        outcome = await self.accounts.sign_in(
            credentials.user, credentials.password, self.place(credentials.user), now(), replaces=self.before()
        )
        if isinstance(outcome, SignedIn):
            return self.welcome(outcome, _json(Me.of(outcome.identity)))
        wanted = CodeWanted(pending=outcome.token, seconds=int(CODE_WITHIN.total_seconds()))
        return _json(wanted, status=202)


class SignInCode(_View):
    """/api/v1/sign-in/code."""

    @public
    @answers(Me)
    async def post(self, given: CodeOfPending) -> web.Response:
        """Give the code that a sign-in asked for, or a recovery code; the answer sets the session's cookie."""
        at = now()
        login = self.accounts.login_of(given.pending, at)
        outcome = await self.accounts.give_code(
            given.pending, given.code, self.place(login), at, replaces=self.before()
        )
        return self.welcome(outcome, _json(Me.of(outcome.identity)))


class SignOut(_View):
    """/api/v1/sign-out."""

    @requires("account.own", with_one_time_password=True)
    @answers(None, status=204)
    async def post(self) -> web.Response:
        """End this session."""
        identity = current_user(self.request)
        await self.accounts.sign_out(identity, actor_of(self.request), now())
        self.request.app[SESSIONS].forget(identity.login)
        answer = web.Response(status=204)
        clear_cookie(answer, self.request)
        return answer


class WhoAmI(_View):
    """/api/v1/me."""

    @requires("account.own", with_one_time_password=True)
    @answers(Me)
    async def get(self) -> web.Response:
        """Tell who is signed in."""
        return _json(Me.of(current_user(self.request)))


class OwnPassword(_View):
    """/api/v1/password."""

    @requires("account.own", with_one_time_password=True)
    @answers(None, status=204)
    async def post(self, passwords: NewPassword) -> web.Response:
        """Change one's own password; every session of the user ends, and the answer sets a new one's cookie."""
        identity = self.somebody()
        outcome = await self.accounts.change_password(
            identity,
            passwords.current,
            passwords.new,
            place=self.place(identity.login),
            actor=actor_of(self.request),
            now=now(),
        )
        return self.welcome(outcome, web.Response(status=204))


class TwoStep(_View):
    """/api/v1/two-step."""

    @requires("account.own", while_enrolling=True)
    @answers(TwoStepStatus)
    async def get(self) -> web.Response:
        """Tell how it is with one's second step."""
        identity = self.somebody()
        found = await two_step.status(self.request.app[DATABASE], identity.login)
        return _json(
            TwoStepStatus(
                since=found.since,
                recovery_codes_left=found.codes_left,
                required=identity.role in self.accounts.terms.two_step_roles,
                password_needed=not await self.accounts.is_fresh(identity, now()),
            )
        )

    @requires("account.own", while_enrolling=True)
    @answers(TwoStepEnrolment)
    async def post(self, given: CurrentPassword) -> web.Response:
        """Begin to set it up; the answer is what a telephone needs, shown this once."""
        identity = self.somebody()
        made = await self.accounts.begin_two_step(identity, given.password, self.place(identity.login), now())
        return _json(TwoStepEnrolment(secret=made.secret, uri=made.uri, qr_size=made.qr_size, qr_path=made.qr_path))


class TwoStepConfirmation(_View):
    """/api/v1/two-step/confirm."""

    @requires("account.own", while_enrolling=True)
    @answers(RecoveryCodes)
    async def post(self, given: OneCode) -> web.Response:
        """Put it in force with a code; the answer is the recovery codes, shown once. Every other session ends."""
        identity = self.somebody()
        outcome, made = await self.accounts.confirm_two_step(
            identity, given.code, place=self.place(identity.login), actor=actor_of(self.request), now=now()
        )
        return self.welcome(outcome, _json(RecoveryCodes(codes=made)))


class TwoStepEnd(_View):
    """/api/v1/two-step/stop."""

    @requires("account.own")
    @answers(None, status=204)
    async def post(self, given: OneCode) -> web.Response:
        """Do without it from now on; needs a code. Every other session ends."""
        identity = self.somebody()
        outcome = await self.accounts.stop_two_step(
            identity, given.code, place=self.place(identity.login), actor=actor_of(self.request), now=now()
        )
        return self.welcome(outcome, web.Response(status=204))


class NewRecoveryCodes(_View):
    """/api/v1/two-step/recovery-codes."""

    @requires("account.own")
    @answers(RecoveryCodes)
    async def post(self, given: OneCode) -> web.Response:
        """Replace one's recovery codes; needs a code. The answer shows the new ones, this once."""
        identity = self.somebody()
        made = await self.accounts.renew_recovery_codes(
            identity, given.code, place=self.place(identity.login), actor=actor_of(self.request), now=now()
        )
        return _json(RecoveryCodes(codes=made))


class OwnSessions(_View):
    """/api/v1/sessions."""

    @requires("account.own")
    @answers(list[SessionRow])
    async def get(self) -> web.Response:
        """List the browsers in which one is signed in, this one first."""
        rows = await own_sessions.listing(self.request.app[DATABASE], self.somebody(), self.accounts.terms, now())
        return web.json_response([row.model_dump(mode="json") for row in rows])


class EndOthers(_View):
    """/api/v1/sessions/end-others."""

    @requires("account.own")
    @answers(None, status=204)
    async def post(self) -> web.Response:
        """Sign out everywhere but here."""
        return await end_sessions(self, None)


class EndOne(_View):
    """/api/v1/sessions/{name}/end."""

    @requires("account.own")
    @answers(None, status=204)
    async def post(self, name: str, /) -> web.Response:
        """Sign out in one other browser."""
        return await end_sessions(self, name)


async def end_sessions(view: _View, name: str | None) -> web.Response:
    """End one or all other sessions of whoever asks."""
    app, identity = view.request.app, view.somebody()
    await own_sessions.end(app[DATABASE], identity, name, actor=actor_of(view.request), now=now())
    app[SESSIONS].forget(identity.login)
    return web.Response(status=204)


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


@requires("account.own", while_enrolling=True)
async def two_step_page(request: web.Request) -> web.StreamResponse:
    """Set up the second step."""
    return render(request, "two_step.html", page="two_step")


@requires("account.own")
async def account_page(request: web.Request) -> web.StreamResponse:
    """Look after one's own account."""
    return render(request, "account.html", page="account")


def add_routes(app: web.Application, *, with_pages: bool) -> None:
    """Add everything of signing in to `app`; pages only where there is a front end."""
    app.router.add_view("/api/v1/sign-in", SignIn)
    app.router.add_view("/api/v1/sign-in/code", SignInCode)
    app.router.add_view("/api/v1/sign-out", SignOut)
    app.router.add_view("/api/v1/me", WhoAmI)
    app.router.add_view("/api/v1/password", OwnPassword)
    app.router.add_view("/api/v1/two-step", TwoStep)
    app.router.add_view("/api/v1/two-step/confirm", TwoStepConfirmation)
    app.router.add_view("/api/v1/two-step/stop", TwoStepEnd)
    app.router.add_view("/api/v1/two-step/recovery-codes", NewRecoveryCodes)
    app.router.add_view("/api/v1/sessions", OwnSessions)
    app.router.add_view("/api/v1/sessions/end-others", EndOthers)
    app.router.add_view("/api/v1/sessions/{name}/end", EndOne)
    if with_pages:
        app.router.add_get("/sign-in", sign_in_page)
        app.router.add_get("/password", password_page)
        app.router.add_get("/two-step", two_step_page)
        app.router.add_get("/account", account_page)


def _json(row: BaseModel, *, status: int = 200) -> web.Response:
    return web.json_response(row.model_dump(mode="json"), status=status)
