"""What the door answers with about how accounts do: history, performance, daily snapshots.

Promises: as ``answers``. Must not know: where the values come from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api import answers as a
from stockyard.api.shapes import Decimal, Id, Time

Day = Annotated[str, Meta(extra_json_schema={"format": "date", "examples": ["2026-11-20"]})]


class SnapshotRun(msgspec.Struct, frozen=True, gc=False):
    """The snapshot of everybody at the close of a day.

    `accounts`: how many have their row; `failed`: users whose row could not be made, which
    another run tries again. `ended_at` is null while it goes on, or was cut off.
    """

    day: Day
    accounts: int
    failed: int
    begun_at: Time
    ended_at: Time | None


class SnapshotFailure(msgspec.Struct, frozen=True, gc=False):
    """A user whose row of a day could not be made."""

    user_id: str
    error: str
    tries: int
    last_at: Time


class SnapshotDay(msgspec.Struct, frozen=True, gc=False):
    """A day's snapshot with what failed, at most a hundred users of it."""

    run: SnapshotRun
    failures: list[SnapshotFailure]


class PortfolioPoint(msgspec.Struct, frozen=True, gc=False):
    """An account at one moment. `net_deposits`: what had come in less what had gone out;
    `profit_loss` and `return_percent` (time-weighted) since the range began. `cash` and
    `market_value` where the daily snapshot has them.
    """

    at: Time
    equity: Decimal
    net_deposits: Decimal
    profit_loss: Decimal
    return_percent: Decimal
    cash: Decimal | None = None
    market_value: Decimal | None = None


class PortfolioHistory(msgspec.Struct, frozen=True, gc=False):
    """What an account was worth, oldest first; at most five hundred points, the last is now.

    `since`: when the range begins, or the account or its last reset where that is later. `base`: as
    it was then, null where it is younger. `profit_loss`: from there to now, without what came in or
    went out; its percentage is of what there was at the beginning and came in since.
    """

    account_id: Id
    range: str
    window: Annotated[str, Meta(description="How far points lie apart at least; 1d: at closes.")]
    since: Time
    base: PortfolioPoint | None
    points: list[PortfolioPoint]
    net_deposits: Annotated[str, Meta(description="What came in less what went out meanwhile.")]
    profit_loss: Decimal
    profit_loss_percent: Decimal | None
    return_percent: Annotated[str, Meta(description="Time-weighted.")]


Percent = Annotated[str, Meta(extra_json_schema={"examples": ["12.3456"]})]


class Fall(msgspec.Struct, frozen=True, gc=False):
    """The deepest fall from what had been reached; `recovered_at` is null while it is not."""

    percent: Percent
    peak_at: Time
    trough_at: Time
    recovered_at: Time | None


class DayReturn(msgspec.Struct, frozen=True, gc=False):
    """What one day brought; `at` is its close."""

    at: Time
    percent: Percent


class Benchmark(msgspec.Struct, frozen=True, gc=False):
    """The same of a benchmark on those days on which both are known, and how the account compares.

    `excess_percent`: the account's return less the benchmark's; `alpha_percent`: a year's;
    `correlation` of the days' returns.
    """

    symbol: str
    days: int
    return_percent: Percent
    excess_percent: Percent
    annual_percent: Percent | None
    volatility_percent: Percent | None
    sharpe: Decimal | None
    max_drawdown_percent: Percent
    alpha_percent: Percent | None
    beta: Decimal | None
    correlation: Decimal | None


class ReturnPoint(msgspec.Struct, frozen=True, gc=False):
    """Both returns up to a moment; the benchmark's is null before it is known."""

    at: Time
    return_percent: Percent
    benchmark_percent: Percent | None


class Performance(msgspec.Struct, frozen=True, gc=False):
    """How well an account did: `docs/reference/portfolio.md` says how each figure is worked out.

    A figure that the days do not determine is null. `days`: how many returns of days there are, the
    last of them up to now; `days_a_year`: what a year is reckoned at.
    """

    account_id: Id
    range: str
    since: Time
    until: Time
    days: int
    days_a_year: int
    risk_free_percent: Decimal
    equity_before: Decimal
    equity: Decimal
    net_deposits: Decimal
    profit_loss: Decimal
    time_weighted_percent: Percent
    money_weighted_percent: Percent | None
    annual_percent: Percent | None
    volatility_percent: Percent | None
    sharpe: Decimal | None
    sortino: Decimal | None
    calmar: Decimal | None
    max_drawdown: Fall | None
    best_day: DayReturn | None
    worst_day: DayReturn | None
    positive_days_percent: Percent | None
    benchmark: Benchmark | None
    curve: list[ReturnPoint]


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """What an account is exposed to at the marks, contracts by their whole value: `gross` = `long`
    - `short`, `net` = `long` + `short`. Percentages are of the equity, null where there is none.
    """

    long: Decimal
    short: Annotated[str, Meta(description="Not above zero.")]
    gross: Decimal
    net: Decimal
    gross_percent: Decimal | None
    net_percent: Decimal | None
    largest_symbol: str | None
    largest_percent: Decimal | None


class PortfolioMargin(msgspec.Struct, frozen=True, gc=False):
    """What the positions require to be opened and held; `excess` is equity beyond the latter, and
    `used_percent` that share of the equity, null where there is none.
    """

    initial: Decimal
    maintenance: Decimal
    excess: Decimal
    used_percent: Decimal | None
    margin_call: a.MarginCall | None


class Portfolio(msgspec.Struct, frozen=True, gc=False):
    """The whole account: `total_pl` = `unrealized_pl` + `realized_pl` - `fees` - `interest` -
    `funding`. `day_pl`: since the close before the trading day that goes on, or went on last,
    without what came in or went out; `aum`: what all the accounts of whoever asks are worth.
    """

    account_id: Id
    currency: str
    cash: Decimal
    reserved: Decimal
    buying_power: Decimal
    market_value: Annotated[str, Meta(description="Perpetual contracts apart.")]
    equity: Decimal
    deposited: Decimal
    unrealized_pl: Decimal
    realized_pl: Decimal
    fees: Decimal
    interest: Decimal
    total_pl: Decimal
    total_pl_percent: Annotated[str, Meta(description="Of what was deposited.")] | None
    positions: list[a.Position]
    as_of: Time
    funding: Annotated[str, Meta(description="Paid for perpetual contracts, less received.")]
    aum: Decimal
    day_pl: Decimal
    day_pl_percent: Annotated[
        Decimal | None, Meta(description="Of what there was then and came in since.")
    ]
    day_since: Time
    exposure: Exposure
    margin: PortfolioMargin
