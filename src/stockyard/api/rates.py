"""How often somebody may ask: requests of each user, or of each address, and orders of each user.

Promises: a minute's requests may come at once, and what is used comes back evenly (the generic cell
rate algorithm, ITU-T I.371 annex A); whoever is refused is told when to come again; the table is
bounded. Counts stand behind ``RateLimits``, so that several processes could share them. Must not
know: what is asked for.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from stockyard.api.heads import Head, is_loopback
from stockyard.api.problems import Headers, Problem
from stockyard.people.identity import Identity
from stockyard.people.throttle import address_key
from stockyard.people.user_rates import UserRates

SECOND_NS: Final = 1_000_000_000
WINDOW_S: Final = 60
ENTRIES_MAX: Final = 100_000
"""Users and addresses that are counted at once."""
REQUESTS_PER_MINUTE: Final = 100
ORDERS_PER_MINUTE: Final = 60
_SIGNED: Final = frozenset({b"authorization", b"apca-api-key-id", b"cookie"})


def house_rate(asked: int, default: int, host: str) -> int:
    """A rate as it holds: below 0 the default, or none where only this machine is listened to."""
    if asked >= 0:
        return asked
    return 0 if is_loopback(host) else default


class Allowed(NamedTuple):
    """Whether something is allowed; how many more are, and in how many seconds: one more where none
    is left, all of them else.
    """

    is_allowed: bool
    left: int
    seconds: int


class RateLimits(Protocol):
    """Counts what was taken under a key."""

    def take(self, key: str, per_minute: int, now_ns: int) -> Allowed:
        """Take one of ``per_minute`` if there is one."""


class MemoryRates:
    """Counts in this process: per key the moment at which it is full again."""

    def __init__(self, entries_max: int = ENTRIES_MAX) -> None:
        self._entries_max = entries_max
        self._full_ns: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._full_ns)

    def take(self, key: str, per_minute: int, now_ns: int) -> Allowed:
        """Take one of ``per_minute`` if there is one; when the table is full the key that took
        longest ago is forgotten.
        """
        window_ns = WINDOW_S * SECOND_NS
        each_ns = -(-window_ns // per_minute)
        full_ns = max(self._full_ns.pop(key, now_ns), now_ns)
        if full_ns - now_ns > 2 * window_ns:
            # The clock was set back.
            full_ns = now_ns
        most_ns = each_ns * per_minute
        is_allowed = full_ns + each_ns - now_ns <= most_ns
        if is_allowed:
            full_ns += each_ns
        if len(self._full_ns) >= self._entries_max:
            del self._full_ns[next(iter(self._full_ns))]
        self._full_ns[key] = full_ns
        left = max(0, (most_ns - (full_ns - now_ns)) // each_ns)
        wait_ns = full_ns - now_ns if left else full_ns + each_ns - now_ns - most_ns
        return Allowed(is_allowed, left, max(0, -(-wait_ns // SECOND_NS)))


class Meter:
    """What one door allows; a limit of 0 is none."""

    def __init__(
        self,
        limits: RateLimits,
        own: UserRates,
        identify: Callable[[Head], Identity],
        now_ns: Callable[[], int],
        requests_per_minute: int,
        orders_per_minute: int,
    ) -> None:
        self._limits, self._own, self._identify, self._now_ns = limits, own, identify, now_ns
        self.requests_per_minute = requests_per_minute
        self.orders_per_minute = orders_per_minute

    def admit(self, head: Head) -> Headers:
        """Count a request for whoever sends it: a user, or an address where nobody is signed in.

        Returns what to tell of it; raises ``Problem`` 429. Whom the credentials name stands in the
        head then, so that they are not checked twice.
        """
        if not (self.requests_per_minute or self._own):
            return ()
        most, key = self.requests_per_minute, ""
        if not _SIGNED.isdisjoint(head.headers):
            try:
                identity = self._identify(head)
            except Problem:
                # It is told by whatever needs to know who asks; many wrong ones are still counted.
                identity = None
            if identity is not None:
                head.identity = identity
                own = self._own.of_user(identity.user_id).requests_per_minute
                most, key = own or most, identity.user_id
        if not most:
            return ()
        allowed = self._limits.take(
            "requests " + (key or address_key(head.address)), most, self._now_ns()
        )
        told = _told(most, allowed)
        if not allowed.is_allowed:
            wrong = f"more than {most} requests a minute"
            raise _too_many("too_many_requests", wrong, allowed, told)
        return told

    def take_order(self, user_id: str) -> None:
        """Count an order of a user. Raises ``Problem`` 429."""
        if not (self.orders_per_minute or self._own):
            return
        most = self._own.of_user(user_id).orders_per_minute or self.orders_per_minute
        if not most:
            return
        allowed = self._limits.take("orders " + user_id, most, self._now_ns())
        if not allowed.is_allowed:
            wrong = f"more than {most} orders a minute"
            raise _too_many("too_many_orders", wrong, allowed, ())


def _told(most: int, allowed: Allowed) -> Headers:
    """What is left, in the headers of draft-ietf-httpapi-ratelimit-headers-03."""
    return (
        (b"ratelimit-policy", b"%d;w=%d" % (most, WINDOW_S)),
        (b"ratelimit-limit", b"%d" % most),
        (b"ratelimit-remaining", b"%d" % allowed.left),
        (b"ratelimit-reset", b"%d" % allowed.seconds),
    )


def _too_many(code: str, wrong: str, allowed: Allowed, told: Headers) -> Problem:
    after = max(1, allowed.seconds)
    return Problem(
        429,
        code,
        wrong,
        f"try again in {after} s; streams tell of changes without being asked",
        retryable=True,
        headers=((b"retry-after", b"%d" % after), *told),
    )
