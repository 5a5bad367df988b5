import pytest
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from argon2.low_level import Type

from stockyard.people.passwords import PasswordCost, Passwords
from tests.unit.people.given import CHEAP, CountedBytes


def test_the_usual_cost_is_19_mib_twice_on_one_lane() -> None:
    made = Passwords().hash("correct horse")
    found = extract_parameters(made)
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (
        Type.ID,
        19_456,
        2,
        1,
    )
    assert Passwords().check(made, "correct horse") == (True, None)


def test_only_the_right_password_matches(passwords: Passwords) -> None:
    made = passwords.hash("correct horse")
    assert passwords.check(made, "correct horse").matches
    assert not passwords.check(made, "correct horsf").matches
    assert not passwords.check(made, "Correct horse").matches
    assert not passwords.check(made, "").matches


def test_each_hash_has_its_own_salt(passwords: Passwords) -> None:
    assert passwords.hash("correct horse") != passwords.hash("correct horse")


def test_the_same_randomness_gives_the_same_hash() -> None:
    first, second = (Passwords(CHEAP, CountedBytes()).hash("correct horse") for _ in range(2))
    assert first == second


def test_the_last_of_128_characters_counts(passwords: Passwords) -> None:
    made = passwords.hash("🐎" * 127 + "a")
    assert passwords.check(made, "🐎" * 127 + "a").matches
    assert not passwords.check(made, "🐎" * 127 + "b").matches


def test_composed_and_decomposed_letters_are_one_password(passwords: Passwords) -> None:
    assert passwords.check(passwords.hash("caf\u00e9 noir"), "cafe\u0301 noir").matches


def test_nobody_matches_and_hostile_text_is_only_wrong(passwords: Passwords) -> None:
    made = passwords.hash("correct horse")
    assert passwords.check(None, "correct horse") == (False, None)
    assert passwords.check(made, "\ud800") == (False, None)
    assert passwords.check(None, "\ud800" * 200) == (False, None)
    assert passwords.check(made, "x" * 1_000_000) == (False, None)


def test_a_check_for_nobody_does_the_work_of_a_hash(passwords: Passwords) -> None:
    seen: list[int] = []
    hasher = passwords._hasher

    class Counting:
        def hash(self, octets: bytes, *, salt: bytes) -> str:
            seen.append(len(octets))
            return hasher.hash(octets, salt=salt)

    passwords._hasher = Counting()  # type: ignore[assignment]
    passwords.check(None, "correct horse")
    assert seen == [13]


def test_a_hash_of_another_cost_is_made_anew_when_the_password_is_right() -> None:
    old = Passwords(CHEAP, CountedBytes()).hash("correct horse")
    dearer = Passwords(PasswordCost(memory_kib=16, passes=1, lanes=1), CountedBytes())
    check = dearer.check(old, "correct horse")
    assert check.matches
    assert check.new_hash is not None
    assert dearer.check(check.new_hash, "correct horse") == (True, None)
    assert dearer.check(old, "wrong horse") == (False, None)


def test_a_damaged_hash_is_a_fault_of_ours(passwords: Passwords) -> None:
    with pytest.raises(InvalidHashError):
        passwords.check("no hash at all", "correct horse")
