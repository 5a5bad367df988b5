from collections.abc import Callable
from typing import Any

import pytest

from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.people.schema import MIGRATIONS, migrate
from stockyard.people.watchlists import Watchlists
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.people.given import FULL, NOW, CountedBytes

ANN, BOB = 17, 18
LIMITS = PeopleLimits(watchlists_per_account_max=2, watched_per_list_max=3)


@pytest.fixture
def lists(database: MemoryDatabase) -> Watchlists:
    migrate(database)
    return Watchlists(database, LIMITS, CountedBytes())


def denied(code: str, work: Callable[..., Any], *args: Any) -> None:
    with pytest.raises(UserError) as found:
        work(*args)
    assert found.value.code == code


def test_a_list_keeps_its_order_and_survives_a_start(
    lists: Watchlists, database: MemoryDatabase
) -> None:
    made = lists.create(ANN, " mine ", ["MSFT", "BTC/USD", "AAPL"], NOW)
    assert (made.name, made.symbols) == ("mine", ("MSFT", "BTC/USD", "AAPL"))
    after = lists.change(ANN, made.id, "ours", ["AAPL", "MSFT", "AAPL"], NOW + 1)
    assert (after.symbols, after.created_ns, after.updated_ns) == (("AAPL", "MSFT"), NOW, NOW + 1)
    assert lists.add(ANN, made.id, "BTC/USD", NOW + 2).symbols == ("AAPL", "MSFT", "BTC/USD")
    assert lists.add(ANN, made.id, "AAPL", NOW + 3).updated_ns == NOW + 2
    assert lists.remove(ANN, made.id, "AAPL", NOW + 4).symbols == ("MSFT", "BTC/USD")
    again = Watchlists(database, LIMITS, CountedBytes())
    assert again.of_account(ANN) == lists.of_account(ANN)
    assert again.named(ANN, "ours").id == again.find(ANN, made.id.upper()).id


def test_a_foreign_list_is_as_if_it_did_not_exist(lists: Watchlists) -> None:
    theirs = lists.create(ANN, "mine", ["AAPL"], NOW)
    assert lists.of_account(BOB) == ()
    lists.create(BOB, "mine", [], NOW)
    for account_id, list_id in ((BOB, theirs.id), (ANN, "nobody's")):
        denied("unknown_watchlist", lists.find, account_id, list_id)
        denied("unknown_watchlist", lists.change, account_id, list_id, "x", [], NOW)
        denied("unknown_watchlist", lists.add, account_id, list_id, "AAPL", NOW)
        denied("unknown_watchlist", lists.remove, account_id, list_id, "AAPL", NOW)
        denied("unknown_watchlist", lists.delete, account_id, list_id)
    denied("unknown_watchlist", lists.named, BOB, "theirs")
    assert lists.find(ANN, theirs.id) == theirs


def test_names_are_one_of_a_kind(lists: Watchlists) -> None:
    first, second = lists.create(ANN, "one", [], NOW), lists.create(ANN, "two", [], NOW)
    denied("watchlist_exists", lists.create, ANN, " one ", [], NOW)
    denied("watchlist_exists", lists.change, ANN, second.id, "one", ["AAPL"], NOW)
    assert lists.find(ANN, second.id).symbols == ()
    assert lists.change(ANN, first.id, "one", None, NOW + 1) == first
    for name in ("", "  ", "x" * 65, "a\nb"):
        denied("invalid_name", lists.change, ANN, first.id, name, None, NOW)
    assert lists.change(ANN, first.id, "x" * 64, None, NOW).name == "x" * 64


def test_lists_and_symbols_have_limits(lists: Watchlists) -> None:
    made = lists.create(ANN, "full", ["A", "B", "C", "A"], NOW)
    denied("too_many_watched", lists.add, ANN, made.id, "D", NOW)
    denied("too_many_watched", lists.create, ANN, "more", ["A", "B", "C", "D"], NOW)
    denied("not_watched", lists.remove, ANN, made.id, "D", NOW)
    lists.create(ANN, "second", [], NOW)
    denied("too_many_watchlists", lists.create, ANN, "third", [], NOW)
    lists.create(BOB, "third", [], NOW)
    lists.delete(ANN, made.id)
    lists.create(ANN, "third", [], NOW)
    assert [found.name for found in lists.of_account(ANN)] == ["second", "third"]


def test_a_full_disk_changes_nothing(lists: Watchlists, disk: MemoryDisk) -> None:
    made = lists.create(ANN, "mine", ["AAPL"], NOW)
    for work in (
        lambda: lists.create(ANN, "other", [], NOW),
        lambda: lists.add(ANN, made.id, "MSFT", NOW),
        lambda: lists.delete(ANN, made.id),
    ):
        disk.fail_next(FULL)
        with pytest.raises(StorageUnavailable):
            work()
    assert lists.of_account(ANN) == (made,)


def test_version_1_gets_lists_and_preferences(database: MemoryDatabase) -> None:
    migrate(database, MIGRATIONS[:1])
    people = People(database)
    assert people.watchlists.of_account(ANN) == ()
    people.watchlists.create(ANN, "mine", ["AAPL"], NOW)
    people.preferences.store(ANN, {"language": "en", "mail": "all"})
    people.preferences.store(ANN, {"mail": "none"})
    again = People(database)
    assert again.watchlists.named(ANN, "mine").symbols == ("AAPL",)
    assert again.preferences.of_account(ANN) == {"language": "en", "mail": "none"}
    assert again.preferences.of_account(BOB) == {}
