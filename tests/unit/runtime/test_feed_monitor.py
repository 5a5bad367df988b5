"""Goal: what is known of a feed is right at any time, bounded, and says when to try again.

Method: a monitor told of frames, ticks, faults and times of our choice.
"""

import logging

import pytest

from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import (
    DETAIL_LENGTH_MAX,
    FeedProblem,
    FeedState,
    FeedStatus,
    ProblemKind,
    SymbolStatus,
)
from stockyard.model.ticks import QuoteTick
from stockyard.runtime.feed_monitor import (
    BACKOFF_MAX_S,
    BACKOFF_MIN_S,
    QUIET_DOUBLINGS_MAX,
    REFUSED_WAIT_S,
    SKEW_TICKS,
    STEADY_S,
    FeedMonitor,
)

NS = 1_000_000_000
AAPL, MSFT = CATALOG[0].instrument, CATALOG[1].instrument
SYMBOLS = {"AAPL": AAPL, "XMSFT": MSFT}


def monitor(jitter: float = 0.5) -> FeedMonitor:
    return FeedMonitor("test", SYMBOLS, stale_s=10, jitter=lambda: jitter)


def tick(at_ns: int, instrument_id: int = AAPL.instrument_id) -> QuoteTick:
    return QuoteTick(instrument_id, "test", 100, 101, 1, 1, at_ns)


def live(one: FeedMonitor, now_ns: int) -> int:
    one.connecting()
    one.opened(60, now_ns)
    return one.live(now_ns)


def of(status: FeedStatus, symbol: str) -> SymbolStatus:
    return next(row for row in status.symbols if row.symbol == symbol)


def test_a_feed_and_its_symbols_are_stale_until_they_speak_and_when_they_stop() -> None:
    one = monitor()
    assert one.status(0).is_stale
    live(one, 100 * NS)
    one.frame(10, 101 * NS)
    one.ticks([tick(101 * NS)], 101 * NS)
    status = one.status(102 * NS)
    assert (status.state, status.is_stale, status.ticks) == (FeedState.LIVE, False, 1)
    assert not of(status, "AAPL").is_stale
    assert of(status, MSFT.symbol).is_stale
    assert of(status, MSFT.symbol).their_symbol == "XMSFT"
    assert of(one.status(112 * NS), "AAPL").is_stale
    assert not one.status(112 * NS).is_stale
    assert one.status(162 * NS).is_stale


def test_a_lost_feed_is_stale_at_once_and_says_how_long_it_was_away() -> None:
    one = monitor()
    assert live(one, 100 * NS) == 0
    one.ticks([tick(100 * NS)], 100 * NS)
    one.lost(101 * NS, refused=False, wait_s=0)
    status = one.status(101 * NS)
    assert status.is_stale
    assert of(status, "AAPL").is_stale
    assert status.state == FeedState.WAITING
    assert status.retry_ns > 101 * NS
    assert live(one, 105 * NS) == 4 * NS
    assert (one.status(105 * NS).attempts, one.status(105 * NS).reconnects) == (2, 1)


@pytest.mark.parametrize(("jitter", "longest"), [(0.0, BACKOFF_MIN_S), (1.0, BACKOFF_MAX_S)])
def test_waits_grow_between_their_bounds(jitter: float, longest: float) -> None:
    one = monitor(jitter)
    waits = [one.lost(0, refused=False, wait_s=0) for _ in range(2_000)]
    assert waits == sorted(waits)
    assert waits[0] >= BACKOFF_MIN_S
    assert waits[-1] == longest


def test_a_steady_connection_makes_the_next_failure_the_first() -> None:
    one = monitor(1.0)
    first, second, third = (one.lost(0, refused=False, wait_s=0) for _ in range(3))
    assert first < second < third
    live(one, 0)
    assert one.lost(NS, refused=False, wait_s=0) > third
    live(one, 0)
    assert one.lost(round(STEADY_S) * NS, refused=False, wait_s=0) == first


def test_what_the_source_asked_for_is_the_least() -> None:
    one = monitor(0.0)
    assert one.lost(0, refused=False, wait_s=17.0) == 17.0 + BACKOFF_MIN_S
    assert one.lost(0, refused=True, wait_s=0.0) == REFUSED_WAIT_S + BACKOFF_MIN_S


def test_skew_is_the_median_of_the_last_ticks() -> None:
    one = monitor()
    assert one.status(0).skew_ns is None
    for offset in [9 * NS] * 500 + [-3, -1, -2] * SKEW_TICKS:
        one.ticks([tick(100 * NS + offset)], 100 * NS)
    assert one.status(0).skew_ns == -2


def test_each_kind_of_problem_is_logged_once_and_counted_always(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = monitor()
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            one.problem(FeedProblem(ProblemKind.MALFORMED, "bad\n" + "x" * 1_000))
            one.problem(FeedProblem(ProblemKind.GAP, "lost"))
    assert len(caplog.records) == 2
    assert "\n" not in caplog.records[0].getMessage()
    status = one.status(0)
    assert status.problems == {ProblemKind.MALFORMED: 100, ProblemKind.GAP: 100}
    assert len(status.details[ProblemKind.MALFORMED]) == DETAIL_LENGTH_MAX


def test_a_feed_that_is_quiet_again_and_again_is_given_longer_until_it_speaks() -> None:
    one = monitor()
    live(one, 0)
    for _ in range(20):
        one.silent()
    assert one.silence_s() == 60 << QUIET_DOUBLINGS_MAX
    one.ticks([tick(0)], 0)
    assert one.silence_s() == 60


def test_symbols_come_and_go() -> None:
    one = monitor()
    one.remove({"AAPL": AAPL})
    one.ticks([tick(0)], 0)
    assert [row.symbol for row in one.status(0).symbols] == [MSFT.symbol]
    one.add({"A": AAPL})
    assert of(one.status(0), "AAPL").ticks == 0


def test_a_stopped_feed_is_stale() -> None:
    one = monitor()
    live(one, 0)
    one.stopped()
    assert (one.status(0).state, one.status(0).is_stale) == (FeedState.STOPPED, True)
