"""Many lines at once say the same as each by itself, whatever stands in them."""

import json
from pathlib import Path

import pytest
from cel_lines import Citizen, line, restarted, said
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callcenter.asterisk import cel_bulk
from callcenter.asterisk.cel import CelEvent, CelFault, Kind, parse
from callcenter.asterisk.cel_bulk import Fault, read

RECORDINGS = Path(__file__).parents[1] / "hotline" / "recordings"
CALL = list(
    Citizen().queued().rings_in_vain("8002", 6).answered().agent_hangs_up(60).says("RATING", 62, "5").hangs_up(63)
)


def one_by_one(text: bytes) -> list[CelEvent]:
    return [event for one in text.splitlines() if (event := parse(one)).kind is not Kind.OTHER]


def file_of(lines: list[str]) -> bytes:
    return "".join(f"{one}\n" for one in lines).encode()


def test_a_call_is_read_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    text = file_of(CALL * 3)
    expected = one_by_one(text)
    monkeypatch.setattr(cel_bulk, "parse", lambda _line: pytest.fail("the slow way was taken"))
    assert read(text, 0) == (expected, [])
    assert {event.kind for event in expected} == set(Kind) - {Kind.OTHER, Kind.RESTARTED}
    assert next(event for event in expected if event.word == "AGENT").detail == "1001|PJSIP/8001-00000009"
    assert {event.detail for event in expected if event.kind is Kind.HUNG_UP} == {"", "PJSIP/lab-00000001"}
    assert {event.detail for event in expected if event.kind is Kind.BRIDGE_LEFT} == {"b-node1-1.1-9"}


def test_our_configuration_orders_the_shape_that_is_read_in_one_go() -> None:
    template = Path(__file__).parents[2] / "asterisk-conf" / "cel_custom.conf.j2"
    (fields,) = (row.partition("= ")[2] for row in template.read_text().splitlines() if row.startswith("fields"))
    assert fields.split(",") == list(json.loads(CALL[0]))


@pytest.mark.parametrize("recording", sorted(path.stem for path in RECORDINGS.glob("*.jsonl")))
def test_what_the_real_asterisk_wrote_reads_the_same(recording: str) -> None:
    text = (RECORDINGS / f"{recording}.jsonl").read_bytes()
    assert read(text, 0) == (one_by_one(text), [])
    ordered = file_of([as_ordered(one) for one in text.decode().splitlines()])
    assert read(ordered, 0)[0] == [event._replace(number="") for event in one_by_one(text)]


def as_ordered(text: str) -> str:
    """The record with the fields that our cel_custom.conf orders today."""
    fields = json.loads(text)
    if "eventenum" not in fields:
        return text
    return json.dumps({name: fields[name] for name in json.loads(CALL[0])}, separators=(",", ":"))


def test_a_restart_written_by_the_supervisor_keeps_its_place() -> None:
    text = file_of([*CALL[:5], restarted(9), *CALL[5:]])
    events, faults = read(text, 0)
    assert events == one_by_one(text)
    assert (events[4].kind, events[4].detail, faults) == (Kind.RESTARTED, "node1", [])


def test_a_bad_line_is_named_by_its_place_and_takes_no_other_with_it() -> None:
    text = file_of([CALL[0], "漏接 {", CALL[1][:70] + CALL[1], "", CALL[-1]])
    events, faults = read(text, 1000)
    place = 1000 + len(CALL[0]) + 1
    assert events == [parse(CALL[0].encode()), parse(CALL[1].encode()), parse(CALL[-1].encode())]
    assert [(fault.offset, fault.line) for fault in faults] == [
        (place, "漏接 {".encode()),
        (place + len("漏接 {".encode()) + 1, CALL[1][:70].encode()),
    ]
    assert all(fault.reason for fault in faults)


HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20) | st.sampled_from(
    ['"', '\\"', '","extra":"x', "\\", "\\u0000", "\x7f", "\x00", '{\\"extra\\":\\"', "extra", "A" * 500]
)


@given(word=HOSTILE, text=HOSTILE, channel=HOSTILE, unique=HOSTILE, context=HOSTILE)
@example(word="AGENT", text='1001|","bridge_id":"x', channel="c", unique="u", context="x")
def test_hostile_text_in_any_field_reads_the_same(
    word: str, text: str, channel: str, unique: str, context: str
) -> None:
    hostile = [
        said(word, 1, "n-1", text, uniqueid=unique or "u", channel=channel, context=context),
        line("HANGUP", 2, "n-1", channel=channel, extra={"hangupcause": 16, "hangupsource": text}),
        line("BRIDGE_ENTER", 3, "n-1", extra={"bridge_technology": word, "bridge_id": text}),
    ]
    for one in hostile:
        # Among others and by itself: the fast way takes a piece as a whole or not at all.
        assert read(f"{one}\n".encode(), 0)[0] == one_by_one(one.encode())
    assert read(file_of([*CALL, *hostile]), 0) == (one_by_one(file_of([*CALL, *hostile])), [])


@settings(max_examples=300)
@given(st.data())
def test_whatever_byte_is_changed_cut_or_put_in_it_reads_the_same(data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(CALL)).encode()
    first = data.draw(st.integers(0, len(one)))
    last = data.draw(st.integers(first, min(first + 3, len(one))))
    broken = one[:first] + data.draw(st.binary(max_size=3).filter(lambda put: not {10, 13} & set(put))) + one[last:]
    events, faults = read(broken + b"\n", 7)
    said = one_alone(broken.strip())
    if isinstance(said, CelEvent):
        assert (events, faults) == ([said] if said.kind is not Kind.OTHER else [], [])
    elif events:
        assert len(faults) == 1, "a whole record behind a torn one"
    elif broken.strip():
        # Of a whole record of no concern behind a torn one, the torn one alone is kept.
        whole = broken.strip().rfind(b'{"event')
        behind = whole > 0 and isinstance(one_alone(broken.strip()[whole:]), CelEvent)
        assert faults == [Fault(7, broken.strip()[:whole] if behind else broken.strip(), said)]
    else:
        assert faults == []


def one_alone(text: bytes) -> CelEvent | str:
    try:
        return parse(text)
    except CelFault as fault:
        return str(fault)
