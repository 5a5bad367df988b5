"""The engine's state as plain structs, for snapshots and for the state hash.

Promises: two engines that will answer every future input alike encode to the same bytes; every
sequence is in the order of its ids. Must not know: how the engine keeps it while running.
"""

import msgspec

from stockyard.model.bounds import AccountLimits
from stockyard.model.codes import AccountKind
from stockyard.model.commands import PlanOutcome, ReplaceOrder
from stockyard.model.facts import BorrowTermsSet, FeesScheduled
from stockyard.model.instruments import Instrument, Limits, MarginTerms, Session, VenueProfile


class OrderState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One open order. ``filled_value``: exact sum of price times quantity, as text (unbounded).

    ``extreme``: the best price an untriggered trailing stop has seen since it was armed, or takes
    over from the order it replaces. ``filled_before``: what the orders it replaces have filled.
    ``ahead_qty``: what trades before it in its queue, -1 while it has no place in the market.
    ``arrives_ns``: when it reaches the venue, ``sent_ns`` when it set out, ``cancel_ns`` when its
    cancellation arrives; 0 for none.
    ``choices``: what is left of the lots it chose, as (seq, index, quantity).
    ``ends_ns``: when a planned outcome ends it, 0 for never; ``ends_as``: that ``Plan``;
    ``ends_reason``: why.
    """

    order_id: int
    account_id: int
    instrument_id: int
    side: int
    order_type: int
    time_in_force: int
    qty: int
    limit_price: int
    notional_micros: int
    worst_price: int
    client_order_id: str
    status: int
    profile_id: int
    replaces: int
    version: int
    expires_ns: int
    filled_qty: int
    filled_value: str
    held_micros: int
    held_qty: int
    stop_price: int = 0
    trail_price: int = 0
    trail_ppm: int = 0
    extreme: int = 0
    triggered: bool = False
    order_class: int = 0
    parent_id: int = 0
    sibling_id: int = 0
    take_profit_id: int = 0
    stop_loss_id: int = 0
    filled_before: int = 0
    protects: bool = False
    ahead_qty: int = -1
    arrives_ns: int = 0
    sent_ns: int = 0
    cancel_ns: int = 0
    extended_hours: bool = False
    choices: tuple[tuple[int, int, int], ...] = ()
    closes: bool = False
    liquidates: bool = False
    reduce_only: bool = False
    post_only: bool = False
    ends_ns: int = 0
    ends_as: int = 0
    ends_reason: int = 0


class LotState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One open lot, named by the execution that opened it. ``cost_micros`` 0 for one that shares
    the position's pooled cost; ``rank``: the price it was opened at, below zero for a long one.
    """

    seq: int
    index: int
    qty: int
    cost_micros: int
    fees_micros: int
    acquired_ns: int
    rank: int


class PositionState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One position: ``cost_micros`` is the cost of what is held, ``realized_micros`` all ever
    realised. A short one has a quantity below zero, and a cost of minus its proceeds.

    ``lots``: oldest first; those older than ``(pooled_seq, pooled_index)`` share ``pooled_cost``.
    ``unpaid_qty``: what was bought with proceeds that settle at ``unpaid_until_ns`` only.
    In a perpetual contract there are no lots; ``pot_micros``: margin set apart, ``funding_micros``:
    funding paid, ``liquidation_ns``: when its liquidation goes on, 0 for none.
    """

    instrument_id: int
    qty: int
    held_qty: int
    cost_micros: int
    realized_micros: int
    lots: tuple[LotState, ...] = ()
    pooled_cost: int = 0
    pooled_seq: int = 0
    pooled_index: int = 0
    unpaid_qty: int = 0
    unpaid_until_ns: int = 0
    pot_micros: int = 0
    funding_micros: int = 0
    liquidation_ns: int = 0


class KeyState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A request that was answered: ``expires_ns`` 0 for one remembered for ever."""

    key: str
    digest: bytes
    first_seq: int
    expires_ns: int


class OutcomeState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A planned outcome: ``rule_id`` its command's seq; ``used``: the last orders it met, as (seq,
    order), 0 for a denial.
    """

    rule_id: int
    uses_left: int
    used: tuple[tuple[int, int], ...]
    command: PlanOutcome


class BoundState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What binds all accounts of one owner, by what whoever runs the house has decided."""

    owner: str
    frozen: bool
    limits: AccountLimits


class AccountState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One account.

    ``unsettled``: proceeds to come, as (when, micro-dollars). ``call_due_ns``: until when a margin
    call must be met, 0 for none; ``review_ns``: when its liquidation goes on, 0 before it starts.
    ``leverages``: those chosen, as (instrument, leverage, whether isolated). ``restrictions``: a
    set of ``Restriction``.
    """

    account_id: int
    owner: str
    name: str
    status: int
    profile_id: int
    cash_micros: int
    held_micros: int
    positions: tuple[PositionState, ...]
    keys: tuple[KeyState, ...]
    lot_method: int = 1
    kind: int = AccountKind.CASH
    unsettled: tuple[tuple[int, int], ...] = ()
    violations: int = 0
    call_due_ns: int = 0
    review_ns: int = 0
    leverages: tuple[tuple[int, int, bool], ...] = ()
    restrictions: int = 0
    outcomes: tuple[OutcomeState, ...] = ()


class BookState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the engine knows of one instrument. ``street_qty``, a sum over accounts, as text.

    ``print_due_ns``: until when the closing auction's print is awaited, 0 when it is not.
    ``long_mark``, ``short_mark``: what long and short positions are valued at. ``borrow``: None
    where nothing can be borrowed. ``index_price``: of what a perpetual contract follows.
    """

    instrument: Instrument
    bid: int
    ask: int
    bid_qty: int
    ask_qty: int
    bid_taken: int
    ask_taken: int
    quote_ts: int
    quote_seq: int
    last_price: int
    last_ts: int
    street_qty: str
    last_qty: int = 0
    halted: bool = False
    paused: bool = False
    print_due_ns: int = 0
    long_mark: int = 0
    short_mark: int = 0
    borrow: BorrowTermsSet | None = None
    index_price: int = 0


class CalendarState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One calendar: the session going on or coming next first.

    ``opened_ns``: when its ``phase`` began, or, while it is shut, the last one before.
    """

    calendar_id: int
    name: str
    is_open: bool
    opened_ns: int
    sessions: tuple[Session, ...]
    phase: int = 0


class RegistrationState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An answered ``OpenAccount``."""

    key: str
    digest: bytes
    first_seq: int


class ChangeState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A replacement on its way to the venue. ``new_order_id``: the id its order will have."""

    new_order_id: int
    instrument_id: int
    arrives_ns: int
    command: ReplaceOrder


class EngineState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything the engine's next answer can depend on.

    ``house`` pairs a house book with its balance as text: a sum over accounts may pass 64 bits.
    """

    world_id: str
    seed: int
    seq: int
    ts: int
    limits: Limits | None
    profiles: tuple[VenueProfile, ...]
    fees: tuple[FeesScheduled, ...]
    calendars: tuple[CalendarState, ...]
    books: tuple[BookState, ...]
    house: tuple[tuple[int, str], ...]
    accounts: tuple[AccountState, ...]
    orders: tuple[OrderState, ...]
    registrations: tuple[RegistrationState, ...]
    key_expiries: tuple[tuple[int, int, str], ...]
    changes: tuple[ChangeState, ...] = ()
    margin: MarginTerms | None = None
    bounds: tuple[BoundState, ...] = ()
