"""The wallboard of a real hotline on a real screen, with a note of when each thing appeared on it."""

import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from harness import SOON, Hotline, wait_for
from playwright.async_api import Browser
from screen import WALL, Screen, Screens, ViewportSize

from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.secrets import ensure
from callcenter.paths import Paths
from callcenter.tasks import cancel, spawn

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
PASSWORD = "seventeen green lamps"

#: Notes every change on the board with the time of the machine's clock, by which Asterisk stamps its events too.
_WATCH = """
() => {
  const board = document.querySelector(".board");
  const text = (selector, under = board) => under.querySelector(selector)?.textContent.trim() ?? "";
  const read = () => ({
    link: board.dataset.link,
    level: text(".hero-level"),
    waiting: text("[data-testid=waiting]"),
    "in greeting": text(".hero-foot strong"),
    "answer rate": text("[data-testid=answer-rate] .figure-of"),
    missed: text("[data-testid=missed] .figure-value"),
    ...Object.fromEntries([...board.querySelectorAll(".seat")].flatMap((seat) => [
      [seat.dataset.seat, seat.dataset.state],
      [`caller of ${seat.dataset.seat}`, text(".seat-caller", seat)],
    ])),
  });
  window.shown = read();
  window.seen = [];
  new MutationObserver(() => {
    const [now, at] = [read(), Date.now()];
    for (const what of Object.keys(now)) if (now[what] !== shown[what]) seen.push([what, now[what], at]);
    window.shown = now;
  }).observe(board, { subtree: true, childList: true, characterData: true, attributes: true });
}
"""


class Wall:
    """A wallboard, watched from when it was opened; it is never loaded again."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen

    async def shown(self, what: str) -> str:
        """What stands there now: `waiting`, `in greeting`, `answer rate`, ..., a seat's number for its state."""
        found: dict[str, str] = await self.screen.page.evaluate("shown")
        return found[what]

    async def changes(self, what: str, since: float = 0) -> list[tuple[str, float]]:
        """What it changed to, each with when (seconds of the epoch), after `since`."""
        every = await self.screen.page.evaluate("seen")
        return [(value, at / 1000) for name, value, at in every if name == what and at / 1000 >= since]

    async def appeared(self, what: str, value: str, since: float, within: float = SOON) -> float:
        """Wait until something has changed to `value` after `since`; returns when."""

        async def found() -> list[float]:
            # The page's clock is cut to milliseconds.
            return [at for shown, at in await self.changes(what, since - 0.001) if shown == value]

        times: list[float] = await wait_for(found, within, what=f"the wallboard's {what} is {value!r}")
        return times[0]

    async def shows(self, what: str, value: str, within: float = SOON) -> None:
        """Wait until `value` stands there."""

        async def there() -> bool:
            return await self.shown(what) == value

        await wait_for(there, within, what=f"the wallboard's {what} is {value!r}")

    async def picture(self, name: str) -> None:
        """Keep a picture among the artefacts."""
        await self.screen.picture(f"journey-{name}")


class Witness:
    """Hears what Asterisk says, beside the controller."""

    def __init__(self) -> None:
        self._heard: list[dict[str, Any]] = []

    def hear(self, message: dict[str, Any]) -> None:
        """Keep an event."""
        self._heard.append(message)

    async def time_of(self, name: str, since: float, **fields: str) -> float:
        """Wait for an event with these fields that was raised after `since`; returns when, in seconds of the epoch."""

        def found() -> list[float]:
            return [
                float(one["Timestamp"])
                for one in self._heard
                if one["Event"] == name
                and float(one["Timestamp"]) >= since
                and all(one.get(key) == value for key, value in fields.items())
            ]

        times: list[float] = await wait_for(found, 20, what=f"event {name} {fields}")
        return times[0]


@asynccontextmanager
async def witness(hotline: Hotline) -> AsyncIterator[Witness]:
    """Listen to Asterisk's events on a link of the test's own."""
    heard = Witness()
    up: list[float] = []

    async def on_up() -> None:
        up.append(time.time())

    secret = ensure(Paths.of(hotline.settings).secrets, hotline.settings).ami
    link = AmiClient(
        "127.0.0.1",
        hotline.settings.ami_port,
        "controller",
        secret,
        on_message=heard.hear,
        on_up=on_up,
        on_down=lambda: None,
    )
    task = spawn(link.run(), name="witness")
    try:
        await wait_for(lambda: up, what="the witness hears Asterisk")
        yield heard
    finally:
        await link.stop()
        await cancel(task)


async def sign_in(hotline: Hotline, screen: Screen, login: str, *, role: str, name: str, agent: str = "") -> None:
    """Make a user, and sign them in as they would: with the one-time password, and then one of their own."""
    made = await hotline.cli("user", "add", login, "--role", role, "--name", name, "--agent", agent)
    page = screen.page
    await page.get_by_label("用户名").fill(login)
    await page.get_by_label("密码").fill(made["one_time_password"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/password")
    for label, value in (
        ("当前密码", made["one_time_password"]),
        ("新密码", PASSWORD),
        ("再次输入新密码", PASSWORD),
    ):
        await page.get_by_label(label, exact=True).fill(value)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk" if role == "agent" else "**/wallboard")


@asynccontextmanager
async def signed_in(
    hotline: Hotline, browser: Browser, login: str, *, role: str, name: str, agent: str = "", size: ViewportSize = WALL
) -> AsyncIterator[tuple[Screen, Screens]]:
    """Open the panel as a new user; afterwards no console may have a complaint on it that the test did not expect."""
    screens = Screens(browser, f"http://127.0.0.1:{hotline.settings.panel_port}", ARTEFACTS)
    try:
        screen = await screens.open("/", size=size)
        await sign_in(hotline, screen, login, role=role, name=name, agent=agent)
        yield screen, screens
    finally:
        await screens.close()
    assert screens.faults == []


async def watch(screen: Screen) -> Wall:
    """Begin to watch the wallboard that is open on `screen`."""
    await screen.until("document.querySelector('.board')?.dataset.link === 'live'")
    await screen.page.evaluate(_WATCH)
    return Wall(screen)


def milliseconds(first: float, second: float) -> int:
    """Milliseconds from the one to the other, rounded up."""
    return math.ceil((second - first) * 1000)
