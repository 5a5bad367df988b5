"""An account with everything in it at the market.

Promises: every sum is of the same moment; equity is what the View says. Must not know: who asks.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from stockyard.api import answers as a
from stockyard.api import portfolio_answers as p
from stockyard.api.contracts import is_contract
from stockyard.api.door import Door
from stockyard.api.shapes import time_text
from stockyard.model.numbers import format_cash, format_ratio
from stockyard.model.previews import AccountStanding
from stockyard.projections.curve import Worth
from stockyard.projections.rows import AccountRow, EquityRow

_PLACES: Final = 4


class _Sums(NamedTuple):
    """In micro-dollars: ``value`` without contracts, ``apart`` what these add to the equity."""

    value: int
    apart: int
    gain: int
    long: int
    short: int
    largest: tuple[int, int]


def day_base(row: AccountRow, sample: EquityRow | None, since_ns: int) -> Worth:
    """What an account's day began with; one that is younger, or was reset since, with nothing."""
    if sample is None or row.reset_ns > since_ns:
        return Worth(0, 0)
    return Worth(sample.equity_micros, sample.deposited_micros)


def portfolio(
    door: Door, row: AccountRow, account_ids: Sequence[int], since_ns: int, base: Worth
) -> p.Portfolio:
    """An account's portfolio; ``account_ids``: all accounts of whoever asks, ``since_ns``: when its
    day began, with ``base``.
    """
    sums, standing = _sums(door, row.account_id), door.world.standing(row.account_id)
    equity = row.cash_micros + sums.value + sums.apart
    total, came_in = equity - row.deposited_micros, row.deposited_micros - base.deposited
    render, day = door.render, equity - base.equity - came_in
    return p.Portfolio(
        render.account_id(row.account_id),
        "USD",
        format_cash(row.cash_micros),
        format_cash(row.held_micros),
        format_cash(standing.buying_power),
        format_cash(sums.value),
        format_cash(equity),
        format_cash(row.deposited_micros),
        format_cash(sums.gain),
        format_cash(row.realized_micros),
        format_cash(row.fees_micros),
        format_cash(row.interest_micros),
        format_cash(total),
        _percent(total, row.deposited_micros),
        [render.position(held) for held in render.positions(row.account_id)],
        time_text(door.world.clock.now_ns()),
        format_cash(row.funding_micros),
        format_cash(sum(door.view.equity_micros(n) for n in account_ids)),
        format_cash(day),
        _percent(day, base.equity + max(0, came_in)),
        time_text(max(since_ns, row.created_ns, row.reset_ns)),
        _exposure(door, sums, equity),
        _margin(standing),
    )


def _sums(door: Door, account_id: int) -> _Sums:
    instruments = door.view.instruments
    value = apart = gain = long = short = 0
    largest = 0, 0
    for held in door.render.positions(account_id):
        worth = door.render.worth(held, instruments[held.instrument_id])[1]
        gain += worth - held.cost_micros
        long, short = long + max(0, worth), short + min(0, worth)
        largest = max(largest, (abs(worth), held.instrument_id))
        if is_contract(instruments[held.instrument_id]):
            apart += held.pot_micros + worth - held.cost_micros
        else:
            value += worth
    return _Sums(value, apart, gain, long, short, largest)


def _exposure(door: Door, sums: _Sums, equity: int) -> p.Exposure:
    worth, number = sums.largest
    return p.Exposure(
        format_cash(sums.long),
        format_cash(sums.short),
        format_cash(sums.long - sums.short),
        format_cash(sums.long + sums.short),
        _percent(sums.long - sums.short, equity),
        _percent(sums.long + sums.short, equity),
        door.view.instruments[number].symbol if number else None,
        _percent(worth, equity) if number else None,
    )


def _margin(x: AccountStanding) -> p.PortfolioMargin:
    return p.PortfolioMargin(
        format_cash(x.initial),
        format_cash(x.maintenance),
        format_cash(x.equity - x.maintenance),
        _percent(x.maintenance, x.equity),
        a.MarginCall(time_text(x.call_due_ns), x.liquidating) if x.call_due_ns else None,
    )


def _percent(part: int, whole: int) -> str | None:
    return format_ratio(part * 100, whole, _PLACES) if whole > 0 else None
