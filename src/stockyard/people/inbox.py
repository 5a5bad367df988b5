"""The inbox: what a user is told in the app, kept until it is read, deleted or crowded out.

Promises: an item put inside a transaction is there exactly when the transaction is; nothing is
changed by reading a page; a user has at most ``inbox_items_max`` items, the oldest giving way;
somebody else's item is as if it did not exist. Must not know: who writes into it, or how a screen
shows it.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.storage.ports import Database, Row

KIND_LENGTH_MAX: Final = 40
TITLE_LENGTH_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 2_000
LINK_LENGTH_MAX: Final = 300
_ID_BYTES: Final = 16
_COLUMNS: Final = "id, number, kind, title, text, link, created_ns, read_ns"


class InboxItem(msgspec.Struct, frozen=True, gc=False):
    """One thing a user was told. ``number`` grows; ``link``: a path of the web app, or empty."""

    id: str
    number: int
    kind: str
    title: str
    text: str
    link: str
    created_ns: int
    read_ns: int | None


class Inbox:
    """All items, in their table alone. ``on_put`` is called with the user's id in the thread that
    puts, perhaps before the transaction ends.
    """

    def __init__(
        self, database: Database, limits: PeopleLimits, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._database, self._limits, self._random_bytes = database, limits, random_bytes
        self.on_put: Callable[[str], None] | None = None
        self._last = int(database.query("SELECT COALESCE(MAX(number), 0) FROM inbox_items")[0][0])

    def put(
        self,
        user_id: str,
        kind: str,
        title: str,
        text: str,
        now_ns: int,
        link: str = "",
        within: Database | None = None,
    ) -> None:
        """Tell a user something; ``within``: the transaction it belongs to, None for its own.

        Texts are cut at their limits. ``link`` is a path of the web app such as ``/orders``
        (asserted).
        """
        assert not link or (link.startswith("/") and not link.startswith("//")), link
        self._last += 1
        row = (
            user_id,
            str(UUID(bytes=self._random_bytes(_ID_BYTES), version=4)),
            self._last,
            kind[:KIND_LENGTH_MAX],
            title[:TITLE_LENGTH_MAX],
            text[:TEXT_LENGTH_MAX],
            link[:LINK_LENGTH_MAX],
            now_ns,
        )

        def work(transaction: Database) -> None:
            transaction.execute(
                "INSERT INTO inbox_items (user_id, id, number, kind, title, text, link, created_ns)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            transaction.execute(
                "DELETE FROM inbox_items WHERE user_id = ? AND number <= (SELECT number"
                " FROM inbox_items WHERE user_id = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
                (user_id, user_id, self._limits.inbox_items_max),
            )

        if within is None:
            self._database.transact(work)
        else:
            work(within)
        if self.on_put is not None:
            self.on_put(user_id)

    def page(
        self, user_id: str, limit: int, before: int | None = None, unread_only: bool = False
    ) -> list[InboxItem]:
        """The newest items of a user, those with a ``number`` below ``before`` if it is given."""
        wanted = ""
        params: list[str | int] = [user_id]
        if before is not None:
            wanted += " AND number < ?"
            params.append(before)
        if unread_only:
            wanted += " AND read_ns IS NULL"
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM inbox_items WHERE user_id = ?{wanted}"
            " ORDER BY number DESC LIMIT ?",
            (*params, limit),
        )
        return [_item(row) for row in rows]

    def unread(self, user_id: str) -> int:
        """How many items a user has not read."""
        rows = self._database.query(
            "SELECT COUNT(*) FROM inbox_items WHERE user_id = ? AND read_ns IS NULL", (user_id,)
        )
        return int(rows[0][0])

    def find(self, user_id: str, item_id: str) -> InboxItem:
        """One item by its id. Raises ``UserError`` ``unknown_inbox_item``."""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM inbox_items WHERE user_id = ? AND id = ?",
            (user_id, item_id.lower()),
        )
        if not rows:
            raise UserError(
                "unknown_inbox_item",
                "item_id",
                "there is no such item",
                "name one of GET /api/v1/inbox",
            )
        return _item(rows[0])

    def mark(self, user_id: str, item_id: str, is_read: bool, now_ns: int) -> InboxItem:
        """Call one item read or unread; one that is already stays as it is.

        Raises ``UserError`` ``unknown_inbox_item``.
        """
        found = self.find(user_id, item_id)
        if (found.read_ns is not None) == is_read:
            return found
        after = msgspec.structs.replace(found, read_ns=now_ns if is_read else None)
        self._database.execute(
            "UPDATE inbox_items SET read_ns = ? WHERE id = ?", (after.read_ns, after.id)
        )
        return after

    def mark_all_read(self, user_id: str, now_ns: int) -> None:
        """Call everything read that a user has now."""
        self._database.execute(
            "UPDATE inbox_items SET read_ns = ? WHERE user_id = ? AND read_ns IS NULL",
            (now_ns, user_id),
        )

    def delete(self, user_id: str, item_id: str) -> None:
        """Forget one item. Raises ``UserError`` ``unknown_inbox_item``."""
        self._database.execute(
            "DELETE FROM inbox_items WHERE id = ?", (self.find(user_id, item_id).id,)
        )

    def forget_user(self, user_id: str, within: Database) -> None:
        """Drop everything a user was told, in the transaction that deletes the user."""
        within.execute("DELETE FROM inbox_items WHERE user_id = ?", (user_id,))


def _item(row: Row) -> InboxItem:
    return InboxItem(*row)
