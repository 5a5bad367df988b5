"""Orders, cash and shares added up again from inputs and events, in plain integers.

Promises: nothing is taken over from the engine but what its events say happened; every figure that
an event states beside that is recomputed and compared. Must not know: how fills are decided, how
fees are set, or where anything is kept.
"""

from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.codes import (
    AUCTION_TIMES,
    AccountKind,
    Book,
    FeeKind,
    FillRule,
    Reason,
    Side,
    Status,
)
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Input, Record
from tests.simulation.plain_accounts import PlainAccount, PlainPosition
from tests.simulation.plain_contracts import PlainContracts
from tests.simulation.plain_credit import PlainCredit
from tests.simulation.plain_lots import PlainLot
from tests.simulation.plain_market import PlainMarket, ceiling
from tests.simulation.plain_orders import Pair, PlainOrder
from tests.simulation.plain_outcomes import PlainOutcomes

FEE_BOOKS = {
    FeeKind.COMMISSION: Book.COMMISSION,
    FeeKind.SEC: Book.SEC,
    FeeKind.TAF: Book.TAF,
    FeeKind.CRYPTO_TAKER: Book.EXCHANGE,
    FeeKind.CRYPTO_MAKER: Book.EXCHANGE,
    FeeKind.LIQUIDATION: Book.INSURANCE,
}
SHOWING = (f.Trade, f.AuctionPrint, f.Quote)
Ending = e.OrderCanceled | e.OrderExpired | e.OrderReplaced | e.OrderRejected
ENDINGS = (e.OrderCanceled, e.OrderExpired, e.OrderReplaced, e.OrderRejected)
OUTCOMES = (e.OutcomePlanned, e.OutcomeUsed, e.OutcomesForgotten)
MARGIN_NEWS = (e.MarginCalled, e.MarginCallMet, e.LiquidationStarted)


class PlainBooks:
    """All accounts, orders and house books, taken record by record."""

    def __init__(self) -> None:
        self.accounts: dict[int, PlainAccount] = {}
        self.orders: dict[int, PlainOrder] = {}
        self.house: dict[int, int] = {}
        self.events_taken = 0
        self._market = PlainMarket()
        self._contracts = PlainContracts(self._market, self.house)
        self._credit = PlainCredit(self._market, self._contracts)
        self._outcomes = PlainOutcomes()
        self._before: e.Event | None = None
        self._waiting: dict[int, dict[int, PlainOrder]] = {}
        self._rested: dict[int, dict[int, PlainOrder]] = {}
        self._changes: dict[int, e.OrderChangeSent] = {}
        self._late: list[PlainOrder] = []
        self._of_house: dict[int, PlainOrder] = {}
        self._filled_ns = self._index = 0

    def take(self, record: Record, events: list[e.Event]) -> None:
        """Add up one input's events; asserts whatever does not add up."""
        self._late = []
        self._market.take(record)
        self._contracts.take(record)
        self._credit.take(record)
        self._outcomes.take(events)
        self._count_print(record)
        self._before = None
        for self._index, event in enumerate(events):
            self.events_taken += 1
            self._take(record, event)
            self._before = event
        if isinstance(record.input, SHOWING):
            self._check_waiting(record, record.input)
        for account_id, account in self.accounts.items():
            self._credit.check(account_id, account)
            self._contracts.check(record, account_id, account, self._closing(account_id))
        self._contracts.check_funded(record, self.accounts)

    def _closing(self, account_id: int) -> set[int]:
        """The instruments in which the house is closing an account's position."""
        return {
            order.accepted.instrument_id
            for order in self._of_house.values()
            if order.accepted.account_id == account_id
        }

    def _take(self, record: Record, x: e.Event) -> None:
        if isinstance(x, e.OrderAccepted):
            self._accepted(record, x)
        elif isinstance(x, e.OrderFilled):
            self._filled(record, x)
        elif isinstance(x, e.OrderActivated):
            self._activated(record, x)
        elif isinstance(x, e.OrderTriggered):
            self._triggered(record, x)
        elif isinstance(x, ENDINGS):
            self._ended(record, x)
        elif isinstance(x, e.OrderReduced):
            self.orders[x.order_id].qty = x.qty
            self._check_holds(f"{x}", x)
        elif isinstance(x, e.OrderChangeSent):
            self._change_sent(record, x)
        elif isinstance(x, e.OrderRested):
            order = self.orders[x.order_id]
            order.ahead_qty, order.printed_qty, order.queued_qty = x.ahead_qty, 0, 0
            self._rested.setdefault(x.instrument_id, {})[x.order_id] = order
        elif isinstance(x, e.LiquidationStarted) and x.instrument_id:
            self._contracts.liquidation_started(record, self.accounts[x.account_id], x)
        elif isinstance(x, e.LeverageSet):
            self._contracts.leverage_set(self.accounts[x.account_id], x)
        elif isinstance(x, e.FundingPaid):
            self._contracts.funding_paid(record, self.accounts[x.account_id], x)
        elif isinstance(x, MARGIN_NEWS):
            self._credit.told(record, self.accounts[x.account_id], x)
        elif isinstance(x, e.AccountLimitsSet):
            asked = record.input
            as_asked = isinstance(asked, c.SetAccountLimits) and asked.limits == x.limits
            assert as_asked or isinstance(asked, c.OpenAccount), f"{x}: nobody asked for that"
            self.accounts[x.account_id].limits = x.limits
        elif isinstance(x, OUTCOMES):
            order_id = x.order_id if isinstance(x, e.OutcomeUsed) else 0
            self._outcomes.told(record, x, self._before, self.orders.get(order_id))
        else:
            self._take_money(x)

    def _take_money(self, x: e.Event) -> None:
        if isinstance(x, e.AccountOpened):
            assert x.account_id not in self.accounts, f"{x} opens it twice"
            self.accounts[x.account_id] = PlainAccount(x.kind)
        elif isinstance(x, e.AccountKindSet):
            account = self.accounts[x.account_id]
            account.kind = x.kind
            lends = x.kind == AccountKind.MARGIN or not account.borrows
            assert lends, f"{x}: an account that borrows"
        elif isinstance(x, e.AccountRestrictionsSet):
            self.accounts[x.account_id].restrictions = x.restrictions
        elif isinstance(x, e.TradingFreezeSet):
            self.accounts[x.account_id].frozen = x.frozen
        elif isinstance(x, e.LotMethodSet):
            self.accounts[x.account_id].lot_method = x.method
        elif isinstance(x, (e.CashDeposited, e.CashWithdrawn)):
            sign = 1 if isinstance(x, e.CashDeposited) else -1
            self._fund(x.account_id, sign * x.amount_micros, x.cash_micros_after)
        elif isinstance(x, e.InterestCharged):
            account = self.accounts[x.account_id]
            self._house(self._credit.charged(account, x), x.amount_micros)
            account.cash_micros -= x.amount_micros
            assert account.cash_micros == x.cash_micros_after, f"{x}: {account.cash_micros}"
        elif isinstance(x, e.GoodFaithViolated):
            account = self.accounts[x.account_id]
            account.violations += 1
            assert account.kind == AccountKind.CASH, f"{x}: of an account that may borrow"
            assert x.violations_after == account.violations, f"{x}: not {account.violations}"
            assert 0 < x.qty <= self.orders[x.order_id].filled_qty, f"{x}: of that sale"
            assert self._filled_ns < x.settles_ns, f"{x}: it had settled"
        elif isinstance(x, e.PositionGivenUp):
            position = self.accounts[x.account_id].positions.pop(x.instrument_id)
            found = (position.qty, position.cost_micros)
            assert found == (x.qty, x.cost_micros), f"{x} gives up {found}"
            self._contracts.given_up(position)
        elif isinstance(x, e.AccountReset):
            self._fund(x.account_id, x.cash_change_micros, x.cash_micros_after)
            account = self.accounts[x.account_id]
            assert account.open_count == 0, f"{x} leaves orders"
            account.due_ns, account.liquidating = 0, False
            for position in account.positions.values():
                position.funding_micros = 0

    @property
    def open_ids(self) -> list[int]:
        """The orders that have not ended, oldest first."""
        return sorted(key for key, order in self.orders.items() if order.is_open)

    @property
    def under_way(self) -> set[int]:
        """The replacements that have not arrived."""
        return set(self._changes)

    def check_sums(self) -> None:
        """Assert that all cash, accounts and house together, is zero."""
        cash = sum(account.cash_micros for account in self.accounts.values())
        assert cash + sum(self.house.values()) == 0, "the recomputed ledger does not sum to zero"

    def _fund(self, account_id: int, micros: int, after: int) -> None:
        account = self.accounts[account_id]
        account.cash_micros += micros
        self._house(Book.FUNDING, -micros)
        assert account.cash_micros == after, f"account {account_id}: {account.cash_micros}, {after}"

    def _house(self, book: int, micros: int) -> None:
        self.house[book] = self.house.get(book, 0) + micros

    def _check_holds(
        self,
        name: str,
        x: Ending | e.OrderAccepted | e.OrderReduced | e.OrderTriggered | e.OrderFilled,
    ) -> None:
        """No more is held than there is."""
        account = self.accounts[x.account_id]
        assert x.held_micros_after >= 0, f"{name}: holds less than nothing"
        if account.kind == AccountKind.CASH:
            assert x.held_micros_after <= account.cash_micros, f"{name}: holds more than there is"
        position = account.positions.get(x.instrument_id)
        shares = abs(position.qty) if position is not None else 0
        assert 0 <= x.held_qty_after <= shares, f"{name}: holds more shares than there are"

    # What an order goes through.

    def _accepted(self, record: Record, x: e.OrderAccepted) -> None:
        assert x.order_id not in self.orders, f"order {x.order_id} was made twice"
        self._contracts.count_order()
        change = self._changes.pop(x.order_id, None)
        if change is None:
            own = x.order_id // LEGS_MAX == record.seq
            assert own, f"order {x.order_id} is not named after input {record.seq}"
        else:
            assert change.arrives_ns <= record.ts, f"order {x.order_id} arrives too early"
        account, old = self.accounts[x.account_id], self.orders.get(x.replaces)
        account.check_restrictions(x)
        self._own_name(x.account_id, x.client_order_id, x.order_id)
        order = self.orders[x.order_id] = PlainOrder(x)
        if x.liquidates:
            self._of_house[x.order_id] = order
        account.open_count += 1
        if old is not None:
            self._follow(order, old)
        elif x.sibling_id:
            other = self.orders.get(x.sibling_id)
            order.pair = (other.pair if other is not None else None) or Pair(x.qty)
        for leg_id in (x.take_profit_id, x.stop_loss_id):
            if leg_id in self.orders:
                self.orders[leg_id].parent_id = x.order_id
        self._check_taken(record, order, change is not None)
        self._check_holds(f"{x}", x)
        order.begun_ns = record.ts if change is None else change.arrives_ns
        if x.status == Status.PENDING_NEW:
            latency_ns = self._market.profile(x.profile_id).latency_ns
            self._outcomes.begins(order.begun_ns, order, latency_ns)
        elif x.status == Status.NEW:
            self._armed(record, order)

    def _own_name(self, account_id: int, name: str, order_id: int) -> None:
        if name:
            first = self.accounts[account_id].client_order_ids.setdefault(name, order_id)
            assert first == order_id, f"{name!r} made orders {first}, {order_id}"

    def _follow(self, order: PlainOrder, old: PlainOrder) -> None:
        """Take over what a replacement has from the order before it."""
        x, y = order.accepted, old.accepted
        order.pair = old.pair
        if (x.trail_price, x.trail_ppm) == (y.trail_price, y.trail_ppm) and old.waits:
            order.carried = old.seen[0] if old.seen else old.carried

    def _check_taken(self, record: Record, order: PlainOrder, arrived: bool) -> None:
        """It was allowed to be taken now."""
        x = order.accepted
        name, account = f"order {x.order_id}", self.accounts[x.account_id]
        profile = self._market.profile(x.profile_id)
        if x.status == Status.NEW and not arrived and x.order_id not in self._outcomes.met:
            assert profile.latency_ns == 0, f"{name}: at the venue at once"
        if x.liquidates:
            assert x.closes, f"{name}: a liquidation opens"
            position = account.position(x.instrument_id)
            ordered = account.liquidating or position.was_liquidated
            assert ordered, f"{name}: nothing is liquidated"
            return
        if not x.closes:
            assert not account.due_ns, f"{name}: opens while the account is called"
        asks = isinstance(record.input, (c.PlaceOrder, c.ReplaceOrder, c.ClosePosition))
        if not asks or arrived or x.status == Status.HELD or x.parent_id:
            return
        sight = self._market.sight(x.instrument_id)
        assert not (profile.deny_halted and sight.halted), f"{name}: taken during a halt"
        takes = self._market.trades(x.instrument_id, record.ts, x.extended_hours)
        takes = takes and x.time_in_force not in AUCTION_TIMES and not order.waits
        if profile.deny_stale and takes and sight.touch(x.side):
            age_ns = record.ts - sight.ts
            fresh = not profile.quote_age_ns_max or age_ns <= profile.quote_age_ns_max
            linked = x.sibling_id or x.take_profit_id or x.stop_loss_id
            assert fresh or linked, f"{name}: taken on an old quote"

    def _activated(self, record: Record, x: e.OrderActivated) -> None:
        order = self.orders[x.order_id]
        name = f"order {x.order_id}"
        assert order.is_open, f"{name}: alive after its end"
        if x.sent_ns:
            self._outcomes.released(record, order)
            assert x.sent_ns == order.sent_ns, f"{name}: sent at {x.sent_ns}"
            assert order.arrives_ns <= record.ts, f"{name}: at the venue before it could be"
        leg = order.accepted.status == Status.HELD and not order.in_market
        if leg and x.qty != order.qty:
            order.qty = x.qty
        if leg:
            parent = self.orders[order.parent_id]
            filled = parent.accepted.filled_before + parent.filled_qty
            assert 0 < x.qty <= filled, f"{name}: exits {x.qty} of {filled}"
            if order.pair is not None and not order.pair.filled_qty:
                order.pair.qty = x.qty
        if x.collar_price:
            order.worst = x.collar_price
        fill_seq, filled_ns = self.orders[order.parent_id].last_fill if leg else (0, 0)
        order.begun_ns = filled_ns if fill_seq == record.seq else record.ts
        if x.status == Status.PENDING_NEW:
            self._outcomes.begins(order.begun_ns, order, 0)
        elif x.status != Status.ACCEPTED:
            order.in_market = True
            self._armed(record, order)

    def _armed(self, record: Record, order: PlainOrder) -> None:
        """A stop begins to wait: from the price before this input, or, if it is a leg, perhaps from
        the one after it.
        """
        order.in_market = True
        x = order.accepted
        if not order.waits or order.seen:
            return
        before = self._market.before(x.instrument_id).price(x.side)
        now = self._market.sight(x.instrument_id).price(x.side)
        if x.parent_id and isinstance(record.input, SHOWING):
            order.arm(before, now)
            self._late.append(order)
        else:
            order.arm(before)
        self._waiting.setdefault(x.instrument_id, {})[x.order_id] = order

    def _triggered(self, record: Record, x: e.OrderTriggered) -> None:
        order, name = self.orders[x.order_id], f"trigger {record.seq} of order {x.order_id}"
        message = record.input
        assert isinstance(message, SHOWING), f"{name}: by {message}"
        assert order.waits, f"{name}: it did not wait"
        assert order.seen, f"{name}: it was not armed"
        assert message.instrument_id == x.instrument_id, f"{name}: by another symbol"
        price = self._market.shown(message, order.accepted.side)
        order.see(price)
        assert x.price == price, f"{name}: by {x.price}, not {price}"
        assert x.stop_price in order.stops(), f"{name}: at {x.stop_price}, not {order.stops()}"
        assert order.reached_by(price, x.stop_price), f"{name}: {price} is short of {x.stop_price}"
        assert self._market.is_open(x.instrument_id, record.ts), f"{name}: the market was closed"
        assert not self._market.sight(x.instrument_id).halted, f"{name}: trading was halted"
        self._check_holds(name, x)
        order.waits, order.worst = False, order.accepted.limit_price or x.collar_price
        order.begun_ns = record.ts
        latency_ns = self._market.profile(order.accepted.profile_id).latency_ns
        if latency_ns and x.order_id not in self._outcomes.met:
            order.sent_ns, order.arrives_ns = record.ts, record.ts + latency_ns
        del self._waiting[x.instrument_id][x.order_id]

    def _check_waiting(self, record: Record, message: Input) -> None:
        """What still waits was not reached by what was shown."""
        assert isinstance(message, SHOWING)
        instrument_id = message.instrument_id
        halted = self._market.sight(instrument_id).halted
        if halted or not self._market.is_open(instrument_id, record.ts):
            return
        for order in self._waiting.get(instrument_id, {}).values():
            price = self._market.shown(message, order.accepted.side)
            if price:
                order.see(price)
                name = f"order {order.accepted.order_id}"
                reached = order.reached_by(price) and order not in self._late
                assert not reached, f"{name}: {price} did not trigger it"

    def _change_sent(self, record: Record, x: e.OrderChangeSent) -> None:
        order, name = self.orders[x.order_id], f"change {record.seq} of order {x.order_id}"
        assert order.is_open, f"{name}: it had ended"
        latency_ns = self._market.profile(order.accepted.profile_id).latency_ns
        assert latency_ns > 0, f"{name}: under way without latency"
        assert x.arrives_ns == record.ts + latency_ns, f"{name}: arrives at {x.arrives_ns}"
        if x.replaced_by:
            assert x.replaced_by // LEGS_MAX == record.seq, f"{name}: named after another input"
            self._changes[x.replaced_by] = x
            self._own_name(x.account_id, x.client_order_id, x.replaced_by)
        else:
            order.change_arrives_ns = x.arrives_ns

    def _filled(self, record: Record, x: e.OrderFilled) -> None:
        order, account = self.orders[x.order_id], self.accounts[x.account_id]
        name = f"fill {record.seq} of order {x.order_id}"
        assert order.is_open, f"{name}: it had ended"
        assert order.in_market, f"{name}: it was not in the market"
        assert not order.waits, f"{name}: it waits for its price"
        assert x.qty > 0, f"{name}: of nothing"
        at = self._filled_ns = self._market.judge(name, record, order, x)
        assert at >= order.arrives_ns, f"{name}: before it was at the venue"
        if x.rule == FillRule.PLANNED:
            self._outcomes.filled(name, record, order, x)
            scale = self._market.instruments[x.instrument_id].price_scale
            self._outcomes.check_price(name, x, scale)
        self._check_queue(name, order, x)
        instrument = self._market.instruments[x.instrument_id]
        divisor = 10 ** (instrument.price_scale + instrument.qty_scale - 6)
        before, after = order.filled_value, order.filled_value + x.price * x.qty
        up, down = ceiling(after, divisor) - ceiling(before, divisor), after // divisor
        down -= before // divisor
        buys = order.accepted.side == Side.BUY
        value, street = (up, down) if buys else (down, up)
        order.filled_value, order.filled_qty = after, order.filled_qty + x.qty
        order.last_fill = record.seq, at
        assert order.filled_qty <= order.qty, f"{name}: filled beyond its quantity"
        contract = self._contracts.is_contract(x.instrument_id)
        rounding = 0 if contract else up - down
        stated = (x.filled_qty, x.value_micros, x.rounding_micros)
        found = (order.filled_qty, value, rounding)
        assert stated == found, f"{name}: filled, value, rounding {stated}, recomputed {found}"
        if order.pair is not None:
            order.pair.filled_qty += x.qty
            assert order.pair.filled_qty <= order.pair.qty, f"{name}: a pair was overfilled"
        position = account.position(x.instrument_id)
        if contract:
            self._contracts.filled(name, account, position, value, x)
        else:
            account.cash_micros += -value if buys else value
            account.cash_micros -= sum(micros for _, micros in x.fees)
            self._house(Book.STREET, street if buys else -street)
            self._house(Book.ROUNDING, x.rounding_micros)
        for kind, micros in x.fees:
            self._house(FEE_BOOKS[kind], micros)
        assert account.cash_micros == x.cash_micros_after, (
            f"{name}: cash {x.cash_micros_after}, recomputed {account.cash_micros}"
        )
        self._move((record.seq, self._index), position, order, value, divisor, x)
        owes = account.cash_micros < 0 or position.qty < 0
        assert not owes or account.kind == AccountKind.MARGIN, f"{name}: on credit"
        self._check_holds(name, x)
        self._check_status(name, order, x)

    def _count_print(self, record: Record) -> None:
        """A trade goes to those before an order first."""
        message = record.input
        if isinstance(message, (f.Trade, f.AuctionPrint)):
            for order in self._rested.get(message.instrument_id, {}).values():
                if order.accepted.limit_price == message.price:
                    order.printed_qty += message.qty

    def _check_queue(self, name: str, order: PlainOrder, x: e.OrderFilled) -> None:
        if x.rule == FillRule.REST_QUEUE:
            assert order.ahead_qty >= 0, f"{name}: it had no place in the queue"
            order.queued_qty += x.qty
            reached = order.printed_qty - order.ahead_qty
            assert order.queued_qty <= reached, f"{name}: {reached} had traded after those ahead"

    def _move(
        self,
        fill: tuple[int, int],
        position: PlainPosition,
        order: PlainOrder,
        value: int,
        divisor: int,
        x: e.OrderFilled,
    ) -> None:
        signed, realized = (x.qty if x.side == Side.BUY else -x.qty), 0
        name, fees = f"fill {fill}", sum(micros for _, micros in x.fees)
        if order.accepted.closes:
            assert signed * position.qty < 0, f"{name}: closes nothing"
            assert x.qty <= abs(position.qty), f"{name}: closes more than there is"
            if self._contracts.is_contract(x.instrument_id):
                cost = abs(position.cost_micros) * x.qty // abs(position.qty)
            else:
                method = self.accounts[x.account_id].lot_method
                assert x.lot_method == method, f"{name}: by method {x.lot_method}, not {method}"
                taken = position.lots.close(x.qty, method, position.qty < 0, divisor)
                assert x.lots == taken, f"{name}: of lots {x.lots}, recomputed {taken}"
                cost = sum(piece[3] for piece in taken)
            realized = value - cost if signed < 0 else cost - value
            position.cost_micros -= cost if signed < 0 else -cost
        else:
            assert signed * position.qty >= 0, f"{name}: opens what would close"
            assert x.lots == (), f"{name}: opens, and takes lots"
            if not self._contracts.is_contract(x.instrument_id):
                opened = PlainLot(fill, x.qty, value, fees, self._filled_ns, x.price)
                position.lots.open(opened)
            position.cost_micros += value if signed > 0 else -value
        position.qty += signed
        stated = (x.position_qty_after, x.position_cost_micros_after, x.realized_micros)
        found = (position.qty, position.cost_micros, realized)
        assert stated == found, f"{name}: shares, cost, profit {stated}, recomputed {found}"

    def _check_status(self, name: str, order: PlainOrder, x: e.OrderFilled) -> None:
        shrank = order.qty != x.order_qty
        order.qty = x.order_qty
        full = order.filled_qty == order.qty
        assert (x.status == Status.FILLED) == full, f"{name}: status {x.status}, filled: {full}"
        if shrank:
            assert order.accepted.notional_micros, f"{name}: the order shrank"
            assert full, f"{name}: the order shrank, and is not filled"
        if full:
            self._close(order)

    def _close(self, order: PlainOrder) -> None:
        order.is_open = False
        x = order.accepted
        self._of_house.pop(x.order_id, None)
        self._waiting.get(x.instrument_id, {}).pop(x.order_id, None)
        self._rested.get(x.instrument_id, {}).pop(x.order_id, None)
        self.accounts[x.account_id].open_count -= 1

    def _ended(self, record: Record, x: Ending) -> None:
        change = self._changes.pop(x.order_id, None)
        if change is not None:
            assert not isinstance(x, (e.OrderExpired, e.OrderReplaced)), f"{x}: it never began"
            told = not isinstance(x, e.OrderRejected) or x.reason != Reason.VENUE_REJECTED
            assert told, f"{x}: a replacement"
            late = isinstance(x, e.OrderCanceled) or change.arrives_ns <= record.ts
            assert late, f"{x}: before it arrived"
            return
        order = self.orders[x.order_id]
        assert order.is_open, f"{x}: it had ended"
        self._check_holds(f"{x}", x)
        profile = self._market.profile(order.accepted.profile_id)
        if isinstance(x, e.OrderRejected) and x.order_id not in self._outcomes.met:
            assert x.reason == Reason.VENUE_REJECTED, f"{x}: it was no replacement"
            assert profile.reject_ppm > 0, f"{x}: under a profile that rejects nothing"
            assert not order.filled_qty, f"{x}: it was filled"
        by_client = isinstance(x, e.OrderCanceled) and x.reason == Reason.BY_CLIENT
        at_once = isinstance(record.input, c.SetProtection)
        if by_client and order.change_arrives_ns and not at_once:
            due = min(order.change_arrives_ns, order.arrives_ns or order.change_arrives_ns)
            assert due <= record.ts, f"{x}: before the cancellation arrived"
        self._close(order)
        if self.accounts[x.account_id].open_count == 0:
            held = (x.held_micros_after, x.held_qty_after)
            assert held == (0, 0), f"{x}: no open order is left, yet {held} is held"
