"""``/graphql``: queries by POST, subscriptions over ``graphql-transport-ws``.

Promises: the schema and its library are loaded in a thread when somebody first asks, so that a
Stockyard where nobody does is no larger; a request of another site's page, an endless body and a
batch are refused. Must not know: what can be read.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stockyard.api.door import Door, encode
from stockyard.api.heads import (
    CLIENT_GONE,
    HEAD_KEY,
    ClientGone,
    Head,
    Receive,
    Scope,
    Send,
    read_json,
)
from stockyard.api.problems import PROBLEM_TYPE, Problem, fault, problem_of

if TYPE_CHECKING:
    from stockyard.api.graphql.schema import GraphSchema

_log: Final = logging.getLogger("stockyard.api")
PATH: Final = "/graphql"
PROTOCOL: Final = "graphql-transport-ws"
SUBSCRIPTIONS_MAX: Final = 10
"""Subscriptions of one connection."""
SIGN_IN_S: Final = 10.0
"""So long a connection may take to say who it is."""
_CREDENTIALS: Final = frozenset(
    {"authorization", "apca-api-key-id", "apca-api-secret-key", "x-account-id"}
)
_CREDENTIAL_LENGTH_MAX: Final = 4_096


class _Asked(msgspec.Struct, rename="camel", forbid_unknown_fields=False):
    """The body of a request (GraphQL over HTTP, section 5.4.1)."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


_read: Final = msgspec.json.Decoder(_Asked).decode


class GraphQL:
    """The endpoint of one door; ``inner`` answers REST's requests, ``document`` describes them."""

    def __init__(self, door: Door, inner: Any, document: Callable[[], Mapping[str, Any]]) -> None:
        self._door, self._inner, self._document = door, inner, document
        self._loading: asyncio.Future[GraphSchema] | None = None
        self._sockets: Any = None

    async def _schema(self) -> "GraphSchema":
        """The schema, made when first asked for."""
        if self._loading is None:
            work = asyncio.get_running_loop().run_in_executor(None, self._load)
            self._loading = asyncio.ensure_future(work)
        return await asyncio.shield(self._loading)

    def _load(self) -> "GraphSchema":
        from stockyard.api.graphql.catalog import catalog
        from stockyard.api.graphql.schema import GraphSchema

        return GraphSchema(catalog(self._document()))

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer a query; the status."""
        head = Head(scope)
        try:
            status, body = await self._answer(scope, head, receive)
            kind, headers = b"application/json", []
        except ClientGone:
            return CLIENT_GONE
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                _log.error("request %s failed", head.request_id, exc_info=error)
                problem = fault()
            status, body = problem.status, problem.body(head.request_id)
            kind, headers = PROBLEM_TYPE, list(problem.headers)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", kind),
                    (b"content-length", b"%d" % len(body)),
                    (b"x-request-id", head.request_id.encode()),
                    (b"cache-control", b"no-store"),
                    *headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
        return status

    async def _answer(self, scope: Scope, head: Head, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            raise Problem(
                405,
                "method_not_allowed",
                f"this path does not take {scope['method']}",
                "POST a query as JSON, or open a WebSocket for subscriptions",
                headers=((b"allow", b"POST"),),
            )
        head.check_site("POST")
        head.check_repeats()
        body = await read_json(head, receive, self._door.settings.body_bytes_max)
        try:
            asked = _read(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Problem(
                400,
                "invalid_query",
                f"the body is not a GraphQL request ({error})",
                'send {"query": "{ clock { timestamp } }"} with variables if need be',
            ) from None
        schema = await self._schema()
        from strawberry.exceptions import MissingQueryError
        from strawberry.schema.exceptions import (
            CannotGetOperationTypeError,
            InvalidOperationTypeError,
        )
        from strawberry.types.graphql import OperationType

        try:
            found = await schema.strawberry.execute(
                asked.query,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                context_value={"asker_of": lambda: self.asker(head, scope)},
                allowed_operation_types=(OperationType.QUERY,),
            )
        except (
            CannotGetOperationTypeError,
            InvalidOperationTypeError,
            MissingQueryError,
        ):
            raise Problem(
                400,
                "invalid_query",
                "there is no such query in it",
                "send one query, or name one of several in operationName; subscriptions go over a"
                " WebSocket, and changes through REST",
            ) from None
        shown: dict[str, Any] = {"data": found.data}
        if found.errors:
            shown["errors"] = [error.formatted for error in found.errors]
        return 200, encode(shown)

    def asker(self, head: Head, scope: Scope) -> Any:
        """Whoever reads for one operation."""
        from stockyard.api.graphql.asking import Asker

        return Asker(self._door, self._inner, head, scope["headers"], scope.get("client"))

    async def listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection's subscriptions."""
        head = Head(scope)
        try:
            head.check_origin()
            if self._door.closing:
                raise Problem(503, "shutting_down", "this Stockyard is stopping", "come back later")
        except Problem as problem:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": problem.code})
            return
        schema = await self._schema()
        if self._sockets is None:
            self._sockets = self._socket_application(schema)
        await self._sockets({**scope, HEAD_KEY: head}, receive, send)

    def _socket_application(self, schema: "GraphSchema") -> Any:
        from strawberry.asgi import GraphQL as Sockets

        outer = self

        class Connections(Sockets[Any, Any]):
            async def get_context(self, request: Any, response: Any) -> Any:
                return _Context(outer, request.scope)

        return Connections(
            schema.strawberry,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=(PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=SIGN_IN_S),
            max_subscriptions_per_connection=SUBSCRIPTIONS_MAX,
        )


class _Context(dict[str, Any]):
    """A connection's context: who asks comes with the connection, or in its first message."""

    def __init__(self, graphql: GraphQL, scope: Scope) -> None:
        super().__init__(asker_of=self._asker)
        self._graphql, self._scope = graphql, scope

    def _asker(self) -> Any:
        said = self.get("connection_params")
        headers = [
            (name.lower().encode(), text.encode("latin-1", "replace"))
            for name, text in (said.items() if isinstance(said, Mapping) else ())
            if name.lower() in _CREDENTIALS
            and isinstance(text, str)
            and len(text) <= _CREDENTIAL_LENGTH_MAX
        ]
        named = {name for name, _ in headers}
        kept = [pair for pair in self._scope["headers"] if pair[0] not in named]
        scope = {**self._scope, "headers": [*kept, *headers], "query_string": b""}
        return self._graphql.asker(Head(scope), scope)
