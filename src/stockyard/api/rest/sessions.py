"""Where one is signed in, and signing out there."""

from typing import Annotated

from fastapi import Query

from stockyard.api import security_shapes as s
from stockyard.api.auth import require_session
from stockyard.api.describing import Trait, described
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.people.sessions import ID_LENGTH, Session, token_hash
from stockyard.people.tokens import Family

routes = router()
TAG = "Sessions"
SESSION = "Needs a session, not an API key."


def _shown(found: Session, current: str) -> s.Session:
    return s.Session(
        found.id,
        found.method,
        found.id == current,
        found.address,
        found.agent,
        None,
        time_text(found.created_ns),
        time_text(found.last_seen_ns),
        time_text(found.expires_ns),
    )


def _shown_family(found: Family) -> s.Session:
    return s.Session(
        found.id,
        "tokens",
        False,
        found.address,
        found.agent,
        list(found.scopes),
        time_text(found.created_ns),
        time_text(found.last_seen_ns),
        time_text(found.expires_ns),
    )


@routes.get(
    "/auth/sessions",
    **described(
        "list_sessions",
        TAG,
        "List where one is signed in",
        "Sessions, then API clients with tokens; each newest first. When one was last seen may be"
        f" a minute old after a crash. {SESSION}",
        traits=Trait.SIGNED_IN,
        answer=list[s.Session],
        answered="The sign-ins.",
    ),
)
async def list_sessions(visit: Visiting) -> Response:
    """List the sessions."""
    identity, door = visit.identity(), visit.door
    require_session(identity)
    now_ns, user_id = door.world.clock.wall_ns(), identity.user_id
    current = token_hash(door.gate.session_token(visit.head)).hex()[:ID_LENGTH]
    sessions, families = door.desk.alone(
        lambda p: (p.sessions(user_id, now_ns), p.tokens.of_user(user_id, now_ns))
    )
    return answer([*(_shown(x, current) for x in sessions), *map(_shown_family, families)])


@routes.delete(
    "/auth/sessions/{session_id}",
    **described(
        "end_session",
        TAG,
        "Sign out somewhere",
        f"Ends a session, or an API client with all its tokens, at once. {SESSION}",
        traits=Trait.SIGNED_IN | Trait.PEOPLE | Trait.NAMED,
        status=204,
        answered="It is ended.",
    ),
)
async def end_session(visit: Visiting, session_id: str) -> Response:
    """End a session."""
    identity = visit.identity()
    require_session(identity)
    await visit.door.desk.write(lambda p: p.end_session(identity.user_id, session_id))
    await visit.note("session.ended", session_id)
    return Response(status_code=204)


@routes.delete(
    "/auth/sessions",
    **described(
        "end_sessions",
        TAG,
        "Sign out everywhere",
        "Ends every session and API client; with `others=true` the session that asks goes on."
        f" API keys stay. {SESSION}",
        traits=Trait.SIGNED_IN | Trait.PEOPLE,
        answer=s.Ended,
        answered="How many were ended.",
    ),
)
async def end_sessions(
    visit: Visiting,
    others: Annotated[bool, Query(description="Whether the session that asks goes on.")] = False,
) -> Response:
    """End all sessions."""
    identity, door = visit.identity(), visit.door
    require_session(identity)
    token = door.gate.session_token(visit.head) if others else ""
    ended = await door.desk.write(lambda p: p.end_other_sessions(identity.user_id, token))
    await visit.note("session.all_ended", identity.user_id, after={"ended": ended})
    return answer(s.Ended(ended))
