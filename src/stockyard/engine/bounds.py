"""Whether an order that opens a position keeps within what its owner is limited to.

Promises: nothing is changed here; what reduces a position is no concern of limits, so that nobody
is locked into one. Must not know: who set the limits, or other rules.
"""

from stockyard.engine import contracts, margin
from stockyard.engine.accounts import Account, Bounds
from stockyard.engine.books import Book
from stockyard.engine.orders import Order
from stockyard.engine.state import State
from stockyard.model.codes import AccountKind, Side, Status
from stockyard.model.denials import DenyCode
from stockyard.numerics.arithmetic import div_ceil, mul_div_ceil, mul_div_floor, product


def principal_ahead(
    book: Book, worst: int, leaves: int, filled_value: int, notional_micros: int
) -> int:
    """Cash that buying the rest of an order at its worst price takes, without fees.

    Rounded up on the order's running total, like the fills themselves, so that what a fill costs is
    never more than what it frees.
    """
    spent = div_ceil(filled_value, book.value_divisor)
    total = div_ceil(filled_value + product(worst, leaves), book.value_divisor)
    if notional_micros:
        total = min(total, max(notional_micros, spent))
    return total - spent


def value_ahead(
    book: Book, side: int, worst: int, leaves: int, filled_value: int, notional_micros: int
) -> int:
    """What the rest of an order may come to be worth; a sale at the bid if that is above its worst
    price.
    """
    if side == Side.BUY:
        return principal_ahead(book, worst, leaves, filled_value, notional_micros)
    return mul_div_ceil(max(worst, book.touch(side)), leaves, book.value_divisor)


def broken_bounds(
    state: State,
    account: Account,
    bounds: Bounds,
    book: Book,
    order_type: int,
    value: int,
    more_orders: int,
    replaced_id: int,
) -> list[tuple[int, int, int]]:
    """The limits that an order breaks which opens a position and may come to be worth ``value``.

    ``more_orders``: how many more there would be with it; ``replaced_id``: the order whose place it
    takes, 0 for none.
    """
    broken: list[tuple[int, int, int]] = []
    most = bounds.order_micros_max
    if most and value > most:
        broken.append((DenyCode.ORDER_VALUE_ABOVE_LIMIT, value, most))
    most = bounds.open_orders_max
    if most:
        count = more_orders
        for each in bounds.accounts:
            count += len(each.orders)
        if count > most:
            broken.append((DenyCode.OPEN_ORDERS_ABOVE_LIMIT, count, most))
    if bounds.instruments and book.instrument_id not in bounds.instruments:
        broken.append((DenyCode.SYMBOL_NOT_ALLOWED, 0, 0))
    if bounds.order_types and order_type not in bounds.order_types:
        broken.append((DenyCode.ORDER_TYPE_NOT_ALLOWED, 0, 0))
    if bounds.leverage_e2_max and account.kind == AccountKind.MARGIN:
        exposure, capital = _exposure(state, account, replaced_id)
        most = mul_div_floor(max(0, capital), bounds.leverage_e2_max, 100)
        if exposure + value > most:
            broken.append((DenyCode.LEVERAGE_ABOVE_LIMIT, exposure + value, most))
    return broken


def _exposure(state: State, account: Account, replaced_id: int) -> tuple[int, int]:
    """What an account's positions and its orders that open some are worth together, and its equity
    with what is set apart for isolated positions.
    """
    exposure, capital = 0, margin.measure(state, account).equity
    for position in account.positions.values():
        if position.qty == 0:
            continue
        book = state.book(position.instrument_id)
        assert book is not None
        value = margin.value_at(book, position.qty, margin.mark_of(book, position.qty))
        exposure += value
        if book.is_perp and contracts.is_isolated(account, book.instrument_id):
            capital += position.pot_micros + contracts.unrealized(position, value)
    for order in account.orders.values():
        if not order.closes and order.status != Status.HELD and order.order_id != replaced_id:
            exposure += _order_ahead(state, order)
    return exposure, capital


def _order_ahead(state: State, order: Order) -> int:
    book = state.book(order.instrument_id)
    assert book is not None
    leaves = order.qty - order.filled_qty
    return value_ahead(
        book, order.side, order.worst_price, leaves, order.filled_value, order.notional_micros
    )
