"""Alpaca's API as one part of the door: who asks, how often, what is at the path, what is answered.

Promises: every answer is JSON or empty, names its request, and says how many requests are left in
this minute; every refusal has Alpaca's shape; a fault of ours is logged. Must not know: any noun
but by its ``ROUTES``.
"""

import logging
from typing import Final

from stockyard.api.alpaca import (
    account,
    activities,
    assets,
    clock,
    crypto,
    events_data,
    not_offered,
    orders,
    portfolio_history,
    positions,
    screener,
    stocks,
    watchlists,
)
from stockyard.api.alpaca.errors import (
    TOO_MANY,
    WRONG_METHOD,
    Refusal,
    our_fault,
    refusal_of,
)
from stockyard.api.alpaca.routing import Call, Place, Reply, Route, Router
from stockyard.api.auth import Caller
from stockyard.api.door import Door
from stockyard.api.heads import CLIENT_GONE, ClientGone, Head, Receive, Scope, Send
from stockyard.api.problems import Headers
from stockyard.api.request_counts import NOWHERE
from stockyard.api.standing import refuse_changes
from stockyard.telemetry.traces import name_refusal

_log: Final = logging.getLogger("stockyard.api")
PREFIXES: Final = ("/v2/", "/v1/", "/v1beta1/", "/v1beta3/", "/v3/")
"""Where the paths of Alpaca's API begin."""
NOUNS: Final = (
    orders,
    portfolio_history,
    positions,
    account,
    activities,
    assets,
    clock,
    watchlists,
    not_offered,
    stocks,
    crypto,
    screener,
    events_data,
)
"""The modules whose ``ROUTES`` are served."""
ROUTES: Final[tuple[Route, ...]] = tuple(route for noun in NOUNS for route in noun.ROUTES)
WINDOW_S: Final = 60
_NS: Final = 1_000_000_000
_JSON_TYPE: Final = (b"content-type", b"application/json; charset=UTF-8")


class Allowance:
    """How many requests each account may still make, by the wall's clock.

    A full allowance is a minute's; what is used comes back evenly, so whoever was refused finds
    some again a few seconds later.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._most_told = b"%d" % most
        self._each_ns = WINDOW_S * _NS // most
        self._full_at: dict[int, int] = {}

    def take(self, account_id: int, now_ns: int) -> tuple[bool, Headers]:
        """Count one request; whether it is allowed, and the headers that say what is left."""
        full_at = max(self._full_at.get(account_id, 0), now_ns)
        if full_at - now_ns > WINDOW_S * _NS:
            # The clock was set back.
            full_at = now_ns
        allowed = full_at + self._each_ns - now_ns <= self.most * self._each_ns
        if allowed:
            full_at += self._each_ns
            self._full_at[account_id] = full_at
        left = self.most - -(-(full_at - now_ns) // self._each_ns)
        return allowed, self._told(left, full_at)

    def full(self, now_ns: int) -> Headers:
        """What is told to somebody who is not known, or does not count."""
        return self._told(self.most, now_ns)

    def _told(self, left: int, full_at: int) -> Headers:
        return (
            (b"x-ratelimit-limit", self._most_told),
            (b"x-ratelimit-remaining", b"%d" % left),
            (b"x-ratelimit-reset", b"%d" % -(-full_at // _NS)),
        )


class AlpacaApi:
    """Serves every path of ``PREFIXES``."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._router = Router(ROUTES)
        self.allowance = Allowance(door.settings.alpaca_requests_per_minute)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> tuple[int, str]:
        """Answer one request; the status, and the route that it took."""
        head, method = Head(scope), scope["method"]
        told = _Told()
        try:
            reply = await self._answer(method, scope["path"], head, receive, told)
        except ClientGone:
            return CLIENT_GONE, told.route
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                _log.error("request %s failed", head.request_id, exc_info=error)
                refusal = our_fault()
            name_refusal(refusal.reason)
            reply = Reply(refusal.status, refusal.body(), refusal.headers)
        status, body, headers = reply
        left = told.left or self.allowance.full(self._now_ns())
        sent = [
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", head.request_id.encode()),
            *left,
            *headers,
        ]
        if status == 204:
            del sent[0]
        else:
            sent.append(_JSON_TYPE)
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
        return status, told.route

    def _now_ns(self) -> int:
        return self._door.world.clock.wall_ns()

    async def _answer(
        self, method: str, path: str, head: Head, receive: Receive, told: "_Told"
    ) -> Reply:
        head.check_site(method)
        refuse_changes(self._door.world, method, path)
        place, named = self._router.find(path)
        told.route = place.pattern
        route = place.routes.get(method)
        if route is None:
            raise _wrong_method(method, place)
        caller: Caller | None = None
        if route.scope is not None:
            caller = self._door.gate.caller(head, route.scope)
            allowed, told.left = self.allowance.take(caller.account_id, self._now_ns())
            if not allowed:
                raise Refusal(429, TOO_MANY, "too many requests", "rate_limited")
        return await route.handler(Call(self._door, head, receive, caller, named))


class _Told:
    """What is known of a request by the time it is answered."""

    __slots__ = ("left", "route")

    def __init__(self) -> None:
        self.route = NOWHERE
        self.left: Headers = ()


def _wrong_method(method: str, place: Place) -> Refusal:
    methods = sorted(place.routes)
    return Refusal(
        405,
        WRONG_METHOD,
        f"method not allowed: this path does not take {method[:20]}; use {' or '.join(methods)}",
        "method_not_allowed",
        headers=((b"allow", ", ".join(methods).encode()),),
    )
