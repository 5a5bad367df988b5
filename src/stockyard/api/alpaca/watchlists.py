"""Watchlists in Alpaca's words: by id, and by name."""

from collections.abc import Callable
from typing import Final

import msgspec

from stockyard.api.alpaca.assets import Asset, asset, found_asset
from stockyard.api.alpaca.errors import PARAMETER, Refusal
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.api.alpaca.words import timestamp
from stockyard.api.door import Door, encode
from stockyard.api.fields import Reader
from stockyard.people.directory import People
from stockyard.people.identity import Scope
from stockyard.people.watchlists import Watchlist

BY_ID: Final = "/v2/watchlists/{watchlist_id}"
BY_NAME: Final = "/v2/watchlists:by_name"


class Listed(msgspec.Struct, gc=False):
    """A watchlist in the list of them."""

    id: str
    account_id: str
    name: str
    created_at: str
    updated_at: str


class Shown(Listed, gc=False):
    """A watchlist with its assets."""

    assets: list[Asset]


class Body(msgspec.Struct):
    """A watchlist as it is to be."""

    name: str | None = None
    symbols: list[str] | None = None


class Added(msgspec.Struct):
    """A symbol to put at the end; null adds none."""

    symbol: str | None = None


_body: Final = Reader(Body)
_added: Final = Reader(Added)


def _listed(door: Door, found: Watchlist) -> tuple[str, str, str, str, str]:
    return (
        found.id,
        door.render.account_id(found.account_id),
        found.name,
        timestamp(found.created_ns),
        timestamp(found.updated_ns),
    )


def shown(door: Door, found: Watchlist) -> Shown:
    """A watchlist with its assets, in its order."""
    rows = [door.instrument(symbol) for symbol in found.symbols]
    return Shown(*_listed(door, found), assets=[asset(door, row) for row in rows])


def _find(call: Call, people: People) -> Watchlist:
    """The list that the path or ``name`` means. Raises ``UserError``, ``Refusal``."""
    account_id, lists = call.caller.account_id, people.watchlists
    named = call.named.get("watchlist_id")
    if named is not None:
        return lists.find(account_id, named)
    name = call.query.text("name")
    if name is None:
        raise Refusal(422, PARAMETER, "name is missing; send the watchlist's name as ?name=")
    return lists.named(account_id, name)


def _symbols(door: Door, said: list[str] | None) -> list[str] | None:
    """Symbols as this Stockyard writes them. Raises ``Problem`` for one it does not know."""
    return None if said is None else [door.instrument(symbol).symbol for symbol in said]


async def _write(call: Call, kind: str, work: Callable[[People, int], Watchlist]) -> Reply:
    """Change a list: ``work`` gets the time."""
    now_ns = call.door.world.clock.wall_ns()
    found = await call.door.desk.write(lambda people: work(people, now_ns))
    await call.note(kind, found.id, after={"name": found.name, "symbols": found.symbols})
    return Reply(200, encode(shown(call.door, found)))


async def list_watchlists(call: Call) -> Reply:
    """GET /v2/watchlists: without their assets."""
    door, account_id = call.door, call.caller.account_id
    found = door.desk.alone(lambda people: people.watchlists.of_account(account_id))
    return Reply(200, encode([Listed(*_listed(door, each)) for each in found]))


async def create_watchlist(call: Call) -> Reply:
    """POST /v2/watchlists."""
    body: Body = _body.read(await call.body())
    if body.name is None:
        raise Refusal(422, PARAMETER, "name is missing; give the watchlist a name")
    name, symbols = body.name, _symbols(call.door, body.symbols) or []
    account_id = call.caller.account_id
    return await _write(
        call,
        "watchlist.created",
        lambda people, now_ns: people.watchlists.create(account_id, name, symbols, now_ns),
    )


async def read_watchlist(call: Call) -> Reply:
    """GET one."""
    found = call.door.desk.alone(lambda people: _find(call, people))
    return Reply(200, encode(shown(call.door, found)))


async def change_watchlist(call: Call) -> Reply:
    """PUT: another name, other symbols, or both."""
    body: Body = _body.read(await call.body())
    if body.name is None and body.symbols is None:
        raise Refusal(422, PARAMETER, "nothing to change; send name, symbols or both")
    symbols = _symbols(call.door, body.symbols)
    return await _write(
        call,
        "watchlist.changed",
        lambda people, now_ns: people.watchlists.change(
            call.caller.account_id, _find(call, people).id, body.name, symbols, now_ns
        ),
    )


async def add_symbol(call: Call) -> Reply:
    """POST to one: put a symbol at its end."""
    body: Added = _added.read(await call.body())
    if body.symbol is None:
        raise Refusal(422, PARAMETER, "symbol is missing; send the one to add")
    symbol = call.door.instrument(body.symbol).symbol
    return await _write(
        call,
        "watchlist.symbol_added",
        lambda people, now_ns: people.watchlists.add(
            call.caller.account_id, _find(call, people).id, symbol, now_ns
        ),
    )


async def remove_symbol(call: Call) -> Reply:
    """DELETE a symbol from one."""
    symbol = found_asset(call.door, call.named["symbol"]).symbol
    return await _write(
        call,
        "watchlist.symbol_removed",
        lambda people, now_ns: people.watchlists.remove(
            call.caller.account_id, _find(call, people).id, symbol, now_ns
        ),
    )


async def delete_watchlist(call: Call) -> Reply:
    """DELETE one."""
    account_id = call.caller.account_id

    def forget(people: People) -> str:
        found = _find(call, people).id
        people.watchlists.delete(account_id, found)
        return found

    gone = await call.door.desk.write(forget)
    await call.note("watchlist.deleted", gone)
    return Reply(204)


ROUTES: Final = (
    Route("GET", "/v2/watchlists", Scope.READ, list_watchlists),
    Route("POST", "/v2/watchlists", Scope.TRADE, create_watchlist),
    *(
        route
        for path in (BY_ID, BY_NAME)
        for route in (
            Route("GET", path, Scope.READ, read_watchlist),
            Route("PUT", path, Scope.TRADE, change_watchlist),
            Route("POST", path, Scope.TRADE, add_symbol),
            Route("DELETE", path, Scope.TRADE, delete_watchlist),
        )
    ),
    Route("DELETE", BY_ID + "/{symbol:path}", Scope.TRADE, remove_symbol),
)
