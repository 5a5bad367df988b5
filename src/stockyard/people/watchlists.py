"""Watchlists: symbols that somebody keeps an eye on, in an order of their own, for one account.

Promises: within an account every list has its own name; a symbol stands in a list once; somebody
else's list is as if it did not exist; changes reach memory only after the database. Must not know:
which symbols there are.
"""

import json
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.people.users import checked_name
from stockyard.storage.ports import Database

NAME_LENGTH_MAX: Final = 64
_ID_BYTES: Final = 16


class Watchlist(msgspec.Struct, frozen=True, gc=False):
    """One list; ``symbols`` in the order in which they are shown, as lists are by ``place``."""

    id: str
    account_id: int
    name: str
    symbols: tuple[str, ...]
    created_ns: int
    updated_ns: int
    place: int = 0


class Watchlists:
    """All lists, in memory by account, over their table."""

    def __init__(
        self, database: Database, limits: PeopleLimits, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._database, self._limits, self._random_bytes = database, limits, random_bytes
        self._by_account: dict[int, dict[str, Watchlist]] = {}
        for list_id, account_id, name, symbols, *rest in database.query(
            "SELECT id, account_id, name, symbols, created_ns, updated_ns, place FROM watchlists"
            " ORDER BY place, created_ns, id"
        ):
            self._keep(Watchlist(list_id, account_id, name, tuple(json.loads(symbols)), *rest))

    def of_account(self, account_id: int) -> tuple[Watchlist, ...]:
        """An account's lists in their order; new ones come last."""
        return tuple(self._by_account.get(account_id, {}).values())

    def find(self, account_id: int, list_id: str) -> Watchlist:
        """One list by its id. Raises ``UserError`` ``unknown_watchlist``."""
        found = self._by_account.get(account_id, {}).get(list_id.lower())
        if found is None:
            raise _unknown("watchlist_id")
        return found

    def named(self, account_id: int, name: str) -> Watchlist:
        """One list by its name. Raises ``UserError`` ``unknown_watchlist``."""
        name = name.strip()
        for found in self._by_account.get(account_id, {}).values():
            if found.name == name:
                return found
        raise _unknown("name")

    def create(self, account_id: int, name: str, symbols: Iterable[str], now_ns: int) -> Watchlist:
        """Make a list.

        Raises ``UserError``: ``invalid_name``, ``watchlist_exists``, ``too_many_watchlists``,
        ``too_many_watched``.
        """
        name = self._free_name(account_id, name, "")
        most = self._limits.watchlists_per_account_max
        if len(self._by_account.get(account_id, ())) >= most:
            raise UserError(
                "too_many_watchlists",
                "",
                f"an account may have {most} watchlists",
                "delete one that is not used any more",
            )
        told = self._checked(symbols)
        list_id = str(UUID(bytes=self._random_bytes(_ID_BYTES), version=4))
        last = max([x.place for x in self._by_account.get(account_id, {}).values()], default=-1)
        made = Watchlist(list_id, account_id, name, told, now_ns, now_ns, last + 1)
        self._database.execute(
            "INSERT INTO watchlists (id, account_id, name, symbols, created_ns, updated_ns, place)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (made.id, account_id, name, json.dumps(told), now_ns, now_ns, made.place),
        )
        self._keep(made)
        return made

    def change(
        self,
        account_id: int,
        list_id: str,
        name: str | None,
        symbols: Iterable[str] | None,
        now_ns: int,
    ) -> Watchlist:
        """Give a list another name, other symbols or both; None leaves it.

        Raises ``UserError``: ``unknown_watchlist``, ``invalid_name``, ``watchlist_exists``,
        ``too_many_watched``.
        """
        before = self.find(account_id, list_id)
        told = before.symbols if symbols is None else self._checked(symbols)
        name = before.name if name is None else self._free_name(account_id, name, before.id)
        if (name, told) == (before.name, before.symbols):
            return before
        after = msgspec.structs.replace(before, name=name, symbols=told, updated_ns=now_ns)
        self._database.execute(
            "UPDATE watchlists SET name = ?, symbols = ?, updated_ns = ? WHERE id = ?",
            (name, json.dumps(told), now_ns, after.id),
        )
        self._keep(after)
        return after

    def move(self, account_id: int, list_id: str, index: int) -> Watchlist:
        """Put a list at this place among the account's, 0 for the first; beyond the end is last.

        Raises ``UserError`` ``unknown_watchlist``.
        """
        moved = self.find(account_id, list_id)
        lists = [x for x in self._by_account[account_id].values() if x.id != moved.id]
        lists.insert(index, moved)
        placed = [msgspec.structs.replace(x, place=place) for place, x in enumerate(lists)]
        self._database.executemany(
            "UPDATE watchlists SET place = ? WHERE id = ?", [(x.place, x.id) for x in placed]
        )
        self._by_account[account_id] = {x.id: x for x in placed}
        return self.find(account_id, moved.id)

    def add(self, account_id: int, list_id: str, symbol: str, now_ns: int) -> Watchlist:
        """Put a symbol at the end; one that is there stays where it is.

        Raises ``UserError``: ``unknown_watchlist``, ``too_many_watched``.
        """
        found = self.find(account_id, list_id)
        return self.change(account_id, list_id, None, (*found.symbols, symbol), now_ns)

    def remove(self, account_id: int, list_id: str, symbol: str, now_ns: int) -> Watchlist:
        """Take a symbol out. Raises ``UserError``: ``unknown_watchlist``, ``not_watched``."""
        found = self.find(account_id, list_id)
        if symbol not in found.symbols:
            raise UserError(
                "not_watched", "symbol", "the symbol is not in this watchlist", "read the list"
            )
        left = [other for other in found.symbols if other != symbol]
        return self.change(account_id, list_id, None, left, now_ns)

    def delete(self, account_id: int, list_id: str) -> None:
        """Forget a list. Raises ``UserError`` ``unknown_watchlist``."""
        found = self.find(account_id, list_id)
        self._database.execute("DELETE FROM watchlists WHERE id = ?", (found.id,))
        del self._by_account[account_id][found.id]

    def store_erase(self, transaction: Database, account_ids: tuple[int, ...]) -> None:
        """Delete the lists of accounts in the database; ``erase`` once that is durable."""
        for account_id in account_ids:
            transaction.execute("DELETE FROM watchlists WHERE account_id = ?", (account_id,))

    def erase(self, account_ids: tuple[int, ...]) -> None:
        """Forget the lists of accounts, which the database no longer holds."""
        for account_id in account_ids:
            self._by_account.pop(account_id, None)

    def _keep(self, found: Watchlist) -> None:
        self._by_account.setdefault(found.account_id, {})[found.id] = found

    def _free_name(self, account_id: int, text: str, own_id: str) -> str:
        name = checked_name(text)
        if len(name) > NAME_LENGTH_MAX:
            raise UserError(
                "invalid_name",
                "name",
                f"the name has {len(name)} characters",
                f"use 1 to {NAME_LENGTH_MAX} characters",
            )
        lists = self._by_account.get(account_id, {}).values()
        if any(other.name == name and other.id != own_id for other in lists):
            raise UserError(
                "watchlist_exists",
                "name",
                "the account has a watchlist of this name",
                "choose another name, or change that one",
            )
        return name

    def _checked(self, symbols: Iterable[str]) -> tuple[str, ...]:
        """The symbols in their order, each at its first place."""
        told = tuple(dict.fromkeys(symbols))
        most = self._limits.watched_per_list_max
        if len(told) > most:
            raise UserError(
                "too_many_watched",
                "symbols",
                f"the watchlist would have {len(told)} symbols",
                f"keep at most {most} in one; begin another list",
            )
        return told


def _unknown(field: str) -> UserError:
    return UserError(
        "unknown_watchlist", field, "there is no such watchlist", "name one of the account's"
    )
