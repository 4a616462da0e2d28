"""A hotline with settings of its own, for journeys that need lines or reserves, and what it shows."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from harness import Hotline, _run, port_offset, wait_for, write_prompts
from outage import document

from callcenter.asterisk import install
from callcenter.paths import Paths

#: A SIP address that no line's calls come from: the lab knows everybody on this machine as a citizen.
NOBODY = "127.0.0.9"


def line_to(port: int, *, name: str = "loop", caller_id: str = "12345") -> dict[str, Any]:
    """Return a line to whatever listens at `port` on this machine."""
    return {"name": name, "host": "127.0.0.1", "port": port, "caller_id": caller_id, "match": [NOBODY]}


def own_hotline(folder: Path, changes: Callable[[int], Mapping[str, Any]]) -> Iterator[Hotline]:
    """Run a hotline below `folder`; `changes` returns settings by environment name for its own SIP port."""
    if install.find() is None:
        pytest.skip("Asterisk is not set up")
    write_prompts(folder / "studio")
    with port_offset() as offset:
        wanted = changes(5060 + offset)
        yield from _run(
            folder,
            offset,
            {name: value if isinstance(value, str) else json.dumps(value) for name, value in wanted.items()},
        )


async def asterisk(hotline: Hotline, command: str) -> str:
    """Return what Asterisk's own command line says to `command`."""
    found = install.find()
    assert found
    asked = await asyncio.create_subprocess_exec(
        *(*found.argv, "-C", str(Paths.of(hotline.settings).etc / "asterisk.conf"), "-rx", command),
        stdout=asyncio.subprocess.PIPE,
    )
    return (await asked.communicate())[0].decode()


async def until_live(hotline: Hotline, condition: Callable[[dict[str, Any]], Any], within: float = 10) -> Any:  # noqa: ANN401
    """Wait until the live document meets `condition`, and return what that returned; the controller may be away."""

    async def shown() -> Any:  # noqa: ANN401
        found = await document(hotline)
        return condition(found) if found else None

    return await wait_for(shown, within, what="the live document shows it")
