"""What came of a playback: its orders, its fills with the quote each saw, the money at the end.

Promises: everything is read from the world's own tables and events; numbers are decimal text. Must
not know: how it is shown.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from stockyard.engine.engine import ENGINE_VERSION
from stockyard.model.codes import (
    CLASS_WORDS,
    FEE_WORDS,
    FILL_RULE_WORDS,
    REASON_WORDS,
    SIDE_WORDS,
    STATUS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    OrderType,
)
from stockyard.model.denials import DENY_RULES
from stockyard.model.events import (
    CommandDenied,
    CommandRepeated,
    OrderCanceled,
    OrderChangeSent,
    OrderFilled,
)
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import CASH_SCALE, format_cash, format_decimal, format_ratio
from stockyard.runtime.order_script import PERCENT_SCALE, PLACE, MarketDays, ScriptedOrder
from stockyard.runtime.playback import Playback, SentOrder
from stockyard.runtime.verification import ledger_balance, share_imbalances
from stockyard.runtime.world import ENGINE_IS_COMPILED, World

EVENTS_PAGE = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PlayedOrder(msgspec.Struct, frozen=True, gc=False):
    """One row of the script and what became of it.

    ``answer``: the order's last status, ``done`` for a cancellation (``sent`` for one that takes
    time), or the word of the denial;
    ``detail``: why it was denied or ended. ``market_time`` and ``expires_at`` are on the market's
    clock.
    """

    line: int
    ts_ns: int
    market_time: str
    action: str
    client_order_id: str
    symbol: str
    side: str
    type: str
    time_in_force: str
    qty: str
    notional: str
    limit_price: str
    stop_price: str
    trail_price: str
    trail_percent: str
    expires_at: str
    seq: int
    answer: str
    detail: str
    filled_qty: str
    average_price: str
    order_class: str = ""
    take_profit_limit_price: str = ""
    stop_loss_stop_price: str = ""
    stop_loss_limit_price: str = ""
    stop_loss_trail_price: str = ""
    stop_loss_trail_percent: str = ""
    extended_hours: bool = False


class PlayedFill(msgspec.Struct, frozen=True, gc=False):
    """One execution with the quote it saw, which was ``quote_age_ms`` old; ``size_open`` is what
    was left of the size it took from. ``line``: the script's row that made the order, or the one
    whose exit it is: then ``client_order_id`` says which one, as in ``mine/stop_loss``.
    """

    line: int
    seq: int
    ts_ns: int
    market_time: str
    client_order_id: str
    symbol: str
    side: str
    qty: str
    price: str
    value: str
    bid: str
    bid_size: str
    ask: str
    ask_size: str
    size_open: str
    quote_seq: int
    quote_ts_ns: int
    quote_age_ms: str
    rule: str
    profile: str
    fee_version: str
    fees: dict[str, str]
    realized: str


class PlayedPosition(msgspec.Struct, frozen=True, gc=False):
    """What is held at the end: its cost, and its value at the bid (else the last trade; null when
    neither is known).
    """

    symbol: str
    qty: str
    cost: str
    mark: str | None
    value: str | None
    unrealized: str | None
    realized: str
    fees: str


class PlayedMoney(msgspec.Struct, frozen=True, gc=False):
    """The account at the end, in dollars. ``equity`` counts positions without a mark as nothing."""

    deposited: str
    cash: str
    equity: str
    realized: str
    unrealized: str
    fees: str
    profit: str


class PlaybackReport(msgspec.Struct, frozen=True, gc=False):
    """Everything about one playback. ``ledger_balance`` and ``unbalanced_symbols`` are counted anew
    from the accounts: zero, and none, in a world that is whole.
    """

    recording: str
    profile: str
    first_time: str
    last_time: str
    orders: tuple[PlayedOrder, ...]
    fills: tuple[PlayedFill, ...]
    positions: tuple[PlayedPosition, ...]
    money: PlayedMoney
    orders_left_out: int
    ledger_balance: str
    unbalanced_symbols: tuple[str, ...]
    inputs: int
    state_hash: str
    engine: str
    engine_version: str


def utc_text(ts: int) -> str:
    """A time as ISO 8601 in UTC, to the microsecond."""
    moment = _EPOCH + timedelta(microseconds=ts // 1000)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"


def _price(price: int, instrument: Instrument) -> str:
    return format_decimal(price, instrument.price_scale) if price else ""


class ReportReader:
    """Reads a report out of a world that a playback has finished with."""

    def __init__(self, world: World, playback: Playback, days: MarketDays) -> None:
        self._world, self._playback, self._days = world, playback, days
        self._rows = {sent.order_id: sent.order for sent in playback.sent if sent.order_id}

    def report(self, recording: str, start_ns: int, orders_left_out: int) -> PlaybackReport:
        """The whole report."""
        world = self._world
        account = world.view.accounts[self._playback.account_id]
        instruments = world.view.instruments
        return PlaybackReport(
            recording,
            world.view.profiles[account.profile_id].name,
            utc_text(start_ns),
            utc_text(world.engine.ts),
            tuple(self._order(sent) for sent in self._playback.sent),
            self._fills(),
            self._positions(),
            self._money(),
            orders_left_out,
            format_cash(ledger_balance(world.engine)),
            tuple(instruments[number].symbol for number in share_imbalances(world.engine)),
            world.engine.seq,
            world.engine.state_hash(),
            "compiled" if ENGINE_IS_COMPILED else "interpreted",
            ENGINE_VERSION,
        )

    def _order(self, sent: SentOrder) -> PlayedOrder:
        order = sent.order
        place = order.action == PLACE
        instrument = self._world.view.instruments[order.instrument_id]
        answer, detail, filled, average = self._answer(sent, instrument)
        return PlayedOrder(
            order.line,
            order.ts,
            self._days.text(order.ts),
            order.action,
            order.client_order_id,
            order.symbol,
            SIDE_WORDS[order.side] if place else "",
            TYPE_WORDS[order.order_type] if place else "",
            TIF_WORDS.get(order.time_in_force, ""),
            format_decimal(order.qty, instrument.qty_scale) if order.qty else "",
            format_cash(order.notional_micros) if order.notional_micros else "",
            _price(order.limit_price, instrument),
            _price(order.stop_price, instrument),
            _price(order.trail_price, instrument),
            format_decimal(order.trail_ppm, PERCENT_SCALE) if order.trail_ppm else "",
            self._days.text(order.expires_ns) if order.expires_ns else "",
            sent.seq,
            answer,
            detail,
            filled,
            average,
            *self._exits(order, instrument),
        )

    def _exits(
        self, order: ScriptedOrder, instrument: Instrument
    ) -> tuple[str, str, str, str, str, str, bool]:
        """The row's class, its exits and its hours."""
        profit, stop, limit, trail = (_price(price, instrument) for price in order.exits[:4])
        ppm = order.exits[4]
        percent = format_decimal(ppm, PERCENT_SCALE) if ppm else ""
        word = CLASS_WORDS[order.order_class] if order.order_class else ""
        return word, profit, stop, limit, trail, percent, order.extended_hours

    def _answer(self, sent: SentOrder, instrument: Instrument) -> tuple[str, str, str, str]:
        """The answer's word, its detail, and what the order filled at which average price."""
        row = self._world.store.order(sent.order_id) if sent.order_id else None
        if row is not None:
            filled = format_decimal(row.filled_qty, instrument.qty_scale)
            average = ""
            if row.filled_qty:
                divisor = row.filled_qty * 10**instrument.price_scale
                average = format_ratio(int(row.filled_value), divisor, 6, 2)
            return STATUS_WORDS[row.status], REASON_WORDS.get(row.reason, ""), filled, average
        events = [event for _, event in self._world.store.events_of(sent.seq)]
        if any(isinstance(event, OrderChangeSent) for event in events):
            return "sent", "", "", ""
        for event in events:
            if isinstance(event, CommandDenied):
                rule = DENY_RULES[event.code]
                return f"denied: {rule.word}", f"{rule.wrong}; {rule.right}", "", ""
            if isinstance(event, CommandRepeated):
                return "repeated", f"the same request as seq {event.first_seq}", "", ""
            if isinstance(event, OrderCanceled):
                return "done", "", "", ""
        raise AssertionError(f"seq {sent.seq} has no answer")

    def _fills(self) -> tuple[PlayedFill, ...]:
        store, found = self._world.store, list[PlayedFill]()
        seq, idx = 0, -1
        while True:
            page = store.events_after(self._playback.account_id, seq, idx, EVENTS_PAGE)
            found += [self._fill(s, ts, e) for s, _, ts, e in page if isinstance(e, OrderFilled)]
            if len(page) < EVENTS_PAGE:
                return tuple(found)
            seq, idx = page[-1][:2]

    def _fill(self, seq: int, ts: int, x: OrderFilled) -> PlayedFill:
        instrument = self._world.view.instruments[x.instrument_id]
        prices = [format_decimal(p, instrument.price_scale, 2) for p in (x.price, x.bid, x.ask)]
        sizes = [
            format_decimal(q, instrument.qty_scale)
            for q in (x.qty, x.bid_qty, x.ask_qty, x.size_open)
        ]
        line, name = self._named(x.order_id)
        return PlayedFill(
            line,
            seq,
            ts,
            self._days.text(ts),
            name,
            instrument.symbol,
            SIDE_WORDS[x.side],
            sizes[0],
            prices[0],
            format_cash(x.value_micros),
            prices[1],
            sizes[1],
            prices[2],
            sizes[2],
            sizes[3],
            x.quote_seq,
            ts - x.quote_age_ns,
            format_decimal(x.quote_age_ns, 6),
            FILL_RULE_WORDS[x.rule],
            self._world.view.profiles[x.profile_id].name,
            x.fee_version,
            {FEE_WORDS[kind]: format_cash(micros) for kind, micros in x.fees},
            format_cash(x.realized_micros),
        )

    def _named(self, order_id: int) -> tuple[int, str]:
        """The script's row behind an order and what to call it: a leg by its row and its kind."""
        row = self._rows.get(order_id)
        if row is not None:
            return row.line, row.client_order_id
        found = self._world.store.order(order_id)
        assert found is not None, f"order {order_id} filled and is unknown"
        line, name = self._named(found.parent_id or found.sibling_id)
        kind = "take_profit" if found.order_type == OrderType.LIMIT else "stop_loss"
        return line, f"{name}/{kind}"

    def _marks(self) -> Mapping[int, tuple[int, int]]:
        """Mark price and value in micro-dollars of each position that has a mark."""
        view, found = self._world.view, {}
        for row in view.positions[self._playback.account_id].values():
            instrument, mark = view.instruments[row.instrument_id], 0
            if row.instrument_id in view.quotes:
                mark = view.quotes[row.instrument_id].mark(row.qty)
            if mark:
                scale = instrument.price_scale + instrument.qty_scale - CASH_SCALE
                found[row.instrument_id] = mark, mark * row.qty // 10**scale
        return found

    def _positions(self) -> tuple[PlayedPosition, ...]:
        view, marks, found = self._world.view, self._marks(), list[PlayedPosition]()
        for row in view.positions[self._playback.account_id].values():
            instrument = view.instruments[row.instrument_id]
            mark, value = marks.get(row.instrument_id, (0, 0))
            found.append(
                PlayedPosition(
                    instrument.symbol,
                    format_decimal(row.qty, instrument.qty_scale),
                    format_cash(row.cost_micros),
                    format_decimal(mark, instrument.price_scale, 2) if mark else None,
                    format_cash(value) if mark else None,
                    format_cash(value - row.cost_micros) if mark else None,
                    format_cash(row.realized_micros),
                    format_cash(row.fees_micros),
                )
            )
        return tuple(found)

    def _money(self) -> PlayedMoney:
        view, marks = self._world.view, self._marks()
        account = view.accounts[self._playback.account_id]
        positions = view.positions[self._playback.account_id]
        values = sum([value for _, value in marks.values()])
        costs = sum([positions[number].cost_micros for number in marks])
        equity = account.cash_micros + values
        return PlayedMoney(
            format_cash(account.deposited_micros),
            format_cash(account.cash_micros),
            format_cash(equity),
            format_cash(account.realized_micros),
            format_cash(values - costs),
            format_cash(account.fees_micros),
            format_cash(equity - account.deposited_micros),
        )
