"""The line's quality as Asterisk's record tells it, against published scores, and on the row of the call."""

import pytest
from cel_lines import Citizen, said
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.cel import parse
from callcenter.hotline.rules.calls import CallRecord, interpret
from callcenter.hotline.rules.line_quality import POOR, leg_of, mos

GOOD = "ssrc=1;themssrc=2;lp=0;rxjitter=0.001;rxcount=500;txjitter=0.000;txcount=500;rlp=0;rtt=0.020"
LOSSY = "ssrc=1;themssrc=2;lp=50;rxjitter=0.004;rxcount=450;txjitter=0.030;txcount=500;rlp=25;rtt=0.100"


def call_of(lines: list[str]) -> CallRecord:
    record = interpret(None, [parse(text.encode()) for text in lines])
    assert record is not None
    return record


def talk(citizen: str, agent: str, *, citizen_first: bool) -> list[str]:
    """Return a talk whose two channels told `citizen` and `agent` when they ended."""
    call = Citizen().queued().answered()
    ends = [said("LINE", 40, call.linkedid, citizen)]
    other = said(
        "LINE", 40.1, call.linkedid, agent, uniqueid=f"{call.linkedid}-9", channel="PJSIP/8001-00000009", context="x"
    )
    if citizen_first:
        gone = [line for line in call.hangs_up(40).lines if "CHAN_END" in line or '"HANGUP"' in line]
        before = call.lines[: -len(gone) - 1]
        return [*before, *ends, *gone, other, call.lines[-1]]
    call.lines += [other, *ends]
    return call.hangs_up(41).lines


@pytest.mark.parametrize("citizen_first", [True, False])
def test_both_sides_scores_and_the_worst_figures_are_kept_whoever_hangs_up_first(*, citizen_first: bool) -> None:
    call = call_of(talk(GOOD, LOSSY, citizen_first=citizen_first))
    assert call.progress is None
    assert call.mos_citizen == 4.4
    assert call.mos_agent is not None
    assert call.mos_agent < POOR
    assert (call.line_loss, call.line_jitter_ms, call.line_rtt_ms) == (10.0, 30.0, 100.0)
    assert call.outcome == "answered"


def test_a_call_of_which_nothing_was_told_has_no_figures() -> None:
    call = call_of(Citizen().queued().hangs_up(12).lines)
    assert (call.mos_citizen, call.mos_agent, call.line_loss) == (None, None, None)


@pytest.mark.parametrize("told", ["", "garbage", "rxcount=3;txcount=3;lp=9", "=;=;", "rxcount=nan;txcount=-5"])
def test_who_hardly_spoke_is_not_judged(told: str) -> None:
    assert leg_of(told) is None


@pytest.mark.parametrize(
    ("loss", "delay_ms", "expected"),
    # R to MOS as in G.107 annex B: 93.2 is 4.41; 10 % random loss with concealment costs 27 (G.113 appendix I); an
    # echo-free delay of 400 ms one way costs 34.
    [(0, 0, 4.4), (1, 0, 4.3), (3, 0, 4.1), (10, 0, 3.4), (0, 400, 3.0), (100, 0, 1.2)],
)
def test_the_score_is_that_of_the_e_model(loss: float, delay_ms: float, expected: float) -> None:
    assert mos(loss, 0, 2 * delay_ms) == pytest.approx(expected, abs=0.15)


@given(st.text(), st.text())
def test_no_words_of_the_other_side_break_anything(name: str, value: str) -> None:
    leg = leg_of(f"rxcount=500;txcount=500;{name}={value};rtt={value};lp={value}")
    assert leg is not None
    assert 1.0 <= leg.mos <= 4.5
    assert 0 <= leg.loss <= 100


@given(st.floats(0, 99), st.floats(0, 500), st.floats(0, 5000))
def test_a_worse_line_never_scores_better(loss: float, jitter: float, rtt: float) -> None:
    assert mos(loss + 1, jitter, rtt) <= mos(loss, jitter, rtt)
    assert mos(loss, jitter + 5, rtt) <= mos(loss, jitter, rtt)
    assert mos(loss, jitter, rtt + 50) <= mos(loss, jitter, rtt)
