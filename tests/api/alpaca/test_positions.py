"""Positions through Alpaca's paths."""

from typing import Any

import pytest

from stockyard.model.ticks import TradeTick
from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import SECOND, UNIT, Rig

DAY_NS = 86_400 * SECOND


async def test_every_field_of_a_long_position(rig: Rig, bot: Bot) -> None:
    await bot.order(qty=20)
    await bot.order(qty=5, side="sell", type="limit", limit_price=250)
    rig.quote("AAPL", 195, 195.02)
    (shown,) = await bot.get("/v2/positions")
    assert shown == {
        "asset_id": shown["asset_id"], "symbol": "AAPL", "exchange": "NASDAQ",
        "asset_class": "us_equity", "asset_marginable": True, "qty": "20",
        "avg_entry_price": "190.01", "side": "long", "market_value": "3900.00",
        "cost_basis": "3800.20", "unrealized_pl": "99.80", "unrealized_plpc": "0.0262617757",
        "unrealized_intraday_pl": "99.80", "unrealized_intraday_plpc": "0.0262617757",
        "current_price": "195.00", "lastday_price": "195.00", "change_today": "0",
        "qty_available": "15",
    }  # fmt: skip
    for name in ("AAPL", "aapl", shown["asset_id"]):
        assert await bot.get(f"/v2/positions/{name}") == shown


async def test_the_days_gain_counts_from_the_last_close_or_from_what_was_paid(
    rig: Rig, bot: Bot
) -> None:
    _trade(rig, 1_900_000)
    await bot.order(qty=10)
    rig.clock.time_ns += DAY_NS
    rig.quote("AAPL", 199.98, 200)
    _trade(rig, 2_000_000)
    await bot.order(qty=5)
    rig.quote("AAPL", 210, 210.02)
    shown = await bot.get("/v2/positions/AAPL")
    assert (shown["lastday_price"], shown["current_price"]) == ("190.00", "210.00")
    assert shown["change_today"] == "0.1052631579"
    # Ten from 190, five from 200.
    assert (shown["unrealized_intraday_pl"], shown["unrealized_pl"]) == ("250.00", "249.90")
    assert shown["unrealized_intraday_plpc"] == "0.0862068966"


def _trade(rig: Rig, price: int) -> None:
    """A trade of AAPL that market data hears of."""
    now = rig.clock.time_ns
    rig.world.market.take([TradeTick(1, "a", price, 100 * UNIT, now, 7)], now)
    rig.world.market.turn(now)
    rig.world.writer.drain()


async def test_a_short_position_is_below_zero(rig: Rig, bot: Bot) -> None:
    await bot.trader.call("PATCH", "/account", {"kind": "margin"})
    made = await bot.order(qty=10, side="sell")
    assert made["position_intent"] == "sell_to_open"
    await bot.order(qty=4, type="limit", limit_price=150)
    rig.quote("AAPL", 199.98, 200)
    shown = await bot.get("/v2/positions/AAPL")
    told = [shown[name] for name in ("side", "qty", "qty_available", "market_value")]
    assert told == ["short", "-10", "-6", "-2000.00"]
    assert (shown["cost_basis"], shown["avg_entry_price"]) == ("-1899.90", "189.99")
    assert (shown["unrealized_pl"], shown["unrealized_plpc"][:7]) == ("-100.10", "-0.0526")


@pytest.mark.parametrize("name", ["BTC/USD", "BTC%2FUSD", "BTCUSD", "btc-usd"])
async def test_a_coin_is_found_in_any_spelling(bot: Bot, name: str) -> None:
    await bot.order(symbol="BTCUSD", qty=0.5, time_in_force="gtc")
    shown = await bot.get(f"/v2/positions/{name}")
    assert (shown["symbol"], shown["exchange"]) == ("BTC/USD", "CRYPTO")
    assert (shown["qty"], shown["asset_marginable"]) == ("0.5", False)
    closed = await bot.call("DELETE", f"/v2/positions/{name}")
    assert (closed.status, closed.json["qty"], closed.json["side"]) == (200, "0.5", "sell")


@pytest.mark.parametrize("name", ["TSLA", "NOPE", "BTC/USD", "A/B/C", "0" * 36])
async def test_a_position_that_is_not_there(bot: Bot, name: str) -> None:
    for method in ("GET", "DELETE"):
        assert refused(await bot.call(method, f"/v2/positions/{name}")) == (404, 40410000)


@pytest.mark.parametrize(
    ("query", "sold"),
    [
        ("", "20"), ("?qty=5", "5"), ("?qty=0.5", "0.5"), ("?percentage=50", "10"),
        ("?percentage=12.5", "2.5"), ("?percentage=100", "20"), ("?qty=&percentage=", "20"),
    ],
)  # fmt: skip
async def test_closing(bot: Bot, query: str, sold: str) -> None:
    await bot.order(qty=20)
    answer = await bot.call("DELETE", "/v2/positions/AAPL" + query)
    made = answer.json
    assert (answer.status, made["qty"], made["side"], made["type"]) == (200, sold, "sell", "market")
    assert (made["status"], made["position_intent"]) == ("new", "sell_to_close")
    assert (await bot.get(f"/v2/orders/{made['id']}"))["status"] == "filled"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("qty=1&percentage=1", (422, 40010001)),
        ("qty=0", (422, 40010001)),
        ("qty=x", (422, 40010001)),
        ("percentage=0", (422, 40010001)),
        ("percentage=101", (422, 40010001)),
        ("percentage=x", (422, 40010001)),
        ("qty=21", (403, 40310000)),
    ],
)
async def test_closings_that_cannot_be_taken(bot: Bot, query: str, told: tuple[int, int]) -> None:
    await bot.order(qty=20)
    answer = await bot.call("DELETE", f"/v2/positions/AAPL?{query}")
    assert refused(answer) == told
    if told[0] == 403:
        assert (answer.json["available"], answer.json["existing_qty"]) == ("20", "20")


async def test_all_are_closed_with_a_row_each(bot: Bot) -> None:
    assert (await bot.call("DELETE", "/v2/positions")).json == []
    await bot.order(qty=20)
    await bot.order(symbol="BTC/USD", qty=0.5, time_in_force="gtc")
    stays = await bot.order(qty=20, side="sell", type="limit", limit_price=250)
    far = await bot.order(type="limit", limit_price=150)
    answer = await bot.call("DELETE", "/v2/positions")
    rows: dict[str, Any] = {row["symbol"]: row for row in answer.json}
    assert answer.status == 207
    assert rows["BTC/USD"]["status"] == 200
    assert rows["BTC/USD"]["body"]["status"] == "new"
    assert rows["AAPL"]["status"] == 403
    assert rows["AAPL"]["body"]["held_for_orders"] == "20"
    answer = await bot.call("DELETE", "/v2/positions?cancel_orders=True")
    assert [(row["symbol"], row["status"]) for row in answer.json] == [("AAPL", 200)]
    for order in (stays, far):
        assert (await bot.get(f"/v2/orders/{order['id']}"))["status"] == "canceled"
    assert await bot.get("/v2/positions") == []


async def test_options_are_not_exercised(bot: Bot) -> None:
    answer = await bot.call("POST", "/v2/positions/AAPL261218C00150000/exercise")
    assert refused(answer) == (422, 42210000)
