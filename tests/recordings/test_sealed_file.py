"""The sealed file: what goes in comes out, any part of it, and nothing that was changed is believed."""

import base64
import json
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.recordings import key_file
from callcenter.recordings.rules import Unsatisfiable, byte_range
from callcenter.recordings.sealing import CHUNK, Damaged, KeyMissing, MasterKey, Sealed, seal
from callcenter.storage.clock import now

KEY = MasterKey("00112233445566aa", b"k" * 32)
KEYS = {KEY.id: KEY.secret}
NAME = "2026/11/23/node1-1.1.sealed"
HEADER, TAG = 83, 16


def sealed(folder: Path, content: bytes, name: str = NAME, piece: int = 10_000) -> Path:
    path = folder / f"{secrets.token_hex(4)}.sealed"
    pieces: Iterator[bytes] = (content[start : start + piece] for start in range(0, len(content), piece))
    path.write_bytes(b"".join(seal(pieces, KEY, name)))
    return path


def opened(path: Path, keys: dict[str, bytes] = KEYS, name: str = NAME) -> bytes:
    with Sealed(path, keys, name) as file:
        return b"".join(file.read())


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77])
def test_what_was_sealed_is_read_whole(tmp_path: Path, size: int) -> None:
    content = secrets.token_bytes(size)
    path = sealed(tmp_path, content)
    assert opened(path) == content
    assert content[:64] not in path.read_bytes() or size < 3
    with Sealed(path, KEYS, NAME) as file:
        assert (file.size, file.key_id) == (size, KEY.id)


def test_any_part_is_read_without_the_rest(tmp_path: Path) -> None:
    content = secrets.token_bytes(3 * CHUNK + 500)
    with Sealed(sealed(tmp_path, content), KEYS, NAME) as file:
        for start, stop in ((0, 1), (CHUNK - 3, CHUNK + 3), (10, 3 * CHUNK + 1), (3 * CHUNK, 10**9), (5, 5)):
            assert b"".join(file.read(start, stop)) == content[start:stop]


@pytest.mark.parametrize("place", ["magic", "nonce", "key", "prefix", "first chunk", "last chunk", "last tag"])
def test_one_flipped_bit_is_noticed(tmp_path: Path, place: str) -> None:
    path = sealed(tmp_path, secrets.token_bytes(2 * CHUNK + 500))
    data = bytearray(path.read_bytes())
    at = {"magic": 3, "nonce": 20, "key": 50, "prefix": 80, "first chunk": 99, "last chunk": -100, "last tag": -1}[
        place
    ]
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged):
        opened(path)


def _chunks(data: bytes) -> tuple[bytes, list[bytes]]:
    body = data[HEADER:]
    return data[:HEADER], [body[start : start + CHUNK + TAG] for start in range(0, len(body), CHUNK + TAG)]


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "swapped": lambda chunks: [chunks[1], chunks[0], *chunks[2:]],
    "one left out": lambda chunks: [chunks[0], *chunks[2:]],
    "one twice": lambda chunks: [chunks[0], chunks[0], *chunks[1:]],
    "the end cut off at a chunk": lambda chunks: chunks[:-1],
    "all cut off": lambda _chunks: [],
    "some bytes cut off": lambda chunks: [*chunks[:-1], chunks[-1][:-7]],
    "something added": lambda chunks: [*chunks, b"x" * 40],
}


@pytest.mark.parametrize("change", CHANGES)
def test_chunks_that_were_moved_or_are_missing_are_noticed(tmp_path: Path, change: str) -> None:
    path = sealed(tmp_path, secrets.token_bytes(3 * CHUNK + 500))
    header, chunks = _chunks(path.read_bytes())
    path.write_bytes(header + b"".join(CHANGES[change](chunks)))
    with pytest.raises(Damaged):
        opened(path)


def test_a_file_that_ends_too_soon_is_noticed_before_its_first_part_is_heard(tmp_path: Path) -> None:
    path = sealed(tmp_path, secrets.token_bytes(3 * CHUNK))
    path.write_bytes(path.read_bytes()[: HEADER + CHUNK + TAG])
    with pytest.raises(Damaged):
        Sealed(path, KEYS, NAME)


def test_chunks_of_another_file_and_another_files_name_are_noticed(tmp_path: Path) -> None:
    one, other = (sealed(tmp_path, secrets.token_bytes(2 * CHUNK)) for _ in range(2))
    header, chunks = _chunks(one.read_bytes())
    one.write_bytes(header + chunks[0] + _chunks(other.read_bytes())[1][1])
    with pytest.raises(Damaged):
        opened(one)
    with pytest.raises(Damaged):
        opened(other, name="2026/11/23/node1-1.2.sealed")


def test_a_wrong_key_opens_nothing_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = sealed(tmp_path, b"words")
    with pytest.raises(Damaged):
        opened(path, {KEY.id: b"w" * 32})
    with pytest.raises(KeyMissing, match=KEY.id):
        opened(path, {"ffffffffffffffff": KEY.secret})


@pytest.mark.parametrize("content", [b"", b"SEALREC1", b"SEALREC1" + b"\0" * 75, b"RIFF" + b"\0" * 200])
def test_what_is_no_sealed_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.sealed"
    path.write_bytes(content)
    with pytest.raises((Damaged, KeyMissing)):
        opened(path)


@given(st.binary(max_size=3 * CHUNK), st.integers(0, 3 * CHUNK), st.integers(0, 3 * CHUNK))
def test_every_part_of_every_content_is_right(content: bytes, start: int, length: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Sealed(sealed(Path(folder), content), KEYS, NAME) as file:
        assert b"".join(file.read(start, start + length)) == content[start : start + length]


def test_keys_are_made_once_are_private_and_older_ones_stay_when_a_new_one_begins(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    first = key_file.ensure(path, now())
    assert path.stat().st_mode & 0o777 == 0o600
    assert key_file.ensure(path, now()) == first
    second = key_file.rotate(path, now())
    assert second.current != first.current
    assert second.all.items() > first.all.items()
    assert [one.name for one in path.parent.iterdir()] == ["keys.json"], "no drafts are left"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"current": "00", "keys": {}}',
        json.dumps({"current": "0011223344556677", "keys": {"0011223344556677": {"key": "AAAA"}}}),
        json.dumps(
            {"current": "../../etc/passwd", "keys": {"../../etc/passwd": {"key": base64.b64encode(b"k" * 32).decode()}}}
        ),
    ],
)
def test_a_damaged_file_of_keys_is_named_and_never_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(key_file.KeyFileError, match=r"keys\.json.*backup"):
        key_file.ensure(path, now())
    assert path.read_text() == text


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key_file.ensure(path, now())
    path.chmod(0o640)
    with pytest.raises(key_file.KeyFileError, match="chmod 600"):
        key_file.load(path)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("Bytes = 1 - 2", (1, 3)),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=0-" + "9" * 40, None),
    ],
)
def test_a_range_is_read_as_browsers_write_it(header: str | None, part: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == part


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_a_range_behind_the_end_cannot_be_had(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        byte_range(header, size)
