"""What webhooks are to be told: a line that survives a restart, and a log of what became of it.

Promises: a delivery keeps its id and its body over all its tries; it waits until it is taken, given
up after ``DeliveryLimits.pauses_s`` or forgotten with its webhook; a webhook that fails again and
again rests longer each time and is disabled in the end, and its owner is told so in the inbox, in
the same transaction. The log is bounded, what waits too: beyond that events wait in the journal.
Must not know: how something is sent.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple
from uuid import UUID, uuid5

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.inbox import Inbox
from stockyard.people.limits import SECOND_NS
from stockyard.people.webhooks import HookState, Webhook, Webhooks
from stockyard.storage.ports import Database, Row

ERROR_LENGTH_MAX: Final = 300
BODY_BYTES_MAX: Final = 64 * 1024
TEST_EVENT: Final = "test"
_COLUMNS: Final = (
    "id, webhook_id, number, event, token, body, state, attempts, due_ns, status, error, took_ms,"
    " created_ns, ended_ns"
)


class DeliveryState:
    """Where a delivery stands."""

    WAITING: Final = "waiting"
    DELIVERED: Final = "delivered"
    FAILED: Final = "failed"
    """Given up."""


class DeliveryLimits(NamedTuple):
    """``pauses_s``: between the tries of one delivery; ``rests_s``: of a webhook between two tries
    of whatever waits for it, after so many failures in a row, the last one again and again;
    ``failures_max``: in a row, until it is disabled. ``waiting_max`` and ``log_max`` are for each
    webhook.
    """

    pauses_s: tuple[int, ...] = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
    rests_s: tuple[int, ...] = (2, 5, 10, 30, 60, 120, 300, 600, 900)
    failures_max: int = 25
    waiting_max: int = 500
    log_max: int = 200


DEFAULT_DELIVERY_LIMITS: Final = DeliveryLimits()


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One event for one webhook. ``token`` names the event, empty for a test; ``status``: of the
    last answer, 0 for none; ``error``: why the last try failed, or empty.
    """

    id: str
    webhook_id: str
    number: int
    event: str
    token: str
    body: str
    state: str
    attempts: int
    due_ns: int
    status: int
    error: str
    took_ms: int
    created_ns: int
    ended_ns: int | None


class Item(NamedTuple):
    """An event to be told."""

    event: str
    token: str
    body: str


class Outcome(NamedTuple):
    """What came of a try: ``error`` is empty when it was taken. ``wait_s``: as the receiver asks;
    ``for_good``: it wants nothing any more.
    """

    status: int
    error: str
    took_ms: int
    wait_s: float = 0.0
    for_good: bool = False


class Deliveries:
    """All deliveries, in their table."""

    def __init__(
        self,
        database: Database,
        hooks: Webhooks,
        inbox: Inbox,
        limits: DeliveryLimits = DEFAULT_DELIVERY_LIMITS,
    ) -> None:
        self._database, self._hooks, self._inbox, self.limits = database, hooks, inbox, limits
        rows = database.query("SELECT COALESCE(MAX(number), 0) FROM webhook_deliveries")
        self._last = int(rows[0][0])
        self._waiting: Counter[str] = Counter()
        for hook_id, count in database.query(
            "SELECT webhook_id, COUNT(*) FROM webhook_deliveries WHERE state = ?"
            " GROUP BY webhook_id",
            (DeliveryState.WAITING,),
        ):
            self._waiting[hook_id] = int(count)

    @property
    def is_waiting(self) -> bool:
        """Whether anything waits for a webhook that is active."""
        return any(self._waiting[hook.id] for hook in self._hooks.active())

    def room(self, hook_id: str) -> int:
        """How many more may wait for a webhook."""
        return self.limits.waiting_max - self._waiting[hook_id]

    def put(
        self,
        hook_id: str,
        before: tuple[int, int],
        after: tuple[int, int],
        items: Sequence[Item],
        now_ns: int,
    ) -> int:
        """Put events in line that lie beyond the cursor ``before``, and move it to ``after``; how
        many. None where the webhook is gone, rests, or its cursor is elsewhere by now.
        """
        hook = self._hooks.get(hook_id)
        if hook is None or hook.cursor != before or hook.state != HookState.ACTIVE:
            return 0
        kept = hook
        number = self._last

        def work(transaction: Database) -> None:
            nonlocal kept, number
            number = self._last
            for item in items:
                number += 1
                self._insert(transaction, hook_id, number, item, now_ns)
            kept = self._hooks.store_progress(transaction, hook, cursor=after)

        self._database.transact(work)
        self._last = number
        self._waiting[hook_id] += len(items)
        self._hooks.keep(kept)
        return len(items)

    def put_test(self, hook: Webhook, body: str, now_ns: int) -> Delivery:
        """Put a test in line. Raises ``UserError`` ``too_many_deliveries``."""
        if self.room(hook.id) <= 0:
            raise UserError(
                "too_many_deliveries",
                "",
                f"{self.limits.waiting_max} deliveries wait for this webhook already",
                "wait until some are taken",
            )
        number = self._last + 1
        self._insert(self._database, hook.id, number, Item(TEST_EVENT, "", body), now_ns)
        self._last = number
        self._waiting[hook.id] += 1
        return self.find(hook.id, delivery_id(hook.id, number))

    def due(self, now_ns: int, busy: Collection[str]) -> list[Webhook]:
        """The webhooks that something is due for, without those that are busy."""
        hooks = self._hooks.active()
        return [hook for hook in hooks if hook.id not in busy and self.next_due(hook.id, now_ns)]

    def next_due(self, hook_id: str, now_ns: int) -> tuple[Webhook, Delivery] | None:
        """What is to be sent to a webhook now, if it is active and does not rest."""
        hook = self._hooks.get(hook_id)
        if hook is None or hook.state != HookState.ACTIVE or hook.rest_until_ns > now_ns:
            return None
        if not self._waiting[hook_id]:
            return None
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE webhook_id = ? AND state = ?"
            " AND due_ns <= ? ORDER BY due_ns, number LIMIT 1",
            (hook_id, DeliveryState.WAITING, now_ns),
        )
        return (hook, _delivery(rows[0])) if rows else None

    def note(
        self, delivery: Delivery, outcome: Outcome, now_ns: int, jitter: float = 0.0
    ) -> Delivery:
        """Keep what came of a try. ``jitter``: from -1 to 1, spreads the next ones."""
        after = self._after(delivery, outcome, now_ns, jitter)
        hook = self._hooks.get(delivery.webhook_id)
        if hook is None:
            return after
        kept = self._doing(hook, outcome, now_ns, jitter)

        def work(transaction: Database) -> None:
            transaction.execute(
                "UPDATE webhook_deliveries SET state = ?, attempts = ?, due_ns = ?, status = ?,"
                " error = ?, took_ms = ?, ended_ns = ? WHERE id = ?",
                (
                    *(after.state, after.attempts, after.due_ns, after.status, after.error),
                    *(after.took_ms, after.ended_ns, after.id),
                ),
            )
            self._hooks.store_progress(transaction, kept)
            if kept.state != hook.state:
                self._tell(transaction, kept, now_ns)
            if after.state != DeliveryState.WAITING:
                self._prune(transaction, hook.id)

        self._database.transact(work)
        if after.state != DeliveryState.WAITING:
            self._waiting[hook.id] -= 1
        self._hooks.keep(kept)
        return after

    def again(self, hook_id: str, delivery: Delivery, now_ns: int) -> Delivery:
        """Send an ended delivery once more, under its own id.

        Raises ``UserError`` ``delivery_waiting``.
        """
        if delivery.state == DeliveryState.WAITING:
            raise UserError(
                "delivery_waiting", "", "the delivery has not ended", "it is tried again by itself"
            )
        self._database.execute(
            "UPDATE webhook_deliveries SET state = ?, attempts = 0, due_ns = ?, ended_ns = NULL"
            " WHERE id = ?",
            (DeliveryState.WAITING, now_ns, delivery.id),
        )
        self._waiting[hook_id] += 1
        return self.find(hook_id, delivery.id)

    def find(self, hook_id: str, which: str) -> Delivery:
        """One delivery of a webhook. Raises ``UserError`` ``unknown_delivery``."""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE webhook_id = ? AND id = ?",
            (hook_id, which.lower()),
        )
        if not rows:
            raise UserError(
                "unknown_delivery", "delivery_id", "there is no such delivery", "read the log"
            )
        return _delivery(rows[0])

    def log(self, hook_id: str, before: int | None, limit: int) -> list[Delivery]:
        """A webhook's deliveries, newest first; ``before``: only older than this number."""
        older, bound = ("", ()) if before is None else (" AND number < ?", (before,))
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE webhook_id = ?{older}"
            " ORDER BY number DESC LIMIT ?",
            (hook_id, *bound, limit),
        )
        return [_delivery(row) for row in rows]

    def _insert(
        self, transaction: Database, hook_id: str, number: int, item: Item, now_ns: int
    ) -> None:
        marks = ", ".join("?" for _ in _COLUMNS.split(","))
        which = delivery_id(hook_id, number)
        transaction.execute(
            f"INSERT INTO webhook_deliveries ({_COLUMNS}) VALUES ({marks})",
            (
                *(which, hook_id, number, item.event, item.token, item.body),
                *(DeliveryState.WAITING, 0, now_ns, 0, "", 0, now_ns, None),
            ),
        )

    def _after(self, delivery: Delivery, outcome: Outcome, now_ns: int, jitter: float) -> Delivery:
        attempts = delivery.attempts + 1
        pauses = self.limits.pauses_s
        state, due_ns, ended_ns = DeliveryState.WAITING, now_ns, None
        if not outcome.error:
            state, ended_ns = DeliveryState.DELIVERED, now_ns
        elif attempts > len(pauses):
            state, ended_ns = DeliveryState.FAILED, now_ns
        else:
            due_ns += _spread(max(pauses[attempts - 1], outcome.wait_s), jitter)
        return msgspec.structs.replace(
            delivery,
            state=state,
            attempts=attempts,
            due_ns=due_ns,
            status=outcome.status,
            error=outcome.error[:ERROR_LENGTH_MAX],
            took_ms=outcome.took_ms,
            ended_ns=ended_ns,
        )

    def _doing(self, hook: Webhook, outcome: Outcome, now_ns: int, jitter: float) -> Webhook:
        """How a webhook does after a try."""
        if not outcome.error:
            return msgspec.structs.replace(hook, failures=0, rest_until_ns=0)
        failures, rests = hook.failures + 1, self.limits.rests_s
        rest_s = max(rests[min(failures, len(rests)) - 1], outcome.wait_s)
        after = msgspec.structs.replace(
            hook, failures=failures, rest_until_ns=now_ns + _spread(rest_s, jitter)
        )
        if hook.state == HookState.ACTIVE and (
            outcome.for_good or failures >= self.limits.failures_max
        ):
            why = "it says that it is gone" if outcome.for_good else f"{failures} tries failed"
            reason = f"{why}; the last: {outcome.error}"[:ERROR_LENGTH_MAX]
            return msgspec.structs.replace(after, state=HookState.DISABLED, reason=reason)
        return after

    def _tell(self, transaction: Database, hook: Webhook, now_ns: int) -> None:
        self._inbox.put(
            hook.user_id,
            "webhook_disabled",
            f"The webhook {hook.name or hook.url[:80]} is switched off",
            f"Nothing is sent to {hook.url[:200]} any more: {hook.reason}. What happens meanwhile"
            " is kept, and sent once it is switched on again.",
            now_ns,
            "/webhooks",
            transaction,
        )

    def _prune(self, transaction: Database, hook_id: str) -> None:
        """Forget the oldest of what has ended."""
        transaction.execute(
            "DELETE FROM webhook_deliveries WHERE webhook_id = ? AND state <> ? AND number <="
            " (SELECT number FROM webhook_deliveries WHERE webhook_id = ? AND state <> ?"
            " ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (
                *(hook_id, DeliveryState.WAITING),
                *(hook_id, DeliveryState.WAITING, self.limits.log_max),
            ),
        )


def delivery_id(hook_id: str, number: int) -> str:
    """A delivery's id: the same for the same webhook and number."""
    return str(uuid5(UUID(hook_id), str(number)))


def _spread(seconds: float, jitter: float) -> int:
    """Nanoseconds, up to a tenth more or less."""
    return round(seconds * (1 + jitter / 10) * SECOND_NS)


def _delivery(row: Row) -> Delivery:
    return Delivery(*row)
