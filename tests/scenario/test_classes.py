"""Goal: linked orders come alive, shrink and end together, and never sell twice. Playbooks."""

import pytest

from stockyard.model.denials import DenyCode
from tests.engine_world import World
from tests.scenario.playbook import check

BRACKETS = {
    "a bracket filled at once: the legs come alive, and the take-profit ends the stop": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; held #3; \
filled #1 10 @ 100.00; activated #2; activated #3
        look                               | cash 99000.00; 10 ACME held 10 cost 1000.00
        quote ACME 110.00x300 110.10x200   | filled #2 10 @ 110.00; \
canceled #3 other_leg_filled
        look                               | cash 100100.00 realized 100.00
    """,
    "the stop ends the take-profit": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; held #3; \
filled #1 10 @ 100.00; activated #2; activated #3
        quote ACME 94.80x300 94.90x200
        trade ACME 94.85                   | triggered #3 94.85 past 95.00; \
filled #3 10 @ 94.80; canceled #2 other_leg_filled
        quote ACME 110.00x300 110.10x200
        look                               | cash 99948.00 realized -52.00
    """,
    "legs wait for the entry, whatever the market does, and count as open orders": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME limit=98.00 class=bracket tp=99.00 sl=97.00 | accepted #1; held #2; held #3
        quote ACME 99.00x300 99.10x200
        trade ACME 96.00
        look                               | cash 100000.00 held 980.00
        quote ACME 97.90x300 98.00x200     | filled #1 10 @ 98.00; activated #2; activated #3
        trade ACME 97.00                   | triggered #3 97.00 past 97.00; \
filled #3 10 @ 97.90; canceled #2 other_leg_filled
    """,
    "an entry canceled half filled: the legs cover what was filled": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        trade ACME 100.00
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        cancel #1                          | canceled #1 canceled_by_client; \
activated #2 for 4; activated #3 for 4
        look                               | cash 99600.00; 4 ACME held 4 cost 400.00
        cancel #2                          | canceled #2 canceled_by_client; \
canceled #3 other_leg_ended
        look                               | cash 99600.00; 4 ACME cost 400.00
    """,
    "an entry canceled unfilled: the legs go": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=98.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3
        cancel #1                          | canceled #1 canceled_by_client; \
canceled #2 entry_ended_unfilled; canceled #3 entry_ended_unfilled
        look                               | cash 100000.00
    """,
    "canceling one held leg takes the other along, and the entry stays": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=98.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3
        cancel #3                          | canceled #3 canceled_by_client; \
canceled #2 other_leg_ended
        quote ACME 97.90x300 98.00x200     | filled #1 10 @ 98.00
        look                               | cash 99020.00; 10 ACME cost 980.00
    """,
    "a replaced entry keeps its legs, for all that the chain fills": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        replace #1 qty=8 limit=99.50       | replaced #1 by #4; accepted #4
        replace #4 limit=111.00            | denied take_profit_wrong_side
        replace #4 limit=94.00             | denied stop_loss_wrong_side
        replace #4 tif=ioc                 | denied class_time_in_force_not_supported
        quote ACME 99.40x300 99.50x3       | filled #4 3 @ 99.50 part
        cancel #4                          | canceled #4 canceled_by_client; \
activated #2 for 7; activated #3 for 7
        look                               | cash 99301.50; 7 ACME held 7 cost 698.50
    """,
    "a held leg is replaced in its prices, never in its quantity": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME stop=105.00 class=bracket tp=110.00 sl=103.00 | accepted #1; held #2; \
held #3
        replace #2 qty=5                   | denied leg_quantity_fixed
        replace #2 limit=105.00            | denied take_profit_wrong_side
        replace #3 stop=105.00             | denied stop_loss_wrong_side
        replace #3 stop=104.001            | denied price_off_tick
        replace #3 limit=1.00              | denied limit_price_not_allowed
        replace #3 tif=fok                 | denied time_in_force_not_supported
        replace #2 tif=fok                 | denied class_time_in_force_not_supported
        replace #3 stop=104.00             | replaced #3 by #4; held #4
        replace #2 limit=111.00 tif=gtc    | replaced #2 by #5; held #5
        quote ACME 104.90x300 105.00x200   | triggered #1 105.00 past 105.00; \
filled #1 10 @ 105.00; activated #5; activated #4
        replace #4 stop=111.00             | denied stop_price_wrong_side
        replace #5 limit=104.00            | denied take_profit_not_beyond_stop_loss
        replace #4 qty=3                   | denied leg_quantity_fixed
        replace #4 stop=104.50             | replaced #4 by #6; accepted #6
        look                               | cash 98950.00; 10 ACME held 10 cost 1050.00
        quote ACME 111.00x300 111.10x200   | filled #5 10 @ 111.00; \
canceled #6 other_leg_filled
    """,
    "oto: just one exit": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME class=oto sl=~2.00     | accepted #1; held #2; filled #1 10 @ 100.00; \
activated #2
        trade ACME 104.00
        trade ACME 102.00                  | triggered #2 102.00 past 102.00; \
filled #2 10 @ 99.90
        buy 10 ACME limit=98.00 class=oto tp=101.00 | accepted #3; held #4
        quote ACME 97.90x300 98.00x200     | filled #3 10 @ 98.00; activated #4
        quote ACME 101.00x300 101.10x200   | filled #4 10 @ 101.00
    """,
    "a trailing leg follows the market from the moment it comes alive": """
        quote ACME 99.90x300 100.00x200
        trade ACME 120.00
        buy 10 ACME limit=98.00 class=bracket tp=130.00 sl=~5% | accepted #1; held #2; held #3
        trade ACME 100.00
        quote ACME 97.90x300 98.00x200     | filled #1 10 @ 98.00; activated #2; activated #3
        trade ACME 95.01
        trade ACME 95.00                   | triggered #3 95.00 past 95.00; \
filled #3 10 @ 97.90; canceled #2 other_leg_filled
    """,
    "the legs cover no more than the position has free": """
        quote ACME 99.90x300 100.00x200
        buy 5 ACME                         | accepted #1; filled #1 5 @ 100.00
        buy 10 ACME limit=98.00 class=bracket tp=110.00 sl=95.00 | accepted #2; held #3; \
held #4
        use realistic                      | profile set
        quote ACME 97.90x300 98.00x200     | filled #2 10 @ 98.00; activated #3; activated #4
        look                               | cash 98520.00; 15 ACME held 10 cost 1480.00
    """,
    "what others hold of the position is not covered": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        sell 3 ACME limit=120.00           | accepted #4
        cancel #1                          | canceled #1 canceled_by_client; \
activated #2 for 1; activated #3 for 1
        look                               | cash 99600.00; 4 ACME held 4 cost 400.00
    """,
    "where nothing is left to cover the legs go": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        sell 4 ACME                        | accepted #4; \
filled #4 4 @ 99.90 fee sec_section_31 0.01 fee finra_taf 0.01
        cancel #1                          | canceled #1 canceled_by_client; \
canceled #2 position_has_nothing_free; canceled #3 position_has_nothing_free
    """,
}

SESSIONS = {
    "half a bracket at the end of the day: the legs wait for the next session": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        trade ACME 100.00
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        tick 16:00:00                      | expired #1 trading_day_ended; \
activated #2 queued for 4; activated #3 queued for 4
        look                               | cash 99600.00; 4 ACME held 4 cost 400.00
        tick day 2 09:30:00                | activated #3 for 4; activated #2 for 4
        quote ACME 94.00x2 94.10x300
        trade ACME 94.05                   | triggered #3 94.05 past 95.00; \
filled #3 2 @ 94.00 part fee sec_section_31 0.01 fee finra_taf 0.01; reduced #2 to 2
        quote ACME 110.00x300 110.10x300   | filled #3 2 @ 110.00; canceled #2 other_leg_filled
    """,
    "a day leg ends with the session in which it came alive": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; held #3; \
filled #1 10 @ 100.00; activated #2; activated #3
        tick 16:00:00                      | expired #2 trading_day_ended; \
canceled #3 other_leg_ended
        look                               | cash 99000.00; 10 ACME cost 1000.00
    """,
    "a gtd entry half filled at its date: the legs end with it": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 tif=gtd until=1T11:00:00 class=bracket tp=110.00 sl=95.00 \
| accepted #1; held #2; held #3; filled #1 4 @ 100.00 part
        replace #2 tif=gtc                 | replaced #2 by #4; held #4
        tick 11:00:00                      | expired #1 good_till_date_reached; \
expired #3 good_till_date_reached; canceled #4 other_leg_ended
    """,
    "a gtd leg ends at its date, and takes the other along": """
        quote ACME 99.90x300 100.00x4
        buy 10 ACME tif=gtd until=1T11:00:00 class=bracket tp=110.00 sl=95.00 | accepted #1; \
held #2; held #3; filled #1 10 @ 100.00; activated #2; activated #3
        tick 11:00:00                      | expired #2 good_till_date_reached; \
canceled #3 other_leg_ended
    """,
    "whatever came alive when, the day ends the oldest first": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=98.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; held #3
        buy 10 ACME limit=90.00            | accepted #4
        quote ACME 97.90x300 98.00x200     | filled #1 10 @ 98.00; activated #2; activated #3
        tick 16:00:00                      | expired #2 trading_day_ended; \
canceled #3 other_leg_ended; expired #4 trading_day_ended
    """,
    "whatever was queued when, the next day begins with the oldest": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 tif=gtc class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        tick 16:00:00
        buy 1 ACME limit=90.00 tif=gtc     | queued #4
        cancel #1                          | canceled #1 canceled_by_client; \
activated #2 queued for 4; activated #3 queued for 4
        tick day 2 09:30:00                | activated #3 for 4; activated #2 for 4; activated #4
    """,
    "half a bracket when nothing was heard until the next day": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; held #3; \
filled #1 4 @ 100.00 part
        tick day 2 10:00:00                | expired #1 trading_day_ended; \
activated #2 queued for 4; activated #3 queued for 4; activated #3 for 4; activated #2 for 4
    """,
    "a bracket placed while closed": """
        quote ACME 99.90x300 100.00x200
        tick 16:00:00
        buy 10 ACME class=bracket tp=110.00 sl=95.00 | queued #1; held #2; held #3
        tick day 2 09:30:00                | activated #1
        quote ACME 99.90x300 100.00x200    | filled #1 10 @ 100.00; activated #2; activated #3
    """,
    "both exits of an oco wait for an open that reaches both: the stop goes first": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 100.00
        sell 10 ACME limit=104.00 tif=gtc class=oco sl=99.00 | accepted #2; accepted #3
        quote ACME 99.00x0 100.00x200
        trade ACME 99.00                   | triggered #3 99.00 past 99.00
        quote ACME 105.00x4 105.10x200 \
| filled #3 4 @ 105.00 part fee sec_section_31 0.01 fee finra_taf 0.01; reduced #2 to 6
        quote ACME 105.00x40 105.10x200    | filled #3 6 @ 105.00 fee sec_section_31 0.02; \
canceled #2 other_leg_filled
    """,
}

PAIRS = {
    "oco: a fill of the take-profit takes as much off the stop": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 100.00
        sell 10 ACME limit=104.00 tif=gtc class=oco sl=96.00 | accepted #2; accepted #3
        sell 1 ACME                        | denied exceeds_position
        look                               | cash 99000.00; 10 ACME held 10 cost 1000.00
        quote ACME 104.00x4 104.10x200 \
| filled #2 4 @ 104.00 part fee sec_section_31 0.01 fee finra_taf 0.01; reduced #3 to 6
        look                               | cash 99415.98; \
6 ACME held 6 cost 600.00 realized 16.00
        replace #2 limit=105.00            | replaced #2 by #4; accepted #4
        quote ACME 95.90x2 96.00x200
        trade ACME 96.00                   | triggered #3 96.00 past 96.00; \
filled #3 2 @ 95.90 part fee sec_section_31 0.01 fee finra_taf 0.01; reduced #4 to 4
        look                               | cash 99607.76; \
4 ACME held 4 cost 400.00 realized 7.80
        quote ACME 105.00x3 105.10x200     | filled #3 3 @ 105.00 part fee sec_section_31 0.01; \
reduced #4 to 1
        quote ACME 95.00x300 95.10x200     | filled #3 1 @ 95.00; canceled #4 other_leg_filled
        look                               | cash 100017.75 realized 17.80
    """,
    "a stop limit that is triggered and rests while the take-profit fills": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 100.00
        sell 10 ACME limit=104.00 tif=gtc class=oco sl=96.00/95.50 | accepted #2; accepted #3
        quote ACME 95.00x300 95.10x200
        trade ACME 95.05                   | triggered #3 95.05 past 96.00
        quote ACME 95.60x3 95.70x200 \
| filled #3 3 @ 95.60 part fee sec_section_31 0.01 fee finra_taf 0.01; reduced #2 to 7
        quote ACME 104.50x9 104.60x200     | filled #3 7 @ 104.50 fee sec_section_31 0.02; \
canceled #2 other_leg_filled
    """,
    "an oco within reach": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 10 ACME limit=99.90 class=oco sl=95.00 | denied take_profit_wrong_side
        sell 10 ACME limit=99.91 class=oco sl=99.90 | denied stop_loss_wrong_side
        sell 10 ACME limit=99.91 class=oco sl=99.89 | accepted #2; accepted #3
        replace #2 limit=99.90             | replaced #2 by #4; accepted #4; \
filled #4 10 @ 99.90; canceled #3 other_leg_filled
    """,
    "canceling one exit cancels the other; replacing one keeps the pair": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 10 ACME limit=104.00 tif=gtc class=oco sl=96.00 | accepted #2; accepted #3
        replace #3 stop=97.00              | replaced #3 by #4; accepted #4
        replace #2 limit=103.00            | replaced #2 by #5; accepted #5
        replace #5 qty=4                   | denied leg_quantity_fixed
        replace #5 tif=ioc                 | denied class_time_in_force_not_supported
        replace #5 limit=97.00             | denied take_profit_not_beyond_stop_loss
        look                               | cash 99000.00; 10 ACME held 10 cost 1000.00
        cancel #4                          | canceled #4 canceled_by_client; \
canceled #5 other_leg_ended
        look                               | cash 99000.00; 10 ACME cost 1000.00
    """,
    "a leg keeps the profile of its pair": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 10 ACME limit=104.00 tif=gtc class=oco sl=96.00 | accepted #2; accepted #3
        use realistic                      | profile set
        replace #2 limit=103.00            | replaced #2 by #4; accepted #4
        quote ACME 103.00x1 103.10x200     | filled #4 10 @ 103.00; \
canceled #3 other_leg_filled
    """,
    "canceling all ends whole brackets at once": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        sell 2 ACME limit=104.00 tif=gtc class=oco sl=96.00 | accepted #4; accepted #5
        cancel all                         | canceled #1 canceled_by_client; \
canceled #2 canceled_by_client; canceled #3 canceled_by_client; canceled #4 canceled_by_client; \
canceled #5 canceled_by_client
        look                               | cash 99600.00; 4 ACME cost 400.00
    """,
    "closing a position with its orders, and starting again": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x4
        buy 10 ACME limit=100.00 class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; \
held #3; filled #1 4 @ 100.00 part
        close ACME                         | accepted #4; \
filled #4 4 @ 99.90 fee sec_section_31 0.01 fee finra_taf 0.01
        buy 2 ACME limit=99.00 class=bracket tp=110.00 sl=95.00 | accepted #5; held #6; held #7
        close ACME                         | denied no_position
        quote ACME 99.90x300 100.00x4      | filled #1 4 @ 100.00 part
        close ACME cancel=yes              | canceled #1 canceled_to_close_position; \
canceled #2 canceled_to_close_position; canceled #3 canceled_to_close_position; \
canceled #5 canceled_to_close_position; canceled #6 canceled_to_close_position; \
canceled #7 canceled_to_close_position; accepted #8; \
filled #8 4 @ 99.90 fee sec_section_31 0.01 fee finra_taf 0.01
        buy 2 ACME limit=99.00 class=bracket tp=110.00 sl=95.00 | accepted #9; held #10; \
held #11
        reset 5000                         | canceled #9 account_reset; \
canceled #10 account_reset; canceled #11 account_reset; reset to 5000.00
    """,
}

PROTECTIONS = {
    "exits on a position replace those it has": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        protect ACME tp=110.00 sl=95.00    | accepted #2; accepted #3
        protect ACME sl=~2.00 qty=6        | canceled #2 protection_replaced; \
canceled #3 protection_replaced; accepted #4
        look                               | cash 99000.00; 10 ACME held 6 cost 1000.00
        protect ACME tp=99.00              | denied take_profit_wrong_side
        sell 4 ACME limit=120.00           | accepted #5
        protect ACME tp=110.00 qty=7       | denied protection_exceeds_position
        protect ACME tp=110.00 sl=97.00/96.00 | canceled #4 protection_replaced; accepted #6; \
accepted #7
        quote ACME 110.00x300 110.10x200   | filled #6 6 @ 110.00; canceled #7 other_leg_filled
        protect ACME                       | denied no_protection
    """,
    "taking a protection off": """
        quote ACME 99.90x300 100.00x200
        protect ACME                       | denied no_protection
        protect ACME tp=110.00             | denied no_position
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        protect ACME tp=110.00 sl=95.00 tif=gtd until=2T12:00:00 id=mine | accepted #2; \
accepted #3
        protect ACME                       | canceled #2 canceled_by_client; \
canceled #3 canceled_by_client
        sell 10 ACME limit=104.00 tif=gtc class=oco sl=96.00 | accepted #4; accepted #5
        protect ACME tp=110.00             | denied protection_exceeds_position
        protect ACME                       | denied no_protection
    """,
    "a protection put on while closed waits for the open": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        tick 16:00:00
        protect ACME tp=110.00 sl=95.00 tif=day | queued #2; queued #3
        tick day 2 09:30:00                | activated #3; activated #2
        tick 16:00:00                      | expired #2 trading_day_ended; \
canceled #3 other_leg_ended
    """,
    "a protection obeys the rules of exits": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        protect ACME tp=110.00 sl=95.00    | accepted #2; accepted #3
        protect ACME tp=110.005            | denied leg_price_off_tick
        protect ACME tp=-1.00              | denied leg_price_not_positive
        protect ACME tp=9223372036854      | denied leg_price_too_large
        protect ACME sl=100.00             | denied stop_loss_wrong_side
        protect ACME sl=/95.00             | denied stop_loss_unclear
        protect ACME sl=~100.00            | denied leg_trail_out_of_range
        protect ACME sl=~100%              | denied leg_trail_out_of_range
        protect ACME tp=101.00 sl=99.00/102.00 | denied take_profit_not_beyond_stop_loss
        protect ACME tp=110.00 tif=ioc     | denied class_time_in_force_not_supported
        protect ACME tp=110.00 tif=gtd     | denied expiry_missing
        protect ACME tp=110.00 until=2T12:00:00 | denied expiry_not_allowed
        protect ACME tp=110.00 qty=-1      | denied quantity_not_positive
        protect ACME tp=110.00 qty=10.0001 | denied protection_exceeds_position
        look                               | cash 99000.00; 10 ACME held 10 cost 1000.00
    """,
}

BAD = {
    "legs and classes that do not go together": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME tp=110.00              | denied leg_not_allowed
        buy 10 ACME class=other tp=110.00  | denied order_class_not_supported
        buy 10 ACME class=bracket tp=110.00 | denied leg_missing
        buy 10 ACME class=bracket sl=95.00 | denied leg_missing
        buy 10 ACME class=bracket          | denied leg_missing
        buy 10 ACME class=oto              | denied leg_missing
        buy 10 ACME class=oto tp=110.00 sl=95.00 | denied leg_not_allowed
        sell 10 ACME limit=110.00 class=oco | denied leg_missing
        sell 10 ACME limit=110.00 class=oco tp=110.00 sl=95.00 | denied leg_not_allowed
        sell 10 ACME class=oco sl=95.00    | denied class_type_not_supported
        buy 10 ACME trail=1.00 class=oto sl=95.00 | denied class_type_not_supported
        buy 10 ACME tif=ioc class=oto sl=95.00 | denied class_time_in_force_not_supported
        buy 10 ACME limit=100.00 tif=fok class=oto sl=95.00 \
| denied class_time_in_force_not_supported
        buy $500 ACME class=oto sl=95.00   | denied class_notional_not_allowed
    """,
    "prices on the wrong side": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME class=bracket tp=100.00 sl=95.00 | denied take_profit_wrong_side
        buy 10 ACME class=bracket tp=110.00 sl=100.00 | denied stop_loss_wrong_side
        buy 10 ACME limit=98.00 class=bracket tp=98.00 sl=95.00 | denied take_profit_wrong_side
        buy 10 ACME limit=98.00 class=bracket tp=98.01 sl=98.00 | denied stop_loss_wrong_side
        buy 10 ACME stop=105.00 class=bracket tp=105.00 sl=104.00 | denied take_profit_wrong_side
        buy 10 ACME stop=105.00 limit=106.00 class=oto sl=106.00 | denied stop_loss_wrong_side
        buy 10 ACME class=bracket tp=101.00 sl=99.00/101.00 \
| denied take_profit_not_beyond_stop_loss
        buy 10 ACME class=bracket tp=110.005 sl=95.00 | denied leg_price_off_tick
        buy 10 ACME class=bracket tp=110.00 sl=95.00/94.995 | denied leg_price_off_tick
        buy 10 ACME class=bracket tp=110.00 sl=~100.00 | denied leg_trail_out_of_range
        buy 10 ACME class=bracket tp=110.00 sl=/95.00 | denied stop_loss_unclear
        buy 10 ACME class=bracket tp=-1.00 sl=95.00 | denied leg_price_not_positive
    """,
    "an oco closes, a bracket opens": """
        quote ACME 99.90x300 100.00x200
        sell 10 ACME limit=110.00 class=oco sl=95.00 | denied leg_would_open_position
        buy 10 ACME limit=99.00 class=oco sl=105.00 | denied leg_would_open_position
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 11 ACME limit=110.00 class=oco sl=95.00 | denied leg_would_open_position
        sell 10 ACME limit=101.00 class=bracket tp=98.00 sl=105.00 \
| denied entry_would_close_position
        sell 1 ACME limit=120.00           | accepted #2
        sell 10 ACME limit=110.00 class=oco sl=95.00 | denied leg_would_open_position
        sell 9 ACME limit=110.00 class=oco sl=95.00 | accepted #3; accepted #4
    """,
}

TRAILS = {
    "a trailing stop replaced in its quantity is triggered where it would have been": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 100.00
        sell 5 ACME trail=5.00 tif=gtc     | accepted #2
        sell 5 ACME trail=5% tif=gtc       | accepted #3
        trade ACME 120.00
        trade ACME 117.00
        replace #2 qty=4                   | replaced #2 by #4; accepted #4
        tick 16:00:00
        replace #3 qty=6                   | replaced #3 by #5; queued #5
        tick day 2 09:30:00                | activated #5
        quote ACME 99.90x300 100.00x200
        trade ACME 115.00                  | triggered #4 115.00 past 115.00; filled #4 4 @ 99.90
        trade ACME 114.00                  | triggered #5 114.00 past 114.00; filled #5 6 @ 99.90
    """,
    "a replaced trailing stop keeps its best price, unless its trail changes": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 100.00
        sell 5 ACME trail=5.00             | accepted #2
        trade ACME 120.00
        trade ACME 117.00
        replace #2 qty=6 tif=gtc           | replaced #2 by #3; accepted #3
        trade ACME 115.01
        tick 16:00:00
        replace #3 qty=7                   | replaced #3 by #4; queued #4
        tick day 2 09:30:00                | activated #4
        quote ACME 99.90x300 100.00x200
        trade ACME 115.01
        replace #4 trail=6.00              | replaced #4 by #5; accepted #5
        trade ACME 115.00
        trade ACME 109.02
        trade ACME 109.01                  | triggered #5 109.01 past 109.01; \
filled #5 7 @ 99.90
    """,
    "to buy": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 5 ACME trail=5%                | accepted #1
        trade ACME 80.00
        replace #1 qty=6                   | replaced #1 by #2; accepted #2
        look                               | cash 100000.00 held 529.20
        trade ACME 83.99
        trade ACME 84.00                   | triggered #2 84.00 past 84.00; \
filled #2 6 @ 100.00
    """,
}

GROUPS = {**BRACKETS, **SESSIONS, **PAIRS, **PROTECTIONS, **BAD, **TRAILS}


@pytest.mark.parametrize("title", GROUPS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_linked_orders(world: World, title: str, restarted: bool) -> None:
    check(world, GROUPS[title], restarted)


def test_legs_are_as_large_as_the_chain_of_their_entry(world: World) -> None:
    world.use_profile("realistic")
    world.quote("ACME", "99.90x300", "100.00x4")
    world.order("buy", "10", "ACME", "100.00", order_class="bracket", tp="110.00", sl="95.00")
    world.replace(1, qty="8", limit="99.50")
    assert [world.open_order(leg).qty for leg in (2, 3)] == [8 * 10**9] * 2
    world.restart()
    assert world.open_order(4).filled_before == 4 * 10**9
    assert [world.open_order(leg).parent_id for leg in (2, 3)] == [world.orders[3]] * 2


def test_legs_count_as_open_orders(world: World) -> None:
    for _ in range(18):
        world.buy("1", "ACME", limit="9.00")
    bracket = {"order_class": "bracket", "tp": "10.00", "sl": "8.00"}
    [denied] = world.order("buy", "1", "ACME", "9.00", **bracket)
    assert (denied.code, denied.required) == (DenyCode.TOO_MANY_OPEN_ORDERS, 21)
    assert len(world.order("buy", "1", "ACME", "9.00", order_class="oto", sl="8.00")) == 2
    [denied] = world.buy("1", "ACME", limit="9.00")
    assert denied.code == DenyCode.TOO_MANY_OPEN_ORDERS
    assert len(world.replace(19, limit="9.01")) == 2
