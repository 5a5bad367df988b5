"""Slows down guessing: a token bucket per key, in bounded memory.

Promises: at most ``burst`` charges at once and ``burst`` more per window after that (the generic
cell rate algorithm, ITU-T I.371 annex A: one moment per key says it all). When full, the key
charged longest ago is forgotten, so the table must hold more keys than can be charged within a
window. Must not know: what a key or a charge is.
"""

import ipaddress
from typing import Final

from stockyard.people.limits import SECOND_NS

_ADDRESS_LENGTH_MAX: Final = 64


class Throttle:
    """Buckets of ``burst`` charges that refill evenly over ``window_ns``."""

    def __init__(self, burst: int, window_ns: int, entries_max: int) -> None:
        self._interval_ns = -(-window_ns // burst)
        self._tolerance_ns = self._interval_ns * (burst - 1)
        self._entries_max = entries_max
        self._full_ns: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._full_ns)

    def wait_s(self, key: str, now_ns: int) -> int:
        """Whole seconds until ``charge`` is allowed, 0 when it is now."""
        wait_ns = self._full_ns.get(key, now_ns) - self._tolerance_ns - now_ns
        return max(0, -(-wait_ns // SECOND_NS))

    def charge(self, key: str, now_ns: int) -> None:
        """Take one charge from the key's bucket; the caller has seen that ``wait_s`` is 0."""
        full_ns = max(self._full_ns.pop(key, now_ns), now_ns) + self._interval_ns
        if len(self._full_ns) >= self._entries_max:
            del self._full_ns[next(iter(self._full_ns))]
        self._full_ns[key] = full_ns

    def refund(self, key: str, now_ns: int) -> None:
        """Give one charge back; a bucket that is full again is forgotten."""
        full_ns = self._full_ns.get(key)
        if full_ns is None:
            return
        if full_ns - self._interval_ns <= now_ns:
            del self._full_ns[key]
        else:
            self._full_ns[key] = full_ns - self._interval_ns


def address_key(address: str) -> str:
    """What of a network address stands for one household: an IPv4 address or an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_ADDRESS_LENGTH_MAX]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))
