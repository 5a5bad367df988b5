"""Bars and raw ticks over HTTP: windows, ranges, pages, and what is refused."""

from typing import Any

import pytest

from stockyard.model.ticks import (
    Bar,
    GreeksTick,
    MarkTick,
    QuoteTick,
    StatusTick,
    Tick,
    TradeTick,
)
from tests.api.rig import NOW, SECOND, UNIT, Rig, Trader

DAY = 86_400 * SECOND
MIDNIGHT = NOW - 15 * 3600 * SECOND
"""2026-01-02T00:00:00Z."""


def bar(n: int, window_s: int = 300, *, instrument_id: int = 1, **other: Any) -> Bar:
    """Bar ``n`` of the day, trading ten shares at 190 and a few cents."""
    start = MIDNIGHT + n * window_s * SECOND
    price = 1_900_000 + n * 100
    made: dict[str, Any] = {"source": "", "final": True, "revision": 0} | other
    return Bar(
        instrument_id, made["source"], window_s, start, price, price + 50, price - 50, price + 10,
        10 * UNIT, (price + 5) * 10 * UNIT, 3, made["revision"], made["final"],
    )  # fmt: skip


@pytest.fixture
def stranger(rig: Rig) -> Trader:
    return Trader(rig, {})


def keep(rig: Rig, ticks: list[Tick], bars: list[Bar]) -> None:
    rig.history.history.append(ticks, bars)


async def asked(trader: Trader, query: str, path: str = "/bars") -> Any:
    answer = await trader.call("GET", path, query=query)
    assert answer.status == 200, answer.body
    return answer.json


async def test_a_bar_as_it_is_shown(rig: Rig, stranger: Trader) -> None:
    keep(rig, [], [bar(0, revision=2)])
    found = await asked(stranger, "symbol=aapl&window=5m")
    assert found == {
        "bars": [
            {
                "symbol": "AAPL",
                "window": "5m",
                "source": "",
                "start": "2026-01-02T00:00:00.000000000Z",
                "open": "190.00",
                "high": "190.005",
                "low": "189.995",
                "close": "190.001",
                "volume": "10",
                "vwap": "190.0005",
                "trades": 3,
                "revision": 2,
                "final": True,
            }
        ],
        "next": None,
    }


async def test_the_newest_are_given_where_no_start_is_named(rig: Rig, stranger: Trader) -> None:
    keep(rig, [], [bar(n) for n in range(50)] + [bar(n, source="x") for n in range(3)])
    found = (await asked(stranger, "symbol=AAPL&window=5m&limit=3"))["bars"]
    assert [b["open"] for b in found] == ["190.47", "190.48", "190.49"]
    older = await asked(stranger, f"symbol=AAPL&window=5m&limit=2&end={found[0]['start']}")
    assert [b["open"] for b in older["bars"]] == ["190.45", "190.46"]
    assert len((await asked(stranger, "symbol=AAPL&window=5m&source=x"))["bars"]) == 3
    assert (await asked(stranger, "symbol=AAPL&window=1h"))["bars"] == []


async def test_pages_from_a_start_meet_without_gap_or_repeat(rig: Rig, stranger: Trader) -> None:
    bars = [bar(n) for n in range(50)]
    keep(rig, [], bars + [bar(n, instrument_id=2) for n in range(7)])
    whole = await asked(stranger, "symbols=AAPL,MSFT&window=5m&start=2026-01-02")
    assert [b["symbol"] for b in whole["bars"]] == ["AAPL"] * 50 + ["MSFT"] * 7
    for window, expected in (("5m", whole["bars"]), ("15m", None), ("1w", None)):
        query = f"symbols=AAPL,MSFT&window={window}&start=2026-01-02T00:00:00Z"
        at_once = (await asked(stranger, query))["bars"]
        assert expected is None or at_once == expected
        found, cursor = [], ""
        while True:
            page = await asked(stranger, f"{query}&limit=4{cursor}")
            assert len(page["bars"]) <= 4
            found += page["bars"]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == at_once


async def test_windows_that_are_not_kept_are_folded(rig: Rig, stranger: Trader) -> None:
    rig.clock.time_ns = MIDNIGHT + 20 * 60 * SECOND
    keep(rig, [], [bar(n) for n in range(5)])
    for query in ("&start=2026-01-02", ""):
        first, second = (await asked(stranger, f"symbol=AAPL&window=15m{query}"))["bars"]
        assert (first["open"], first["high"], first["low"]) == ("190.00", "190.025", "189.995")
        assert (first["close"], first["volume"], first["trades"]) == ("190.021", "30", 9)
        assert first["vwap"] == "190.0105"
        # Its last five minutes are still to come.
        assert (first["final"], second["final"], second["volume"]) == (True, False, "20")
    last = (await asked(stranger, "symbol=AAPL&window=15m&limit=1"))["bars"]
    assert [b["volume"] for b in last] == ["20"]


async def test_a_chart_of_five_months_in_days_and_weeks(rig: Rig, stranger: Trader) -> None:
    # Trading days of New York begin at 05:00 UTC in winter.
    days = [n for n in range(-150, 0) if (n + 4) % 7 < 5]
    keep(rig, [], [bar(n, 86_400) for n in days])
    found = (await asked(stranger, "symbol=AAPL&window=1d&start=2025-08-01"))["bars"]
    assert len(found) == len(days)
    weeks = (await asked(stranger, "symbol=AAPL&window=1w&start=2025-08-01"))["bars"]
    assert len(weeks) >= 21
    assert {week["start"][11:19] for week in weeks} == {"00:00:00"}
    total = sum(int(b["volume"]) for b in found if b["start"] >= weeks[0]["start"])
    assert sum(int(week["volume"]) for week in weeks) == total


async def test_ticks_newest_first_page_by_page(rig: Rig, stranger: Trader) -> None:
    ticks: list[Tick] = [
        TradeTick(1, "massive", 1_900_000 + n, 5 * UNIT, NOW + n // 2, 4 if n % 2 else 7, n)
        if n % 3
        else QuoteTick(1, "alpaca", 1_899_900, 0, 100 * UNIT, 0, NOW + n // 2)
        for n in range(30)
    ]
    keep(rig, ticks, [])
    whole = await asked(stranger, "", "/tickers/AAPL/history")
    assert (whole["symbol"], len(whole["ticks"]), whole["next"]) == ("AAPL", 30, None)
    newest = whole["ticks"][0]
    assert newest["timestamp"] == "2026-01-02T15:00:00.000000014Z"
    assert (newest["kind"], newest["source"], newest["price"]) == ("trade", "massive", "190.0029")
    assert (newest["size"], newest["counts"]) == ("5", ["volume"])
    quote = whole["ticks"][-1]
    assert (quote["kind"], quote["bid"], quote["bid_size"]) == ("quote", "189.99", "100")
    assert "ask" not in quote
    for kind in ("", "&kind=trade", "&kind=quote"):
        at_once = (await asked(stranger, kind, "/tickers/AAPL/history"))["ticks"]
        found, cursor = [], ""
        while True:
            page = await asked(stranger, f"limit=7{kind}{cursor}", "/tickers/aapl/history")
            found += page["ticks"]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == at_once
    since = "start=2026-01-02T15:00:00.000000003Z&end=2026-01-02T15:00:00.000000005Z"
    assert len((await asked(stranger, since, "/tickers/AAPL/history"))["ticks"]) == 4


async def test_rare_kinds_tell_all_they_say(rig: Rig, stranger: Trader) -> None:
    keep(
        rig,
        [
            StatusTick(1, "massive", True, "LUDP", NOW),
            MarkTick(1, "backpack", 1_900_000, 1_900_100, -12, NOW, NOW + 1),
            GreeksTick(1, "tastytrade", 1.5, 0.25, 0.5, 0.1, -0.1, 0.2, 0.01, NOW + 2),
        ],
        [],
    )
    greeks, mark, status = (await asked(stranger, "", "/tickers/AAPL/history"))["ticks"]
    assert (greeks["kind"], greeks["detail"]["delta"]) == ("greeks", "0.5")
    assert (mark["kind"], mark["detail"]["mark"], mark["detail"]["funding_ppb"]) == (
        "mark", "190.00", "-12",
    )  # fmt: skip
    assert (status["kind"], status["detail"]) == ("status", {"halted": "true", "reason": "LUDP"})


async def test_a_pair_is_named_in_any_spelling(rig: Rig, stranger: Trader) -> None:
    for spelling in ("BTC/USD", "btc-usd", "BTCUSD"):
        found = await asked(stranger, "", f"/tickers/{spelling}/history")
        assert found["symbol"] == "BTC/USD"
        assert (await asked(stranger, f"symbol={spelling}&window=4h"))["bars"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "invalid_symbol"),
        ("symbol=AAPL&symbols=MSFT", "invalid_symbol"),
        ("symbol=NONE", "unknown_symbol"),
        ("symbols=" + ",".join(["AAPL"] * 101), "invalid_symbols"),
        ("symbol=AAPL&window=7m", "invalid_window"),
        ("symbol=AAPL&window=", "invalid_window"),
        ("symbol=AAPL&limit=0", "invalid_parameter"),
        ("symbol=AAPL&limit=10001", "invalid_parameter"),
        ("symbols=AAPL,MSFT&limit=10000", "invalid_limit"),
        ("symbol=AAPL&start=yesterday", "invalid_time"),
        ("symbol=AAPL&start=2026-01-02T00:00:00", "invalid_time"),
        ("symbol=AAPL&start=2026-01-02&end=2026-01-02", "invalid_end"),
        ("symbol=AAPL&start=2026-01-02&cursor=x", "invalid_cursor"),
        ("symbol=AAPL&start=2026-01-02&cursor=1.5", "invalid_cursor"),
        ("symbol=AAPL&cursor=0.5", "invalid_cursor"),
        ("symbol=AAPL&source=" + "x" * 65, "invalid_source"),
        ("symbol=AAPL&bogus=1", "unknown_parameter"),
    ],
)
async def test_bars_that_cannot_be_given(stranger: Trader, query: str, code: str) -> None:
    refused = await stranger.call("GET", "/bars", query=query)
    assert (refused.status, refused.json["code"]) == (422, code)


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("NONE", "", 404, "unknown_symbol"),
        ("AAPL", "limit=10001", 422, "invalid_parameter"),
        ("AAPL", "kind=rumor", 422, "invalid_kind"),
        ("AAPL", "cursor=-1.0", 422, "invalid_cursor"),
        ("AAPL", "cursor=99999999999999999999.0", 422, "invalid_cursor"),
        ("AAPL", "end=0000-00-00", 422, "invalid_time"),
    ],
)
async def test_ticks_that_cannot_be_given(
    stranger: Trader, path: str, query: str, status: int, code: str
) -> None:
    refused = await stranger.call("GET", f"/tickers/{path}/history", query=query)
    assert (refused.status, refused.json["code"]) == (status, code)
