"""A paper before it is drawn: a heading, facts, tables and notes, all as text.

Promises: HTML and PDF are drawn from the same one, so they say the same. Must not know: what it is
about.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """A table's column: ``share`` of the width, numbers to the right."""

    title: str
    share: float
    right: bool = False


class Grid(NamedTuple):
    """A table; ``totals``, where there are any, is its last row. ``about`` says what it shows."""

    title: str
    about: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[str, ...]]
    totals: tuple[str, ...] | None = None


class Paper(NamedTuple):
    """A whole paper. ``facts``: pairs of a name and a value."""

    title: str
    subtitle: str
    facts: list[tuple[str, str]]
    grids: list[Grid]
    notes: list[str]


def grouped(number: str) -> str:
    """Decimal text with commas between thousands, as people read it."""
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    whole, dot, fraction = digits.partition(".")
    return f"{sign}{int(whole):,}{dot}{fraction}"
