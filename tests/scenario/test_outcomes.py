"""Goal: an order meets exactly what a test has planned for it, and the books stay in order whatever
comes after. Method: playbooks.
"""

from collections.abc import Callable

import pytest

from tests.engine_terms import ALL_PROFILES
from tests.engine_world import World
from tests.scenario.playbook import check

QUOTED = "quote ACME 99.90x1000 100.00x1000 |\n"

PLAYBOOKS = {
    "a denial says what was planned, once, before anything else is looked at": """
        plan deny code=exceeds_buying_power note=poor | planned 1
        buy 10 ACME id=a body=x         | denied exceeds_buying_power; met 1: deny
        buy 10 ACME id=a body=x         | repeats 3
        buy 10 ACME id=b                | accepted #1; filled #1 10 @ 100.00
    """,
    "a denial of a replacement and of a closing leaves everything": """
        buy 10 ACME                     | accepted #1; filled #1 10 @ 100.00
        buy 5 ACME limit=99.00          | accepted #2
        plan deny code=trading_halted side=buy uses=2 | planned 1
        replace #2 limit=98.00          | denied trading_halted; met 1: deny
        plan deny code=stale_quote type=market | planned 2
        close ACME                      | denied stale_quote; met 2: deny
        replace #2 limit=98.00          | denied trading_halted; met 1: deny
        replace #2 limit=98.00          | replaced #2 by #3; accepted #3
        look                            | cash 99000.00 held 490.00; 10 ACME cost 1000.00
    """,
    "the venue rejects, with its own reason or another": """
        plan reject uses=1              | planned 1
        plan reject reason=trading_day_ended | planned 2
        buy 10 ACME                     | accepted #1; met 1: reject; rejected #1 rejected_by_venue
        buy 10 ACME stop=105.00         | accepted #2; met 2: reject; rejected #2 trading_day_ended
        look                            | cash 100000.00
    """,
    "a partial fill waits until it is released, then it is an order like any other": """
        plan fill qty=30                | planned 1
        buy 100 ACME                    | accepted #1; met 1: fill; filled #1 30 @ 100.00 part
        quote ACME 99.80x1000 99.90x1000 |
        trade ACME 99.00                |
        look                            | cash 97000.00 held 7350.00; 30 ACME cost 3000.00
        release #1                      | arrived #1; filled #1 70 @ 99.90
        release #1                      | denied order_not_open
        look                            | cash 90007.00; 100 ACME cost 9993.00
    """,
    "a partial fill, and the rest canceled by the venue, or by any reason": """
        plan fill qty=30 rest=cancel    | planned 1
        plan fill qty=1 rest=cancel reason=market_moved_beyond_collar | planned 2
        buy 100 ACME                    | \
accepted #1; met 1: fill; filled #1 30 @ 100.00 part; canceled #1 canceled_by_venue
        buy 100 ACME tif=gtc            | \
accepted #2; met 2: fill; filled #2 1 @ 100.00 part; canceled #2 market_moved_beyond_collar
        look                            | cash 96900.00; 31 ACME cost 3100.00
    """,
    "a partial fill, and the rest works on": """
        plan fill qty=30 price=99.50 rest=work | planned 1
        buy 100 ACME limit=99.60        | accepted #1; met 1: fill; filled #1 30 @ 99.50 part
        quote ACME 99.40x1000 99.60x1000 | filled #1 70 @ 99.60
    """,
    "a fill at any price the order allows, and no other": """
        plan fill price=42.00           | planned 1
        buy 10 ACME limit=99.00         | accepted #1; met 1: fill; filled #1 10 @ 42.00
        plan fill price=250.00          | planned 2
        buy 10 ACME limit=99.00 tif=gtc | accepted #2
        buy 10 ACME                     | accepted #3; met 2: fill; filled #3 10 @ 250.00
        plan fill price=99999.00        | planned 3
        buy 10 ACME                     | accepted #4; filled #4 10 @ 100.00
        sell 10 ACME                    | accepted #5; met 3: fill; filled #5 10 @ 99999.00
        look                            | \
cash 1096070.00 held 990.00; 20 ACME cost 2613.333334 realized 998683.333334
    """,
    "a fill without a price takes the market's, within the limit": """
        plan fill uses=2                | planned 1
        buy 10 ACME limit=95.00         | accepted #1; met 1: fill; filled #1 10 @ 95.00
        sell 10 ACME limit=99.00        | accepted #2; met 1: fill; filled #2 10 @ 99.90
    """,
    "an amount in dollars": """
        plan fill price=50.00           | planned 1
        plan fill qty=3 rest=cancel     | planned 2
        buy $1000 ACME                  | accepted #1; met 1: fill; filled #1 10 @ 50.00
        buy $1000 ACME                  | \
accepted #2; met 2: fill; filled #2 3 @ 100.00 part; canceled #2 canceled_by_venue
    """,
    "a delay of the world's time": """
        plan delay delay=2              | planned 1
        buy 10 ACME                     | sent #1; met 1: delay
        quote ACME 100.90x1000 101.00x1000 |
        wait 2                          |
        quote RAIL 9.00x100 9.10x100    | arrived #1; filled #1 10 @ 101.00
    """,
    "a hold until it is released": """
        plan hold                       | planned 1
        buy 10 ACME limit=100.00 tif=gtc | sent #1; met 1: hold
        buy 10 ACME                     | accepted #2; filled #2 10 @ 100.00
        quote ACME 98.90x1000 99.00x1000 |
        release #2                      | denied order_not_open
        release #1                      | arrived #1; filled #1 10 @ 99.00
        buy 10 ACME limit=90.00         | accepted #3
        release #3                      | denied order_not_held_back
    """,
    "what is held can be canceled, replaced and reset": """
        plan hold uses=4                | planned 1
        buy 10 ACME                     | sent #1; met 1: hold
        cancel #1                       | canceled #1 canceled_by_client
        buy 10 ACME limit=99.00         | sent #2; met 1: hold
        replace #2 limit=98.00          | replaced #2 by #3; sent #3; met 1: hold
        buy 10 ACME                     | sent #4; met 1: hold
        cancel all                      | \
canceled #3 canceled_by_client; canceled #4 canceled_by_client
        plan hold                       | planned 2
        buy 10 ACME                     | sent #5; met 2: hold
        plan reject uses=9              | planned 3
        reset 5000                      | canceled #5 account_reset; forgot 3; reset to 5000.00
        buy 10 ACME                     | accepted #6; filled #6 10 @ 100.00
    """,
    "held day orders end with the day, held GTC ones wait over night": """
        plan hold uses=2                | planned 1
        buy 10 ACME                     | sent #1; met 1: hold
        buy 10 ACME tif=gtc             | sent #2; met 1: hold
        tick 16:00:00                   | expired #1 trading_day_ended
        release #2                      | arrived #2 queued
    """,
    "the venue expires and cancels, at once and later": """
        plan expire                     | planned 1
        plan cancel                     | planned 2
        plan cancel delay=60            | planned 3
        plan expire delay=60 reason=good_till_date_reached | planned 4
        buy 10 ACME                     | accepted #1; met 1: expire; expired #1 trading_day_ended
        buy 10 ACME stop=110.00         | accepted #2; met 2: cancel; canceled #2 canceled_by_venue
        buy 10 ACME limit=99.00         | accepted #3; met 3: cancel
        buy 10 ACME limit=99.00         | accepted #4; met 4: expire
        quote ACME 98.90x1000 99.10x1000 |
        wait 60                         |
        quote RAIL 9.00x100 9.10x100    | \
canceled #3 canceled_by_venue; expired #4 good_till_date_reached
        plan cancel delay=60            | planned 5
        buy 10 ACME                     | accepted #5; met 5: cancel; filled #5 10 @ 99.10
        wait 60                         |
        quote RAIL 9.00x100 9.10x100    |
    """,
    "rules choose by symbol, side, type, name, and the first planned counts": """
        plan reject symbol=ACME side=sell | planned 1
        plan hold id=x-                 | planned 2
        plan cancel id=x- prefix=yes uses=2 | planned 3
        plan expire type=limit          | planned 4
        buy 10 ACME                     | accepted #1; filled #1 10 @ 100.00
        buy 10 ACME id=x-1              | \
accepted #2; met 3: cancel; canceled #2 canceled_by_venue
        buy 1 ACME limit=90.00 id=x-2   | \
accepted #3; met 3: cancel; canceled #3 canceled_by_venue
        buy 1 ACME limit=90.00 id=x-    | sent #4; met 2: hold
        buy 1 ACME limit=90.00 id=x-4   | accepted #5; met 4: expire; expired #5 trading_day_ended
        sell 1 ACME                     | accepted #6; met 1: reject; rejected #6 rejected_by_venue
        sell 1 ACME                     | accepted #7; filled #7 1 @ 99.90
    """,
    "a rule's time ends": """
        plan reject until=1T11:00:00    | planned 1
        tick 11:00:00                   |
        buy 10 ACME                     | accepted #1; filled #1 10 @ 100.00
        plan reject until=1T10:00:00    | denied outcome_not_supported
    """,
    "what is planned can be forgotten, one and all; what it did stays": """
        plan hold                       | planned 1
        plan reject                     | planned 2
        buy 10 ACME                     | sent #1; met 1: hold
        forget 2                        | forgot 2
        forget 2                        | denied unknown_outcome
        buy 10 ACME                     | accepted #2; filled #2 10 @ 100.00
        forget all                      | forgot 1
        forget all                      |
        release #1                      | arrived #1; filled #1 10 @ 100.00
    """,
    "rules of one account are for no other": """
        open 50000 ideal                | opened; deposited 50000.00
        plan reject account=2           | planned 1
        buy 10 ACME                     | accepted #1; filled #1 10 @ 100.00
        buy 10 ACME account=2           | accepted #2; met 1: reject; rejected #2 rejected_by_venue
    """,
    "exits meet rules of their own when they come alive": """
        plan reject part=stop_loss      | planned 1
        plan fill price=111.50 part=take_profit | planned 2
        buy 10 ACME class=bracket tp=110.00 sl=95.00 | \
accepted #1; held #2; held #3; filled #1 10 @ 100.00; activated #2; activated #3; met 1: reject; \
rejected #3 rejected_by_venue; canceled #2 other_leg_ended; met 2: fill
        buy 10 ACME class=oto tp=110.00 | \
accepted #4; held #5; filled #4 10 @ 100.00; activated #5
    """,
    "a stop-loss fills as planned once it is triggered": """
        plan fill price=80.00 part=exit | planned 1
        buy 10 ACME class=oto sl=95.00  | \
accepted #1; held #2; filled #1 10 @ 100.00; activated #2
        trade ACME 94.00                | triggered #2 94.00 past 95.00; met 1: fill; \
filled #2 10 @ 80.00
    """,
    "exits are held back, and the other of the pair goes on": """
        plan hold part=take_profit      | planned 1
        buy 10 ACME class=bracket tp=110.00 sl=95.00 | \
accepted #1; held #2; held #3; filled #1 10 @ 100.00; activated #2; activated #3; met 1: hold
        quote ACME 111.00x1000 111.10x1000 |
        trade ACME 94.00                | \
triggered #3 94.00 past 95.00; filled #3 10 @ 111.00; canceled #2 other_leg_filled
    """,
    "a stop meets a planned fill when it triggers, not before": """
        plan fill price=120.00 qty=4    | planned 1
        buy 10 ACME stop=105.00         | accepted #1
        trade ACME 106.00               | \
triggered #1 106.00 past 105.00; met 1: fill; filled #1 4 @ 120.00 part
        cancel #1                       | canceled #1 canceled_by_client
    """,
    "what does not go together is refused": """
        plan deny                       | denied outcome_not_supported
        plan deny code=no_quote part=exit | denied outcome_not_supported
        plan reject code=no_quote       | denied outcome_not_supported
        plan hold delay=1               | denied outcome_not_supported
        plan delay                      | denied outcome_not_supported
        plan cancel qty=1               | denied outcome_not_supported
        plan fill qty=-1                | denied outcome_not_supported
        plan fill reason=account_reset  | denied outcome_not_supported
        plan hold prefix=yes            | denied outcome_not_supported
        plan hold uses=0                | denied outcome_not_supported
        plan hold uses=1001             | denied outcome_not_supported
        plan cancel delay=2592001       | denied outcome_not_supported
        plan nonsense                   | denied outcome_not_supported
        forget 1                        | denied unknown_outcome
    """,
    "an auction knows nothing of what is held, and the next one of what was released": """
        quote LATE 99.90x300 100.00x200
        tick 16:30:00
        plan hold                       | planned 1
        buy 10 LATE tif=opg             | sent #1; met 1: hold
        tick day 2 09:30:00
        opening LATE 100.00             |
        tick day 2 16:30:00             |
        release #1                      | arrived #1 queued
        tick day 3 09:30:00
        opening LATE 100.00             | activated #1; filled #1 10 @ 100.00
    """,
    "planned outcomes take no notice of a halt": """
        halt ACME                       |
        plan fill price=100.00          | planned 1
        buy 10 ACME                     | accepted #1; met 1: fill; filled #1 10 @ 100.00
        plan hold                       | planned 2
        buy 10 ACME limit=101.00        | sent #2; met 2: hold
        release #2                      | arrived #2; rests #2 halted
    """,
}


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_outcomes(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    """The table holds, also when the engine starts again from its snapshot after every line."""
    check(new_world(cash="100000", profiles=ALL_PROFILES), QUOTED + PLAYBOOKS[name], restarted)
