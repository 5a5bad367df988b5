"""What borrowing costs: interest on cash and a fee on shares, charged at every midnight UTC.

Promises: only accounts that borrow are visited, in the order of their ids; each day passed is
charged by itself; a charge is rounded up to a micro-dollar. Must not know: why an account borrows.
"""

from stockyard.engine import margin
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.state import DAY_NS, MarginRules, State
from stockyard.model.codes import Book as HouseBook
from stockyard.model.codes import ChargeKind
from stockyard.model.events import Event, InterestCharged
from stockyard.numerics.arithmetic import mul_div_ceil

_MILLION = 1_000_000


def accrue(state: State, out: list[Event]) -> None:
    """Charge a day's interest and fees to every account that borrows."""
    for account_id in sorted(state.borrowers):
        account = state.borrowers[account_id]
        _charge_debit(state, account, out)
        for instrument_id in sorted(account.positions):
            if account.positions[instrument_id].qty < 0:
                _charge_borrow(state, account, instrument_id, out)
        state.touch(account)
    state.accrual_ns += DAY_NS


def note_borrowers(state: State, at_ns: int) -> None:
    """Know who borrows, before an input has run its course."""
    for account_id in state.touched:
        account = state.accounts[account_id]
        if not margin.borrows(account):
            state.borrowers.pop(account_id, None)
        elif account_id not in state.borrowers:
            state.borrow_from(account, at_ns)


def _charge_debit(state: State, account: Account, out: list[Event]) -> None:
    terms = state.margin
    if terms is not None and account.cash_micros < 0:
        _charge(state, account, ChargeKind.DEBIT_INTEREST, 0, -account.cash_micros, terms.debit_ppm,
                out)  # fmt: skip


def _charge_borrow(state: State, account: Account, instrument_id: int, out: list[Event]) -> None:
    book = state.book(instrument_id)
    assert book is not None
    if book.borrow is not None:
        qty = account.positions[instrument_id].qty
        value = margin.value_at(book, qty, margin.mark_of(book, qty))
        _charge(
            state, account, ChargeKind.BORROW_FEE, instrument_id, value, book.borrow.rate_ppm, out
        )


def borrow_fee(state: State, book: Book, qty: int) -> int:
    """What a day of a short quantity (below zero) costs at the mark."""
    if book.borrow is None or state.margin is None:
        return 0
    value = margin.value_at(book, qty, margin.mark_of(book, qty))
    return a_days(value, book.borrow.rate_ppm, state.margin)


def a_days(base: int, rate_ppm: int, terms: MarginRules) -> int:
    """A day's part of a yearly rate, rounded up to a micro-dollar."""
    return mul_div_ceil(base, rate_ppm, _MILLION * terms.year_days)


def _charge(
    state: State,
    account: Account,
    kind: int,
    instrument_id: int,
    base: int,
    rate_ppm: int,
    out: list[Event],
) -> None:
    terms = state.margin
    assert terms is not None
    amount = a_days(base, rate_ppm, terms)
    if amount == 0:
        return
    state.ledger.post_cash(account, -amount)
    house = HouseBook.INTEREST if kind == ChargeKind.DEBIT_INTEREST else HouseBook.BORROW
    state.ledger.post_house(house, amount)
    out.append(
        InterestCharged(
            account.account_id, kind, instrument_id, base, rate_ppm, amount, account.cash_micros
        )
    )
