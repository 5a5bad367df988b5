"""The words between a feed's adapter and the clockwork that runs it.

Promises: an adapter is a machine without I/O: text or bytes that came in, ticks and answers out, so
that it can be tried frame by frame. Only ``prepare`` may wait, and only on the ``Fetch`` it is
handed. Must not know: sockets, tasks, clocks, or any vendor.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from stockyard.model.companies import ReferenceSource
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import Tick

DETAIL_LENGTH_MAX: Final = 200
"""Characters of a problem's detail that are kept."""


class ProblemKind:
    """What can be wrong with what a feed sends; counted by these names, logged once for each."""

    MALFORMED: Final = "malformed"
    """It cannot be read, or a field has a type or value that it cannot have."""
    UNKNOWN_SYMBOL: Final = "unknown_symbol"
    """It is about a symbol that was not asked for."""
    REFUSED: Final = "refused"
    """Credentials or entitlement: the same connection attempt will not do better soon."""
    EXPIRED: Final = "expired"
    """What let us in has ended, or soon will: connect again, with a new one."""
    LIMITED: Final = "limited"
    """Too much was asked for; ``wait_s`` says how long to wait where the source said so."""
    GAP: Final = "gap"
    """Something was sent that never came."""
    OUT_OF_ORDER: Final = "out_of_order"
    """It came after something later of the same source and symbol."""
    UNEXPECTED: Final = "unexpected"
    """It can be read, and nobody knows what to do with it here."""
    UNKNOWN_CONDITION: Final = "unknown_condition"
    """A trade's sale condition that no table has; the trade counts fully."""
    CONNECTION: Final = "connection"
    """It could not be connected, or the connection ended. Said by the runner only."""
    SILENT: Final = "silent"
    """Connected, and nothing came for too long. Said by the runner only."""
    OVERLOADED: Final = "overloaded"
    """Ticks that nobody here took in time. Said by the runner only."""


PROBLEM_KINDS: Final = (
    ProblemKind.MALFORMED,
    ProblemKind.UNKNOWN_SYMBOL,
    ProblemKind.REFUSED,
    ProblemKind.EXPIRED,
    ProblemKind.LIMITED,
    ProblemKind.GAP,
    ProblemKind.OUT_OF_ORDER,
    ProblemKind.UNEXPECTED,
    ProblemKind.UNKNOWN_CONDITION,
    ProblemKind.CONNECTION,
    ProblemKind.SILENT,
    ProblemKind.OVERLOADED,
)


class FeedState:
    """What a feed is doing."""

    CONNECTING: Final = "connecting"
    LIVE: Final = "live"
    WAITING: Final = "waiting"
    STOPPED: Final = "stopped"


FEED_STATES: Final = (FeedState.CONNECTING, FeedState.LIVE, FeedState.WAITING, FeedState.STOPPED)


class FeedProblem(NamedTuple):
    """One thing that was wrong. ``kind``: a ``ProblemKind``; ``wait_s``: 0 for none asked for."""

    kind: str
    detail: str = ""
    wait_s: float = 0.0


class Received(NamedTuple):
    """What a frame meant. ``is_live``: whether the feed is authenticated and subscribed by now."""

    ticks: Sequence[Tick]
    sends: Sequence[str | bytes]
    problems: Sequence[FeedProblem]
    is_live: bool


class HttpRequest(NamedTuple):
    """A request to a feed's own servers."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class HttpAnswer(NamedTuple):
    """Its answer; header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class FeedRefused(Exception):
    """The source does not want us: wrong credentials, not entitled. Soon again is useless."""


class FeedUnavailable(Exception):
    """The source did not answer, or not sensibly; ``wait_s``: how long it asked us to wait."""

    def __init__(self, detail: str, wait_s: float = 0.0) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


Fetch = Callable[[HttpRequest], Awaitable[HttpAnswer]]
"""Performs a request, bounded in time. Raises ``FeedUnavailable`` when there is no answer."""


class FeedWire(Protocol):
    """The protocol machine of ONE connection; a new connection gets a new one.

    ``headers``: of the upgrade request. ``beat_s``: how often ``beat`` wants to be sent, None for
    never. ``silence_s``: after so long without any frame the connection is taken for dead. The
    machine subscribes to all symbols it was made for by itself, as soon as it may. None of the
    methods raises, whatever a frame holds.

    A problem that is LIMITED or EXPIRED ends the connection, one that is REFUSED does so only while
    the machine is not live; all others are counted.
    """

    name: str
    url: str
    headers: Mapping[str, str]
    beat_s: float | None
    silence_s: float

    def opened(self) -> list[str | bytes]:
        """What to send as soon as the connection stands."""

    def received(self, frame: str | bytes, now_ns: int) -> Received:
        """Take one whole frame; ``now_ns``: wall time, for what carries no time of its own."""

    def subscribe(self, symbols: Mapping[str, Instrument]) -> list[str | bytes]:
        """Ask for more symbols: their words, with our instruments."""

    def unsubscribe(self, symbols: Sequence[str]) -> list[str | bytes]:
        """Ask for symbols no more."""

    def beat(self) -> list[str | bytes]:
        """What to send every ``beat_s``."""


class FeedSource(Protocol):
    """One configured feed: makes a machine for each connection."""

    name: str

    async def prepare(self, fetch: Fetch, symbols: Mapping[str, Instrument]) -> FeedWire:
        """Get ready for one connection that will ask for these symbols (theirs, to ours).

        Fetches what must be fetched first, such as a token. Raises ``FeedRefused`` or
        ``FeedUnavailable``.
        """


class FeedOption(NamedTuple):
    """One option of a feed: what it is, what it is when left out, and whether it may be."""

    about: str
    default: str = ""
    required: bool = False


class FeedAdapter(NamedTuple):
    """A row of the registry of feeds.

    ``open_feed`` takes the options by name (all that ``options`` lists, defaults filled in) and
    raises ``ValueError`` with what would be right. ``symbol_of``: their word for one of our
    symbols. ``asset_class``: of a symbol of ours that nobody has listed yet. ``open_reference``:
    where it can also be asked about companies, with the same options.
    """

    open_feed: Callable[[Mapping[str, str]], FeedSource]
    options: Mapping[str, FeedOption]
    symbol_of: Callable[[str], str]
    asset_class: Callable[[str], int]
    open_reference: Callable[[Mapping[str, str], Fetch], ReferenceSource] | None = None


class SymbolStatus(msgspec.Struct, frozen=True):
    """One symbol of a feed. ``is_stale``: its feed is not live, or nothing came for too long."""

    symbol: str
    their_symbol: str
    ticks: int
    last_tick_ns: int
    is_stale: bool


class FeedStatus(msgspec.Struct, frozen=True):
    """How a feed is doing. Times are UTC ns, 0 for never.

    ``state``: a ``FeedState``; while waiting, the next attempt is at ``retry_ns``.
    ``is_stale``: not live, or nothing came for too long. ``skew_ns``: median of the source's time
    less ours over its last ticks, None while there are none; it holds the way here as well.
    ``problems``: counts by ``ProblemKind``; ``details``: the last of each in the source's words.
    """

    name: str
    state: str
    is_stale: bool
    live_since_ns: int
    last_frame_ns: int
    last_tick_ns: int
    retry_ns: int
    attempts: int
    reconnects: int
    frames: int
    bytes: int
    ticks: int
    skew_ns: int | None
    problems: Mapping[str, int]
    details: Mapping[str, str]
    symbols: tuple[SymbolStatus, ...]
