"""Whom to ban from SIP: a guesser and a flood, but no office for one phone's old password, and nobody by forgery."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.events import SignInTried
from callcenter.hotline.rules import bans
from callcenter.hotline.rules.bans import Limits, Verdict, Watch, network_of, parsed, term

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LIMITS = Limits(
    window=timedelta(seconds=60),
    wrong=20,
    names=4,
    flood=300,
    trusted=timedelta(minutes=30),
    first=timedelta(minutes=10),
    longest=timedelta(days=1),
)
OFFICE = "203.0.113.7"


def tried(second: float, account: str = "8001", kind: Any = "wrong", **more: Any) -> SignInTried:  # noqa: ANN401
    return SignInTried(
        NOW + timedelta(seconds=second),
        **{"address": OFFICE, "account": account, "kind": kind, "proven": True, **more},
    )


def all_of(watch: Watch, *events: SignInTried) -> list[Verdict]:
    return [verdict for event in events if (verdict := watch.heard(event))]


def phone_with_an_old_password(seconds: int, every: float, account: str = "8001") -> list[SignInTried]:
    """What Asterisk tells of a phone that is set to a password of last year's: a question and a wrong answer."""
    return [
        event
        for turn in range(int(seconds / every))
        for event in (tried(turn * every, account, "asked"), tried(turn * every + 0.1, account, "wrong"))
    ]


def test_a_phone_with_an_old_password_is_never_banned() -> None:
    assert all_of(Watch(LIMITS), *phone_with_an_old_password(3600, every=10)) == []


def test_an_office_whose_phones_all_have_old_passwords_is_not_banned() -> None:
    phones = [phone_with_an_old_password(600, 30, str(seat)) for seat in range(8001, 8011)]
    assert all_of(Watch(LIMITS), *sorted((event for phone in phones for event in phone), key=lambda one: one.at)) == []


def test_many_passwords_for_one_name_are_guessing() -> None:
    watch = Watch(LIMITS)
    (verdict,) = all_of(watch, *(tried(at) for at in range(20)))
    assert (verdict.network, verdict.reason, verdict.account) == (f"{OFFICE}/32", "wrong", "8001")


def test_the_same_from_where_a_phone_is_signed_in_is_a_broken_phone() -> None:
    watch = Watch(LIMITS)
    watch.heard(tried(0, "8002", "signed_in"))
    assert all_of(watch, *(tried(1 + at / 4) for at in range(200))) == []
    assert watch.phones(network_of(OFFICE), NOW) == ["8002"]  # type: ignore[arg-type]


def test_an_office_is_no_longer_known_when_its_phones_have_been_gone_for_long() -> None:
    watch = Watch(LIMITS)
    watch.heard(tried(0, "8002", "signed_in"))
    assert all_of(watch, *(tried(1801 + at) for at in range(20)))


@pytest.mark.parametrize("signed_in", [False, True])
def test_many_names_that_are_no_seats_are_guessing_wherever_they_come_from(*, signed_in: bool) -> None:
    watch = Watch(LIMITS)
    if signed_in:
        watch.heard(tried(0, "8002", "signed_in"))
    found = all_of(
        watch, *(tried(1 + at, name, "unknown") for at, name in enumerate(["100", "100", "101", "admin", "x"]))
    )
    assert [verdict.reason for verdict in found] == ["names"]


def test_a_phone_that_asks_for_one_wrong_name_is_no_guesser() -> None:
    watch = Watch(LIMITS)
    assert all_of(watch, *(tried(at * 15, "8011", "unknown") for at in range(100))) == []


def test_a_flood_without_any_answer_is_banned_within_its_limit() -> None:
    watch = Watch(LIMITS)
    events = [tried(at / 500, "8001", "asked", proven=False) for at in range(300)]
    assert all_of(watch, *events[:-1]) == []
    verdict = watch.heard(events[-1])
    assert verdict
    assert (verdict.reason, verdict.tried) == ("flood", 300)
    assert watch.pressure(events[-1].at) == 300
    assert watch.pressure(events[-1].at + timedelta(seconds=62)) == 0


def test_ten_phones_that_sign_in_again_and_again_are_no_flood() -> None:
    watch = Watch(LIMITS)
    for turn in range(3000):
        account = str(8001 + turn % 10)
        assert watch.heard(tried(turn / 100, account, "asked")) is None
        assert watch.heard(tried(turn / 100, account, "signed_in")) is None
    assert watch.pressure(NOW + timedelta(seconds=30)) == 0


def test_forged_datagrams_ban_no_office_where_a_phone_is_signed_in() -> None:
    watch = Watch(LIMITS)
    watch.heard(tried(0, "8002", "signed_in"))
    forged = [tried(1 + at / 1000, f"x{at}", kind, proven=False) for at in range(2000) for kind in ("unknown", "asked")]
    assert all_of(watch, *forged) == []
    assert watch.pressure(NOW + timedelta(seconds=5)) == 2000, "but it is seen"


def test_a_success_forgives_the_failures_of_its_own_name_only() -> None:
    watch = Watch(LIMITS)
    all_of(
        watch, *(tried(at / 10, "8001") for at in range(15)), *(tried(2 + at / 10, "x", "unknown") for at in range(2))
    )
    watch.heard(tried(4, "8001", "signed_in"))
    assert all_of(watch, *(tried(5 + at, name, "unknown") for at, name in enumerate(("y", "z", "w"))))


@pytest.mark.parametrize("exempt", ["203.0.113.7/32", "203.0.113.0/24"])
def test_lines_and_the_list_of_the_settings_are_never_banned(exempt: str) -> None:
    watch = Watch(LIMITS, (ipaddress.ip_network(exempt),))
    assert all_of(watch, *(tried(at / 100, f"x{at}", "unknown") for at in range(1000))) == []


def test_ipv6_is_counted_and_banned_by_network() -> None:
    watch = Watch(LIMITS)
    (verdict,) = all_of(
        watch, *(tried(at, f"x{at}", "unknown", address=f"2001:db8:0:1::{at + 1:x}") for at in range(4))
    )
    assert verdict.network == "2001:db8:0:1::/64"


def test_what_is_no_address_is_nothing() -> None:
    assert all_of(Watch(LIMITS), *(tried(at, f"x{at}", "unknown", address="pbx.example") for at in range(50))) == []


def test_each_further_ban_is_longer_up_to_the_longest() -> None:
    assert [term(times, LIMITS) / timedelta(minutes=1) for times in range(5)] == [10, 40, 160, 640, 1440]
    assert term(10**9, LIMITS) == LIMITS.longest


def test_it_starts_afresh_after_a_ban_and_remembers_only_so_many() -> None:
    watch = Watch(LIMITS)
    assert all_of(watch, *(tried(at / 10) for at in range(20)))
    network = network_of(OFFICE)
    assert network
    watch.forgive(network)
    assert all_of(watch, *(tried(3 + at / 10) for at in range(19))) == []
    for at in range(bans.MOST_REMEMBERED + 100):
        watch.heard(tried(6, address=str(ipaddress.ip_address(0x0A000000 + at)), proven=False))
    assert len(watch._tried) == bans.MOST_REMEMBERED


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.7 ", "203.0.113.7/32"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("2001:db8::5", "2001:db8::/64"),
        ("2001:db8::/48", "2001:db8::/48"),
        ("0.0.0.0/0", None),
        ("10.0.0.0/8", None),
        ("2001:db8::/32", None),
        ("example.org", None),
        ("203.0.113.7/32 ; x", None),
        ("203.0.113.7\n[evil]", None),
        ("fe80::1%eth0", "fe80::/64"),
        ("", None),
        ("/", None),
    ],
)
def test_a_typed_network_is_one_or_nonsense(text: str, network: str | None) -> None:
    found = parsed(text)
    assert (str(found) if found else None) == network


@given(st.text(max_size=60))
def test_no_text_becomes_a_line_that_asterisk_might_misread(text: str) -> None:
    found = parsed(text)
    assert found is None or set(str(found)) <= set("0123456789abcdef:./")


KINDS = st.sampled_from(["asked", "wrong", "unknown", "refused"])


@given(st.lists(st.tuples(KINDS, st.sampled_from(["8001", "8002", "100"]), st.booleans()), max_size=200))
def test_few_requests_over_a_long_time_ban_nobody(attempts: list[tuple[str, str, bool]]) -> None:
    watch = Watch(LIMITS)
    events = [tried(at * 10, name, kind, proven=proven) for at, (kind, name, proven) in enumerate(attempts)]
    assert all_of(watch, *events) == []
