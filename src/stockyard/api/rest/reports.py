"""Reports over what an account did."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query

from stockyard.analytics.tax_lots import Line
from stockyard.api import tax_answers as t
from stockyard.api import taxes
from stockyard.api.auth import Caller
from stockyard.api.describing import Trait, described
from stockyard.api.exporting import file_headers
from stockyard.api.frames import token_text
from stockyard.api.papers.tax import tax_paper
from stockyard.api.rest.statements import PAPER_FILES, PAPERS, check_form, drawing, paper_answer
from stockyard.api.routes import Response, Visit, Visiting, answer, router
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
        " comma-separated values, with `html` or `pdf` a paper. It is worked out anew from all the"
        " owner's executions.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY,
        answer=t.TaxReport,
        answered="The report.",
        refusals=(429,),
        files=("text/csv", *PAPER_FILES),
    ),
)
async def tax_report(
    visit: Visiting,
    year: Annotated[int | None, Query(ge=1970, le=9999, description="Default: this one.")] = None,
    symbol: Annotated[str | None, Query(description="Only this asset.")] = None,
    format: Annotated[
        str,
        Query(
            description="`json`, `csv`, `html` or `pdf`.",
            json_schema_extra={"enum": ["json", "csv", *PAPERS]},
        ),
    ] = "json",
) -> Response:
    """Read a year's tax report."""
    caller, door = visit.caller(Scope.READ), visit.door
    check_form(format, "json", "csv", *PAPERS)
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

    with drawing(visit, caller, format):
        lines = await door.world.query(read)
        return await _shown(visit, caller, asked, wanted, lines, format)


async def _shown(
    visit: Visit, caller: Caller, year: int, wanted: int, lines: Sequence[Line], form: str
) -> Response:
    """The report of a year's lines, in a format."""
    door, view = visit.door, visit.door.view
    shown = view.instruments[wanted].symbol if wanted else None
    found = taxes.report(door.render, view.instruments, caller.account_id, year, shown, lines)
    name = f"tax-{year}"
    if form == "json":
        return answer(found)
    if form == "csv":
        headers = file_headers(name, form)
        return Response(taxes.table(found), media_type="text/csv", headers=headers)
    names = [(token_text(line.lot), token_text(line.closing)) for line in lines]
    account = view.accounts[caller.account_id].name
    return await paper_answer(form, name, tax_paper, found, account, names)
