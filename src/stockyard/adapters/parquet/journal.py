"""Records of a journal written to a Parquet file.

Promises: as of ``RowFile``: a file is there whole or not at all, and memory does not grow with it.
Must not know: where the records come from.
"""

from typing import Any, NamedTuple

from stockyard.adapters.parquet.days import RowFile, repeated


class JournalRow(NamedTuple):
    """One record as it is exported. Times in UTC ns; ``payload``: the input as JSON."""

    seq: int
    ts: int
    wall_ns: int
    kind: str
    account: str | None
    instrument: str | None
    actor: str | None
    request_id: str | None
    address: str | None
    user_agent: str | None
    payload: str


class JournalFile(RowFile):
    """Records in order of their seq."""

    def schema(self) -> Any:
        """The columns."""
        arrow = self.arrow
        word = arrow.dictionary(arrow.int32(), arrow.string())
        time = arrow.timestamp("ns", "UTC")
        return arrow.schema(
            [
                *(("seq", arrow.int64()), ("ts", time), ("wall", time), ("kind", word)),
                *(("account", word), ("instrument", word), ("actor", word)),
                ("request_id", arrow.string()),
                *(("address", word), ("user_agent", word)),
                ("payload", arrow.string()),
            ]
        )

    def columns(self, rows: list[JournalRow]) -> list[Any]:
        """Records as arrays."""
        arrow = self.arrow
        time, seq = arrow.timestamp("ns", "UTC"), arrow.int64()
        return [
            arrow.array([row.seq for row in rows], seq),
            arrow.array([row.ts for row in rows], seq).cast(time),
            arrow.array([row.wall_ns for row in rows], seq).cast(time),
            repeated(arrow, [row.kind for row in rows]),
            repeated(arrow, [row.account for row in rows]),
            repeated(arrow, [row.instrument for row in rows]),
            repeated(arrow, [row.actor for row in rows]),
            arrow.array([row.request_id for row in rows], arrow.string()),
            repeated(arrow, [row.address for row in rows]),
            repeated(arrow, [row.user_agent for row in rows]),
            arrow.array([row.payload for row in rows], arrow.string()),
        ]
