"""Goal: the tastytrade adapter is let in, renews what ends, and keeps its subscriptions."""

import json
from typing import Any

import pytest

from stockyard.adapters import FEEDS
from stockyard.adapters.tastytrade import rest, wire
from stockyard.adapters.tastytrade.feed import (
    FEED,
    RENEWAL_NS,
    SYMBOLS_AT_ONCE,
    TOKEN_LIFE_NS,
    TastytradeWire,
)
from stockyard.model.codes import AssetClass
from stockyard.model.feeds import (
    FeedRefused,
    FeedSource,
    FeedUnavailable,
    HttpAnswer,
    HttpRequest,
    ProblemKind,
    Received,
)
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import TradeTick
from stockyard.model.wire_numbers import WireError
from tests.fakes.tastytrade import TastytradeFake
from tests.random_feeds import OPTION, STOCK

NOW_NS = 1_795_185_062_000_000_000
DEFAULTS = {name: option.default for name, option in FEED.options.items()}
SECRETS = {"key": "refresh-token", "secret": "client-secret", "url": "http://tastytrade/"}


def machine(symbols: dict[str, Instrument] | None = None, candles: tuple[str, ...] = ()) -> Any:
    token = rest.QuoteToken("quote-token", "ws://dxlink")
    wanted = {"AAPL": STOCK} if symbols is None else symbols
    return TastytradeWire(token, ["Quote", "Trade", "Greeks", "Summary"], candles, wanted)


def say(machine: TastytradeWire, now_ns: int = NOW_NS, /, **message: Any) -> Received:
    return machine.received(json.dumps({"channel": 0, **message}), now_ns)


def let_in(machine: TastytradeWire) -> list[dict[str, Any]]:
    """Everything up to an open channel; what was sent when it opened."""
    machine.opened()
    say(machine, type="AUTH_STATE", state="UNAUTHORIZED")
    say(machine, type="AUTH_STATE", state="AUTHORIZED")
    found = say(machine, type="CHANNEL_OPENED", channel=1)
    assert not found.is_live
    assert say(machine, type="FEED_CONFIG", channel=1).is_live
    return [json.loads(frame) for frame in found.sends]


def kinds(found: Received) -> list[str]:
    return [problem.kind for problem in found.problems]


def source(**options: str) -> FeedSource:
    return FEED.open_feed({**DEFAULTS, **SECRETS, **options})


def test_it_introduces_itself_and_says_that_it_is_there() -> None:
    one = machine()
    (hello,) = map(json.loads, one.opened())
    assert hello["type"] == "SETUP"
    assert (hello["keepaliveTimeout"], hello["acceptKeepaliveTimeout"]) == (60, 60)
    assert [json.loads(frame) for frame in one.beat()] == [{"type": "KEEPALIVE", "channel": 0}]
    assert one.beat_s < 60 < one.silence_s


def test_a_token_that_is_not_taken_is_a_refusal() -> None:
    one = machine()
    say(one, type="AUTH_STATE", state="UNAUTHORIZED")
    assert kinds(say(one, type="AUTH_STATE", state="UNAUTHORIZED")) == [ProblemKind.REFUSED]
    found = say(one, type="ERROR", error="UNAUTHORIZED", message="no")
    assert kinds(found) == [ProblemKind.REFUSED]


def test_what_ends_while_live_has_expired() -> None:
    one = machine()
    let_in(one)
    assert kinds(say(one, type="AUTH_STATE", state="UNAUTHORIZED")) == [ProblemKind.EXPIRED]
    found = say(one, type="ERROR", error="UNAUTHORIZED", message="no")
    assert kinds(found) == [ProblemKind.EXPIRED]


def test_it_expires_an_hour_before_its_token() -> None:
    one = machine()
    let_in(one)
    ends_ns = NOW_NS + TOKEN_LIFE_NS - RENEWAL_NS
    assert kinds(say(one, ends_ns - 1, type="KEEPALIVE")) == []
    assert kinds(say(one, ends_ns, type="KEEPALIVE")) == [ProblemKind.EXPIRED]


def test_a_closed_channel_is_opened_again_with_everyone() -> None:
    one = machine()
    before = let_in(one)
    found = say(one, type="CHANNEL_CLOSED", channel=1)
    assert kinds(found) == [ProblemKind.GAP]
    assert json.loads(found.sends[0])["channel"] == 3
    assert one.subscribe({"MSFT": OPTION}) == [], "it waits for the channel"
    assert say(one, type="CHANNEL_CLOSED", channel=1).sends == []
    again = [json.loads(f) for f in say(one, type="CHANNEL_OPENED", channel=3).sends]
    assert again[0] == {**before[0], "channel": 3}
    assert {row["symbol"] for row in again[1]["add"]} == {"AAPL", "MSFT"}


def test_symbols_come_and_go() -> None:
    one = machine()
    let_in(one)
    (sent,) = map(json.loads, one.subscribe({".AAPL261218C150": OPTION}))
    assert [row["type"] for row in sent["add"]] == ["Quote", "Trade", "Greeks", "Summary"]
    (sent,) = map(json.loads, one.unsubscribe(["AAPL", "nobody"]))
    assert sent["remove"] == [
        {"symbol": "AAPL", "type": kind} for kind in ("Quote", "Trade", "Summary")
    ]


def test_many_symbols_are_asked_for_in_parts() -> None:
    symbols = {f"S{n}": STOCK for n in range(SYMBOLS_AT_ONCE + 1)}
    sent = let_in(machine(symbols))[1:]
    assert [len(message["add"]) for message in sent] == [SYMBOLS_AT_ONCE * 3, 3]


def test_candles_are_asked_for_with_their_past() -> None:
    sent = let_in(machine(candles=("1m",)))[1]["add"][-1]
    from_ms = NOW_NS // 10**6 - 300 * 60_000
    assert sent == {"symbol": "AAPL{=1m}", "type": "Candle", "fromTime": from_ms}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AAPL{=5m}", ("AAPL", 300)),
        ("AAPL{=m}", ("AAPL", 60)),
        ("BTC/USD:CXTALP{=1h,tho=true}", ("BTC/USD:CXTALP", 3600)),
        ("AAPL{=d}", ("AAPL", 86400)),
    ],
)
def test_candle_symbols_are_read(text: str, found: tuple[str, int]) -> None:
    assert wire.split_candle(text) == found


@pytest.mark.parametrize("text", ["AAPL", "AAPL{=7m}", "AAPL{=1mo}", "{=1m}", "AAPL{=99999m}"])
def test_other_candle_symbols_are_not(text: str) -> None:
    with pytest.raises(WireError):
        wire.split_candle(text)


def test_trades_of_one_millisecond_are_told_apart_and_late_ones_counted() -> None:
    one = machine()
    let_in(one)

    def trade(ms: int, sequence: int) -> Received:
        data = ["Trade", ["AAPL", ms, 0, sequence, 150.44, 100]]
        return say(one, type="FEED_DATA", channel=1, data=data)

    ticks = [trade(1_795_185_062_000, n).ticks[0] for n in (0, 1)] + [
        trade(1_795_185_062_001, 0).ticks[0]
    ]
    numbers = [tick.sequence for tick in ticks if isinstance(tick, TradeTick)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 3
    late = trade(1_795_185_061_000, 0)
    assert kinds(late) == [ProblemKind.OUT_OF_ORDER]
    assert len(late.ticks) == 1


def test_one_wrong_event_costs_no_other() -> None:
    one = machine()
    let_in(one)
    good, bad = ["AAPL", 1_795_185_062_000, 0, 1, 150.44, 100], ["AAPL", 1, 0, 1, -1, 100]
    found = say(one, type="FEED_DATA", channel=1, data=["Trade", good + bad + good])
    assert len(found.ticks) == 2
    assert kinds(found) == [ProblemKind.MALFORMED]


@pytest.mark.parametrize(
    ("ours", "theirs", "asset_class"),
    [
        ("AAPL", "AAPL", AssetClass.US_EQUITY),
        ("BRK.B", "BRK/B", AssetClass.US_EQUITY),
        ("BTC/USD", "BTC/USD:CXTALP", AssetClass.CRYPTO),
        ("AAPL  261218C00150000", ".AAPL261218C150", AssetClass.US_EQUITY),
        ("SPY261218P00450500", ".SPY261218P450.5", AssetClass.US_EQUITY),
    ],
)
def test_our_symbols_in_their_words(ours: str, theirs: str, asset_class: int) -> None:
    adapter = FEEDS["tastytrade"]()
    assert adapter.symbol_of(ours) == theirs
    assert adapter.asset_class(ours) == asset_class


@pytest.mark.parametrize(
    "options",
    [{"events": "Profile"}, {"events": ""}, {"candles": "7m"}, {"url": "api.tastyworks.com"}],
    ids=str,
)
def test_options_are_checked(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))}: expected"):
        source(**options)


async def test_tokens_are_fetched_for_every_connection() -> None:
    fake = TastytradeFake()
    asked: list[HttpRequest] = []

    async def fetch(request: HttpRequest) -> HttpAnswer:
        asked.append(request)
        return await fake.fetch(request)

    feed = source()
    first = await feed.prepare(fetch, {})
    second = await feed.prepare(fetch, {})
    assert first.url == fake.url
    assert len(fake.tokens) == 2
    assert [f"{r.method} {r.url}" for r in asked[:2]] == [
        "POST http://tastytrade/oauth/token", "GET http://tastytrade/api-quote-tokens",
    ]  # fmt: skip
    assert json.loads(asked[0].body) == {
        "grant_type": "refresh_token",
        "client_secret": "client-secret",
        "refresh_token": "refresh-token",
    }
    assert "authorization" not in asked[0].headers
    assert asked[1].headers["authorization"] == "Bearer access-1"
    assert first is not second


async def test_refused_credentials_are_asked_about_less_and_less() -> None:
    fake = TastytradeFake()
    fake.grants.clear()
    asked = 0

    async def fetch(request: HttpRequest) -> HttpAnswer:
        nonlocal asked
        asked += 1
        return await fake.fetch(request)

    feed = source()
    for attempts, expected in ((1, 1), (1, 2), (1, 2), (1, 3), (100, 8)):
        for _ in range(attempts):
            with pytest.raises(FeedRefused):
                await feed.prepare(fetch, {})
        assert asked == expected
    fake.grants.add(("client-secret", "refresh-token"))
    for _ in range(32):
        try:
            await feed.prepare(fetch, {})
        except FeedRefused:
            continue
        return
    raise AssertionError("it never asked again")


async def test_no_answer_is_no_refusal() -> None:
    fake = TastytradeFake()
    fake.limited = 1
    with pytest.raises(FeedUnavailable) as caught:
        await source().prepare(fake.fetch, {})
    assert caught.value.wait_s == 7


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (401, b'{"error":{"code":"token_invalid","message":"m"}}', "401, token_invalid: m"),
        (403, b"<html>", "403"),
        (404, b"[" * 100_000, "404"),
        (200, b'{"data":{}}', "cannot be read"),
        (200, b"\xff", "cannot be read"),
    ],
)
def test_answers_that_are_none(status: int, body: bytes, text: str) -> None:
    error = FeedRefused if status in (401, 403) else FeedUnavailable
    with pytest.raises(error, match=text):
        rest.read_quote_token(HttpAnswer(status, body))
