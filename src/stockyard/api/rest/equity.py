"""What an account was worth over time."""

from typing import Annotated, Final, NamedTuple

from fastapi import Query

from stockyard.api import equity_answers as q
from stockyard.api.describing import Trait, described
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.model.numbers import format_cash, format_ratio
from stockyard.people.identity import Scope
from stockyard.projections.equity import KEPT_NS, NS
from stockyard.projections.rows import EquityRow
from stockyard.projections.store import ReadStore

routes = router()
TAG: Final = "Account"
_DAY: Final = 86_400
_PERCENT_PLACES: Final = 4


class _Range(NamedTuple):
    """``days`` back, 0 for all; samples of ``window_s``."""

    days: int
    window_s: int
    window: str


RANGES: Final = {
    "1D": _Range(1, 60, "1m"),
    "1W": _Range(7, 900, "15m"),
    "1M": _Range(31, 900, "15m"),
    "3M": _Range(92, _DAY, "1d"),
    "1Y": _Range(366, _DAY, "1d"),
    "ALL": _Range(0, _DAY, "1d"),
}


@routes.get(
    "/account/equity",
    **described(
        "read_equity",
        TAG,
        "Read what the account was worth",
        "Cash and positions at the marks, sampled at the end of each minute in which something"
        " moved them. Minutes are kept for a week, quarters of an hour for two months, days for"
        " ever.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY,
        answer=q.EquityCurve,
        answered="The curve.",
    ),
)
async def read_equity(
    visit: Visiting,
    reach: Annotated[str, Query(alias="range", description=f"One of {', '.join(RANGES)}.")] = "1D",
) -> Response:
    """Read what the account was worth."""
    caller, door = visit.caller(Scope.READ), visit.door
    wanted = RANGES.get(reach.upper())
    if wanted is None:
        raise Problem(
            422,
            "invalid_parameter",
            "there is no such range",
            f"send one of {', '.join(RANGES)}",
            field="range",
        )
    now_ns, account_id, view = door.world.clock.now_ns(), caller.account_id, door.view
    from_ns = max(0, now_ns - wanted.days * _DAY * NS) if wanted.days else 0
    base, points = await door.world.query(
        lambda store: _samples(store, account_id, wanted.window_s, from_ns)
    )
    account = view.accounts[account_id]
    equity = view.equity_micros(account_id)
    # What is younger than the range began with nothing, and all it has came in since.
    invested = account.deposited_micros - (base.deposited_micros if base is not None else 0)
    gained = equity - (base.equity_micros if base is not None else 0) - invested
    whole = base.equity_micros if base is not None else account.deposited_micros
    return answer(
        q.EquityCurve(
            door.render.account_id(account_id),
            reach.upper(),
            wanted.window,
            _point(base) if base is not None else None,
            [_point(row) for row in points],
            q.EquityPoint(
                time_text(now_ns), format_cash(equity), format_cash(account.deposited_micros)
            ),
            format_cash(gained),
            format_ratio(gained * 100, whole, _PERCENT_PLACES) if whole > 0 else None,
        )
    )


def _samples(
    store: ReadStore, account_id: int, window_s: int, from_ns: int
) -> tuple[EquityRow | None, list[EquityRow]]:
    """The last sample before a time, and those from then on. Where nothing moved for so long that
    only coarser samples are kept, the last of those says where it stood.
    """
    rows = store.equities(account_id, window_s, from_ns)
    if rows and rows[0].start_ns < from_ns:
        return rows[0], rows[1:]
    for coarser_s in KEPT_NS:
        if coarser_s > window_s:
            over_ns = from_ns - coarser_s * NS + 1
            found = store.equities(account_id, coarser_s, over_ns)
            if found and found[0].start_ns < over_ns:
                return found[0], rows
    return None, rows


def _point(row: EquityRow) -> q.EquityPoint:
    return q.EquityPoint(
        time_text(row.start_ns + row.window_s * NS),
        format_cash(row.equity_micros),
        format_cash(row.deposited_micros),
    )
