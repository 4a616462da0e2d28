"""Every sentence that somebody may read is in the catalogues, in Chinese, with its placeholders."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "web"))
import catalogues


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_catalogue_has_exactly_the_sentences_in_use(language: str) -> None:
    known = {str(message.id) for message in catalogues.read(language) if message.id}
    assert known == catalogues.extract(), "run: python web/catalogues.py"


def test_every_sentence_is_in_chinese() -> None:
    assert [message.id for message in catalogues.read("zh_CN") if message.id and not message.string] == []


def test_a_translation_keeps_the_placeholders() -> None:
    for message in catalogues.read("zh_CN"):
        if message.id:
            there = [sorted(re.findall(r"\{\w+\}", str(text))) for text in (message.id, message.string)]
            assert there[0] == there[1], message.id
