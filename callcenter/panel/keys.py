"""What the web application carries; typed, so that a view that reads it needs no cast."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from callcenter.panel.accounts import Accounts
from callcenter.panel.auth.vault import Vault
from callcenter.panel.live import LiveState
from callcenter.panel.sessions import Identity, Sessions
from callcenter.settings import Settings
from callcenter.storage.engine import Database

#: Asks one part of the hotline how it is: None when well, else what is wrong in one line without secrets.
Probe = Callable[[], Awaitable[str | None]]

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
LIVE = web.AppKey("live", LiveState)
METRICS = web.AppKey("metrics", CollectorRegistry)
SESSIONS = web.AppKey("sessions", Sessions)
ACCOUNTS = web.AppKey("accounts", Accounts)
VAULT = web.AppKey("vault", Vault)
CLI_TOKEN = web.AppKey("cli_token", str)
PROBES: web.AppKey[Mapping[str, Probe]] = web.AppKey("probes", dict)
#: Logical file name -> built file name.
MANIFEST: web.AppKey[dict[str, str]] = web.AppKey("manifest", dict)

#: Who asks, or None; set for every request by `access.guarded`.
IDENTITY: Any = web.RequestKey("identity", Identity)
