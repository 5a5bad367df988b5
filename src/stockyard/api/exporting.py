"""Exports: a history as one file, read and sent a page at a time.

Promises: what is sent is what there was when it began, newest or oldest first, each thing once; a
slow reader holds up nobody but itself, and one that stalls is dropped; so many at once and no more.
A file that could not be finished ends without its end, so that nobody takes it for whole. Must not
know: what is exported.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from starlette.responses import Response

from stockyard.api.heads import HEAD_ONLY, Receive, Scope, Send, until_gone
from stockyard.api.problems import Problem
from stockyard.api.tables import FORMATS, ParquetMissing, TableWriter, table_writer
from stockyard.projections.store import ReadStore
from stockyard.runtime.world import World

ROWS_MAX: Final = 1_000_000
"""Rows of one export."""
PAGE_ROWS: Final = 1_000
AT_ONCE_MAX: Final = 4
AT_ONCE_PER_USER_MAX: Final = 2
STALL_S: Final = 30.0
"""How long a reader may leave a piece untaken."""


class Source(Protocol):
    """What is exported."""

    name: str
    columns: Sequence[str]

    def count(self, store: ReadStore) -> int:
        """How many rows there are, at most."""

    def page(self, store: ReadStore, limit: int) -> list[Any] | None:
        """The next rows; None at the end."""


class Slots:
    """How many long answers are being made, and for whom."""

    def __init__(self) -> None:
        self._by_user: Counter[str] = Counter()

    def enter(self, user_id: str) -> None:
        """Take one. Raises ``Problem`` 429."""
        if self._by_user.total() >= AT_ONCE_MAX or self._by_user[user_id] >= AT_ONCE_PER_USER_MAX:
            raise Problem(
                429,
                "too_many_exports",
                "too many files are being made",
                f"wait for one to end; {AT_ONCE_PER_USER_MAX} at once are yours",
                retryable=True,
                headers=((b"retry-after", b"5"),),
            )
        self._by_user[user_id] += 1

    def leave(self, user_id: str) -> None:
        """Give it back."""
        self._by_user[user_id] -= 1
        if not self._by_user[user_id]:
            del self._by_user[user_id]


def file_headers(name: str, form: str, inline: bool = False) -> dict[str, str]:
    """Headers of a file to keep; ``name`` is made of letters, digits and dashes."""
    place = "inline" if inline else "attachment"
    return {
        "content-disposition": f'{place}; filename="{name}.{form}"',
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }


async def export(
    world: World, slots: Slots, user_id: str, scope: Scope, source: Source, form: str
) -> Response:
    """Answer with a source as a file. Raises ``Problem`` and ``Refused``."""
    if form not in FORMATS:
        right = f"send one of {', '.join(FORMATS)}"
        raise Problem(422, "invalid_parameter", "the format is unknown", right, field="format")
    rows = await world.query(source.count)
    if rows > ROWS_MAX:
        raise Problem(
            422,
            "export_too_large",
            f"these are {rows} rows, and an export has at most {ROWS_MAX}",
            "choose a shorter time with start and end",
            field="start",
        )
    if HEAD_ONLY in scope:
        return Response(media_type=FORMATS[form], headers=file_headers(source.name, form))
    slots.enter(user_id)
    try:
        first = await world.query(lambda store: source.page(store, PAGE_ROWS))
        made = table_writer(form, source.columns)
    except ParquetMissing:
        slots.leave(user_id)
        raise Problem(
            422,
            "format_not_offered",
            "this Stockyard writes no Parquet",
            "ask for csv or json, or install the extra: pip install 'stockyard[parquet]'",
            field="format",
        ) from None
    except BaseException:
        slots.leave(user_id)
        raise
    return _Export(world, slots, user_id, source, form, made, first)


class _Export(Response):
    """The answer that is a file."""

    def __init__(
        self,
        world: World,
        slots: Slots,
        user_id: str,
        source: Source,
        form: str,
        made: TableWriter,
        first: list[Any] | None,
    ) -> None:
        super().__init__(media_type=FORMATS[form], headers=file_headers(source.name, form))
        del self.headers["content-length"]
        self._world, self._slots, self._user_id = world, slots, user_id
        self._source, self._made, self._first = source, made, first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it to its end, unless the reader leaves."""
        gone = asyncio.ensure_future(until_gone(receive))
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            if await self._pieces(gone, send):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
            self._made.close()
            self._slots.leave(self._user_id)

    async def _pieces(self, gone: "asyncio.Future[None]", send: Send) -> bool:
        """Send all pieces; False when the reader has left."""
        rows, made, source = self._first, self._made, self._source

        def read(store: ReadStore) -> tuple[bytes, list[Any] | None]:
            piece = made.rows(rows) if rows is not None else b""
            return piece, source.page(store, PAGE_ROWS)

        while rows is not None:
            piece, following = await self._world.query(read)
            if not await self._put(gone, send, piece):
                return False
            rows = following
        loop = asyncio.get_running_loop()
        piece = await loop.run_in_executor(None, made.end)
        while piece:
            if not await self._put(gone, send, piece):
                return False
            piece = await loop.run_in_executor(None, made.more)
        return True

    async def _put(self, gone: "asyncio.Future[None]", send: Send, piece: bytes) -> bool:
        if gone.done():
            return False
        if piece:
            async with asyncio.timeout(STALL_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        return True
