"""Goal: what perpetual contracts cost, win and lose, and when the house closes them. Method:
playbooks whose figures are worked by hand.

The contract gives ten times leverage where nobody chose, keeps 2.5 % of the value at the mark,
charges 0.5 % when the house closes, and bounds funding at 1 %. An isolated long position is
liquidated below ``(entry - margin) / (quantity * 0.975)``, a short one above
``(entry + margin) / (quantity * 1.025)``.
"""

from collections.abc import Callable

import pytest

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.codes import Book
from stockyard.model.numbers import INT_MAX, LEGS_MAX
from tests.engine_terms import ACME, CREDIT, PERP, WITH_PERP
from tests.engine_world import World, micros
from tests.scenario.playbook import check

PLAYBOOKS = {
    # Entered for 1000 + 1000 + 1040 = 3040; half of it is 1520, sold for 15 x 106 = 1590.
    "profit and loss long": """
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    look                               | cash 1000.00; 10 PERP cost 1000.00
    buy 10 PERP                        | accepted #2; filled #2 10 @ 100.00
    quote PERP 103.99x1000 104.00x1000 |
    buy 10 PERP                        | accepted #3; filled #3 10 @ 104.00
    look                               | cash 1000.00; 30 PERP cost 3040.00
    mark PERP 103.00                   |
    quote PERP 106.00x1000 106.10x1000 |
    sell 15 PERP                       | accepted #4; filled #4 15 @ 106.00
    look                               | cash 1070.00; 15 PERP cost 1520.00 realized 70.00
    sell 15 PERP limit=101.00          | accepted #5; filled #5 15 @ 106.00
    look                               | cash 1140.00 realized 140.00
    """,
    # (100 - 95) x 4 = 20 and (100 - 95) x 6 = 30.
    "profit and loss short": """
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.10x1000 |
    sell 10 PERP                       | accepted #1; filled #1 10 @ 100.00
    look                               | cash 1000.00; -10 PERP cost -1000.00
    quote PERP 94.00x1000 95.00x1000   |
    buy 4 PERP                         | accepted #2; filled #2 4 @ 95.00
    look                               | cash 1020.00; -6 PERP cost -600.00 realized 20.00
    close PERP                         | accepted #3; filled #3 6 @ 95.00
    look                               | cash 1050.00 realized 50.00
    """,
    # 10 x 100 x 0.25 % = 2.50 when taken; 10 x 102 x 0.25 % = 2.55 when sold: 1000 + 20 - 5.05.
    "fees are on the value": """
    use realistic                      | profile set
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00 fee crypto_taker 2.50
    look                               | cash 997.50; 10 PERP cost 1000.00
    quote PERP 102.00x1000 102.10x1000 |
    close PERP                         | accepted #2; filled #2 10 @ 102.00 fee crypto_taker 2.55
    look                               | cash 1014.95 realized 20.00
    """,
    # 1000 at 0.01 % is 0.10, 400 is 0.04; 5 % is bounded to 1 %, either way; 400 at a billionth is
    # less than a millionth of a dollar, which nobody gets, and 1000 is just that.
    "funding": """
    open 1000 ideal margin             | opened; deposited 1000.00
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    sell 4 PERP account=2              | accepted #2; filled #2 4 @ 100.00
    fund PERP 0.01%                    | funding 0.10; funding -0.04
    look                               | cash 999.90; 10 PERP cost 1000.00
    fund PERP -0.02%                   | funding -0.20; funding 0.08
    fund PERP 5%                       | funding 10.00; funding -4.00
    fund PERP -5%                      | funding -10.00; funding 4.00
    fund PERP 1%                       | funding 10.00; funding -4.00
    fund PERP 0.0000001%               | funding 0.000001; funding 0.00
    close PERP account=2               | accepted #3; filled #3 4 @ 100.00
    mark PERP 50.00                    |
    fund PERP 0.01%                    | funding 0.05
    look                               | cash 990.049999; 10 PERP cost 1000.00
    look account=2                     | cash 1003.96
    """,
    # (1000 - 100) / 9.75 = 92.3077. At 92.30: 100 + 923 - 1000 = 23 of 923 x 2.5 % = 23.075.
    # Closed at 92.20: 100 - 78 = 22 less 922 x 0.5 % = 4.61.
    "isolated long is liquidated below its price": """
    leverage PERP 10 isolated          | leverage 10 isolated
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    look                               | cash 900.00; 10 PERP cost 1000.00 pot 100.00
    sell 10 PERP limit=120.00 tif=gtc  | accepted #2
    quote PERP 92.20x1000 92.30x1000   |
    mark PERP 92.31                    |
    tick 10:01:00                      |
    mark PERP 92.30                    |
    buy 1 PERP                         | denied position_in_liquidation
    leverage PERP 5 isolated           | denied position_in_liquidation
    tick 10:01:01                      | liquidation PERP equity 23.00 of 23.075; """
    """canceled #2 account_in_liquidation; accepted #3; """
    """filled #3 10 @ 92.20 fee liquidation 4.61
    look                               | cash 917.39 realized -78.00
    mark PERP 50.00                    |
    tick 10:05:00                      |
    """,
    # (1000 + 100) / 10.25 = 107.3171. At 107.32: 100 - 73.20 = 26.80 of 1073.20 x 2.5 % = 26.83.
    # Closed at 107.40: 100 - 74 = 26 less 1074 x 0.5 % = 5.37.
    "isolated short is liquidated above its price": """
    leverage PERP 10 isolated          | leverage 10 isolated
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.01x1000 |
    sell 10 PERP                       | accepted #1; filled #1 10 @ 100.00
    quote PERP 107.00x1000 107.40x1000 |
    mark PERP 107.31                   |
    tick 10:01:00                      |
    mark PERP 107.32                   |
    restart                            |
    tick 10:01:01                      | liquidation PERP equity 26.80 of 26.83; accepted #2; """
    """filled #2 10 @ 107.40 fee liquidation 5.37
    look                               | cash 920.63 realized -74.00
    """,
    # 1000 / 20 = 50 of margin are gone at 95; at 90 another 50 is lost, and no fee can be paid.
    "a loss beyond the margin is the insurance fund's": """
    leverage PERP 20 isolated          | leverage 20 isolated
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    quote PERP 90.00x1000 90.10x1000   |
    mark PERP 90.00                    |
    tick 10:01:01                      | liquidation PERP equity -50.00 of 22.50; accepted #2; """
    """filled #2 10 @ 90.00 insured 50.00
    look                               | cash 950.00 realized -100.00
    """,
    # At 95.20 2.00 of the 50 are left: less than the fee of 952 x 0.5 % = 4.76.
    "a liquidation fee takes no more than the margin": """
    leverage PERP 20 isolated          | leverage 20 isolated
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    quote PERP 95.20x1000 95.30x1000   |
    mark PERP 95.20                    |
    tick 10:01:01                      | liquidation PERP equity 2.00 of 23.80; accepted #2; """
    """filled #2 10 @ 95.20 fee liquidation 2.00
    look                               | cash 950.00 realized -48.00
    """,
    # 4 at 92.20: 31.20 and a fee of 1.844 come off the margin of 100, nothing is given back; 6 at
    # 91.00: 54 and 2.73, so that 10.226 of it remain.
    "a liquidation in parts keeps the margin until all is closed": """
    use realistic                      | profile set
    leverage PERP 10 isolated          | leverage 10 isolated
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00 fee crypto_taker 2.50
    quote PERP 92.20x4 92.30x1000      |
    mark PERP 92.30                    |
    tick 10:00:02                      | liquidation PERP equity 23.00 of 23.075; accepted #2; """
    """filled #2 4 @ 92.20 part fee liquidation 1.844
    look                               | cash 897.50; 6 PERP held 6 cost 600.00 pot 66.956 """
    """realized -31.20
    cancel #2                          | denied liquidation_order
    cancel all                         |
    replace #2 qty=5                   | denied liquidation_order
    tick 10:01:03                      |
    quote PERP 91.00x1000 91.10x1000   | filled #2 6 @ 91.00 fee liquidation 2.73
    look                               | cash 907.726 realized -85.20
    """,
    # 1000 / 5 = 200. 4 of 10 take 80 of it, less 8 lost; funding of 600 x 0.5 % = 3 from the rest.
    "a closing gives margin back in proportion": """
    leverage PERP 5 isolated           | leverage 5 isolated
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    look                               | cash 800.00; 10 PERP cost 1000.00 pot 200.00
    quote PERP 98.00x1000 98.10x1000   |
    sell 4 PERP                        | accepted #2; filled #2 4 @ 98.00
    look                               | cash 872.00; 6 PERP cost 600.00 pot 120.00 realized -8.00
    fund PERP 0.5%                     | funding 3.00
    look                               | cash 872.00; 6 PERP cost 600.00 pot 117.00 realized -8.00
    fund PERP -0.5%                    | funding -3.00
    fund PERP 0.5%                     | funding 3.00
    sell 6 PERP                        | accepted #3; filled #3 6 @ 98.00
    look                               | cash 977.00 realized -20.00
    """,
    # 100 of margin; 5 of 10 lose 60, 10 more than their half of it; the others lose 60 of 40.
    "a loss beyond its part is taken from the rest of the margin": """
    leverage PERP 10 isolated          | leverage 10 isolated
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    quote PERP 88.00x1000 88.10x1000   |
    sell 5 PERP                        | accepted #2; filled #2 5 @ 88.00
    look                               | cash 900.00; 5 PERP cost 500.00 pot 40.00 realized -60.00
    sell 5 PERP                        | accepted #3; filled #3 5 @ 88.00 insured 20.00
    look                               | cash 900.00 realized -120.00
    """,
    # 50 of margin; 1 % of 1000 is 10 each time; 20 are less than the 25 that must be kept. Closed
    # at the entry: what is left less 5.
    "funding can use up an isolated position's margin": """
    leverage PERP 20 isolated          | leverage 20 isolated
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    fund PERP 1%                       | funding 10.00
    fund PERP 1%                       | funding 10.00
    tick 10:01:00                      |
    fund PERP 1%                       | funding 10.00
    fund PERP 1%                       | funding 10.00
    fund PERP 1%                       | funding 10.00
    fund PERP 1%                       | funding 0.00
    tick 10:01:01                      | liquidation PERP equity 0.00 of 25.00; accepted #2; """
    """filled #2 10 @ 100.00
    look                               | cash 950.00
    """,
    # (8000 - 1000) / 78 = 89.7436. At 89.74: 1000 + 7179.20 - 8000 of 7179.20 x 2.5 %. Closed at
    # 89: 1000 - 880 less 7120 x 0.5 % = 35.60.
    "cross is liquidated without grace": """
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 80 PERP                        | accepted #1; filled #1 80 @ 100.00
    buy 5 PERP limit=80.00 tif=gtc     | accepted #2
    quote PERP 89.00x1000 89.10x1000   |
    mark PERP 89.75                    |
    tick 10:01:00                      |
    mark PERP 89.74                    | called equity 179.20 of 179.48
    buy 1 PERP                         | denied margin_called
    tick 10:01:01                      | liquidation equity 179.20 of 179.48; """
    """canceled #2 account_in_liquidation; accepted #3; """
    """filled #3 80 @ 89.00 fee liquidation 35.60; call met equity 84.40 of 0.00
    look                               | cash 84.40 realized -880.00
    """,
    # 10000 + 400 x (84 - 100) = 3600 of 10000 x 30 % + 33600 x 2.5 % = 3840. The contracts lost
    # 6400: closed for a fee of 168, that leaves 3432 of 3000, so the shares stay.
    "cross shares margin with stocks, and closes what lost most": """
    deposit 9000                       | deposited 9000.00
    mark PERP 100.00                   |
    quote ACME 100.00x1000 100.00x1000 |
    quote PERP 100.00x1000 100.00x1000 |
    buy 100 ACME                       | accepted #1; filled #1 100 @ 100.00
    buy 400 PERP                       | accepted #2; filled #2 400 @ 100.00
    quote PERP 84.00x1000 84.00x1000   |
    mark PERP 85.00                    |
    mark PERP 84.00                    | called equity 3600.00 of 3840.00
    tick 10:01:01                      | liquidation equity 3600.00 of 3840.00; accepted #3; """
    """filled #3 400 @ 84.00 fee liquidation 168.00; call met equity 3432.00 of 3000.00
    look                               | cash -6568.00; 100 ACME cost 10000.00 realized -6400.00
    """,
    # 200 contracts at 90 lost 2000; the shares at 34.99 lost 6501, and are closed first: 1499 is
    # left of 450.
    "shares bought beside contracts have no grace either": """
    deposit 9000                       | deposited 9000.00
    mark PERP 100.00                   |
    quote ACME 100.00x1000 100.00x1000 |
    quote PERP 100.00x1000 100.00x1000 |
    buy 100 ACME                       | accepted #1; filled #1 100 @ 100.00
    buy 200 PERP                       | accepted #2; filled #2 200 @ 100.00
    quote PERP 90.00x1000 90.00x1000   |
    mark PERP 90.00                    |
    quote ACME 35.00x1000 35.00x1000   |
    quote ACME 34.99x1000 34.99x1000   | called equity 1499.00 of 1499.70
    tick 10:01:01                      | liquidation equity 1499.00 of 1499.70; accepted #3; """
    """filled #3 100 @ 34.99; call met equity 1499.00 of 450.00
    look                               | cash 3499.00 realized -6501.00; 200 PERP cost 20000.00
    """,
    # 3200 less 5000 for shares that come to 2571: 771 of 2571 x 30 % = 771.30. The order for a
    # contract was there before the call: once it is filled, 90 x 2.5 % more are required at once.
    "a contract that comes to be held ends the grace": """
    deposit 2200                       | deposited 2200.00
    mark PERP 100.00                   |
    quote ACME 50.00x1000 50.00x1000   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 100 ACME                       | accepted #1; filled #1 100 @ 50.00
    buy 1 PERP limit=90.00 tif=gtc     | accepted #2
    quote ACME 25.71x1000 25.71x1000   | called equity 771.00 of 771.30
    tick 10:01:01                      |
    mark PERP 90.00                    |
    quote PERP 89.00x1000 90.00x1000   | filled #2 1 @ 90.00; called equity 771.00 of 773.55
    tick 10:01:02                      | liquidation equity 771.00 of 773.55; accepted #3; """
    """filled #3 100 @ 25.71; call met equity 771.00 of 2.25
    """,
    # 4 of 10 are closed; the call for shares that are worth 27.00 is met meanwhile (2700 less
    # 1902.50 borrowed, 100 more then), which ends nothing of the contract's.
    "a call that is met leaves an isolated position's liquidation alone": """
    use realistic                      | profile set
    deposit 2200                       | deposited 2200.00
    leverage PERP 10 isolated          | leverage 10 isolated
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    quote ACME 50.00x1000 50.00x1000   |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00 fee crypto_taker 2.50
    buy 100 ACME                       | accepted #2; filled #2 100 @ 50.00
    quote ACME 27.00x1000 27.00x1000   | called equity 797.50 of 810.00
    quote PERP 92.20x4 92.30x1000      |
    mark PERP 92.30                    |
    tick 10:00:05                      | liquidation PERP equity 23.00 of 23.075; accepted #3; """
    """filled #3 4 @ 92.20 part fee liquidation 1.844
    deposit 100                        | deposited 100.00; call met equity 897.50 of 810.00
    quote PERP 91.00x1000 91.10x1000   | filled #3 6 @ 91.00 fee liquidation 2.73
    """,
    # 4200 less 7000 for shares worth 2999 + 1000: 1199 of 30 % = 1199.70. Without ACME 300 are
    # required. The contracts lost 6000 of a margin of their own, and stay.
    "a liquidation of the account leaves isolated positions alone": """
    deposit 13200                      | deposited 13200.00
    leverage PERP 5 isolated           | leverage 5 isolated
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    quote ACME 60.00x1000 60.00x1000   |
    quote RAIL 50.00x1000 50.00x1000   |
    buy 500 PERP                       | accepted #1; filled #1 500 @ 100.00
    buy 100 ACME                       | accepted #2; filled #2 100 @ 60.00
    buy 20 RAIL                        | accepted #3; filled #3 20 @ 50.00
    mark PERP 88.00                    |
    quote ACME 29.99x1000 29.99x1000   | called equity 1199.00 of 1199.70
    tick 12:00:05                      | liquidation equity 1199.00 of 1199.70; accepted #4; """
    """filled #4 100 @ 29.99; call met equity 1199.00 of 300.00
    """,
    # An isolated position's loss is no part of what the account has, nor is its profit.
    "isolated leaves the account alone": """
    leverage PERP 10 isolated          | leverage 10 isolated
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 50 PERP                        | accepted #1; filled #1 50 @ 100.00
    mark PERP 93.00                    |
    withdraw 500.01                    | denied exceeds_withdrawable_cash
    mark PERP 200.00                   |
    withdraw 500.01                    | denied exceeds_withdrawable_cash
    withdraw 500                       | withdrawn 500.00
    tick 10:01:01                      |
    mark PERP 92.30                    |
    quote PERP 92.30x1000 92.30x1000   |
    tick 10:01:02                      | liquidation PERP equity 115.00 of 115.375; """
    """accepted #2; filled #2 50 @ 92.30 fee liquidation 23.075
    look                               | cash 91.925 realized -385.00
    """,
    # What cross wins can be used, but only cash that is there taken out: of 2000 200 are required.
    "cross counts profit that is not realized": """
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    withdraw 900.01                    | denied exceeds_withdrawable_cash
    mark PERP 200.00                   |
    withdraw 1000.01                   | denied exceeds_withdrawable_cash
    quote PERP 200.00x1000 200.00x1000 |
    buy 91 PERP limit=200.00           | denied exceeds_buying_power
    buy 90 PERP limit=200.00           | accepted #2; filled #2 90 @ 200.00
    look                               | cash 1000.00; 100 PERP cost 19000.00
    """,
    # 15000 / 20 = 750, / 19 = 789.47, / 18 = 833.33, rounded up.
    "leverage": """
    leverage ACME 5                    | denied not_a_perpetual
    leverage PERP 0                    | denied leverage_out_of_range
    leverage PERP 21                   | denied leverage_out_of_range
    leverage PERP 20                   | leverage 20 cross
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 150 PERP                       | accepted #1; filled #1 150 @ 100.00
    leverage PERP 10                   | denied leverage_does_not_fit
    leverage PERP 19                   | leverage 19 cross
    buy 1 PERP limit=90.00 tif=gtc     | accepted #2
    leverage PERP 18                   | denied leverage_with_orders_open
    cancel #2                          | canceled #2 canceled_by_client
    sell 1 PERP limit=120.00 tif=gtc   | accepted #3
    leverage PERP 18 isolated          | leverage 18 isolated
    look                               | cash 166.666666; """
    """150 PERP held 1 cost 15000.00 pot 833.333334
    leverage PERP 20 isolated          | leverage 20 isolated
    look                               | cash 250.00; 150 PERP held 1 cost 15000.00 pot 750.00
    mark PERP 98.00                    |
    leverage PERP 20                   | denied leverage_does_not_fit
    leverage PERP 18 isolated          | leverage 18 isolated
    mark PERP 97.00                    |
    leverage PERP 20 isolated          | denied leverage_does_not_fit
    mark PERP 100.00                   |
    leverage PERP 20                   | leverage 20 cross
    look                               | cash 1000.00; 150 PERP held 1 cost 15000.00
    mark PERP 97.00                    |
    leverage PERP 20                   | leverage 20 cross
    leverage PERP 19                   | denied leverage_does_not_fit
    """,
    "what is denied": """
    buy 1 PERP limit=100.00            | denied no_mark_price
    mark PERP 100.00                   |
    buy 1 PERP limit=100.00 tif=gtc    | accepted #1
    sell 1 PERP limit=110.00           | denied opposite_order_open
    cancel #1                          | canceled #1 canceled_by_client
    quote PERP 100.00x1000 100.01x1000 |
    buy 1000 PERP                      | denied exceeds_buying_power
    be cash                            | is cash
    buy 1 PERP                         | denied perp_needs_margin_account
    be margin                          | is margin
    sell 1 PERP reduce=yes             | denied reduce_only_would_open
    buy 1 PERP                         | accepted #2; filled #2 1 @ 100.01
    sell 2 PERP reduce=yes             | denied exceeds_position
    buy 1 PERP reduce=yes              | denied reduce_only_would_open
    sell 1 PERP reduce=yes limit=105.00 | accepted #3
    sell 1 PERP reduce=yes             | denied exceeds_position
    be cash                            | denied account_borrows
    close PERP cancel=yes              | canceled #3 canceled_to_close_position; accepted #4; """
    """filled #4 1 @ 100.00
    be cash                            | is cash
    """,
    "reduce only, of shares": """
    quote ACME 10.00x1000 10.00x1000   |
    be cash                            | is cash
    sell 1 ACME reduce=yes             | denied reduce_only_would_open
    buy 1 ACME reduce=yes              | denied reduce_only_would_open
    buy 5 ACME                         | accepted #1; filled #1 5 @ 10.00
    sell 5 ACME reduce=yes             | accepted #2; filled #2 5 @ 10.00
    """,
    "exits of a position": """
    mark PERP 100.00                   |
    quote PERP 99.99x1000 100.00x1000  |
    buy 10 PERP class=bracket tp=110.00 sl=95.00 | accepted #1; held #2; held #3; """
    """filled #1 10 @ 100.00; activated #2; activated #3
    quote PERP 94.90x1000 95.00x1000   | triggered #3 94.90 past 95.00; """
    """filled #3 10 @ 94.90; canceled #2 other_leg_filled
    look                               | cash 949.00 realized -51.00
    """,
    "post only": """
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.01x1000 |
    buy 1 PERP limit=100.01 post=yes   | denied post_only_would_trade
    sell 1 PERP limit=100.00 post=yes  | denied post_only_would_trade
    buy 1 PERP limit=100.00 post=yes   | accepted #1
    buy 1 PERP post=yes                | denied post_only_not_allowed
    buy 1 PERP limit=99.00 post=yes class=bracket tp=110.00 sl=95.00 | denied post_only_not_allowed
    buy 1 PERP limit=99.00 tif=ioc post=yes | denied post_only_not_allowed
    buy 1 PERP limit=99.00 tif=fok post=yes | denied post_only_not_allowed
    replace #1 limit=100.05            | denied post_only_would_trade
    quote PERP 99.50x1000 99.90x1000   | filled #1 1 @ 99.90
    buy 1 COIN/USD limit=90.00 post=yes | accepted #2
    quote COIN/USD 90.00x10 90.10x10   |
    quote ACME 10.00x1000 10.01x1000   |
    buy 1 ACME limit=9.00 post=yes     | denied post_only_not_allowed
    """,
    # 99.97 x 0.15 %, as it rested.
    "post only on arrival": """
    define realistic version=2 bounded=yes fees=yes latency=0.25 |
    use realistic                      | profile set
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.01x1000 |
    buy 1 PERP limit=100.00 post=yes   | sent #1
    quote PERP 99.98x1000 99.99x1000   |
    wait 1                             |
    quote PERP 99.98x1000 99.99x1000   | arrived #1; canceled #1 post_only_would_trade_at_once
    buy 1 PERP limit=99.98 post=yes    | sent #2
    wait 1                             |
    quote PERP 99.96x1000 99.97x1000   | arrived #2; """
    """filled #2 1 @ 99.97 fee crypto_maker 0.149955
    """,
    "a reset gives up a position and its margin": """
    leverage PERP 5 isolated           | leverage 5 isolated
    mark PERP 100.00                   |
    quote PERP 100.00x1000 100.00x1000 |
    buy 10 PERP                        | accepted #1; filled #1 10 @ 100.00
    sell 4 PERP limit=120.00 reduce=yes | accepted #2
    reset 500                          | canceled #2 account_reset; gave up 10 PERP; reset to 500.00
    look                               | cash 500.00
    fund PERP 1%                       |
    """,
}


@pytest.mark.parametrize("restarted", [False, True], ids=["straight", "restarted"])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_playbook(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    world = new_world(cash="1000", kind="margin", credit=CREDIT, instruments=WITH_PERP)
    check(world, PLAYBOOKS[name], restarted)


def test_the_house_takes_the_other_side(new_world: Callable[..., World]) -> None:
    """What is won and lost, its fees, its funding and its margin lie in books of their own."""
    world = new_world(cash="1000", kind="margin", credit=CREDIT, instruments=WITH_PERP)
    books = [Book.PERPS, Book.PERP_FUNDING, Book.INSURANCE, Book.STREET]

    def balances() -> list[int]:
        return [world.house(book) for book in books]

    world.leverage("PERP", "10", "isolated")
    world.mark("PERP", "100.00")
    world.quote("PERP", "100.00x1000", "100.00x1000")
    world.buy("10", "PERP")
    assert balances() == [micros("100"), 0, 0, 0]
    world.fund("PERP", "0.1%")
    assert balances() == [micros("99"), micros("1"), 0, 0]
    world.quote("PERP", "95.00x1000", "95.00x1000")
    world.sell("5", "PERP")
    assert balances() == [micros("99") - micros("24.50"), micros("1"), 0, 0]
    world.quote("PERP", "92.00x1000", "92.00x1000")
    world.mark("PERP", "92.00")
    world.tick("10:01:00")
    assert balances() == [micros("65"), micros("1"), micros("2.30"), 0]
    assert world.account().cash_micros == micros("1000") - sum(balances())


def test_a_contract_is_told_with_its_liquidation_price(new_world: Callable[..., World]) -> None:
    """The first mark that liquidates: 92.30 and 107.32 of section "isolated", and of cross what the
    account has besides.
    """
    world = new_world(cash="1000", kind="margin", credit=CREDIT, instruments=WITH_PERP)
    account_id = world.accounts[0]
    world.mark("PERP", "100.00")
    world.quote("PERP", "100.00x1000", "100.00x1000")
    assert world.engine.open_contracts(account_id) == []
    told = []
    for mode in ("isolated", "cross"):
        world.leverage("PERP", "10", mode)
        for side in ("buy", "sell"):
            world.order(side, "10", "PERP")
            world.fund("PERP", "0")
            [found] = world.engine.open_contracts(account_id)
            told.append((found.isolated, found.margin_micros, found.liquidation_price))
            world.close("PERP")
    whole = micros("100")
    assert told == [
        (True, whole, 9230),
        (True, whole, 10731 + 1),
        (False, whole, 0),
        (False, whole, 19512 + 1),
    ]
    world.order("buy", "80", "PERP")
    world.mark("PERP", "95.00")
    [found] = world.engine.open_contracts(account_id)
    assert found.liquidation_price == 8974
    assert found.unrealized_micros == -micros("400")
    assert world.engine.standing(account_id, world.ts).unrealized == -micros("400")
    assert found.maintenance_micros == micros("190")


def test_more_positions_than_one_input_closes(new_world: Callable[..., World]) -> None:
    """Seventeen accounts below the same mark: sixteen are closed by a tick, in their order, the
    last by the next one, which is due at once.
    """
    world = new_world(cash="1000", kind="margin", credit=CREDIT, instruments=WITH_PERP)
    for number in range(LEGS_MAX):
        world.open_account("1000", owner=f"owner {number}", kind="margin")
    world.mark("PERP", "100.00")
    world.quote("PERP", "92.20", "100.00")
    for number in range(1, LEGS_MAX + 2):
        world.leverage("PERP", "10", "isolated", account=number)
        world.order("buy", "1", "PERP", account=number)
    world.mark("PERP", "92.30")
    first = [x.account_id for x in world.tick("10:01:00") if isinstance(x, e.OrderFilled)]
    assert first == world.accounts[:LEGS_MAX]
    world.restart()
    assert world.engine.next_due_ns <= world.ts
    second = [x.account_id for x in world.tick("10:01:01") if isinstance(x, e.OrderFilled)]
    assert second == world.accounts[LEGS_MAX:]
    assert world.engine.next_due_ns > world.ts


def test_marks_and_rates_that_cannot_be(new_world: Callable[..., World]) -> None:
    """A mark that no market could mean is ignored, an index kept within what numbers can say; those
    of other instruments mean nothing.
    """
    world = new_world(cash="1000", kind="margin", credit=CREDIT, instruments=WITH_PERP)
    key = PERP.instrument_id

    def told() -> tuple[int, int, int]:
        book = world.book("PERP")
        return book.long_mark, book.short_mark, book.index_price

    world.send(f.MarkPrice(key, 100_00, 99_00, world.ts))
    for odd in (0, -1, 2**62):
        world.send(f.MarkPrice(key, odd, 98_00, world.ts))
    assert told() == (100_00, 100_00, 99_00)
    world.send(f.MarkPrice(key, 101_00, -5, world.ts))
    assert told() == (101_00, 101_00, 0)
    world.send(f.MarkPrice(key, 101_00, 2**63 - 1, world.ts))
    assert told() == (101_00, 101_00, INT_MAX)
    for other in (ACME.instrument_id, 999):
        world.send(f.MarkPrice(other, 50_00, 50_00, world.ts))
        assert world.send(f.FundingRate(other, 10**6, world.ts)) == []
    assert world.book("ACME").long_mark == 0


def test_a_liquidation_is_charged_by_the_contract_not_by_the_table(
    new_world: Callable[..., World],
) -> None:
    """The table's version is told by fills that it charges."""
    world = new_world(
        cash="1000", kind="margin", credit=CREDIT, instruments=WITH_PERP, profile="realistic"
    )
    world.leverage("PERP", "10", "isolated")
    world.mark("PERP", "100.00")
    world.quote("PERP", "92.20", "100.00")
    world.order("buy", "1", "PERP")
    world.mark("PERP", "92.30")
    world.tick("10:00:05")
    fills = [x for x in world.events if isinstance(x, e.OrderFilled)]
    assert [x.fee_version for x in fills] == ["perps-1", ""]
