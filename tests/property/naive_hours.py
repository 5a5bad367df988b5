"""When the naive twin's orders can trade, come alive and end: sessions, early and late, auctions.

Promises: as in ``naive_twin``, of which this is a part; every question is answered by looking at
all sessions again. Must not know: how the engine works.
"""

from stockyard.model import facts as f
from stockyard.model.codes import Side, Status, TimeInForce
from stockyard.model.instruments import Instrument, Session, VenueProfile
from tests.property.naive_credit import DAY
from tests.property.naive_things import AUCTIONS, MINUTE, OPEN, NaiveOrder, too_large

_TOGETHER = {"0 closes": "day", "1 late ends": "day", "5 dated": "dated"}
"""Ends of orders at one moment after all of which legs come alive."""


def _stop_first(order: NaiveOrder) -> tuple[int, int]:
    """Oldest first, but of a pair the stop."""
    return min([order.order_id, *(p.order_id for p in order.partners)]), -order.waits


class NaiveHours:
    """What a twin does as time passes.

    ``awaited``: instruments whose closing print has yet to come.
    """

    ts: int
    terms: dict[int, Instrument]
    sessions: dict[int, list[Session]]
    orders: list[NaiveOrder]
    ended: list[NaiveOrder]
    awaited: set[int]
    profiles: dict[int, VenueProfile]

    def _session(self, terms: Instrument, at: int = 0) -> Session | None:
        for session in self.sessions.get(terms.calendar_id, []):
            if session.open_ns <= (at or self.ts) < session.close_ns:
                return session
        return None

    def _phases(self, terms: Instrument) -> list[tuple[int, int, bool]]:
        """When orders can trade: from, to, and whether only those for extended hours."""
        spans = []
        for s in self.sessions.get(terms.calendar_id, []):
            early, late = s.pre_open_ns or s.open_ns, s.post_close_ns or s.close_ns
            spans += [(early, s.open_ns, True), (s.open_ns, s.close_ns, False)]
            spans += [(s.close_ns, late, True)]
        return spans

    def _trading_since(self, terms: Instrument, late: bool, at: int = 0) -> int | None:
        """When the phase began in which an order can trade now, or ``at`` a time, or None."""
        for begins, ends, extended in self._phases(terms):
            if begins <= (at or self.ts) < ends and (late or not extended):
                return begins
        return None

    def _entry_is_shut(self, terms: Instrument, tif: int) -> bool:
        """Whether the auction takes no orders now, and its print counts."""
        for s in self.sessions.get(terms.calendar_id, []):
            if tif == TimeInForce.OPG and s.open_ns - 2 * MINUTE <= self.ts < s.close_ns:
                return True
            if tif == TimeInForce.CLS and s.close_ns - 10 * MINUTE <= self.ts < s.close_ns:
                return True
        return tif == TimeInForce.CLS and terms.instrument_id in self.awaited

    def _end(self, order: NaiveOrder, status: int) -> None:
        """End an order, and the other of its pair; its legs come alive later."""
        order.status = status
        for other in order.partners:
            if other.status in OPEN:
                other.status = Status.CANCELED
        if order.legs:
            self.ended.append(order)

    def _pass_time(self, since: int, until: int) -> None:
        last = (since, "9", 0, 0)
        while True:
            ahead = [each for each in self._boundaries() if last < each and each[0] <= until]
            if not ahead:
                return
            last = at, what, number, errand = min(ahead)
            if what == "55 midnight":
                self._charge_day()
                continue
            if what == "6 arrives":
                self.ts = at
                self._reach(number, errand)
                self._wake(at)
                continue
            self._pass_boundary(at, what, number, until)
            kind = _TOGETHER.get(what)
            later = [_TOGETHER.get(b[1]) for b in ahead if b > last and b[0] == at]
            if kind is None or kind not in later:
                self.ts = until
                self._wake(at)

    def _boundaries(self) -> list[tuple[int, str, int, int]]:
        """All that happens by itself: when, in which order at one time, and to whom."""
        boundaries = self._under_way()
        begins = [session.open_ns for sessions in self.sessions.values() for session in sessions]
        first = min(begins, default=0) // DAY * DAY
        boundaries += [(first + n * DAY, "55 midnight", 0, 0) for n in range(60)]
        for calendar_id, sessions in self.sessions.items():
            for session in sessions:
                late = session.post_close_ns or session.close_ns
                boundaries.append((session.close_ns, "0 closes", calendar_id, 0))
                boundaries.append((late, "1 late ends", calendar_id, 0))
                boundaries.append((session.pre_open_ns, "2 early begins", calendar_id, 0))
                boundaries.append((session.open_ns, "3 opens", calendar_id, 0))
                for key, terms in self.terms.items():
                    if terms.calendar_id == calendar_id:
                        boundaries.append((session.close_ns + 15 * MINUTE, "4 print due", key, 0))
        dated = [o for o in self.orders if o.tif == TimeInForce.GTD]
        return boundaries + [(o.expires, "5 dated", o.order_id, 0) for o in dated]

    def _pass_boundary(self, at: int, what: str, number: int, until: int) -> None:
        missed = what == "4 print due" and number in self.awaited
        if missed:
            self.awaited.discard(number)
        if what[0] in "0123":
            for order in self.orders:
                order.ahead = None if order.terms.calendar_id == number else order.ahead
        turn = [o for o in self.orders if o.status in OPEN]
        for order in sorted(turn, key=_stop_first) if what[0] in "23" else turn:
            mine = order.terms.calendar_id == number
            day = order.tif == TimeInForce.DAY and mine and order.status != Status.HELD
            ends = {
                "0 closes": (day and not order.late)
                or (mine and order.tif == TimeInForce.OPG and not order.arrives),
                "1 late ends": day and order.late,
                "4 print due": missed
                and (order.terms.instrument_id, order.tif) == (number, TimeInForce.CLS)
                and not order.arrives,
                "5 dated": order.order_id == number,
            }
            if ends.get(what) and order.status in OPEN:
                self._end(order, Status.EXPIRED)
            elif mine and self._wakes(order, what):
                order.status = Status.NEW
                self.ts = until
                # A session that is over by now has no tradable quote any more.
                self._arrive(order, at)
        if what == "0 closes":
            self.awaited |= {
                key
                for key, terms in self.terms.items()
                if terms.calendar_id == number and (terms.auctions or self._closing(key))
            }

    def _wakes(self, order: NaiveOrder, what: str) -> bool:
        """Whether a queued order comes alive at the beginning of early trading or at the open."""
        begins = what == "3 opens" or (what == "2 early begins" and order.late)
        return begins and order.status == Status.ACCEPTED and order.tif not in AUCTIONS

    def _closing(self, instrument_id: int) -> list[NaiveOrder]:
        """Orders that wait for the closing auction."""
        return [
            o
            for o in self.orders
            if o.terms.instrument_id == instrument_id
            and o.tif == TimeInForce.CLS
            and o.status in OPEN
            and not o.arrives
        ]

    def _auction(self, message: f.AuctionPrint) -> None:
        """Fill what waits for the auction, or end it; then it is a trade."""
        terms = self.terms.get(message.instrument_id)
        if terms is None or message.price <= 0 or too_large(terms, message.price):
            return
        tif = TimeInForce.OPG if message.kind == 1 else TimeInForce.CLS
        if self._entry_is_shut(terms, tif):
            for side in (Side.BUY, Side.SELL):
                self._cross(terms, tif, side, message)
            if tif == TimeInForce.CLS:
                self.awaited.discard(terms.instrument_id)
        self._trade(f.Trade(message.instrument_id, message.price, message.qty, 0))

    def _cross(self, terms: Instrument, tif: int, side: int, message: f.AuctionPrint) -> None:
        def in_turn(order: NaiveOrder) -> tuple[int, bool, int, int]:
            better = order.limit if side == Side.SELL else -order.limit
            return order.profile_id, not order.at_market, better, order.order_id

        left = message.qty
        waiting = [
            o
            for o in self.orders
            if (o.terms.instrument_id, o.tif, o.side) == (terms.instrument_id, tif, side)
            and o.status in OPEN
            and not o.arrives
        ]
        for order in sorted(waiting, key=in_turn):
            price, bounded = message.price, self.profiles[order.profile_id].size_bounded
            qty = order.leaves
            if bounded:
                qty = min(qty, left // terms.lot * terms.lot)
            within = price <= order.worst if side == Side.BUY else price >= order.worst
            if within and qty:
                self._fill(order, qty, False, price)
                left -= qty if bounded else 0
            if order.leaves:
                order.status = Status.CANCELED
