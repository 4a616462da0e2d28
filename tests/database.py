"""Fixtures: a database built by the migrations, on SQLite and on a real PostgreSQL that the tests start and end."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from callcenter.storage.engine import Database, async_url
from callcenter.storage.migrate import upgrade

#: Debian keeps the server's programs out of the path.
_DEBIAN = "/usr/lib/postgresql"
#: The version that lets one choose how a database is copied.
_STRATEGIES = 150_000


def _programs() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path(_DEBIAN).glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def _server_user() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        user = "nobody"
    else:
        user = "postgres"
    account = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server of our own on a socket in a temporary folder; the URL without the database's name."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="cc-pg-", dir="/tmp"))  # a socket's path must be short
    become = _server_user()
    if become:
        user = become[1].removeprefix("--reuid=")
        shutil.chown(folder, int(user), int(become[2].removeprefix("--regid=")))
    data = folder / "data"
    subprocess.run(
        [*become, programs / "initdb", "-D", data, "-U", "test", "--auth=trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = ["listen_addresses=", f"unix_socket_directories={folder}", "max_connections=40"]
    # It lives as long as the tests, and makes a database for each: nothing is to outlive the machine, to be sent to
    # another server, or to be tidied up.
    options += ["fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=8GB"]
    options += ["checkpoint_timeout=1d", "autovacuum=off"]
    # Its manual advises a quarter of the memory; the default is for the smallest of machines.
    quarter = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4 >> 20
    options.append(f"shared_buffers={min(quarter, 2048)}MB")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*become, programs / "postgres", "-D", data, *(word for option in options for word in ("-c", option))],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        deadline = time.monotonic() + 30
        while not (folder / ".s.PGSQL.5432").exists():
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not start"
            time.sleep(0.05)
        yield f"postgresql://test@/{{}}?host={folder}"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


async def new_postgresql(server: str, *, template: str = "template1") -> str:
    """Make a database like `template`, or else an empty one, and return its URL."""
    name = f"t{uuid.uuid4().hex[:12]}"
    engine = create_async_engine(async_url(server.format("postgres")), isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + 20
    while True:
        try:
            async with engine.connect() as connection:
                # Quicker than the default, which writes each page to the log too; older servers lack it.
                chosen = await connection.scalar(text("SHOW server_version_num"))
                strategy = "STRATEGY FILE_COPY" if int(chosen) >= _STRATEGIES else ""
                await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}"))
            break
        except (OSError, DBAPIError):  # not there yet, or "the database system is starting up"
            if time.monotonic() > deadline:
                raise
    await engine.dispose()
    return server.format(name)


#: Databases that the migrations made, to be copied: running them anew for each test would take longer than most tests.
_TEMPLATES = tempfile.TemporaryDirectory(prefix="cc-templates-")
_templates: dict[str, str] = {}


async def migrated_sqlite(path: Path) -> str:
    """Make the file `path` a database with the schema that the migrations make; return its URL."""
    made = Path(_TEMPLATES.name) / "migrated.db"
    if not made.exists():
        new = made.with_suffix(f".{uuid.uuid4().hex}")
        await upgrade(f"sqlite:///{new}")
        new.rename(made)
    await asyncio.to_thread(shutil.copyfile, made, path)
    return f"sqlite:///{path}"


async def migrated_postgresql(server: str) -> str:
    """Make a database on `server` with the schema that the migrations make; return its URL."""
    if server not in _templates:
        url = await new_postgresql(server)
        await upgrade(url)
        _templates[server] = make_url(url).database or ""
    return await new_postgresql(server, template=_templates[server])


@pytest_asyncio.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database with the schema that the migrations make, once for each kind."""
    if request.param == "sqlite":
        return await migrated_sqlite(tmp_path / "test.db")
    return await migrated_postgresql(request.getfixturevalue("postgresql_server"))


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the schema that the migrations make."""
    database = Database(database_url)
    yield database
    await database.close()
