"""Whether two requests 工单 tell of one matter 重复件: by who called, where it is, and what was said, with the reasons.

Words count by how rarely they are said: that two citizens both write 噪声 says little, that both write 春晖路 says
much. Nothing is looked up here, and nothing is decided: a person merges, or does not.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

#: Below this two requests are not called alike.
LEAST = 0.55
#: An earlier request is looked for so far back.
REACH = timedelta(days=90)
#: Characters of a text that are compared: what follows repeats it.
LONGEST = 500
#: What road, estate, village or house is meant: the two characters before say which of them.
_SPOT = re.compile(
    r"(?=([\u4e00-\u9fff]{2}(?:大道|大街|路|街(?!道)|巷|弄|小区|花园|家园|新村|雅苑|公寓|广场|大厦|小学|中学|医院|市场"
    r"|(?<!新)村)|[\u4e00-\u9fff]{4}厂))"
)
#: Letters and digits that follow one another.
_RUN = re.compile(r"[^\W_]+")
#: No name of one ends so, before what it is.
_SAYS_NOTHING = frozenset("的了在这那个是有和与到把从去往条段边里过上下家镇区县乡出全本我你他们占")
#: How alike words must be: to say so at all, of one caller about something else, of two callers, to be the same words.
_SIMILAR, _ONE_CALLER, _NEARLY_SAME = 0.25, 0.4, 0.75
#: Below so many texts none is rare.
_FEW = 8

#: Why two are alike, in the order in which it is said.
SAME_CALLER, SAME_SPOT, SAME_PLACE, SAME_CATEGORY, SAME_WORDS, ALIKE = REASONS = (
    "same_caller",
    "same_spot",
    "same_place",
    "same_category",
    "nearly_the_same_words",
    "similar_words",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What is compared of a request; `caller` in its one spelling, empty when it was withheld."""

    caller: str = ""
    place: str | None = None
    category: str | None = None
    spots: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two requests are, from 0 to 1, and why."""

    score: float
    why: tuple[str, ...]


def spots(text: str) -> frozenset[str]:
    """Return the roads, estates, villages and houses that `text` names, each by its end: 春晖路, 书香家园."""
    found = (match[1] for match in _SPOT.finditer(text[:LONGEST]))
    return frozenset(one for one in found if not _SAYS_NOTHING.intersection(one[:2]))


def shingles(text: str) -> frozenset[str]:
    """Return the pairs of neighbouring letters and digits of `text`, in one spelling; single ones without pairs."""
    runs = _RUN.findall(unicodedata.normalize("NFKC", text[:LONGEST]).lower())
    pairs = {run[place : place + 2] for run in runs for place in range(len(run) - 1)}
    return frozenset(pairs or runs)


def weights(texts: Iterable[frozenset[str]]) -> Mapping[str, float]:
    """Return what each pair of characters weighs: much less when many of `texts` have it."""
    counts: Counter[str] = Counter()
    total = _FEW
    for text in texts:
        total += 1
        counts.update(text)
    by_count = {count: math.log(total / (count + 1)) ** 2 + 0.01 for count in set(counts.values())}
    return {pair: by_count[count] for pair, count in counts.items()}


def alike(one: frozenset[str], other: frozenset[str], weigh: Mapping[str, float]) -> float:
    """Return how much of both texts they share, from 0 to 1 (Dice, weighed); `weigh` knows every pair of theirs."""
    shared = one & other
    if not shared:
        return 0.0
    of = weigh.__getitem__
    return 2 * sum(map(of, shared)) / (sum(map(of, one)) + sum(map(of, other)))


def likeness(new: Told, old: Told, words: float) -> Likeness:
    """Return how alike the two are when their texts are alike by `words` (of `alike`)."""
    same_caller = bool(new.caller) and new.caller == old.caller
    same_place = new.place is not None and new.place == old.place
    same_category = new.category is not None and new.category == old.category
    same_spot = not new.spots.isdisjoint(old.spots)
    elsewhere = bool(new.place and old.place and not same_place)
    if same_caller:
        score = 0.55 if same_category and not elsewhere else 0.35 if words >= _ONE_CALLER or same_spot else 0.0
    elif elsewhere:
        score = 0.0
    elif same_spot:
        score = 0.5 if same_category else 0.25
    else:
        # Nobody says where: only what is said in the same words is the same, and not where two places are named.
        named = bool(new.spots and old.spots)
        score = 0.3 if same_category and words >= _NEARLY_SAME and not named else 0.0
    if not score:
        return Likeness(0.0, ())
    score += 0.3 * words + 0.08 * same_place + 0.07 * same_spot
    reasons = (same_caller, same_spot, same_place, same_category, words >= _NEARLY_SAME)
    why = [word for word, true in zip(REASONS, reasons, strict=False) if true]
    if _SIMILAR <= words < _NEARLY_SAME:
        why.append(ALIKE)
    return Likeness(min(score, 1.0), tuple(why))
