"""Where stages of market data report: ``POST /internal/agg-update``, ``GET /internal/agg-terms``.

Promises: only who has the service credential is answered anything but 401; a report is taken whole
or not at all, and once. Must not know: how stages work, or what becomes of a report.
"""

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Final

import msgspec

from stockyard.api.door import encode
from stockyard.api.heads import Head, Receive, read_json
from stockyard.api.hot import Answer
from stockyard.api.problems import Problem
from stockyard.model.stages import StageAnswer, StageReport
from stockyard.runtime.stages import TERMS_PATH, UPDATE_PATH, StageRefused

ROOT: Final = "/internal/"
REPORT_BYTES_MAX: Final = 8 * 1024 * 1024
_decode: Final = msgspec.json.Decoder(StageReport).decode

Terms = Callable[[], Awaitable[bytes]]
"""What a stage must know to begin, encoded."""
Take = Callable[[StageReport], StageAnswer]
"""Takes a report. Raises ``StageRefused`` and ``Refused``."""


class Internal:
    """The way in for other processes of the same Stockyard, which hold ``token``."""

    def __init__(self, token: str, take: Take, terms: Terms) -> None:
        self._token, self._take, self._terms = token.encode(), take, terms
        self.taken = self.known = 0

    async def serve(self, method: str, path: str, head: Head, receive: Receive) -> Answer:
        """Answer a request to a path that begins with ``/internal/``. Raises ``Problem``, and
        ``Refused`` while there is no room.
        """
        head.check_repeats()
        scheme, _, given = head.headers.get(b"authorization", b"").partition(b" ")
        if not compare_digest(given if scheme.lower() == b"bearer" else b"", self._token):
            raise Problem(
                401,
                "invalid_credentials",
                "the service credential is wrong or missing",
                "send Authorization: Bearer with what INTERNAL_TOKEN holds",
                headers=((b"www-authenticate", b'Bearer realm="internal"'),),
            )
        if (method, path) == ("GET", TERMS_PATH):
            return 200, await self._terms(), ()
        if (method, path) == ("POST", UPDATE_PATH):
            return await self._update(head, receive)
        raise Problem(404, "not_found", "there is nothing at this path", f"POST {UPDATE_PATH}")

    async def _update(self, head: Head, receive: Receive) -> Answer:
        body = await read_json(head, receive, REPORT_BYTES_MAX)
        try:
            report = _decode(body)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise Problem(
                422,
                "invalid_report",
                f"the report cannot be read: {str(error)[:200]}",
                "run the same version of Stockyard in all its processes",
            ) from None
        try:
            answer = self._take(report)
        except StageRefused as error:
            raise Problem(
                409, "stage_refused", str(error), "give every stage a name of its own"
            ) from None
        self.taken += not answer.known
        self.known += answer.known
        return 200, encode(answer), ()
