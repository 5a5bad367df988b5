"""Goal: each term of a realism profile does what docs/reference/fills.md says. Method: playbooks.

Every playbook is played twice: straight on, and restored from a snapshot after each line.
"""

from collections.abc import Callable

import pytest

from stockyard.model.instruments import VenueProfile
from tests import engine_terms as terms
from tests.engine_world import World
from tests.scenario.playbook import check

REALISTIC = "define realistic version=2 bounded=yes fees=no"

PLAYBOOKS = {
    "a size cap leaves the rest of what is displayed to others": f"""
        {REALISTIC} cap=50%
        quote ACME 99.90x300 100.00x200
        buy 150 ACME                      | accepted #1; filled #1 100 @ 100.00 part
        buy 10 ACME tif=ioc               | accepted #2; canceled #2 rest_of_immediate_or_cancel
        quote ACME 99.90x300 100.00x60    | filled #1 30 @ 100.00 part
        quote ACME 99.90x300 100.00x60    | filled #1 20 @ 100.00
    """,
    "an order walks the levels behind the quote, a fill for each": f"""
        {REALISTIC} levels=2 step=10 size=50%
        quote ACME 99.90x300 100.00x200
        buy 350 ACME                      | accepted #1; filled #1 200 @ 100.00 part; \
filled #1 100 @ 100.10 part level 1; filled #1 50 @ 100.20 level 2
        buy 60 ACME limit=100.15          | accepted #2
        buy 60 ACME limit=100.20          | accepted #3; filled #3 50 @ 100.20 part level 2
        quote ACME 99.90x300 100.15x20    | filled #3 10 @ 100.15; filled #2 10 @ 100.15 part
        sell 330 ACME limit=99.80         | accepted #4; filled #4 300 @ 99.90 part; \
filled #4 30 @ 99.80 level 1
    """,
    "a step is at least a tick, and what is left below a lot at a level is passed": f"""
        {REALISTIC} levels=1 step=0 size=100%
        quote RAIL 99.90x300 100.00x1.5
        buy 1 RAIL                        | accepted #1; filled #1 1 @ 100.00
        buy 1 RAIL                        | accepted #2; filled #2 1 @ 100.01 level 1
        buy 1 RAIL tif=ioc                | accepted #3; canceled #3 rest_of_immediate_or_cancel
    """,
    "fill or kill counts every level within the limit": f"""
        {REALISTIC} levels=2 step=10 size=50%
        quote ACME 99.90x300 100.00x200
        buy 301 ACME limit=100.10 tif=fok | accepted #1; canceled #1 fill_or_kill_not_fillable_whole
        buy 300 ACME limit=100.10 tif=fok | accepted #2; filled #2 200 @ 100.00 part; \
filled #2 100 @ 100.10 level 1
    """,
    "a market order slips, rounded against it and never beyond its collar; a limit never": """
        define ideal version=2 bounded=no fees=no slip=3
        quote ACME 99.90 33.3333
        buy 1 ACME limit=33.34            | accepted #1
        quote ACME 33.3332 33.3333        | filled #1 1 @ 33.3333
        buy 10 ACME                       | accepted #2; filled #2 10 @ 33.3433 slipped 0.01
        sell 5 ACME                       | accepted #3; filled #3 5 @ 33.3232 slipped 0.01
        define ideal version=3 bounded=no fees=no slip=900
        sell 1 ACME                       | accepted #4; filled #4 1 @ 31.6666 slipped 1.6666
    """,
    "a taking order may do better by part of the spread, rounded against it": """
        define ideal version=2 bounded=no fees=no improve=25% odds=100%
        quote ACME 99.90 100.0101
        buy 10 ACME                       | accepted #1; filled #1 10 @ 99.9826 improved 0.0275
        sell 5 ACME limit=99.00           | accepted #2; filled #2 5 @ 99.9275 improved 0.0275
        sell 5 ACME limit=100.50          | accepted #3
        quote ACME 100.60 100.80          | filled #3 5 @ 100.60
    """,
    "a waiting limit wants the market to pass it by a tick, and fills at its limit": f"""
        {REALISTIC} rule=penetrate
        quote ACME 99.90x300 100.00x200
        buy 100 ACME limit=99.50          | accepted #1
        quote ACME 99.40x300 99.50x200
        trade ACME 99.50 500
        quote ACME 99.40x300 99.49x60     | filled #1 60 @ 99.50 part
        trade ACME 99.49 30               | filled #1 30 @ 99.50 part
        trade ACME 99.48 30               | filled #1 10 @ 99.50
    """,
    "a queue: trades at the limit go to those ahead first": f"""
        {REALISTIC} rule=queue
        quote ACME 99.90x300 100.00x200
        buy 100 ACME limit=99.90          | accepted #1; rests #1 behind 300
        buy 100 ACME limit=99.90          | accepted #2; rests #2 behind 300
        buy 100 ACME limit=99.95          | accepted #3; rests #3 behind 0
        buy 100 ACME limit=99.00          | accepted #4; rests #4 behind 300
        trade ACME 99.90 200              | filled #3 100 @ 99.95
        trade ACME 99.90 150              | filled #1 50 @ 99.90 part
        trade ACME 99.90 80               | filled #1 50 @ 99.90; filled #2 30 @ 99.90 part
        quote ACME 99.80x300 99.90x200
        quote ACME 99.80x300 99.89x200    | filled #2 70 @ 99.90
        trade ACME 98.90 40               | filled #4 40 @ 99.00 part
    """,
    "an order taken without a quote arrives with the first one": f"""
        {REALISTIC} rule=queue
        buy 100 ACME limit=101.00 tif=gtc | accepted #1
        trade ACME 99.00 500
        quote ACME 99.90x300 100.00x80    | filled #1 80 @ 100.00 part; rests #1 behind 0
        trade ACME 101.00 50              | filled #1 20 @ 101.00
    """,
    "places in the queue end with the session": f"""
        {REALISTIC} rule=queue
        quote ACME 99.90x300 100.00x200
        buy 100 ACME limit=99.90 tif=gtc  | accepted #1; rests #1 behind 300
        trade ACME 99.90 300
        tick 16:00:00
        tick day 2 09:30:00
        trade ACME 99.90 50
        quote ACME 99.90x700 100.00x200   | rests #1 behind 700
        trade ACME 99.90 750              | filled #1 50 @ 99.90 part
    """,
    "the venue refuses an order, and what it held is free": """
        define ideal version=2 bounded=no fees=no reject=100%
        quote ACME 99.90 100.00
        buy 10 ACME                       | accepted #1; rejected #1 rejected_by_venue
        buy 10 ACME stop=101.00           | accepted #2; rejected #2 rejected_by_venue
        look                              | cash 100000.00
    """,
    "during a halt nothing fills or triggers; it goes on with the first quote after": """
        quote ACME 99.90 100.00
        buy 10 ACME                       | accepted #1; filled #1 10 @ 100.00
        sell 5 ACME stop=95.00            | accepted #2
        halt ACME
        quote ACME 94.00 94.10
        trade ACME 94.00
        buy 1 ACME limit=94.10            | accepted #3; rests #3 halted
        buy 1 ACME tif=ioc                | accepted #4; canceled #4 rest_of_immediate_or_cancel
        resume ACME
        buy 1 ACME limit=94.20            | accepted #5
        trade ACME 94.50                  | triggered #2 94.50 past 95.00
        quote ACME 94.00 94.10            | filled #5 1 @ 94.10; filled #3 1 @ 94.10; \
filled #2 5 @ 94.00
    """,
    "a profile may deny orders during a halt, and on a stale quote": """
        define ideal version=2 bounded=no fees=no age=5 halt=deny stale=deny
        quote ACME 99.90 100.00
        wait 5.0
        buy 1 ACME                        | denied stale_quote
        buy 1 ACME limit=90.00            | denied stale_quote
        buy 1 ACME stop=110.00            | accepted #1
        quote ACME 99.90 100.00
        halt ACME
        buy 1 ACME limit=90.00            | denied trading_halted
    """,
    "an order reaches the venue later, and is priced against what it finds": """
        define ideal version=2 bounded=no fees=no latency=0.25
        quote ACME 99.90 100.00
        buy 10 ACME                       | sent #1
        quote ACME 99.95 100.05
        wait 0.3
        quote ACME 100.10 100.20          | arrived #1; filled #1 10 @ 100.05
        buy 5 ACME limit=100.20 tif=ioc   | sent #2
        quote ACME 100.15 100.25
        tick 10:00:01                     | arrived #2; canceled #2 rest_of_immediate_or_cancel
        buy 5 ACME                        | sent #3
        cancel #3                         | cancel of #3 sent
        tick 10:00:02                     | arrived #3; filled #3 5 @ 100.25
    """,
    "the fill wins when it is earlier than the cancellation": """
        define ideal version=2 bounded=no fees=no latency=0.25
        quote ACME 99.90 100.00
        buy 10 ACME limit=99.95           | sent #1
        tick 10:00:01                     | arrived #1
        cancel #1                         | cancel of #1 sent
        cancel #1                         | denied change_under_way
        replace #1 qty=20                 | denied change_under_way
        cancel all
        quote ACME 99.90 99.95            | filled #1 10 @ 99.95
        buy 10 ACME limit=99.90           | sent #2
        tick 10:00:02                     | arrived #2
        cancel #2                         | cancel of #2 sent
        tick 10:00:03                     | canceled #2 canceled_by_client
        cancel #2                         | denied order_not_open
        look                              | cash 99000.50; 10 ACME cost 999.50
    """,
    "a replacement takes effect where it arrives, counting what was filled by then": f"""
        {REALISTIC} latency=0.25
        quote ACME 99.90x300 100.00x200
        buy 100 ACME limit=99.95          | sent #1
        tick 10:00:01                     | arrived #1
        replace #1 qty=80 limit=99.96     | replacement of #1 sent
        replace #1 qty=90                 | denied change_under_way
        quote ACME 99.90x300 99.95x30     | filled #1 30 @ 99.95 part
        tick 10:00:02                     | replaced #1 by #2; accepted #2
        quote ACME 99.90x300 99.96x70     | filled #2 50 @ 99.96
        buy 10 ACME limit=99.00           | sent #3
        tick 10:00:03                     | arrived #3
        replace #3 limit=99.10            | replacement of #3 sent
        quote ACME 98.90x300 99.00x90     | filled #3 10 @ 99.00
        tick 10:00:04 | replacement rejected order_had_ended_before_the_replacement_arrived
    """,
    "a replacement that may no longer be is refused where it arrives": f"""
        {REALISTIC} latency=0.25
        quote ACME 99.90x300 100.00x200
        buy 100 ACME limit=99.95          | sent #1
        tick 10:00:01                     | arrived #1
        replace #1 qty=20                 | replacement of #1 sent
        quote ACME 99.90x300 99.95x30     | filled #1 30 @ 99.95 part
        tick 10:00:02 | replacement rejected replacement_no_longer_allowed_when_it_arrived
        replace #1 qty=50                 | replacement of #1 sent
        cancel #1                         | replacement canceled canceled_by_client; \
cancel of #1 sent
        tick 10:00:03                     | canceled #1 canceled_by_client
    """,
    "a triggered stop takes its time to trade": """
        define ideal version=2 bounded=no fees=no latency=0.25
        quote ACME 99.90 100.00
        buy 10 ACME                       | sent #1
        tick 10:00:01                     | arrived #1; filled #1 10 @ 100.00
        sell 10 ACME stop=95.00           | sent #2
        trade ACME 94.00
        tick 10:00:02                     | arrived #2
        quote ACME 94.00 94.10
        trade ACME 94.00                  | triggered #2 94.00 past 95.00
        quote ACME 93.00 93.10
        tick 10:00:03                     | arrived #2; filled #2 10 @ 93.00
    """,
    "what is on its way when the session ends": """
        define ideal version=2 bounded=no fees=no latency=0.25
        quote ACME 99.90 100.00
        tick 15:59:59.9
        buy 1 ACME                        | sent #1
        buy 2 ACME limit=99.00 tif=gtc    | sent #2
        buy 3 ACME limit=99.00 tif=gtc    | sent #3
        cancel #3                         | cancel of #3 sent
        buy 4 ACME limit=99.00 tif=ioc    | sent #4
        tick 16:00:00                     | expired #1 trading_day_ended
        tick 16:00:01                     | arrived #2 queued; canceled #3 canceled_by_client; \
arrived #4; canceled #4 rest_of_immediate_or_cancel
        replace #2 limit=99.50            | replaced #2 by #5; queued #5
        cancel #5                         | canceled #5 canceled_by_client
        look                              | cash 100000.00
    """,
    "the house cancels at once: a closing, a reset": """
        define ideal version=2 bounded=no fees=no latency=0.25
        quote ACME 99.90 100.00
        buy 10 ACME                       | sent #1
        tick 10:00:01                     | arrived #1; filled #1 10 @ 100.00
        sell 10 ACME limit=101.00         | sent #2
        tick 10:00:02                     | arrived #2
        replace #2 limit=102.00           | replacement of #2 sent
        close ACME cancel=yes             | replacement canceled canceled_to_close_position; \
canceled #2 canceled_to_close_position; sent #3
        reset 500                         | canceled #3 account_reset; gave up 10 ACME; \
reset to 500.00
        tick 10:00:03
    """,
    "a replacement that travelled is as old as its sending, also to who ends all orders": """
        define ideal version=2 bounded=no fees=no latency=0.25
        quote ACME 99.90 100.00           |
        buy 1 ACME limit=90.00 tif=gtc    | sent #1
        tick 10:00:01                     | arrived #1
        replace #1 limit=91.00            | replacement of #1 sent
        buy 2 ACME limit=90.00 tif=gtc    | sent #2
        tick 10:00:02                     | replaced #1 by #3; accepted #3; arrived #2
        reset 500                         | canceled #3 account_reset; \
canceled #2 account_reset; reset to 500.00
    """,
}


@pytest.mark.parametrize("restarted", [False, True], ids=["straight", "restarted"])
@pytest.mark.parametrize("title", PLAYBOOKS)
def test_the_venue(new_world: Callable[..., World], title: str, restarted: bool) -> None:
    name = "realistic" if REALISTIC in PLAYBOOKS[title] else "ideal"
    check(new_world(profile=name), PLAYBOOKS[title], restarted)


def test_the_engine_brings_an_order_to_the_venue_by_itself(new_world: Callable[..., World]) -> None:
    """The next due time is the arrival: nothing waits for the next quote."""
    world = new_world(profile="strict", profiles=terms.ALL_PROFILES)
    world.quote("ACME", "99.90x300", "100.00x200")
    world.order("buy", "10", "ACME", limit="99.00", tif="gtc")
    assert world.engine.next_due_ns == world.ts + terms.STRICT.latency_ns


@pytest.mark.parametrize(
    "wrong",
    [
        {"size_cap_ppm": 0},
        {"reject_ppm": 1_000_001},
        {"depth_levels": 21},
        {"slippage_bps": 10_000},
        {"latency_ns": -1},
        {"limit_rule": 4},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_profile_that_cannot_be_meant_is_not_journaled(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="bad: "):
        VenueProfile(9, 1, "bad", True, True, 0, **wrong)
