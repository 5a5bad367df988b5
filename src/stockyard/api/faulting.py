"""How a fault is done to a request: answered otherwise, late, or not to its end.

Promises: a request hit ``before`` was never looked at; one hit ``after`` was done whole, and only
its answer is lost, late or another. Each hit stands in the journal. Answers on Alpaca's paths have
Alpaca's shape. Must not know: which request is hit (``faults``), or what it asks for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qs

from stockyard.api.alpaca.errors import of_problem
from stockyard.api.alpaca.serving import PREFIXES as ALPACA
from stockyard.api.alpaca.serving import AlpacaApi
from stockyard.api.auth import ACCOUNT_PARAMETER
from stockyard.api.door import Door
from stockyard.api.faults import AFTER, Fault, FaultKind
from stockyard.api.heads import CONNECTION, Head, Message, Receive, Scope, Send, until_gone
from stockyard.api.hot_words import PREFIX
from stockyard.api.problems import PROBLEM_TYPE, Headers, Problem
from stockyard.api.rest.live import EVENTS_PATH
from stockyard.model.facts import ControlUsed
from stockyard.runtime.writer import Refused

OURS: Final = (PREFIX + "/", *ALPACA)
"""Only paths of the two APIs are hit."""
STRUCK: Final = b"x-stockyard-fault"
"""The header that says which rule an answer comes from."""
_ENDLESS: Final = PREFIX + EVENTS_PATH
_WORDS: Final = {
    429: ("rate_limited", "too many requests", "try again later"),
    500: ("internal_error", "something went wrong", "try again"),
    503: ("unavailable", "not available now", "try again later"),
    504: ("timeout", "the answer did not come in time", "look whether it was done; a repeat tells"),
}
_SHOWN_MAX: Final = 200
Serve = Callable[[Scope, Receive, Send], Awaitable[None]]


class Faulting:
    """Does the faults of one door to its requests."""

    def __init__(self, door: Door, alpaca: AlpacaApi) -> None:
        self._door, self._alpaca = door, alpaca

    async def serve(self, scope: Scope, receive: Receive, send: Send, go: Serve) -> None:
        """Serve one connection, with a fault where a rule hits it."""
        fault = None
        if scope["type"] == "http" and scope["path"].startswith(OURS):
            fault = self._door.faults.of_request(
                scope["method"],
                scope["path"],
                lambda: self._account_id(Head(scope)),
                scope["path"] == _ENDLESS,
            )
        if fault is None:
            await go(scope, receive, send)
            return
        kept: list[Message] = []
        if fault.terms.when == AFTER:

            async def keep(message: Message) -> None:
                kept.append(message)

            await go(scope, receive, keep)
        self._note(fault, scope)
        kind = fault.terms.kind
        if kind == FaultKind.ANSWER:
            await self._answer(fault, Head(scope), scope, send)
        elif kind == FaultKind.CUT:
            await _cut(kept, scope, receive, send)
        else:
            await asyncio.sleep(fault.terms.delay_ms / 1_000)
            if fault.terms.when == AFTER:
                for message in kept:
                    await send(message)
            else:
                await go(scope, receive, send)

    def _account_id(self, head: Head) -> int:
        """The account a request is about, 0 for none."""
        gate = self._door.gate
        said = parse_qs(head.query.decode("latin-1")).get(ACCOUNT_PARAMETER)
        try:
            return gate.account(gate.identity(head), head, said[0] if said else None)
        except Problem:
            return 0

    def _note(self, fault: Fault, scope: Scope) -> None:
        """Leave word of a hit in the journal; a full line is no reason to spare the client."""
        terms = fault.terms
        asked = f"{scope['method']} {scope['path']}"[:_SHOWN_MAX]
        what = f"{terms.kind} {terms.when}"
        if terms.kind == FaultKind.ANSWER:
            what += f" with {terms.status}"
        with suppress(Refused):
            self._door.world.writer.submit(
                ControlUsed("fault.struck", f"fault {fault.number}: {what}: {asked}")
            )

    async def _answer(self, fault: Fault, head: Head, scope: Scope, send: Send) -> None:
        """Send the rule's answer in place of the real one."""
        terms = fault.terms
        code, wrong, right = _WORDS[terms.status]
        more: Headers = ()
        if terms.retry_after_s:
            more = ((b"retry-after", b"%d" % terms.retry_after_s),)
        problem = Problem(terms.status, code, wrong, right, retryable=True, headers=more)
        if scope["path"].startswith(ALPACA):
            body, kind = of_problem(problem).body(), b"application/json; charset=UTF-8"
            more += self._alpaca.allowance.full(self._door.world.clock.wall_ns())
        else:
            body, kind = problem.body(head.request_id), PROBLEM_TYPE
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", head.request_id.encode()),
            (STRUCK, b"%d" % fault.number),
            *more,
        ]
        await send({"type": "http.response.start", "status": terms.status, "headers": headers})
        shown = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": shown})


async def _cut(kept: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    """Send as much as half of an answer, and hang up."""
    for message in kept[:1]:
        await send(message)
    body = b"".join(message.get("body", b"") for message in kept[1:])
    if kept and len(body) > 1:
        await send(
            {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        )
    # ASGI has no word for hanging up: the server's own connection does.
    transport = getattr(scope.get(CONNECTION), "transport", None)
    if transport is None:
        return
    transport.close()
    await until_gone(receive)
