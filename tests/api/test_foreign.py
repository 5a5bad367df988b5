"""The matrix: every route with a foreign identity. What is not one's own is as if it were not.

Goal: nobody reaches, changes or learns of what is another's, on any way in. Method: the routes are
taken from the OpenAPI document, from the table of Alpaca's paths and from the GraphQL schema, never
from a list kept here, so that a new one is walked by being there. Each is asked three times: for
Ann's things by Bob, for things that never were by Bob, and for Ann's things by Ann. The first two
answers must be the same to the byte, Ann's must be different, and nothing of hers may have changed.

A route with a parameter or a field that this file does not know fails: say in ``THINGS`` how Ann
comes by what it names, or in ``NOBODYS`` that it names nothing that is anybody's.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, NamedTuple

import pytest
from websockets.asyncio.client import connect

from stockyard.api.alpaca.serving import ROUTES as ALPACA_ROUTES
from stockyard.api.application import framework
from stockyard.api.document import document
from stockyard.api.graphql.catalog import catalog
from stockyard.api.settings import ApiSettings
from stockyard.people.deliveries import Outcome
from tests.api.rig import NOW, Answer, Rig, Trader
from tests.api.serving import say, served, told

Maker = Callable[[Rig, Trader], Awaitable[str]]
ANN = "ann@example.com"


async def _order(rig: Rig, ann: Trader) -> str:
    made = await ann.order(type="limit", limit_price="150", time_in_force="gtc")
    return str(made.json["id"])


async def _filled(rig: Rig, ann: Trader) -> str:
    return str((await ann.order()).json["id"])


async def _watchlist(rig: Rig, ann: Trader) -> str:
    made = await ann.call("POST", "/watchlists", {"name": "Mine", "symbols": ["AAPL", "MSFT"]})
    return str(made.json["id"])


async def _key(rig: Rig, ann: Trader) -> str:
    return (await rig.key(ann.headers))["APCA-API-KEY-ID"]


async def _session(rig: Rig, ann: Trader) -> str:
    await rig.sign_in()
    sessions = (await ann.call("GET", "/auth/sessions")).json
    return next(str(one["id"]) for one in sessions if not one["current"])


async def _inbox_item(rig: Rig, ann: Trader) -> str:
    user = rig.people.user_by_email(ANN)
    assert user is not None
    rig.people.inbox.put(user.id, "test", "Thing", "It happened.", NOW, "/orders")
    return str((await ann.call("GET", "/inbox")).json["items"][0]["id"])


async def _alert(rig: Rig, ann: Trader) -> str:
    """One that fired."""
    rig.trade("AAPL", 190)
    said = {"kind": "price", "symbol": "AAPL", "direction": "above", "value": "180"}
    made = await ann.call("POST", "/alerts", said)
    rig.world.alerts.settle()
    return str(made.json["id"])


async def _webhook(rig: Rig, ann: Trader) -> str:
    found = (await ann.call("GET", "/webhooks")).json
    if not found:
        made = await ann.call("POST", "/webhooks", {"url": "https://8.8.8.8/hook"})
        found = [made.json["webhook"]]
    return str(found[0]["id"])


async def _delivery(rig: Rig, ann: Trader) -> str:
    """One that has ended."""
    hook = await _webhook(rig, ann)
    made = (await ann.call("POST", f"/webhooks/{hook}/test")).json["id"]
    deliveries = rig.people.deliveries
    deliveries.note(deliveries.find(hook, made), Outcome(200, "", 1), NOW)
    return str(made)


async def _outcome(rig: Rig, ann: Trader) -> str:
    said = {"outcome": "deny", "reason": "exceeds_buying_power"}
    made = await ann.call("POST", "/sim/outcomes", said)
    return str(made.json["id"])


async def _lot(rig: Rig, ann: Trader) -> str:
    await ann.order()
    return str((await ann.call("GET", "/positions/AAPL/lots")).json[0]["id"])


async def _activity(rig: Rig, ann: Trader) -> str:
    await ann.order()
    return str((await ann.call("GET", "/account/activities")).json[0]["id"])


THINGS: Final[dict[str, Maker]] = {
    "order_id": _order,
    "watchlist_id": _watchlist,
    "key_id": _key,
    "session_id": _session,
    "item_id": _inbox_item,
    "alert_id": _alert,
    "outcome_id": _outcome,
    "webhook_id": _webhook,
    "delivery_id": _delivery,
}
"""How Ann comes by what a path's parameter of this name names."""
MAKERS: Final[dict[str, Maker]] = {"list_executions": _filled, "release_order": _order}
"""Where a route needs another kind of it."""
NOBODYS: Final = frozenset({"symbol", "fault_id", "month"})
"""Parameters of paths that name nothing of anybody's: markets, months, and faults of the whole
server.
"""
BODIES: Final[dict[str, Any]] = {
    "replace_order": {"limit_price": "151"},
    "change_watchlist": {"name": "Other"},
    "watch_symbol": {"symbol": "BTC/USD"},
    "mark_inbox_item": {"read": True},
    "create_api_key": {"name": "k"},
    "create_watchlist": {"name": "Mine"},
    "create_alert": {"kind": "pnl", "direction": "above", "value": "1"},
    "change_alert": {"note": "Other"},
    "change_alert_settings": {"email": False},
    "change_webhook": {"name": "Other"},
}
"""What a request needs besides to be taken."""
NOT_AGAIN: Final = frozenset({"release_order"})
"""Routes that refuse even their owner here, for the state of the thing."""
OF_THE_WORLD: Final = frozenset({"list_world_events", "make_fault"})
"""Test controls that see and steer the whole World, every account of it, where they are allowed."""
_HARMLESS = (
    "account actor at bars benchmark cancel_orders channels client_order_id cursor date day"
    " end format frozen kept_for kind least_us limit market method minutes order_id others"
    " percentage q qty range request_id risk_free role route side sort source start status"
    " subject symbol symbols trace_id type unread user_id window year"
)
HARMLESS: Final = frozenset(_HARMLESS.split(" "))
"""Parameters of queries that choose among what is one's own or everybody's; what administrators
search by is among them.
"""
CURSORS: Final[dict[str, Maker]] = {"after": _activity, "before": _inbox_item, "alert": _alert}
"""Parameters of queries that name a thing to go on after."""
CREDENTIALS: Final = frozenset({"account_id", "token", "last_event_id"})
"""Parameters that this file walks by themselves."""


class Walk(NamedTuple):
    """One route."""

    name: str
    method: str
    path: str
    parameters: tuple[str, ...]
    said: dict[str, Any]

    @property
    def is_for_administrators(self) -> bool:
        return self.path.startswith("/api/v1/admin/")


DOCUMENT: Final = document(framework(ApiSettings()), "1")


def _walks() -> Iterator[Walk]:
    for path, item in DOCUMENT["paths"].items():
        for method, said in item.items():
            names = tuple(re.findall(r"{(\w+)}", path))
            yield Walk(said["operationId"], method.upper(), path, names, said)


WALKS: Final = tuple(_walks())
SIGNED: Final = [walk for walk in WALKS if "security" in walk.said]
ABOUT_ACCOUNTS: Final = [
    walk
    for walk in WALKS
    if any(p["name"] == "account_id" for p in walk.said.get("parameters", ()))
    and walk.name not in {"listen_to_events", *OF_THE_WORLD}
]
NAMING: Final = [
    walk for walk in WALKS if set(walk.parameters) - NOBODYS and not walk.is_for_administrators
]


def named(walk: Walk) -> str:
    return walk.name


def bare(answer: Answer) -> tuple[int, Any]:
    """What an answer says, without what differs from request to request."""
    if not answer.body or "json" not in answer.headers.get("content-type", ""):
        return answer.status, answer.body
    found = answer.json
    if isinstance(found, dict):
        for part in ("request_id", "instance", "updated_at"):
            found.pop(part, None)
    return answer.status, found


def another(thing: str) -> str:
    """A name of the same form that nothing has."""
    letters = [*thing]
    for place in range(len(letters) - 1, -1, -1):
        if letters[place].isalnum():
            letters[place] = "1" if letters[place] != "1" else "2"
            break
    return "".join(letters)


@pytest.fixture
async def rig() -> Rig:
    made = Rig(controls=True)
    made.quote("AAPL", 189.99, 190.01)
    made.quote("MSFT", 399.99, 400.01)
    made.quote("BTC/USD", 60000, 60010, 2)
    return made


async def state(ann: Trader) -> list[Any]:
    """Everything of Ann's that others might have changed."""
    paths = (
        "/account",
        "/positions",
        "/watchlists",
        "/api-keys",
        "/inbox",
        "/sim/outcomes",
        "/webhooks",
    )
    found = [(await ann.call("GET", path)).json for path in paths]
    found.append((await ann.call("GET", "/orders", query="status=all")).json)
    found.append(len((await ann.call("GET", "/auth/sessions")).json))
    return found


def sent(walk: Walk, things: dict[str, str]) -> tuple[str, Any]:
    """The path without its prefix, and the body."""
    path = walk.path.removeprefix("/api/v1")
    for name in walk.parameters:
        path = path.replace("{" + name + "}", things.get(name, "AAPL"))
    return path, BODIES.get(walk.name)


def test_every_parameter_is_known() -> None:
    for walk in WALKS:
        if not walk.is_for_administrators:
            unknown = set(walk.parameters) - THINGS.keys() - NOBODYS
            assert not unknown, f"{walk.method} {walk.path}: say in THINGS what {unknown} names"
        asked = {p["name"] for p in walk.said.get("parameters", ()) if p["in"] == "query"}
        unknown = asked - HARMLESS - CURSORS.keys() - CREDENTIALS
        assert not unknown, f"{walk.method} {walk.path}: does {unknown} name somebody's things?"


async def test_a_stranger_is_not_let_in(rig: Rig) -> None:
    for walk in SIGNED:
        path, body = sent(walk, {})
        for headers in ({}, {"Authorization": "Bearer sy_" + "x" * 43}):
            answer = await rig.call(walk.method, "/api/v1" + path, body, headers=headers)
            assert answer.status == 401, (walk.name, answer)


@pytest.mark.parametrize("walk", NAMING, ids=named)
async def test_anothers_things_are_not_there(rig: Rig, walk: Walk) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    things = {}
    for name in set(walk.parameters) - NOBODYS:
        things[name] = await MAKERS.get(walk.name, THINGS[name])(rig, ann)
    before = await state(ann)
    path, body = sent(walk, things)
    theirs = await bob.call(walk.method, path, body)
    never, _ = sent(walk, {name: another(thing) for name, thing in things.items()})
    assert never != path
    nobodys = await bob.call(walk.method, never, body)
    assert bare(theirs) == bare(nobodys)
    assert theirs.status == 404, theirs
    assert await state(ann) == before
    own = await ann.call(walk.method, path, body)
    assert own.status < 300 or walk.name in NOT_AGAIN, own
    assert bare(own) != bare(theirs)


async def test_anothers_account_is_not_there(rig: Rig) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    account = (await ann.call("GET", "/account")).json["id"]
    order = await _order(rig, bob)
    before = await state(ann)
    for walk in ABOUT_ACCOUNTS:
        path, body = sent(walk, {"order_id": order})
        for way in ("header", "query"):
            answers = []
            for one in (account, another(account)):
                headers = {"x-account-id": one} if way == "header" else {}
                query = f"account_id={one}" if way == "query" else ""
                answers.append(
                    await bob.call(walk.method, path, body or {}, headers=headers, query=query)
                )
            assert bare(answers[0]) == bare(answers[1]), (walk.name, way)
            told_of = (answers[0].status, answers[0].json["code"])
            assert told_of == (404, "unknown_account"), (walk.name, answers)
    assert await state(ann) == before


async def test_without_controls_the_event_log_is_of_ones_own_account() -> None:
    rig = Rig()
    rig.quote("AAPL", 189.99, 190.01)
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    account, order = (await ann.call("GET", "/account")).json["id"], await _order(rig, ann)
    answers = [
        bare(await bob.call("GET", "/sim/events", query=f"account_id={one}"))
        for one in (account, another(account))
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    shown = (await bob.call("GET", "/sim/events")).body.decode()
    assert order not in shown
    assert account not in shown


async def test_what_is_for_administrators_tells_others_nothing(rig: Rig) -> None:
    await rig.register(ANN)
    bob = await rig.trader("bob@example.com")
    key = Trader(rig, await rig.key(bob.headers, scopes=["read", "trade"]))
    user = rig.people.user_by_email(ANN)
    assert user is not None
    for walk in WALKS:
        if walk.is_for_administrators:
            for who in (bob, key):
                answers = []
                for one in (user.id, another(user.id)):
                    path, body = sent(walk, dict.fromkeys(walk.parameters, one))
                    answers.append(await who.call(walk.method, path, body or {}))
                assert bare(answers[0]) == bare(answers[1]), walk.name
                assert answers[0].status == 403, (walk.name, answers)


@pytest.mark.parametrize(
    ("walk", "name"),
    [
        (walk, p["name"])
        for walk in SIGNED
        if not walk.is_for_administrators
        for p in walk.said.get("parameters", ())
        if p["in"] == "query" and p["name"] in CURSORS
    ],
    ids=str,
)
async def test_anothers_cursor_shows_nothing_of_theirs(rig: Rig, walk: Walk, name: str) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    await bob.order(qty="1")
    thing = await CURSORS[name](rig, ann)
    path, body = sent(walk, {})
    answer = await bob.call(walk.method, path, body, query=f"{name}={thing}")
    mine = (await ann.call("GET", "/account")).json["id"]
    assert mine not in answer.body.decode()
    if answer.status != 200:
        nobodys = await bob.call(walk.method, path, body, query=f"{name}={another(thing)}")
        assert bare(answer) == bare(nobodys)


def _names_in(schema: Any, schemas: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of all fields of a body that may name something."""
    if isinstance(schema, list):
        for one in schema:
            yield from _names_in(one, schemas, seen)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in seen:
            yield from _names_in(schemas[name], schemas, seen | {name})
        return
    for name, value in schema.get("properties", {}).items():
        if re.search(r"(^|_)ids?$|lots$|^after$", name):
            yield name
        yield from _names_in(value, schemas, seen)
    for part in ("anyOf", "oneOf", "items"):
        yield from _names_in(schema.get(part), schemas, seen)


FIELDS: Final = {
    "place_order": {"client_order_id", "lots", "id"},
    "preview_order": {"client_order_id", "lots", "id"},
    "replace_order": {"client_order_id"},
    "set_protection": {"client_order_id"},
    "create_api_key": {"account_id"},
    "plan_outcome": {"client_order_id"},
    "make_fault": {"account_id"},
}
"""Fields of bodies that name something: lots and accounts are tried below, ``client_order_id`` is a
name within one account.
"""


def test_every_field_of_a_body_that_names_something_is_known() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for walk in WALKS:
        content = walk.said.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None or walk.is_for_administrators:
            continue
        unknown = set(_names_in(schema, schemas)) - FIELDS.get(walk.name, set())
        assert not unknown, f"{walk.name}: say in FIELDS what {unknown} names, and try it here"


async def test_anothers_lots_and_accounts_in_bodies_are_not_there(rig: Rig) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    lot, account = await _lot(rig, ann), (await ann.call("GET", "/account")).json["id"]
    await bob.order()
    for path in ("/orders", "/orders/preview"):
        answers = []
        for one in (lot, another(lot)):
            chosen = {"side": "sell", "qty": "1", "lots": [{"id": one, "qty": "1"}]}
            body = {"symbol": "AAPL", "type": "market", "time_in_force": "day", **chosen}
            answers.append(bare(await bob.call("POST", path, body)))
        assert answers[0] == answers[1]
        assert "unknown_lot" in str(answers[0])
    keys = [
        bare(await bob.call("POST", "/api-keys", {"name": "x", "account_id": one}))
        for one in (account, another(account))
    ]
    assert keys[0] == keys[1]
    assert keys[0][0] == 404
    name = {"client_order_id": "the-same-name"}
    assert (await ann.order(**name)).status == (await bob.order(**name)).status == 201


# Alpaca's paths.

ALPACA_THINGS: Final[dict[str, Maker]] = {"order_id": _order, "watchlist_id": _watchlist}
ALPACA_NOBODYS: Final = frozenset(
    {"symbol", "asset", "market", "market_type", "ticktype", "contract", "rest", "activity_type"}
    | {"symbol_or_asset_id", "loc", "id", "announcement_id"}
)
ALPACA_BODIES: Final[dict[tuple[str, str], Any]] = {
    ("PATCH", "order_id"): {"limit_price": "151"},
    ("PUT", "watchlist_id"): {"name": "Other", "symbols": ["AAPL"]},
    ("POST", "watchlist_id"): {"symbol": "BTC/USD"},
}


def alpaca_parameters(pattern: str) -> list[str]:
    return re.findall(r"{(\w+)(?::path)?}", pattern)


@pytest.mark.parametrize(
    "route", ALPACA_ROUTES, ids=lambda route: f"{route.method} {route.pattern}"
)
async def test_alpacas_paths_show_only_ones_own(rig: Rig, route: Any) -> None:
    parameters = alpaca_parameters(route.pattern)
    unknown = set(parameters) - ALPACA_THINGS.keys() - ALPACA_NOBODYS
    assert not unknown, f"{route.pattern}: say in ALPACA_THINGS what {unknown} names"
    plain = re.sub(r"{\w+(:path)?}", "AAPL", route.pattern)
    if route.scope is not None:
        assert (await rig.call(route.method, plain)).status in (401, 403)
    things = [name for name in parameters if name in ALPACA_THINGS]
    if not things:
        return
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    thing = await ALPACA_THINGS[things[0]](rig, ann)
    keys = [await rig.key(who.headers) for who in (ann, bob)]
    before = await state(ann)
    body = ALPACA_BODIES.get((route.method, things[0]))

    async def asked(key: dict[str, str], name: str) -> Answer:
        path = route.pattern.replace("{" + things[0] + "}", name)
        path = re.sub(r"{\w+(:path)?}", "AAPL", path)
        return await rig.call(route.method, path, body, headers=key)

    theirs, nobodys = await asked(keys[1], thing), await asked(keys[1], another(thing))
    assert bare(theirs)[0] == bare(nobodys)[0] in (404, 422)
    assert theirs.body.replace(thing.encode(), b"") == nobodys.body.replace(
        another(thing).encode(), b""
    )
    assert await state(ann) == before
    assert (await asked(keys[0], thing)).status < 300


async def test_alpacas_queries_find_only_ones_own(rig: Rig) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    await ann.order(client_order_id="anns")
    key, path = await rig.key(bob.headers), "/v2/orders:by_client_order_id"
    found = await rig.call("GET", path, headers=key, query="client_order_id=anns")
    never = await rig.call("GET", path, headers=key, query="client_order_id=none")
    assert found.status == never.status == 404
    listed = await rig.call("GET", "/v2/orders", headers=key, query="status=all")
    assert listed.json == []
    made = await ann.call("POST", "/watchlists", {"name": "Mine", "symbols": ["AAPL"]})
    assert made.status == 201
    by_name = await rig.call("GET", "/v2/watchlists:by_name", headers=key, query="name=Mine")
    assert by_name.status == 404


# Streams and GraphQL.


async def test_a_stream_is_of_ones_own_account_alone(rig: Rig) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    account = (await ann.call("GET", "/account")).json["id"]
    token = bob.headers["Authorization"].removeprefix("Bearer ")
    async with served(rig) as port:
        async with connect(f"ws://127.0.0.1:{port}/api/v1/stream") as client:
            await told(client)
            refusals = []
            for one in (account, another(account)):
                await say(client, type="auth", token=token, account_id=one)
                refusals.append(await told(client))
            assert refusals[0]["type"] == "error"
            assert refusals[0] == refusals[1]
            await say(client, type="auth", token=token)
            assert (await told(client))["type"] == "authenticated"
            hers = (await ann.order()).json["id"]
            his = (await bob.order()).json["id"]
            frames = [await told(client) for _ in range(2)]
            assert his in str(frames)
            assert hers not in str(frames)
        # Going on after somebody else's event is no way to hear of theirs.
        async with connect(f"ws://127.0.0.1:{port}/api/v1/stream") as client:
            await told(client)
            await say(client, type="auth", token=token, resume="1-0")
            frame = {"type": ""}
            while frame["type"] not in ("resumed", "resync"):
                frame = await told(client)
                assert hers not in str(frame)
                assert account not in str(frame)


async def test_an_event_stream_is_of_ones_own_account_alone(rig: Rig) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    account = (await ann.call("GET", "/account")).json["id"]
    answers = [
        bare(await bob.call("GET", "/events", query=f"account_id={one}"))
        for one in (account, another(account))
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


FOREIGN_FIELDS: Final = [
    (operation, argument.name)
    for operation in catalog(DOCUMENT).operations.values()
    for argument in operation.arguments
    if argument.name == "account_id" or argument.name in THINGS
    if operation.operation_id not in OF_THE_WORLD
    if not operation.path.startswith("/api/v1/admin/")
]


async def test_graphql_shows_only_ones_own(rig: Rig) -> None:
    ann, bob = await rig.trader(ANN), await rig.trader("bob@example.com")
    account = (await ann.call("GET", "/account")).json["id"]
    things = {
        name: await THINGS[name](rig, ann)
        for name in {n for _, n in FOREIGN_FIELDS} & THINGS.keys()
    }
    for operation, argument in FOREIGN_FIELDS:
        thing = account if argument == "account_id" else things[argument]
        answers = []
        for one in (thing, another(thing)):
            given = {
                x.name: "AAPL" if x.name in NOBODYS else "x"
                for x in operation.arguments
                if x.is_required
            }
            given[argument] = one
            shown = ", ".join(f'{_camel(name)}: "{value}"' for name, value in given.items())
            leaves = "" if operation.answer.kind in ("anything", "text") else " { __typename }"
            query = f"{{ {_camel(operation.name)}({shown}){leaves} }}"
            answer = await bob.rig.call("POST", "/graphql", {"query": query}, headers=bob.headers)
            (error,) = answer.json["errors"]
            error.get("extensions", {}).pop("request_id", None)
            answers.append(error)
        assert answers[0] == answers[1], operation.name
        assert answers[0]["extensions"]["status"] == 404, (operation.name, answers)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_the_walk_is_awake() -> None:
    """It would say so if the document or the tables were empty."""
    assert len(WALKS) > 120
    assert len(NAMING) > 15
    assert len(ABOUT_ACCOUNTS) > 30
    assert len(ALPACA_ROUTES) > 60
    assert len(FOREIGN_FIELDS) > 15
