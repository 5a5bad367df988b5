"""Goal: the Backpack adapter asks for what is wanted, keeps order, and reads REST answers."""

import json
from decimal import Decimal
from typing import Any

import pytest

from stockyard.adapters import FEEDS
from stockyard.adapters.backpack import rest
from stockyard.adapters.backpack.feed import FEED, BackpackWire
from stockyard.model.feeds import (
    FeedRefused,
    FeedUnavailable,
    HttpAnswer,
    HttpRequest,
    ProblemKind,
    Received,
)
from stockyard.model.ticks import BarTick, QuoteTick, TradeTick
from tests.fakes.backpack import BackpackFake, fault
from tests.random_feeds import COIN, PERPETUAL

US = 1_795_185_062_000_000
NOW_NS = US * 1_000
FAKE = BackpackFake()


def machine(streams: str = "bookTicker,trade,markPrice") -> BackpackWire:
    symbols = {"SOL_USDC": COIN, "SOL_USDC_PERP": PERPETUAL}
    return BackpackWire("ws://backpack", streams.split(","), symbols)


def kinds(found: Received) -> list[str]:
    return [problem.kind for problem in found.problems]


def asked(frames: list[str | bytes]) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in frames]


def test_each_symbol_is_asked_for_by_itself_and_only_perpetuals_for_a_mark() -> None:
    spot, perpetual = asked(machine().opened())
    assert spot == {
        "method": "SUBSCRIBE",
        "params": ["ticker.SOL_USDC", "bookTicker.SOL_USDC", "trade.SOL_USDC"],
    }
    kinds_asked = [stream.partition(".")[0] for stream in perpetual["params"]]
    assert kinds_asked == ["ticker", "bookTicker", "trade", "markPrice"]


def test_symbols_come_and_go() -> None:
    wire = machine()
    assert wire.subscribe({"BTC_USDC": COIN}) == [], "nothing is said before the connection stands"
    assert len(wire.opened()) == 3
    (sent,) = asked(wire.unsubscribe(["SOL_USDC", "nobody"]))
    assert sent["method"] == "UNSUBSCRIBE"
    late = wire.received(FAKE.trade("SOL_USDC", "178.15", "0.5", US), NOW_NS)
    assert (kinds(late), late.ticks) == ([ProblemKind.UNKNOWN_SYMBOL], [])
    (sent,) = asked(wire.subscribe({"SOL_USDC": COIN}))
    assert "trade.SOL_USDC" in sent["params"]


def test_it_is_live_with_the_first_data() -> None:
    wire = machine()
    wire.opened()
    assert not wire.received(fault(4006, "Invalid stream"), NOW_NS).is_live
    assert wire.received(FAKE.ticker("SOL_USDC"), NOW_NS).is_live


def test_what_nothing_comes_of_is_asked_for_again() -> None:
    wire = machine()
    first = wire.opened()
    assert wire.beat() == first
    wire.received(FAKE.ticker("SOL_USDC"), NOW_NS)
    assert wire.beat() == first[1:]
    wire.received(FAKE.mark("SOL_USDC_PERP", "178.14", US), NOW_NS)
    assert wire.beat() == []
    wire.unsubscribe(["SOL_USDC"])
    wire.subscribe({"SOL_USDC": COIN})
    assert wire.beat() == first[:1]


def test_a_late_quote_is_left_out_and_a_late_trade_is_not() -> None:
    wire = machine()
    wire.opened()
    early, late = (FAKE.quote("SOL_USDC", "178.15", "178.16", US + n) for n in (1, 5))
    assert isinstance(wire.received(late, NOW_NS).ticks[0], QuoteTick)
    found = wire.received(early, NOW_NS)
    assert (kinds(found), found.ticks) == ([ProblemKind.OUT_OF_ORDER], [])
    early, late = (FAKE.trade("SOL_USDC", "178.15", "0.5", US + n) for n in (1, 5))
    assert isinstance(wire.received(late, NOW_NS).ticks[0], TradeTick)
    found = wire.received(early, NOW_NS)
    assert kinds(found) == [ProblemKind.OUT_OF_ORDER]
    assert isinstance(found.ticks[0], TradeTick)


def test_quotes_of_one_moment_are_ordered_by_their_numbers() -> None:
    wire = machine()
    wire.opened()
    first, second = (FAKE.quote("SOL_USDC", "178.15", "178.16", US) for _ in range(2))
    assert wire.received(first, NOW_NS).ticks
    assert wire.received(second, NOW_NS).ticks
    assert wire.received(first, NOW_NS).ticks == []


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (4006, "Invalid stream", ProblemKind.UNKNOWN_SYMBOL),
        (429, "x", ProblemKind.LIMITED),
        (4999, "Too many subscriptions", ProblemKind.LIMITED),
        (4001, "Invalid method", ProblemKind.UNEXPECTED),
    ],
)
def test_faults_have_their_kinds(code: int, message: str, kind: str) -> None:
    found = machine().received(fault(code, message), NOW_NS)
    assert [tuple(problem) for problem in found.problems] == [(kind, f"{code}: {message}", 0.0)]


async def test_options_are_checked_and_handed_on() -> None:
    defaults = {name: option.default for name, option in FEED.options.items()}
    with pytest.raises(ValueError, match="streams: expected some of"):
        FEED.open_feed({**defaults, "streams": "depth"})
    with pytest.raises(ValueError, match="url: expected wss"):
        FEED.open_feed({**defaults, "url": "api.backpack.exchange"})
    source = FEED.open_feed({**defaults, "streams": "trade, kline.1m"})
    wire = await source.prepare(_no_fetch, {"SOL_USDC": COIN})
    assert wire.url == "wss://ws.backpack.exchange"
    assert asked(wire.opened())[0]["params"] == [
        "ticker.SOL_USDC", "trade.SOL_USDC", "kline.1m.SOL_USDC",
    ]  # fmt: skip


async def _no_fetch(request: HttpRequest) -> HttpAnswer:
    raise AssertionError("nothing needs to be fetched")


def test_our_symbols_in_their_words() -> None:
    symbol_of = FEEDS["backpack"]().symbol_of
    assert symbol_of("BTC/USD") == "BTC_USDC"
    assert symbol_of("SOL/USDT") == "SOL_USDT"
    assert symbol_of("SOL-PERP") == "SOL_USDC_PERP"
    assert symbol_of("SOL_USDC_PERP") == "SOL_USDC_PERP"


def test_markets_over_rest() -> None:
    request = rest.BackpackRest("http://backpack/").markets()
    assert (request.method, request.url) == ("GET", "http://backpack/api/v1/markets")
    markets = {market.symbol: market for market in rest.read_markets(FAKE.answer(request))}
    perpetual = markets["SOL_USDC_PERP"]
    assert perpetual.market_type == "PERP"
    assert str(perpetual.filters.price.tick_size) == "0.01"
    assert perpetual.imf_function == rest.MarginFunction(Decimal("0.02"), Decimal("0.0000935"))
    assert perpetual.funding_interval == 3_600_000
    assert markets["SOL_USDC"].filters.quantity.max_quantity is None


def test_bars_over_rest() -> None:
    fake = BackpackFake()
    row = {
        "start": "2026-11-20 14:31:00", "end": "2026-11-20 14:32:00", "open": "178",
        "high": "178.2", "low": "177.95", "close": "178.16", "volume": "100",
        "quoteVolume": "17810", "trades": "87",
    }  # fmt: skip
    empty = {**row, "open": None, "high": None, "low": None, "close": None, "volume": "0"}
    fake.bars["SOL_USDC"] = [row, empty]
    request = rest.BackpackRest().klines("SOL_USDC", 60, 1_795_185_060, 1_795_185_120)
    assert request.url.endswith(
        "/api/v1/klines?symbol=SOL_USDC&interval=1m&startTime=1795185060&endTime=1795185120"
    )
    rows = rest.read_klines(fake.answer(request))
    start_ns = 1_795_185_060 * 10**9
    for now_ns, final in ((start_ns + 59 * 10**9, False), (start_ns + 60 * 10**9, True)):
        assert rest.bars(rows, 60, COIN, "backpack", now_ns) == [
            BarTick(
                1, "backpack", 60, start_ns, 178 * 10**8, 17_820_000_000, 17_795_000_000,
                17_816_000_000, 100 * 10**9, 17_810_000_000, 87, final,
            )
        ]  # fmt: skip


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_over_rest_is_told(status: int) -> None:
    with pytest.raises(FeedRefused):
        rest.read_markets(HttpAnswer(status, b"{}"))


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b""), (400, b"{}"), (200, b"{"), (200, b"[{}]"), (200, b"[" * 100_000)],
)
def test_an_answer_that_is_none_is_told(status: int, body: bytes) -> None:
    with pytest.raises(FeedUnavailable):
        rest.read_markets(HttpAnswer(status, body))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"open": "-1"},
        {"start": "soon"},
        {"volume": "sNaN"},
        {"trades": "x"},
        {"quoteVolume": "NaN"},
    ],
)
def test_a_bar_that_cannot_be_meant_is_told(spoilt: dict[str, str]) -> None:
    row = {"start": "2026-11-20 14:31:00", "end": "", "volume": "1", "quoteVolume": "1"}
    row |= dict.fromkeys(("open", "high", "low", "close"), "1")
    rows = rest.read_klines(HttpAnswer(200, json.dumps([row | spoilt]).encode()))
    with pytest.raises(FeedUnavailable, match="cannot be read"):
        rest.bars(rows, 60, COIN, "backpack", NOW_NS)
