"""The market's test controls as they are asked for: text to prices, sizes and times.

Promises: what is not on the tick, not in order or too much is refused with what would be right.
Must not know: how a market is controlled.
"""

import math
from collections.abc import Sequence
from typing import Final

from stockyard.api import sim_market_shapes as s
from stockyard.api.fields import moment, price, quantity, scaled
from stockyard.api.problems import PERCENT_SCALE, Problem, rule_problem
from stockyard.market.scripted import FACTOR_UNIT, Point, Shape, around, tick_at
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import INT_MAX
from stockyard.model.recordings import RecordedRow
from stockyard.runtime.sim_market import displayed_qty, priced

PATH_SECONDS_MAX: Final = 31_622_400
FACTOR_MIN: Final = FACTOR_UNIT // 100
FACTOR_MAX: Final = FACTOR_UNIT * 1_000
PERCENT_MIN: Final = -99
PERCENT_MAX: Final = 10_000
PERCENT_UNIT: Final = 10 ** (PERCENT_SCALE + 2)
_NS: Final = 1_000_000_000


def wrong(field: str, what: str, right: str) -> Problem:
    """A control that cannot be."""
    return Problem(422, "invalid_control", what, right, field=field)


def on_its_tick(instrument: Instrument, field: str, said: str | int) -> int:
    """A price on the tick, scaled. Raises ``Problem`` 422."""
    found = price(field, said, instrument.price_scale)
    if not priced(instrument, found):
        raise rule_problem(DenyCode.PRICE_OFF_TICK, field)
    return found


def size(instrument: Instrument, field: str, said: str | int | None, default: int) -> int:
    """A size above zero, scaled. Raises ``Problem`` 422."""
    return default if said is None else quantity(field, said, instrument.qty_scale)


def trade_size(instrument: Instrument, said: str | int | None) -> int:
    """The size of trades to print, 0 for none. Raises ``Problem`` 422."""
    if said in (0, "0"):
        return 0
    return size(instrument, "trade_size", said, instrument.round_lot)


def quoted(instrument: Instrument, body: s.SimQuoteBody, now: Shape) -> Shape:
    """The quote of a body. Raises ``Problem`` 422."""
    bid = 0 if body.bid is None else on_its_tick(instrument, "bid", body.bid)
    ask = 0 if body.ask is None else on_its_tick(instrument, "ask", body.ask)
    if not (bid or ask):
        raise wrong("bid", "there is no price in it", "send bid, ask, or both")
    _check_pair(bid, ask)
    for field, side in (("bid_size", bid), ("ask_size", ask)):
        if not side and getattr(body, field) is not None:
            raise wrong(field, f"{field} is that of an empty side", "leave it out")
    default = displayed_qty(instrument, now)
    return Shape(
        bid,
        ask,
        size(instrument, "bid_size", body.bid_size, now.bid_qty or default) if bid else 0,
        size(instrument, "ask_size", body.ask_size, now.ask_qty or default) if ask else 0,
    )


def _check_pair(bid: int, ask: int) -> None:
    if bid and ask and bid >= ask:
        raise wrong("ask", "the bid is not below the ask", "send a bid below the ask")


def path_points(
    instrument: Instrument, body: s.SimPathBody, now: Shape, now_ns: int
) -> list[Point]:
    """The points of a path, from what is quoted now on. Raises ``Problem`` 422."""
    if not 1 <= len(body.points) <= s.POINTS_MAX:
        raise wrong("points", "there are no points, or too many", f"send 1 to {s.POINTS_MAX}")
    spread = _spread(instrument, body, now)
    points: list[Point] = []
    for number, said in enumerate(body.points):
        field = f"points[{number}]"
        ts_ns = _time(field, said, now_ns)
        if points and ts_ns <= points[-1].ts_ns:
            raise wrong(field, f"{field} is not after the one before", "sort them by time")
        points.append(Point(ts_ns, *_pair(instrument, field, said, spread)))
    if points[0].ts_ns > now_ns and now.mid:
        pair = (now.bid, now.ask) if now.bid and now.ask else around(instrument, now.mid, spread)
        points.insert(0, Point(now_ns, *pair))
    return points


def _spread(instrument: Instrument, body: s.SimPathBody, now: Shape) -> int:
    if body.spread is None:
        return now.ask - now.bid if now.bid and now.ask else tick_at(instrument, now.mid)
    return price("spread", body.spread, instrument.price_scale)


def _time(field: str, said: s.SimPoint, now_ns: int) -> int:
    if (said.at is None) == (said.seconds is None):
        raise wrong(field, f"{field} has no time, or two", "send at or seconds")
    if said.seconds is not None:
        if not (math.isfinite(said.seconds) and 0 <= said.seconds <= PATH_SECONDS_MAX):
            raise wrong(field, f"{field} is too far", f"send 0 to {PATH_SECONDS_MAX} seconds")
        return now_ns + round(said.seconds * _NS)
    assert said.at is not None
    found = moment(field, said.at)
    if not now_ns <= found <= now_ns + PATH_SECONDS_MAX * _NS:
        raise wrong(field, f"{field} is past, or too far", "send a time from now to a year ahead")
    return found


def _pair(instrument: Instrument, field: str, said: s.SimPoint, spread: int) -> tuple[int, int]:
    if said.price is not None:
        if said.bid is not None or said.ask is not None:
            raise wrong(field, f"{field} has a price and a quote", "send price, or bid and ask")
        return around(instrument, price(field, said.price, instrument.price_scale), spread)
    if said.bid is None or said.ask is None:
        raise wrong(field, f"{field} has no price", "send price, or bid and ask")
    bid = on_its_tick(instrument, field, said.bid)
    ask = on_its_tick(instrument, field, said.ask)
    _check_pair(bid, ask)
    return bid, ask


def moved(instrument: Instrument, body: s.SimGapBody) -> tuple[int, int, int]:
    """Where a gap goes: a price (else 0), and as what is to what. Raises ``Problem`` 422."""
    if (body.percent is None) == (body.price is None):
        raise wrong("percent", "a gap goes by a percentage or to a price", "send one of them")
    if body.price is not None:
        return on_its_tick(instrument, "price", body.price), 1, 1
    assert body.percent is not None
    percent = scaled("percent", body.percent, PERCENT_SCALE)
    if not PERCENT_MIN * 10**PERCENT_SCALE <= percent <= PERCENT_MAX * 10**PERCENT_SCALE:
        raise wrong("percent", "percent is out of range", f"send {PERCENT_MIN} to {PERCENT_MAX}")
    return 0, PERCENT_UNIT + percent, PERCENT_UNIT


def factor(said: str | int) -> int:
    """A factor in millionths. Raises ``Problem`` 422."""
    found = scaled("factor", said, 6)
    if not FACTOR_MIN <= found <= FACTOR_MAX:
        raise wrong("factor", "factor is out of range", "send 0.01 to 1000; 1 ends it")
    return found


def recorded_rows(rows: Sequence[s.SimRow]) -> list[RecordedRow]:
    """Rows as a recorded table has them. Raises ``Problem`` 422."""
    if not 1 <= len(rows) <= s.ROWS_MAX:
        raise wrong("rows", "there are no rows, or too many", f"send 1 to {s.ROWS_MAX}")

    def text(said: str | int | None) -> str:
        return "" if said is None else str(said)

    return [
        RecordedRow(
            number,
            row.ts,
            "",
            *map(text, (row.bid, row.ask, row.bid_size, row.ask_size, row.price, row.size)),
        )
        for number, row in enumerate(rows, 1)
    ]


def window(begin: str | None, end: str | None) -> tuple[int, int]:
    """A stretch of recorded time, both ends included. Raises ``Problem`` 422."""
    first = 0 if begin is None else moment("begin", begin)
    last = INT_MAX if end is None else moment("end", end)
    if first > last:
        raise wrong("end", "the end is before the beginning", "swap begin and end")
    return first, last
