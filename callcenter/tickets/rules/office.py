"""Documents and tables of office programs: ZIP archives that must hold a document, and nothing that explodes or runs.

The archive's own list (the central directory) must describe every byte of the file: nothing before it, between or
behind. What it says of sizes is checked by unpacking against it, so that a list that lies is found out.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from callcenter.tickets.rules.refusals import N_
from callcenter.tickets.rules.unfit import Unfit

#: Parts of one document, bytes of all of them unpacked, and how many times smaller packing may have made them.
MOST_PARTS = 2000
LARGEST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 150
#: Below this a high ratio is only a short text that repeats itself.
_SMALL = 10 * 1024 * 1024
_LONGEST_LIST = 1024 * 1024
_END = struct.Struct("<4s4H2LH")
_HEAD = struct.Struct("<4s5H3L2H")
_ENCRYPTED, _UTF8 = 0x41, 0x800
#: Bytes that may stand between two parts: a record of sizes behind the one that was written as it came.
_DESCRIPTOR = 24
_CHUNK = 256 * 1024
#: Endings and first bytes of what is packed again within.
_PACKED_NAME = re.compile(r"\.(?:zip|7z|rar|gz|bz2|xz|tar|jar|cab|iso|docx?|docm|xlsx?|xlsm|pptx?|exe|dll|js|vbs|hta)$")
_PACKED_HEAD = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"MZ")
_MACRO_NAME = re.compile(r"vbaproject|vbadata|macrosheets/|activex/|\.bin$")
_RELATION = re.compile(rb"<Relationship\b[^>]*>")
_LARGEST_RELATIONS = 4 * 1024 * 1024


def _damaged() -> Unfit:
    return Unfit(N_("The document is damaged, or something has been put into it. Please save it again."))


def _explodes() -> Unfit:
    return Unfit(N_("The document would become too large when it is unpacked."))


def examine(file: BinaryIO, size: int, heart: str) -> None:
    """Raise Unfit unless `file` is a document whose main part is `heart`, complete, unencrypted, without macros."""
    count, list_length, list_at = _end(file, size)
    if count > MOST_PARTS or list_length > _LONGEST_LIST:
        raise _explodes()
    if list_at + list_length + _END.size != size:
        raise _damaged()
    try:
        archive = zipfile.ZipFile(file)
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        raise _damaged() from None
    _look_at_names(parts, heart)
    if len(parts) != count or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise _explodes() if len(parts) == count else _damaged()
    at = 0
    for part in sorted(parts, key=lambda one: one.header_offset):
        # One after another without overlap: parts that share their bytes are how small bombs become large.
        if not at <= part.header_offset <= at + (_DESCRIPTOR if at else 0):
            raise _damaged()
        at = _unpack(file, part)
    if not at <= list_at <= at + _DESCRIPTOR:
        raise _damaged()


def _end(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Return how many parts the archive says it has, and the length and place of its list."""
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise Unfit(N_("The content of the file is not what its name says."))
    file.seek(max(size - _END.size, 0))
    end = file.read(_END.size)
    if len(end) < _END.size:
        raise _damaged()
    mark, disk, list_disk, here, count, length, at, comment = _END.unpack(end)
    if mark != b"PK\x05\x06" or disk or list_disk or here != count or comment:
        raise _damaged()
    return count, length, at


def _look_at_names(parts: list[zipfile.ZipInfo], heart: str) -> None:
    names = [part.orig_filename for part in parts]
    if len(set(names)) != len(names) or any(_astray(name) for name in names):
        raise _damaged()
    for part in parts:
        if part.flag_bits & _ENCRYPTED:
            raise Unfit(N_("The document has a password. Please take it off and send it again."))
        if part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise _damaged()
    lower = [name.lower() for name in names]
    if any(_PACKED_NAME.search(name) for name in lower):
        raise _contains_files()
    if any(_MACRO_NAME.search(name) and "printersettings" not in name for name in lower):
        raise _has_macros()
    if "[Content_Types].xml" not in names or heart not in names:
        raise Unfit(N_("The content of the file is not what its name says."))


def _astray(name: str) -> bool:
    """Whether a part's name leads out of the archive, or is none."""
    return (
        not name
        or name.startswith("/")
        or ".." in name.split("/")
        or any(one in name for one in "\\:")
        or any(one < " " or one == "\x7f" for one in name)
    )


def _contains_files() -> Unfit:
    return Unfit(N_("The document contains another file. Please save it as PDF, or send that file by itself."))


def _has_macros() -> Unfit:
    return Unfit(N_("The document contains macros or controls. Please save it without them."))


def _unpack(file: BinaryIO, part: zipfile.ZipInfo) -> int:
    """Unpack `part` and forget it; return where it ends in the file. Raises Unfit when it is not what was announced."""
    _go_to(file, part)
    if part.file_size > _SMALL and part.file_size > MOST_RATIO * max(part.compress_size, 1):
        raise _explodes()
    unpacked, first, kept = 0, b"", b""
    relations = part.orig_filename.endswith(".rels") or part.orig_filename == "[Content_Types].xml"
    for chunk in _chunks(file, part):
        unpacked += len(chunk)
        if unpacked > part.file_size:
            raise _explodes()
        first = first or chunk[:8]
        if relations and unpacked <= _LARGEST_RELATIONS:
            kept += chunk
    if unpacked != part.file_size:
        raise _damaged()
    if first.startswith(_PACKED_HEAD):
        raise _contains_files()
    if relations:
        if unpacked > _LARGEST_RELATIONS:
            raise _explodes()
        _look_at_relations(kept)
    return file.tell()


def _go_to(file: BinaryIO, part: zipfile.ZipInfo) -> None:
    """Go to where the content of `part` begins. Raises Unfit when its head says something else than the list."""
    file.seek(part.header_offset)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(b"PK\x03\x04"):
        raise _damaged()
    _, _, flags, method, *_, name_length, extra_length = _HEAD.unpack(head)
    name = part.orig_filename.encode("utf-8" if part.flag_bits & _UTF8 else "cp437", "replace")
    # Which of the two is believed depends on who reads.
    if (flags, method, file.read(name_length)) != (part.flag_bits, part.compress_type, name):
        raise _damaged()
    file.seek(extra_length, 1)


def _chunks(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield `part` unpacked, little by little."""
    left = part.compress_size
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS) if part.compress_type == zipfile.ZIP_DEFLATED else None
    while left:
        raw = file.read(min(left, _CHUNK))
        if not raw:
            raise _damaged()
        left -= len(raw)
        if unpacker is None:
            yield raw
            continue
        try:
            while raw:
                yield unpacker.decompress(raw, _CHUNK)
                raw = unpacker.unconsumed_tail
            if unpacker.unused_data:
                raise _damaged()
        except zlib.error:
            raise _damaged() from None
    if unpacker is not None:
        yield unpacker.flush(_CHUNK)
        if not unpacker.eof:
            raise _damaged()


def _look_at_relations(xml: bytes) -> None:
    """Raise Unfit for parts that bring macros, or fetch something from elsewhere as soon as the document is opened."""
    text = xml.replace(b"\0", b"")  # UTF-16 as well
    if b"macroEnabled" in text or b"vbaProject" in text:
        raise _has_macros()
    for relation in _RELATION.findall(text):
        if b'TargetMode="External"' in relation.replace(b"'", b'"') and b"/hyperlink" not in relation:
            raise Unfit(N_("The document fetches something from elsewhere. Please save it as PDF."))
