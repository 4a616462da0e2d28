"""Citizens on the web 网络受理: they file and track, floods and robots do not, and nobody sees another's."""

import asyncio
import hashlib
import json
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import pytest
from citizen_scene import PHONE, at_once, solved, web_of
from life_scene import TO_CLOSED, TO_FOLLOW_UP, TO_HANDLING
from sqlalchemy import event, update

from callcenter.paths import ROOT
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.citizens import desk as flows
from callcenter.tickets.rules import numbers
from callcenter.tickets.rules.numbers import is_number, readable
from callcenter.tickets.tables import Ticket


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "TRACK_SECONDS", 0.02)


async def test_a_citizen_files_a_request_and_sees_how_far_it_is(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path, front=ROOT / "web") as web:
        status, filed = await web.file(
            place="east", address="8 号楼门前", contact_phone="+86 138-0000 0001", anonymous=True
        )
        assert (status, is_number(filed["number"])) == (201, True), filed
        assert filed["readable"] == readable(filed["number"])
        (ticket,) = await web.tickets()
        assert (ticket.source, ticket.state, ticket.caller, ticket.contact_phone) == ("web", "accepted", PHONE, PHONE)
        assert (ticket.contact_name, ticket.address, ticket.anonymous) == ("张三", "8 号楼门前", True)
        assert ticket.accepted_by is None
        for number in (filed["number"], filed["readable"], f" {filed['readable'].replace(' ', '-')} "):
            for phone in (PHONE, "138 0000 0001", "+8613800000001", "１３８０００００００１"):
                status, seen = await web.track(number, phone)
                assert (status, seen["stage"], seen["number"]) == (200, "received", filed["number"]), seen
        assert [step["words"] for step in seen["steps"]] == ["已收到诉求"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"contact_phone": "12345"}, "contact_phone"),
        ({"contact_phone": "110"}, "contact_phone"),
        ({"contact_phone": "88880001"}, "contact_phone"),  # no area code
        ({"contact_phone": "+14155550000"}, "contact_phone"),
        ({"contact_phone": "1380000000"}, "contact_phone"),
        ({"contact_phone": "<script>"}, "contact_phone"),
        ({"contact_name": "   "}, "contact_name"),
        ({"title": ""}, "title"),
        ({"title": "长" * 101}, "title"),
        ({"description": "长" * 5001}, "description"),
        ({"description": "a\ud800b"}, "description"),
        ({"kind": "missed_call"}, "kind"),
        ({"place": "nowhere"}, "place"),
        ({"request_id": "x"}, "request_id"),
        ({"solution": {}}, "solution"),
        (
            {"solution": {"algorithm": "SHA-256", "challenge": [], "number": {}, "salt": 1, "signature": None}},
            "solution",
        ),
        ({"urgency": "emergency"}, "urgency"),
        ({"confidential": True}, "confidential"),
        ({"caller": "13900000009"}, "caller"),
        ({"then": "submit"}, "then"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_opened(
    database: Database, tmp_path: Path, fields: dict[str, object], named: str
) -> None:
    async with web_of(database, tmp_path) as web:
        status, answer = await web.post("requests", await web.form(**fields))
        assert (status, list(answer["fields"])) == (400, [named]), answer
        assert await web.tickets() == []


@pytest.mark.parametrize("phone", ["13800000001", "010-8888 0001", "0755 88880001", "(0755)88880001"])
async def test_mobiles_and_land_lines_with_their_area_code_are_taken(
    database: Database, tmp_path: Path, phone: str
) -> None:
    async with web_of(database, tmp_path) as web:
        status, filed = await web.file(contact_phone=phone)
        assert status == 201, filed
        assert (await web.track(filed["number"], phone))[0] == 200


async def test_a_form_sent_twice_even_at_once_is_one_request(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path, filed_per_hour=2) as web:
        form = await web.form()
        sent = await at_once(*(web.post("requests", form) for _ in range(2)), web.post("requests", form, "192.0.2.2"))
        again = await web.post("requests", {**form, "solution": solved(await web.task())})
        assert {status for status, _ in [*sent, again]} == {201}
        assert len({answer["number"] for _, answer in [*sent, again]}) == 1
        assert len(await web.tickets()) == 1
        # Only what was opened counts, and it was opened from whichever of the two came first.
        assert [(await web.file())[0] for _ in range(3)] in ([201, 429, 429], [201, 201, 429])


async def test_a_solution_is_good_for_one_request_only(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        form = await web.form()
        assert (await web.post("requests", form))[0] == 201
        status, answer = await web.post("requests", {**form, "request_id": "another-form"})
        assert (status, list(answer["fields"])) == (400, ["solution"])
        # The same work under another face: the number's first digit moved to the end of the salt.
        task = await web.task()
        good = solved(task)
        digits = str(good["number"])
        if len(digits) > 1:
            moved = {**good, "salt": good["salt"] + digits[0], "number": int(digits[1:])}
            assert (await web.post("requests", await web.form(solution=moved)))[0] == 400
        assert len(await web.tickets()) == 1


async def test_work_that_was_not_asked_for_is_refused(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        good = solved(await web.task())
        salt = "00?expires=9999999999&for=file&"
        own = {**good, "salt": salt, "number": 1, "challenge": hashlib.sha256(f"{salt}1".encode()).hexdigest()}
        for wrong in (own, {**good, "number": good["number"] + 1}, {**good, "signature": "0" * 64}):
            assert (await web.post("requests", await web.form(solution=wrong)))[0] == 400
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: real() - timedelta(minutes=11))
            late = await web.task()
        assert (await web.post("requests", await web.form(solution=solved(late))))[0] == 400
        assert await web.tickets() == []


real = clock.now


async def test_a_robot_that_fills_every_field_is_turned_away(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        status, answer = await web.file(website="https://spam.example")
        assert (status, bool(answer["error"])) == (400, True)
        assert await web.tickets() == []


async def test_a_flood_from_one_address_hinders_nobody_else(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path, filed_per_hour=3, filed_per_hour_by_all=6) as web:
        forms = [await web.form() for _ in range(12)]
        flood = await at_once(*(web.post("requests", form, f"2001:db8:0:1::{at}") for at, form in enumerate(forms)))
        assert sorted(status for status, _ in flood) == [201] * 3 + [429] * 9
        assert (await web.file("2001:db8:0:2::1"))[0] == 201, "another household"
        assert [(await web.file(f"192.0.2.{at}"))[0] for at in range(3)] == [201, 201, 429], "all together"
        form = await web.form()
        headers = {"X-Forwarded-For": "192.0.2.77"}
        async with web.client.post("/api/v1/public/requests", json=form, headers=headers) as answer:
            assert answer.status == 429
            assert 3500 < int(answer.headers["Retry-After"]) <= 3600
        assert len(await web.tickets()) == 6


async def test_nobody_names_their_own_address_unless_a_proxy_of_ours_does(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path, filed_per_hour=1, proxies=()) as web:
        assert [(await web.file(f"192.0.2.{at}"))[0] for at in range(2)] == [201, 429]


async def test_the_last_address_that_is_no_proxy_counts(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path, filed_per_hour=1, proxies=("127.0.0.1", "10.0.0.1")) as web:
        assert (await web.file("203.0.113.1, 192.0.2.1, 10.0.0.1"))[0] == 201
        assert (await web.file("203.0.113.2, 192.0.2.1, 10.0.0.1"))[0] == 429


async def test_five_megabytes_are_refused_before_anything_is_done(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        status, _ = await web.post("requests", await web.form(description="长" * 1_700_000))
        assert status == 413
        assert (await web.post("track", {"number": "1" * 300_000, "phone": PHONE}))[0] == 413
        deep = json.loads("[" * 500 + "]" * 500)
        assert (await web.post("requests", await web.form(solution={"a": deep})))[0] == 400


async def test_other_sites_cannot_file_through_a_citizens_browser(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        form = await web.form()
        assert (await web.post("requests", form, Origin="https://evil.example"))[0] == 403
        async with web.client.post("/api/v1/public/requests", data=json.dumps(form)) as answer:
            assert answer.status == 415


async def test_script_in_a_text_stays_text(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        words = "<script>alert(1)</script> '); DROP TABLE tickets; -- 🏮 العربية"
        status, _ = await web.file(title=words[:60], description=words, contact_name="<b>张</b>")
        (ticket,) = await web.tickets()
        assert (status, ticket.description, ticket.contact_name) == (201, words, "<b>张</b>")


async def test_a_wrong_digit_is_noticed_before_anything_is_looked_up(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        _, filed = await web.file()
        number = filed["number"]
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        for text in (wrong, number[:-1], "", "x", "1" * 40, "编号"):
            status, answer = await web.track(text)
            assert (status, list(answer["fields"])) == (400, ["number"]), text


async def test_whoever_knows_only_one_of_the_two_learns_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "TRACK_SECONDS", 0.2)
    monkeypatch.setattr(flows, "PER_NUMBER", 100)
    async with web_of(database, tmp_path, tracked_per_hour=1000) as web:
        _, filed = await web.file()
        unknown = await web.life.open(caller="")
        async with database.begin() as session:
            await session.execute(update(Ticket).where(Ticket.number == unknown).values(caller="", contact_phone=None))
        missed = await web.life.open(caller="13900000002")
        async with database.begin() as session:
            await session.execute(update(Ticket).where(Ticket.number == missed).values(kind="missed_call"))
        nothing = numbers.number(date(2020, 1, 1), 1)
        cases = {
            "another telephone": (filed["number"], "13900000009"),
            "no telephone": (filed["number"], "x"),
            "no such request": (nothing, PHONE),
            "no telephone, for a withheld number": (unknown, "x"),
            "withheld number": (unknown, ""),
            "withheld number, spaces": (unknown, " "),
            "a missed call": (missed, "13900000002"),
        }
        took: dict[str, list[float]] = {name: [] for name in cases}
        said = set()
        for _ in range(5):
            for name, (number, phone) in cases.items():
                begun = time.perf_counter()
                status, answer = await web.track(number, phone or " ")
                took[name].append(time.perf_counter() - begun)
                if phone.strip():
                    said.add((status, answer["error"]))
                else:
                    assert status in {400, 404}
        assert len(said) == 1, said
        assert next(iter(said))[0] == 404
        middles = [median(times) for name, times in took.items() if not name.startswith("withheld")]
        assert min(middles) > 0.2
        assert max(middles) - min(middles) < 0.05


async def test_a_thousand_guesses_are_throttled(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path, tracked_per_hour=30) as web:
        _, filed = await web.file()
        guesses = [f"139{at:08d}" for at in range(1000)]
        looked = 0

        def counts(*_: object) -> None:
            nonlocal looked
            looked += 1

        one = await at_once(*(web.track(filed["number"], phone) for phone in guesses[:100]))
        assert sorted({status for status, _ in one}) == [404, 429]
        engine = database._reader.sync_engine
        event.listen(engine, "begin", counts)
        # From everywhere at once: the number itself has had enough.
        many = await at_once(
            *(web.track(filed["number"], phone, f"198.51.{at // 250}.{at % 250}") for at, phone in enumerate(guesses))
        )
        event.remove(engine, "begin", counts)
        assert [status for status, _ in [*one, *many]].count(404) == flows.PER_NUMBER
        assert looked == 0
        assert (await web.track(numbers.number(date(2020, 1, 1), 1), address="192.0.2.200"))[0] == 404, (
            "others are still answered"
        )


async def test_a_citizen_reads_the_answer_only_once_it_was_checked_and_nothing_of_ours(
    database: Database, tmp_path: Path
) -> None:
    async with web_of(database, tmp_path, front=ROOT / "web", tracked_per_hour=100) as web:
        _, filed = await web.file()
        number = filed["number"]
        life = web.life
        life.now = clock.now()
        await life.move(number, "amend", "li", fields={"category": "roads.lamp"})
        await life.go(number, *TO_HANDLING, ("comment", "roads", {"words": "内部：张队说等下周"}))
        _, seen = await web.track(number)
        assert (seen["stage"], seen["answer"]) == ("working", None)
        await life.go(number, *TO_FOLLOW_UP[len(TO_HANDLING) : -1])
        _, seen = await web.track(number)
        assert (seen["stage"], seen["answer"]) == ("working", None), "not checked yet"
        await life.go(number, TO_FOLLOW_UP[-1])
        _, seen = await web.track(number)
        assert (seen["stage"], seen["answer"]) == ("answered", "已更换灯泡。")
        again = ("redo", "li", {"words": "还是不亮", "satisfaction": "unhappy"})
        await life.go(number, again)
        _, seen = await web.track(number)
        assert (seen["stage"], seen["answer"]) == ("working", None), "that answer was none"
        await life.go(number, *TO_HANDLING[len(TO_HANDLING) - 1 :], *TO_CLOSED[len(TO_HANDLING) :])
        _, seen = await web.track(number)
        assert seen["stage"] == "closed"
        assert [step["words"] for step in seen["steps"]] == [
            "已收到诉求",
            "已转交承办单位",
            "承办单位已签收",
            "已答复",
            "重新办理",
            "承办单位已签收",
            "已答复",
            "已回访",
            "已办结",
        ]
        whole = json.dumps(seen, ensure_ascii=False)
        for ours in ("li", "boss", "roads", "局", "内部", "张三", PHONE, "路灯", "li-desk"):
            assert ours not in whole, ours


async def test_whose_request_was_merged_is_told_how_far_the_main_one_is_and_nothing_else_of_it(
    database: Database, tmp_path: Path
) -> None:
    async with web_of(database, tmp_path, front=ROOT / "web", tracked_per_hour=100) as web:
        life = web.life
        life.now = clock.now() - timedelta(days=1)
        theirs = {"caller": "13900000002", "contact_name": "李四", "title": "八号楼漏水", "description": "三单元漏水"}
        main = await life.open(**theirs)
        life.now += timedelta(hours=1)
        own = await life.open(caller=PHONE, contact_phone=PHONE, contact_name="张三")
        for step in (("comment", "boss", {"words": "与李四同一件事"}), ("merge", "li", {"main": main})):
            await life.go(own, step)
        seen = []
        for step in ((), *((one,) for one in TO_CLOSED)):
            life.now += timedelta(hours=1)
            await life.go(main, *step)
            status, told = await web.track(own)
            assert (status, told["number"], told["answer"]) == (200, own, None)
            assert [one["words"] for one in told["steps"]] == ["已收到诉求", "已与同类诉求合并办理"]
            if not seen or seen[-1] != (told["stage"], told["words"]):
                seen.append((told["stage"], told["words"]))
            whole = json.dumps(told, ensure_ascii=False)
            for entry in await life.entries(main):
                assert entry.at.isoformat()[:16] not in whole, "when anything was done with it"
            secrets = (main, readable(main), "李四", "漏水", "13900000002", "灯泡", "roads", "局", "boss", "同一件事")
            assert not [secret for secret in secrets if secret in whole]
        assert seen == [
            ("received", "您的诉求与其他市民的同类诉求合并办理。"),
            ("working", "您的诉求与其他市民的同类诉求合并办理。"),
            ("answered", "您的诉求已与其他市民的同类诉求一并办理并有答复，我们可能会致电回访。"),
            ("closed", "您的诉求已与其他市民的同类诉求一并办理，现已办结。"),
        ]
        assert (await web.track(main))[0] == 404, "whose telephone is another"


async def test_the_pages_are_gone_when_citizens_are_not_served(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path, enabled=False) as web:
        async with web.client.get("/api/v1/public/task") as answer:
            assert answer.status == 404
        assert (await web.track(numbers.number(date(2020, 1, 1), 1)))[0] == 404


async def test_fifty_citizens_at_once_are_all_served(database: Database, tmp_path: Path) -> None:
    async with web_of(database, tmp_path) as web:
        forms = [await web.form() for _ in range(50)]
        async with asyncio.timeout(20):
            sent = await at_once(*(web.post("requests", form, f"192.0.2.{at}") for at, form in enumerate(forms)))
        assert {status for status, _ in sent} == {201}
        assert len({answer["number"] for _, answer in sent}) == 50
