"""What people change of themselves: password, e-mail address, and that they are users at all.

Promises: each change is one transaction, and memory follows once it is durable. Who changes a
password stays signed in where that was done and nowhere else. Who leaves is forgotten here but for
an empty row that owns the accounts, so that the books keep an owner; the address is free again.
Must not know: how it was settled who asks, or what becomes of accounts in the engine.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.identity import Role, UserStatus
from stockyard.people.users import User, Users, normal_email
from stockyard.storage.ports import Database

ERASED_NAME: Final = "Deleted user"
ERASED_DOMAIN: Final = "deleted.invalid"
"""No mail can be sent there (RFC 2606, section 2)."""


class Personal(NamedTuple):
    """Something kept for a user that goes with the user: both get the user's id and accounts.

    ``store_erase`` deletes it inside a transaction; ``erase`` forgets it once that is durable.
    """

    store_erase: Callable[[Database, str, tuple[int, ...]], None]
    erase: Callable[[str, tuple[int, ...]], object]


def checked_other(user: User, email: str) -> str:
    """An address that is not the user's own, in its normal form.

    Raises ``UserError``: ``invalid_email``, ``same_email``.
    """
    normal = normal_email(email)
    if normal == user.email:
        raise UserError("same_email", "email", "this is the address already", "give another one")
    return normal


class Changes:
    """Changes of users that reach beyond their row.

    ``personal``: what goes with a user; rooms that keep something for people add themselves.
    """

    def __init__(self, database: Database, users: Users, identify: Callable[[str], None]) -> None:
        self._database, self._users, self._identify = database, users, identify
        self.personal: list[Personal] = []
        self._leaving: dict[str, None] = {
            user_id: None
            for (user_id,) in database.query(
                "SELECT user_id FROM leavings WHERE done_ns IS NULL ORDER BY left_ns, user_id"
            )
        }

    def email(self, user_id: str, email: str) -> User:
        """Give a user another address.

        Raises ``UserError``: ``invalid_email``, ``same_email``, ``email_taken``.
        """
        user = self._users.require(user_id)
        normal = checked_other(user, email)
        self.check_free(normal)
        changed = msgspec.structs.replace(user, email=normal)
        self._database.execute("UPDATE users SET email = ? WHERE id = ?", (normal, user_id))
        self._users.move(user, changed)
        return changed

    def check_free(self, email: str) -> None:
        """Raise ``UserError`` ``email_taken`` if an address, in its normal form, is a user's."""
        if self._users.by_email(email) is not None:
            raise UserError(
                "email_taken",
                "email",
                "there is already a user with this e-mail address",
                "use another address",
            )

    def leave(
        self,
        user_id: str,
        account_ids: tuple[int, ...],
        password_hash: str,
        now_ns: int,
    ) -> User:
        """Erase a user: ``password_hash`` is of a password that nobody knows.

        What becomes of its accounts in the engine is to be done next, and noted by ``left``;
        until then ``leaving`` tells of it, also after a crash. The caller has seen that an admin
        stays.
        """
        user = self._users.require(user_id)
        erased = msgspec.structs.replace(
            user,
            name=ERASED_NAME,
            email=f"{user_id}@{ERASED_DOMAIN}",
            role=Role.USER,
            status=UserStatus.CLOSED,
        )

        def work(transaction: Database) -> None:
            transaction.execute(
                "UPDATE users SET name = ?, email = ?, role = ?, status = ?, password_hash = ?"
                " WHERE id = ?",
                (erased.name, erased.email, erased.role, erased.status, password_hash, user_id),
            )
            transaction.execute(
                "INSERT INTO leavings (user_id, left_ns) VALUES (?, ?)", (user_id, now_ns)
            )
            for kept in self.personal:
                kept.store_erase(transaction, user_id, account_ids)

        self._database.transact(work)
        self._users.move(user, erased)
        self._leaving[user_id] = None
        for kept in self.personal:
            kept.erase(user_id, account_ids)
        self._identify(user_id)
        return erased

    def leaving(self) -> tuple[str, ...]:
        """Users that were erased and whose accounts were not seen to yet, longest ago first."""
        return tuple(self._leaving)

    def left(self, user_id: str, now_ns: int) -> None:
        """Note that a user's accounts were seen to."""
        self._database.execute(
            "UPDATE leavings SET done_ns = ? WHERE user_id = ?", (now_ns, user_id)
        )
        self._leaving.pop(user_id, None)
