"""Signing in and out, passwords, users, the audit trail."""

import asyncio

import pytest
from served import PASSWORD, Panel, refused
from sqlalchemy import func, select

from callcenter.panel import passwords, users
from callcenter.panel.tables import Session, User
from callcenter.storage.engine import Database


async def sessions(panel: Panel) -> int:
    async with panel.database.read() as session:
        return await session.scalar(select(func.count()).select_from(Session))


async def test_the_first_administrator_gets_a_password_exactly_once(database: Database) -> None:
    given = await asyncio.gather(*(users.ensure_administrator(database) for _ in range(5)))
    assert len([password for password in given if password]) == 1
    assert await users.ensure_administrator(database) is None


async def test_a_one_time_password_opens_nothing_but_its_own_change(panel: Panel) -> None:
    password = await users.ensure_administrator(panel.database)
    assert password
    admin = await panel.sign_in("admin", password)
    async with admin.get("/api/v1/me") as answer:
        assert (await answer.json())["must_change_password"] is True
    async with admin.get("/api/v1/users") as answer:
        await refused(answer, 403)
    async with admin.get("/users", headers={"Accept": "text/html"}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/password")
    async with admin.get("/password", headers={"Accept": "text/html"}) as answer:
        assert answer.status == 200
    async with admin.post("/api/v1/password", json={"current": password, "new": PASSWORD}) as answer:
        assert answer.status == 204
    async with admin.get("/api/v1/users") as answer:
        assert [row["login"] for row in await answer.json()] == ["admin"]
    async with panel.client().post("/api/v1/sign-in", json={"user": "admin", "password": password}) as answer:
        await refused(answer, 401)


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(panel: Panel) -> None:
    await panel.add("wang")
    async with panel.client().post("/api/v1/sign-in", json={"user": " WANG ", "password": PASSWORD}) as answer:
        cookie = answer.cookies["callcenter_12080"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        told = await answer.json()
        assert told.pop("shift_ends_at") < told.pop("session_ends_at")
        assert told == {
            "login": "wang",
            "name": "Wang",
            "role": "agent",
            "agent": None,
            "unit": None,
            "language": None,
            "must_change_password": False,
            "must_enrol": False,
        }
    async with panel.database.read() as session:
        kept = (await session.scalars(select(Session.token_hash))).all()
    assert cookie.value not in kept  # a stolen database signs nobody in


@pytest.mark.parametrize("login", ["wang", "nobody", "x", "'; drop table panel_user; --"])
async def test_a_wrong_password_and_an_unknown_login_sound_the_same(panel: Panel, login: str) -> None:
    await panel.add("wang")
    async with panel.client().post("/api/v1/sign-in", json={"user": login, "password": "wrong"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (401, "User name or password is wrong.")


async def test_what_was_typed_as_an_unknown_login_is_written_down_nowhere(panel: Panel) -> None:
    await panel.add("wang")
    for login in ("wang", "my-secret-password"):
        await panel.client().post("/api/v1/sign-in", json={"user": login, "password": "wrong"})
    assert (await panel.trail())[1:] == [("", "sign_in_refused", "wang"), ("", "sign_in_refused", "")]


async def test_guessing_is_slowed_down_even_in_parallel(panel: Panel) -> None:
    await panel.add("wang")
    client = panel.client()

    async def guess() -> int:
        async with client.post("/api/v1/sign-in", json={"user": "wang", "password": "wrong"}) as answer:
            return answer.status

    statuses = [*await asyncio.gather(*(guess() for _ in range(7)))]
    statuses += await asyncio.gather(*(guess() for _ in range(7)))
    assert sorted(statuses) == [401] * 10 + [429] * 4
    async with client.post("/api/v1/sign-in", json={"user": "wang", "password": PASSWORD}) as answer:
        await refused(answer, 429)
        assert 0 < int(answer.headers["Retry-After"]) <= 300


async def test_signing_out_ends_the_session_at_once(panel: Panel) -> None:
    wang = await panel.signed_in("wang")
    cookies = {cookie.key: cookie.value for cookie in wang.cookie_jar}
    async with wang.post("/api/v1/sign-out", json={}) as answer:
        assert answer.status == 204
    async with panel.client().get("/api/v1/me", cookies=cookies) as answer:
        await refused(answer, 401)
    assert [action for _, action, _ in await panel.trail()] == ["user_added", "signed_in", "signed_out"]


async def test_a_new_password_ends_every_other_session(panel: Panel) -> None:
    here = await panel.signed_in("wang")
    there = await panel.sign_in("wang")
    async with here.post("/api/v1/password", json={"current": PASSWORD, "new": "another good one"}) as answer:
        assert answer.status == 204
    async with here.get("/api/v1/me") as answer:
        assert answer.status == 200
    async with there.get("/api/v1/me") as answer:
        await refused(answer, 401)
    assert await sessions(panel) == 1


@pytest.mark.parametrize(
    ("current", "new", "status", "field"),
    [
        ("wrong", "another good one", 403, "current"),
        (PASSWORD, "short", 422, "new"),
        (PASSWORD, "wangwang12", 422, "new"),
        (PASSWORD, "1234567890", 422, "new"),
        (PASSWORD, "abababababab", 422, "new"),
        (PASSWORD, PASSWORD, 422, "new"),
        (PASSWORD, "x" * 2000, 400, "new"),
    ],
)
async def test_a_password_that_is_no_good_is_refused_and_named(
    panel: Panel, current: str, new: str, status: int, field: str
) -> None:
    wang = await panel.signed_in("wang")
    async with wang.post("/api/v1/password", json={"current": current, "new": new}) as answer:
        assert (await refused(answer, status)).keys() == {field}


def test_one_time_passwords_pass_their_own_rule() -> None:
    assert not [
        password for password in (passwords.one_time() for _ in range(200)) if passwords.fault(password, "admin")
    ]


async def test_an_administrator_adds_and_disables_users(panel: Panel) -> None:
    admin = await panel.signed_in("boss", "administrator")
    wanted = {"login": "li", "name": "李娜", "role": "agent", "agent": "1001"}
    async with admin.post("/api/v1/users", json=wanted) as answer:
        made = await answer.json()
        assert answer.status == 201
    assert {name: made[name] for name in wanted} == wanted
    async with admin.post("/api/v1/users", json=wanted) as answer:
        assert (await refused(answer, 409)).keys() == {"login", "agent"}

    li = await panel.sign_in("li", made["one_time_password"])
    async with admin.patch("/api/v1/users/li", json={"active": False}) as answer:
        assert (await answer.json())["active"] is False
    async with li.get("/api/v1/me") as answer:
        await refused(answer, 401)
    async with panel.client().post(
        "/api/v1/sign-in", json={"user": "li", "password": made["one_time_password"]}
    ) as answer:
        await refused(answer, 401)
    async with admin.get("/api/v1/users") as answer:
        assert [(row["login"], row["active"], row["one_time_password"]) for row in await answer.json()] == [
            ("boss", True, None),
            ("li", False, None),
        ]
    async with admin.patch("/api/v1/users/nobody", json={"active": False}) as answer:
        await refused(answer, 404)


async def test_a_given_first_password_must_be_good_and_is_changed_at_first_sign_in(panel: Panel) -> None:
    cli = panel.cli()
    wanted = {"login": "li", "name": "Li", "role": "supervisor"}
    async with cli.post("/api/v1/users", json={**wanted, "password": "short"}) as answer:
        assert (await refused(answer, 422)).keys() == {"password"}
    async with cli.post("/api/v1/users", json={**wanted, "password": PASSWORD}) as answer:
        assert (await answer.json())["one_time_password"] is None
    li = await panel.sign_in("li")
    async with li.get("/api/v1/me") as answer:
        assert (await answer.json())["must_change_password"] is True


async def test_a_reset_password_signs_the_user_out_everywhere(panel: Panel) -> None:
    wang = await panel.signed_in("wang")
    async with panel.cli().patch("/api/v1/users/wang", json={"reset_password": True}) as answer:
        password = (await answer.json())["one_time_password"]
    async with wang.get("/api/v1/me") as answer:
        await refused(answer, 401)
    await panel.sign_in("wang", password)


async def test_there_is_always_an_administrator_left(panel: Panel) -> None:
    admin = await panel.signed_in("boss", "administrator")
    for change in ({"active": False}, {"role": "agent"}):
        async with admin.patch("/api/v1/users/boss", json=change) as answer:
            await refused(answer, 409)
        async with panel.cli().patch("/api/v1/users/boss", json=change) as answer:
            await refused(answer, 409)
    await panel.add("second", "administrator")
    async with panel.cli().patch("/api/v1/users/boss", json={"role": "agent"}) as answer:
        assert answer.status == 200
    async with admin.get("/api/v1/users") as answer:  # demoted: signed out, and no administrator after
        await refused(answer, 401)
    async with panel.database.read() as session:
        left = await session.scalars(select(User.login).where(User.role == "administrator"))
        assert list(left) == ["second"]
