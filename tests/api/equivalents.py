"""The endpoints of the five systems that this one covers, and what answers in their place here.

Each row is a claim: ``test_equivalents`` makes the request of every row, and the page
``docs/reference/equivalents.md`` is written from them. Must not know: how the page looks.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import msgspec
from websockets.asyncio.client import connect

from stockyard.model.stages import StageReport
from stockyard.model.ticks import TradeTick
from tests.api.rig import NOW, PASSWORD, Answer, Rig, Trader
from tests.api.serving import say, served, told
from tests.api.test_links import Browser

TRADING = "Trading simulator"
ENGINE = "In-memory engine"
OPTIONS = "Options trader"
PLATFORM = "Stock platform"
PIPELINE = "Market data pipeline"
INGEST: Final = ("feeder", "sesame")
INNER: Final = "inner"
Proof = Callable[[Rig, Trader], Awaitable[None]]


class Equivalent(NamedTuple):
    """One endpoint of theirs, what it is here, and a request that shows it."""

    system: str
    theirs: str
    here: str
    note: str
    proof: Proof


def asks(
    method: str, path: str, json: Any = None, query: str = "", status: int = 200, **holds: Any
) -> Proof:
    """A proof by one request of someone signed in; ``holds``: members of the answer."""

    async def proof(rig: Rig, ann: Trader) -> None:
        answer = await rig.call(method, path, json, headers=ann.headers, query=query)
        assert answer.status == status, answer
        for name, value in holds.items():
            assert answer.json[name] == value, answer

    return proof


def lists(method: str, path: str, query: str = "") -> Proof:
    """A proof by one request that is answered by a list with something in it."""

    async def proof(rig: Rig, ann: Trader) -> None:
        answer = await rig.call(method, path, headers=ann.headers, query=query)
        assert answer.status == 200, answer
        assert isinstance(answer.json, list)
        assert answer.json

    return proof


async def signs_up(rig: Rig, ann: Trader) -> None:
    """Somebody new."""
    await rig.register("new@example.com")


async def signs_in(rig: Rig, ann: Trader) -> None:
    """With e-mail and password."""
    assert "Authorization" in await rig.sign_in()


async def gets_tokens(rig: Rig, ann: Trader) -> None:
    """JWT access and refresh tokens."""
    said = {"email": "ann@example.com", "password": PASSWORD}
    answer = await rig.call("POST", "/api/v1/auth/token", said)
    assert answer.status == 200, answer
    bearer = {"Authorization": "Bearer " + answer.json["access_token"]}
    assert answer.json["access_token"].count(".") == 2
    assert (await rig.call("GET", "/api/v1/me", headers=bearer)).status == 200
    again = {"refresh_token": answer.json["refresh_token"]}
    assert (await rig.call("POST", "/api/v1/auth/token/refresh", again)).status == 200


async def signs_out(rig: Rig, ann: Trader) -> None:
    """The session is over."""
    headers = await rig.sign_in()
    assert (await rig.call("POST", "/api/v1/auth/logout", headers=headers)).status == 204
    assert (await rig.call("GET", "/api/v1/me", headers=headers)).status == 401


async def mails_a_link(rig: Rig, ann: Trader) -> None:
    """A link is mailed."""
    assert await Browser(rig).ask()


async def signs_in_by_link(rig: Rig, ann: Trader) -> None:
    """The link signs in the browser that asked for it, by a cookie."""
    browser = Browser(rig)
    await browser.open(await browser.ask())
    assert await browser.is_in()


async def buys_and_sells(rig: Rig, ann: Trader) -> None:
    """At the market."""
    assert (await ann.order(qty="2")).json["status"] == "filled"
    assert (await ann.order(side="sell", qty="1")).json["status"] == "filled"


async def closes(rig: Rig, ann: Trader) -> None:
    """A position, whole."""
    await ann.order(qty="2")
    answer = await ann.call("DELETE", "/positions/AAPL")
    assert answer.status in (200, 201), answer
    assert (await ann.call("GET", "/positions")).json == []


async def cancels(rig: Rig, ann: Trader) -> None:
    """An order that waits."""
    order = (await ann.order(type="limit", limit_price="150")).json["id"]
    assert (await ann.call("GET", f"/orders/{order}")).json["status"] == "new"
    assert (await ann.call("DELETE", f"/orders/{order}")).json["status"] == "canceled"


async def reads_an_order(rig: Rig, ann: Trader) -> None:
    """By its id."""
    order = (await ann.order()).json["id"]
    assert (await ann.call("GET", f"/orders/{order}")).json["id"] == order


async def lists_orders(rig: Rig, ann: Trader) -> None:
    """All of them."""
    order = (await ann.order()).json["id"]
    found = (await ann.call("GET", "/orders", query="status=all")).json
    assert [one["id"] for one in found] == [order]


async def lists_positions(rig: Rig, ann: Trader) -> None:
    """With their prices."""
    await ann.order()
    (found,) = (await ann.call("GET", "/positions")).json
    assert (found["symbol"], found["current_price"]) == ("AAPL", "189.99")


async def lists_activities(rig: Rig, ann: Trader) -> None:
    """What was deposited and traded."""
    await ann.order()
    kinds = {one["kind"] for one in (await ann.call("GET", "/account/activities")).json}
    assert {"fill", "deposit"} <= kinds or len(kinds) > 1, kinds


async def _watchlist(ann: Trader) -> str:
    made = await ann.call("POST", "/watchlists", {"name": "Tech", "symbols": ["AAPL"]})
    assert made.status == 201, made
    return str(made.json["id"])


async def lists_watchlists(rig: Rig, ann: Trader) -> None:
    """In their order."""
    name = await _watchlist(ann)
    assert [one["id"] for one in (await ann.call("GET", "/watchlists")).json] == [name]


async def makes_a_watchlist(rig: Rig, ann: Trader) -> None:
    """With symbols at once."""
    await _watchlist(ann)


async def watches_a_symbol(rig: Rig, ann: Trader) -> None:
    """One more."""
    name = await _watchlist(ann)
    answer = await ann.call("POST", f"/watchlists/{name}/symbols", {"symbol": "MSFT"})
    assert answer.json["symbols"] == ["AAPL", "MSFT"]


async def unwatches_a_symbol(rig: Rig, ann: Trader) -> None:
    """One fewer."""
    name = await _watchlist(ann)
    answer = await ann.call("DELETE", f"/watchlists/{name}/symbols/AAPL")
    assert answer.json["symbols"] == []


async def streams(rig: Rig, ann: Trader) -> None:
    """Subscribe, hear of quotes, unsubscribe, ping."""
    token = ann.headers["Authorization"].removeprefix("Bearer ")
    async with (
        served(rig) as port,
        connect(f"ws://127.0.0.1:{port}/api/v1/stream?token={token}") as client,
    ):

        async def until(kind: str) -> Any:
            while (frame := await told(client))["type"] != kind:
                pass
            return frame

        await until("authenticated")
        await say(client, type="subscribe", symbols=["AAPL"])
        assert (await until("snapshot"))["quotes"][0]["symbol"] == "AAPL"
        rig.quote("AAPL", 190.00, 190.02)
        assert (await until("quotes"))["quotes"][0]["bid"] == "190.00"
        for said in ("unsubscribe_all", "subscribe_all"):
            await say(client, type=said)
            await until("unsubscribed" if said == "unsubscribe_all" else "snapshot")
        await say(client, type="ping")
        await until("pong")


async def sends_events(rig: Rig, ann: Trader) -> None:
    """Server-sent events."""
    answer = await rig.call("HEAD", "/api/v1/events", headers=ann.headers)
    assert answer.headers["content-type"].startswith("text/event-stream")


async def takes_ticks(rig: Rig, ann: Trader) -> None:
    """Once each."""
    tick = {
        "symbol": "AAPL",
        "price": "189.99",
        "volume": 1,
        "ts": NOW // 10**6,
        "source": "one",
        "event_id": "1",
    }
    basic = b64encode(":".join(INGEST).encode()).decode()
    headers = {"authorization": f"Basic {basic}"}
    answers = [await rig.call("POST", "/ingest/tick", tick, headers=headers) for _ in range(2)]
    assert all(answer.status < 300 for answer in answers), answers
    assert answers[0].json != answers[1].json
    assert (await rig.call("POST", "/ingest/tick", tick)).status == 401


async def takes_reports(rig: Rig, ann: Trader) -> None:
    """From a stage in a process of its own."""
    ticks = [TradeTick(1, "a", 2_000_000, 10**9, NOW, 7)]
    headers = {"authorization": f"Bearer {INNER}", "content-type": "application/json"}
    body = msgspec.json.encode(StageReport("one", 7, 1, ticks=ticks))
    answer = await rig.call("POST", "/internal/agg-update", body=body, headers=headers)
    assert (answer.status, answer.json) == (200, {"known": False})


async def measures(rig: Rig, ann: Trader) -> None:
    """In the text format of Prometheus."""
    answer: Answer = await rig.call("GET", "/metrics")
    assert answer.status == 200
    assert b"# TYPE " in answer.body


async def queries(rig: Rig, ann: Trader) -> None:
    """Accounts to positions to fills."""
    await ann.order()
    query = "{ accounts { positions { symbol lots { fill { price } } } } }"
    answer = await rig.call("POST", "/graphql", {"query": query}, headers=ann.headers)
    (account,) = answer.json["data"]["accounts"]
    assert account["positions"][0]["lots"] == [{"fill": {"price": "190.01"}}]


_V1: Final = "/api/v1"
_SOON: Final = (
    "Chains and Greeks come with options; until then the answer says that there are none."
)
ROWS: Final = (
    Equivalent(TRADING, "POST /signup", "POST /api/v1/auth/register", "", signs_up),
    Equivalent(
        TRADING,
        "POST /login",
        "POST /api/v1/auth/token",
        "JWT access and refresh tokens; `auth/login` gives a session token instead.",
        gets_tokens,
    ),
    Equivalent(
        TRADING,
        "POST /deposit",
        "POST /api/v1/account/deposits",
        "",
        asks("POST", f"{_V1}/account/deposits", {"amount": "100"}, status=201),
    ),
    Equivalent(
        TRADING,
        "POST /withdraw",
        "POST /api/v1/account/withdrawals",
        "",
        asks("POST", f"{_V1}/account/withdrawals", {"amount": "100"}, status=201),
    ),
    Equivalent(
        TRADING,
        "GET /search",
        "GET /api/v1/search",
        "",
        asks("GET", f"{_V1}/search", query="q=app"),
    ),
    Equivalent(
        TRADING,
        "GET /portfoliochart",
        "GET /api/v1/portfolio/history",
        "Every range; `account/equity` has the samples themselves.",
        asks("GET", f"{_V1}/portfolio/history"),
    ),
    Equivalent(
        TRADING,
        "GET /portfoliodata",
        "GET /api/v1/portfolio",
        "",
        asks("GET", f"{_V1}/portfolio"),
    ),
    Equivalent(
        TRADING, "GET /activitydata", "GET /api/v1/account/activities", "", lists_activities
    ),
    Equivalent(
        TRADING,
        "GET /stocks/:symbol/tickerdata",
        "GET /api/v1/assets/{symbol}",
        "",
        asks("GET", f"{_V1}/assets/AAPL", symbol="AAPL"),
    ),
    Equivalent(
        TRADING,
        "GET /stocks/:symbol/chartdata",
        "GET /api/v1/tickers/{symbol}/chart",
        "Five months of days.",
        asks("GET", f"{_V1}/tickers/AAPL/chart"),
    ),
    Equivalent(
        TRADING,
        "GET /stocks/:symbol/companydata",
        "GET /api/v1/company/{symbol}",
        "",
        asks("GET", f"{_V1}/company/AAPL", symbol="AAPL"),
    ),
    Equivalent(
        TRADING,
        "GET /stocks/:symbol/marketdata",
        "GET /api/v1/tickers/{symbol}",
        "The session's open, high, low, volume and change; `snapshot` has several symbols.",
        asks("GET", f"{_V1}/tickers/AAPL"),
    ),
    Equivalent(
        TRADING,
        "GET /stocks/:symbol/stockprice",
        "GET /api/v1/quotes/{symbol}",
        "",
        asks("GET", f"{_V1}/quotes/AAPL", symbol="AAPL", bid="189.99"),
    ),
    Equivalent(
        TRADING,
        "POST /stocks/:symbol/buy",
        "POST /api/v1/orders",
        "With `side` `buy`.",
        buys_and_sells,
    ),
    Equivalent(
        TRADING,
        "POST /stocks/:symbol/sell",
        "POST /api/v1/orders",
        "With `side` `sell`.",
        buys_and_sells,
    ),
    Equivalent(TRADING, "WS /cable", "WS /api/v1/stream", "", streams),
    Equivalent(TRADING, "POST /graphql", "POST /graphql", "", queries),
    Equivalent(ENGINE, "GET /health", "GET /health", "", asks("GET", "/health", status=200)),
    Equivalent(ENGINE, "POST /api/v1/auth", "POST /api/v1/auth/magic-link", "", mails_a_link),
    Equivalent(
        ENGINE,
        "GET /api/v1/auth/verify",
        "GET /api/v1/auth/verify",
        "In the browser that asked; any other is asked first, so that no scanner uses it up.",
        signs_in_by_link,
    ),
    Equivalent(ENGINE, "DELETE /api/v1/auth/logout", "POST /api/v1/auth/logout", "", signs_out),
    Equivalent(ENGINE, "POST /api/v1/trade/create", "POST /api/v1/orders", "", buys_and_sells),
    Equivalent(ENGINE, "POST /api/v1/trade/close", "DELETE /api/v1/positions/{symbol}", "", closes),
    Equivalent(ENGINE, "POST /api/v1/trade/order", "POST /api/v1/orders", "", buys_and_sells),
    Equivalent(
        ENGINE,
        "GET /api/v1/account/balance/usd",
        "GET /api/v1/account",
        "`cash`.",
        asks("GET", f"{_V1}/account", currency="USD", cash="100000.00"),
    ),
    Equivalent(
        ENGINE,
        "GET /api/v1/account/balance",
        "GET /api/v1/account",
        "",
        asks("GET", f"{_V1}/account", cash="100000.00"),
    ),
    Equivalent(
        ENGINE,
        "GET /api/v1/account/assets",
        "GET /api/v1/assets",
        "",
        lists("GET", f"{_V1}/assets"),
    ),
    Equivalent(
        OPTIONS,
        "resources :accounts",
        "GET /api/v1/accounts",
        "",
        lists("GET", f"{_V1}/accounts"),
    ),
    Equivalent(OPTIONS, "resources :positions", "GET /api/v1/positions", "", lists_positions),
    Equivalent(OPTIONS, "resources :orders", "GET /api/v1/orders", "", lists_orders),
    Equivalent(
        OPTIONS,
        "resources :options",
        "GET /v2/options/contracts",
        _SOON,
        asks("GET", "/v2/options/contracts", status=200, option_contracts=[]),
    ),
    Equivalent(
        OPTIONS,
        "resources :market_data",
        "GET /api/v1/snapshot",
        "",
        asks("GET", f"{_V1}/snapshot", query="symbols=AAPL"),
    ),
    Equivalent(PLATFORM, "POST /api/auth/login", "POST /api/v1/auth/login", "", signs_in),
    Equivalent(PLATFORM, "POST /api/auth/register", "POST /api/v1/auth/register", "", signs_up),
    Equivalent(PLATFORM, "POST /api/auth/logout", "POST /api/v1/auth/logout", "", signs_out),
    Equivalent(
        PLATFORM,
        "GET /api/quotes/:symbol",
        "GET /api/v1/quotes/{symbol}",
        "",
        asks("GET", f"{_V1}/quotes/AAPL", symbol="AAPL"),
    ),
    Equivalent(
        PLATFORM, "GET /api/quotes", "GET /api/v1/quotes", "", lists("GET", f"{_V1}/quotes")
    ),
    Equivalent(
        PLATFORM,
        "GET /api/quotes/stocks",
        "GET /api/v1/symbols",
        "",
        lists("GET", f"{_V1}/symbols"),
    ),
    Equivalent(PLATFORM, "POST /api/orders", "POST /api/v1/orders", "", buys_and_sells),
    Equivalent(PLATFORM, "GET /api/orders", "GET /api/v1/orders", "", lists_orders),
    Equivalent(
        PLATFORM, "GET /api/orders/:id", "GET /api/v1/orders/{order_id}", "", reads_an_order
    ),
    Equivalent(PLATFORM, "DELETE /api/orders/:id", "DELETE /api/v1/orders/{order_id}", "", cancels),
    Equivalent(
        PLATFORM,
        "GET /api/portfolio",
        "GET /api/v1/portfolio",
        "",
        asks("GET", f"{_V1}/portfolio"),
    ),
    Equivalent(
        PLATFORM, "GET /api/portfolio/positions", "GET /api/v1/positions", "", lists_positions
    ),
    Equivalent(PLATFORM, "GET /api/watchlists", "GET /api/v1/watchlists", "", lists_watchlists),
    Equivalent(PLATFORM, "POST /api/watchlists", "POST /api/v1/watchlists", "", makes_a_watchlist),
    Equivalent(
        PLATFORM,
        "POST /api/watchlists/:id/items",
        "POST /api/v1/watchlists/{watchlist_id}/symbols",
        "",
        watches_a_symbol,
    ),
    Equivalent(
        PLATFORM,
        "DELETE /api/watchlists/:id/items/:symbol",
        "DELETE /api/v1/watchlists/{watchlist_id}/symbols/{symbol}",
        "",
        unwatches_a_symbol,
    ),
    Equivalent(PLATFORM, "WS /ws", "WS /api/v1/stream", "The same words.", streams),
    Equivalent(PLATFORM, "GET /health", "GET /health", "", asks("GET", "/health")),
    Equivalent(PLATFORM, "GET /metrics", "GET /metrics", "", measures),
    Equivalent(PIPELINE, "POST /ingest/tick", "POST /ingest/tick", "", takes_ticks),
    Equivalent(
        PIPELINE, "POST /internal/agg-update", "POST /internal/agg-update", "", takes_reports
    ),
    Equivalent(
        PIPELINE,
        "GET /symbols",
        "GET /api/v1/symbols",
        "",
        lists("GET", f"{_V1}/symbols"),
    ),
    Equivalent(
        PIPELINE,
        "GET /tickets/:symbol",
        "GET /api/v1/tickers/{symbol}",
        "",
        asks("GET", f"{_V1}/tickers/AAPL"),
    ),
    Equivalent(
        PIPELINE,
        "GET /tickets/:symbol/history?limit=1000",
        "GET /api/v1/tickers/{symbol}/history",
        "",
        asks("GET", f"{_V1}/tickers/AAPL/history", query="limit=1000"),
    ),
    Equivalent(
        PIPELINE,
        "GET /health/liveness",
        "GET /health/liveness",
        "",
        asks("GET", "/health/liveness"),
    ),
    Equivalent(
        PIPELINE,
        "GET /health/readiness",
        "GET /health/readiness",
        "",
        asks("GET", "/health/readiness"),
    ),
    Equivalent(PIPELINE, "GET /metrics", "GET /metrics", "", measures),
    Equivalent(
        PIPELINE,
        "SSE and WS of the gateway",
        "GET /api/v1/events",
        "And `WS /api/v1/stream`.",
        sends_events,
    ),
)
