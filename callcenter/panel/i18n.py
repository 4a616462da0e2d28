"""Languages: gettext catalogues read with Babel, one language for each request.

The source language is English, the default Chinese. Text in Python is marked with `N_` and translated when it is shown.
"""

import io
import json
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

DEFAULT_LANGUAGE = "zh_CN"
LANGUAGES = (DEFAULT_LANGUAGE, "en")
COOKIE = "lang"
_A_YEAR = 365 * 86_400

_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)
_catalogues: dict[str, NullTranslations] = {}
_for_scripts: dict[str, str] = {}


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it, which extraction looks for
    """Mark `message` for extraction, and return it as it is."""
    return message


def load(folder: Path) -> None:
    """Read `folder`/LANGUAGE/LC_MESSAGES/messages.po of every language; a language without one speaks English.

    Raises ValueError, naming the file, when one cannot be read.
    """
    for language in LANGUAGES:
        path = folder / language / "LC_MESSAGES" / "messages.po"
        try:
            found = path.stat()
        except FileNotFoundError:
            _catalogues[language], _for_scripts[language] = NullTranslations(), "{}"
            continue
        _catalogues[language], _for_scripts[language] = _read(path, language, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=len(LANGUAGES))
def _read(path: Path, language: str, _changed: int, _size: int) -> tuple[NullTranslations, str]:
    """Return the catalogue of a file, and its JSON for scripts.

    It takes a third of a second, and is done once for each state of the file however many panels are built.
    """
    compiled = io.BytesIO()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    write_mo(compiled, catalogue)
    compiled.seek(0)
    words = {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and message.id and isinstance(message.string, str) and message.string
    }
    # Safe inside <script type="application/json">: nothing in it can end the element.
    return GNUTranslations(compiled), json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")


def current() -> str:
    """Return the language of the request that is being answered."""
    return _language.get()


def translate(message: str) -> str:
    """Return `message` in the language of the request; unknown ones as they are."""
    # The empty message is the catalogue's header.
    return _catalogue().gettext(message) if message else ""


def translate_plural(singular: str, plural: str, count: int) -> str:
    """Return the form for `count` in the language of the request."""
    return _catalogue().ngettext(singular, plural, count)


def script_catalogue(language: str) -> Markup:
    """Return the catalogue of `language` as a JSON object message -> translation, safe within a page."""
    return Markup(_for_scripts.get(language, "{}"))  # noqa: S704  # escaped in `_read`


def choose(*wishes: str | None) -> str:
    """Return the first wish that is a language we have (`zh`, `zh-CN`, `en_GB`...), else the default."""
    for wish in wishes:
        word = (wish or "").replace("-", "_").lower()
        for language in LANGUAGES:
            if word and word.split("_")[0] == language.split("_")[0]:
                return language
    return DEFAULT_LANGUAGE


def use(language: str) -> None:
    """Answer the present request in `language`."""
    _language.set(language)


@web.middleware
async def in_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer in the language of `?lang=`, which a cookie then remembers, of that cookie, or in the default."""
    wish = request.query.get("lang")
    use(choose(wish, request.cookies.get(COOKIE)))
    answer = await handler(request)
    if wish and not answer.prepared:
        answer.set_cookie(COOKIE, choose(wish), max_age=_A_YEAR, samesite="Lax", secure=request.secure, httponly=True)
    return answer


def _catalogue() -> NullTranslations:
    return _catalogues.get(_language.get()) or NullTranslations()
