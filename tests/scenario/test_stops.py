"""Goal: stops come alive at their price, once, oldest first, and hold what they need. Playbooks."""

from collections.abc import Callable

import pytest

from stockyard.model.events import OrderAccepted, OrderTriggered
from tests.engine_world import World
from tests.scenario.playbook import check

TRIGGERS = {
    "a stop to buy lies above the market: a trade at it makes it a market order": """
        quote ACME 99.90x300 100.00x200
        trade ACME 99.95
        buy 10 ACME stop=105.00            | accepted #1
        quote ACME 104.90x300 105.00x200
        trade ACME 104.99
        trade ACME 105.00                  | triggered #1 105.00 past 105.00; \
filled #1 10 @ 105.00
        trade ACME 106.00
        look                               | cash 98950.00; 10 ACME cost 1050.00
    """,
    "a stop to sell lies below the market": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 99.95
        sell 10 ACME stop=95.00            | accepted #2
        quote ACME 94.90x300 95.00x200
        trade ACME 95.01
        trade ACME 95.00                   | triggered #2 95.00 past 95.00; filled #2 10 @ 94.90
    """,
    "a quote triggers nothing once the symbol has traded": """
        trade ACME 99.95
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 10 ACME stop=95.00            | accepted #2
        buy 10 ACME stop=105.00            | accepted #3
        quote ACME 90.00x300 90.10x200
        quote ACME 110.00x300 110.10x200
        trade ACME 95.00                   | triggered #2 95.00 past 95.00; filled #2 10 @ 110.00
    """,
    "before the first trade the ask triggers purchases and the bid sales": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 5 ACME stop=95.00             | accepted #2
        sell 5 ACME trail=2.00             | accepted #3
        buy 1 ACME stop=105.00             | accepted #4
        buy 1 ACME trail=3.00              | accepted #5
        quote ACME 97.90x300 104.00x200    | triggered #3 97.90 past 97.90; \
filled #3 5 @ 97.90; triggered #5 104.00 past 103.00; filled #5 1 @ 104.00
        quote ACME 105.50x300 94.00x200
        quote ACME 94.00x300 -             | triggered #2 94.00 past 95.00; filled #2 5 @ 94.00
        quote ACME - 105.00x10             | triggered #4 105.00 past 105.00; \
filled #4 1 @ 105.00
    """,
    "a gap through the stop fills at the first price beyond it": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 100.00
        sell 10 ACME stop=95.00            | accepted #2
        quote ACME 88.00x300 88.10x200
        trade ACME 88.05                   | triggered #2 88.05 past 95.00; filled #2 10 @ 88.00
        buy 10 ACME stop=90.00             | accepted #3
        quote ACME 91.40x300 91.50x200
        trade ACME 91.45                   | triggered #3 91.45 past 90.00; filled #3 10 @ 91.50
    """,
    "a stop-limit order is left resting by a gap, and fills at its limit or better": """
        quote ACME 99.90x300 100.00x200
        buy 20 ACME                        | accepted #1; filled #1 20 @ 100.00
        trade ACME 100.00
        sell 10 ACME stop=95.00 limit=94.50 | accepted #2
        buy 10 ACME stop=105.00 limit=105.50 | accepted #3
        quote ACME 88.00x300 88.10x200
        trade ACME 88.05                   | triggered #2 88.05 past 95.00
        quote ACME 94.40x300 94.45x200
        quote ACME 94.60x300 94.70x200     | filled #2 10 @ 94.60
        quote ACME 109.90x300 110.00x200
        trade ACME 110.00                  | triggered #3 110.00 past 105.00
        look                               | cash 98946.00 held 1055.00; \
10 ACME cost 1000.00 realized -54.00
        quote ACME 105.30x300 105.40x200   | filled #3 10 @ 105.40
    """,
    "a stop-limit order within reach takes the quote at once": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME stop=101.00 limit=101.50 | accepted #1
        quote ACME 100.90x300 101.10x200
        trade ACME 101.00                  | triggered #1 101.00 past 101.00; \
filled #1 10 @ 101.10
    """,
    "a trailing stop to sell follows the highest trade and never gives way": """
        quote ACME 99.90x300 100.00x200
        buy 20 ACME                        | accepted #1; filled #1 20 @ 100.00
        trade ACME 100.00
        sell 10 ACME trail=2.00            | accepted #2
        sell 10 ACME trail=5%              | accepted #3
        trade ACME 99.00
        trade ACME 110.00
        trade ACME 108.01
        trade ACME 108.00                  | triggered #2 108.00 past 108.00; \
filled #2 10 @ 99.90
        trade ACME 109.99
        trade ACME 104.51
        trade ACME 104.50                  | triggered #3 104.50 past 104.50; \
filled #3 10 @ 99.90
    """,
    "a trailing stop to buy follows the lowest trade": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME trail=2.00             | accepted #1
        buy 10 ACME trail=5%               | accepted #2
        trade ACME 101.99
        trade ACME 90.00
        quote ACME 91.90x300 92.00x200
        trade ACME 91.99
        trade ACME 92.00                   | triggered #1 92.00 past 92.00; filled #1 10 @ 92.00
        trade ACME 94.49
        trade ACME 94.50                   | triggered #2 94.50 past 94.50; filled #2 10 @ 92.00
    """,
    "a percentage is never nearer to the market than it says": """
        quote ACME 99.90x300 100.00x200
        buy 20 ACME                        | accepted #1; filled #1 20 @ 100.00
        trade ACME 99.99
        sell 10 ACME trail=1.2345%         | accepted #2
        buy 10 ACME trail=1.2345%          | accepted #3
        trade ACME 98.76
        trade ACME 98.7556                 | triggered #2 98.7556 past 98.7556; \
filled #2 10 @ 99.90
        trade ACME 99.9747
        trade ACME 99.9748                 | triggered #3 99.9748 past 99.9748; \
filled #3 10 @ 100.00
    """,
    "what one price triggers comes alive oldest first, whatever its type": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME trail=4.00             | accepted #1
        buy 10 ACME stop=101.00            | accepted #2
        buy 10 ACME stop=103.00 limit=106.00 | accepted #3
        buy 10 ACME trail=1%               | accepted #4
        quote ACME 104.90x300 105.00x25
        trade ACME 105.00                  | triggered #1 105.00 past 104.00; \
filled #1 10 @ 105.00; triggered #2 105.00 past 101.00; filled #2 10 @ 105.00; \
triggered #3 105.00 past 103.00; filled #3 5 @ 105.00 part; triggered #4 105.00 past 101.00
        quote ACME 104.90x300 105.00x15    | filled #4 10 @ 105.00; filled #3 5 @ 105.00
    """,
    "only the symbol's own trades count, and a price nobody could mean does not": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 10 ACME stop=95.00            | accepted #2
        buy 10 ACME trail=1.00             | accepted #3
        trade RAIL 1.00
        trade ACME 0
        trade ACME -5.00
        trade ACME 400000000000000.00
        quote ACME 99.80x300 99.90x200
        trade ACME 99.90
        trade ACME 100.90                  | triggered #3 100.90 past 100.90; \
filled #3 10 @ 99.90
    """,
    "waiting market orders are served by age, whenever they came alive": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x10
        trade ACME 100.00
        buy 10 ACME stop=101.00            | accepted #1
        buy 20 ACME                        | accepted #2; filled #2 10 @ 100.00 part
        trade ACME 101.00                  | triggered #1 101.00 past 101.00
        quote ACME 99.90x300 100.00x10     | filled #1 10 @ 100.00
        quote ACME 99.90x300 100.00x10     | filled #2 10 @ 100.00
    """,
    "a triggered stop that meets no quote waits for one, and dies beyond its collar": """
        quote ACME 99.90x300 100.00x200
        buy 20 ACME                        | accepted #1; filled #1 20 @ 100.00
        trade ACME 100.00
        sell 10 ACME stop=95.00            | accepted #2
        sell 10 ACME stop=94.00            | accepted #3
        quote ACME - 95.00x10
        trade ACME 95.00                   | triggered #2 95.00 past 95.00
        quote ACME 90.25x300 95.00x10      | filled #2 10 @ 90.25
        quote ACME - 95.00x10
        trade ACME 94.00                   | triggered #3 94.00 past 94.00
        quote ACME 89.29x300 95.00x10      | canceled #3 market_moved_beyond_collar
    """,
}
ENDS = {
    "a stop sent while closed is armed at the open, from the price there is then": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 20 ACME                        | accepted #1; filled #1 20 @ 100.00
        tick 16:00:00
        sell 10 ACME stop=95.00            | queued #2
        sell 10 ACME trail=2.00            | queued #3
        trade ACME 90.00
        trade ACME 110.00
        tick day 2 09:30:00                | activated #2; activated #3
        quote ACME 100.00x300 100.10x200
        trade ACME 108.00                  | triggered #3 108.00 past 108.00; \
filled #3 10 @ 100.00
        trade ACME 95.00                   | triggered #2 95.00 past 95.00; \
filled #2 10 @ 100.00
    """,
    "trades while the market is closed trigger nothing and move no trail": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 20 ACME                        | accepted #1; filled #1 20 @ 100.00
        sell 10 ACME stop=95.00 tif=gtc    | accepted #2
        sell 10 ACME trail=2.00 tif=gtc    | accepted #3
        tick 16:00:00
        trade ACME 120.00
        trade ACME 50.00
        quote ACME 50.00x300 50.10x200
        tick day 2 09:30:00
        quote ACME 99.90x300 100.00x200
        trade ACME 98.01
        trade ACME 98.00                   | triggered #3 98.00 past 98.00; \
filled #3 10 @ 99.90
    """,
    "a trailing purchase that saw no price at the open waits for the first": """
        quote ACME 99.90x300 100.00x200
        tick 16:00:00
        buy 10 ACME trail=5.00             | queued #1
        quote ACME 99.90x300 -
        tick day 2 09:30:00                | activated #1
        quote ACME 99.90x300 100.00x200
        quote ACME 99.90x300 104.90x200
        quote ACME 99.90x300 105.00x200    | triggered #1 105.00 past 105.00; \
filled #1 10 @ 105.00
    """,
    "a day stop that was not triggered expires with the day, and frees what it held": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        buy 10 ACME stop=105.00            | accepted #2
        sell 10 ACME trail=5%              | accepted #3
        look                               | cash 99000.00 held 1102.50; \
10 ACME held 10 cost 1000.00
        tick 16:00:00                      | expired #2 trading_day_ended; \
expired #3 trading_day_ended
        look                               | cash 99000.00; 10 ACME cost 1000.00
        tick day 2 10:00:00
        trade ACME 200.00
    """,
    "good till a date: every type ends at its date, oldest first of those due together": """
        quote ACME 99.90x300 100.00x10
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        buy 1 ACME limit=90.00 tif=gtd until=1T11:00:00  | accepted #2
        buy 1 ACME stop=110.00 tif=gtd until=1T11:00:00  | accepted #3
        buy 1 ACME stop=110.00 limit=111.00 tif=gtd until=1T10:30:00 | accepted #4
        sell 1 ACME trail=3.00 tif=gtd until=1T11:00:00  | accepted #5
        quote ACME - -
        sell 1 ACME limit=150.00 tif=gtd until=3T11:00:00 | accepted #6
        tick 10:29:59.999999999
        tick 10:30:00                      | expired #4 good_till_date_reached
        tick 11:00:00                      | expired #2 good_till_date_reached; \
expired #3 good_till_date_reached; expired #5 good_till_date_reached
        look                               | cash 99000.00; 10 ACME held 1 cost 1000.00
        cancel #6                          | canceled #6 canceled_by_client
        tick day 3 11:00:00
    """,
    "a date outside the session, at the open, at the close, and inside the next session": """
        quote ACME 99.90x300 100.00x10
        buy 1 ACME limit=90.00 tif=gtd until=1T16:00:00   | accepted #1
        buy 1 ACME limit=90.00 tif=gtd until=1T16:00:01   | accepted #2
        buy 1 ACME limit=90.00                            | accepted #3
        tick 16:00:00                      | expired #3 trading_day_ended; \
expired #1 good_till_date_reached
        buy 1 ACME limit=90.00 tif=gtd until=2T09:30:00   | queued #4
        buy 1 ACME limit=90.00 tif=gtd until=2T09:29:59   | queued #5
        buy 1 ACME tif=gtd until=2T12:00:00               | queued #6
        tick day 2 09:30:00                | expired #2 good_till_date_reached; \
expired #5 good_till_date_reached; activated #4; activated #6; \
expired #4 good_till_date_reached
        tick 16:00:00                      | expired #6 good_till_date_reached
    """,
    "any input at or after the date finds the order gone": """
        quote ACME 99.90x300 100.00x10
        buy 1 ACME limit=90.00 tif=gtd until=1T10:30:00   | accepted #1
        wait 3600
        quote ACME 89.90x300 90.00x10      | expired #1 good_till_date_reached
        cancel #1                          | denied order_not_open
    """,
    "an expiry can be replaced, and the old one no longer counts": """
        quote ACME 99.90x300 100.00x10
        buy 1 ACME limit=90.00 tif=gtd until=1T10:30:00   | accepted #1
        replace #1 until=1T10:30:00        | denied replace_changes_nothing
        replace #1 until=1T12:00:00        | replaced #1 by #2; accepted #2
        replace #2 limit=91.00             | replaced #2 by #3; accepted #3
        tick 10:30:00
        replace #3 until=1T10:30:00        | denied expiry_not_ahead
        replace #3 tif=gtc until=1T13:00:00 | denied expiry_not_allowed
        replace #3 tif=gtc                 | replaced #3 by #4; accepted #4
        replace #4 tif=gtd                 | denied expiry_missing
        replace #4 until=1T13:00:00        | denied expiry_not_allowed
        replace #4 tif=gtd until=1T13:00:00 | replaced #4 by #5; accepted #5
        tick 12:00:00
        tick 13:00:00                      | expired #5 good_till_date_reached
    """,
    "a triggered order keeps its date, and ends with it": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME stop=105.00 limit=105.50 tif=gtd until=1T12:00:00 | accepted #1
        trade ACME 106.00                  | triggered #1 106.00 past 105.00; \
filled #1 10 @ 100.00
        buy 10 ACME stop=107.00 limit=105.50 tif=gtd until=1T12:00:00 | accepted #2
        quote ACME 106.90x300 107.00x200
        trade ACME 107.00                  | triggered #2 107.00 past 107.00
        tick 12:00:00                      | expired #2 good_till_date_reached
    """,
}
MEANS = {
    "a stop to buy holds the collar around its stop; triggered, that of the quote": """
        quote ACME 99.90x300 100.00x10
        trade ACME 100.00
        use realistic                      | profile set
        buy 20 ACME stop=110.00            | accepted #1
        look                               | cash 100000.00 held 2310.00
        quote ACME 119.90x300 120.00x5
        trade ACME 120.00                  | triggered #1 120.00 past 110.00; \
filled #1 5 @ 120.00 part
        look                               | cash 99400.00 held 1890.00; 5 ACME cost 600.00
        quote ACME 104.90x300 126.00x15    | filled #1 15 @ 126.00
        look                               | cash 97510.00; 20 ACME cost 2490.00
    """,
    "what a lower quote no longer needs is freed": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        use realistic                      | profile set
        buy 20 ACME stop=110.00            | accepted #1
        quote ACME 99.90x300 100.00x0
        trade ACME 110.00                  | triggered #1 110.00 past 110.00
        look                               | cash 100000.00 held 2100.00
    """,
    "an account that cannot hold more keeps the collar around its stop": """
        reset 1000                         | reset to 1000.00
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 9 ACME stop=105.00             | accepted #1
        look                               | cash 1000.00 held 992.25
        quote ACME 109.90x300 110.00x0
        trade ACME 110.00                  | triggered #1 110.00 past 105.00; \
filled #1 9 @ 110.00
        look                               | cash 10.00; 9 ACME cost 990.00
        reset 1000                         | gave up 9 ACME; reset to 1000.00
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 9 ACME stop=105.00             | accepted #2
        quote ACME 110.20x300 110.26x200
        trade ACME 110.00                  | triggered #2 110.00 past 105.00; \
canceled #2 market_moved_beyond_collar
        look                               | cash 1000.00
    """,
    "a trailing purchase holds the collar around the stop it begins with": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME trail=10.00            | accepted #1
        look                               | cash 100000.00 held 1155.00
        trade ACME 80.00
        look                               | cash 100000.00 held 1155.00
        quote ACME 89.90x300 90.00x200
        trade ACME 90.00                   | triggered #1 90.00 past 90.00; filled #1 10 @ 90.00
        look                               | cash 99100.00; 10 ACME cost 900.00
    """,
    "nothing is sold twice: a stop holds its shares until it ends": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 6 ACME stop=95.00             | accepted #2
        sell 6 ACME trail=2%               | denied exceeds_position
        sell 4 ACME trail=2%               | accepted #3
        look                               | cash 99000.00; 10 ACME held 10 cost 1000.00
        close ACME                         | denied exceeds_position
        cancel #2                          | canceled #2 canceled_by_client
        sell 6 ACME stop=96.00 limit=90.00 | accepted #4
        close ACME cancel=yes              | canceled #3 canceled_to_close_position; \
canceled #4 canceled_to_close_position; accepted #5; filled #5 10 @ 99.90
        look                               | cash 99999.00 realized -1.00
        trade ACME 1.00
    """,
    "what a stop holds is freed on every way out": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME stop=105.00 tif=gtc    | accepted #1
        cancel #1                          | canceled #1 canceled_by_client
        buy 10 ACME trail=5.00 tif=gtc     | accepted #2
        cancel all                         | canceled #2 canceled_by_client
        buy 10 ACME stop=105.00 limit=106.00 tif=gtc | accepted #3
        replace #3 qty=1                   | replaced #3 by #4; accepted #4
        look                               | cash 100000.00 held 106.00
        reset 500                          | canceled #4 account_reset; reset to 500.00
        look                               | cash 500.00
        trade ACME 200.00
    """,
    "a stop that no cash covers is denied": """
        reset 1000                         | reset to 1000.00
        quote ACME 99.90x300 100.00x200
        buy 10 ACME stop=105.00            | denied exceeds_buying_power
        buy 10 ACME trail=1.00             | denied exceeds_buying_power
        buy 9 ACME stop=105.00 limit=150.00 | denied exceeds_buying_power
        sell 1 ACME stop=95.00             | denied exceeds_position
    """,
}
REPLACED = {
    "the price of a stop, its limit and its quantity": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME stop=105.00            | accepted #1
        replace #1 stop=105.00             | denied replace_changes_nothing
        replace #1 limit=106.00            | denied limit_price_not_allowed
        replace #1 trail=1.00              | denied trail_not_allowed
        replace #1 stop=100.00             | denied stop_price_wrong_side
        replace #1 stop=104.00             | replaced #1 by #2; accepted #2
        replace #2 qty=5                   | replaced #2 by #3; accepted #3
        look                               | cash 100000.00 held 546.00
        trade ACME 104.00                  | triggered #3 104.00 past 104.00; \
filled #3 5 @ 100.00
        buy 10 ACME stop=105.00 limit=106.00 | accepted #4
        replace #4 limit=107.00            | replaced #4 by #5; accepted #5
        replace #5 stop=106.00             | replaced #5 by #6; accepted #6
        look                               | cash 99500.00 held 1070.00; 5 ACME cost 500.00
        trade ACME 105.99
        trade ACME 106.00                  | triggered #6 106.00 past 106.00; \
filled #6 10 @ 100.00
    """,
    "a trail is moved, and turned from an amount into a percentage": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 10 ACME trail=5.00            | accepted #2
        replace #2 trail=5.00              | denied replace_changes_nothing
        replace #2 stop=95.00              | denied stop_price_not_allowed
        replace #2 trail=100.00            | denied trail_out_of_range
        replace #2 trail=4.00              | replaced #2 by #3; accepted #3
        replace #3 trail=1%                | replaced #3 by #4; accepted #4
        trade ACME 99.00                   | triggered #4 99.00 past 99.00; filled #4 10 @ 99.90
    """,
    "what was triggered can change its quantity and limit, but not its stop": """
        quote ACME 99.90x300 100.00x10
        trade ACME 100.00
        use realistic                      | profile set
        buy 20 ACME stop=101.00 limit=102.00 | accepted #1
        trade ACME 101.00                  | triggered #1 101.00 past 101.00; \
filled #1 10 @ 100.00 part
        replace #1 stop=103.00             | denied already_triggered
        replace #1 stop=101.00             | denied replace_changes_nothing
        replace #1 limit=101.00            | replaced #1 by #2; accepted #2
        replace #2 qty=15                  | replaced #2 by #3; accepted #3
        replace #3 stop=103.00             | denied already_triggered
        quote ACME 99.90x300 100.00x20     | filled #3 15 @ 100.00
        buy 20 ACME trail=1.00             | accepted #4
        quote ACME 99.90x300 100.00x10
        trade ACME 102.00                  | triggered #4 102.00 past 102.00; \
filled #4 10 @ 100.00 part
        replace #4 trail=2.00              | denied already_triggered
        replace #4 trail=2.0001            | denied already_triggered
        replace #4 trail=1.00              | denied replace_changes_nothing
        replace #4 qty=15                  | replaced #4 by #5; accepted #5
        quote ACME 104.90x300 105.00x20    | filled #5 5 @ 105.00
    """,
    "the replacement of a triggered stop is a market order, with the collar of the quote": """
        quote ACME 99.90x300 100.00x200
        buy 40 ACME                        | accepted #1; filled #1 40 @ 100.00
        trade ACME 100.00
        use realistic                      | profile set
        sell 20 ACME trail=50.00           | accepted #2
        sell 20 ACME stop=50.00            | accepted #3
        quote ACME 40.00x0 40.10x10
        trade ACME 40.00                   | triggered #2 40.00 past 50.00; \
triggered #3 40.00 past 50.00
        replace #2 qty=15                  | replaced #2 by #4; accepted #4
        replace #3 qty=15                  | replaced #3 by #5; accepted #5
        quote ACME 37.99x300 40.10x10      | canceled #4 market_moved_beyond_collar; \
canceled #5 market_moved_beyond_collar
    """,
    "a triggered stop-limit order may follow a market that gapped away": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        trade ACME 100.00
        sell 10 ACME stop=95.00 limit=94.00 | accepted #2
        quote ACME 40.00x300 40.10x10
        trade ACME 40.00                   | triggered #2 40.00 past 95.00
        replace #2 limit=19.99             | denied price_outside_band
        replace #2 limit=39.00             | replaced #2 by #3; accepted #3; \
filled #3 10 @ 40.00
    """,
    "a triggered order replaced while the market is closed goes on at the open": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 20 ACME stop=101.00 limit=99.00 tif=gtc | accepted #1
        trade ACME 101.00                  | triggered #1 101.00 past 101.00
        tick 16:00:00
        replace #1 qty=10                  | replaced #1 by #2; queued #2
        tick day 2 09:30:00                | activated #2
        quote ACME 98.90x300 99.00x200     | filled #2 10 @ 99.00
    """,
    "a replaced trailing stop trails the market anew": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 1 ACME trail=5.00              | accepted #1
        trade ACME 90.00
        replace #1 qty=2                   | replaced #1 by #2; accepted #2
        trade ACME 94.99
        trade ACME 95.00                   | triggered #2 95.00 past 95.00; filled #2 2 @ 100.00
    """,
}
PROFILES = {
    "another profile while armed: the order is filled under the one it was sent with": """
        quote ACME 99.90x300 100.00x10
        trade ACME 100.00
        buy 20 ACME stop=101.00            | accepted #1
        use realistic                      | profile set
        buy 20 ACME stop=101.00            | accepted #2
        trade ACME 101.00                  | triggered #1 101.00 past 101.00; \
filled #1 20 @ 100.00; triggered #2 101.00 past 101.00; filled #2 10 @ 100.00 part
    """,
    "a profile's new version binds what is still armed": """
        quote ACME 99.90x300 100.00x10
        trade ACME 100.00
        buy 20 ACME stop=101.00            | accepted #1
        buy 20 ACME trail=2.00             | accepted #2
        define ideal version=2 bounded=yes fees=no
        trade ACME 102.00                  | triggered #1 102.00 past 101.00; \
filled #1 10 @ 100.00 part; triggered #2 102.00 past 102.00
        define ideal version=3 bounded=no fees=no
        quote ACME 99.90x300 100.00x10     | filled #1 10 @ 100.00; filled #2 20 @ 100.00
        cancel all
    """,
    "a stale quote triggers, but fills nothing where age counts": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x10
        trade ACME 100.00
        buy 10 ACME stop=101.00            | accepted #1
        wait 61
        trade ACME 101.00                  | triggered #1 101.00 past 101.00
        quote ACME 99.90x300 100.00x10     | filled #1 10 @ 100.00
    """,
}
DENIED = {
    "every rule of stops and dates": """
        quote ACME 99.90x300 100.00x200
        trade ACME 100.00
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        buy 1 ACME stop=105.005            | denied price_off_tick
        buy 1 ACME stop=-105.00            | denied price_not_positive
        buy 1 ACME stop=105.00 limit=105.005 | denied price_off_tick
        buy 1 ACME stop=105.00 limit=157.51 | denied price_outside_band
        buy 1 ACME stop=105.00 limit=157.50 | accepted #2
        sell 1 ACME stop=95.00 limit=47.49 | denied price_outside_band
        buy 1 ACME stop=100.00             | denied stop_price_wrong_side
        sell 1 ACME stop=100.00            | denied stop_price_wrong_side
        sell 1 ACME stop=100.01 limit=99.00 | denied stop_price_wrong_side
        sell 1 ACME trail=100.00           | denied trail_out_of_range
        sell 1 ACME trail=100.01           | denied trail_out_of_range
        sell 1 ACME trail=-1.00            | denied trail_out_of_range
        sell 1 ACME trail=100%             | denied trail_out_of_range
        sell 1 ACME trail=250%             | denied trail_out_of_range
        buy 1 ACME trail=-1%               | denied trail_out_of_range
        buy 1 ACME trail=-100%             | denied trail_out_of_range
        buy 1 ACME trail=100.00            | denied trail_out_of_range
        buy 1 ACME trail=1.005             | denied price_off_tick
        buy 1 ACME stop=105.00 tif=ioc     | denied time_in_force_not_supported
        buy 1 ACME stop=105.00 limit=105.00 tif=fok | denied time_in_force_not_supported
        buy 1 ACME trail=5.00 tif=ioc      | denied time_in_force_not_supported
        buy $500 ACME stop=105.00          | denied notional_not_allowed
        buy 1 ACME tif=gtd                 | denied expiry_missing
        buy 1 ACME until=1T11:00:00        | denied expiry_not_allowed
        buy 1 ACME tif=gtc until=1T11:00:00 | denied expiry_not_allowed
        buy 1 ACME tif=gtd until=1T09:00:00 | denied expiry_not_ahead
        buy 1 ACME tif=gtd until=368T11:00:00 | denied expiry_not_ahead
        buy 0.001 ACME stop=105.00         | denied notional_too_small
        buy 9999 ACME stop=105.00          | denied notional_too_large
        sell 9999 ACME trail=1.00          | denied exceeds_position
    """,
    "without any price a stop is taken, and a trailing stop is not": """
        buy 1 ACME trail=1.00              | denied no_quote
        sell 1 ACME trail=100%             | denied no_quote
        buy 1 ACME stop=105.00             | accepted #1
        buy 1 ACME stop=105.00 limit=500.00 | denied price_outside_band
        quote ACME 105.90x10 106.00x10     | triggered #1 106.00 past 105.00; \
filled #1 1 @ 106.00
    """,
}


def _tables() -> list[object]:
    chapters = (TRIGGERS, ENDS, MEANS, REPLACED, PROFILES, DENIED)
    return [
        pytest.param(table, id=title) for chapter in chapters for title, table in chapter.items()
    ]


@pytest.mark.parametrize("table", _tables())
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_stops(world: World, table: str, restarted: bool) -> None:
    check(world, table, restarted)


def test_the_events_tell_stop_trail_and_collar(new_world: Callable[..., World]) -> None:
    world = new_world(profile="realistic")
    world.quote("ACME", "99.90", "100.00")
    world.trade("ACME", "100.00")
    [stop] = world.order("buy", "2", "ACME", stop="105.00", tif="gtd", until="12:00:00")
    assert isinstance(stop, OrderAccepted)
    assert (stop.stop_price, stop.collar_price, stop.triggered) == (1_050_000, 0, False)
    assert stop.expires_ns == world.time_of("12:00:00")
    [trail] = world.order("buy", "2", "ACME", trail="1.5%")
    assert (trail.trail_price, trail.trail_ppm, trail.stop_price) == (0, 15_000, 0)
    world.quote("ACME", "105.90", "106.00x1")
    first, _, second = world.trade("ACME", "105.00")
    assert isinstance(first, OrderTriggered)
    assert (first.price, first.stop_price, first.collar_price) == (1_050_000, 1_050_000, 1_113_000)
    assert (second.stop_price, second.collar_price) == (1_015_000, 1_113_000)
    assert world.account().held_micros == second.held_micros_after
    _, accepted = world.replace(2, qty="1")
    assert (accepted.triggered, accepted.collar_price) == (True, 1_113_000)
    world.restart()
    assert world.open_order(3).triggered
    assert world.quote("ACME", "105.90", "106.00")[-1].order_id == world.orders[2]


def test_the_extreme_is_kept_by_a_snapshot(world: World) -> None:
    world.quote("ACME", "99.90", "100.00")
    world.order("buy", "1", "ACME", trail="5.00")
    assert world.open_order(1).extreme == 1_000_000
    world.trade("ACME", "90.00")
    world.trade("ACME", "94.00")
    world.restart()
    assert world.open_order(1).extreme == 900_000
    assert len(world.trade("ACME", "95.00")) == 2


def test_many_stops_due_at_once_end_at_one_tick(world: World) -> None:
    """The next thing that happens by itself is the earliest date, then the close."""
    close = world.time_of("16:00:00")
    for number, until in enumerate(("12:00:00", "11:00:00", "12:00:00", "13:00:00"), 1):
        world.order("buy", "1", "ACME", limit="9.00", tif="gtd", until=until)
        assert world.engine.next_due_ns == world.time_of("12:00:00" if number == 1 else "11:00:00")
    world.restart()
    assert world.engine.next_due_ns == world.time_of("11:00:00")
    gone = [event.order_id for event in world.tick("12:30:00")]
    assert gone == [world.orders[1], world.orders[0], world.orders[2]]
    world.cancel(4)
    world.tick("13:00:00")
    assert world.engine.next_due_ns == close
