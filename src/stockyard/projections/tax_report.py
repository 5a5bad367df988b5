"""A year's closings for the tax, from the events that opened and closed lots.

Promises: days are New York's, where stocks trade; every micro-dollar of a fill is in just one line.
Must not know: HTTP, or how wash sales are matched (``analytics.tax_lots``).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from stockyard.analytics.tax_lots import Closed, Line, Name, Opened, Piece, lines
from stockyard.market.calendars import NEW_YORK
from stockyard.model.codes import Side
from stockyard.model.events import Event, OrderFilled, PositionGivenUp

Move = tuple[int, int, int, Event]
"""A fill, or a position given up, with its name and time: ``(seq, idx, ts, event)``."""
_BILLION = 1_000_000_000


class Totals(NamedTuple):
    """Sums over lines, in micro-dollars, as the fields of ``Line``."""

    lines: int
    proceeds: int
    cost: int
    fees: int
    economic: int
    adjustment: int
    disallowed: int
    taxable: int


def new_york_day(ns: int) -> date:
    """The day that a moment of the world's clock falls on in New York."""
    return datetime.fromtimestamp(ns // _BILLION, NEW_YORK).date()


def tax_lines(moves: Sequence[Move], exempt: frozenset[int]) -> list[Line]:
    """Every closing of one owner's accounts as lines; ``moves`` in order, of all the accounts.

    A closing in a perpetual contract takes no lots, and is in none of them.
    """
    opened: dict[Name, Opened] = {}
    closed: list[Closed] = []
    unnamed: set[Name] = set()
    for seq, idx, ts, event in moves:
        name = (seq, idx)
        if isinstance(event, OrderFilled) and not event.lots:
            short = event.side == Side.SELL
            opened[name] = _opened(name, event, short, ts, event.qty)
        elif isinstance(event, OrderFilled | PositionGivenUp):
            for lot_seq, lot_idx, qty, _, _, acquired_ns in event.lots:
                # A position from before there were lots is one that no execution here opened.
                lot = (lot_seq, lot_idx)
                if lot not in opened:
                    short = isinstance(event, OrderFilled) and event.side == Side.BUY
                    opened[lot] = _opened(lot, event, short, acquired_ns, 0)
                    unnamed.add(lot)
                if lot in unnamed:
                    opened[lot] = opened[lot]._replace(qty=opened[lot].qty + qty)
            gives_up = isinstance(event, PositionGivenUp)
            account_id, asset = event.account_id, event.instrument_id
            closed.append(
                Closed(name, account_id, asset, new_york_day(ts), _pieces(event), gives_up)
            )
    return lines([opened[name] for name in sorted(opened)], closed, exempt)


def _opened(
    name: Name, event: OrderFilled | PositionGivenUp, short: bool, ns: int, qty: int
) -> Opened:
    return Opened(name, event.account_id, event.instrument_id, short, new_york_day(ns), qty)


def _pieces(event: OrderFilled | PositionGivenUp) -> tuple[Piece, ...]:
    """What was taken of each lot, with its share of what the closing brought and was charged."""
    value = paid = whole = 0
    if isinstance(event, OrderFilled):
        value, paid, whole = event.value_micros, sum([fee for _, fee in event.fees]), event.qty
    found = []
    done = 0
    for lot_seq, lot_idx, qty, cost, fees, _ in event.lots:
        before, done = done, done + qty
        of = whole or done
        share = value * done // of - value * before // of
        charged = paid * done // of - paid * before // of
        found.append(Piece((lot_seq, lot_idx), qty, cost, share, fees + charged))
    return tuple(found)


def totals(found: Sequence[Line]) -> Totals:
    """The sums of some lines."""
    return Totals(
        len(found),
        sum([line.proceeds for line in found]),
        sum([line.cost for line in found]),
        sum([line.fees for line in found]),
        sum([line.economic for line in found]),
        sum([line.adjustment for line in found]),
        sum([line.disallowed for line in found]),
        sum([line.taxable for line in found]),
    )
