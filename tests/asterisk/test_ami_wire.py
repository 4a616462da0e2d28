"""Bytes into messages: whatever the network does to them, and whatever a hostile peer sends."""

import random
from pathlib import Path

import pytest

from callcenter.asterisk.ami.wire import MESSAGE_LIMIT, MessageTooLongError, Splitter, parse

RECORDING = (Path(__file__).parent / "recordings" / "shift.ami").read_bytes()
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def messages(*chunks: bytes) -> list[dict[str, object]]:
    splitter = Splitter()
    return [message for chunk in chunks for message in splitter.feed(chunk)]


def test_a_chinese_name_cut_by_a_chunk_survives_at_every_byte() -> None:
    """Mend 1: panoramisk drops the character."""
    stream = BANNER + "Event: Hangup\r\nCallerIDName: 张三丰\r\n\r\n".encode()
    for cut in range(len(stream) + 1):
        assert messages(stream[:cut], stream[cut:]) == [{"Event": "Hangup", "CallerIDName": "张三丰"}]


def test_a_recording_reads_the_same_however_it_is_chunked() -> None:
    whole = messages(RECORDING)
    assert sum(message.get("Event") == "QueueMemberStatus" for message in whole) == 16
    assert messages(*(RECORDING[at : at + 1] for at in range(len(RECORDING)))) == whole
    dice = random.Random(7)
    for _ in range(20):
        at, chunks = 0, []
        while at < len(RECORDING):
            step = dice.randint(1, 3000)
            chunks.append(RECORDING[at : at + step])
            at += step
        assert messages(*chunks) == whole


def test_bytes_that_are_no_utf_8_are_replaced_and_spare_the_line_end() -> None:
    stream = BANNER + b"Event: A\r\nName: \xe5\xbc\r\n\r\nEvent: B\r\nName: \xff\r\n\r\n"
    assert messages(stream) == [{"Event": "A", "Name": "\ufffd"}, {"Event": "B", "Name": "\ufffd"}]


def test_a_repeated_field_is_a_list_and_names_keep_their_case() -> None:
    assert parse("Event: X\r\nChanVariable: a=1\r\nChanVariable: b=2\r\nChanVariable: c=3\r\nchanvariable: d") == {
        "Event": "X",
        "ChanVariable": ["a=1", "b=2", "c=3"],
        "chanvariable": "d",
    }


def test_empty_values_are_kept_and_lines_that_are_no_field_are_passed_over() -> None:
    text = "Event: X\r\nEmpty: \r\nBare:\r\njunk\r\n\r\n: \r\nUrl: sip:a: b"
    assert parse(text) == {"Event": "X", "Empty": "", "Bare": "", "": "", "Url": "sip:a: b"}


@pytest.mark.parametrize("banner", [BANNER, b"", b"Something else\r\n"])
def test_the_banner_is_never_part_of_the_first_message(banner: bytes) -> None:
    assert messages(banner + b"Response: Success\r\nMessage: Hi\r\n\r\n") == [{"Response": "Success", "Message": "Hi"}]


@pytest.mark.parametrize("start", [BANNER + b"Event: X\r\nName: ", b""])
def test_a_message_without_end_is_given_up_at_the_limit(start: bytes) -> None:
    """Mend 1: panoramisk keeps it for ever, and searches all of it again for each chunk."""
    with pytest.raises(MessageTooLongError):
        messages(start, *[b"x" * 65536] * (MESSAGE_LIMIT // 65536 + 1))


def test_a_message_beyond_the_limit_in_one_chunk_is_given_up_too() -> None:
    with pytest.raises(MessageTooLongError):
        messages(BANNER + b"Event: X\r\nName: " + b"x" * (MESSAGE_LIMIT + 1) + b"\r\n\r\n")


def test_many_messages_in_one_chunk_may_exceed_the_limit_together() -> None:
    one = b"Event: X\r\nName: " + b"x" * 1000 + b"\r\n\r\n"
    assert len(messages(BANNER + one * 2000)) == 2000


def test_garbage_never_raises() -> None:
    dice = random.Random(1)
    for _ in range(200):
        alphabet = b"\r\n\r\n: \0\xff\xe5AEvent"
        messages(bytes(dice.choice(alphabet) for _ in range(500)))
