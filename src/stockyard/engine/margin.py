"""What margin accounts must put up: values at the marks, requirements, buying power, and how far
prices may move before an account's margin must be looked at again.

Promises: long positions are valued at the bid, short ones at the ask, each rounded against the
account; requirements are rounded up. Nothing is changed here. Must not know: margin calls, orders
beyond what they hold, or where the terms come from.

Sources: Regulation T section 220.12 (initial), FINRA Rule 4210(c) (maintenance). What margin one
must have is stated here on the present market value, without a special memorandum account.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.engine import contracts
from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book
from stockyard.engine.state import MarginRules, State
from stockyard.model.codes import AccountKind
from stockyard.numerics.arithmetic import mul_div_ceil, mul_div_floor
from stockyard.numerics.marks import long_mark, short_mark

_MILLION: Final = 1_000_000
NO_PRICE: Final = -1
"""No price is low or high enough."""


@mypyc_attr(acyclic=True)
class Figures:
    """An account's margin at one moment, in micro-dollars; ``short_value`` is not below zero.

    ``unrealized``, ``contract_value``: of positions in perpetual contracts with the account's
    margin. Isolated ones are no part of it.
    """

    def __init__(self) -> None:
        self.cash = 0
        self.long_value = 0
        self.short_value = 0
        self.unrealized = 0
        self.contract_value = 0
        self.initial = 0
        self.maintenance = 0

    @property
    def equity(self) -> int:
        """What would be left if everything were closed at the marks."""
        return self.cash + self.long_value - self.short_value + self.unrealized

    @property
    def excess(self) -> int:
        """Equity beyond what the positions require; below zero the account is in breach."""
        return self.equity - self.maintenance


def set_marks(book: Book) -> None:
    """Value positions at the quote from now on: long ones at the bid, short ones at the ask."""
    bid, ask, last = book.bid, book.ask, book.last_price
    book.long_mark = long_mark(bid, ask, last, book.long_mark)
    book.short_mark = short_mark(bid, ask, last, book.short_mark)


def value_at(book: Book, qty: int, price: int) -> int:
    """Micro-dollars of a signed quantity at a price, not below zero, rounded against its owner."""
    if qty >= 0:
        return mul_div_floor(qty, price, book.value_divisor)
    return mul_div_ceil(-qty, price, book.value_divisor)


def mark_of(book: Book, qty: int) -> int:
    """What a signed quantity is valued at."""
    return book.long_mark if qty >= 0 else book.short_mark


def low_price(book: Book, price_micros: int) -> int:
    """The lowest price of the book that is at least this many micro-dollars."""
    return mul_div_ceil(price_micros, book.price_unit, _MILLION)


def maintenance(terms: MarginRules, book: Book, qty: int, value: int, price: int) -> int:
    """What a signed quantity worth ``value`` at ``price`` requires while it is held.

    Only stocks can be bought in part with borrowed cash; perpetual contracts have terms of their
    own.
    """
    if book.is_perp:
        return contracts.maintenance(book, value)
    dollars = price * _MILLION
    if qty >= 0:
        if not book.marginable or dollars < terms.long_low_price_micros * book.price_unit:
            return value
        return mul_div_ceil(value, terms.long_ppm, _MILLION)
    if dollars < terms.short_low_price_micros * book.price_unit:
        share, ppm = terms.short_low_share_micros, terms.short_low_ppm
    else:
        share, ppm = terms.short_share_micros, terms.short_ppm
    return max(mul_div_ceil(-qty, share, book.qty_unit), mul_div_ceil(value, ppm, _MILLION))


def initial(terms: MarginRules, book: Book, qty: int, value: int, price: int) -> int:
    """What opening a signed quantity worth ``value`` at ``price`` requires: never less than holding
    it does.
    """
    return _initial(terms, book, qty, value, maintenance(terms, book, qty, value, price))


def _initial(terms: MarginRules, book: Book, qty: int, value: int, least: int) -> int:
    if qty >= 0 and not book.marginable:
        return value
    ppm = terms.initial_long_ppm if qty >= 0 else terms.initial_short_ppm
    return max(mul_div_ceil(value, ppm, _MILLION), least)


def measure(state: State, account: Account) -> Figures:
    """An account's margin at the marks; without margin terms nothing is required."""
    figures = Figures()
    figures.cash = account.cash_micros
    terms = state.margin
    for position in account.positions.values():
        qty = position.qty
        if qty == 0:
            continue
        book = state.book(position.instrument_id)
        assert book is not None
        price = mark_of(book, qty)
        value = value_at(book, qty, price)
        if book.is_perp:
            _measure_contract(account, book, position, value, figures)
            continue
        if qty > 0:
            figures.long_value += value
        else:
            figures.short_value += value
        if terms is not None:
            required = maintenance(terms, book, qty, value, price)
            figures.maintenance += required
            figures.initial += _initial(terms, book, qty, value, required)
    return figures


def _measure_contract(
    account: Account, book: Book, position: Position, value: int, figures: Figures
) -> None:
    if contracts.is_isolated(account, book.instrument_id):
        return
    figures.contract_value += value
    figures.unrealized += contracts.unrealized(position, value)
    figures.initial += contracts.initial(account, book, value)
    figures.maintenance += contracts.maintenance(book, value)


def free_micros(state: State, account: Account) -> int:
    """What opening orders may still hold: free cash, or the equity that neither the positions nor
    other orders require.
    """
    if account.kind == AccountKind.CASH:
        return account.cash_micros - account.held_micros
    figures = measure(state, account)
    return figures.equity - figures.initial - account.held_micros


def buying_power_micros(state: State, account: Account) -> int:
    """What the account can buy of a stock with an initial requirement of half."""
    free = free_micros(state, account)
    return free if account.kind == AccountKind.CASH else 2 * max(free, 0)


def withdrawable_micros(account: Account, figures: Figures, settled: int) -> int:
    """What may be taken out: settled cash that no order holds; of a margin account, cash that its
    positions and orders do not require, and that would be left were the shares it owes bought back.
    """
    if account.kind == AccountKind.CASH:
        return min(account.cash_micros - account.held_micros, settled)
    free = figures.equity - figures.initial - account.held_micros
    return max(0, min(account.cash_micros - figures.short_value, free))


def borrows(account: Account) -> bool:
    """Whether an account owes cash or shares, or may come to owe the loss of a perpetual contract:
    no other can be in breach.
    """
    if account.cash_micros < 0:
        return True
    positions = account.positions.values()
    return any(p.qty < 0 or (p.qty > 0 and p.is_contract) for p in positions)


def bears(terms: MarginRules, book: Book, qty: int, price: int) -> int:
    """What a position adds to its account's excess at a price: below zero for a short one."""
    value = value_at(book, qty, price)
    required = maintenance(terms, book, qty, value, price)
    return value - required if qty >= 0 else -value - required


def lowest_long(terms: MarginRules, book: Book, qty: int, least: int) -> int:
    """The lowest price at which a long position adds ``least`` to the excess."""
    if least <= 0:
        return 0
    own_ppm = _MILLION - (book.maintenance_ppm if book.is_perp else terms.long_ppm)
    if not (book.marginable or book.is_perp) or own_ppm == 0:
        return NO_PRICE
    value = mul_div_ceil(least, _MILLION, own_ppm)
    price = mul_div_ceil(value, book.value_divisor, qty)
    if book.is_perp:
        return price
    return max(price, low_price(book, terms.long_low_price_micros))


def highest_short(terms: MarginRules, book: Book, qty: int, most: int) -> int:
    """The highest price at which a short position of ``-qty`` takes ``most`` from the excess."""
    if book.is_perp:
        return max(_highest(book, qty, most, 0, book.maintenance_ppm), 0)
    threshold = low_price(book, terms.short_low_price_micros)
    price = _highest(book, qty, most, terms.short_share_micros, terms.short_ppm)
    if price >= threshold:
        return price
    price = _highest(book, qty, most, terms.short_low_share_micros, terms.short_low_ppm)
    price = min(price, threshold - 1)
    return price if price > 0 else NO_PRICE


def _highest(book: Book, qty: int, most: int, share_micros: int, ppm: int) -> int:
    fixed = mul_div_ceil(qty, share_micros, book.qty_unit)
    value = min(most - fixed, mul_div_floor(most, _MILLION, _MILLION + ppm))
    return mul_div_floor(value, book.value_divisor, qty)


def next_level(
    terms: MarginRules, book: Book, position: Position, share: int, in_breach: bool
) -> tuple[int, bool]:
    """The nearest price that makes the position take more than ``share`` from its account's
    excess, or, in breach, add at least ``share`` to it; and whether it lies below the mark.
    """
    qty = position.qty
    now = bears(terms, book, qty, mark_of(book, qty))
    if qty > 0:
        if in_breach:
            return lowest_long(terms, book, qty, now + share), False
        price = lowest_long(terms, book, qty, now - share)
        return (price - 1 if price > 0 else NO_PRICE), True
    if in_breach:
        return highest_short(terms, book, -qty, -now - share), True
    return highest_short(terms, book, -qty, share - now) + 1, False
