"""The knowledge base 知识库: found by words, changed in versions, counted when used, flagged when out of date."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.audit import record
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.storage.engine import Database
from callcenter.storage.fulltext import Document, FullText
from callcenter.tickets.tables import Article, ArticleUse, ArticleVersion, MemberUnit

ARTICLES = FullText("articles")
#: What of an article has versions.
TEXTS = ("title", "keywords", "body", "unit_id", "valid_from", "valid_until", "state")
#: Characters of all the notes on what is out of date.
_NOTE = 500
_BATCH = 2000


async def add(session: AsyncSession, actor: Actor, texts: Mapping[str, Any], *, now: datetime) -> Article:
    """Add an article of `TEXTS`, with the code of its `unit`. Raises Problem."""
    values = await _checked(session, {"keywords": "", "state": "published", **texts})
    article = Article(**values, version=1, changed_at=now, changed_by=actor.who)
    session.add(article)
    await session.flush()
    await _keep(session, actor, article)
    record(session, actor, "article_added", at=now, target=f"article {article.id}", title=article.title)
    return article


async def change(
    session: AsyncSession, actor: Actor, id_: int, changes: Mapping[str, Any], *, version: int, now: datetime
) -> Article:
    """Change an article as it was at `version`; what was said of it at the desk is thereby answered. Raises Problem."""
    article = await locked(session, id_)
    if article.version != version:
        raise Problem(
            409,
            N_("Somebody has changed this article meanwhile; nothing was done."),
            fields={"version": N_("is no longer the newest")},
        )
    now_are = {name: getattr(article, name) for name in TEXTS if name != "unit_id"}
    values = await _checked(session, {**now_are, "unit_id": article.unit_id, **changes})
    flagged = article.flagged_at is not None
    article.flagged_at = article.flagged_by = article.flag_note = None
    changed = [name for name in TEXTS if getattr(article, name) != values[name]]
    if changed:
        for name in changed:
            setattr(article, name, values[name])
        article.version += 1
        article.changed_at, article.changed_by = now, actor.who
        await session.flush()
        await _keep(session, actor, article)
    if changed or flagged:
        action = "article_changed" if changed else "article_checked"
        record(session, actor, action, at=now, target=f"article {id_}", changed=changed, version=article.version)
    return article


async def use(session: AsyncSession, actor: Actor, id_: int, ticket: str | None, *, now: datetime) -> Article:
    """Count an answer that came from an article, once for each ticket. Raises Problem."""
    article = await locked(session, id_)
    if ticket is not None:
        earlier = select(ArticleUse.id).where(ArticleUse.article_id == id_, ArticleUse.ticket == ticket)
        if await session.scalar(earlier) is not None:
            return article
    session.add(ArticleUse(node=actor.node, article_id=id_, ticket=ticket, who=actor.who, at=now))
    article.used += 1
    return article


async def flag(session: AsyncSession, actor: Actor, id_: int, note: str, *, now: datetime) -> Article:
    """Say that an article is out of date, and why; it is shown so until somebody has looked at it. Raises Problem."""
    article = await locked(session, id_)
    if article.flagged_at is None:
        article.flagged_at, article.flagged_by, article.flag_note = now, actor.who, note
    elif note not in (article.flag_note or ""):
        article.flag_note = f"{article.flag_note}\n{actor.who}: {note}"[:_NOTE]
    record(session, actor, "article_flagged", at=now, target=f"article {id_}", note=note)
    return article


async def locked(session: AsyncSession, id_: int) -> Article:
    """Return the article, nobody else's until the transaction ends. Raises Problem."""
    article = await session.get(Article, id_, with_for_update=True)
    if article is None:
        raise Problem(404, N_("There is no such article."))
    return article


async def index(session: AsyncSession, article: Article) -> None:
    """Let `article` be found as it is now."""
    await ARTICLES.put(session, [_document(article)])


async def rebuild(database: Database) -> int:
    """Index every article anew; returns their number."""
    async with database.begin() as session:
        await ARTICLES.empty(session)
    done = last = 0
    while True:
        async with database.begin() as session:
            query = select(Article).where(Article.id > last).order_by(Article.id).limit(_BATCH)
            articles = (await session.scalars(query.with_for_update(read=True))).all()
            if not articles:
                break
            last = articles[-1].id
            await ARTICLES.put(session, [_document(article) for article in articles])
        done += len(articles)
    async with database.begin() as session:
        await ARTICLES.filled(session)
    return done


def _document(article: Article) -> Document:
    marks = ["s" + article.state] + ([f"u{article.unit_id}"] if article.unit_id is not None else [])
    # What citizens ask counts as much as the title.
    return Document(article.id, f"{article.title}\n{article.keywords}", article.body, marks)


async def _keep(session: AsyncSession, actor: Actor, article: Article) -> None:
    """Add the version that `article` now is, and let it be found."""
    texts = {name: getattr(article, name) for name in TEXTS}
    row = {"node": actor.node, "article_id": article.id, "version": article.version, "who": actor.who}
    await session.execute(insert(ArticleVersion).values(**row, at=article.changed_at, **texts))
    await index(session, article)


async def _checked(session: AsyncSession, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: given.get(name) for name in TEXTS}
    if "unit" in given:
        values["unit_id"] = await _unit(session, given["unit"])
    first, last = values["valid_from"], values["valid_until"]
    if isinstance(first, date) and isinstance(last, date) and last < first:
        raise Problem(
            400, N_("Some fields are wrong."), fields={"valid_until": N_("lies before the day from which it holds")}
        )
    return values


async def _unit(session: AsyncSession, code: str | None) -> int | None:
    if code is None:
        return None
    unit = await session.scalar(select(MemberUnit.id).where(MemberUnit.code == code))
    if unit is None:
        raise Problem(400, N_("Some fields are wrong."), fields={"unit": N_("is not known")})
    return unit
