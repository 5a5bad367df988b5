"""What an order would cost and do, without doing it.

Promises: reads the state and changes nothing; the same checks as a real order. Must not know: how
the answer is shown.
"""

from stockyard.engine import accrual
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.depth import offered
from stockyard.engine.fees import charge
from stockyard.engine.margin import buying_power_micros
from stockyard.engine.order_rules import within
from stockyard.engine.orders import is_for_auction, is_stop
from stockyard.engine.risk import Terms, check_means, check_order, requested
from stockyard.engine.state import State
from stockyard.engine.venue import tradable_now
from stockyard.model.codes import AccountKind, OrderType, Side
from stockyard.model.commands import PlaceOrder
from stockyard.model.denials import DenyCode
from stockyard.model.previews import OrderPreview
from stockyard.numerics.arithmetic import div_ceil, div_floor, mul_div_ceil


def preview(state: State, command: PlaceOrder, ts: int) -> OrderPreview:
    """Check a new order and estimate its fills against the current quote."""
    account = state.accounts.get(command.account_id)
    if account is None:
        return OrderPreview(((DenyCode.UNKNOWN_ACCOUNT, 0, 0),), 0, 0, 0, 0, (), 0, 0)
    request = requested(command)
    terms = check_order(state, account, request, ts)
    book = state.book(command.instrument_id)
    free = buying_power_micros(state, account)
    if book is None or terms.qty <= 0 or terms.worst_price <= 0:
        return OrderPreview(broken(terms), terms.qty, 0, 0, 0, (), 0, free)
    if terms.code:
        # An order is denied for its shape before its account's means are looked at.
        check_means(state, account, book, request, terms, ts)
    return _estimate(state, account, book, command, terms, free, ts)


def broken(terms: Terms) -> tuple[tuple[int, int, int], ...]:
    """Every rule an order breaks, each once, the one that would be named first."""
    found: dict[int, tuple[int, int, int]] = {}
    for each in terms.broken:
        if each[0] not in found:
            found[each[0]] = each
    return tuple([found[code] for code in sorted(found)])


def _estimate(
    state: State,
    account: Account,
    book: Book,
    command: PlaceOrder,
    terms: Terms,
    free: int,
    ts: int,
) -> OrderPreview:
    profile = state.profiles[account.profile_id]
    side = command.side
    touch = book.touch(side)
    now_qty = 0
    price = command.limit_price or terms.worst_price
    waits = is_stop(command.order_type)
    in_auction = is_for_auction(command.time_in_force)
    tradable = (
        tradable_now(state, book, profile, side, command.extended_hours, ts)
        and not waits
        and not in_auction
    )
    if tradable and within(side, touch, terms.worst_price):
        price = touch
        if profile.slippage_bps and command.order_type == OrderType.MARKET:
            away = mul_div_ceil(touch, profile.slippage_bps, 10_000)
            price = touch + away if side == Side.BUY else touch - away
            price = (
                min(price, terms.worst_price) if side == Side.BUY else max(price, terms.worst_price)
            )
        now_qty = terms.qty
        if profile.size_bounded:
            now_qty = min(now_qty, offered(book, profile, side, terms.worst_price))
    exact = price * terms.qty
    buying = side == Side.BUY
    value = div_ceil(exact, book.value_divisor) if buying else div_floor(exact, book.value_divisor)
    lines = state.fee_lines(profile, book, side, ts)
    rests = now_qty == 0 and not waits and not in_auction
    fees = charge(lines, rests, 0, value, 0, terms.qty, book.qty_unit, value)
    short = not terms.closes and side == Side.SELL and account.kind == AccountKind.MARGIN
    borrow = accrual.borrow_fee(state, book, -terms.qty) if short else 0
    after = free
    if terms.code == 0 and not terms.closes:
        if account.kind == AccountKind.MARGIN:
            after = max(0, free - 2 * terms.hold_micros)
        else:
            after -= max(terms.hold_micros, value + sum([fee[1] for fee in fees]))
    return OrderPreview(
        broken(terms),
        terms.qty,
        now_qty,
        price,
        value,
        fees,
        terms.hold_micros,
        after,
        borrow,
    )
