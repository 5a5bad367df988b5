"""``trade_updates``: what happens to an account's orders, told to everyone who listens.

Promises: every event of an order is told in the order of the journal, each made and written once
for a format however many listen; the order in it is as that event left it, and the API shows it
already. What happened while nobody listened is not told: whoever comes back reads the orders again.
Must not know: sockets.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from stockyard.api.alpaca import words
from stockyard.api.alpaca.formats import Format
from stockyard.api.door import Door
from stockyard.api.shapes import price_text
from stockyard.api.wire import Shared
from stockyard.model import events as e
from stockyard.model.codes import OPEN_STATUSES, STATUS_WORDS, Reason, Status
from stockyard.model.ids import Kind
from stockyard.model.numbers import format_decimal
from stockyard.projections.rows import OrderRow
from stockyard.runtime.hub import StreamEvent, Subscriber

_log: Final = logging.getLogger("stockyard.api")
STREAM: Final = "trade_updates"
TOLD_AT_ONCE: Final = 100
"""After so many events others get their turn."""
_REPLACE_FAILED: Final = (Reason.REPLACED_TOO_LATE, Reason.REPLACEMENT_UNFIT)
_ENDS: Final[dict[type, str]] = {
    e.OrderCanceled: "canceled",
    e.OrderExpired: "expired",
    e.OrderRejected: "rejected",
    e.OrderReplaced: "replaced",
    e.OrderReduced: "restated",
}
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Update:
    """One message, written once for each way of sending it."""

    __slots__ = ("_event", "_made", "_message")

    def __init__(self, event: str, message: dict[str, Any]) -> None:
        self._event, self._message = event, message
        self._made: dict[tuple[Format, bool], Shared] = {}

    def shared(self, form: Format, is_binary: bool) -> Shared:
        """The message as it is sent."""
        found = self._made.get((form, is_binary))
        if found is None:
            found = Shared(self._event, form.encode(self._message), is_binary=is_binary)
            self._made[form, is_binary] = found
        return found


class Hearer(Protocol):
    """Who is told an account's updates."""

    def hear(self, updates: Iterable[Update]) -> None:
        """Take updates, to be sent soon."""

    def lose(self) -> None:
        """Take note that updates were lost."""


class AccountUpdates:
    """One account's updates, for as long as anybody listens."""

    def __init__(self, door: Door, account_id: int) -> None:
        self._door, self._loop = door, asyncio.get_running_loop()
        self._alone = door.view.apart(account_id)
        self._due = False
        self._replacing: dict[int, OrderRow] = {}
        self._subscriber = Subscriber(self._wake)
        self.hearers: dict[Hearer, None] = {}
        door.world.hub.follow_account(self._subscriber, account_id)

    def leave(self) -> None:
        """Follow the account no longer."""
        self._door.world.hub.leave(self._subscriber)

    def _wake(self) -> None:
        # This is called while an input is being applied, which nothing here may hold up.
        if not self._due:
            self._due = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._due = False
        try:
            self.tell(TOLD_AT_ONCE)
        except Exception as error:
            _log.error("trade updates failed", exc_info=error)
            self._subscriber.overflowed = True
        if self._subscriber.overflowed:
            self._subscriber.take_events()
            for hearer in self.hearers:
                hearer.lose()
        elif self._subscriber.events:
            self._wake()

    def tell(self, most: int | None = None) -> None:
        """Tell what has happened so far, or the first so many events of it."""
        waiting, updates = self._subscriber.events, list[Update]()
        for _ in range(len(waiting) if most is None else min(most, len(waiting))):
            updates += self._updates(waiting.popleft())
        self._alone.forget(self._alone.take_changes().orders)
        if updates:
            for hearer in self.hearers:
                hearer.hear(updates)

    def _updates(self, told: StreamEvent) -> list[Update]:
        """What one event is told as; the account is as after it from then on."""
        x, orders = told.event, self._alone.orders
        order_id = getattr(x, "order_id", 0)
        before = orders[order_id].status if order_id in orders else Status.NONE
        self._alone.fold_event(told.seq, told.idx, told.ts, x)
        row = orders.get(order_id)
        if row is None:
            return []
        tell: Callable[..., Update] = lambda word, about, **more: self._update(  # noqa: E731
            told, word, about, **more
        )
        if isinstance(x, e.OrderFilled):
            found = [tell(*self._filled(x), **self._execution(x))]
            if before == Status.PENDING_CANCEL and x.status == Status.FILLED:
                found.append(tell("order_cancel_rejected", row, place=1))
            return found
        if isinstance(x, e.OrderAccepted | e.OrderActivated):
            self._replacing.pop(order_id, None)
            if x.status == Status.PARTIALLY_FILLED:
                # What a planned fill left goes on, for which there is no word.
                return []
            return [tell(STATUS_WORDS[x.status], row)]
        if isinstance(x, e.OrderChangeSent):
            if not x.replaced_by:
                return [tell("pending_cancel", row)]
            # Should it come too late, the order may have been forgotten as ended by then.
            self._replacing[x.replaced_by] = row
            return [
                tell("pending_replace", row),
                tell("pending_new", orders[x.replaced_by], place=1),
            ]
        word = _ENDS.get(type(x))
        if word is None:
            return []
        found = [tell(word, row)]
        old = self._replacing.pop(order_id, None) or orders.get(row.replaces)
        if row.reason in _REPLACE_FAILED and old is not None:
            found.append(tell("order_replace_rejected", old, place=1))
        return found

    def _filled(self, x: e.OrderFilled) -> tuple[str, OrderRow]:
        word = "partial_fill" if x.status in OPEN_STATUSES else "fill"
        return word, self._alone.orders[x.order_id]

    def _execution(self, x: e.OrderFilled) -> dict[str, str]:
        instrument = self._door.view.instruments[x.instrument_id]
        return {
            "price": price_text(x.price, instrument),
            "qty": format_decimal(x.qty, instrument.qty_scale),
            "position_qty": format_decimal(x.position_qty_after, instrument.qty_scale),
        }

    def _update(
        self, told: StreamEvent, word: str, row: OrderRow, place: int = 0, **more: str
    ) -> Update:
        """A message; ``place``: which of an event's messages it is."""
        at = words.timestamp(told.ts)
        index = told.idx * 2 + place
        execution = self._door.ids.text(Kind.EXECUTION, told.seq, told.idx)
        soon = (row.order_id,) if word == words.PENDING_REPLACE else ()
        data = {
            "event": word,
            "execution_id": None if place else execution,
            "timestamp": at,
            "order": words.order(self._door, row, replaced_soon=soon),
            "event_id": ulid(told.ts, told.seq, index),
            "at": at,
            **more,
        }
        return Update(word, {"stream": STREAM, "data": data})


class TradeUpdates:
    """The updates of every account that somebody listens to."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._accounts: dict[int, AccountUpdates] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def join(self, hearer: Hearer, account_id: int) -> None:
        """Tell somebody an account's updates from now on."""
        found = self._accounts.get(account_id)
        if found is None:
            found = self._accounts[account_id] = AccountUpdates(self._door, account_id)
        else:
            found.tell()
        found.hearers[hearer] = None

    def leave(self, hearer: Hearer, account_id: int) -> None:
        """Tell them no longer."""
        found = self._accounts.get(account_id)
        if found is not None and hearer in found.hearers:
            del found.hearers[hearer]
            if not found.hearers:
                found.leave()
                del self._accounts[account_id]


def ulid(ts: int, seq: int, index: int) -> str:
    """A sortable name: 48 bits of milliseconds, 62 of the journal's number, 18 of a place in it
    (the ULID specification's layout and alphabet).
    """
    number = (ts // 1_000_000 & (1 << 48) - 1) << 80 | seq << 18 | index & (1 << 18) - 1
    return "".join([_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5)])
