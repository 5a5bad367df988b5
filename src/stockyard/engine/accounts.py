"""An account: cash, what open orders hold of it, positions, and the requests it has answered.

Promises: a cash account never owes: ``cash_micros >= held_micros >= 0``; and no order closes more
of a position than there is: ``abs(qty) >= held_qty >= 0``. Must not know: orders beyond their ids,
prices, time.
"""

from mypy_extensions import mypyc_attr

from stockyard.engine.levels import Level
from stockyard.engine.lots import Lots
from stockyard.engine.orders import Order
from stockyard.engine.outcome_rules import Rule
from stockyard.model.bounds import NO_LIMITS, AccountLimits
from stockyard.model.codes import AccountKind, LotMethod
from stockyard.model.commands import ReplaceOrder


@mypyc_attr(acyclic=True)
class Position:
    """What an account holds of one instrument, and at which cost, in micro-dollars for all of it.

    ``qty`` and ``cost_micros`` are below zero when it is short: the cost is then what the sale
    brought. ``lots`` add up to both. ``unpaid_qty``: what was bought with proceeds that settle at
    ``unpaid_until_ns`` only. ``is_contract``: in a perpetual contract, without lots;
    ``pot_micros``: margin set apart for it; ``funding_micros``: funding paid; ``liquidation_ns``:
    when the house goes on closing it, 0 for never.
    """

    def __init__(self, instrument_id: int) -> None:
        self.instrument_id = instrument_id
        self.qty = 0
        self.held_qty = 0
        self.cost_micros = 0
        self.realized_micros = 0
        self.lots = Lots()
        self.unpaid_qty = 0
        self.unpaid_until_ns = 0
        self.is_contract = False
        self.pot_micros = 0
        self.funding_micros = 0
        self.liquidation_ns = 0


@mypyc_attr(acyclic=True)
class Answer:
    """That a request was answered: where, and until when that is remembered (0: for ever)."""

    def __init__(self, digest: bytes, first_seq: int, expires_ns: int) -> None:
        self.digest = digest
        self.first_seq = first_seq
        self.expires_ns = expires_ns


@mypyc_attr(acyclic=True)
class Change:
    """A replacement on its way to the venue: ``new_order_id`` is the id its order will have."""

    def __init__(
        self, new_order_id: int, instrument_id: int, arrives_ns: int, command: ReplaceOrder
    ) -> None:
        self.new_order_id = new_order_id
        self.instrument_id = instrument_id
        self.arrives_ns = arrives_ns
        self.command = command


class Bounds:
    """What whoever runs the house has decided of all accounts of one owner."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.accounts: list[Account] = []
        self.frozen = False
        self.set_limits(NO_LIMITS)

    def set_limits(self, limits: AccountLimits) -> None:
        """Hold the limits as attributes that the compiled engine reads quickly."""
        self.limits = limits
        self.order_micros_max = limits.order_micros_max
        self.open_orders_max = limits.open_orders_max
        self.leverage_e2_max = limits.leverage_e2_max
        self.order_types = limits.order_types
        self.instruments = dict.fromkeys(limits.instruments, True)

    def binds(self) -> bool:
        """Whether anything is decided."""
        return self.frozen or self.limits != NO_LIMITS

    def take_in(self, account: "Account") -> None:
        """Bind one more account."""
        self.accounts.append(account)
        account.bounds = self


class Account:
    """One account.

    ``opening``: how many open orders open a position in an instrument, below zero when they sell;
    counted for margin accounts. ``unsettled``: proceeds to come, as (when, micro-dollars).
    ``call_due_ns``: until when a margin call must be met, 0 for none; ``review_ns``: when its
    liquidation goes on, 0 before it starts. ``levels``: the prices it waits for, as (instrument,
    whether of a long position, whether below the mark, level). ``is_touched``: it is to be judged.
    ``leverages``: those chosen for perpetual contracts, and whether isolated. ``restrictions``: a
    set of ``Restriction`` that binds its new orders. ``outcomes``: those planned, oldest first.
    ``bounds``: what whoever runs the house has decided of its owner, or None.
    """

    def __init__(
        self,
        account_id: int,
        owner: str,
        name: str,
        profile_id: int,
        kind: int = AccountKind.CASH,
    ) -> None:
        self.account_id = account_id
        self.owner = owner
        self.name = name
        self.status = 1
        self.profile_id = profile_id
        self.lot_method = LotMethod.AVERAGE
        self.cash_micros = 0
        self.held_micros = 0
        self.orders: dict[int, Order] = {}
        self.positions: dict[int, Position] = {}
        self.answers: dict[str, Answer] = {}
        self.changes: dict[int, Change] = {}
        self.kind = kind
        self.opening: dict[int, int] = {}
        self.unsettled: list[tuple[int, int]] = []
        self.violations = 0
        self.call_due_ns = 0
        self.review_ns = 0
        self.levels: list[tuple[int, bool, bool, Level]] = []
        self.is_touched = False
        self.leverages: dict[int, tuple[int, bool]] = {}
        self.restrictions = 0
        self.outcomes: list[Rule] = []
        self.bounds: Bounds | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether its trading is frozen, whatever it says itself."""
        return self.bounds is not None and self.bounds.frozen

    def open_orders(self) -> list[Order]:
        """Its open orders, oldest first: by their ids, which a replacement that travelled has had
        since it was sent.
        """
        return [self.orders[order_id] for order_id in sorted(self.orders)]

    def position(self, instrument_id: int) -> Position:
        """The position in an instrument, made when there is none yet."""
        found = self.positions.get(instrument_id)
        if found is None:
            found = Position(instrument_id)
            self.positions[instrument_id] = found
        return found

    def check(self, position: Position) -> None:
        """Assert that no more is held than there is."""
        assert self.held_micros >= 0, "an account holds less than nothing"
        enough = self.cash_micros >= self.held_micros or self.kind == AccountKind.MARGIN
        assert enough, "an account holds more cash than it has"
        there = abs(position.qty)
        assert there >= position.held_qty >= 0, "an account holds more shares than it has"
        assert position.qty >= 0 or self.kind == AccountKind.MARGIN, "a cash account is short"
