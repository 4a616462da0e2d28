"""Signing in without a web server: what the tests of its rules and flows share."""

from callcenter.panel.accounts import Accounts
from callcenter.panel.auth.guesses import Guesses
from callcenter.panel.auth.terms import Terms
from callcenter.panel.auth.vault import Vault
from callcenter.settings.sign_in import SignIn
from callcenter.storage.engine import Database


def accounts_of(
    database: Database, vault: Vault, *, terms: Terms | None = None, settings: SignIn | None = None
) -> Accounts:
    """The use cases, as a process that has just started has them."""
    guesses = Guesses(database, vault, settings or SignIn(), "node1")
    return Accounts(database, guesses, vault, terms or Terms(), "node1")
