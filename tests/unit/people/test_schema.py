import pytest

from stockyard.people.directory import People
from stockyard.people.schema import MIGRATIONS, SchemaTooNew, migrate
from stockyard.storage.memory import MemoryDatabase
from stockyard.storage.ports import ConstraintBroken

NEXT = (*MIGRATIONS, ("ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT 'en'",))
USER = (
    "INSERT INTO users (id, name, email, password_hash, role, status, accounts_begun, created_ns)"
    " VALUES ('u1', 'Ann', 'ann@example.com', 'x', 'user', 'active', 1, 5)"
)


def test_an_empty_database_comes_to_the_newest_version(database: MemoryDatabase) -> None:
    assert migrate(database) == len(MIGRATIONS)
    assert database.query("SELECT MAX(version) FROM people_schema_versions") == [(len(MIGRATIONS),)]


def test_a_second_start_changes_nothing(database: MemoryDatabase) -> None:
    migrate(database)
    database.execute(USER)
    migrate(database)
    assert database.query("SELECT COUNT(*) FROM people_schema_versions") == [(len(MIGRATIONS),)]
    assert database.query("SELECT name FROM users") == [("Ann",)]


def test_version_1_becomes_the_next_with_its_people(database: MemoryDatabase) -> None:
    migrate(database, NEXT[:1])
    database.execute(USER)
    assert migrate(database, NEXT) == len(NEXT)
    assert database.query("SELECT name, language FROM users") == [("Ann", "en")]
    assert database.query("SELECT version FROM people_schema_versions ORDER BY version") == [
        (number,) for number in range(1, len(NEXT) + 1)
    ]


def test_version_1_as_it_was_released_still_opens(database: MemoryDatabase) -> None:
    migrate(database, MIGRATIONS[:1])
    database.execute(USER)
    user = People(database).user("u1")
    assert user is not None
    assert user.email == "ann@example.com"


def test_roles_are_kept_and_instructors_may_be_stored(database: MemoryDatabase) -> None:
    migrate(database, MIGRATIONS[:2])
    database.execute(USER)
    database.execute(
        USER.replace("'u1'", "'u2'").replace("ann@", "root@").replace("'user'", "'admin'")
    )
    migrate(database)
    assert database.query("SELECT id, role FROM users ORDER BY id") == [
        ("u1", "user"),
        ("u2", "admin"),
    ]
    database.execute("UPDATE users SET role = 'instructor' WHERE id = 'u1'")
    with pytest.raises(ConstraintBroken):
        database.execute("UPDATE users SET role = 'king' WHERE id = 'u1'")


def test_a_migration_that_fails_leaves_the_version_before(database: MemoryDatabase) -> None:
    migrate(database)
    database.execute(USER)
    with pytest.raises(ConstraintBroken):
        migrate(database, (*MIGRATIONS, (*NEXT[-1], USER)))
    assert "language" not in [row[1] for row in database.query("PRAGMA table_info(users)")]
    assert migrate(database, NEXT) == len(NEXT)


def test_the_database_too_refuses_a_second_user_of_an_address(database: MemoryDatabase) -> None:
    migrate(database)
    database.execute(USER)
    with pytest.raises(ConstraintBroken):
        database.execute(USER.replace("'u1'", "'u2'"))


def test_a_newer_file_is_left_alone(database: MemoryDatabase) -> None:
    migrate(database, NEXT)
    with pytest.raises(SchemaTooNew, match=f"version {len(NEXT)}"):
        People(database)
