"""How often single users may ask, where that differs from the house's rule.

Promises: a rate that was never set is None and follows the house; changes reach memory only after
the database. Must not know: how requests are counted.
"""

from typing import Final, NamedTuple

from stockyard.people.errors import UserError
from stockyard.storage.ports import Database

RATE_MAX: Final = 1_000_000_000
"""Per minute."""
_UPSERT: Final = (
    "INSERT INTO user_rates (user_id, requests_per_minute, orders_per_minute) VALUES (?, ?, ?)"
    " ON CONFLICT (user_id) DO UPDATE SET requests_per_minute = excluded.requests_per_minute,"
    " orders_per_minute = excluded.orders_per_minute"
)


class Rates(NamedTuple):
    """How many requests and orders a minute; None for the house's rule."""

    requests_per_minute: int | None = None
    orders_per_minute: int | None = None


HOUSE_RATES: Final = Rates()


class UserRates:
    """All rates that differ, in memory by user, over their table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_user: dict[str, Rates] = {}
        for user_id, requests, orders in database.query(
            "SELECT user_id, requests_per_minute, orders_per_minute FROM user_rates"
            " ORDER BY user_id"
        ):
            self._by_user[user_id] = Rates(requests, orders)

    def __bool__(self) -> bool:
        return bool(self._by_user)

    def of_user(self, user_id: str) -> Rates:
        """A user's rates."""
        return self._by_user.get(user_id, HOUSE_RATES)

    def store(self, user_id: str, rates: Rates) -> None:
        """Set a user's rates. Raises ``UserError`` ``invalid_rate``."""
        for name, value in zip(Rates._fields, rates, strict=True):
            if value is not None and not 1 <= value <= RATE_MAX:
                raise UserError(
                    "invalid_rate",
                    name,
                    f"{value} a minute is no rate",
                    f"send 1 to {RATE_MAX}, or null for the house's rule",
                )
        if rates == HOUSE_RATES:
            self._database.execute("DELETE FROM user_rates WHERE user_id = ?", (user_id,))
            self._by_user.pop(user_id, None)
        else:
            self._database.execute(_UPSERT, (user_id, *rates))
            self._by_user[user_id] = rates
