"""Goal: what is made up ends where the market began, also before a day of ours is kept."""

from datetime import date, datetime

import pytest

from stockyard.market.catalog import CATALOG
from stockyard.market.trading_days import TradingDays
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.reference import Reference, trading_day

NS = 10**9


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * NS


@pytest.mark.parametrize(
    ("calendar", "now", "day"),
    [
        ("xnys", "2026-01-05T09:00Z", "2026-01-05"),
        ("xnys", "2026-01-05T14:30Z", "2026-01-05"),
        ("xnys", "2026-01-05T20:59Z", "2026-01-05"),
        ("xnys", "2026-01-05T21:00Z", "2026-01-06"),
        ("xnys", "2026-01-03T12:00Z", "2026-01-03"),
        ("xnys", "2026-01-04T12:00Z", "2026-01-04"),
        ("always", "2026-01-05T00:00Z", "2026-01-05"),
        ("always", "2026-01-05T00:01Z", "2026-01-05"),
        ("always", "2026-01-05T23:59Z", "2026-01-05"),
    ],
)
def test_what_is_made_up_ends_at_the_moment_it_began(calendar: str, now: str, day: str) -> None:
    """Whole sessions before it, and of the one that goes on what has passed."""
    now_ns = at(now)
    began = trading_day(calendar, now_ns)
    assert began == date.fromisoformat(day)
    listing = CATALOG[0]
    terms, price = listing.instrument, 2_300_000
    reference = Reference(ManualClock(now_ns), seed=7, listings={terms.symbol: listing})
    past = reference.invented(terms, calendar, began, now_ns, price)
    assert past is not None
    last = past.newest_bars(60, 2**62, 1)[0]
    assert last.close == price
    opens = TradingDays(calendar)
    ended = next(
        min(now_ns, day.close_ns)
        for n in range(4)
        for day in [opens.of(now_ns - n * 86_400 * NS)]
        if day.open_ns < now_ns and (calendar == "always" or day.open_ns > day.start_ns)
    )
    assert last.start_ns == ended - 60 * NS
    unquoted = reference.invented(terms, calendar, began, now_ns, 0)
    assert unquoted is not None
    assert abs(unquoted.newest_bars(60, 2**62, 1)[0].close - listing.traits.reference_price) < 100
