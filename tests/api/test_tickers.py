"""One market over all its sources, as it is shown."""

from stockyard.model.ticks import BandTick, MarkTick, QuoteTick, StatusTick, Tick, TradeTick
from tests.api.rig import SECOND, Rig, Trader

DAY = 86_400 * SECOND
AAPL = 1
SHARE = 10**9


def take(rig: Rig, *ticks: Tick) -> None:
    """Let market data take ticks, and the engine what follows."""
    assert rig.world.market.take(ticks, rig.clock.time_ns) == len(ticks)
    rig.world.market.turn(rig.clock.time_ns)
    rig.world.writer.drain()


def trade(price: int, ts: int, source: str = "a") -> TradeTick:
    """A hundred shares of AAPL."""
    return TradeTick(AAPL, source, price, 100 * SHARE, ts, 7)


async def test_of_a_silent_market_nothing_is_known(rig: Rig) -> None:
    found = await Trader(rig, {}).call("GET", "/tickers/msft")
    assert found.status == 200
    assert (found.json["symbol"], found.json["bid"], found.json["sources"]) == ("MSFT", None, [])
    refused = await Trader(rig, {}).call("GET", "/tickers/NONE")
    assert (refused.status, refused.json["code"]) == (404, "unknown_symbol")


async def test_a_market_over_two_sources() -> None:
    """Best of each side, session, change, and what each source has said."""
    rig = Rig()
    now = rig.clock.time_ns
    rig.clock.time_ns = now - DAY
    take(rig, trade(1_890_000, now - DAY))
    rig.clock.time_ns = now
    take(
        rig,
        QuoteTick(AAPL, "a", 1_899_900, 1_900_300, 3 * SHARE, 4 * SHARE, now - SECOND),
        QuoteTick(AAPL, "b", 1_899_800, 1_900_100, 5 * SHARE, 6 * SHARE, now),
        trade(1_900_000, now - SECOND),
        trade(1_908_900, now, "b"),
        StatusTick(AAPL, "a", True, "LUDP", now),
        BandTick(AAPL, "a", 1_700_000, 2_100_000, now),
        MarkTick(AAPL, "a", 1_900_000, 0, -12_500, now + SECOND, now),
    )
    rig.clock.time_ns += 2 * SECOND
    found = (await Trader(rig, {}).call("GET", "/tickers/AAPL")).json
    assert {name: found[name] for name in found if name not in ("sources", "mark")} == {
        "symbol": "AAPL",
        "bid": "189.99",
        "bid_size": "3",
        "bid_source": "a",
        "ask": "190.01",
        "ask_size": "6",
        "ask_source": "b",
        "crossed": False,
        "last": "190.89",
        "last_source": "b",
        "last_at": "2026-01-02T15:00:00.000000000Z",
        "session_start": "2026-01-02T00:00:00.000000000Z",
        "open": "190.00",
        "high": "190.89",
        "low": "190.00",
        "previous_close": "189.00",
        "change": "1.89",
        "change_percent": "1",
        "volume": "200",
        "vwap": "190.445",
        "trades": 2,
        "volatility": None,
        "halted": True,
        "halt_reason": "LUDP",
        "limit_down": "170.00",
        "limit_up": "210.00",
    }
    assert found["mark"] == {
        "source": "a",
        "mark": "190.00",
        "index": None,
        "funding_rate": "-0.0000125",
        "next_funding_at": "2026-01-02T15:00:01.000000000Z",
        "at": "2026-01-02T15:00:00.000000000Z",
    }
    assert [(s["source"], s["quote_age_ns"], s["lost"]) for s in found["sources"]] == [
        ("a", 3 * SECOND, False),
        ("b", 2 * SECOND, False),
    ]


async def test_a_pair_is_named_by_its_path(rig: Rig) -> None:
    """And the past of a market lies below it."""
    stranger = Trader(rig, {})
    assert (await stranger.call("GET", "/tickers/BTC/USD")).json["symbol"] == "BTC/USD"
    assert "ticks" in (await stranger.call("GET", "/tickers/BTC/USD/history")).json
