"""A bot's ``sleep`` and ``now`` on the World's clock.

While ``BotTime`` is entered, code of the bot that sleeps moves the World's time instead of waiting,
and code of the bot that asks for the time is told the World's:

- ``time.sleep``, ``asyncio.sleep``, ``time.time``, ``time.time_ns``, however they were imported;
- ``datetime.now``, ``utcnow``, ``today`` and ``date.today``, where the module imported ``datetime``
  at its top.

Who asks is told by the module that calls. The bot's modules are those outside the standard library
and the installed packages, and the packages that are named. So libraries, this process's servers
and pytest keep the real time, whatever they are built on: a library's own pause between two tries
stays a pause.

What cannot be moved, because it does not ask Python's modules by name: ``time.monotonic`` and
``perf_counter``, timeouts of ``asyncio``, ``threading`` and ``queue``, ``loop.call_later``,
``from datetime import datetime`` inside a function, and clocks read in C, such as pandas'
``Timestamp.now``.

Several sleepers wake in the order of their times. A sleeper in a thread moves time at once; those
in an event loop move it when the loop has been quiet for a moment. One thread of the bot that
sleeps gives the same run every time; of several, which one calls first is up to the machine.
"""

import asyncio
import datetime as real_datetime
import heapq
import sys
import sysconfig
import time as real_time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from itertools import count
from operator import index
from pathlib import Path
from threading import RLock
from types import FrameType, ModuleType, TracebackType
from typing import Any, Final, Self, SupportsIndex

QUIET_S: Final = 0.002
"""How long a loop is watched for anything that still goes on before its sleepers move time."""
_NS: Final = 1_000_000_000
_sleep: Final = real_time.sleep
_time: Final = real_time.time
_time_ns: Final = real_time.time_ns
_async_sleep: Final = asyncio.sleep
_entered: "list[BotTime]" = []


class BotTime:
    """The World's time for the bot; a context manager. Only one at a time may be entered.

    ``now_ns``: the World's time. ``advance_to``: bring the World there, and return when all that
    happened on the way is known. ``packages``: further packages of the bot.
    """

    def __init__(
        self,
        now_ns: Callable[[], int],
        advance_to: Callable[[int], None],
        packages: Iterable[str] = (),
    ) -> None:
        self.now_ns, self._advance_to = now_ns, advance_to
        self._packages = tuple(packages)
        self._turn = RLock()
        self._known: dict[str, bool] = {}
        self._moved: list[tuple[dict[str, Any], str, Any]] = []
        self._covered: set[int] = set()
        self._modules = 0
        self._loops: dict[int, _LoopSleepers] = {}
        self.slept_s = 0.0
        """How long the bot has slept so far, in the World's seconds."""

    def __enter__(self) -> Self:
        if _entered:
            raise RuntimeError("another World's time is entered: leave it first")
        _entered.append(self)
        real_time.sleep, real_time.time, real_time.time_ns = sleep, time, time_ns
        asyncio.sleep = async_sleep
        self.cover()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _entered.clear()
        real_time.sleep, real_time.time, real_time.time_ns = _sleep, _time, _time_ns
        asyncio.sleep = _async_sleep
        for names, name, was in reversed(self._moved):
            names[name] = was
        self._moved.clear()
        self._covered.clear()

    def is_bots(self, module: str) -> bool:
        """Whether a module is the bot's."""
        found = self._known.get(module)
        if found is None:
            found = self._known[module] = self._is_bots(module)
        return found

    def _is_bots(self, name: str) -> bool:
        if any(name == one or name.startswith(one + ".") for one in self._packages):
            return True
        if name.partition(".")[0] in ("stockyard", "_pytest", "pytest"):
            return False
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is None:
            # What was typed in or run from a text has no file, and is nobody else's.
            return name == "__main__" or name not in sys.modules
        place = Path(file).resolve()
        return not any(place.is_relative_to(one) for one in _installed())

    def cover(self) -> None:
        """Give the bot's modules, also those loaded since, what they imported by name."""
        if len(sys.modules) == self._modules:
            return
        self._modules = len(sys.modules)
        for name, module in list(sys.modules.items()):
            if not isinstance(module, ModuleType) or id(module) in self._covered:
                continue
            self._covered.add(id(module))
            if self.is_bots(name):
                self._cover(vars(module))

    def _cover(self, names: dict[str, Any]) -> None:
        for name, value in list(names.items()):
            other = _replacement(value)
            if other is not None:
                self._moved.append((names, name, value))
                names[name] = other

    def sleep(self, seconds: float) -> None:
        """Let the World's time pass."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.cover()
        until_ns = self.now_ns() + round(seconds * _NS)
        with self._turn:
            self.slept_s += seconds
            if until_ns > self.now_ns():
                self._advance_to(until_ns)
        # Other threads of the bot, such as a stream's, get their turn.
        _sleep(0)

    async def async_sleep(self, seconds: float) -> None:
        """Let the World's time pass, in a loop in which others may sleep too."""
        self.cover()
        if seconds <= 0:
            await _async_sleep(0)
            return
        loop = asyncio.get_running_loop()
        found = self._loops.get(id(loop))
        if found is None or found.loop is not loop:
            found = self._loops[id(loop)] = _LoopSleepers(loop, self)
        await found.sleep(self.now_ns() + round(seconds * _NS))
        self.slept_s += seconds

    def bring(self, until_ns: int) -> None:
        """Bring the World to a time, unless it is there."""
        with self._turn:
            if until_ns > self.now_ns():
                self._advance_to(until_ns)


class _LoopSleepers:
    """Who sleeps in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: BotTime) -> None:
        self.loop, self._owner = loop, owner
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._task: asyncio.Task[None] | None = None

    async def sleep(self, until_ns: int) -> None:
        """Sleep until a time of the World."""
        future = self.loop.create_future()
        heapq.heappush(self._sleepers, (until_ns, next(self._numbers), future))
        if self._task is None or self._task.done():
            self._task = self.loop.create_task(self._drive())
        await future

    async def _drive(self) -> None:
        """Wake sleepers in their order, moving time when nothing else goes on."""
        while self._sleepers:
            await self._quiet()
            self._drop_gone()
            if not self._sleepers:
                return
            until_ns = self._sleepers[0][0]
            # In a thread, so that the loop hears what the World says on the way.
            await self.loop.run_in_executor(None, self._owner.bring, until_ns)
            await _async_sleep(QUIET_S)
            self._drop_gone()
            if self._sleepers and self._sleepers[0][0] <= self._owner.now_ns():
                heapq.heappop(self._sleepers)[2].set_result(None)

    async def _quiet(self) -> None:
        """Wait until no further sleeper has come for a moment."""
        while True:
            seen = len(self._sleepers)
            await _async_sleep(QUIET_S)
            if len(self._sleepers) == seen:
                return

    def _drop_gone(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)


@cache
def _installed() -> tuple[Path, ...]:
    """Where the standard library and installed packages are."""
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    return tuple(Path(path).resolve() for path in found)


def _of(frame: FrameType | None) -> BotTime | None:
    """Whose time a caller lives in; None for the real one."""
    if not _entered or frame is None:
        return None
    with suppress(IndexError):
        found = _entered[0]
        return found if found.is_bots(frame.f_globals.get("__name__", "")) else None
    return None


def sleep(seconds: float | SupportsIndex, /) -> None:
    """``time.sleep`` in the time of whoever calls."""
    found = _of(sys._getframe(1))
    if found is None:
        _sleep(seconds)
    else:
        found.sleep(seconds if isinstance(seconds, float) else index(seconds))


def time() -> float:
    """``time.time`` in the time of whoever calls."""
    found = _of(sys._getframe(1))
    return _time() if found is None else found.now_ns() / _NS


def time_ns() -> int:
    """``time.time_ns`` in the time of whoever calls."""
    found = _of(sys._getframe(1))
    return _time_ns() if found is None else found.now_ns()


def async_sleep(delay: float, result: Any = None) -> Any:
    """``asyncio.sleep`` in the time of whoever calls."""
    found = _of(sys._getframe(1))
    return _async_sleep(delay, result) if found is None else _slept(found, delay, result)


async def _slept(found: BotTime, delay: float, result: Any) -> Any:
    await found.async_sleep(delay)
    return result


class _LikeDatetime(type):
    """Every datetime is one of these, so that ``isinstance`` in the bot's code stays true."""

    def __instancecheck__(cls, one: Any) -> bool:
        return isinstance(one, real_datetime.datetime)

    def __subclasscheck__(cls, one: type) -> bool:
        return issubclass(one, real_datetime.datetime)


class _LikeDate(type):
    """Every date is one of these."""

    def __instancecheck__(cls, one: Any) -> bool:
        return isinstance(one, real_datetime.date)

    def __subclasscheck__(cls, one: type) -> bool:
        return issubclass(one, real_datetime.date)


def _moment(tz: real_datetime.tzinfo | None) -> real_datetime.datetime:
    ns = _entered[0].now_ns() if _entered else _time_ns()
    whole = real_datetime.datetime.fromtimestamp(ns // _NS, tz)
    return whole.replace(microsecond=ns % _NS // 1000)


class WorldDatetime(real_datetime.datetime, metaclass=_LikeDatetime):
    """``datetime`` in the bot's modules: it makes ordinary datetimes."""

    def __new__(cls, *said: Any, **named: Any) -> Any:
        """An ordinary datetime."""
        return real_datetime.datetime(*said, **named)

    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> Any:
        """The World's time."""
        return _moment(tz)

    @classmethod
    def today(cls) -> Any:
        """The World's time, in the machine's zone."""
        return _moment(None)

    @classmethod
    def utcnow(cls) -> Any:
        """The World's time, UTC without a zone."""
        return _moment(real_datetime.UTC).replace(tzinfo=None)


class WorldDate(real_datetime.date, metaclass=_LikeDate):
    """``date`` in the bot's modules: it makes ordinary dates."""

    def __new__(cls, *said: Any, **named: Any) -> Any:
        """An ordinary date."""
        return real_datetime.date(*said, **named)

    @classmethod
    def today(cls) -> Any:
        """The World's day, in the machine's zone."""
        return _moment(None).date()


class _DatetimeModule(ModuleType):
    """The module ``datetime`` as the bot's modules see it."""

    datetime = WorldDatetime
    date = WorldDate

    def __getattr__(self, name: str) -> Any:
        return getattr(real_datetime, name)


_DATETIME_MODULE: Final = _DatetimeModule("datetime")
_BY_IDENTITY: Final = {
    id(_sleep): sleep,
    id(_time): time,
    id(_time_ns): time_ns,
    id(_async_sleep): async_sleep,
    id(real_datetime.datetime): WorldDatetime,
    id(real_datetime.date): WorldDate,
    id(real_datetime): _DATETIME_MODULE,
}


def _replacement(value: Any) -> Any:
    """What stands for a value in the bot's modules; None for the value itself."""
    return _BY_IDENTITY.get(id(value))
