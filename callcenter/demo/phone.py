"""What a citizen and a seat have in common: a SIPp that signals, speech, and steps that can be waited for."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Self

from callcenter.demo.sipp import Sipp, SippError, Step
from callcenter.demo.speech import Speech, speaking
from callcenter.tasks import cancel, spawn

#: Seconds that a call may take to end once it was hung up.
_FAREWELL = 3.0


class Phone:
    """A phone with one SIPp process: enter it to start it, leave it to end its calls and it."""

    def __init__(self, words: bytes) -> None:
        self._words = words
        self._counts: Counter[str] = Counter()
        self._news = asyncio.Condition()
        self._stack = AsyncExitStack()
        self._watch: asyncio.Task[None] | None = None
        self.speech: Speech
        self.sipp: Sipp
        #: How the process ended; None while it runs.
        self.status: int | None = None

    async def __aenter__(self) -> Self:
        self.speech = await self._stack.enter_async_context(speaking(self._words))
        try:
            await self._begin()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._end()
        finally:
            await self._stop()
            await self._stack.aclose()

    async def _begin(self) -> None:
        raise NotImplementedError

    async def _end(self) -> None:
        """End the calls in progress."""

    async def _start(self, sipp: Sipp) -> None:
        sipp.listen = self._step
        self.sipp = sipp
        await sipp.start()
        self._watch = spawn(self._follow(), name=f"phone {sipp.port}")

    async def _stop(self) -> None:
        if self._watch is None:
            return
        await self.sipp.stop()
        # It ends by itself once the process has, after it has read the last steps.
        await asyncio.wait([self._watch], timeout=_FAREWELL)
        await cancel(self._watch)
        self.sipp.forget()

    async def _follow(self) -> None:
        self.status = await self.sipp.watch()
        self._counts["over"] += 1
        async with self._news:
            self._news.notify_all()

    def _step(self, step: Step) -> None:
        self._counts[step.word] += 1
        self.happened(step)
        spawn(self._tell(), name="phone news")

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def happened(self, step: Step) -> None:
        """Take note of a step."""

    def count(self, *words: str) -> int:
        """Return how often one of `words` happened so far."""
        return sum(self._counts[word] for word in words)

    async def until(self, *words: str, times: int = 1, within: float = 10.0) -> None:
        """Wait until one of `words` has happened so many times in all. Raises SippError after `within` seconds."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: self.count(*words) >= times or self.status is not None)
        except TimeoutError:
            pass
        if self.count(*words) < times:
            seen = ", ".join(f"{word} {number}" for word, number in self._counts.items()) or "nothing"
            raise SippError(f"{self}: no {' or '.join(words)} within {within:g} s; seen: {seen}; {self.sipp.complaint}")
