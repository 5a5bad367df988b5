"""The account in Alpaca's words: its sums, and its configurations, which bind."""

from decimal import Decimal

from stockyard.api.closes import last_close_ns
from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import NOW, SECOND, Rig

CONFIGURATIONS = "/v2/account/configurations"
DAY = 86_400 * SECOND


def dollars(account: dict[str, str], name: str) -> Decimal:
    return Decimal(account[name])


async def take(bot: Bot, **said: str) -> None:
    """Place an order that must be taken."""
    assert (await bot.trader.order(**said)).status == 201


async def test_a_cash_account_adds_up(rig: Rig, bot: Bot) -> None:
    await take(bot, qty="10")
    await take(bot, symbol="BTC/USD", qty="0.5", time_in_force="gtc")
    await take(bot, type="limit", limit_price="180", qty="5")
    rig.quote("AAPL", 199, 199.02)
    found = await bot.get("/v2/account")
    assert (found["multiplier"], found["shorting_enabled"]) == ("1", False)
    assert dollars(found, "long_market_value") == Decimal("1990") + Decimal("30000")
    assert found["position_market_value"] == found["long_market_value"]
    assert dollars(found, "equity") == dollars(found, "cash") + dollars(found, "long_market_value")
    assert found["portfolio_value"] == found["equity"]
    assert dollars(found, "buying_power") == dollars(found, "cash") - 900
    for name in ("regt_buying_power", "effective_buying_power", "non_marginable_buying_power"):
        assert found[name] == found["buying_power"]
    native = (await bot.trader.call("GET", "/account")).json
    assert (found["id"], found["cash"], found["equity"]) == (
        native["id"], native["cash"], native["equity"],
    )  # fmt: skip
    assert (found["status"], found["crypto_status"], found["currency"]) == (
        "ACTIVE", "ACTIVE", "USD",
    )  # fmt: skip
    assert "pattern_day_trader" not in found


async def test_a_margin_account_adds_up(rig: Rig, bot: Bot) -> None:
    assert (await bot.call("PATCH", CONFIGURATIONS, {"max_margin_multiplier": "2"})).status == 200
    await take(bot, qty="100")
    rig.quote("TSLA", 330, 330)
    await take(bot, symbol="TSLA", side="sell", qty="10")
    found = await bot.get("/v2/account")
    assert (found["multiplier"], found["shorting_enabled"]) == ("2", True)
    assert dollars(found, "short_market_value") == -3300
    equity = sum(dollars(found, n) for n in ("cash", "long_market_value", "short_market_value"))
    assert dollars(found, "equity") == equity
    free = dollars(found, "equity") - dollars(found, "initial_margin")
    assert dollars(found, "buying_power") == 2 * free
    assert dollars(found, "non_marginable_buying_power") == free
    assert dollars(found, "maintenance_margin") < dollars(found, "initial_margin")


async def test_last_equity_is_that_of_the_last_close() -> None:
    rig = Rig(stock_calendar="xnys")
    rig.quote("AAPL", 190, 190)
    bot = await Bot.made(rig)
    assert (await bot.get("/v2/account"))["last_equity"] == "100000.00"
    await take(bot, qty="100")
    rig.clock.time_ns = last_close_ns(bot.trader.rig.app.door, NOW + DAY) - 30 * SECOND
    rig.quote("AAPL", 195, 195)
    rig.clock.time_ns += 60 * SECOND
    rig.quote("AAPL", 199, 199)
    found = await bot.get("/v2/account")
    assert (found["equity"], found["last_equity"]) == ("100900.00", "100500.00")
    assert found["balance_asof"] == "2026-01-02"
    rig.quote("AAPL", 198, 198)
    again = await bot.get("/v2/account")
    assert (again["equity"], again["last_equity"]) == ("100800.00", "100500.00")
    rig.clock.time_ns = last_close_ns(rig.app.door, rig.clock.now_ns() + 4 * DAY) + SECOND
    rig.quote("AAPL", 197, 197)
    later = await bot.get("/v2/account")
    assert (later["last_equity"], later["balance_asof"]) == ("100800.00", "2026-01-06")


async def test_configurations_are_changed_and_kept(rig: Rig, bot: Bot) -> None:
    first = await bot.get(CONFIGURATIONS)
    assert first == {
        "fractional_trading": True, "max_margin_multiplier": "1", "no_shorting": False,
        "max_options_trading_level": None, "suspend_trade": False, "trade_confirm_email": "all",
        "ptp_no_exception_entry": False, "disable_overnight_trading": False,
    }  # fmt: skip
    nothing = await bot.call("PATCH", CONFIGURATIONS, dict.fromkeys([*first, "dtbp_check"]))
    assert nothing.json == first
    changed = {
        "fractional_trading": False, "max_margin_multiplier": "2", "no_shorting": True,
        "max_options_trading_level": 1, "suspend_trade": True, "trade_confirm_email": "none",
        "ptp_no_exception_entry": True, "disable_overnight_trading": True,
    }  # fmt: skip
    assert (await bot.call("PATCH", CONFIGURATIONS, changed)).json == changed
    rig.restart()
    assert await bot.get(CONFIGURATIONS) == changed
    assert (await bot.get("/v2/account"))["trade_suspended_by_user"] is True


async def test_restrictions_bind_here_and_there(bot: Bot) -> None:
    await bot.call("PATCH", CONFIGURATIONS, {"suspend_trade": True})
    assert refused(await bot.try_order()) == (403, 40310000)
    assert (await bot.trader.order()).json["code"] == "trading_suspended"
    await bot.call(
        "PATCH",
        CONFIGURATIONS,
        {"suspend_trade": False, "fractional_trading": False, "max_margin_multiplier": "2",
         "no_shorting": True},
    )  # fmt: skip
    assert (await bot.trader.order(qty="0.5")).json["code"] == "fractions_restricted"
    assert (await bot.trader.order(side="sell")).json["code"] == "shorting_restricted"
    assert (await bot.get("/v2/account"))["shorting_enabled"] is False
    await bot.call("PATCH", CONFIGURATIONS, {"no_shorting": False})
    assert (await bot.trader.order(side="sell")).status == 201
    refusal = await bot.call("PATCH", CONFIGURATIONS, {"max_margin_multiplier": "1"})
    assert refused(refusal) == (403, 40310000)
    assert (await bot.get(CONFIGURATIONS))["max_margin_multiplier"] == "2"


async def test_what_cannot_be_is_refused_whole(bot: Bot) -> None:
    before = await bot.get(CONFIGURATIONS)
    for body in (
        {"max_margin_multiplier": "4", "suspend_trade": True},
        {"trade_confirm_email": "some", "suspend_trade": True},
        {"max_options_trading_level": 4, "suspend_trade": True},
    ):
        assert refused(await bot.call("PATCH", CONFIGURATIONS, body)) == (422, 40010001)
    for body in ({"suspend_trade": "yes"}, {"max_margin_multiplier": 2}):
        assert (await bot.call("PATCH", CONFIGURATIONS, body)).status in (400, 422)
    assert (await bot.call("PATCH", CONFIGURATIONS, body=b"{")).status == 400
    assert await bot.get(CONFIGURATIONS) == before
