"""The handshake of a WebSocket: taken or refused, and named either way.

Promises: both answers carry ``X-Request-ID``; a refusal is a problem wherever the server can send
one. Must not know: what the stream says.
"""

from typing import Final

from starlette.responses import Response
from starlette.websockets import WebSocket

from stockyard.api.heads import Head, Message, Scope, Send
from stockyard.api.listeners import POLICY
from stockyard.api.problems import PROBLEM_TYPE, Problem

_EXTENSION: Final = "websocket.http.response"


async def accept(socket: WebSocket, head: Head) -> None:
    """Take it."""
    await socket.accept(headers=[(b"x-request-id", head.request_id.encode())])


async def refuse(socket: WebSocket, head: Head, problem: Problem) -> None:
    """Refuse it; a server without the words for that answers with a plain 403."""
    if _EXTENSION not in (socket.scope.get("extensions") or {}):
        await socket.close(POLICY, problem.wrong)
        return
    response = Response(
        problem.body(head.request_id), problem.status, media_type=PROBLEM_TYPE.decode()
    )
    response.raw_headers.append((b"x-request-id", head.request_id.encode()))
    response.raw_headers.extend(problem.headers)
    await socket.send_denial_response(response)


def named(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """The same connection, whose request has a name from now on: for somebody else's server."""
    head = Head(scope)
    name = (b"x-request-id", head.request_id.encode())
    others = [header for header in scope["headers"] if header[0] != name[0]]

    async def send_named(message: Message) -> None:
        if message["type"] == "websocket.accept":
            message = {**message, "headers": [*message.get("headers", ()), name]}
        await send(message)

    return {**scope, "headers": [*others, name]}, send_named


def no_stream(path: str) -> Problem:
    """There is no stream at this path."""
    return Problem(404, "not_found", "there is no stream at this path", f"connect to {path}")
