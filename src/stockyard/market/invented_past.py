"""Days before the built-in market began, so that its charts have a past.

Promises: the same seed and days give the same past, ending exactly where it is told to; a day keeps
its shape however many days are asked for. Must not know: what time it is, or what really traded.

A day's logarithmic return is normal with the symbol's volatility; its range beyond open and close
and its volume are drawn beside it. Days are laid backwards from the price they end at.
"""

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from stockyard.market.catalog import Listing
from stockyard.model.codes import AssetClass
from stockyard.model.companies import DailyBar
from stockyard.numerics.random import CounterRandom

_STREAM: Final = 1_000_003
"""Apart from every stream of the market's own draws."""
_DRAWS: Final = 8
"""Draws a day may use."""
_STOCK_DAYS: Final = 252.0
_COIN_DAYS: Final = 365.25
_STOCK_SECONDS: Final = 6.5 * 3600
_COIN_SECONDS: Final = 86_400.0


def invented_days(
    listing: Listing, seed: int, end_price: int, days: Sequence[date]
) -> list[DailyBar]:
    """Bars of ``days`` (in order), of which the last closes at ``end_price``, scaled."""
    instrument, traits = listing
    is_stock = instrument.asset_class == AssetClass.US_EQUITY
    deviation = traits.volatility_annual / math.sqrt(_STOCK_DAYS if is_stock else _COIN_DAYS)
    seconds = _STOCK_SECONDS if is_stock else _COIN_SECONDS
    usual_qty = traits.trade_qty * traits.trades_per_second * seconds
    random = CounterRandom(seed, _STREAM + instrument.instrument_id)
    tick = instrument.tick
    lot = 10**instrument.qty_scale if is_stock else instrument.lot

    def on_tick(near: float) -> int:
        return max(1, round(near / tick)) * tick

    def price(scaled: int) -> Decimal:
        return Decimal(scaled).scaleb(-instrument.price_scale)

    found: list[DailyBar] = []
    close = end_price
    for day in reversed(days):
        draw = day.toordinal() * _DRAWS
        before = on_tick(close / math.exp(deviation * random.normal(draw)))
        # The night takes a third of the way.
        open_ = on_tick(before * (close / before) ** (1 / 3))
        high = on_tick(max(open_, close) * (1 + deviation * abs(random.normal(draw + 1)) / 2))
        low = on_tick(min(open_, close) * (1 - deviation * abs(random.normal(draw + 2)) / 2))
        qty = round(usual_qty * math.exp(0.25 * random.normal(draw + 3)))
        volume = Decimal(qty - qty % lot).scaleb(-instrument.qty_scale)
        high, low = max(high, open_, close), min(low, open_, close)
        found.append(DailyBar(day, price(open_), price(high), price(low), price(close), volume))
        close = before
    found.reverse()
    return found
