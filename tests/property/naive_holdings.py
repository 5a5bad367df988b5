"""The part of the naive twin that moves positions: what opens is a lot, what closes takes lots.

Promises: only the rules in words. Must not know: how the engine works.
"""

from stockyard.model.codes import Side
from stockyard.model.denials import DenyCode
from tests.property.naive_lots import NaiveLot, NaivePiece, Name
from tests.property.naive_things import (
    OPEN,
    NaiveAccount,
    NaiveOrder,
    NaivePosition,
    is_contract,
    worth,
)


class NaiveHoldings:
    """Positions and their lots. ``taken``: per fill its order, what that has filled, the pieces."""

    accounts: dict[int, NaiveAccount]
    orders: list[NaiveOrder]
    ts: int
    taken: list[tuple[int, int, tuple[NaivePiece, ...]]]
    lot_names: dict[tuple[int, int], Name]

    def name_choices(self, lots: tuple[tuple[int, int, int], ...]) -> list[tuple[Name, int]]:
        """What an order chooses, in the twin's own names; what is no lot gets a name of none."""
        return [(self.lot_names.get((seq, index), (0, 0)), qty) for seq, index, qty in lots]

    def broken_choices(self, order: NaiveOrder, linked: bool) -> list[int]:
        """Which rules the lots break that a new order chooses."""
        if not order.choices:
            return []
        account, mine = self.accounts[order.account_id], order.terms.instrument_id
        position = account.positions.get(mine, NaivePosition())
        closes = position.qty * (1 if order.side == Side.SELL else -1) > 0
        closes &= not is_contract(order.terms)
        here = {lot.name: lot.qty for lot in position.lots.items}
        there = [lot.name for p in account.positions.values() for lot in p.lots.items]
        names = [name for name, _ in order.choices]
        taken: dict[Name, int] = {}
        for other in self.orders:
            if other.account_id == order.account_id and other.status in OPEN:
                for name, qty in other.choices:
                    taken[name] = taken.get(name, 0) + qty
        if len(names) > 64:
            few = {DenyCode.LOTS_NOT_ALLOWED: linked or not closes, DenyCode.TOO_MANY_LOTS: True}
            return [code for code, holds in few.items() if holds]
        rules = {
            DenyCode.LOTS_NOT_ALLOWED: linked or not closes,
            DenyCode.UNKNOWN_LOT: any(name not in there for name in names),
            DenyCode.LOT_OF_ANOTHER_SYMBOL: any(n in there and n not in here for n in names),
            DenyCode.LOT_NAMED_TWICE: len(set(names)) < len(names),
            DenyCode.LOT_QUANTITY_NOT_POSITIVE: any(qty <= 0 for _, qty in order.choices),
            DenyCode.EXCEEDS_LOT: any(
                name in here and qty > max(0, here[name] - taken.get(name, 0))
                for name, qty in order.choices
            ),
            DenyCode.LOTS_NOT_THE_QUANTITY: sum(qty for _, qty in order.choices)
            != (0 if order.notional else order.qty),
        }
        return [code for code, holds in rules.items() if holds]

    def move_lots(
        self,
        order: NaiveOrder,
        position: NaivePosition,
        price: int,
        qty: int,
        value: int,
        paid: int,
    ) -> None:
        """Open a lot, or close what the account's method takes."""
        sign = 1 if order.side == Side.BUY else -1
        pieces: list[NaivePiece] = []
        if position.qty * sign >= 0:
            unit = worth(order.terms, price, 1)
            name = (order.order_id, order.filled)
            position.lots.open(NaiveLot(name, qty, value, paid, self.ts, unit))
        else:
            short = position.qty < 0
            account = self.accounts[order.account_id]
            pieces = position.lots.close(qty, account.lot_method, order.choices, short)
            order.choices = [
                (name, max(0, chosen - sum(piece[1] for piece in pieces if piece[0] == name)))
                for name, chosen in order.choices
            ]
            cost = sum(piece[2] for piece in pieces)
            position.realized += cost - value if short else value - cost
        position.qty += sign * qty
        position.cost = position.lots.cost * (1 if position.qty > 0 else -1)
        self.taken.append((order.order_id, order.filled, tuple(pieces)))
