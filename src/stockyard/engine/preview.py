"""What an order would cost and do, without doing it.

Promises: reads the state and changes nothing; the same checks as a real order. Must not know: how
the answer is shown.
"""

from stockyard.engine import accrual, contracts, margin
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
from stockyard.numerics.arithmetic import div_ceil, div_floor, mul_div_ceil, mul_div_floor


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
    charged = sum([fee[1] for fee in fees])
    if terms.code:
        after = free
    elif now_qty == terms.qty:
        after = _power_filled(state, account, book, side, terms, value, charged)
    else:
        after = _power_held(account, terms, value + charged, free)
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


def _power_held(account: Account, terms: Terms, cost: int, free: int) -> int:
    """Buying power while the order is open: one that closes holds none of it."""
    if terms.closes:
        return free
    if account.kind == AccountKind.MARGIN:
        return max(0, free - 2 * terms.hold_micros)
    return free - max(terms.hold_micros, cost)


def _power_filled(
    state: State, account: Account, book: Book, side: int, terms: Terms, value: int, fees: int
) -> int:
    """Buying power once all of the order is filled for ``value``."""
    paid = fees + (value if side == Side.BUY else -value)
    if account.kind == AccountKind.CASH:
        return buying_power_micros(state, account) - paid
    free = margin.free_micros(state, account)
    position = account.positions.get(book.instrument_id)
    held = position.qty if position is not None else 0
    if book.is_perp and contracts.is_isolated(account, book.instrument_id):
        if position is None or not terms.closes:
            leverage = contracts.leverage_of(account, book)
            return 2 * max(0, free - fees - contracts.by_leverage(value, leverage))
        cost = mul_div_floor(abs(position.cost_micros), terms.qty, abs(held))
        realized = value - cost if held > 0 else cost - value
        back = mul_div_floor(position.pot_micros, terms.qty, abs(held)) + realized
        return 2 * max(0, free - fees + max(0, back))
    left = held + (terms.qty if side == Side.BUY else -terms.qty)
    more = _adds(state, account, book, left) - _adds(state, account, book, held)
    return 2 * max(0, free - paid + more)


def _adds(state: State, account: Account, book: Book, qty: int) -> int:
    """What a signed quantity adds to the free equity at the mark: its worth less what opening it
    requires.
    """
    price = margin.mark_of(book, qty)
    value = margin.value_at(book, qty, price)
    worth = value if qty > 0 else -value
    if book.is_perp:
        return worth - contracts.initial(account, book, value)
    if state.margin is None:
        return worth
    return worth - margin.initial(state.margin, book, qty, value, price)
