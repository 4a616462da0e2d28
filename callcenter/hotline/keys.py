"""What the hotline's views find in the web application."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from callcenter.hotline.board import Board
from callcenter.hotline.flows.agents import AgentDesk
from callcenter.hotline.flows.floor import FloorKeeper


@dataclass(frozen=True)
class Hotline:
    """The running hotline, as its views use it."""

    keeper: FloorKeeper
    desk: AgentDesk
    board: Board
    #: Seat number -> SIP password.
    passwords: dict[str, str]
    #: Most callers that may wait, and the number that must never.
    most: int
    limit: int
    #: Switches the announcement, and remembers who did: `await switch(on, by)`.
    switch_announcement: Callable[[bool, str], Awaitable[None]]


HOTLINE = web.AppKey("hotline", Hotline)
