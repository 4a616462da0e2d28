"""Files that may go with a request 附件: which types, how large, and how a name is kept. What is in them is looked at.

A file's type is what its content is, never what its sender says; the two must agree. Whatever a browser could run
(pages, drawings in SVG, programs, macros) is refused, and whatever holds more than it shows (archives, something
appended behind the end).
"""

import unicodedata
from typing import BinaryIO

from callcenter.tickets.rules import media, office
from callcenter.tickets.rules.refusals import N_
from callcenter.tickets.rules.unfit import Unfit

#: Bytes of one file, files of one ticket, and files of one person that belong to no ticket yet.
LARGEST = 20 * 1024 * 1024
MOST_OF_TICKET = 20
MOST_LOOSE = 40
#: Characters of a name, its ending included.
LONGEST_NAME = 200

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Ending -> media type.
TYPES: dict[str, str] = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "docx": _WORD,
    "xlsx": _SHEET,
    "txt": "text/plain",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
}
#: What a library that knows many formats calls them, where it says something else.
_OTHER_WORDS = {
    "audio/x-wav": "audio/wav",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "video/mp4": "audio/mp4",
}
_LOOKS = {
    "application/pdf": media.pdf,
    "image/jpeg": media.jpeg,
    "image/png": media.png,
    "image/gif": media.gif,
    "image/webp": media.webp,
    "text/plain": media.plain_text,
    "audio/mpeg": media.mp3,
    "audio/wav": media.wav,
    "audio/mp4": media.m4a,
}
_NOT_IN_NAMES = frozenset('<>:"|?*')


def clean_name(given: str) -> str:
    """Return the name to keep a file under: no folders, no invisible or reversing marks, not too long.

    Raises Unfit for a name that is empty or whose ending is none of TYPES.
    """
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    # Cc: controls; Cf: what turns the writing round, so that `gnp.exe` looks like `exe.png`; Cs: half characters.
    seen = "".join(one for one in unicodedata.normalize("NFC", last) if unicodedata.category(one)[0] != "C")
    name = "".join("_" if one in _NOT_IN_NAMES else one for one in " ".join(seen.split())).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem.strip(". ") or ending.lower() not in TYPES:
        raise Unfit(N_("Only these files can be sent: pdf, jpg, png, gif, webp, docx, xlsx, txt, mp3, wav, m4a."))
    return f"{stem.strip()[: LONGEST_NAME - len(ending) - 1].rstrip('. ')}.{ending.lower()}"


def type_of_name(name: str) -> str:
    """Return the media type that the ending of a clean name promises."""
    return TYPES[name.rpartition(".")[2]]


def examine(name: str, file: BinaryIO, size: int, guessed: str | None) -> str:
    """Return the media type of `file` under its clean `name`; `guessed` is what a library of formats took it for.

    Raises Unfit, saying what is wrong, for a file that is empty, too large, not what its ending says, or that holds
    something that must not be passed on.
    """
    if not size:
        raise Unfit(N_("The file is empty."))
    if size > LARGEST:
        raise too_large()
    wanted = type_of_name(name)
    found = _OTHER_WORDS.get(guessed or "", guessed)
    # A library that knows the ZIP but not the document in it is no contradiction; our own look decides.
    if found not in {None, wanted} and not (wanted in {_WORD, _SHEET} and found == "application/zip"):
        raise not_what_it_says()
    if wanted in {_WORD, _SHEET}:
        office.examine(file, size, "word/document.xml" if wanted == _WORD else "xl/workbook.xml")
    else:
        file.seek(0)
        _LOOKS[wanted](file.read(LARGEST + 1))
    return wanted


def too_large() -> Unfit:
    """Return the refusal of a file above the limit."""
    return Unfit(N_("A file may have 20 MB at most."), status=413)


def not_what_it_says() -> Unfit:
    """Return the refusal of a file that is something else than its name says."""
    return media.false_ending()
