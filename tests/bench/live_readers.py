"""Readers of a live stream, in a process of their own: `live_readers.py PORT COUNT TOKEN`.

Prints `ready` when each has heard something, and when the streams have ended a JSON list: milliseconds from each
`"stamp":NANOSECONDS` (of the monotonic clock, which all processes share) to its arrival.
"""

import asyncio
import json
import re
import sys
import time

_STAMP = re.compile(rb'"stamp":([1-9]\d*)')


async def _read(port: int, token: str, ready: asyncio.Semaphore, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /api/v1/live HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        "Accept: text/event-stream\r\n\r\n".encode()
    )
    heard = False
    while chunk := await reader.read(65_536):
        arrived = time.monotonic_ns()
        took += [(arrived - int(stamp)) / 1e6 for stamp in _STAMP.findall(chunk)]
        if not heard and b"snapshot" in chunk:
            heard = True
            ready.release()
    writer.close()


async def _main(port: int, count: int, token: str) -> None:
    took: list[float] = []
    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as readers:
        for _ in range(count):
            readers.create_task(_read(port, token, ready, took))
        for _ in range(count):
            await ready.acquire()
        print("ready", flush=True)
    print(json.dumps(took))


asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
