"""The default instruments, fee tables, profiles and limits.

Promises: values only; they enter a world as journaled facts, so editing them never changes history.
Must not know: which world they are for, or what time it is.

Sources: tick sizes from Reg NMS Rule 612; round lots from Rule 600(b)(93) as in force since
November 2025 (100 shares up to $250, 40 up to $1,000, 10 up to $10,000); Section 31 rates from the
SEC's fee rate advisories; the Trading Activity Fee from FINRA By-Laws, Schedule A, section 1.
"""

from collections.abc import Sequence
from datetime import date, time
from typing import Final, NamedTuple

from stockyard.market.calendars import ALWAYS_ID, XNYS_ID, new_york_ns
from stockyard.model.codes import AssetClass, FeeKind, LimitRule, Side
from stockyard.model.facts import BorrowTermsSet, FeesScheduled
from stockyard.model.instruments import FeeRule, Instrument, Limits, MarginTerms, VenueProfile

QTY_SCALE: Final = 9
"""Decimal places of every quantity: fractions down to a billionth of a share or coin."""
EQUITY_PRICE_SCALE: Final = 4
FIRST_UNLISTED_ID: Final = 1001
"""Instrument ids from here on are for symbols that are not in the catalog."""

_UNIT: Final = 10**QTY_SCALE
_DOLLAR: Final = 1_000_000
_EQUITY_QTY_MAX: Final = 1_000_000 * _UNIT


class MarketTraits(NamedTuple):
    """How an instrument behaves in the simulated market.

    ``reference_price`` and the quantities are scaled like the instrument's. ``volatility_annual``
    is the standard deviation of a year's logarithmic return. ``spread_ticks``: average distance
    from bid to ask. ``trades_per_second`` while it is open. ``sector`` is a key of
    ``simulated.SECTOR_WEIGHTS``.
    """

    reference_price: int
    volatility_annual: float
    spread_ticks: float
    displayed_qty: int
    trade_qty: int
    trades_per_second: float
    sector: str


class Listing(NamedTuple):
    """An instrument and, beside it, how the simulated market moves it."""

    instrument: Instrument
    traits: MarketTraits


class _Stock(NamedTuple):
    symbol: str
    name: str
    exchange: str
    dollars: int
    volatility: float
    spread_ticks: float
    displayed_shares: int
    trade_shares: int
    trades_per_second: float
    sector: str


class _Contract(NamedTuple):
    """A perpetual contract: leverage as a factor, the rest in the units of ``Instrument``."""

    symbol: str
    name: str
    index_symbol: str
    tick: int
    spread_ticks: float
    displayed_qty: int
    trade_qty: int
    lot: int
    qty_max_coins: int
    leverage_max: int
    maintenance_ppm: int
    funding_bound_e9: int


class _Coin(NamedTuple):
    symbol: str
    name: str
    price_scale: int
    tick: int
    reference_price: int
    volatility: float
    spread_ticks: float
    displayed_qty: int
    trade_qty: int
    round_lot: int
    qty_max_coins: int


# fmt: off
_STOCKS: Final = (
    _Stock("AAPL", "Apple Inc.", "NASDAQ", 230, 0.27, 1.2, 600, 110, 0.9, "technology"),
    _Stock("MSFT", "Microsoft Corporation", "NASDAQ", 430, 0.24, 2.6, 240, 70, 0.6, "technology"),
    _Stock("NVDA", "NVIDIA Corporation", "NASDAQ", 140, 0.50, 1.1, 1200, 160, 1.4, "technology"),
    _Stock("AMZN", "Amazon.com, Inc.", "NASDAQ", 210, 0.32, 1.4, 500, 100, 0.7, "consumer"),
    _Stock("GOOGL", "Alphabet Inc. Class A", "NASDAQ", 180, 0.30, 1.3, 600, 100, 0.7, "technology"),
    _Stock("META", "Meta Platforms, Inc.", "NASDAQ", 600, 0.36, 6.0, 160, 50, 0.5, "technology"),
    _Stock("TSLA", "Tesla, Inc.", "NASDAQ", 330, 0.58, 4.0, 280, 80, 1.2, "consumer"),
    _Stock("BRK.B", "Berkshire Hathaway Cl. B", "NYSE", 470, 0.17, 6.0, 160, 50, 0.2, "financial"),
    _Stock("JPM", "JPMorgan Chase & Co.", "NYSE", 245, 0.24, 2.2, 400, 80, 0.4, "financial"),
    _Stock("V", "Visa Inc. Class A", "NYSE", 315, 0.20, 3.2, 240, 60, 0.3, "financial"),
    _Stock("JNJ", "Johnson & Johnson", "NYSE", 155, 0.17, 1.5, 500, 80, 0.3, "health"),
    _Stock("WMT", "Walmart Inc.", "NYSE", 90, 0.21, 1.1, 1000, 110, 0.5, "staples"),
    _Stock("PG", "Procter & Gamble Company", "NYSE", 165, 0.17, 1.6, 400, 70, 0.3, "staples"),
    _Stock("XOM", "Exxon Mobil Corporation", "NYSE", 110, 0.25, 1.1, 1000, 110, 0.5, "energy"),
    _Stock("UNH", "UnitedHealth Group Inc.", "NYSE", 500, 0.30, 12.0, 120, 40, 0.3, "health"),
    _Stock("HD", "Home Depot, Inc.", "NYSE", 390, 0.22, 6.0, 160, 50, 0.2, "consumer"),
    _Stock("KO", "Coca-Cola Company", "NYSE", 65, 0.15, 1.0, 2200, 140, 0.4, "staples"),
    _Stock("DIS", "Walt Disney Company", "NYSE", 110, 0.28, 1.2, 800, 100, 0.4, "consumer"),
    _Stock("AMD", "Advanced Micro Devices", "NASDAQ", 130, 0.52, 1.2, 900, 120, 0.9, "technology"),
    _Stock("SPY", "SPDR S&P 500 ETF Trust", "ARCA", 590, 0.16, 1.3, 1200, 180, 1.5, "index"),
)
_COINS: Final = (
    _Coin("BTC/USD", "Bitcoin", 4, 100, 950_000_000, 0.50, 400.0,
          500_000_000, 50_000_000, 100_000, 10_000),
    _Coin("ETH/USD", "Ether", 4, 100, 33_000_000, 0.65, 40.0,
          8 * _UNIT, 800_000_000, 1_000_000, 100_000),
    _Coin("SOL/USD", "Solana", 4, 100, 1_900_000, 0.80, 3.0,
          150 * _UNIT, 15 * _UNIT, 10_000_000, 1_000_000),
    _Coin("ADA/USD", "Cardano", 6, 100, 900_000, 0.85, 2.0,
          20_000 * _UNIT, 2_500 * _UNIT, _UNIT, 100_000_000),
)
_CONTRACTS: Final = (
    _Contract("BTC-PERP", "Bitcoin perpetual", "BTC/USD", 1_000, 10.0,
              2 * _UNIT, 150_000_000, 100_000, 1_000, 50, 10_000, 1_000_000),
    _Contract("ETH-PERP", "Ether perpetual", "ETH/USD", 100, 15.0,
              30 * _UNIT, 2 * _UNIT, 1_000_000, 25_000, 50, 10_000, 1_000_000),
    _Contract("SOL-PERP", "Solana perpetual", "SOL/USD", 100, 2.0,
              500 * _UNIT, 40 * _UNIT, 10_000_000, 500_000, 20, 25_000, 2_000_000),
)
# fmt: on
_LEVERAGE_START: Final = 5
_LIQUIDATION_FEE_PPM: Final = 5_000
_FUNDING_INTERVAL_NS: Final = 3_600 * 10**9


def _round_lot(dollars: int) -> int:
    for bound, shares in ((250, 100), (1_000, 40), (10_000, 10)):
        if dollars <= bound:
            return shares * _UNIT
    return _UNIT


def _equity(
    instrument_id: int, symbol: str, name: str, exchange: str, round_lot: int
) -> Instrument:
    return Instrument(
        instrument_id=instrument_id,
        symbol=symbol,
        name=name,
        asset_class=AssetClass.US_EQUITY,
        exchange=exchange,
        calendar_id=XNYS_ID,
        price_scale=EQUITY_PRICE_SCALE,
        qty_scale=QTY_SCALE,
        tick=100,
        tick_below=1,
        tick_threshold=10_000,
        lot=1,
        round_lot=round_lot,
        qty_max=_EQUITY_QTY_MAX,
        band_bps=5000,
        collar_bps=500,
        notional_micros_min=_DOLLAR,
    )


def _crypto(
    instrument_id: int,
    symbol: str,
    name: str,
    price_scale: int,
    tick: int,
    round_lot: int,
    qty_max: int,
) -> Instrument:
    return Instrument(
        instrument_id=instrument_id,
        symbol=symbol,
        name=name,
        asset_class=AssetClass.CRYPTO,
        exchange="CRYPTO",
        calendar_id=ALWAYS_ID,
        price_scale=price_scale,
        qty_scale=QTY_SCALE,
        tick=tick,
        tick_below=tick,
        tick_threshold=0,
        lot=1,
        round_lot=round_lot,
        qty_max=qty_max,
        band_bps=5000,
        collar_bps=500,
        notional_micros_min=_DOLLAR,
    )


def _perpetual(instrument_id: int, row: _Contract, price_scale: int) -> Instrument:
    return Instrument(
        instrument_id=instrument_id,
        symbol=row.symbol,
        name=row.name,
        asset_class=AssetClass.CRYPTO_PERP,
        exchange="CRYPTO",
        calendar_id=ALWAYS_ID,
        price_scale=price_scale,
        qty_scale=QTY_SCALE,
        tick=row.tick,
        tick_below=row.tick,
        tick_threshold=0,
        lot=row.lot,
        round_lot=row.lot,
        qty_max=row.qty_max_coins * _UNIT,
        band_bps=5000,
        collar_bps=500,
        notional_micros_min=_DOLLAR,
        index_symbol=row.index_symbol,
        leverage_max=row.leverage_max,
        leverage_start=_LEVERAGE_START,
        maintenance_ppm=row.maintenance_ppm,
        liquidation_fee_ppm=_LIQUIDATION_FEE_PPM,
        funding_interval_ns=_FUNDING_INTERVAL_NS,
        funding_bound_e9=row.funding_bound_e9,
    )


def _stock_listing(instrument_id: int, row: _Stock) -> Listing:
    return Listing(
        _equity(instrument_id, row.symbol, row.name, row.exchange, _round_lot(row.dollars)),
        MarketTraits(
            reference_price=row.dollars * 10**EQUITY_PRICE_SCALE,
            volatility_annual=row.volatility,
            spread_ticks=row.spread_ticks,
            displayed_qty=row.displayed_shares * _UNIT,
            trade_qty=row.trade_shares * _UNIT,
            trades_per_second=row.trades_per_second,
            sector=row.sector,
        ),
    )


def _coin_listing(instrument_id: int, row: _Coin) -> Listing:
    return Listing(
        _crypto(
            instrument_id,
            row.symbol,
            row.name,
            row.price_scale,
            row.tick,
            row.round_lot,
            row.qty_max_coins * _UNIT,
        ),
        MarketTraits(
            reference_price=row.reference_price,
            volatility_annual=row.volatility,
            spread_ticks=row.spread_ticks,
            displayed_qty=row.displayed_qty,
            trade_qty=row.trade_qty,
            trades_per_second=0.5,
            sector="crypto",
        ),
    )


def _contract_listing(instrument_id: int, row: _Contract) -> Listing:
    coin = next(coin for coin in _COINS if coin.symbol == row.index_symbol)
    return Listing(
        _perpetual(instrument_id, row, coin.price_scale),
        MarketTraits(
            reference_price=coin.reference_price,
            volatility_annual=coin.volatility,
            spread_ticks=row.spread_ticks,
            displayed_qty=row.displayed_qty,
            trade_qty=row.trade_qty,
            trades_per_second=0.8,
            sector="crypto",
        ),
    )


CATALOG: Final[tuple[Listing, ...]] = (
    *(_stock_listing(number, row) for number, row in enumerate(_STOCKS, 1)),
    *(_coin_listing(number, row) for number, row in enumerate(_COINS, len(_STOCKS) + 1)),
    *(
        _contract_listing(number, row)
        for number, row in enumerate(_CONTRACTS, len(_STOCKS) + len(_COINS) + 1)
    ),
)
"""Twenty US stocks (ids 1 to 20), four coins (21 to 24), three perpetual contracts on coins (25 to
27). An id never changes its symbol.
"""

_BY_SYMBOL: Final = {listing.instrument.symbol: listing.instrument for listing in CATALOG}


def listing_for(
    symbol: str, asset_class: int, instrument_id: int = FIRST_UNLISTED_ID
) -> Instrument:
    """The catalog's instrument of this symbol, or one with usual terms under ``instrument_id``.

    Usual terms: a stock has the ticks of Reg NMS 612 and a round lot of 100 shares; a coin has
    eight decimal places and no coarser tick, because nothing is known of its price.
    """
    known = _BY_SYMBOL.get(symbol)
    if known is not None and known.asset_class == asset_class:
        return known
    if asset_class == AssetClass.CRYPTO:
        return _crypto(instrument_id, symbol, symbol, 8, 1, 1, 100_000_000 * _UNIT)
    return _equity(instrument_id, symbol, symbol, "NYSE", 100 * _UNIT)


def listings_for(symbols: Sequence[str], asset_class: int) -> tuple[Instrument, ...]:
    """Instruments for the symbols, in order; those outside the catalog are numbered from 1001 on.

    The numbers depend on the order given: a world that already lists a symbol keeps its own id for
    it.
    """
    instruments: list[Instrument] = []
    unlisted_id = FIRST_UNLISTED_ID
    for symbol in symbols:
        instrument = listing_for(symbol, asset_class, unlisted_id)
        unlisted_id += instrument.instrument_id == unlisted_id
        instruments.append(instrument)
    return tuple(instruments)


# Effective dates and rates: the SEC's in cents per million dollars sold; FINRA's in millionths of a
# dollar per share sold, with the cap for one trade in cents.
# fmt: off
_SEC_CENTS: Final = (
    (date(2012, 4, 1), 2240), (date(2013, 5, 25), 1740), (date(2014, 3, 18), 2210),
    (date(2015, 2, 14), 1840), (date(2016, 2, 16), 2180), (date(2017, 7, 4), 2310),
    (date(2018, 5, 22), 1300), (date(2019, 4, 16), 2070), (date(2020, 2, 18), 2210),
    (date(2021, 2, 25), 510), (date(2022, 5, 14), 2290), (date(2023, 2, 27), 800),
    (date(2024, 5, 22), 2780), (date(2025, 5, 14), 0), (date(2026, 4, 4), 2060),
)
_TAF_MICROS_AND_CAP_CENTS: Final = (
    (date(2012, 3, 1), 95, 475), (date(2012, 7, 1), 119, 595), (date(2022, 1, 1), 130, 649),
    (date(2023, 1, 1), 145, 727), (date(2024, 1, 1), 166, 830), (date(2026, 1, 1), 195, 979),
)
# fmt: on
_CENT: Final = 10_000


def _equity_fees() -> tuple[FeesScheduled, ...]:
    first = _SEC_CENTS[0][0]
    days = {day for day, _ in _SEC_CENTS} | {day for day, _, _ in _TAF_MICROS_AND_CAP_CENTS}
    tables = []
    for day in sorted(day for day in days if day >= first):
        sec_cents = [rate for since, rate in _SEC_CENTS if since <= day][-1]
        taf = [(rate, cap) for since, rate, cap in _TAF_MICROS_AND_CAP_CENTS if since <= day][-1]
        rules = (
            FeeRule(FeeKind.SEC, Side.SELL, 2, sec_cents * _CENT, 0, 0, _CENT),
            FeeRule(FeeKind.TAF, Side.SELL, 2, 0, taf[0] * _DOLLAR, taf[1] * _CENT, _CENT),
        )
        tables.append(
            FeesScheduled(
                AssetClass.US_EQUITY,
                new_york_ns(day, time()),
                f"us-equity-{day.isoformat()}",
                rules if sec_cents else rules[1:],
            )
        )
    return tuple(tables)


DEFAULT_FEES: Final[tuple[FeesScheduled, ...]] = (
    *_equity_fees(),
    FeesScheduled(
        AssetClass.CRYPTO,
        0,
        "crypto-15-25-bp",
        (
            FeeRule(FeeKind.CRYPTO_TAKER, 0, 0, 2_500 * _DOLLAR, 0, 0, 1),
            FeeRule(FeeKind.CRYPTO_MAKER, 0, 1, 1_500 * _DOLLAR, 0, 0, 1),
        ),
    ),
    FeesScheduled(
        AssetClass.CRYPTO_PERP,
        0,
        "crypto-perp-2-5-bp",
        (
            FeeRule(FeeKind.CRYPTO_TAKER, 0, 0, 500 * _DOLLAR, 0, 0, 1),
            FeeRule(FeeKind.CRYPTO_MAKER, 0, 1, 200 * _DOLLAR, 0, 0, 1),
        ),
    ),
)
"""Every fee table in order of its date; a table holds all lines in force from its date on.

A stock sale before April 2012 has no table and costs nothing. A day begins at midnight New York.
"""

DEFAULT_PROFILES: Final = (
    VenueProfile(1, 1, "ideal", size_bounded=False, fees=False, quote_age_ns_max=0),
    VenueProfile(2, 1, "realistic", size_bounded=True, fees=True, quote_age_ns_max=60 * 10**9),
    VenueProfile(
        3, 1, "brutal", size_bounded=True, fees=True, quote_age_ns_max=5 * 10**9,
        size_cap_ppm=500_000, depth_levels=5, depth_step_bps=1, depth_size_ppm=500_000,
        limit_rule=LimitRule.PENETRATE, latency_ns=250_000_000, slippage_bps=2,
        deny_stale=True, deny_halted=True, reject_ppm=2_000,
    ),
    VenueProfile(
        4, 1, "exchange", size_bounded=True, fees=True, quote_age_ns_max=60 * 10**9,
        depth_levels=10, depth_step_bps=1, depth_size_ppm=1_000_000,
        limit_rule=LimitRule.QUEUE, latency_ns=5_000_000,
    ),
    VenueProfile(
        5, 1, "wholesaler", size_bounded=True, fees=True, quote_age_ns_max=60 * 10**9,
        limit_rule=LimitRule.PENETRATE, latency_ns=50_000_000,
        improvement_ppm=250_000, improvement_odds_ppm=850_000,
    ),
    VenueProfile(
        6, 1, "crypto_exchange", size_bounded=True, fees=True, quote_age_ns_max=60 * 10**9,
        depth_levels=20, depth_step_bps=1, depth_size_ppm=1_000_000,
        limit_rule=LimitRule.QUEUE, latency_ns=20_000_000,
    ),
)  # fmt: skip
"""``docs/reference/fills.md`` gives the reason for every figure."""
DEFAULT_MARGIN: Final = MarginTerms(
    initial_long_ppm=500_000,
    initial_short_ppm=500_000,
    long_ppm=300_000,
    long_low_price_micros=2_500_000,
    short_ppm=300_000,
    short_share_micros=5 * _DOLLAR,
    short_low_price_micros=5 * _DOLLAR,
    short_low_ppm=1_000_000,
    short_low_share_micros=2_500_000,
    equity_micros_min=2_000 * _DOLLAR,
    debit_ppm=70_000,
    year_days=360,
    grace_ns=24 * 3600 * 10**9,
)
"""Regulation T and FINRA 4210, with the usual house rule of 30 % for long positions and none of a
price below $2.50 lent on; 7 % a year for borrowed cash; a day to meet a call."""

_EASY_PPM: Final = 3_000
_HARD_PPM: Final = 120_000
_HARD_TO_BORROW: Final = ("BRK.B", "UNH")
_LENDABLE_QTY: Final = 2_000_000 * _UNIT
_LENDABLE_HARD_QTY: Final = 20_000 * _UNIT


def borrow_terms(instrument: Instrument) -> BorrowTermsSet | None:
    """How an instrument can be borrowed in this house: stocks for 0.3 % a year, a few that are hard
    to borrow for 12 % and with a locate, coins not at all. None for perpetual contracts, which need
    no borrowing to be sold short.
    """
    if instrument.asset_class == AssetClass.CRYPTO_PERP:
        return None
    lent = instrument.asset_class == AssetClass.US_EQUITY
    hard = instrument.symbol in _HARD_TO_BORROW
    return BorrowTermsSet(
        instrument.instrument_id,
        lent,
        lent and not hard,
        (_HARD_PPM if hard else _EASY_PPM) if lent else 0,
        (_LENDABLE_HARD_QTY if hard else _LENDABLE_QTY) if lent else 0,
    )


DEFAULT_LIMITS: Final = Limits(
    open_orders_max=5_000,
    order_notional_micros_max=100_000_000 * _DOLLAR,
    transfer_micros_max=100_000_000 * _DOLLAR,
    balance_micros_max=1_000_000_000 * _DOLLAR,
    accounts_per_owner_max=20,
    key_ttl_ns=24 * 3600 * 10**9,
)
"""5,000 open orders an account; $100 million an order or transfer; $1 billion a balance."""
