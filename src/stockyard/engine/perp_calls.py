"""Leverage of perpetual contracts, and liquidation of positions that have margin of their own.

Promises: an isolated position is liquidated once its margin is below its maintenance at the mark,
without grace, and as a margin call on clock ticks only. Must not know: accounts' own margin
(``margin_calls``), or how an order is filled.
"""

from heapq import heappop, heappush
from typing import Final

from stockyard.engine import contracts, desk, idempotency, margin, perps
from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book
from stockyard.engine.closings import send_closing
from stockyard.engine.risk import Terms
from stockyard.engine.state import State
from stockyard.model.codes import AccountStatus, Reason
from stockyard.model.commands import SetLeverage
from stockyard.model.denials import DenyCode
from stockyard.model.events import CommandDenied, Event, LeverageSet, LiquidationStarted
from stockyard.model.numbers import LEGS_MAX

REVIEW_NS: Final = 60 * 1_000_000_000
"""A liquidation is looked at again after this long: its order may have ended unfilled."""


def judge(state: State, account: Account, ts: int) -> None:
    """Note the account's isolated positions that lack margin: the next clock tick closes them."""
    for position in account.positions.values():
        if position.qty == 0 or position.liquidation_ns:
            continue
        if contracts.is_isolated(account, position.instrument_id):
            book = state.book(position.instrument_id)
            assert book is not None
            value = margin.value_at(book, position.qty, margin.mark_of(book, position.qty))
            if contracts.own_excess(book, position, value) < 0:
                position.liquidation_ns = ts
                expect(state, account, position)


def expect(state: State, account: Account, position: Position) -> None:
    """Go on with a position's liquidation when that is due."""
    due_ns, instrument_id = position.liquidation_ns, position.instrument_id
    heappush(state.perp_dues, (due_ns, account.account_id, instrument_id))


def liquidate_due(state: State, ts: int, out: list[Event]) -> None:
    """Go on with the liquidations that are due, oldest first, as far as one input can make orders.

    What does not fit is due again at once.
    """
    while state.perp_dues and state.perp_dues[0][0] <= ts and state.legs < LEGS_MAX:
        _, account_id, instrument_id = heappop(state.perp_dues)
        account = state.accounts[account_id]
        book = state.book(instrument_id)
        assert book is not None
        _go_on(state, account, book, account.positions[instrument_id], ts, out)
        state.prune_perp_dues()


def _go_on(
    state: State, account: Account, book: Book, position: Position, ts: int, out: list[Event]
) -> None:
    """Close what is left of a position; at first its other orders are canceled."""
    position.liquidation_ns = ts + REVIEW_NS
    expect(state, account, position)
    orders = [o for o in account.open_orders() if o.instrument_id == book.instrument_id]
    if not any([order.liquidates for order in orders]):
        value = margin.value_at(book, position.qty, margin.mark_of(book, position.qty))
        equity = position.pot_micros + contracts.unrealized(position, value)
        required = contracts.maintenance(book, value)
        out.append(LiquidationStarted(account.account_id, equity, required, book.instrument_id))
        desk.cancel_together(state, account, orders, Reason.LIQUIDATION, out)
        send_closing(state, account, book, position, ts, out)
    state.touch(account)


def on_set_leverage(state: State, ts: int, command: SetLeverage, out: list[Event]) -> None:
    """Choose a leverage and a mode; a position there is takes them over if it has what it then
    needs.
    """
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    terms = _check(state, account, command)
    idempotency.remember(state, account, "", key, digest, ts, terms.code == 0)
    if terms.code:
        out.append(CommandDenied(account.account_id, terms.code, terms.required, terms.available))
        return
    account.leverages[command.instrument_id] = (command.leverage, command.isolated)
    position = account.positions.get(command.instrument_id)
    pot = 0
    if position is not None and position.qty:
        pot = _pot(position, command)
        perps.fill_pot(state, account, position, pot - position.pot_micros)
    state.touch(account)
    out.append(
        LeverageSet(
            account.account_id,
            command.instrument_id,
            command.leverage,
            command.isolated,
            account.cash_micros,
            pot,
        )
    )


def _pot(position: Position, command: SetLeverage) -> int:
    """The margin an isolated position is given: its value when entered, by the leverage."""
    return contracts.by_leverage(abs(position.cost_micros), command.leverage) * command.isolated


def _check(state: State, account: Account, command: SetLeverage) -> Terms:
    terms = Terms()
    if account.status != AccountStatus.ACTIVE:
        terms.deny(DenyCode.ACCOUNT_NOT_ACTIVE)
    if account.is_frozen:
        terms.deny(DenyCode.TRADING_FROZEN)
    book = state.book(command.instrument_id)
    if book is None:
        terms.deny(DenyCode.UNKNOWN_INSTRUMENT)
        return terms
    if not book.is_perp:
        terms.deny(DenyCode.NOT_A_PERPETUAL)
        return terms
    most = book.leverage_max
    if account.bounds is not None and account.bounds.leverage_e2_max:
        most = min(most, account.bounds.leverage_e2_max // 100)
    if not 1 <= command.leverage <= most:
        terms.deny(DenyCode.LEVERAGE_OUT_OF_RANGE, command.leverage, most)
        return terms
    if command.instrument_id in account.opening:
        terms.deny(DenyCode.LEVERAGE_WITH_ORDERS_OPEN)
    position = account.positions.get(command.instrument_id)
    if position is not None and position.qty:
        if position.liquidation_ns:
            terms.deny(DenyCode.POSITION_IN_LIQUIDATION)
        _check_fits(state, account, book, position, command, terms)
    return terms


def _check_fits(
    state: State,
    account: Account,
    book: Book,
    position: Position,
    command: SetLeverage,
    terms: Terms,
) -> None:
    """Check that the position has what it needs afterwards, of its own or of the account's."""
    value = margin.value_at(book, position.qty, margin.mark_of(book, position.qty))
    profit = contracts.unrealized(position, value)
    free = margin.free_micros(state, account)
    before = -position.pot_micros
    if not contracts.is_isolated(account, book.instrument_id):
        before = profit - contracts.initial(account, book, value)
    pot = _pot(position, command)
    after = -pot
    if command.isolated:
        required = contracts.maintenance(book, value)
        if pot + profit < required:
            terms.deny(DenyCode.LEVERAGE_DOES_NOT_FIT, required, pot + profit)
    else:
        after = profit - contracts.by_leverage(value, command.leverage)
    more = before - after
    if more > max(free, 0):
        terms.deny(DenyCode.LEVERAGE_DOES_NOT_FIT, more, max(free, 0))
