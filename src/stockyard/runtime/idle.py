"""Work in a process of its own that hardly runs while anybody else wants the processor.

Promises: it ends with its parent, however that ends; what it prints is its answer, and what it says
on its standard error becomes the error. Must not know: what the work is.
"""

import asyncio
import os
import sys
from contextlib import suppress
from threading import Thread
from typing import Final

from stockyard.storage.ports import StorageError

TOLD_MAX: Final = 2_000
"""Characters of an error that are passed on."""
NICE: Final = 19


class IdleWorkFailed(StorageError):
    """The process did not do its work; the message is what it said."""


async def run_idle(module: str, *arguments: str) -> bytes:
    """Run a module with arguments and wait for what it prints; canceled, it is killed.

    Raises ``IdleWorkFailed``, ``OSError``.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        # Its standard input stays open: when it ends, the parent is gone.
        told, said = await asyncio.gather(process.stdout.read(), process.stderr.read())
        code = await process.wait()
    finally:
        process.stdin.close()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code:
        text = said.decode(errors="replace").strip()[-TOLD_MAX:]
        raise IdleWorkFailed(text or f"the process ended with code {code} and said nothing")
    return told


def give_way() -> None:
    """Run only where nobody else wants the processor: a waiting order must not wait for this.

    On two cores an order's p99 during a snapshot went from 2.3 ms to 0.5 ms, where a mere ``nice``
    changed little. On a machine that is busy without pause the work takes longer.
    """
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICE)


def end_with_parent() -> None:
    """In a process that ``run_idle`` started: end when the one that waits for it has ended."""
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    while os.read(0, 4_096):
        continue
    os._exit(1)
