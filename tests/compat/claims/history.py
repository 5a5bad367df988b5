"""Claims about an account's activities and the history of its portfolio."""

from typing import Any, Final

from tests.compat.claims.stage import Body, Stage
from tests.compat.claims.words import (
    Check,
    answers,
    behaviour,
    both,
    endpoint,
    fields,
    gets,
    parameter,
    refuses,
)

ACTIVITIES: Final = "/v2/account/activities"
HISTORY: Final = "/v2/account/portfolio/history"
PARAMETER: Final = (422, 40010001)


def _fill(stage: Stage) -> Body:
    order = stage.once(_bought)
    return next(x for x in stage.get(ACTIVITIES + "/FILL") if x["order_id"] == order["id"])


def _bought(stage: Stage) -> Body:
    return stage.bought(qty="2")


def _deposit(stage: Stage) -> Body:
    found: Body = stage.get(ACTIVITIES + "/CSD?direction=asc")[0]
    return found


def _only(query: str, *types: str) -> Check:
    """Only activities of these types are listed, and some."""

    def check(stage: Stage) -> None:
        stage.once(_bought)
        found = {row["activity_type"] for row in stage.get(f"{ACTIVITIES}{query}")}
        assert found
        assert found <= set(types)

    return check


def _paged(stage: Stage) -> None:
    stage.once(_bought)
    whole = stage.get(f"{ACTIVITIES}?direction=asc&page_size=4")
    first = stage.get(f"{ACTIVITIES}?direction=asc&page_size=2")
    token = first[-1]["id"]
    second = stage.get(f"{ACTIVITIES}?direction=asc&page_size=2&page_token={token}")
    assert [x["id"] for x in first + second] == [x["id"] for x in whole]


def _turned(stage: Stage) -> None:
    times = [x["id"][:17] for x in stage.get(f"{ACTIVITIES}?direction=asc")]
    assert times == sorted(times)
    times = [x["id"][:17] for x in stage.get(ACTIVITIES)]
    assert times == sorted(times, reverse=True)


def _between(stage: Stage) -> None:
    at = _fill(stage)["transaction_time"]
    after = stage.get(f"{ACTIVITIES}?after={at}&activity_types=FILL")
    until = stage.get(f"{ACTIVITIES}?until={at}&activity_types=FILL")
    assert all(x["transaction_time"] > at for x in after)
    assert all(x["transaction_time"] < at for x in until)


def _dated(stage: Stage) -> None:
    day = stage.get("/v2/clock")["timestamp"][:10]
    assert stage.get(f"{ACTIVITIES}?date={day}")
    assert stage.get(f"{ACTIVITIES}?date=1999-01-04") == []


def _reset(stage: Stage) -> None:
    found = stage.get(ACTIVITIES + "/DIV")
    assert found == []


def _history(stage: Stage) -> Any:
    return stage.get(HISTORY)


def _frames(query: str, frame: str) -> Check:
    def check(stage: Stage) -> None:
        found = stage.get(f"{HISTORY}?{query}")
        assert found["timeframe"] == frame
        sizes = {len(found[x]) for x in ("timestamp", "equity", "profit_loss", "profit_loss_pct")}
        assert len(sizes) == 1

    return check


def _present(stage: Stage) -> None:
    found = stage.get(f"{HISTORY}?period=1D&timeframe=1D")
    assert abs(found["equity"][-1] - float(stage.get("/v2/account")["equity"])) < 1_000


def _flows(stage: Stage) -> None:
    found = stage.get(f"{HISTORY}?cashflow_types=CSD")
    assert list(found["cashflow"]) == ["CSD"]
    assert sum(found["cashflow"]["CSD"]) > 0


def _stepped(query: str, seconds: int) -> Check:
    def check(stage: Stage) -> None:
        times = stage.get(f"{HISTORY}?{query}")["timestamp"]
        assert times[1] - times[0] == seconds

    return check


ENDPOINTS: Final = (
    endpoint(
        f"GET {ACTIVITIES}",
        "",
        answers(gets(ACTIVITIES)),
        parameter("activity_types", _only("?activity_types=FILL,CSD", "FILL", "CSD")),
        parameter("category", _only("?category=trade_activity", "FILL")),
        parameter("date", _dated),
        parameter("after", _between),
        parameter("until", _between),
        parameter("direction", _turned),
        parameter(
            "page_size", both(_paged, refuses("GET", f"{ACTIVITIES}?page_size=101", *PARAMETER))
        ),
        parameter(
            "page_token", both(_paged, refuses("GET", f"{ACTIVITIES}?page_token=x", *PARAMETER))
        ),
        fields(
            _fill,
            "id:text activity_type:text type:text transaction_time:time symbol:text side:text"
            " qty:dec price:dec cum_qty:dec leaves_qty:dec order_id:uuid order_status:text",
        ),
        fields(
            _deposit,
            "date:day net_amount:dec description:text status:text currency:text created_at:time",
        ),
    ),
    endpoint(
        f"GET {ACTIVITIES}/{{activity_type}}",
        "",
        answers(_only("/FILL", "FILL")),
        behaviour(
            "a type with `activity_types` is refused",
            refuses("GET", f"{ACTIVITIES}/FILL?activity_types=CSD", *PARAMETER),
        ),
        behaviour(
            "`FEE` and `CFEE`",
            gets(ACTIVITIES + "/FEE"),
            "one for each execution, at once; at Alpaca at the end of the day",
        ),
        behaviour("dividends, splits, options", _reset, "never: there are none here"),
    ),
    endpoint(
        f"GET {HISTORY}",
        "get_portfolio_history",
        answers(gets(HISTORY)),
        parameter("period", _frames("period=3M", "1D")),
        parameter(
            "timeframe",
            both(
                _frames("period=1W&timeframe=1H", "1H"),
                refuses("GET", f"{HISTORY}?period=2M&timeframe=1H", *PARAMETER),
            ),
        ),
        parameter(
            "intraday_reporting",
            both(
                _stepped("period=1D&timeframe=5Min&intraday_reporting=continuous", 300),
                refuses("GET", f"{HISTORY}?intraday_reporting=x", *PARAMETER),
            ),
        ),
        parameter("start", _frames("start=2026-01-02T00:00:00Z&timeframe=1D", "1D")),
        parameter("end", refuses("GET", f"{HISTORY}?start=2026-01-02&end=2026-01-01", *PARAMETER)),
        parameter(
            "pnl_reset",
            both(
                _frames("period=1D&timeframe=1H&pnl_reset=no_reset", "1H"),
                refuses("GET", f"{HISTORY}?pnl_reset=x", *PARAMETER),
            ),
        ),
        parameter(
            "date_end",
            both(
                gets(f"{HISTORY}?date_end=2026-01-02"),
                refuses("GET", f"{HISTORY}?date_end=x", *PARAMETER),
            ),
        ),
        parameter("extended_hours", _frames("period=1D&timeframe=1H&extended_hours=True", "1H")),
        parameter("cashflow_types", _flows),
        fields(
            _history,
            "timestamp:list equity:list profit_loss:list profit_loss_pct:list base_value:num"
            " base_value_asof:day timeframe:text cashflow:object",
        ),
        behaviour("the last window is the present", _present),
        behaviour(
            "minutes are kept for a week, quarters of an hour for two months",
            _stepped("period=1W&timeframe=15Min", 900),
            "a finer timeframe over an older time shows steps",
        ),
    ),
)
"""They belong to the account."""
