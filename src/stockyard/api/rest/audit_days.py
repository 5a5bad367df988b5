"""Signed days of the audit log, to take away to where whoever runs the server cannot write.

Promises: a file is sent as it lies there, whole whatever range is asked for, and only one that the
log knows; a day that is no day names no file. Must not know: how a day is signed.
"""

import asyncio
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from starlette.responses import StreamingResponse

from stockyard.api.audit_shapes import AuditDay
from stockyard.api.describing import Trait, described
from stockyard.api.exporting import file_headers
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.people.audit_segments import Sealed, file_of, sealed

routes = router()
TAG: Final = "Audit"
LINES: Final = "application/x-ndjson"
PIECE_BYTES: Final = 65_536
"""Of a file, in memory at a time."""
_ADMINS: Final = " Administrators only."


@routes.get(
    "/admin/audit/days",
    **described(
        "list_audit_days",
        TAG,
        "List the signed days of the audit log",
        f"Oldest first, with the SHA-256 that each file must have.{_ADMINS}",
        traits=Trait.SIGNED_IN | Trait.HISTORY,
        answer=list[AuditDay],
        answered="The days.",
    ),
)
async def list_audit_days(visit: Visiting) -> Response:
    """List the signed days."""
    visit.admin()
    folder = _folder(visit)
    return answer([_shown(one, folder) for one in await _sealed(visit)])


def _shown(one: Sealed, folder: Path | None) -> AuditDay:
    size: int | None = None
    if folder is not None:
        try:
            size = file_of(folder, one.day).stat().st_size
        except OSError:
            size = None
    return AuditDay(one.day, one.first, one.last, one.file_hash, size)


@routes.get(
    "/admin/audit/days/{day}",
    **described(
        "read_audit_day",
        TAG,
        "Take a signed day of the audit log",
        "The file as it was signed: a header, a record a line, the signature; the guide of the"
        f" audit log says how to check it.{_ADMINS}",
        traits=Trait.SIGNED_IN | Trait.NAMED | Trait.HISTORY,
        answered="The file.",
        files=(LINES,),
    ),
)
async def read_audit_day(visit: Visiting, day: str) -> Response:
    """Take a signed day."""
    visit.admin()
    folder = _folder(visit)
    known = {one.day: one for one in await _sealed(visit)}.get(day) if _is_day(day) else None
    if known is None or folder is None:
        raise _unknown("there is no signed day of that name")
    path = file_of(folder, known.day)
    try:
        file = await asyncio.get_running_loop().run_in_executor(None, path.open, "rb")
    except FileNotFoundError:
        raise _unknown("the file of that day does not lie here any more") from None
    headers = {
        **file_headers(f"audit-{known.day}", "jsonl"),
        "etag": f'"{known.file_hash}"',
        "content-length": str(os.fstat(file.fileno()).st_size),
    }
    return StreamingResponse(_pieces(file), media_type=LINES, headers=headers)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """A file piece by piece; iterated in a thread."""
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


async def _sealed(visit: Visit) -> list[Sealed]:
    return await visit.door.auditor.ask(lambda log: sealed(log.database))


def _folder(visit: Visit) -> Path | None:
    return visit.door.settings.audit_folder


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _unknown(wrong: str) -> Problem:
    right = "name one of GET /api/v1/admin/audit/days"
    return Problem(404, "unknown_day", wrong, right, field="day")
