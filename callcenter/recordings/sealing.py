"""The sealed file: a recording encrypted in chunks, so that any part of it is read without the rest.

Each file has a random key of its own (AES-256-GCM), wrapped by a master key, whose id stands in the header. The chunks
are bound together as in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar: Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance, 2015), which age and Tink use as well: a chunk's nonce has its number in it, and
whether it is the last. So a flipped bit, a chunk that is missing, moved or taken from another file, and a file that
ends too soon are all noticed. The wrapped key is bound to the recording's name: one file cannot pass for another.

    header: magic (8) | id of the master key (8) | nonce (12) | wrapped key (32 + 16) | nonces' prefix (7)
    chunk:  up to 64 KiB of the recording, encrypted | tag (16);  nonce: prefix (7) | number (4) | last (1)
"""

import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"SEALREC1"
#: Bytes of the recording in each chunk but the last, which has at least one (or none in an empty recording).
CHUNK = 64 * 1024
_TAG = 16
_HEADER = struct.Struct("!8s8s12s48s7s")
#: Of a key, in bytes.
KEY_BYTES = 32


class Damaged(Exception):
    """The file is not what was sealed: bytes were changed, moved, or are missing; or it is another file."""


class KeyMissing(Exception):
    """The master key that sealed the file is not there; the text names its id."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key of the file of keys, and its id (16 hexadecimal digits)."""

    id: str
    secret: bytes


def seal(pieces: Iterable[bytes], key: MasterKey, name: str) -> Iterator[bytes]:
    """Yield the sealed form of `pieces`, of any sizes, for the recording `name`."""
    own, prefix, nonce = AESGCM.generate_key(256), os.urandom(7), os.urandom(12)
    head = MAGIC + bytes.fromhex(key.id)
    wrapped = AESGCM(key.secret).encrypt(nonce, own, head + prefix + name.encode())
    yield _HEADER.pack(MAGIC, bytes.fromhex(key.id), nonce, wrapped, prefix)
    cipher, number, waiting = AESGCM(own), 0, bytearray()
    for piece in pieces:
        waiting += piece
        # A full chunk waits until something follows it: the last one is marked.
        while len(waiting) > CHUNK:
            yield cipher.encrypt(_nonce(prefix, number), bytes(waiting[:CHUNK]), None)
            del waiting[:CHUNK]
            number += 1
    yield cipher.encrypt(_nonce(prefix, number, last=True), bytes(waiting), None)


class Sealed:
    """A sealed file that is open for reading; to be closed, or used in a `with`.

    Opening it raises OSError, KeyMissing, and Damaged when the header or the end is not as sealed; so `size` (bytes of
    the recording) can be believed.
    """

    def __init__(self, path: Path, keys: Mapping[str, bytes], name: str) -> None:
        self._file = path.open("rb")
        try:
            self._open(keys, name)
        except BaseException:
            self._file.close()
            raise

    def _open(self, keys: Mapping[str, bytes], name: str) -> None:
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size or not header.startswith(MAGIC):
            raise Damaged("it does not begin as a sealed recording does")
        magic, key_id, nonce, wrapped, self._prefix = _HEADER.unpack(header)
        self.key_id = key_id.hex()
        if self.key_id not in keys:
            raise KeyMissing(self.key_id)
        try:
            own = AESGCM(keys[self.key_id]).decrypt(nonce, wrapped, magic + key_id + self._prefix + name.encode())
        except InvalidTag as error:
            raise Damaged("its header was changed, or it is another recording's") from error
        self._cipher = AESGCM(own)
        body = os.fstat(self._file.fileno()).st_size - _HEADER.size
        self._chunks = max(-(-body // (CHUNK + _TAG)), 1)
        self.size = body - self._chunks * _TAG
        self._chunk(self._chunks - 1)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield bytes `start` until before `stop` of the recording, a chunk at a time. Raises Damaged, OSError."""
        stop = self.size if stop is None else min(stop, self.size)
        while start < stop:
            number, skip = divmod(start, CHUNK)
            piece = self._chunk(number)[skip : skip + stop - start]
            if not piece:
                raise Damaged(f"chunk {number} is too short")
            yield piece
            start += len(piece)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _chunk(self, number: int) -> bytes:
        self._file.seek(_HEADER.size + number * (CHUNK + _TAG))
        nonce = _nonce(self._prefix, number, last=number == self._chunks - 1)
        try:
            return self._cipher.decrypt(nonce, self._file.read(CHUNK + _TAG), None)
        except (InvalidTag, ValueError) as error:
            raise Damaged(f"chunk {number} of {self._chunks} was changed, moved, or is cut off") from error


def _nonce(prefix: bytes, number: int, *, last: bool = False) -> bytes:
    """Return a chunk's nonce. Raises struct.error beyond 2^32 chunks, which is 280 TB."""
    return struct.pack("!7sI?", prefix, number, last)
