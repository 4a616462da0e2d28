"""Citizens' telephone numbers as each reader may see them: the one place that decides.

The shape of an answer says where its numbers are: `caller: Phone`. A view hands its rows through `shown`, and every
number in them is masked (`138****0001`) but for whoever works on just that row. The command line on the machine itself
sees them in full: who has its token has the database too. `numbers/reveal` shows a masked number, and each time is kept
in the audit trail.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel

from callcenter.hotline.rules.numbers import MASKED, mask
from callcenter.hotline.rules.written_numbers import masked_in
from callcenter.panel.sessions import Identity

Row = dict[str, Any]
Body = TypeVar("Body", Row, list[Row])
#: Whether the reader works on this row, so that they need its numbers.
Mine = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Phones:
    """Marks a member of a shape that holds numbers: itself, or what is found below it by these names."""

    below: tuple[tuple[str, ...], ...] = ((),)


#: A citizen's telephone number in an answer.
Phone = Annotated[str, Phones()]


def _whole(number: str) -> str:
    if MASKED in number:
        raise ValueError("is masked: write the whole number")
    return number


#: For numbers that come in: what somebody saw masked must not overwrite the number itself.
WHOLE = AfterValidator(_whole)


def shown(reader: Identity, shape: type[BaseModel], body: Body, mine: Mine | None = None) -> Body:
    """Return `body`, rows as `shape` describes them or one of them, with the numbers that `reader` may see."""
    if reader.local:
        return body
    if isinstance(body, list):
        return [_of(shape, row, mine) for row in body]
    return _of(shape, body, mine)


def number_for(reader: Identity, number: str) -> str:
    """Return one `number` as `reader` may see it in a list."""
    return number if reader.local else mask(number)


def text_for(reader: Identity, text: str) -> str:
    """Return free `text` as `reader` may see it in a list: a number that somebody wrote down is masked there too.

    On the row's own page it stands as it was written: whoever works on it may need it.
    """
    return text if reader.local else masked_in(text)


def texts_shown(reader: Identity, rows: list[Row], *names: str, mine: Mine | None = None) -> list[Row]:
    """Return `rows` with the free texts `names` as `reader` may see them in a list; `attempts.note` is one of each."""
    if reader.local:
        return rows
    paths = [name.split(".") for name in names]
    return [row if mine and mine(row) else reduce(_masked_below, paths, row) for row in rows]


def in_hand(reader: Identity) -> Mine:
    """Return whether a callback 回拨 or follow-up 回访 is theirs: kept for them, or last tried by them."""

    def mine(row: Row) -> bool:
        last = row["attempts"][-1]["agent"] if row["attempts"] else None
        return reader.agent is not None and reader.agent in {row["assigned"], last}

    return mine


def on_line(reader: Identity) -> Mine:
    """Return whether a call is the one that they are talking on."""
    return lambda row: reader.agent is not None and row["agent"] == reader.agent and row["ended_at"] is None


def _of(shape: type[BaseModel], row: Row, mine: Mine | None) -> Row:
    if mine and mine(row):
        return row
    for path in paths_of(shape):
        row = _hidden(row, path, mask)
    return row


def _masked_below(row: Row, path: Sequence[str]) -> Row:
    found: Row = _hidden(row, path, masked_in)
    return found


def _hidden(value: Any, path: Sequence[str], hide: Callable[[str], str]) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(value, list):
        return [_hidden(one, path, hide) for one in value]
    if not path:
        return hide(value) if isinstance(value, str) else value
    if isinstance(value, Mapping) and value.get(path[0]) is not None:
        return {**value, path[0]: _hidden(value[path[0]], path[1:], hide)}
    return value


@cache
def paths_of(shape: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """Return where in `shape` numbers are; lists on the way are walked."""
    found = []
    for name, field in shape.model_fields.items():
        marks = [mark for mark in field.metadata if isinstance(mark, Phones)]
        below = [path for mark in marks for path in mark.below] + list(_within(field.annotation))
        found += [(name, *path) for path in below]
    return tuple(found)


def _within(annotation: Any) -> Iterator[tuple[str, ...]]:  # noqa: ANN401  # a type expression
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Phones):
            yield from mark.below
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from paths_of(annotation)
    for inner in get_args(annotation):
        yield from _within(inner)
