"""Goal: a shelf keeps the last answers and no more than it may. Method: over every database."""

from stockyard.storage.shelf import DatabaseShelf
from tests.contract.places import Place


def test_answers_are_kept_and_replaced(place: Place) -> None:
    shelf = DatabaseShelf(place.database())
    assert shelf.load("company", "AAPL") is None
    shelf.save("company", "AAPL", b'{"name":"Apple"}', 1)
    shelf.save("chart", "AAPL", b"[]", 2)
    shelf.save("company", "AAPL", b'{"name":"Apple Inc."}', 3)
    assert shelf.load("company", "AAPL") == (b'{"name":"Apple Inc."}', 3)
    assert shelf.load("chart", "AAPL") == (b"[]", 2)


def test_the_oldest_leave(place: Place) -> None:
    shelf = DatabaseShelf(place.database(), rows_max=3)
    for n in range(5):
        shelf.save("company", f"S{n}", b"1", n)
    assert [n for n in range(5) if shelf.load("company", f"S{n}")] == [2, 3, 4]
