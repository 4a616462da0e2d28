"""Browsers in which somebody has signed in before: a cookie that says for whom, which only we can make.

It lets nobody in. It gives those who know their password a count of failures of their own, which no stranger can fill
(`rules.locks`). Colleagues share a desk's browser, so it names several logins.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.panel.auth.vault import Vault

#: A browser that nobody signed in with for so long is a stranger again.
REMEMBERED = timedelta(days=90)
#: Logins that one browser remembers; the one used longest ago goes first.
MOST_LOGINS = 12
_PURPOSE = "browser"


@dataclass(frozen=True, slots=True)
class Browser:
    """What the cookie says."""

    name: str
    logins: Sequence[str] = ()

    def name_for(self, login: str) -> str:
        """Return the browser's name where `login` has signed in with it, else nothing."""
        return self.name if login in self.logins else ""

    def and_of(self, login: str) -> "Browser":
        """Return this browser after `login` has signed in with it."""
        return Browser(self.name, [*(one for one in self.logins if one != login), login][-MOST_LOGINS:])


def read(vault: Vault, cookie: str | None, now: datetime) -> Browser:
    """Return the browser that sends `cookie`; a new name for one that sends none, or none of ours."""
    known = vault.unseal(_PURPOSE, cookie, most=REMEMBERED, now=now) if cookie else None
    if known is None:
        return Browser(secrets.token_urlsafe(12))
    return Browser(str(known["name"]), [str(login) for login in known["logins"]])


def write(vault: Vault, browser: Browser, now: datetime) -> str:
    """Return the cookie for `browser`."""
    return vault.seal(_PURPOSE, {"name": browser.name, "logins": list(browser.logins)}, now)
