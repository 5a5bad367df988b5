"""The ASGI application: hot paths and streams first, everything else through the framework.

Promises: every answer carries ``X-Request-ID``; every refusal is a problem; a fault of ours is
logged and told as one. Must not know: who serves it, or where settings come from.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from stockyard.api import answers as a
from stockyard.api import dev_mail
from stockyard.api.alpaca.serving import PREFIXES as ALPACA
from stockyard.api.alpaca.serving import AlpacaApi
from stockyard.api.alpaca.streams import AlpacaStreams
from stockyard.api.attempting import ended, note_left
from stockyard.api.describing import described
from stockyard.api.document import DOCUMENT_PATH, TITLE, document
from stockyard.api.door import Door, encode
from stockyard.api.doorstep import Doorstep, answer_preflight
from stockyard.api.faulting import Faulting
from stockyard.api.front_page import PAGE_HEADERS, front_page
from stockyard.api.gateway import Gateway
from stockyard.api.graphql.serving import PATH as GRAPHQL
from stockyard.api.graphql.serving import GraphQL
from stockyard.api.handshake import named
from stockyard.api.heads import (
    CLIENT_GONE,
    HEAD_KEY,
    HEAD_ONLY,
    ClientGone,
    Head,
    Message,
    Receive,
    Scope,
    Send,
)
from stockyard.api.hot import Answer, Handler
from stockyard.api.hot_words import HOT_ROUTES, PREFIX
from stockyard.api.ingest import ROOT as INGEST
from stockyard.api.ingest import Ingest
from stockyard.api.ingest_metrics import WaysIn
from stockyard.api.internal import ROOT as INTERNAL
from stockyard.api.internal import Internal
from stockyard.api.leaving import complete_leavings
from stockyard.api.metrics import Metrics
from stockyard.api.problems import PROBLEM_TYPE, Headers, Problem, fault, problem_of
from stockyard.api.registering import complete_half_opened, complete_unfinished
from stockyard.api.request_counts import METHODS as KNOWN_METHODS
from stockyard.api.request_counts import NOWHERE, OTHER, RequestCounts
from stockyard.api.rest import (
    accounts,
    activity,
    admin_adding,
    admin_days,
    admin_presence,
    admin_users,
    alerts,
    assets,
    audit,
    audit_days,
    changes,
    equity,
    exports,
    feeds,
    history,
    inbox,
    keys,
    links,
    live,
    orders,
    past,
    portfolio,
    portfolio_snapshots,
    positions,
    profiles,
    reference,
    reports,
    requests,
    restrictions,
    second_factor,
    sessions,
    sign_in,
    sign_up,
    sim,
    sim_clock,
    sim_events,
    sim_faults,
    sim_market,
    sim_outcomes,
    statements,
    storage,
    tickers,
    tokens,
    watch,
    watchlists,
    webhooks,
)
from stockyard.api.routes import StrictRoute, Visiting, answer, head_of
from stockyard.api.settings import ApiSettings as ApiSettings
from stockyard.api.standing import found_at_start, is_well, read_only, refuse_changes, troubles
from stockyard.api.stream import Streams
from stockyard.api.traffic import Traffic
from stockyard.api.web_files import HASHED, PAGE, WebFiles
from stockyard.model.stages import StageAnswer, StageReport, StageTerms
from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.passwords import Passwords
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.history import HistoryRecorder
from stockyard.runtime.request_keeper import RequestKeeper
from stockyard.runtime.stages import TERMS_PATH, UPDATE_PATH, StageLog, take_report
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.ports import StorageError, StorageUnavailable
from stockyard.telemetry.traces import name_refusal

_log: Final = logging.getLogger("stockyard.api")
EVENTS: Final = PREFIX + live.EVENTS_PATH
_JSON_TYPE: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", PROBLEM_TYPE)
_NS: Final = 1_000_000_000
MACHINE_PATHS: Final = (f"{INGEST}tick", f"{INGEST}ticks", UPDATE_PATH, TERMS_PATH)
METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")
HANDLERS: Final = {(route.method, PREFIX + route.path): route.handler for route in HOT_ROUTES}
HANDLERS.update(
    {("HEAD", path): handler for (method, path), handler in HANDLERS.items() if method == "GET"}
)


_NOUNS: Final = (
    sign_up,
    sign_in,
    admin_users,
    admin_adding,
    admin_days,
    admin_presence,
    sessions,
    second_factor,
    tokens,
    changes,
    links,
    keys,
    accounts,
    past,
    restrictions,
    equity,
    activity,
    audit,
    audit_days,
    exports,
    orders,
    positions,
    portfolio,
    portfolio_snapshots,
    reports,
    statements,
    storage,
    assets,
    profiles,
    watchlists,
    alerts,
    webhooks,
    inbox,
    feeds,
    requests,
    sim,
    sim_clock,
    sim_events,
    sim_faults,
    sim_market,
    sim_outcomes,
)
"""What the framework serves, in the order of the document."""


class Application:
    """One door as an ASGI application."""

    def __init__(
        self, door: Door, requests_kept: RequestKeeper, web_files: WebFiles | None = None
    ) -> None:
        self.door = door
        self._doorstep = Doorstep(door.settings.proxies, door.settings.origins)
        self.requests_kept, self._log = requests_kept, requests_kept.log
        self.web_files = web_files
        self.gateway = Gateway(door)
        self.streams = Streams(self.gateway)
        self.traffic = Traffic(self.gateway)
        self.alpaca_streams = AlpacaStreams(self.gateway)
        self._web = framework(door.settings)
        self.requests = RequestCounts()
        self.alpaca = AlpacaApi(door)
        self._faults, self._faulting = door.faults, Faulting(door, self.alpaca)
        self.ingest, self.internal = _ingest(door), _internal(door)
        self._web.state.door, self._web.state.gateway = door, self.gateway
        self._web.state.ingest, self._web.state.traffic = self.ingest, self.traffic
        self._web.state.requests_kept = requests_kept
        self._web.state.metrics = Metrics(
            door,
            self.requests,
            self.streams.count,
            WaysIn(self.ingest, self.internal),
            self.gateway,
        )
        self._document: bytes | None = None
        self.graphql = GraphQL(door, self._serve_within, self._described)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "lifespan":
            self._doorstep.arrive(scope)
        if scope["type"] == "http":
            send = self._doorstep.guarding(scope, send)
        if self._faults.requests:
            serving = self._faulting.serve(scope, receive, send, self._serve_one)
        elif scope["type"] == "http":
            serving = self._serve_http(scope, receive, send)
        else:
            serving = self._serve_one(scope, receive, send)
        # Who listens to events is a stream, and not about to be answered.
        if scope["type"] != "http" or scope["path"] == EVENTS:
            await serving
            return
        self.traffic.begin()
        try:
            await serving
        finally:
            self.traffic.end()

    async def _serve_one(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._serve_http(scope, receive, send)
        elif kind == "websocket" and scope["path"] == GRAPHQL:
            scope, send = named(scope, send)
            await self.graphql.listen(scope, receive, send)
        elif kind == "websocket":
            taken = self.alpaca_streams.takes(scope["path"])
            streams = self.alpaca_streams if taken else self.streams
            await streams.serve(scope, receive, send)
        elif kind == "lifespan":
            await self._live(receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and count it."""
        method, path = scope["method"], scope["path"]
        asked = self._doorstep.preflight(scope) if method == "OPTIONS" else None
        if asked is not None:
            await answer_preflight(asked, send)
            self.requests.note(OTHER, NOWHERE, 204, None)
            return
        trace, status = self._log.begin(), None
        try:
            status, route = await self._answer(method, path, scope, receive, send)
        finally:
            if trace.doing is not None:
                ended(self.door.desk.people.attempts, trace.doing, status)
        # How long somebody listens is no figure of how fast an answer came.
        if route == EVENTS:
            self.requests.note(method, route, status, None)
            return
        shown = method if method in KNOWN_METHODS else OTHER
        took_ns = self._log.end(trace, shown, route, status)
        self.requests.note(shown, route, status, took_ns / _NS)

    async def _answer(
        self, method: str, path: str, scope: Scope, receive: Receive, send: Send
    ) -> tuple[int, str]:
        """Answer one request; the status, and the route that it took."""
        handler, rest = hot_handler(method, path)
        machines = self._machines(method, path)
        if machines is not None:
            handler = machines
        if handler is not None:
            status = await self._serve_hot(handler, rest, scope, receive, send)
            route = path[: -len(rest)] + "{name}" if rest else path
            if machines is not None and path not in MACHINE_PATHS:
                route = NOWHERE
            return status, route
        if path.startswith(ALPACA):
            return await self.alpaca.serve(scope, receive, send)
        if path == GRAPHQL:
            return await self.graphql.serve(scope, receive, send), GRAPHQL
        return await self._serve_other(scope, receive, send)

    def _machines(self, method: str, path: str) -> Handler | None:
        """What serves a path that other machines call, where there is such a thing."""
        found: Ingest | Internal | None = None
        if path.startswith(INGEST):
            found = self.ingest
        elif path.startswith(INTERNAL):
            found = self.internal
        if found is None:
            return None
        serving = found

        async def serve(door: Door, head: Head, receive: Receive, rest: str) -> Answer:
            return await serving.serve(method, path, head, receive)

        return serve

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                await self.close()
                return

    async def _written_document(self) -> bytes:
        """The OpenAPI document, written in a thread when somebody first asks: it takes long."""
        if self._document is None:
            found = await asyncio.get_running_loop().run_in_executor(None, self._described)
            self._document = encode(found)
        return self._document

    def _described(self) -> dict[str, Any]:
        return document(self._web, self.door.settings.version)

    async def _serve_within(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that another one makes of REST; only that other one is counted."""
        handler, rest = hot_handler(scope["method"], scope["path"])
        if handler is not None:
            await self._serve_hot(handler, rest, scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def complete_unfinished(self) -> int:
        """Finish what people began and a crash left half done, before the door opens; how many."""
        world, people = self.door.world, self.door.desk.people
        done = await complete_unfinished(world, people)
        done += await complete_leavings(world, people)
        await self.door.notices.settle_left()
        try:
            return done + await note_left(self.door.desk, self.door.auditor)
        except (StorageError, Refused) as error:
            _log.warning("what was done before is not on record yet, trying again: %s", error)
            return done

    async def tidy_people(self) -> None:
        """Finish openings that failed half way, purge expired sessions, write down when keys were
        used, what alerts know of trading days and what was done and not noted; call it now and
        then.
        """
        await complete_half_opened(self.door)
        now_ns = self.door.world.clock.wall_ns()
        await self.door.desk.write(lambda p: p.purge_expired(now_ns))
        await self.door.desk.write(lambda p: p.flush_last_used())
        world = self.door.world
        days = world.alerts.noted_days()
        await world.caught_up(world.view.seq)
        await self.door.desk.write(lambda p: p.alerts.store_days(days))
        await note_left(self.door.desk, self.door.auditor)

    def begin_stop(self, reason: str = "this Stockyard is stopping") -> None:
        """Take no more streams, close the open ones with a reason, and say so in ``/health``."""
        self.door.closing = True
        self.gateway.begin_close(reason)

    async def close(self) -> None:
        """Wait until every stream is closed and the people's desk has finished what it began."""
        self.begin_stop()
        self.door.past.close()
        await self.gateway.closed()
        await self.door.notices.close()
        # What is left behind is looked at once more at the next start.
        with suppress(StorageError, Problem):
            await self.door.desk.write(lambda p: p.attempts.told(()))
        self.door.desk.close()

    async def _serve_hot(
        self, handler: Handler, rest: str, scope: Scope, receive: Receive, send: Send
    ) -> int:
        """Answer a hot request; the status."""
        head = Head(scope)
        kind = _JSON_TYPE
        told: Headers = ()
        try:
            head.check_site(scope["method"])
            refuse_changes(self.door.world, scope["method"], scope["path"])
            if scope["path"].startswith(PREFIX):
                told = self.door.meter.admit(head)
            status, body, headers = await handler(self.door, head, receive, rest)
        except ClientGone:
            return CLIENT_GONE
        except Exception as error:
            status, body, headers = refusal(error, head.request_id)
            kind = _PROBLEM
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    kind,
                    (b"content-length", b"%d" % len(body)),
                    (b"x-request-id", head.request_id.encode()),
                    *headers,
                    *told,
                ],
            }
        )
        if scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.body", "body": body})
        return status

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> tuple[int, str]:
        """Answer a request that is not hot; the status, and the route that it took."""
        if self.web_files is not None:
            found = self.web_files.find(scope)
            if found is not None:
                status = await self.web_files.serve(found, scope, receive, send)
                return status, HASHED + "{name}" if found.hashed else PAGE
        return await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> tuple[int, str]:
        """Answer a request through the framework; the status, and the route that it took."""
        head = Head(scope)
        status = CLIENT_GONE
        scope[HEAD_KEY] = head
        name = (b"x-request-id", head.request_id.encode())
        head_only = scope["method"] == "HEAD"
        if head_only:
            # The server's own scope stays as it is: it must know that no body follows.
            scope = {**scope, "method": "GET", HEAD_ONLY: True}

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], name, *told]
            elif head_only:
                message["body"] = b""
            await send(message)

        told: Headers = ()

        try:
            head.check_site(scope["method"])
            refuse_changes(self.door.world, scope["method"], scope["path"])
            if scope["path"].startswith(PREFIX):
                told = self.door.meter.admit(head)
        except (Problem, Refused) as problem:
            await _problem_response(problem, head.request_id)(scope, receive, send_named)
            return status, NOWHERE
        if scope["path"] == DOCUMENT_PATH and scope["method"] == "GET":
            written = await self._written_document()
            await Response(written, media_type="application/json")(scope, receive, send_named)
            return status, DOCUMENT_PATH
        # By the time the framework raises it has logged the fault and told the client of it.
        with suppress(Exception):
            await self._web(scope, receive, send_named)
        return status, _route_of(scope)


def _ingest(door: Door) -> Ingest | None:
    """The webhook, where it has credentials."""
    if door.settings.ingest is None:
        return None
    world = door.world
    return Ingest(
        door.settings.ingest,
        door.instrument,
        world.market,
        world.clock.now_ns,
        lambda: door.history.is_behind,
        lambda source: any(feed.name == source for feed in world.feeds),
    )


def _internal(door: Door) -> Internal | None:
    """Where stages report, where there is a service credential."""
    if not door.settings.internal_token:
        return None
    world, log = door.world, StageLog()

    def take(report: StageReport) -> StageAnswer:
        return take_report(world.market, log, report, world.clock.now_ns())

    async def terms() -> bytes:
        instruments = door.view.instruments
        bars = await door.history.bars_of_before(instruments)
        names = dict(door.settings.calendars)
        return encode(StageTerms(list(instruments.values()), names, bars))

    return Internal(door.settings.internal_token, take, terms)


def _route_of(scope: Scope) -> str:
    """The path of the route that was taken, with the names of its parts."""
    path: str = getattr(scope.get("route"), "path", NOWHERE)
    if path != NOWHERE and scope["path"].startswith(PREFIX + "/"):
        return PREFIX + path.replace(":path}", "}")
    return path


def hot_handler(method: str, path: str) -> tuple[Handler | None, str]:
    """The hot handler of a request and the rest of its path; None when it has none."""
    found = HANDLERS.get((method, path))
    if found is not None:
        return found, ""
    if path.startswith("/api/v1/orders/"):
        rest = path[15:]
        if "/" not in rest and rest:
            return HANDLERS.get((method, "/api/v1/orders/")), rest
    elif path.startswith("/api/v1/quotes/") and len(path) > 15:
        return HANDLERS.get((method, "/api/v1/quotes/")), path[15:]
    return None, ""


def refusal(error: Exception, request_id: str) -> Answer:
    """The answer that an error becomes; a fault of ours is logged."""
    problem = problem_of(error)
    if problem is None:
        _log.error("request %s failed", request_id, exc_info=error)
        problem = fault()
    name_refusal(problem.code)
    return problem.status, problem.body(request_id), problem.headers


def _told(request: Request, error: Exception) -> Response:
    return _problem_response(error, head_of(request).request_id)


def _problem_response(error: Exception, request_id: str) -> Response:
    status, body, headers = refusal(error, request_id)
    response = Response(body, status, media_type=PROBLEM_TYPE.decode())
    response.raw_headers.extend(headers)
    return response


def _unheard(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


def _routing_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    # The framework does not know the hot paths: only here are all methods of a path together.
    methods = allowed_methods(request)
    if methods:
        return _told(
            request,
            Problem(
                405,
                "method_not_allowed",
                f"this path does not take {request.method}",
                f"use {' or '.join(methods)}",
                headers=((b"allow", ", ".join(methods).encode()),),
            ),
        )
    return _told(
        request,
        Problem(
            404,
            "not_found",
            "there is nothing at this path",
            f"see GET {DOCUMENT_PATH}",
        ),
    )


def allowed_methods(request: Request) -> list[str]:
    """Every method that the path of a request takes."""
    path = request.scope["path"]
    found = [
        method
        for method in METHODS
        if hot_handler(method, path)[0] is not None
        or any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]
    if "GET" in found:
        found.append("HEAD")
    return sorted(found)


def framework(settings: ApiSettings) -> FastAPI:
    """The framework's part of the door; a door is put into its ``state`` to serve."""
    handlers: dict[int | type[Exception], Callable[[Request, Any], Any]] = {
        HTTPException: _routing_problem,
        Problem: _told,
        Refused: _told,
        UserError: _told,
        StorageUnavailable: _told,
        ClientGone: _unheard,
        Exception: _told,
    }
    web = FastAPI(
        title=TITLE,
        version=settings.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=handlers,
    )
    # What lies below a ticker is found before the ticker, whose symbol may hold a slash.
    for noun in (*_NOUNS, history, reference, tickers, live):
        web.include_router(noun.routes, prefix=PREFIX)
    web.include_router(watch.routes)
    web.include_router(dev_mail.routes)
    web.router.route_class = StrictRoute
    _add_house_routes(web)
    return web


def _add_house_routes(web: FastAPI) -> None:
    @web.get("/", include_in_schema=False)
    async def page(visit: Visiting) -> Response:
        settings = visit.door.settings
        html = front_page(
            visit.head.text(b"host"),
            visit.request.url.scheme,
            settings.version,
            settings.engine_compiled,
            visit.door.view.seq,
            settings.demo,
        )
        return Response(html, media_type="text/html; charset=utf-8", headers=PAGE_HEADERS)

    words = described(
        "health",
        "House",
        "Whether this works",
        "200 while requests are answered; 503 with the same body when stopping or failed. The"
        " status is `degraded` while something cannot be written, which `troubles` names, and"
        " `read_only` where the last good state is served.",
        answer=a.Health,
        answered="All is well.",
    )
    well: dict[str, Any] = words["responses"][200]
    words["responses"][503] = {**well, "description": "Stopping, or failed."}

    @web.get("/health", **words)
    async def health(visit: Visiting) -> Response:
        door = visit.door
        status = "failed" if door.world.writer.failure is not None else "ok"
        if status == "ok" and not is_well(door.world):
            status = "degraded" if door.world.read_only is None else "read_only"
        if status != "failed" and door.closing:
            status = "stopping"
        found = a.Health(
            status,
            door.settings.version,
            "compiled" if door.settings.engine_compiled else "interpreted",
            door.view.seq,
            max(0, door.world.clock.wall_ns() - door.started_ns) // _NS,
            door.settings.controls,
            troubles(door.world),
            read_only(door.world),
            found_at_start(door.world),
        )
        return answer(found, 503 if status in ("stopping", "failed") else 200)


def create_application(
    world: World,
    people: People,
    history: HistoryRecorder,
    settings: ApiSettings,
    auditor: Auditor,
    requests_kept: RequestKeeper,
    passwords: Passwords | None = None,
    web_files: WebFiles | None = None,
) -> Application:
    """The door to one world, its people, its market's past and the log of who did what; with the
    web app if it is built.
    """
    door = Door(world, people, history, settings, passwords or Passwords(), auditor)
    return Application(door, requests_kept, web_files)
