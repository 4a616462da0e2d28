"""Telling others what happened, inside the transaction of what happened."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import HotlineEvent

#: Takes all events of its type, in order, inside the transaction.
Handler = Callable[[AsyncSession, Sequence[Any]], Awaitable[None]]
Subscribers = Mapping[type[HotlineEvent], Sequence[Handler]]


async def publish(session: AsyncSession, events: Sequence[HotlineEvent], subscribers: Subscribers) -> None:
    """Hand `events` to those who asked for their types, in the mapping's order."""
    for kind, handlers in subscribers.items():
        if concerned := [event for event in events if type(event) is kind]:
            for handler in handlers:
                await handler(session, concerned)
