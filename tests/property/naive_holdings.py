"""The part of the naive twin that moves positions: what opens is a lot, what closes takes lots.

Promises: only the rules in words. Must not know: how the engine works.
"""

from stockyard.model.codes import Side
from tests.property.naive_lots import NaiveLot, NaivePiece
from tests.property.naive_things import NaiveAccount, NaiveOrder, NaivePosition, worth


class NaiveHoldings:
    """Positions and their lots. ``taken``: per fill its order, what that has filled, the pieces."""

    accounts: dict[int, NaiveAccount]
    ts: int
    taken: list[tuple[int, int, tuple[NaivePiece, ...]]]

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
            cost = sum(piece[2] for piece in pieces)
            position.realized += cost - value if short else value - cost
        position.qty += sign * qty
        position.cost = position.lots.cost * (1 if position.qty > 0 else -1)
        self.taken.append((order.order_id, order.filled, tuple(pieces)))
