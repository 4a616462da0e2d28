"""The knowledge base 知识库: what agents answer from. A change is a new version, and earlier ones stay readable."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode


class Article(Base):
    """An article as it is now."""

    __tablename__ = "articles"
    __table_args__ = (Index("ix_articles_state_changed_at", "state", "changed_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    #: What citizens ask, and other words that it shall be found by.
    keywords: Mapped[str] = mapped_column(String(1000))
    body: Mapped[str] = mapped_column(Text)
    #: The unit that answers for it.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"), index=True)
    #: First and last day on which it holds; NULL for from ever, for ever.
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date, index=True)
    #: `draft`, `published` or `withdrawn`.
    state: Mapped[str] = mapped_column(String(12))
    #: Raised by every change of the above.
    version: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(64))
    #: Answers in which it was used.
    used: Mapped[int] = mapped_column(default=0)
    #: When, by whom and why it was called out of date at the desk; the next version answers it.
    flagged_at: Mapped[datetime | None] = mapped_column(index=True)
    flagged_by: Mapped[str | None] = mapped_column(String(64))
    flag_note: Mapped[str | None] = mapped_column(String(500))


class ArticleVersion(OfNode, Base):
    """An article as it was from `at` on. Rows are only ever added: the database itself refuses anything else."""

    __tablename__ = "article_versions"
    __table_args__ = (UniqueConstraint("article_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    version: Mapped[int]
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    keywords: Mapped[str] = mapped_column(String(1000))
    body: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12))


class ArticleUse(OfNode, Base):
    """An answer that came from an article: counted once for each ticket."""

    __tablename__ = "article_uses"
    __table_args__ = (UniqueConstraint("article_id", "ticket"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    #: Number of the ticket, or name of the form that becomes one; NULL for an answer without either.
    ticket: Mapped[str | None] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
