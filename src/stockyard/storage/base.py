"""What stands in the place of a journal's removed beginning: one row beside its batches.

Promises: the row is sealed with a hash of itself, so that a byte of it that changed is found before
anything is read by it; it is written before the first batch is removed, so that a process that dies
at any moment leaves a journal that can be read from its base. Must not know: what the records mean,
or where the archive lies.

A journal that was never pruned has no such row, and no such table.
"""

from hashlib import sha256
from typing import Any, Final

import apsw
import msgspec

from stockyard.storage.batches import CHAIN_SIZE
from stockyard.storage.ports import Base, JournalCorrupt, JournalHead, Row

BITE_BATCHES: Final = 64
BITE_BYTES: Final = 131_072
"""What one transaction removes: an order that comes meanwhile waits for it."""
BASE_ALTERED: Final = "the row that stands for its pruned beginning (table base) is altered"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS base (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    head_seq INTEGER NOT NULL,
    head_ts INTEGER NOT NULL,
    head_chain BLOB NOT NULL,
    state_hash TEXT NOT NULL,
    digest BLOB NOT NULL,
    tables BLOB NOT NULL,
    began_ts INTEGER NOT NULL,
    world_id TEXT NOT NULL,
    seal BLOB NOT NULL
) STRICT
"""
_COLUMNS: Final = (
    "seq, ts, head_seq, head_ts, head_chain, state_hash, digest, tables, began_ts, world_id, seal"
)
_TYPES: Final = (int, int, int, int, bytes, str, bytes, bytes, int, str, bytes)


def read_base(connection: apsw.Connection, where: str) -> Base | None:
    """The base of the journal ``where``, None for one that was never pruned.

    Raises ``JournalCorrupt`` for a row that is not what was written.
    """
    if not connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'base'"
    ).fetchall():
        return None
    rows: list[Row] = connection.execute(f"SELECT {_COLUMNS} FROM base WHERE id = 1").fetchall()
    if not rows:
        return None
    row = rows[0]
    if tuple(map(type, row)) != _TYPES or row[-1] != _seal(row[:-1]):
        seq = row[0] if isinstance(row[0], int) and row[0] > 0 else 1
        raise JournalCorrupt(seq, where, BASE_ALTERED)
    seq, ts, head_seq, head_ts, head_chain, *rest = row[:-1]
    return Base(seq, ts, JournalHead(head_seq, head_ts, head_chain), *rest)


def write_base(connection: apsw.Connection, base: Base) -> None:
    """Let a journal begin at a base from now on, in one transaction."""
    assert len(base.head.chain) == CHAIN_SIZE
    assert base.head.seq <= base.seq, "the last batch removed ends at or before the base"
    row = (base.seq, base.ts, *base.head, *base[3:])
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_SCHEMA)
        marks = ", ".join("?" for _ in range(len(row) + 2))
        connection.execute(
            f"INSERT OR REPLACE INTO base (id, {_COLUMNS}) VALUES ({marks})", (1, *row, _seal(row))
        )
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def remove_bite(connection: apsw.Connection, base: Base) -> int:
    """Remove the oldest few batches that the base stands for, in one transaction; how many."""
    rows: list[Row] = connection.execute(
        "SELECT first_seq, length(blob) FROM batches WHERE first_seq <= ?"
        " ORDER BY first_seq LIMIT ?",
        (base.head.seq, BITE_BATCHES),
    ).fetchall()
    bite, size = 0, 0
    for _, length in rows:
        if bite and size + length > BITE_BYTES:
            break
        bite, size = bite + 1, size + length
    if bite:
        connection.execute("DELETE FROM batches WHERE first_seq <= ?", (rows[bite - 1][0],))
    return bite


def _seal(row: tuple[Any, ...]) -> bytes:
    return sha256(msgspec.msgpack.encode(row)).digest()
