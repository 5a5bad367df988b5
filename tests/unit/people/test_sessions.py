from collections.abc import Callable

import pytest

from stockyard.people.directory import People, SignIn
from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.people.sessions import Sessions
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.people.given import DAY_NS, FULL, NOW, CountedBytes


@pytest.fixture
def user_id(add_user: Callable[..., str]) -> str:
    return add_user()


def test_a_token_is_opaque_and_only_its_hash_is_stored(
    database: MemoryDatabase, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    token = sign_in().token
    assert len(token) == 46
    assert token.startswith("sy_")
    assert token not in str(database.query("SELECT * FROM sessions"))
    assert token != sign_in().token


def test_a_session_ends_after_24_hours_to_the_nanosecond(
    people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    done = sign_in()
    assert done.expires_ns == NOW + DAY_NS
    found = people.authenticate_token(done.token, NOW + DAY_NS - 1)
    assert found is not None
    assert found.user_id == user_id
    assert people.authenticate_token(done.token, NOW + DAY_NS) is None


@pytest.mark.parametrize(
    "token", ["", "sy_", "x" * 46, "sy_" + "A" * 43, "sy_" + "\ud800" * 43, "x" * 100_000]
)
def test_any_other_text_is_nobody(
    people: People, user_id: str, sign_in: Callable[..., SignIn], token: str
) -> None:
    sign_in()
    assert people.authenticate_token(token, NOW) is None
    assert not people.sign_out(token)


def test_signing_out_ends_one_session(
    database: MemoryDatabase, people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    first, second = sign_in().token, sign_in().token
    assert people.sign_out(first)
    assert not people.sign_out(first)
    assert people.authenticate_token(first, NOW) is None
    assert people.authenticate_token(second, NOW) is not None
    assert People(database).authenticate_token(first, NOW) is None


def test_signing_out_everywhere_ends_all_of_one_user(
    database: MemoryDatabase,
    people: People,
    user_id: str,
    add_user: Callable[..., str],
    sign_in: Callable[..., SignIn],
) -> None:
    add_user("bob@example.com", 18)
    mine, his = [sign_in().token for _ in range(3)], sign_in("bob@example.com").token
    assert people.sign_out_everywhere(user_id) == 3
    assert people.sign_out_everywhere(user_id) == 0
    for seen in (people, People(database)):
        assert [seen.authenticate_token(token, NOW) for token in mine] == [None] * 3
        assert seen.authenticate_token(his, NOW) is not None


def test_sessions_survive_a_restart(
    database: MemoryDatabase, people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    token = sign_in().token
    again = People(database)
    assert again.authenticate_token(token, NOW + 1) == people.authenticate_token(token, NOW + 1)
    assert again.authenticate_token(token, NOW + DAY_NS) is None


def _sessions(people: People, database: MemoryDatabase, limits: PeopleLimits) -> Sessions:
    return Sessions(database, limits, CountedBytes())


def test_the_oldest_session_of_a_user_gives_way(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    sessions = _sessions(people, database, PeopleLimits(sessions_per_user_max=3))
    tokens = [sessions.open(user_id, NOW + late)[0] for late in (5, 1, 9, 10)]
    assert [sessions.find(token, NOW + 11) is not None for token in tokens] == [
        True,
        False,
        True,
        True,
    ]
    assert sessions.count(user_id) == 3
    assert database.query("SELECT COUNT(*) FROM sessions") == [(3,)]


def test_there_is_room_for_so_many_sessions_once_expired_ones_are_gone(
    database: MemoryDatabase, people: People, user_id: str, add_user: Callable[..., str]
) -> None:
    other = add_user("bob@example.com", 18)
    sessions = _sessions(people, database, PeopleLimits(sessions_max=2, session_life_ns=10))
    sessions.open(user_id, NOW)
    sessions.open(user_id, NOW + 5)
    with pytest.raises(UserError, match="too_many_sessions"):
        sessions.open(other, NOW + 9)
    sessions.open(other, NOW + 10)
    assert len(sessions) == 2


def test_at_both_limits_a_user_trades_the_oldest_session_for_a_new_one(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    limits = PeopleLimits(sessions_max=2, sessions_per_user_max=2)
    sessions = _sessions(people, database, limits)
    for late in range(3):
        sessions.open(user_id, NOW + late)
    assert len(sessions) == 2


def test_expired_rows_go_in_bounded_steps_longest_expired_first(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    sessions = _sessions(people, database, PeopleLimits())
    tokens = [sessions.open(user_id, NOW + late)[0] for late in range(5)]
    later = NOW + DAY_NS + 3
    assert sessions.purge_expired(later, 3) == 3
    assert [row[0] for row in database.query("SELECT created_ns FROM sessions ORDER BY 1")] == [
        NOW + 3,
        NOW + 4,
    ]
    assert sessions.purge_expired(later, 3) == 1
    assert sessions.purge_expired(later, 3) == 0
    assert len(sessions) == sessions.count(user_id) == 1
    assert sessions.find(tokens[4], later) is not None


def test_purging_through_the_front_desk(
    people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    sign_in()
    assert people.purge_expired(NOW) == 0
    assert people.purge_expired(NOW + DAY_NS) == 1


def test_a_full_disk_leaves_every_session_as_it_was(
    disk: MemoryDisk, people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    token = sign_in().token
    for ask in (
        lambda: sign_in(),
        lambda: people.sign_out(token),
        lambda: people.sign_out_everywhere(user_id),
        lambda: people.purge_expired(NOW + DAY_NS),
    ):
        disk.fail_next(FULL)
        with pytest.raises(StorageUnavailable):
            ask()
    assert people.authenticate_token(token, NOW) is not None
