"""Goal: while no price has passed its level, no account's margin can have turned.

Method: hypothesis. An account's excess is divided among its positions. A position that has not
passed its level may not have used up more than its share, whatever its price is; and a level is
passed no earlier than that.
"""

from hypothesis import given
from hypothesis import strategies as st

from stockyard.engine import margin
from stockyard.engine.accounts import Position
from stockyard.engine.books import Book
from stockyard.engine.state import MarginRules
from tests import engine_terms
from tests.engine_terms import ACME, COIN

MARGIN = MarginRules(engine_terms.MARGIN)
PRICES = st.integers(1, 2_000_000)
SHARES = st.integers(0, 10**12)


def book_at(price: int, coin: bool) -> Book:
    book = Book(COIN if coin else ACME)
    book.bid = book.ask = price
    margin.set_marks(book)
    return book


@given(PRICES, st.integers(1, 10**13), SHARES, PRICES, st.booleans())
def test_a_long_position(mark: int, qty: int, share: int, other: int, coin: bool) -> None:
    book, position = book_at(mark, coin), Position(ACME.instrument_id)
    position.qty = qty
    now = margin.bears(MARGIN, book, qty, mark)
    level, is_lower = margin.next_level(MARGIN, book, position, share, False)
    assert is_lower or level == margin.NO_PRICE
    for price in (other, level + 1):
        if price > max(level, 0):
            assert now - margin.bears(MARGIN, book, qty, price) <= share
    if level not in (margin.NO_PRICE, 0):
        assert level < mark
        assert now - margin.bears(MARGIN, book, qty, level) > share, "it is looked at too early"
    share = max(1, share)
    level, is_lower = margin.next_level(MARGIN, book, position, share, True)
    assert not is_lower
    for price in (other, level - 1):
        if price > 0 and (level == margin.NO_PRICE or price < level):
            assert margin.bears(MARGIN, book, qty, price) - now < share


@given(PRICES, st.integers(1, 10**13), SHARES, PRICES)
def test_a_short_position(mark: int, qty: int, share: int, other: int) -> None:
    book, position = book_at(mark, False), Position(ACME.instrument_id)
    position.qty = -qty
    now = margin.bears(MARGIN, book, -qty, mark)
    level, is_lower = margin.next_level(MARGIN, book, position, share, False)
    assert not is_lower
    assert level > mark
    for price in (other, level - 1):
        if price < level:
            assert now - margin.bears(MARGIN, book, -qty, price) <= share
    assert now - margin.bears(MARGIN, book, -qty, level) > share, "it is looked at too early"
    share = max(1, share)
    level, is_lower = margin.next_level(MARGIN, book, position, share, True)
    assert is_lower
    for price in (other, level + 1):
        if price > max(level, 0):
            assert margin.bears(MARGIN, book, -qty, price) - now < share
