"""Telephone numbers in running text are masked; dates, times, amounts, houses and the numbers of requests are not."""

from datetime import date

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from callcenter.hotline.rules.written_numbers import masked_in
from callcenter.tickets.rules import numbers

LOCALS = st.integers(2_000_000, 8_999_999) | st.integers(20_000_000, 89_999_999)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请回电13800001234，谢谢", "请回电138****1234，谢谢"),
        ("+8613800001234;13900005678", "+86****1234;139****5678"),
        ("138 0000 1234 或 138-0000-1234", "138****1234 或 138****1234"),
        ("电话１３８００００１２３４", "电话138****1234"),
        ("座机010-62345678、02087654321", "座机010****5678、020****4321"),
        ("（010）6655 1234，(0551) 6655123", "010****1234，055****5123"),
        ("0755-6655-1234", "075****1234"),
        ("+14155550000", "+14****0000"),
        ("家里电话66551234", "家里电话******34"),
        ("6655 1234，6655-1234", "******34，******34"),
        ("６６５５　１２３４", "******34"),
        ("Tel: 6655123", "Tel: *****23"),
        ("座机 665-1234", "座机 *****34"),
        ("66551234/66551235、66551236,66551237", "******34/******35、******36,******37"),
        ("66551234转801，66551234-801", "******34转801，******34-801"),
        ("电话2345-6789 没人接", "电话******89 没人接"),
        ("拨打66551234时无人接听，拨66551234号码", "拨打******34时无人接听，拨******34号码"),
        ("66551234人工台", "******34人工台"),
    ],
)
def test_telephone_numbers_are_masked(text: str, shown: str) -> None:
    assert masked_in(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "工单202605010000138，12345，110，95588",
        "工单 2026 1123 00042 4 与 2026-1123-00042-4",
        "1732779000.13800001234",
        "2026-11-28 08:00:00 192.0.2.138",
        "20261128停水，2026 1128，20261128-20261130，0800 20261128",
        "2024-2026年，0800-1200，2000-2200，晚上2030-2130施工",
        "长虹路8号3栋2单元1201室，长虹路2801-2803，201-1203，12栋 6655 1234",
        "补偿款6655123元，￥6655123，人民币 66551234，欠费2000-3000元，1,234,567.89，66551234.50",
        "面积66551234平方米，约 6655123 吨，2345678户，66.551234",
        "户号66551234，水表号：6655123，客户编码 66551234，订单66551234，No.66551234，#66551234",
        "卡号6222 0212 3456 7890 123",
        "身份证320102199001011234，京A66551",
        "https://example.gov.cn/66551234?id=66551234",
        "400-812-3456",
        "第66551234号",
        "",
    ],
)
def test_what_is_no_telephone_number_stays(text: str) -> None:
    assert masked_in(text) == text


def _is_day(digits: str) -> bool:
    try:
        return digits.startswith("20") and bool(date.fromisoformat(digits)) and len(digits) == 8
    except ValueError:
        return False


@given(LOCALS, st.sampled_from(["请回电{}，谢谢", "{}", "座机：{}。", "联系人王先生 {}", "打{}没人接"]), st.booleans())
def test_every_local_number_is_masked_whole_and_parted(number: int, text: str, parted: bool) -> None:  # noqa: FBT001
    digits = str(number)
    assume(not _is_day(digits))
    written = f"{digits[:-4]} {digits[-4:]}" if parted else digits
    shown = masked_in(text.format(written))
    assert shown == text.format("*" * (len(digits) - 2) + digits[-2:])


@given(DAYS, st.sampled_from(["%Y%m%d", "%Y %m%d", "%Y-%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]))
@example(date(2026, 11, 28), "%Y%m%d")
def test_every_day_stays(day: date, form: str) -> None:
    for text in (f"{day:{form}}", f"于{day:{form}}停水", f"{day:{form}} 08:00", f"电话里说{day:{form}}来修"):
        assert masked_in(text) == text


@given(DAYS, st.integers(1, 99_999), st.sampled_from(["工单{}", "{}", "见 {} 一并办理", "{}、{}"]))
def test_every_requests_number_stays(day: date, place: int, text: str) -> None:
    number = numbers.number(day, place)
    for written in (number, numbers.readable(number), numbers.readable(number).replace(" ", "-")):
        said = text.format(written, written)
        assert masked_in(said) == said


@given(LOCALS, st.sampled_from(["元", "万元", " 元", "平方米", "吨", "户", "度"]), st.sampled_from(["", "￥", "共计"]))
def test_every_amount_stays(number: int, unit: str, before: str) -> None:
    for written in (str(number), f"{number:,}", f"{number}.50"):
        text = f"{before}{written}{unit}"
        assert masked_in(text) == text


@given(st.times(), st.times(), st.sampled_from(["-", "－", "—"]))
def test_every_span_of_hours_stays(one: object, other: object, between: str) -> None:
    begin, end = sorted((f"{one:%H%M}", f"{other:%H%M}"))
    assert masked_in(f"每天{begin}{between}{end}噪声扰民") == f"每天{begin}{between}{end}噪声扰民"


@given(st.integers(1, 9999), st.integers(1, 9999), st.sampled_from(["号", "室", "号楼", "单元"]))
def test_every_house_stays(house: int, flat: int, word: str) -> None:
    text = f"长虹路{house}-{flat}{word}"
    assert masked_in(text) == text


@given(st.text(st.sampled_from("0123456789 -/.,:（）电话号元年a*")), st.booleans())
def test_what_is_shown_once_masked_is_shown_the_same_again(text: str, local: bool) -> None:  # noqa: FBT001
    once = masked_in(text, local=local)
    assert masked_in(once, local=local) == once


def test_numbers_that_programs_wrote_stay_without_an_area_code() -> None:
    assert masked_in("recording 6655123", local=False) == "recording 6655123"
    assert masked_in("13800001234", local=False) == "138****1234"
