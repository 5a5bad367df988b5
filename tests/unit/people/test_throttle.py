import pytest

from stockyard.people.limits import SECOND_NS
from stockyard.people.throttle import Throttle, address_key

WINDOW = 900 * SECOND_NS


def _charge_while_free(throttle: Throttle, key: str, now_ns: int, tries: int = 100) -> int:
    for count in range(tries):
        if throttle.wait_s(key, now_ns) > 0:
            return count
        throttle.charge(key, now_ns)
    return tries


def test_a_burst_then_one_each_tenth_of_the_window() -> None:
    throttle = Throttle(10, WINDOW, 100)
    assert _charge_while_free(throttle, "ann", 0) == 10
    assert throttle.wait_s("ann", 0) == 90
    assert throttle.wait_s("ann", 90 * SECOND_NS - 1) == 1
    assert _charge_while_free(throttle, "ann", 90 * SECOND_NS) == 1
    assert _charge_while_free(throttle, "ann", 90 * SECOND_NS + WINDOW) == 10
    assert _charge_while_free(throttle, "ann", 5 * WINDOW) == 10


def test_keys_do_not_disturb_each_other() -> None:
    throttle = Throttle(2, WINDOW, 100)
    assert _charge_while_free(throttle, "ann", 0) == 2
    assert throttle.wait_s("bob", 0) == 0


def test_a_refund_gives_back_one_charge_only() -> None:
    throttle = Throttle(3, WINDOW, 100)
    assert _charge_while_free(throttle, "ann", 0) == 3
    throttle.refund("ann", 0)
    assert _charge_while_free(throttle, "ann", 0) == 1


def test_a_bucket_that_is_full_again_is_forgotten() -> None:
    throttle = Throttle(3, WINDOW, 100)
    throttle.charge("ann", 0)
    throttle.refund("ann", 0)
    throttle.refund("nobody", 0)
    assert len(throttle) == 0


def test_memory_is_bounded_and_the_longest_untouched_goes() -> None:
    throttle = Throttle(1, WINDOW, 3)
    for key in "abc":
        throttle.charge(key, 0)
    throttle.charge("a", WINDOW)
    throttle.charge("d", WINDOW)
    assert len(throttle) == 3
    assert throttle.wait_s("b", 0) == 0
    assert throttle.wait_s("c", 0) > 0


def test_a_clock_that_goes_back_does_not_free_anyone() -> None:
    throttle = Throttle(1, WINDOW, 3)
    throttle.charge("ann", WINDOW)
    assert throttle.wait_s("ann", 0) == 1800


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("unix", "unix"),
        ("x" * 500, "x" * 64),
    ],
)
def test_an_address_stands_for_its_household(address: str, key: str) -> None:
    assert address_key(address) == key
