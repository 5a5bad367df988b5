"""Who owns which account, and the two steps in which an owner gets one.

An account lives in the engine, its owner here, and no transaction spans both. So: first the wish is
stored with a registration key, then the caller sends ``OpenAccount`` with that key to the engine,
then the answer is stored. A crash between the steps leaves a row that ``unfinished`` lists; as the
engine opens at most one account per key, sending the same words again is harmless.

Promises: a key is never given out twice; every account has one owner; memory changes only after the
database did. Must not know: how the engine is reached.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from stockyard.people.errors import RegistrationConflict, UserError
from stockyard.people.identity import UserStatus
from stockyard.people.limits import PeopleLimits
from stockyard.people.sign_ups import store_finished
from stockyard.people.users import (
    User,
    Users,
    checked_name,
    checked_role,
    new_user_id,
    normal_email,
)
from stockyard.storage.ports import Database


class Opening(NamedTuple):
    """What ``OpenAccount`` will say, stored so that a repair repeats it word for word."""

    name: str
    profile_id: int
    starting_micros: int


class Registration(msgspec.Struct, frozen=True, gc=False):
    """One account of one user: ``account_id`` is None until the engine has opened it."""

    key: str
    user_id: str
    ordinal: int
    name: str
    profile_id: int
    starting_micros: int
    account_id: int | None
    created_ns: int


_COLUMNS = (
    "registration_key, user_id, ordinal, name, profile_id, starting_micros, account_id, created_ns"
)


class Registrations:
    """All accounts' owners and all half-finished registrations, in memory over their table."""

    def __init__(
        self,
        database: Database,
        users: Users,
        limits: PeopleLimits,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._database, self._users = database, users
        self._limits, self._random_bytes = limits, random_bytes
        self._by_key: dict[str, Registration] = {}
        self._by_user: dict[str, dict[str, Registration]] = {}
        self._by_account: dict[int, Registration] = {}
        self._unfinished: dict[str, Registration] = {}
        for row in database.query(
            f"SELECT {_COLUMNS} FROM account_owners ORDER BY created_ns, user_id, ordinal"
        ):
            self._keep(Registration(*row))

    def begin(
        self,
        name: str,
        email: str,
        password_hash: str,
        role: str,
        opening: Opening,
        now_ns: int,
    ) -> Registration:
        """Store a pending user who wants a first account; the key is the user's id.

        Raises ``UserError``: ``invalid_name``, ``invalid_email``, ``invalid_role``,
        ``email_taken``, ``too_many_users``.
        """
        email, name, role = normal_email(email), checked_name(name), checked_role(role)
        opening = opening._replace(name=checked_name(opening.name, "account_name"))
        self.check_room(email)
        user = User(
            id=new_user_id(self._random_bytes),
            name=name,
            email=email,
            role=role,
            status=UserStatus.PENDING,
            created_ns=now_ns,
            accounts_begun=1,
        )
        registration = Registration(user.id, user.id, 1, *opening, None, now_ns)

        def work(transaction: Database) -> None:
            transaction.execute(
                "INSERT INTO users (id, name, email, password_hash, role, status, accounts_begun,"
                " created_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (user.id, name, email, password_hash, role, user.status, 1, now_ns),
            )
            _insert(transaction, registration)

        self._database.transact(work)
        self._users.keep(user)
        self._keep(registration)
        return registration

    def check_room(self, email: str) -> None:
        """Raise ``UserError`` ``email_taken`` or ``too_many_users`` if a user cannot be added.

        ``email`` is in its normal form. Callers ask before they spend the work of hashing a
        password.
        """
        if self._users.by_email(email) is not None:
            raise UserError(
                "email_taken",
                "email",
                "there is already a user with this e-mail address",
                "sign in, or use another address",
            )
        self.check_places()

    def check_places(self) -> None:
        """Raise ``UserError`` ``too_many_users`` if there is no room for another user."""
        if len(self._users) >= self._limits.users_max:
            raise UserError(
                "too_many_users",
                "",
                "this Stockyard has as many users as it may have",
                "ask whoever runs it to raise the limit",
            )

    def begin_account(self, user_id: str, opening: Opening, now_ns: int) -> Registration:
        """Store an active user's wish for a further account under a key of its own.

        Raises ``UserError``: ``invalid_name``, ``user_not_active``, ``too_many_accounts``.
        """
        user = self._users.require(user_id)
        opening = opening._replace(name=checked_name(opening.name, "account_name"))
        if user.status != UserStatus.ACTIVE:
            raise UserError(
                "user_not_active",
                "",
                f"the user is {user.status}",
                "only an active user may open an account",
            )
        if len(self._by_user.get(user_id, ())) >= self._limits.accounts_per_user_max:
            raise UserError(
                "too_many_accounts",
                "",
                f"a user may have {self._limits.accounts_per_user_max} accounts",
                "use one of them",
            )
        ordinal = user.accounts_begun + 1
        registration = Registration(
            f"{user_id}/{ordinal}", user_id, ordinal, *opening, None, now_ns
        )

        def work(transaction: Database) -> None:
            transaction.execute(
                "UPDATE users SET accounts_begun = ? WHERE id = ?", (ordinal, user_id)
            )
            _insert(transaction, registration)

        self._database.transact(work)
        self._users.keep(msgspec.structs.replace(user, accounts_begun=ordinal))
        self._keep(registration)
        return registration

    def complete(self, key: str, account_id: int) -> Registration:
        """Link the account that the engine opened for ``key``; a pending user becomes active.

        Repeating it changes nothing. Raises ``RegistrationConflict`` for an unknown key, or when
        the key or the account is already linked otherwise.
        """
        found = self._by_key.get(key)
        if found is None:
            raise RegistrationConflict(f"no registration {key} for account {account_id}")
        if found.account_id == account_id:
            return found
        if found.account_id is not None or account_id in self._by_account:
            raise RegistrationConflict(f"registration {key} cannot take account {account_id}")
        done = msgspec.structs.replace(found, account_id=account_id)
        user = self._users.require(done.user_id)

        def work(transaction: Database) -> None:
            nonlocal user
            transaction.execute(
                "UPDATE account_owners SET account_id = ? WHERE registration_key = ?",
                (account_id, key),
            )
            if user.status == UserStatus.PENDING:
                user = self._users.store_status(transaction, user.id, UserStatus.ACTIVE)
                store_finished(transaction, user.email)

        self._database.transact(work)
        self._users.keep(user)
        self._keep(done)
        return done

    def abandon(self, key: str) -> None:
        """Drop an unfinished registration that the engine denied, with its user if still pending.

        The e-mail address is free again; the key is not used again. Raises ``RegistrationConflict``
        when the key is unknown or already has its account.
        """
        found = self._by_key.get(key)
        if found is None or found.account_id is not None:
            raise RegistrationConflict(f"registration {key} is not unfinished")
        user = self._users.require(found.user_id)
        drop_user = user.status == UserStatus.PENDING

        def work(transaction: Database) -> None:
            transaction.execute("DELETE FROM account_owners WHERE registration_key = ?", (key,))
            if drop_user:
                transaction.execute("DELETE FROM users WHERE id = ?", (user.id,))

        self._database.transact(work)
        del self._by_key[key], self._by_user[user.id][key], self._unfinished[key]
        if drop_user:
            del self._by_user[user.id]
            self._users.forget(user)

    def unfinished(self) -> tuple[Registration, ...]:
        """Registrations without an account, oldest first: send ``OpenAccount`` for each again."""
        return tuple(self._unfinished.values())

    def owned(self, user_id: str) -> tuple[Registration, ...]:
        """The accounts of a user that are open, oldest first."""
        kept = self._by_user.get(user_id, {}).values()
        return tuple(sorted((r for r in kept if r.account_id is not None), key=_ordinal))

    def account_ids(self, user_id: str) -> tuple[int, ...]:
        """Ids of the accounts of a user that are open, oldest first."""
        return tuple(r.account_id for r in self.owned(user_id) if r.account_id is not None)

    def owner(self, account_id: int) -> Registration | None:
        """Whose account this is."""
        return self._by_account.get(account_id)

    def _keep(self, registration: Registration) -> None:
        self._by_key[registration.key] = registration
        self._by_user.setdefault(registration.user_id, {})[registration.key] = registration
        if registration.account_id is None:
            self._unfinished[registration.key] = registration
        else:
            self._unfinished.pop(registration.key, None)
            self._by_account[registration.account_id] = registration


def _ordinal(registration: Registration) -> int:
    return registration.ordinal


def _insert(transaction: Database, registration: Registration) -> None:
    transaction.execute(
        f"INSERT INTO account_owners ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        msgspec.structs.astuple(registration),
    )
