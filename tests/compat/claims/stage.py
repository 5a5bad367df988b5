"""A live process for the checks of claims, and what they need to have happened there.

Promises: what one check does leaves the others as they are: an order that is placed for a check is
canceled behind it. Must not know: what is claimed.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.e2e.running import Client, Running

Body = dict[str, Any]


class Stage:
    """A server with a demo user, who holds some shares and has some orders."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.server = Running(data / "stage", updates_per_second=20)
        self._client = self.server.connect()
        self._narrow: Running | None = None
        self._known: dict[Any, Any] = {}
        self._early = ThreadPoolExecutor()
        self._begun: dict[Any, Future[Any]] = {}

    def close(self) -> None:
        """End what was started."""
        self._client.close()
        self.server.kill()
        self._early.shutdown()
        if self._narrow is not None:
            self._narrow.kill()

    def narrow(self) -> Client:
        """A client of a server that takes five requests a minute."""
        if self._narrow is None:
            self._narrow = Running(self._data / "narrow", alpaca_requests_per_minute=5)
        return self._narrow.connect()

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and body."""
        return self._client.ask(method, path, body, headers)

    def get(self, path: str) -> Any:
        """The body of a GET that must succeed."""
        return self._client.get(path)

    def done(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The body of a request that must be answered with a status."""
        found, said = self.ask(method, path, body)
        assert found == status, (method, path, found, said)
        return said

    def begin(self, make: Callable[["Stage"], Any]) -> None:
        """Let a function begin that takes long and asks nothing of this stage's own connection."""
        self._begun[make] = self._early.submit(make, self)

    def once(self, make: Callable[["Stage"], Any]) -> Any:
        """What a function makes, made once."""
        if make not in self._known:
            begun = self._begun.get(make)
            self._known[make] = begun.result() if begun is not None else make(self)
        return self._known[make]

    def price(self, symbol: str = "AAPL") -> float:
        """About what it costs now."""
        found = self.get(f"/v2/stocks/quotes/latest?symbols={symbol}")["quotes"][symbol]
        return float(found["ap"])

    def placed(self, **said: Any) -> Body:
        """An order that must be taken: 1 AAPL, far below the market, unless said otherwise."""
        body = {
            "symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "time_in_force": "gtc",
            "limit_price": f"{self.price() * 0.8:.2f}", **said,
        }  # fmt: skip
        found: Body = self.done(
            "POST", "/v2/orders", {name: x for name, x in body.items() if x is not None}
        )
        return found

    @contextmanager
    def order(self, **said: Any) -> Iterator[Body]:
        """The same for as long as it is looked at."""
        found = self.placed(**said)
        yield found
        self.ask("DELETE", f"/v2/orders/{found['id']}")

    def bought(self, symbol: str = "AAPL", qty: str = "10") -> Body:
        """A market order that was filled."""
        found = self.placed(
            symbol=symbol, qty=qty, type="market", limit_price=None, time_in_force="day"
        )
        return self.until(f"/v2/orders/{found['id']}", lambda order: order["status"] == "filled")

    def until(self, path: str, told: Callable[[Any], bool], seconds: float = 10) -> Any:
        """What a GET answers as soon as it says what it should."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.get(path)
            if told(found):
                return found
            assert time.monotonic() < deadline, (path, found)
            time.sleep(0.02)

    def name(self) -> str:
        """A name that nobody has used."""
        return f"claim-{uuid4().hex[:12]}"
