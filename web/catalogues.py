# ruff: noqa: INP001  # a program of the front end, no package
"""Brings the catalogues up to date with templates, scripts and server: `python web/catalogues.py`.

Prints every sentence that has no Chinese yet, and ends with status 1 when there is one.
"""

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).parent
LANGUAGES = {"zh_CN": "Chinese", "en": "English"}
#: t("...") in scripts. Babel's own reader of JavaScript loses calls inside nested template literals.
SCRIPT_CALL = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')


def extract() -> set[str]:
    """Return every sentence that somebody may read."""
    sentences: set[str] = set()
    methods = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
    for folder in (WEB / "templates", WEB.parent / "callcenter"):
        method_map = [("**.html", "jinja2")] if folder.name == "templates" else methods
        found = extract_from_dir(folder, method_map, keywords={"_": None, "N_": None, "gettext": None})
        sentences.update(str(message) for _, _, message, _, _ in found)
    for script in (WEB / "src").rglob("*.js"):
        sentences.update(SCRIPT_CALL.findall(script.read_text(encoding="utf-8")))
    return sentences


def path_of(language: str) -> Path:
    """Return where the catalogue of `language` is kept."""
    return WEB / "locale" / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """Return the catalogue of `language`; an empty one when there is none."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, sentences: set[str]) -> list[str]:
    """Write the catalogue of `language` for exactly these sentences; return those that are not translated."""
    known = read(language)
    fresh = Catalog(locale=language, fuzzy=False)
    for sentence in sorted(sentences):
        old = known.get(sentence)
        fresh.add(sentence, old.string if old else "")
    text = io.BytesIO()
    write_po(text, fresh, width=120, omit_header=True)
    header = (
        f"# The panel in {LANGUAGES[language]}. The keys are the English sentences; web/catalogues.py keeps them.\n"
        f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Plural-Forms: {fresh.plural_forms}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    path_of(language).write_text(header + text.getvalue().decode(), encoding="utf-8")
    return [str(message.id) for message in fresh if message.id and not message.string]


def main() -> int:
    """Update both catalogues; the English one may stay empty, as its keys are English."""
    sentences = extract()
    update("en", sentences)
    missing = update("zh_CN", sentences)
    for sentence in missing:
        sys.stderr.write(f"not in Chinese yet: {sentence}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
