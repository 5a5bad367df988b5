"""Accounts and positions as events make them, added up again in plain integers.

Promises: values only. Must not know: how they come about, or what is right.
"""

from dataclasses import dataclass, field

from stockyard.model.bounds import NO_LIMITS, AccountLimits
from stockyard.model.codes import AccountKind, LotMethod, Restriction, Side, Status
from stockyard.model.events import OrderAccepted
from tests.simulation.plain_lots import PlainLots


class PlainPosition:
    """Shares held, or owed (below zero), and what they cost, or brought. ``pot_micros``: margin of
    a contract's own; ``is_short_of_margin``: it has been too little; ``was_liquidated``: the house
    has begun to close it.
    """

    def __init__(self) -> None:
        self.qty = 0
        self.cost_micros = 0
        self.lots = PlainLots()
        self.is_contract = False
        self.pot_micros = 0
        self.funding_micros = 0
        self.is_short_of_margin = False
        self.was_liquidated = False


@dataclass
class PlainAccount:
    """Cash and positions as deposits, withdrawals, charges and fills make them. ``due_ns``: when
    its margin call is, 0 for none. ``leverages``: those chosen, and whether isolated; ``funded``:
    the inputs and contracts for which it paid funding.
    """

    kind: int = AccountKind.CASH
    cash_micros: int = 0
    positions: dict[int, PlainPosition] = field(default_factory=dict)
    client_order_ids: dict[str, int] = field(default_factory=dict)
    open_count: int = 0
    due_ns: int = 0
    liquidating: bool = False
    violations: int = 0
    lot_method: int = LotMethod.AVERAGE
    restrictions: int = 0
    frozen: bool = False
    limits: AccountLimits = NO_LIMITS
    leverages: dict[int, tuple[int, bool]] = field(default_factory=dict)
    funded: set[tuple[int, int]] = field(default_factory=set)

    def check_restrictions(self, x: OrderAccepted) -> None:
        """Assert that an order is one the account has not forbidden itself."""
        free = x.liquidates or not self.restrictions & Restriction.SUSPENDED
        assert free, f"{x}: of an account that has suspended its trading"
        short = x.side == Side.SELL and not (x.closes or x.liquidates)
        assert not short or not self.restrictions & Restriction.NO_SHORTING, f"{x}: sold short"
        assert x.liquidates or not self.frozen, f"{x}: of a user whose trading is frozen"
        if not x.closes and not x.liquidates and x.status != Status.HELD:
            types, symbols = self.limits.order_types, self.limits.instruments
            assert not types or x.order_type in types, f"{x}: a type that is not allowed"
            assert not symbols or x.instrument_id in symbols, f"{x}: a symbol that is not allowed"

    def position(self, instrument_id: int) -> PlainPosition:
        """The position in an instrument."""
        return self.positions.setdefault(instrument_id, PlainPosition())

    @property
    def borrows(self) -> bool:
        """Whether it owes cash or shares, or may come to owe what a contract loses."""
        return self.cash_micros < 0 or any(
            p.qty < 0 or (p.qty and p.is_contract) for p in self.positions.values()
        )
