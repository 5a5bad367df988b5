"""What those who run the house do to a user: look, limit, freeze, grant, change role and status.

Promises: an instructor sees users of role user alone, and anybody else as if there were nobody;
what binds trading is decided in the engine, under the name of whoever decided it. Must not know:
how it was asked for.
"""

from hashlib import sha256
from typing import Final

from stockyard.api import admin_shapes as s
from stockyard.api.auth import actor
from stockyard.api.door import NO_DIGEST, Decision, Door, digest
from stockyard.api.gateway import Gateway
from stockyard.api.heads import Head
from stockyard.api.limiting import kept_limits, shown_limits
from stockyard.api.problems import Problem
from stockyard.api.shapes import time_text
from stockyard.model.bounds import AccountLimits
from stockyard.model.codes import AccountStatus
from stockyard.model.commands import (
    CancelAllOrders,
    DepositCash,
    SetAccountLimits,
    SetTradingFreeze,
)
from stockyard.model.ids import Kind
from stockyard.model.numbers import format_cash
from stockyard.model.records import Origin
from stockyard.people.directory import People
from stockyard.people.identity import Identity, Role, Scope, UserStatus
from stockyard.people.user_rates import HOUSE_RATES
from stockyard.people.users import User
from stockyard.projections.rows import AccountRow

SEARCH_LENGTH_MAX: Final = 200


class Overseer:
    """Somebody who runs the house, and one request of theirs."""

    def __init__(self, door: Door, gateway: Gateway, identity: Identity, head: Head) -> None:
        self.door, self.gateway, self.identity, self.head = door, gateway, identity, head

    @property
    def _origin(self) -> Origin:
        head = self.head
        return Origin(actor(self.identity), head.request_id, head.address, head.user_agent)

    # Looking.

    def may_see(self, user: User) -> bool:
        """Whether a user is one of those that this one looks after."""
        return Scope.ADMIN in self.identity.scopes or user.role == Role.USER

    def user(self, user_id: str) -> User:
        """A user by id. Raises ``Problem`` 404."""
        found = self.door.desk.alone(lambda people: people.user(user_id))
        if found is None or not self.may_see(found):
            raise Problem(
                404,
                "unknown_user",
                "there is no such user",
                "name one of GET /api/v1/admin/users",
                field="user_id",
            )
        return found

    def rows(self, user: User) -> list[AccountRow]:
        """A user's accounts, oldest first."""
        view = self.door.view
        owned = self.door.desk.alone(lambda people: people.accounts(user.id))
        return [
            view.accounts[one.account_id]
            for one in owned
            if one.account_id is not None and one.account_id in view.accounts
        ]

    def account(self, user: User, named: str | None, field: str = "account") -> AccountRow:
        """An account of a user by its public id, or the oldest. ``field``: what the request calls
        it. Raises ``Problem`` 404, 409.
        """
        rows = self.rows(user)
        if not rows:
            raise Problem(
                409,
                "registration_unfinished",
                "the user's first account is not open yet",
                "try again in a moment",
                retryable=True,
            )
        if named is None:
            return rows[0]
        found = self.door.ids.parse(Kind.ACCOUNT, named)
        for row in rows:
            if found is not None and row.account_id == found[0]:
                return row
        raise Problem(
            404,
            "unknown_account",
            "the user has no such account",
            "name one of the user's accounts",
            field=field,
        )

    def line(self, user: User) -> s.UserLine:
        """A user as one line."""
        rows, view = self.rows(user), self.door.view
        equity = sum(view.equity_micros(row.account_id) for row in rows)
        own = self.door.desk.people.rates.of_user(user.id)
        return s.UserLine(
            user.id,
            user.name,
            user.email,
            user.role,
            user.status,
            time_text(user.created_ns),
            len(rows),
            format_cash(equity),
            any(row.frozen for row in rows),
            any(row.limits for row in rows) or own != HOUSE_RATES,
            sum(
                1
                for one in self.gateway
                if one.identity is not None and one.identity.user_id == user.id
            ),
        )

    def limits(self, user: User) -> s.UserLimits:
        """What a user is limited to."""
        rows = self.rows(user)
        found = kept_limits(rows[0].limits if rows else "")
        return shown_limits(self.door, found, self.door.desk.people.rates.of_user(user.id))

    def detail(self, user: User) -> s.UserDetail:
        """All about a user."""
        door = self.door
        sessions = door.desk.alone(lambda people: people.session_count(user.id))
        keys = door.desk.alone(lambda people: people.keys(user.id))
        return s.UserDetail(
            self.line(user),
            [door.render.account(row) for row in self.rows(user)],
            self.limits(user),
            sessions,
            sum(1 for key in keys if key.revoked_ns is None),
        )

    # Doing.

    async def limit(self, user: User, limits: AccountLimits) -> Decision:
        """Limit what a user may open."""
        row, key = self.account(user, None), self._key()
        told = digest("PUT limits", limits) if key else NO_DIGEST
        command = SetAccountLimits(row.account_id, limits, key, told)
        return await self.door.decide(command, self._origin)

    async def freeze(self, user: User, frozen: bool) -> Decision:
        """Freeze a user's trading, or allow it again."""
        row, key = self.account(user, None), self._key()
        told = digest("PUT freeze", frozen) if key else NO_DIGEST
        command = SetTradingFreeze(row.account_id, frozen, key, told)
        return await self.door.decide(command, self._origin)

    async def cancel_orders(self, user: User) -> None:
        """Cancel the open orders of every account of a user."""
        for row in self.rows(user):
            if row.status == AccountStatus.ACTIVE and self.door.view.open_orders[row.account_id]:
                command = CancelAllOrders(row.account_id, 0, "", NO_DIGEST)
                await self.door.decide(command, self._origin)

    async def grant(self, user: User, row: AccountRow, micros: int) -> Decision:
        """Give money to an account of a user."""
        key = self._key()
        told = digest("POST grants", row.account_id, micros) if key else NO_DIGEST
        command = DepositCash(row.account_id, micros, key, told)
        return await self.door.decide(command, self._origin)

    async def change(self, user: User, role: str | None, status: str | None) -> User:
        """Give a user another role or status. Raises ``Problem``, ``UserError``."""
        if user.id == self.identity.user_id:
            raise Problem(
                409,
                "own_user",
                "nobody changes their own role or status",
                "ask another administrator",
                field="user_id",
            )

        def work(people: People) -> User:
            found = user
            if role is not None:
                found = people.set_role(user.id, role)
            if status is not None:
                found = people.set_status(user.id, status)
            return found

        changed = await self.door.desk.write(work)
        if status not in (None, UserStatus.ACTIVE):
            for listener in self.gateway:
                listener.recheck()
        return changed

    def _key(self) -> str:
        """The request's idempotency key, apart from the keys of the account's owner."""
        key = self.head.idempotency_key
        if not key:
            return ""
        return "operator#" + sha256(f"{self.identity.user_id} {key}".encode()).hexdigest()
