"""What can be traded and when, in Alpaca's words; and what is not offered."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import SECOND, Rig

HOUR = 3600 * SECOND


@pytest.fixture
async def shut() -> Bot:
    """A bot where stocks trade as at their exchange."""
    rig = Rig(stock_calendar="xnys")
    rig.quote("AAPL", 190, 190)
    return await Bot.made(rig)


async def symbols(bot: Bot, query: str) -> list[str]:
    return [each["symbol"] for each in await bot.get(f"/v2/assets?{query}")]


async def test_assets_are_listed_by_what_they_are(bot: Bot, shut: Bot) -> None:
    stocks = await bot.get("/v2/assets")
    assert {each["class"] for each in stocks} == {"us_equity"}
    assert await symbols(bot, "status=active&asset_class=us_equity") == [
        each["symbol"] for each in stocks
    ]
    assert await symbols(bot, "exchange=ARCA") == [
        each["symbol"] for each in stocks if each["exchange"] == "ARCA"
    ]
    assert "BTC/USD" in await symbols(bot, "asset_class=crypto")
    assert await symbols(bot, "asset_class=us_option") == []
    assert await symbols(bot, "status=inactive") == []
    assert await symbols(bot, "attributes=has_options") == []
    assert await symbols(shut, "attributes=fractional_eh_enabled,ipo") == await symbols(shut, "")
    for query in ("status=gone", "asset_class=bonds", "exchange=LSE"):
        assert refused(await bot.call("GET", f"/v2/assets?{query}")) == (422, 40010001)


async def test_an_asset_is_found_by_symbol_and_id(bot: Bot) -> None:
    apple = await bot.get("/v2/assets/AAPL")
    assert await bot.get(f"/v2/assets/{apple['id']}") == apple
    native = (await bot.trader.call("GET", "/assets/AAPL")).json
    assert (apple["id"], apple["name"]) == (native["id"], native["name"])
    assert (apple["fractionable"], apple["marginable"], apple["shortable"]) == (True, True, True)
    assert (apple["margin_requirement_long"], apple["cusip"]) == ("30", None)
    coin = await bot.get("/v2/assets/BTC/USD")
    for path in ("BTC%2FUSD", "BTCUSD", "btc-usd", coin["id"]):
        assert await bot.get(f"/v2/assets/{path}") == coin
    assert (coin["class"], coin["exchange"], coin["marginable"]) == ("crypto", "CRYPTO", False)
    assert coin["min_trade_increment"] is not None
    order = (await bot.trader.order()).json["id"]
    for path in ("NOPE", "x" * 200, order, apple["id"][:-1] + "0"):
        answer = await bot.call("GET", f"/v2/assets/{path}")
        assert refused(answer) == (404, 40410000)


def at(bot: Bot, text: str) -> None:
    """Let the world be at a moment of 2026 by New York's wall clock."""
    when = datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo("America/New_York"))
    bot.rig.clock.time_ns = int(when.timestamp()) * SECOND


async def clock(bot: Bot) -> tuple[bool, str, str]:
    found = await bot.get("/v2/clock")
    return found["is_open"], found["next_open"], found["next_close"]


async def test_the_clock_keeps_the_exchange_s_hours(shut: Bot) -> None:
    monday = "2026-01-05T09:30:00-05:00"
    at(shut, "01-02T09:29:59")
    friday = ("2026-01-02T09:30:00-05:00", "2026-01-02T16:00:00-05:00")
    assert await clock(shut) == (False, *friday)
    at(shut, "01-02T09:30:00")
    assert await clock(shut) == (True, monday, friday[1])
    at(shut, "01-02T16:00:00")
    assert await clock(shut) == (False, monday, "2026-01-05T16:00:00-05:00")
    shut.rig.clock.time_ns += 5
    assert (await shut.get("/v2/clock"))["timestamp"] == "2026-01-02T16:00:00.000000005-05:00"
    at(shut, "11-27T12:59:59")
    assert await clock(shut) == (True, "2026-11-30T09:30:00-05:00", "2026-11-27T13:00:00-05:00")
    at(shut, "07-04T12:00:00")
    assert await clock(shut) == (False, "2026-07-06T09:30:00-04:00", "2026-07-06T16:00:00-04:00")


async def test_a_clock_that_never_stops(bot: Bot) -> None:
    at(bot, "01-03T12:00:00")
    end = "2026-01-03T16:00:00-05:00"
    assert await clock(bot) == (True, end, end)
    days = await bot.get("/v2/calendar?start=2026-01-03&end=2026-01-04")
    assert [(day["date"], day["open"], day["close"]) for day in days] == [
        ("2026-01-03", "00:00", "23:59"), ("2026-01-04", "00:00", "23:59"),
    ]  # fmt: skip


async def test_the_calendar_knows_holidays_and_half_days(shut: Bot) -> None:
    found = await shut.get("/v2/calendar?start=2026-11-25&end=2026-11-30")
    full = {"open": "09:30", "close": "16:00", "session_open": "0400", "session_close": "2000"}
    half = {**full, "close": "13:00", "session_close": "1700"}
    assert found == [
        {"date": "2026-11-25", **full, "settlement_date": "2026-11-27"},
        {"date": "2026-11-27", **half, "settlement_date": "2026-11-30"},
        {"date": "2026-11-30", **full, "settlement_date": "2026-12-01"},
    ]
    everything = await shut.get("/v2/calendar")
    assert (everything[0]["date"], everything[-1]["date"]) == ("1990-01-02", "2029-12-31")
    assert await shut.get("/v2/calendar?start=2030-01-01&end=2031-01-01") == []
    assert len(await shut.get("/v2/calendar?start=2026-01-02T00%3A00%3A00Z&end=2026-01-02")) == 1
    for query in ("start=2026-13-01", "start=2026-02-01&end=2026-01-01", "end=soon"):
        assert refused(await shut.call("GET", f"/v2/calendar?{query}")) == (422, 40010001)


async def test_clocks_and_calendars_of_markets(shut: Bot) -> None:
    at(shut, "11-27T13:30:00")
    told = (await shut.get("/v3/clock?markets=NYSE,XNAS"))["clocks"]
    assert [each["market"]["mic"] for each in told] == ["XNYS", "XNAS"]
    assert (told[0]["phase"], told[0]["phase_until"], told[0]["is_market_day"]) == (
        "post", "2026-11-27T17:00:00-05:00", True,
    )  # fmt: skip
    then: Any = await shut.get("/v3/clock?time=2026-11-28T12:00:00Z")
    assert (then["clocks"][0]["phase"], then["clocks"][0]["is_market_day"]) == ("closed", False)
    days = await shut.get("/v3/calendar/NYSE?start=2026-11-27&end=2026-11-27")
    assert days["calendar"][0]["core_end"] == "2026-11-27T13:00:00"
    assert days["calendar"][0]["pre_start"] == "2026-11-27T04:00:00"
    assert refused(await shut.call("GET", "/v3/calendar/LSE")) == (404, 40410000)
    assert refused(await shut.call("GET", "/v3/clock?time=1980-01-01")) == (422, 40010001)


async def test_what_is_not_offered_says_so(bot: Bot) -> None:
    announced = "/v2/corporate_actions/announcements"
    asked = "ca_types=dividend,split&since=2026-01-01&until=2026-03-01"
    assert await bot.get(f"{announced}?{asked}") == []
    for query in ("", "ca_types=x&since=2026-01-01&until=2026-01-02", asked.replace("03", "09")):
        assert refused(await bot.call("GET", f"{announced}?{query}")) == (422, 40010001)
    assert refused(await bot.call("GET", f"{announced}/1")) == (404, 40410000)
    assert await bot.get("/v2/options/contracts?underlying_symbols=AAPL&limit=100") == {
        "option_contracts": [], "next_page_token": None,
    }  # fmt: skip
    contract = "AAPL261218C00150000"
    assert refused(await bot.call("GET", f"/v2/options/contracts/{contract}")) == (404, 40410000)
    for verb in ("exercise", "do-not-exercise"):
        answer = await bot.call("POST", f"/v2/positions/{contract}/{verb}")
        assert refused(answer) == (422, 42210000)
        assert answer.json["reason"] == "not_offered"
