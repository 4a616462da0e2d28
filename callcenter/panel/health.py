"""GET /healthz: how each part of the hotline is, for whoever restarts things and whoever looks at them."""

import asyncio

from aiohttp import web

from callcenter.panel.access import public
from callcenter.panel.keys import PROBES, Probe

#: A part that does not answer for this long is not well.
PATIENCE_SECONDS = 2.0


@public
async def health(request: web.Request) -> web.Response:
    """Answer 200 when every part is well, else 503; each part says what is wrong with it."""
    probes = request.app[PROBES]
    reasons = dict(zip(probes, await asyncio.gather(*map(_ask, probes.values())), strict=True))
    parts = {name: {"ok": reason is None, "reason": reason} for name, reason in reasons.items()}
    well = all(reason is None for reason in reasons.values())
    return web.json_response(
        {"ok": well, "parts": parts}, status=200 if well else 503, headers={"Cache-Control": "no-store"}
    )


async def _ask(probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await probe()
    except TimeoutError:
        return f"no answer within {PATIENCE_SECONDS:.0f} s"
    except Exception as error:  # noqa: BLE001  # whatever a probe meets is its finding; its text may hold a password
        return type(error).__name__
