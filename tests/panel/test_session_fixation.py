"""A session's token is new whenever what it opens changes, and the old cookie is dead; one's sessions are listed."""

from http.cookies import Morsel
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, TCPConnector
from argon2 import PasswordHasher
from served import PASSWORD, Panel, refused
from sqlalchemy import select
from yarl import URL

from callcenter.asterisk import certificate
from callcenter.panel import passwords, server
from callcenter.panel.tables import User

NAME = "callcenter_12080"


def token(client: ClientSession) -> str:
    (found,) = [cookie.value for cookie in client.cookie_jar if cookie.key == NAME]
    return found


async def alive(panel: Panel, cookie: str) -> bool:
    async with panel.client().get("/api/v1/me", cookies={NAME: cookie}) as answer:
        return answer.status == 200


async def sign_in(client: ClientSession, login: str = "wang") -> dict[str, Morsel[str]]:
    async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
        assert answer.status == 200
        return dict(answer.cookies)


async def test_a_cookie_planted_before_the_sign_in_is_not_the_one_after_it(panel: Panel) -> None:
    await panel.add("wang")
    client = panel.client()
    client.cookie_jar.update_cookies({NAME: "planted-by-eve"}, URL(panel.url))
    await sign_in(client)
    assert token(client) != "planted-by-eve"
    assert not await alive(panel, "planted-by-eve")


async def test_a_session_of_eves_planted_in_a_browser_ends_when_somebody_signs_in_there(panel: Panel) -> None:
    await panel.add("wang")
    eve = await panel.signed_in("eve")
    victim = panel.client()
    victim.cookie_jar.update_cookies({NAME: token(eve)}, URL(panel.url))
    await sign_in(victim)
    assert not await alive(panel, token(eve))
    assert await alive(panel, token(victim))


async def test_each_sign_in_has_a_token_of_its_own_and_ends_the_one_before_it(panel: Panel) -> None:
    wang = await panel.signed_in("wang")
    before = token(wang)
    await sign_in(wang)
    assert token(wang) != before
    assert not await alive(panel, before)


async def test_a_new_password_gives_a_new_token_here_too(panel: Panel) -> None:
    wang = await panel.signed_in("wang")
    before = token(wang)
    async with wang.post("/api/v1/password", json={"current": PASSWORD, "new": "another good one"}) as answer:
        assert answer.status == 204
    assert token(wang) != before
    assert not await alive(panel, before)
    assert await alive(panel, token(wang))


@pytest.mark.parametrize("change", [{"role": "supervisor"}, {"active": False}, {"reset_password": True}])
async def test_other_rights_need_another_sign_in(panel: Panel, change: dict[str, object]) -> None:
    wang = await panel.signed_in("wang")
    async with panel.cli().patch("/api/v1/users/wang", json=change) as answer:
        assert answer.status == 200
    assert not await alive(panel, token(wang))


async def test_the_cookies_flags(panel: Panel) -> None:
    await panel.add("wang")
    cookies = await sign_in(panel.client())
    assert set(cookies) == {NAME, f"{NAME}_browser"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert not cookie["domain"]
    assert cookies[NAME]["path"] == "/"
    assert cookies[f"{NAME}_browser"]["path"] == "/api/v1/"
    assert "wang" not in cookies[f"{NAME}_browser"].value


async def test_over_https_no_neighbour_of_the_same_domain_can_plant_a_cookie(panel: Panel, tmp_path: Path) -> None:
    await panel.add("wang")
    context = certificate.context_of(certificate.ensure(tmp_path, ["localhost"]))
    async with server.serving(panel.app, "127.0.0.1", 0, secure=(0, context)) as runner:
        url = f"https://localhost:{runner.addresses[1][1]}"
        async with ClientSession(url, connector=TCPConnector(ssl=False), cookie_jar=CookieJar(unsafe=True)) as client:
            cookies = await sign_in(client)
            assert set(cookies) == {"__Host-callcenter_12443", "callcenter_12443_browser"}
            for cookie in cookies.values():
                assert cookie["secure"]
                assert cookie["httponly"]
            assert cookies["__Host-callcenter_12443"]["path"] == "/"
            async with client.get("/api/v1/me") as answer:
                assert answer.status == 200
            plain = {"callcenter_12443": cookies["__Host-callcenter_12443"].value}
        other = ClientSession(url, connector=TCPConnector(ssl=False))
        async with other, other.get("/api/v1/me", cookies=plain) as answer:
            assert answer.status == 401  # such a cookie may be anybody's


async def test_a_browser_that_knows_one_person_is_a_stranger_to_the_next(panel: Panel) -> None:
    wang = await panel.signed_in("wang")
    await panel.add("li")
    for _ in range(12):
        await wang.post("/api/v1/sign-in", json={"user": "li", "password": "wrong"})
    async with wang.post("/api/v1/sign-in", json={"user": "li", "password": PASSWORD}) as answer:
        await refused(answer, 429)
    await sign_in(wang)  # her own login is not held back by that, at the same address


async def test_where_am_i_signed_in_and_an_end_to_the_others(panel: Panel) -> None:
    here = await panel.signed_in("wang")
    there = panel.client(**{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"})
    await sign_in(there)
    third = panel.client()
    await sign_in(third)
    other = await panel.signed_in("li")
    async with here.get("/api/v1/sessions") as answer:
        rows = await answer.json()
    assert [row["here"] for row in rows] == [True, False, False]
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    (firefox,) = [row for row in rows if "Firefox" in row["browser"]]
    assert "token_hash" not in firefox
    async with other.post(f"/api/v1/sessions/{firefox['id']}/end", json={}) as answer:
        await refused(answer, 404)  # somebody else's
    async with here.post(f"/api/v1/sessions/{firefox['id']}/end", json={}) as answer:
        assert answer.status == 204
    assert not await alive(panel, token(there))
    assert await alive(panel, token(third))
    async with here.post("/api/v1/sessions/end-others", json={}) as answer:
        assert answer.status == 204
    assert not await alive(panel, token(third))
    assert await alive(panel, token(here))
    assert await alive(panel, token(other))
    assert [row for row in await panel.trail() if row[1] == "sessions_ended"] == [
        ("wang", "sessions_ended", "wang")
    ] * 2


async def test_a_hash_with_yesterdays_costs_is_made_anew_at_the_next_sign_in(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def kept() -> str:
        async with panel.database.read() as session:
            return await session.scalar(select(User.password_hash)) or ""

    await panel.add("wang")
    before = await kept()
    await sign_in(panel.client())
    assert await kept() == before
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=2048, parallelism=1))
    async with panel.client().post("/api/v1/sign-in", json={"user": "wang", "password": "wrong"}) as answer:
        await refused(answer, 401)
    assert await kept() == before
    await sign_in(panel.client())
    assert "m=2048,t=2,p=1" in await kept()
    await sign_in(panel.client())
