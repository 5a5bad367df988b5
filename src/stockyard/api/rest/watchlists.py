"""Watchlists: symbols that an account keeps an eye on."""

from collections.abc import Callable, Sequence

from stockyard.api import watchlist_shapes as w
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import Reader
from stockyard.api.hot import symbol_in_path
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.people.directory import People
from stockyard.people.identity import Scope
from stockyard.people.watchlists import Watchlist

routes = router()
_new = Reader(w.WatchlistBody)
_change = Reader(w.WatchlistChangeBody)
_watched = Reader(w.WatchedBody)
TAG = "Watchlists"
_OWN = Trait.SIGNED_IN | Trait.ACCOUNT
_WRITES = _OWN | Trait.PEOPLE


def symbols_of(door: Door, said: Sequence[str]) -> list[str]:
    """Symbols as this Stockyard writes them. Raises ``Problem`` 422 for one that is not traded."""
    return [door.instrument(symbol).symbol for symbol in said]


def _shown(door: Door, found: Watchlist) -> w.Watchlist:
    return w.Watchlist(
        found.id,
        door.render.account_id(found.account_id),
        found.name,
        list(found.symbols),
        time_text(found.created_ns),
        time_text(found.updated_ns),
        found.place,
    )


async def _write(
    visit: Visit, kind: str, work: Callable[[People, int, int], Watchlist], status: int = 200
) -> Response:
    """Change a list of the caller's account: ``work`` gets the account and the time."""
    account_id, now_ns = visit.caller(Scope.TRADE).account_id, visit.door.world.clock.wall_ns()
    found = await visit.door.desk.write(lambda people: work(people, account_id, now_ns))
    told = {"name": found.name, "symbols": found.symbols}
    await visit.note(kind, found.id, after=told)
    return answer(_shown(visit.door, found), status)


@routes.get(
    "/watchlists",
    **described(
        "list_watchlists",
        TAG,
        "List the watchlists",
        traits=_OWN,
        answer=list[w.Watchlist],
        answered="The account's watchlists in their order; new ones come last.",
    ),
)
async def list_watchlists(visit: Visiting) -> Response:
    """List the watchlists."""
    caller, door = visit.caller(Scope.READ), visit.door
    found = door.desk.alone(lambda people: people.watchlists.of_account(caller.account_id))
    return answer([_shown(door, each) for each in found])


@routes.post(
    "/watchlists",
    **described(
        "create_watchlist",
        TAG,
        "Make a watchlist",
        traits=_WRITES,
        body=w.WatchlistBody,
        body_examples={"tech": {"name": "Tech", "symbols": ["MSFT", "AAPL", "BTC/USD"]}},
        refusals=(409,),
        status=201,
        answer=w.Watchlist,
        answered="The watchlist.",
    ),
)
async def create_watchlist(visit: Visiting) -> Response:
    """Make a watchlist."""
    body: w.WatchlistBody = await visit.body(_new)
    symbols = symbols_of(visit.door, body.symbols)
    return await _write(
        visit,
        "watchlist.created",
        lambda people, account_id, now_ns: people.watchlists.create(
            account_id, body.name, symbols, now_ns
        ),
        201,
    )


@routes.get(
    "/watchlists/{watchlist_id}",
    **described(
        "read_watchlist",
        TAG,
        "Read a watchlist",
        traits=_OWN | Trait.NAMED,
        answer=w.Watchlist,
        answered="The watchlist.",
    ),
)
async def read_watchlist(visit: Visiting, watchlist_id: str) -> Response:
    """Read a watchlist."""
    caller, door = visit.caller(Scope.READ), visit.door
    found = door.desk.alone(lambda people: people.watchlists.find(caller.account_id, watchlist_id))
    return answer(_shown(door, found))


@routes.patch(
    "/watchlists/{watchlist_id}",
    **described(
        "change_watchlist",
        TAG,
        "Change a watchlist",
        "`symbols` are all of them, in their new order, and `place` is where the list stands among"
        " the account's; what is left out stays as it is.",
        traits=_WRITES | Trait.NAMED,
        body=w.WatchlistChangeBody,
        body_examples={
            "order": {"symbols": ["AAPL", "MSFT"]},
            "name": {"name": "Big"},
            "first": {"place": 0},
        },
        refusals=(409,),
        answer=w.Watchlist,
        answered="The watchlist.",
    ),
)
async def change_watchlist(visit: Visiting, watchlist_id: str) -> Response:
    """Change a watchlist."""
    body: w.WatchlistChangeBody = await visit.body(_change)
    if body.name is None and body.symbols is None and body.place is None:
        raise Problem(
            422,
            "nothing_to_change",
            "the body names neither a name, nor symbols, nor a place",
            "send name, symbols or place",
        )
    symbols = None if body.symbols is None else symbols_of(visit.door, body.symbols)

    def change(people: People, account_id: int, now_ns: int) -> Watchlist:
        lists = people.watchlists
        changed = lists.change(account_id, watchlist_id, body.name, symbols, now_ns)
        return changed if body.place is None else lists.move(account_id, changed.id, body.place)

    return await _write(visit, "watchlist.changed", change)


@routes.delete(
    "/watchlists/{watchlist_id}",
    **described(
        "delete_watchlist",
        TAG,
        "Delete a watchlist",
        traits=_WRITES | Trait.NAMED,
        status=204,
        answered="It is gone.",
    ),
)
async def delete_watchlist(visit: Visiting, watchlist_id: str) -> Response:
    """Delete a watchlist."""
    account_id = visit.caller(Scope.TRADE).account_id
    await visit.door.desk.write(lambda people: people.watchlists.delete(account_id, watchlist_id))
    await visit.note("watchlist.deleted", watchlist_id)
    return Response(status_code=204)


@routes.post(
    "/watchlists/{watchlist_id}/symbols",
    **described(
        "watch_symbol",
        TAG,
        "Put a symbol on a watchlist",
        "At its end; one that is there stays where it is.",
        traits=_WRITES | Trait.NAMED,
        body=w.WatchedBody,
        body_examples={"coin": {"symbol": "BTC/USD"}},
        answer=w.Watchlist,
        answered="The watchlist.",
    ),
)
async def watch_symbol(visit: Visiting, watchlist_id: str) -> Response:
    """Put a symbol on a watchlist."""
    body: w.WatchedBody = await visit.body(_watched)
    symbol = visit.door.instrument(body.symbol).symbol
    return await _write(
        visit,
        "watchlist.symbol_added",
        lambda people, account_id, now_ns: people.watchlists.add(
            account_id, watchlist_id, symbol, now_ns
        ),
    )


@routes.delete(
    "/watchlists/{watchlist_id}/symbols/{symbol:path}",
    **described(
        "unwatch_symbol",
        TAG,
        "Take a symbol off a watchlist",
        traits=_WRITES | Trait.NAMED,
        answer=w.Watchlist,
        answered="The watchlist.",
    ),
)
async def unwatch_symbol(visit: Visiting, watchlist_id: str, symbol: str) -> Response:
    """Take a symbol off a watchlist."""
    instrument = visit.door.view.instruments[symbol_in_path(visit.door, symbol)]
    return await _write(
        visit,
        "watchlist.symbol_removed",
        lambda people, account_id, now_ns: people.watchlists.remove(
            account_id, watchlist_id, instrument.symbol, now_ns
        ),
    )
