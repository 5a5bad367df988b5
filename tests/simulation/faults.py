"""What can go wrong in a simulated process, ordered to the step: death, slow work.

Promises: nothing here draws chance or looks at a real clock; the story decides what fails and when.
Must not know: what the process was doing.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from stockyard.runtime.clock import ManualClock
from stockyard.runtime.projector import run_at_once
from stockyard.storage.ports import StorageUnavailable

KILL_ROUNDS = 20
"""Turns of a loop within which every task has ended that does nothing but end."""


class Killed(BaseException):
    """The process is gone; nobody may catch this but the story."""


class Fuse:
    """Kills the process at one of the points it crosses, counted down from an order.

    ``blown`` tells that it happened, also where an event loop put the exception away.
    """

    def __init__(self) -> None:
        self._left = 0
        self.blown = ""

    def light(self, crossings: int) -> None:
        """Kill at the crossing with this number from here on, 1 for the next; 0 for never."""
        self._left, self.blown = crossings, ""

    def blow(self, why: str) -> None:
        """The process is dead, of this unless it was already: it crosses and writes nothing."""
        self._left, self.blown = 0, self.blown or why

    def cross(self, where: str) -> None:
        """Pass a point at which the process may die."""
        if self._left:
            self._left -= 1
            if not self._left:
                self.blown = where
                raise Killed(where)


class Work(Future[None]):
    """A piece of the projector's work, run when told, or when somebody waits for it."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        """Do it."""
        error = run_at_once(self._work).exception()
        if error is None:
            self.set_result(None)
        else:
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> None:
        """Do it first, as a thread would meanwhile."""
        if not self.done():
            self.run()
        super().result(timeout)


class DelayedRun:
    """Runs the projector's work when told, not when asked."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []

    def __len__(self) -> int:
        return len([work for work in self._waiting if not work.done()])

    def __call__(self, work: Callable[[], None]) -> "Future[None]":
        """Queue the work."""
        self._waiting = [*[work for work in self._waiting if not work.done()], Work(work)]
        return self._waiting[-1]

    def finish_one(self) -> bool:
        """Run the oldest piece of work; False when there was none."""
        for work in self._waiting:
            if not work.done():
                work.run()
                return True
        return False


class AtOnce(ThreadPoolExecutor):
    """An executor without threads, of the class that an event loop insists on."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Call in the caller."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers follow the simulated clock and which never waits.

    It holds on to every task until that has ended: what a garbage collection would end instead, it
    would end anywhere, and what goes wrong then is nobody's.
    """

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._manual = clock
        self.executor = AtOnce(1)
        self.set_default_executor(self.executor)
        self.set_exception_handler(self._on_error)
        self.errors: list[BaseException] = []
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        """The simulated time, in seconds."""
        return self._manual.time_ns / 1e9

    def turn(self, rounds: int = 1) -> None:
        """Run what is ready, ``rounds`` times."""
        for _ in range(rounds):
            if not self._has_work():
                return
            self.call_soon(self.stop)
            self.run_forever()

    def kill(self) -> None:
        """End every task where it stands, and close; to be called once the disk is dead, so that
        nothing a task does on its way out is kept.
        """
        for _ in range(KILL_ROUNDS):
            running = self._running()
            if not running:
                break
            for task in running:
                task.cancel()
            self.turn()
        left = self._running()
        self.close()
        assert not left, f"not to be killed: {left}"

    def _running(self) -> list[asyncio.Task[Any]]:
        return [task for task in self._tasks if not task.done()]

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any],
        **options: Any,
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **options)
        self._tasks[task] = None
        task.add_done_callback(self._forget_task)
        return task

    def _forget_task(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)

    def _has_work(self) -> bool:
        """Whether anything is ready or due; a look into the loop costs a hundredth of a turn."""
        loop: Any = self
        timers = loop._scheduled
        return bool(loop._ready or (timers and timers[0]._when <= self.time()))

    def _on_error(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what nobody waited for, except a disk that failed after its reader gave up."""
        error = context.get("exception")
        if error is not None and not isinstance(error, StorageUnavailable):
            self.errors.append(error)
