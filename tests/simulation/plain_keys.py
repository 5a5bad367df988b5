"""The idempotency rules once more, naively: which request must be answered by an earlier answer.

Promises: knows only journaled commands, their times and their events; asserts that a retry did
nothing and named the first answer, and that a key used for something else was refused. Must not
know: how the engine remembers keys.
"""

from collections.abc import Sequence

from stockyard.market.catalog import DEFAULT_LIMITS
from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Record

EFFECTS = (
    e.OrderAccepted,
    e.OrderReplaced,
    e.OrderChangeSent,
    e.AccountKindSet,
    e.LotMethodSet,
    e.AccountRestrictionsSet,
    e.AccountLimitsSet,
    e.TradingFreezeSet,
    e.OutcomePlanned,
    e.OutcomesForgotten,
    e.CashDeposited,
    e.CashWithdrawn,
    e.AccountProfileSet,
    e.AccountReset,
    e.AccountOpened,
)
"""What a request does. Fills, ends and activations may also come from time that has passed, and so
may replacements, which were named when they were sent.
"""

Name = tuple[int, str, str]


class PlainKeys:
    """All keys ever used, with the answer that each stands for."""

    def __init__(self) -> None:
        self._known: dict[Name, tuple[bytes, int, int]] = {}
        self._accounts: dict[int, None] = {}

    def take(self, record: Record, events: Sequence[e.Event]) -> None:
        """Judge one input's events."""
        command = record.input
        if not isinstance(command, c.Command):
            return
        told = [x for x in events if isinstance(x, (e.CommandDenied, e.CommandRepeated))]
        last = told[0] if told else None
        done = [event for event in events if isinstance(event, EFFECTS) and _of(record, event)]
        name = f"seq {record.seq}, {type(command).__name__}"
        if isinstance(command, c.OpenAccount):
            self._accounts.update({e.account_id: None for e in done})
        elif command.account_id not in self._accounts:
            assert not done, f"{name}: nobody's account, yet it did {done}"
            return
        expected = self._expected(command, record.ts)
        if expected is None:
            assert isinstance(last, e.CommandDenied), f"{name}: another body under a key passed"
            assert not done, f"{name}: a denied request did {done}"
        elif expected:
            assert isinstance(last, e.CommandRepeated), f"{name}: a retry was done again: {done}"
            assert last.first_seq == expected, f"{name}: repeats {last.first_seq}, not {expected}"
            assert not done, f"{name}: a retry did {done}"
        else:
            assert not isinstance(last, e.CommandRepeated), f"{name}: repeats what never was"
            taken = not isinstance(last, e.CommandDenied)
            assert taken or not done, f"{name}: a denied request did {done}"
            self._remember(command, record, taken)

    def _expected(self, command: c.Command, ts: int) -> int | None:
        """Seq of the answer to repeat, 0 for a new request, None for a key used otherwise."""
        for name in _names(command):
            digest, seq, expires_ns = self._known.get(name, (b"", 0, 0))
            if seq and (expires_ns == 0 or ts < expires_ns):
                return seq if digest == command.digest else None
        return 0

    def _remember(self, command: c.Command, record: Record, taken: bool) -> None:
        for name in _names(command):
            for_ever = taken and name[1] != "idempotency_key"
            if taken or name[1] != "registration_key":
                expires_ns = 0 if for_ever else record.ts + DEFAULT_LIMITS.key_ttl_ns
                self._known[name] = (command.digest, record.seq, expires_ns)


def _of(record: Record, event: e.Event) -> bool:
    """Whether an event is this request's doing, not a replacement's that was sent earlier."""
    order_id = record.seq * LEGS_MAX
    if isinstance(event, e.OrderAccepted):
        order_id = event.order_id
    elif isinstance(event, e.OrderReplaced):
        order_id = event.replaced_by
    return order_id // LEGS_MAX == record.seq


def _names(command: c.Command) -> list[Name]:
    account_id = getattr(command, "account_id", 0)
    return [
        (account_id, field, key)
        for field in ("idempotency_key", "client_order_id", "registration_key")
        if (key := getattr(command, field, ""))
    ]
