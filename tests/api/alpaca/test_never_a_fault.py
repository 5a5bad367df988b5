"""Requests made up for every route of Alpaca's API: no fault of ours, refusals in shape."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockyard.api.alpaca.routing import Route
from stockyard.api.alpaca.serving import ROUTES
from tests.api.alpaca.bot import Bot
from tests.api.rig import Rig

EXAMPLES = 40
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBERS = st.one_of(
    st.integers(-5, 2_000),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["1", "150.25", "-1", "0", "1e5", "0.000000001", "9" * 60, "", "nan"]),
)
WORDS = st.sampled_from(
    [
        "AAPL",
        "BTC/USD",
        "btcusd",
        "BTC-USD",
        "TSLA",
        "NOPE",
        "buy",
        "sell",
        "market",
        "limit",
        "stop",
        "stop_limit",
        "trailing_stop",
        "day",
        "gtc",
        "opg",
        "cls",
        "ioc",
        "fok",
        "gtd",
        "simple",
        "bracket",
        "oco",
        "oto",
        "mleg",
        "open",
        "closed",
        "all",
        "asc",
        "desc",
        "true",
        "False",
        "us_equity",
        "us_option",
        "crypto",
        "active",
        "1Min",
        "5Min",
        "1Hour",
        "1Day",
        "1D",
        "1H",
        "1M",
        "3W",
        "iex",
        "sip",
        "usd",
        "default",
        "2026-01-02",
        "2026-01-02T15:00:00Z",
        "2026-01-02T15:00:00.000000001+00:00",
        "1970-01-01",
        "9999-12-31",
        "AAPL,BTC/USD",
        ",",
        "FILL",
        "DIV",
        "mine",
    ]
)
VALUES = st.one_of(WORDS, NUMBERS.map(str), TEXTS)
NAMES = st.sampled_from(
    [
        "status",
        "limit",
        "after",
        "until",
        "direction",
        "nested",
        "symbols",
        "symbol",
        "side",
        "asset_class",
        "before_order_id",
        "after_order_id",
        "client_order_id",
        "qty",
        "percentage",
        "cancel_orders",
        "exchange",
        "attributes",
        "start",
        "end",
        "timeframe",
        "period",
        "intraday_reporting",
        "pnl_reset",
        "cashflow_types",
        "date_end",
        "extended_hours",
        "date",
        "activity_types",
        "category",
        "page_size",
        "page_token",
        "name",
        "feed",
        "currency",
        "adjustment",
        "asof",
        "sort",
        "by",
        "top",
        "loc",
        "ca_types",
        "since",
        "cusip",
        "date_type",
        "underlying_symbols",
        "tape",
        "ticktype",
    ]
)
FIELDS = st.sampled_from(
    [
        "symbol",
        "qty",
        "notional",
        "side",
        "type",
        "time_in_force",
        "limit_price",
        "stop_price",
        "trail_price",
        "trail_percent",
        "trail",
        "extended_hours",
        "client_order_id",
        "order_class",
        "take_profit",
        "stop_loss",
        "legs",
        "position_intent",
        "name",
        "symbols",
        "suspend_trade",
        "no_shorting",
        "max_margin_multiplier",
        "fractional_trading",
    ]
)
LEAVES = st.one_of(WORDS, NUMBERS, TEXTS, st.booleans(), st.none())
EXITS = st.dictionaries(st.sampled_from(["limit_price", "stop_price", "x"]), LEAVES, max_size=2)
PLAIN = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(["AAPL", "BTC/USD"]),
        "side": st.sampled_from(["buy", "sell"]),
        "type": st.sampled_from(["market", "limit", "stop", "stop_limit", "trailing_stop"]),
        "time_in_force": st.sampled_from(["day", "gtc", "opg", "cls", "ioc", "fok"]),
    }
)
OTHERS = st.dictionaries(FIELDS, st.one_of(LEAVES, EXITS, st.lists(LEAVES, max_size=2)), max_size=5)
BODIES = st.one_of(
    st.tuples(PLAIN, OTHERS).map(lambda both: msgspec.json.encode({**both[0], **both[1]})),
    OTHERS.map(msgspec.json.encode),
    st.recursive(LEAVES, lambda x: st.lists(x, max_size=3), max_leaves=4).map(msgspec.json.encode),
    st.binary(max_size=30),
)
tries = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Site:
    """A door with a market, and a bot that holds a little and has an order open."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.rig = Rig()
        self.rig.quote("AAPL", 189.99, 190.01)
        self.rig.quote("BTC/USD", 60000, 60010, 2)
        self.bot = self.run(Bot.made(self.rig))
        self.run(self.bot.trader.order())
        self.order = self.run(self.bot.trader.order(type="limit", limit_price="180")).json["id"]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.run(made.rig.app.close())
    made.loop.close()


def _path(pattern: str, data: st.DataObject, order: str) -> str:
    parts = []
    for part in pattern.split("/"):
        if "{" in part:
            part = quote(data.draw(st.one_of(st.just(order), VALUES)) or "x", safe="")
        parts.append(part)
    return "/".join(parts)


@pytest.mark.parametrize("route", ROUTES, ids=[f"{x.method} {x.pattern}" for x in ROUTES])
@tries
@given(data=st.data())
def test_made_up_requests_meet_no_fault(site: Site, route: Route, data: st.DataObject) -> None:
    path = _path(route.pattern, data, site.order)
    query = urlencode(data.draw(st.lists(st.tuples(NAMES, VALUES), max_size=4)))
    body = None if route.method in ("GET", "DELETE") else data.draw(BODIES)
    answer = site.run(site.bot.call(route.method, f"{path}?{query}", body=body))
    assert answer.status < 500, (path, query, body, answer)
