"""Passwords: Argon2id in a thread, what a good one is, and one-time passwords."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem

SHORTEST = 10
LONGEST = 200
#: Letters and figures that nobody confuses when they are read aloud.
_CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"

#: RFC 9106's costs for little memory, on one lane instead of four: a check takes one core, and no more.
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
#: One hash takes about 120 ms and 64 MiB: a flood of sign-ins may take neither all cores nor all memory. Strangers
#: share one thread: they leave a core to the calls, and keep nobody waiting whose browser is known.
_threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")
_for_strangers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2-strangers")
#: Strangers' passwords that may wait at once: about a second's. Further ones are asked to come again.
MOST_WAITING = 8
_waiting = 0


@contextlib.contextmanager
def waiting_room(*, known: bool) -> Iterator[None]:
    """Keep a place among those whose passwords are to be checked, for the length of the block.

    Raises Problem 503 with Retry-After when it is full; it never is for a `known` browser.
    """
    global _waiting  # noqa: PLW0603  # of the thread, which is the program's
    if known:
        yield
        return
    if _waiting >= MOST_WAITING:
        raise Problem(
            503, N_("Many people are signing in just now. Please try again in a moment."), headers={"Retry-After": "2"}
        )
    _waiting += 1
    try:
        yield
    finally:
        _waiting -= 1


async def hashed(password: str) -> str:
    """Return the Argon2id hash of `password`, salt and costs included."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify(password_hash: str | None, password: str, *, known: bool = True) -> bool:
    """Whether `password` belongs to the hash; takes as long when there is none, so that logins cannot be guessed.

    `known` is somebody who has signed in before with the browser they have now.
    """
    threads = _threads if known else _for_strangers
    return await asyncio.get_running_loop().run_in_executor(threads, _verify, password_hash, password)


async def renewed(password_hash: str, password: str) -> str | None:
    """Return a new hash of the right `password` when the old one was made with other costs than today's, else None."""
    return await hashed(password) if _hasher.check_needs_rehash(password_hash) else None


def one_time() -> str:
    """Return a password for one sign-in, 79 bits, easy to read aloud."""
    return "-".join("".join(secrets.choice(_CLEAR) for _ in range(4)) for _ in range(4))


def fault(password: str, login: str) -> str | None:
    """Return what is wrong with a new password, or None."""
    if len(password) < SHORTEST:
        return N_("A password needs at least 10 characters.")
    if len(password) > LONGEST:
        return N_("A password may have at most 200 characters.")
    if login.casefold() in password.casefold() and len(password) < len(login) + SHORTEST:
        return N_("A password may not be built from the user name.")
    if len(set(password.casefold())) < 5:  # noqa: PLR2004  # 1111111111, abababab...
        return N_("A password needs at least 5 different characters.")
    if password.casefold() in _ascending() or password.casefold()[::-1] in _ascending():
        return N_("A password may not be a row of the keyboard or the alphabet.")
    return None


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def _ascending() -> str:
    return "01234567890 abcdefghijklmnopqrstuvwxyz qwertyuiopasdfghjklzxcvbnm 1qaz2wsx3edc4rfv5tgb"
