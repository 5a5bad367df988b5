"""What may be chosen of a test's World: by mark, by setting of pytest, or in the call.

Promises: a choice that cannot be meant is refused with what would be right. Must not know: how a
World is made.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from stockyard.config import PROFILE_NAMES
from stockyard.market.calendars import sessions

NEXT_OPEN: Final = "next_open"
NOW: Final = "now"
ORDINARY_DAY: Final = "2026-01-05T09:30:00-05:00"
"""The open of an ordinary Monday in New York. The same every day, so that tests are too."""
DAYS_AHEAD: Final = 14
_NS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OptionError(ValueError):
    """A choice that cannot be meant; the message names it and says what would be right."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a test's World begins.

    ``journal``: ``memory``, or ``disk`` to keep a data directory under the test's ``tmp_path``.
    ``market``: ``none`` (prices are what the test sets) or ``simulated``. ``start``: when its clock
    stands still: RFC 3339 with a zone, ``next_open`` of New York's stock exchange, or ``now``.
    ``profile``: of realism. ``cash``: of every account. ``seed``: of the market. ``rate``: quotes a
    World's second for each symbol of the simulated market. ``calendar``: stocks' sessions.
    """

    journal: str = "memory"
    market: str = "none"
    start: str = ORDINARY_DAY
    profile: str = "ideal"
    cash: str = "100000"
    seed: int = 1
    rate: float = 1.0
    calendar: str = "xnys"

    def __post_init__(self) -> None:
        _one_of("journal", self.journal, ("memory", "disk"))
        _one_of("market", self.market, ("none", "simulated"))
        _one_of("profile", self.profile, PROFILE_NAMES)
        _one_of("calendar", self.calendar, ("xnys", "always"))
        start_ns(self)


def _one_of(name: str, value: str, right: Iterable[str]) -> None:
    if value not in right:
        raise OptionError(f"{name} {value!r}: expected one of {', '.join(right)}")


def chosen(*said: Mapping[str, Any]) -> Options:
    """The options of several places, the last one first. Raises ``OptionError``."""
    together: dict[str, Any] = {}
    for one in said:
        together |= one
    names = Options.__struct_fields__
    for name in together:
        if name not in names:
            raise OptionError(f"{name}: there is no such option; expected {', '.join(names)}")
    try:
        return msgspec.convert(together, Options, strict=False)
    except msgspec.ValidationError as error:
        raise OptionError(str(error)) from None


def start_ns(options: Options, now: datetime | None = None) -> int:
    """When a World's clock stands, UTC ns. Raises ``OptionError``."""
    now = now or datetime.now(UTC)
    if options.start == NOW:
        return _ns(now)
    if options.start == NEXT_OPEN:
        return _next_open(options.calendar, now)
    try:
        found = datetime.fromisoformat(options.start)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise OptionError(
            f"start {options.start!r}: expected {NEXT_OPEN}, {NOW} or a time with its zone such as"
            f" {ORDINARY_DAY}"
        )
    return _ns(found)


def _next_open(calendar: str, now: datetime) -> int:
    today = now.date()
    opens = [one.open_ns for one in sessions(calendar, today, today + timedelta(days=DAYS_AHEAD))]
    return next(ns for ns in opens if ns > _ns(now))


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
