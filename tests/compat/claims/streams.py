"""Claims about the streams: trade updates and market data."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import msgpack

from stockyard.model.facts import TradingHalted
from stockyard.model.ticks import Counts, TradeTick
from tests.api.alpaca.bot import Bot
from tests.api.alpaca.socket import Socket
from tests.api.rig import NOW, SECOND, Rig
from tests.compat.claims import wires
from tests.compat.claims.market import COIN_QUOTE, COIN_TRADE
from tests.compat.claims.stage import Body, Stage
from tests.compat.claims.words import (
    Check,
    Claim,
    Endpoint,
    Section,
    answers,
    behaviour,
    check_type,
    endpoint,
    fields,
    not_there,
)

STREAM: Final = "/stream"
STOCKS: Final = "/v2/iex"
COINS: Final = "/v1beta3/crypto/us"
FEEDS: Final = ("sip", "iex", "delayed_sip", "otc", "boats", "overnight")
_ALL: Final = ("trades", "quotes", "bars", "dailyBars")
_stocks: Final = wires.heard(STOCKS, _ALL, ["SPY"], "tqbd")
_coins: Final = wires.heard(COINS, (*_ALL, "orderbooks"), ["BTC/USD"], "tqbdo")
SLOW: Final = (_stocks, _coins)
"""What waits for a minute to be over."""


def _updates(stage: Stage) -> list[Body]:
    """What is told of an order that fills, and of one that is canceled."""
    with wires.trading(stage) as wire:
        bought = stage.bought()
        rest = stage.placed()
        stage.ask("DELETE", f"/v2/orders/{rest['id']}")
        found = wire.until(
            lambda told: any(x["data"]["event"] == "canceled" for x in told), list[Any]()
        )
        assert {x["data"]["order"]["id"] for x in found} == {bought["id"], rest["id"]}
        assert set(wire.kinds) == {"bytes"}
    return [update["data"] for update in found]


def _fill(stage: Stage) -> Body:
    (found,) = (x for x in stage.once(_updates) if x["event"] == "fill")
    return found


def _events(stage: Stage) -> None:
    assert [x["event"] for x in stage.once(_updates)] == ["new", "fill", "new", "canceled"]


def _agrees(stage: Stage) -> None:
    for told in (stage.once(_updates)[1], stage.once(_updates)[3]):
        assert stage.get(f"/v2/orders/{told['order']['id']}") == told["order"]


def _replaces(stage: Stage) -> None:
    with wires.trading(stage) as wire:
        old = stage.placed()
        new = stage.done("PATCH", f"/v2/orders/{old['id']}", {"qty": 2})
        told = wire.until(lambda found: len(found) >= 3, list[Any]())
        assert [(x["data"]["event"], x["data"]["order"]["id"]) for x in told] == [
            ("new", old["id"]), ("replaced", old["id"]), ("new", new["id"]),
        ]  # fmt: skip
        stage.ask("DELETE", f"/v2/orders/{new['id']}")


def _expires(stage: Stage) -> None:
    with wires.trading(stage) as wire:
        stage.placed(time_in_force="ioc")
        told = wire.until(lambda found: len(found) >= 2, list[Any]())
        assert told[-1]["data"]["event"] in ("expired", "canceled")


def _holds(stage: Stage) -> None:
    legs = {
        "take_profit": {"limit_price": f"{stage.price() * 1.2:.2f}"},
        "stop_loss": {"stop_price": f"{stage.price() * 0.7:.2f}"},
    }
    with wires.trading(stage) as wire, stage.order(order_class="bracket", **legs):
        told = wire.until(lambda found: len(found) >= 3, list[Any]())
        assert sorted(x["data"]["event"] for x in told) == ["held", "held", "new"]


def _not_signed_in(stage: Stage) -> None:
    with wires.Wire(stage, STREAM) as wire:
        told = wire.ask(action="listen", data={"streams": ["trade_updates"]})
        assert told["data"]["status"] == "unauthorized"
        assert told["data"]["action"] == "listen"
        said = {"key_id": "nobody", "secret_key": "nothing"}
        told = wire.ask(action="authenticate", data=said)
        assert (told["stream"], told["data"]["status"]) == ("authorization", "unauthorized")


def _other_spelling(stage: Stage) -> None:
    with wires.Wire(stage, STREAM) as wire:
        assert wire.sign_in(stage)["data"]["status"] == "authorized"


def _text(stage: Stage) -> None:
    with wires.trading(stage, "?frames=text") as wire:
        assert set(wire.kinds) == {"text"}
    with wires.trading(stage, headers=wires.PACKED) as wire:
        assert wire.packed


def _absolute(stage: Stage) -> None:
    with wires.trading(stage) as wire:
        told = wire.ask(action="listen", data={"streams": []})
        assert told["data"]["streams"] == []


TRADE_STREAM: Final = Section(
    "Trade updates",
    (
        endpoint(
            f"WebSocket {STREAM}",
            "TradingStream",
            answers(_events),
            fields(_fill, "event:text timestamp:time order:object execution_id:uuid"),
            fields(_fill, "price:dec qty:dec position_qty:dec event_id:text at:time"),
            behaviour("frames of bytes that hold JSON", _updates),
            behaviour("text, or MessagePack, where the client asks for it", _text),
            behaviour("`authenticate`, and `auth` with `key` and `secret`", _other_spelling),
            behaviour("`listen` replaces what was listened to", _absolute),
            behaviour("`unauthorized` for wrong keys, and `listen` before any", _not_signed_in),
            behaviour("the API shows already what an update says", _agrees),
            behaviour("`new`, `fill`, `canceled`", _events),
            behaviour("`replaced` of the old order, `new` of the new one", _replaces),
            behaviour("`expired` or `canceled` for what is left of an `ioc` order", _expires),
            behaviour("`held` for the exits of a bracket", _holds),
            behaviour(
                "`pending_new`, `pending_cancel`, `pending_replace`",
                _events,
                "only for accounts whose profile has latency",
            ),
            behaviour(
                "`done_for_day`, `stopped`, `suspended`, `calculated`",
                _events,
                "never come: nothing here brings them about",
            ),
        ),
    ),
)


def _told(make: Any, letter: str, words: str, name: str, differs: str = "") -> list[Claim]:
    """A channel: its messages come, and every field has its type."""

    def check(stage: Stage) -> None:
        found = stage.once(make)[letter]
        for word in words.split():
            key, _, kind = word.partition(":")
            check_type(found[key], kind)

    return [behaviour(f"channel `{name}`: {_keys(words)}", check, differs)]


def _keys(words: str) -> str:
    return " ".join(f"`{word.partition(':')[0]}`" for word in words.split())


def _rehearsed(
    path: str, channels: dict[str, list[str]], play: Callable[[Rig, Socket], Awaitable[None]]
) -> Check:
    """What would take a live process too long, played on a door in memory whose time is moved."""

    async def run() -> None:
        rig = Rig()
        rig.quote("AAPL", 189.99, 190.01)
        bot = await Bot.made(rig)
        one = await Socket(rig, path).open()
        await one.next()
        key, secret = bot.key["APCA-API-KEY-ID"], bot.key["APCA-API-SECRET-KEY"]
        await one.ask(action="auth", key=key, secret=secret)
        await one.ask(action="subscribe", **channels)
        await play(rig, one)
        await one.hang_up()

    def check(stage: Stage) -> None:
        asyncio.run(run())

    return check


async def _halts(rig: Rig, one: Socket) -> None:
    instrument = rig.world.view.symbols["AAPL"]
    rig.feed(TradingHalted(instrument, True, "LUDP"))
    rig.feed(TradingHalted(instrument, False, "LUDP"))
    told = await one.next()
    assert [(x["T"], x["S"], x["sc"], x["rc"]) for x in told] == [
        ("s", "AAPL", "H", "LUDP"), ("s", "AAPL", "T", "LUDP"),
    ]  # fmt: skip
    for word in ("sm:text", "rm:text", "z:text", "t:time"):
        check_type(told[0][word[:-5]], word[-4:])


async def _amends(rig: Rig, one: Socket) -> None:
    instrument, market = rig.world.view.symbols["AAPL"], rig.world.market

    def trade(price: int, second: int) -> None:
        rig.clock.time_ns = max(rig.clock.time_ns, NOW + second * SECOND)
        at_ns = NOW + second * SECOND
        tick = TradeTick(instrument, "x", price * 10_000, 10**9, at_ns, Counts.ALL)
        market.take([tick], rig.clock.time_ns)

    trade(190, 10)
    rig.clock.time_ns = NOW + 61 * SECOND
    market.turn(rig.clock.time_ns)
    trade(192, 58)
    market.turn(rig.clock.time_ns)
    trade(193, 95)
    market.turn(rig.clock.time_ns)
    found: list[Any] = []
    while not found:
        found = [x for x in await one.next() if x["T"] == "u"]
    assert (found[0]["h"], found[0]["n"]) == (192, 2)


BAR: Final = "S:text o:num h:num l:num c:num v:num n:int vw:num t:time"
TRADE: Final = "S:text i:int x:text p:num s:num c:list z:text t:time"
QUOTE: Final = "S:text bx:text bp:num bs:num ax:text ap:num as:num c:list z:text t:time"


def _all_feeds(stage: Stage) -> None:
    for feed in FEEDS:
        with wires.data(stage, f"/v2/{feed}") as wire:
            told = wire.ask(action="subscribe", quotes=["AAPL"])
            assert told[0]["T"] == "subscription"


def _packed(stage: Stage) -> None:
    with wires.data(stage, STOCKS, wires.PACKED) as wire:
        wire.send(action="subscribe", quotes=["SPY"])
        told = wire.until(lambda found: any(x["T"] == "q" for x in found), list[Any]())
        (quote, *_) = (x for x in told if x["T"] == "q")
        assert isinstance(quote["t"], msgpack.Timestamp)
        assert set(wire.kinds) == {"bytes"}


def _by_headers(stage: Stage) -> None:
    demo = stage.server.demo
    pair = {"APCA-API-KEY-ID": demo["api_key"], "APCA-API-SECRET-KEY": demo["api_secret"]}
    with wires.Wire(stage, STOCKS, pair) as wire:
        assert wire.next()[0]["msg"] == "connected"
        assert wire.next()[0]["msg"] == "authenticated"


def _codes(stage: Stage) -> None:
    with wires.Wire(stage, STOCKS) as wire:
        wire.next()
        assert wire.ask(action="subscribe", quotes=["AAPL"])[0]["code"] == 401
        assert wire.ask(action="auth", key="nobody", secret="nothing")[0]["code"] == 402
    with wires.data(stage, STOCKS) as wire:
        assert wire.sign_in(stage)[0]["code"] == 403
        assert wire.ask(action="dance")[0]["code"] == 400
        many = [f"X{number}" for number in range(5_001)]
        assert wire.ask(action="subscribe", quotes=many)[0]["code"] == 405


def _state(stage: Stage) -> None:
    with wires.data(stage, STOCKS) as wire:
        wire.ask(action="subscribe", bars=["*"])
        told = wire.ask(action="subscribe", dailyBars=["AAPL"])[0]
        assert (told["bars"], told["dailyBars"]) == (["*"], ["AAPL"])
        told = wire.ask(action="unsubscribe", dailyBars=["AAPL", "MSFT"])[0]
        assert (told["bars"], told["dailyBars"]) == (["*"], [])


def _nothing_comes(*channels: str) -> Check:
    def check(stage: Stage) -> None:
        with wires.data(stage, STOCKS) as wire:
            told = wire.ask(action="subscribe", **{name: ["AAPL"] for name in channels})
            assert all(told[0][name] == ["AAPL"] for name in channels)

    return check


def _automatic(stage: Stage) -> None:
    with wires.data(stage, STOCKS) as wire:
        told = wire.ask(action="subscribe", trades=["AAPL"])
        assert told[0]["corrections"] == told[0]["cancelErrors"] == ["AAPL"]


def _fakepaca(stage: Stage) -> None:
    with wires.data(stage, "/v2/test") as wire:
        wire.send(action="subscribe", quotes=["FAKEPACA"], trades=["FAKEPACA"])
        told = wire.until(lambda found: {"q", "t"} <= {x["T"] for x in found}, list[Any]())
        assert {x["S"] for x in told if x["T"] in "qt"} == {"FAKEPACA"}


def _refused_stream(path: str) -> Check:
    def check(stage: Stage) -> None:
        with wires.Wire(stage, path) as wire:
            wire.next()
            assert wire.sign_in(stage)[0]["code"] == 409

    return check


def _numbered(stage: Stage) -> None:
    told = stage.once(_stocks)["t"]
    at = datetime.fromisoformat(told["t"][:26] + "+00:00")
    assert told["i"] == round(at.timestamp() * 1_000_000)


def _utc_days(stage: Stage) -> None:
    assert stage.once(_stocks)["d"]["t"][11:19] == "00:00:00"


def _no_stream(path: str, client: str, why: str) -> Endpoint:
    return endpoint(f"WebSocket {path}", client, not_there(_refused_stream(path), why))


def _channels(differs: str) -> Claim:
    return behaviour(
        "channels `lulds`, `imbalances`", _nothing_comes("lulds", "imbalances"), differs
    )


DATA_STREAMS: Final = Section(
    "Market data streams",
    (
        endpoint(
            "WebSocket /v2/{feed}",
            "StockDataStream",
            answers(_all_feeds, "there is one market: every feed is the same, and none is delayed"),
            _told(_stocks, "t", TRADE, "trades"),
            _told(_stocks, "q", QUOTE, "quotes"),
            _told(_stocks, "b", BAR, "bars"),
            _told(_stocks, "d", BAR, "dailyBars"),
            behaviour(
                "the day of a daily bar", _utc_days,
                "where stocks trade day and night it is that of UTC; over HTTP New York's",
            ),
            behaviour(
                "channel `updatedBars`", _rehearsed(STOCKS, {"updatedBars": ["AAPL"]}, _amends)
            ),
            behaviour("channel `statuses`", _rehearsed(STOCKS, {"statuses": ["AAPL"]}, _halts)),
            behaviour(
                "numbers of trades", _numbered, "the microsecond in which it happened, as over HTTP"
            ),
            _channels("may be subscribed to, and nothing comes of it"),
            behaviour(
                "`corrections` and `cancelErrors` come with `trades`", _automatic,
                "nothing is ever corrected or canceled here",
            ),
            behaviour("MessagePack with Timestamps, or JSON, as the upgrade asks", _packed),
            behaviour("credentials by message or in the upgrade's headers", _by_headers),
            behaviour("errors 400, 401, 402, 403, 405", _codes),
            behaviour("a subscription is answered with all there is", _state),
        ),
        endpoint(
            f"WebSocket {COINS}",
            "CryptoDataStream",
            answers(lambda stage: stage.once(_coins)),
            _told(_coins, "t", f"S:text {COIN_TRADE} tks:text", "trades"),
            _told(_coins, "q", f"S:text {COIN_QUOTE}", "quotes"),
            _told(_coins, "b", BAR, "bars"),
            _told(_coins, "d", BAR, "dailyBars"),
            _told(
                _coins, "o", "S:text t:time b:list a:list r:bool", "orderbooks",
                "the best level of each side, each time as a whole",
            ),
        ),
        endpoint(
            "WebSocket /v2/test",
            "",
            answers(_fakepaca),
        ),
        _no_stream("/v1beta1/indicative", "OptionDataStream", "comes with options"),
        _no_stream("/v1beta1/opra", "OptionDataStream", "comes with options"),
        _no_stream("/v1beta1/news", "NewsDataStream", "nobody writes any"),
    ),
)  # fmt: skip
