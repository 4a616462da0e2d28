"""Bytes from Asterisk into messages. Mends of panoramisk are numbered in `protocol.py`."""

from collections.abc import Iterator
from typing import Any

#: A message as it came: field names as Asterisk spells them, and a repeated field (`ChanVariable`) is a list.
Message = dict[str, Any]
#: No message of Asterisk comes near this many bytes; one that does is an attack or a fault, and the link is dropped.
MESSAGE_LIMIT = 1 << 20

_EOL = b"\r\n"
_END = b"\r\n\r\n"


class MessageTooLongError(Exception):
    """The peer sent more than `MESSAGE_LIMIT` bytes without ending a message."""


def parse(text: str) -> Message:
    """Read one message (without its empty last line). Lines that are no field are passed over.

    panoramisk keeps its own case-insensitive mapping; a plain dict is what makes this fast.
    """
    fields: Message = {}
    for line in text.split("\r\n"):
        key, colon, value = line.partition(": ")
        if not colon:
            if not line.endswith(":"):
                continue
            key = line[:-1]
        if key not in fields:
            fields[key] = value
        elif type(known := fields[key]) is list:
            known.append(value)
        else:
            fields[key] = [known, value]
    return fields


class Splitter:
    """Cuts a stream of bytes into messages, however the network chunked it.

    Mend 1: panoramisk decodes each chunk by itself and drops what does not decode, so a Chinese character that a chunk
    boundary cuts vanishes; it also joins and searches the whole buffer again for each chunk, without a limit on size.
    Here bytes are kept until a message is whole, and each byte is searched once.
    """

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._greeted = False

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Yield the messages that `chunk` completes; raises `MessageTooLongError` once one is beyond the limit."""
        kept = self._kept
        searched = max(len(kept) - len(_END) + 1, 0)
        kept += chunk
        if not self._greeted:
            # The banner ("Asterisk Call Manager/11.0.0") ends with a single end of line.
            end = kept.find(_EOL, searched)
            if end >= 0:
                self._greeted = True
                if b": " not in kept[:end]:
                    del kept[: end + len(_EOL)]
                searched = 0
        end = kept.rfind(_END, searched) if self._greeted else -1
        if end >= 0:
            whole = bytes(kept[:end])
            del kept[: end + len(_END)]
            # No line end is ever part of a broken UTF-8 sequence, so decoding many messages at once is the same as
            # decoding each, and faster.
            texts = whole.decode("utf-8", "replace").split("\r\n\r\n")
            if len(whole) > self._limit and any(len(text.encode()) > self._limit for text in texts):
                raise MessageTooLongError
            for text in texts:
                if fields := parse(text):
                    yield fields
        if len(kept) > self._limit:
            raise MessageTooLongError
