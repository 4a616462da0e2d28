"""`callcenter demo`: a hotline of its own with simulated citizens and seats, until Ctrl-C."""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from callcenter.api_client import HotlineDown, HotlineRefused, LocalApi
from callcenter.asterisk import secrets
from callcenter.demo.life import Life
from callcenter.demo.network import Network
from callcenter.demo.seats import Seat, talk_around
from callcenter.demo.sipp import Server, SippError, free_port
from callcenter.demo.speech import spoken
from callcenter.paths import Paths
from callcenter.settings import ENV_PREFIX, Settings, load
from callcenter.tasks import cancel, spawn

Say = Callable[[str], None]
#: Seconds that a hotline may take to start: the first start makes its prompts.
_PATIENCE = 120.0
#: Seconds that the hotline may take to stop before it is killed.
_FAREWELL = 15.0
#: What keeps the demo away from a real hotline's data, citizens and lines, unless somebody asks for it by name.
#: A shorter wrap-up, so that six agents keep up with the calls, just.
_OWN = {
    "DATA": "var-demo",
    "PORT_OFFSET": "20000",
    "DATABASE_URL": "",
    "QUEUE__WRAP_UP_SECONDS": "5",
    "DISK__BALLAST_MB": "0",
}
#: What every demo has, whatever the settings say.
_ALWAYS = {"PROFILE": "lab", "BIND": "127.0.0.1"}
#: An address that no call comes from: the lab's citizens are on this machine too, and are no trunk.
_NOBODY = "127.0.0.9"
#: Says that a data folder was begun by the demo.
_MARK = "this-is-a-demo"
_AGENT_SAYS = "您好，一二三四五热线，请问有什么可以帮您？好的，我记录一下，马上为您转办。"
#: An agent's number for a seat: 8001 is 1001's.
_FIRST_AGENT = 1001


class DemoError(Exception):
    """The demo cannot run; says why."""


async def run(settings: Settings, say: Say) -> int:
    """Run the demo until SIGINT, SIGTERM or `demo.seconds`; `say` prints a line. Returns the exit status.

    `settings` say how it goes; the hotline itself gets a data folder, ports and a database of its own.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    network = free_port()
    environment = own_environment(os.environ, network)
    os.environ.update(environment)  # so that the settings below are those of the hotline that the child runs
    own = load(demo=settings.demo)
    try:
        _only_a_demo(own)
        async with hotline(own, environment, say, stopped) as child:
            if not stopped.is_set():
                await _live(own, say, stopped, child, network)
    except (DemoError, SippError, HotlineDown, HotlineRefused) as error:
        sys.stderr.write(f"callcenter: {error}\n")
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    say("demo: over, everything it started has ended")
    return 0


def own_environment(given: Mapping[str, str], network: int) -> dict[str, str]:
    """Return the environment variables that keep the demo's hotline to itself, over those `given`.

    Its one line leads to port `network`, where the demo's own telephone network is.
    """
    own = {ENV_PREFIX + name: given.get(ENV_PREFIX + name, value) for name, value in _OWN.items()}
    line = {"name": "network", "host": "127.0.0.1", "port": network, "match": [_NOBODY]}
    always = _ALWAYS | {"TRUNKS": json.dumps([line])}
    return own | {ENV_PREFIX + name: value for name, value in always.items()}


def _only_a_demo(settings: Settings) -> None:
    folder = settings.data_folder
    mark = folder / _MARK
    if Paths.of(settings).database.exists() and not mark.exists():
        raise DemoError(f"{folder} holds a hotline that is no demo; name another folder in {ENV_PREFIX}DATA")
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()


@asynccontextmanager
async def hotline(
    settings: Settings, environment: Mapping[str, str], say: Say, stopped: asyncio.Event
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `callcenter run` as a child, healthy inside the block unless `stopped`, and ended after it.

    Raises DemoError when it does not come up.
    """
    say("demo: starting the hotline")
    # A session of its own: Ctrl-C reaches us alone, and we end things in order. Our death ends it all the same.
    guard = ("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()
    child = await asyncio.create_subprocess_exec(
        *(*guard, sys.executable, "-m", "callcenter", "run"),
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await _healthy(settings, child, stopped)
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), _FAREWELL)
        except TimeoutError:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _healthy(settings: Settings, child: asyncio.subprocess.Process, stopped: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while not stopped.is_set():
                if child.returncode is not None:
                    raise DemoError(f"the hotline did not start (status {child.returncode}); its reason is above")
                if await asyncio.to_thread(is_healthy, settings):
                    return
                await asyncio.sleep(0.2)
    if not stopped.is_set():
        raise DemoError(f"the hotline was not healthy within {_PATIENCE:g} s")


def is_healthy(settings: Settings) -> bool:
    """Ask the panel whether all is well; blocks for a second at most."""
    try:
        with urllib.request.urlopen(address(settings) + "/healthz", timeout=1) as answer:  # noqa: S310  # our own
            return bool(answer.status == 200)  # noqa: PLR2004  # HTTP's OK
    except (OSError, ValueError):
        return False


def address(settings: Settings) -> str:
    """Return the panel's address."""
    return f"http://{settings.bind}:{settings.panel_port}"


async def _live(
    settings: Settings, say: Say, stopped: asyncio.Event, child: asyncio.subprocess.Process, network: int
) -> None:
    server = Server(settings.sip_port)
    passwords = secrets.ensure(Paths.of(settings).secrets, settings).seats
    chance = random.Random()  # noqa: S311  # a simulation
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callcenter-demo-")))
        words = await asyncio.to_thread(spoken, _AGENT_SAYS, folder, pitch=60)
        phones = [
            Seat(
                server,
                folder,
                seat,
                passwords[seat],
                words=words,
                ring=chance.uniform(1, 4),
                talk=talk_around(settings.demo.talk_seconds, chance),
            )
            for seat in settings.seats.numbers[: settings.demo.seats]
        ]
        await stack.enter_async_context(Network(server, folder, words=words, ring=3.0, port=network))
        seats = await asyncio.gather(*(stack.enter_async_context(phone) for phone in phones))
        api = LocalApi(settings)
        agents = {str(_FIRST_AGENT + step): seat for step, seat in enumerate(seats)}
        for agent, seat in agents.items():
            await asyncio.to_thread(api.post, f"/agents/{agent}/sign-in", {"seat": seat.user})
        life = Life(settings.demo, server, folder, agents=agents, api=api, chance=chance)
        for line in _welcome(settings, len(agents)):
            say(line)
        work = spawn(life.go_on(), name="demo life")
        over = spawn(stopped.wait(), name="demo stop")
        died = spawn(child.wait(), name="demo hotline")
        try:
            await asyncio.wait({work, over, died}, timeout=settings.demo.seconds or None, return_when="FIRST_COMPLETED")
            if work.done():
                raise DemoError(f"its citizens are gone: {work.exception()!r}")
        finally:
            say("demo: ending")
            await cancel(work, over, died)
        if child.returncode is not None:
            raise DemoError(f"the hotline ended by itself with status {child.returncode}")


def _welcome(settings: Settings, seats: int) -> list[str]:
    number, every = settings.hotline_number, settings.demo.calls_per_minute
    return [
        f"demo: {seats} seats are signed in; {every:g} citizens a minute dial {number}; who is missed is called back",
        f"demo: the wallboard is at {address(settings)}/",
        "demo: sign in as the administrator with the one-time password that the first start printed; where it is",
        f"demo: lost, remove {settings.data_folder} and start again",
        f"demo: any SIP phone on this machine may call too: sip:{number}@127.0.0.1:{settings.sip_port}",
        "demo: Ctrl-C ends it",
    ]
