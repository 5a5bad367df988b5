"""What an account was worth: sampled minute by minute, the same after a restart."""

from typing import Any

import pytest

from tests.api.rig import SECOND, Rig, Trader

MINUTE = 60 * SECOND
DAY = 86_400 * SECOND


async def curve(trader: Trader, reach: str = "1D") -> Any:
    answer = await trader.call("GET", "/account/equity", query=f"range={reach}")
    assert answer.status == 200, answer.body
    return answer.json


def at_minute(rig: Rig, n: int) -> None:
    """Let the clock stand at the start of a minute of today, a second before what is fed next."""
    rig.clock.time_ns = rig.clock.time_ns - rig.clock.time_ns % DAY + n * MINUTE - SECOND


async def test_samples_of_minutes(rig: Rig, ann: Trader) -> None:
    at_minute(rig, 1000)
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    begun = float((await curve(ann))["now"]["equity"])
    at_minute(rig, 1001)
    rig.quote("AAPL", 191, 191)
    rig.quote("AAPL", 192, 192)
    at_minute(rig, 1005)
    rig.quote("MSFT", 400, 401)
    at_minute(rig, 1006)
    rig.quote("MSFT", 400, 401)
    found = await curve(ann)
    told = [(p["at"][11:16], float(p["equity"]) - begun) for p in found["points"]]
    # In the minutes after that nothing of this account's moved.
    assert told[-2:] == [("16:41", 0), ("16:42", 200)]
    assert found["base"] is None
    assert float(found["now"]["equity"]) - begun == 200
    portfolio = (await ann.call("GET", "/portfolio")).json
    assert found["now"]["equity"] == portfolio["equity"]


async def test_profit_is_without_what_came_in(rig: Rig, ann: Trader) -> None:
    at_minute(rig, 1000)
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    at_minute(rig, 1001)
    rig.quote("AAPL", 190, 190)
    deposit = await ann.call("POST", "/account/deposits", {"amount": "1000"})
    assert deposit.status == 201, deposit.body
    rig.quote("AAPL", 191, 191)
    found = await curve(ann)
    assert found["profit_loss"] == "100.00"
    whole = await curve(ann, "all")
    assert (whole["profit_loss"], whole["range"], whole["window"]) == ("100.00", "ALL", "1d")


async def test_a_young_account_has_gained_what_is_more_than_came_in(rig: Rig, ann: Trader) -> None:
    """Also once there is a first sample, in which the price of the spread is already gone."""
    rig.quote("AAPL", 189, 190)
    await ann.order(qty="100")
    for minute in (1000, 1001, 1003):
        at_minute(rig, minute)
        rig.quote("AAPL", 189, 190)
        for reach in ("1D", "1W", "ALL"):
            found = await curve(ann, reach)
            assert (found["base"], found["profit_loss"]) == (None, "-100.00")
            gained = float(found["now"]["equity"]) - float(found["now"]["net_deposits"])
            assert gained == -100


async def test_an_account_that_rests_for_long_gains_nothing(
    rig: Rig, ann: Trader, bob: Trader
) -> None:
    """Its minutes are forgotten meanwhile, because others have newer ones."""
    ann = Trader(rig, await rig.key(ann.headers))
    at_minute(rig, 1000)
    rig.quote("AAPL", 189, 190)
    await bob.order(qty="1")
    await ann.order(qty="100")
    await ann.order(qty="100", side="sell")
    for _ in range(12):
        rig.clock.time_ns += DAY
        rig.quote("AAPL", 189, 190)
        rig.quote("MSFT", 400, 401)
    found = await curve(ann)
    assert found["profit_loss"] == "0.00"
    assert found["base"]["equity"] == found["now"]["equity"]


async def test_ranges_have_a_base(rig: Rig, ann: Trader) -> None:
    ann = Trader(rig, await rig.key(ann.headers))
    at_minute(rig, 1000)
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    for days in range(1, 6):
        rig.clock.time_ns += DAY
        rig.quote("AAPL", 190 + days, 190 + days)
    rig.clock.time_ns += MINUTE
    rig.quote("AAPL", 200, 200)
    found = await curve(ann, "1d")
    assert found["base"] is not None
    assert found["profit_loss"] == "600.00"
    week = await curve(ann, "1w")
    assert (week["base"], week["profit_loss"]) == (None, "1000.00")
    assert len(week["points"]) == 7
    assert [p["equity"] for p in week["points"]] == sorted(p["equity"] for p in week["points"])


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_restart_changes_no_sample(rig: Rig, ann: Trader, restarts: bool) -> None:
    at_minute(rig, 1000)
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="3")
    for n in range(1001, 1006):
        at_minute(rig, n)
        rig.quote("AAPL", 190 + n - 1000, 190 + n - 1000)
        if restarts:
            rig.restart()
        rig.clock.time_ns += 20 * SECOND
        rig.quote("AAPL", 190 + n - 999, 190 + n - 999)
    found = await curve(ann)
    gains = [float(p["equity"]) for p in found["points"]]
    assert [b - a for a, b in zip(gains[-5:], gains[-4:], strict=False)] == [6, 3, 3, 3]


async def test_bad_ranges(rig: Rig, ann: Trader) -> None:
    answer = await ann.call("GET", "/account/equity", query="range=2D")
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")
    assert (await Trader(rig, {}).call("GET", "/account/equity")).status == 401
