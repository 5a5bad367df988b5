"""Goal: clients of Alpaca's market data run here unchanged.

Method: alpaca-py against a live process, told only another address and keys.
"""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.running import Running

with warnings.catch_warnings():
    # The package uses an interface of websockets that is on its way out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.common.exceptions import APIError
    from alpaca.data import requests as ask
    from alpaca.data.enums import Adjustment, DataFeed, MarketType
    from alpaca.data.historical import (
        CryptoHistoricalDataClient,
        NewsClient,
        OptionHistoricalDataClient,
        ScreenerClient,
        StockHistoricalDataClient,
    )
    from alpaca.data.historical.corporate_actions import CorporateActionsClient
    from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:pydantic"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]

NEW_YORK = ZoneInfo("America/New_York")
YEAR = timedelta(days=365)
SYMBOLS = ["AAPL", "MSFT", "SPY"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data: Path = tmp_path_factory.mktemp("market-data") / "data"
    running = Running(data, updates_per_second=20)
    yield running
    running.kill()


@pytest.fixture
def keys(server: Running) -> dict[str, str]:
    return {
        "api_key": server.demo["api_key"],
        "secret_key": server.demo["api_secret"],
        "url_override": server.demo["url"],
    }


@pytest.fixture
def stocks(keys: dict[str, str]) -> Any:
    return StockHistoricalDataClient(**keys)


@pytest.fixture
def coins(server: Running) -> Any:
    return CryptoHistoricalDataClient(url_override=server.demo["url"])


def now() -> datetime:
    return datetime.now(UTC)


def test_a_year_of_days_of_several_stocks(stocks: Any) -> None:
    found = stocks.get_stock_bars(
        ask.StockBarsRequest(
            symbol_or_symbols=SYMBOLS, timeframe=TimeFrame.Day, start=now() - YEAR,
            feed=DataFeed.SIP, adjustment=Adjustment.ALL,
        )
    )  # fmt: skip
    assert list(found.data) == SYMBOLS
    for bars in found.data.values():
        assert len(bars) >= 250
        assert all(bar.low <= min(bar.open, bar.close) for bar in bars)
        assert all(bar.low <= bar.vwap <= bar.high for bar in bars)
        local = [bar.timestamp.astimezone(NEW_YORK) for bar in bars]
        assert {(at.hour, at.minute) for at in local} == {(0, 0)}
        assert len({at.date() for at in local}) == len(bars)
    assert found.df.shape[0] == sum(map(len, found.data.values()))


@pytest.mark.parametrize(
    ("amount", "unit"),
    [(1, TimeFrameUnit.Minute), (59, TimeFrameUnit.Minute), (4, TimeFrameUnit.Hour),
     (23, TimeFrameUnit.Hour), (1, TimeFrameUnit.Week), (6, TimeFrameUnit.Month)],
)  # fmt: skip
def test_every_unit_of_time(stocks: Any, amount: int, unit: Any) -> None:
    day = now() - timedelta(days=400 if unit == TimeFrameUnit.Month else 15)
    request = ask.StockBarsRequest(
        symbol_or_symbols="SPY", timeframe=TimeFrame(amount, unit), start=day
    )
    bars = stocks.get_stock_bars(request)["SPY"]
    times = [bar.timestamp for bar in bars]
    assert times == sorted(set(times))
    assert times[0] >= day


def test_the_sdk_walks_through_all_pages(stocks: Any) -> None:
    since = now() - timedelta(days=20)
    whole = stocks.get_stock_bars(
        ask.StockBarsRequest(symbol_or_symbols=SYMBOLS, timeframe=TimeFrame.Minute, start=since)
    )
    assert sum(map(len, whole.data.values())) > 20_000
    for bars in whole.data.values():
        times = [bar.timestamp for bar in bars]
        assert times == sorted(set(times))
    limited = stocks.get_stock_bars(
        ask.StockBarsRequest(
            symbol_or_symbols=SYMBOLS, timeframe=TimeFrame.Minute, start=since, limit=12_345
        )
    )
    assert sum(map(len, limited.data.values())) == 12_345
    assert limited["AAPL"][-1] == whole["AAPL"][len(limited["AAPL"]) - 1]


def test_the_latest_and_snapshots_of_stocks(stocks: Any) -> None:
    quote = stocks.get_stock_latest_quote(ask.StockLatestQuoteRequest(symbol_or_symbols=SYMBOLS))[
        "AAPL"
    ]
    assert 0 < quote.bid_price < quote.ask_price
    assert quote.bid_size > 0
    trade = stocks.get_stock_latest_trade(ask.StockLatestTradeRequest(symbol_or_symbols="SPY"))
    assert trade["SPY"].price > 0
    bar = stocks.get_stock_latest_bar(ask.StockLatestBarRequest(symbol_or_symbols="SPY"))["SPY"]
    assert bar.timestamp + timedelta(minutes=1) <= now()
    shown = stocks.get_stock_snapshot(ask.StockSnapshotRequest(symbol_or_symbols=SYMBOLS))
    assert list(shown) == SYMBOLS
    for one in shown.values():
        assert one.latest_trade.price > 0
        assert one.latest_quote.ask_price > 0
        assert one.minute_bar.volume > 0
        assert one.previous_daily_bar.timestamp < one.daily_bar.timestamp


def test_quotes_and_trades_of_stocks(stocks: Any) -> None:
    since = now() - timedelta(minutes=5)
    trades = stocks.get_stock_trades(ask.StockTradesRequest(symbol_or_symbols=SYMBOLS, start=since))
    quotes = stocks.get_stock_quotes(
        ask.StockQuotesRequest(symbol_or_symbols=SYMBOLS, start=since, limit=20)
    )
    assert all(trade.size > 0 for rows in trades.data.values() for trade in rows)
    assert sum(map(len, quotes.data.values())) <= 20


def test_coins_need_no_keys(coins: Any) -> None:
    pair = "BTC/USD"
    day = coins.get_crypto_bars(
        ask.CryptoBarsRequest(symbol_or_symbols=pair, timeframe=TimeFrame.Day, start=now() - YEAR)
    )[pair]
    assert len(day) >= 365
    assert {bar.timestamp.hour for bar in day} == {0}
    hours = coins.get_crypto_bars(
        ask.CryptoBarsRequest(
            symbol_or_symbols=[pair, "ETH/USD"], timeframe=TimeFrame.Hour, limit=5,
            start=now() - timedelta(days=2),
        )
    )  # fmt: skip
    assert sum(map(len, hours.data.values())) == 5
    book = coins.get_crypto_latest_orderbook(
        ask.CryptoLatestOrderbookRequest(symbol_or_symbols=pair)
    )[pair]
    assert book.bids[0].price < book.asks[0].price
    shown = coins.get_crypto_snapshot(ask.CryptoSnapshotRequest(symbol_or_symbols=[pair]))[pair]
    assert shown.latest_quote.bid_price > 0
    assert shown.daily_bar.volume > 0
    trade = coins.get_crypto_latest_trade(ask.CryptoLatestTradeRequest(symbol_or_symbols=pair))
    assert trade[pair].size > 0
    quote = coins.get_crypto_latest_quote(ask.CryptoLatestQuoteRequest(symbol_or_symbols=pair))
    assert quote[pair].ask_size > 0
    assert coins.get_crypto_latest_bar(ask.CryptoLatestBarRequest(symbol_or_symbols=pair))[pair]
    since = now() - timedelta(minutes=5)
    assert coins.get_crypto_trades(ask.CryptoTradesRequest(symbol_or_symbols=pair, start=since))
    assert coins.get_crypto_quotes(ask.CryptoQuoteRequest(symbol_or_symbols=pair, start=since))


def test_the_screener(keys: dict[str, str]) -> None:
    client = ScreenerClient(**keys)
    active = client.get_most_actives(ask.MostActivesRequest(top=5))
    assert len(active.most_actives) == 5
    for market in MarketType:
        moved = client.get_market_movers(ask.MarketMoversRequest(top=3, market_type=market))
        assert moved.market_type == market
        assert all(row.change > 0 for row in moved.gainers)


def test_what_there_is_none_of(keys: dict[str, str]) -> None:
    news = NewsClient(**keys).get_news(ask.NewsRequest(symbols="AAPL"))
    assert news.data == {"news": []}
    actions = CorporateActionsClient(**keys).get_corporate_actions(
        ask.CorporateActionsRequest(symbols=["AAPL"])
    )
    assert not any(actions.data.values())
    with pytest.raises(APIError, match="not offered") as refused:
        OptionHistoricalDataClient(**keys).get_option_chain(
            ask.OptionChainRequest(underlying_symbol="AAPL")
        )
    assert refused.value.status_code == 422


def test_wrong_keys_are_told(server: Running) -> None:
    client = StockHistoricalDataClient("wrong", "keys", url_override=server.demo["url"])
    with pytest.raises(APIError) as refused:
        client.get_stock_latest_quote(ask.StockLatestQuoteRequest(symbol_or_symbols="AAPL"))
    assert refused.value.status_code == 401
