"""Bars, views and feed statuses on the stream."""

from typing import Any

import pytest

from stockyard.model.feeds import FeedProblem, ProblemKind
from stockyard.model.ticks import QuoteTick
from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader
from tests.api.test_feeds import KEY, follow, told
from tests.api.test_tickers import AAPL, SHARE, take, trade


async def ask(listener: Listener, **said: Any) -> Any:
    """Send a frame; the answer."""
    listener.send(**said)
    return await listener.next()


async def test_bars_come_while_they_are_built_and_when_they_are_done() -> None:
    rig = Rig()
    listener = await Listener(rig).connected()
    wanted = {"symbols": ["AAPL"], "channels": ["bars"], "window": "1s"}
    assert await ask(listener, type="subscribe", **wanted) == {"type": "snapshot", "bars": []}
    now = rig.clock.time_ns
    take(rig, trade(1_900_000, now), trade(1_910_000, now))
    (bar,) = (await listener.next())["bars"]
    assert bar == {
        "symbol": "AAPL", "window": "1s", "start": "2026-01-02T15:00:00.000000000Z",
        "open": "190.00", "high": "191.00", "low": "190.00", "close": "191.00", "volume": "200",
        "vwap": "190.50", "trades": 2, "revision": 0, "final": False,
    }  # fmt: skip
    again = await ask(listener, type="subscribe", **wanted)
    assert again["bars"] == [bar]
    take(rig, trade(1_915_000, now), trade(1_920_000, now + SECOND))
    bars = (await listener.next())["bars"]
    assert [(one["close"], one["final"]) for one in bars] == [("191.50", False), ("192.00", False)]
    rig.clock.time_ns += 40 * SECOND
    take(rig, trade(1_925_000, now + 35 * SECOND))
    bars = (await listener.next())["bars"]
    assert [(one["close"], one["final"]) for one in bars] == [
        ("191.50", True), ("192.00", True), ("192.50", False),
    ]  # fmt: skip
    left = await ask(listener, type="unsubscribe", **wanted)
    assert left == {"type": "unsubscribed", "channel": "bars", "symbols": []}
    take(rig, trade(1_930_000, now + 36 * SECOND))
    assert (await ask(listener, type="ping"))["type"] == "pong"
    assert listener.frames.empty()
    await listener.hang_up()


async def test_only_the_window_that_was_asked_for_comes() -> None:
    rig = Rig()
    listener = await Listener(rig).connected()
    await ask(listener, type="subscribe_all", channels=["bars"])
    await ask(listener, type="subscribe", symbols=["AAPL"], channels=["bars"], window="1d")
    take(rig, trade(1_900_000, rig.clock.time_ns))
    bars = (await listener.next())["bars"]
    assert [bar["window"] for bar in bars] == ["1m", "1d"]
    await ask(listener, type="unsubscribe_all", channels=["bars"], window="1m")
    take(rig, trade(1_910_000, rig.clock.time_ns))
    bars = (await listener.next())["bars"]
    assert [bar["window"] for bar in bars] == ["1d"]
    await ask(listener, type="unsubscribe_all", channels=["bars"])
    refused = await ask(listener, type="subscribe_all", channels=["bars"], window="7m")
    assert refused["code"] == "unknown_window"
    await listener.hang_up()


async def test_views_are_those_of_the_tickers(rig: Rig, ann: Trader) -> None:
    listener = await Listener(rig).connected()
    wanted = {"symbols": ["AAPL", "MSFT"], "channels": ["views"]}
    snapshot = await ask(listener, type="subscribe", **wanted)
    assert [(view["symbol"], view["bid"]) for view in snapshot["views"]] == [
        ("AAPL", None), ("MSFT", None),
    ]  # fmt: skip
    take(rig, QuoteTick(AAPL, "a", 1_899_900, 1_900_100, SHARE, SHARE, rig.clock.time_ns))
    (view,) = (await listener.next())["views"]
    assert view == (await ann.call("GET", "/tickers/AAPL")).json
    assert (view["bid"], view["bid_source"]) == ("189.99", "a")
    await listener.hang_up()


async def test_feed_statuses_are_told_when_they_change(
    rig: Rig, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockyard.api.gateway.WATCH_S", 0.01)
    runner = follow(rig, KEY)
    nobody = await Listener(rig).connected()
    refused = await ask(nobody, type="subscribe_all", channels=["feeds"])
    assert refused["code"] == "missing_credentials"
    await nobody.hang_up()
    listener = await Listener(rig).connected(ann.headers)
    await listener.next()
    snapshot = await ask(listener, type="subscribe", channels=["feeds"])
    assert [(feed["name"], feed["state"]) for feed in snapshot["feeds"]] == [
        ("massive", "connecting")
    ]
    assert (await listener.next())["feeds"] == snapshot["feeds"]
    told(runner, rig.clock, [])
    (feed,) = (await listener.next())["feeds"]
    assert feed["state"] == "live"
    runner.monitor.problem(FeedProblem(ProblemKind.GAP, "lost"))
    (feed,) = (await listener.next())["feeds"]
    assert [problem["kind"] for problem in feed["problems"]] == ["gap"]
    left = await ask(listener, type="unsubscribe", channels=["feeds"])
    assert left == {"type": "unsubscribed", "channel": "feeds", "symbols": []}
    await listener.hang_up()
