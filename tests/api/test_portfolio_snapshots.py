"""Goal: everybody gets one row a day, by the endpoint or the scheduler, once, and nobody's fault is
another's; only administrators may ask.
"""

from typing import Any

import msgspec
import pytest

from stockyard.people.identity import Role
from stockyard.people.portfolio_days import PortfolioDay
from stockyard.runtime import portfolio_job
from stockyard.runtime.scheduler import Scheduler
from tests.api.rig import SECOND, Rig, Trader

MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
CLOSE = 1_767_387_600 * SECOND
"""2026-01-02T21:00:00Z, when stocks close in New York."""
PATH = "/admin/portfolio/snapshots"


async def operator(rig: Rig, scopes: list[str] | None = None) -> Trader:
    """An administrator, by a key."""
    await rig.register("root@example.com")
    user = rig.people.user_by_email("root@example.com")
    assert user is not None
    rig.people.set_role(user.id, Role.ADMIN)
    session = await rig.sign_in("root@example.com")
    if scopes is None:
        return Trader(rig, session)
    return Trader(rig, await rig.key(session, scopes=scopes))


def rows(rig: Rig, day: int = 20260102) -> dict[int, PortfolioDay]:
    kept = rig.people.portfolio_days
    found = [one for n in rig.world.view.accounts for one in kept.of_account(n)]
    return {one.account_id: one for one in found if one.day == day}


def after_close(rig: Rig, later: int = MINUTE) -> None:
    """Quotes up to the close, and the clock a little later."""
    rig.clock.time_ns = CLOSE - 2 * SECOND
    rig.quote("AAPL", 195, 195)
    rig.clock.time_ns = CLOSE + later


async def take(who: Trader, query: str = "") -> Any:
    answer = await who.call("POST", PATH, query=query)
    assert answer.status == 200, answer.body
    return answer.json


async def test_everybody_gets_a_row_of_the_close(rig: Rig, ann: Trader, bob: Trader) -> None:
    root = await operator(rig, ["read", "admin"])
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    await bob.order(qty="10", type="limit", limit_price="180")
    after_close(rig)
    told = await take(root)
    assert (told["run"]["day"], told["run"]["accounts"], told["run"]["failed"]) == (
        "2026-01-02",
        3,
        0,
    )
    found = rows(rig)
    assert len(found) == 3
    for account_id, row in found.items():
        account = rig.world.view.accounts[account_id]
        assert (row.as_of_ns, row.cash_micros) == (CLOSE + MINUTE, account.cash_micros)
        assert row.equity_micros == rig.world.view.equity_micros(account_id)
        assert row.market_value_micros == row.equity_micros - account.cash_micros
        assert row.reserved_micros == account.held_micros
        assert row.deposited_micros == account.deposited_micros
    assert sorted(row.market_value_micros or 0 for row in found.values())[-1] == 19_500 * 10**6


async def test_asked_again_it_changes_nothing(rig: Rig, ann: Trader) -> None:
    root = await operator(rig)
    after_close(rig)
    await take(root)
    before = rows(rig)
    rig.quote("AAPL", 300, 300)
    rig.restart()
    assert (await take(root))["run"]["accounts"] == 2
    assert rows(rig) == before


async def test_a_day_long_ago_is_told_by_samples(rig: Rig, ann: Trader) -> None:
    root = await operator(rig, ["admin"])
    rig.quote("AAPL", 190, 190)
    await ann.order(qty="100")
    after_close(rig)
    rig.quote("AAPL", 195, 195)
    worth = {n: rig.world.view.equity_micros(n) for n in rig.world.view.accounts}
    rig.clock.time_ns = CLOSE + DAY + 2 * MINUTE
    rig.quote("AAPL", 300, 300)
    told = await take(root, "day=2026-01-02")
    assert told["run"]["accounts"] == 2
    for account_id, row in rows(rig).items():
        assert (row.equity_micros, row.as_of_ns) == (worth[account_id], CLOSE)
        assert row.cash_micros is None
    today = await take(root)
    assert today["run"]["day"] == "2026-01-03"
    assert any(row.equity_micros > 100_000 * 10**6 for row in rows(rig, 20260103).values())


async def test_an_account_that_is_younger_than_the_close_has_no_row(rig: Rig, ann: Trader) -> None:
    root = await operator(rig)
    after_close(rig)
    await rig.trader("late@example.com")
    assert (await take(root))["run"]["accounts"] == 2


@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_a_user_that_fails_stops_nobody(
    rig: Rig, ann: Trader, bob: Trader, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portfolio_job, "BATCH", batch)
    root = await operator(rig)
    after_close(rig)
    broken = rig.people.user_by_email("ann@example.com")
    assert broken is not None
    (lost,) = rig.people.accounts(broken.id)
    assert lost.account_id is not None
    account = rig.world.view.accounts.pop(lost.account_id)
    told = await take(root)
    assert (told["run"]["accounts"], told["run"]["failed"]) == (2, 1)
    (failure,) = told["failures"]
    assert (failure["user_id"], failure["tries"]) == (broken.id, 1)
    assert "KeyError" in failure["error"]
    assert (await take(root))["failures"][0]["tries"] == 2
    rig.world.view.accounts[lost.account_id] = account
    told = await take(root)
    assert (told["run"]["accounts"], told["run"]["failed"], told["failures"]) == (3, 0, [])


async def test_a_row_that_the_database_refuses_is_its_users_alone(
    rig: Rig, ann: Trader, bob: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await operator(rig)
    after_close(rig)
    mine = rig.people.user_by_email("bob@example.com")
    assert mine is not None
    job = rig.app.door.portfolio_job
    made = job._row

    def torn(closed: Any, user_id: str, account: Any) -> Any:
        row = made(closed, user_id, account)
        if user_id == mine.id:
            return msgspec.structs.replace(row, equity_micros=None)
        return row

    monkeypatch.setattr(job, "_row", torn)
    told = await take(root)
    assert (told["run"]["accounts"], told["run"]["failed"]) == (2, 1)
    assert told["failures"][0]["user_id"] == mine.id


async def test_the_scheduler_takes_it_after_the_close(rig: Rig, ann: Trader) -> None:
    looking = Scheduler(rig.clock, "always", [rig.app.door.portfolio_job])
    after_close(rig, 59 * SECOND)
    await looking.look(0)
    assert rows(rig) == {}
    rig.clock.time_ns += SECOND
    await looking.look(1)
    assert len(rows(rig)) == 1
    assert rig.app.door.portfolio_job.figures.rows == 1
    await looking.look(2)
    assert rig.app.door.portfolio_job.figures.rows == 1


async def test_what_was_taken_can_be_read(rig: Rig, ann: Trader) -> None:
    root = await operator(rig)
    assert (await root.call("GET", PATH)).json == []
    after_close(rig)
    told = await take(root)
    assert (await root.call("GET", PATH)).json == [told["run"]]
    assert (await root.call("GET", f"{PATH}/2026-01-02")).json == told


@pytest.mark.parametrize("day", ["2026-01-04", "2019-01-02", "yesterday", "2026-02-31"])
async def test_other_days_are_refused(rig: Rig, day: str) -> None:
    root = await operator(rig)
    after_close(rig)
    refused = await root.call("POST", PATH, query=f"day={day}")
    assert (refused.status, refused.json["field"]) == (422, "day")
    assert "2026-01-02" in refused.json["detail"]
    assert (await root.call("GET", f"{PATH}/{day}")).status == 404


async def test_only_administrators_may(rig: Rig, ann: Trader) -> None:
    key = Trader(rig, await rig.key(ann.headers))
    weak = await operator(rig, ["read", "trade"])
    for who, status in ((ann, 403), (key, 403), (weak, 403), (Trader(rig, {}), 401)):
        for method, path in (("POST", PATH), ("GET", PATH), ("GET", f"{PATH}/2026-01-02")):
            assert (await who.call(method, path)).status == status
    assert rows(rig) == {}
