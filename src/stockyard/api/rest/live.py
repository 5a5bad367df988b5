"""What goes on: the event stream, and who listens."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query

from stockyard.api import presence_answers as p
from stockyard.api.auth import one_account, require_scope
from stockyard.api.describing import Trait, described
from stockyard.api.events import EVENTS_TYPE, Asked, EventResponse, EventStream
from stockyard.api.gateway import Gateway
from stockyard.api.heads import HEAD_ONLY
from stockyard.api.listeners import Listener
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.api.subscribing import (
    DEFAULT_WINDOW,
    Wanted,
    channels_named,
    instruments_named,
    window_named,
)
from stockyard.people.identity import Identity, Role, Scope

routes = router()
TAG: Final = "Live"
EVENTS_PATH: Final = "/events"


_WORDS: Final = described(
    "listen_to_events",
    TAG,
    "Listen to events",
    "Server-sent events: what is public for anyone, and an account's events for whoever signs in."
    " The frames are those of the stream (see the reference); `Last-Event-ID` goes on after an"
    " account's event.",
    traits=Trait.ACCOUNT,
    answered="Events, without an end.",
    refusals=(400, 401, 403, 429, 503),
)
_TEXT: Final = {"type": "string"}
_EVENT: Final = {"type": "object", "properties": {"event": _TEXT, "id": _TEXT, "data": _TEXT}}
_WORDS["responses"][200]["content"] = {EVENTS_TYPE: {"schema": _EVENT}}


@routes.get(EVENTS_PATH, **_WORDS)
async def listen_to_events(
    visit: Visiting,
    channels: Annotated[
        str | None, Query(description="Channels with commas between them; default quotes.")
    ] = None,
    symbols: Annotated[
        str | None, Query(description="Symbols with commas between them; default all.")
    ] = None,
    window: Annotated[str, Query(description="Window of bars.")] = DEFAULT_WINDOW,
    token: Annotated[
        str | None, Query(description="A session's token, for clients that send no headers.")
    ] = None,
    last_event_id: Annotated[
        str | None, Query(description="The same as the header Last-Event-ID.")
    ] = None,
) -> Response:
    """Listen to events."""
    door, head, gate = visit.door, visit.head, visit.door.gate
    wanted = Wanted(
        channels_named(None if channels is None else channels.split(",")),
        window_named(window),
        None if symbols is None else instruments_named(door, symbols.split(",")),
    )
    identify: Callable[[], Identity] | None = None
    if gate.is_signed(head):
        identify = lambda: gate.identity(head)  # noqa: E731
    elif token is not None:
        identify = lambda: gate.token(token)  # noqa: E731
    resume = head.text(b"last-event-id") or last_event_id
    if resume is not None and identify is None:
        raise Problem(
            401, "missing_credentials", "only an account's events are resumed", "sign in as well"
        )
    named = visit.request.query_params.get("account_id")
    account = one_account(head.text(b"x-account-id"), named)
    if HEAD_ONLY in visit.request.scope:
        return Response(media_type=EVENTS_TYPE)
    gateway: Gateway = visit.request.app.state.gateway
    return EventResponse(gateway, head.address, Asked(wanted, identify, account, resume))


@routes.get(
    "/presence",
    **described(
        "presence",
        TAG,
        "Who is connected",
        "Every open stream for an administrator; your own for anyone else.",
        traits=Trait.SIGNED_IN,
        answer=p.Presence,
        answered="The open streams, oldest first.",
    ),
)
async def presence(visit: Visiting) -> Response:
    """Tell who is connected."""
    identity = visit.identity()
    require_scope(identity, Scope.READ)
    gateway: Gateway = visit.request.app.state.gateway
    sees_all = identity.role == Role.ADMIN and Scope.ADMIN in identity.scopes
    found = [
        one
        for one in gateway
        if sees_all or (one.identity is not None and one.identity.user_id == identity.user_id)
    ]
    users = {one.identity.user_id for one in found if one.identity is not None}
    return answer(p.Presence(len(users), [shown_stream(visit, one) for one in found]))


def shown_stream(visit: Visit, one: Listener) -> p.PresentStream:
    """An open stream as it is told."""
    known = one.identity
    return p.PresentStream(
        "events" if isinstance(one, EventStream) else "websocket",
        None if known is None else known.user_id,
        visit.door.render.account_id(one.account_id) if one.account_id else None,
        time_text(one.since_ns),
        one.address,
        one.is_blocked,
    )
