"""An auditor of engine states: adds everything up again and trusts nothing that was kept.

Promises: reads only snapshots and events; raises ``AssertionError`` with the account, order or book
that is wrong. Must not know: which test is running.
"""

from collections import Counter

from stockyard.engine.engine import Engine, state_hash
from stockyard.model.bounds import NO_LIMITS
from stockyard.model.codec import decode_events, decode_state, encode
from stockyard.model.codes import (
    AUCTION_TIMES,
    LOT_METHOD_WORDS,
    OPEN_STATUSES,
    AccountKind,
    AssetClass,
    OrderType,
    Phase,
    Restriction,
    Side,
    Status,
)
from stockyard.model.events import Event
from stockyard.model.numbers import INT_MAX
from stockyard.model.order_types import LATER
from stockyard.model.state import AccountState, EngineState, OrderState, PositionState
from tests.random_inputs import RandomInputs

FUTURE_INPUTS = 200


def audit_state(state: EngineState) -> None:
    """Check that the books balance and that what is held is what open orders hold."""
    cash = sum(account.cash_micros for account in state.accounts)
    assert cash + sum(int(micros) for _, micros in state.house) == 0, "cash does not sum to zero"
    quantities = Counter({b.instrument.instrument_id: int(b.street_qty) for b in state.books})
    for account in state.accounts:
        for position in account.positions:
            quantities[position.instrument_id] += position.qty
    assert not any(quantities.values()), f"shares do not sum to zero: {quantities}"
    _audit_holds(state)
    _audit_orders(state)
    _audit_auctions(state)
    _audit_credit(state)
    _audit_choices(state)


def _audit_choices(state: EngineState) -> None:
    """An order that chose lots closes, alone, and has chosen no more than is left of it."""
    for order in state.orders:
        if order.choices:
            name = f"order {order.order_id}"
            assert order.closes, f"{name} opens and has chosen lots"
            assert order.sibling_id == order.parent_id == 0, f"{name} is linked and chose lots"
            assert not order.protects, f"{name} protects and has chosen lots"
            names = [(seq, index) for seq, index, _ in order.choices]
            assert len(set(names)) == len(names), f"{name} chose a lot twice"
            assert min(qty for _, _, qty in order.choices) >= 0, f"{name} chose less than nothing"
    for bound in state.bounds:
        assert bound.frozen or bound.limits != NO_LIMITS, f"{bound.owner}: bound by nothing"
        assert any(a.owner == bound.owner for a in state.accounts), f"{bound.owner}: nobody"
    for account in state.accounts:
        assert account.lot_method in LOT_METHOD_WORDS, f"account {account.account_id}: method"
        _audit_outcomes(account, state.seq)
        known = 0 <= account.restrictions <= Restriction.ALL
        assert known, f"account {account.account_id}: restrictions"


def _audit_outcomes(account: AccountState, seq: int) -> None:
    """Planned outcomes are in order, and were used as often as they say."""
    name = f"account {account.account_id}: outcomes"
    ids = [each.rule_id for each in account.outcomes]
    assert ids == sorted(set(ids)), f"{name} out of order"
    assert len(ids) <= 200, f"{name}: too many"
    for each in account.outcomes:
        assert each.rule_id <= seq, f"{name}: one of the future"
        spent = each.command.uses - each.uses_left
        assert 0 <= each.uses_left <= each.command.uses, f"{name}: used too often"
        assert len(each.used) == min(spent, 20), f"{name}: what they met"


def _audit_holds(state: EngineState) -> None:
    contracts = {
        b.instrument.instrument_id
        for b in state.books
        if b.instrument.asset_class == AssetClass.CRYPTO_PERP
    }
    held_cash: Counter[int] = Counter()
    held_qty: Counter[tuple[int, int]] = Counter()
    for order in state.orders:
        held_cash[order.account_id] += order.held_micros
        held_qty[order.account_id, order.instrument_id] += order.held_qty
    for account in state.accounts:
        name = f"account {account.account_id}"
        lends = account.kind == AccountKind.MARGIN
        assert account.held_micros >= 0, f"{name} holds less than nothing"
        assert lends or account.cash_micros >= account.held_micros, f"{name} owes"
        assert account.held_micros == held_cash[account.account_id], f"{name}: cash held"
        for position in account.positions:
            key = (account.account_id, position.instrument_id)
            assert abs(position.qty) >= position.held_qty >= 0, f"{name} closes too much {key}"
            assert lends or position.qty >= 0, f"{name} is short {key}"
            assert position.held_qty == held_qty.pop(key, 0), f"{name}: shares held {key}"
            assert position.cost_micros * position.qty >= 0, f"{name}: sign of the cost {key}"
            assert position.qty or not position.cost_micros, f"{name}: cost of nothing {key}"
            if position.instrument_id in contracts:
                _audit_contract(account, position, f"{name}: contract {key}")
            else:
                assert position.pot_micros == position.funding_micros == 0, f"{name}: pot {key}"
                _audit_lots(position, f"{name}: lots {key}")
    assert not any(held_qty.values()), f"orders hold what nobody has: {held_qty}"


def _audit_contract(account: AccountState, position: PositionState, name: str) -> None:
    """A position in a contract has no lots, and margin of its own only where it is isolated."""
    assert not position.lots, f"{name} has lots"
    lends = account.kind == AccountKind.MARGIN
    assert lends or position.qty == 0, f"{name} is held without margin"
    assert position.pot_micros >= 0, f"{name} has less margin than none"
    isolated = (position.instrument_id, True) in [(i, apart) for i, _, apart in account.leverages]
    assert isolated or not position.pot_micros, f"{name} has margin of its own"
    assert position.qty or not position.pot_micros, f"{name}: margin for nothing"
    assert not position.liquidation_ns or (isolated and position.qty), f"{name} is liquidated"


def _audit_lots(position: PositionState, name: str) -> None:
    """Check that the lots are in order and add up to the position's quantity and cost."""
    names = [(lot.seq, lot.index) for lot in position.lots]
    assert names == sorted(set(names)), f"{name} out of order"
    assert all(lot.qty > 0 and min(lot.cost_micros, lot.fees_micros) >= 0 for lot in position.lots)
    assert sum(lot.qty for lot in position.lots) == abs(position.qty), f"{name}: quantity"
    own = sum(lot.cost_micros for lot in position.lots)
    assert own + position.pooled_cost == abs(position.cost_micros), f"{name}: cost"
    until = (position.pooled_seq, position.pooled_index)
    pooled = [lot for lot in position.lots if (lot.seq, lot.index) < until]
    assert pooled or not position.pooled_cost, f"{name}: a pooled cost of nothing"
    assert not any(lot.cost_micros for lot in pooled), f"{name}: pooled, but with a cost"


def _audit_orders(state: EngineState) -> None:
    for change in state.changes:
        assert state.ts < change.arrives_ns, f"replacement {change.new_order_id} is late"
    by_id = {order.order_id: order for order in state.orders}
    for order in state.orders:
        name = f"order {order.order_id}"
        _audit_links(order, by_id)
        assert order.status in OPEN_STATUSES, f"{name} has ended but is kept"
        assert 0 <= order.filled_qty < order.qty, f"{name} has nothing left"
        if order.status != Status.PENDING_CANCEL:
            assert (order.filled_qty > 0) == (order.status == Status.PARTIALLY_FILLED), name
        _audit_travel(order, state.ts)
        assert order.closes or not order.reduce_only, f"{name} opens and is reduce-only"
        waits = order.order_type == OrderType.LIMIT and order.time_in_force in LATER
        assert waits or not order.post_only, f"{name} is post-only and cannot wait"
        if order.closes:
            leaves = order.qty - order.filled_qty
            held = 0 if order.status == Status.HELD else leaves
            other = by_id.get(order.sibling_id)
            if other is not None and held:
                held -= other.held_qty
            assert order.held_qty == held, f"{name} holds other than it closes"
            assert order.held_micros == 0, f"{name} closes and holds cash"
        else:
            assert order.held_qty == 0, f"{name} opens and holds shares"
            assert not order.liquidates, f"{name} liquidates and opens"


def _audit_travel(order: OrderState, ts: int) -> None:
    """What is on its way is yet to arrive, and its order's status says so."""
    name = f"order {order.order_id}"
    assert (order.cancel_ns > 0) == (order.status == Status.PENDING_CANCEL), name
    assert order.status != Status.PENDING_NEW or order.arrives_ns, f"{name} never arrives"
    assert ts < (order.arrives_ns or INT_MAX), f"{name} is late"
    assert ts < (order.cancel_ns or INT_MAX), f"the cancellation of {name} is late"
    assert ts < (order.ends_ns or INT_MAX), f"the planned end of {name} is late"
    assert (order.ends_ns > 0) == (order.ends_as > 0), f"{name} ends somehow"


def _audit_links(order: OrderState, by_id: dict[int, OrderState]) -> None:
    """Each link leads to an order that leads back, and a pair has the same left on both sides."""
    name = f"order {order.order_id}"
    if order.sibling_id:
        other = by_id.get(order.sibling_id)
        assert other is not None, f"{name}: the other exit is gone"
        assert other.sibling_id == order.order_id, f"{name}: the other exit does not know it"
        assert other.qty - other.filled_qty == order.qty - order.filled_qty, f"{name}: pair"
        assert other.side == order.side, f"{name}: a pair of two sides"
        assert (other.status == Status.HELD) == (order.status == Status.HELD), f"{name}: half held"
    if order.status == Status.HELD:
        parent = by_id.get(order.parent_id)
        assert parent is not None, f"{name} is held by nothing"
        assert order.order_id in (parent.take_profit_id, parent.stop_loss_id), f"{name}: parent"
        assert parent.status != Status.HELD, f"{name}: a leg of a leg"
        assert order.qty == parent.filled_before + parent.qty, f"{name}: another quantity"
        assert order.held_qty == order.held_micros == 0, f"{name} is held and holds"
    for leg_id in (order.take_profit_id, order.stop_loss_id):
        if leg_id in by_id:
            assert by_id[leg_id].parent_id == order.order_id, f"{name}: leg of another"
            assert by_id[leg_id].status == Status.HELD, f"{name}: a leg is early"


def _audit_auctions(state: EngineState) -> None:
    """Orders for an auction wait unfilled; only limit orders trade outside the regular session."""
    phases = {calendar.calendar_id: calendar.phase for calendar in state.calendars}
    books = {book.instrument.instrument_id: book for book in state.books}
    for order in state.orders:
        book, name = books[order.instrument_id], f"order {order.order_id}"
        phase = phases.get(book.instrument.calendar_id, Phase.CLOSED)
        if order.time_in_force in AUCTION_TIMES:
            there = order.status == Status.ACCEPTED
            assert there or order.arrives_ns, f"{name} works outside its auction"
            assert order.notional_micros == 0, f"{name} is for an amount in an auction"
            assert not order.extended_hours, f"{name} is for an auction and extended hours"
            assert order.sibling_id == order.parent_id == 0, f"{name} is linked in an auction"
        elif order.extended_hours:
            assert order.order_type == OrderType.LIMIT, f"{name} has no limit"
            assert order.status != Status.ACCEPTED or phase == Phase.CLOSED, f"{name} sleeps"
    for book in state.books:
        assert not 0 < book.print_due_ns <= state.ts, "a print is awaited that is overdue"


def _audit_credit(state: EngineState) -> None:
    """Orders agree with what their account holds, and calls are those of accounts that may owe."""
    qty = {(a.account_id, p.instrument_id): p.qty for a in state.accounts for p in a.positions}
    ways: dict[tuple[int, int], int] = {}
    for order in state.orders:
        if order.status == Status.HELD:
            continue
        key, name = (order.account_id, order.instrument_id), f"order {order.order_id}"
        way = 1 if order.side == Side.BUY else -1
        held = qty.get(key, 0) * way
        assert held < 0 if order.closes else held >= 0, f"{name} would turn a position round"
        if not order.closes:
            assert ways.setdefault(key, way) == way, f"{name} opens against another"
    for account in state.accounts:
        name = f"account {account.account_id}"
        lends = account.kind == AccountKind.MARGIN
        assert account.review_ns == 0 or account.call_due_ns, f"{name}: liquidated uncalled"
        assert account.call_due_ns == 0 or lends, f"{name}: a cash account is called"
        assert all(micros > 0 for _, micros in account.unsettled), f"{name}: nothing to come"
        for position in account.positions:
            assert position.unpaid_qty >= 0, f"{name}: unpaid"


def audit_holders(engine: Engine, state: EngineState) -> None:
    """Check that a contract's book knows exactly the accounts that have a position in it."""
    for book in engine.state.books:
        if book is not None:
            key = book.instrument.instrument_id
            holds = [
                account.account_id
                for account in state.accounts
                if any(p.qty for p in account.positions if p.instrument_id == key)
            ]
            assert sorted(book.holders) == (holds if book.is_perp else []), "holders"


def audit_future(engine: Engine, seed: int, inputs: int = FUTURE_INPUTS) -> None:
    """Check that a restored engine is the same, and goes on answering the same."""
    snapshot = engine.snapshot()
    audit_holders(engine, snapshot)
    twin = Engine(decode_state(encode(snapshot)))
    audit_holders(twin, snapshot)
    assert twin.snapshot() == snapshot, "a restored engine is another one"
    assert twin.state_hash() == state_hash(snapshot)
    if snapshot.limits is None:
        return
    source = RandomInputs(seed, snapshot)
    for _ in range(inputs):
        seq, ts, message = source.next()
        first: list[Event] = []
        second: list[Event] = []
        engine.apply(seq, ts, message, first)
        twin.apply(seq, ts, message, second)
        assert first == second, f"a restored engine answers {message} otherwise"
        assert list(decode_events(encode(tuple(first)))) == first
        source.see(first)
    assert engine.state_hash() == twin.state_hash(), "a restored engine ends up elsewhere"
    audit_state(engine.snapshot())
