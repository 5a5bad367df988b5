"""The naive twin's linked orders: exits that wait, come alive and end together, and protections.

Promises: as in ``naive_twin``, of which this is a part. Must not know: how the engine works.
"""

from stockyard.model import commands as c
from stockyard.model.codes import OrderClass, OrderType, Side, Status
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument, Limits
from tests.property.naive_classes import (
    NaiveExits,
    broken,
    class_rules,
    entry_price,
    exits_as_they_are,
    held_rules,
    price_rules,
    replaced_leg,
    side_rules,
)
from tests.property.naive_things import NO_STOPS, NaiveAccount, NaiveOrder, NaivePosition, Stops


class LinkedOrders:
    """What a twin does about orders that belong together."""

    seq: int
    ts: int
    limits: Limits | None
    terms: dict[int, Instrument]
    accounts: dict[int, NaiveAccount]
    orders: list[NaiveOrder]
    ended: list[NaiveOrder]

    def _wake(self, at: int) -> None:
        """Bring the legs of what has ended alive, as the market was at a time."""
        for entry in self.ended:
            legs = [leg for leg in entry.legs if leg.status == Status.HELD]
            terms = self.terms[entry.terms.instrument_id]
            held = self.held_qty(entry.account_id, terms.instrument_id)
            position = self.accounts[entry.account_id].positions.get(terms.instrument_id)
            sign = 1 if entry.side == Side.BUY else -1
            free = max(0, position.qty * sign - held) if position else 0
            qty = min(entry.filled_in_all, free) // terms.lot * terms.lot
            for leg in legs:
                leg.qty, leg.worst = qty or leg.qty, self._worst(leg)
                if qty == 0:
                    leg.status = Status.CANCELED
                elif self._set_out_as_planned(leg):
                    continue
                else:
                    leg.status = Status.ACCEPTED
                if qty and self._session(terms, at):
                    leg.status = Status.NEW
            for leg in reversed(legs):
                if not self._goes_as_planned(leg) and leg.status == Status.NEW:
                    self._work(leg, at=at)
        self.ended = []

    def _exits(self, main: NaiveOrder, exits: NaiveExits, first: int) -> list[NaiveOrder]:
        """The exits of an order, or of a position, as orders that have not begun."""
        side = main.side if exits.order_class == OrderClass.OCO else 3 - main.side
        kinds = [(OrderType.LIMIT, exits.profit, NO_STOPS)] if exits.profit else []
        if exits.loss:
            stops = (exits.stop, exits.trail, exits.ppm, 0)
            kinds.append((exits.stop_type, exits.limit, stops))
        legs = []
        for number, (kind, limit, stops) in enumerate(kinds, first):
            leg = self._draft(
                main.account_id, main.terms, side, kind, main.tif, main.qty, limit, 0, stops
            )
            leg.order_id, leg.expires = self.seq * 16 + number, main.expires
            leg.hold, leg.order_class, leg.protects = 0, main.order_class, main.protects
            leg.closes = True
            legs.append(leg)
        return legs

    def _begin(self, orders: list[NaiveOrder]) -> None:
        """Begin orders that belong together, and work the stop among them first."""
        for order in orders:
            self.orders.append(order)
            self._set_out(order, True)
        for order in reversed(orders):
            if not self._goes_as_planned(order) and order.status == Status.NEW:
                self._arrive(order)

    def _asked_exits(self, m: c.PlaceOrder | c.SetProtection) -> NaiveExits | None:
        order_class = m.order_class if isinstance(m, c.PlaceOrder) else 0
        exits = NaiveExits(
            order_class, m.take_profit_limit, m.stop_loss_stop, m.stop_loss_limit,
            m.stop_loss_trail_price, m.stop_loss_trail_ppm,
        )  # fmt: skip
        return exits if any(exits) else None

    def _broken_exits(self, order: NaiveOrder, exits: NaiveExits) -> list[int]:
        terms, side = self.terms[order.terms.instrument_id], order.side
        selling, shown = side == Side.BUY, exits
        loss_from = profit_from = entry_price(order, self._touch(terms, side))
        if exits.order_class == OrderClass.OCO:
            selling, shown = side == Side.SELL, exits._replace(profit=order.limit)
            profit_from, loss_from = self._touch(terms, side), self._market(terms, side)
        rules = class_rules(exits, order) | price_rules(terms, exits, loss_from)
        rules |= {DenyCode.EXTENDED_HOURS_CLASS: order.late}
        return broken(rules | side_rules(terms, shown, selling, profit_from, loss_from))

    def _seen_after(self, old: NaiveOrder, stops: Stops) -> tuple[int, ...]:
        """What a trailing stop's replacement has seen: all, unless it trails otherwise."""
        same = old.seeks_trail and stops[1:3] == (old.trail, old.ppm)
        return tuple(old.seen) if same else ()

    def _broken_links(self, old: NaiveOrder, new: NaiveOrder, qty: int, leaves: int) -> list[int]:
        """What a replacement breaks as an order, of its links, and what it lacks."""
        codes, exits = self._broken(new, leaves), None
        legs = [leg for leg in old.legs if leg.status == Status.HELD]
        if legs:
            exits = exits_as_they_are(old.order_class, legs)
            codes += self._broken_exits(new, exits)
        if old.is_leg:
            touch = self._touch(old.terms, 3 - old.side)
            terms = self.terms[old.terms.instrument_id]
            if old.status == Status.HELD:
                codes = held_rules(codes, new)
            codes += replaced_leg(terms, old, new, qty, touch)
        if codes or old.status == Status.HELD:
            return codes
        return self._lacking(new, [old], exits)

    def _protect(self, m: c.SetProtection) -> None:
        if self._known(m.account_id, m.client_order_id, m.idempotency_key, m.digest):
            return
        mine = self.open_orders(m.account_id)
        present = [o for o in mine if o.protects and o.terms.instrument_id == m.instrument_id]
        terms, exits = self.terms.get(m.instrument_id), self._asked_exits(m)
        position = self.accounts[m.account_id].positions.get(m.instrument_id, NaivePosition())
        held = sum(o.leaves for o in present if o.closes_now)
        free = abs(position.qty) - self.held_qty(m.account_id, m.instrument_id) + held
        draft = None
        if exits is None:
            codes = [] if present else [DenyCode.NO_PROTECTION]
        elif terms is None:
            codes = [DenyCode.UNKNOWN_INSTRUMENT, *self._suspended(m.account_id)]
        else:
            draft = self._draft(
                m.account_id, terms, Side.SELL if position.qty < 0 else Side.BUY,
                OrderType.LIMIT, m.time_in_force, m.qty or free,
                0, 0, (0, 0, 0, m.expires_ns),
            )  # fmt: skip
            stay = len(mine) - len(present) + exits.count
            codes = self._broken_protection(m, terms, draft, exits, position, free, stay)
        code = min(codes, default=0)
        if self._answer(m.account_id, m.client_order_id, m.idempotency_key, m.digest, code):
            for order in present:
                self._cancel_alone(order)
            if exits is not None and draft is not None:
                draft.protects = True
                draft.order_class = OrderClass.OCO if exits.count == 2 else OrderClass.SIMPLE
                orders = self._exits(draft, exits, 0)
                orders[0].name = m.client_order_id
                if len(orders) == 2:
                    orders[0].partners, orders[1].partners = [orders[1]], [orders[0]]
                self._begin(orders)

    def _broken_protection(
        self,
        m: c.SetProtection,
        terms: Instrument,
        draft: NaiveOrder,
        exits: NaiveExits,
        position: NaivePosition,
        free: int,
        count: int,
    ) -> list[int]:
        assert self.limits is not None
        dated = (DenyCode.EXPIRY_MISSING, DenyCode.EXPIRY_NOT_ALLOWED, DenyCode.EXPIRY_NOT_AHEAD)
        expiry = self._broken_stops(terms, draft)
        side = 3 - draft.side
        profit_from, loss_from = self._touch(terms, side), self._market(terms, side)
        rules = {code: expiry[code] for code in dated}
        rules[DenyCode.TRADING_SUSPENDED] = self.accounts[m.account_id].suspended
        rules[DenyCode.TRADING_FROZEN] = self._is_frozen(m.account_id)
        rules |= price_rules(terms, exits, loss_from)
        rules |= side_rules(terms, exits, side == Side.SELL, profit_from, loss_from)
        held = position.qty != 0
        rules |= {
            DenyCode.INSTRUMENT_NOT_TRADABLE: not terms.tradable,
            DenyCode.QUANTITY_NOT_POSITIVE: m.qty < 0,
            DenyCode.QUANTITY_OFF_LOT: m.qty % terms.lot != 0,
            DenyCode.QUANTITY_TOO_LARGE: held and draft.qty > terms.qty_max,
            DenyCode.CLASS_TIME_IN_FORCE_NOT_SUPPORTED: m.time_in_force not in (1, 2, 5),
            DenyCode.TOO_MANY_OPEN_ORDERS: count > self.limits.open_orders_max,
            DenyCode.NO_POSITION: not held,
            DenyCode.PROTECTION_EXCEEDS_POSITION: held and (draft.qty > free or free == 0),
        }
        return broken(rules)
