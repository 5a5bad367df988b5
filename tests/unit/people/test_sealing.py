"""Secrets at rest: sealed for a purpose, under a key that can be changed and is asked for."""

import pytest

from stockyard.people.schema import migrate
from stockyard.people.sealing import (
    SEALED,
    SECOND_FACTOR,
    KeyRefused,
    Sealer,
    SealError,
    count_sealed,
    forget_sealed,
    new_key,
    parse_keys,
    reseal,
    settle_key,
)
from stockyard.storage.memory import MemoryDatabase

OLD, NEW = new_key(), new_key()


def keep_secret(database: MemoryDatabase, sealer: Sealer, user_id: str = "u1") -> None:
    database.execute(
        "INSERT INTO second_factors (user_id, secret, recovery_hashes, last_step, begun_ns)"
        " VALUES (?, ?, '', 0, 0)",
        (user_id, sealer.seal("JBSWY3DP", SECOND_FACTOR.purpose_of(user_id))),
    )


def kept_secret(database: MemoryDatabase, sealer: Sealer, user_id: str = "u1") -> str:
    rows = database.query("SELECT secret FROM second_factors WHERE user_id = ?", (user_id,))
    return sealer.open(rows[0][0], SECOND_FACTOR.purpose_of(user_id))


@pytest.fixture
def sealed(database: MemoryDatabase) -> MemoryDatabase:
    """A database with one secret, sealed with the old key."""
    migrate(database)
    database.execute(
        "INSERT INTO users (id, name, email, password_hash, role, status, accounts_begun,"
        " created_ns) VALUES ('u1', 'Ann', 'ann@example.com', 'x', 'user', 'active', 1, 5)"
    )
    settle_key(database, Sealer([OLD]))
    keep_secret(database, Sealer([OLD]))
    return database


def test_what_is_sealed_does_not_show_and_opens_again() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("JBSWY3DP äöü", "a:1")
    assert "JBSW" not in sealed
    assert sealer.seal("JBSWY3DP äöü", "a:1") != sealed
    assert sealer.open(sealed, "a:1") == "JBSWY3DP äöü"


def test_another_key_another_purpose_and_any_changed_byte_are_refused() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("secret", "a:1")
    with pytest.raises(SealError, match="another purpose"):
        sealer.open(sealed, "a:2")
    with pytest.raises(SealError, match="another key"):
        Sealer([OLD]).open(sealed, "a:1")
    # The last character may stand for bits that count for nothing.
    for at in range(len(sealed) - 3):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(SealError):
            sealer.open(sealed[:at] + other + sealed[at + 1 :], "a:1")
    for nonsense in ("", "secret", "\ud800", "é" * 100):
        with pytest.raises(SealError):
            sealer.open(nonsense, "a:1")


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    both = Sealer([NEW, OLD])
    assert both.open(Sealer([OLD]).seal("x")) == "x"
    assert Sealer([NEW]).open(both.seal("x")) == "x"


def test_keys_are_read_from_lines_or_commas() -> None:
    assert parse_keys(f"{NEW},{OLD}") == parse_keys(f" {NEW}\n{OLD}\n") == (NEW, OLD)


@pytest.mark.parametrize(
    "text",
    ["", "password", NEW[:-1], NEW[:-2] + "==", NEW + "=", f"{NEW},{NEW}", NEW[:-4] + "é==="],
    ids=["none", "word", "short", "padded", "longer", "twice", "not_ascii"],
)
def test_what_is_no_key_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        parse_keys(text)
    assert not text or text not in str(refused.value)


def test_no_more_keys_than_may_be() -> None:
    with pytest.raises(KeyRefused, match="1 to 10"):
        parse_keys("\n".join(new_key() for _ in range(11)))


def test_a_database_with_secrets_refuses_a_key_that_does_not_open_them(
    sealed: MemoryDatabase,
) -> None:
    settle_key(sealed, Sealer([OLD]))
    settle_key(sealed, Sealer([NEW, OLD]))
    with pytest.raises(SealError, match="another key"):
        settle_key(sealed, Sealer([NEW]))


def test_a_database_without_secrets_takes_any_key(database: MemoryDatabase) -> None:
    migrate(database)
    settle_key(database, Sealer([OLD]))
    settle_key(database, Sealer([NEW]))
    database.execute("INSERT INTO token_keys VALUES ('k', ?, 0)", (Sealer([NEW]).seal("x"),))
    with pytest.raises(SealError):
        settle_key(database, Sealer([OLD]))


def test_a_rotation_seals_everything_anew(sealed: MemoryDatabase) -> None:
    assert reseal(sealed, Sealer([NEW, OLD])) == 1
    assert kept_secret(sealed, Sealer([NEW])) == "JBSWY3DP"
    settle_key(sealed, Sealer([NEW]))
    with pytest.raises(SealError):
        settle_key(sealed, Sealer([OLD]))


def test_a_rotation_that_fails_changes_nothing(sealed: MemoryDatabase) -> None:
    sealed.execute("INSERT INTO token_keys VALUES ('k', 'changed', 0)")
    with pytest.raises(SealError):
        reseal(sealed, Sealer([NEW, OLD]))
    assert kept_secret(sealed, Sealer([OLD])) == "JBSWY3DP"
    settle_key(sealed, Sealer([OLD]))


def test_a_lost_key_is_got_over_by_giving_up_what_it_sealed(sealed: MemoryDatabase) -> None:
    assert forget_sealed(sealed, Sealer([NEW])) == 1
    settle_key(sealed, Sealer([NEW]))
    assert count_sealed(sealed) == 0


def test_every_sealed_column_is_there(sealed: MemoryDatabase) -> None:
    for at in SEALED:
        sealed.query(f"SELECT {at.key}, {at.column} FROM {at.table}")
