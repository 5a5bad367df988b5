"""What planned outcomes do to the orders they meet.

Promises: an order meets at most one rule when it begins, the first planned that matches, and a stop
may meet a planned fill once it is triggered; money, lots, fees and reservations are as for any
other order; where nothing is planned, nothing is done. Must not know: how rules are planned
(``planning``) or what the market would have done.
"""

from stockyard.engine import idempotency, travel, venue
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.margin import free_micros
from stockyard.engine.order_rules import within
from stockyard.engine.orders import Order, advance, is_for_auction, is_stop
from stockyard.engine.outcome_rules import Rule, first_denial
from stockyard.engine.risk import opening_hold
from stockyard.engine.sessions import NEVER_NS
from stockyard.engine.state import Errand, State
from stockyard.model.codes import FillRule, OrderType, Part, Plan, Reason, Rest, Trigger
from stockyard.model.events import CommandDenied, Event, OutcomesForgotten, OutcomeUsed
from stockyard.numerics.arithmetic import mul_div_floor

_BILLION = 1_000_000_000


def denies(
    state: State,
    account: Account,
    instrument_id: int,
    side: int,
    order_type: int,
    client_order_id: str,
    idempotency_key: str,
    digest: bytes,
    ts: int,
    out: list[Event],
) -> bool:
    """Deny a command for an order if that is planned; whether it was."""
    rule = first_denial(account.outcomes, instrument_id, side, order_type, client_order_id, ts)
    if rule is None:
        return False
    idempotency.remember(state, account, client_order_id, idempotency_key, digest, ts, False)
    out.append(CommandDenied(account.account_id, rule.command.code, 0, 0))
    _use(state, account, rule, 0, out)
    return True


def meets(state: State, book: Book, order: Order, ts: int) -> bool:
    """Let an order that begins meet its rule; whether that decides how it begins."""
    if order.liquidates:
        return False
    account = state.accounts[order.account_id]
    rule = _first(state, account, book, order, ts, False)
    if rule is None:
        return False
    order.rule = rule
    rule.promised += 1
    delay_ns = rule.command.delay_ns
    if rule.plan in (Plan.HOLD, Plan.DELAY):
        order.sent_ns = ts
        order.arrives_ns = NEVER_NS
        if rule.plan == Plan.DELAY:
            order.arrives_ns = ts + delay_ns
            state.send(order.arrives_ns, order.order_id, Errand.ARRIVE, order.account_id)
        order.status = advance(order.status, Trigger.SEND)
        return True
    if delay_ns:
        order.ends_ns = ts + delay_ns
        order.ends_as, order.ends_reason = rule.plan, rule.command.reason
        state.send(order.ends_ns, order.order_id, Errand.END, order.account_id)
        return False
    order.status = advance(order.status, Trigger.ADMIT)
    return True


def meets_triggered(state: State, account: Account, book: Book, order: Order, ts: int) -> bool:
    """Let a stop that was triggered meet a planned fill; whether there is one."""
    order.rule = _first(state, account, book, order, ts, True)
    if order.rule is None:
        return False
    order.rule.promised += 1
    return True


def happens(
    state: State, account: Account, book: Book, order: Order, ts: int, out: list[Event]
) -> bool:
    """Do what the rule says that an order has met; False when the order goes on by itself."""
    rule = order.rule
    assert rule is not None
    order.rule = None
    rule.promised -= 1
    _use(state, account, rule, order.order_id, out)
    if order.order_id not in account.orders:
        return True
    if rule.plan in (Plan.HOLD, Plan.DELAY):
        return True
    if rule.command.delay_ns:
        return False
    if rule.plan == Plan.FILL:
        _fill(state, account, book, order, rule, ts, out)
        return True
    order.awaits_trigger = False
    if rule.plan == Plan.REJECT:
        reason = rule.command.reason or Reason.VENUE_REJECTED
        venue.reject(state, account, book, order, out, reason)
    else:
        _end(state, account, book, order, rule.plan, rule.command.reason, out)
    return True


def end(state: State, account: Account, order: Order, out: list[Event]) -> None:
    """End an order whose planned time has come."""
    book = state.book(order.instrument_id)
    assert book is not None
    _end(state, account, book, order, order.ends_as, order.ends_reason, out)


def _end(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    plan: int,
    reason: int,
    out: list[Event],
) -> None:
    if plan == Plan.EXPIRE:
        venue.expire(state, account, book, order, reason or Reason.DAY_ENDED, out)
        return
    reason = reason or Reason.VENUE_CANCELED
    travel.give_up_change(account, order, reason, out)
    venue.cancel(state, account, book, order, reason, out)


def forget_all(state: State, account: Account, out: list[Event]) -> None:
    """Forget every planned outcome of an account, and those that were used up."""
    if account.outcomes:
        state.planned -= sum([rule.uses_left > 0 for rule in account.outcomes])
        out.append(OutcomesForgotten(account.account_id, 0, len(account.outcomes)))
        account.outcomes = []


def _use(state: State, account: Account, rule: Rule, order_id: int, out: list[Event]) -> None:
    """Count and tell a use of a rule."""
    rule.use(state.seq, order_id)
    if rule.uses_left == 0:
        state.planned -= 1
    out.append(
        OutcomeUsed(
            account.account_id,
            rule.rule_id,
            order_id,
            rule.plan,
            rule.uses_left,
            rule.command.note,
        )
    )


def _first(
    state: State, account: Account, book: Book, order: Order, ts: int, triggered: bool
) -> Rule | None:
    """The first rule that matches an order and can happen to it.

    A fill is for a stop once it is triggered, and everything else when it begins.
    """
    part = part_of(order)
    for rule in account.outcomes:
        if rule.plan == Plan.DENY or not rule.is_live(ts) or not rule.is_for_part(part):
            continue
        kind = order.order_type
        if not rule.is_for(order.instrument_id, order.side, kind, order.client_order_id):
            continue
        if rule.plan != Plan.FILL:
            if not triggered:
                return rule
        elif not order.awaits_trigger and _can_fill(state, account, book, order, rule, ts):
            return rule
    return None


def part_of(order: Order) -> int:
    """Which ``Part`` an order is: one that was sent as an order, or an exit."""
    if order.parent_id or order.protects:
        return Part.TAKE_PROFIT if order.order_type == OrderType.LIMIT else Part.STOP_LOSS
    return Part.STOP_LOSS if order.sibling_id and is_stop(order.order_type) else Part.ORDER


def fill_price(book: Book, order: Order, price_e9: int) -> int:
    """The price of a planned fill: the one planned, or the market's within the order's limit; 0
    for none that the order allows.
    """
    limit = order.limit_price if order.works_as == OrderType.LIMIT else 0
    price = mul_div_floor(price_e9, book.price_unit, _BILLION)
    if price_e9 == 0:
        price = book.touch(order.side) or book.last_price or limit
        if limit and not within(order.side, price, limit):
            price = limit
    if not 0 < price <= book.price_max or (limit and not within(order.side, price, limit)):
        return 0
    return price


def _fill_qty(account: Account, book: Book, order: Order, rule: Rule, price: int) -> int:
    """How much a planned fill takes of an order; 0 where it can take nothing."""
    if price == 0 or (order.notional_micros and book.touch(order.side) == 0):
        return 0
    size = -1
    if rule.command.qty_e9:
        size = mul_div_floor(rule.command.qty_e9, book.qty_unit, _BILLION)
    return max(0, venue.fillable_qty(account, book, order, size, price))


def _can_fill(
    state: State, account: Account, book: Book, order: Order, rule: Rule, ts: int
) -> bool:
    """Whether the order allows a planned fill and the account can pay for it.

    One beyond a market order's collar takes a wider one, and holds what that needs.
    """
    price = fill_price(book, order, rule.command.price_e9)
    if _fill_qty(account, book, order, rule, price) == 0:
        return False
    if within(order.side, price, order.worst_price):
        return True
    if not order.closes:
        leaves = order.qty - order.filled_qty
        hold = opening_hold(
            state,
            account,
            book,
            order.profile_id,
            order.side,
            price,
            leaves,
            order.filled_value,
            order.filled_qty,
            order.notional_micros,
            ts,
        )
        more = hold - order.held_micros
        if more > 0 and more > free_micros(state, account):
            return False
        account.held_micros += more
        order.held_micros = hold
    order.worst_price = price
    return True


def _fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    rule: Rule,
    ts: int,
    out: list[Event],
) -> None:
    """Fill an order as planned, and do with the rest what is planned for it."""
    asked = rule.command
    price = fill_price(book, order, asked.price_e9)
    qty = _fill_qty(account, book, order, rule, price)
    if qty:
        venue.fill(state, account, book, order, price, qty, FillRule.PLANNED, qty, ts, out)
    if order.order_id not in account.orders:
        return
    if is_for_auction(order.time_in_force):
        venue.cancel(state, account, book, order, Reason.NOT_FILLED_IN_AUCTION, out)
    elif asked.rest == Rest.CANCELED:
        _end(state, account, book, order, Plan.CANCEL, asked.reason, out)
    elif asked.rest == Rest.WORKS:
        venue.work(state, account, book, order, ts, out)
    else:
        order.sent_ns = ts
        order.arrives_ns = NEVER_NS
