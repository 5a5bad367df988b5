"""Goal: what may be asked for in a minute, and no more, however it is spread. Method: a clock by
hand.
"""

import random

import pytest

from stockyard.api.rates import MemoryRates, RateLimits, house_rate

SECOND = 1_000_000_000
NOW = 1_767_366_000 * SECOND


@pytest.fixture(params=[MemoryRates])
def rates(request: pytest.FixtureRequest) -> RateLimits:
    """Every implementation of the port."""
    made: RateLimits = request.param()
    return made


def test_a_minutes_worth_at_once_and_then_evenly(rates: RateLimits) -> None:
    told = [rates.take("ann", 60, NOW) for _ in range(60)]
    assert all(each.is_allowed for each in told)
    assert [each.left for each in told] == [*range(59, -1, -1)]
    refused = rates.take("ann", 60, NOW)
    assert (refused.is_allowed, refused.left, refused.seconds) == (False, 0, 1)
    assert rates.take("bob", 60, NOW).is_allowed
    assert not rates.take("ann", 60, NOW + SECOND - 1).is_allowed
    assert rates.take("ann", 60, NOW + SECOND).is_allowed
    assert not rates.take("ann", 60, NOW + SECOND).is_allowed


def test_who_is_refused_and_waits_as_told_is_taken(rates: RateLimits) -> None:
    random_ = random.Random(7)
    now, per_minute = NOW, 7
    for _ in range(500):
        found = rates.take("ann", per_minute, now)
        if not found.is_allowed:
            assert found.seconds > 0
            now += found.seconds * SECOND
            assert rates.take("ann", per_minute, now).is_allowed
        now += random_.randrange(0, 9 * SECOND)


def test_over_an_hour_no_more_than_the_rate(rates: RateLimits) -> None:
    taken = sum(rates.take("ann", 100, NOW + n * SECOND // 10).is_allowed for n in range(36_000))
    assert 100 * 60 <= taken <= 100 * 61


def test_a_clock_that_was_set_back_locks_nobody_out(rates: RateLimits) -> None:
    for _ in range(5):
        rates.take("ann", 5, NOW)
    assert rates.take("ann", 5, NOW - 3600 * SECOND).is_allowed


def test_a_changed_rate_counts_from_then_on(rates: RateLimits) -> None:
    for _ in range(100):
        assert rates.take("ann", 100, NOW).is_allowed
    assert not rates.take("ann", 5, NOW).is_allowed
    assert rates.take("ann", 5, NOW + 60 * SECOND).is_allowed


def test_the_table_is_bounded() -> None:
    rates = MemoryRates(entries_max=3)
    for n in range(10):
        rates.take(f"user {n}", 1, NOW)
    assert len(rates) == 3
    assert not rates.take("user 9", 1, NOW).is_allowed
    assert rates.take("user 0", 1, NOW).is_allowed


def test_the_house_is_generous_to_its_own_machine() -> None:
    assert house_rate(-1, 100, "127.0.0.1") == 0
    assert house_rate(-1, 100, "localhost") == 0
    assert house_rate(-1, 100, "0.0.0.0") == 100
    assert house_rate(0, 100, "0.0.0.0") == 0
    assert house_rate(7, 100, "127.0.0.1") == 7
