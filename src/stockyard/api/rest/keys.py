"""API keys."""

from stockyard.api import answers as a
from stockyard.api.auth import require_session
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import KeyBody, Reader
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none, time_text
from stockyard.people.api_keys import ApiKey

routes = router()
_key = Reader(KeyBody)
TAG = "API keys"
SESSION = "Needs a session, not an API key."


def _shown(door: Door, key: ApiKey) -> a.ApiKey:
    return a.ApiKey(
        key.key_id,
        key.name,
        door.render.account_id(key.account_id),
        list(key.scopes),
        time_text(key.created_ns),
        time_or_none(key.last_used_ns),
        time_or_none(key.revoked_ns),
    )


@routes.post(
    "/api-keys",
    **described(
        "create_api_key",
        TAG,
        "Make a key",
        f"A key is for one account and has scopes. Its secret is shown this once. {SESSION}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.PEOPLE,
        body=KeyBody,
        body_examples={"trading": {"name": "My bot", "scopes": ["read", "trade"]}},
        status=201,
        answer=a.NewApiKey,
        answered="The key and its secret.",
    ),
)
async def create_key(visit: Visiting) -> Response:
    """Make a key."""
    door, identity = visit.door, visit.identity()
    require_session(identity)
    body: KeyBody = await visit.body(_key)
    account_id = door.gate.account(
        identity, visit.head, body.account_id or visit.request.query_params.get("account_id")
    )
    now_ns = door.world.clock.wall_ns()
    key, secret = await door.desk.write(
        lambda p: p.create_key(identity.user_id, account_id, body.name, body.scopes, now_ns)
    )
    shown = _shown(door, key)
    told = {"name": shown.name, "scopes": shown.scopes}
    await visit.note("api_key.created", key.key_id, after=told, account_id=account_id)
    made = a.NewApiKey(
        shown.id, secret, shown.name, shown.account_id, shown.scopes, shown.created_at
    )
    return answer(made, 201)


@routes.get(
    "/api-keys",
    **described(
        "list_api_keys",
        TAG,
        "List the keys",
        f"All keys of the user, revoked ones included, oldest first. {SESSION}",
        traits=Trait.SIGNED_IN,
        answer=list[a.ApiKey],
        answered="The keys.",
    ),
)
async def list_keys(visit: Visiting) -> Response:
    """List the keys."""
    identity = visit.identity()
    require_session(identity)
    keys = visit.door.desk.alone(lambda p: p.keys(identity.user_id))
    return answer([_shown(visit.door, key) for key in keys])


@routes.delete(
    "/api-keys/{key_id}",
    **described(
        "revoke_api_key",
        TAG,
        "Revoke a key",
        f"The key never works again; repeating it changes nothing. {SESSION}",
        traits=Trait.SIGNED_IN | Trait.PEOPLE | Trait.NAMED,
        answer=a.ApiKey,
        answered="The revoked key.",
    ),
)
async def revoke_key(visit: Visiting, key_id: str) -> Response:
    """Revoke a key."""
    door, identity = visit.door, visit.identity()
    require_session(identity)
    now_ns = door.world.clock.wall_ns()
    key = await door.desk.write(lambda p: p.revoke_key(identity.user_id, key_id, now_ns))
    await visit.note("api_key.revoked", key.key_id, account_id=key.account_id)
    return answer(_shown(door, key))
