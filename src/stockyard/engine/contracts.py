"""Perpetual contracts in figures: leverage, margin, and what a position is worth.

Promises: every rounding is against the account; nothing is changed here. Must not know: prices
beyond the values passed in, or what happens when a position lacks margin.

A position's margin is its account's (cross), or a pot set apart for it (isolated) that is all it
can lose. Sources: linear contracts settled in dollars, as the venues of crypto define them: profit
is the price's way times the quantity; the initial margin is the value by the leverage, maintenance
a share of the value at the mark.
"""

from typing import Final

from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book
from stockyard.numerics.arithmetic import div_ceil, mul_div_ceil

_MILLION: Final = 1_000_000


def leverage_of(account: Account, book: Book) -> int:
    """The leverage an account has chosen for a contract, or the one it starts with."""
    chosen = account.leverages.get(book.instrument_id)
    return chosen[0] if chosen is not None else book.leverage_start


def is_isolated(account: Account, instrument_id: int) -> bool:
    """Whether an account's position in a contract has margin of its own."""
    chosen = account.leverages.get(instrument_id)
    return chosen is not None and chosen[1]


def initial(account: Account, book: Book, value: int) -> int:
    """What a position worth ``value`` needs to be opened."""
    return by_leverage(value, leverage_of(account, book))


def by_leverage(value: int, leverage: int) -> int:
    """A value's margin under a leverage, rounded up."""
    return div_ceil(value, leverage)


def maintenance(book: Book, value: int) -> int:
    """What a position worth ``value`` needs while it is held."""
    return mul_div_ceil(value, book.maintenance_ppm, _MILLION)


def unrealized(position: Position, value: int) -> int:
    """A position's profit or loss, were it closed for ``value``."""
    return (value if position.qty > 0 else -value) - position.cost_micros


def own_excess(book: Book, position: Position, value: int) -> int:
    """What an isolated position has beyond its maintenance; below zero it is liquidated."""
    return position.pot_micros + unrealized(position, value) - maintenance(book, value)
