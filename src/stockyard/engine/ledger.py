"""The double-entry ledger: every posting has its counter-posting, and the books sum to zero.

Promises: after every input the running sums of cash and of quantity over all accounts and house
books are zero; anything else is a bug and stops the engine. Must not know: why something is posted.

Each side of an entry is posted on its own, with its own amount, so that a forgotten or wrong side
shows.
"""

from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book


class Ledger:
    """House balances (``model.codes.Book`` numbers -> micro-dollars) and the running sums."""

    def __init__(self) -> None:
        self.house: dict[int, int] = {}
        self.cash_sum = 0
        self.qty_sum = 0

    def post_cash(self, account: Account, micros: int) -> None:
        """Add to an account's cash (negative takes away)."""
        account.cash_micros += micros
        self.cash_sum += micros

    def post_house(self, book: int, micros: int) -> None:
        """Add to one of the house's books."""
        self.house[book] = self.house.get(book, 0) + micros
        self.cash_sum += micros

    def post_qty(self, position: Position, qty: int) -> None:
        """Add to a position's quantity."""
        position.qty += qty
        self.qty_sum += qty

    def post_street(self, book: Book, qty: int) -> None:
        """Add to what the street holds of an instrument."""
        book.street_qty += qty
        self.qty_sum += qty

    def check(self) -> None:
        """Assert that the books balance."""
        assert self.cash_sum == 0, "the ledger's cash does not sum to zero"
        assert self.qty_sum == 0, "the ledger's quantities do not sum to zero"
