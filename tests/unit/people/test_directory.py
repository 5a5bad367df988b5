from collections.abc import Callable

import pytest

from stockyard.people.directory import People, SignIn
from stockyard.people.errors import ThrottledError, UnknownUser, UserError
from stockyard.people.limits import SECOND_NS, PeopleLimits
from stockyard.people.passwords import PasswordCost, Passwords
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.people.given import FULL, NOW, OPENING, CountedBytes


@pytest.fixture
def user_id(add_user: Callable[..., str]) -> str:
    return add_user()


def test_a_session_speaks_for_every_account_of_its_user(
    people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    done = sign_in("ANN@example.com")
    assert done.user.id == user_id
    found = people.authenticate_token(done.token, NOW)
    assert found is not None
    assert (found.user_id, found.role, found.name, found.key_id) == (user_id, "user", "Ann", None)
    assert found.scopes == {"read", "trade", "sim"}
    assert found.account_ids == (17,)
    people.complete_registration(people.begin_account(user_id, OPENING, NOW).key, 18)
    found = people.authenticate_token(done.token, NOW)
    assert found is not None
    assert found.account_ids == (17, 18)


def test_an_admins_session_has_every_scope(
    people: People, add_user: Callable[..., str], sign_in: Callable[..., SignIn]
) -> None:
    add_user("root@example.com", 18, "admin")
    found = people.authenticate_token(sign_in("root@example.com").token, NOW)
    assert found is not None
    assert found.role == "admin"
    assert found.scopes == {"read", "trade", "sim", "teach", "admin"}


def test_nothing_tells_an_unknown_address_from_a_wrong_password(
    user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    told = set()
    for email, password in (
        ("ann@example.com", "wrong horse"),
        ("nobody@example.com", "correct horse"),
        ("no address", "correct horse"),
        ("", ""),
    ):
        with pytest.raises(UserError) as refusal:
            sign_in(email, password)
        told.add((str(refusal.value), refusal.value.field, refusal.value.http_status))
    assert len(told) == 1
    assert told.pop()[2] == 401


def test_ten_failures_for_an_address_close_it_for_a_while_known_or_not(
    user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    for email in ("ann@example.com", "nobody@example.com"):
        for number in range(10):
            with pytest.raises(UserError, match="invalid_credentials"):
                sign_in(email, "wrong horse", address=f"192.0.2.{number}")
        with pytest.raises(ThrottledError) as refusal:
            sign_in(email.upper(), "correct horse", address="192.0.2.99")
        assert refusal.value.retry_after_s == 90
        assert refusal.value.http_status == 429
    with pytest.raises(ThrottledError):
        sign_in(now_ns=NOW + 90 * SECOND_NS - 1)
    assert sign_in(now_ns=NOW + 90 * SECOND_NS).user.id == user_id


def test_one_place_may_fail_for_so_many_people(
    user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    for number in range(50):
        with pytest.raises(UserError, match="invalid_credentials"):
            sign_in(f"guess{number}@example.com", address=f"2001:db8::{number:x}")
    with pytest.raises(ThrottledError) as refusal:
        sign_in(address="2001:db8::ffff")
    assert refusal.value.retry_after_s == 18
    assert sign_in(address="2001:db8:0:1::1").user.id == user_id


def test_text_that_is_no_address_counts_for_the_place_only(
    user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    for number in range(20):
        with pytest.raises(UserError, match="invalid_credentials"):
            sign_in("typo", address=f"192.0.2.{number}")
    for _ in range(50):
        with pytest.raises(UserError, match="invalid_credentials"):
            sign_in("typo", address="198.51.100.1")
    with pytest.raises(ThrottledError):
        sign_in("typo", address="198.51.100.1")


def test_success_costs_nothing_and_pardons_nothing(
    user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    for _ in range(9):
        with pytest.raises(UserError, match="invalid_credentials"):
            sign_in(password="wrong horse")
    for _ in range(60):
        sign_in()
    with pytest.raises(UserError, match="invalid_credentials"):
        sign_in(password="wrong horse")
    with pytest.raises(ThrottledError):
        sign_in()


def test_attempts_under_way_count_so_that_a_volley_gains_nothing(
    people: People, user_id: str
) -> None:
    for _ in range(10):
        people.begin_login("ann@example.com", "192.0.2.1", NOW)
    with pytest.raises(ThrottledError):
        people.begin_login("ann@example.com", "192.0.2.1", NOW)


def test_a_dearer_hash_replaces_the_stored_one_at_sign_in(
    database: MemoryDatabase, people: People, user_id: str
) -> None:
    dearer = Passwords(PasswordCost(16, 1, 1), CountedBytes())
    before = database.query("SELECT password_hash FROM users")
    for matches_first in (False, True):
        attempt = people.begin_login("ann@example.com", "192.0.2.1", NOW)
        check = dearer.check(attempt.password_hash, "correct horse")
        assert (check.new_hash is None) is matches_first
        people.finish_login(attempt, check, NOW)
    assert database.query("SELECT password_hash FROM users") != before


def test_suspending_ends_sessions_and_rests_keys_until_the_user_is_active_again(
    database: MemoryDatabase, people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    token = sign_in().token
    key, secret = people.create_key(user_id, 17, "bot", ["read"], NOW)
    people.set_status(user_id, "suspended")
    for seen in (people, People(database)):
        assert seen.authenticate_token(token, NOW) is None
        assert seen.authenticate_key(key.key_id, secret, NOW) is None
    with pytest.raises(UserError, match="user_not_active"):
        sign_in()
    with pytest.raises(UserError, match="user_not_active"):
        people.create_key(user_id, 17, "bot", ["read"], NOW)
    people.set_status(user_id, "active")
    for seen in (people, People(database)):
        assert seen.authenticate_token(token, NOW) is None
        assert seen.authenticate_key(key.key_id, secret, NOW) is not None
    assert sign_in().user.status == "active"


def test_a_closed_user_stays_closed_and_keeps_the_address(people: People, user_id: str) -> None:
    people.set_status(user_id, "closed")
    assert people.set_status(user_id, "closed").status == "closed"
    with pytest.raises(UserError, match="user_not_active"):
        people.set_status(user_id, "active")
    with pytest.raises(UserError, match="email_taken"):
        people.check_registration("Ann", "ann@example.com", "correct horse")


def test_status_changes_only_between_states_an_operator_may_choose(
    people: People, user_id: str
) -> None:
    with pytest.raises(UserError, match="user_not_active"):
        people.set_status(user_id, "pending")
    with pytest.raises(UnknownUser):
        people.set_status("nobody", "closed")
    key = people.begin_registration("Bob", "bob@example.com", "h", "user", OPENING, NOW).key
    with pytest.raises(UserError, match="user_not_active"):
        people.set_status(key, "active")


def test_a_full_disk_leaves_the_status_as_it_was(
    disk: MemoryDisk, people: People, user_id: str, sign_in: Callable[..., SignIn]
) -> None:
    token = sign_in().token
    disk.fail_next(FULL)
    with pytest.raises(StorageUnavailable):
        people.set_status(user_id, "suspended")
    assert people.authenticate_token(token, NOW) is not None
    assert sign_in().user.status == "active"


def test_a_restart_sees_the_same_people(
    database: MemoryDatabase,
    people: People,
    user_id: str,
    add_user: Callable[..., str],
    sign_in: Callable[..., SignIn],
) -> None:
    add_user("root@example.com", 18, "admin")
    people.complete_registration(people.begin_account(user_id, OPENING, NOW + 1).key, 19)
    token = sign_in().token
    key, secret = people.create_key(user_id, 19, "bot", ["trade"], NOW)
    again = People(database, PeopleLimits())
    assert again.authenticate_token(token, NOW) == people.authenticate_token(token, NOW)
    seen = again.authenticate_key(key.key_id, secret, NOW)
    assert seen is not None
    assert seen == people.authenticate_key(key.key_id, secret, NOW)
    assert again.user(user_id) == people.user(user_id)
    assert again.user_by_email("ROOT@example.com") == people.user_by_email("root@example.com")
    assert again.accounts(user_id) == people.accounts(user_id)
    assert again.account_owner(19) == people.account_owner(19)


def test_the_same_requests_and_randomness_make_the_same_database() -> None:
    dumps = []
    for _ in range(2):
        database = MemoryDatabase(MemoryDisk(), "people")
        people = People(database, random_bytes=CountedBytes())
        passwords = Passwords(PasswordCost(8, 1, 1), CountedBytes())
        key = people.begin_registration(
            "Ann", "ann@example.com", passwords.hash("correct horse"), "user", OPENING, NOW
        ).key
        people.complete_registration(key, 17)
        attempt = people.begin_login("ann@example.com", "192.0.2.1", NOW)
        check = passwords.check(attempt.password_hash, "correct horse")
        token = people.finish_login(attempt, check, NOW).token
        pair = people.create_key(key, 17, "bot", ["read"], NOW)
        tables = ("users", "account_owners", "sessions", "api_keys")
        dumps.append((token, pair, [database.query(f"SELECT * FROM {t}") for t in tables]))
    assert dumps[0] == dumps[1]


def test_a_role_gives_its_scopes_at_once_and_survives_a_restart(
    database: MemoryDatabase,
    people: People,
    user_id: str,
    sign_in: Callable[..., SignIn],
) -> None:
    token = sign_in().token
    key, secret = people.create_key(user_id, 17, "bot", ["read"], NOW)
    people.set_role(user_id, "instructor")
    for each in (people, People(database)):
        found = each.authenticate_token(token, NOW)
        assert found is not None
        assert (found.role, found.scopes) == ("instructor", {"read", "trade", "sim", "teach"})
        held = each.authenticate_key(key.key_id, secret, NOW)
        assert held is not None
        assert held.scopes == {"read"}
    with pytest.raises(UserError, match="invalid_role"):
        people.set_role(user_id, "king")


def test_somebody_must_be_left_who_administers(
    people: People, user_id: str, add_user: Callable[..., str]
) -> None:
    root = add_user("root@example.com", 18, "admin")
    with pytest.raises(UserError, match="last_admin"):
        people.set_role(root, "user")
    with pytest.raises(UserError, match="last_admin"):
        people.set_status(root, "suspended")
    people.set_role(user_id, "admin")
    people.set_status(root, "suspended")
    with pytest.raises(UserError, match="last_admin"):
        people.set_status(user_id, "closed")
    people.set_status(root, "active")
    assert people.set_role(user_id, "user").role == "user"
