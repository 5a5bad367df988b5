"""The screener: the most active stocks, and what rose and fell most.

Promises: counted from the latest day's bars of everything that this market has; a change is that
from the close of the day before. Must not know: how bars are made.
"""

from typing import Final, NamedTuple

from stockyard.api.alpaca.bars import Series, newest
from stockyard.api.alpaca.errors import not_offered
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.api.shapes import time_text
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal, format_ratio
from stockyard.model.ticks import Bar
from stockyard.people.identity import Scope
from stockyard.runtime.history import HistoryReader

ACTIVE_DEFAULT: Final = 10
ACTIVE_MAX: Final = 100
MOVERS_DEFAULT: Final = 10
MOVERS_MAX: Final = 50
SCREENED_MAX: Final = 500
"""Instruments that are looked at, by id."""
_CLASSES: Final = {"stocks": AssetClass.US_EQUITY, "crypto": AssetClass.CRYPTO}
_BY: Final = {"volume": 0, "trades": 1}
_PERCENT_PLACES: Final = 2


class _Day(NamedTuple):
    """An instrument with its latest day, and the close before it, 0 for none."""

    instrument: Instrument
    bar: Bar
    before: int


async def _days(call: Call, asset_class: int) -> list[_Day]:
    door = call.door
    wanted = [x for x in door.view.instruments.values() if x.asset_class == asset_class]

    def work(reader: HistoryReader) -> list[_Day]:
        found = []
        for instrument in wanted[:SCREENED_MAX]:
            latest = newest(Series(door, instrument, reader))
            if latest.day is not None:
                before = latest.day_before.close if latest.day_before is not None else 0
                found.append(_Day(instrument, latest.day, before))
        return found

    return await door.history.read(work)


async def most_actives(call: Call) -> Reply:
    """GET /v1beta1/screener/stocks/most-actives."""
    by = call.query.choice("by", _BY, "volume")
    top = call.query.whole("top", ACTIVE_DEFAULT, 1, ACTIVE_MAX)
    days = await _days(call, AssetClass.US_EQUITY)
    days.sort(key=lambda day: (-(day.bar.count if by else day.bar.volume), day.instrument.symbol))
    rows = ",".join(
        f'{{"symbol":"{x.symbol}","volume":{format_decimal(bar.volume, x.qty_scale)}'
        f',"trade_count":{bar.count}}}'
        for x, bar, _ in days[:top]
    )
    return Reply(200, f'{{"most_actives":[{rows}],"last_updated":"{_now(call)}"}}'.encode())


async def movers(call: Call) -> Reply:
    """GET /v1beta1/screener/{market_type}/movers."""
    said = call.named["market_type"]
    if said not in _CLASSES:
        raise not_offered(f"movers of {said[:20]} are", f"ask for {' or '.join(_CLASSES)}")
    top = call.query.whole("top", MOVERS_DEFAULT, 1, MOVERS_MAX)
    days = [day for day in await _days(call, _CLASSES[said]) if day.before]
    days.sort(key=lambda day: (-_rise(day), day.instrument.symbol))
    gainers = [day for day in days if day.bar.close > day.before][:top]
    losers = [day for day in reversed(days) if day.bar.close < day.before][:top]
    return Reply(
        200,
        f'{{"gainers":[{_rows(gainers)}],"losers":[{_rows(losers)}],"market_type":"{said}"'
        f',"last_updated":"{_now(call)}"}}'.encode(),
    )


def _rise(day: _Day) -> float:
    return (day.bar.close - day.before) / day.before


def _rows(days: list[_Day]) -> str:
    return ",".join(
        f'{{"symbol":"{x.symbol}"'
        f',"percent_change":{format_ratio((bar.close - before) * 100, before, _PERCENT_PLACES)}'
        f',"change":{format_decimal(bar.close - before, x.price_scale)}'
        f',"price":{format_decimal(bar.close, x.price_scale)}}}'
        for x, bar, before in days
    )


def _now(call: Call) -> str:
    return time_text(call.door.world.clock.now_ns())


ROUTES: Final = (
    Route("GET", "/v1beta1/screener/stocks/most-actives", Scope.READ, most_actives),
    Route("GET", "/v1beta1/screener/{market_type}/movers", Scope.READ, movers),
)
