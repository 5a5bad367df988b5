"""What somebody prefers for an account, apart from anything that binds its orders.

Promises: a preference that was never set has none; changes reach memory only after the database.
Must not know: what a preference means.
"""

from collections.abc import Mapping
from typing import Final

from stockyard.storage.ports import Database

_UPSERT: Final = (
    "INSERT INTO account_preferences (account_id, name, value) VALUES (?, ?, ?)"
    " ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value"
)


class Preferences:
    """All preferences, in memory by account, over their table. Names come from the code alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_account: dict[int, dict[str, str]] = {}
        for account_id, name, value in database.query(
            "SELECT account_id, name, value FROM account_preferences ORDER BY account_id, name"
        ):
            self._by_account.setdefault(account_id, {})[name] = value

    def of_account(self, account_id: int) -> dict[str, str]:
        """What is set, by name."""
        return dict(self._by_account.get(account_id, {}))

    def store(self, account_id: int, values: Mapping[str, str]) -> None:
        """Set some, all or none of them."""
        rows = [(account_id, name, value) for name, value in values.items()]
        if rows:
            self._database.executemany(_UPSERT, rows)
            self._by_account.setdefault(account_id, {}).update(values)

    def store_erase(self, transaction: Database, account_ids: tuple[int, ...]) -> None:
        """Delete what accounts prefer in the database; ``erase`` once that is durable."""
        for account_id in account_ids:
            transaction.execute(
                "DELETE FROM account_preferences WHERE account_id = ?", (account_id,)
            )

    def erase(self, account_ids: tuple[int, ...]) -> None:
        """Forget what accounts prefer, which the database no longer holds."""
        for account_id in account_ids:
            self._by_account.pop(account_id, None)
