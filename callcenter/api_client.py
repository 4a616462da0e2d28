"""The command line's way to the running hotline: its own API on this machine, with the token in the data folder."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from callcenter.paths import Paths
from callcenter.settings import Settings

#: Seconds; agents' commands wait up to two for Asterisk to show what it did.
_TIMEOUT = 10
_PIECE = 64 * 1024


class HotlineDown(Exception):
    """Nothing answers on the panel's port."""


class HotlineRefused(Exception):
    """The hotline answered that it will not; the text is its reason."""


class LocalApi:
    """Calls `/api/v1` of the hotline that these settings name."""

    def __init__(self, settings: Settings) -> None:
        host = "127.0.0.1" if settings.bind in {"0.0.0.0", "::"} else settings.bind
        host = f"[{host}]" if ":" in host else host
        self._base = f"http://{host}:{settings.panel_port}/api/v1"
        self._token = Paths.of(settings).secrets / "cli.token"

    def get(self, path: str) -> Any:  # noqa: ANN401  # whatever JSON the route answers
        """Return the JSON at `path`. Raises HotlineDown, HotlineRefused."""
        return self._ask(urllib.request.Request(self._base + path))  # noqa: S310  # our own http address

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401
        """Send `body` to `path` and return the JSON answered. Raises HotlineDown, HotlineRefused."""
        return self._ask(
            urllib.request.Request(  # noqa: S310
                self._base + path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
            )
        )

    def delete(self, path: str) -> Any:  # noqa: ANN401
        """Delete what is at `path` and return the JSON answered. Raises HotlineDown, HotlineRefused."""
        return self._ask(urllib.request.Request(self._base + path, method="DELETE"))  # noqa: S310

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield what is at `path`, which is no JSON, as it comes. Raises HotlineDown, HotlineRefused."""
        try:
            request = urllib.request.Request(self._base + path)  # noqa: S310
            request.add_header("Authorization", f"Bearer {self._token.read_text().strip()}")
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
                left = int(answer.headers["Content-Length"])
                while piece := answer.read(_PIECE):
                    left -= len(piece)
                    yield piece
                if left:
                    raise HotlineRefused("it ended too soon; the hotline's log says why")
        except urllib.error.HTTPError as error:
            raise HotlineRefused(_reason(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise HotlineDown(f"the hotline is not running here ({error}); start it with: make run") from error

    def _ask(self, request: urllib.request.Request) -> Any:  # noqa: ANN401
        try:
            request.add_header("Authorization", f"Bearer {self._token.read_text().strip()}")
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise HotlineRefused(_reason(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise HotlineDown(f"the hotline is not running here ({error}); start it with: make run") from error


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        body = json.load(error)
        fields = "; ".join(f"{name}: {why}" for name, why in (body.get("fields") or {}).items())
        return f"{body['error']}{f' ({fields})' if fields else ''}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"status {error.code}"
