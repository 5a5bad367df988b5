"""The instruments, fee tables, profiles, sessions and limits that the engine's tests trade with.

Promises: values only, chosen so that every rule can be reached with small round numbers. Must not
know: any engine.
"""

from typing import Final

from msgspec.structs import replace

from stockyard.model.codes import AssetClass, FeeKind, LimitRule, Side
from stockyard.model.facts import BorrowTermsSet, FeesScheduled, MarginTermsSet
from stockyard.model.instruments import (
    FeeRule,
    Instrument,
    Limits,
    MarginTerms,
    Session,
    VenueProfile,
)

SECOND: Final = 10**9
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
DOLLAR: Final = 1_000_000
CENT: Final = 10_000
EPOCH: Final = 20_000 * DAY
"""Midnight that begins day 0 of every test world."""

WEEKDAYS: Final = 1
ALWAYS: Final = 2
EXCHANGE: Final = 3
IDEAL: Final = 1
REALISTIC: Final = 2


def stock(
    instrument_id: int,
    symbol: str,
    lot: int = 1,
    calendar_id: int = WEEKDAYS,
    auctions: bool = False,
) -> Instrument:
    """A stock with the ticks of Reg NMS 612, a band of 50 % and a collar of 5 %."""
    return Instrument(
        instrument_id=instrument_id,
        symbol=symbol,
        name=f"{symbol} Incorporated",
        asset_class=AssetClass.US_EQUITY,
        exchange="TEST",
        calendar_id=calendar_id,
        price_scale=4,
        qty_scale=9,
        tick=100,
        tick_below=1,
        tick_threshold=10_000,
        lot=lot,
        round_lot=100 * 10**9,
        qty_max=1_000_000 * 10**9,
        band_bps=5_000,
        collar_bps=500,
        notional_micros_min=DOLLAR,
        auctions=auctions,
    )


def coin(instrument_id: int, symbol: str) -> Instrument:
    """A coin priced in cents, traded around the clock."""
    return Instrument(
        instrument_id=instrument_id,
        symbol=symbol,
        name=symbol,
        asset_class=AssetClass.CRYPTO,
        exchange="TEST",
        calendar_id=ALWAYS,
        price_scale=2,
        qty_scale=9,
        tick=1,
        tick_below=1,
        tick_threshold=0,
        lot=1,
        round_lot=1,
        qty_max=1_000 * 10**9,
        band_bps=5_000,
        collar_bps=500,
        notional_micros_min=DOLLAR,
    )


def contract(instrument_id: int, symbol: str) -> Instrument:
    """A perpetual contract on a coin: at most 20 times leverage, 10 where nobody chose; 2.5 % must
    be kept; the house closes for 0.5 %; funding every hour, at most 1 %.
    """
    return replace(
        coin(instrument_id, symbol),
        asset_class=AssetClass.CRYPTO_PERP,
        index_symbol="COIN/USD",
        leverage_max=20,
        leverage_start=10,
        maintenance_ppm=25_000,
        liquidation_fee_ppm=5_000,
        funding_interval_ns=HOUR,
        funding_bound_e9=10_000_000,
    )


ACME: Final = stock(1, "ACME")
"""A stock of which fractions can be traded."""
RAIL: Final = stock(2, "RAIL", lot=10**9)
"""A stock of which only whole shares can be traded."""
COIN: Final = coin(3, "COIN/USD")
LATE: Final = stock(6, "LATE", calendar_id=EXCHANGE, auctions=True)
"""A stock with early and late trading, and with auctions."""
INSTRUMENTS: Final = (ACME, RAIL, COIN, LATE)
PERP: Final = contract(7, "PERP")
WITH_PERP: Final = (*INSTRUMENTS, PERP)

PROFILES: Final = (
    VenueProfile(IDEAL, 1, "ideal", size_bounded=False, fees=False, quote_age_ns_max=0),
    VenueProfile(
        REALISTIC, 1, "realistic", size_bounded=True, fees=True, quote_age_ns_max=60 * SECOND
    ),
)

STRICT: Final = VenueProfile(
    3, 1, "strict", size_bounded=True, fees=True, quote_age_ns_max=5 * SECOND, size_cap_ppm=500_000,
    depth_levels=3, depth_step_bps=1, depth_size_ppm=1_000_000, limit_rule=LimitRule.PENETRATE,
    latency_ns=250_000_000, slippage_bps=2, deny_halted=True, deny_stale=True, reject_ppm=50_000,
)  # fmt: skip
"""Every way to be worse than ``realistic``, with orders waiting for the market to pass them."""
QUEUED: Final = VenueProfile(
    4, 1, "queued", size_bounded=True, fees=True, quote_age_ns_max=60 * SECOND,
    limit_rule=LimitRule.QUEUE,
)  # fmt: skip
"""Limit orders stand in a queue."""
IMPROVED: Final = VenueProfile(
    5, 1, "improved", size_bounded=True, fees=True, quote_age_ns_max=60 * SECOND,
    improvement_ppm=250_000, improvement_odds_ppm=600_000,
)  # fmt: skip
"""Orders that take often do better than the quote."""
ALL_PROFILES: Final = (*PROFILES, STRICT, QUEUED, IMPROVED)

SEC_RULE: Final = FeeRule(FeeKind.SEC, Side.SELL, 2, 2_060 * CENT, 0, 0, CENT)
"""$20.60 per million dollars of sales, rounded up to the cent."""
TAF_RULE: Final = FeeRule(FeeKind.TAF, Side.SELL, 2, 0, 195 * DOLLAR, 979 * CENT, CENT)
"""$0.000195 per share sold, at most $9.79, rounded up to the cent."""
TAKER_RULE: Final = FeeRule(FeeKind.CRYPTO_TAKER, 0, 0, 2_500 * DOLLAR, 0, 0, 1)
"""25 basis points of what is taken."""
MAKER_RULE: Final = FeeRule(FeeKind.CRYPTO_MAKER, 0, 1, 1_500 * DOLLAR, 0, 0, 1)
"""15 basis points of what rested."""
FEES: Final = (
    FeesScheduled(AssetClass.US_EQUITY, 0, "stocks-1", (SEC_RULE, TAF_RULE)),
    FeesScheduled(AssetClass.CRYPTO, 0, "coins-1", (TAKER_RULE, MAKER_RULE)),
    FeesScheduled(AssetClass.CRYPTO_PERP, 0, "perps-1", (TAKER_RULE, MAKER_RULE)),
)

DAYS: Final = 30


def _day(number: int, opens: int, closes: int) -> Session:
    return Session(EPOCH + number * DAY + opens, EPOCH + number * DAY + closes)


def _exchange_day(number: int) -> Session:
    midnight, early = EPOCH + number * DAY, number % 3 == 0
    return Session(
        midnight + 9 * HOUR + HOUR // 2,
        midnight + (13 if early else 16) * HOUR,
        midnight + 4 * HOUR,
        midnight + (17 if early else 20) * HOUR,
    )


SESSIONS: Final = {
    WEEKDAYS: tuple(_day(n, 9 * HOUR + HOUR // 2, 16 * HOUR) for n in range(1, DAYS)),
    ALWAYS: tuple(_day(n, -8 * HOUR, 16 * HOUR) for n in range(1, DAYS)),
    EXCHANGE: tuple(_exchange_day(n) for n in range(1, DAYS)),
}
"""Stocks trade from 09:30 to 16:00, LATE also from 04:00 and until 20:00; coins always, their
trading day ending at 16:00. Every third day LATE's regular session ends at 13:00, its late one at
17:00."""

LIMITS: Final = Limits(
    open_orders_max=20,
    order_notional_micros_max=1_000_000 * DOLLAR,
    transfer_micros_max=500_000 * DOLLAR,
    balance_micros_max=10_000_000 * DOLLAR,
    accounts_per_owner_max=3,
    key_ttl_ns=DAY,
)

MARGIN: Final = MarginTerms(
    initial_long_ppm=500_000,
    initial_short_ppm=500_000,
    long_ppm=300_000,
    long_low_price_micros=2_500_000,
    short_ppm=300_000,
    short_share_micros=5 * DOLLAR,
    short_low_price_micros=5 * DOLLAR,
    short_low_ppm=1_000_000,
    short_low_share_micros=2_500_000,
    equity_micros_min=2_000 * DOLLAR,
    debit_ppm=72_000,
    year_days=360,
    grace_ns=2 * HOUR,
)
"""Half of what is bought or sold short; 30 % of longs, all of them below $2.50; of shorts 30 % but
$5 a share, below $5 all of them but $2.50. Borrowed cash costs 7.2 % a year, 0.02 % a day."""
LENT: Final = (
    BorrowTermsSet(1, True, True, 36_000, 10_000 * 10**9),
    BorrowTermsSet(2, True, False, 360_000, 300 * 10**9),
    BorrowTermsSet(6, True, True, 36_000, 500 * 10**9),
)
"""ACME and LATE are lent to anybody, RAIL to whoever asks for it, and no more than 300 of it."""
CREDIT: Final = (MarginTermsSet(MARGIN), *LENT)
EAGER: Final = (
    MarginTermsSet(replace(MARGIN, initial_long_ppm=300_000, initial_short_ppm=300_000)),
    *LENT,
)
"""As much is lent as may be held: small moves make calls."""
