"""What somebody prefers, over all of the user's accounts.

Promises: a preference that was never set has none; what is read is what was committed. Must not
know: what a preference means.
"""

from typing import Final

from stockyard.storage.ports import Database

_UPSERT: Final = (
    "INSERT INTO user_preferences (user_id, name, value) VALUES (?, ?, ?)"
    " ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value"
)


class UserPreferences:
    """All of them, in their table alone. Names come from the code alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, user_id: str, name: str, within: Database | None = None) -> str | None:
        """One preference, None while it was not set; ``within``: as a transaction sees it."""
        rows = (within or self._database).query(
            "SELECT value FROM user_preferences WHERE user_id = ? AND name = ?", (user_id, name)
        )
        return str(rows[0][0]) if rows else None

    def store(self, user_id: str, name: str, value: str) -> None:
        """Set one."""
        self._database.execute(_UPSERT, (user_id, name, value))

    def forget_user(self, user_id: str, within: Database) -> None:
        """Drop what a user preferred, in the transaction that deletes the user."""
        within.execute("DELETE FROM user_preferences WHERE user_id = ?", (user_id,))
