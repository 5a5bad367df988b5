"""What is on its way in the naive twin: orders, cancellations, replacements.

Promises: as in ``naive_twin``, of which this is a part. Must not know: how the engine works.
"""

from stockyard.model.codes import Status
from stockyard.model.instruments import VenueProfile
from tests.property.naive_things import AT_ONCE, AUCTIONS, OPEN, NaiveChange, NaiveOrder


class NaiveTravel:
    """What a twin does about latency."""

    ts: int
    orders: list[NaiveOrder]
    changes: list[NaiveChange]
    profiles: dict[int, VenueProfile]

    def _arrival(self, order: NaiveOrder) -> int:
        """When an order that sets out now is there; 0 when that takes no time."""
        latency = self.profiles[order.profile_id].latency_ns
        return self.ts + latency if latency else 0

    def _under_way(self) -> list[tuple[int, str, int, int]]:
        """When what reaches the venue, in order: orders, then cancellations, then replacements."""
        found = [(o.arrives, "6 arrives", o.order_id, 0) for o in self.orders]
        found += [(o.cancel_at, "6 arrives", o.order_id, 1) for o in self.orders]
        found += [(o.ends, "6 arrives", o.order_id, 3) for o in self.orders]
        return found + [(change.at, "6 arrives", change.new_id, 2) for change in self.changes]

    def _reach(self, number: int, errand: int) -> None:
        """Let what was sent reach the venue."""
        if errand == 2:
            self._change_arrives(next(c for c in self.changes if c.new_id == number))
            return
        order = next(o for o in self.orders if o.order_id == number)
        if order.status not in OPEN:
            return
        if errand == 1:
            self._end_by_cancel(order)
        elif errand == 3:
            self._end_as_planned(order, order.ends_as)
        else:
            self._get_there(order)

    def _get_there(self, order: NaiveOrder) -> None:
        """Let an order reach the venue."""
        closed = order.tif in AUCTIONS or self._trading_since(order.terms, order.late) is None
        order.arrives = 0
        if closed and order.status == Status.PENDING_CANCEL:
            self._end_by_cancel(order)
            return
        if closed and order.status == Status.PENDING_NEW and order.tif not in AT_ONCE:
            order.status = Status.ACCEPTED
            return
        if order.status == Status.PENDING_NEW:
            order.status = Status.NEW
        if order.fills:
            self._work(order)
        else:
            self._arrive(order)

    def _end_by_cancel(self, order: NaiveOrder) -> None:
        """Cancel an order, and with it a replacement that is on its way."""
        self._drop_change(order)
        self._end(order, Status.CANCELED)

    def _drop_change(self, order: NaiveOrder) -> None:
        for change in self._changes_of(order):
            change.status = Status.CANCELED

    def _changes_of(self, order: NaiveOrder) -> list[NaiveChange]:
        return [
            c
            for c in self.changes
            if c.command.order_id == order.order_id and c.status == Status.PENDING_NEW
        ]
