"""Goal: a bot written for Alpaca trades here unchanged. Method: alpaca-py against a live server."""

import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from stockyard.api.alpaca import words
from stockyard.api.rendering import INTENT_WORDS
from stockyard.model.codes import (
    ASSET_CLASS_WORDS,
    CLASS_WORDS,
    SIDE_WORDS,
    STATUS_WORDS,
    TYPE_WORDS,
)
from tests.e2e.running import Running

with warnings.catch_warnings():
    # The package uses an interface of websockets that is on its way out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.common.enums import Sort
    from alpaca.common.exceptions import APIError
    from alpaca.trading import enums as n
    from alpaca.trading import requests as r
    from alpaca.trading.client import TradingClient
    from alpaca.trading.models import Order

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SETTLED = {n.OrderStatus.FILLED, n.OrderStatus.CANCELED, n.OrderStatus.REPLACED}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path: Path = tmp_path_factory.mktemp("alpaca")
    running = Running(path / "data", updates_per_second=20, profile="ideal")
    yield running
    running.kill()


@pytest.fixture
def client(server: Running) -> Iterator[Any]:
    demo = server.demo
    made = TradingClient(demo["api_key"], demo["api_secret"], url_override=demo["url"].rstrip("/"))
    yield made
    made.close_all_positions(cancel_orders=True)
    made._session.close()


def market(symbol: str = "AAPL", side: n.OrderSide = n.OrderSide.BUY, **said: Any) -> Any:
    """An order at the market: one share for the day unless said otherwise."""
    terms = {"qty": 1, "time_in_force": n.TimeInForce.DAY, **said}
    return r.MarketOrderRequest(symbol=symbol, side=side, **terms)


def limit(price: float, symbol: str = "AAPL", **said: Any) -> Any:
    """An order to buy at a price: one share until canceled unless said otherwise."""
    terms = {"qty": 1, "side": n.OrderSide.BUY, "time_in_force": n.TimeInForce.GTC, **said}
    return r.LimitOrderRequest(symbol=symbol, limit_price=price, **terms)


def ended(client: Any, order: Any) -> Order:
    """The order once it has ended."""
    for _ in range(500):
        found: Order = client.get_order_by_id(order.id)
        if found.status in SETTLED:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{found} does not end")


def price(client: Any, symbol: str = "AAPL") -> float:
    """About what something costs."""
    order = ended(client, client.submit_order(market(symbol)))
    return float(order.filled_avg_price or 0)


def test_buy_look_and_sell(client: Any) -> None:
    bought = ended(client, client.submit_order(market(qty=10, client_order_id=f"b-{uuid4()}")))
    assert (bought.status, float(bought.filled_qty or 0)) == (n.OrderStatus.FILLED, 10)
    assert client.get_order_by_client_id(bought.client_order_id).id == bought.id
    position = client.get_open_position("AAPL")
    assert (position.qty, position.side) == ("10", n.PositionSide.LONG)
    assert float(position.cost_basis) == pytest.approx(10 * float(bought.filled_avg_price or 0))
    assert [each.symbol for each in client.get_all_positions()] == ["AAPL"]
    half = client.close_position("AAPL", r.ClosePositionRequest(percentage="50"))
    assert (ended(client, half).filled_qty, half.side) == ("5", n.OrderSide.SELL)
    rest = client.close_position(position.asset_id)
    assert ended(client, rest).filled_qty == "5"
    with pytest.raises(APIError) as told:
        client.get_open_position("AAPL")
    assert (told.value.status_code, told.value.code) == (404, 40410000)


def test_every_kind_of_order(client: Any) -> None:
    at = round(price(client), 2)
    low, high = round(at * 0.8, 2), round(at * 1.2, 2)
    gtc, sell = n.TimeInForce.GTC, n.OrderSide.SELL
    made = [
        client.submit_order(limit(low)),
        client.submit_order(limit(low, qty=0.5, time_in_force=n.TimeInForce.DAY)),
        client.submit_order(limit(low, extended_hours=True)),
        client.submit_order(
            r.StopOrderRequest(
                symbol="AAPL", qty=1, side="buy", time_in_force=gtc, stop_price=high
            )
        ),
        client.submit_order(
            r.StopLimitOrderRequest(
                symbol="AAPL", qty=1, side="buy", time_in_force=gtc, stop_price=high,
                limit_price=high,
            )
        ),
        client.submit_order(
            r.TrailingStopOrderRequest(
                symbol="AAPL", qty=1, side=sell, time_in_force=gtc, trail_percent=5
            )
        ),
        client.submit_order(limit(low, symbol="BTC/USD", qty=0.001)) if low > 1e4 else None,
    ]  # fmt: skip
    kinds = [each.order_type.value for each in made if each is not None]
    assert kinds == ["limit", "limit", "limit", "stop", "stop_limit", "trailing_stop"]
    listed = client.get_orders(r.GetOrdersRequest(status=n.QueryOrderStatus.OPEN))
    assert {each.id for each in listed} == {each.id for each in made if each is not None}
    responses = client.cancel_orders()
    assert {(each.id, each.status) for each in responses} == {(x.id, 200) for x in listed}
    assert client.get_orders() == []


def test_notional_and_coins(client: Any) -> None:
    money = ended(client, client.submit_order(market(qty=None, notional=250.5)))
    assert (money.notional, money.qty) == ("250.50", None)
    coin = client.submit_order(market("BTC/USD", qty=0.00012345, time_in_force=n.TimeInForce.GTC))
    assert ended(client, coin).filled_qty == "0.00012345"
    for name in ("BTCUSD", "BTC/USD"):
        assert client.get_open_position(name).asset_class == n.AssetClass.CRYPTO
    rows = client.close_all_positions(cancel_orders=True)
    assert {(row.symbol, row.status) for row in rows} == {("AAPL", 200), ("BTC/USD", 200)}


def test_linked_orders(client: Any) -> None:
    at = price(client)
    low, high = round(at * 0.9, 2), round(at * 1.1, 2)
    profit, loss = r.TakeProfitRequest(limit_price=high), r.StopLossRequest(stop_price=low)
    bracket = client.submit_order(
        market(
            qty=2, order_class=n.OrderClass.BRACKET, time_in_force=n.TimeInForce.GTC,
            take_profit=profit, stop_loss=loss,
        )
    )  # fmt: skip
    assert [leg.order_type.value for leg in bracket.legs] == ["limit", "stop"]
    assert ended(client, bracket).order_class == n.OrderClass.BRACKET
    wanted = r.GetOrderByIdRequest(nested=True)
    legs = client.get_order_by_id(bracket.id, wanted).legs
    assert {leg.status for leg in legs} == {n.OrderStatus.NEW}
    moved = client.replace_order_by_id(legs[0].id, r.ReplaceOrderRequest(limit_price=high + 1))
    assert moved.replaces == legs[0].id
    nested = client.get_orders(r.GetOrdersRequest(nested=True))
    assert [(each.id, len(each.legs)) for each in nested] == [(bracket.id, 2)]
    client.cancel_order_by_id(legs[1].id)
    oco = client.submit_order(
        r.LimitOrderRequest(
            symbol="AAPL", qty=2, side="sell", time_in_force=n.TimeInForce.GTC,
            order_class=n.OrderClass.OCO, limit_price=high, take_profit=profit, stop_loss=loss,
        )
    )  # fmt: skip
    assert [leg.order_type.value for leg in oco.legs] == ["stop"]
    oto = client.submit_order(
        limit(low, order_class=n.OrderClass.OTO, stop_loss=r.StopLossRequest(stop_price=low - 5))
    )
    assert (oto.order_class, len(oto.legs)) == (n.OrderClass.OTO, 1)


def test_replacing_and_canceling(client: Any) -> None:
    at = round(price(client) * 0.8, 2)
    first = client.submit_order(limit(at))
    second = client.replace_order_by_id(
        first.id, r.ReplaceOrderRequest(qty=3, limit_price=at - 1, client_order_id=f"r-{uuid4()}")
    )
    assert (second.replaces, second.qty) == (first.id, "3")
    assert client.get_order_by_id(first.id).status == n.OrderStatus.REPLACED
    assert client.cancel_order_by_id(second.id) is None
    assert ended(client, second).canceled_at is not None
    with pytest.raises(APIError) as told:
        client.cancel_order_by_id(second.id)
    assert (told.value.status_code, told.value.code) == (422, 42210000)


def test_lists(client: Any) -> None:
    begun = datetime.now(UTC)
    made = [ended(client, client.submit_order(market(each))) for each in ("AAPL", "MSFT", "AAPL")]

    def listed(**said: Any) -> list[int]:
        wanted = r.GetOrdersRequest(status=n.QueryOrderStatus.ALL, after=begun, **said)
        ids = [each.id for each in client.get_orders(wanted)]
        return [[order.id for order in made].index(one) for one in ids]

    assert listed() == [2, 1, 0]
    assert listed(direction=Sort.ASC, limit=2) == [0, 1]
    assert listed(symbols=["MSFT"]) == [1]
    assert listed(side=n.OrderSide.SELL) == []
    assert listed(until=begun) == []


def test_refusals_carry_what_a_bot_branches_on(client: Any) -> None:
    name = f"once-{uuid4()}"
    client.submit_order(market(client_order_id=name))
    for order, status, code in (
        (market(client_order_id=name), 422, 40010001),
        (market(qty=10_000), 403, 40310000),
        (market("MSFT", n.OrderSide.SELL, qty=5), 403, 40310000),
        (market("NOPE"), 422, 42210000),
        (limit(123.456), 422, 42210000),
        (market("BTC/USD"), 422, 42210000),
        (market("AAPL261218C00150000"), 422, 42210000),
    ):
        with pytest.raises(APIError) as told:
            client.submit_order(order)
        assert (told.value.status_code, told.value.code) == (status, code), told.value
    with pytest.raises(APIError) as told:
        client.get_order_by_id(uuid4())
    assert told.value.status_code == 404


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (STATUS_WORDS, n.OrderStatus),
        (TYPE_WORDS, n.OrderType),
        (SIDE_WORDS, n.OrderSide),
        (ASSET_CLASS_WORDS, n.AssetClass),
        (words.TIMES_IN_FORCE, n.TimeInForce),
        (CLASS_WORDS, n.OrderClass),
        (INTENT_WORDS, n.PositionIntent),
    ],
)
def test_every_word_is_one_that_the_client_knows(told: dict[Any, str], known: Any) -> None:
    assert {known(word).value for word in told.values()} == set(told.values())


def test_a_wrong_key_is_told(server: Running) -> None:
    stranger = TradingClient("AK", "no", url_override=server.demo["url"].rstrip("/"))
    with pytest.raises(APIError) as told:
        stranger.get_all_positions()
    assert told.value.status_code == 401
    stranger._session.close()


def test_the_clients_own_retries_outlast_the_limit(tmp_path: Path) -> None:
    """At 40 requests a minute one comes back every 1.5 s; the client tries again after 3 s."""
    running = Running(tmp_path / "data", alpaca_requests_per_minute=40)
    demo = running.demo
    client = TradingClient(
        demo["api_key"], demo["api_secret"], url_override=demo["url"].rstrip("/")
    )
    try:
        begun = time.monotonic()
        for _ in range(43):
            client.get_all_positions()
        assert time.monotonic() - begun > 2.5
    finally:
        client._session.close()
        running.kill()
