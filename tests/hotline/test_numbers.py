"""One spelling for each citizen, and which numbers are not dialled without a supervisor."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callcenter.hotline.rules.numbers import held, mask, normalised, variants


@pytest.mark.parametrize(
    ("one", "spellings"),
    [
        ("13800001234", ["+8613800001234", "008613800001234", "8613800001234", "013800001234", "+86013800001234"]),
        ("01062345678", ["+861062345678", "00861062345678", "861062345678", "+8601062345678", "62345678"]),
        ("075522345678", ["+8675522345678", "8675522345678"]),
        ("+14155550000", ["0014155550000", "+14155550000"]),
        ("+85221234567", ["0085221234567"]),
        ("4008001234", ["4008001234", "+864008001234"]),
    ],
)
def test_a_citizen_has_one_spelling_whatever_the_network_writes(one: str, spellings: list[str]) -> None:
    assert {normalised(spelling, "010") for spelling in [one, *spellings]} == {one}
    assert set(spellings) <= set(variants(one, "010"))


def test_a_local_number_stays_as_it_is_where_no_area_code_is_set() -> None:
    assert normalised("62345678") == "62345678"
    assert normalised("62345678", "021") == "02162345678"


@pytest.mark.parametrize("number", ["", "anon", "110", "12345", "100123", "1*2#", "+", "0", "+999999999999999"])
def test_what_no_table_knows_stays_as_it_is(number: str) -> None:
    assert normalised(number, "010") == number


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("13800001234", None),
        ("16612345678", None),
        ("01062345678", None),
        ("62345678", None),
        ("4008001234", None),
        ("110", "emergency"),
        ("119", "emergency"),
        ("120", "emergency"),
        ("122", "emergency"),
        ("12345", "emergency"),
        ("95588", "emergency"),
        ("010110", "emergency"),
        ("0110", "emergency"),
        ("+86110", "emergency"),
        ("0755120", "emergency"),
        ("01012345", "emergency"),
        ("16812345", "premium"),
        ("16812345678", "premium"),
        ("1259012345", "premium"),
        ("+14155550000", "foreign"),
        ("179110014155550000", "foreign"),
        ("anon", "unknown"),
        ("12", "unknown"),
        ("10012345678", "unknown"),
        ("01012345678", "unknown"),
        ("193138000012341", "unknown"),
        ("9" * 32, "unknown"),
        ("１３８００００１２３４", "unknown"),
    ],
)
def test_only_ordinary_telephones_are_dialled_without_a_supervisor(number: str, why: str | None) -> None:
    assert held(normalised(number)) == why


@given(
    st.text("0123456789+", max_size=20) | st.from_regex(r"\A(00|\+)?(86)?0?1[3-9]\d{9}\Z"), st.sampled_from(["", "010"])
)
@example("0086013800001234", "")
def test_one_spelling_is_its_own_and_every_variant_leads_back_to_it(number: str, area_code: str) -> None:
    one = normalised(number, area_code)
    assert normalised(one, area_code) == one
    assert {normalised(spelling, area_code) for spelling in variants(one, area_code)} == {one}
    assert one in variants(one, area_code)


def test_another_carriers_prefix_is_no_part_of_a_number() -> None:
    assert normalised("1259013800001234") == "13800001234"


@given(st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", "+86", "86", "0086", "0"]))
def test_every_mobile_is_itself_behind_every_prefix(number: int, prefix: str) -> None:
    assert normalised(f"{prefix}{number}") == str(number)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800001234", "138****1234"),
        ("01062345678", "010****5678"),
        ("62345678", "******78"),
        ("6234567", "*****67"),
        ("110", "*10"),
        ("8", "8"),
        ("", ""),
    ],
)
def test_the_middle_of_a_number_is_hidden_and_nearly_all_of_a_short_one(number: str, shown: str) -> None:
    assert mask(number) == shown
