"""How an account has done."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query

from stockyard.api import benchmark as b
from stockyard.api import portfolio_answers as p
from stockyard.api import track
from stockyard.api.closes import (
    day_began_ns,
    day_number,
    new_york_day,
    stock_calendar,
    worth_at_close,
)
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door, encode
from stockyard.api.performing import Terms, shown_history, shown_performance
from stockyard.api.portfolios import day_base, portfolio
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.model.numbers import NumberError, parse_decimal
from stockyard.people.identity import Scope
from stockyard.projections.store import ReadStore

routes = router()
TAG: Final = "Positions"
_READS: Final = Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY
_CLOSES_S: Final = 86_400
_FREE_PLACES: Final = 4
_Read = Callable[[ReadStore], track.Track]
_WITHOUT_DAY: Final = ", ".join(name for name in track.RANGES if name != "1D")
_FREE_MAX: Final = 100 * 10**_FREE_PLACES


@routes.get(
    "/portfolio",
    **described(
        "portfolio",
        TAG,
        "Read the portfolio",
        "Cash, positions at the market, exposure and margin, and profit and loss of the day and"
        " since the start (or the last reset).",
        traits=_READS,
        answer=p.Portfolio,
        answered="The portfolio.",
    ),
)
async def read_portfolio(visit: Visiting) -> Response:
    """Read the portfolio."""
    caller, door = visit.caller(Scope.READ), visit.door
    since_ns = day_began_ns(stock_calendar(door), door.world.clock.now_ns())
    sample = await worth_at_close(door, caller.account_id, since_ns)
    row = door.view.accounts[caller.account_id]
    base = day_base(row, sample, since_ns)
    return answer(portfolio(door, row, caller.identity.account_ids, since_ns, base))


@routes.get(
    "/portfolio/history",
    **described(
        "read_portfolio_history",
        TAG,
        "Read what the portfolio was worth",
        "Up to a month by samples of every minute or quarter of an hour in which something moved"
        " it, beyond that by closes: of the daily snapshot where there is one, else of the samples."
        " `1D` begins with the close before the trading day that goes on, or went on last.",
        traits=_READS,
        answer=p.PortfolioHistory,
        answered="The history.",
    ),
)
async def read_history(
    visit: Visiting,
    reach: Annotated[
        str, Query(alias="range", description=f"One of {', '.join(track.RANGES)}.")
    ] = "1M",
) -> Response:
    """Read what the portfolio was worth."""
    caller, door = visit.caller(Scope.READ), visit.door
    name, wanted = track.range_named(reach)
    account_id = door.render.account_id(caller.account_id)
    read = _reader(door, caller.account_id, name, wanted.window_s)

    def work(store: ReadStore) -> bytes:
        return encode(shown_history(account_id, name, wanted.window, read(store)))

    return _sent(await door.world.query(work))


@routes.get(
    "/portfolio/performance",
    **described(
        "read_performance",
        TAG,
        "Read how well the portfolio did",
        "Time- and money-weighted return, risk, and the comparison with a benchmark, from what it"
        " was worth at each close; the day that goes on counts as it stands.",
        traits=_READS,
        answer=p.Performance,
        answered="The performance.",
    ),
)
async def read_performance(
    visit: Visiting,
    reach: Annotated[
        str,
        Query(alias="range", description=f"One of {_WITHOUT_DAY}."),
    ] = "1Y",
    benchmark: Annotated[str, Query(description="Symbol of an asset.")] = b.SYMBOL,
    risk_free: Annotated[
        str, Query(description="A year's return without risk in percent, from 0 to 100.")
    ] = "0",
) -> Response:
    """Read how well the portfolio did."""
    caller, door = visit.caller(Scope.READ), visit.door
    name, _ = track.range_named(reach, "1D")
    terms = Terms(
        door.render.account_id(caller.account_id),
        name,
        stock_calendar(door),
        _free(risk_free),
        benchmark,
    )
    instrument = door.instrument(benchmark)
    terms = terms._replace(benchmark=instrument.symbol)
    number = instrument.instrument_id
    found = await door.world.query(_reader(door, caller.account_id, name, _CLOSES_S))
    closes = [found.base.at_ns] if found.base is not None else []
    closes += [one.at_ns for one in found.points]
    latest = door.view.quotes[number].mark()

    def work(prices: dict[int, int]) -> bytes:
        if latest:
            prices = {**prices, found.now.at_ns: latest}
        return encode(shown_performance(terms, found, prices))

    prices = door.benchmark_prices
    return _sent(await door.history.read(lambda reader: work(prices.at(reader, number, closes))))


def _free(text: str) -> float:
    try:
        value = parse_decimal(text, _FREE_PLACES)
    except NumberError:
        value = -1
    if not 0 <= value <= _FREE_MAX:
        raise Problem(
            422,
            "invalid_parameter",
            "this is no rate without risk",
            "send percent a year from 0 to 100, such as 4.25",
            field="risk_free",
        )
    return value / (100 * 10**_FREE_PLACES)


def _reader(door: Door, account_id: int, name: str, window_s: int) -> _Read:
    """What reads an account's track in the reader's thread; the present is taken here."""
    view, calendar = door.view, stock_calendar(door)
    now_ns = door.world.clock.now_ns()
    account, equity = view.accounts[account_id], view.equity_micros(account_id)
    now = track.Point(
        now_ns, equity, account.deposited_micros, account.cash_micros, equity - account.cash_micros
    )
    kept = door.desk.people.portfolio_days

    def read(store: ReadStore) -> track.Track:
        from_ns = track.begins_ns(name, calendar, now_ns)
        if window_s < _CLOSES_S:
            return track.of_samples(store, account, now, window_s, from_ns)
        first = day_number(new_york_day(from_ns)) if from_ns else 0
        rows = kept.of_account(account_id, first)
        return track.at_closes(store, rows, account, now, calendar, from_ns)

    return read


def _sent(body: bytes) -> Response:
    return Response(body, media_type="application/json")
