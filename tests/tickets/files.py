"""Small files of every kind that may go with a request, and some that may not."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO

JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\x34\x56\xff\xd9"
)
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)
WORD = "word/document.xml"
SHEET = "xl/workbook.xml"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0")
    + _chunk(b"IDAT", zlib.compress(b"\0\0"))
    + _chunk(b"IEND", b"")
)


def riff(kind: bytes, data: bytes) -> bytes:
    """Pack `data` into the container of WebP and WAVE."""
    return b"RIFF" + struct.pack("<I", len(data) + 4) + kind + data


WEBP = riff(b"WEBP", b"VP8L\x08\0\0\0\x2f\0\0\0\0\x88\x88\x08")
WAV = riff(b"WAVE", b"fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0\0\0\0\0")
#: MPEG 1, layer III, 128 kbit/s at 44,100 Hz: frames of 417 bytes.
MP3 = b"ID3\x03\0\0\0\0\0\x02\0\0" + (b"\xff\xfb\x90\x00" + bytes(413)) * 4
M4A = b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + b"\0\0\0\x0cmoov\0\0\0\0" + b"\0\0\0\x0cmdat\0\0\0\0"
TXT = "噪音扰民，每晚十一点以后。\r\n".encode()


def office(heart: str = WORD, more: Mapping[str, bytes] | None = None, *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a document just large enough, with `more` parts."""
    made = BytesIO()
    parts = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<Relationships/>", heart: b"<doc/>", **(more or {})}
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


GOOD: dict[str, bytes] = {
    "a.pdf": PDF,
    "a.jpg": JPEG,
    "a.jpeg": JPEG,
    "a.png": PNG,
    "a.gif": GIF,
    "a.webp": WEBP,
    "a.docx": office(WORD),
    "a.xlsx": office(SHEET),
    "a.txt": TXT,
    "a.mp3": MP3,
    "a.wav": WAV,
    "a.m4a": M4A,
}
#: As a camera's program may put it behind a picture.
TRAILER = b"\0\0SEFH\x6b\0\0\0\x01\0\0\0SEFT"


def zeros(gigabytes: int) -> tuple[bytes, int]:
    """Return so many gigabytes of zeros, packed, and their length: the same block again and again."""
    length = 1 << 20
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    first = packer.compress(bytes(length)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(length)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (gigabytes * 1024 - 1) + packer.flush(), gigabytes << 30


def bomb(packed: bytes, said: int, *, name: str = "word/media/a.xml") -> bytes:
    """Return a document with one more part, `packed` already, whose list says that it unpacks to `said` bytes."""
    made = BytesIO(office())
    with zipfile.ZipFile(made, "a") as archive:
        offset = archive.start_dir
        kept = list(archive.infolist())
    body = made.getvalue()[:offset]
    part = zipfile.ZipInfo(name)
    part.compress_type, part.header_offset, part.CRC = zipfile.ZIP_DEFLATED, offset, 0
    part.compress_size, part.file_size = len(packed), said
    head = part.FileHeader(zip64=False) if said < 1 << 32 else part.FileHeader(zip64=True)
    made = BytesIO()
    made.write(body + head + packed)
    archive = zipfile.ZipFile(BytesIO(), "w")
    archive.fp, archive._didModify, archive.filelist = made, True, [*kept, part]  # type: ignore[assignment, attr-defined]
    archive.start_dir = made.tell()
    archive._write_end_record()  # type: ignore[attr-defined]
    return made.getvalue()
