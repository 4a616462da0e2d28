"""The table of moves: every move from every state is allowed or refused with a reason, and the READMEs show it."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from babel.messages.pofile import read_po

from callcenter.paths import ROOT
from callcenter.tickets.rules import drawing
from callcenter.tickets.rules.decisions import CITIZEN, CITY, SYSTEM, Doer, Facts, Given, Limits
from callcenter.tickets.rules.deeds import DEEDS
from callcenter.tickets.rules.effects import EFFECTS, PARTS, STANDING, WHO, Effect, Field, Part
from callcenter.tickets.rules.lifecycle import available, decide, parts_of
from callcenter.tickets.rules.moves import MOVES, NAMES, ROWS, TABLE
from callcenter.tickets.rules.refusals import NotYours, Refused
from callcenter.tickets.rules.words import CLOSED_STATES, STATES, State

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LIMITS = Limits()
LEAD, HELPER, OTHER = 1, 2, 3
DOERS = {
    "agent": Doer("li", "agent"),
    "supervisor": Doer("boss", "supervisor"),
    "administrator": Doer("root", "administrator"),
    "lead": Doer("lead", "unit", LEAD, "lead"),
    "helper": Doer("helper", "unit", HELPER, "helper"),
    "stranger": Doer("other", "unit", OTHER, "other"),
    "homeless": Doer("nobody", "unit"),
    "citizen": CITIZEN,
    "city": CITY,
    "system": SYSTEM,
}
#: The issue's own words: what there must be.
PROMISED = {
    "submit",
    "send_back",
    "approve",
    "dispatch",
    "sign",
    "return",
    "uphold_return",
    "reject_return",
    "redispatch",
    "add_helper",
    "helper_reply",
    "ask_extension",
    "grant_extension",
    "refuse_extension",
    "remind",
    "supervise",
    "reply",
    "reject_reply",
    "approve_reply",
    "follow_up",
    "redo",
    "follow_up_unreached",
    "close",
    "archive",
    "reopen",
    "answer",
    "refuse",
    "merge",
    "unmerge",
    "set_urgency",
    "set_confidential",
    "amend",
    "comment",
    "to_city",
    "from_city",
    "open",
}


def test_chinese_names_of_moves_are_those_of_the_catalogue() -> None:
    with (ROOT / "web/locale/zh_CN/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file)
    assert {row.name: catalogue[row.label].string for row in TABLE} == {row.name: row.chinese for row in TABLE}


def facts(state: State | None = "handling", **fields: Any) -> Facts:  # noqa: ANN401  # of Facts
    """A ticket of which every move can find what it needs."""
    pending = "extension" if fields.pop("asked", False) else None
    wanted: dict[str, Any] = {
        "id": 7,
        "number": "20261123000075",
        "kind": "complaint",
        "state": state,
        "title": "t",
        "description": "d",
        "category_id": 1,
        "unit_id": LEAD,
        "helpers": frozenset({HELPER}),
        "pending": pending,
        "pending_days": 2 if pending else None,
        "merged_from": "handling" if state == "merged" else None,
        "reply": "办好了",
        "main_answered": True,
    }
    return Facts(**(wanted | fields))


def of_move(name: str, state: str) -> Facts:
    """A ticket in `state` that stands in nobody's way."""
    kind = "missed_call" if name.startswith("callback_") else "complaint"
    return facts(state, kind=kind, asked=name in {"grant_extension", "refuse_extension"})  # type: ignore[arg-type]


def given(name: str) -> Given:
    """What the move takes, and no more."""
    everything: dict[Field, Any] = {
        "words": "因为",
        "unit": OTHER,
        "helpers": (9,),
        "days": 2,
        "main": facts("accepted", id=8, number="20261123000083"),
        "urgency": "urgent",
        "satisfaction": "satisfied",
        "answer": "答复",
        "confidential": True,
        "fields": {"title": "新标题"},
        "attachments": (5,),
    }
    needs = MOVES[name].needs if name in MOVES else ()
    extra: tuple[Field, ...] = ("answer",) if name == "from_city" else ()
    return Given(**{field: everything[field] for field in (*needs, *extra)})


@pytest.mark.parametrize(("name", "state"), list(product(NAMES, STATES)))
def test_every_move_from_every_state_is_made_by_those_who_may_and_refused_to_all_others(name: str, state: str) -> None:
    row = ROWS.get((name, state))  # type: ignore[arg-type]
    ticket = of_move(name, state)
    for who, doer in DOERS.items():
        may = row is not None and bool(row.by & parts_of(doer, ticket))
        if may:
            assert row
            decision = decide(ticket, name, doer, given(name), limits=LIMITS, now=NOW)
            assert decision.to in row.to, who
            assert (row in available(ticket, doer, LIMITS, NOW)) is (name != "open")
        else:
            with pytest.raises(Refused) as refused:
                decide(ticket, name, doer, given(name), limits=LIMITS, now=NOW)
            assert isinstance(refused.value, NotYours) is (row is not None), who
            assert str(refused.value)
            assert name not in {one.name for one in available(ticket, doer, LIMITS, NOW)}


@pytest.mark.parametrize("row", [row for row in TABLE if row.source], ids=lambda row: f"{row.name}-{row.source}")
def test_a_move_says_what_it_lacks_and_what_does_not_belong_to_it(row: Any) -> None:  # noqa: ANN401  # a Move
    part = next(part for part in WHO if part in row.by)
    ticket, doer = of_move(row.name, row.source), DOERS[part]
    for field in row.needs:
        empty: Any = () if field in {"helpers", "attachments"} else {} if field == "fields" else None
        with pytest.raises(Refused) as refused:
            decide(ticket, row.name, doer, replace(given(row.name), **{field: empty}), limits=LIMITS, now=NOW)
        assert field in refused.value.fields
    foreign = next(field for field in ("days", "urgency", "unit") if field not in (*row.needs, *row.may))
    wrong: Any = {"days": 1, "urgency": "urgent", "unit": OTHER}[foreign]
    with pytest.raises(Refused) as refused:
        decide(ticket, row.name, doer, replace(given(row.name), **{foreign: wrong}), limits=LIMITS, now=NOW)
    assert foreign in refused.value.fields


def test_the_table_is_whole() -> None:
    assert set(NAMES) >= PROMISED
    assert len(ROWS) == len(TABLE), "one row for each move and state"
    assert set(DEEDS) <= set(NAMES)
    for row in TABLE:
        assert row.by <= set(get_args(Part))
        assert {row.source, *row.to} - {None} <= STATES.keys()
        assert set(row.starts) <= EFFECTS.keys()
        assert row.label
        assert row.chinese
        assert not set(row.needs) & set(row.may)
        assert set(row.needs) | set(row.may) <= set(get_args(Field))
    assert EFFECTS.keys() == set(get_args(Effect))
    assert {effect for row in TABLE for effect in row.starts} == EFFECTS.keys(), "none that nothing starts"
    assert WHO.keys() == PARTS.keys() == set(get_args(Part))
    assert STANDING.keys() == STATES.keys()


def test_every_state_can_be_reached_and_only_the_last_ones_have_no_way_out() -> None:
    reached: set[str] = set()
    frontier = {goal for row in TABLE if row.source is None for goal in row.to}
    while frontier:
        reached |= frontier
        frontier = {goal for row in TABLE if row.source in reached for goal in row.to} - reached
    assert reached == STATES.keys()
    ways_out = {row.source for row in TABLE if row.to != (row.source,)}
    assert STATES.keys() - ways_out == {"archived", "refused"}
    assert not {row.name for row in TABLE if row.source in CLOSED_STATES} - {
        "archive",
        "reopen",
        "unmerge",
        "remerge",
        "follow_up",
        "callback_reopened",
    }


def test_nothing_happens_to_a_missed_call_but_what_its_callback_brings_until_it_is_a_request() -> None:
    missed = facts("accepted", kind="missed_call", unit_id=None, helpers=frozenset())
    for name in ("submit", "answer", "merge"):
        with pytest.raises(Refused, match="no request yet"):
            decide(missed, name, DOERS["agent"], given(name), limits=LIMITS, now=NOW)
    decide(missed, "amend", DOERS["agent"], Given(fields={"kind": "help"}), limits=LIMITS, now=NOW)
    with pytest.raises(Refused, match="no longer follows its callback"):
        decide(replace(missed, kind="help"), "callback_settled", SYSTEM, Given(), limits=LIMITS, now=NOW)


def test_whoever_is_told_did_not_do_it() -> None:
    decision = decide(facts("dispatched"), "return", DOERS["lead"], Given(words="x"), limits=LIMITS, now=NOW)
    assert [notice.audience for notice in decision.notices] == ["supervisor"]
    own = facts("reviewing", accepted_by="boss")
    assert not decide(own, "send_back", DOERS["supervisor"], Given(words="x"), limits=LIMITS, now=NOW).notices


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh")])
def test_the_readme_shows_the_table_as_it_is(name: str, language: drawing.Language) -> None:
    text = (Path(ROOT) / name).read_text(encoding="utf-8")
    assert drawing.replaced(text, language) == text, "run: callcenter tickets-table --into README.md README.zh-CN.md"
    for move in NAMES:
        assert f"`{move}`" in text
