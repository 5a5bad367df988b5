from collections.abc import Callable

import pytest

from stockyard.people.directory import People, SignIn
from stockyard.people.errors import RegistrationConflict, UnknownUser, UserError
from stockyard.people.limits import PeopleLimits
from stockyard.people.passwords import Passwords
from stockyard.people.registration import Opening
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.people.given import FULL, NOW, OPENING, CountedBytes


def _begin(people: People, email: str = "ann@example.com", role: str = "user") -> str:
    return people.begin_registration("Ann", email, "hash", role, OPENING, NOW).key


def test_the_key_of_the_first_account_is_the_users_id(people: People) -> None:
    started = people.begin_registration("Ann", "Ann@Example.com", "hash", "user", OPENING, NOW)
    user = people.user(started.user_id)
    assert user is not None
    assert started.key == user.id
    assert (user.status, user.email, user.created_ns) == ("pending", "ann@example.com", NOW)
    assert people.accounts(user.id) == ()
    assert people.unfinished() == (started,)


def test_completing_makes_the_user_active_and_an_owner(people: People) -> None:
    key = _begin(people)
    user = people.complete_registration(key, 17)
    assert user.status == "active"
    assert people.unfinished() == ()
    assert [a.account_id for a in people.accounts(user.id)] == [17]
    owner = people.account_owner(17)
    assert owner is not None
    assert (owner.user_id, owner.name) == (user.id, "Main")
    assert people.account_owner(18) is None


def test_a_half_finished_registration_is_completed_after_a_restart(
    database: MemoryDatabase, people: People
) -> None:
    key = _begin(people)
    again = People(database)
    (left,) = again.unfinished()
    assert (left.key, left.user_id) == (key, key)
    assert (left.name, left.profile_id, left.starting_micros) == OPENING
    again.complete_registration(left.key, 17)
    later = People(database)
    assert later.unfinished() == ()
    assert [a.account_id for a in later.accounts(key)] == [17]
    user = later.user(key)
    assert user is not None
    assert user.status == "active"


def test_killed_right_after_either_step_is_a_start_like_any_other(
    disk: MemoryDisk, database: MemoryDatabase, people: People
) -> None:
    disk.die_after_next(SystemExit())
    with pytest.raises(SystemExit):
        _begin(people)
    again = People(MemoryDatabase(disk, "people"))
    (left,) = again.unfinished()
    disk.die_after_next(SystemExit())
    with pytest.raises(SystemExit):
        again.complete_registration(left.key, 17)
    later = People(MemoryDatabase(disk, "people"))
    assert later.unfinished() == ()
    assert later.complete_registration(left.key, 17).status == "active"


def test_completing_twice_is_harmless_and_never_relinks(people: People) -> None:
    key, other = _begin(people), _begin(people, "bob@example.com")
    people.complete_registration(key, 17)
    people.complete_registration(key, 17)
    with pytest.raises(RegistrationConflict):
        people.complete_registration(key, 18)
    with pytest.raises(RegistrationConflict):
        people.complete_registration(other, 17)
    with pytest.raises(RegistrationConflict):
        people.complete_registration("nobody", 19)
    assert [a.account_id for a in people.accounts(key)] == [17]
    assert [r.key for r in people.unfinished()] == [other]


@pytest.mark.parametrize("email", ["ann@example.com", "ANN@example.com", " Ann@Example.Com "])
def test_an_address_belongs_to_one_user_in_any_letter_case(people: People, email: str) -> None:
    _begin(people)
    with pytest.raises(UserError) as refusal:
        _begin(people, email)
    assert (refusal.value.code, refusal.value.http_status) == ("email_taken", 409)
    with pytest.raises(UserError, match="email_taken"):
        people.check_registration("Ann", email, "correct horse")
    found = people.user_by_email(email)
    assert found is not None
    assert found.email == "ann@example.com"
    assert people.user_by_email("no address") is None


def test_bad_words_are_refused_before_anything_is_stored(people: People) -> None:
    for name, email, role, code in (
        ("", "ann@example.com", "user", "invalid_name"),
        ("Ann", "ann", "user", "invalid_email"),
        ("Ann", "ann@example.com", "root", "invalid_role"),
    ):
        with pytest.raises(UserError, match=code):
            people.begin_registration(name, email, "hash", role, OPENING, NOW)
    with pytest.raises(UserError, match="invalid_name") as refusal:
        people.begin_registration("Ann", "ann@example.com", "h", "user", Opening("\n", 1, 0), NOW)
    assert refusal.value.field == "account_name"
    with pytest.raises(UserError, match="invalid_password"):
        people.check_registration("Ann", "ann@example.com", "short")
    people.check_registration("Ann", "ann@example.com", "correct horse")
    assert people.unfinished() == ()


def test_there_is_room_for_so_many_users(database: MemoryDatabase) -> None:
    people = People(database, PeopleLimits(users_max=2), CountedBytes())
    _begin(people, "a@example.com")
    _begin(people, "b@example.com")
    with pytest.raises(UserError, match="too_many_users"):
        _begin(people, "c@example.com")


def test_a_further_account_has_a_key_of_its_own_and_is_repairable(
    database: MemoryDatabase, people: People, add_user: Callable[..., str]
) -> None:
    user_id = add_user()
    started = people.begin_account(user_id, Opening("Risky", 2, 5), NOW + 1)
    assert started.key == f"{user_id}/2"
    user = people.user(user_id)
    assert user is not None
    assert user.status == "active"
    again = People(database)
    assert again.unfinished() == (started,)
    again.complete_registration(started.key, 18)
    assert [(a.account_id, a.name) for a in again.accounts(user_id)] == [
        (17, "Main"),
        (18, "Risky"),
    ]
    assert again.begin_account(user_id, OPENING, NOW + 2).key == f"{user_id}/3"


def test_accounts_are_listed_oldest_first_whatever_the_engine_numbered_them(
    people: People, add_user: Callable[..., str]
) -> None:
    user_id = add_user(account_id=90)
    second = people.begin_account(user_id, OPENING, NOW)
    third = people.begin_account(user_id, OPENING, NOW)
    people.complete_registration(third.key, 5)
    people.complete_registration(second.key, 60)
    assert [a.account_id for a in people.accounts(user_id)] == [90, 60, 5]


def test_a_user_may_have_so_many_accounts_unfinished_ones_counted(
    database: MemoryDatabase,
) -> None:
    people = People(database, PeopleLimits(accounts_per_user_max=2), CountedBytes())
    key = _begin(people)
    people.complete_registration(key, 1)
    people.begin_account(key, OPENING, NOW)
    with pytest.raises(UserError, match="too_many_accounts"):
        people.begin_account(key, OPENING, NOW)


def test_only_an_active_user_opens_further_accounts(people: People) -> None:
    key = _begin(people)
    with pytest.raises(UserError, match="user_not_active"):
        people.begin_account(key, OPENING, NOW)
    with pytest.raises(UnknownUser):
        people.begin_account("nobody", OPENING, NOW)


def test_what_the_engine_denied_leaves_the_address_free(
    database: MemoryDatabase, people: People
) -> None:
    key = _begin(people)
    people.abandon_registration(key)
    assert people.user(key) is None
    assert people.unfinished() == ()
    assert _begin(people) != key
    assert len(People(database).unfinished()) == 1


def test_a_denied_further_account_leaves_the_user_and_burns_the_key(
    database: MemoryDatabase, people: People, add_user: Callable[..., str]
) -> None:
    user_id = add_user()
    people.abandon_registration(people.begin_account(user_id, OPENING, NOW).key)
    again = People(database)
    assert [a.account_id for a in again.accounts(user_id)] == [17]
    assert again.begin_account(user_id, OPENING, NOW).key == f"{user_id}/3"


def test_an_open_account_cannot_be_abandoned(people: People, add_user: Callable[..., str]) -> None:
    user_id = add_user()
    with pytest.raises(RegistrationConflict):
        people.abandon_registration(user_id)
    with pytest.raises(RegistrationConflict):
        people.abandon_registration("nobody")


def test_a_full_disk_leaves_memory_as_it_was(disk: MemoryDisk, people: People) -> None:
    disk.fail_next(FULL)
    with pytest.raises(StorageUnavailable):
        _begin(people)
    assert people.unfinished() == ()
    key = _begin(people)
    disk.fail_next(FULL, 2)
    with pytest.raises(StorageUnavailable):
        people.complete_registration(key, 17)
    with pytest.raises(StorageUnavailable):
        people.abandon_registration(key)
    assert [r.key for r in people.unfinished()] == [key]
    user = people.user(key)
    assert user is not None
    assert user.status == "pending"
    people.complete_registration(key, 17)


def test_a_pending_user_cannot_sign_in_yet(
    people: People, passwords: Passwords, sign_in: Callable[..., SignIn]
) -> None:
    secret = passwords.hash("correct horse")
    people.begin_registration("Ann", "ann@example.com", secret, "user", OPENING, NOW)
    with pytest.raises(UserError, match="registration_unfinished"):
        sign_in()
    with pytest.raises(UserError, match="invalid_credentials"):
        sign_in(password="wrong horse")
