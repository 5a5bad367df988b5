"""What the API says of feeds, breakers and their figures."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from stockyard.adapters import FEEDS
from stockyard.app import (
    FEED_OPTIONS,
    FollowedFeed,
    feed_runners,
    followed_feeds,
    followed_instruments,
)
from stockyard.config import ConfigError
from stockyard.market.catalog import FIRST_UNLISTED_ID
from stockyard.model.codes import AssetClass
from stockyard.model.feeds import PROBLEM_KINDS, FeedProblem, ProblemKind
from stockyard.model.ticks import QuoteTick, Tick
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.feed_runner import FeedRunner
from stockyard.runtime.feed_socket import FeedHttp
from stockyard.runtime.market_data import LOST_NS
from stockyard.telemetry.breaker import CALLS_MIN
from tests.api.rig import SECOND, Rig, Trader
from tests.api.test_watch import scraped

KEY = {"massive_key": "k", "massive_symbols": "AAPL, msft=XMSFT"}


def follow(rig: Rig, options: dict[str, str]) -> FeedRunner:
    """A feed of the rig's world that nobody runs: the test tells its monitor what happens."""
    (runner,) = feed_runners(
        rig.world, followed_feeds("massive", options), FeedHttp(rig.world.breakers)
    )
    rig.world.feeds = [runner]
    return runner


def told(runner: FeedRunner, clock: ManualClock, ticks: Sequence[Tick]) -> None:
    now_ns = clock.now_ns()
    runner.monitor.connecting()
    runner.monitor.opened(60, now_ns)
    runner.monitor.live(now_ns)
    runner.monitor.frame(100, now_ns)
    runner.monitor.ticks(ticks, now_ns)


async def test_a_feeds_state_ages_and_problems(rig: Rig, ann: Trader) -> None:
    runner = follow(rig, KEY)
    feeds = (await ann.call("GET", "/feeds")).json
    assert feeds["feeds"][0]["state"] == "connecting"
    assert feeds["feeds"][0]["last_tick_at"] is None
    told(runner, rig.clock, [QuoteTick(1, "massive", 1, 2, 1, 1, rig.clock.now_ns() - 5_000_000)])
    runner.monitor.problem(FeedProblem(ProblemKind.GAP, "something <was> lost"))
    rig.world.breakers.of("api.massive.com")
    answer = await ann.call("GET", "/feeds")
    assert answer.status == 200
    (feed,) = answer.json["feeds"]
    assert (feed["state"], feed["stale"], feed["frames"], feed["bytes"]) == ("live", False, 1, 100)
    assert feed["skew_ms"] == "-5"
    assert feed["problems"] == [{"kind": "gap", "count": 1, "last": "something <was> lost"}]
    aapl, msft = feed["symbols"]
    assert (aapl["symbol"], aapl["ticks"], aapl["stale"]) == ("AAPL", 1, False)
    assert (msft["symbol"], msft["their_symbol"], msft["stale"]) == ("MSFT", "XMSFT", True)
    assert answer.json["breakers"] == [
        {
            "name": "api.massive.com", "state": "closed",
            "calls": 0, "failures": 0, "refusals": 0, "openings": 0, "retry_at": None,
        }
    ]  # fmt: skip
    rig.clock.time_ns += 61 * SECOND
    (feed,) = (await ann.call("GET", "/feeds")).json["feeds"]
    assert (feed["stale"], feed["symbols"][0]["stale"]) == (True, True)


async def test_feeds_are_for_those_who_are_signed_in(rig: Rig) -> None:
    assert (await rig.call("GET", "/api/v1/feeds")).status == 401


async def test_figures_of_feeds_and_breakers(rig: Rig) -> None:
    runner = follow(rig, KEY)
    told(runner, rig.clock, [])
    runner.monitor.problem(FeedProblem(ProblemKind.MALFORMED))
    rig.world.breakers.of("api.massive.com")
    found = await scraped(rig)
    assert found["feed_live", "massive"] == 1
    assert found["feed_symbols_stale", "massive"] == 2
    assert found["feed_problems_total", "malformed", "massive"] == 1
    assert found["feed_frames_total", "massive"] == 1
    assert found["circuit_breaker_state", "api.massive.com"] == 0
    assert ("market_ticks_total",) in found


async def test_a_breaker_that_is_open_is_told_by_its_number(rig: Rig, ann: Trader) -> None:
    """0 is healthy, as alerts expect it."""

    async def fail() -> None:
        raise ConnectionError

    breaker = rig.world.breakers.of("api.massive.com")
    for _ in range(CALLS_MIN):
        with pytest.raises(ConnectionError):
            await breaker.call(fail, (ConnectionError,))
    assert (await scraped(rig))["circuit_breaker_state", "api.massive.com"] == 1
    (told,) = (await ann.call("GET", "/feeds")).json["breakers"]
    assert told["state"] == "open"
    assert told["retry_at"] is not None


async def test_what_every_source_said_and_what_was_left_out(rig: Rig, ann: Trader) -> None:
    follow(rig, KEY)
    now_ns = rig.clock.now_ns()
    market = rig.world.market
    price = 200 * 10 ** rig.world.view.instruments[1].price_scale
    market.take(
        [
            QuoteTick(1, "massive", price, price + 1, 1, 1, now_ns),
            QuoteTick(1, "other", price + 2, price + 3, 1, 1, now_ns),
            QuoteTick(1, "other", price + 3, price + 2, 1, 1, now_ns),
        ],
        now_ns,
    )
    found = (await ann.call("GET", "/feeds")).json
    massive, other = [one for one in found["sources"] if one["source"] != "simulated"]
    assert (massive["kind"], massive["ticks"], massive["left_out"]) == ("feed", 1, [])
    assert (other["kind"], other["ticks"], other["quoting"]) == ("sent", 1, 1)
    assert other["left_out"] == [{"reason": "crossed", "count": 1}]
    assert found["market"]["crossed"] == ["AAPL"]
    assert found["market"]["halted"] == []
    assert found["ingest"] is None
    assert found["gateway"]["streams"] == 0
    rig.clock.time_ns += LOST_NS + 1
    market.turn(rig.clock.now_ns())
    lost = (await ann.call("GET", "/feeds")).json["sources"][-1]
    assert (lost["symbols"], lost["quoting"]) == (1, 0)


async def test_readiness_misses_feeds_when_none_is_live(rig: Rig) -> None:
    async def ready() -> bool:
        checks = (await rig.call("GET", "/health/readiness")).json["checks"]
        return bool({check["name"]: check["ok"] for check in checks}["feeds"])

    assert await ready()
    runner = follow(rig, KEY)
    assert not await ready()
    told(runner, rig.clock, [])
    assert await ready()


def test_unknown_symbols_are_listed_and_known_ones_keep_their_ids(rig: Rig) -> None:
    (feed,) = followed_feeds("massive", {**KEY, "massive_symbols": "AAPL,ZVZZT,MSFT,QQQQ=X:Y"})
    found = followed_instruments(rig.world.engine, [feed])
    assert {symbol: one.instrument_id for symbol, one in found.items()} == {
        "AAPL": 1, "ZVZZT": FIRST_UNLISTED_ID, "MSFT": 2, "QQQQ": FIRST_UNLISTED_ID + 1,
    }  # fmt: skip
    assert {one.asset_class for one in found.values()} == {AssetClass.US_EQUITY}
    assert isinstance(feed, FollowedFeed)
    assert feed.symbols["QQQQ"] == "X:Y"


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        ("massive,massive", KEY, "each once"),
        ("nobody", {}, "each once, of massive"),
        ("massive", {"massive_key": "k"}, "MASSIVE_SYMBOLS"),
        ("massive", {"massive_symbols": "A"}, "MASSIVE_KEY"),
        ("massive", {**KEY, "massive_kee": "k"}, "STOCKYARD_FEED_MASSIVE_KEE: there is no such"),
        ("massive", {**KEY, "masive_key": "k"}, "STOCKYARD_FEED_MASIVE_KEY: there is no such"),
        ("massive", {**KEY, "massive_symbols": "A,,B"}, "''"),
        ("massive", {**KEY, "massive_symbols": "A=,B"}, "'A='"),
        ("massive", {**KEY, "massive_symbols": "A,a"}, "'a'"),
        ("massive", {**KEY, "massive_symbols": "A=B,B"}, "each of theirs once"),
        ("massive", {**KEY, "massive_symbols": "é"}, "'é'"),
        ("massive", {**KEY, "massive_stale_seconds": "0"}, "0.1 to 86400"),
        ("massive", {**KEY, "massive_stale_seconds": "nan"}, "0.1 to 86400"),
        ("massive", {**KEY, "massive_stale_seconds": "soon"}, "stale_seconds"),
        ("massive", {**KEY, "massive_channels": "X"}, "channels"),
        ("massive", {**KEY, "massive_url": "https://socket.massive.com"}, "url"),
    ],
)
def test_settings_that_cannot_be_meant(names: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        followed_feeds(names, options)


def test_the_guide_names_every_feed_option_and_problem() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "feeds.md").read_text()
    for name, load in FEEDS.items():
        _, found, rest = guide.partition(f"\n### {name}\n")
        assert found, name
        section = rest.partition("\n#")[0]
        assert [option for option in load().options if f"| `{option}` |" not in section] == []
    assert [option for option in FEED_OPTIONS if f"| `{option}` |" not in guide] == []
    assert [kind for kind in PROBLEM_KINDS if f"| `{kind}` |" not in guide] == []
