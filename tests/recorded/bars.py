"""Quote bars read from the LEAN files with nothing but the standard library, to compare fills with.

Must not know: Stockyard.
"""

import csv
import io
import zipfile
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

BAR_MS = {"second": 1_000, "minute": 60_000}
NEW_YORK = ZoneInfo("America/New_York")


class Bar(NamedTuple):
    """One quote bar: its lowest bid and highest ask, and how it closed."""

    bid_low: Decimal
    bid: Decimal
    bid_size: Decimal
    ask_high: Decimal
    ask: Decimal
    ask_size: Decimal


class Bars:
    """All quote bars of one symbol's day, by the time (UTC ns) at which each ended."""

    def __init__(self, by_end: dict[int, Bar]) -> None:
        self.by_end = by_end
        self.ends = sorted(by_end)

    def last_end(self, ts: int) -> int:
        """The end of the last bar known at ``ts``; 0 before the first."""
        at = bisect_right(self.ends, ts)
        return self.ends[at - 1] if at else 0


class Day(NamedTuple):
    """One day of one folder of a LEAN data folder."""

    root: Path
    asset_class: str
    market: str
    resolution: str
    day: date
    symbols: tuple[str, ...]

    @property
    def title(self) -> str:
        """What to call it."""
        return f"{self.market} {self.resolution} {self.day} {','.join(self.symbols)}"

    @property
    def spec(self) -> str:
        """Its name as a recording."""
        return (
            f"lean:{self.root}?asset_class={'crypto' if self.is_crypto else 'us_equity'}"
            f"&market={self.market}&resolution={self.resolution}&date={self.day.isoformat()}"
        )

    @property
    def is_crypto(self) -> bool:
        """Whether it trades around the clock, in UTC and with decimal prices."""
        return self.asset_class == "crypto"

    def midnight_ns(self) -> int:
        """UTC ns at which the market's day begins."""
        zone = UTC if self.is_crypto else NEW_YORK
        return int(
            datetime(self.day.year, self.day.month, self.day.day, tzinfo=zone).timestamp()
        ) * (10**9)

    def path(self, symbol: str, kind: str) -> Path:
        """The file of one symbol's quotes or trades."""
        folder = self.root / self.asset_class / self.market / self.resolution
        name = symbol.replace("/", "").lower()
        return folder / name / f"{self.day:%Y%m%d}_{kind}.zip"

    def bars(self, symbol: str) -> Bars:
        """Quote bars of one symbol; none where there is no such file."""
        found: dict[int, Bar] = {}
        unit = Decimal(1) if self.is_crypto else Decimal(10_000)
        for end, cells in self.rows(symbol, "quote"):
            number = [Decimal(cell or 0) for cell in cells]
            found[end] = Bar(
                number[3] / unit,
                number[4] / unit,
                number[5],
                number[7] / unit,
                number[9] / unit,
                number[10],
            )
        return Bars(found)

    def rows(self, symbol: str, kind: str) -> Iterator[tuple[int, list[str]]]:
        """Rows of one file with the time (UTC ns) at which each was known."""
        path, midnight_ns = self.path(symbol, kind), self.midnight_ns()
        if not path.is_file():
            return
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as raw:
            for cells in csv.reader(io.TextIOWrapper(raw, "ascii")):
                end_ms = int(cells[0]) + BAR_MS[self.resolution]
                yield midnight_ns + end_ms * 1_000_000, cells


def days_in(root: Path) -> list[Day]:
    """Every day of second and minute bars of stocks and coins below a LEAN data folder."""
    found: dict[tuple[str, str, str, date], set[str]] = {}
    for asset_class in ("equity", "crypto"):
        for resolution in BAR_MS:
            for path in sorted((root / asset_class).glob(f"*/{resolution}/*/*_*.zip")):
                day = datetime.strptime(path.name[:8], "%Y%m%d").date()
                symbol = path.parent.name.upper()
                if asset_class == "crypto":
                    symbol = f"{symbol.removesuffix('USD')}/USD"
                key = (asset_class, path.parents[2].name, resolution, day)
                found.setdefault(key, set()).add(symbol)
    return [
        Day(root, asset_class, market, resolution, day, tuple(sorted(symbols)))
        for (asset_class, market, resolution, day), symbols in found.items()
    ]
