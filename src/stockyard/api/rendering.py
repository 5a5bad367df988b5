"""Rows and events to the structs that are sent.

Promises: the answer to a command is made from the events of its own journal record and from terms
that never change, so the first answer and a repeat are the same bytes, also after a crash. Must not
know: HTTP, or who asks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from stockyard.api import answers as a
from stockyard.api import contract_answers as c
from stockyard.api import contracts
from stockyard.api.explaining import explanation
from stockyard.api.problems import PERCENT_SCALE
from stockyard.api.shapes import PRICE_PLACES_MIN, price_text, time_or_none, time_text
from stockyard.model import events as e
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    ACCOUNT_STATUS_WORDS,
    ASSET_CLASS_WORDS,
    CHARGE_WORDS,
    CLASS_WORDS,
    FEE_WORDS,
    FILL_RULE_WORDS,
    LIFECYCLE_WORDS,
    LOT_METHOD_WORDS,
    REASON_WORDS,
    SIDE_WORDS,
    STATUS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    AccountKind,
    AccountStatus,
    OrderClass,
    OrderType,
    Reason,
    Restriction,
    Side,
    Status,
)
from stockyard.model.ids import Kind, PublicIds
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import (
    CASH_SCALE,
    LEGS_MAX,
    format_cash,
    format_decimal,
    format_ratio,
)
from stockyard.model.previews import AccountStanding, OpenLot
from stockyard.projections.equity import value_micros, worth_micros
from stockyard.projections.rows import (
    AccountRow,
    OrderRow,
    PositionRow,
    accepted_order,
    sent_order,
)
from stockyard.projections.view import QuoteRow, View

NO_TRAIL: Final = (0, 0)
INTENT_WORDS: Final = {
    (Side.BUY, 0): "buy_to_open",
    (Side.BUY, 1): "buy_to_close",
    (Side.SELL, 0): "sell_to_open",
    (Side.SELL, 1): "sell_to_close",
}
"""What an order of a side does that opens (0) or closes (1) a position."""
NOTHING: Final[Mapping[int, OrderRow]] = {}
Trail = Callable[[int, int], tuple[int, int]]
"""For an account and an order: the extreme and the stop of a trailing stop that waits, else
``NO_TRAIL``.
"""
_END_STATUSES: Final[dict[type, int]] = {
    e.OrderCanceled: Status.CANCELED,
    e.OrderExpired: Status.EXPIRED,
    e.OrderRejected: Status.REJECTED,
}


def made_orders(
    ts: int, events: Iterable[e.Event], earlier: Sequence[OrderRow] = ()
) -> list[OrderRow]:
    """The orders that one record made, as the record left them: the one asked for, then its legs.

    ``earlier``: the legs it took over from the order it replaces, as they stood before the record.
    What befell other orders in the same record (a day's end, a closing's cancellations, arriving
    replacements) is passed over: their ids come from earlier records.
    """
    rows: dict[int, OrderRow] = {}
    for event in events:
        if isinstance(event, e.OrderAccepted):
            main = rows[event.order_id] = accepted_order(ts, event)
            for leg in earlier:
                _take_over(leg, main, event.filled_before)
                leg.updated_ns = ts
                rows[leg.order_id] = leg
        elif isinstance(event, e.OrderChangeSent) and event.replaced_by:
            rows[event.replaced_by] = sent_order(ts, event)
        else:
            row = rows.get(getattr(event, "order_id", 0))
            if row is not None:
                _befall(row, ts, event)
    newest = max(rows, default=0) // LEGS_MAX
    kept = [leg.order_id for leg in earlier]
    return [
        row for order_id, row in rows.items() if order_id // LEGS_MAX == newest or order_id in kept
    ]


def taken_orders(
    ts: int, events: Iterable[e.Event], earlier: Sequence[OrderRow] = ()
) -> list[OrderRow]:
    """``made_orders`` as they were taken, before anything befell them in the same record."""
    taking = [x for x in events if isinstance(x, e.OrderAccepted | e.OrderChangeSent)]
    return made_orders(ts, taking, earlier)


def _take_over(leg: OrderRow, main: OrderRow, filled_before: int) -> None:
    """Link a leg, or the other exit of a pair, with the order that replaces the one it had."""
    if leg.order_id == main.sibling_id:
        leg.sibling_id = main.order_id
        return
    leg.parent_id, leg.qty = main.order_id, filled_before + main.qty
    other = main.take_profit_id + main.stop_loss_id - leg.order_id
    leg.sibling_id = other or leg.sibling_id


def taken_over(events: Iterable[e.Event]) -> tuple[int, ...]:
    """The legs that a record's new order has from the one it replaces."""
    accepted = [x for x in events if isinstance(x, e.OrderAccepted) and x.replaces]
    if not accepted:
        return ()
    return leg_ids(accepted_order(0, accepted[-1]))


def as_it_stood(seq: int, history: Iterable[tuple[int, int, int, e.Event]]) -> OrderRow | None:
    """An order as it stood before record ``seq``, from its events as ``(seq, index, ts, event)``.

    What another order's events changed in it is left as it was when the order was taken.
    """
    row: OrderRow | None = None
    for at, _, ts, event in history:
        if at >= seq:
            break
        if isinstance(event, e.OrderAccepted):
            row = accepted_order(ts, event)
        elif row is not None:
            _befall(row, ts, event)
            row.updated_ns = ts
    return row


def _befall(row: OrderRow, ts: int, event: e.Event) -> None:
    """Let an event change the order it is about."""
    if isinstance(event, e.OrderFilled):
        _fill(row, ts, event)
    elif isinstance(event, e.OrderTriggered):
        row.triggered_ns, row.stop_price = ts, event.stop_price
        row.collar_price = event.collar_price
    elif isinstance(event, e.OrderActivated):
        row.status, row.qty, row.expires_ns = event.status, event.qty, event.expires_ns
        row.collar_price = event.collar_price
    elif isinstance(event, e.OrderReduced):
        row.qty = event.qty
    elif isinstance(event, e.OrderCanceled):
        row.status, row.reason, row.ended_ns = Status.CANCELED, event.reason, ts
    elif isinstance(event, e.OrderExpired):
        row.status, row.reason, row.ended_ns = Status.EXPIRED, event.reason, ts
    elif isinstance(event, e.OrderRejected):
        row.status, row.reason, row.ended_ns = Status.REJECTED, event.reason, ts
    elif isinstance(event, e.OrderChangeSent) and not event.replaced_by:
        row.status = event.status


def _fill(row: OrderRow, ts: int, x: e.OrderFilled) -> None:
    row.status, row.filled_qty, row.qty = x.status, x.filled_qty, x.order_qty
    row.filled_value = str(int(row.filled_value) + x.price * x.qty)
    row.fees_micros += sum([fee for _, fee in x.fees])
    if x.status == Status.FILLED:
        row.ended_ns = ts


def leg_ids(row: OrderRow) -> tuple[int, ...]:
    """The orders shown inside an order: an entry's legs, and the stop-loss of an OCO."""
    named = [row.take_profit_id, row.stop_loss_id]
    if row.order_class == OrderClass.OCO and row.order_type == OrderType.LIMIT:
        named = [row.sibling_id]
    return tuple([order_id for order_id in named if order_id])


def opened_account(ts: int, events: Iterable[e.Event]) -> AccountRow | None:
    """The account that one record opened, as the record left it."""
    row: AccountRow | None = None
    for event in events:
        if isinstance(event, e.AccountOpened):
            row = AccountRow(
                event.account_id, event.owner, event.name, AccountStatus.ACTIVE, event.profile_id,
                0, 0, 0, 0, 0, ts, ts, event.kind,
            )  # fmt: skip
        elif (
            row is not None
            and isinstance(event, e.CashDeposited)
            and event.account_id == row.account_id
        ):
            row.cash_micros = row.deposited_micros = event.cash_micros_after
    return row


def current_legs(row: OrderRow, linked: Mapping[int, OrderRow]) -> list[OrderRow]:
    """The orders shown inside an order, each as what it was last replaced by."""
    legs = []
    for order_id in leg_ids(row):
        leg = linked.get(order_id)
        while leg is not None and leg.replaced_by in linked:
            leg = linked[leg.replaced_by]
        if leg is not None:
            legs.append(leg)
    return legs


class Renderer:
    """Shows the rows and events of one world."""

    def __init__(
        self,
        view: View,
        ids: PublicIds,
        quote_stale_ns: int,
        trail: Trail,
        standing: Callable[[int], AccountStanding],
    ) -> None:
        self._view, self._ids, self._quote_stale_ns = view, ids, quote_stale_ns
        self._trail, self._standing = trail, standing
        self._asset_ids: dict[int, str] = {}

    def order_id(self, order_id: int) -> str:
        """An order's public id."""
        return self._ids.text(Kind.ORDER, *divmod(order_id, LEGS_MAX))

    def account_id(self, account_id: int) -> str:
        """An account's public id."""
        return self._ids.text(Kind.ACCOUNT, account_id)

    def asset_id(self, instrument_id: int) -> str:
        """An asset's public id."""
        found = self._asset_ids.get(instrument_id)
        if found is None:
            found = self._ids.text(Kind.ASSET, instrument_id)
            self._asset_ids[instrument_id] = found
        return found

    def profile(self, profile_id: int) -> str:
        """A profile's name."""
        return self._view.profiles[profile_id].name

    def live_order(self, row: OrderRow, linked: Mapping[int, OrderRow] = NOTHING) -> a.Order:
        """An order as it stands, with where a waiting trailing stop has got to, and its legs as far
        as they are in ``linked``.
        """
        legs = [self.live_order(leg) for leg in current_legs(row, linked)] or None
        if row.order_type == OrderType.TRAILING_STOP and row.is_open and row.triggered_ns == 0:
            return self.order(row, self._trail(row.account_id, row.order_id), legs)
        return self.order(row, NO_TRAIL, legs)

    def made(self, ts: int, events: Iterable[e.Event], earlier: Sequence[OrderRow] = ()) -> a.Order:
        """The order that one record made, as the record left it, with its legs; ``earlier`` as in
        ``made_orders``.
        """
        main, *legs = made_orders(ts, events, earlier)
        return self.order(main, NO_TRAIL, [self.order(leg) for leg in legs] or None)

    def order(
        self,
        row: OrderRow,
        trail: tuple[int, int] = NO_TRAIL,
        legs: list[a.Order] | None = None,
    ) -> a.Order:
        """An order as its row stands; ``trail``: extreme and stop of a waiting trailing stop."""
        extreme, stop = trail if trail[0] else (0, row.stop_price)
        instrument = self._view.instruments[row.instrument_id]
        scale = instrument.qty_scale
        order_id = self.order_id(row.order_id)
        created = time_text(row.created_ns)
        updated = created if row.updated_ns == row.created_ns else time_text(row.updated_ns)
        ended = time_text(row.ended_ns) if row.ended_ns else None
        status = row.status
        word = STATUS_WORDS[status]
        return a.Order(
            order_id,
            row.client_order_id or order_id,
            self.account_id(row.account_id),
            instrument.symbol,
            self.asset_id(row.instrument_id),
            ASSET_CLASS_WORDS[instrument.asset_class],
            SIDE_WORDS[row.side],
            TYPE_WORDS[row.order_type],
            TIF_WORDS[row.time_in_force],
            row.extended_hours == 1,
            format_decimal(row.qty, scale),
            format_cash(row.notional_micros) if row.notional_micros else None,
            price_text(row.limit_price, instrument) if row.limit_price else None,
            price_text(stop, instrument) if stop else None,
            price_text(row.trail_price, instrument) if row.trail_price else None,
            format_decimal(row.trail_ppm, PERCENT_SCALE) if row.trail_ppm else None,
            price_text(extreme, instrument) if extreme else None,
            price_text(row.collar_price, instrument) if row.collar_price else None,
            word,
            LIFECYCLE_WORDS[word],
            format_decimal(row.filled_qty, scale) if row.filled_qty else "0",
            average_price(row, instrument) if row.filled_qty else None,
            format_cash(row.fees_micros),
            REASON_WORDS[row.reason] if row.reason else None,
            self.order_id(row.replaces) if row.replaces else None,
            self.order_id(row.replaced_by) if row.replaced_by else None,
            row.version,
            self.profile(row.profile_id),
            created,
            updated,
            created,
            ended if status == Status.FILLED else None,
            ended if status == Status.CANCELED else None,
            ended if status == Status.EXPIRED else None,
            ended if status == Status.REPLACED else None,
            time_text(row.triggered_ns) if row.triggered_ns else None,
            time_or_none(row.expires_ns),
            CLASS_WORDS[row.order_class],
            INTENT_WORDS[row.side, row.closes],
            self.order_id(row.parent_id) if row.parent_id else None,
            self.order_id(row.sibling_id) if row.sibling_id else None,
            self.order_id(row.take_profit_id) if row.take_profit_id else None,
            self.order_id(row.stop_loss_id) if row.stop_loss_id else None,
            bool(row.protects),
            bool(row.reduce_only),
            bool(row.post_only),
            legs,
        )

    def reduced(self, x: e.OrderReduced) -> a.Reduced:
        """What the other exit's fill left of an exit."""
        instrument = self._view.instruments[x.instrument_id]
        return a.Reduced(
            self.order_id(x.order_id),
            self.account_id(x.account_id),
            instrument.symbol,
            format_decimal(x.qty, instrument.qty_scale),
        )

    def protection(self, account_id: int, instrument_id: int) -> a.Protection | None:
        """The exits put on a position, or None."""
        found = [
            row
            for row in self._view.open_orders[account_id].values()
            if row.protects and row.instrument_id == instrument_id
        ]
        return self._protection([self.live_order(row) for row in found])

    def made_protection(self, ts: int, events: Iterable[e.Event]) -> a.Protection:
        """The exits that one record put on a position."""
        found = self._protection([self.order(row) for row in made_orders(ts, events)])
        assert found is not None, "a protection that was not denied made orders"
        return found

    def _protection(self, orders: list[a.Order]) -> a.Protection | None:
        if not orders:
            return None
        limit = TYPE_WORDS[OrderType.LIMIT]
        return a.Protection(
            orders[0].symbol,
            next((order for order in orders if order.type == limit), None),
            next((order for order in orders if order.type != limit), None),
        )

    def triggered(self, ts: int, x: e.OrderTriggered) -> a.Triggered:
        """A stop order's coming alive."""
        instrument = self._view.instruments[x.instrument_id]
        word = STATUS_WORDS[Status.NEW]
        return a.Triggered(
            self.order_id(x.order_id),
            self.account_id(x.account_id),
            instrument.symbol,
            word,
            LIFECYCLE_WORDS[word],
            price_text(x.price, instrument),
            price_text(x.stop_price, instrument),
            price_text(x.collar_price, instrument) if x.collar_price else None,
            time_text(ts),
        )

    def cancellation(
        self, ts: int, x: e.OrderCanceled | e.OrderExpired | e.OrderRejected | e.OrderChangeSent
    ) -> a.Cancellation:
        """An order's end, or that its cancellation is on its way."""
        status, reason, ended_ns = Status.PENDING_CANCEL, Reason.BY_CLIENT, 0
        if not isinstance(x, e.OrderChangeSent):
            status, reason, ended_ns = _END_STATUSES[type(x)], x.reason, ts
        word = STATUS_WORDS[status]
        return a.Cancellation(
            self.order_id(x.order_id),
            self.account_id(x.account_id),
            self._view.instruments[x.instrument_id].symbol,
            word,
            LIFECYCLE_WORDS[word],
            REASON_WORDS[reason],
            time_or_none(ended_ns),
        )

    def canceled_by_client(
        self, ts: int, events: Iterable[e.Event], account_id: int
    ) -> list[a.Cancellation]:
        """What a record's command canceled."""
        return [
            self.cancellation(ts, event)
            for event in events
            if (
                isinstance(event, e.OrderCanceled)
                and event.account_id == account_id
                and event.reason == Reason.BY_CLIENT
            )
            or (
                isinstance(event, e.OrderChangeSent)
                and event.account_id == account_id
                and event.replaced_by == 0
            )
        ]

    def fees(self, fees: Sequence[tuple[int, int]]) -> tuple[list[a.FeeLine], str]:
        """Fee lines and their sum."""
        lines = [a.FeeLine(FEE_WORDS[kind], format_cash(micros)) for kind, micros in fees]
        return lines, format_cash(sum([micros for _, micros in fees]))

    def execution(self, seq: int, idx: int, ts: int, x: e.OrderFilled) -> a.Execution:
        """A fill and its explanation."""
        instrument = self._view.instruments[x.instrument_id]
        scale = instrument.qty_scale
        lines, total = self.fees(x.fees)
        profile = self.profile(x.profile_id)
        return a.Execution(
            self._ids.text(Kind.EXECUTION, seq, idx),
            self.order_id(x.order_id),
            self.account_id(x.account_id),
            instrument.symbol,
            SIDE_WORDS[x.side],
            time_text(ts),
            price_text(x.price, instrument),
            format_decimal(x.qty, scale),
            format_cash(x.value_micros),
            lines,
            total,
            x.fee_version or None,
            format_cash(x.realized_micros),
            STATUS_WORDS[x.status],
            format_decimal(x.filled_qty, scale),
            format_decimal(x.order_qty, scale),
            format_cash(x.cash_micros_after),
            format_decimal(x.position_qty_after, scale),
            a.QuoteSeen(
                price_text(x.bid, instrument) if x.bid else None,
                price_text(x.ask, instrument) if x.ask else None,
                format_decimal(x.bid_qty, scale),
                format_decimal(x.ask_qty, scale),
                x.quote_seq,
                x.quote_age_ns,
            ),
            format_decimal(x.size_open, scale),
            format_decimal(x.qty, scale),
            a.ProfileSeen(profile, x.profile_version),
            FILL_RULE_WORDS[x.rule],
            explanation(x, instrument, profile, total),
            price_text(x.quoted_price, instrument),
            price_text(x.slippage, instrument),
            price_text(x.improvement, instrument),
            x.level,
            format_decimal(x.print_qty, scale) if x.print_qty else None,
            format_cash(x.insured_micros) if x.insured_micros else None,
        )

    def account(self, row: AccountRow) -> a.Account:
        """An account as it stands."""
        return self._account(row, self._standing(row.account_id))

    def fresh_account(self, row: AccountRow) -> a.Account:
        """An account as its opening left it."""
        cash = row.cash_micros
        power = cash * 2 if row.kind == AccountKind.MARGIN else cash
        return self._account(
            row, AccountStanding(row.kind, cash, 0, 0, 0, 0, power, cash, 0, 0, 0, False)
        )

    def _account(self, row: AccountRow, x: AccountStanding) -> a.Account:
        apart = self._apart(row.account_id)
        call = a.MarginCall(time_text(x.call_due_ns), x.liquidating) if x.call_due_ns else None
        return a.Account(
            self.account_id(row.account_id),
            row.name,
            ACCOUNT_STATUS_WORDS[row.status],
            ACCOUNT_KIND_WORDS[row.kind],
            self.profile(row.profile_id),
            "USD",
            format_cash(row.cash_micros),
            format_cash(row.held_micros),
            format_cash(x.buying_power),
            format_cash(x.equity + apart),
            format_cash(x.long_value),
            format_cash(-x.short_value),
            format_cash(x.initial),
            format_cash(x.maintenance),
            format_cash(x.equity - x.maintenance),
            format_cash(x.withdrawable),
            format_cash(x.unsettled),
            x.violations,
            call,
            format_cash(row.deposited_micros),
            format_cash(row.realized_micros),
            format_cash(row.fees_micros),
            format_cash(row.interest_micros),
            time_text(row.created_ns),
            time_text(row.updated_ns),
            LOT_METHOD_WORDS[row.lot_method],
            format_cash(apart),
            format_cash(row.funding_micros),
            *_restrictions(row.restrictions),
        )

    def restrictions(self, account_id: int, updated_ns: int, restrictions: int) -> a.Restrictions:
        """What an account has restricted its new orders to."""
        told = _restrictions(restrictions)
        return a.Restrictions(self.account_id(account_id), *told, time_text(updated_ns))

    def _apart(self, account_id: int) -> int:
        """What an account's isolated positions are worth, in micro-dollars."""
        rows = self._view.positions.get(account_id, {}).values()
        return sum([self._view.worth_micros(row) for row in rows if row.isolated and row.qty])

    def transfer(
        self, seq: int, idx: int, ts: int, x: e.CashDeposited | e.CashWithdrawn
    ) -> a.Transfer:
        """Cash that came in or went out."""
        return a.Transfer(
            self._ids.text(Kind.TRANSFER, seq, idx),
            self.account_id(x.account_id),
            "deposit" if type(x) is e.CashDeposited else "withdrawal",
            format_cash(x.amount_micros),
            format_cash(x.cash_micros_after),
            time_text(ts),
        )

    def charge(self, seq: int, idx: int, ts: int, x: e.InterestCharged | e.FundingPaid) -> a.Charge:
        """A day's charge for what is borrowed, or the funding of a position."""
        if isinstance(x, e.FundingPaid):
            instrument = self._view.instruments[x.instrument_id]
            return a.Charge(
                self._ids.text(Kind.CHARGE, seq, idx),
                self.account_id(x.account_id),
                "funding",
                instrument.symbol,
                format_cash(value_micros(x.mark, abs(x.qty), instrument)),
                format_decimal(x.rate_e9, contracts.RATE_SCALE),
                format_cash(x.amount_micros),
                format_cash(x.cash_micros_after),
                time_text(ts),
            )
        symbol = self._view.instruments[x.instrument_id].symbol if x.instrument_id else None
        return a.Charge(
            self._ids.text(Kind.CHARGE, seq, idx),
            self.account_id(x.account_id),
            CHARGE_WORDS[x.kind],
            symbol,
            format_cash(x.base_micros),
            format_decimal(x.rate_ppm, PERCENT_SCALE),
            format_cash(x.amount_micros),
            format_cash(x.cash_micros_after),
            time_text(ts),
        )

    def leverage(self, account_id: int, instrument_id: int) -> c.Leverage:
        """The leverage and mode of an account's positions in a contract, as they are."""
        instrument = self._view.instruments[instrument_id]
        row = self._view.positions[account_id].get(instrument_id)
        mode, pot = (row.isolated, row.pot_micros) if row is not None else (0, 0)
        return c.Leverage(
            self.account_id(account_id),
            instrument.symbol,
            contracts.leverage_of(row, instrument),
            c.MODES[mode],
            format_cash(pot),
            format_cash(self._view.accounts[account_id].cash_micros),
        )

    def leverage_set(self, x: e.LeverageSet) -> c.Leverage:
        """A chosen leverage and mode."""
        return c.Leverage(
            self.account_id(x.account_id),
            self._view.instruments[x.instrument_id].symbol,
            x.leverage,
            c.MODES[x.isolated],
            format_cash(x.pot_micros_after),
            format_cash(x.cash_micros_after),
        )

    def account_change(
        self, ts: int, x: e.AccountProfileSet | e.AccountKindSet | e.LotMethodSet
    ) -> a.AccountChange:
        """A chosen profile, kind or lot method."""
        account_id, at = self.account_id(x.account_id), time_text(ts)
        if isinstance(x, e.AccountKindSet):
            return a.AccountChange(account_id, at, kind=ACCOUNT_KIND_WORDS[x.kind])
        if isinstance(x, e.LotMethodSet):
            return a.AccountChange(account_id, at, lot_method=LOT_METHOD_WORDS[x.method])
        return a.AccountChange(account_id, at, profile=self.profile(x.profile_id))

    def reset(self, ts: int, events: Sequence[e.Event]) -> a.Reset:
        """What a reset did."""
        done = next(event for event in events if isinstance(event, e.AccountReset))
        return a.Reset(
            self.account_id(done.account_id),
            format_cash(done.cash_micros_after),
            format_cash(done.cash_change_micros),
            sum(
                isinstance(x, e.OrderCanceled)
                and x.account_id == done.account_id
                and x.reason == Reason.ACCOUNT_RESET
                for x in events
            ),
            sum(isinstance(x, e.PositionGivenUp) for x in events),
            time_text(ts),
        )

    def position(self, row: PositionRow) -> a.Position:
        """A position at the market."""
        instrument = self._view.instruments[row.instrument_id]
        scale = instrument.qty_scale
        mark, worth = self.worth(row, instrument)
        gain = worth - row.cost_micros
        contract = None
        if contracts.is_contract(instrument):
            standing = self._standing(row.account_id)
            free = standing.equity - standing.maintenance
            quote = self._view.quotes[row.instrument_id]
            contract = contracts.shown_position(row, instrument, quote, worth, free)
        return a.Position(
            self.account_id(row.account_id),
            self.asset_id(row.instrument_id),
            instrument.symbol,
            ASSET_CLASS_WORDS[instrument.asset_class],
            "long" if row.qty >= 0 else "short",
            format_decimal(row.qty, scale),
            format_decimal(row.qty - (row.held_qty if row.qty > 0 else -row.held_qty), scale),
            format_ratio(row.cost_micros * 10**scale, row.qty * 10**CASH_SCALE, 6, 2),
            format_cash(row.cost_micros),
            price_text(mark, instrument) if mark else None,
            format_cash(worth),
            format_cash(gain),
            format_ratio(gain * 100, abs(row.cost_micros), 4) if row.cost_micros else "0",
            format_cash(row.realized_micros),
            format_cash(row.fees_micros),
            time_text(row.updated_ns),
            self.protection(row.account_id, row.instrument_id),
            LOT_METHOD_WORDS[self._view.accounts[row.account_id].lot_method],
            contract,
        )

    def lot_id(self, seq: int, index: int) -> str:
        """The public id of a lot: that of the execution that opened it."""
        return self._ids.text(Kind.EXECUTION, seq, index)

    def open_lot(self, row: PositionRow, lot: OpenLot) -> a.OpenLot:
        """A lot of a position."""
        instrument = self._view.instruments[row.instrument_id]
        return a.OpenLot(
            self.lot_id(lot.seq, lot.index),
            instrument.symbol,
            "long" if row.qty > 0 else "short",
            format_decimal(lot.qty, instrument.qty_scale),
            format_decimal(lot.free_qty, instrument.qty_scale),
            format_cash(lot.cost_micros),
            format_cash(lot.fees_micros),
            time_text(lot.acquired_ns),
        )

    def worth(self, row: PositionRow, instrument: Instrument) -> tuple[int, int]:
        """A position's mark and its value there, of a contract the whole of it."""
        quote = self._view.quotes[row.instrument_id]
        return quote.mark(row.qty), worth_micros(row, quote, instrument)

    def positions(self, account_id: int) -> list[PositionRow]:
        """What an account holds, by asset."""
        rows = self._view.positions[account_id]
        return [rows[instrument_id] for instrument_id in sorted(rows) if rows[instrument_id].qty]

    def quote(self, row: QuoteRow, now_ns: int) -> a.Quote:
        """The market for one asset at a moment of the world's clock."""
        instrument = self._view.instruments[row.instrument_id]
        scale = instrument.qty_scale
        age = max(0, now_ns - row.ts) if row.ts else None
        return a.Quote(
            instrument.symbol,
            self.asset_id(row.instrument_id),
            price_text(row.bid, instrument) if row.bid else None,
            price_text(row.ask, instrument) if row.ask else None,
            format_decimal(row.bid_qty, scale),
            format_decimal(row.ask_qty, scale),
            price_text(row.last_price, instrument) if row.last_price else None,
            format_decimal(row.last_qty, scale) if row.last_qty else None,
            time_or_none(row.ts),
            time_or_none(row.last_ts),
            row.seq,
            age,
            age is None or age > self._quote_stale_ns,
            contracts.market(row, instrument, now_ns),
        )

    def stream_quote(self, row: QuoteRow) -> a.StreamQuote:
        """The market for one asset without what depends on the moment."""
        q = self.quote(row, row.ts)
        return a.StreamQuote(
            q.symbol, q.bid, q.ask, q.bid_size, q.ask_size, q.last, q.last_size, q.timestamp,
            q.last_at, q.seq,
            contracts.stream_market(row, self._view.instruments[row.instrument_id]),
        )  # fmt: skip


def average_price(row: OrderRow, instrument: Instrument) -> str:
    """The average price of what was filled of an order."""
    places = instrument.price_scale
    return format_ratio(
        int(row.filled_value), row.filled_qty * 10**places, places + 4, PRICE_PLACES_MIN
    )


def _restrictions(found: int) -> tuple[bool, bool, bool]:
    """Whether trading is suspended, shorting forbidden, and parts of a share allowed."""
    return (
        bool(found & Restriction.SUSPENDED),
        bool(found & Restriction.NO_SHORTING),
        not found & Restriction.NO_FRACTIONS,
    )
