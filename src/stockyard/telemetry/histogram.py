"""Durations counted in classes, so that percentiles of any stretch of time can be added up.

Promises: a percentile is right within 1.6 %, or half a microsecond where that is more, whatever was
counted; adding two histograms gives that of both. Must not know: what took that long.

The classes are log-linear, as in HdrHistogram (G. Tene): each octave has ``2**STEPS_BITS`` of them.
"""

from collections.abc import Mapping
from typing import Final

STEPS_BITS: Final = 5
_STEPS: Final = 1 << STEPS_BITS
UNIT_BITS: Final = 10
"""The smallest class is 2**10 ns wide, about a microsecond."""
CLASSES_MAX: Final = 2_048
"""More than any duration of 63 bits needs."""


def class_of(ns: int) -> int:
    """The class a duration falls into."""
    units = ns >> UNIT_BITS
    shift = units.bit_length() - STEPS_BITS - 1
    return units if shift <= 0 else (shift << STEPS_BITS) + (units >> shift)


def middle_ns(number: int) -> int:
    """The duration in the middle of a class."""
    shift = max(0, (number >> STEPS_BITS) - 1)
    lowest = (number - (shift << STEPS_BITS)) << shift
    return ((2 * lowest + (1 << shift)) << UNIT_BITS) >> 1


def percentile_ns(counts: Mapping[int, int], share: float) -> int:
    """The duration that this share of what was counted did not exceed; 0 where nothing was.

    The nearest rank (NIST, Engineering Statistics Handbook, 7.2.6.2, without interpolation).
    """
    total = sum(counts.values())
    if not total:
        return 0
    wanted = max(1, -(-total * round(share * 1_000_000) // 1_000_000))
    for number in sorted(counts):
        wanted -= counts[number]
        if wanted <= 0:
            return middle_ns(number)
    raise AssertionError("a rank beyond the count")
