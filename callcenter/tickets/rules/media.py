"""Pictures, sound, PDF and text, walked from first byte to last: what follows the end, or hides inside, is found.

A file that is two things at once (a picture that is a page, a document that is an archive) is neither. Sources: GIF89a;
PNG 3rd edition, 5; the WebP container; RIFF; ISO 14496-12, 4.2; ISO 11172-3, 2.4.1; ISO 32000-1, 7.5.
"""

import re
import struct

from callcenter.tickets.rules.refusals import N_
from callcenter.tickets.rules.unfit import Unfit

#: What turns a picture into a page, wherever it stands.
_MARKUP = re.compile(rb"<script|<html|<!doctype html|<\?php", re.IGNORECASE)
#: Programs within a document, as far as they are not packed.
_PDF_PROGRAM = re.compile(rb"/(?:JavaScript|Launch)\b")
#: The end of a ZIP archive, and the longest comment behind it.
_ZIP_END, _ZIP_END_LENGTH, _ZIP_COMMENT = b"PK\x05\x06", 22, 65_535
_PNG = b"\x89PNG\r\n\x1a\n"
_GIF_COLOURS, _GIF_IMAGE, _GIF_MORE, _GIF_END = 0x80, 0x2C, 0x21, 0x3B
#: Of an MPEG audio frame: kbit/s of layers I to III for MPEG 1 and 2, and Hz for MPEG 1.
_KBITS = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_HERTZ = (44_100, 48_000, 32_000)
_HEARD_FRAMES = 3


def false_ending() -> Unfit:
    """Return the refusal of what is not of the type that its name says."""
    return Unfit(N_("The content of the file is not what its name says."))


def _damaged() -> Unfit:
    return Unfit(N_("The file is damaged, or something has been put behind its end."))


def _two_things() -> Unfit:
    return Unfit(N_("Something else is hidden in the file."))


def _no_archive(data: bytes) -> None:
    """Raise Unfit when `data` is a ZIP archive as well: those are read from their end."""
    tail = data[-(_ZIP_END_LENGTH + _ZIP_COMMENT) :]
    at = tail.find(_ZIP_END)
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + _ZIP_END_LENGTH], "little")
        if at + _ZIP_END_LENGTH + comment == len(tail):
            raise _two_things()
        at = tail.find(_ZIP_END, at + 1)


def _picture_only(data: bytes) -> None:
    _no_archive(data)
    if _MARKUP.search(data):
        raise _two_things()


def pdf(data: bytes) -> None:
    """Raise Unfit unless `data` is a PDF document and ends as one."""
    if not data.startswith((b"%PDF-1.", b"%PDF-2.")):
        raise false_ending()
    _no_archive(data)
    before, end, after = data.rpartition(b"%%EOF")
    if not end or after.strip(b"\r\n\t \0") or b"startxref" not in before[-1024:]:
        raise _damaged()
    if _PDF_PROGRAM.search(data):
        raise Unfit(N_("The document contains a program. Please print it to a new PDF and send that."))


def jpeg(data: bytes) -> None:
    """Raise Unfit unless `data` is a JPEG picture. Telephones put things behind its end: those are looked through."""
    if not data.startswith(b"\xff\xd8\xff"):
        raise false_ending()
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] != b"\xda":
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:  # noqa: PLR2004  # the length counts itself
            raise _damaged()
        at += 2 + length
    if data[at : at + 2] != b"\xff\xda" or data.find(b"\xff\xd9", at) < 0:
        raise _damaged()
    _picture_only(data)


def png(data: bytes) -> None:
    """Raise Unfit unless `data` is a PNG picture and nothing more."""
    if not data.startswith(_PNG + b"\0\0\0\rIHDR"):
        raise false_ending()
    at = len(_PNG)
    kind = b""
    while kind != b"IEND" and at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + length
    if kind != b"IEND" or at != len(data):
        raise _damaged()
    _picture_only(data)


def gif(data: bytes) -> None:
    """Raise Unfit unless `data` is a GIF picture and nothing more."""
    if not data.startswith((b"GIF87a", b"GIF89a")):
        raise false_ending()
    try:
        at = 13 + _colours(data[10])
        while (kind := data[at]) != _GIF_END:
            if kind == _GIF_IMAGE:
                at += 11 + _colours(data[at + 9])
            elif kind == _GIF_MORE:
                at += 2
            else:
                raise _damaged()
            while length := data[at]:
                at += 1 + length
            at += 1
    except IndexError:
        raise _damaged() from None
    if at + 1 != len(data):
        raise _damaged()
    _picture_only(data)


def _colours(flags: int) -> int:
    """Return the bytes of the table of colours that `flags` announce."""
    return 3 << ((flags & 7) + 1) if flags & _GIF_COLOURS else 0


def webp(data: bytes) -> None:
    """Raise Unfit unless `data` is a WebP picture and nothing more."""
    if data[8:12] != b"WEBP":
        raise false_ending()
    _riff(data)
    _picture_only(data)


def wav(data: bytes) -> None:
    """Raise Unfit unless `data` is a WAVE recording and nothing more."""
    if data[8:12] != b"WAVE":
        raise false_ending()
    _riff(data)
    _no_archive(data)


def _riff(data: bytes) -> None:
    if data[:4] != b"RIFF":
        raise false_ending()
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 not in {len(data), len(data) + 1, len(data) - 1}:  # an odd one may be padded
        raise _damaged()


def m4a(data: bytes) -> None:
    """Raise Unfit unless `data` is an MPEG-4 file, box by box to its end."""
    if data[4:8] != b"ftyp":
        raise false_ending()
    at, kinds = 0, set()
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        kinds.add(data[at + 4 : at + 8])
        if length < 8:  # noqa: PLR2004  # a box counts its own head; 0, "to the end", is never written by telephones
            raise _damaged()
        at += length
    if at != len(data) or b"moov" not in kinds:
        raise _damaged()
    _no_archive(data)


def mp3(data: bytes) -> None:
    """Raise Unfit unless `data` begins, behind its tags, with several MPEG audio frames in a row."""
    at = 0
    if data.startswith(b"ID3") and len(data) >= 10:  # noqa: PLR2004  # the tag's head
        size = 0
        for byte in data[6:10]:
            size = size << 7 | byte & 0x7F
        at = 10 + size
    while at < len(data) and not data[at]:  # padding
        at += 1
    for _ in range(_HEARD_FRAMES):
        length = _frame(data[at : at + 4])
        if not length:
            raise false_ending()
        at += length
    _no_archive(data)
    if _MARKUP.search(data):
        raise _two_things()


def _frame(head: bytes) -> int:
    """Return the length of the MPEG audio frame that begins with `head`; 0 when it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    if version == 1 or layer == 4 or head[2] >> 4 in {0, 15} or head[2] >> 2 & 3 == 3:  # noqa: PLR2004  # reserved values
        return 0
    old = version == 3  # noqa: PLR2004  # MPEG 1; else 2 or 2.5
    kbits = _KBITS[1 if old else 2, layer][head[2] >> 4]
    hertz = _HERTZ[head[2] >> 2 & 3] >> (3 - version if version else 2 if not old else 0)
    padding = head[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kbits // hertz + padding) * 4
    return (72_000 if layer == 3 and not old else 144_000) * kbits // hertz + padding  # noqa: PLR2004


def plain_text(data: bytes) -> None:
    """Raise Unfit unless `data` is text: UTF-8, UTF-16 with its mark, or GB 18030; with no control characters."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except ValueError:
            continue
        if not any((one < " " and one not in "\t\r\n\f") or one == "\x7f" for one in text):
            return
    raise Unfit(N_("The file is not plain text (UTF-8 or GB 18030)."))
