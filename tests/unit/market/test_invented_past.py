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
from stockyard.market.invented_past import invented_days
from stockyard.model.codes import AssetClass

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


def test_every_symbol_is_introduced() -> None:
    for instrument, _ in CATALOG:
        company = COMPANIES[instrument.index_symbol or instrument.symbol]
        assert company.description
        assert company.units is not None
