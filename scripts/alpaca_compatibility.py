"""Writes docs/reference/alpaca-compatibility.md: the claims that tests/compat checks, as a page."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.compat.claims.page import DOCUMENT, page
from tests.compat.claims.table import SECTIONS

if __name__ == "__main__":
    DOCUMENT.write_text(page(SECTIONS), encoding="utf-8")
