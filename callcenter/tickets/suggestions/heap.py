"""Examples as numbers: which feature stands how often in which of them. Only the training process loads this."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from callcenter.tickets.suggestions.examples import Example
from callcenter.tickets.suggestions.words import category_features, features, words

#: A feature that stands in fewer examples is not learned; and so many are, at most.
_LEAST_EXAMPLES = 2
_MOST_FEATURES = 60_000


class Heap:
    """Examples, the oldest first once `turn` was called; added one by one, the newest first."""

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self.kinds: list[str] = []
        self.places: list[str | None] = []
        self.categories: list[str] = []
        self.units: list[str | None] = []
        self.columns: dict[str, int] = {}
        self._at = array("i")
        self._counts = array("f")
        self._ends = array("q", [0])
        self.names: list[str] = []
        self.text = sparse.csr_matrix((0, 0), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, one: Example) -> None:
        """Add an example."""
        self.numbers.append(one.number)
        self.kinds.append(one.kind)
        self.places.append(one.place)
        self.categories.append(one.category)
        self.units.append(one.unit)
        found = Counter(features(words(one.title, one.description), one.kind, one.place))
        for feature, count in found.items():
            self._at.append(self.columns.setdefault(feature, len(self.columns)))
            self._counts.append(count)
        self._ends.append(len(self._at))
        for feature in category_features(one.category, one.place):
            self.columns.setdefault(feature, len(self.columns))

    def turn(self) -> None:
        """Put the oldest first; nothing can be added from then on."""
        for each in (self.numbers, self.kinds, self.places, self.categories, self.units):
            each.reverse()
        shape = (len(self), len(self.columns))
        parts = (np.frombuffer(self._counts, np.float32), np.frombuffer(self._at, np.int32), np.asarray(self._ends))
        self.text = sparse.csr_matrix(parts, shape=shape)[::-1]
        self.names = list(self.columns)

    def of_categories(self, rows: Sequence[int], categories: Iterable[str]) -> sparse.csr_matrix:
        """Return the features that each row has besides, when its category is that of `categories`."""
        at = [
            [self.columns.get(one, -1) for one in category_features(category, self.places[row])]
            for row, category in zip(rows, categories, strict=True)
        ]
        lines, columns = np.nonzero(np.asarray(at).reshape(-1, 2) >= 0)
        there = np.asarray(at).reshape(-1, 2)[lines, columns]
        shape = (len(at), len(self.columns))
        return sparse.csr_matrix((np.ones(len(lines), np.float32), (lines, there)), shape=shape)

    def said(self, row: int) -> list[str]:
        """Return the words of one example, in no order."""
        line = self.text[row]
        return [
            self.names[at]
            for at, count in zip(line.indices, line.data, strict=True)
            for _ in range(int(count))
            if not self.names[at].startswith("@")
        ]


class Weigher:
    """Which features of some examples are learned, and what each weighs."""

    def __init__(self, heap: Heap, counts: sparse.csr_matrix) -> None:
        had = np.bincount(counts.indices, minlength=counts.shape[1])
        wanted = np.flatnonzero(had >= _LEAST_EXAMPLES)
        if len(wanted) > _MOST_FEATURES:
            wanted = np.sort(wanted[np.argsort(-had[wanted], kind="stable")[:_MOST_FEATURES]])
        self.columns: NDArray[np.intp] = wanted
        self.vocabulary = tuple(heap.names[at] for at in wanted)
        self.idf = (np.log((1 + counts.shape[0]) / (1 + had[wanted])) + 1).astype(np.float32)
        left = np.ones(counts.shape[1], dtype=np.float32)
        left[wanted] = 0
        left[[at for at, name in enumerate(heap.names) if name.startswith("@")]] = 0
        self._unknown_words = left

    def weighted(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return the examples with their features weighed as `Model` does: of length 1, unknown words included."""
        there = counts.copy()
        there.data = np.ones_like(there.data)
        unknown = there @ self._unknown_words
        known = counts[:, self.columns].tocsr()
        known.data = 1 + np.log(known.data)
        known = known @ sparse.diags(self.idf)
        squares = np.asarray(known.multiply(known).sum(axis=1)).ravel() + unknown * float(self.idf.max()) ** 2
        length = np.sqrt(np.where(squares > 0, squares, 1))
        return (sparse.diags(1 / length) @ known).tocsr().astype(np.float32)
