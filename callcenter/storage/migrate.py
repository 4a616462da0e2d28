"""Bring a database to the newest schema, in this process.

`python -m callcenter.storage.migrate URL "what changes"` writes the next migration from the tables, for a person to
read and mend.
"""

import asyncio
import sys
import threading

from alembic import command
from alembic.config import Config

from callcenter.paths import ROOT
from callcenter.storage.engine import async_url

#: Alembic keeps the migration under way in module globals: one at a time in a process.
_one_at_a_time = threading.Lock()


async def upgrade(url: str) -> None:
    """Run every migration that the database at `url` has not had; does nothing when there is none.

    Safe to call from several machines at once. Raises what the database raises; a failed migration leaves no trace on
    PostgreSQL.
    """
    async_url(url)
    # Alembic is synchronous and its environment runs an event loop of its own.
    await asyncio.to_thread(_upgrade, url)


def _upgrade(url: str) -> None:
    with _one_at_a_time:
        command.upgrade(_config(url), "head")


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.attributes["url"] = url
    return config


if __name__ == "__main__":
    command.revision(_config(sys.argv[1]), message=sys.argv[2], autogenerate=True)
