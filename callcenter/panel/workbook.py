"""A list as a workbook for Excel, written row by row: memory does not grow with it. How it is sent stands here too."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from aiohttp import web

#: What such a file is called on the wire.
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A sheet that people can still read; whoever needs more asks for less at a time.
MOST_ROWS = 50_000
#: Characters that a cell holds in Excel.
_CELL = 32_000
_PIECE = 64 * 1024


class Sheet:
    """A workbook of one sheet at `path`, under a line of headings that stays in sight; `close` makes it whole."""

    def __init__(self, path: Path, title: str, columns: Sequence[tuple[str, int]]) -> None:
        # Text stays text: nothing that a citizen said becomes a formula, a link or a number.
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book: Any = xlsxwriter.Workbook(str(path), options)
        self._sheet: Any = self._book.add_worksheet(title)
        self._at = 0
        for place, (_, width) in enumerate(columns):
            self._sheet.set_column(place, place, width)
        self._sheet.freeze_panes(1, 1)
        self.add([[heading for heading, _ in columns]], self._book.add_format({"bold": True}))

    def add(self, rows: Iterable[Sequence[str]], style: Any = None) -> None:  # noqa: ANN401  # the library has no types
        """Write `rows` below those that are there."""
        for row in rows:
            for place, text in enumerate(row):
                if text:
                    self._sheet.write_string(self._at, place, text[:_CELL], style)
            self._at += 1

    def close(self) -> None:
        """Write the file. Raises OSError."""
        self._book.close()


async def sent(request: web.Request, path: Path, name: str) -> web.StreamResponse:
    """Answer with the workbook at `path`, to be kept under `name`."""
    size = (await asyncio.to_thread(path.stat)).st_size
    answer = web.StreamResponse(
        headers={
            "Content-Type": CONTENT_TYPE,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(size),
            "Cache-Control": "no-store",
        }
    )
    await answer.prepare(request)
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            await answer.write(piece)
    await answer.write_eof()
    return answer
