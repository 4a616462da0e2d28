"""What was learned, as plain arrays: read and applied with numpy alone, in milliseconds.

A file of it is a .npz without pickles: nothing in it can run. Text members are arrays of bytes.
"""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcenter.tickets.suggestions.guesses import SILENT, Guess, Guesses
from callcenter.tickets.suggestions.words import TELLING, features, is_word, with_category, words

FORMAT = 1
#: A file larger than this is none of ours.
MOST_BYTES = 400_000_000
#: Of a text's words, weighed by how much they tell, so many must be known; and so many words of meaning.
_KNOWN_SHARE = 0.5
_KNOWN_WORDS = 2
#: Words that are named as reasons.
REASONS = 5

Floats = NDArray[np.float32]


class BadModel(Exception):
    """The file is no model, or not whole."""


@dataclass(frozen=True)
class Head:
    """A linear classifier: which of `labels` a weighted text belongs to."""

    labels: tuple[str, ...]
    #: Features by labels.
    weights: Floats
    bias: Floats
    #: What the scores are multiplied by, so that the probabilities come true.
    sharpness: float
    #: Below this it says nothing.
    least: float

    def probabilities(self, at: NDArray[np.intp], values: Floats) -> Floats:
        """Return the probability of each label for the features `at` with `values`."""
        scores = (values @ self.weights[at] + self.bias) * self.sharpness
        scores -= scores.max()
        odds = np.exp(scores)
        result: Floats = odds / odds.sum()
        return result

    def reasons(self, at: NDArray[np.intp], values: Floats, label: int, names: Callable[[int], str]) -> tuple[str, ...]:
        """Return the words that spoke most for `label`."""
        rows = self.weights[at]
        push = values * (rows[:, label] - rows.mean(axis=1))
        order = [place for place in np.argsort(-push) if push[place] > 0]
        found = (names(int(at[place])) for place in order)
        return tuple([word for word in found if is_word(word) and len(word) >= TELLING][:REASONS])


@dataclass(frozen=True)
class Model:
    """What this hotline's closed tickets say of texts."""

    vocabulary: tuple[str, ...]
    #: What each feature weighs: the more rarely it is said, the more.
    idf: Floats
    category: Head
    unit: Head

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each feature stands."""
        return {word: place for place, word in enumerate(self.vocabulary)}

    def guess(self, title: str, description: str, kind: str | None, place: str | None) -> Guesses:
        """Return what the text is about and whose it is; nothing of what it does not understand."""
        return self.guess_of(words(title, description), kind, place)

    def guess_of(self, said: Sequence[str], kind: str | None, place: str | None) -> Guesses:
        """Return the same of a text whose words are `said`."""
        if not self._understands(said):
            return SILENT
        given = features(said, kind, place)
        at, values = self.weighted(given)
        chances = self.category.probabilities(at, values)
        best = int(chances.argmax())
        nearest = self.category.labels[best]
        category = self._dared(self.category, best, chances, at, values)
        at, values = self.weighted(with_category(given, nearest, place))
        chances = self.unit.probabilities(at, values)
        unit = self._dared(self.unit, int(chances.argmax()), chances, at, values)
        known = [word for word in dict.fromkeys(said) if word in self.places and len(word) >= TELLING]
        known.sort(key=lambda word: -float(self.idf[self.places[word]]))
        return Guesses(category, unit, tuple(known), nearest)

    def weighted(self, given: Sequence[str]) -> tuple[NDArray[np.intp], Floats]:
        """Return the known features and their weights; the whole text has length 1, what is not known included."""
        counts: dict[str, int] = {}
        for one in given:
            counts[one] = counts.get(one, 0) + 1
        known = {self.places[one]: count for one, count in counts.items() if one in self.places}
        at = np.fromiter(known, dtype=np.intp, count=len(known))
        values = (1 + np.log(np.fromiter(known.values(), dtype=np.float32, count=len(known)))) * self.idf[at]
        unknown = sum(1 for one in counts if one not in self.places and is_word(one))
        length = float(np.sqrt((values**2).sum() + unknown * float(self.idf.max(initial=0.0)) ** 2))
        return at, (values / length if length else values).astype(np.float32)

    def _understands(self, said: Sequence[str]) -> bool:
        telling = {word for word in said if len(word) >= TELLING}
        known = [word for word in telling if word in self.places]
        most = float(self.idf.max(initial=0.0))
        weight = sum(float(self.idf[self.places[word]]) for word in known)
        every = weight + most * (len(telling) - len(known))
        return len(known) >= _KNOWN_WORDS and weight >= _KNOWN_SHARE * every

    def _dared(self, head: Head, best: int, chances: Floats, at: NDArray[np.intp], values: Floats) -> Guess | None:
        probability = float(chances[best])
        if probability < head.least:
            return None
        return Guess(head.labels[best], probability, head.reasons(at, values, best, self.vocabulary.__getitem__))


def dumped(model: Model) -> bytes:
    """Return the file of `model`."""
    about = {"format": FORMAT, "vocabulary": model.vocabulary}
    arrays: dict[str, Any] = {"idf": model.idf}
    for name in ("category", "unit"):
        head: Head = getattr(model, name)
        about[name] = {"labels": head.labels, "sharpness": head.sharpness, "least": head.least}
        arrays[f"{name}_weights"], arrays[f"{name}_bias"] = head.weights, head.bias
    text = json.dumps(about, ensure_ascii=False).encode()
    arrays["about"] = np.frombuffer(text, dtype=np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def loaded(content: bytes) -> Model:
    """Return the model of a file's content; raises BadModel for anything else."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            about = _about(arrays)
            vocabulary = tuple(about["vocabulary"])
            heads = {name: _head(arrays, name, about[name], len(vocabulary)) for name in ("category", "unit")}
            idf = _checked(arrays["idf"], (len(vocabulary),))
    except BadModel:
        raise
    except Exception as error:
        # A broken archive shows itself in a dozen ways: zip, zlib, numpy, JSON and key errors.
        raise BadModel(f"it is not whole: {type(error).__name__}: {error}"[:300]) from error
    return Model(vocabulary, idf, heads["category"], heads["unit"])


def read(path: Path) -> bytes:
    """Return what is in the file; raises BadModel when it cannot be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadModel(f"it is larger than {MOST_BYTES:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BadModel(error.strerror or str(error)) from error


def _about(arrays: Any) -> Mapping[str, Any]:  # noqa: ANN401  # numpy's file
    about: Mapping[str, Any] = json.loads(arrays["about"].tobytes())
    if about["format"] != FORMAT:
        raise BadModel(f"it has format {about['format']}, not {FORMAT}")
    return about


def _head(arrays: Any, name: str, about: Mapping[str, Any], count: int) -> Head:  # noqa: ANN401  # numpy's file
    labels = tuple(str(label) for label in about["labels"])
    weights = _checked(arrays[f"{name}_weights"], (count, len(labels)))
    bias = _checked(arrays[f"{name}_bias"], (len(labels),))
    return Head(labels, weights, bias, float(about["sharpness"]), float(about["least"]))


def _checked(array: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    if array.dtype != np.float32 or array.shape != shape or not np.isfinite(array).all():
        raise BadModel(f"an array of {array.dtype} {array.shape} stands where numbers of {shape} should")
    result: Floats = array
    return result
