"""Goal: an invented past is always the same, ends where it should, and looks like a market's.
Method: properties of two years of days of every symbol.
"""

import math
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from stockyard.market.catalog import CATALOG, Listing
from stockyard.market.companies import COMPANIES
from stockyard.market.invented_past import (
    INVENTED_WINDOWS_S,
    InventedPast,
    invented_days,
    invented_morning,
    invented_session,
)
from stockyard.market.trading_days import TradingDays
from stockyard.model.codes import AssetClass
from stockyard.model.ticks import DAY_S, Bar

NOON_NS = 1_767_355_200 * 10**9
"""The second of January 2026, UTC."""
DAYS = [date(2026, 1, 2) + timedelta(days=n) for n in range(500)]


@pytest.mark.parametrize("listing", CATALOG, ids=lambda listing: listing.instrument.symbol)
def test_days_of_a_symbol(listing: Listing) -> None:
    instrument, traits = listing
    end = traits.reference_price - traits.reference_price % instrument.tick
    found = invented_days(listing, 7, end, DAYS)
    assert [bar.day for bar in found] == DAYS
    assert found[-1].close == Decimal(end).scaleb(-instrument.price_scale)
    for bar in found:
        assert 0 < bar.low <= min(bar.open, bar.close)
        assert max(bar.open, bar.close) <= bar.high
        assert bar.volume > 0
        if instrument.asset_class == AssetClass.US_EQUITY:
            assert bar.volume == bar.volume.to_integral_value()
        ticks = bar.high.scaleb(instrument.price_scale) / instrument.tick
        assert ticks == ticks.to_integral_value()
    returns = [math.log(b.close / a.close) for a, b in pairwise(found)]
    days = 252 if instrument.asset_class == AssetClass.US_EQUITY else 365.25
    volatility = math.sqrt(sum(r * r for r in returns) / len(returns) * days)
    assert volatility == pytest.approx(traits.volatility_annual, rel=0.15)


def test_the_same_seed_the_same_past() -> None:
    listing = CATALOG[0]
    past = invented_days(listing, 7, 2_300_000, DAYS)
    assert invented_days(listing, 7, 2_300_000, DAYS) == past
    assert invented_days(listing, 7, 2_300_000, DAYS[100:]) == past[100:]
    assert invented_days(listing, 8, 2_300_000, DAYS) != past
    assert invented_days(CATALOG[1], 7, 2_300_000, DAYS) != past


def test_a_contract_moves_as_what_it_follows() -> None:
    by_symbol = {listing.instrument.symbol: listing for listing in CATALOG}
    for coin in ("BTC", "ETH", "SOL"):
        spot, contract = by_symbol[f"{coin}/USD"], by_symbol[f"{coin}-PERP"]
        moves = []
        for listing in (spot, contract):
            price = (
                listing.traits.reference_price
                - listing.traits.reference_price % listing.instrument.tick
            )
            hours = TradingDays("always").of(NOON_NS)
            morning = invented_morning(listing, 7, hours.open_ns, hours.close_ns, price)
            days = invented_days(listing, 7, price, DAYS[:9])
            minutes = InventedPast(listing, 7, [], morning).newest_bars(60, 2**62, 999)
            moves.append(
                [float(day.close / days[-1].close) for day in days]
                + [bar.close / minutes[-1].close for bar in minutes]
            )
        assert moves[0] == pytest.approx(moves[1], rel=0.002)


def test_every_symbol_is_introduced() -> None:
    for instrument, _ in CATALOG:
        company = COMPANIES[instrument.index_symbol or instrument.symbol]
        assert company.description
        assert company.units is not None


def folded(bars: list[Bar]) -> tuple[int, int, int, int, int]:
    return (
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
    )


@pytest.mark.parametrize("listing", CATALOG, ids=lambda listing: listing.instrument.symbol)
@pytest.mark.parametrize("calendar", ["xnys", "always"])
def test_parts_fold_into_what_they_are_parts_of(listing: Listing, calendar: str) -> None:
    instrument, traits = listing
    end = traits.reference_price - traits.reference_price % instrument.tick
    session = TradingDays(calendar).of(NOON_NS)
    [known] = invented_days(listing, 7, end, [date(2026, 1, 2)])
    day = invented_session(listing, known, session)
    past = InventedPast(listing, 7, [day], None)
    hours, fives, minutes = (past.bars(s, 0, session.close_ns, 9_999) for s in INVENTED_WINDOWS_S)
    assert folded(hours) == folded(fives) == folded(minutes) == day[2:7]
    assert len(minutes) == (390 if calendar == "xnys" else 1_440)
    for wholes, parts in ((hours, fives), (fives, minutes)):
        length_ns = wholes[0].window_s * 10**9
        by_whole: dict[int, list[Bar]] = {}
        for bar in parts:
            by_whole.setdefault(bar.start_ns // length_ns * length_ns, []).append(bar)
        assert {whole.start_ns: folded([whole]) for whole in wholes} == {
            start_ns: folded(found) for start_ns, found in by_whole.items()
        }
    for bar in minutes:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.low <= bar.vwap <= bar.high
        assert (bar.source, bar.final, bar.volume % instrument.lot) == ("invented", True, 0)
        assert bar.low % instrument.tick == bar.high % instrument.tick == 0
    for one, other in pairwise(minutes):
        assert one.close == other.open
    assert past.bars(60, minutes[70].start_ns, minutes[140].start_ns, 999) == minutes[70:140]
    assert past.bars(60, minutes[70].start_ns, session.close_ns, 5) == minutes[70:75]
    assert past.newest_bars(60, minutes[90].start_ns, 30) == minutes[60:90]
    assert past.bars(1, 0, session.close_ns, 5) == []
    [whole] = past.bars(DAY_S, 0, session.close_ns, 5)
    assert (folded([whole]), whole.start_ns) == (day[2:7], session.start_ns)


@pytest.mark.parametrize("listing", CATALOG, ids=lambda listing: listing.instrument.symbol)
@pytest.mark.parametrize("minutes", [0.2, 1, 7, 600])
def test_the_day_in_which_it_began(listing: Listing, minutes: float) -> None:
    instrument, traits = listing
    price = traits.reference_price - traits.reference_price % instrument.tick
    open_ns = TradingDays("always").of(NOON_NS).open_ns
    until_ns = open_ns + round(minutes * 60 * 10**9)
    morning = invented_morning(listing, 7, open_ns, until_ns, price)
    assert morning.high % instrument.tick == morning.low % instrument.tick == 0
    past = InventedPast(listing, 7, [], morning)
    bars = past.newest_bars(60, until_ns, 9_999)
    if morning.volume:
        assert folded(bars) == (price, morning.high, morning.low, price, morning.volume)
        assert bars[-1].start_ns < until_ns
    if minutes == 600:
        assert morning.low < price < morning.high
        assert len(bars) == 600
    assert past.bars(DAY_S, 0, until_ns, 9) == []
