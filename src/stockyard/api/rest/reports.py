"""Reports over what an account did."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.analytics.tax_lots import Line
from stockyard.api import tax_answers as t
from stockyard.api import taxes
from stockyard.api.describing import Trait, described
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.model.codes import AssetClass
from stockyard.people.identity import Scope
from stockyard.projections.store import ReadStore
from stockyard.projections.tax_report import new_york_day, tax_lines

routes = router()
TAG: Final = "Reports"


@routes.get(
    "/reports/tax",
    **described(
        "tax_report",
        TAG,
        "Read a year's tax report",
        "Every lot the account closed in a year, with its term, what wash sales disallow (matched"
        " across all accounts of the owner) and both profits; with `format=csv` the lines as"
        " comma-separated values. It is worked out anew from all the owner's executions.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY,
        answer=t.TaxReport,
        answered="The report.",
        text="text/csv",
    ),
)
async def tax_report(
    visit: Visiting,
    year: Annotated[int | None, Query(ge=1970, le=9999, description="Default: this one.")] = None,
    symbol: Annotated[str | None, Query(description="Only this asset.")] = None,
    format: Annotated[
        str, Query(description="`json` or `csv`.", json_schema_extra={"enum": ["json", "csv"]})
    ] = "json",
) -> Response:
    """Read a year's tax report."""
    caller, door = visit.caller(Scope.READ), visit.door
    if format not in ("json", "csv"):
        raise Problem(
            422, "invalid_parameter", "the format is unknown", "send json or csv", field="format"
        )
    wanted = door.instrument(symbol).instrument_id if symbol is not None else 0
    asked = new_york_day(door.world.clock.now_ns()).year if year is None else year
    view = door.view
    accounts = list(view.accounts_of[view.accounts[caller.account_id].owner])
    exempt = frozenset(
        [i for i, x in view.instruments.items() if x.asset_class == AssetClass.CRYPTO]
    )

    def read(store: ReadStore) -> list[Line]:
        return [
            line
            for line in tax_lines(store.moves(accounts), exempt)
            if line.account_id == caller.account_id
            and line.closed.year == asked
            and wanted in (0, line.asset)
        ]

    lines = await door.world.query(read)
    shown = view.instruments[wanted].symbol if wanted else None
    found = taxes.report(door.render, view.instruments, caller.account_id, asked, shown, lines)
    if format == "csv":
        return Response(taxes.table(found), media_type="text/csv")
    return answer(found)
