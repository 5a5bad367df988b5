"""Accounts as they were, worked out by a child process beside the server.

Promises: one child at a time, with a limit of time and of memory, so that looking back holds up
nobody's order; whoever asks meanwhile stands in a short line for a moment, each user once, and is
then told when to ask again; a child that dies costs its own answer alone. What was worked out last
is remembered, since the past does not change. Must not know: how the past is read.
"""

import asyncio
import logging
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from stockyard.api.heads import ClientGone, Receive, until_gone
from stockyard.api.past_child import TIME_MAX_S, Asked, Told
from stockyard.api.problems import Headers, Problem
from stockyard.runtime.points import PointRefused, parse_point

LOG: Final = logging.getLogger("stockyard.past")
COMMAND: Final = ("-m", "stockyard.api.past_child")
REMEMBERED_MAX: Final = 128
REMEMBERED_BYTES_MAX: Final = 65_536
"""Size of an answer that is remembered; larger ones are worked out again."""
WAITING_MAX: Final = 8
"""Users in line behind the one whose account is worked out."""
WAIT_S: Final = 5.0
"""How long each of them waits for a turn."""
BUSY_S: Final = 1
SLOW_S: Final = 60
GRACE_S: Final = 2.0
"""After its time, until a child that has not ended itself is ended."""
Ask = Callable[[Asked], Told]
"""Asks for one account, in a thread."""


class Child:
    """A process for each question."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._closed, self._turn = False, Lock()

    def ask(self, asked: Asked) -> Told:
        """Run a child and wait for it. Raises ``TimeoutError``, ``OSError``, ``ValueError``."""
        with self._turn:
            if self._closed:
                raise OSError("this Stockyard is stopping")
            process = self._process = subprocess.Popen(
                [sys.executable, *COMMAND],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        try:
            out, said = process.communicate(msgspec.json.encode(asked), TIME_MAX_S + GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise TimeoutError from None
        if process.returncode < 0 and not out and not self._closed:
            raise TimeoutError(f"it was ended by signal {-process.returncode}")
        if process.returncode:
            lines = said.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
            raise ValueError(f"it ended with {process.returncode}, saying {lines[-1]}")
        return msgspec.json.decode(out, type=Told)

    def close(self) -> None:
        """End the one that runs, and begin no more."""
        with self._turn:
            self._closed = True
            if self._process is not None and self._process.poll() is None:
                with suppress(OSError):
                    self._process.kill()


class LookingBack:
    """What the door asks of the past."""

    def __init__(self, data: Path | None, ask: Ask | None = None) -> None:
        """Of the directory ``data``; None where nothing is on disk."""
        self._data = data
        self._line: dict[str, asyncio.Future[None]] = {}
        """Users in the order in which they came, and their turns; it is the first one's."""
        self._child = Child()
        self._ask = ask or self._child.ask
        self._remembered: OrderedDict[tuple[int, str], bytes] = OrderedDict()

    async def account(self, account_id: int, at: str, user_id: str, receive: Receive) -> bytes:
        """An account as it was, encoded, for whoever asks. Raises ``Problem`` 422, 503,
        ``ClientGone``.
        """
        if self._data is None:
            raise Problem(
                422,
                "past_not_kept",
                "this Stockyard keeps nothing on disk",
                "leave out at",
                field="at",
            )
        try:
            parse_point(at)
        except PointRefused as refused:
            raise Problem(422, refused.code, refused.wrong, refused.right, field="at") from None
        key = account_id, at
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        told = await self._work_out(Asked(str(self._data), account_id, at), user_id, receive)
        if told.code:
            raise Problem(422, told.code, told.wrong, told.right, field="at")
        found = bytes(told.answer)
        if at.isdigit() and len(found) <= REMEMBERED_BYTES_MAX:
            self._remembered[key] = found
            while len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return found

    def close(self) -> None:
        """Work out nothing more."""
        self._child.close()

    async def _work_out(self, asked: Asked, user_id: str, receive: Receive) -> Told:
        if user_id in self._line:
            raise _later("past_busy", "this user looks back already", BUSY_S)
        if len(self._line) > WAITING_MAX:
            raise _later("past_busy", "too many look back right now", BUSY_S)
        loop = asyncio.get_running_loop()
        turn = self._line[user_id] = loop.create_future()
        self._call_next()
        try:
            await _wait(turn, receive)
            asking = loop.run_in_executor(None, self._asked, asked)
        except BaseException:
            self._leave(user_id)
            raise
        # A child whose client has hung up is still the one that runs.
        asking.add_done_callback(lambda _: self._leave(user_id))
        told = await asyncio.shield(asking)
        if isinstance(told, Problem):
            raise told
        return told

    def _leave(self, user_id: str) -> None:
        del self._line[user_id]
        self._call_next()

    def _call_next(self) -> None:
        first = next(iter(self._line.values()), None)
        if first is not None and not first.done():
            first.set_result(None)

    def _asked(self, asked: Asked) -> Told | Problem:
        """What came of asking; in a thread."""
        try:
            told = self._ask(asked)
        except TimeoutError:
            wrong = f"it took longer than {TIME_MAX_S} seconds to work that out"
            return _later("past_too_slow", wrong, SLOW_S)
        except (OSError, ValueError) as error:
            LOG.warning("the past could not be read: %s", error)
            return _later("past_unavailable", "the past cannot be read now", SLOW_S)
        if told.fault:
            LOG.error("the past could not be read: %s", told.fault)
            return _later("past_unavailable", "the past cannot be read now", SLOW_S)
        return told


async def _wait(turn: "asyncio.Future[None]", receive: Receive) -> None:
    """Wait for a turn. Raises ``Problem`` 503, ``ClientGone``."""
    if turn.done():
        return
    gone = asyncio.ensure_future(until_gone(receive))
    try:
        await asyncio.wait((turn, gone), timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            gone.result()
            raise ClientGone
    finally:
        gone.cancel()
    if not turn.done():
        raise _later("past_busy", "others look back right now", BUSY_S)


def _later(code: str, wrong: str, seconds: int) -> Problem:
    headers: Headers = ((b"retry-after", b"%d" % seconds),)
    right = "try again in a moment" if seconds == BUSY_S else "try again later, or another point"
    return Problem(503, code, wrong, right, retryable=True, headers=headers)
