"""Faults on purpose on Alpaca's streams."""

import asyncio
from typing import Any

import pytest

from stockyard.api.listeners import LOST
from tests.api.alpaca.bot import Bot
from tests.api.alpaca.socket import Socket
from tests.api.rig import Rig

LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}


@pytest.fixture
async def rig() -> Rig:
    made = Rig(controls=True)
    made.quote("AAPL", 189.99, 190.01)
    return made


async def fault(bot: Bot, **said: Any) -> None:
    answer = await bot.trader.call("POST", "/sim/faults", said)
    assert answer.status == 201, answer


async def listening(bot: Bot) -> Socket:
    one = await Socket(bot.rig, "/stream").open(bot.key)
    assert (await one.next())["stream"] == "authorization"
    assert (await one.ask(**LISTEN))["stream"] == "listening"
    return one


async def events(one: Socket, count: int) -> list[str]:
    return [told["data"]["event"] for told in await one.some(count)]


async def test_trade_updates_are_lost_doubled_and_late(bot: Bot) -> None:
    one = await listening(bot)
    await fault(bot, kind="drop", stream="trade_updates", every=2, count=1)
    await bot.trader.order()
    await fault(bot, kind="duplicate", stream="trade_updates", count=2)
    await bot.trader.order()
    assert await events(one, 5) == ["new", "new", "new", "fill", "fill"]
    await fault(bot, kind="delay_message", stream="trade_updates", delay_ms=20)
    await bot.trader.order()
    assert await events(one, 2) == ["fill", "new"]
    await one.hang_up()


async def test_a_kind_of_update_is_hit_by_its_event(bot: Bot) -> None:
    one = await listening(bot)
    await fault(bot, kind="drop", stream="trade_updates", messages=["fill"], count=1)
    await bot.trader.order()
    await bot.trader.order()
    assert await events(one, 3) == ["new", "new", "fill"]
    await one.hang_up()


async def test_trade_updates_end_with_the_code_and_the_other_streams_go_on(bot: Bot) -> None:
    one, data = await listening(bot), await Socket(bot.rig, "/v2/iex").open(bot.key)
    await fault(bot, kind="close", stream="trade_updates", code=4000, for_seconds=60)
    assert (await one.end())[0] == 4000
    again = await Socket(bot.rig, "/stream").open(bot.key)
    assert (await again.end())[0] == 4000
    await asyncio.sleep(0)
    assert data.closed is None
    await fault(bot, kind="close", stream="market_data")
    assert (await data.end())[0] == LOST
