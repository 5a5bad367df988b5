"""The engine's state to plain structs and back.

Promises: ``take(restore(take(s))) == take(s)``, and a restored engine answers every future input as
the original would. Must not know: where snapshots are kept.
"""

from typing import Any, cast

from stockyard.engine import margin_calls
from stockyard.engine.accounts import Account, Answer, Bounds, Change, Position
from stockyard.engine.books import Book
from stockyard.engine.lots import Choice, Lot
from stockyard.engine.operators import bounds_of
from stockyard.engine.orders import Order, is_for_auction, is_stop
from stockyard.engine.outcome_rules import Rule
from stockyard.engine.reference import on_fees_scheduled
from stockyard.engine.sessions import NEVER_NS, Calendar
from stockyard.engine.state import Errand, MarginRules, Profile, State, choose, count_opening
from stockyard.model.codec import append, begin_sequence, closed, encode
from stockyard.model.codes import (
    AccountKind,
    LimitRule,
    OrderType,
    Phase,
    Side,
    Status,
    TimeInForce,
)
from stockyard.model.facts import FeesScheduled, SessionsScheduled
from stockyard.model.state import (
    AccountState,
    BookState,
    BoundState,
    CalendarState,
    ChangeState,
    EngineState,
    KeyState,
    LotState,
    OrderState,
    OutcomeState,
    PositionState,
    RegistrationState,
)


def take(state: State) -> EngineState:
    """The whole state, every sequence in the order of its ids."""
    return _whole(state, tuple([_order(state, order) for order in _orders(state)]))


def encoded(state: State) -> bytes:
    """What ``take`` gives, encoded. As structs, all orders would take six times what they do as
    bytes; here each is one only as long as it is encoded.
    """
    orders = _orders(state)
    sequence = begin_sequence(len(orders))
    for order in orders:
        append(sequence, _order(state, order))
    return encode(_whole(state, closed(sequence)))


def _orders(state: State) -> list[Order]:
    orders: list[Order] = []
    for account in state.accounts.values():
        orders.extend(account.orders.values())
    orders.sort(key=_order_id)
    return orders


def _whole(state: State, orders: object) -> EngineState:
    """``orders``: a tuple of them, or that encoded."""
    accounts = [state.accounts[account_id] for account_id in sorted(state.accounts)]
    fees: list[FeesScheduled] = []
    for asset_class in sorted(state.fees):
        fees.extend(state.fees[asset_class].schedules)
    return EngineState(
        state.world_id,
        state.seed,
        state.seq,
        state.ts,
        state.limits,
        tuple([state.profiles[profile_id].source for profile_id in sorted(state.profiles)]),
        tuple(fees),
        tuple([_calendar(state.calendars[key]) for key in sorted(state.calendars)]),
        tuple([_book(book) for book in state.books if book is not None]),
        tuple([(key, str(state.ledger.house[key])) for key in sorted(state.ledger.house)]),
        tuple([_account(account) for account in accounts]),
        cast(Any, orders),
        tuple(
            [
                RegistrationState(key, answer.digest, answer.first_seq)
                for key, answer in sorted(state.registrations.items())
            ]
        ),
        tuple(state.key_expiries),
        _changes(accounts),
        state.margin.source if state.margin is not None else None,
        tuple([_bounds(state.bounds[owner]) for owner in sorted(state.bounds)]),
    )


def _bounds(bounds: Bounds) -> BoundState:
    return BoundState(bounds.owner, bounds.frozen, bounds.limits)


def _changes(accounts: list[Account]) -> tuple[ChangeState, ...]:
    changes: dict[int, Change] = {}
    for account in accounts:
        changes.update(account.changes)
    return tuple(
        [
            ChangeState(c.new_order_id, c.instrument_id, c.arrives_ns, c.command)
            for c in [changes[number] for number in sorted(changes)]
        ]
    )


def _order_id(order: Order) -> int:
    return order.order_id


def _calendar(calendar: Calendar) -> CalendarState:
    return CalendarState(
        calendar.calendar_id,
        calendar.name,
        calendar.is_open,
        calendar.opened_ns,
        tuple(calendar.sessions),
        calendar.phase,
    )


def _book(book: Book) -> BookState:
    return BookState(
        book.instrument,
        book.bid,
        book.ask,
        book.bid_qty,
        book.ask_qty,
        book.bid_taken,
        book.ask_taken,
        book.quote_ts,
        book.quote_seq,
        book.last_price,
        book.last_ts,
        str(book.street_qty),
        book.last_qty,
        book.halted,
        book.paused,
        book.print_due_ns,
        book.long_mark,
        book.short_mark,
        book.borrow,
        book.index_price,
    )


def _account(account: Account) -> AccountState:
    positions: list[PositionState] = []
    for instrument_id in sorted(account.positions):
        positions.append(_position(account.positions[instrument_id]))
    keys = [
        KeyState(key, answer.digest, answer.first_seq, answer.expires_ns)
        for key, answer in sorted(account.answers.items())
    ]
    return AccountState(
        account.account_id,
        account.owner,
        account.name,
        account.status,
        account.profile_id,
        account.cash_micros,
        account.held_micros,
        tuple(positions),
        tuple(keys),
        account.lot_method,
        account.kind,
        tuple(account.unsettled),
        account.violations,
        account.call_due_ns,
        account.review_ns,
        tuple([(key, *account.leverages[key]) for key in sorted(account.leverages)]),
        account.restrictions,
        outcomes(account),
    )


def outcomes(account: Account) -> tuple[OutcomeState, ...]:
    """An account's planned outcomes, oldest first."""
    return tuple(
        [
            OutcomeState(rule.rule_id, rule.uses_left, tuple(rule.used), rule.command)
            for rule in account.outcomes
        ]
    )


def _position(p: Position) -> PositionState:
    lots = [
        LotState(
            lot.seq,
            lot.index,
            lot.qty,
            0 if p.lots.is_pooled(lot) else lot.cost_micros,
            lot.fees_micros,
            lot.acquired_ns,
            lot.rank,
        )
        for lot in p.lots.all()
    ]
    return PositionState(
        p.instrument_id,
        p.qty,
        p.held_qty,
        p.cost_micros,
        p.realized_micros,
        tuple(lots),
        p.lots.pooled_cost,
        p.lots.pooled_seq,
        p.lots.pooled_index,
        p.unpaid_qty,
        p.unpaid_until_ns,
        p.pot_micros,
        p.funding_micros,
        p.liquidation_ns,
    )


def _order(state: State, o: Order) -> OrderState:
    book = state.book(o.instrument_id)
    assert book is not None
    return OrderState(
        o.order_id,
        o.account_id,
        o.instrument_id,
        o.side,
        o.order_type,
        o.time_in_force,
        o.qty,
        o.limit_price,
        o.notional_micros,
        o.worst_price,
        o.client_order_id,
        o.status,
        o.profile_id,
        o.replaces,
        o.version,
        o.expires_ns,
        o.filled_qty,
        str(o.filled_value),
        o.held_micros,
        o.held_qty,
        o.stop_price,
        o.trail_price,
        o.trail_ppm,
        book.triggers.extreme_of(o) if o.is_armed else o.extreme,
        is_stop(o.order_type) and not o.awaits_trigger,
        o.order_class,
        o.parent_id,
        o.sibling_id,
        o.take_profit_id,
        o.stop_loss_id,
        o.filled_before,
        o.protects,
        _ahead(book, o),
        o.arrives_ns,
        o.sent_ns,
        o.cancel_ns,
        o.extended_hours,
        () if o.choices is None else tuple([(c.seq, c.index, c.qty) for c in o.choices]),
        o.closes,
        o.liquidates,
        o.reduce_only,
        o.post_only,
        o.ends_ns,
        o.ends_as,
        o.ends_reason,
    )


def _ahead(book: Book, o: Order) -> int:
    """What trades before an order at its place in the market; -1 while it has no such place."""
    if o.status in (Status.ACCEPTED, Status.HELD) or o.awaits_trigger:
        return -1
    if o.arrives_ns or o.is_fresh:
        return -1
    lane = book.lane(o)
    if o.works_as != OrderType.LIMIT or lane.limit_rule == LimitRule.TOUCH:
        return -1
    return lane.queue(o.side).ahead(o)


def restore(source: EngineState) -> State:
    """A state that answers as the one ``source`` was taken from."""
    state = State()
    state.world_id, state.seed = source.world_id, source.seed
    state.seq, state.ts, state.limits = source.seq, source.ts, source.limits
    for profile in source.profiles:
        state.profiles[profile.profile_id] = Profile(profile)
    for schedule in source.fees:
        on_fees_scheduled(state, schedule)
    for calendar in source.calendars:
        _restore_calendar(state, calendar)
    for book in source.books:
        _restore_book(state, book)
    for key, micros in source.house:
        state.ledger.post_house(key, int(micros))
    for account in source.accounts:
        _restore_account(state, account, source.seq, source.ts)
    for order in source.orders:
        _restore_order(state, order)
    for change in source.changes:
        _restore_change(state, change)
    for registration in source.registrations:
        state.registrations[registration.key] = Answer(
            registration.digest, registration.first_seq, 0
        )
    state.key_expiries.extend(source.key_expiries)
    if source.margin is not None:
        state.margin = MarginRules(source.margin)
    for bound in source.bounds:
        bounds = bounds_of(state, bound.owner)
        bounds.frozen = bound.frozen
        bounds.set_limits(bound.limits)
    margin_calls.take_up(state)
    state.refresh_due()
    state.ledger.check()
    return state


def _restore_calendar(state: State, source: CalendarState) -> None:
    calendar = Calendar(source.calendar_id, source.name)
    calendar.schedule(SessionsScheduled(source.calendar_id, source.name, source.sessions), 0)
    calendar.phase = source.phase or (Phase.OPEN if source.is_open else Phase.CLOSED)
    calendar.opened_ns = source.opened_ns
    state.calendars[calendar.calendar_id] = calendar


def _restore_book(state: State, source: BookState) -> None:
    book = Book(source.instrument)
    book.bid, book.ask = source.bid, source.ask
    book.bid_qty, book.ask_qty = source.bid_qty, source.ask_qty
    book.bid_taken, book.ask_taken = source.bid_taken, source.ask_taken
    book.quote_ts, book.quote_seq = source.quote_ts, source.quote_seq
    book.last_price, book.last_ts = source.last_price, source.last_ts
    book.last_qty = source.last_qty
    book.halted, book.paused = source.halted, source.paused
    book.long_mark, book.short_mark = source.long_mark, source.short_mark
    book.borrow = source.borrow
    book.index_price = source.index_price
    state.ledger.post_street(book, int(source.street_qty))
    calendar = state.calendars.get(book.calendar_id)
    book.enter(calendar.phase if calendar is not None else Phase.CLOSED)
    if source.print_due_ns:
        book.print_due_ns = source.print_due_ns
        state.print_dues[book.instrument_id] = source.print_due_ns
    while len(state.books) <= book.instrument_id:
        state.books.append(None)
    state.books[book.instrument_id] = book


def _restore_lots(position: Position, source: PositionState, seq: int, ts: int) -> None:
    """Take over the lots; a position kept before there were any is one lot, pooled, of now."""
    lots = position.lots
    kept = source.lots
    lots.pooled_cost = source.pooled_cost
    lots.pooled_seq, lots.pooled_index = source.pooled_seq, source.pooled_index
    if source.qty and not kept:
        kept = (LotState(seq, position.instrument_id, abs(source.qty), 0, 0, ts, 0),)
        lots.pooled_cost = abs(source.cost_micros)
        lots.pooled_seq, lots.pooled_index = seq, position.instrument_id + 1
    for each in kept:
        lot = Lot(each.seq, each.index, each.qty, each.cost_micros, each.fees_micros)
        lot.acquired_ns = each.acquired_ns
        lot.rank = each.rank
        lots.open(lot)
        if lots.is_pooled(lot):
            lots.pooled_qty += lot.qty


def _restore_account(state: State, source: AccountState, seq: int, ts: int) -> None:
    account = Account(source.account_id, source.owner, source.name, source.profile_id, source.kind)
    account.status = source.status
    account.lot_method = source.lot_method
    account.restrictions = source.restrictions
    account.unsettled = list(source.unsettled)
    account.violations = source.violations
    account.call_due_ns, account.review_ns = source.call_due_ns, source.review_ns
    state.ledger.post_cash(account, source.cash_micros)
    account.held_micros = source.held_micros
    for instrument_id, leverage, isolated in source.leverages:
        account.leverages[instrument_id] = (leverage, isolated)
    for p in source.positions:
        position = Position(p.instrument_id)
        state.ledger.post_qty(position, p.qty)
        position.held_qty = p.held_qty
        position.cost_micros = p.cost_micros
        position.realized_micros = p.realized_micros
        book = state.book(p.instrument_id)
        assert book is not None
        if book.is_perp:
            position.is_contract = True
            if p.qty:
                book.holders[account.account_id] = account
        else:
            _restore_lots(position, p, seq, ts)
        position.pot_micros, position.funding_micros = p.pot_micros, p.funding_micros
        position.liquidation_ns = p.liquidation_ns
        position.unpaid_qty, position.unpaid_until_ns = p.unpaid_qty, p.unpaid_until_ns
        book.borrowed_qty -= min(0, p.qty)
        account.positions[p.instrument_id] = position
    for key in source.keys:
        account.answers[key.key] = Answer(key.digest, key.first_seq, key.expires_ns)
    for planned in source.outcomes:
        rule = Rule(planned.rule_id, planned.command, planned.uses_left)
        rule.used = list(planned.used)
        account.outcomes.append(rule)
        state.planned += rule.uses_left > 0
    state.accounts[account.account_id] = account
    state.account_counts[account.owner] = state.account_counts.get(account.owner, 0) + 1


def _restore_order(state: State, source: OrderState) -> None:
    order = Order(
        source.order_id,
        source.account_id,
        source.instrument_id,
        source.side,
        source.order_type,
        source.time_in_force,
        source.qty,
        source.limit_price,
        source.notional_micros,
        source.worst_price,
        source.client_order_id,
        source.profile_id,
    )
    order.status = source.status
    order.replaces = source.replaces
    order.version = source.version
    order.expires_ns = source.expires_ns
    order.filled_qty = source.filled_qty
    order.filled_value = int(source.filled_value)
    order.held_micros = source.held_micros
    order.held_qty = source.held_qty
    order.stop_price = source.stop_price
    order.trail_price = source.trail_price
    order.trail_ppm = source.trail_ppm
    order.extended_hours = source.extended_hours
    if is_stop(order.order_type):
        order.await_trigger()
        order.awaits_trigger = not source.triggered
    order.arrives_ns = source.arrives_ns
    order.sent_ns = source.sent_ns
    order.cancel_ns = source.cancel_ns
    order.order_class, order.protects = source.order_class, source.protects
    order.parent_id, order.sibling_id = source.parent_id, source.sibling_id
    order.take_profit_id, order.stop_loss_id = source.take_profit_id, source.stop_loss_id
    order.filled_before = source.filled_before
    order.closes, order.liquidates = source.closes, source.liquidates
    order.reduce_only, order.post_only = source.reduce_only, source.post_only
    order.ends_ns = source.ends_ns
    order.ends_as, order.ends_reason = source.ends_as, source.ends_reason
    _count(state, order)
    if source.choices:
        order.choices = [Choice(seq, index, qty) for seq, index, qty in source.choices]
        choose(state.accounts[order.account_id], order, 1)
    _place(state, order, source.extreme, source.ahead_qty)


def _count(state: State, order: Order) -> None:
    """Count a restored order among those that open a position."""
    book = state.book(order.instrument_id)
    assert book is not None
    account = state.accounts[order.account_id]
    if order.closes:
        return
    if order.side == Side.SELL:
        order.borrowed_qty = order.qty - order.filled_qty
        book.borrowed_qty += order.borrowed_qty
    if account.kind == AccountKind.MARGIN:
        count_opening(account, order, 1)


def _place(state: State, order: Order, extreme: int, ahead_qty: int) -> None:
    """Put a restored order where it waits."""
    state.accounts[order.account_id].orders[order.order_id] = order
    book = state.book(order.instrument_id)
    assert book is not None
    if order.time_in_force == TimeInForce.DAY and order.status != Status.HELD:
        book.day_orders[order.order_id] = order
    elif order.time_in_force == TimeInForce.GTD:
        state.date(order)
    if order.ends_ns:
        state.send(order.ends_ns, order.order_id, Errand.END, order.account_id)
    if order.cancel_ns:
        state.send(order.cancel_ns, order.order_id, Errand.CANCEL, order.account_id)
    if order.status in (Status.ACCEPTED, Status.HELD):
        order.extreme = extreme
        if is_for_auction(order.time_in_force):
            book.auction(order.time_in_force)[order.order_id] = order
        elif order.status == Status.ACCEPTED:
            book.queued[order.order_id] = order
    elif order.arrives_ns:
        order.extreme = extreme
        if order.arrives_ns != NEVER_NS:
            state.send(order.arrives_ns, order.order_id, Errand.ARRIVE, order.account_id)
    elif order.awaits_trigger:
        book.triggers.arm(order, extreme)
    else:
        _restore_place(state, book, order, ahead_qty)


def _restore_place(state: State, book: Book, order: Order, ahead: int) -> None:
    rule = state.profiles[order.profile_id].limit_rule
    lane = book.lane(order)
    lane.limit_rule = rule
    queue = lane.queue(order.side)
    if order.works_as == OrderType.MARKET or rule == LimitRule.TOUCH:
        queue.add(order)
    elif ahead < 0:
        queue.await_quote(order)
    elif rule == LimitRule.PENETRATE:
        queue.add(order)
    else:
        queue.line_up(order, ahead)


def _restore_change(state: State, source: ChangeState) -> None:
    command = source.command
    account = state.accounts[command.account_id]
    number = source.new_order_id
    change = Change(number, source.instrument_id, source.arrives_ns, command)
    account.changes[number] = change
    order = account.orders.get(command.order_id)
    if order is not None:
        order.change_id = number
    state.send(change.arrives_ns, number, Errand.REPLACE, account.account_id)
