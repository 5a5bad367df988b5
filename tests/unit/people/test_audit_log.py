"""The audit log keeps what it was given, numbered, chained and sealed, and finds it again."""

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from stockyard.people.audit import (
    ACTOR_LENGTH_MAX,
    DETAIL_BYTES_MAX,
    NOT_KEPT,
    SUBJECT_LENGTH_MAX,
    Act,
    NoKind,
    detail,
)
from stockyard.people.audit_log import FIRST_CHAIN, AuditLog, Wanted, seal
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable

KEY = bytes(range(32))
NOW = 1_767_366_000_000_000_000


def act(kind: str = "session.opened", **said: Any) -> Act:
    return Act(**{"at_ns": NOW, "kind": kind, "actor": "user:ann", **said})


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


@pytest.fixture
def log(disk: MemoryDisk) -> AuditLog:
    return AuditLog(MemoryDatabase(disk, "audit"), KEY)


def test_records_are_numbered_and_each_hashes_all_before_it(log: AuditLog) -> None:
    log.append([act(), act("session.closed")], NOW)
    log.append([act("api_key.created", subject="SK1")], NOW + 5)
    rows = log.database.query("SELECT number, payload, chain FROM entries ORDER BY number")
    chain = FIRST_CHAIN
    for number, (found, payload, told) in enumerate(rows, 1):
        chain = sha256(bytes.fromhex(chain) + payload.encode()).hexdigest()
        assert (found, told) == (number, chain)
    assert log.head == (3, chain, NOW + 5)
    assert log.database.query("SELECT number, seal FROM seals ORDER BY number") == [
        (2, seal(KEY, 2, rows[1][2])),
        (3, seal(KEY, 3, chain)),
    ]


def test_a_log_that_is_opened_again_goes_on_where_it_ended(disk: MemoryDisk, log: AuditLog) -> None:
    log.append([act()], NOW, 7)
    again = AuditLog(MemoryDatabase(disk, "audit"), KEY)
    assert (again.head, again.journal_seq) == (log.head, 7)
    again.append([act()], NOW - 100)
    assert again.head.kept_ns == NOW, "what is kept later is not kept at an earlier time"


def test_acts_and_how_far_the_journal_was_read_are_kept_together_or_not_at_all(
    disk: MemoryDisk, log: AuditLog
) -> None:
    log.append([act()], NOW, 3)
    before = log.head
    disk.fail_next(StorageUnavailable("full"))
    with pytest.raises(StorageUnavailable):
        log.append([act(), act()], NOW, 9)
    assert (log.head, log.journal_seq) == (before, 3)
    again = AuditLog(MemoryDatabase(disk, "audit"), KEY)
    assert (again.head, again.journal_seq) == (before, 3)


def test_what_looks_secret_is_not_kept_at_any_depth() -> None:
    told = {
        "name": "bot",
        "secret": "s3cr3t",
        "password_changed": True,
        "recovery_codes": ["a", "b"],
        "inner": [{"api_token": "t0k3n", "stop_price": "1.5"}],
    }
    kept = msgspec.json.decode(detail(told))
    assert kept == {
        "name": "bot",
        "secret": NOT_KEPT,
        "password_changed": True,
        "recovery_codes": NOT_KEPT,
        "inner": [{"api_token": NOT_KEPT, "stop_price": "1.5"}],
    }


def test_every_text_and_detail_has_a_bound(log: AuditLog) -> None:
    long = "x" * 10_000
    log.append(
        [
            act(
                actor=long,
                subject=long,
                user_agent=long,
                request_id="\ud800",
                after=detail({"n": "y" * DETAIL_BYTES_MAX}),
            )
        ],
        NOW,
    )
    (kept,) = log.search(Wanted(1))
    assert (len(kept.actor), len(kept.subject)) == (ACTOR_LENGTH_MAX, SUBJECT_LENGTH_MAX)
    assert (len(kept.user_agent), kept.request_id) == (255, "?")
    assert msgspec.json.decode(kept.after) == {"left_out_bytes": DETAIL_BYTES_MAX + 8}


@pytest.mark.parametrize("kind", ["", "opened", "Session.opened", "session.", "a." + "b" * 63])
def test_a_kind_is_words_joined_by_dots(log: AuditLog, kind: str) -> None:
    with pytest.raises(NoKind):
        log.append([act(kind)], NOW)
    assert log.head.number == 0


def test_a_search_finds_by_each_word_and_pages_from_the_newest(log: AuditLog) -> None:
    log.append(
        [
            act("order.place", user_id="ann", subject="o1", request_id="r1"),
            act("order.filled", user_id="ann", subject="o1", at_ns=NOW + 10, actor="system:engine"),
            act("orders.read", user_id="bob", actor="user:bob"),
            act("session.opened", user_id="bob", actor="user:bob", at_ns=NOW + 30),
        ],
        NOW,
    )

    def found(**said: Any) -> list[int]:
        return [entry.number for entry in log.search(Wanted(**{"limit": 10, **said}))]

    assert found() == [4, 3, 2, 1]
    assert found(limit=2) == [4, 3]
    assert found(limit=2, before=3) == [2, 1]
    assert found(kind="order") == [2, 1]
    assert found(kind="order.filled") == [2]
    assert found(user_id="bob") == [4, 3]
    assert found(actor="system:engine") == [2]
    assert found(subject="o1", request_id="r1") == [1]
    assert found(start_ns=NOW + 10, end_ns=NOW + 30) == [2]
    assert found(user_id="eve") == []
