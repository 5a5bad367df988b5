"""GraphQL: what REST shows, in one request; the same authorisation; bounds that hold."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from stockyard.api.application import framework
from stockyard.api.document import document
from stockyard.api.graphql.asking import REQUESTS_MAX, ROWS_MAX
from stockyard.api.graphql.bounds import ALIASES_MAX, COST_MAX, DEPTH_MAX
from stockyard.api.graphql.catalog import ANYTHING, catalog
from stockyard.api.graphql.schema import GraphSchema
from stockyard.api.graphql.serving import PROTOCOL, SUBSCRIPTIONS_MAX
from stockyard.api.settings import ApiSettings
from tests.api.rig import Answer, Rig, Trader, http_scope
from tests.api.serving import PATIENCE, served

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "schema.graphql"
TREE = """query Tree($limit: Long) {
  accounts {
    id cash equity
    positions { symbol qty latest { bid } asset { symbol } lots { qty fill { id price rule } } }
    orders(status: "all", limit: $limit) { id status fills { id price qty fees { kind amount } } }
  }
}"""


async def ask(who: Rig | Trader, query: str, **said: Any) -> Answer:
    """Send a query."""
    rig, headers = (who.rig, who.headers) if isinstance(who, Trader) else (who, {})
    headers = {**headers, **said.pop("headers", {})}
    return await rig.call("POST", "/graphql", {"query": query, **said}, headers=headers)


async def shown(who: Rig | Trader, query: str, **said: Any) -> Any:
    """The data of a query that has no errors."""
    answer = await ask(who, query, **said)
    assert answer.status == 200, answer
    assert "errors" not in answer.json, answer.json["errors"]
    return answer.json["data"]


async def refused(who: Rig | Trader, query: str, **said: Any) -> Any:
    """The first error of a query."""
    answer = await ask(who, query, **said)
    assert answer.status == 200, answer
    return answer.json["errors"][0]


def counted(rig: Rig) -> list[str]:
    """Counts the looks into storage from now on."""
    looks: list[str] = []
    database = rig.world.store._database  # type: ignore[attr-defined]
    plain = database.query

    def query(sql: str, params: Any = ()) -> Any:
        looks.append(sql)
        return plain(sql, params)

    database.query = query
    return looks


async def test_a_tree_shows_what_rest_shows(rig: Rig, ann: Trader) -> None:
    await ann.order(qty="2")
    await ann.order(qty="3")
    await ann.order(type="limit", limit_price="150", qty="1")
    (account,) = (await shown(ann, TREE))["accounts"]
    plain = (await ann.call("GET", "/account")).json
    assert (account["id"], account["cash"]) == (plain["id"], plain["cash"])
    assert account["equity"] == plain["equity"]
    (position,) = account["positions"]
    assert position["latest"] == {"bid": "189.99"}
    lots = (await ann.call("GET", "/positions/AAPL/lots")).json
    assert [lot["qty"] for lot in position["lots"]] == [lot["qty"] for lot in lots]
    assert [lot["fill"]["id"] for lot in position["lots"]] == [lot["id"] for lot in lots]
    orders = (await ann.call("GET", "/orders", query="status=all")).json
    assert [order["id"] for order in account["orders"]] == [order["id"] for order in orders]
    for order in account["orders"]:
        fills = (await ann.call("GET", f"/orders/{order['id']}/executions")).json
        assert [fill["id"] for fill in order["fills"]] == [fill["id"] for fill in fills]
        assert [fill["fees"] for fill in order["fills"]] == [fill["fees"] for fill in fills]


async def test_looks_into_storage_do_not_grow_with_what_is_found(rig: Rig, ann: Trader) -> None:
    await ann.order(qty="1")
    looks = counted(rig)
    await shown(ann, TREE)
    few = len(looks)
    for _ in range(20):
        await ann.order(qty="1")
    looks.clear()
    (account,) = (await shown(ann, TREE))["accounts"]
    assert len(account["positions"][0]["lots"]) == len(account["orders"]) == 21
    assert len(looks) == few > 0


async def test_every_read_of_rest_is_a_field_or_has_a_reason() -> None:
    found = document(framework(ApiSettings()), "1")
    known = {operation.path for operation in catalog(found).operations.values()}
    left = {
        path
        for path, item in found["paths"].items()
        if "get" in item and path.startswith("/api/v1") and path not in known
    }
    assert all(
        path == "/api/v1/events"
        or path.startswith("/api/v1/auth/")
        or "application/json" not in found["paths"][path]["get"]["responses"]["200"]["content"]
        for path in left
    ), left


async def test_nothing_of_an_order_or_account_is_without_a_type() -> None:
    objects = catalog(document(framework(ApiSettings()), "1")).objects
    for name in ("Account", "Order", "Position", "OpenLot", "Execution", "Quote"):
        assert not [part.name for part in objects[name][1] if part.shape.kind == ANYTHING], name


async def test_the_reference_is_current() -> None:
    schema = GraphSchema(catalog(document(framework(ApiSettings()), "1")))
    assert REFERENCE.read_text() == schema.text(), "run `make docs`"


async def test_public_reads_need_no_sign_in_and_others_say_so(rig: Rig) -> None:
    assert (await shown(rig, '{ asset(symbol: "BTC/USD") { symbol } }'))["asset"]
    error = await refused(rig, "{ accounts { id } }")
    assert error["extensions"]["code"] == "missing_credentials"
    assert error["extensions"]["status"] == 401
    assert error["path"] == ["accounts"]


async def test_somebody_elses_things_are_not_there(rig: Rig, ann: Trader, bob: Trader) -> None:
    order = (await ann.order()).json
    account = order["account_id"]
    for query in (
        f'{{ order(orderId: "{order["id"]}") {{ id }} }}',
        f'{{ account(accountId: "{account}") {{ id }} }}',
        f'{{ positions(accountId: "{account}") {{ symbol }} }}',
        f'{{ orders(accountId: "{account}") {{ id fills {{ id }} }} }}',
        f'{{ executions(orderId: "{order["id"]}") {{ id }} }}',
    ):
        theirs = await refused(bob, query)
        nobodys = await refused(bob, query.replace(order["id"], order["id"][:-1] + "f"))
        assert theirs["extensions"]["status"] == 404, query
        for error in (theirs, nobodys):
            error["extensions"].pop("request_id")
        assert theirs == nobodys
    assert (await shown(bob, TREE))["accounts"][0]["positions"] == []


async def test_batches_are_checked_like_everything_else(rig: Rig, ann: Trader, bob: Trader) -> None:
    """Even if an order of another account came to be shown, its fills would not be."""
    await ann.order()
    (order,) = (await ann.call("GET", "/orders", query="status=all")).json
    from stockyard.api.graphql.asking import Asker
    from stockyard.api.heads import Head

    headers = [(k.lower().encode(), v.encode()) for k, v in bob.headers.items()]
    scope: Any = {"path": "/graphql", "headers": headers, "query_string": b"", "client": None}
    asker = Asker(rig.app.door, rig.app._serve_within, Head(scope), headers, None)
    mine = (await bob.call("GET", "/account")).json["id"]
    assert await asker.executions.load((mine, order["id"])) == []
    with pytest.raises(Exception, match="account"):
        await asker.executions.load((order["account_id"], order["id"]))


async def test_a_key_without_the_scope_is_refused(rig: Rig, ann: Trader) -> None:
    key = Trader(rig, await rig.key(ann.headers, scopes=["trade"]))
    error = await refused(key, "{ accounts { id } }")
    assert error["extensions"]["code"] == "scope_missing"


async def test_what_is_refused_leaves_the_rest(rig: Rig, ann: Trader) -> None:
    answer = (await ask(ann, '{ me { user { name } } quote(symbol: "NOPE") { bid } }')).json
    assert answer["data"]["me"]["user"]["name"] == "Ann"
    assert answer["data"]["quote"] is None
    assert [error["path"] for error in answer["errors"]] == [["quote"]]


async def test_an_account_is_chosen_by_argument_or_header(rig: Rig, ann: Trader) -> None:
    second = (await ann.call("POST", "/accounts", {"name": "second"})).json["id"]
    query = "query Of($id: String) { account(accountId: $id) { id name } positions { symbol } }"
    found = await shown(ann, query, variables={"id": second}, operationName="Of")
    assert found["account"]["id"] == second
    named = await shown(ann, "{ account { id } }", headers={"X-Account-ID": second})
    assert named["account"]["id"] == second


def nested(depth: int) -> str:
    """A query that goes on from an order to its legs, so deep."""
    return "{ orders { id " + "legs { id " * depth + "} " * depth + "} }"


def introspected(depth: int) -> str:
    """A question about the schema that goes round in it."""
    return "{ __schema { types { " + "fields { type { " * depth + "name" + " } }" * depth + " } } }"


async def test_bombs_are_refused_before_anything_is_read(rig: Rig, ann: Trader) -> None:
    looks = counted(rig)
    bombs = {
        "depth": nested(DEPTH_MAX + 1),
        "alias": "{ "
        + " ".join(f"a{n}: clock {{ timestamp }}" for n in range(ALIASES_MAX + 1))
        + " }",
        "token": "{ " + "clock { timestamp } " * 2_000 + "}",
        "cost": "{ orders(limit: 500) { legs { legs { fills { fees { kind } } } } } }",
        "fragment": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "ntrospection": introspected(8),
    }
    for word, query in bombs.items():
        error = await refused(ann, query)
        assert word in error["message"].lower(), (word, error)
    assert looks == []


async def test_a_cost_hidden_in_fragments_and_variables_counts(rig: Rig, ann: Trader) -> None:
    query = """query ($limit: Long) { ...A }
      fragment A on Query { orders(limit: $limit) { ...B } }
      fragment B on Order { fills { fees { kind amount } id price } legs { fills { id } } }"""
    assert "errors" not in (await ask(ann, query, variables={"limit": 5})).json
    error = await refused(ann, query, variables={"limit": COST_MAX})
    assert error["extensions"]["code"] == "query_too_costly"


async def test_what_is_read_is_bounded_as_well(rig: Rig, ann: Trader) -> None:
    few = " ".join(f"a{n}: assets {{ symbol }}" for n in range(ALIASES_MAX - 1))
    assert "errors" not in (await ask(ann, f"{{ {few} }}")).json
    both = " ".join(f"a{n}: assets {{ symbol latest {{ bid }} }}" for n in range(ALIASES_MAX - 1))
    answer = (await ask(ann, f"{{ {both} }}")).json
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"query_too_large"}
    assert REQUESTS_MAX < 24 * (ALIASES_MAX - 1) < ROWS_MAX


async def test_a_slash_in_an_argument_leads_nowhere_else(rig: Rig, ann: Trader) -> None:
    order = (await ann.order()).json["id"]
    for given in (f"{order}/executions", "../account", f"{order}?account_id=1", "a\u0000b", ""):
        error = await refused(
            ann, "query ($id: String!) { order(orderId: $id) { id } }", variables={"id": given}
        )
        assert error["extensions"]["status"] in (404, 422), given


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, "invalid_query", {"body": b"{}", "headers": {"content-type": "application/json"}}),
        (400, "invalid_query", {"body": b"[]", "headers": {"content-type": "application/json"}}),
        (400, "invalid_query", {"body": b"\xff", "headers": {"content-type": "application/json"}}),
        (415, "unsupported_media_type", {"body": b"{}", "headers": {"content-type": "text/plain"}}),
        (415, "unsupported_media_type", {"body": b"query=1"}),
        (413, "body_too_large", {"json": {"query": "{ clock { timestamp } }" + " " * 70_000}}),
        (403, "cross_site", {"json": {"query": "{}"}, "headers": {"sec-fetch-site": "cross-site"}}),
    ],
)
async def test_requests_that_are_none(
    rig: Rig, status: int, code: str, said: dict[str, Any]
) -> None:
    answer = await rig.call("POST", "/graphql", **said)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["x-request-id"]


async def test_only_post_and_only_queries(rig: Rig, ann: Trader) -> None:
    answer = await rig.call("GET", "/graphql", query="query={clock{timestamp}}")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    for query in ("mutation { clock { timestamp } }", "subscription { events { type } }", ""):
        assert (await ask(ann, query)).json["code"] == "invalid_query", query
    for query in ("{", "{}", "{ nothing }"):
        assert "errors" in (await ask(ann, query)).json, query
    unnamed = await ask(ann, "query A { house { version } }", operationName="B")
    assert unnamed.json["code"] == "invalid_query"


async def test_a_fault_of_ours_is_told_as_one(
    rig: Rig, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("the secret inside")

    await ann.order()
    monkeypatch.setattr(type(rig.world.store), "fills_of", broken)
    error = await refused(ann, '{ orders(status: "all") { fills { id } } }')
    assert error["extensions"]["code"] == "internal_error"
    assert "secret" not in str(error)


async def test_who_leaves_before_the_query_is_read_is_answered_nothing(rig: Rig) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [("content-type", "application/json"), ("content-length", "100")]
    await rig.app(http_scope("POST", "/graphql", "", headers), receive, send)
    assert sent == []


# Subscriptions, over real sockets.


class Subscriber:
    """A client of ``graphql-transport-ws``."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send(msgspec.json.encode(message).decode())

    async def told(self) -> Any:
        return msgspec.json.decode(await asyncio.wait_for(self.socket.recv(), PATIENCE))

    async def begin(self, **payload: str) -> None:
        await self.say(type="connection_init", payload=payload)
        assert (await self.told())["type"] == "connection_ack"

    async def subscribe(self, query: str, name: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.say(type="subscribe", id=name, payload=payload)

    async def frame(self) -> Any:
        """The next frame's data; fails on an error."""
        message = await self.told()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]["events"]

    async def until(self, kind: str) -> Any:
        """The next frame of a type."""
        while (found := await self.frame())["type"] != kind:
            pass
        return found


def opened(port: int, protocol: str = PROTOCOL) -> Any:
    return connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol(protocol)])


FRAMES = """subscription ($after: String) { events(after: $after, channels: "quotes") {
  type event token prev quotes { symbol bid } fill { price qty } order { id status } body } }"""


async def test_a_subscriber_hears_of_quotes_and_its_own_fills(rig: Rig, ann: Trader) -> None:
    async with served(rig) as port, opened(port) as socket:
        client = Subscriber(socket)
        await client.begin(**ann.headers)
        await client.subscribe(FRAMES)
        begun = await client.until("authenticated")
        first = begun["body"]["token"]
        await ann.order(qty="2")
        fill = await client.until("fill")
        assert fill["fill"] == {"price": "190.01", "qty": "2"}
        assert fill["order"]["status"] == "filled"
        rig.quote("AAPL", 191.00, 191.02)
        quotes = await client.until("quotes")
        assert {"symbol": "AAPL", "bid": "191.00"} in quotes["quotes"]
        await client.say(type="complete", id="1")
        # Another takes up after what it had seen, and misses nothing.
        await client.subscribe(FRAMES, "2", after=first)
        assert (await client.until("order"))["prev"] == first
        assert (await client.until("fill"))["token"] == fill["token"]
    assert not list(rig.app.gateway)


async def test_a_stranger_hears_what_is_public_and_nothing_else(rig: Rig, ann: Trader) -> None:
    async with served(rig) as port, opened(port) as socket:
        client = Subscriber(socket)
        await client.begin()
        await client.subscribe('subscription { events(symbols: "AAPL") { type quotes { bid } } }')
        assert (await client.until("snapshot"))["quotes"] == [{"bid": "189.99"}]
        await client.subscribe("{ accounts { id } }", "2")
        while (message := await client.told())["id"] != "2":
            pass
        assert message["payload"]["errors"][0]["extensions"]["code"] == "missing_credentials"
        await client.subscribe(FRAMES, "3", after="1-0")
        while (message := await client.told())["id"] != "3":
            pass
        assert message["payload"]["errors"][0]["extensions"]["status"] == 401


async def test_wrong_credentials_and_channels_are_refused_in_rests_words(rig: Rig) -> None:
    async with served(rig) as port, opened(port) as socket:
        client = Subscriber(socket)
        await client.begin(Authorization="Bearer sy_" + "x" * 43)
        await client.subscribe("subscription { events { type } }")
        error = (await client.told())["payload"]["errors"][0]
        assert error["extensions"]["code"] == "invalid_token"
        async with opened(port) as another:
            client = Subscriber(another)
            await client.begin()
            await client.subscribe('subscription { events(channels: "gossip") { type } }')
            error = (await client.told())["payload"]["errors"][0]
            assert error["extensions"]["code"] == "unknown_channel"


async def test_a_connection_has_so_many_subscriptions(rig: Rig) -> None:
    async with served(rig) as port, opened(port) as socket:
        client = Subscriber(socket)
        await client.begin()
        for number in range(SUBSCRIPTIONS_MAX + 1):
            await client.subscribe("subscription { events { type } }", str(number))
        while (message := await client.told())["type"] != "error":
            pass
        assert message["id"] == str(SUBSCRIPTIONS_MAX)


async def test_only_the_new_protocol_and_only_our_own_pages(rig: Rig) -> None:
    async with served(rig) as port:
        with pytest.raises((ConnectionClosed, InvalidHandshake, AssertionError)):
            async with opened(port, "graphql-ws") as socket:
                await Subscriber(socket).begin()
        with pytest.raises((ConnectionClosed, InvalidHandshake)):
            async with connect(
                f"ws://127.0.0.1:{port}/graphql",
                subprotocols=[Subprotocol(PROTOCOL)],
                additional_headers={"Origin": "http://elsewhere.example"},
            ) as socket:
                await Subscriber(socket).begin()
        async with opened(port) as socket:
            await Subscriber(socket).subscribe("{ clock { timestamp } }")
            with pytest.raises(ConnectionClosed) as closed:
                await Subscriber(socket).told()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
