"""PostgreSQL is asked how common words are before it is made to count them."""

import pytest
from sqlalchemy import text

from callcenter.storage.engine import Database
from callcenter.storage.fulltext import Document, FullText
from callcenter.storage.segmenting import terms

ROWS = 60_000
LEAST = 11_000


@pytest.mark.parametrize(
    ("question", "common"),
    [
        ("路灯", True),  # in every row
        ("电梯", False),  # in every fifth: more than were asked about, but the sample is not to be believed so far
        ("噪声", False),  # in none
    ],
)
async def test_words_are_common_when_a_sample_leaves_no_doubt(database: Database, question: str, common: bool) -> None:  # noqa: FBT001
    index = FullText("tickets")
    async with database.begin() as session:
        if session.get_bind().dialect.name == "sqlite":
            assert not await index.common(session, index.find(session, terms(question)), LEAST, ROWS)
            return
        await index.put(session, [Document(1, "路灯", "不亮"), Document(2, "路灯", "电梯")])
        copies = (
            "INSERT INTO search_tickets SELECT n, words FROM generate_series(3, :rows) n "
            "JOIN search_tickets one ON one.id = CASE n % 5 WHEN 0 THEN 2 ELSE 1 END"
        )
        await session.execute(text(copies), {"rows": ROWS})
        found = index.find(session, terms(question))
        assert await index.rows(session, found) == 0, "nobody has looked at the table yet"
        assert not await index.common(session, found, LEAST, 0)
        await session.execute(text("ANALYZE search_tickets"))
        rows = await index.rows(session, found)
        assert rows == pytest.approx(ROWS, rel=0.05)
        assert await index.common(session, found, LEAST, rows) is common
        assert not await index.common(session, found, ROWS, rows), "not so many"


async def test_the_index_tells_how_long_its_list_is(database: Database) -> None:
    index = FullText("tickets")
    async with database.begin() as session:
        if session.get_bind().dialect.name == "sqlite":
            pytest.skip("SQLite is asked in another way")
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        documents = [Document(n, "路灯", "不亮" if n % 3 else "春晖路 不亮") for n in range(1, 301)]
        await index.put(session, documents, fresh=True)
        for question, there in (("路灯", 300), ("路灯 春晖路", 100), ("噪声", 0)):
            assert await index.listed(session, index.find(session, terms(question))) == there
        assert await index.listed(session, index.find(session, terms('"春晖路"'))) is None, (
            "the row knows, not the index"
        )
