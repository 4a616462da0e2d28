"""Units, categories, places: trees stay trees, old tickets keep their words, files come whole or not at all."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notice_scene import at, ticket
from sqlalchemy import func, select

from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.storage.engine import Database
from callcenter.tickets import reference_listings as listings
from callcenter.tickets.flows.reference import importing as reference_import
from callcenter.tickets.flows.reference import keeping as reference
from callcenter.tickets.flows.reference import names, samples
from callcenter.tickets.rules import reference as rules
from callcenter.tickets.rules.reference import Faulty, ImportFault, Kind
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket

BOSS = Actor("boss", "node1")
NOW = at("2026-11-24T10:00")


async def add(database: Database, kind: Kind, code: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    async with database.begin() as session:
        wanted = {"code": code, "name": code.title()} | fields
        return await reference.add(session, kind, wanted, actor=BOSS, now=NOW)


async def change(database: Database, kind: Kind, code: str, **changes: Any) -> tuple[dict[str, Any], bool]:  # noqa: ANN401
    async with database.begin() as session:
        later = NOW + timedelta(hours=1)
        return await reference.change(session, kind, code, changes, actor=BOSS, now=later)


async def categories(database: Database, *, retired: bool = False) -> list[tuple[str, int, str, str | None]]:
    async with database.read() as session:
        rows = await listings.categories(session, retired=retired)
    return [(row["code"], row["version"], row["name"], row["parent"]) for row in rows]


async def test_a_renamed_category_is_a_new_version_and_an_old_ticket_keeps_its_own(database: Database) -> None:
    await add(database, "units", "urban")
    await add(database, "categories", "city", name="市容")
    await add(database, "categories", "lamp", name="路灯", parent="city", unit="urban")
    async with database.read() as session:
        old = await session.scalar(select(Category.id).where(Category.code == "lamp"))
    id_ = await ticket(database, "1", category_id=old)
    row, changed = await change(database, "categories", "lamp", name="道路照明")
    assert (row["version"], row["name"], row["parent"], row["unit"], changed) == (2, "道路照明", "city", "urban", True)
    assert await categories(database) == [("city", 1, "市容", None), ("lamp", 2, "道路照明", "city")]
    await change(database, "categories", "city", name="市容市政")
    async with database.read() as session:
        kept = (await session.get_one(Ticket, id_)).category_id
        assert await names.category(session, kept, NOW) == {"code": "lamp", "name": "路灯", "path": "市容 / 路灯"}
        rows = await listings.categories(session, code="lamp")
    assert [row["version"] for row in rows] == [2, 1]
    assert rows[1]["until"] == rows[0]["since"]


async def test_what_is_so_already_is_no_change_and_leaves_no_version(database: Database) -> None:
    await add(database, "categories", "lamp", rank=3)
    assert (await change(database, "categories", "lamp", name="Lamp", rank=3, parent=None, active=True))[1] is False
    assert len(await categories(database, retired=True)) == 1
    async with database.read() as session:
        actions = (await session.scalars(select(Audit.action))).all()
    assert actions == ["category_added"]


async def test_a_retired_category_cannot_be_chosen_and_may_come_back(database: Database) -> None:
    await add(database, "categories", "lamp")
    row, _ = await change(database, "categories", "lamp", active=False)
    assert row["until"] is not None
    assert await categories(database) == []
    await change(database, "categories", "lamp", name="Lamps")
    assert await categories(database) == [], "a new name alone brings nothing back"
    row, _ = await change(database, "categories", "lamp", active=True)
    assert (row["version"], row["name"], row["until"]) == (3, "Lamps", None)
    async with database.begin() as session:
        both = {"active": False, "name": "Old lamps"}
        await reference.change(session, "categories", "lamp", both, actor=BOSS, now=NOW + timedelta(days=1))
    assert await categories(database) == []
    assert len(await categories(database, retired=True)) == 4


async def test_a_tree_has_no_circle_nothing_missing_and_no_more_than_four_levels(database: Database) -> None:
    for code, parent in (("a", None), ("b", "a"), ("c", "b"), ("d", "c")):
        await add(database, "categories", code, parent=parent)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"parent": "d"}, "below itself"),
        ({"parent": "a"}, "below itself"),
        ({"parent": "x"}, "cannot be chosen"),
    ]
    for changes, reason in refusals:
        with pytest.raises(Problem) as refused:
            await change(database, "categories", "a", **changes)
        assert reason in refused.value.fields["parent"]
    with pytest.raises(Problem) as refused:
        await add(database, "categories", "e", parent="d")
    assert "no more than 4 levels" in refused.value.fields["parent"]
    await add(database, "categories", "top")
    with pytest.raises(Problem) as refused:
        await change(database, "categories", "a", parent="top")
    assert "no more than 4 levels" in refused.value.fields["parent"], "what lies below comes along"
    with pytest.raises(Problem) as refused:
        await change(database, "categories", "b", active=False)
    assert (refused.value.status, refused.value.fields) == (
        409,
        {"active": "Others lie below it: move or retire them first."},
    )


async def test_two_who_move_branches_at_once_close_no_circle(database: Database) -> None:
    await add(database, "places", "a")
    await add(database, "places", "b")
    results = await asyncio.gather(
        change(database, "places", "a", parent="b"), change(database, "places", "b", parent="a"), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Problem", "tuple"]


async def test_a_unit_keeps_its_code_and_its_name_is_its_own(database: Database) -> None:
    await add(database, "units", "housing", name="住建局", terms={"enquiry": 1})
    for wanted, field in (({"code": "housing", "name": "x"}, "code"), ({"code": "other", "name": "住建局"}, "name")):
        with pytest.raises(Problem) as refused:
            await add(database, "units", **wanted)
        assert (refused.value.status, list(refused.value.fields)) == (409, [field])
    await add(database, "units", "water", name="水务局")
    with pytest.raises(Problem) as refused:
        await change(database, "units", "water", name="住建局")
    assert refused.value.status == 409
    row, _ = await change(database, "units", "housing", terms={}, active=False)
    assert (row["terms"], row["active"]) == ({}, False)
    with pytest.raises(Problem) as refused:
        await change(database, "units", "nobody", name="x")
    assert refused.value.status == 404
    async with database.read() as session:
        told = (await session.scalars(select(Audit).order_by(Audit.id))).all()[-1]
    assert (told.who, told.action, told.target) == ("boss", "unit_changed", "housing")
    assert told.detail == {"changes": {"terms": [{"enquiry": 1}, {}], "active": [True, False]}}


async def test_a_category_names_a_unit_that_is_there(database: Database) -> None:
    with pytest.raises(Problem) as refused:
        await add(database, "categories", "lamp", unit="urban")
    assert list(refused.value.fields) == ["unit"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": "Housing"}, "code"),
        ({"code": "-x"}, "code"),
        ({"code": "住建"}, "code"),
        ({"code": "x" * 31}, "code"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"phone": "call me"}, "phone"),
        ({"email": "a@b\r\nBcc: c@d"}, "email"),
        ({"email": "a b@c.example"}, "email"),
        ({"email": "邮@例.example"}, "email"),
        ({"email": "x" * 65 + "@c.example"}, "email"),
        ({"terms": {"holiday": 1}}, "terms"),
        ({"terms": {"normal": 1}}, "terms"),
        ({"terms": {"enquiry": 0}}, "terms"),
        ({"terms": {"enquiry": 251}}, "terms"),
        ({"terms": {"enquiry": True}}, "terms"),
        ({"rank": -1}, "rank"),
        ({"rank": 10_000}, "rank"),
    ],
)
def test_a_field_that_cannot_be_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Faulty) as refused:
        rules.check(fields)
    assert list(refused.value.fields) == [field]


def test_good_fields_are_taken() -> None:
    rules.check({"code": "traffic-police", "name": "交警大队", "phone": "+86 10-12345", "email": "a.b+c@d-e.example"})
    rules.check({"terms": {"enquiry": 1, "sign": 2, "urgent": 1}, "rank": 9999, "phone": None, "email": None})


UNITS = (
    "code,name,phone,email,terms\nhousing,住建局,010-1234,duty@housing.example,enquiry=1 complaint=3\nwater,水务局,,,\n"
)


async def load(database: Database, kind: Kind, text: str) -> Counter[str]:
    return await reference_import.import_text(database, kind, "file.csv", text, actor=BOSS, now=NOW)


async def test_a_file_is_taken_over_and_may_come_again(database: Database) -> None:
    assert await load(database, "units", UNITS) == {"added": 2, "changed": 0, "unchanged": 0}
    assert await load(database, "units", UNITS) == {"added": 0, "changed": 0, "unchanged": 2}
    changed = "编码,名称\nwater,水务和海洋局\n"
    assert await load(database, "units", changed) == {"added": 0, "changed": 1, "unchanged": 0}
    async with database.read() as session:
        rows = await listings.units(session)
    assert rows == [
        {
            "code": "housing",
            "name": "住建局",
            "phone": "010-1234",
            "email": "duty@housing.example",
            "terms": {"enquiry": 1, "complaint": 3},
            "active": True,
        },
        {"code": "water", "name": "水务和海洋局", "phone": None, "email": None, "terms": {}, "active": True},
    ]


async def test_nodes_may_stand_before_those_that_they_lie_below(database: Database) -> None:
    await load(database, "units", UNITS)
    text = "code,name,parent,rank,unit\nlamp,路灯,city,2,water\ncity,市容,,1,\n"
    assert (await load(database, "categories", text))["added"] == 2
    assert await categories(database) == [("city", 1, "市容", None), ("lamp", 1, "路灯", "city")]
    assert (await load(database, "categories", text.replace("路灯", "照明")))["changed"] == 1
    assert (await load(database, "places", "code,name,parent\nv,某村,t\nt,某镇,\n"))["added"] == 2


WRONG: list[tuple[Kind, str, str]] = [
    ("units", "", "line 1: the first line names the columns; code and name must be among them"),
    ("units", "code,name\n", "holds no rows"),
    ("units", "code,nickname\nx,y\n", "line 1: unknown column 'nickname'; there are: code, name, phone"),
    ("units", "code,code,name\n", "line 1: column code stands there twice"),
    ("units", "code,name,parent\n", "unknown column 'parent'"),
    ("units", "code,name\nhousing,\n", "line 2: name: must be there"),
    ("units", "code,name\nHOUSING,x\n", "line 2: code: 1 to 30 of a-z"),
    ("units", "code,name\na,x\n\nb,x\n", "line 4: name: 'x' stands in line 2 already"),
    ("units", "code,name\na,x\na,y\n", "line 3: code: 'a' stands in line 2 already"),
    ("units", "code,name\na,x,extra\n", "line 2: row: 3 cells under 2 columns"),
    ("units", "code,name,terms\na,x,enquiry=soon\n", "line 2: terms: 'enquiry=soon': written as in"),
    ("units", "code,name,email\na,x,nobody\n", "line 2: email: an address"),
    ("units", 'code,name\na,"x\n', "no CSV"),
    ("units", "code,name\na,x\0\n", "no CSV file"),
    ("categories", "code,name,parent\na,x,nowhere\n", "line 2: parent: what it is to lie below cannot be chosen"),
    ("categories", "code,name,parent\na,x,b\nb,y,a\n", "line 2: parent: what it is to lie below cannot be chosen"),
    ("categories", "code,name,unit\na,x,nobody\n", "line 2: unit: There is no such unit."),
    ("categories", "code,name,rank\na,x,first\n", "line 2: rank: 'first'"),
    ("places", "code,name\n" + "".join(f"p{place},x\n" for place in range(2001)), "more than 2000 rows"),
]


@pytest.mark.parametrize(("kind", "text", "reason"), WRONG)
async def test_a_faulty_file_is_refused_with_its_lines_and_nothing_of_it_is_kept(
    database: Database, kind: Kind, text: str, reason: str
) -> None:
    with pytest.raises(ImportFault) as refused:
        await load(database, kind, text)
    assert any(reason in fault for fault in refused.value.faults), refused.value.faults
    assert all(fault.startswith("file.csv: ") for fault in refused.value.faults)


async def test_every_fault_of_a_file_is_named_and_the_good_rows_are_not_taken_either(database: Database) -> None:
    with pytest.raises(ImportFault) as refused:
        await load(database, "categories", "code,name,parent\na,A,\nb,B,x\nc,C,y\n")
    assert [fault.split(":")[1] for fault in refused.value.faults] == [" line 3", " line 4"]
    assert await categories(database, retired=True) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120), st.sampled_from(rules.KINDS))
def test_any_text_at_all_is_refused_in_clear_lines(text: str, kind: Kind) -> None:
    with pytest.raises(ImportFault) as refused:
        rules.read_csv(kind, "f.csv", text)
    assert refused.value.faults


async def test_the_lab_has_samples_once_and_never_over_what_is_there(database: Database) -> None:
    async with database.begin() as session:
        session.add(MemberUnit(code="own", name="自己的", terms={}))
    for _ in range(2):
        async with database.begin() as session:
            await samples.ensure(session, NOW)
    async with database.read() as session:
        assert await session.scalar(select(func.count(MemberUnit.id))) == 1
        assert await session.scalar(select(func.count(Category.id))) == 55
        assert await session.scalar(select(func.count(Place.id))) == 13


async def test_samples_are_a_tree_whose_categories_know_their_units(database: Database) -> None:
    async with database.begin() as session:
        await samples.ensure(session, NOW)
    async with database.read() as session:
        rows = await listings.categories(session)
    parents = {row["code"]: row["parent"] for row in rows}
    for code in parents:
        rules.must_fit(code, parents)
    assert {row["unit"] for row in rows} - {None} == set(samples.UNITS)
    assert [row["code"] for row in rows][:2] == ["g-housing", "property"]


async def test_the_command_line_imports_and_complains_by_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hotline.db"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"CALLCENTER_DATA": str(tmp_path), "CALLCENTER_DATABASE_URL": url}
        command = [sys.executable, "-m", "callcenter", "reference", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    file = tmp_path / "units.csv"
    file.write_bytes(UNITS.encode("gb18030"))
    done = await asyncio.to_thread(run, "import", "units", str(file))
    assert (done.returncode, done.stdout) == (0, "2 added, 0 changed, 0 unchanged\n"), done.stderr
    file.write_text("code,name\nBAD,\nworse!,x\n")
    done = await asyncio.to_thread(run, "import", "units", str(file))
    assert done.returncode == 1
    assert [line.split(":")[2] for line in done.stderr.splitlines()] == [" line 2", " line 3"]
    done = await asyncio.to_thread(run, "list", "units", "--json")
    assert '"name": "住建局"' in done.stdout
    done = await asyncio.to_thread(run, "import", "cats", str(file))
    assert (done.returncode, "say units, categories, places" in done.stderr) == (2, True)
    done = await asyncio.to_thread(run, "import", "units", str(tmp_path / "none.csv"))
    assert (done.returncode, "No such file" in done.stderr) == (1, True)
