import pytest

from stockyard.people.errors import UserError
from stockyard.people.inbox import TEXT_LENGTH_MAX, TITLE_LENGTH_MAX, Inbox
from stockyard.people.limits import PeopleLimits
from stockyard.people.schema import migrate
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import Database, StorageUnavailable
from tests.unit.people.given import FULL, NOW, CountedBytes

ANN, BOB = "ann", "bob"
LIMITS = PeopleLimits(inbox_items_max=3)


@pytest.fixture
def inbox(database: MemoryDatabase) -> Inbox:
    migrate(database)
    return Inbox(database, LIMITS, CountedBytes())


def put(inbox: Inbox, user_id: str, title: str, within: Database | None = None) -> None:
    inbox.put(user_id, "test", title, "text", NOW, "/alerts", within)


def titles(inbox: Inbox, user_id: str) -> list[str]:
    return [item.title for item in inbox.page(user_id, 10)]


def test_the_newest_comes_first_and_pages_follow(inbox: Inbox, database: MemoryDatabase) -> None:
    for title in ("a", "b", "c"):
        put(inbox, ANN, title)
    first = Inbox(database, LIMITS, CountedBytes()).page(ANN, 2)
    assert [item.title for item in first] == ["c", "b"]
    assert [item.title for item in inbox.page(ANN, 2, first[-1].number)] == ["a"]
    assert (first[0].link, first[0].created_ns, first[0].read_ns) == ("/alerts", NOW, None)


def test_the_oldest_give_way_to_each_user_apart(inbox: Inbox) -> None:
    put(inbox, BOB, "his")
    for title in ("a", "b", "c", "d", "e"):
        put(inbox, ANN, title)
    assert (titles(inbox, ANN), titles(inbox, BOB)) == (["e", "d", "c"], ["his"])


def test_what_is_read_is_counted(inbox: Inbox) -> None:
    for title in ("a", "b", "c"):
        put(inbox, ANN, title)
    item = inbox.page(ANN, 1)[0]
    assert inbox.mark(ANN, item.id, True, NOW + 1).read_ns == NOW + 1
    assert inbox.mark(ANN, item.id, True, NOW + 2).read_ns == NOW + 1
    assert inbox.unread(ANN) == 2
    assert [one.title for one in inbox.page(ANN, 10, unread_only=True)] == ["b", "a"]
    assert inbox.mark(ANN, item.id, False, NOW + 3).read_ns is None
    inbox.mark_all_read(ANN, NOW + 4)
    assert (inbox.unread(ANN), inbox.page(ANN, 1)[0].read_ns) == (0, NOW + 4)


def test_another_users_item_is_none(inbox: Inbox) -> None:
    put(inbox, ANN, "hers")
    item = inbox.page(ANN, 1)[0]
    for work in (
        lambda: inbox.find(BOB, item.id),
        lambda: inbox.mark(BOB, item.id, True, NOW),
        lambda: inbox.delete(BOB, item.id),
        lambda: inbox.find(BOB, "nothing"),
    ):
        with pytest.raises(UserError) as found:
            work()
        assert found.value.code == "unknown_inbox_item"
    inbox.mark_all_read(BOB, NOW)
    assert inbox.unread(ANN) == 1
    inbox.delete(ANN, item.id)
    assert titles(inbox, ANN) == []


def test_an_item_is_there_exactly_when_its_transaction_is(
    inbox: Inbox, database: MemoryDatabase, disk: MemoryDisk
) -> None:
    told: list[str] = []
    inbox.on_put = told.append
    database.transact(lambda transaction: put(inbox, ANN, "kept", transaction))

    def fails(transaction: Database) -> None:
        put(inbox, ANN, "undone", transaction)
        raise FULL

    with pytest.raises(StorageUnavailable):
        database.transact(fails)
    assert (titles(inbox, ANN), told) == (["kept"], [ANN, ANN])


def test_texts_are_cut_and_links_lead_nowhere_else(inbox: Inbox) -> None:
    inbox.put(ANN, "test", "t" * 999, "x" * 9999, NOW)
    item = inbox.page(ANN, 1)[0]
    assert (len(item.title), len(item.text), item.link) == (TITLE_LENGTH_MAX, TEXT_LENGTH_MAX, "")
    for link in ("https://elsewhere.example", "//elsewhere.example", "orders"):
        with pytest.raises(AssertionError):
            inbox.put(ANN, "test", "t", "x", NOW, link)


def test_a_deleted_user_leaves_nothing(inbox: Inbox, database: MemoryDatabase) -> None:
    put(inbox, ANN, "hers")
    put(inbox, BOB, "his")
    database.transact(lambda transaction: inbox.forget_user(ANN, transaction))
    assert (titles(inbox, ANN), titles(inbox, BOB)) == ([], ["his"])
