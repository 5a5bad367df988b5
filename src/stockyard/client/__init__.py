"""A small Python client of Stockyard's own API: accounts, orders, positions, prices and events.

Promises: what does something goes out under an idempotency key, so a lost answer is asked for again
and nothing is done twice; what takes no key and does something is sent once. Every refusal is one
``ApiError`` that says what was wrong and what would be right. Money, prices and quantities go in as
decimal text, integers or ``Decimal`` and come out as decimal text. Must not know: how the server
does anything. A client is for one thread at a time.

    with Client("http://127.0.0.1:8000", key_id, secret_key) as client:
        order = client.orders.place("AAPL", "buy", qty=10)
        print(client.orders.read(order.id).status)
"""

from collections.abc import Generator, Sequence
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

import msgspec

from stockyard.api import answers as a
from stockyard.api.activity_answers import Activity
from stockyard.api.history_answers import BarsPage
from stockyard.api.portfolio_answers import Portfolio
from stockyard.client.transport import (
    TIMEOUT_S,
    TRIES,
    ApiError,
    Event,
    Number,
    Transport,
    number_text,
)

if TYPE_CHECKING:
    from stockyard.client.sim import Sim

__all__ = ["ApiError", "Client", "Event", "Number", "number_text"]
PREFIX: Final = "/api/v1"
DEMO_FILE: Final = "demo.json"


def _key(given: str | None) -> str:
    return token_hex(16) if given is None else given


def _in_path(text: str) -> str:
    return quote(text, safe="")


class Accounts:
    """The account of the credentials, and its cash."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask

    def read(self) -> a.Account:
        """The account."""
        return self._ask("GET", f"{PREFIX}/account", a.Account)

    def all(self) -> list[a.Account]:
        """Every account that the credentials reach."""
        return self._ask("GET", f"{PREFIX}/accounts", list[a.Account])

    def portfolio(self) -> Portfolio:
        """What the account is worth, with its positions."""
        return self._ask("GET", f"{PREFIX}/portfolio", Portfolio)

    def activities(self, **wanted: Any) -> list[Activity]:
        """What happened to it, newest first: ``kind``, ``start``, ``end``, ``after``, ``limit``."""
        return self._ask("GET", f"{PREFIX}/account/activities", list[Activity], query=wanted)

    def change(
        self,
        *,
        profile: str | None = None,
        kind: str | None = None,
        lot_method: str | None = None,
        key: str | None = None,
    ) -> a.AccountChange:
        """Choose the realism profile, the kind or the lot method: one of them."""
        body = {"profile": profile, "kind": kind, "lot_method": lot_method}
        return self._ask("PATCH", f"{PREFIX}/account", a.AccountChange, body, key=_key(key))

    def deposit(self, amount: Number, *, key: str | None = None) -> a.Transfer:
        """Pay in."""
        return self._transfer("deposits", amount, key)

    def withdraw(self, amount: Number, *, key: str | None = None) -> a.Transfer:
        """Pay out."""
        return self._transfer("withdrawals", amount, key)

    def _transfer(self, kind: str, amount: Number, key: str | None) -> a.Transfer:
        body = {"amount": number_text(amount)}
        return self._ask("POST", f"{PREFIX}/account/{kind}", a.Transfer, body, key=_key(key))

    def reset(self, starting_cash: Number | None = None, *, key: str | None = None) -> a.Reset:
        """Start again: orders canceled, positions given up, the cash as given."""
        body = {"starting_cash": None if starting_cash is None else number_text(starting_cash)}
        return self._ask("POST", f"{PREFIX}/account/reset", a.Reset, body, key=_key(key))


class Orders:
    """The account's orders."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask

    def place(
        self,
        symbol: str,
        side: str,
        qty: Number | None = None,
        *,
        notional: Number | None = None,
        type: str | None = None,
        time_in_force: str | None = None,
        limit_price: Number | None = None,
        stop_price: Number | None = None,
        client_order_id: str | None = None,
        key: str | None = None,
        **more: Any,
    ) -> a.Order:
        """Place an order; the answer is as its own record left it. ``more``: every other field of
        POST /api/v1/orders, such as ``order_class``, ``take_profit``, ``extended_hours``.
        """
        body = {
            "symbol": symbol,
            "side": side,
            "qty": qty,
            "notional": notional,
            "type": type,
            "time_in_force": time_in_force,
            "limit_price": limit_price,
            "stop_price": stop_price,
            "client_order_id": client_order_id,
            **more,
        }
        return self._ask("POST", f"{PREFIX}/orders", a.Order, body, key=_key(key))

    def preview(self, symbol: str, side: str, qty: Number | None = None, **more: Any) -> a.Preview:
        """What would become of an order now; nothing is journaled."""
        body = {"symbol": symbol, "side": side, "qty": qty, **more}
        return self._ask("POST", f"{PREFIX}/orders/preview", a.Preview, body)

    def read(self, order_id: str) -> a.Order:
        """An order as it stands."""
        return self._ask("GET", f"{PREFIX}/orders/{_in_path(order_id)}", a.Order)

    def all(self, status: str = "all", **wanted: Any) -> list[a.Order]:
        """Orders, newest first: ``symbol``, ``side``, ``type``, ``start``, ``end``, ``after``,
        ``limit``, ``client_order_id``.
        """
        return self._ask(
            "GET", f"{PREFIX}/orders", list[a.Order], query={"status": status, **wanted}
        )

    def replace(self, order_id: str, *, key: str | None = None, **changed: Any) -> a.Order:
        """Put another order in an order's place; what is not named stays."""
        path = f"{PREFIX}/orders/{_in_path(order_id)}"
        return self._ask("PATCH", path, a.Order, changed, key=_key(key))

    def cancel(self, order_id: str, *, key: str | None = None) -> a.Cancellation:
        """Cancel what is left of an order."""
        path = f"{PREFIX}/orders/{_in_path(order_id)}"
        return self._ask("DELETE", path, a.Cancellation, key=_key(key))

    def cancel_all(
        self, symbol: str | None = None, *, key: str | None = None
    ) -> list[a.Cancellation]:
        """Cancel every open order, or those of a symbol."""
        query = {"symbol": symbol}
        return self._ask(
            "DELETE", f"{PREFIX}/orders", list[a.Cancellation], query=query, key=_key(key)
        )

    def executions(self, order_id: str) -> list[a.Execution]:
        """An order's fills, oldest first, each explained."""
        path = f"{PREFIX}/orders/{_in_path(order_id)}/executions"
        return self._ask("GET", path, list[a.Execution])

    def story(self, order_id: str) -> list[a.Chapter]:
        """Everything that happened to an order and why."""
        return self._ask("GET", f"{PREFIX}/orders/{_in_path(order_id)}/story", list[a.Chapter])


class Positions:
    """What the account holds."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask

    def all(self) -> list[a.Position]:
        """Every position."""
        return self._ask("GET", f"{PREFIX}/positions", list[a.Position])

    def read(self, symbol: str) -> a.Position:
        """The position in a symbol."""
        return self._ask("GET", f"{PREFIX}/positions/{_in_path(symbol)}", a.Position)

    def close(
        self,
        symbol: str,
        *,
        qty: Number | None = None,
        percentage: Number | None = None,
        cancel_orders: bool | None = None,
        key: str | None = None,
    ) -> a.Order:
        """Close a position, or a part of it, at the market."""
        query = {
            "qty": None if qty is None else number_text(qty),
            "percentage": None if percentage is None else number_text(percentage),
            "cancel_orders": None if cancel_orders is None else str(cancel_orders).lower(),
        }
        path = f"{PREFIX}/positions/{_in_path(symbol)}"
        return self._ask("DELETE", path, a.Order, query=query, key=_key(key))


class Client:
    """One account at a Stockyard, by its API key, or by a session's ``token``."""

    def __init__(
        self,
        url: str,
        key_id: str = "",
        secret_key: str = "",
        *,
        token: str = "",
        account_id: str = "",
        timeout_s: float = TIMEOUT_S,
        tries: int = TRIES,
    ) -> None:
        """``timeout_s``: how long one try may take. ``tries``: how often what may be repeated is
        sent at most.
        """
        headers = {"User-Agent": "stockyard-client"}
        if key_id:
            headers |= {"APCA-API-KEY-ID": key_id, "APCA-API-SECRET-KEY": secret_key}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if account_id:
            headers["X-Account-ID"] = account_id
        self.transport = Transport(url, headers, timeout_s, tries)
        self.accounts = Accounts(self.transport)
        self.orders = Orders(self.transport)
        self.positions = Positions(self.transport)

    @classmethod
    def of_directory(cls, data: Path, **more: Any) -> Self:
        """The demo user's client of a data directory that is served, by its ``demo.json``.

        Raises ``ApiError``.
        """
        path = data / DEMO_FILE
        try:
            said = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
            return cls(said["url"], said["api_key"], said["api_secret"], **more)
        except (OSError, msgspec.MsgspecError, KeyError) as error:
            raise ApiError(
                0,
                "no_demo_user",
                f"{path} cannot be read ({type(error).__name__})",
                "name the data directory of a Stockyard with a demo user, or a url and a key",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    @cached_property
    def sim(self) -> "Sim":
        """Test controls, where the server allows them and the key has the scope ``sim``."""
        from stockyard.client.sim import Sim

        return Sim(self.transport)

    def health(self) -> a.Health:
        """Whether it works, and whether it allows test controls."""
        return self.transport.ask("GET", "/health", a.Health)

    def clock(self) -> a.ClockNow:
        """The world's time, and when stocks open and close next."""
        return self.transport.ask("GET", f"{PREFIX}/clock", a.ClockNow)

    def quote(self, symbol: str) -> a.Quote:
        """The quote and last trade of a symbol."""
        return self.transport.ask("GET", f"{PREFIX}/quotes/{_in_path(symbol)}", a.Quote)

    def quotes(self, symbols: Sequence[str] | None = None) -> list[a.Quote]:
        """Quotes of some symbols, or of all."""
        query = {"symbols": None if symbols is None else ",".join(symbols)}
        return self.transport.ask("GET", f"{PREFIX}/quotes", list[a.Quote], query=query)

    def bars(self, symbol: str, window: str = "1m", **wanted: Any) -> BarsPage:
        """A page of bars: ``start``, ``end``, ``limit``, ``cursor``, ``source``."""
        query = {"symbol": symbol, "window": window, **wanted}
        return self.transport.ask("GET", f"{PREFIX}/bars", BarsPage, query=query)

    def events(
        self,
        *,
        channels: Sequence[str] | None = None,
        symbols: Sequence[str] | None = None,
        after: str | None = None,
    ) -> Generator[Event, None, None]:
        """What goes on, without an end: the account's events, and public ``channels``.

        A lost connection is opened again where it broke off. ``after``: an event's id.
        """
        query = {
            "channels": None if channels is None else ",".join(channels),
            "symbols": None if symbols is None else ",".join(symbols),
        }
        return self.transport.listen(f"{PREFIX}/events", query, after)
