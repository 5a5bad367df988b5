"""What happened, in Alpaca's words: every kind told, and paged without gap or repeat."""

from decimal import Decimal
from typing import Any

import pytest

from stockyard.api.alpaca.activities import OF_KIND
from stockyard.projections.rows import BOOKED
from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import NOW, SECOND, Rig

PATH = "/v2/account/activities"
ALL_FEES = {"profile": "realistic"}


@pytest.fixture
async def busy(rig: Rig, bot: Bot) -> Bot:
    """A bot to whom a little of much has happened: 3 fills with fees, cash, a reset."""
    trader = bot.trader
    assert (await trader.call("PATCH", "/account", ALL_FEES)).status == 200
    for body in (
        {"symbol": "AAPL", "side": "buy", "qty": "10"},
        {"symbol": "AAPL", "side": "sell", "qty": "4"},
        {"symbol": "BTC/USD", "side": "buy", "qty": "0.5", "time_in_force": "gtc"},
    ):
        rig.quote("AAPL", 189.99, 190.01)
        rig.quote("BTC/USD", 60000, 60010, 2)
        assert (await trader.order(**body)).json["status"] == "filled"
    rig.clock.time_ns += SECOND
    await trader.call("POST", "/account/deposits", {"amount": "500"})
    await trader.call("POST", "/account/withdrawals", {"amount": "20.50"})
    rig.clock.time_ns += SECOND
    await trader.call("POST", "/account/reset", {"starting_cash": "1000"})
    return bot


async def pages(bot: Bot, query: str, size: int) -> list[Any]:
    """Everything, a page at a time."""
    found: list[Any] = []
    token = ""
    while True:
        page = await bot.get(f"{PATH}?page_size={size}&{query}{token}")
        found += page
        if len(page) < size:
            return found
        token = f"&page_token={page[-1]['id']}"


async def test_everything_is_told(busy: Bot) -> None:
    found = await busy.get(PATH)
    types = [each["activity_type"] for each in found]
    assert types == [
        "JNLC", "JNLS", "JNLS", "CSW", "CSD", "CFEE", "FILL", "FEE", "FILL", "FILL", "CSD",
    ]  # fmt: skip
    ids = [each["id"] for each in found]
    assert len(set(ids)) == len(ids)
    times = [text[:17] for text in ids]
    assert times == sorted(times, reverse=True)
    account = await busy.get("/v2/account")
    assert {each["account_id"] for each in found} == {account["id"]}
    booked = {each["activity_type"]: each for each in found if each["activity_type"] != "FILL"}
    assert booked["CSW"]["net_amount"] == "-20.50"
    assert (booked["CSD"]["net_amount"], booked["CSD"]["status"]) == ("100000.00", "executed")
    assert (booked["CFEE"]["symbol"], booked["FEE"]["symbol"]) == ("BTC/USD", "AAPL")
    assert Decimal(booked["CFEE"]["net_amount"]) < 0
    assert {each["symbol"]: each["qty"] for each in found if each["activity_type"] == "JNLS"} == {
        "AAPL": "-6", "BTC/USD": "-0.5",
    }  # fmt: skip
    fills = [each for each in found if each["activity_type"] == "FILL"]
    spent = sum(
        Decimal(fill["qty"]) * Decimal(fill["price"]) * (-1 if fill["side"] == "buy" else 1)
        for fill in fills
    )
    moved = sum(Decimal(each["net_amount"]) for each in found if "net_amount" in each)
    assert spent + moved == Decimal(account["cash"])


async def test_a_fill_in_parts(rig: Rig, bot: Bot) -> None:
    await bot.trader.call("PATCH", "/account", ALL_FEES)
    rig.quote("AAPL", 189.99, 190, 4)
    order = (await bot.trader.order(type="limit", limit_price="190", qty="6")).json["id"]
    rig.quote("AAPL", 189.98, 190, 4)
    parts = (await bot.get(PATH + "/FILL"))[::-1]
    assert [(x["type"], x["qty"], x["cum_qty"], x["leaves_qty"]) for x in parts] == [
        ("partial_fill", "4", "4", "2"), ("fill", "2", "6", "0"),
    ]  # fmt: skip
    assert [x["order_status"] for x in parts] == ["partially_filled", "filled"]
    assert {x["order_id"] for x in parts} == {order}


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("direction", ["desc", "asc"])
async def test_pages_have_no_gap_and_no_repeat(busy: Bot, size: int, direction: str) -> None:
    whole = await busy.get(PATH)
    whole = whole if direction == "desc" else whole[::-1]
    query = f"direction={direction}"
    assert await pages(busy, query, size) == whole
    for types in ("FILL", "FEE", "CFEE", "CSD", "FEE,CSD", "JNLS,CFEE,FILL"):
        some = [each for each in whole if each["activity_type"] in types.split(",")]
        assert some
        assert await pages(busy, f"{query}&activity_types={types}", size) == some


async def test_by_type_category_and_time(rig: Rig, busy: Bot) -> None:
    whole = await busy.get(PATH)
    assert await busy.get(PATH + "/FILL") == await busy.get(PATH + "?category=trade_activity")
    assert await busy.get(PATH + "?category=non_trade_activity") == [
        each for each in whole if each["activity_type"] != "FILL"
    ]
    assert await busy.get(PATH + "/fill") == await busy.get(PATH + "?activity_types=FILL")
    assert await busy.get(PATH + "/DIV") == []
    cut = whole[4]["created_at"]
    after = await busy.get(f"{PATH}?after={cut}")
    until = await busy.get(f"{PATH}?until={cut}")
    assert (after, until) == (whole[:3], whole[5:])
    assert await busy.get(f"{PATH}?after={cut}&until={cut}") == []
    assert await busy.get(PATH + "?date=2026-01-02") == whole
    for day in ("2026-01-01", "2026-01-03", "1990-01-01", "2029-12-31"):
        assert await busy.get(f"{PATH}?date={day}") == []
    assert rig.clock.now_ns() > NOW


async def test_nobody_sees_another_s(rig: Rig, busy: Bot) -> None:
    other = await Bot.made(rig, "bob@example.com")
    mine = await other.get(PATH)
    assert [each["activity_type"] for each in mine] == ["CSD"]
    token = (await busy.get(PATH))[0]["id"]
    assert await other.get(f"{PATH}?page_token={token}") == []
    assert await other.get(f"{PATH}?page_token={token}&direction=asc") == mine


async def test_what_cannot_be_asked_for(busy: Bot) -> None:
    for query in (
        "activity_types=NOPE", "category=x", "category=trade_activity&activity_types=FILL",
        "page_size=0", "page_size=101", "page_token=x", "direction=up", "after=soon",
        "date=2026-01-02&after=2026-01-01", "date=1960-01-01", "date=x",
    ):  # fmt: skip
        assert refused(await busy.call("GET", f"{PATH}?{query}")) == (422, 40010001), query
    for path in ("/NOPE", "/FILL?activity_types=CSD", "/FILL?category=trade_activity"):
        assert refused(await busy.call("GET", PATH + path)) == (422, 40010001)


def test_each_kind_has_a_type() -> None:
    assert set(OF_KIND) == set(BOOKED)
