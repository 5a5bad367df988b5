"""Series of feeds, of ticks, and of the circuit breakers in front of other servers.

Promises: plain counts and times are read, none is computed on a tick's way. Labels are configured
names and words of ours, never a client's. Must not know: how anything is counted.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from stockyard.model.feeds import FeedState, FeedStatus
from stockyard.runtime.caches import OUTCOMES
from stockyard.runtime.world import World
from stockyard.telemetry.breaker import BREAKER_STATES, BreakerStatus

_NS: Final = 1e9
_Series = GaugeMetricFamily | CounterMetricFamily


def market_data_series(world: World) -> Iterator[Metric]:
    """Every series about data from outside."""
    yield from _feeds([feed.status() for feed in world.feeds])
    yield from _ticks(world)
    yield from _breakers(world.breakers.statuses())
    yield _caches(world)


def _caches(world: World) -> Metric:
    family = CounterMetricFamily(
        "cache_requests",
        "Reads of caches, by where the answer came from.",
        labels=["kind", "outcome"],
    )
    for cache in world.reference.caches:
        for outcome in OUTCOMES:
            family.add_metric([cache.kind, outcome], cache.counts[outcome])
    return family


def _feeds(feeds: Sequence[FeedStatus]) -> Iterator[Metric]:
    rows: list[tuple[_Series, Callable[[FeedStatus], float]]] = [
        (_gauge("feed_live", "1 while a feed is connected and subscribed."), _live),
        (_gauge("feed_stale", "1 while a feed is not live or says nothing."), _stale),
        (_gauge("feed_symbols", "Symbols followed."), _symbols),
        (_gauge("feed_symbols_stale", "Symbols that say nothing."), _symbols_stale),
        (_gauge("feed_last_tick_timestamp_seconds", "When the last tick came."), _last_tick),
        (_gauge("feed_clock_skew_seconds", "Median of its time less ours."), _skew),
        (_count("feed_attempts", "Connections attempted."), lambda one: one.attempts),
        (_count("feed_reconnects", "Times it was live again."), lambda one: one.reconnects),
        (_count("feed_frames", "Frames received."), lambda one: one.frames),
        (_count("feed_bytes", "Bytes received."), lambda one: one.bytes),
        (_count("feed_ticks", "Ticks received."), lambda one: one.ticks),
    ]
    for family, value in rows:
        for one in feeds:
            family.add_metric([one.name], value(one))
        yield family
    problems = CounterMetricFamily(
        "feed_problems", "What was wrong with what it said.", labels=["feed", "kind"]
    )
    for one in feeds:
        for kind, count in sorted(one.problems.items()):
            problems.add_metric([one.name, kind], count)
    yield problems


def _gauge(name: str, about: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, labels=["feed"])


def _count(name: str, about: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, about, labels=["feed"])


def _live(one: FeedStatus) -> float:
    return float(one.state == FeedState.LIVE)


def _stale(one: FeedStatus) -> float:
    return float(one.is_stale)


def _symbols(one: FeedStatus) -> float:
    return len(one.symbols)


def _symbols_stale(one: FeedStatus) -> float:
    return sum(symbol.is_stale for symbol in one.symbols)


def _last_tick(one: FeedStatus) -> float:
    return one.last_tick_ns / _NS


def _skew(one: FeedStatus) -> float:
    return (one.skew_ns or 0) / _NS


def _ticks(world: World) -> Iterator[Metric]:
    counts = world.market.counts
    yield CounterMetricFamily("market_ticks", "Ticks taken, faulty ones too.", value=counts.taken)
    faults = CounterMetricFamily(
        "market_tick_faults", "Ticks left out.", labels=["source", "reason"]
    )
    for (source, reason), count in sorted(counts.faults.items()):
        faults.add_metric([source, reason], count)
    yield faults
    yield CounterMetricFamily("market_ticks_late", "Too late for their bar.", value=counts.too_late)
    yield CounterMetricFamily(
        "market_quotes_conflated",
        "Quotes that a newer one overtook on the way to the engine.",
        value=counts.quotes_conflated,
    )


def _breakers(breakers: Sequence[BreakerStatus]) -> Iterator[Metric]:
    state = GaugeMetricFamily(
        "circuit_breaker_state", "0 closed (healthy), 1 open, 2 half open.", labels=["name"]
    )
    outcomes = CounterMetricFamily(
        "circuit_breaker_calls", "Calls by outcome.", labels=["name", "outcome"]
    )
    openings = CounterMetricFamily(
        "circuit_breaker_openings", "Times it opened.", labels=["name"]
    )  # fmt: skip
    for one in breakers:
        state.add_metric([one.name], BREAKER_STATES.index(one.state))
        outcomes.add_metric([one.name, "answered"], one.calls - one.failures)
        outcomes.add_metric([one.name, "failed"], one.failures)
        outcomes.add_metric([one.name, "refused"], one.refusals)
        openings.add_metric([one.name], one.openings)
    yield from (state, outcomes, openings)
