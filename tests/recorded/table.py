"""Writes a recorded day as a CSV table of quotes and trades, with nothing but the standard library.

Must not know: Stockyard.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.recorded.bars import Day

HEADER = "ts,symbol,bid,ask,bid_size,ask_size,price,size"


def write_table(day: Day, path: Path) -> int:
    """Write the day's stocks; the number of rows. At equal times: quotes, then symbols in order."""
    rows: list[tuple[int, int, int, str]] = []
    for order, symbol in enumerate(day.symbols):
        for end, cells in day.rows(symbol, "quote"):
            numbers = (_dollars(cells[4]), _dollars(cells[9]), cells[5], cells[10], "", "")
            rows.append((end, 0, order, f"{_text(end)},{symbol},{','.join(numbers)}"))
        for end, cells in day.rows(symbol, "trade"):
            numbers = ("", "", "", "", _dollars(cells[4]), cells[5])
            rows.append((end, 1, order, f"{_text(end)},{symbol},{','.join(numbers)}"))
    rows.sort(key=lambda row: row[:3])
    path.write_text("\n".join([HEADER, *(row[3] for row in rows)]) + "\n", encoding="ascii")
    return len(rows)


def _dollars(cell: str) -> str:
    return str(Decimal(cell) / 10_000) if cell else ""


def _text(ns: int) -> str:
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
