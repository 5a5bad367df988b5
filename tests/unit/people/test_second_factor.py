"""Codes of an authenticator app: each counts once, whatever comes in between."""

from collections.abc import Callable

import pytest
from pyotp import TOTP

from stockyard.people.directory import People, SignIn
from stockyard.people.errors import ThrottledError, UserError
from stockyard.people.sealing import Sealer, new_key
from stockyard.people.second_factor import RECOVERY_CODES
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.people.given import FULL, NOW, CountedBytes

SECOND = 10**9
STEP = 30 * SECOND
HOUR = 3600 * SECOND
KEY = new_key()


@pytest.fixture
def people(database: MemoryDatabase) -> People:
    return People(database, random_bytes=CountedBytes(), sealer=Sealer((KEY,)))


@pytest.fixture
def user_id(add_user: Callable[..., str]) -> str:
    return add_user()


@pytest.fixture
def secret(people: People, user_id: str) -> str:
    """Ann's secret, confirmed a minute ago."""
    found = people.second_factors.begin(user_id, "ann@example.com", NOW - 2 * STEP).secret
    people.second_factors.confirm(user_id, code_at(found, NOW - 2 * STEP), NOW - 2 * STEP)
    return found


def code_at(secret: str, now_ns: int) -> str:
    """What the app shows."""
    return TOTP(secret).at(now_ns // SECOND)


def refused(people: People, user_id: str, code: str, now_ns: int = NOW) -> str:
    """The word of the refusal."""
    with pytest.raises(UserError) as told:
        people.second_factors.require(user_id, code, now_ns)
    return told.value.code


def test_the_codes_are_those_of_rfc_6238(people: People, user_id: str) -> None:
    """Appendix B's vectors end in these six digits; the secret is its, and time is 59 s."""
    shown = TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert (shown.at(59), shown.at(1111111109), shown.at(20000000000)) == (
        "287082",
        "081804",
        "353130",
    )


def test_nothing_is_asked_before_a_code_was_seen(people: People, user_id: str) -> None:
    people.second_factors.require(user_id, "", NOW)
    begun = people.second_factors.begin(user_id, "ann@example.com", NOW)
    assert begun.uri.startswith("otpauth://totp/Stockyard:ann%40example.com?secret=")
    people.second_factors.require(user_id, "", NOW)
    assert people.second_factors.confirmed(user_id) is None
    again = people.second_factors.begin(user_id, "ann@example.com", NOW)
    with pytest.raises(UserError, match="invalid_code"):
        people.second_factors.confirm(user_id, code_at(begun.secret, NOW), NOW)
    people.second_factors.confirm(user_id, code_at(again.secret, NOW), NOW)
    assert refused(people, user_id, "") == "second_factor_required"


def test_the_secret_is_on_disk_only_sealed(
    database: MemoryDatabase, people: People, user_id: str, secret: str
) -> None:
    assert secret not in str(database.query("SELECT * FROM second_factors"))
    again = People(database, sealer=Sealer((KEY,)))
    again.second_factors.require(user_id, code_at(secret, NOW), NOW)


def test_a_code_counts_once_and_none_before_it_again(
    database: MemoryDatabase, people: People, user_id: str, secret: str
) -> None:
    people.second_factors.require(user_id, code_at(secret, NOW), NOW)
    for seen in (people, People(database, sealer=Sealer((KEY,)))):
        assert refused(seen, user_id, code_at(secret, NOW)) == "invalid_code"
        assert refused(seen, user_id, code_at(secret, NOW - STEP)) == "invalid_code"
        assert refused(seen, user_id, code_at(secret, NOW), NOW + STEP) == "invalid_code"
    people.second_factors.require(user_id, code_at(secret, NOW + STEP), NOW + STEP)


@pytest.mark.parametrize(("apart", "taken"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(
    people: People, user_id: str, secret: str, apart: int, taken: bool
) -> None:
    code = code_at(secret, NOW + HOUR + apart * STEP)
    if taken:
        people.second_factors.require(user_id, f" {code[:3]} {code[3:]} ", NOW + HOUR)
    else:
        assert refused(people, user_id, code, NOW + HOUR) == "invalid_code"


@pytest.mark.parametrize("code", ["abcdef", "12345", "1234567", "\ud800", "١٢٣٤٥٦", "0" * 100_000])
def test_nonsense_is_a_wrong_code(people: People, user_id: str, secret: str, code: str) -> None:
    assert refused(people, user_id, code) == "invalid_code"


def test_wrong_codes_are_counted_and_right_ones_are_not(
    people: People, user_id: str, secret: str
) -> None:
    for n in range(10):
        people.second_factors.require(user_id, code_at(secret, NOW + n * STEP), NOW + n * STEP)
    later = NOW + 10 * STEP
    for _ in range(5):
        assert refused(people, user_id, "000000", later) == "invalid_code"
    with pytest.raises(ThrottledError):
        people.second_factors.require(user_id, code_at(secret, later), later)
    # An hour holds five guesses.
    people.second_factors.require(user_id, code_at(secret, later + HOUR // 5), later + HOUR // 5)


def test_a_recovery_code_works_once(database: MemoryDatabase, people: People, user_id: str) -> None:
    secret = people.second_factors.begin(user_id, "ann@example.com", NOW).secret
    codes = people.second_factors.confirm(user_id, code_at(secret, NOW), NOW)
    assert len(set(codes)) == RECOVERY_CODES
    assert codes[0] not in str(database.query("SELECT * FROM second_factors"))
    people.second_factors.require(user_id, codes[0].lower().replace("-", " "), NOW)
    for seen in (people, People(database, sealer=Sealer((KEY,)))):
        assert refused(seen, user_id, codes[0]) == "invalid_code"
    fresh = people.second_factors.renew_recovery(user_id)
    assert refused(people, user_id, codes[1]) == "invalid_code"
    people.second_factors.require(user_id, fresh[0], NOW)


def test_a_disk_that_fails_takes_no_code(
    disk: MemoryDisk, people: People, user_id: str, secret: str
) -> None:
    disk.fail_next(FULL)
    with pytest.raises(StorageUnavailable):
        people.second_factors.require(user_id, code_at(secret, NOW), NOW)
    people.second_factors.require(user_id, code_at(secret, NOW), NOW)


def test_a_sign_in_needs_the_code(
    people: People, user_id: str, secret: str, sign_in: Callable[..., SignIn], passwords: object
) -> None:
    with pytest.raises(UserError, match="second_factor_required"):
        sign_in()
    with pytest.raises(UserError, match="invalid_credentials"):
        sign_in(password="wrong")
    user = people.user(user_id)
    assert user is not None
    assert people.open_session(user, NOW, code=code_at(secret, NOW)).user == user


def test_one_that_is_on_is_not_replaced_and_turning_it_off_forgets_it(
    database: MemoryDatabase, people: People, user_id: str, secret: str
) -> None:
    with pytest.raises(UserError, match="second_factor_on"):
        people.second_factors.begin(user_id, "ann@example.com", NOW)
    with pytest.raises(UserError, match="second_factor_on"):
        people.second_factors.confirm(user_id, code_at(secret, NOW), NOW)
    people.disable_second_factor(user_id, None, NOW)
    for seen in (people, People(database, sealer=Sealer((KEY,)))):
        seen.second_factors.require(user_id, "", NOW)
        for ask in (
            lambda p=seen: p.disable_second_factor(user_id, None, NOW),
            lambda p=seen: p.second_factors.renew_recovery(user_id),
            lambda p=seen: p.second_factors.confirm(user_id, "123456", NOW),
        ):
            with pytest.raises(UserError, match="second_factor_off"):
                ask()
