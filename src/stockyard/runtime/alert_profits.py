"""How far prices may go before a profit or loss can have reached a level.

Promises: while every position's mark stays on the near side of its edge, and nothing else happens
to the account, the level is not reached: so an account is looked at again only when an edge is, and
never at every tick. Must not know: alerts, or who watches the edges.
"""

from collections.abc import Sequence
from typing import NamedTuple

from stockyard.model.instruments import Instrument
from stockyard.model.numbers import CASH_SCALE
from stockyard.projections.rows import PositionRow
from stockyard.projections.view import View


class Edge(NamedTuple):
    """A mark of an instrument's long (or short) positions to look again at: ``level`` or beyond."""

    instrument_id: int
    is_long: bool
    is_above: bool
    level: int


def positions_of(view: View, account_id: int, instrument_id: int) -> list[PositionRow]:
    """What an account holds: of one instrument, or (0) of all."""
    held = view.positions.get(account_id, {})
    rows = held.values() if not instrument_id else filter(None, [held.get(instrument_id)])
    return [row for row in rows if row.qty]


def profit_micros(view: View, account_id: int, instrument_id: int) -> int | None:
    """What an account has gained on all that was paid in, or on one open position; None where there
    is no such position.
    """
    if not instrument_id:
        account = view.accounts.get(account_id)
        if account is None:
            return None
        return view.equity_micros(account_id) - account.deposited_micros
    rows = positions_of(view, account_id, instrument_id)
    if not rows:
        return None
    row, quote = rows[0], view.quotes[instrument_id]
    return view.worth_micros(row) - (row.pot_micros if quote.is_contract else row.cost_micros)


def edges(view: View, rows: Sequence[PositionRow], distance_micros: int, rises: bool) -> list[Edge]:
    """Where to look again for a profit that is ``distance_micros`` below its level and ``rises``,
    or above it and falls.

    Each position has an equal share of the distance; a micro-dollar each is left for rounding.
    """
    found, count = [], len(rows)
    for row in rows:
        quote = view.quotes[row.instrument_id]
        is_long = row.qty > 0
        mark = quote.mark(row.qty)
        if not mark:
            # It counts at what it cost until somebody names a price.
            found.append(Edge(row.instrument_id, is_long, True, 1))
            continue
        share = max(0, distance_micros - count)
        room = share * _unit(view.instruments[row.instrument_id]) // (count * abs(row.qty))
        is_above = is_long == rises
        level = mark + room + 1 if is_above else mark - room - 1
        if level > 0:
            found.append(Edge(row.instrument_id, is_long, is_above, level))
    return found


def _unit(instrument: Instrument) -> int:
    """Price times quantity, scaled, that is worth a micro-dollar; at least 1."""
    return int(10 ** (instrument.price_scale + instrument.qty_scale)) // int(10**CASH_SCALE)
