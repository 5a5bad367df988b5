"""The engine once more, as simply as it can be written, to compare the real one with.

Promises: fractions, plain lists and linear scans; nothing is cached, queued or counted up, so there
is little to get wrong. It shares the words of ``model`` with the engine and no code. Must not know:
how the engine works; only the rules in words.
"""

from fractions import Fraction
from math import ceil, floor

from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codes import OrderClass, OrderType, Side, Status, TimeInForce
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import FeeRule, Instrument, Limits
from stockyard.model.numbers import INT_MAX
from stockyard.model.records import Input
from tests.property.naive_answers import Answers
from tests.property.naive_bounds import NaiveBounds
from tests.property.naive_classes import (
    NaiveExits,
    broken,
    relink,
)
from tests.property.naive_credit import CASH, NaiveCredit
from tests.property.naive_holdings import NaiveHoldings
from tests.property.naive_hours import NaiveHours
from tests.property.naive_linked import LinkedOrders
from tests.property.naive_outcomes import NaiveOutcomes
from tests.property.naive_perps import NaivePerps
from tests.property.naive_rules import NaiveRules
from tests.property.naive_things import (
    AUCTIONS,
    NO_STOPS,
    OPEN,
    STOPS,
    NaiveAccount,
    NaiveChange,
    NaiveOrder,
    NaivePosition,
    NaiveQuote,
    Stops,
    is_contract,
    too_large,
    total_fee,
    worth,
)
from tests.property.naive_travel import NaiveTravel
from tests.property.naive_venue import NaiveVenue


class NaiveTwin(
    Answers,
    LinkedOrders,
    NaiveCredit,
    NaiveHoldings,
    NaiveHours,
    NaiveOutcomes,
    NaivePerps,
    NaiveRules,
    NaiveBounds,
    NaiveTravel,
    NaiveVenue,
):
    """The whole market in lists. After ``apply``: what was filled, denied or repeated."""

    def __init__(self) -> None:
        NaiveVenue.__init__(self)
        NaiveCredit.__init__(self)
        NaivePerps.__init__(self)
        NaiveBounds.__init__(self)
        self.changes: list[NaiveChange] = []
        self.schedules: list[f.FeesScheduled] = []
        self.limits: Limits | None = None
        self.last: dict[int, int] = {}
        self.triggered: list[tuple[int, int, int]] = []
        self.accounts: dict[int, NaiveAccount] = {}
        self.registrations: dict[str, tuple[bytes, int]] = {}
        self.ended: list[NaiveOrder] = []
        self.awaited: set[int] = set()
        self.seq = 0
        self.lot_names = {}
        self.fills: list[tuple[int, int, int, tuple[tuple[int, int], ...]]] = []
        self.denied = 0
        self.repeated = 0
        self.met: list[tuple[int, int]] = []

    def apply(self, seq: int, ts: int, message: Input) -> None:
        """Take one input."""
        self.taken, self.told, self.charged, self.funded = [], [], [], []
        self.fills, self.denied, self.repeated, self.triggered = [], 0, 0, []
        self.met = []
        self.seq = seq
        self._pass_time(self.ts, ts)
        self.ts = ts
        handlers = {
            c.PlaceOrder: self._place,
            c.CancelOrder: self._cancel,
            c.CancelAllOrders: self._cancel_all,
            c.ReplaceOrder: self._replace,
            c.ClosePosition: self._close,
            c.OpenAccount: self._open_account,
            c.DepositCash: self._deposit,
            c.WithdrawCash: self._withdraw,
            c.SetAccountProfile: self._set_profile,
            c.ResetAccount: self._reset,
            c.SetAccountKind: self._set_kind,
            c.SetLotMethod: self._set_method,
            c.SetAccountRestrictions: self._restrict,
            c.SetAccountLimits: self._limit,
            c.SetTradingFreeze: self._freeze,
            c.SetProtection: self._protect,
            c.SetLeverage: self._set_leverage,
            c.PlanOutcome: self._plan,
            c.ForgetOutcomes: self._forget,
            c.ReleaseOrder: self._release,
            f.MarkPrice: self._mark_contract,
            f.FundingRate: self._pay_funding,
            f.Quote: self._quote,
            f.Trade: self._trade,
            f.AuctionPrint: self._auction,
            f.TradingHalted: self._halt,
        }
        handler = handlers.get(type(message), self._reference)
        handler(message)  # type: ignore[operator]
        if isinstance(message, f.ClockTick):
            self._review()
            self._judge_contracts()
            self._liquidate()
        self._wake(ts)
        self._review()
        self._judge_contracts()

    # The world.

    def _reference(self, message: Input) -> None:
        if isinstance(message, f.InstrumentListed):
            listed = message.instrument
            self.terms[listed.instrument_id] = listed
            self.quotes.setdefault(listed.instrument_id, NaiveQuote())
        elif isinstance(message, f.ProfileDefined):
            self._define(message.profile)
        elif isinstance(message, f.WorldCreated):
            self.seed = message.seed
        elif isinstance(message, f.FeesScheduled):
            same = (message.asset_class, message.effective_ns)
            kept = [s for s in self.schedules if (s.asset_class, s.effective_ns) != same]
            self.schedules = [*kept, message]
        elif isinstance(message, f.SessionsScheduled):
            first = message.sessions[0].begins_ns
            known = self.sessions.get(message.calendar_id, [])
            if self.calendar_names.get(message.calendar_id) != message.name:
                known = []
            self.calendar_names[message.calendar_id] = message.name
            self.sessions[message.calendar_id] = [
                *(session for session in known if session.ends_ns <= first),
                *message.sessions,
            ]
        elif isinstance(message, f.LimitsSet):
            self.limits = message.limits
        elif isinstance(message, f.MarginTermsSet):
            self.margin = message.terms
        elif isinstance(message, f.BorrowTermsSet):
            terms = self.terms.get(message.instrument_id)
            if terms is not None and not is_contract(terms):
                self.lent[message.instrument_id] = message

    def _quote(self, message: f.Quote) -> None:
        terms = self.terms.get(message.instrument_id)
        if terms is None:
            return
        self.quotes[message.instrument_id] = NaiveQuote(
            message.bid, message.ask, message.bid_qty, message.ask_qty, self.ts
        )
        paused = self.halted.get(message.instrument_id, False)
        self.paused[message.instrument_id] = paused
        self._mark(message.instrument_id, message.bid, message.ask)
        crossed = message.bid and message.ask and message.bid > message.ask
        if crossed or paused:
            return
        for side in (Side.BUY, Side.SELL):
            for profile_id in sorted(self.profiles):
                if self._touch(terms, side):
                    self._serve(terms, side, profile_id)
        if terms.instrument_id not in self.last and self._session(terms) is not None:
            self._show(terms, message.ask, message.bid)

    def _trade(self, message: f.Trade) -> None:
        terms = self.terms.get(message.instrument_id)
        if terms is None or message.price <= 0 or too_large(terms, message.price):
            return
        self.last[message.instrument_id] = message.price
        quote = self.quotes[message.instrument_id]
        self._mark(message.instrument_id, quote.bid, quote.ask)
        self._print(terms, message.price, min(message.qty, INT_MAX))
        if self._session(terms) is not None and not self.halted.get(message.instrument_id):
            self._show(terms, message.price, message.price)

    def _show(self, terms: Instrument, to_buyers: int, to_sellers: int) -> None:
        """Let every waiting stop see a price (0: none), and bring alive those that it reaches."""
        for order in sorted(self.orders, key=lambda each: each.order_id):
            price = to_buyers if order.side == Side.BUY else to_sellers
            mine = order.terms.instrument_id == terms.instrument_id
            there = order.status in (Status.NEW, Status.PENDING_CANCEL) and not order.arrives
            if not (mine and order.waits and there and price):
                continue
            order.seen.append(price)
            stop = self._stop_of(order, order.extreme)
            if price >= stop if order.side == Side.BUY else price <= stop:
                order.waits, order.is_triggered, order.stop = False, True, stop
                self.triggered.append((order.order_id, price, stop))
                if order.at_market:
                    self._price_again(order)
                self._meet(order, triggered=True)
                if self._goes_as_planned(order):
                    continue
                order.arrives = self._arrival(order)
                if not order.arrives:
                    self._work(order)

    def _stop_of(self, order: NaiveOrder, extreme: int) -> int:
        """Where a stop lies; a trailing one for the best price it has seen."""
        if order.order_type != OrderType.TRAILING_STOP:
            return order.stop
        away = order.trail or extreme * Fraction(order.ppm, 10**6)
        return ceil(extreme + away) if order.side == Side.BUY else floor(extreme - away)

    def _price_again(self, order: NaiveOrder) -> None:
        """A triggered stop takes the collar of the quote, if there is one and cash allows it."""
        before, hold = order.worst, order.hold
        order.worst = self._collar(order.terms, order.side, self._touch(order.terms, order.side))
        if not order.closes and order.worst:
            free = self._free(order.account_id)
            order.hold = self._opening_hold(order)
            if order.hold - hold > max(0, free):
                order.worst, order.hold = before, hold
        order.worst = order.worst or before

    def _collar(self, terms: Instrument, side: int, price: int) -> int:
        terms = self.terms[terms.instrument_id]
        if price <= 0:
            return 0
        if side == Side.BUY:
            return floor(price * Fraction(10_000 + terms.collar_bps, 10_000))
        return max(1, ceil(price * Fraction(10_000 - terms.collar_bps, 10_000)))

    def _market(self, terms: Instrument, side: int) -> int:
        """What stops are measured against."""
        return self.last.get(terms.instrument_id, 0) or self._touch(terms, side)

    # Money.

    def _rules(self, order: NaiveOrder) -> list[FeeRule]:
        if not self.profiles[order.profile_id].fees:
            return []
        in_force = [
            s
            for s in self.schedules
            if s.asset_class == order.terms.asset_class and s.effective_ns <= self.ts
        ]
        if not in_force:
            return []
        latest = max(in_force, key=lambda schedule: schedule.effective_ns)
        return [rule for rule in latest.rules if rule.side in (0, order.side)]

    def _hold_for(self, order: NaiveOrder) -> tuple[int, int]:
        """What the rest of a purchase may still cost: its principal, and the fees on that."""
        most = ceil(order.exact + worth(order.terms, order.worst, order.leaves))
        if order.notional:
            most = min(most, max(order.notional, order.value))
        return most - order.value, self._fees_ahead(order, most)

    def _fees_ahead(self, order: NaiveOrder, most: int) -> int:
        """What may still be charged until the order's fills are worth ``most``."""
        making = taking = 0
        for rule in self._rules(order):
            fee = total_fee(rule, order.terms, most, order.qty)
            if order.fills:
                fee -= total_fee(rule, order.terms, order.value, order.filled)
            making += fee if rule.maker in (1, 2) else 0
            taking += fee if rule.maker in (0, 2) else 0
        return max(making, taking)

    def _fill(
        self,
        order: NaiveOrder,
        qty: int,
        maker: bool,
        price: int,
        begins: int | None = None,
    ) -> None:
        """Post a fill; ``begins``: where its level begins on the count of what is taken."""
        account = self.accounts[order.account_id]
        position = account.positions.setdefault(order.terms.instrument_id, NaivePosition())
        value_before, qty_before = order.value, order.filled
        order.fills.append((price, qty))
        value = order.value - value_before
        buying = order.side == Side.BUY
        most = value
        if buying and account.kind == CASH:
            most = order.hold - value - self._hold_for(order)[0]
        fees: list[tuple[int, int]] = []
        contract = is_contract(order.terms)
        for rule in self._rules(order) if not (contract and order.liquidates) else []:
            if rule.maker == 2 or bool(rule.maker) == maker:
                fee = total_fee(rule, order.terms, order.value, order.filled)
                if qty_before:
                    fee -= total_fee(rule, order.terms, value_before, qty_before)
                fee = min(fee, most - sum(micros for _, micros in fees))
                if fee > 0:
                    fees.append((rule.kind, fee))
        paid = sum(micros for _, micros in fees)
        if contract:
            account.cash -= paid
            fees += self._move_contract(order, position, qty, value, value_before)
            self.taken.append((order.order_id, order.filled, ()))
        else:
            account.cash += -value - paid if buying else value - paid
            self.move_lots(order, position, price, qty, value, paid)
        self.fills.append((order.order_id, price, qty, tuple(fees)))
        self._after_fill(order, qty, begins, value + paid)
        self._settle(order, qty, value + paid if buying else value - paid)

    def _after_fill(self, order: NaiveOrder, qty: int, begins: int | None, paid: int) -> None:
        terms = self.terms[order.terms.instrument_id]
        quote = self.quotes[terms.instrument_id]
        if begins is not None and order.side == Side.BUY:
            quote.ask_gone = max(quote.ask_gone, begins) + qty
        elif begins is not None:
            quote.bid_gone = max(quote.bid_gone, begins) + qty
        if order.notional and order.leaves:
            price = self._touch(terms, order.side)
            affordable = floor((order.notional - order.exact) / worth(terms, price, 1))
            if affordable < terms.lot:
                order.qty = order.filled
        if order.status != Status.PENDING_CANCEL:
            order.status = Status.PARTIALLY_FILLED
        if order.leaves == 0:
            self._end(order, Status.FILLED)
        else:
            for other in order.partners:
                other.qty -= qty
        if not order.closes and order.leaves:
            spent = paid if self.accounts[order.account_id].kind == CASH else 0
            order.hold = min(self._opening_hold(order), order.hold - spent)

    def held(self, account_id: int) -> int:
        """Cash that an account's open orders hold."""
        return sum(
            o.hold
            for o in self.orders
            if o.account_id == account_id and o.status in OPEN and not o.closes
        )

    def held_qty(self, account_id: int, instrument_id: int) -> int:
        """Shares that an account's open orders hold."""
        return sum(
            o.leaves
            for o in self.orders
            if (o.account_id, o.terms.instrument_id) == (account_id, instrument_id) and o.closes_now
        )

    def open_orders(self, account_id: int) -> list[NaiveOrder]:
        """An account's open orders, oldest first."""
        return [o for o in self.orders if o.account_id == account_id and o.status in OPEN]

    # Commands.

    def _draft(
        self,
        account_id: int,
        terms: Instrument,
        side: int,
        order_type: int,
        tif: int,
        qty: int,
        limit: int,
        notional: int,
        stops: Stops = NO_STOPS,
        triggered: bool = False,
        seen: tuple[int, ...] = (),
        late: bool = False,
    ) -> NaiveOrder:
        """An order as it would be."""
        touch = self._touch(terms, side)
        if notional and touch:
            qty = floor(notional / worth(terms, touch, 1)) // terms.lot * terms.lot
        profile_id = self.accounts[account_id].profile_id
        order = NaiveOrder(
            self.seq * 16, account_id, terms, side, order_type, tif, qty, limit, notional, 0,
            profile_id, 0,
        )  # fmt: skip
        order.stop, order.trail, order.ppm, order.expires = stops
        order.is_triggered, order.late, order.seen = triggered, late, list(seen)
        order.waits = order_type in STOPS and not triggered
        order.worst = self._worst(order)
        order.closes = self._closes(account_id, terms.instrument_id, side)
        if not order.closes and qty > 0 and order.worst > 0 and side in (Side.BUY, Side.SELL):
            order.hold = self._opening_hold(order)
        return order

    def _worst(self, order: NaiveOrder) -> int:
        """The limit, or a collar: around the quote, or around a stop that is still ahead."""
        terms, side = order.terms, order.side
        if not order.at_market:
            return order.limit
        if order.waits and order.order_type == OrderType.STOP:
            return self._collar(terms, side, order.stop)
        if order.waits:
            best = self._best(order)
            return self._collar(terms, side, self._stop_of(order, best)) if best else 0
        price = self._touch(terms, side)
        if order.tif in AUCTIONS:
            price = price or self.last.get(terms.instrument_id, 0)
        return self._collar(terms, side, price)

    def _best(self, order: NaiveOrder) -> int:
        """The price that a trailing stop would begin with now."""
        market = self._market(order.terms, order.side)
        seen = [*order.seen, market] if market else order.seen
        return (min if order.side == Side.BUY else max)(seen, default=0)

    def _enter(
        self, order: NaiveOrder, exits: NaiveExits | None = None, travels: bool = True
    ) -> None:
        legs = []
        if exits is not None:
            order.order_class = exits.order_class
            legs = self._exits(order, exits, 1)
        if order.order_class == OrderClass.OCO and legs:
            order.partners, legs[0].partners = legs, [order]
            self._begin([order, *legs])
            return
        if len(legs) == 2:
            legs[0].partners, legs[1].partners = [legs[1]], [legs[0]]
        self.orders.append(order)
        # A replacement that travelled is as old as its sending.
        self.orders.sort(key=lambda each: each.order_id)
        for leg in legs:
            leg.parent, leg.status, leg.worst = order, Status.HELD, 0
            self.orders.append(leg)
        order.legs = order.legs or legs
        self._set_out(order, travels)
        if not self._goes_as_planned(order) and order.status == Status.NEW:
            self._arrive(order)

    def _set_out(self, order: NaiveOrder, travels: bool) -> None:
        """Let an order wait for its session, travel, or be at the venue at once."""
        if self._set_out_as_planned(order):
            return
        order.status = Status.NEW
        if order.tif in AUCTIONS or self._trading_since(order.terms, order.late) is None:
            order.status = Status.ACCEPTED
        elif travels and self._arrival(order):
            order.status, order.arrives = Status.PENDING_NEW, self._arrival(order)

    def _place(self, m: c.PlaceOrder) -> None:
        if self._known(m.account_id, m.client_order_id, m.idempotency_key, m.digest):
            return
        if self._refused(m, m.instrument_id, m.side, m.order_type):
            return
        terms, order = self.terms.get(m.instrument_id), None
        if terms is None:
            codes = [DenyCode.UNKNOWN_INSTRUMENT, *self._suspended(m.account_id)]
        else:
            order = self._draft(
                m.account_id, terms, m.side, m.order_type, m.time_in_force, m.qty,
                m.limit_price, m.notional_micros,
                (m.stop_price, m.trail_price, m.trail_ppm, m.expires_ns),
                False, (), m.extended_hours,
            )  # fmt: skip
            exits = self._asked_exits(m)
            order.name = m.client_order_id
            order.choices = self.name_choices(m.lots)
            order.reduces, order.posts = m.reduce_only, m.post_only
            codes = self._broken(order, m.qty)
            if order.posts and exits is not None:
                codes.append(DenyCode.POST_ONLY_NOT_ALLOWED)
            if exits is not None and m.side in (Side.BUY, Side.SELL):
                codes += self._broken_exits(order, exits)
            opens = order.reduces and not order.closes
            codes = codes or [
                *self._lacking(order, [], exits, m.locate),
                *([] if opens else self.broken_choices(order, exits is not None)),
            ]
        code = min(codes, default=0)
        if self._answer(m.account_id, m.client_order_id, m.idempotency_key, m.digest, code):
            assert order is not None
            self._enter(order, exits)

    def _find(self, account_id: int, order_id: int) -> NaiveOrder | None:
        return next((o for o in self.open_orders(account_id) if o.order_id == order_id), None)

    def _cancel(self, m: c.CancelOrder) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        named = [c.command.order_id for c in self.changes if c.new_id == m.order_id]
        under_way = [c for c in self.changes if c.new_id == m.order_id and c.status in OPEN]
        order = self._find(m.account_id, named[0] if under_way else m.order_id)
        code = 0 if order else DenyCode.ORDER_NOT_OPEN
        if order and order.cancel_at:
            code = DenyCode.CHANGE_UNDER_WAY
        elif order and order.liquidates:
            code = DenyCode.LIQUIDATION_ORDER
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            assert order is not None
            if self._change_takes(order):
                self._send_cancel(order)
            else:
                self._end_by_cancel(order)

    def _change_takes(self, order: NaiveOrder) -> int:
        """How long a change of an order takes."""
        at_home = order.status in (Status.ACCEPTED, Status.HELD)
        return 0 if at_home else self.profiles[order.profile_id].latency_ns

    def _send_cancel(self, order: NaiveOrder) -> None:
        self._drop_change(order)
        order.cancel_at = self.ts + self._change_takes(order)
        order.status = Status.PENDING_CANCEL

    def _cancel_all(self, m: c.CancelAllOrders) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        self._answer(m.account_id, "", m.idempotency_key, m.digest, 0)
        for order in self.open_orders(m.account_id):
            if order.liquidates:
                continue
            if m.instrument_id in (0, order.terms.instrument_id) and not order.cancel_at:
                if self._change_takes(order):
                    self._send_cancel(order)
                else:
                    self._cancel_alone(order)

    def _cancel_alone(self, order: NaiveOrder) -> None:
        """Cancel an order of which all that is linked with it ends too."""
        self._drop_change(order)
        order.status = Status.CANCELED

    def _replace(self, m: c.ReplaceOrder) -> None:
        if self._known(m.account_id, m.client_order_id, m.idempotency_key, m.digest):
            return
        old = self._find(m.account_id, m.order_id)
        if old and self._refused(m, old.terms.instrument_id, old.side, old.order_type):
            return
        codes, new = self._replacing(old, m)
        if old is not None and (old.cancel_at or self._changes_of(old)):
            codes = [DenyCode.CHANGE_UNDER_WAY, *[code for code in codes if code < 400]]
        code = min(codes, default=0)
        if self._answer(m.account_id, m.client_order_id, m.idempotency_key, m.digest, code):
            assert old is not None
            assert new is not None
            if self._change_takes(old):
                at = self.ts + self._change_takes(old)
                self.changes.append(NaiveChange(self.seq * 16, at, m))
            else:
                self._put_in_place(old, new)

    def _put_in_place(self, old: NaiveOrder, new: NaiveOrder, travels: bool = True) -> None:
        if old.is_leg:
            new.profile_id = old.profile_id
        held = old.status == Status.HELD
        relink(old, new)
        old.status = Status.REPLACED
        if held:
            new.status, new.worst = Status.HELD, 0
            self.orders.append(new)
        else:
            self._enter(new, None, travels)

    def _change_arrives(self, change: NaiveChange) -> None:
        """Put the replacement in place if it may still be."""
        if change.status != Status.PENDING_NEW:
            return
        old = self._find(change.command.account_id, change.command.order_id)
        codes, new = self._replacing(old, change.command)
        change.status = Status.REJECTED
        if old is not None and new is not None and not codes and not old.cancel_at:
            self.changes.remove(change)
            new.order_id = change.new_id
            self._put_in_place(old, new, travels=False)

    def _replacing(
        self, old: NaiveOrder | None, m: c.ReplaceOrder
    ) -> tuple[list[int], NaiveOrder | None]:
        """The rules a replacement breaks, and the order it would make."""
        nothing = c.ReplaceOrder(m.account_id, m.order_id, 0, 0, 0, "", "", b"")
        if old is None:
            return [DenyCode.ORDER_NOT_OPEN], None
        total = m.qty or old.qty
        tif, limit = m.time_in_force or old.tif, m.limit_price or old.limit
        terms = self.terms[old.terms.instrument_id]
        leaves = total - old.filled if total > old.filled else total
        stops, triggered = self._stops_after(old, m, tif), old.is_triggered
        new = self._draft(
            m.account_id, terms, old.side, old.order_type, tif, leaves, limit, 0, stops,
            triggered, self._seen_after(old, stops), old.late,
        )  # fmt: skip
        new.replaces, new.version, new.name = old.order_id, old.version + 1, m.client_order_id
        new.reduces, new.posts = old.reduces, old.posts
        if old.status == Status.HELD:
            new.closes, new.hold = True, 0
        new.choices = old.choices
        own = {
            DenyCode.CHOSEN_QUANTITY_FIXED: bool(old.choices) and total != old.qty,
            DenyCode.REPLACE_NOT_ABOVE_FILLED: total <= old.filled,
            DenyCode.REPLACE_CHANGES_NOTHING: (total, limit, tif, *stops)
            == (old.qty, old.limit, old.tif, *self._stops_after(old, nothing, old.tif)),
            DenyCode.ALREADY_TRIGGERED: triggered
            and (m.stop_price, m.trail_price, m.trail_ppm) != (0, 0, 0),
            DenyCode.NOTIONAL_NOT_REPLACEABLE: old.notional != 0,
        }
        if old.liquidates:
            own = {DenyCode.LIQUIDATION_ORDER: True}
        codes = self._broken_links(old, new, m.qty, leaves)
        return broken(own) + [k for k in codes if k < 400 or not any(own.values())], new

    def _stops_after(self, old: NaiveOrder, m: c.ReplaceOrder, tif: int) -> Stops:
        """What a replacement makes of stop, trail and date."""
        kept = 0 if old.order_type == OrderType.TRAILING_STOP else old.stop
        trail, ppm = m.trail_price, m.trail_ppm
        if (trail, ppm) == (0, 0):
            trail, ppm = old.trail, old.ppm
        keeps_date = tif == old.tif == TimeInForce.GTD
        expires = m.expires_ns or (old.expires if keeps_date else 0)
        return m.stop_price or kept, trail, ppm, expires

    def _close(self, m: c.ClosePosition) -> None:
        if self._known(m.account_id, m.client_order_id, m.idempotency_key, m.digest):
            return
        at = self.accounts[m.account_id].positions.get(m.instrument_id, NaivePosition())
        side = Side.BUY if at.qty < 0 else Side.SELL
        if self._refused(m, m.instrument_id, side, OrderType.MARKET):
            return
        terms, order = self.terms.get(m.instrument_id), None
        gone: list[NaiveOrder] = []
        if terms is None:
            codes = [DenyCode.UNKNOWN_INSTRUMENT, *self._suspended(m.account_id)]
        else:
            account = self.accounts[m.account_id]
            position = account.positions.get(m.instrument_id, NaivePosition())
            held = self.held_qty(m.account_id, m.instrument_id)
            if m.cancel_orders:
                mine = self.open_orders(m.account_id)
                gone = [
                    o for o in mine if o.terms.instrument_id == m.instrument_id and not o.liquidates
                ]
                held = sum(
                    o.leaves
                    for o in mine
                    if o.closes_now and o.liquidates and o.terms.instrument_id == m.instrument_id
                )
            qty = m.qty or abs(position.qty) - held
            own = []
            if position.qty == 0:
                own = [DenyCode.NO_POSITION]
            elif qty == 0:
                own = [DenyCode.EXCEEDS_POSITION]
            order = self._draft(
                m.account_id, terms, Side.BUY if position.qty < 0 else Side.SELL,
                OrderType.MARKET, TimeInForce.DAY, qty or terms.lot, 0, 0,
            )  # fmt: skip
            order.name = m.client_order_id
            codes = own + self._broken(order, order.qty)
            codes = codes or self._lacking(order, gone)
        code = min(codes, default=0)
        if self._answer(m.account_id, m.client_order_id, m.idempotency_key, m.digest, code):
            assert order is not None
            for other in gone:
                self._cancel_alone(other)
            self._enter(order)

    def _open_account(self, m: c.OpenAccount) -> None:
        assert self.limits is not None
        if m.registration_key in self.registrations:
            digest, seq = self.registrations[m.registration_key]
            if digest == m.digest:
                self.repeated = seq
            else:
                self.denied = DenyCode.KEY_REUSED
            return
        owned = sum(account.owner == m.owner for account in self.accounts.values())
        rules = {
            DenyCode.UNKNOWN_PROFILE: m.profile_id not in self.profiles,
            DenyCode.AMOUNT_NOT_POSITIVE: m.starting_micros < 0,
            DenyCode.BALANCE_TOO_LARGE: m.starting_micros > self.limits.balance_micros_max,
            DenyCode.TOO_MANY_ACCOUNTS: owned >= self.limits.accounts_per_owner_max,
            self._kind_code(m.kind): self._kind_code(m.kind) > 0,
        }
        self.denied = min(broken(rules), default=0)
        if not self.denied:
            self.accounts[self.seq] = NaiveAccount(
                m.owner, m.profile_id, m.starting_micros, kind=m.kind
            )
            self.registrations[m.registration_key] = (m.digest, self.seq)

    def _move_cash(self, m: c.DepositCash | c.WithdrawCash, sign: int, extra: int) -> None:
        """Post a transfer that breaks no rule; ``extra``: the rule of its own that it breaks."""
        assert self.limits is not None
        rules = {
            DenyCode.AMOUNT_NOT_POSITIVE: m.amount_micros <= 0,
            DenyCode.AMOUNT_TOO_LARGE: m.amount_micros > self.limits.transfer_micros_max,
        }
        codes = broken(rules) + ([extra] if extra else [])
        code = min(codes, default=0)
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            self.accounts[m.account_id].cash += sign * m.amount_micros

    def _deposit(self, m: c.DepositCash) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        assert self.limits is not None
        after = self.accounts[m.account_id].cash + m.amount_micros
        over = after > self.limits.balance_micros_max
        self._move_cash(m, 1, DenyCode.BALANCE_TOO_LARGE if over else 0)

    def _withdraw(self, m: c.WithdrawCash) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        over = m.amount_micros > self._withdrawable(m.account_id)
        self._move_cash(m, -1, DenyCode.EXCEEDS_WITHDRAWABLE_CASH if over else 0)

    def _set_profile(self, m: c.SetAccountProfile) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        code = 0 if m.profile_id in self.profiles else DenyCode.UNKNOWN_PROFILE
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            self.accounts[m.account_id].profile_id = m.profile_id

    def _set_method(self, m: c.SetLotMethod) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        code = 0 if m.method in (1, 2, 3, 4) else DenyCode.LOT_METHOD_NOT_SUPPORTED
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            self.accounts[m.account_id].lot_method = m.method

    def _restrict(self, m: c.SetAccountRestrictions) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        made, lifted = ({n for n in range(70) if m >> n & 1} for m in (m.restrict, m.allow))
        wrong = made & lifted or max(made | lifted, default=0) > 2 or min(m.restrict, m.allow) < 0
        code = DenyCode.RESTRICTION_NOT_SUPPORTED if wrong else 0
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            account = self.accounts[m.account_id]
            account.suspended = 0 in made or (account.suspended and 0 not in lifted)
            account.shorts = 1 in lifted or (account.shorts and 1 not in made)
            account.parts = 2 in lifted or (account.parts and 2 not in made)

    def _reset(self, m: c.ResetAccount) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        assert self.limits is not None
        code = 0
        if m.starting_micros < 0:
            code = DenyCode.AMOUNT_NOT_POSITIVE
        elif m.starting_micros > self.limits.balance_micros_max:
            code = DenyCode.BALANCE_TOO_LARGE
        if self._is_frozen(m.account_id):
            code = DenyCode.TRADING_FROZEN
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            for order in self.open_orders(m.account_id):
                self._cancel_alone(order)
            account = self.accounts[m.account_id]
            account.positions, account.plans = {}, []
            account.unsettled, account.violations = [], 0
            account.due = account.goes_on = 0
            account.cash = m.starting_micros
