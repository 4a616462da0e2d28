"""Whether the interchange is set up: said in one line, without the key."""

from pathlib import Path

import pytest

from callcenter.settings.requests import Interchange
from callcenter.tickets.interchange.setup import fault, parties

KEY = "a-key-that-only-both-platforms-know-00"


def wanted(folder: Path, key: str | bytes | None) -> Interchange:
    file = folder / "city.key"
    if key is not None:
        file.write_bytes(key if isinstance(key, bytes) else key.encode())
    return Interchange(url="https://city.example/in", key_file=file)


def test_off_is_no_fault() -> None:
    assert fault(Interchange()) is None
    assert parties(Interchange()) is None


def test_a_key_makes_it_work(tmp_path: Path) -> None:
    its = wanted(tmp_path, f"{KEY}\n")
    assert fault(its) is None
    found = parties(its)
    assert found is not None
    assert (found.ours, found.theirs, found.key) == ("district", "city", KEY.encode())


@pytest.mark.parametrize("key", [None, "", "short", b"\xff" * 40], ids=["missing", "empty", "short", "no text"])
def test_a_bad_key_is_named_and_never_shown(tmp_path: Path, key: str | bytes | None) -> None:
    its = wanted(tmp_path, key)
    said = fault(its)
    assert said is not None
    assert "key_file" in said
    assert "short" not in said.replace("short,", "")
    assert parties(its) is None


def test_a_url_without_a_key_is_a_fault() -> None:
    assert "key_file" in (fault(Interchange(url="https://city.example/in")) or "")
