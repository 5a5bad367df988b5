"""What an account was worth over time, in Alpaca's words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import SECOND, Rig

PATH = "/v2/account/portfolio/history"
NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> int:
    """A moment of 2026 by New York's wall clock, in seconds."""
    return int(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=NEW_YORK).timestamp())


def quote(bot: Bot, text: str, price: float) -> None:
    """Let AAPL be quoted at a moment."""
    bot.rig.clock.time_ns = (at(text) - 1) * SECOND
    bot.rig.quote("AAPL", price, price)


@pytest.fixture
async def bot() -> Bot:
    """A bot at the exchange who holds 100 shares, bought at 190 on Friday, and was paid 1000 more
    on Monday; it is Tuesday, half past ten.
    """
    rig = Rig(stock_calendar="xnys")
    made = await Bot.made(rig)
    quote(made, "01-02T10:30:30", 190)
    assert (await made.trader.order(qty="100")).json["status"] == "filled"
    for text, price in (
        ("01-02T15:59:30", 191),
        ("01-02T17:00:00", 192),
        ("01-05T09:29:30", 193),
        ("01-05T09:30:30", 194),
        ("01-05T11:00:30", 195),
    ):
        quote(made, text, price)
    paid = await rig.call("POST", "/api/v1/account/deposits", {"amount": "1000"}, headers=made.key)
    assert paid.status == 201
    quote(made, "01-05T15:59:30", 196)
    quote(made, "01-06T10:00:30", 198)
    quote(made, "01-06T10:30:00", 199)
    return made


async def test_days(bot: Bot) -> None:
    found = await bot.get(PATH)
    assert found["timeframe"] == "1D"
    opens = [at(f"01-0{day}T09:30:00") for day in (2, 5, 6)]
    assert found["timestamp"][-3:] == opens
    assert found["equity"][-3:] == [100_100, 101_600, 101_900]
    assert found["profit_loss"][-3:] == [100, 600, 900]
    assert found["profit_loss_pct"][-3:] == [0.001, 0.006, 0.009]
    assert set(found["equity"][:-3]) == {0}
    assert (found["base_value"], found["cashflow"]) == (100_000, {})
    assert {len(found[name]) for name in ("timestamp", "equity", "profit_loss")} == {20}
    two = await bot.get(PATH + "?period=2D&timeframe=1D")
    assert (two["timestamp"], two["profit_loss"]) == (opens[1:], [500, 800])
    assert (two["base_value"], two["base_value_asof"]) == (100_100, "2026-01-02")


@pytest.mark.parametrize(("reset", "gains"), [("per_day", [200, 300]), ("no_reset", [700, 800])])
async def test_minutes_of_a_day_and_where_gains_begin(
    bot: Bot, reset: str, gains: list[int]
) -> None:
    found = await bot.get(f"{PATH}?period=2D&timeframe=15Min&pnl_reset={reset}")
    step = timedelta(minutes=15).seconds
    assert found["timestamp"] == [
        *range(at("01-05T09:30:00"), at("01-05T16:00:00"), step),
        *range(at("01-06T09:30:00"), at("01-06T10:30:00"), step),
    ]
    assert found["profit_loss"][:1] == [300]
    assert found["profit_loss"][25] == 500
    assert found["equity"][-2:] == [101_800, 101_900]
    assert found["profit_loss"][-2:] == gains


async def test_hours_beyond_the_regular_session(bot: Bot) -> None:
    extended = await bot.get(PATH + "?period=1D&timeframe=1H&intraday_reporting=extended_hours")
    assert extended["timestamp"][0] == at("01-06T04:00:00")
    assert (extended["equity"][0], extended["equity"][-1]) == (101_600, 101_900)
    same = await bot.get(PATH + "?period=1D&timeframe=1H&extended_hours=True")
    assert same == extended
    whole = await bot.get(PATH + "?period=1D&timeframe=1H&intraday_reporting=continuous")
    assert whole["timestamp"][0] == at("01-05T10:00:00")
    assert len(whole["timestamp"]) == 25
    first = await bot.get(PATH + "?start=2026-01-02T15:30:00Z&end=2026-01-02T15:33:00Z")
    assert (first["timeframe"], first["equity"]) == ("1Min", [100_000] * 3)


async def test_a_past_that_is_kept_by_days_only(bot: Bot) -> None:
    for day in range(40):
        when = datetime.fromisoformat("2026-01-07T15:00:30") + timedelta(days=2 * day)
        quote(bot, when.isoformat()[5:], 200 + day)
    found = await bot.get(PATH + "?period=1A")
    days = [datetime.fromtimestamp(t, NEW_YORK).date().isoformat() for t in found["timestamp"]]
    told = dict(zip(days, found["equity"], strict=True))
    assert told["2026-01-05"] == 101_600
    assert told["2026-01-07"] == 102_000
    assert told["2026-01-08"] == 102_000
    assert told["2026-01-09"] == 102_100
    assert told[days[-1]] == 102_000 + 3_900
    assert len(days) in range(250, 253)


async def test_cash_that_came_and_went(bot: Bot) -> None:
    found = await bot.get(PATH + "?period=3D&timeframe=1D&cashflow_types=CSD,CSW")
    assert found["cashflow"] == {"CSD": [100_000, 1_000, 0], "CSW": [0, 0, 0]}
    everything = await bot.get(PATH + "?period=3D&timeframe=1D&cashflow_types=ALL")
    assert {"CSD", "FEE", "INT", "JNLC"} <= everything["cashflow"].keys()
    assert (await bot.get(PATH + "?cashflow_types=none"))["cashflow"] == {}


async def test_every_period_and_timeframe(bot: Bot) -> None:
    for period, default in (
        ("1D", "1Min"), ("6D", "1Min"), ("7D", "15Min"), ("1W", "15Min"), ("4W", "15Min"),
        ("1M", "1D"), ("3M", "1D"), ("1A", "1D"), ("10A", "1D"),
    ):  # fmt: skip
        assert (await bot.get(f"{PATH}?period={period}"))["timeframe"] == default, period
    for frame in ("5Min", "15Min", "1H", "1D"):
        assert (await bot.get(f"{PATH}?period=1M&timeframe={frame}"))["timeframe"] == frame
    ended = await bot.get(PATH + "?period=1D&timeframe=1H&date_end=2026-01-05")
    assert ended["timestamp"][0] == at("01-05T09:30:00")
    assert ended["equity"][-1] == 101_600
    begun = await bot.get(PATH + "?period=1D&start=2026-01-05T05:00:00Z&timeframe=1H")
    assert begun["timestamp"] == ended["timestamp"]


async def test_what_cannot_be_shown(bot: Bot) -> None:
    for query in (
        "period=1Y", "period=0D", "period=D", "timeframe=2Min", "period=8D&timeframe=1Min",
        "period=2M&timeframe=1H", "intraday_reporting=night", "pnl_reset=never",
        "period=1D&start=2026-01-02&end=2026-01-05", "start=2026-01-05&end=2026-01-02",
        "start=2027-01-01", "date_end=2026-01-02&end=2026-01-02", "date_end=x", "end=x",
        "cashflow_types=FILL", "cashflow_types=NOPE", "end=1980-01-01",
    ):  # fmt: skip
        assert refused(await bot.call("GET", f"{PATH}?{query}")) == (422, 40010001), query
