"""The door of a stage in a process of its own: its webhook or its reports, and its health.

Promises: answers as the server's own door does. Must not know: what a stage does.
"""

from collections.abc import Callable
from typing import Any, Final

from stockyard.api.application import refusal
from stockyard.api.door import encode
from stockyard.api.heads import ClientGone, Head, Receive, Scope, Send
from stockyard.api.hot import Answer
from stockyard.api.ingest import ROOT as INGEST
from stockyard.api.ingest import Ingest
from stockyard.api.internal import ROOT as INTERNAL
from stockyard.api.internal import Internal
from stockyard.api.problems import PROBLEM_TYPE, Problem

HEALTH: Final = "/health"


class StageDoor:
    """A stage as an ASGI application. ``told``: what its health shows."""

    def __init__(
        self,
        told: Callable[[], dict[str, Any]],
        ingest: Ingest | None,
        internal: Internal | None,
    ) -> None:
        self._told, self._ingest, self._internal = told, ingest, internal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        head = Head(scope)
        kind = b"application/json"
        try:
            head.check_site(scope["method"])
            status, body, headers = await self._answer(
                scope["method"], scope["path"], head, receive
            )
        except ClientGone:
            return
        except Exception as error:
            status, body, headers = refusal(error, head.request_id)
            kind = PROBLEM_TYPE
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", kind),
                (b"content-length", b"%d" % len(body)),
                (b"x-request-id", head.request_id.encode()),
                *headers,
            ],
        }
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, method: str, path: str, head: Head, receive: Receive) -> Answer:
        if path == HEALTH and method == "GET":
            return 200, encode(self._told()), ()
        if self._ingest is not None and path.startswith(INGEST):
            return await self._ingest.serve(method, path, head, receive)
        if self._internal is not None and path.startswith(INTERNAL):
            return await self._internal.serve(method, path, head, receive)
        raise Problem(404, "not_found", "there is nothing at this path", f"GET {HEALTH}")
