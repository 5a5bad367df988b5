"""Perpetual contracts as they are shown: margin, liquidation prices, marks and funding.

Promises: a liquidation price is the first at which the house would act, on the scale of prices.
Must not know: HTTP, or how the engine decides.
"""

from typing import Final, NamedTuple

from stockyard.api import contract_answers as c
from stockyard.api.shapes import price_text, time_or_none, time_text
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import CASH_SCALE, format_cash, format_decimal, format_ratio
from stockyard.numerics.arithmetic import div_ceil, div_floor, mul_div_ceil
from stockyard.projections.rows import FundingRow, PositionRow
from stockyard.projections.view import QuoteRow

PERCENT_SCALE: Final = 4
RATE_SCALE: Final = 7
"""Decimal places of a percentage of which billionths are counted."""
_MILLION: Final = 1_000_000
_SECOND: Final = 1_000_000_000


class Figures(NamedTuple):
    """A position's margin in micro-dollars; ``excess`` is what keeps it from liquidation."""

    margin: int
    maintenance: int
    excess: int


def is_contract(instrument: Instrument) -> bool:
    """Whether it is a perpetual contract."""
    return instrument.asset_class == AssetClass.CRYPTO_PERP


def leverage_of(row: PositionRow | None, instrument: Instrument) -> int:
    """The leverage chosen, or the one a contract starts with."""
    return (row.leverage if row is not None else 0) or instrument.leverage_start


def figures(row: PositionRow, instrument: Instrument, value: int, free: int) -> Figures:
    """A position's margin when it is worth ``value`` (below zero when short).

    ``free``: the account's equity beyond its maintenance, which a cross position falls back on.
    """
    maintenance = mul_div_ceil(abs(value), instrument.maintenance_ppm, _MILLION)
    if row.isolated:
        excess = row.pot_micros + value - row.cost_micros - maintenance
        return Figures(row.pot_micros, maintenance, excess)
    return Figures(div_ceil(abs(value), leverage_of(row, instrument)), maintenance, free)


def liquidation_price(
    row: PositionRow, instrument: Instrument, value: int, found: Figures
) -> int | None:
    """The mark at which a position has no more than its maintenance, scaled; None for none above
    zero.

    A long one's is (entry value - margin) / (quantity * (1 - maintenance)), a short one's (entry
    value + margin) / (quantity * (1 + maintenance)), fees apart; the margin is what it can lose.
    """
    can_lose = found.excess + found.maintenance - (value - row.cost_micros)
    unit = 10 ** (instrument.price_scale + instrument.qty_scale - CASH_SCALE) * _MILLION
    if row.qty > 0:
        left = (row.cost_micros - can_lose) * unit
        price = div_floor(left, row.qty * (_MILLION - instrument.maintenance_ppm))
    else:
        left = (can_lose - row.cost_micros) * unit
        price = div_ceil(left, -row.qty * (_MILLION + instrument.maintenance_ppm))
    return price if price > 0 else None


def shown_position(
    row: PositionRow, instrument: Instrument, quote: QuoteRow, value: int, free: int
) -> c.PositionContract:
    """What a position in a contract has beyond others."""
    found = figures(row, instrument, value, free)
    price = liquidation_price(row, instrument, value, found)
    return c.PositionContract(
        c.MODES[row.isolated],
        leverage_of(row, instrument),
        format_cash(found.margin),
        format_cash(found.maintenance),
        price_text(price, instrument) if price is not None else None,
        price_text(quote.index_price, instrument) if quote.index_price else None,
        format_cash(row.funding_micros),
    )


def shown_terms(instrument: Instrument) -> c.ContractTerms | None:
    """A contract's terms; None for anything else."""
    if not is_contract(instrument):
        return None
    return c.ContractTerms(
        instrument.index_symbol,
        instrument.leverage_max,
        instrument.leverage_start,
        format_decimal(instrument.maintenance_ppm, PERCENT_SCALE),
        format_decimal(instrument.liquidation_fee_ppm, PERCENT_SCALE),
        instrument.funding_interval_ns // _SECOND,
        format_decimal(instrument.funding_bound_e9, RATE_SCALE),
    )


def stream_market(row: QuoteRow, instrument: Instrument) -> c.StreamContract | None:
    """A contract's mark, index and last funding; None for anything else."""
    if not is_contract(instrument):
        return None
    return c.StreamContract(
        price_text(row.long_mark, instrument) if row.long_mark else None,
        price_text(row.index_price, instrument) if row.index_price else None,
        format_decimal(row.funding_e9, RATE_SCALE) if row.funding_ts else None,
        time_or_none(row.funding_ts),
    )


def funding(row: FundingRow, instrument: Instrument) -> c.Funding:
    """One funding of a contract."""
    return c.Funding(
        instrument.symbol,
        format_decimal(row.rate_e9, RATE_SCALE),
        price_text(row.mark, instrument) if row.mark else None,
        price_text(row.index_price, instrument) if row.index_price else None,
        time_text(row.ts),
        row.seq,
    )


def market(row: QuoteRow, instrument: Instrument, now_ns: int) -> c.ContractMarket | None:
    """The same with what depends on the moment."""
    seen = stream_market(row, instrument)
    if seen is None:
        return None
    premium = None
    if row.long_mark and row.index_price:
        premium = format_ratio((row.long_mark - row.index_price) * 100, row.index_price, 4)
    interval_ns = instrument.funding_interval_ns
    return c.ContractMarket(
        seen.mark_price,
        seen.index_price,
        premium,
        seen.funding_rate_percent,
        seen.funded_at,
        time_text((now_ns // interval_ns + 1) * interval_ns),
    )
