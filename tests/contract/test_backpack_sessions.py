"""Goal: a request of the Backpack feed that got lost is noticed, though nobody says so.

Method: the real runner and adapter against the fake, in virtual time.
"""

from tests.contract.feed_stands import BackpackStand
from tests.contract.test_feed_faults import Play, scenario
from tests.fakes.line import Frame, Line


def test_a_request_that_got_lost_is_made_again() -> None:
    async def body(play: Play) -> None:
        assert isinstance(play.stand, BackpackStand)
        server, lost = play.stand.server, list[Frame]()
        said = server.said

        def lose_one(line: Line, frame: Frame) -> None:
            if lost or play.other not in str(frame):
                said(line, frame)
            else:
                lost.append(frame)

        server.said = lose_one  # type: ignore[method-assign]
        server.drop()
        await play.until(lambda: bool(lost))
        assert not play.complete()
        assert await play.live() < 25
        assert server.connections == 2

    scenario("backpack", body)


def test_a_symbol_that_does_not_exist_costs_no_other() -> None:
    async def body(play: Play) -> None:
        instrument = play.stand.symbols[play.symbol]
        await play.runner.subscribe({"NO_SUCH": instrument})
        await play.until(lambda: play.status.problems.get("unknown_symbol", 0) >= 3)
        await play.trades()
        assert play.server.connections == 1
        await play.runner.unsubscribe(["NO_SUCH"])

    scenario("backpack", body)
