"""Histories to take away, as comma-separated values, JSON or Parquet."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Query

from stockyard.api import answers as a
from stockyard.api import fields
from stockyard.api import statement_answers as s
from stockyard.api.activity import Activities, Kinds
from stockyard.api.activity_answers import Activity
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.exporting import export
from stockyard.api.rest.activity import KindWord, SymbolWord, When, instrument_named, kinds_named
from stockyard.api.rest.orders import Made, SideWord, StatusWord, TypeWord, orders_wanted
from stockyard.api.routes import Response, Visit, Visiting, router
from stockyard.api.statements import Statements
from stockyard.api.tables import FORMATS
from stockyard.model.numbers import LEGS_MAX
from stockyard.people.identity import Scope
from stockyard.projections.postings import Ledger
from stockyard.projections.store import OrderFilter, ReadStore, Stretch

routes = router()
TAG: Final = "Exports"
_READS = Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY
_FILES = tuple(kind for kind in FORMATS.values() if kind != "application/json")
Form = Annotated[
    str,
    Query(description="`csv`, `json` or `parquet`.", json_schema_extra={"enum": list(FORMATS)}),
]
ACTIVITY_COLUMNS: Final = Activity.__struct_fields__
ORDER_COLUMNS: Final = (
    "id", "client_order_id", "created_at", "symbol", "side", "type", "time_in_force", "order_class",
    "extended_hours", "qty", "notional", "limit_price", "stop_price", "trail_price",
    "trail_percent", "status", "lifecycle", "reason", "filled_qty", "filled_avg_price", "fees",
    "filled_at", "expires_at", "updated_at", "parent_id", "replaces", "replaced_by", "version",
    "profile",
)  # fmt: skip


class ActivitySource:
    """What happened to an account, newest first."""

    name, columns = "activities", ACTIVITY_COLUMNS

    def __init__(self, door: Door, account_id: int, kinds: Kinds, some: Stretch) -> None:
        self._account_id, self._kinds = account_id, kinds
        # What happens while it is being read comes after it.
        self._some = some._replace(before=(door.view.seq + 1, 0))
        self._told = Activities(door.render, door.view.instruments)

    def count(self, store: ReadStore) -> int:
        """How many there are."""
        return store.count_happenings(self._account_id, self._kinds, self._some)

    def page(self, store: ReadStore, limit: int) -> list[Any] | None:
        """The next ones."""
        some = self._some._replace(limit=limit)
        found = store.happenings(self._account_id, self._kinds, some)
        if not found:
            return None
        self._some = some._replace(before=found[-1][:2])
        return [self._told.tell(*one) for one in found]


class OrderSource:
    """An account's orders, newest first, each leg by itself."""

    name, columns = "orders", ORDER_COLUMNS

    def __init__(self, door: Door, wanted: OrderFilter) -> None:
        self._wanted = wanted._replace(after=(door.view.seq + 1) * LEGS_MAX)
        self._render = door.render

    def count(self, store: ReadStore) -> int:
        """How many there are."""
        return store.count_orders(self._wanted)

    def page(self, store: ReadStore, limit: int) -> list[Any] | None:
        """The next ones."""
        found = store.orders(self._wanted._replace(limit=limit))
        if not found:
            return None
        self._wanted = self._wanted._replace(after=found[-1].order_id)
        return [self._render.order(row) for row in found]


class PostingSource:
    """An account's ledger, oldest first."""

    name, columns = "postings", s.POSTING_COLUMNS

    def __init__(self, door: Door, account_id: int, from_ns: int, to_ns: int) -> None:
        self._door, self._account_id = door, account_id
        self._from_ns, self._to_ns, self._last = from_ns, to_ns, door.view.seq
        self._told = Statements(door.render, door.view.instruments)
        self._ledger: Ledger | None = None
        self._after, self._to_seq = (0, -1), 0

    def count(self, store: ReadStore) -> int:
        """How many events post anything: most post one line, a sale a few."""
        begin = store.first_seq_from(self._from_ns) if self._from_ns else 0
        end = store.first_seq_from(self._to_ns) if self._to_ns else self._last + 1
        self._to_seq = min(end, self._last + 1)
        self._after = (begin, -1)
        return store.count_ledger_events(self._account_id, self._after, self._to_seq)

    def page(self, store: ReadStore, limit: int) -> list[Any] | None:
        """The next ones."""
        if self._ledger is None:
            self._ledger = self._door.books.ledger(store, self._account_id, self._after[0])
        page = store.ledger_events(self._account_id, self._after, self._to_seq, limit)
        if not page:
            return None
        self._after = page[-1][:2]
        return [self._told.posting(line) for line in self._ledger.post_all(page)]


def _words(name: str, summary: str, about: str, answer: Any) -> dict[str, Any]:
    return described(
        name,
        TAG,
        summary,
        about + " At most 1000000 rows; a file that could not be finished is cut off in the middle"
        " of its transfer, which HTTP clients report.",
        traits=_READS,
        answer=answer,
        answered="The file.",
        refusals=(429,),
        files=_FILES,
    )


async def _export(visit: Visit, source: Any, form: str) -> Response:
    door, user_id = visit.door, visit.identity().user_id
    return await export(door.world, door.slots, user_id, visit.request.scope, source, form)


def _times(start: str | None, end: str | None) -> tuple[int, int]:
    return (
        fields.day_or_moment("start", start) if start is not None else 0,
        fields.day_or_moment("end", end) if end is not None else 0,
    )


@routes.get(
    "/exports/activities",
    **_words(
        "export_activities",
        "Export what happened to the account",
        "As `GET /api/v1/account/activities`, whole.",
        list[Activity],
    ),
)
async def export_activities(
    visit: Visiting,
    format: Form = "csv",
    kind: KindWord = None,
    start: When = None,
    end: When = None,
    symbol: SymbolWord = None,
) -> Response:
    """Export what happened to the account."""
    caller = visit.caller(Scope.READ)
    some = Stretch(None, 0, *_times(start, end), instrument_named(visit, symbol))
    source = ActivitySource(visit.door, caller.account_id, kinds_named(kind), some)
    return await _export(visit, source, format)


@routes.get(
    "/exports/orders",
    **_words(
        "export_orders",
        "Export the orders",
        "As `GET /api/v1/orders`, whole; legs are rows of their own.",
        list[a.Order],
    ),
)
async def export_orders(
    visit: Visiting,
    format: Form = "csv",
    status: StatusWord = "all",
    symbol: Annotated[str | None, Query()] = None,
    side: SideWord = None,
    type: TypeWord = None,
    start: Made = None,
    end: Made = None,
) -> Response:
    """Export the orders."""
    caller, door = visit.caller(Scope.READ), visit.door
    wanted = orders_wanted(door, caller.account_id, status, symbol, side, type, start, end)
    return await _export(visit, OrderSource(door, wanted), format)


@routes.get(
    "/exports/postings",
    **_words(
        "export_postings",
        "Export the ledger",
        "Every posting to the account, oldest first: what moved its cash, its margin set apart and"
        " its positions, with the event that did. Statements are sums of these. The JSON holds"
        " the counter-postings to the house's books too.",
        list[s.Posting],
    ),
)
async def export_postings(
    visit: Visiting, format: Form = "csv", start: When = None, end: When = None
) -> Response:
    """Export the ledger."""
    caller = visit.caller(Scope.READ)
    source = PostingSource(visit.door, caller.account_id, *_times(start, end))
    return await _export(visit, source, format)


COLUMNS: Final[dict[str, Sequence[str]]] = {
    source.name: source.columns for source in (ActivitySource, OrderSource, PostingSource)
}
"""The columns of each export, as CSV and Parquet have them."""
