"""One request while it is being answered: its name, who asks, and the parts of its time.

Promises: noting a part costs well under a microsecond, never waits, and is bounded; whoever notes
one need not know whether anybody keeps it. Must not know: what is asked, or what becomes of it.

The trace of the request that is being answered stands in ``CURRENT``, which tasks inherit: what an
answer waits for is noted where it happens, without being handed through.
"""

from contextvars import ContextVar
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Final

SPANS_MAX: Final = 64
"""Parts that are kept of one request."""


class Part:
    """What a part of a request's time went to."""

    WAITING: Final = "waiting"
    """In line, until the commit that takes it begins."""
    JOURNAL: Final = "journal"
    """The synced write that holds it."""
    ENGINE: Final = "engine"
    CATCHING_UP: Final = "catching_up"
    """Until the query tables hold what the engine has done."""
    DATABASE: Final = "database"
    PEOPLE: Final = "people"
    """The people's desk: passwords, sign-ins, settings."""
    AUDIT: Final = "audit"
    """Until an act was durably on record."""
    SERIALISATION: Final = "serialisation"
    CACHE: Final = "cache"
    OUTSIDE: Final = "outside"
    """Somebody else's server."""


PARTS: Final = (
    Part.WAITING,
    Part.JOURNAL,
    Part.ENGINE,
    Part.CATCHING_UP,
    Part.DATABASE,
    Part.PEOPLE,
    Part.AUDIT,
    Part.SERIALISATION,
    Part.CACHE,
    Part.OUTSIDE,
)

RawSpan = tuple[str, int, int, str]
"""A part, when it began and ended by ``perf_counter_ns``, and a word on it."""


class Trace:
    """A request that is being answered. ``head``: what its headers say, with its ``request_id``.
    ``doing``: what it changes of people, until that is on record.

    ``command``: what was sent to the engine, journaled as record ``seq``. ``code``: the word of the
    rule that refused it.
    """

    __slots__ = (
        "actor",
        "begun_ns",
        "code",
        "command",
        "doing",
        "head",
        "left_out",
        "seq",
        "spans",
        "user_id",
    )

    def __init__(self) -> None:
        self.head: Any = None
        self.doing: Any = None
        self.user_id = self.actor = self.code = ""
        self.command: object = None
        self.seq = self.left_out = 0
        self.spans: list[RawSpan] = []
        self.begun_ns = perf_counter_ns()

    def note(self, part: str, begun_ns: int, ended_ns: int, word: str = "") -> None:
        """Note a part that is over."""
        if len(self.spans) < SPANS_MAX:
            self.spans.append((part, begun_ns, ended_ns, word))
        else:
            self.left_out += 1

    def decided(
        self, command: object, seq: int, lined_up_ns: int, times: tuple[int, int, int, int]
    ) -> None:
        """Note what the writer did: ``times`` are when its commit began, when that was durable, and
        when the engine began and ended.
        """
        self.command, self.seq = command, seq
        spans = self.spans
        if len(spans) + 3 > SPANS_MAX:
            self.left_out += 3
            return
        begun, kept, applying, applied = times
        spans.append((Part.WAITING, lined_up_ns, begun, ""))
        spans.append((Part.JOURNAL, begun, kept, ""))
        spans.append((Part.ENGINE, applying, applied, ""))


CURRENT: Final[ContextVar[Trace | None]] = ContextVar("stockyard.request", default=None)


def name_user(user_id: str, actor: str) -> None:
    """Say who asks, and under which name that is on record, once that is known."""
    trace = CURRENT.get()
    if trace is not None:
        trace.user_id, trace.actor = user_id, actor


def name_refusal(code: str) -> None:
    """Say by which rule it was refused."""
    trace = CURRENT.get()
    if trace is not None:
        trace.code = code


class Spent:
    """A context whose time is a part of the current request's, if there is one.

    ``word`` may be given when it is known, before the context ends.
    """

    __slots__ = ("_begun_ns", "_part", "_trace", "word")

    def __init__(self, part: str, word: str = "") -> None:
        self._part, self.word = part, word

    def __enter__(self) -> "Spent":
        """Begin."""
        self._trace = CURRENT.get()
        self._begun_ns = perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Note it, however it ended."""
        if self._trace is not None:
            word = self.word if error is None else f"{self.word} failed".lstrip()
            self._trace.note(self._part, self._begun_ns, perf_counter_ns(), word)
