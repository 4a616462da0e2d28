"""What a full-text index holds of a text, and what is asked of it: Chinese without guessing where its words end.

Of Han text the index holds every pair of neighbours (路灯不亮: 路灯, 灯不, 不亮) and the last character of each run,
so that whatever stands in a text can be found, names and places as well, however a dictionary would cut it. Only a
question is cut into words (by jieba), because people type them without spaces: 南门路灯维修 asks for 南门, 路灯 and
维修, each anywhere. Latin words and numbers are kept whole, and long numbers by their last four digits too.
"""

import asyncio
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import jieba

#: Characters of a text that are indexed, of a question that are read, of one word; and words of one question.
LONGEST_TEXT = 20_000
LONGEST_QUESTION = 200
LONGEST_WORD = 64
MOST_TERMS = 24
#: Digits of a number that is also known by its last four.
_LONG_NUMBER = 7
_TAIL = 4
#: Characters of a question that are looked for as they stand.
_SHORT = 3
#: Characters of a word that tells what is meant.
_TELLING = 2
#: Seconds after a start in which calls and pages have the processor to themselves.
_CALM = 60.0
#: Han with its extensions and compatibility forms, kana, hangul: written without spaces, or agglutinated.
_RUNS_TOGETHER = (
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
#: Say nothing by themselves; a question among other words is not narrowed by them.
_EMPTY = frozenset("的了吗呢吧啊呀是在有和与及或就都也还很我你他她它您们这那个被把给对为于从到不没要会能可以请")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』＂", '"'))
_warming = threading.Lock()
_ready = threading.Event()


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow one another; the last may be a beginning."""

    words: tuple[str, ...]
    prefix: bool = False


def warm() -> None:
    """Load the dictionary, which takes about a second; does nothing when it is there.

    Not by jieba's own way: that leaves a file in /tmp, and believes one that it finds there, whoever put it there. Nor
    from a file of ours, which would be read in one piece and hold up every thread for half a second.
    """
    with _warming:
        if not _ready.is_set() and not jieba.dt.initialized:
            frequencies, total = jieba.dt.gen_pfdict(jieba.dt.get_dict_file())
            jieba.dt.FREQ, jieba.dt.total, jieba.dt.initialized = frequencies, total, True
        _ready.set()


async def warmed() -> None:
    """Return when the dictionary is there, without holding anybody up."""
    if not _ready.is_set():
        await asyncio.to_thread(warm)


async def warmed_when_calm() -> None:
    """Return when the dictionary is there: loaded once the rush of a start is over, unless somebody searched before.

    After a crash everybody who was cut off calls again at once, and the processor is theirs.
    """
    await asyncio.sleep(_CALM)
    await warmed()


def tokens(text: str) -> list[str]:
    """Return what an index holds of `text`, in order."""
    found: list[str] = []
    for kind, run in _runs(text[:LONGEST_TEXT]):
        if kind == "together":
            found += _pairs(run)
            found.append(run[-1])
        else:
            found.append(run[:LONGEST_WORD])
            if len(run) >= _LONG_NUMBER and run.isdigit():
                found.append(run[-_TAIL:])
    return found


def terms(question: str) -> list[Term]:
    """Return what `question` asks for, all of it; nothing when it holds no word at all.

    Takes a second unless `warmed` was awaited.

    What stands in quotes is looked for as it stands; the last word may be a beginning.
    """
    warm()
    found: list[Term] = []
    parts = question[:LONGEST_QUESTION].translate(_QUOTES).split('"')
    for place, part in enumerate(parts):
        # An opening quote that nobody closed quotes nothing.
        if place % 2 and place < len(parts) - 1:
            found += _phrase(part)
        else:
            found += _words(part, last=place == len(parts) - 1)
    return list(dict.fromkeys(found))[:MOST_TERMS]


def _words(text: str, *, last: bool) -> Iterator[Term]:
    chunks = text.split()
    for place, chunk in enumerate(chunks):
        found = list(_chunk(chunk, last=last and place == len(chunks) - 1))
        # A single character among words narrows little, and is slow to look up.
        telling = [term for term in found if not _single(term)]
        yield from telling if any(len(term.words[0]) >= _TELLING for term in telling) else found


def _chunk(chunk: str, *, last: bool) -> Iterator[Term]:
    runs = list(_runs(chunk))
    for place, (kind, run) in enumerate(runs):
        if kind == "together":
            yield from _cut(run, alone=len(runs) == 1)
        else:
            yield Term((run[:LONGEST_WORD],), prefix=last and place == len(runs) - 1)


def _cut(run: str, *, alone: bool) -> Iterator[Term]:
    # Three characters are a word, or somebody's name, that the dictionary may not have.
    words = [run] if len(run) <= _SHORT else list(jieba.cut(run, HMM=False))
    telling = [word for word in words if len(word) > 1 or word not in _EMPTY]
    for word in telling or (words if alone else []):
        if len(word) == 1:
            yield Term((word,), prefix=True)
        else:
            for pair in _pairs(word):
                yield Term((pair,))


def _single(term: Term) -> bool:
    return term.prefix and len(term.words[0]) == 1 and not term.words[0].isascii()


def _phrase(text: str) -> Iterator[Term]:
    words = tokens(text)
    runs = list(_runs(text))
    if not runs:
        return
    kind, run = runs[-1]
    single = kind == "together" and len(run) == 1
    if kind == "together" and not single:
        words.pop()
    yield Term(tuple(words[:MOST_TERMS]), prefix=single)


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def _runs(text: str) -> Iterator[tuple[Literal["together", "word"], str]]:
    """Yield the runs of one kind of writing, lower-cased and in compatibility form; all else separates."""
    kind: Literal["together", "word"] | None = None
    run: list[str] = []
    for char in unicodedata.normalize("NFKC", text).lower():
        its: Literal["together", "word"] | None = None
        if char.isalnum():
            its = "together" if char > "\u2e00" and _runs_together(ord(char)) else "word"
        if its != kind:
            if kind:
                yield kind, "".join(run)
            kind, run = its, []
        if its:
            run.append(char)
    if kind:
        yield kind, "".join(run)


def _runs_together(code: int) -> bool:
    return 0x4E00 <= code <= 0x9FFF or any(first <= code <= last for first, last in _RUNS_TOGETHER)  # noqa: PLR2004
