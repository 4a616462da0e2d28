"""How Alembic reaches the database: called by `callcenter.storage.migrate`, which hands over the URL."""

import asyncio
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# Each is imported for the tables that it declares.
import callcenter.hotline.ban_tables
import callcenter.hotline.tables
import callcenter.panel.auth.tables
import callcenter.panel.tables
import callcenter.recordings.tables
import callcenter.tickets.tables
import callcenter.workforce.tables  # noqa: F401
from callcenter.storage.base import Base, UtcDateTime
from callcenter.storage.engine import async_url
from callcenter.storage.fulltext import declared

#: Any number will do, so long as every node uses the same one: two of them must not migrate at once.
LOCK = 12345


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    return "UtcDateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
        include_name=declared,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


async def connect_and_migrate() -> None:
    engine = create_async_engine(async_url(context.config.attributes["url"]), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(connect_and_migrate())
