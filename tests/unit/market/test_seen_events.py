"""Names of events are remembered for a while, and never too many."""

from stockyard.market.seen_events import EVENTS_MAX, KEPT_NS, SeenEvents


def test_a_name_is_new_once() -> None:
    seen = SeenEvents()
    assert [seen.add(name, 0) for name in ("a", "b", "a")] == [True, True, False]
    seen.forget("a")
    assert seen.add("a", 0)


def test_what_is_remembered_is_bounded_by_count() -> None:
    """The last ``EVENTS_MAX`` are known, whatever came before them."""
    seen = SeenEvents()
    for number in range(3 * EVENTS_MAX):
        assert seen.add(str(number), 1)
        assert len(seen) <= 2 * EVENTS_MAX
    last = 3 * EVENTS_MAX - 1
    assert not seen.add(str(last), 1)
    assert not seen.add(str(last - EVENTS_MAX + 1), 1)
    assert seen.add("0", 1)


def test_what_is_remembered_is_bounded_by_time() -> None:
    """For five minutes for certain, and ten at most."""
    seen = SeenEvents()
    seen.add("first", KEPT_NS)
    seen.add("a", 2 * KEPT_NS)
    assert not seen.add("a", 3 * KEPT_NS)
    assert not seen.add("first", 2 * KEPT_NS)
    assert seen.add("later", 5 * KEPT_NS)
    assert seen.add("a", 5 * KEPT_NS)
    assert len(seen) == 2
