"""A request's text as features: its words as jieba cuts them, its place and its kind."""

from collections.abc import Iterator, Sequence

import jieba

from callcenter.storage.segmenting import warm

#: Characters of title and description that are read.
LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 2000
#: Begins a feature that is no word of the text.
_ASIDE = "@"
#: A word that means something has so many characters.
TELLING = 2
_LONGEST_WORD = 20


def words(title: str, description: str) -> list[str]:
    """Return the words of a text, in order; numbers are left out, as they tell nothing of what it is about.

    Takes a second for the first time unless `segmenting.warmed` was awaited.
    """
    warm()
    text = f"{title[:LONGEST_TITLE]}\n{description[:LONGEST_DESCRIPTION]}".lower()
    return [word for word in jieba.cut(text, HMM=False) if word[0].isalpha() and len(word) <= _LONGEST_WORD]


def features(of_text: Sequence[str], kind: str | None, place: str | None) -> list[str]:
    """Return the features of a text whose words are `of_text`; `place` is a code."""
    return [*of_text, *_asides(kind, place)]


def with_category(given: Sequence[str], category: str | None, place: str | None) -> list[str]:
    """Return the features by which a unit is found: also the category, and the category in that place."""
    return [*given, *category_features(category, place)] if category else list(given)


def category_features(category: str, place: str | None) -> tuple[str, str]:
    """Return the features that a category adds."""
    return f"{_ASIDE}c={category}", f"{_ASIDE}c={category}@p={place or ''}"


def is_word(feature: str) -> bool:
    """Whether a feature is a word of the text."""
    return not feature.startswith(_ASIDE)


def _asides(kind: str | None, place: str | None) -> Iterator[str]:
    if kind:
        yield f"{_ASIDE}k={kind}"
    yield f"{_ASIDE}p={place or ''}"
