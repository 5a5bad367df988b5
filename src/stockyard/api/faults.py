"""Faults on purpose: which request or stream message is hit next, by rules that a test makes.

Promises: the same rules, requests and messages in the same order are hit the same way, chance
included (each rule draws from its own seed); a rule ends after its count or its wall time; while
there is no rule, ``requests`` and ``streams`` are empty, and nothing else needs to be asked. Test
controls themselves and ``/health`` are never hit. Must not know: how a fault is carried out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from stockyard.numerics.random import CounterRandom

RULES_MAX: Final = 100
"""Rules that are kept, those that are over included."""
PATTERN_LENGTH_MAX: Final = 200
MESSAGES_MAX: Final = 20
COUNT_MAX: Final = 1_000_000
FOR_SECONDS_MAX: Final = 86_400
DELAY_MS_MAX: Final = 300_000
_NS: Final = 1_000_000_000
_SPARED: Final = "/api/v1/sim"
_CHANCES: Final = 1 << 53


class FaultKind:
    """What a rule does; the first three to requests, the others to streams."""

    ANSWER: Final = "answer"
    DELAY_ANSWER: Final = "delay_answer"
    CUT: Final = "cut"
    DROP: Final = "drop"
    DUPLICATE: Final = "duplicate"
    DELAY_MESSAGE: Final = "delay_message"
    CLOSE: Final = "close"


REQUEST_KINDS: Final = (FaultKind.ANSWER, FaultKind.DELAY_ANSWER, FaultKind.CUT)
STREAM_KINDS: Final = (
    FaultKind.DROP,
    FaultKind.DUPLICATE,
    FaultKind.DELAY_MESSAGE,
    FaultKind.CLOSE,
)
BEFORE: Final = "before"
AFTER: Final = "after"
STREAMS: Final = ("native", "events", "trade_updates", "market_data")
"""The streams there are: our WebSocket, our event stream, and Alpaca's two kinds."""
STATUSES: Final = (429, 500, 503, 504)
LOST: Final = 1006
"""A socket that ends without a close frame (RFC 6455, section 7.1.5)."""


class Terms(NamedTuple):
    """What a rule hits, how often, and what it does.

    ``path``: `*` stands for anything, `{name}` for one part; blank for every path. ``every``: only
    each so-manieth match. ``account_id`` 0: anybody. ``times`` 0: until ``for_seconds`` are over.
    """

    kind: str
    method: str = ""
    path: str = ""
    stream: str = ""
    messages: tuple[str, ...] = ()
    account_id: int = 0
    times: int = 0
    for_seconds: float = 0.0
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    status: int = 504
    retry_after_s: int = 0
    when: str = BEFORE
    delay_ms: int = 0
    code: int = LOST
    reason: str = ""


class TooManyFaults(Exception):
    """``RULES_MAX`` rules are at work."""


class Fault:
    """One rule. ``met``: what matched it; ``struck``: what it hit; ``ends_ns`` 0: by count only."""

    def __init__(self, number: int, terms: Terms, now_ns: int) -> None:
        self.number, self.terms, self.made_ns = number, terms, now_ns
        self.ends_ns = now_ns + int(terms.for_seconds * _NS) if terms.for_seconds else 0
        self.met = self.struck = 0
        self.is_forgotten = False
        self._path = _pattern(terms.path)
        self._draw = CounterRandom(terms.seed, 0).uint64

    def is_over(self, now_ns: int) -> bool:
        """Whether it hits nothing any more."""
        times = self.terms.times
        return (
            self.is_forgotten
            or (times > 0 and self.struck >= times)
            or (self.ends_ns > 0 and now_ns >= self.ends_ns)
        )

    def hits_path(self, method: str, path: str) -> bool:
        """Whether a request is of those it hits, whoever asks."""
        wanted = self.terms.method
        return (not wanted or wanted == method) and self._path.fullmatch(path) is not None

    def hits_stream(self, stream: str, account_id: int) -> bool:
        """Whether a stream is of those it hits."""
        terms = self.terms
        return terms.stream in ("", stream) and terms.account_id in (0, account_id)

    def strike(self) -> bool:
        """Count one match; whether it is hit."""
        terms = self.terms
        self.met += 1
        if self.met % terms.every:
            return False
        if terms.probability < 1.0 and self._drawn() >= terms.probability:
            return False
        self.struck += 1
        return True

    def _drawn(self) -> float:
        """A number from 0 to below 1, the same for the same match."""
        return (self._draw(self.met) >> 11) / _CHANCES


def _pattern(path: str) -> re.Pattern[str]:
    """The paths that a pattern stands for."""
    if not path:
        return re.compile(".*", re.DOTALL)
    parts = re.split(r"(\*|\{[^{}/]*\})", path)
    words = {"*": ".*"}
    return re.compile(
        "".join(
            words.get(part, "[^/]+") if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        ),
        re.DOTALL,
    )


class Faults:
    """All rules of one door, in the order they were made. ``now_ns``: the wall's clock."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._rules: dict[int, Fault] = {}
        self._made = 0
        self.requests: list[Fault] = []
        self.streams: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        self._tidy()
        return iter(list(self._rules.values()))

    def is_over(self, fault: Fault) -> bool:
        """Whether a rule hits nothing any more."""
        return fault.is_over(self._now_ns())

    def make_room(self) -> None:
        """Forget the oldest rule that is over where there are too many. Raises
        ``TooManyFaults``.
        """
        self._tidy()
        if len(self._rules) < RULES_MAX:
            return
        now_ns = self._now_ns()
        for number, fault in self._rules.items():
            if fault.is_over(now_ns):
                del self._rules[number]
                return
        raise TooManyFaults

    def add(self, terms: Terms) -> Fault:
        """Put a rule to work. Raises ``TooManyFaults``."""
        self.make_room()
        self._made += 1
        fault = self._rules[self._made] = Fault(self._made, terms, self._now_ns())
        (self.requests if terms.kind in REQUEST_KINDS else self.streams).append(fault)
        return fault

    def find(self, number: int) -> Fault | None:
        """A rule by its number."""
        return self._rules.get(number)

    def forget(self, faults: Iterable[Fault]) -> None:
        """End rules and forget them."""
        for fault in list(faults):
            fault.is_forgotten = True
            self._rules.pop(fault.number, None)
        self._tidy()

    def _tidy(self) -> None:
        now_ns = self._now_ns()
        self.requests = [one for one in self.requests if not one.is_over(now_ns)]
        self.streams = [one for one in self.streams if not one.is_over(now_ns)]

    def of_request(
        self, method: str, path: str, account_id: Callable[[], int], endless: bool = False
    ) -> Fault | None:
        """The rule that hits a request, counted. ``account_id`` is asked only where a rule minds.

        ``endless``: its answer has no end, so that nothing can come after it.
        """
        if path.startswith(_SPARED):
            return None
        now_ns, found = self._now_ns(), None
        for fault in self.requests:
            terms = fault.terms
            if fault.is_over(now_ns) or not fault.hits_path(method, path):
                continue
            if endless and terms.when == AFTER:
                continue
            if terms.account_id and terms.account_id != account_id():
                continue
            if fault.strike():
                found = fault
                break
        self._tidy()
        return found

    def of_message(
        self, stream: str, account_id: int, kind: str, is_answer: bool = False
    ) -> Fault | None:
        """The rule that hits a message of a stream, counted.

        ``is_answer``: it answers what the client sent. A rule that names no messages leaves such
        alone, unless it closes the stream.
        """
        now_ns, found = self._now_ns(), None
        for fault in self.streams:
            terms = fault.terms
            if fault.is_over(now_ns) or not fault.hits_stream(stream, account_id):
                continue
            if terms.messages:
                if kind not in terms.messages:
                    continue
            elif is_answer and terms.kind != FaultKind.CLOSE:
                continue
            if fault.strike():
                found = fault
                break
        self._tidy()
        return found
