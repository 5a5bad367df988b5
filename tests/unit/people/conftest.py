from collections.abc import Callable

import pytest

from stockyard.people.directory import People, SignIn
from stockyard.people.passwords import Passwords
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from tests.unit.people.given import CHEAP, NOW, OPENING, CountedBytes


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


@pytest.fixture
def database(disk: MemoryDisk) -> MemoryDatabase:
    return MemoryDatabase(disk, "people")


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(CHEAP, CountedBytes())


@pytest.fixture
def people(database: MemoryDatabase) -> People:
    return People(database, random_bytes=CountedBytes())


@pytest.fixture
def add_user(people: People, passwords: Passwords) -> Callable[..., str]:
    """Register a user with one account and the password "correct horse"; returns the user's id."""

    def add(email: str = "ann@example.com", account_id: int = 17, role: str = "user") -> str:
        started = people.begin_registration(
            "Ann", email, passwords.hash("correct horse"), role, OPENING, NOW
        )
        people.complete_registration(started.key, account_id)
        return started.user_id

    return add


@pytest.fixture
def sign_in(people: People, passwords: Passwords) -> Callable[..., SignIn]:
    def sign(
        email: str = "ann@example.com",
        password: str = "correct horse",
        now_ns: int = NOW,
        address: str = "192.0.2.1",
    ) -> SignIn:
        attempt = people.begin_login(email, address, now_ns)
        return people.finish_login(
            attempt, passwords.check(attempt.password_hash, password), now_ns
        )

    return sign
