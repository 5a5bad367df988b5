"""Goal: what lets the tastytrade feed in may end in any way, and it goes on with all subscriptions.

Method: the real runner and adapter against the fake, in virtual time.
"""

import asyncio

from stockyard.model.feeds import ProblemKind
from tests.contract.feed_stands import TastytradeStand
from tests.contract.test_feed_faults import Play, scenario
from tests.fakes.tastytrade import TastytradeFake

HOUR_S = 3_600.0


def fake_of(play: Play) -> TastytradeFake:
    assert isinstance(play.stand, TastytradeStand)
    return play.stand.server


def test_a_token_that_ends_early_is_renewed() -> None:
    async def body(play: Play) -> None:
        fake_of(play).expire()
        await play.until(lambda: play.status.is_stale)
        assert await play.live() < 5
        assert play.status.problems[ProblemKind.EXPIRED] == 1
        assert play.status.reconnects == 1
        assert len(fake_of(play).tokens) == 1

    scenario("tastytrade", body)


def test_a_connection_is_renewed_before_its_token_ends() -> None:
    async def body(play: Play) -> None:
        began_s = play.now_s()
        for _ in range(22):
            await asyncio.sleep(HOUR_S)
        assert play.server.connections == 1, "keepalives hold it for 22 hours"
        while play.server.connections == 1:
            await asyncio.sleep(60)
        assert 23 * HOUR_S - 60 < play.now_s() - began_s < 23 * HOUR_S + 120
        await play.live()
        assert set(play.status.problems) == {ProblemKind.EXPIRED, ProblemKind.GAP}

    scenario("tastytrade", body)


def test_a_closed_channel_is_opened_again_without_a_new_connection() -> None:
    async def body(play: Play) -> None:
        fake = fake_of(play)
        fake.close_channel(fake.lines[0], 1)
        await play.until(play.complete, within_s=1)
        assert play.server.connections == 1
        assert play.status.problems == {ProblemKind.GAP: 1}

    scenario("tastytrade", body)


def test_too_many_requests_for_a_token_are_waited_for() -> None:
    async def body(play: Play) -> None:
        fake_of(play).limited = 1
        play.server.drop()
        await play.until(lambda: play.status.is_stale)
        assert await play.live() >= 7
        assert play.status.problems[ProblemKind.LIMITED] == 1

    scenario("tastytrade", body)


def test_an_access_token_that_ends_between_two_requests_is_fetched_again() -> None:
    async def body(play: Play) -> None:
        fake = fake_of(play)
        fake.access_lasts = False
        play.server.drop()
        await play.until(lambda: ProblemKind.REFUSED in play.status.problems)
        fake.access_lasts = True

    scenario("tastytrade", body)
