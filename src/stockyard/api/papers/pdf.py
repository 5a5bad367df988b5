"""A paper as PDF pages.

Promises: the same paper gives the same bytes; a number is never cut, a long word is, with an
ellipsis; letters that the built-in fonts lack are spelled in those they have (``printed``), and
the paper says so. Must not know: what it is about.
"""

from importlib import import_module
from io import BytesIO
from typing import Any, Final, NamedTuple

from stockyard.api.papers.paper import Grid, Paper
from stockyard.api.papers.printed import as_printed

_SHORT: Final = 612.0
_LONG: Final = 792.0
_COLUMNS_UPRIGHT: Final = 10
"""A paper with a table of more columns lies on its side."""
_EDGE: Final = 42.0
_TEXT: Final = "Helvetica"
_STRONG: Final = "Helvetica-Bold"
_SIZE: Final = 7.5
_NUMBER_MIN: Final = 3.0
_WORD_MIN: Final = 5.0
"""Sizes that what does not fit is made smaller to."""
_ROW: Final = 12.0
_GAP: Final = 5.0
_INK: Final = 0.08
_SOFT: Final = 0.42
_ELLIPSIS: Final = "\u2026"
SPELLED: Final = (
    "Letters that this file's fonts lack are spelled in others; as HTML the paper has them all."
)


class _Word(NamedTuple):
    """A text at a place; ``right``: it ends there."""

    x: float
    y: float
    text: str
    font: str
    size: float
    gray: float
    right: bool


class _Line(NamedTuple):
    y: float
    gray: float


class _Pages:
    """Where everything stands, page by page, from the top down."""

    def __init__(self, measure: Any, width: float, height: float) -> None:
        self._measure = measure
        self.width, self.height, self.inner = width, height, width - 2 * _EDGE
        self.pages: list[list[_Word | _Line]] = []
        self.y = 0.0
        self.is_spelled = False
        """Whether letters were written that the fonts lack."""
        self.turn()

    def turn(self) -> None:
        """Begin another page."""
        self.pages.append([])
        self.y = self.height - _EDGE

    def room(self, height: float) -> bool:
        """Whether there is room for so much; turns the page when there is not."""
        if self.y - height >= _EDGE + _ROW:
            return True
        self.turn()
        return False

    def word(
        self,
        x: float,
        text: str,
        width: float,
        *,
        font: str = _TEXT,
        size: float = _SIZE,
        gray: float = _INK,
        right: bool = False,
    ) -> None:
        """Put a text at the line's height, made to fit its width."""
        given, text = text, as_printed(text)
        self.is_spelled = self.is_spelled or text != given
        wide = self._measure(text, font, size)
        if wide > width:
            size = max(_NUMBER_MIN if right else _WORD_MIN, size * width / wide)
        if wide > width and not right and self._measure(text, font, size) > width:
            text = self._cut(text, width, font, size)
        place = x + width if right else x
        self.pages[-1].append(_Word(place, self.y, text, font, size, gray, right))

    def _cut(self, text: str, width: float, font: str, size: float) -> str:
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self._measure(text[:middle] + _ELLIPSIS, font, size) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low] + _ELLIPSIS

    def line(self, gray: float = 0.85) -> None:
        """Draw a line under what was written."""
        self.pages[-1].append(_Line(self.y - 3.5, gray))

    def paragraph(self, text: str, gray: float = _SOFT) -> None:
        """Write a text over as many lines as it takes."""
        line = ""
        for part in text.split():
            longer = f"{line} {part}".strip()
            if self._measure(longer, _TEXT, _SIZE) > self.inner and line:
                self._write(line, gray)
                line = part
            else:
                line = longer
        self._write(line, gray)

    def _write(self, line: str, gray: float) -> None:
        self.room(_ROW)
        self.word(_EDGE, line, self.inner, gray=gray)
        self.y -= _ROW - 2


def document(paper: Paper) -> bytes:
    """The PDF."""
    # The library takes long to load, and most never ask for a paper.
    canvases = import_module("reportlab.pdfgen.canvas")
    measure = import_module("reportlab.pdfbase.pdfmetrics").stringWidth
    lies = any(len(grid.columns) > _COLUMNS_UPRIGHT for grid in paper.grids)
    pages = _Pages(measure, *((_LONG, _SHORT) if lies else (_SHORT, _LONG)))
    _head(pages, paper)
    for grid in paper.grids:
        _grid(pages, grid)
    pages.y -= _ROW
    for note in paper.notes:
        pages.paragraph(note)
    if pages.is_spelled:
        pages.paragraph(SPELLED)
    file = BytesIO()
    canvas = canvases.Canvas(file, pagesize=(pages.width, pages.height), invariant=1)
    canvas.setTitle(f"{paper.title}, {paper.subtitle}")
    canvas.setCreator("Stockyard")
    for number, page in enumerate(pages.pages, 1):
        _draw(canvas, page, pages.width - _EDGE)
        canvas.setFillGray(_SOFT)
        canvas.setFont(_TEXT, 7)
        foot = f"{paper.title}, {paper.subtitle}"
        canvas.drawString(_EDGE, _EDGE - 14, as_printed(foot))
        told = f"Page {number} of {len(pages.pages)}"
        canvas.drawRightString(pages.width - _EDGE, _EDGE - 14, told)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _draw(canvas: Any, page: list[_Word | _Line], edge: float) -> None:
    for one in page:
        if isinstance(one, _Line):
            canvas.setStrokeGray(one.gray)
            canvas.setLineWidth(0.5)
            canvas.line(_EDGE, one.y, edge, one.y)
            continue
        canvas.setFillGray(one.gray)
        canvas.setFont(one.font, one.size)
        write = canvas.drawRightString if one.right else canvas.drawString
        write(one.x, one.y, one.text)


def _head(pages: _Pages, paper: Paper) -> None:
    pages.y -= 10
    pages.word(_EDGE, paper.title, pages.inner, font=_STRONG, size=17)
    pages.y -= 16
    pages.word(_EDGE, paper.subtitle, pages.inner, size=9.5, gray=_SOFT)
    pages.y -= 24
    column = pages.inner / 3
    for start in range(0, len(paper.facts), 3):
        row = paper.facts[start : start + 3]
        for at, (name, _) in enumerate(row):
            pages.word(_EDGE + at * column, name, column - _GAP, size=7, gray=_SOFT)
        pages.y -= 11
        for at, (_, value) in enumerate(row):
            pages.word(_EDGE + at * column, value, column - _GAP, font=_STRONG, size=9)
        pages.y -= 18


def _grid(pages: _Pages, grid: Grid) -> None:
    pages.room(6 * _ROW)
    pages.y -= 10
    pages.word(_EDGE, grid.title, pages.inner, font=_STRONG, size=10.5)
    pages.y -= 13
    if grid.about:
        pages.paragraph(grid.about)
        pages.y -= 2
    whole = sum(column.share for column in grid.columns)
    widths = [pages.inner * column.share / whole for column in grid.columns]
    heads = tuple(column.title for column in grid.columns)
    _row(pages, grid, widths, heads, gray=_SOFT)
    pages.line(0.6)
    for row in grid.rows:
        if not pages.room(_ROW):
            _row(pages, grid, widths, heads, gray=_SOFT)
            pages.line(0.6)
        _row(pages, grid, widths, row)
        pages.line()
    if grid.totals is not None:
        pages.room(_ROW)
        _row(pages, grid, widths, grid.totals, font=_STRONG)
    pages.y -= 6


def _row(
    pages: _Pages,
    grid: Grid,
    widths: list[float],
    cells: tuple[str, ...],
    *,
    font: str = _TEXT,
    gray: float = _INK,
) -> None:
    pages.y -= _ROW
    x = _EDGE
    for column, width, cell in zip(grid.columns, widths, cells, strict=True):
        if cell:
            pages.word(x, cell, width - _GAP, font=font, gray=gray, right=column.right)
        x += width
