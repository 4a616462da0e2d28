"""Articles as lists show them, and finding them: what has the words in its title first, what has expired last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import Row, iso
from callcenter.storage.segmenting import Term, terms, warmed
from callcenter.tickets.flows.finding.found import Named
from callcenter.tickets.flows.knowledge.articles import ARTICLES
from callcenter.tickets.tables import Article, ArticleVersion, MemberUnit

View = Literal["all", "flagged", "expiring", "draft", "withdrawn"]
#: What ends within so long is shown as ending.
EXPIRING = timedelta(days=30)
#: Of the newest so many that have the words, the best come first.
_RANKED = 200
_SORTED_BY = (Article.id, Article.valid_from, Article.valid_until, Article.flagged_at, Article.used)
_EXCERPT = 160
_BEFORE = 30


class ArticleRow(BaseModel):
    """An article in a list."""

    id: int
    title: str
    keywords: str
    #: The part of the body in which the words stand.
    excerpt: str
    unit: Named | None
    valid_from: date | None
    valid_until: date | None
    #: Whether it no longer holds, or not yet.
    expired: bool
    state: Literal["draft", "published", "withdrawn"]
    version: int
    used: int
    changed_at: str
    changed_by: str
    #: When, by whom and why it was called out of date.
    flagged_at: str | None
    flagged_by: str | None
    flag_note: str | None


class VersionRow(BaseModel):
    """An article as it was."""

    version: int
    at: str
    who: str
    title: str
    keywords: str
    body: str
    unit: Named | None
    valid_from: date | None
    valid_until: date | None
    state: str


class ArticleDetail(ArticleRow):
    """An article with its text and its history, newest first."""

    body: str
    versions: list[VersionRow]


class ArticlePage(BaseModel):
    """What was found."""

    rows: list[ArticleRow]
    #: Whether there are more than these.
    more: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What articles are wanted."""

    q: str = ""
    unit: str | None = None
    view: View = "all"
    #: Also what is not published.
    everything: bool = False


async def found(session: AsyncSession, asked: Asked, *, today: date, limit: int) -> tuple[list[Row], bool]:
    """Return the articles that answer best, and whether there are more."""
    unit = None
    if asked.unit is not None:
        unit = await session.scalar(select(MemberUnit.id).where(MemberUnit.code == asked.unit)) or 0
    if not asked.q.strip():
        articles = await _listed(session, asked, unit, today, limit + 1)
        words: list[Term] = []
    else:
        await warmed()
        words = terms(asked.q)
        articles = await _best(session, words, asked, unit, today, limit + 1) if words else []
    rows = await _rows(session, articles[:limit], words, today)
    return rows, len(articles) > limit


def _states(asked: Asked) -> tuple[str, ...]:
    if asked.view in ("draft", "withdrawn"):
        return (asked.view,) if asked.everything else ()
    return ("published", "draft") if asked.everything else ("published",)


async def _listed(session: AsyncSession, asked: Asked, unit: int | None, today: date, limit: int) -> list[Article]:
    query = select(Article).where(Article.state.in_(_states(asked)))
    if unit is not None:
        query = query.where(Article.unit_id == unit)
    if asked.view == "flagged":
        query = query.where(Article.flagged_at.is_not(None)).order_by(Article.flagged_at, Article.id)
    elif asked.view == "expiring":
        query = query.where(Article.valid_until < today + EXPIRING).order_by(Article.valid_until, Article.id)
    else:
        query = query.order_by(Article.changed_at.desc(), Article.id.desc())
    return list(await session.scalars(query.limit(limit)))


async def _best(  # noqa: PLR0917
    session: AsyncSession, words: Sequence[Term], asked: Asked, unit: int | None, today: date, limit: int
) -> list[Article]:
    marks = [["s" + state for state in _states(asked)]] + ([[f"u{unit}"]] if unit is not None else [])
    best: list[Any] = []
    ranks: dict[int, tuple[bool, float]] = {}
    for in_title in (True, False):
        there = ARTICLES.find(session, words, marks=marks, in_title=in_title)
        for id_, rank in await ARTICLES.ranked(session, there, _RANKED):
            ranks.setdefault(id_, (not in_title, -rank))
        articles = await session.execute(select(*_SORTED_BY).where(Article.id.in_(list(ranks))))
        best = sorted(
            (one for one in articles if _wanted(asked.view, one, today)),
            key=lambda one: (_expired(one, today), *ranks[one.id], -one.used, -one.id),
        )
        if len(best) >= limit and not _expired(best[limit - 1], today):
            break
    wanted = [one.id for one in best[:limit]]
    whole = {one.id: one for one in await session.scalars(select(Article).where(Article.id.in_(wanted)))}
    return [whole[id_] for id_ in wanted]


def _wanted(view: View, article: Any, today: date) -> bool:  # noqa: ANN401  # a row
    if view == "flagged":
        return article.flagged_at is not None
    if view == "expiring":
        return article.valid_until is not None and bool(article.valid_until < today + EXPIRING)
    return True


async def detail(session: AsyncSession, id_: int, *, today: date, everything: bool) -> Row | None:
    """Return an article with its history; None when it is not there, or not published and `everything` is not asked."""
    article = await session.get(Article, id_)
    if article is None or not (everything or article.state == "published"):
        return None
    query = select(ArticleVersion).where(ArticleVersion.article_id == id_).order_by(ArticleVersion.version.desc())
    versions = list(await session.scalars(query))
    units = await _units(session, [article, *versions])
    return {
        **_row(article, units, [], today),
        "body": article.body,
        "versions": [
            {
                **{name: getattr(one, name) for name in ("version", "who", "title", "keywords", "body", "state")},
                "at": iso(one.at),
                "unit": units.get(one.unit_id or 0),
                "valid_from": _day(one.valid_from),
                "valid_until": _day(one.valid_until),
            }
            for one in versions
        ],
    }


async def _rows(session: AsyncSession, articles: Sequence[Article], words: Sequence[Term], today: date) -> list[Row]:
    units = await _units(session, articles)
    return [_row(article, units, words, today) for article in articles]


async def _units(session: AsyncSession, articles: Iterable[Article | ArticleVersion]) -> dict[int, Row]:
    wanted = {one.unit_id for one in articles if one.unit_id is not None}
    query = select(MemberUnit.id, MemberUnit.code, MemberUnit.name).where(MemberUnit.id.in_(wanted))
    return {id_: {"code": code, "name": name} for id_, code, name in await session.execute(query)}


def _row(article: Article, units: dict[int, Row], words: Sequence[Term], today: date) -> Row:
    same = ("id", "title", "keywords", "state", "version", "used", "changed_by", "flagged_by", "flag_note")
    return {
        **{name: getattr(article, name) for name in same},
        "excerpt": _excerpt(article.body, words),
        "unit": units.get(article.unit_id or 0),
        "valid_from": _day(article.valid_from),
        "valid_until": _day(article.valid_until),
        "expired": _expired(article, today),
        "changed_at": iso(article.changed_at),
        "flagged_at": iso(article.flagged_at),
    }


def _expired(article: Any, today: date) -> bool:  # noqa: ANN401  # an article, or a row of one
    until, since = article.valid_until, article.valid_from
    return bool((until is not None and until < today) or (since is not None and since > today))


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _excerpt(body: str, words: Sequence[Term]) -> str:
    text = " ".join(body.split())
    lowered = text.lower()
    places = [place for term in words if (place := lowered.find(term.words[0])) >= 0]
    start = max(0, min(places, default=0) - _BEFORE)
    return ("…" if start else "") + text[start : start + _EXCERPT] + ("…" if start + _EXCERPT < len(text) else "")
