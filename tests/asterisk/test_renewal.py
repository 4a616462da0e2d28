"""A renewed certificate: taken up while the panel runs, left alone when broken, and told of where it is not shown."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import ClientSession, TCPConnector, web

from callcenter import doctor
from callcenter.asterisk import certificate, renewal
from callcenter.panel import server
from callcenter.settings import Settings
from callcenter.tasks import cancel, spawn

DEADLINE = 10.0


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


@asynccontextmanager
async def panel(pair: tuple[Path, Path]) -> AsyncIterator[int]:
    """Serve a page over HTTPS with `pair`, looked at twenty times a second; yields the port."""
    app = web.Application()
    app.router.add_get("/", hello)
    context = certificate.context_of(pair)
    watch = spawn(renewal.kept_fresh(context, pair, every=0.05), name="certificate")
    try:
        async with server.serving(app, "127.0.0.1", 0, secure=(0, context)) as runner:
            yield runner.addresses[1][1]
    finally:
        await cancel(watch)


async def shown(port: int) -> bytes | None:
    return await asyncio.to_thread(renewal.served, "127.0.0.1", port)


async def until_shown(port: int, wanted: bytes) -> None:
    async with asyncio.timeout(DEADLINE):
        while await shown(port) != wanted:
            await asyncio.sleep(0.02)


async def test_the_next_visitor_sees_the_new_one_and_who_is_connected_stays(tmp_path: Path) -> None:
    pair = certificate.ensure(tmp_path / "now", ["127.0.0.1"])
    new = certificate.ensure(tmp_path / "new", ["127.0.0.1"])
    old = renewal.in_file(pair[0])
    async with panel(pair) as port, ClientSession(connector=TCPConnector(ssl=False, limit=1)) as stays:
        async with stays.get(f"https://127.0.0.1:{port}/") as answer:
            assert await answer.text() == "hello"
        assert await shown(port) == old
        with structlog.testing.capture_logs() as log:
            shutil.copy(new[0], pair[0])  # for a moment the certificate has another's key
            async with asyncio.timeout(DEADLINE):
                while not log:
                    await asyncio.sleep(0.02)
            assert await shown(port) == old
            shutil.copy(new[1], pair[1])
            await until_shown(port, renewal.in_file(new[0]))
        assert [line["event"] for line in log] == ["certificate_not_taken", "certificate_taken"]
        async with stays.get(f"https://127.0.0.1:{port}/") as answer:
            assert await answer.text() == "hello"


async def test_doctor_names_who_still_shows_the_old_one(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "var", port_offset=20_000)
    pair = certificate.ensure(settings.data_folder / "secrets", ["127.0.0.1"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate.ensure(tmp_path / "old", ["127.0.0.1"]))
    check = doctor._shown_certificate  # the check itself: the others look at the whole machine
    assert [one.ok for one in await asyncio.to_thread(lambda: list(check(settings)))] == [True]
    server_ = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", settings.sips_port, ssl=context)
    async with server_:
        (found,) = await asyncio.to_thread(lambda: list(check(settings)))
    assert not found.ok
    assert f"phones (TLS) at port {settings.sips_port}" in found.detail
    assert str(pair[0]) in found.detail
    assert "restart" in found.detail
