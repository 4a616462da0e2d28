"""Full-text search with one face: SQLite's FTS5, PostgreSQL's tsvector with a GIN index.

An index is a table beside the rows that it finds, under the same ids: `put` belongs into the transaction that changes
the row. Beside words it holds marks: values of the row, such as its state, so that `words and marks` is answered by the
index alone however common the words are. Migrations make the tables; `created` and `dropped` say how.

What people type never becomes syntax: every word is quoted, and only letters and digits are in it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Executable,
    Float,
    FromClause,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from callcenter.storage.segmenting import Term, tokens

#: Tables of indexes begin so; they are no part of the metadata, since FTS5 makes four more for each.
PREFIX = "search_"
#: A private character of Unicode: begins each mark, and no word, as no letter is private.
_MARK = "\ue000"
#: Another: a word of the title, as it is looked for in titles alone. PostgreSQL's index knows of words, not of weights.
_IN_TITLE = "\ue001"
#: What a word in the title weighs against one in the body.
_TITLE = 5.0
#: A title of so many characters, in the index's own spelling, counts half.
_LENGTH = 400.0
#: So many times a word is half of what it can be, as in BM25.
_SATURATION = 1.2
#: Positions that PostgreSQL counts.
_LAST_POSITION = 16_383
#: KiB of memory in which SQLite puts a whole index in order.
_ROOM = 262_144
#: What PostgreSQL may take to make an index of millions.
_LONGEST_SECONDS = 7200.0


#: PostgreSQL's sample: so many rows, of which at least so many have the words, ...
_SAMPLE, _SURE = 2_000, 50
#: ... which promises so many times the number that is asked about.
_COMMON = 4
#: How many rows a table has, as it was when last analysed; -1 for never.
_ROWS = sql("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)")


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be found under `id`; `marks` are short words of letters and digits."""

    id: int
    title: str
    body: str
    marks: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Pieces of a SELECT: where the ids come from, which of them, and how well each answers (more is better)."""

    source: FromClause
    id: ColumnElement[int]
    condition: ColumnElement[bool]
    rank: ColumnElement[Any]
    #: What PostgreSQL's `words` are asked: `condition` asks it of the whole table, `common` of a sample.
    question: ColumnElement[Any] | None = None
    #: Whether PostgreSQL's index alone tells what has them: words that follow one another are looked up in the row.
    listed: bool = False


def created(name: str, dialect: str) -> list[str]:
    """Return the statements that make the index `name`."""
    if dialect == "sqlite":
        # The tokenizer cuts at what is ASCII and neither letter nor digit: at our spaces, and nowhere else.
        return [f"CREATE VIRTUAL TABLE {PREFIX}{name} USING fts5(title, body, marks, tokenize = 'ascii')"]
    # Kept in the row as they are: words that must follow one another are looked up there, for each row that has them.
    kept = "(id bigint PRIMARY KEY, words tsvector NOT NULL) WITH (toast_tuple_target = 8160)"
    return [f"CREATE TABLE {PREFIX}{name} {kept}", _indexed(name)]


def declared(name: str | None, kind: str, _parents: object) -> bool:
    """Tell Alembic whether a thing that it finds in a database is one that the metadata declares."""
    return kind != "table" or name is None or not name.startswith(PREFIX)


def dropped(name: str) -> list[str]:
    """Return the statements that remove it."""
    return [f"DROP TABLE {PREFIX}{name}"]


def _indexed(name: str) -> str:
    # Without a list of pending words: that would be read through by every search, and emptied by an unlucky writer.
    return f"CREATE INDEX ix_{PREFIX}{name}_words ON {PREFIX}{name} USING gin (words) WITH (fastupdate = off)"


class FullText:
    """The index `name`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._table = f"{PREFIX}{name}"

    async def put(self, session: AsyncSession, documents: Sequence[Document], *, fresh: bool = False) -> None:
        """Index `documents` in place of what stood under their ids; `fresh` promises that nothing did."""
        if not documents:
            return
        connection = await session.connection()
        if connection.dialect.name == "sqlite":
            if not fresh:
                await connection.exec_driver_sql(
                    f"DELETE FROM {self._table} WHERE rowid = ?",  # noqa: S608  # a constant of ours
                    [(one.id,) for one in documents],
                )
            await connection.exec_driver_sql(
                f"INSERT INTO {self._table} (rowid, title, body, marks) VALUES (?, ?, ?, ?)",  # noqa: S608
                [(one.id, " ".join(tokens(one.title)), " ".join(tokens(one.body)), _marks(one)) for one in documents],
            )
            return
        await connection.exec_driver_sql(
            f"INSERT INTO {self._table} (id, words) VALUES ($1, $2::text::tsvector) "  # noqa: S608
            "ON CONFLICT (id) DO UPDATE SET words = excluded.words",
            [(one.id, _vector(one)) for one in documents],
        )

    async def drop(self, session: AsyncSession, ids: Iterable[int]) -> None:
        """Forget what stands under `ids`."""
        connection = await session.connection()
        sqlite = connection.dialect.name == "sqlite"
        which = "rowid = ?" if sqlite else "id = $1"
        if gone := [(id_,) for id_ in ids]:
            await connection.exec_driver_sql(f"DELETE FROM {self._table} WHERE {which}", gone)  # noqa: S608

    async def empty(self, session: AsyncSession) -> None:
        """Forget everything, and take PostgreSQL's index away: filling goes several times faster; call `filled`."""
        connection = await session.connection()
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql(f"DELETE FROM {self._table}")  # noqa: S608
            return
        await connection.exec_driver_sql(f"DROP INDEX IF EXISTS ix_{self._table}_words")
        await connection.exec_driver_sql(f"TRUNCATE {self._table}")

    async def filled(self, session: AsyncSession) -> None:
        """Put the index in order after many documents."""
        connection = await session.connection()
        if connection.dialect.name == "sqlite":
            # With room for what is merged: in SQLite's own two megabytes a million documents take minutes.
            usual = (await connection.exec_driver_sql("PRAGMA cache_size")).scalar()
            await connection.exec_driver_sql(f"PRAGMA cache_size = -{_ROOM}")
            await connection.exec_driver_sql(f"INSERT INTO {self._table} ({self._table}) VALUES ('optimize')")  # noqa: S608
            await connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")
            return
        # By the driver itself: it takes longer than a statement may while people wait.
        await connection.exec_driver_sql("SELECT 1")
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(_indexed(self.name).replace("INDEX ", "INDEX IF NOT EXISTS ", 1), timeout=_LONGEST_SECONDS)
        await driver.execute(f"ANALYZE {self._table}", timeout=_LONGEST_SECONDS)

    def find(
        self,
        session: AsyncSession,
        terms: Sequence[Term],
        *,
        marks: Sequence[Collection[str]] = (),
        in_title: bool = False,
        ranked: bool = True,
    ) -> Found:
        """Return how to find what has all of `terms`, and one mark of each of `marks`; not `ranked`, all rank alike."""
        if session.get_bind().dialect.name == "sqlite":
            return self._in_sqlite(terms, marks, in_title=in_title, ranked=ranked)
        source = table(self._table, column("id"), column("words", TSVECTOR))
        words = _and([_postgresql(term) for term in terms])
        sought = _and([_postgresql(term, _IN_TITLE) for term in terms]) if in_title else words
        asked = _and([sought, *(_or([_quoted(_MARK + mark, "'") for mark in one]) for one in marks)])
        question: ColumnElement[Any] = cast(cast(bindparam(None, asked), Text), TSQUERY)
        # Weights of D (the body), C, B and A (the title).
        weights: ColumnElement[Any] = literal_column(f"'{{{1 / _TITLE}, 0, 0, 1}}'::float4[]")
        rank = func.ts_rank_cd(
            weights, source.c.words, cast(cast(bindparam(None, words), Text), TSQUERY), type_=Float()
        )
        listed = all(len(term.words) == 1 for term in terms)
        return Found(source, source.c.id, source.c.words.op("@@")(question), rank, question, listed)

    @staticmethod
    async def ranked(session: AsyncSession, found: Found, most: int) -> list[tuple[int, float]]:
        """Return id and rank of the newest `most` that are found."""
        newest = select(found.id).select_from(found.source).where(found.condition).order_by(found.id.desc()).limit(most)
        if session.get_bind().dialect.name == "sqlite":
            rows = await session.execute(newest.add_columns(found.rank))
        else:
            # In two steps: in one, every row that is found would be ranked before most of them are dropped.
            ids = list(await session.scalars(newest))
            rows = await session.execute(
                select(found.id, found.rank).select_from(found.source).where(found.id.in_(ids))
            )
        return [(id_, rank) for id_, rank in rows]

    @staticmethod
    async def rows(session: AsyncSession, found: Found) -> int:
        """Return how many rows PostgreSQL believes its index to have, as when last analysed; 0 for never."""
        return max(await session.scalar(_ROWS, {"name": found.source.description}) or 0, 0)

    @staticmethod
    async def listed(session: AsyncSession, found: Found) -> int | None:
        """Return how many rows PostgreSQL's index lists, some of them old versions of others; None when it cannot tell.

        To count, each row is read, which takes five times as long as to make the list. How long the list was PostgreSQL
        tells of a question that it has answered, even one for a single row (EXPLAIN ANALYZE).
        """
        if not found.listed:
            return None
        one = select(literal(1)).select_from(found.source).where(found.condition).limit(1)
        told = (await session.execute(_Explained(one))).scalar()
        return _listed(told[0]["Plan"]) if told else None

    @staticmethod
    async def common(session: AsyncSession, found: Found, least: int, rows: int) -> bool:
        """Whether far more than `least` rows are surely found, by a look at some two thousand spread over the table.

        PostgreSQL reads the whole list of a word before it hands out the first row: a tenth of a second for one that
        most of a million rows have. The sample must promise several times `least`, which words of just `least` rows
        miss by many standard deviations. False says nothing. `rows` are those of the table.
        """
        if found.question is None or rows < least * _COMMON:
            return False
        percent: ColumnElement[Any] = literal_column(f"{100 * _SAMPLE / rows:.6f}")
        # The same pages each time, so that they are in memory.
        sample = found.source.tablesample(func.system(percent), seed=literal_column("1"))
        has = sample.c.words.op("@@")(found.question)
        seen, having = (await session.execute(select(func.count(), func.count().filter(has)).select_from(sample))).one()
        return bool(having >= _SURE and having * rows >= least * _COMMON * seen)

    def _in_sqlite(
        self, terms: Sequence[Term], marks: Sequence[Collection[str]], *, in_title: bool, ranked: bool
    ) -> Found:
        source = table(self._table, column("rowid"), column("title"), column("body"))
        parts = [f"{{title{'' if in_title else ' body'}}} : ({_AND.join(map(_fts5, terms))})"] if terms else []
        parts += [f"marks : ({' OR '.join(_quoted(_MARK + mark, _DOUBLE) for mark in one or [''])})" for one in marks]
        # Named by a literal: FTS5 takes the table's own name for all its columns.
        condition = literal_column(self._table).op("MATCH")(bindparam(None, _AND.join(f"({part})" for part in parts)))
        # Not bm25: it first counts, for each word, all that have it, which takes longer than to find what has them all.
        rank = sum(
            (_weight(source.c.title, term) * _TITLE + _weight(source.c.body, term) for term in terms if ranked),
            literal(0.0),
        )
        return Found(source, source.c.rowid, condition, rank / (1.0 + func.length(source.c.title) / _LENGTH))


def _weight(text: ColumnElement[Any], term: Term) -> ColumnElement[Any]:
    """Return how much `text` says of a term: more the oftener, but never more than once."""
    word = " ".join(term.words)
    times = (func.length(text) - func.length(func.replace(text, word, ""))) / float(len(word))
    return times / (times + _SATURATION)


class _Explained(Executable, ClauseElement):
    """How PostgreSQL answered a statement, which it does on the way."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explained, "postgresql")
def _explained(element: _Explained, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  # SQLAlchemy's own
    return "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + compiler.process(element.statement, **options)


def _listed(plan: dict[str, Any]) -> int | None:
    """Return how many rows the index gave in a plan; None when it was not asked, or only for a part."""
    if plan["Node Type"] == "Bitmap Index Scan":
        return int(plan["Actual Rows"])
    parts = plan.get("Plans", [])
    return _listed(parts[0]) if len(parts) == 1 else None


_AND = " AND "
_DOUBLE = '"'


def _fts5(term: Term) -> str:
    return _quoted(" ".join(term.words), _DOUBLE) + (" *" if term.prefix else "")


def _postgresql(term: Term, before: str = "") -> str:
    words = [_quoted(before + word, "'") for word in term.words]
    if term.prefix:
        words[-1] += ":*"
    return "(" + " <-> ".join(words) + ")"


def _and(parts: Sequence[str]) -> str:
    return " & ".join(part for part in parts if part)


def _or(parts: Sequence[str]) -> str:
    return f"({' | '.join(parts)})" if parts else "''"


def _quoted(word: str, quote: str) -> str:
    return quote + word.replace("\\", "").replace(quote, quote * 2) + quote


def _marks(document: Document) -> str:
    return " ".join(_MARK + mark for mark in document.marks)


def _vector(document: Document) -> str:
    """Return the text of a tsvector: each word with its position, that of the title with its weight."""
    return " ".join(_lexemes(document))


def _lexemes(document: Document) -> Iterator[str]:
    place = 0
    for text, weight in ((document.title, "A"), (document.body, "")):
        for token in tokens(text):
            place = min(place + 1, _LAST_POSITION)
            yield f"'{token}':{place}{weight}"
            if weight:
                yield f"'{_IN_TITLE}{token}':{place}"
        place += 1
    for mark in document.marks:
        yield _quoted(_MARK + mark, "'")
