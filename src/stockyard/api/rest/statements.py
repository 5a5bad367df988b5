"""Monthly statements."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

from fastapi import Query

from stockyard.api import statement_answers as s
from stockyard.api.auth import Caller
from stockyard.api.describing import Trait, described
from stockyard.api.exporting import file_headers
from stockyard.api.papers import html, pdf
from stockyard.api.papers.paper import Paper
from stockyard.api.papers.statement import statement_paper
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.statements import (
    Month,
    Statements,
    marks,
    months,
    prices_at,
    shown_month,
)
from stockyard.people.identity import Scope
from stockyard.projections.statements import Statement

routes = router()
TAG: Final = "Reports"
PAPERS: Final = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
"""Media types of papers by format."""
PAPER_FILES: Final = ("text/html", "application/pdf")
_READS = Trait.SIGNED_IN | Trait.ACCOUNT
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
Form = Annotated[
    str,
    Query(description="`json`, `html` or `pdf`.", json_schema_extra={"enum": ["json", *PAPERS]}),
]


@routes.get(
    "/statements",
    **described(
        "list_statements",
        TAG,
        "List the account's statements",
        "One for each month of New York since the account was opened, newest first; the first may"
        " not be over yet.",
        traits=_READS,
        answer=list[s.StatementMonth],
        answered="The months.",
    ),
)
async def list_statements(visit: Visiting) -> Response:
    """List the account's statements."""
    caller, door = visit.caller(Scope.READ), visit.door
    now_ns = door.world.clock.now_ns()
    found = months(door.view.accounts[caller.account_id], now_ns)
    return answer([shown_month(month, now_ns) for month in found])


@routes.get(
    "/statements/{month}",
    **described(
        "read_statement",
        TAG,
        "Read a month's statement",
        "Where the account stood at the beginning and at the end, the sums of all postings between"
        " by kind, fees, realized profit, positions with their prices, and every posting with the"
        " event that made it; as JSON, or as a paper in HTML or PDF.",
        traits=_READS | Trait.NAMED | Trait.HISTORY,
        answer=s.Statement,
        answered="The statement.",
        refusals=(429,),
        files=PAPER_FILES,
    ),
)
async def read_statement(visit: Visiting, month: str, format: Form = "json") -> Response:
    """Read a month's statement."""
    caller = visit.caller(Scope.READ)
    check_form(format, "json", *PAPERS)
    wanted = _month(visit, caller, month)
    with drawing(visit, caller, format):
        found = await _statement(visit, caller, wanted)
        if format == "json":
            return answer(found)
        return await paper_answer(format, f"statement-{wanted.word}", statement_paper, found)


def check_form(form: str, *forms: str) -> None:
    """Raise ``Problem`` 422 for a format that is not offered."""
    if form not in forms:
        right = f"send {', '.join(forms[:-1])} or {forms[-1]}"
        raise Problem(422, "invalid_parameter", "the format is unknown", right, field="format")


@contextmanager
def drawing(visit: Visit, caller: Caller, form: str) -> Iterator[None]:
    """Hold one of the slots of long answers while a paper is made. Raises ``Problem`` 429."""
    if form not in PAPERS:
        yield
        return
    slots, user_id = visit.door.slots, caller.identity.user_id
    slots.enter(user_id)
    try:
        yield
    finally:
        slots.leave(user_id)


async def paper_answer(form: str, name: str, draw: Any, *told: Any) -> Response:
    """A paper as a file, drawn in a thread; ``draw`` makes it of what is told."""

    def work() -> bytes:
        paper: Paper = draw(*told)
        return html.page(paper) if form == "html" else pdf.document(paper)

    body = await asyncio.get_running_loop().run_in_executor(None, work)
    headers = file_headers(name, form, inline=True)
    if form == "html":
        headers["content-security-policy"] = html.POLICY
    return Response(body, media_type=PAPERS[form], headers=headers)


def _month(visit: Visit, caller: Caller, text: str) -> Month:
    """The month of a path. Raises ``Problem`` 404."""
    door = visit.door
    said = _MONTH.fullmatch(text)
    known = months(door.view.accounts[caller.account_id], door.world.clock.now_ns())
    month = Month(int(said[1]), int(said[2])) if said is not None else None
    if month is None or month not in known:
        raise Problem(
            404,
            "unknown_statement",
            "there is no statement of this month",
            "name one of GET /api/v1/statements, such as 2026-11",
            field="month",
        )
    return month


async def _statement(visit: Visit, caller: Caller, month: Month) -> s.Statement:
    door, account_id = visit.door, caller.account_id
    now_ns = door.world.clock.now_ns()
    begin_ns, end_ns = month.from_ns, min(month.to_ns, now_ns)

    def work(store: Any) -> Statement:
        return door.books.statement(store, account_id, month.from_ns, month.to_ns)

    found = await door.world.query(work)
    opening, closing = list(found.opening.holdings), list(found.closing.holdings)
    before, after = await door.history.read(
        lambda reader: (
            prices_at(reader, opening, begin_ns),
            prices_at(reader, closing, end_ns),
        )
    )
    if month.to_ns > now_ns:
        after = {**after, **marks(door.view.quotes, found.closing.holdings, now_ns)}
    account = door.view.accounts[account_id]
    told = Statements(door.render, door.view.instruments)

    def show() -> s.Statement:
        return told.statement(account, month, now_ns, found, before, after)

    return await asyncio.get_running_loop().run_in_executor(None, show)
