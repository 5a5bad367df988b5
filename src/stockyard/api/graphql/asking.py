"""How a query gets what it shows: by the same requests that REST takes, made inside this process.

Promises: nothing is read but through REST's own handlers with the credentials of whoever asks, so
what they refuse is refused here, in the same words; one query makes a bounded number of requests
and shows a bounded number of rows. Fills are read for all orders, or all lots, of a query at once.
Must not know: what a query looks like.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from graphql import GraphQLError
from strawberry.dataloader import DataLoader

from stockyard.api.auth import require_scope
from stockyard.api.door import Door
from stockyard.api.graphql.catalog import Operation
from stockyard.api.heads import Head, Message, Receive, Scope, Send
from stockyard.api.problems import Problem, fault, problem_of
from stockyard.model.events import OrderFilled
from stockyard.model.ids import Kind
from stockyard.model.numbers import LEGS_MAX
from stockyard.people.identity import Scope as Allowed

REQUESTS_MAX: Final = 500
"""Requests that one query may come to."""
ROWS_MAX: Final = 1_000
"""Rows of lists that one query may show."""
ACCOUNT: Final = "@account"
"""Where a row keeps which account it was asked for."""
_log: Final = logging.getLogger("stockyard.api")
_decode: Final = msgspec.json.Decoder().decode

Inner = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Answers REST's requests, without a network."""
_PASSED_ON: Final = frozenset(
    {
        b"authorization",
        b"apca-api-key-id",
        b"apca-api-secret-key",
        b"x-account-id",
        b"cookie",
        b"host",
        b"user-agent",
        b"x-forwarded-for",
    }
)


def told(problem: Problem, request_id: str) -> GraphQLError:
    """A refusal, as GraphQL tells it: the problem's members stand in ``extensions``."""
    body = _decode(problem.body(request_id))
    return GraphQLError(body["detail"], extensions=body)


def told_of(error: Exception, request_id: str) -> GraphQLError:
    """Any error, as GraphQL tells it; a fault of ours is logged and says nothing of itself."""
    if isinstance(error, GraphQLError):
        return error
    problem = problem_of(error)
    if problem is None:
        _log.error("request %s failed", request_id, exc_info=error)
        problem = fault()
    return told(problem, request_id)


class Asker:
    """Reads on behalf of one query."""

    def __init__(self, door: Door, inner: Inner, head: Head, headers: Any, client: Any) -> None:
        self._door, self._inner, self.head = door, inner, head
        kept = [(name, value) for name, value in headers if name in _PASSED_ON]
        self._headers = [*kept, (b"x-request-id", head.request_id.encode())]
        self._client = client
        self.is_within_cost = False
        self.renew()

    def renew(self) -> None:
        """Begin to count anew: the next frame of a subscription is a query of its own."""
        self._requests = self._rows = 0
        self.executions: DataLoader[Any, Any] = DataLoader(load_fn=self._executions)
        self.openings: DataLoader[Any, Any] = DataLoader(load_fn=self._openings)

    async def serve(
        self, path: str, query: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        """Pass a request of whoever asks on to REST."""
        headers = self._headers
        if "account_id" in query:
            headers = [pair for pair in headers if pair[0] != b"x-account-id"]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": urlencode(query).encode(),
            "root_path": "",
            "headers": headers,
            "client": self._client,
            "server": None,
        }
        await self._inner(scope, receive, send)

    async def read(self, operation: Operation, given: Mapping[str, Any]) -> Any:
        """The answer to an operation. Raises ``GraphQLError`` with what REST says."""
        path, query = operation.path, {}
        for argument in operation.arguments:
            value = given.get(argument.name)
            if value is None:
                continue
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if argument.in_path:
                # A slash would lead to another path; a symbol may be written without one.
                path = path.replace("{" + argument.name + "}", text.replace("/", "-"))
            else:
                query[argument.name] = text
        self._count(1, 0)
        status, body = await self._answer(path, query)
        found = _decode(body)
        if status != 200:
            raise GraphQLError(found["detail"], extensions=found)
        return self._kept(found, given.get("account_id"))

    async def _answer(self, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        status, body = 0, b""

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, body
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                body += message.get("body", b"")

        await self.serve(path, query, receive, send)
        return status, body

    def _kept(self, found: Any, account: str | None) -> Any:
        if isinstance(found, list):
            self._count(0, len(found))
            for row in found:
                if isinstance(row, dict):
                    row[ACCOUNT] = account
        elif isinstance(found, dict):
            found[ACCOUNT] = account
            self._count(0, sum(len(part) for part in found.values() if isinstance(part, list)))
        return found

    def _count(self, requests: int, rows: int) -> None:
        self._requests += requests
        self._rows += rows
        if self._requests > REQUESTS_MAX or self._rows > ROWS_MAX:
            problem = Problem(
                422,
                "query_too_large",
                f"the query comes to more than {REQUESTS_MAX} reads or {ROWS_MAX:,} rows",
                "ask for fewer with limit, or in several queries",
            )
            raise told(problem, self.head.request_id)

    async def _executions(self, wanted: Sequence[Any]) -> list[Any]:
        """The fills of orders, each ``(account, order)`` by their public ids, in one look."""
        try:
            mine, ids = self._accounts(wanted), self._door.ids
            numbers = [ids.parse(Kind.ORDER, order) for _, order in wanted]
            orders = [-1 if n is None else n[0] * LEGS_MAX + n[1] for n in numbers]
            rows = await self._door.world.query(lambda store: store.fills_of(orders))
        except Exception as error:
            failure = told_of(error, self.head.request_id)
            return [failure] * len(wanted)
        found: dict[int, list[Any]] = {order: [] for order in orders}
        render = self._door.render
        for fill, event in rows:
            if isinstance(event, OrderFilled):
                shown = render.execution(fill.seq, fill.idx, fill.ts, event)
                found[fill.order_id].append((event.account_id, shown))
        self._count(0, len(rows))
        return [
            [shown for owner, shown in found[order] if owner == account]
            for order, account in zip(orders, mine, strict=True)
        ]

    async def _openings(self, wanted: Sequence[Any]) -> list[Any]:
        """The fills that opened lots, each ``(account, fill)`` by their public ids; None where a
        lot came otherwise.
        """
        try:
            mine, ids = self._accounts(wanted), self._door.ids
            names = [ids.parse(Kind.EXECUTION, name) or (-1, 0) for _, name in wanted]
            rows = await self._door.world.query(lambda store: store.events_named(names))
        except Exception as error:
            failure = told_of(error, self.head.request_id)
            return [failure] * len(wanted)
        found = {
            (seq, idx): (event.account_id, self._door.render.execution(seq, idx, ts, event))
            for seq, idx, ts, event in rows
            if isinstance(event, OrderFilled)
        }
        return [
            found[name][1] if name in found and found[name][0] == account else None
            for name, account in zip(names, mine, strict=True)
        ]

    def _accounts(self, wanted: Sequence[Any]) -> list[int]:
        """The accounts named, which must be those of whoever asks. Raises ``Problem``."""
        gate = self._door.gate
        identity = gate.identity(self.head)
        require_scope(identity, Allowed.READ)
        known = {
            account: gate.account(identity, self.head, None)
            if account is None
            else gate.named_account(identity, account)
            for account in {account for account, _ in wanted}
        }
        return [known[account] for account, _ in wanted]
