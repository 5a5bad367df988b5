"""Events: what the engine decided. An event cannot be undone.

Promises: every change of state a person, a bot or an auditor could ask about is an event, and
carries the value after the change, so that a fold is an assignment. An event's name is ``(seq,
index)``: the journal number of the input that caused it and its place among that input's events.
Must not know: who is listening.
"""

import msgspec

from stockyard.model.bounds import AccountLimits
from stockyard.model.codes import AccountKind, Status


class OrderAccepted(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """An order is ours to work. ``status``: NEW, ACCEPTED while its session is closed, or HELD
    until its entry has ended.

    ``collar_price``: worst price a market order may take, 0 for a limit order. ``expires_ns``: end
    of its trading day for a day order, else 0. ``held_*_after``: what all open orders of the
    account hold. Links: ``parent_id`` the entry of a leg; ``sibling_id`` the other exit of a pair;
    ``take_profit_id`` and ``stop_loss_id`` the open legs of an entry, whose quantity is
    ``filled_before`` (what the orders it replaces have filled) and ``qty`` together. Each of these
    names this order back from now on. ``protects``: it was put on a position.
    ``lots``: what it takes of which lots, as in ``PlaceOrder``.
    ``extended_hours``: it also trades before and after the regular session. ``closes``: it reduces
    a position, and holds of it; any other order opens one, and holds cash. ``liquidates``: the
    house made it to meet a margin call. ``reduce_only``, ``post_only`` as asked for.
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
    collar_price: int
    client_order_id: str
    status: int
    profile_id: int
    replaces: int
    version: int
    expires_ns: int
    held_micros_after: int
    held_qty_after: int
    stop_price: int = 0
    trail_price: int = 0
    trail_ppm: int = 0
    triggered: bool = False
    order_class: int = 0
    parent_id: int = 0
    sibling_id: int = 0
    take_profit_id: int = 0
    stop_loss_id: int = 0
    filled_before: int = 0
    protects: bool = False
    extended_hours: bool = False
    closes: bool = False
    liquidates: bool = False
    lots: tuple[tuple[int, int, int], ...] = ()
    reduce_only: bool = False
    post_only: bool = False


class OrderActivated(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """A queued order came alive: its session has begun, or its auction trades, or, if it is a leg,
    its entry has ended; or it reached the venue.

    ``status``: NEW, ACCEPTED for one whose session is closed, PENDING_CANCEL for one whose
    cancellation follows. ``qty``, ``expires_ns`` and ``collar_price`` are the order's from now on.
    ``sent_ns``: when it set out for the venue, 0 for one that did not.
    """

    order_id: int
    account_id: int
    instrument_id: int = 0
    status: int = Status.NEW
    qty: int = 0
    expires_ns: int = 0
    collar_price: int = 0
    held_micros_after: int = 0
    held_qty_after: int = 0
    sent_ns: int = 0


class OrderFilled(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """One execution, with its explanation.

    Money: ``value_micros`` is what the shares cost or brought; ``fees`` pairs of (``FeeKind``,
    micros); ``rounding_micros`` what rounding to a micro-dollar left over, posted to its own book.
    Explanation: the quote seen (``bid``, ``ask``, their sizes, ``quote_seq``, ``quote_age_ns``),
    ``size_open`` what was left of the size taken from before this fill (in an auction: of the
    printed quantity), profile and version, the rule. ``quoted_price``: what the quote, its deeper
    ``level`` (0: the top) or the print offered; ``slippage`` and ``improvement`` lie between it and
    ``price``, both not below zero. ``print_qty``: size of the trade that filled a waiting order, 0
    for a quote.

    ``lots``: for a fill that closes, what it took of each lot, as (seq and index of the execution
    that opened the lot, quantity, cost, opening fees, acquired at); the costs add up to what
    ``realized_micros`` is measured against. ``lot_method``: the account's at that moment, 0 for a
    fill that opens; such a fill is a lot.

    In a perpetual contract ``value_micros`` is not paid: a fill that closes pays
    ``realized_micros``. ``pot_micros_after``: margin set apart for an isolated position;
    ``insured_micros``: the loss beyond it, borne by the insurance fund. There are no lots.
    """

    order_id: int
    account_id: int
    instrument_id: int
    side: int
    price: int
    qty: int
    filled_qty: int
    order_qty: int
    status: int
    value_micros: int
    fees: tuple[tuple[int, int], ...]
    rounding_micros: int
    cash_micros_after: int
    held_micros_after: int
    held_qty_after: int
    position_qty_after: int
    position_cost_micros_after: int
    realized_micros: int
    bid: int
    ask: int
    bid_qty: int
    ask_qty: int
    quote_seq: int
    quote_age_ns: int
    size_open: int
    profile_id: int
    profile_version: int
    fee_version: str
    rule: int
    quoted_price: int = 0
    slippage: int = 0
    improvement: int = 0
    level: int = 0
    print_qty: int = 0
    lots: tuple[tuple[int, int, int, int, int, int], ...] = ()
    lot_method: int = 0
    pot_micros_after: int = 0
    insured_micros: int = 0


class OrderCanceled(msgspec.Struct, frozen=True, array_like=True, tag=4, gc=False):
    """What was left of an order is gone, and what it held is free again."""

    order_id: int
    account_id: int
    instrument_id: int
    reason: int
    held_micros_after: int
    held_qty_after: int


class OrderExpired(msgspec.Struct, frozen=True, array_like=True, tag=5, gc=False):
    """An order reached the end of its life unfilled or partly filled."""

    order_id: int
    account_id: int
    instrument_id: int
    reason: int
    held_micros_after: int
    held_qty_after: int


class OrderReplaced(msgspec.Struct, frozen=True, array_like=True, tag=6, gc=False):
    """An order gave way to a new one, whose ``OrderAccepted`` follows at once."""

    order_id: int
    account_id: int
    instrument_id: int
    replaced_by: int
    held_micros_after: int
    held_qty_after: int


class CommandDenied(msgspec.Struct, frozen=True, array_like=True, tag=7, gc=False):
    """We refused. ``required`` and ``available`` are the two numbers that did not fit, where there
    are two: micro-dollars for cash rules, scaled quantity for position rules, scaled price for
    price rules.
    """

    account_id: int
    code: int
    required: int
    available: int


class CommandRepeated(msgspec.Struct, frozen=True, array_like=True, tag=8, gc=False):
    """A request seen before: its first answer is the events of ``first_seq``. Nothing was done
    again.
    """

    account_id: int
    first_seq: int


class AccountOpened(msgspec.Struct, frozen=True, array_like=True, tag=9, gc=False):
    """An account exists."""

    account_id: int
    owner: str
    name: str
    profile_id: int
    kind: int = AccountKind.CASH


class CashDeposited(msgspec.Struct, frozen=True, array_like=True, tag=10, gc=False):
    """Cash came in from outside."""

    account_id: int
    amount_micros: int
    cash_micros_after: int


class CashWithdrawn(msgspec.Struct, frozen=True, array_like=True, tag=11, gc=False):
    """Cash went out."""

    account_id: int
    amount_micros: int
    cash_micros_after: int


class AccountProfileSet(msgspec.Struct, frozen=True, array_like=True, tag=12, gc=False):
    """The account's next orders are filled under this profile."""

    account_id: int
    profile_id: int


class PositionGivenUp(msgspec.Struct, frozen=True, array_like=True, tag=13, gc=False):
    """A reset took a position out of the account at no price; ``lots`` as in ``OrderFilled``."""

    account_id: int
    instrument_id: int
    qty: int
    cost_micros: int
    lots: tuple[tuple[int, int, int, int, int, int], ...] = ()


class AccountReset(msgspec.Struct, frozen=True, array_like=True, tag=14, gc=False):
    """The account starts again with this cash; ``cash_change_micros`` was posted to get there."""

    account_id: int
    cash_change_micros: int
    cash_micros_after: int


class OrderTriggered(msgspec.Struct, frozen=True, array_like=True, tag=15, gc=False):
    """A stop order came alive: ``price`` reached ``stop_price`` (a trailing one's last).

    ``collar_price``: worst price it may now trade at as a market order, 0 for a stop-limit order.
    """

    order_id: int
    account_id: int
    instrument_id: int
    price: int
    stop_price: int
    collar_price: int
    held_micros_after: int
    held_qty_after: int


class OrderReduced(msgspec.Struct, frozen=True, array_like=True, tag=16, gc=False):
    """The other exit of a pair was filled in part: this one is smaller by as much."""

    order_id: int
    account_id: int
    instrument_id: int
    qty: int
    held_micros_after: int
    held_qty_after: int


class OrderRejected(msgspec.Struct, frozen=True, array_like=True, tag=17, gc=False):
    """The venue refused an order that we had taken; what it held is free again."""

    order_id: int
    account_id: int
    instrument_id: int
    reason: int
    held_micros_after: int
    held_qty_after: int


class OrderChangeSent(msgspec.Struct, frozen=True, array_like=True, tag=18, gc=False):
    """A cancellation or a replacement is on its way; until ``arrives_ns`` the order may still fill.

    ``replaced_by``: the id the new order will have, 0 for a cancellation; the fields after it are
    what the new order asks for. ``closes``: the order reduces a position.
    """

    order_id: int
    account_id: int
    instrument_id: int
    status: int
    arrives_ns: int
    replaced_by: int
    side: int
    order_type: int
    time_in_force: int
    qty: int
    limit_price: int
    client_order_id: str
    profile_id: int
    version: int
    expires_ns: int
    stop_price: int
    trail_price: int
    trail_ppm: int
    closes: bool = False


class OrderRested(msgspec.Struct, frozen=True, array_like=True, tag=19, gc=False):
    """An order waits in the market: ``ahead_qty`` trades before it at its price; or it waits out
    a halt.
    """

    order_id: int
    account_id: int
    instrument_id: int
    ahead_qty: int
    halted: bool


class AccountKindSet(msgspec.Struct, frozen=True, array_like=True, tag=20, gc=False):
    """The account is of this kind from now on."""

    account_id: int
    kind: int


class InterestCharged(msgspec.Struct, frozen=True, array_like=True, tag=21, gc=False):
    """A day's charge for what is borrowed: ``base_micros`` at ``rate_ppm`` a year.

    ``kind``: a ``ChargeKind``; ``instrument_id`` what is borrowed, 0 for cash.
    """

    account_id: int
    kind: int
    instrument_id: int
    base_micros: int
    rate_ppm: int
    amount_micros: int
    cash_micros_after: int


class MarginCalled(msgspec.Struct, frozen=True, array_like=True, tag=22, gc=False):
    """An account has less equity than its positions require; at ``due_ns`` the house closes some.

    While it is called it opens nothing.
    """

    account_id: int
    equity_micros: int
    maintenance_micros: int
    due_ns: int


class MarginCallMet(msgspec.Struct, frozen=True, array_like=True, tag=23, gc=False):
    """An account that was called has again what its positions require."""

    account_id: int
    equity_micros: int
    maintenance_micros: int


class LiquidationStarted(msgspec.Struct, frozen=True, array_like=True, tag=24, gc=False):
    """A margin call was not met: the account's orders are canceled and positions closed; or those
    of one isolated position in the perpetual contract ``instrument_id``, whose own margin is used
    up.
    """

    account_id: int
    equity_micros: int
    maintenance_micros: int
    instrument_id: int = 0


class LotMethodSet(msgspec.Struct, frozen=True, array_like=True, tag=25, gc=False):
    """The account's closings take lots by this method from now on."""

    account_id: int
    method: int


class LeverageSet(msgspec.Struct, frozen=True, array_like=True, tag=26, gc=False):
    """The leverage and mode of an account's position in a perpetual contract from now on."""

    account_id: int
    instrument_id: int
    leverage: int
    isolated: bool
    cash_micros_after: int
    pot_micros_after: int


class FundingPaid(msgspec.Struct, frozen=True, array_like=True, tag=27, gc=False):
    """Funding of a position: ``amount_micros`` is what the account paid, below zero what it got.

    ``funding_micros_after``: all it has paid for its positions in this contract so far.
    """

    account_id: int
    instrument_id: int
    qty: int
    mark: int
    rate_e9: int
    amount_micros: int
    cash_micros_after: int
    pot_micros_after: int
    funding_micros_after: int


class GoodFaithViolated(msgspec.Struct, frozen=True, array_like=True, tag=31, gc=False):
    """A cash account sold what it had bought with proceeds that settle at ``settles_ns`` only.

    ``qty``: as much of the sale as was bought so; ``violations_after``: the account's count.
    """

    account_id: int
    instrument_id: int
    order_id: int
    qty: int
    settles_ns: int
    violations_after: int


class AccountRestrictionsSet(msgspec.Struct, frozen=True, array_like=True, tag=60, gc=False):
    """What the account restricts itself to from now on: a set of ``Restriction``."""

    account_id: int
    restrictions: int


class AccountLimitsSet(msgspec.Struct, frozen=True, array_like=True, tag=80, gc=False):
    """What whoever runs the house limits an account to from now on."""

    account_id: int
    limits: AccountLimits


class TradingFreezeSet(msgspec.Struct, frozen=True, array_like=True, tag=81, gc=False):
    """Whether whoever runs the house has frozen an account's trading from now on."""

    account_id: int
    frozen: bool


class OutcomePlanned(msgspec.Struct, frozen=True, array_like=True, tag=71, gc=False):
    """An outcome is planned for orders to come; fields as in ``PlanOutcome``."""

    account_id: int
    rule_id: int
    plan: int
    code: int
    reason: int
    qty_e9: int
    price_e9: int
    rest: int
    delay_ns: int
    instrument_id: int
    side: int
    order_type: int
    part: int
    order_name: str
    prefix: bool
    uses: int
    expires_ns: int
    note: str


class OutcomeUsed(msgspec.Struct, frozen=True, array_like=True, tag=72, gc=False):
    """A planned outcome met an order; what it did follows. ``order_id``: 0 for a denial, which
    stands before.
    """

    account_id: int
    rule_id: int
    order_id: int
    plan: int
    uses_left: int
    note: str


class OutcomesForgotten(msgspec.Struct, frozen=True, array_like=True, tag=73, gc=False):
    """A planned outcome is forgotten, or (0) all are."""

    account_id: int
    rule_id: int
    count: int


Event = (
    OrderAccepted
    | OrderActivated
    | OrderFilled
    | OrderCanceled
    | OrderExpired
    | OrderReplaced
    | CommandDenied
    | CommandRepeated
    | AccountOpened
    | CashDeposited
    | CashWithdrawn
    | AccountProfileSet
    | PositionGivenUp
    | AccountReset
    | OrderTriggered
    | OrderReduced
    | OrderRejected
    | OrderChangeSent
    | OrderRested
    | AccountKindSet
    | InterestCharged
    | MarginCalled
    | MarginCallMet
    | LiquidationStarted
    | LotMethodSet
    | GoodFaithViolated
    | LeverageSet
    | FundingPaid
    | AccountRestrictionsSet
    | AccountLimitsSet
    | TradingFreezeSet
    | OutcomePlanned
    | OutcomeUsed
    | OutcomesForgotten
)
