"""Goal: percentiles from classes are those of the durations themselves, within what is promised."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockyard.telemetry.histogram import CLASSES_MAX, class_of, middle_ns, percentile_ns

DURATIONS = st.integers(0, 2**62)


@given(DURATIONS)
def test_a_class_is_near_its_durations(ns: int) -> None:
    assert class_of(ns) < CLASSES_MAX
    assert abs(middle_ns(class_of(ns)) - ns) <= max(512, ns * 0.016)


@given(DURATIONS, DURATIONS)
def test_classes_keep_the_order(one: int, other: int) -> None:
    first, second = sorted((one, other))
    assert class_of(first) <= class_of(second)


@given(
    st.lists(st.integers(0, 10**11), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99])
)
def test_a_percentile_is_that_of_the_durations(durations: list[int], share: float) -> None:
    ranked = sorted(durations)
    exact = ranked[max(1, -(-len(ranked) * round(share * 100) // 100)) - 1]
    found = percentile_ns(Counter(map(class_of, durations)), share)
    assert found == pytest.approx(exact, rel=0.016, abs=512)


def test_nothing_counted_is_nothing() -> None:
    assert percentile_ns({}, 0.99) == 0
