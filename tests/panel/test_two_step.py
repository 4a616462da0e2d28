"""The second step: set up, asked for, used once, lost and reset; no use to whoever steals the database."""

import asyncio
import json
import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import segno
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry
from served import PASSWORD, Panel, refused, serving
from sqlalchemy import select, text, update

from callcenter.panel import server
from callcenter.panel.auth import codes
from callcenter.panel.auth.tables import RecoveryCode, SecondStep
from callcenter.panel.auth.vault import Vault, VaultError
from callcenter.panel.tables import Session
from callcenter.settings import Settings
from callcenter.storage.clock import now

NOW = datetime(2026, 11, 23, 8, 0, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HTML = {"Accept": "text/html"}


async def post(client: ClientSession, path: str, body: dict[str, Any], status: int = 200) -> Any:  # noqa: ANN401  # JSON
    async with client.post(f"/api/v1/{path}", json=body) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json() if status != 204 else None


async def enrolled(panel: Panel, login: str = "wang", role: str = "agent") -> tuple[ClientSession, str, list[str]]:
    """A browser of a new user with a second step, the secret, and the recovery codes."""
    client = await panel.signed_in(login, role)  # type: ignore[arg-type]
    made = await post(client, "two-step", {})
    shown = await post(client, "two-step/confirm", {"code": code_of(made["secret"])})
    await let_codes_be_new(panel)
    return client, made["secret"], shown["codes"]


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(now(), counter_offset=steps)


async def let_codes_be_new(panel: Panel) -> None:
    """As if the code that set it up had been used a while ago."""
    async with panel.database.begin() as session:
        await session.execute(update(SecondStep).values(last_step=0))


async def pending(client: ClientSession, login: str = "wang") -> str:
    answer = await post(client, "sign-in", {"user": login, "password": PASSWORD}, 202)
    assert answer["seconds"] == 300
    return str(answer["pending"])


async def cookies(client: ClientSession) -> list[str]:
    return [cookie.key for cookie in client.cookie_jar]


class TestCodes:
    def test_a_code_of_the_step_before_or_after_is_good_and_no_other(self) -> None:
        generator = pyotp.TOTP(SECRET)
        good = {
            steps: codes.step_of(SECRET, generator.at(NOW, counter_offset=steps), NOW, after=0) is not None
            for steps in range(-3, 4)
        }
        assert good == {-3: False, -2: False, -1: True, 0: True, 1: True, 2: False, 3: False}

    def test_a_code_is_good_once_and_no_earlier_one_after_it(self) -> None:
        generator = pyotp.TOTP(SECRET)
        used = codes.step_of(SECRET, generator.at(NOW), NOW, after=0)
        assert used
        assert codes.step_of(SECRET, generator.at(NOW), NOW, after=used) is None
        assert codes.step_of(SECRET, generator.at(NOW, counter_offset=-1), NOW, after=used) is None
        assert codes.step_of(SECRET, generator.at(NOW, counter_offset=1), NOW, after=used) == used + 1

    @pytest.mark.parametrize("code", ["", "12345", "１２３４５６", "abcdef", "0" * 100, "\ud800"])
    def test_what_is_no_code_is_refused(self, code: str) -> None:
        assert codes.step_of(SECRET, codes.plain(code), NOW, after=0) is None

    def test_people_type_spaces_dashes_and_capitals(self) -> None:
        assert codes.plain(" 123 456 ") == "123456"
        assert codes.plain("ABCD-efgh-2345") == "abcdefgh2345"

    def test_the_qr_code_is_a_path_of_figures_and_nothing_else(self) -> None:
        size, path = codes.qr(codes.uri(SECRET, "wang"))
        assert 25 <= size <= 60
        assert set(path) <= set("Mhvz -0123456789")
        dark = {
            (int(x) + step, int(y))
            for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path)
            for step in range(int(width))
        }
        matrix = segno.make(codes.uri(SECRET, "wang"), error="m", micro=False).matrix
        assert dark == {(x, y) for y, row in enumerate(matrix) for x, module in enumerate(row) if module}


class TestVault:
    def test_the_key_is_for_us_alone_and_stays_the_same(self, tmp_path: Path) -> None:
        kept = Vault(tmp_path / "secrets").encrypt("x")
        assert stat.S_IMODE((tmp_path / "secrets" / "sign_in.key").stat().st_mode) == 0o600
        assert Vault(tmp_path / "secrets").decrypt(kept) == "x"
        assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["sign_in.key"]

    def test_a_new_key_on_top_still_opens_what_the_old_one_kept(self, tmp_path: Path) -> None:
        old, other = Vault(tmp_path / "old"), Vault(tmp_path / "new")
        kept, mark = old.encrypt("x"), old.mark("login", "wang")
        path = tmp_path / "old" / "sign_in.key"
        path.write_text((tmp_path / "new" / "sign_in.key").read_text() + path.read_text())
        assert Vault(tmp_path / "old").decrypt(kept) == "x"
        assert Vault(tmp_path / "old").mark("login", "wang") == mark
        with pytest.raises(VaultError, match=r"sign_in\.key"):
            other.decrypt(kept)

    @pytest.mark.parametrize(("content", "says"), [("", "is empty"), ("no key\n", "restore it from a backup")])
    def test_a_damaged_key_is_named_with_the_mend(self, tmp_path: Path, content: str, says: str) -> None:
        (tmp_path / "sign_in.key").write_text(content)
        with pytest.raises(VaultError, match=says):
            Vault(tmp_path)

    @pytest.mark.parametrize("token", ["", "x", "中文", "\0", "a" * 5000])
    def test_a_token_that_is_not_ours_carries_nothing(self, tmp_path: Path, token: str) -> None:
        assert Vault(tmp_path).unseal("pending", token, most=timedelta(minutes=5), now=NOW) is None

    def test_a_token_is_good_for_one_purpose_and_for_a_time(self, tmp_path: Path) -> None:
        vault, five = Vault(tmp_path), timedelta(minutes=5)
        token = vault.seal("pending", {"login": "wang"}, NOW)
        assert vault.unseal("pending", token, most=five, now=NOW + five) == {"login": "wang"}
        assert vault.unseal("pending", token, most=five, now=NOW + five + timedelta(seconds=1)) is None
        assert vault.unseal("browser", token, most=five, now=NOW) is None


async def test_the_code_is_asked_for_after_the_password_and_opens_the_panel(panel: Panel) -> None:
    _, secret, _ = await enrolled(panel)
    client = panel.client()
    token = await pending(client)
    assert await cookies(client) == []
    async with client.get("/api/v1/me", cookies={"callcenter_12080": token}) as answer:
        await refused(answer, 401)  # it is no session
    me = await post(client, "sign-in/code", {"pending": token, "code": code_of(secret)})
    assert me["login"] == "wang"
    async with client.get("/api/v1/me") as answer:
        assert answer.status == 200
    assert [row for row in await panel.trail() if row[1] != "user_added"] == [
        ("wang", "signed_in", ""),
        ("wang", "two_step_enabled", "wang"),
        ("wang", "signed_in", ""),
    ]


async def test_a_code_that_was_seen_over_a_shoulder_is_good_for_nothing(panel: Panel) -> None:
    _, secret, _ = await enrolled(panel)
    token, code = await pending(panel.client()), code_of(secret)
    found = await asyncio.gather(
        *(_status(panel.client(), {"pending": token, "code": code}) for _ in range(4))
    )  # at once, too
    assert sorted(found) == [200, 422, 422, 422]


async def _status(client: ClientSession, body: dict[str, str]) -> int:
    async with client.post("/api/v1/sign-in/code", json=body) as answer:
        return answer.status


async def test_wrong_codes_are_told_counted_and_locked_whatever_address_they_come_from(panel: Panel) -> None:
    _, secret, _ = await enrolled(panel)
    wrong = f"{(int(code_of(secret)) + 1) % 10**6:06}"
    statuses = []
    for _ in range(11):
        client = panel.client()
        token = await pending(client)  # the right password, each time
        statuses.append(await _status(client, {"pending": token, "code": wrong}))
    assert statuses == [422] * 10 + [429]
    assert ("", "code_refused", "wang") in await panel.trail()
    assert ("", "sign_in_locked", "wang") in await panel.trail()
    await post(panel.cli(), "users/wang/unlock", {}, 204)
    client = panel.client()
    assert await _status(client, {"pending": await pending(client), "code": code_of(secret)}) == 200


async def test_a_familiar_browsers_codes_are_counted_however_often_its_password_is_right(panel: Panel) -> None:
    client, secret, _ = await enrolled(panel)
    wrong = f"{(int(code_of(secret)) + 1) % 10**6:06}"
    statuses = [await _status(client, {"pending": await pending(client), "code": wrong}) for _ in range(11)]
    assert statuses == [422] * 10 + [429]


async def test_a_pending_sign_in_ends_with_the_password_that_began_it(panel: Panel) -> None:
    wang, secret, _ = await enrolled(panel)
    token = await pending(panel.client())
    await post(wang, "password", {"current": PASSWORD, "new": "another good one"}, 204)
    assert await _status(panel.client(), {"pending": token, "code": code_of(secret)}) == 410
    assert await _status(panel.client(), {"pending": token + "x", "code": code_of(secret)}) == 410
    assert await _status(panel.client(), {"pending": "中", "code": code_of(secret)}) == 410


async def test_a_recovery_code_stands_in_once(panel: Panel) -> None:
    _, _, recovery = await enrolled(panel)
    assert len(set(recovery)) == 10
    client = panel.client()
    used = {"pending": await pending(client), "code": f" {recovery[3].upper()} "}
    assert await _status(client, used) == 200
    again = panel.client()
    assert await _status(again, {**used, "pending": await pending(again)}) == 422
    async with client.get("/api/v1/two-step") as answer:
        assert (await answer.json())["recovery_codes_left"] == 9
    assert ("wang", "recovery_code_used", "wang") in await panel.trail()


async def test_new_recovery_codes_need_a_code_and_end_the_old_ones(panel: Panel) -> None:
    wang, secret, old = await enrolled(panel)
    async with wang.post("/api/v1/two-step/recovery-codes", json={"code": "000000"}) as answer:
        assert await refused(answer, 422)
    made = await post(wang, "two-step/recovery-codes", {"code": code_of(secret)})
    assert not set(made["codes"]) & set(old)
    client = panel.client()
    assert await _status(client, {"pending": await pending(client), "code": old[0]}) == 422
    assert await _status(client, {"pending": await pending(client), "code": made["codes"][0]}) == 200


async def test_it_is_stopped_with_a_code(panel: Panel) -> None:
    wang, secret, _ = await enrolled(panel)
    async with wang.post("/api/v1/two-step/stop", json={"code": "000000"}) as answer:
        assert await refused(answer, 422)
    await post(wang, "two-step/stop", {"code": code_of(secret)}, 204)
    await post(panel.client(), "sign-in", {"user": "wang", "password": PASSWORD})
    async with wang.get("/api/v1/two-step") as answer:
        assert await answer.json() == {
            "since": None, "recovery_codes_left": 0, "required": False, "password_needed": False,
        }  # fmt: skip


async def test_whoever_finds_an_open_browser_cannot_take_the_account_over(panel: Panel) -> None:
    wang = await panel.signed_in("wang")
    async with panel.database.begin() as session:
        await session.execute(update(Session).values(created_at=now() - timedelta(minutes=11)))
    async with wang.post("/api/v1/two-step", json={}) as answer:
        assert await refused(answer, 403)
    made = await post(wang, "two-step", {"password": PASSWORD})
    async with wang.post("/api/v1/two-step/confirm", json={"code": "000000"}) as answer:
        assert await refused(answer, 422)
    await post(wang, "two-step/confirm", {"code": code_of(made["secret"])})
    async with wang.post("/api/v1/two-step", json={"password": PASSWORD}) as answer:
        await refused(answer, 409)
    async with wang.post("/api/v1/two-step/confirm", json={"code": code_of(made["secret"])}) as answer:
        await refused(answer, 409)


async def test_an_administrator_resets_a_lost_telephone_and_not_their_own(panel: Panel) -> None:
    wang, _, _ = await enrolled(panel)
    boss, _, _ = await enrolled(panel, "boss", "administrator")
    async with boss.get("/api/v1/users") as answer:
        since = {row["login"]: row["two_step_since"] for row in await answer.json()}
        assert since["wang"]
    await post(boss, "users/wang/reset-two-step", {})
    async with wang.get("/api/v1/me") as answer:
        await refused(answer, 401)
    await post(panel.client(), "sign-in", {"user": "wang", "password": PASSWORD})
    await post(boss, "users/boss/reset-two-step", {}, 409)
    await post(boss, "users/wang/reset-two-step", {}, 409)
    await post(boss, "users/nobody/reset-two-step", {}, 404)
    assert ("boss", "two_step_reset", "wang") in await panel.trail()


async def test_a_stolen_database_makes_no_code(panel: Panel, settings: Settings) -> None:
    _, secret, recovery = await enrolled(panel)
    async with panel.database.read() as session:
        everything = [
            str(tuple(row))
            for table in ("panel_user", "panel_session", "panel_second_step", "panel_recovery_code", "audit")
            for row in await session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608  # names of ours
        ]
        kept = await session.scalar(select(SecondStep.secret))
        assert len((await session.scalars(select(RecoveryCode.mark))).all()) == 10
    for word in (secret, *recovery, *(codes.plain(code) for code in recovery)):
        assert word not in json.dumps(everything)
    assert kept
    assert Vault(settings.data_folder / "secrets").decrypt(kept) == secret


async def test_another_key_says_whom_to_ask_and_the_reset_mends_it(panel: Panel) -> None:
    _, secret, _ = await enrolled(panel)
    async with panel.database.begin() as session:
        await session.execute(update(SecondStep).values(secret="gAAAA-of-another-key"))
    client = panel.client()
    assert await _status(client, {"pending": await pending(client), "code": code_of(secret)}) == 503
    await post(panel.cli(), "users/wang/reset-two-step", {})
    await post(panel.client(), "sign-in", {"user": "wang", "password": PASSWORD})


class TestRequired:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data=tmp_path / "var", port_offset=4000, sign_in={"totp_required_for": ("administrator",)})

    async def test_who_needs_one_sets_it_up_before_anything_else(self, panel: Panel) -> None:
        boss = await panel.signed_in("boss", "administrator")
        async with boss.get("/api/v1/users") as answer:
            await refused(answer, 403)
        async with boss.get("/users", headers=HTML, allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/two-step"
        async with boss.get("/api/v1/me") as answer:
            assert (await answer.json())["must_enrol"] is True
        made = await post(boss, "two-step", {})
        await post(boss, "two-step/confirm", {"code": code_of(made["secret"])})
        async with boss.get("/api/v1/users") as answer:
            assert answer.status == 200
        await let_codes_be_new(panel)
        async with boss.post("/api/v1/two-step/stop", json={"code": code_of(made["secret"])}) as answer:
            await refused(answer, 403)

    async def test_a_one_time_password_is_changed_first(self, panel: Panel) -> None:
        boss = await panel.signed_in("boss", "administrator", settled=False)
        async with boss.get("/users", headers=HTML, allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/password"
        async with boss.post("/api/v1/two-step", json={}) as answer:
            await refused(answer, 403)

    async def test_others_need_none(self, panel: Panel) -> None:
        wang = await panel.signed_in("wang")
        async with wang.get("/api/v1/two-step") as answer:
            assert answer.status == 200
            assert (await answer.json())["required"] is False


@asynccontextmanager
async def started_anew(panel: Panel, settings: Settings, front: Path) -> AsyncIterator[str]:
    app = server.build(settings, panel.database, registry=CollectorRegistry(), front=front)
    async with serving(app) as url:
        yield url


async def test_a_sign_in_that_is_half_done_survives_a_restart(panel: Panel, settings: Settings, front: Path) -> None:
    _, secret, _ = await enrolled(panel)
    token = await pending(panel.client())
    async with started_anew(panel, settings, front) as url, ClientSession(url) as client:
        assert await _status(client, {"pending": token, "code": code_of(secret)}) == 200
