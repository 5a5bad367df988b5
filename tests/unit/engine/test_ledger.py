"""Goal: books that do not balance stop the engine. Method: post one side of an entry only."""

import pytest

from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book
from stockyard.engine.ledger import Ledger
from tests.engine_terms import ACME


def test_two_sides_balance() -> None:
    ledger, account, position = Ledger(), Account(1, "ann", "Main", 1), Position(1)
    ledger.post_cash(account, 5)
    ledger.post_house(1, -5)
    ledger.post_qty(position, 7)
    ledger.post_street(Book(ACME), -7)
    ledger.check()
    assert (account.cash_micros, position.qty, ledger.house) == (5, 7, {1: -5})


def test_one_side_alone_is_found() -> None:
    ledger = Ledger()
    ledger.post_cash(Account(1, "ann", "Main", 1), 5)
    with pytest.raises(AssertionError, match="cash does not sum to zero"):
        ledger.check()
    ledger = Ledger()
    ledger.post_qty(Position(1), 5)
    with pytest.raises(AssertionError, match="quantities do not sum to zero"):
        ledger.check()


def test_an_account_that_owes_is_found() -> None:
    account, position = Account(1, "ann", "Main", 1), Position(1)
    account.check(position)
    account.held_micros = 1
    with pytest.raises(AssertionError, match="more cash than it has"):
        account.check(position)
    account.held_micros, position.held_qty = 0, 1
    with pytest.raises(AssertionError, match="more shares than it has"):
        account.check(position)
