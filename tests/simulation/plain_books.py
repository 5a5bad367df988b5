"""Orders, cash and shares added up again from inputs and events, in plain integers.

Promises: nothing is taken over from the engine but what its events say happened; every figure that
an event states beside that is recomputed and compared. Must not know: how fills are decided, how
fees are set, or where anything is kept.
"""

from bisect import bisect_right

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.codes import STOP_TYPES, Book, FeeKind, Side, Status
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Input, Record

FEE_BOOKS = {
    FeeKind.COMMISSION: Book.COMMISSION,
    FeeKind.SEC: Book.SEC,
    FeeKind.TAF: Book.TAF,
    FeeKind.CRYPTO_TAKER: Book.EXCHANGE,
    FeeKind.CRYPTO_MAKER: Book.EXCHANGE,
}


class PlainOrder:
    """An order as its events tell it."""

    def __init__(self, accepted: e.OrderAccepted) -> None:
        self.accepted = accepted
        self.qty = accepted.qty
        self.filled_qty = 0
        self.filled_value = 0
        self.is_open = True
        self.worst = accepted.limit_price or accepted.collar_price
        self.waits = accepted.order_type in STOP_TYPES and not accepted.triggered
        self.seen: int | None = None
        """The best price a trailing stop saw since it was armed, 0 for none; None: not armed."""

    def see(self, price: int) -> None:
        """Let an armed stop see a price."""
        better = min if self.accepted.side == Side.BUY else max
        self.seen = better(self.seen or price, price)

    @property
    def stop(self) -> int:
        """Where it lies after what it has seen."""
        x = self.accepted
        if x.stop_price:
            return x.stop_price
        seen, sign = self.seen or 0, 1 if x.side == Side.BUY else -1
        if x.trail_price:
            return seen + sign * x.trail_price
        return sign * _ceil(sign * seen * (10**6 + sign * x.trail_ppm), 10**6)

    def reached_by(self, price: int) -> bool:
        """Whether a price is at the stop or past it."""
        return price >= self.stop if self.accepted.side == Side.BUY else price <= self.stop


class PlainPosition:
    """Shares held and what they cost."""

    def __init__(self) -> None:
        self.qty = 0
        self.cost_micros = 0


class PlainAccount:
    """Cash and positions as deposits, withdrawals and fills make them."""

    def __init__(self) -> None:
        self.cash_micros = 0
        self.positions: dict[int, PlainPosition] = {}
        self.client_order_ids: dict[str, int] = {}
        self.open_count = 0

    def position(self, instrument_id: int) -> PlainPosition:
        """The position in an instrument."""
        return self.positions.setdefault(instrument_id, PlainPosition())


class PlainBooks:
    """All accounts, orders and house books, taken record by record."""

    def __init__(self) -> None:
        self.accounts: dict[int, PlainAccount] = {}
        self.orders: dict[int, PlainOrder] = {}
        self.house: dict[int, int] = {}
        self.events_taken = 0
        self._instruments: dict[int, Instrument] = {}
        self._quotes: dict[int, tuple[int, f.Quote]] = {}
        self._sessions: dict[int, dict[int, int]] = {}
        self._profiles: dict[int, tuple[int, bool]] = {}
        self._last: dict[int, int] = {}
        self._waiting: dict[int, dict[int, PlainOrder]] = {}
        self._before = (0, 0, 0)

    def take(self, record: Record, events: list[e.Event]) -> None:
        """Add up one input's events; asserts whatever does not add up."""
        message = record.input
        instrument_id = getattr(message, "instrument_id", 0)
        market = [self._market(instrument_id, side) for side in (Side.BUY, Side.SELL)]
        self._before = (instrument_id, market[0], market[1])
        self._take_fact(record.seq, message)
        for event in events:
            self.events_taken += 1
            if isinstance(event, e.OrderAccepted):
                self._accepted(record.seq, event)
            elif isinstance(event, e.OrderFilled):
                self._filled(record, event)
            elif isinstance(event, e.OrderActivated):
                self._armed(self.orders[event.order_id])
            elif isinstance(event, e.OrderTriggered):
                self._triggered(record, event)
            elif isinstance(event, (e.OrderCanceled, e.OrderExpired, e.OrderReplaced)):
                self._ended(event)
            elif isinstance(event, e.AccountOpened):
                assert event.account_id not in self.accounts, f"{event} opens it twice"
                self.accounts[event.account_id] = PlainAccount()
            elif isinstance(event, (e.CashDeposited, e.CashWithdrawn)):
                sign = 1 if isinstance(event, e.CashDeposited) else -1
                self._fund(event.account_id, sign * event.amount_micros, event.cash_micros_after)
            elif isinstance(event, e.PositionGivenUp):
                position = self.accounts[event.account_id].positions.pop(event.instrument_id)
                found = (position.qty, position.cost_micros)
                assert found == (event.qty, event.cost_micros), f"{event} gives up {found}"
            elif isinstance(event, e.AccountReset):
                self._fund(event.account_id, event.cash_change_micros, event.cash_micros_after)
                assert self.accounts[event.account_id].open_count == 0, f"{event} leaves orders"
        if isinstance(message, (f.Trade, f.Quote)):
            self._check_waiting(record, message)

    def check_sums(self) -> None:
        """Assert that all cash, accounts and house together, is zero."""
        cash = sum(account.cash_micros for account in self.accounts.values())
        assert cash + sum(self.house.values()) == 0, "the recomputed ledger does not sum to zero"

    def _take_fact(self, seq: int, message: Input) -> None:
        if isinstance(message, f.Quote):
            self._quotes[message.instrument_id] = (seq, message)
        elif isinstance(message, f.Trade):
            self._last[message.instrument_id] = message.price
        elif isinstance(message, f.InstrumentListed):
            self._instruments[message.instrument.instrument_id] = message.instrument
        elif isinstance(message, f.SessionsScheduled):
            known = self._sessions.setdefault(message.calendar_id, {})
            known.update({session.open_ns: session.close_ns for session in message.sessions})
        elif isinstance(message, f.ProfileDefined):
            profile = message.profile
            self._profiles[profile.profile_id] = (profile.version, profile.fees)

    def _fund(self, account_id: int, micros: int, after: int) -> None:
        account = self.accounts[account_id]
        account.cash_micros += micros
        self._house(Book.FUNDING, -micros)
        assert account.cash_micros == after, f"account {account_id}: {account.cash_micros}, {after}"

    def _house(self, book: int, micros: int) -> None:
        self.house[book] = self.house.get(book, 0) + micros

    def _accepted(self, seq: int, x: e.OrderAccepted) -> None:
        assert x.order_id not in self.orders, f"order {x.order_id} was made twice"
        assert x.order_id // LEGS_MAX == seq, f"order {x.order_id} is not named after input {seq}"
        account = self.accounts[x.account_id]
        if x.client_order_id:
            first = account.client_order_ids.setdefault(x.client_order_id, x.order_id)
            assert first == x.order_id, f"{x.client_order_id!r} made orders {first}, {x.order_id}"
        order = self.orders[x.order_id] = PlainOrder(x)
        account.open_count += 1
        if x.status == Status.NEW:
            self._armed(order)
        assert 0 <= x.held_micros_after <= account.cash_micros, f"{x} holds more than there is"

    def _market(self, instrument_id: int, side: int) -> int:
        """What stops are measured against: the last trade, else the quote; 0 for none."""
        if instrument_id not in self._quotes:
            return self._last.get(instrument_id, 0)
        quote = self._quotes[instrument_id][1]
        return self._last.get(instrument_id) or (quote.ask if side == Side.BUY else quote.bid)

    def _armed(self, order: PlainOrder) -> None:
        """A stop begins to wait, from the price there was before this input."""
        x = order.accepted
        if order.waits:
            instrument_id, buying, selling = self._before
            order.seen = self._market(x.instrument_id, x.side)
            if instrument_id == x.instrument_id:
                order.seen = buying if x.side == Side.BUY else selling
            self._waiting.setdefault(x.instrument_id, {})[x.order_id] = order

    def _shown(self, message: f.Trade | f.Quote, side: int) -> int:
        """What a trade or a quote shows to waiting stops; 0 for nothing."""
        if isinstance(message, f.Trade):
            return message.price
        if message.instrument_id in self._last or message.bid > message.ask > 0:
            return 0
        return message.ask if side == Side.BUY else message.bid

    def _triggered(self, record: Record, x: e.OrderTriggered) -> None:
        order, name = self.orders[x.order_id], f"trigger {record.seq} of order {x.order_id}"
        message = record.input
        assert isinstance(message, (f.Trade, f.Quote)), f"{name}: by {message}"
        assert order.waits, f"{name}: it did not wait"
        assert order.seen is not None, f"{name}: it was not armed"
        assert message.instrument_id == x.instrument_id, f"{name}: by another symbol"
        price = self._shown(message, order.accepted.side)
        order.see(price)
        stated, found = (x.price, x.stop_price), (price, order.stop)
        assert stated == found, f"{name}: price and stop {stated}, recomputed {found}"
        assert order.reached_by(price), f"{name}: {price} does not reach {order.stop}"
        assert self._is_open(x.instrument_id, record.ts), f"{name}: the market was closed"
        cash = self.accounts[x.account_id].cash_micros
        assert 0 <= x.held_micros_after <= cash, f"{name}: holds more than there is"
        order.waits, order.worst = False, order.accepted.limit_price or x.collar_price
        del self._waiting[x.instrument_id][x.order_id]

    def _check_waiting(self, record: Record, message: f.Trade | f.Quote) -> None:
        """What still waits was not reached by what was shown."""
        if not self._is_open(message.instrument_id, record.ts):
            return
        for order in self._waiting.get(message.instrument_id, {}).values():
            price = self._shown(message, order.accepted.side)
            if price:
                order.see(price)
                name = f"order {order.accepted.order_id}"
                assert not order.reached_by(price), f"{name}: {price} did not trigger it"

    def _is_open(self, instrument_id: int, ts: int) -> bool:
        sessions = self._sessions[self._instruments[instrument_id].calendar_id]
        opens = sorted(sessions)
        at = bisect_right(opens, ts) - 1
        return at >= 0 and ts < sessions[opens[at]]

    def _filled(self, record: Record, x: e.OrderFilled) -> None:
        order, account = self.orders[x.order_id], self.accounts[x.account_id]
        name = f"fill {record.seq} of order {x.order_id}"
        assert order.is_open, f"{name}: it had ended"
        assert not order.waits, f"{name}: it waits for its price"
        assert x.qty > 0, f"{name}: of nothing"
        instrument = self._instruments[x.instrument_id]
        divisor = 10 ** (instrument.price_scale + instrument.qty_scale - 6)
        before, after = order.filled_value, order.filled_value + x.price * x.qty
        up, down = _ceil(after, divisor) - _ceil(before, divisor), after // divisor
        down -= before // divisor
        buys = order.accepted.side == Side.BUY
        value, street = (up, down) if buys else (down, up)
        order.filled_value, order.filled_qty = after, order.filled_qty + x.qty
        assert order.filled_qty <= order.accepted.qty, f"{name}: filled beyond its quantity"
        stated = (x.filled_qty, x.value_micros, x.rounding_micros)
        found = (order.filled_qty, value, up - down)
        assert stated == found, f"{name}: filled, value, rounding {stated}, recomputed {found}"
        fees = sum(micros for _, micros in x.fees)
        account.cash_micros += (-value if buys else value) - fees
        self._house(Book.STREET, street if buys else -street)
        self._house(Book.ROUNDING, x.rounding_micros)
        for kind, micros in x.fees:
            assert micros > 0, f"{name}: a fee of {micros}"
            self._house(FEE_BOOKS[kind], micros)
        assert account.cash_micros == x.cash_micros_after, (
            f"{name}: cash {x.cash_micros_after}, recomputed {account.cash_micros}"
        )
        assert 0 <= x.held_micros_after <= account.cash_micros, f"{name}: holds more than there is"
        self._move(name, account.position(x.instrument_id), buys, value, x)
        self._check_price(name, record, order, x)
        self._check_status(name, order, x)

    def _move(
        self, name: str, position: PlainPosition, buys: bool, value: int, x: e.OrderFilled
    ) -> None:
        realized = 0
        if buys:
            position.qty += x.qty
            position.cost_micros += value
        else:
            assert x.qty <= position.qty, f"{name}: sells more than there is"
            cost = position.cost_micros * x.qty // position.qty
            realized = value - cost
            position.qty -= x.qty
            position.cost_micros -= cost
        stated = (x.position_qty_after, x.position_cost_micros_after, x.realized_micros)
        found = (position.qty, position.cost_micros, realized)
        assert stated == found, f"{name}: shares, cost, profit {stated}, recomputed {found}"
        assert 0 <= x.held_qty_after <= position.qty, f"{name}: holds more shares than there are"

    def _check_price(self, name: str, record: Record, order: PlainOrder, x: e.OrderFilled) -> None:
        """The price is the quote's, within the order's, and the market was open."""
        quote_seq, quote = self._quotes[x.instrument_id]
        told = (x.quote_seq, x.bid, x.ask, x.bid_qty, x.ask_qty)
        seen = (quote_seq, quote.bid, quote.ask, quote.bid_qty, quote.ask_qty)
        assert told == seen, f"{name}: explained by {told}, the market showed {seen}"
        accepted = order.accepted
        worst = order.worst
        if accepted.side == Side.BUY:
            assert x.price == quote.ask, f"{name}: at {x.price}, the ask was {quote.ask}"
            assert x.price <= worst, f"{name}: at {x.price}, above {worst}"
        else:
            assert x.price == quote.bid, f"{name}: at {x.price}, the bid was {quote.bid}"
            assert x.price >= worst, f"{name}: at {x.price}, below {worst}"
        assert self._is_open(x.instrument_id, record.ts), f"{name}: the market was closed"
        version, has_fees = self._profiles[x.profile_id]
        assert x.profile_id == accepted.profile_id, f"{name}: under another profile"
        assert x.profile_version == version, f"{name}: under an old version of its profile"
        assert has_fees or not x.fees, f"{name}: fees under a profile without"

    def _check_status(self, name: str, order: PlainOrder, x: e.OrderFilled) -> None:
        order.qty = x.order_qty
        full = order.filled_qty == order.qty
        assert (x.status == Status.FILLED) == full, f"{name}: status {x.status}, filled: {full}"
        if order.qty != order.accepted.qty:
            assert order.accepted.notional_micros, f"{name}: the order shrank"
            assert full, f"{name}: the order shrank, and is not filled"
        if full:
            self._close(order)

    def _close(self, order: PlainOrder) -> None:
        order.is_open = False
        self._waiting.get(order.accepted.instrument_id, {}).pop(order.accepted.order_id, None)
        self.accounts[order.accepted.account_id].open_count -= 1

    def _ended(self, x: e.OrderCanceled | e.OrderExpired | e.OrderReplaced) -> None:
        order = self.orders[x.order_id]
        assert order.is_open, f"{x}: it had ended"
        cash = self.accounts[x.account_id].cash_micros
        assert 0 <= x.held_micros_after <= cash, f"{x} holds more than there is"
        self._close(order)
        if self.accounts[x.account_id].open_count == 0:
            held = (x.held_micros_after, x.held_qty_after)
            assert held == (0, 0), f"{x}: no open order is left, yet {held} is held"


def _ceil(value: int, divisor: int) -> int:
    return -(-value // divisor)
