"""Bars, quotes and trades over Alpaca's paths: timeframes, ranges, pages, what is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from stockyard.api.alpaca import bars
from stockyard.market.catalog import CATALOG
from stockyard.model.ticks import Bar, QuoteTick, Tick, TradeTick
from stockyard.runtime.reference import Reference
from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import NOW, SECOND, UNIT, Rig

DAY = 86_400 * SECOND
MIDNIGHT = NOW - 15 * 3600 * SECOND
"""2026-01-02T00:00:00Z."""
STOCKS, COINS = "/v2/stocks", "/v1beta3/crypto/us"


def bar(n: int, window_s: int, start_ns: int = MIDNIGHT, instrument_id: int = 1) -> Bar:
    """Bar ``n`` from a time on, trading ``n + 1`` shares at 190 and a few cents."""
    start = start_ns + n * window_s * SECOND
    price = 1_900_000 + n * 100
    return Bar(
        instrument_id, "", window_s, start, price, price + 50, price - 50, price + 10,
        (n + 1) * UNIT, (price + 5) * (n + 1) * UNIT, 3, 0, True,
    )  # fmt: skip


def keep(rig: Rig, ticks: list[Tick], bars: list[Bar]) -> None:
    rig.history.history.append(ticks, bars)


def when(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


async def pages(bot: Bot, path: str, noun: str = "bars") -> list[dict[str, list[Any]]]:
    """Every page of a request."""
    found, token = [], ""
    while True:
        page = await bot.get(f"{path}{token}")
        found.append(page[noun])
        if page["next_page_token"] is None:
            return found
        token = f"&page_token={page['next_page_token']}"


def merged(found: list[dict[str, list[Any]]]) -> dict[str, list[Any]]:
    """The rows of all pages by symbol."""
    rows: dict[str, list[Any]] = {}
    for page in found:
        for symbol, more in page.items():
            rows.setdefault(symbol, []).extend(more)
    return rows


async def test_a_bar_as_it_is_told(rig: Rig, bot: Bot) -> None:
    keep(rig, [], [bar(0, 60)])
    path = f"{STOCKS}/bars?symbols=AAPL&timeframe=1Min&start=2026-01-02T00:00:00Z"
    answer = await bot.call("GET", path)
    assert answer.body == (
        b'{"bars":{"AAPL":[{"t":"2026-01-02T00:00:00Z","o":190,"h":190.005,"l":189.995,'
        b'"c":190.001,"v":1,"n":3,"vw":190.0005}]},"next_page_token":null}'
    )
    assert "x-stockyard-invented" not in answer.headers
    one = await bot.get(f"{STOCKS}/AAPL/bars?timeframe=1Min&start=2026-01-02T00:00:00Z")
    assert one["symbol"] == "AAPL"
    assert one["bars"] == answer.json["bars"]["AAPL"]


async def test_a_symbol_without_data_is_left_out(bot: Bot) -> None:
    query = "timeframe=1Day&start=2025-01-01"
    empty = await bot.get(f"{STOCKS}/bars?symbols=NOPE,BTC%2FUSD,MSFT&{query}")
    assert empty == {"bars": {}, "next_page_token": None}
    assert (await bot.get(f"{STOCKS}/NOPE/bars?{query}"))["bars"] == []
    assert await bot.get(f"{STOCKS}/bars/latest?symbols=NOPE") == {"bars": {}}
    assert refused(await bot.call("GET", f"{STOCKS}/NOPE/quotes/latest")) == (404, 40410000)
    assert refused(await bot.call("GET", f"{STOCKS}/NOPE/snapshot")) == (404, 40410000)
    assert await bot.get(f"{STOCKS}/snapshots?symbols=NOPE") == {}
    assert await bot.get(f"{COINS}/snapshots?symbols=AAPL") == {"snapshots": {}}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("timeframe", ["1Min", "7Min", "15Min", "59Min", "1Hour", "5Hour", "1Day"])
async def test_pages_meet_and_their_limit_is_of_all_symbols(
    rig: Rig, bot: Bot, timeframe: str, order: str
) -> None:
    starts = [MIDNIGHT + 5 * 3600 * SECOND - n * DAY for n in range(4, -1, -1)]
    kept = [bar(n, 86_400, starts[n], i) for n in range(5) for i in (1, 2)]
    for i, many in ((1, 300), (2, 90)):
        kept += [bar(n, 60, instrument_id=i) for n in range(many)]
        kept += [bar(n, 300, instrument_id=i) for n in range(many // 5)]
        kept += [bar(n, 3600, instrument_id=i) for n in range(many // 60)]
    keep(rig, [], kept)
    query = f"symbols=MSFT,AAPL&timeframe={timeframe}&start=2025-12-01&sort={order}"
    whole = (await bot.get(f"{STOCKS}/bars?{query}&limit=10000"))["bars"]
    assert list(whole) == ["AAPL", "MSFT"]
    for rows in whole.values():
        times = [row["t"] for row in rows]
        assert times == sorted(set(times), reverse=order == "desc")
    for limit in (1, 3, 7) if timeframe != "1Min" else (37, 300):
        found = await pages(bot, f"{STOCKS}/bars?{query}&limit={limit}")
        assert all(sum(map(len, page.values())) <= limit for page in found)
        assert merged(found) == whole


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_that_looks_at_too_much_ends_sooner(
    rig: Rig, bot: Bot, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(rig, [], [bar(n, 60, instrument_id=i) for n in range(400) for i in (1, 2)])
    start = "2026-01-02T00:00:00Z"
    path = f"{STOCKS}/bars?symbols=AAPL,MSFT&timeframe=7Min&start={start}&sort={order}"
    whole = (await bot.get(path))["bars"]
    monkeypatch.setattr(bars, "KEPT_MAX", 50)
    found = await pages(bot, path)
    assert len(found) >= 16
    assert merged(found) == whole


@pytest.mark.parametrize(
    ("timeframe", "starts"),
    [
        ("1Day", ["2025-12-26T05", "2025-12-29T05", "2025-12-30T05"]),
        ("1Week", ["2025-12-01T05", "2025-12-08T05", "2025-12-15T05"]),
        ("1Month", ["2025-04-01T04", "2025-05-01T04", "2025-06-01T04"]),
        ("2Month", ["2025-05-01T04", "2025-07-01T04", "2025-09-01T04"]),
        ("3Month", ["2025-04-01T04", "2025-07-01T04", "2025-10-01T04"]),
        ("6Month", ["2024-07-01T04", "2025-01-01T05", "2025-07-01T04"]),
        ("12Month", ["2024-01-01T05", "2025-01-01T05"]),
    ],
)
async def test_long_bars_begin_at_midnight_in_new_york(
    rig: Rig, bot: Bot, timeframe: str, starts: list[str]
) -> None:
    days = [
        row.start_ns
        for row in (bar(-n, 86_400, MIDNIGHT + 5 * 3600 * SECOND) for n in range(1, 700))
        if datetime.fromtimestamp(row.start_ns // SECOND, UTC).weekday() < 5
    ]
    # Summer time: a trading day begins an hour earlier from March to November.
    summer = [
        when(f"{year}-{days}")
        for year, days in ((2024, "03-10T05:00Z"), (2024, "11-03T05:00Z"))
        for _ in (0,)
    ] + [when("2025-03-09T05:00Z"), when("2025-11-02T05:00Z")]
    is_summer = [
        start - 3600 * SECOND
        if summer[0] < start <= summer[1] or summer[2] < start <= summer[3]
        else start
        for start in sorted(days)
    ]
    kept = [bar(0, 86_400, start) for start in is_summer]
    keep(rig, [], kept)
    path = f"{STOCKS}/bars?symbols=AAPL&timeframe={timeframe}&start=2024-01-01&limit=10000"
    rows = (await bot.get(path))["bars"]["AAPL"]
    assert set(starts) <= {row["t"][:13] for row in rows}
    assert all(row["t"][13:] == ":00:00Z" for row in rows)
    # Nothing is lost, but for what lies before the first whole bar.
    first = when(rows[0]["t"])
    assert sum(row["v"] for row in rows) == len([x for x in kept if x.start_ns >= first])


async def test_a_stock_that_trades_at_all_hours_has_new_yorks_days() -> None:
    rig = Rig(calendars={1: "always", 2: "always"})
    bot = await Bot.made(rig)
    hours = [bar(n, 3600, MIDNIGHT - 3 * DAY) for n in range(72)]
    coins = [bar(n, 86_400, MIDNIGHT - 3 * DAY, 21) for n in range(3)]
    keep(rig, [], hours + coins)
    symbol = rig.world.view.instruments[21].symbol
    path = f"{STOCKS}/bars?symbols=AAPL&timeframe=1Day&start=2025-12-31&end=2025-12-31"
    (day,) = (await bot.get(path))["bars"]["AAPL"]
    # Of the hours from 05:00 to 05:00 UTC.
    assert (day["t"], day["v"]) == ("2025-12-31T05:00:00Z", sum(range(30, 54)))
    path = f"{COINS}/bars?symbols={quote(symbol)}&timeframe=1Day&start=2025-12-31&end=2025-12-31"
    (day,) = (await bot.get(path))["bars"][symbol]
    assert day["t"] == "2025-12-31T00:00:00Z"


async def test_a_minute_is_told_when_it_is_over_and_a_day_as_it_stands(rig: Rig, bot: Bot) -> None:
    keep(rig, [], [bar(n, 60) for n in range(3)] + [bar(0, 86_400, MIDNIGHT + 5 * 3600 * SECOND)])
    rig.clock.time_ns = MIDNIGHT + 5 * 3600 * SECOND
    late = f"{STOCKS}/bars?symbols=AAPL&start=2026-01-02T00:00:00Z"
    assert len((await bot.get(f"{late}&timeframe=1Day"))["bars"]["AAPL"]) == 1
    rig.clock.time_ns = MIDNIGHT + 179 * SECOND
    assert len((await bot.get(f"{late}&timeframe=1Min"))["bars"]["AAPL"]) == 2
    latest = await bot.get(f"{STOCKS}/AAPL/bars/latest")
    assert latest["bar"]["t"] == "2026-01-02T00:01:00Z"
    rig.clock.time_ns += SECOND
    assert len((await bot.get(f"{late}&timeframe=1Min"))["bars"]["AAPL"]) == 3
    assert "AAPL" not in (await bot.get(f"{late}&timeframe=5Min"))["bars"]


def ticks(instrument_id: int, many: int) -> Iterator[Tick]:
    for n in range(many):
        ts = NOW + n // 3
        if n % 2:
            yield QuoteTick(instrument_id, "x", 1_899_900, 0, 100 * UNIT, 0, ts)
        else:
            yield TradeTick(instrument_id, "x", 1_900_000 + n, UNIT // 2, ts, 7 if n % 4 else 4, n)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("noun", ["trades", "quotes"])
async def test_ticks_page_by_page(rig: Rig, bot: Bot, noun: str, order: str) -> None:
    keep(rig, [*ticks(1, 60), *ticks(2, 20)], [])
    rig.clock.time_ns = NOW + SECOND
    query = f"{STOCKS}/{noun}?symbols=AAPL,MSFT&sort={order}&start=2026-01-02"
    whole = (await bot.get(query))[noun]
    assert [len(rows) for rows in whole.values()] == [30, 10]
    times = [row["t"] for row in whole["AAPL"]]
    assert times == sorted(times, reverse=order == "desc")
    for limit in (1, 7):
        found = await pages(bot, f"{query}&limit={limit}", noun)
        assert all(sum(map(len, page.values())) <= limit for page in found)
        assert merged(found) == whole
    some = f"&start=2026-01-02T15:00:00.000000002Z&end=2026-01-02T15:00:00.000000003Z&sort={order}"
    assert len((await bot.get(f"{STOCKS}/{noun}?symbols=AAPL{some}"))[noun]["AAPL"]) == 3


async def test_ticks_as_they_are_told(rig: Rig, bot: Bot) -> None:
    keep(rig, list(ticks(1, 4)), [])
    rig.clock.time_ns = NOW + SECOND
    first, second = (await bot.get(f"{STOCKS}/AAPL/trades?start=2026-01-02"))["trades"]
    assert first == {
        "t": "2026-01-02T15:00:00.000000000Z", "p": 190, "s": 0.5, "i": NOW // 1000, "x": "V",
        "c": ["@", "I"], "z": "C",
    }  # fmt: skip
    assert (second["i"], second["c"]) == (2, ["@"])
    quoted = (await bot.get(f"{STOCKS}/AAPL/quotes?start=2026-01-02"))["quotes"][0]
    assert quoted == {
        "t": "2026-01-02T15:00:00.000000000Z", "bp": 189.99, "bs": 100, "ap": 0, "as": 0,
        "bx": "V", "ax": "V", "c": ["R"], "z": "C",
    }  # fmt: skip


async def test_the_latest_of_stocks_and_coins(rig: Rig, bot: Bot) -> None:
    rig.trade("AAPL", 190.0, 7)
    rig.trade("BTC/USD", 60_005.5, 0.25)
    quoted = (await bot.get(f"{STOCKS}/quotes/latest?symbols=AAPL,MSFT"))["quotes"]
    assert list(quoted) == ["AAPL"]
    assert (quoted["AAPL"]["bp"], quoted["AAPL"]["ap"], quoted["AAPL"]["as"]) == (
        189.99, 190.01, 1000,
    )  # fmt: skip
    assert (await bot.get(f"{STOCKS}/AAPL/trades/latest"))["trade"]["s"] == 7
    # Coins need no credentials, and are found in any spelling.
    for spelling in ("BTC%2FUSD", "BTC/USD", "BTCUSD"):
        found = await rig.call("GET", f"{COINS}/latest/trades", query=f"symbols={spelling}")
        trade = found.json["trades"]["BTC/USD"]
        assert (trade["p"], trade["s"], trade["tks"]) == (60005.5, 0.25, "")
        assert "x" not in trade
    book = (await bot.get(f"{COINS}/latest/orderbooks?symbols=BTC/USD"))["orderbooks"]["BTC/USD"]
    assert (book["b"], book["a"]) == ([{"p": 60000, "s": 2}], [{"p": 60010, "s": 2}])
    assert (await rig.call("GET", f"{STOCKS}/quotes/latest", query="symbols=AAPL")).status == 401


async def test_a_snapshot_has_all_five(rig: Rig, bot: Bot) -> None:
    rig.trade("AAPL", 190.0, 7)
    midnight = MIDNIGHT + 5 * 3600 * SECOND
    keep(rig, [], [bar(0, 60), bar(0, 86_400, midnight - DAY), bar(1, 86_400, midnight - DAY)])
    words = ["latestTrade", "latestQuote", "minuteBar", "dailyBar", "prevDailyBar"]
    found = (await bot.get(f"{STOCKS}/snapshots?symbols=AAPL,MSFT"))["AAPL"]
    assert list(found) == words
    assert (found["dailyBar"]["v"], found["prevDailyBar"]["v"]) == (2, 1)
    one = await bot.get(f"{STOCKS}/AAPL/snapshot")
    assert one == {"symbol": "AAPL", **found}
    coin = (await bot.get(f"{COINS}/snapshots?symbols=BTC/USD"))["snapshots"]["BTC/USD"]
    assert list(coin) == ["latestQuote"]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (f"{STOCKS}/bars?timeframe=1Day", "symbols"),
        (f"{STOCKS}/bars?symbols=&timeframe=1Day", "symbols"),
        (f"{STOCKS}/bars?symbols=A$,B&timeframe=1Day", "symbol"),
        (f"{STOCKS}/bars?symbols=" + ",".join(["AAPL"] * 101) + "&timeframe=1Day", "symbols"),
        (f"{STOCKS}/bars?symbols=AAPL", "timeframe"),
        *(
            (f"{STOCKS}/bars?symbols=AAPL&timeframe={x}", "timeframe")
            for x in ("60Min", "24Hour", "2Day", "2Week", "4Month", "0Min", "1Year", "-1Min", "1")
        ),
        *(
            (f"{STOCKS}/bars?symbols=AAPL&timeframe=1Day&{name}={said}", name)
            for name, said in (
                ("limit", "0"), ("limit", "10001"), ("limit", "x"), ("sort", "up"),
                ("feed", "none"), ("currency", "XYZ"), ("adjustment", "no"), ("asof", "today"),
                ("start", "yesterday"), ("start", "2026-02-30"), ("start", "2026-01-01T00:00:00"),
                ("page_token", "x"), ("page_token", "TVNGVHwxfDA="), ("page_token", "%C3%A4"),
            )
        ),
        (f"{STOCKS}/bars?symbols=AAPL&timeframe=1Day&start=2026-01-02&end=2026-01-01", "end"),
        (f"{STOCKS}/meta/conditions/bars", "ticktype"),
        (f"{STOCKS}/meta/conditions/trade?tape=Q", "tape"),
        ("/v1beta1/news?limit=51", "limit"),
        ("/v1beta1/screener/stocks/most-actives?by=price", "by"),
        ("/v1/corporate-actions?types=party", "types"),
    ],
)  # fmt: skip
async def test_what_is_refused_is_named(bot: Bot, path: str, word: str) -> None:
    answer = await bot.call("GET", path)
    assert refused(answer) == (422, 40010001)
    assert f"invalid {word}:" in answer.json["message"]


async def test_days_are_whole_and_times_are_included(rig: Rig, bot: Bot) -> None:
    keep(rig, [], [bar(n, 3600, MIDNIGHT - DAY) for n in range(48)])
    rig.clock.time_ns = NOW + 3 * DAY
    path = f"{STOCKS}/bars?symbols=AAPL&timeframe=1Hour&start="
    day = (await bot.get(f"{path}2026-01-01&end=2026-01-01"))["bars"]["AAPL"]
    assert (day[0]["t"], len(day)) == ("2026-01-01T05:00:00Z", 24)
    some = f"{path}2026-01-01T05:00:00Z&end=2026-01-01T01:00:00-05:00"
    assert [row["t"][11:13] for row in (await bot.get(some))["bars"]["AAPL"]] == ["05", "06"]
    coins = f"{COINS}/bars?symbols=BTC/USD&timeframe=1Hour&start=2026-01-01&end=2026-01-01"
    keep(rig, [], [bar(n, 3600, MIDNIGHT - DAY, 21) for n in range(48)])
    symbol = rig.world.view.instruments[21].symbol
    found = (await bot.get(coins.replace("BTC/USD", quote(symbol))))["bars"][symbol]
    assert (found[0]["t"], len(found)) == ("2026-01-01T00:00:00Z", 24)


async def test_without_start_it_is_today(rig: Rig, bot: Bot) -> None:
    keep(rig, [], [bar(n, 3600, MIDNIGHT - DAY) for n in range(48)])
    rows = (await bot.get(f"{STOCKS}/bars?symbols=AAPL&timeframe=1Hour"))["bars"]["AAPL"]
    assert (rows[0]["t"], rows[-1]["t"]) == ("2026-01-02T05:00:00Z", "2026-01-02T14:00:00Z")


class TestInventedPast:
    """The days before the built-in market began."""

    @pytest.fixture
    def rig(self) -> Rig:
        rig = Rig(stock_calendar="xnys")
        listings = {listing.instrument.symbol: listing for listing in CATALOG}
        rig.world.reference = Reference(rig.clock, seed=7, listings=listings)
        rig.quote("AAPL", 189.99, 190.01)
        rig.trade("AAPL", 190.0, 100)
        # It began at 10:00 in New York, and has traded three minutes.
        keep(rig, [], [bar(n, 60, NOW) for n in range(3)])
        keep(rig, [], [bar(0, 300, NOW), bar(0, 3600, NOW)])
        keep(rig, [], [bar(0, 86_400, MIDNIGHT + 5 * 3600 * SECOND)])
        rig.clock.time_ns = NOW + 10 * 60 * SECOND
        return rig

    async def test_a_year_of_days(self, bot: Bot) -> None:
        path = f"{STOCKS}/bars?symbols=AAPL,MSFT&timeframe=1Day&start=2025-01-02"
        answer = await bot.call("GET", path)
        days = answer.json["bars"]["AAPL"]
        assert len(days) == len({day["t"] for day in days}) == 251
        assert (days[0]["t"], days[-1]["t"]) == ("2025-01-02T05:00:00Z", "2026-01-02T05:00:00Z")
        assert days[-2]["c"] == 190
        # Of today only the morning is made up.
        assert int(answer.headers["x-stockyard-invented"]) == 251 + 251

    async def test_parts_fold_into_the_whole(self, bot: Bot) -> None:
        since = "&start=2025-12-31&end=2026-01-02&limit=10000"
        path = f"{STOCKS}/bars?symbols=AAPL{since}&timeframe="
        days = (await bot.get(f"{path}1Day"))["bars"]["AAPL"]
        assert [day["t"][:10] for day in days] == ["2025-12-31", "2026-01-02"]
        for timeframe in ("1Min", "3Min", "5Min", "30Min", "1Hour"):
            rows = (await bot.get(f"{path}{timeframe}"))["bars"]["AAPL"]
            before = [row for row in rows if row["t"] < "2026-01-01"]
            assert sum(row["v"] for row in before) == days[0]["v"]
            assert max(row["h"] for row in before) == days[0]["h"]
            assert (before[0]["o"], before[-1]["c"]) == (days[0]["o"], days[0]["c"])
        minutes = (await bot.get(f"{path}1Min"))["bars"]["AAPL"]
        today = [row for row in minutes if row["t"] > "2026-01-02"]
        assert len(today) == 30 + 3
        made_up = sum(row["v"] for row in today[:30])
        # The kept day has 1 share, the kept minutes 1 + 2 + 3.
        assert (days[1]["v"], days[1]["o"]) == (made_up + 1, today[0]["o"])

    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("timeframe", ["5Min", "1Hour", "1Day", "1Month"])
    async def test_pages_cross_into_it(self, bot: Bot, timeframe: str, order: str) -> None:
        start = "2025-12-31" if timeframe in ("5Min", "1Hour") else "2025-06-01"
        path = f"{STOCKS}/bars?symbols=AAPL&timeframe={timeframe}&start={start}&sort={order}"
        whole = (await bot.get(f"{path}&limit=10000"))["bars"]["AAPL"]
        assert merged(await pages(bot, f"{path}&limit=5"))["AAPL"] == whole
        times = [row["t"] for row in whole]
        assert times == sorted(set(times), reverse=order == "desc")

    async def test_the_screener_counts_it(self, bot: Bot) -> None:
        active = await bot.get("/v1beta1/screener/stocks/most-actives?top=5&by=trades")
        assert len(active["most_actives"]) == 5
        counts = [row["trade_count"] for row in active["most_actives"]]
        assert counts == sorted(counts, reverse=True)
        moved = await bot.get("/v1beta1/screener/stocks/movers?top=3")
        assert moved["market_type"] == "stocks"
        assert all(row["change"] > 0 for row in moved["gainers"])
        assert all(row["percent_change"] < 0 for row in moved["losers"])
        shown = await bot.get(f"{STOCKS}/snapshots?symbols=AAPL")
        for row in moved["gainers"] + moved["losers"]:
            if row["symbol"] == "AAPL":
                assert row["price"] == shown["AAPL"]["dailyBar"]["c"]
        coins = await bot.get("/v1beta1/screener/crypto/movers")
        assert len(coins["gainers"]) + len(coins["losers"]) <= 4
        answer = await bot.call("GET", "/v1beta1/screener/bonds/movers")
        assert refused(answer) == (422, 42210000)


async def test_what_there_is_none_of(bot: Bot) -> None:
    assert await bot.get("/v1beta1/news?symbols=AAPL") == {"news": [], "next_page_token": None}
    found = await bot.get("/v1/corporate-actions?symbols=AAPL&start=2025-01-01&end=2025-12-31")
    assert len(found["corporate_actions"]) == 13
    assert not any(found["corporate_actions"].values())
    some = await bot.get("/v1/corporate-actions?types=cash_dividend,forward_split")
    assert list(some["corporate_actions"]) == ["forward_splits", "cash_dividends"]
    answer = await bot.call("GET", "/v1beta1/options/snapshots/AAPL?type=call")
    assert refused(answer) == (422, 42210000)
    assert answer.json["reason"] == "not_offered"


async def test_codes_are_told(bot: Bot) -> None:
    assert "V" in await bot.get(f"{STOCKS}/meta/exchanges")
    assert "@" in await bot.get(f"{STOCKS}/meta/conditions/trade?tape=C")
    assert "R" in await bot.get(f"{STOCKS}/meta/conditions/quote?tape=A")
