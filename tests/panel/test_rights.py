"""The table of rights: who may do what, said once, and drawn as it is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from served import Panel, refused

from callcenter.panel import rights
from callcenter.panel.rights import NAMES, RIGHTS, ROLES, Right, Role, may, rights_of
from callcenter.panel.sessions import Identity
from callcenter.paths import ROOT

HTML = {"Accept": "text/html"}


def test_every_right_has_roles_and_says_what_it_lets_people_do_in_both_languages() -> None:
    assert set(RIGHTS) == set(get_args(Right))
    assert set(NAMES) == set(ROLES)
    for right, grant in RIGHTS.items():
        assert grant.roles <= set(ROLES), right
        assert grant.english, right
        assert grant.english.isascii(), right
        assert any("\u4e00" <= character <= "\u9fff" for character in grant.chinese), right
        assert not {"|", "\n"} & set(grant.english + grant.chinese), right


@pytest.mark.parametrize(
    ("role", "has", "lacks"),
    [
        ("unit", "tickets.move", "tickets.see_all"),
        ("unit", "tickets.export", "calls.see"),
        ("agent", "calls.take", "recordings.hear"),
        ("agent", "callbacks.work", "callbacks.manage"),
        ("agent", "callers.see", "numbers.reveal"),
        ("supervisor", "floor.supervise", "users.manage"),
        ("supervisor", "numbers.reveal", "seats.see"),
        ("inspector", "recordings.hear", "calls.take"),
        ("inspector", "tickets.see_all", "tickets.move"),
        ("inspector", "calls.see", "tickets.see_confidential"),
        ("manager", "reports.see", "floor.supervise"),
        ("manager", "tickets.export", "recordings.hear"),
    ],
)
def test_the_roles_are_no_ladder(role: Role, has: Right, lacks: Right) -> None:
    identity = Identity("wang", "王芳", role)
    assert identity.has(has)
    assert not identity.has(lacks)


def test_the_administrator_has_every_right_and_a_unit_none_of_the_hotlines() -> None:
    assert rights_of("administrator") == set(RIGHTS)
    assert rights_of("unit") == {
        "account.own", "tickets.see", "tickets.move", "tickets.export", "notices.see",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh")])
def test_the_readme_shows_the_table_as_it_is(name: str, language: rights.Language) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert rights.replaced(text, language) == text, (
        "run: callcenter user rights --into README.md --into README.zh-CN.md"
    )


def test_the_command_line_draws_it_into_a_file_and_names_one_without_a_place(tmp_path: Path) -> None:
    good, without = tmp_path / "a.zh-CN.md", tmp_path / "b.md"
    good.write_text(f"前\n{rights.BEGIN}\nold\n{rights.END}\n后\n", encoding="utf-8")
    without.write_text("nothing\n")

    def draw(*files: Path) -> subprocess.CompletedProcess[str]:
        arguments = [word for file in files for word in ("--into", str(file))]
        command = [sys.executable, "-m", "callcenter", "user", "rights", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert draw(good).returncode == 0
    text = good.read_text(encoding="utf-8")
    assert text.startswith("前\n")
    assert text.endswith("后\n")
    assert "`recordings.hear` 听录音" in text
    refused_ = draw(without)
    assert refused_.returncode != 0
    assert "b.md" in refused_.stderr
    assert draw().stdout.startswith(rights.BEGIN)


@pytest.mark.parametrize(("role", "place"), [("inspector", "/calls"), ("manager", "/indicators")])
async def test_each_is_sent_to_where_their_work_is(panel: Panel, role: Role, place: str) -> None:
    client = await panel.signed_in("wang", role)
    async with client.get("/", allow_redirects=False) as answer:
        assert answer.headers["Location"] == place
    async with client.get("/users", headers=HTML) as answer:
        assert answer.status == 403


async def test_only_roles_that_take_calls_have_an_agent_number(panel: Panel) -> None:
    admin = panel.cli()
    new = {"login": "qi", "name": "齐", "role": "inspector"}
    async with admin.post("/api/v1/users", json=new | {"agent": "1009"}) as answer:
        assert list(await refused(answer, 400)) == ["agent"]
    async with admin.post("/api/v1/users", json=new | {"role": "boss"}) as answer:
        assert list(await refused(answer, 400)) == ["role"]
    await panel.add("wang", "agent", agent="1001")
    async with admin.patch("/api/v1/users/wang", json={"role": "manager"}) as answer:
        row = json.loads(await answer.text())
        assert (row["role"], row["agent"]) == ("manager", None)
    assert may("manager", "reports.see")
