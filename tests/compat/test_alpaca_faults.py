"""Goal: a test sees how a bot takes a bad network. Method: alpaca-py against faults on purpose."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Client, Running

with warnings.catch_warnings():
    # The package uses an interface of websockets that is on its way out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.common.exceptions import APIError
    from alpaca.trading import enums as n
    from alpaca.trading import requests as r
    from alpaca.trading.client import TradingClient

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path: Path = tmp_path_factory.mktemp("faults")
    running = Running(path / "data", "--controls", updates_per_second=20, profile="ideal")
    yield running
    running.kill()


@pytest.fixture
def controls(server: Running) -> Iterator[Client]:
    made = server.connect()
    yield made
    made.ask("DELETE", "/api/v1/sim/faults")
    made.close()


@pytest.fixture
def bot(server: Running) -> Iterator[Any]:
    demo = server.demo
    made = TradingClient(demo["api_key"], demo["api_secret"], url_override=demo["url"].rstrip("/"))
    # It would wait for three seconds between its tries.
    made._retry_wait = 0
    yield made
    made._session.close()


def fault(controls: Client, **said: Any) -> None:
    status, answer = controls.ask("POST", "/api/v1/sim/faults", said)
    assert status == 201, answer


def struck(controls: Client) -> list[int]:
    return [rule["struck"] for rule in controls.get("/api/v1/sim/faults")]


def order(name: str) -> Any:
    return r.MarketOrderRequest(
        symbol="AAPL",
        qty=1,
        side=n.OrderSide.BUY,
        time_in_force=n.TimeInForce.DAY,
        client_order_id=name,
    )


@pytest.mark.parametrize("status", [429, 504])
def test_its_own_retry_outlasts_three_refusals(controls: Client, bot: Any, status: int) -> None:
    fault(controls, kind="answer", status=status, path="/v2/account", count=3)
    assert bot.get_account().status == n.AccountStatus.ACTIVE
    assert struck(controls) == [3]


def test_a_fourth_refusal_is_an_error_it_understands(controls: Client, bot: Any) -> None:
    fault(controls, kind="answer", status=429, path="/v2/account", count=4)
    with pytest.raises(APIError) as refused:
        bot.get_account()
    assert (refused.value.status_code, refused.value.code) == (429, 42910000)
    assert bot.get_account().status == n.AccountStatus.ACTIVE


def test_a_fault_is_told_in_alpacas_shape(controls: Client, bot: Any) -> None:
    fault(controls, kind="answer", status=500, path="/v2/account")
    with pytest.raises(APIError) as refused:
        bot.get_account()
    assert (refused.value.status_code, refused.value.code) == (500, 50010000)


def test_answered_too_late_its_repeat_finds_the_name_taken(controls: Client, bot: Any) -> None:
    fault(controls, kind="answer", status=504, when="after", method="POST", path="/v2/orders")
    with pytest.raises(APIError) as refused:
        bot.submit_order(order("late-1"))
    assert (refused.value.status_code, refused.value.code) == (422, 40010001)
    assert struck(controls) == [1]
    assert bot.get_order_by_client_id("late-1").status == n.OrderStatus.FILLED
    assert len(bot.get_orders(r.GetOrdersRequest(status=n.QueryOrderStatus.ALL))) == 1
    bot.close_all_positions(cancel_orders=True)


def test_answered_too_early_nothing_was_done_and_its_repeat_orders_once(
    controls: Client, bot: Any
) -> None:
    fault(controls, kind="answer", status=504, method="POST", path="/v2/orders")
    assert bot.submit_order(order("early-1")).client_order_id == "early-1"
    assert struck(controls) == [1]


def test_a_cut_connection_is_an_error_and_the_next_request_works(
    controls: Client, bot: Any
) -> None:
    fault(controls, kind="cut", when="after", method="POST", path="/v2/orders")
    with pytest.raises(Exception, match=r"(?i)connection|incomplete|chunk|read"):
        bot.submit_order(order("cut-1"))
    assert bot.get_order_by_client_id("cut-1").client_order_id == "cut-1"
