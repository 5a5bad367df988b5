"""Random numbers by counter: the n-th draw of a stream depends on nothing but seed, stream and n.

Promises: the same on every platform, compiled or not; no hidden state, so nothing to snapshot. Must
not know: what a draw decides. The mixing function is SplitMix64 (Steele, Lea, Flood 2014).
"""

import math
from typing import Final

_MASK: Final = 0xFFFFFFFFFFFFFFFF
_GOLDEN: Final = 0x9E3779B97F4A7C15
_TWO_PI: Final = 6.283185307179586


def _mix(value: int) -> int:
    z = value & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class CounterRandom:
    """One stream of draws addressed by a counter (any integer from 0)."""

    def __init__(self, seed: int, stream: int = 0) -> None:
        self._key = _mix(_mix(seed) + _GOLDEN * (stream + 1))

    def uint64(self, counter: int) -> int:
        """A draw from 0 to 2**64 - 1."""
        return _mix(self._key + _GOLDEN * (counter + 1))

    def uniform(self, counter: int) -> float:
        """A draw from [0, 1) with 53 random bits."""
        return (self.uint64(counter) >> 11) / 9007199254740992.0

    def normal(self, counter: int) -> float:
        """A standard normal draw (Box and Muller 1958); uses the counters ``2n`` and ``2n + 1``."""
        radius = 1.0 - self.uniform(2 * counter)
        return math.sqrt(-2.0 * math.log(radius)) * math.cos(
            _TWO_PI * self.uniform(2 * counter + 1)
        )
