"""The verdict itself: it finds whatever a hotline could do wrong to a caller, and nothing in books that are right."""

from dataclasses import replace

import pytest
from chaos_books import Books, Debt, Row
from chaos_citizens import Attempt, Talk
from chaos_network import Reached
from chaos_verdict import Verdict, judge
from chaos_witness import most_waiting

#: Ann was answered and talked for 6 s; Bob was told that all places are taken; both are numbers.
ANN, BOB = "13900000001", "13900000002"
TALKED = Attempt(ANN, 100.0, 100.01, 100.02, 120.0, "ended")
TALK = Talk("8001", ANN, 110.0, 116.0)
ANSWERED = Row(1, "node1-1", ANN, 100.01, 110.02, 120.0, "answered", cut=False, agent="1001")
MISSED = Attempt(BOB, 101.0, 101.01, 101.02, 112.0, "ended")
OVERFLOWED = Row(2, "node1-2", BOB, 101.01, None, 112.0, "overflowed", cut=False, agent=None)
OWED = Debt(1, BOB, "waiting", None, (2,))
RIGHT = Books([ANSWERED, OVERFLOWED], [OWED], [])


def verdict(
    books: Books,
    *,
    attempts: tuple[Attempt, ...] = (TALKED, MISSED),
    talks: tuple[Talk, ...] = (TALK,),
    died: float = 0,
) -> Verdict:
    return judge(attempts, talks, books, [died] if died else [])


def kinds(found: Verdict) -> set[str]:
    return {kind for kind, _ in found.violations}


def test_books_that_are_right_are_found_right() -> None:
    found = verdict(RIGHT)
    assert found.violations == []
    assert (found.calls, found.answered, found.missed, found.owed, found.settled) == (2, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("books", "kind"),
    [
        (replace(RIGHT, calls=[ANSWERED]), "lost call"),
        (replace(RIGHT, debts=[]), "lost"),
        (replace(RIGHT, debts=[replace(OWED, calls=())]), "lost"),
        (replace(RIGHT, debts=[replace(OWED, state="settled", settled_by="redial")]), "lost"),
        (replace(RIGHT, debts=[replace(OWED, state="settled", settled_by="supervisor")]), "lost"),
        (replace(RIGHT, debts=[OWED, replace(OWED, id=2)]), "doubled"),
        (replace(RIGHT, debts=[OWED, Debt(2, ANN, "waiting", None, (1,))]), "wrongly owed"),
        (replace(RIGHT, debts=[OWED, Debt(2, "13900000009", "waiting", None, ())]), "wrongly owed"),
        (
            replace(RIGHT, calls=[*RIGHT.calls, replace(ANSWERED, id=3, answered=None, outcome="unanswered")]),
            "doubled call",
        ),
        (
            replace(RIGHT, calls=[replace(ANSWERED, answered=None, outcome="abandoned_queue"), OVERFLOWED]),
            "wrong outcome",
        ),
        (replace(RIGHT, calls=[ANSWERED, replace(OVERFLOWED, answered=105.0, outcome="answered")]), "wrong outcome"),
        (replace(RIGHT, calls=[ANSWERED, replace(OVERFLOWED, ended=None, outcome="in_progress")]), "wrong outcome"),
        (replace(RIGHT, calls=[ANSWERED, replace(OVERFLOWED, outcome="self_service")]), "wrong outcome"),
        (replace(RIGHT, debts=[replace(OWED, attempts=("answered", "answered"))]), "doubled"),
        (replace(RIGHT, quarantined=["no JSON: {"]), "lost call"),
    ],
)
def test_whatever_is_wrong_is_found_with_its_evidence(books: Books, kind: str) -> None:
    found = verdict(books)
    assert kind in kinds(found)
    assert all(len(evidence.splitlines()) > 1 or books.quarantined for _, evidence in found.violations)


def test_whoever_was_answered_after_they_were_missed_is_owed_no_more() -> None:
    again = Attempt(BOB, 130.0, 130.01, 130.02, 150.0, "hung_up")
    talk = Talk("8002", BOB, 140.0, 150.0)
    row = Row(3, "node1-3", BOB, 130.01, 140.01, 150.0, "answered", cut=False, agent="1002")
    redialled = Books([*RIGHT.calls, row], [OWED], [])
    attempts, talks = (TALKED, MISSED, again), (TALK, talk)
    assert kinds(verdict(redialled, attempts=attempts, talks=talks)) == {"wrongly owed"}
    settled = replace(redialled, debts=[replace(OWED, state="settled", settled_by="redial")])
    assert verdict(settled, attempts=attempts, talks=talks).violations == []


def test_a_talk_that_asterisk_died_in_is_answered_and_says_that_it_was_cut() -> None:
    attempt, talk = replace(TALKED, over=140.0), replace(TALK, over=118.0)
    died = 113.0
    silent = verdict(RIGHT, attempts=(attempt, MISSED), talks=(talk,), died=died)
    assert kinds(silent) == {"wrong outcome"}
    honest = replace(RIGHT, calls=[replace(ANSWERED, cut=True), OVERFLOWED])
    assert verdict(honest, attempts=(attempt, MISSED), talks=(talk,), died=died).violations == []


def test_a_citizen_who_leaves_in_the_moment_in_which_the_agent_picks_up_may_be_either() -> None:
    attempt, talk = replace(TALKED, over=110.3), replace(TALK, over=110.4)
    either = verdict(RIGHT, attempts=(attempt, MISSED), talks=(talk,))
    assert either.violations == []
    missed = replace(ANSWERED, answered=None, outcome="abandoned_queue", ended=110.3)
    books = Books([missed, OVERFLOWED], [OWED, Debt(2, ANN, "waiting", None, (1,))], [])
    other = verdict(books, attempts=(attempt, MISSED), talks=(talk,))
    assert (other.violations, other.on_the_line) == ([], 1)


def test_whoever_asterisk_never_heard_of_is_counted_and_owed_nothing() -> None:
    unheard = Attempt("13900000003", 105.0, over=125.0, how="gave_up")
    found = verdict(RIGHT, attempts=(TALKED, MISSED, unheard))
    assert (found.violations, found.outside, found.calls) == ([], 1, 3)


def log(*events: tuple[int, str, str]) -> list[str]:
    return [f"{at}|{call}|hotline|NONE|{word}|x" for at, call, word in events]


def test_a_fifth_who_waits_is_found_in_queue_log() -> None:
    four = [(10, f"c{n}", "ENTERQUEUE") for n in range(4)]
    assert most_waiting(log(*four)) == 4
    assert most_waiting(log(*four, (12, "c4", "ENTERQUEUE"), (20, "c0", "CONNECT"))) == 5
    assert most_waiting(log(*four, (11, "c0", "ABANDON"), (12, "c4", "ENTERQUEUE"))) == 4
    # The place was free already, and the line that says so came a moment later.
    assert most_waiting(log(*four, (12, "c4", "ENTERQUEUE"), (12, "c0", "CONNECT"))) == 4


def test_nobody_waits_on_in_an_asterisk_that_has_died() -> None:
    four = [(10, f"c{n}", "ENTERQUEUE") for n in range(4)]
    assert most_waiting([*log(*four), "30|NONE|NONE|NONE|QUEUESTART|", *log((31, "d", "ENTERQUEUE"))]) == 4


#: Bob was called back and talked for 5 s.
CALLED = Reached(BOB, 200.0, 201.0, 206.0, "answered")
SETTLED = replace(OWED, state="settled", settled_by="callback", attempts=("answered",))


@pytest.mark.parametrize(
    ("called_back", "debt", "found"),
    [
        ([CALLED], SETTLED, set()),
        ([replace(CALLED, answered=None, how="busy"), replace(CALLED, dialled=210.0, answered=211.0)], SETTLED, set()),
        ([CALLED], OWED, {"wrongly owed"}),
        ([], SETTLED, {"lost"}),
        ([replace(CALLED, answered=None, how="busy")], SETTLED, {"lost"}),
        ([CALLED, replace(CALLED, dialled=210.0, answered=None, how="busy")], SETTLED, {"doubled"}),
        ([CALLED, replace(CALLED, dialled=200.5)], SETTLED, {"doubled"}),
    ],
)
def test_whoever_was_called_back_is_reached_once_and_owed_no_more(
    called_back: list[Reached], debt: Debt, found: set[str]
) -> None:
    books = replace(RIGHT, debts=[debt])
    assert kinds(judge((TALKED, MISSED), (TALK,), books, [], called_back)) == found


def test_whoever_was_missed_again_after_a_callback_is_called_back_again() -> None:
    again = Attempt(BOB, 300.0, 300.01, 300.02, 310.0, "ended")
    books = Books([*RIGHT.calls, replace(OVERFLOWED, id=3, started=300.01, ended=310.0)], [SETTLED], [])
    second = replace(SETTLED, id=2, calls=(3,))
    twice = [CALLED, replace(CALLED, dialled=320.0, answered=321.0, over=330.0)]
    attempts = (TALKED, MISSED, again)
    assert not judge(attempts, (TALK,), replace(books, debts=[SETTLED, second]), [], twice).violations
    assert "lost" in kinds(judge(attempts, (TALK,), books, [], twice[:1]))
