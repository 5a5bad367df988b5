"""Query tables for as long as a command needs them.

Must not know: what they are compared with.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from stockyard.projections.store import ReadStore
from stockyard.storage.sqlite import SqliteDatabase


@contextmanager
def scratch_store(within: Path | None = None) -> Iterator[ReadStore]:
    """An empty read store on disk, gone afterwards; ``within``: default where such things go."""
    with TemporaryDirectory(prefix="stockyard-", dir=within) as folder:
        store = ReadStore(SqliteDatabase(Path(folder) / "scratch.db", durable=False))
        try:
            yield store
        finally:
            store.close()
