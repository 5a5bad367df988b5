"""Tokens of API clients: given, renewed, revoked."""

from stockyard.api import security_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import Reader
from stockyard.api.rest.sign_in import note_opened, note_refused, place_of, shown_user
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.people.directory import People
from stockyard.people.errors import RefreshTokenReused, UserError
from stockyard.people.sessions import Place
from stockyard.people.tokens import TokenPair
from stockyard.people.users import User

routes = router()
_token = Reader(s.TokenBody)
_refresh = Reader(s.RefreshBody)
TAG = "Tokens"
_NO_STORE = ((b"cache-control", b"no-store"),)


def _shown(pair: TokenPair, user: User) -> Response:
    found = s.Tokens(
        pair.access,
        "Bearer",
        time_text(pair.access_expires_ns),
        pair.refresh,
        time_text(pair.refresh_expires_ns),
        list(pair.family.scopes),
        shown_user(user),
    )
    return answer(found, headers=_NO_STORE)


@routes.post(
    "/auth/token",
    **described(
        "create_token",
        TAG,
        "Sign an API client in",
        "Answers with a JWT that is good for 15 minutes, and a refresh token that gives the next"
        " one. A client that only trades is better served by an API key.",
        traits=Trait.PEOPLE,
        body=s.TokenBody,
        body_examples={
            "ann": {
                "email": "ann@example.com",
                "password": "correct horse battery",
                "scopes": ["read"],
            }
        },
        answer=s.Tokens,
        answered="The tokens.",
        refusals=(401, 403, 429),
    ),
)
async def create_token(visit: Visiting) -> Response:
    """Sign an API client in."""
    body: s.TokenBody = await visit.body(_token)
    door, place = visit.door, place_of(visit, "tokens")
    try:
        pair, user = await door.desk.run(lambda: _attempt(door, body, place))
    except UserError as error:
        await note_refused(visit, body.email, error)
        raise
    await note_opened(visit, user, pair.refresh_expires_ns, "tokens")
    return _shown(pair, user)


def _attempt(door: Door, body: s.TokenBody, place: Place) -> tuple[TokenPair, User]:
    now_ns = door.world.clock.wall_ns()
    attempt = door.desk.alone(lambda p: p.begin_login(body.email, place.address, now_ns))
    check = door.passwords.check(attempt.password_hash, body.password)

    def opened(people: People) -> tuple[TokenPair, User]:
        user = people.settle_login(attempt, check, now_ns)
        return people.open_tokens(user, body.scopes, now_ns, place, body.code), user

    return door.desk.alone(opened)


@routes.post(
    "/auth/token/refresh",
    **described(
        "refresh_token",
        TAG,
        "Renew tokens",
        "The refresh token is used up, and the answer holds the next one. One that comes a second"
        " time ends all tokens of its sign-in: somebody has a copy. So send one refresh at a time,"
        " and keep the new token before using it.",
        traits=Trait.PEOPLE,
        body=s.RefreshBody,
        body_examples={"the last one": {"refresh_token": "sr_..."}},
        answer=s.Tokens,
        answered="The next tokens.",
        refusals=(401,),
    ),
)
async def refresh_token(visit: Visiting) -> Response:
    """Renew tokens."""
    body: s.RefreshBody = await visit.body(_refresh)
    door, place = visit.door, place_of(visit, "tokens")
    now_ns = door.world.clock.wall_ns()

    def work(people: People) -> tuple[TokenPair, User]:
        pair = people.refresh_tokens(body.refresh_token, now_ns, place)
        user = people.user(pair.family.user_id)
        assert user is not None, "a family has a user"
        return pair, user

    try:
        pair, user = await door.desk.write(work)
    except RefreshTokenReused as reused:
        after = {"why": reused.code}
        await visit.note("session.ended", reused.family_id, after=after, user_id=reused.user_id)
        raise
    return _shown(pair, user)


@routes.post(
    "/auth/token/revoke",
    **described(
        "revoke_token",
        TAG,
        "Sign an API client out",
        "Ends all tokens of the sign-in that a refresh token is of; any other text changes"
        " nothing and is answered alike (RFC 7009).",
        traits=Trait.PEOPLE,
        body=s.RefreshBody,
        body_examples={"the last one": {"refresh_token": "sr_..."}},
        status=204,
        answered="The tokens no longer work.",
    ),
)
async def revoke_token(visit: Visiting) -> Response:
    """Sign an API client out."""
    body: s.RefreshBody = await visit.body(_refresh)
    ended = await visit.door.desk.write(lambda p: p.tokens.revoke(body.refresh_token))
    if ended is not None:
        by = f"user:{ended.user_id}"
        await visit.note("session.closed", ended.id, by=by, user_id=ended.user_id)
    return Response(status_code=204)


@routes.get(
    "/auth/jwks",
    **described(
        "read_jwks",
        TAG,
        "Read the keys that check access tokens",
        "Public keys as a JSON Web Key set (RFC 7517); empty until a first token was signed.",
        answer=s.Jwks,
        answered="The keys, newest first.",
    ),
)
async def read_jwks(visit: Visiting) -> Response:
    """Tell the public keys."""
    keys = visit.door.desk.alone(lambda p: p.tokens.public_keys())
    return answer(s.Jwks([s.Jwk(**key) for key in keys]))
