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
            assert not await index.common(session, index.find(session, terms(question)), LEAST)
            return
        await index.put(session, [Document(1, "路灯", "不亮"), Document(2, "路灯", "电梯")])
        copies = (
            "INSERT INTO search_tickets SELECT n, words FROM generate_series(3, :rows) n "
            "JOIN search_tickets one ON one.id = CASE n % 5 WHEN 0 THEN 2 ELSE 1 END"
        )
        await session.execute(text(copies), {"rows": ROWS})
        found = index.find(session, terms(question))
        assert not await index.common(session, found, LEAST), "nobody has looked at the table yet"
        await session.execute(text("ANALYZE search_tickets"))
        assert await index.common(session, found, LEAST) is common
        assert not await index.common(session, found, ROWS), "not so many"
