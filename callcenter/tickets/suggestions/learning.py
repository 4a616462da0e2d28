"""Learn from closed tickets, and find out how far that can be trusted. Only the training process loads this.

The newest fifth is set aside: a model that never saw them is asked about them, and those are the figures. How sure it
must be to speak is chosen on a part between, older than those, so that of what it says less than the contract's 2 % is
wrong. What is then used has learned from all of them, by the same measures.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier

from callcenter.tickets.suggestions.heap import Heap, Weigher
from callcenter.tickets.suggestions.model import Head, Model

#: 派单差错率不高于 2% (采购需求 七(四)4): of what it says.
MOST_WRONG = 0.02
#: Share of the newest that is set aside, and of those before them on which the measures are chosen.
_ASIDE, _BETWEEN = 0.2, 0.2
#: A label with fewer examples is not learned.
_LEAST_OF_LABEL = 3
#: How cautious: what is seen on few is believed less (standard deviations of Wilson's interval).
_CAUTION = 1.28
#: What it aims at: the newest may be a little harder than those before them.
_AIM = 0.015
_ROUNDS, _ALPHA, _SEED = 8, 1e-6, 1
_SHARPNESS = np.geomspace(0.2, 50, 60)
#: Above this it never speaks.
_NEVER = 1.01
_CONFUSIONS, _WRONG_ONES = 20, 50

Matrix: TypeAlias = Any  # a sparse matrix: scipy has no types
Labels = NDArray[np.object_]


class TooLittle(Exception):
    """There is not enough to learn from."""


@dataclass
class Share:
    """How well it did on tickets that it had not seen: all of them, and those of which it dared to speak."""

    tickets: int = 0
    right: int = 0
    said: int = 0
    wrong: int = 0
    #: How sure it must be to speak.
    least: float = 0.0

    def count(self, nearest: str | None, said: str | None, truth: str) -> None:
        """Count one ticket."""
        self.tickets += 1
        self.right += nearest == truth
        self.said += said is not None
        self.wrong += said is not None and said != truth


@dataclass
class Figures:
    """What is kept of a training."""

    category: Share = field(default_factory=Share)
    unit: Share = field(default_factory=Share)
    #: Numbers of the first and the last ticket that was set aside.
    first: str = ""
    last: str = ""
    features: int = 0
    #: [suggested, right, how often], the most frequent first.
    confused: list[tuple[str, str, int]] = field(default_factory=list)
    #: Wrong suggestions of a unit: number, suggested, right, how sure.
    wrong: list[tuple[str, str, str, float]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def learn(heap: Heap, *, least_probability: float) -> tuple[Model, Figures]:
    """Return what is to be learned from `heap`, and how well the same did on what it had not seen.

    It speaks when it is surer than `least_probability`, or than what keeps it below `MOST_WRONG`. Raises TooLittle.
    """
    rows = np.arange(len(heap))
    aside = int(len(rows) * (1 - _ASIDE))
    between = int(aside * (1 - _BETWEEN))
    first = _Trained(heap, rows[:between])
    category = first.category_head(rows[between:aside], least_probability)
    unit = first.unit_head(rows[between:aside], category, least_probability)
    figures = _figures(heap, first.model(category, unit), rows[aside:], first)
    figures.category.least, figures.unit.least = category.least, unit.least
    whole = _Trained(heap, rows)
    model = whole.model(whole.head(whole.of_category, category), whole.head(whole.of_unit, unit))
    figures.features = len(model.vocabulary)
    return model, figures


class _Trained:
    """Both classifiers, fitted to some rows."""

    def __init__(self, heap: Heap, rows: NDArray[np.intp]) -> None:
        self._heap = heap
        self._categories: Labels = np.array(heap.categories, dtype=object)
        self._units: Labels = np.array([unit or "" for unit in heap.units], dtype=object)
        own = heap.of_categories(list(rows), self._categories[rows])
        text = heap.text[rows]
        both = text + own
        self.weigher = Weigher(heap, both)
        self.of_category = _fitted(self.weigher.weighted(text), self._categories[rows], "categories")
        had = np.flatnonzero(self._units[rows] != "")
        self.of_unit = _fitted(self.weigher.weighted(both[had]), self._units[rows][had], "units")

    def head(self, fitted: SGDClassifier, measured: Head) -> Head:
        """Return what was fitted, with the measures of another."""
        return _head(fitted, measured.sharpness, measured.least)

    def model(self, category: Head, unit: Head) -> Model:
        """Return both as they are applied."""
        return Model(self.weigher.vocabulary, self.weigher.idf, category, unit)

    def category_head(self, rows: NDArray[np.intp], least: float) -> Head:
        """Return the classifier of categories, its measures chosen on `rows`."""
        scores = self._scores(self.of_category, self._heap.text[rows])
        return _measured(self.of_category, scores, self._categories[rows], least)

    def unit_head(self, rows: NDArray[np.intp], category: Head, least: float) -> Head:
        """Return the classifier of units, as it does with the categories that are guessed."""
        rows = rows[self._units[rows] != ""]
        scores = self._scores(self.of_unit, self.with_guessed(rows, category))
        return _measured(self.of_unit, scores, self._units[rows], least)

    def with_guessed(self, rows: NDArray[np.intp], category: Head) -> Matrix:
        """Return the features of `rows` with the category that is guessed of each."""
        text = self._heap.text[rows]
        guessed = [category.labels[at] for at in self._scores(self.of_category, text).argmax(axis=1)]
        return text + self._heap.of_categories(list(rows), guessed)

    def _scores(self, fitted: SGDClassifier, counts: Matrix) -> NDArray[np.float64]:
        weights, bias = _plain(fitted)
        scores: NDArray[np.float64] = np.asarray(self.weigher.weighted(counts) @ weights) + bias
        return scores


def _fitted(features: Matrix, labels: Labels, what: str) -> SGDClassifier:
    counts = Counter(labels.tolist())
    there = np.flatnonzero([counts[label] >= _LEAST_OF_LABEL for label in labels])
    if len(set(labels[there].tolist())) < 2:  # noqa: PLR2004  # there is nothing to tell apart
        raise TooLittle(f"too few closed tickets to tell {what} apart")
    fitted = SGDClassifier(loss="log_loss", alpha=_ALPHA, max_iter=_ROUNDS, tol=None, random_state=_SEED)
    return fitted.fit(features[there], labels[there].astype(str))


def _plain(fitted: SGDClassifier) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights (features by labels) and bias; of two labels scikit-learn keeps one."""
    weights, bias = fitted.coef_.T, fitted.intercept_
    if weights.shape[1] == 1:
        weights, bias = np.hstack([-weights, weights]), np.array([-bias[0], bias[0]])
    return np.ascontiguousarray(weights, dtype=np.float32), bias.astype(np.float32)


def _head(fitted: SGDClassifier, sharpness: float, least: float) -> Head:
    weights, bias = _plain(fitted)
    return Head(tuple(str(label) for label in fitted.classes_), weights, bias, sharpness, least)


def _measured(fitted: SGDClassifier, scores: NDArray[np.float64], truth: Labels, least: float) -> Head:
    """Choose how sharp the scores are, so that probabilities come true, and how sure it must be to speak."""
    known = np.flatnonzero(np.isin(truth.astype(str), fitted.classes_))
    if not len(known):
        return _head(fitted, 1.0, _NEVER)
    right = np.searchsorted(fitted.classes_, truth[known].astype(str))
    surprises = [_surprise(scores[known] * sharp, right) for sharp in _SHARPNESS]
    sharpness = float(_SHARPNESS[int(np.argmin(surprises))])
    chances = _chances(scores * sharpness)
    correct = fitted.classes_[chances.argmax(axis=1)] == truth.astype(str)
    return _head(fitted, sharpness, _least(chances.max(axis=1), correct, least))


def _least(chances: NDArray[np.float64], correct: NDArray[np.bool_], least: float) -> float:
    """Return the lowest probability, not below `least`, above which cautiously less than `_AIM` is wrong."""
    order = np.argsort(-chances, kind="stable")
    order = order[chances[order] >= least]
    said = np.arange(1, len(order) + 1)
    wrong = np.cumsum(~correct[order]) / said
    square = _CAUTION**2
    spread = _CAUTION * np.sqrt(wrong * (1 - wrong) / said + square / (4 * said**2))
    believed = (wrong + square / (2 * said) + spread) / (1 + square / said)
    fit = np.flatnonzero(believed <= _AIM)
    return float(chances[order[fit[-1]]]) if len(fit) else _NEVER


def _chances(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return chances


def _surprise(scores: NDArray[np.float64], right: Sequence[int] | NDArray[np.intp]) -> float:
    chances = _chances(scores)[np.arange(len(scores)), right]
    return float(-np.log(np.maximum(chances, 1e-12)).mean())


def _figures(heap: Heap, model: Model, rows: NDArray[np.intp], trained: _Trained) -> Figures:
    """Ask `model` about each of `rows`, exactly as a form would."""
    figures = Figures(first=heap.numbers[rows[0]], last=heap.numbers[rows[-1]])
    confused: Counter[tuple[str, str]] = Counter()
    nearest = trained.with_guessed(rows, model.category)
    weights, bias = model.unit.weights, model.unit.bias
    units = np.asarray(trained.weigher.weighted(nearest) @ weights + bias).argmax(axis=1)
    for row, at in zip(rows, units, strict=True):
        guesses = model.guess_of(heap.said(row), heap.kinds[row], heap.places[row])
        category = guesses.category.code if guesses.category else None
        figures.category.count(guesses.nearest, category, heap.categories[row])
        truth = heap.units[row]
        if truth is None:
            continue
        unit = guesses.unit
        figures.unit.count(model.unit.labels[at], unit.code if unit else None, truth)
        if unit is not None and unit.code != truth:
            confused[unit.code, truth] += 1
            figures.wrong.append((heap.numbers[row], unit.code, truth, round(unit.probability, 4)))
    figures.wrong = figures.wrong[-_WRONG_ONES:][::-1]
    figures.confused = [(*pair, count) for pair, count in confused.most_common(_CONFUSIONS)]
    return figures
