"""Alpaca's market-data streams: handshake, subscriptions, messages in both formats, refusals."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgpack
import pytest

from stockyard.api.alpaca import data_streams, sockets
from stockyard.model.facts import TradingHalted
from stockyard.model.ticks import Counts, TradeTick
from stockyard.runtime import hub
from tests.api.alpaca.bot import Bot
from tests.api.alpaca.socket import Socket
from tests.api.rig import NOW, SECOND, Rig
from tests.api.serving import PATIENCE

CONNECTED = [{"T": "success", "msg": "connected"}]
AUTHENTICATED = [{"T": "success", "msg": "authenticated"}]
NOTHING = {
    "T": "subscription", "trades": [], "quotes": [], "bars": [], "updatedBars": [], "dailyBars": [],
}  # fmt: skip
OF_STOCKS = {
    **NOTHING, "statuses": [], "lulds": [], "imbalances": [], "corrections": [], "cancelErrors": [],
}  # fmt: skip


def error(code: int) -> Any:
    return [{"T": "error", "code": code, "msg": data_streams.ERRORS[code]}]


@pytest.fixture
async def open_one(bot: Bot) -> AsyncIterator[Callable[..., Any]]:
    """Open streams that are signed in, unless said otherwise, and hung up at the end."""
    opened: list[Socket] = []

    async def open_one(path: str = "/v2/iex", packed: bool = False, signed: bool = True) -> Socket:
        one = await Socket(bot.rig, path, packed).open()
        opened.append(one)
        assert await one.next() == CONNECTED
        if signed:
            assert await one.ask(action="auth", **keys(bot)) == AUTHENTICATED
        return one

    yield open_one
    for one in opened:
        assert one.task is not None
        if not one.task.done():
            one.reading.set()
            await one.hang_up()
    assert len(bot.rig.world.hub) == len(bot.rig.app.gateway) == 0


def keys(bot: Bot) -> dict[str, str]:
    return {"key": bot.key["APCA-API-KEY-ID"], "secret": bot.key["APCA-API-SECRET-KEY"]}


async def test_a_subscription_is_answered_with_all_there_is(
    open_one: Callable[..., Any],
) -> None:
    one = await open_one()
    assert await one.ask(action="subscribe", trades=["AAPL"], quotes=["AAPL", "MSFT"]) == [
        {
            **OF_STOCKS, "trades": ["AAPL"], "quotes": ["AAPL", "MSFT"],
            "corrections": ["AAPL"], "cancelErrors": ["AAPL"],
        }
    ]  # fmt: skip
    told = await one.ask(action="subscribe", bars=["*"], statuses=["TSLA"], quotes=["AAPL"])
    assert told[0]["quotes"] == ["AAPL", "MSFT"]
    assert (told[0]["bars"], told[0]["statuses"]) == (["*"], ["TSLA"])
    told = await one.ask(
        action="unsubscribe",
        trades=["AAPL"],
        quotes=["AAPL", "NVDA"],
        bars=["*"],
        statuses=["TSLA"],
    )
    assert told == [{**OF_STOCKS, "quotes": ["MSFT"]}]


async def test_a_coin_stream_has_its_own_channels(open_one: Callable[..., Any]) -> None:
    one = await open_one("/v1beta3/crypto/us")
    assert await one.ask(action="subscribe", trades=["BTCUSD"]) == [
        {**NOTHING, "orderbooks": [], "trades": ["BTC/USD"]}
    ]
    assert await one.ask(action="subscribe", statuses=["BTC/USD"]) == error(410)
    assert await one.ask(action="subscribe", trades=["AAPL"]) == error(400)


async def test_trades_and_quotes_come_as_numbers_with_exactly_their_digits(
    rig: Rig, open_one: Callable[..., Any]
) -> None:
    one = await open_one()
    await one.ask(action="subscribe", trades=["AAPL"], quotes=["AAPL"])
    at_ns = rig.clock.time_ns
    rig.quote("MSFT", 400, 400.02)
    rig.trade("AAPL", 190.3, 0.1)
    rig.quote("AAPL", 190.1, 190.3, 200)
    trade, quote = await one.next()
    assert trade == {
        "T": "t", "S": "AAPL", "i": at_ns // 1000 + 1_000_000, "x": "V", "p": 190.3, "s": 0.1,
        "c": ["@"], "z": "C", "t": "2026-01-02T15:00:03.000000000Z",
    }  # fmt: skip
    assert quote == {
        "T": "q", "S": "AAPL", "bx": "V", "bp": 190.1, "bs": 200, "ax": "V", "ap": 190.3,
        "as": 200, "c": ["R"], "z": "C", "t": "2026-01-02T15:00:05.000000000Z",
    }  # fmt: skip
    assert at_ns == NOW + 2 * SECOND


async def test_messagepack_has_timestamps_of_its_own_and_the_same_numbers(
    rig: Rig, open_one: Callable[..., Any]
) -> None:
    one = await open_one(packed=True)
    await one.ask(action="subscribe", trades=["*"])
    rig.trade("AAPL", 190.3, 0.1)
    (trade,) = await one.next()
    assert trade["t"] == msgpack.Timestamp.from_unix_nano(NOW + 2 * SECOND)
    assert (repr(trade["p"]), repr(trade["s"]), trade["S"]) == ("190.3", "0.1", "AAPL")
    assert set(one.kinds) == {"bytes"}


async def test_everything_is_everything_of_the_feeds_own_kind(
    rig: Rig, open_one: Callable[..., Any]
) -> None:
    stocks, coins = await open_one(), await open_one("/v1beta3/crypto/us")
    for one in (stocks, coins):
        await one.ask(action="subscribe", trades=["*"], quotes=["*"])
    rig.trade("BTC/USD", 60001, 1)
    rig.trade("AAPL", 190, 1)
    rig.quote("MSFT", 400, 400.02)
    assert [(x["T"], x["S"]) for x in await stocks.next()] == [("t", "AAPL"), ("q", "MSFT")]
    (trade,) = await coins.next()
    assert (trade["S"], trade["p"], trade["tks"], "x" in trade) == ("BTC/USD", 60001, "", False)
    told = await stocks.ask(action="unsubscribe", trades=["*"], quotes=["*"])
    assert told == [OF_STOCKS]
    rig.trade("AAPL", 190, 1)
    told = await stocks.ask(action="subscribe", trades=["MSFT"])
    assert told[0]["T"] == "subscription"
    rig.trade("AAPL", 190, 1)
    rig.trade("MSFT", 400, 1)
    assert [x["S"] for x in await stocks.next()] == ["MSFT"]


async def test_a_trade_alone_is_no_new_quote(rig: Rig, open_one: Callable[..., Any]) -> None:
    one = await open_one()
    await one.ask(action="subscribe", quotes=["AAPL"])
    rig.trade("AAPL", 190, 1)
    rig.quote("AAPL", 190.01, 190.03)
    (first,) = await one.next()
    assert first["bp"] == 190.01
    rig.trade("AAPL", 190, 1)
    assert (await one.ask(action="subscribe", quotes=["MSFT"]))[0]["T"] == "subscription"
    rig.quote("MSFT", 400, 400.02)
    assert [x["S"] for x in await one.next()] == ["MSFT"]


async def test_a_minute_is_told_when_it_is_over_and_again_when_late_trades_changed_it(
    rig: Rig, open_one: Callable[..., Any]
) -> None:
    one, other = await open_one(), await open_one()
    await one.ask(action="subscribe", bars=["AAPL"], updatedBars=["*"], dailyBars=["AAPL"])
    await other.ask(action="subscribe", bars=["*"])
    market, start = rig.world.market, NOW
    instrument = rig.world.view.symbols["AAPL"]

    def trade(price: int, at_ns: int, qty: int = 10**9) -> None:
        tick = TradeTick(instrument, "x", price * 10_000, qty, at_ns, Counts.ALL)
        market.take([tick], rig.clock.time_ns)

    scale = rig.world.view.instruments[instrument].price_scale
    assert scale == 4
    rig.clock.time_ns = start + 10 * SECOND
    trade(190, start + 9 * SECOND)
    trade(191, start + 10 * SECOND, 3 * 10**9)
    market.turn(start + 59 * SECOND)
    rig.clock.time_ns = start + 60 * SECOND
    market.turn(rig.clock.time_ns)
    bar, day = await one.next()
    assert bar == {
        "T": "b", "S": "AAPL", "o": 190, "h": 191, "l": 190, "c": 191, "v": 4, "n": 2, "vw": 190.75,
        "t": "2026-01-02T15:00:00.000000000Z",
    }  # fmt: skip
    assert (day["T"], day["c"], day["v"], day["t"][11:19]) == ("d", 191, 4, "00:00:00")
    assert await other.next() == [bar]
    rig.clock.time_ns = start + 61 * SECOND
    trade(192, start + 58 * SECOND)
    market.turn(rig.clock.time_ns)
    rig.clock.time_ns = start + 95 * SECOND
    trade(193, start + 95 * SECOND)
    market.turn(rig.clock.time_ns)
    rig.clock.time_ns = start + 120 * SECOND
    market.turn(rig.clock.time_ns)
    told = [*await one.next()]
    while len(told) < 3:
        told += await one.next()
    kinds = {x["T"]: x for x in told}
    assert sorted(kinds) == ["b", "d", "u"]
    assert (kinds["u"]["c"], kinds["u"]["h"], kinds["u"]["n"]) == (192, 192, 3)
    assert kinds["u"]["t"] == bar["t"]
    assert (kinds["b"]["o"], kinds["b"]["t"][11:19]) == (193, "15:01:00")
    assert [x["T"] for x in await other.next()] == ["b"]


async def test_a_change_is_encoded_once_however_many_receive_it(
    rig: Rig, open_one: Callable[..., Any]
) -> None:
    some = [await open_one() for _ in range(8)]
    packed = [await open_one(packed=True) for _ in range(4)]
    for one in (*some, *packed):
        await one.ask(action="subscribe", quotes=["AAPL"], trades=["*"])
    before = rig.app.gateway.encoded
    rig.quote("AAPL", 190.02, 190.04)
    found = [await one.next() for one in (*some, *packed)]
    assert all(told == found[0] for told in found[:8])
    assert {told[0]["bp"] for told in found} == {190.02}
    assert rig.app.gateway.encoded == before + 2, "once as JSON, once as MessagePack"


async def test_presence_and_figures_know_of_them(
    bot: Bot, rig: Rig, open_one: Callable[..., Any]
) -> None:
    await open_one()
    shown = (await bot.trader.call("GET", "/presence")).json
    account = (await bot.trader.call("GET", "/account")).json["id"]
    assert [(one["kind"], one["account_id"]) for one in shown["streams"]] == [
        ("websocket", account)
    ]
    assert rig.app.streams.count() == (1, 0)


async def test_halts_come_as_statuses(rig: Rig, open_one: Callable[..., Any]) -> None:
    one = await open_one()
    await one.ask(action="subscribe", statuses=["AAPL"])
    instrument = rig.world.view.symbols["AAPL"]
    rig.feed(TradingHalted(instrument, True, "LUDP"))
    rig.feed(TradingHalted(instrument, False, "LUDP"))
    told = await one.next()
    assert [(x["T"], x["sc"], x["sm"], x["rc"]) for x in told] == [
        ("s", "H", "Trading Halt", "LUDP"),
        ("s", "T", "Trading Resumption", "LUDP"),
    ]


async def test_a_book_comes_whole_at_once_and_with_each_quote(
    rig: Rig, open_one: Callable[..., Any]
) -> None:
    one = await open_one("/v1beta3/crypto/us")
    await one.ask(action="subscribe", orderbooks=["BTC/USD"])
    first = await one.next()
    assert [(x["S"], x["b"], x["a"], x["r"]) for x in first] == [
        ("BTC/USD", [{"p": 60000, "s": 2}], [{"p": 60010, "s": 2}], True)
    ]
    rig.quote("BTC/USD", 60001.5, 60011, 3)
    (told,) = await one.next()
    assert (told["T"], told["b"]) == ("o", [{"p": 60001.5, "s": 3}])


async def test_a_symbol_that_is_not_here_is_listed_and_nothing_comes(
    open_one: Callable[..., Any],
) -> None:
    one = await open_one()
    told = await one.ask(action="subscribe", trades=["NOSUCH"])
    assert told[0]["trades"] == ["NOSUCH"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"action": "auth", "key": "x", "secret": "y"}, 402),
        ({"action": "auth", "key": "x"}, 402),
        ({"action": "auth", "key": "oauth", "secret": "no token"}, 402),
        ({"action": "subscribe", "trades": ["AAPL"]}, 401),
        ({"action": "dance"}, 400),
        ({}, 400),
    ],
)
async def test_before_a_sign_in(
    open_one: Callable[..., Any], said: dict[str, Any], code: int
) -> None:
    one = await open_one(signed=False)
    assert await one.ask(**said) == error(code)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"action": "auth", "key": "x", "secret": "y"}, 403),
        ({"action": "subscribe", "orderbooks": ["AAPL"]}, 410),
        ({"action": "subscribe", "nonsense": ["AAPL"]}, 400),
        ({"action": "subscribe", "trades": "AAPL"}, 400),
        ({"action": "subscribe", "trades": [1]}, 400),
        ({"action": "subscribe", "trades": [""]}, 400),
        ({"action": "subscribe", "trades": ["BTC/USD"]}, 400),
        ({"action": "subscribe", "trades": ["X"] * 5_001}, 405),
        ({"action": "subscribe", "trades": [f"X{n}" for n in range(5_000)], "bars": ["Y"]}, 405),
    ],
)
async def test_after_a_sign_in(
    open_one: Callable[..., Any], said: dict[str, Any], code: int
) -> None:
    """What is refused changes nothing."""
    one = await open_one()
    assert await one.ask(**said) == error(code)
    assert await one.ask(action="subscribe") == [OF_STOCKS]


async def test_what_is_no_object_is_refused(open_one: Callable[..., Any]) -> None:
    one, packed = await open_one(), await open_one(packed=True)
    for text in ("", "[]", "nonsense", "\ud800", "[" * 5_000, "1e999"):
        one.send_text(text)
        assert await one.next() == error(400)
    for data in (b"", b"\xc1", b"\x91" * 5_000, b"\xdf\xff\xff\xff\xff", b"\xa1\xff"):
        packed.send_bytes(data)
        assert await packed.next() == error(400)


async def test_credentials_of_the_upgrade_are_looked_at_at_once(bot: Bot) -> None:
    one = await Socket(bot.rig, "/v2/sip").open(bot.key)
    assert [await one.next(), await one.next()] == [CONNECTED, AUTHENTICATED]
    other = await Socket(bot.rig, "/v2/sip").open({**bot.key, "APCA-API-SECRET-KEY": "x"})
    assert [await other.next(), await other.next()] == [CONNECTED, error(402)]
    await one.hang_up()
    await other.hang_up()


async def test_a_session_is_an_oauth_token(bot: Bot, open_one: Callable[..., Any]) -> None:
    one = await open_one(signed=False)
    token = bot.trader.headers["Authorization"].removeprefix("Bearer ")
    assert await one.ask(action="auth", key="oauth", secret=token) == AUTHENTICATED


async def test_who_does_not_sign_in_is_told_and_let_go(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SIGN_IN_S", 0.02)
    one = await Socket(bot.rig, "/v2/iex").open()
    assert await one.next() == CONNECTED
    assert await one.next() == error(404)
    assert (await one.end())[0] == 1008


async def test_too_many_connections_are_refused_in_its_words(bot: Bot) -> None:
    small = Rig(streams_per_address=1, streams_per_user=1)
    other = await Bot.made(small)
    one = await Socket(small, "/v2/iex").open(other.key)
    assert [await one.next(), await one.next()] == [CONNECTED, AUTHENTICATED]
    refused = await Socket(small, "/v2/iex").open(other.key)
    assert await refused.next() == error(406)
    assert (await refused.end())[0] == 1013
    await one.hang_up()


async def test_too_many_connections_of_one_user(bot: Bot) -> None:
    small = Rig(streams_per_user=1)
    other = await Bot.made(small)
    one = await Socket(small, "/v2/iex").open(other.key)
    assert [await one.next(), await one.next()] == [CONNECTED, AUTHENTICATED]
    refused = await Socket(small, "/v2/iex").open(other.key)
    assert [await refused.next(), await refused.next()] == [CONNECTED, error(406)]
    await one.hang_up()
    await refused.hang_up()


async def test_who_misses_something_is_told_that_it_is_slow(
    rig: Rig, open_one: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "QUEUE_ITEMS_MAX", 3)
    one = await open_one()
    await one.ask(action="subscribe", trades=["AAPL"])
    for price in range(5):
        rig.trade("AAPL", 190 + price, 1)
    *trades, last = await one.next()
    assert [x["p"] for x in trades] == [190, 191, 192]
    assert last == error(407)[0]


async def test_who_does_not_read_for_long_is_told_and_let_go(bot: Bot) -> None:
    small = Rig(stall_s=0.02)
    other = await Bot.made(small)
    one = await Socket(small, "/v2/iex").open(other.key)
    assert [await one.next(), await one.next()] == [CONNECTED, AUTHENTICATED]
    await one.ask(action="subscribe", trades=["AAPL"])
    one.reading.clear()
    small.trade("AAPL", 190, 1)
    async with asyncio.timeout(PATIENCE):
        while not small.app.gateway.cut_off:
            await asyncio.sleep(0.005)
    one.reading.set()
    assert (await one.end())[0] == 4008
    assert error(407) in [one.frames.get_nowait() for _ in range(one.frames.qsize())]


async def test_streams_that_are_not_offered_say_so(bot: Bot) -> None:
    for path in ("/v1beta1/opra", "/v1beta1/indicative", "/v1beta1/news"):
        one = await Socket(bot.rig, path, packed=True).open()
        assert await one.next() == CONNECTED
        assert await one.ask(action="auth", **keys(bot)) == error(409)
        await one.hang_up()
    nowhere = await Socket(bot.rig, "/v2/nowhere").open()
    await nowhere.end()
    assert not nowhere.accepted


@pytest.mark.parametrize("packed", [False, True])
async def test_fakepaca_is_there_without_a_market(
    open_one: Callable[..., Any], packed: bool
) -> None:
    one = await open_one("/v2/test", packed)
    told = await one.ask(action="subscribe", trades=["FAKEPACA"], quotes=["*"], bars=["FAKEPACA"])
    assert (told[0]["trades"], told[0]["quotes"]) == (["FAKEPACA"], ["*"])
    found: list[Any] = []
    while {x["T"] for x in found} != {"q", "t"}:
        found += await one.next()
    quote = next(x for x in found if x["T"] == "q")
    assert quote["S"] == "FAKEPACA"
    assert 0 < quote["bp"] < quote["ap"]
    await one.ask(action="unsubscribe", trades=["FAKEPACA"], quotes=["*"])


async def test_a_frame_that_is_too_large_ends_the_stream(open_one: Callable[..., Any]) -> None:
    one = await open_one()
    one.send_text(" " * (256 * 1024 + 1))
    assert (await one.end())[0] == 1009
