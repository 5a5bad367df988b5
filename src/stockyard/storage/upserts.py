"""Many rows in one statement: SQLite works through them by itself.

Must not know: what the rows mean.
"""

from collections.abc import Sequence


def upsert_sql(table: str, columns: Sequence[str], key: str) -> str:
    """One statement that reads all rows out of one JSON parameter.

    SQLite then works through the rows by itself: nothing else in the process waits for it row by
    row, as it does when each row is its own statement.
    """
    values = ", ".join(f"value ->> {n}" for n in range(len(columns)))
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM json_each(?) WHERE true"
        f" ON CONFLICT ({key}) DO UPDATE SET {changed}"
    )
