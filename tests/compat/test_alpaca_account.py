"""Goal: a bot written for Alpaca asks about its account, the market's hours and its watchlists here
unchanged. Method: alpaca-py against a live server.
"""

import time
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.running import Running

with warnings.catch_warnings():
    # The package uses an interface of websockets that is on its way out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.common.exceptions import APIError
    from alpaca.trading import enums as n
    from alpaca.trading import requests as r
    from alpaca.trading.client import TradingClient
    from alpaca.trading.models import AccountConfiguration, NonTradeActivity, TradeActivity

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path: Path = tmp_path_factory.mktemp("alpaca")
    running = Running(path / "data", updates_per_second=20, calendar="xnys")
    yield running
    running.kill()


@pytest.fixture
def client(server: Running) -> Iterator[Any]:
    demo = server.demo
    made = TradingClient(demo["api_key"], demo["api_secret"], url_override=demo["url"].rstrip("/"))
    yield made
    made._session.close()


def refused(error: pytest.ExceptionInfo[APIError]) -> tuple[int, int]:
    """Status and code of a refusal as the client reads it."""
    return error.value.status_code, error.value.code


def test_the_account(client: Any) -> None:
    found = client.get_account()
    assert (found.status, found.crypto_status) == (n.AccountStatus.ACTIVE, n.AccountStatus.ACTIVE)
    assert (found.currency, found.multiplier, found.shorting_enabled) == ("USD", "1", False)
    assert float(found.equity) == float(found.portfolio_value)
    assert float(found.buying_power) <= float(found.cash)
    assert float(found.last_equity) > 0
    assert found.created_at < datetime.now(UTC) + timedelta(minutes=1)


def test_configurations_are_read_changed_and_bind(client: Any) -> None:
    before = client.get_account_configurations()
    assert isinstance(before, AccountConfiguration)
    changed = before.model_copy(update={"suspend_trade": True, "max_margin_multiplier": "2"})
    assert client.set_account_configurations(changed) == changed
    order = r.MarketOrderRequest(
        symbol="BTC/USD", qty=0.01, side=n.OrderSide.BUY, time_in_force=n.TimeInForce.GTC
    )
    with pytest.raises(APIError) as error:
        client.submit_order(order)
    assert refused(error) == (403, 40310000)
    assert client.get_account().trade_suspended_by_user is True
    assert client.set_account_configurations(before) == before
    assert client.get_account_configurations() == before


def test_activities_in_the_client_s_models(client: Any) -> None:
    order = client.submit_order(
        r.MarketOrderRequest(
            symbol="BTC/USD", qty=0.01, side=n.OrderSide.BUY, time_in_force=n.TimeInForce.GTC
        )
    )
    for _ in range(500):
        fills = client.get("/account/activities/FILL")
        if any(fill["order_id"] == str(order.id) for fill in fills):
            break
        time.sleep(0.01)
    told = [TradeActivity(**fill) for fill in fills]
    assert told[0].order_id == order.id
    assert (told[0].symbol, told[0].side) == ("BTC/USD", n.OrderSide.BUY)
    booked = client.get("/account/activities", {"category": "non_trade_activity"})
    kinds = {NonTradeActivity(**row).activity_type for row in booked}
    assert n.ActivityType.CSD in kinds
    pages, token = [], None
    while True:
        more = {"page_token": token} if token else {}
        page = client.get("/account/activities", {"page_size": 1, **more})
        if not page:
            break
        pages += page
        token = page[-1]["id"]
    assert pages == client.get("/account/activities")


def test_assets(client: Any) -> None:
    stocks = client.get_all_assets()
    assert {each.asset_class for each in stocks} == {n.AssetClass.US_EQUITY}
    wanted = r.GetAssetsRequest(asset_class=n.AssetClass.CRYPTO, status=n.AssetStatus.ACTIVE)
    coins = client.get_all_assets(wanted)
    assert "BTC/USD" in [each.symbol for each in coins]
    nasdaq = client.get_all_assets(r.GetAssetsRequest(exchange=n.AssetExchange.NASDAQ))
    assert {each.exchange for each in nasdaq} == {n.AssetExchange.NASDAQ}
    assert client.get_all_assets(r.GetAssetsRequest(attributes="has_options")) == []
    apple = client.get_asset("AAPL")
    assert client.get_asset(apple.id) == apple
    assert apple.fractionable
    assert client.get_asset("BTCUSD") == client.get_asset("BTC/USD")
    with pytest.raises(APIError) as error:
        client.get_asset("NOPE")
    assert refused(error) == (404, 40410000)


def test_the_clock_and_the_calendar(client: Any) -> None:
    clock = client.get_clock()
    assert abs(clock.timestamp - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.next_open > clock.timestamp
    assert clock.next_close > clock.timestamp
    assert clock.is_open == (clock.next_close < clock.next_open)
    days = client.get_calendar(
        r.GetCalendarRequest(start=date(2026, 11, 25), end=date(2026, 11, 30))
    )
    assert [(day.date.day, day.open.hour, day.close.hour) for day in days] == [
        (25, 9, 16), (27, 9, 13), (30, 9, 16),
    ]  # fmt: skip
    everything = client.get_calendar()
    assert (everything[0].date.year, everything[-1].date) == (1990, date(2029, 12, 31))


def test_the_portfolio_s_history(client: Any) -> None:
    found = client.get_portfolio_history()
    assert found.timeframe == "1D"
    assert len(found.timestamp) == len(found.equity) == len(found.profit_loss_pct)
    assert found.base_value == 100_000
    minutes = client.get_portfolio_history(
        r.GetPortfolioHistoryRequest(
            period="1D", timeframe="5Min", intraday_reporting="continuous", pnl_reset="no_reset",
            cashflow_types="ALL",
        )
    )  # fmt: skip
    assert minutes.timeframe == "5Min"
    assert minutes.equity[-1] == pytest.approx(float(client.get_account().equity), rel=0.01)
    assert sum(minutes.cashflow[n.ActivityType.CSD]) == 100_000
    since = r.GetPortfolioHistoryRequest(
        start=datetime.now(UTC) - timedelta(days=2), date_end=None, extended_hours=True
    )
    assert client.get_portfolio_history(since).timeframe == "1Min"
    with pytest.raises(APIError) as error:
        client.get_portfolio_history(r.GetPortfolioHistoryRequest(period="1A", timeframe="1Min"))
    assert refused(error) == (422, 40010001)


def test_watchlists(client: Any) -> None:
    made = client.create_watchlist(
        r.CreateWatchlistRequest(name="My list", symbols=["MSFT", "AAPL"])
    )
    assert made.account_id == client.get_account().id
    added = client.add_asset_to_watchlist_by_id(made.id, "BTC/USD")
    assert [each.symbol for each in added.assets] == ["MSFT", "AAPL", "BTC/USD"]
    taken = client.remove_asset_from_watchlist_by_id(made.id, "BTC/USD")
    assert [each.symbol for each in taken.assets] == ["MSFT", "AAPL"]
    changed = client.update_watchlist_by_id(
        made.id, r.UpdateWatchlistRequest(symbols=["AAPL", "TSLA"])
    )
    assert (changed.name, changed.created_at) == ("My list", made.created_at)
    assert client.get_watchlist_by_id(made.id) == changed
    (listed,) = client.get_watchlists()
    assert (listed.id, listed.assets) == (made.id, None)
    assert client.get("/watchlists:by_name", {"name": "My list"})["id"] == str(made.id)
    with pytest.raises(APIError) as error:
        client.create_watchlist(r.CreateWatchlistRequest(name="My list", symbols=[]))
    assert refused(error) == (422, 42210000)
    client.delete_watchlist_by_id(made.id)
    with pytest.raises(APIError) as error:
        client.get_watchlist_by_id(made.id)
    assert refused(error) == (404, 40410000)


def test_what_is_not_offered(client: Any) -> None:
    kinds = [n.CorporateActionType.DIVIDEND, n.CorporateActionType.SPLIT]
    asked = r.GetCorporateAnnouncementsRequest(
        ca_types=kinds, since=date(2026, 1, 1), until=date(2026, 3, 1)
    )
    assert client.get_corporate_announcements(asked) == []
    with pytest.raises(APIError) as error:
        client.get_corporate_announcement_by_id(uuid4())
    assert refused(error) == (404, 40410000)
    contracts = client.get_option_contracts(
        r.GetOptionContractsRequest(underlying_symbols=["AAPL"])
    )
    assert (contracts.option_contracts, contracts.next_page_token) == ([], None)
    with pytest.raises(APIError) as error:
        client.get_option_contract("AAPL261218C00150000")
    assert refused(error) == (404, 40410000)
    with pytest.raises(APIError) as error:
        client.exercise_options_position("AAPL261218C00150000")
    assert refused(error) == (422, 42210000)
