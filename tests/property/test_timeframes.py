"""Goal: bars of every timeframe of Alpaca's are what their minutes add up to, on whatever pages.

Method: random bars are walked through page by page, both ways, and compared with a naive grouping
by calendar that shares nothing with the code.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockyard.api.alpaca import bars
from stockyard.api.alpaca.asking import Range
from stockyard.api.alpaca.timeframes import timeframe_of
from stockyard.model.ticks import WINDOWS_S, Bar
from stockyard.runtime.history import HistoryReader
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from tests.api.rig import Rig

NS = 10**9
UNIT = 10**9
NEW_YORK = ZoneInfo("America/New_York")
BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
"""A week before New York's clocks go forward."""
TEXTS = (
    *(f"{n}Min" for n in (1, 2, 7, 15, 45, 59)),
    *(f"{n}Hour" for n in (1, 3, 5, 23)),
    "1Day", "1Week", "1Month", "2Month", "3Month", "6Month", "12Month",
)  # fmt: skip


class Kept(NamedTuple):
    """A minute with trades: how long after ``BEGIN``, its price and shares."""

    minute: int
    price: int
    qty: int


def minutes(step: int, last: int, most: int) -> st.SearchStrategy[list[Kept]]:
    """Minutes with trades among every ``step``-th one."""
    price, qty = st.integers(10_000, 20_000), st.integers(1, 1_000)
    when = st.integers(0, last // step).map(lambda n: n * step)
    one = st.builds(Kept, when, price, qty)
    return st.lists(one, min_size=1, max_size=most, unique_by=lambda one: one.minute)


def every(step: int, many: int) -> list[Kept]:
    """Trades in every ``step``-th minute."""
    return [Kept(n * step, 10_000 + n % 7, n + 1) for n in range(many)]


KEPT = st.one_of(
    minutes(1, 60 * 24 * 40, 40),
    minutes(20, 60 * 24, 40),
    st.sampled_from([every(60, 24 * 9), every(1, 300), every(1440, 100)]),
)


@cache
def rig(calendar: str) -> Rig:
    made = Rig(calendars={1: calendar, 2: "always"})
    made.clock.time_ns = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * NS
    return made


def length_start(at: datetime, seconds: int) -> datetime:
    """Where a window of minutes or hours begins."""
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def start_of(at: datetime, text: str, zone: Any) -> datetime:
    """Where the bar of a timeframe begins that holds a moment, by plain calendar."""
    count, unit = int("".join(filter(str.isdigit, text))), text.lstrip("0123456789")
    if unit in ("Min", "Hour"):
        return length_start(at, count * (60 if unit == "Min" else 3600))
    local = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if unit == "Week":
        local -= timedelta(days=local.weekday())
    if unit == "Month":
        local = local.replace(day=1)
        while (local.month - 1) % count:
            local = (local - timedelta(days=1)).replace(day=1)
    return local.replace(tzinfo=zone).astimezone(UTC)


def grouped(kept: list[Kept], text: str, zone: Any) -> list[dict[str, Any]]:
    """The bars of a timeframe, from the minutes alone."""
    found: dict[datetime, list[Kept]] = {}
    for one in sorted(kept):
        at = BEGIN + timedelta(minutes=one.minute)
        found.setdefault(start_of(at, text, zone), []).append(one)
    return [
        {
            "t": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "o": some[0].price / 100, "h": max(x.price for x in some) / 100,
            "l": min(x.price for x in some) / 100, "c": some[-1].price / 100,
            "v": sum(x.qty for x in some), "n": len(some),
        }
        for start, some in found.items()
    ]  # fmt: skip


def windows(kept: list[Kept], instrument_id: int, day_zone: Any) -> Iterator[Bar]:
    """Every bar that the house would have kept of these minutes."""
    for window_s in WINDOWS_S[1:]:
        parts: dict[datetime, list[Kept]] = {}
        for one in sorted(kept):
            at = BEGIN + timedelta(minutes=one.minute)
            start = length_start(at, window_s)
            if window_s == WINDOWS_S[-1]:
                start = start_of(at, "1Day", day_zone)
            parts.setdefault(start, []).append(one)
        for start, some in parts.items():
            prices = [x.price * 100 for x in some]
            yield Bar(
                instrument_id, "", window_s, int(start.timestamp()) * NS, prices[0], max(prices),
                min(prices), prices[-1], sum(x.qty for x in some) * UNIT,
                sum(x.qty * UNIT * x.price * 100 for x in some), len(some), 0, True,
            )  # fmt: skip


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    ("symbol", "calendar", "zone"),
    [("AAPL", "xnys", NEW_YORK), ("AAPL", "always", NEW_YORK), ("BTC/USD", "xnys", UTC)],
)
@given(
    kept=KEPT,
    text=st.sampled_from(TEXTS),
    limit=st.integers(1, 12),
    looked_at=st.sampled_from([50_000, 20]),
)
def test_pages_of_bars_are_what_their_minutes_add_up_to(
    symbol: str,
    calendar: str,
    zone: Any,
    newest_first: bool,
    kept: list[Kept],
    text: str,
    limit: int,
    looked_at: int,
) -> None:
    door = rig(calendar).app.door
    instrument = door.instrument(symbol)
    history = DatabaseHistory(MemoryDatabase(MemoryDisk(), "history"))
    kept_zone = NEW_YORK if symbol == "AAPL" and calendar == "xnys" else UTC
    all_kept = list(windows(kept, instrument.instrument_id, kept_zone))
    history.append([], all_kept)
    reader, frame = HistoryReader(history, ()), timeframe_of(text)
    asked = Range(0, door.world.clock.now_ns(), newest_first, limit)
    rows, after = [], None
    while True:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bars, "KEPT_MAX", looked_at)
            page = bars.page(door, [instrument], frame, asked, after, reader)
        found = page.rows.get(symbol, [])
        assert len(found) <= limit
        rows += [msgspec.json.decode(row) for row in found]
        after = page.after
        if after is None:
            break
    for row in rows:
        del row["vw"]
    if newest_first:
        rows.reverse()
    assert rows == grouped(kept, text, zone)
