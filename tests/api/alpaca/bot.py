"""A client of Alpaca's API without any library: a key, and the shape of every answer."""

from typing import Any
from urllib.parse import unquote

from tests.api.rig import Answer, Rig, Trader


class Bot:
    """Somebody with an API key; ``trader``: the same person through the native API."""

    def __init__(self, rig: Rig, trader: Trader, key: dict[str, str]) -> None:
        self.rig, self.trader, self.key = rig, trader, key

    @classmethod
    async def made(cls, rig: Rig, email: str = "ann@example.com") -> "Bot":
        """Somebody new with a key to trade with."""
        trader = await rig.trader(email)
        return cls(rig, trader, await rig.key(trader.headers))

    async def call(self, method: str, path: str, json: Any = None, **more: Any) -> Answer:
        """A request, whose path may be percent-encoded and have parameters behind it."""
        path, _, query = path.partition("?")
        headers = {**self.key, **more.pop("headers", {})}
        found = await self.rig.call(
            method, unquote(path), json, headers=headers, query=query, **more
        )
        check_shape(found, method)
        return found

    async def get(self, path: str) -> Any:
        """What a request answers that must not be refused."""
        found = await self.call("GET", path)
        assert found.status == 200, found
        return found.json

    async def order(self, **said: Any) -> Any:
        """Place an order that must be taken: 10 AAPL at the market unless said otherwise."""
        found = await self.try_order(**said)
        assert found.status == 200, found
        return found.json

    async def try_order(self, **said: Any) -> Answer:
        """Place an order."""
        body = {
            "symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "10",
            **said,
        }  # fmt: skip
        return await self.call(
            "POST", "/v2/orders", {name: x for name, x in body.items() if x is not None}
        )


def check_shape(answer: Answer, method: str = "GET") -> None:
    """Every answer says what is left of the minute and names its request; a refusal has a code and
    a message.
    """
    assert {"x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= (
        answer.headers.keys()
    )
    if method == "HEAD" or answer.status == 204:
        assert answer.body == b""
        return
    assert answer.headers["content-type"].startswith("application/json")
    if answer.status >= 400:
        told = answer.json
        assert type(told["code"]) is int
        assert type(told["message"]) is str
        assert told["message"]
        assert len(str(told["code"])) == 8
    if "content-length" in answer.headers:
        assert int(answer.headers["content-length"]) == len(answer.body)


def refused(answer: Answer) -> tuple[int, int]:
    """Status and code of a refusal."""
    return answer.status, answer.json["code"]
