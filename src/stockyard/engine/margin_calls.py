"""Margin calls: when an account is called, when that is met, and what the house closes otherwise.

Promises: after every input each account that borrows has been judged on the marks of that moment,
although only those are looked at whose own affairs or whose levels were touched. Liquidation runs
on clock ticks only, so no command's answer is mixed with it. Must not know: how an order is filled,
or what anything requires (``margin``).
"""

from heapq import heappop, heappush
from typing import Final

from stockyard.engine import contracts, margin, perp_calls
from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book
from stockyard.engine.closings import send_closing
from stockyard.engine.desk import cancel_together
from stockyard.engine.levels import Level
from stockyard.engine.state import State
from stockyard.model.codes import AccountKind, Reason
from stockyard.model.events import Event, LiquidationStarted, MarginCalled, MarginCallMet
from stockyard.model.numbers import LEGS_MAX
from stockyard.numerics.arithmetic import mul_div_floor

REVIEW_NS: Final = 60 * 1_000_000_000
"""A liquidation is looked at again after this long: orders of it may have ended unfilled."""


def review(state: State, ts: int, out: list[Event]) -> None:
    """Judge the accounts that were touched, in the order of their ids."""
    while state.touched:
        touched, state.touched = state.touched, []
        for account_id in sorted(touched):
            account = state.accounts[account_id]
            account.is_touched = False
            _judge(state, account, ts, out)


def _judge(state: State, account: Account, ts: int, out: list[Event]) -> None:
    """Call an account in breach, or end its call; then wait for the prices that matter next.

    There is no grace where the account's margin bears positions in perpetual contracts, and none
    any more when it comes to bear one.
    """
    terms = state.margin
    borrows = account.kind == AccountKind.MARGIN and margin.borrows(account)
    if not borrows:
        state.borrowers.pop(account.account_id, None)
    elif account.account_id not in state.borrowers:
        state.borrow_from(account, ts)
    drop_levels(state, account)
    if terms is None or not (borrows or account.call_due_ns):
        return
    figures = margin.measure(state, account)
    in_breach = borrows and figures.excess < 0
    at_once = figures.contract_value > 0
    if in_breach and (account.call_due_ns == 0 or (at_once and account.call_due_ns > ts)):
        account.call_due_ns = ts if at_once else ts + terms.grace_ns
        heappush(state.calls, (account.call_due_ns, account.account_id))
        out.append(
            MarginCalled(
                account.account_id, figures.equity, figures.maintenance, account.call_due_ns
            )
        )
    elif not in_breach and account.call_due_ns:
        end_call(state, account)
        out.append(MarginCallMet(account.account_id, figures.equity, figures.maintenance))
        orders = [
            order
            for order in account.open_orders()
            if order.liquidates and not contracts.is_isolated(account, order.instrument_id)
        ]
        cancel_together(state, account, orders, Reason.MARGIN_CALL_MET, out)
    if borrows:
        perp_calls.judge(state, account, ts)
        _set_levels(state, account, figures)


def end_call(state: State, account: Account) -> None:
    """Forget an account's margin call, if it has one."""
    account.call_due_ns = account.review_ns = 0
    state.prune_calls()


def drop_levels(state: State, account: Account) -> None:
    """Wait for no price any more."""
    for instrument_id, is_long, is_lower, level in account.levels:
        if level.heap_index >= 0:
            book = state.book(instrument_id)
            assert book is not None
            book.watch.remove(is_long, is_lower, level)
    account.levels = []


def _set_levels(state: State, account: Account, figures: margin.Figures) -> None:
    """Wait for the prices that could make the account's excess change its sign: each position may
    use up its part of it, by its share of all that is held.
    """
    terms = state.margin
    assert terms is not None
    excess = figures.excess
    in_breach = excess < 0
    total = figures.long_value + figures.short_value + figures.contract_value
    for position in account.positions.values():
        qty = position.qty
        if qty == 0:
            continue
        book = state.book(position.instrument_id)
        assert book is not None
        value = margin.value_at(book, qty, margin.mark_of(book, qty))
        if contracts.is_isolated(account, book.instrument_id):
            if position.liquidation_ns:
                continue
            share = contracts.own_excess(book, position, value)
            price, is_lower = margin.next_level(terms, book, position, share, False)
        else:
            share = mul_div_floor(abs(excess), value, total) if total else 0
            share = max(1, share) if in_breach else share
            price, is_lower = margin.next_level(terms, book, position, share, in_breach)
        if price != margin.NO_PRICE:
            level = Level(account.account_id, price, -price if is_lower else price)
            book.watch.push(qty > 0, is_lower, level)
            account.levels.append((position.instrument_id, qty > 0, is_lower, level))


def on_marks(state: State, book: Book) -> None:
    """Value positions at the book's quote, and touch the accounts whose levels that crosses.

    Positions in a perpetual contract are valued at its mark.
    """
    if not book.is_perp:
        margin.set_marks(book)
        cross_levels(state, book)


def cross_levels(state: State, book: Book) -> None:
    """Touch the accounts whose levels the marks cross."""
    if book.watch.is_crossed(book.long_mark, book.short_mark):
        for account_id in book.watch.cross(book.long_mark, book.short_mark):
            state.touch(state.accounts[account_id])


def liquidate_due(state: State, ts: int, out: list[Event]) -> None:
    """Go on with the margin calls that are due, oldest first, as far as one input can make orders.

    What does not fit is due again at once.
    """
    while state.calls and state.calls[0][0] <= ts and state.legs < LEGS_MAX:
        account = state.accounts[heappop(state.calls)[1]]
        state.prune_calls()
        figures = margin.measure(state, account)
        if account.review_ns == 0:
            out.append(LiquidationStarted(account.account_id, figures.equity, figures.maintenance))
            orders = [order for order in account.open_orders() if not order.liquidates]
            cancel_together(state, account, orders, Reason.LIQUIDATION, out)
        fits = _close_enough(state, account, ts, out)
        account.review_ns = ts + REVIEW_NS if fits else ts
        heappush(state.calls, (account.review_ns, account.account_id))
        state.touch(account)


def _close_enough(state: State, account: Account, ts: int, out: list[Event]) -> bool:
    """Close positions, largest unrealized loss first, then by symbol, until what is left requires
    no more than there is; False when the input can make no more orders.
    """
    found: list[tuple[int, str, Position, Book]] = []
    for position in account.positions.values():
        if position.qty and not contracts.is_isolated(account, position.instrument_id):
            book = state.book(position.instrument_id)
            assert book is not None
            value = margin.value_at(book, position.qty, margin.mark_of(book, position.qty))
            worth = value if position.qty > 0 else -value
            found.append((worth - position.cost_micros, book.symbol, position, book))
    found.sort(key=_loss_then_symbol)
    for _, _, position, book in found:
        if _excess_ahead(state, account) >= 0:
            return True
        if state.legs == LEGS_MAX:
            return False
        send_closing(state, account, book, position, ts, out)
    return True


def _loss_then_symbol(each: tuple[int, str, Position, Book]) -> tuple[int, str]:
    return each[0], each[1]


def _excess_ahead(state: State, account: Account) -> int:
    """The excess there will be when the liquidation's open orders are filled at the marks."""
    terms = state.margin
    assert terms is not None
    leaving: dict[int, int] = {}
    for order in account.open_orders():
        if order.liquidates:
            leaves = order.qty - order.filled_qty
            leaving[order.instrument_id] = leaving.get(order.instrument_id, 0) + leaves
    excess = margin.measure(state, account).equity
    for position in account.positions.values():
        leaves = leaving.get(position.instrument_id, 0)
        qty = position.qty - leaves if position.qty > 0 else position.qty + leaves
        if qty and not contracts.is_isolated(account, position.instrument_id):
            book = state.book(position.instrument_id)
            assert book is not None
            price = margin.mark_of(book, qty)
            value = margin.value_at(book, qty, price)
            excess -= margin.maintenance(terms, book, qty, value, price)
    return excess


def take_up(state: State) -> None:
    """Go on watching the accounts of a restored state, in which all have been judged."""
    for account_id in sorted(state.accounts):
        account = state.accounts[account_id]
        if account.call_due_ns:
            heappush(state.calls, (account.review_ns or account.call_due_ns, account_id))
        for position in account.positions.values():
            if position.liquidation_ns:
                perp_calls.expect(state, account, position)
        if account.kind == AccountKind.MARGIN and margin.borrows(account):
            state.borrow_from(account, state.ts)
            if state.margin is not None:
                _set_levels(state, account, margin.measure(state, account))
