"""What hangs on what: the fields by which a query goes on from one object to others.

Promises: an edge is a read of REST with some of its arguments taken from the object it starts at,
or, where that would be a look into storage for each object, one look for all of them. Must not
know: how anything is read.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from stockyard.api.graphql.asking import ACCOUNT


class Edge(NamedTuple):
    """A field ``name`` that is answered by the operation ``read``; ``bound``: which of its
    arguments come from which field of the object.
    """

    name: str
    read: str
    bound: Mapping[str, str]


class Batch(NamedTuple):
    """A field ``name`` that is read for many objects at once: the ``loader`` of the query's asker,
    by the object's account and ``key``. ``kind``, in ``lists`` lists, is what it is.
    """

    name: str
    loader: str
    key: str
    account: str
    kind: str
    lists: int
    about: str


_OF_ACCOUNT: Final = {"account_id": "id"}
_OF_SYMBOL: Final = {"symbol": "symbol"}
_OF_HOLDING: Final = {"symbol": "symbol", "account_id": "account_id"}
EDGES: Final[dict[str, tuple[Edge, ...]]] = {
    "Account": (
        Edge("positions", "positions", _OF_ACCOUNT),
        Edge("orders", "orders", _OF_ACCOUNT),
        Edge("activities", "activities", _OF_ACCOUNT),
        Edge("charges", "charges", _OF_ACCOUNT),
        Edge("watchlists", "watchlists", _OF_ACCOUNT),
        Edge("portfolio", "portfolio", _OF_ACCOUNT),
        Edge("equity_curve", "equity", _OF_ACCOUNT),
        Edge("portfolio_history", "portfolio_history", _OF_ACCOUNT),
        Edge("performance", "performance", _OF_ACCOUNT),
    ),
    "Position": (
        Edge("lots", "lots", _OF_HOLDING),
        Edge("asset", "asset", _OF_SYMBOL),
        Edge("latest", "quote", _OF_SYMBOL),
    ),
    "Order": (Edge("asset", "asset", _OF_SYMBOL), Edge("latest", "quote", _OF_SYMBOL)),
    "Asset": (Edge("latest", "quote", _OF_SYMBOL), Edge("company", "company", _OF_SYMBOL)),
    "Watchlist": (Edge("latest", "quotes", {"symbols": "symbols"}),),
}
BATCHES: Final[dict[str, tuple[Batch, ...]]] = {
    "Order": (
        Batch(
            "fills",
            "executions",
            "id",
            "account_id",
            "Execution",
            1,
            "Its executions, oldest first: one look for all orders of the query.",
        ),
    ),
    "OpenLot": (
        Batch(
            "fill",
            "openings",
            "id",
            ACCOUNT,
            "Execution",
            0,
            "The execution that opened it: one look for all lots of the query.",
        ),
    ),
}


def bound(edge: Edge, source: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that an edge takes from the object it starts at."""
    found = {name: source.get(key) for name, key in edge.bound.items()}
    return {
        name: ",".join(value) if isinstance(value, list) else value for name, value in found.items()
    }
