"""Writes docs/reference/equivalents.md from the rows that tests/api/test_equivalents.py proves."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.api.equivalents import ROWS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "equivalents.md"
_HEAD = """# Equivalents

Stockyard covers what five systems did. Each endpoint they name, and what answers in its place;
every row is a request that `tests/api/test_equivalents.py` makes. This page is written from its
table: change that, never this.
"""


def page() -> str:
    """The whole page."""
    lines = [_HEAD]
    for system in dict.fromkeys(row.system for row in ROWS):
        lines += [f"## {system}", "", "| Theirs | Here | |", "|---|---|---|"]
        lines += [
            f"| `{row.theirs}` | `{row.here}` | {row.note} |".replace("|  |", "| |")
            for row in ROWS
            if row.system == system
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
