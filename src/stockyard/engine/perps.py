"""Perpetual contracts: what fills, marks and funding do to positions in them.

Promises: no principal changes hands: a position is its quantity and what it was entered at, pooled
(there are no lots), and a closing is paid its profit or loss by the house's book of contracts.
Margin that is set apart for an isolated position lies in that book too. Must not know: where a
fill's price comes from, or who is liquidated (``perp_calls``).
"""

from typing import Final

from stockyard.engine import contracts, margin
from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book
from stockyard.engine.fees import FeeLine, charge
from stockyard.engine.orders import Order
from stockyard.engine.posting import Posted, post_fees, spent_micros
from stockyard.engine.state import State
from stockyard.model.codes import Book as HouseBook
from stockyard.model.codes import FeeKind, Side
from stockyard.model.events import Event, FundingPaid
from stockyard.numerics.arithmetic import mul_div_ceil, mul_div_floor, product

_MILLION: Final = 1_000_000
_BILLION: Final = 1_000_000_000


def post_fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    price: int,
    qty: int,
    lines: list[FeeLine],
    maker: bool,
) -> Posted:
    """Execute ``qty`` of an order at ``price``. What the house liquidates is charged the
    contract's liquidation fee, any other fill the fees of the table.
    """
    before, qty_before = spent_micros(book, order), order.filled_qty
    order.filled_value += product(price, qty)
    order.filled_qty += qty
    posted = Posted(spent_micros(book, order) - before)
    position = account.position(order.instrument_id)
    position.is_contract = True
    held = position.qty
    signed = qty if order.side == Side.BUY else -qty
    state.ledger.post_qty(position, signed)
    state.ledger.post_street(book, -signed)
    if order.closes:
        assert held * signed < 0, "an order closes nothing"
        assert qty <= abs(held), "a fill turned a position round"
        _close(state, account, book, order, position, held, qty, posted)
    else:
        assert held == 0 or (held > 0) == (signed > 0), "an order that opens reduces a position"
        _open(state, account, book, order, position, qty, before, posted.value)
    if not order.liquidates:
        posted.fees = charge(
            lines,
            maker,
            before,
            before + posted.value,
            qty_before,
            order.filled_qty,
            book.qty_unit,
            posted.value,
        )
        posted.charged = post_fees(state, account, posted.fees)
    return posted


def _open(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    position: Position,
    qty: int,
    before: int,
    value: int,
) -> None:
    """Enter at ``value``; an isolated position gets its margin, rounded up on all that the order
    was filled for, so that its fills together take no more than it held.
    """
    book.holders[account.account_id] = account
    if order.side == Side.SELL:
        order.borrowed_qty -= qty
        position.cost_micros -= value
    else:
        position.cost_micros += value
    if contracts.is_isolated(account, book.instrument_id):
        more = contracts.initial(account, book, before + value)
        more -= contracts.initial(account, book, before)
        fill_pot(state, account, position, more)


def _close(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    position: Position,
    held: int,
    qty: int,
    posted: Posted,
) -> None:
    """Pay what closing ``qty`` of ``held`` wins or loses against the average entry."""
    short = held < 0
    cost = mul_div_floor(abs(position.cost_micros), qty, abs(held))
    realized = cost - posted.value if short else posted.value - cost
    position.cost_micros += cost if short else -cost
    position.realized_micros += realized
    posted.realized = realized
    if short:
        book.borrowed_qty -= qty
    fee = 0
    if order.liquidates:
        fee = mul_div_ceil(posted.value, book.liquidation_fee_ppm, _MILLION)
    if contracts.is_isolated(account, book.instrument_id):
        fee = _pay_from_pot(state, account, position, order.liquidates, held, qty, fee, posted)
    else:
        state.ledger.post_house(HouseBook.PERPS, -realized)
        state.ledger.post_cash(account, realized - fee)
    if fee or posted.insured:
        state.ledger.post_house(HouseBook.INSURANCE, fee - posted.insured)
    if fee:
        posted.fees = ((FeeKind.LIQUIDATION, fee),)
        posted.charged = fee
    if position.qty == 0:
        del book.holders[account.account_id]
        position.liquidation_ns = 0
        state.prune_perp_dues()


def _pay_from_pot(
    state: State,
    account: Account,
    position: Position,
    liquidates: bool,
    held: int,
    qty: int,
    fee: int,
    posted: Posted,
) -> int:
    """Give an isolated position's margin back in proportion, with what is won or lost; a loss
    beyond it is the insurance fund's. Returns how much of the liquidation fee it could pay.

    A liquidation gives nothing back before the position is closed.
    """
    realized = posted.realized
    pot = position.pot_micros
    share = mul_div_floor(pot, qty, abs(held))
    position.pot_micros -= share
    free = share + realized
    if free < 0:
        used = min(position.pot_micros, -free)
        position.pot_micros -= used
        posted.insured = -free - used
        free = 0
    elif position.qty and liquidates:
        position.pot_micros += free
        free = 0
    fee = min(fee, free + position.pot_micros)
    from_pot = max(0, fee - free)
    position.pot_micros -= from_pot
    free -= fee - from_pot
    state.ledger.post_house(HouseBook.PERPS, position.pot_micros - pot - realized)
    state.ledger.post_cash(account, free)
    return fee


def fill_pot(state: State, account: Account, position: Position, micros: int) -> None:
    """Set margin apart for a position; below zero gives it back."""
    position.pot_micros += micros
    state.ledger.post_cash(account, -micros)
    state.ledger.post_house(HouseBook.PERPS, micros)


def give_up(state: State, account: Account, book: Book, position: Position) -> None:
    """Take a position out at no price: its margin goes where all of the account's cash does."""
    state.ledger.post_house(HouseBook.PERPS, -position.pot_micros)
    state.ledger.post_house(HouseBook.FUNDING, position.pot_micros)
    position.pot_micros = 0
    position.liquidation_ns = 0
    book.holders.pop(account.account_id, None)
    state.prune_perp_dues()


def pay_funding(state: State, book: Book, rate_e9: int, out: list[Event]) -> None:
    """Let every holder of a contract pay or get funding on the value at the mark, in the order of
    their accounts; rounded against each. An isolated position pays no more than its margin.
    """
    most = book.funding_bound_e9
    rate = max(-most, min(most, rate_e9))
    for account_id in sorted(book.holders):
        account = book.holders[account_id]
        position = account.positions[book.instrument_id]
        value = margin.value_at(book, position.qty, book.long_mark)
        amount = mul_div_ceil(value, rate if position.qty > 0 else -rate, _BILLION)
        if contracts.is_isolated(account, book.instrument_id):
            amount = min(amount, position.pot_micros)
            position.pot_micros -= amount
            state.ledger.post_house(HouseBook.PERPS, -amount)
        else:
            state.ledger.post_cash(account, -amount)
        state.ledger.post_house(HouseBook.PERP_FUNDING, amount)
        position.funding_micros += amount
        state.touch(account)
        out.append(
            FundingPaid(
                account_id,
                book.instrument_id,
                position.qty,
                book.long_mark,
                rate,
                amount,
                account.cash_micros,
                position.pot_micros,
                position.funding_micros,
            )
        )
