"""A panel in a process of its own, with passwords as costly as in earnest: `attacked_panel.py FOLDER PORT`."""

import asyncio
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from callcenter import logs
from callcenter.panel import server, users
from callcenter.panel.sessions import Actor, user_by_login
from callcenter.settings import Settings
from callcenter.storage.base import Base
from callcenter.storage.clock import now
from callcenter.storage.engine import Database


async def main(folder: Path, port: int) -> None:
    logs.configure()
    database = Database(f"sqlite:///{folder}/panel.db")
    async with database.begin() as session:
        await (await session.connection()).run_sync(Base.metadata.create_all)
    new = users.NewUser("wang", "王芳", "agent", "1001", "right horse battery")
    await users.add(database, new, actor=Actor("cli", "node1"), now=now())
    async with database.begin() as session:
        user = await user_by_login(session, "wang")
        assert user
        user.must_change_password = False
    app = server.build(Settings(data=folder / "var"), database, registry=CollectorRegistry(), front=folder)
    async with server.serving(app, "0.0.0.0", port):
        print("serving", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
