"""Goal: what an account is and was worth and how well it did, by hand and as empyrical has it."""

from typing import Any

import empyrical
import numpy as np
import pytest

from stockyard.api import track
from stockyard.api.benchmark import HOUR_S
from stockyard.model.ticks import DAY_S, Bar
from stockyard.runtime.scheduler import ClosedDay
from tests.api.rig import SECOND, Rig, Trader

MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
CLOSE = 1_767_387_600 * SECOND
"""2026-01-02T21:00:00Z, when stocks close in New York."""


async def ask(who: Trader, path: str, query: str = "") -> Any:
    answer = await who.call("GET", "/portfolio" + path, query=query)
    assert answer.status == 200, answer.body
    return answer.json


async def holder(rig: Rig, ann: Trader) -> Trader:
    """Who outlives a session."""
    return Trader(rig, await rig.key(ann.headers))


def to_close(rig: Rig, n: int, price: float) -> None:
    """A quote a minute before the close of day ``n``, and one a minute after it."""
    rig.clock.time_ns = CLOSE + n * DAY - MINUTE - SECOND
    rig.quote("AAPL", price, price)
    rig.clock.time_ns = CLOSE + n * DAY + MINUTE - SECOND
    rig.quote("AAPL", price, price)


def spy(rig: Rig, n: int, price: float, window_s: int = HOUR_S) -> None:
    """A bar of SPY that ends with the close of day ``n``."""
    instrument = rig.world.view.instruments[rig.world.view.symbols["SPY"]]
    scaled = round(price * 10**instrument.price_scale)
    close = CLOSE + n * DAY
    start = close - HOUR_S * SECOND if window_s == HOUR_S else close - close % DAY
    bar = Bar(instrument.instrument_id, "", window_s, start, *[scaled] * 4, 1, scaled, 1, 0, True)
    rig.history.history.append([], [bar])


async def snapshot(rig: Rig, n: int) -> None:
    day = int(np.datetime64((CLOSE + n * DAY) // SECOND, "s").item().strftime("%Y%m%d"))
    await rig.app.door.portfolio_job.take(ClosedDay(day, CLOSE + n * DAY))


async def test_exposure_and_margin_of_long_and_short(rig: Rig, ann: Trader) -> None:
    kind = await ann.call("PATCH", "/account", {"kind": "margin"})
    assert kind.status == 200, kind.body
    rig.quote("AAPL", 200, 200)
    rig.quote("MSFT", 400, 400)
    await ann.order(qty="300")
    await ann.order(symbol="MSFT", side="sell", qty="50")
    found = await ask(ann, "")
    assert found["exposure"] == {
        "long": "60000.00",
        "short": "-20000.00",
        "gross": "80000.00",
        "net": "40000.00",
        "gross_percent": "80",
        "net_percent": "40",
        "largest_symbol": "AAPL",
        "largest_percent": "60",
    }
    account = (await ann.call("GET", "/account")).json
    margin = found["margin"]
    assert margin["maintenance"] == account["maintenance_margin"]
    assert margin["initial"] == account["initial_margin"]
    assert margin["excess"] == account["excess"]
    share = float(margin["maintenance"]) / float(found["equity"]) * 100
    assert float(margin["used_percent"]) == pytest.approx(share, abs=1e-4)
    assert margin["margin_call"] is None


async def test_an_account_without_anything(rig: Rig, ann: Trader) -> None:
    found = await ask(ann, "")
    assert found["exposure"]["largest_symbol"] is None
    assert (found["exposure"]["gross"], found["exposure"]["gross_percent"]) == ("0.00", "0")
    assert (found["day_pl"], found["day_pl_percent"]) == ("0.00", "0")
    assert found["aum"] == found["equity"] == "100000.00"


async def test_assets_under_management_are_those_of_all_ones_accounts(
    rig: Rig, ann: Trader, bob: Trader
) -> None:
    second = (await ann.call("POST", "/accounts", {"name": "second"})).json["id"]
    assert (await ask(ann, ""))["aum"] == "200000.00"
    assert (await ask(ann, "", "account_id=" + second))["aum"] == "200000.00"
    assert (await ask(bob, ""))["aum"] == "100000.00"
    key = Trader(rig, await rig.key(ann.headers))
    assert (await ask(key, ""))["aum"] == "100000.00"


async def test_the_days_profit_counts_from_the_last_close(rig: Rig, ann: Trader) -> None:
    ann = await holder(rig, ann)
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    assert (await ask(ann, ""))["day_pl"] == "0.00"
    to_close(rig, 0, 195)
    rig.quote("AAPL", 197, 197)
    await ann.call("POST", "/account/deposits", {"amount": "5000"})
    found = await ask(ann, "")
    assert (found["day_pl"], found["total_pl"]) == ("200.00", "700.00")
    assert float(found["day_pl_percent"]) == pytest.approx(200 / 105_500 * 100, abs=1e-4)
    assert found["day_since"].startswith("2026-01-02T21:00:00")
    to_close(rig, 1, 197)
    assert (await ask(ann, ""))["day_pl"] == "0.00"
    # What was read of closes does not pile up.
    for n in range(2, 6):
        to_close(rig, n, 197)
        await ask(ann, "")
    assert max(map(len, rig.app.door.closing_equities.values())) <= 2


async def test_a_reset_begins_anew(rig: Rig, ann: Trader) -> None:
    ann = await holder(rig, ann)
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    to_close(rig, 0, 150)
    reset = await ann.call("POST", "/account/reset", {"starting_cash": "50000"})
    assert reset.status == 200, reset.body
    rig.quote("AAPL", 150, 150)
    found = await ask(ann, "")
    assert (found["day_pl"], found["total_pl"], found["equity"]) == ("0.00", "0.00", "50000.00")
    for reach in track.RANGES:
        told = await ask(ann, "/history", f"range={reach}")
        assert (told["profit_loss"], told["base"], told["return_percent"]) == ("0.00", None, "0")
        assert told["net_deposits"] == "50000.00"
    rig.restart()
    to_close(rig, 1, 150)
    done = await ask(ann, "/performance", "range=ALL")
    assert (done["profit_loss"], done["time_weighted_percent"]) == ("0.00", "0")
    assert (done["net_deposits"], done["equity_before"]) == ("50000.00", "0.00")


PRICES = [190, 192, 188, 195, 193.5, 199, 201, 197, 204, 210, 206]
INDEX = [590, 592, 588, 589, 595, 596, 601, 597, 600, 604, 603]


async def live(rig: Rig, ann: Trader, taken: bool) -> tuple[list[float], list[int]]:
    """Days of a holder of 400 shares who pays in and takes out: the worth at each close, and what
    came in.
    """
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="400")
    worth, flows = [], []
    for n, (price, index) in enumerate(zip(PRICES, INDEX, strict=True)):
        flow = {3: 5_000, 7: -2_000}.get(n, 0)
        rig.clock.time_ns = CLOSE + n * DAY - 3600 * SECOND
        if flow:
            word = "deposits" if flow > 0 else "withdrawals"
            done = await ann.call("POST", f"/account/{word}", {"amount": str(abs(flow))})
            assert done.status == 201, done.body
        to_close(rig, n, price)
        spy(rig, n, index, HOUR_S if n % 2 else DAY_S)
        if taken:
            await snapshot(rig, n)
        worth.append(float((await ask(ann, ""))["equity"]))
        flows.append(flow)
    return worth, flows


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
async def test_performance_by_hand_and_by_empyrical(
    rig: Rig, ann: Trader, taken: bool, restarts: bool
) -> None:
    """The same whether the days were taken by snapshots or are told by samples."""
    ann = await holder(rig, ann)
    worth, flows = await live(rig, ann, taken)
    if restarts:
        rig.restart()
    # The beginning: what was paid in when it was opened.
    before = np.array([100_000, *worth[:-1]]) + np.maximum(flows, 0)
    ours = (np.array(worth) - np.minimum(flows, 0)) / before - 1
    theirs = np.array(INDEX[1:]) / np.array(INDEX[:-1]) - 1
    found = await ask(ann, "/performance", "range=1M")
    year = {"annualization": 365}
    # The first day has no close before it to compare the benchmark with, and the last point of all
    # is a minute after the last close, on which nothing moved.
    ours_all = np.append(ours, 0.0)
    for name, expected in (
        ("time_weighted_percent", empyrical.cum_returns_final(ours_all) * 100),
        ("annual_percent", empyrical.annual_return(ours_all, **year) * 100),
        ("volatility_percent", empyrical.annual_volatility(ours_all, **year) * 100),
        ("sharpe", empyrical.sharpe_ratio(ours_all, **year)),
        ("sortino", empyrical.sortino_ratio(ours_all, **year)),
        ("calmar", empyrical.calmar_ratio(ours_all, **year)),
    ):
        assert float(found[name]) == pytest.approx(expected, rel=1e-6, abs=6e-5), name
    fall = found["max_drawdown"]
    assert float(fall["percent"]) == pytest.approx(empyrical.max_drawdown(ours) * 100, abs=1e-4)
    assert fall["recovered_at"] is not None
    best, worst = int(np.argmax(ours)), int(np.argmin(ours))
    for name, at in (("best_day", best), ("worst_day", worst)):
        assert float(found[name]["percent"]) == pytest.approx(ours[at] * 100, abs=1e-4)
        assert found[name]["at"].startswith(f"2026-01-{2 + at:02d}T21:00:00")
    assert (found["days"], found["days_a_year"]) == (12, 365)
    compared = found["benchmark"]
    alpha, beta = empyrical.alpha_beta(ours[1:], theirs, **year)
    assert (compared["symbol"], compared["days"]) == ("SPY", 10)
    assert float(compared["return_percent"]) == pytest.approx((603 / 590 - 1) * 100, abs=1e-4)
    assert float(compared["beta"]) == pytest.approx(beta, abs=1e-5)
    assert float(compared["alpha_percent"]) == pytest.approx(alpha * 100, rel=1e-5)
    assert float(compared["excess_percent"]) == pytest.approx(
        ((1 + ours[1:]).prod() - 603 / 590) * 100, abs=1e-4
    )
    assert found["profit_loss"] == f"{worth[-1] - 103_000:.2f}"
    assert len(found["curve"]) == 13
    assert found["curve"][0]["return_percent"] == "0"
    assert float(found["curve"][1]["benchmark_percent"]) == 0
    told = await ask(ann, "/history", "range=3M")
    assert [float(p["equity"]) for p in told["points"]] == [*worth, worth[-1]]
    assert told["return_percent"] == found["time_weighted_percent"]
    assert (told["points"][4]["cash"] is not None) == taken
    risky = await ask(ann, "/performance", "range=1M&risk_free=4.5")
    free = 1.045 ** (1 / 365) - 1
    assert float(risky["sharpe"]) == pytest.approx(
        empyrical.sharpe_ratio(ours_all, free, **year), rel=1e-6
    )


async def test_a_snapshot_counts_before_a_sample(rig: Rig, ann: Trader) -> None:
    ann = await holder(rig, ann)
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    rig.clock.time_ns = CLOSE - MINUTE
    rig.quote("AAPL", 195, 195)
    rig.clock.time_ns = CLOSE + 10 * SECOND
    rig.quote("AAPL", 196, 196)
    await snapshot(rig, 0)
    to_close(rig, 1, 200)
    told = await ask(ann, "/history", "range=1Y")
    assert [p["equity"] for p in told["points"]] == ["100600.00", "101000.00", "101000.00"]
    assert told["points"][0]["market_value"] == "19600.00"


async def test_every_range_begins_where_it_says(rig: Rig, ann: Trader) -> None:
    ann = await holder(rig, ann)
    rig.quote("AAPL", 200, 200)
    await ann.order(qty="100")
    days = 40
    for n in range(days):
        to_close(rig, n, 200 + n)
    found = {reach: await ask(ann, "/history", f"range={reach.lower()}") for reach in track.RANGES}
    whole = str(100 * (days - 1)) + ".00"
    for reach, gain in (
        ("1D", "0.00"), ("1W", "700.00"), ("1M", "3100.00"), ("3M", whole), ("6M", whole),
        ("1Y", whole), ("5Y", whole), ("ALL", whole),
    ):  # fmt: skip
        told = found[reach]
        assert (told["range"], told["profit_loss"]) == (reach, gain), reach
        assert (told["base"] is None) == (gain == whole)
        assert told["points"][-1]["profit_loss"] == gain
        times = [point["at"] for point in told["points"]]
        assert times == sorted(times)
        assert times[0] > told["since"]
    assert found["YTD"]["base"] is None
    assert len(found["3M"]["points"]) == days + 1


async def test_long_histories_are_thinned(
    rig: Rig, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await holder(rig, ann)
    monkeypatch.setattr(track, "POINTS_MAX", 4)
    rig.quote("AAPL", 200, 200)
    await ann.order(qty="100")
    for n in range(11):
        to_close(rig, n, 200 + n)
    found = await ask(ann, "/history", "range=ALL")
    assert [p["profit_loss"] for p in found["points"]] == ["200.00", "500.00", "800.00", "1000.00"]
    assert [p["return_percent"] for p in found["points"]][-1] == found["return_percent"]


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500, 12_000])
def test_what_is_thinned_ends_with_the_last(count: int) -> None:
    found = track.thinned(count)
    assert len(found) <= track.POINTS_MAX
    assert len(found) == count or len(found) > track.POINTS_MAX // 2
    assert found == sorted(set(found))
    assert not count or found[-1] == count - 1


async def test_a_young_account_has_no_figures_that_days_do_not_determine(
    rig: Rig, ann: Trader
) -> None:
    found = await ask(ann, "/performance")
    for name in ("sharpe", "sortino", "calmar", "volatility_percent", "max_drawdown", "benchmark"):
        assert found[name] is None
    assert found["time_weighted_percent"] == "0"
    assert (found["range"], found["days"]) == ("1Y", 0)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/history", "range=2D", "range"),
        ("/performance", "range=1D", "range"),
        ("/performance", "benchmark=NOPE", "symbol"),
        ("/performance", "risk_free=-1", "risk_free"),
        ("/performance", "risk_free=101", "risk_free"),
        ("/performance", "risk_free=1e1", "risk_free"),
        ("/history", "reach=1D", "reach"),
    ],
)
async def test_what_cannot_be_asked_for(
    rig: Rig, ann: Trader, path: str, query: str, field: str
) -> None:
    answer = await ann.call("GET", "/portfolio" + path, query=query)
    assert (answer.status, answer.json["field"]) == (422, field)


async def test_nobody_elses(rig: Rig, ann: Trader, bob: Trader) -> None:
    theirs = (await bob.call("GET", "/account")).json["id"]
    nowhere = "00000000-0000-4000-8000-000000000000"
    for path in ("", "/history", "/performance"):
        foreign = await ann.call("GET", "/portfolio" + path, query="account_id=" + theirs)
        missing = await ann.call("GET", "/portfolio" + path, query="account_id=" + nowhere)
        assert foreign.status == missing.status == 404
        assert foreign.json["code"] == missing.json["code"]
        assert (await Trader(rig, {}).call("GET", "/portfolio" + path)).status == 401
