"""The process that works out one account as it was: asked on standard input, answers on standard
output.

Promises: it gives way to whoever serves, ends itself after ``TIME_MAX_S``, takes no more memory
than ``MEMORY_MAX``, and only reads. Must not know: who asks.
"""

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

TIME_MAX_S: Final = 20
MEMORY_MAX: Final = 4 * 1024**3
"""Bytes of address space."""
PRIORITY: Final = 10


class Asked(msgspec.Struct, frozen=True):
    """The data directory, the account, and the point as it was sent."""

    data: str
    account_id: int
    at: str


class Told(msgspec.Struct, frozen=True):
    """The encoded account; or ``code``, ``wrong`` and ``right`` of a point that cannot be shown; or
    the ``fault`` of a directory that cannot be read.
    """

    answer: msgspec.Raw = msgspec.Raw(b"null")
    code: str = ""
    wrong: str = ""
    right: str = ""
    fault: str = ""


def work_out(asked: Asked) -> Told:
    """One account as it was."""
    from stockyard.api.pasts import shown_account
    from stockyard.runtime.points import PointRefused
    from stockyard.runtime.time_machine import TimeMachine
    from stockyard.storage.ports import StorageError

    try:
        machine = TimeMachine(Path(asked.data))
        point = machine.find(asked.at)
        past = machine.read(point, asked.account_id)
        shown = shown_account(past, asked.account_id)
    except PointRefused as refused:
        return Told(code=refused.code, wrong=refused.wrong, right=refused.right)
    except StorageError as error:
        return Told(fault=str(error))
    if shown is None:
        wrong, right = "the account was not open yet", "ask for a later point"
        return Told(code="point_before_account", wrong=wrong, right=right)
    return Told(msgspec.Raw(msgspec.json.encode(shown)))


def main() -> None:
    """Answer one question within the limits."""
    # A state of many objects is made once and left: looking for cycles in it takes time alone.
    gc.disable()
    if sys.platform != "win32":
        import resource
        import signal

        with suppress(OSError, ValueError):
            os.nice(PRIORITY)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        signal.alarm(TIME_MAX_S)
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    sys.stdout.buffer.write(msgspec.json.encode(work_out(asked)))


if __name__ == "__main__":
    main()
