"""The default instruments and tables say what the rules say."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from stockyard.config import PROFILE_NAMES
from stockyard.market.catalog import (
    CATALOG,
    DEFAULT_FEES,
    DEFAULT_LIMITS,
    DEFAULT_PROFILES,
    FIRST_UNLISTED_ID,
    listing_for,
    listings_for,
)
from stockyard.market.simulated import SECTOR_WEIGHTS
from stockyard.model.codes import AssetClass, FeeKind, Side
from stockyard.model.numbers import INT_MAX, parse_decimal

SHARE = 10**9


def test_there_are_stocks_coins_and_contracts_with_lasting_ids() -> None:
    stocks = [row.instrument for row in CATALOG if row.instrument.asset_class == 1]
    coins = [row.instrument for row in CATALOG if row.instrument.asset_class == 2]
    contracts = [row.instrument for row in CATALOG if row.instrument.asset_class == 3]
    assert [row.symbol for row in coins] == ["BTC/USD", "ETH/USD", "SOL/USD", "ADA/USD"]
    assert [(row.symbol, row.index_symbol) for row in contracts] == [
        ("BTC-PERP", "BTC/USD"),
        ("ETH-PERP", "ETH/USD"),
        ("SOL-PERP", "SOL/USD"),
    ]
    assert len({row.symbol for row in stocks}) == 20
    assert {"SPY", "AAPL", "BRK.B"} <= {row.symbol for row in stocks}
    assert [row.instrument.instrument_id for row in CATALOG] == list(range(1, 28))
    assert {row.exchange for row in stocks} == {"NASDAQ", "NYSE", "ARCA"}


@pytest.mark.parametrize("listing", CATALOG, ids=lambda row: row.instrument.symbol)
def test_every_listing_is_coherent(listing) -> None:
    instrument, traits = listing
    assert traits.reference_price % instrument.tick == 0
    assert traits.reference_price > instrument.tick_threshold
    assert traits.displayed_qty % instrument.round_lot == 0
    assert instrument.round_lot % instrument.lot == 0
    assert 0 < traits.trade_qty < traits.displayed_qty < instrument.qty_max <= INT_MAX
    assert traits.sector in SECTOR_WEIGHTS
    assert 0.1 < traits.volatility_annual < 1.0
    # A typical spread stays under a tenth of a percent of the price.
    assert traits.spread_ticks * instrument.tick * 1000 < traits.reference_price


@pytest.mark.parametrize(("symbol", "shares"), [("AAPL", 100), ("META", 40), ("UNH", 40)])
def test_round_lots_follow_the_price(symbol: str, shares: int) -> None:
    assert listing_for(symbol, AssetClass.US_EQUITY).round_lot == shares * SHARE


def test_a_symbol_outside_the_catalog_gets_usual_terms() -> None:
    ibm = listing_for("IBM", AssetClass.US_EQUITY)
    assert (ibm.instrument_id, ibm.symbol) == (FIRST_UNLISTED_ID, "IBM")
    assert (ibm.price_scale, ibm.tick, ibm.tick_below, ibm.tick_threshold) == (4, 100, 1, 10_000)
    coin = listing_for("DOGE/USD", AssetClass.CRYPTO, 1234)
    assert (coin.instrument_id, coin.price_scale, coin.calendar_id) == (1234, 8, 2)


def test_unlisted_symbols_are_numbered_without_gaps() -> None:
    rows = listings_for(["IBM", "SPY", "AIG", "BAC"], AssetClass.US_EQUITY)
    assert [row.instrument_id for row in rows] == [1001, 20, 1002, 1003]


def fees_on(day: str, asset_class: int = AssetClass.US_EQUITY):
    """The table in force at noon New York of a day."""
    noon_ns = int(datetime.fromisoformat(f"{day}T17:00:00+00:00").timestamp()) * 10**9
    in_force = [
        table
        for table in DEFAULT_FEES
        if table.asset_class == asset_class and table.effective_ns <= noon_ns
    ]
    return in_force[-1] if in_force else None


@pytest.mark.parametrize(
    ("day", "sec_dollars_per_million", "taf_dollars_per_share", "taf_cap"),
    [
        ("2012-04-01", "22.40", "0.000095", "4.75"),
        ("2013-05-24", "22.40", "0.000119", "5.95"),
        ("2013-05-25", "17.40", "0.000119", "5.95"),
        ("2013-10-07", "17.40", "0.000119", "5.95"),
        ("2014-06-06", "22.10", "0.000119", "5.95"),
        ("2021-12-31", "5.10", "0.000119", "5.95"),
        ("2022-01-01", "5.10", "0.00013", "6.49"),
        ("2024-02-01", "8.00", "0.000166", "8.30"),
        ("2024-05-22", "27.80", "0.000166", "8.30"),
        ("2025-12-31", None, "0.000166", "8.30"),
        ("2026-01-01", None, "0.000195", "9.79"),
        ("2026-11-20", "20.60", "0.000195", "9.79"),
    ],
)
def test_regulatory_fees_of_a_day(
    day: str, sec_dollars_per_million: str | None, taf_dollars_per_share: str, taf_cap: str
) -> None:
    table = fees_on(day)
    assert table is not None
    rules = {rule.kind: rule for rule in table.rules}
    assert {rule.side for rule in table.rules} == {Side.SELL}
    assert {rule.round_to_micros for rule in table.rules} == {10_000}
    taf = rules[FeeKind.TAF]
    assert taf.per_unit_micros_e6 == parse_decimal(taf_dollars_per_share, 12)
    assert taf.cap_micros == parse_decimal(taf_cap, 6)
    if sec_dollars_per_million is None:
        assert FeeKind.SEC not in rules
    else:
        sec = rules[FeeKind.SEC]
        assert sec.per_million_micros == parse_decimal(sec_dollars_per_million, 6)
        assert sec.cap_micros == 0


def test_fee_tables_are_in_order_and_named_after_their_day() -> None:
    tables = [table for table in DEFAULT_FEES if table.asset_class == AssetClass.US_EQUITY]
    assert all(a.effective_ns < b.effective_ns for a, b in pairwise(tables))
    for table in tables:
        start = datetime.fromtimestamp(table.effective_ns // 10**9, UTC)
        assert start.hour in {4, 5}, "a day begins at midnight New York"
        assert table.version == f"us-equity-{start:%Y-%m-%d}"
    assert fees_on("2012-03-31") is None


def test_crypto_fees_depend_on_who_waited() -> None:
    table = fees_on("1975-01-01", AssetClass.CRYPTO)
    assert table is not None
    taker, maker = table.rules
    assert (taker.kind, taker.maker, taker.per_million_micros) == (4, 0, 2_500_000_000)
    assert (maker.kind, maker.maker, maker.per_million_micros) == (5, 1, 1_500_000_000)


def test_profiles_and_limits() -> None:
    ideal, realistic, *others = DEFAULT_PROFILES
    assert tuple(p.name for p in DEFAULT_PROFILES) == PROFILE_NAMES
    assert all(p.size_bounded and p.fees for p in others)
    assert (ideal.profile_id, ideal.name, ideal.size_bounded, ideal.fees) == (
        1,
        "ideal",
        False,
        False,
    )
    assert (realistic.profile_id, realistic.name) == (2, "realistic")
    assert realistic.size_bounded
    assert realistic.fees
    assert realistic.quote_age_ns_max == 60 * 10**9
    assert DEFAULT_LIMITS.open_orders_max < 10_000
    assert DEFAULT_LIMITS.key_ttl_ns == 86_400 * 10**9
    assert DEFAULT_LIMITS.balance_micros_max < INT_MAX
