import re
from collections.abc import Callable

import pytest

from stockyard.people.api_keys import ApiKeys, checked_scopes
from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.people.given import FULL, NOW, CountedBytes


@pytest.fixture
def user_id(add_user: Callable[..., str]) -> str:
    return add_user()


def test_a_key_pair_has_its_shape_and_its_secret_is_not_stored(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    key, secret = people.create_key(user_id, 17, "bot", ["read"], NOW)
    assert re.fullmatch(r"SK[A-Z0-9]{18}", key.key_id)
    assert re.fullmatch(r"[A-Za-z0-9]{40}", secret)
    assert secret not in str(database.query("SELECT * FROM api_keys"))
    assert people.keys(user_id) == (key,)
    assert people.create_key(user_id, 17, "bot", ["read"], NOW)[0].key_id != key.key_id


def test_a_key_speaks_for_one_account_within_its_scopes(
    people: People, user_id: str, add_user: Callable[..., str]
) -> None:
    key, secret = people.create_key(user_id, 17, "bot", {"trade", "read"}, NOW)
    found = people.authenticate_key(key.key_id, secret, NOW)
    assert found is not None
    assert (found.user_id, found.role, found.name) == (user_id, "user", "Ann")
    assert (found.account_ids, found.key_id) == ((17,), key.key_id)
    assert found.scopes == frozenset({"read", "trade"})
    assert key.scopes == ("read", "trade")


def test_a_wrong_secret_or_id_is_nobody(people: People, user_id: str) -> None:
    key, secret = people.create_key(user_id, 17, "bot", ["read"], NOW)
    other, other_secret = people.create_key(user_id, 17, "bot 2", ["read"], NOW)
    wrong = ("a" if secret[0] != "a" else "b") + secret[1:]
    for key_id, text in (
        (key.key_id, wrong),
        (key.key_id, other_secret),
        (key.key_id, ""),
        (key.key_id, secret + "x"),
        (key.key_id, "\ud800" * 40),
        (key.key_id.lower(), secret),
        ("", secret),
    ):
        assert people.authenticate_key(key_id, text, NOW) is None
    assert people.keys(user_id) == (key, other)


def test_a_revoked_key_never_works_again(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    key, secret = people.create_key(user_id, 17, "bot", ["read"], NOW)
    revoked = people.revoke_key(user_id, key.key_id, NOW + 5)
    assert revoked.revoked_ns == NOW + 5
    assert people.revoke_key(user_id, key.key_id, NOW + 9).revoked_ns == NOW + 5
    for seen in (people, People(database)):
        assert seen.authenticate_key(key.key_id, secret, NOW + 6) is None
        assert seen.keys(user_id) == (revoked,)


def test_the_secret_of_a_revoked_key_is_not_even_compared(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    keys = ApiKeys(database, PeopleLimits(), CountedBytes())
    key, secret = keys.create(user_id, 17, "bot", ("read",), NOW)
    assert keys.verify(key.key_id, secret)
    keys.revoke(user_id, key.key_id, NOW)
    assert not keys.verify(key.key_id, secret)
    assert not ApiKeys(database, PeopleLimits(), CountedBytes()).verify(key.key_id, secret)


def test_nobody_revokes_the_key_of_another(
    people: People, user_id: str, add_user: Callable[..., str]
) -> None:
    key, secret = people.create_key(user_id, 17, "bot", ["read"], NOW)
    bob = add_user("bob@example.com", 18)
    for key_id in (key.key_id, "SK000000000000000000"):
        with pytest.raises(UserError) as refusal:
            people.revoke_key(bob, key_id, NOW)
        assert (refusal.value.code, refusal.value.http_status) == ("unknown_api_key", 404)
    assert people.authenticate_key(key.key_id, secret, NOW) is not None


def test_a_key_is_for_an_account_of_its_user(
    people: People, user_id: str, add_user: Callable[..., str]
) -> None:
    add_user("bob@example.com", 18)
    for account_id in (18, 99):
        with pytest.raises(UserError, match="unknown_account"):
            people.create_key(user_id, account_id, "bot", ["read"], NOW)


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "write"], [""], ["read trade"]])
def test_scopes_are_words_that_exist(people: People, user_id: str, scopes: list[str]) -> None:
    with pytest.raises(UserError, match="invalid_scopes"):
        people.create_key(user_id, 17, "bot", scopes, NOW)


def test_the_admin_scope_is_for_admins(
    people: People, user_id: str, add_user: Callable[..., str]
) -> None:
    with pytest.raises(UserError, match="scope_not_allowed"):
        people.create_key(user_id, 17, "bot", ["read", "admin"], NOW)
    admin = add_user("root@example.com", 18, "admin")
    key, secret = people.create_key(admin, 18, "ops", ["admin", "read", "read"], NOW)
    assert key.scopes == ("read", "admin")
    found = people.authenticate_key(key.key_id, secret, NOW)
    assert found is not None
    assert found.scopes == {"read", "admin"}
    assert checked_scopes(["admin", "sim", "trade", "read"], "admin") == (
        "read",
        "trade",
        "sim",
        "admin",
    )


def test_an_admins_key_loses_the_scope_when_the_admin_loses_the_role(
    database: MemoryDatabase, people: People, add_user: Callable[..., str]
) -> None:
    admin = add_user("root@example.com", 18, "admin")
    key, secret = people.create_key(admin, 18, "ops", ["admin", "read"], NOW)
    database.execute("UPDATE users SET role = 'user' WHERE id = ?", (admin,))
    found = People(database).authenticate_key(key.key_id, secret, NOW)
    assert found is not None
    assert found.scopes == {"read"}


def test_use_is_noted_at_once_and_stored_by_a_flush(
    disk: MemoryDisk, database: MemoryDatabase, people: People, user_id: str
) -> None:
    pairs = [people.create_key(user_id, 17, "bot", ["read"], NOW + n) for n in range(3)]
    disk.fail_next(FULL)
    for number, (key, secret) in enumerate(pairs):
        people.authenticate_key(key.key_id, "x" * 40, NOW + 50)
        people.authenticate_key(key.key_id, secret, NOW + 10 + number)
    with pytest.raises(StorageUnavailable):
        people.flush_last_used()
    used = [NOW + 10, NOW + 11, NOW + 12]
    assert [k.last_used_ns for k in people.keys(user_id)] == used
    assert [k.last_used_ns for k in People(database).keys(user_id)] == [None, None, None]
    assert people.flush_last_used(2) == 1
    assert people.flush_last_used(2) == 0
    assert people.flush_last_used(2) == 0
    assert [k.last_used_ns for k in people.keys(user_id)] == used
    assert [k.last_used_ns for k in People(database).keys(user_id)] == used


def test_a_note_of_use_outlives_a_full_disk_and_a_revocation(
    disk: MemoryDisk, database: MemoryDatabase, people: People, user_id: str
) -> None:
    key, secret = people.create_key(user_id, 17, "bot", ["read"], NOW)
    people.authenticate_key(key.key_id, secret, NOW + 1)
    disk.fail_next(FULL, 3)
    with pytest.raises(StorageUnavailable):
        people.flush_last_used()
    with pytest.raises(StorageUnavailable):
        people.revoke_key(user_id, key.key_id, NOW + 2)
    with pytest.raises(StorageUnavailable):
        people.create_key(user_id, 17, "bot", ["read"], NOW)
    assert people.authenticate_key(key.key_id, secret, NOW + 1) is not None
    people.revoke_key(user_id, key.key_id, NOW + 2)
    assert people.flush_last_used() == 0
    (shown,) = People(database).keys(user_id)
    assert (shown.last_used_ns, shown.revoked_ns) == (NOW + 1, NOW + 2)


def test_so_many_keys_and_revoked_ones_make_room(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    for _ in range(50):
        people.create_key(user_id, 17, "bot", ["read"], NOW)
    with pytest.raises(UserError, match="too_many_api_keys"):
        people.create_key(user_id, 17, "bot", ["read"], NOW)
    people.revoke_key(user_id, people.keys(user_id)[0].key_id, NOW)
    people.create_key(user_id, 17, "bot", ["read"], NOW)


def test_revoked_keys_do_not_pile_up(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    keys = ApiKeys(database, PeopleLimits(keys_per_user_max=1), CountedBytes())
    for late in range(60):
        key, _ = keys.create(user_id, 17, "bot", ("read",), NOW + late)
        keys.note_use(key.key_id, NOW + late)
        keys.revoke(user_id, key.key_id, NOW + late)
    shown = keys.of_user(user_id)
    assert len(shown) == 51
    assert shown[0].created_ns == NOW + 9
    assert database.query("SELECT COUNT(*) FROM api_keys") == [(51,)]
    assert keys.flush_last_used() == 0


def test_a_key_needs_a_name(people: People, user_id: str) -> None:
    with pytest.raises(UserError, match="invalid_name"):
        people.create_key(user_id, 17, "  ", ["read"], NOW)
