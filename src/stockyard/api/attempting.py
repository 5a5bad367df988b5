"""What a request changes of people is on record, however the request and this process ended.

Promises: an act that was done and not noted, because of a crash, a full disk or a client that hung
up, is put on record at the next start or within a minute, once. Must not know: what was changed.
"""

from collections.abc import Callable
from typing import Final

from stockyard.api.desk import PeopleDesk
from stockyard.people.attempts import Attempt, AttemptedDatabase, Doing
from stockyard.people.audit import Act, detail
from stockyard.people.audit_log import Wanted
from stockyard.people.directory import People
from stockyard.runtime.auditing import Auditor
from stockyard.telemetry.traces import CURRENT

FOUND: Final = "act.found"
SEEN_MAX: Final = 100
"""Entries of one request that are looked through for an act."""
_FAULT: Final = 500


def current_number() -> int:
    """The number of what the request that is being answered attempts, 0 for none."""
    trace = CURRENT.get()
    return 0 if trace is None or trace.doing is None else trace.doing.attempt.number


def noted() -> None:
    """Say that the act of the request that is being answered is on record."""
    trace = CURRENT.get()
    if trace is not None and trace.doing is not None:
        trace.doing.is_noted = True


def ended(database: AttemptedDatabase, doing: Doing, status: int | None) -> None:
    """A request is over, answered with ``status`` or, None, not at all."""
    is_well = status is not None and status < _FAULT
    database.end(doing, is_told=doing.is_noted or is_well)


async def note_left(desk: PeopleDesk, auditor: Auditor) -> int:
    """Put on record what was done and not noted; how much that was. Call it at the start and now
    and then. Raises ``StorageError``, ``Refused``, ``Problem``.
    """
    count = 0
    while left := await desk.write(lambda people: people.attempts.left()):
        for attempt in left:
            if not await _is_known(auditor, attempt):
                await auditor.note(_act(attempt))
                count += 1
        await desk.write(_told(left))
    return count


def _told(left: list[Attempt]) -> Callable[[People], None]:
    return lambda people: people.attempts.told(left)


async def _is_known(auditor: Auditor, attempt: Attempt) -> bool:
    """Whether the act is on record after all: the process ended just after it was."""
    wanted = Wanted(SEEN_MAX, request_id=attempt.request_id, start_ns=attempt.at_ns)
    found = await auditor.ask(lambda log: log.search(wanted))
    return any(entry.attempt == attempt.number for entry in found)


def _act(attempt: Attempt) -> Act:
    return Act(
        at_ns=attempt.at_ns,
        kind=FOUND,
        actor=attempt.actor,
        user_id=attempt.user_id,
        address=attempt.address,
        user_agent=attempt.user_agent,
        request_id=attempt.request_id,
        after=detail({"asked": attempt.asked}),
        attempt=attempt.number,
    )
