"""Goal: closings take the lots that the method, or the order, says. Method: playbooks."""

from collections.abc import Callable

import pytest

from tests.engine_terms import ALL_PROFILES, CREDIT
from tests.engine_world import World
from tests.scenario.playbook import check

THREE_LOTS = """
    quote ACME 99.99x1000 100.00x1000  |
    buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
    quote ACME 119.99x1000 120.00x1000 |
    buy 10 ACME                        | accepted #2; filled #2 10 @ 120.00
    quote ACME 110.00x1000 110.00x1000 |
    buy 10 ACME                        | accepted #3; filled #3 10 @ 110.00
"""
"""Lots of 10 at 100, 120 and 110 dollars; the market stands at 110."""
SHORT_LOTS = """
    quote ACME 100.00x1000 100.01x1000 |
    sell 10 ACME limit=90.00           | accepted #1; filled #1 10 @ 100.00
    quote ACME 120.00x1000 120.01x1000 |
    sell 10 ACME limit=110.00          | accepted #2; filled #2 10 @ 120.00
    quote ACME 110.00x1000 110.00x1000 |
"""
"""Sold short at 100 and 120 dollars; the market stands at 110."""

LONG = {
    "at average cost the oldest go, at the average of all": """
        sell 15 ACME   | accepted #4; filled #4 15 @ 110.00
        taken          | #1 10 cost 1100.00; #2 5 cost 550.00; realized 0.00
        lots ACME      | #2 5; #3 10
        look           | cash 98350.00; 15 ACME cost 1650.00
    """,
    "first in, first out": """
        method fifo    | by fifo
        sell 15 ACME   | accepted #4; filled #4 15 @ 110.00
        taken          | #1 10 cost 1000.00; #2 5 cost 600.00; realized 50.00
        lots ACME      | #2 5 cost 600.00; #3 10 cost 1100.00
    """,
    "last in, first out": """
        method lifo    | by lifo
        sell 15 ACME   | accepted #4; filled #4 15 @ 110.00
        taken          | #3 10 cost 1100.00; #2 5 cost 600.00; realized -50.00
        lots ACME      | #1 10 cost 1000.00; #2 5 cost 600.00
    """,
    "highest in, first out": """
        method hifo    | by hifo
        sell 15 ACME   | accepted #4; filled #4 15 @ 110.00
        taken          | #2 10 cost 1200.00; #3 5 cost 550.00; realized -100.00
        lots ACME      | #1 10 cost 1000.00; #3 5 cost 550.00
    """,
    "of equal costs the oldest": """
        method hifo    | by hifo
        quote ACME 119.99x1000 120.00x1000 |
        buy 5 ACME     | accepted #4; filled #4 5 @ 120.00
        sell 11 ACME   | accepted #5; filled #5 11 @ 119.99
        taken          | #2 10 cost 1200.00; #4 1 cost 120.00; realized -0.11
    """,
    "what average cost has pooled shares one cost from then on": """
        sell 3 ACME    | accepted #4; filled #4 3 @ 110.00
        method lifo    | by lifo
        quote ACME 129.99x1000 130.00x1000 |
        buy 10 ACME    | accepted #5; filled #5 10 @ 130.00
        sell 12 ACME   | accepted #6; filled #6 12 @ 129.99
        taken          | #5 10 cost 1300.00; #3 2 cost 220.00; realized 39.88
    """,
    "a method is for open orders too": """
        sell 15 ACME limit=111.00          | accepted #4
        method lifo                        | by lifo
        quote ACME 111.00x1000 111.01x1000 | filled #4 15 @ 111.00
        taken          | #3 10 cost 1100.00; #2 5 cost 600.00; realized -35.00
    """,
    "no such method": """
        method dearest | denied lot_method_not_supported
        sell 5 ACME    | accepted #4; filled #4 5 @ 110.00
        taken          | #1 5 cost 550.00; realized 0.00
    """,
    "the same method twice, and a key": """
        method fifo key=m1 | by fifo
        method fifo        | by fifo
    """,
    "chosen lots go first, in the order of the choice": """
        sell 12 ACME lots=#3x4,#1x8        | accepted #4; filled #4 12 @ 110.00
        taken          | #3 4 cost 440.00; #1 8 cost 800.00; realized 80.00
        lots ACME      | #1 2 cost 200.00; #2 10 cost 1200.00; #3 6 cost 660.00
    """,
    "an open order's choice is counted": """
        sell 8 ACME limit=111.00 lots=#2x8 | accepted #4
        sell 3 ACME limit=111.00 lots=#2x3 | denied exceeds_lot
        sell 2 ACME limit=111.00 lots=#2x2 | accepted #5
        cancel #4                          | canceled #4 canceled_by_client
        sell 8 ACME limit=111.00 lots=#2x8 | accepted #6
        sell 1 ACME limit=111.00 lots=#2x1 | denied exceeds_lot
    """,
    "other closings may take what was chosen: the rest goes by the method": """
        method hifo                        | by hifo
        sell 10 ACME limit=111.00 lots=#2x10 | accepted #4
        sell 6 ACME                        | accepted #5; filled #5 6 @ 110.00
        taken          | #2 6 cost 720.00; realized -60.00
        quote ACME 111.00x1000 111.01x1000 | filled #4 10 @ 111.00
        taken          | #2 4 cost 480.00; #3 6 cost 660.00; realized -30.00
    """,
    "a choice that is gone": """
        sell 10 ACME limit=111.00 lots=#1x10 | accepted #4
        method fifo                        | by fifo
        sell 12 ACME                       | accepted #5; filled #5 12 @ 110.00
        taken          | #1 10 cost 1000.00; #2 2 cost 240.00; realized 80.00
        quote ACME 111.00x1000 111.01x1000 | filled #4 10 @ 111.00
        taken          | #2 8 cost 960.00; #3 2 cost 220.00; realized -70.00
    """,
    "a replacement keeps the choice": """
        sell 8 ACME limit=111.00 lots=#2x8 | accepted #4
        replace #4 qty=9                   | denied chosen_quantity_fixed
        replace #4 qty=7 limit=111.50      | denied chosen_quantity_fixed
        replace #4 limit=110.50            | replaced #4 by #5; accepted #5
        sell 3 ACME limit=111.00 lots=#2x3 | denied exceeds_lot
        quote ACME 111.00x1000 111.01x1000 | filled #5 8 @ 111.00
        taken          | #2 8 cost 960.00; realized -72.00
    """,
    "part filled, then replaced: the rest of the choice": """
        use realistic                      | profile set
        sell 8 ACME limit=111.00 lots=#3x5,#1x3 | accepted #4
        quote ACME 111.00x6 111.01x1000 | filled #4 6 @ 111.00 part fee sec_section_31 0.02 \
fee finra_taf 0.01
        taken          | #3 5 cost 550.00; #1 1 cost 100.00; realized 16.00
        sell 6 ACME limit=112.00 lots=#3x6 | denied exceeds_lot
        sell 9 ACME limit=112.00 lots=#1x9 | denied exceeds_lot
        replace #4 limit=112.00            | replaced #4 by #5; accepted #5
        quote ACME 112.00x100 112.01x1000  | filled #5 2 @ 112.00 fee sec_section_31 0.01 \
fee finra_taf 0.01
        taken          | #1 2 cost 200.00; realized 24.00
    """,
    "a choice after an average": """
        sell 3 ACME    | accepted #4; filled #4 3 @ 110.00
        sell 2 ACME lots=#2x2              | accepted #5; filled #5 2 @ 110.00
        taken          | #2 2 cost 220.00; realized 0.00
    """,
    "every bad choice": """
        quote RAIL 50.00x1000 50.00x1000   |
        buy 5 RAIL                         | accepted #4; filled #4 5 @ 50.00
        buy 5 ACME lots=#1x5               | denied lots_not_allowed
        sell 5 RAIL lots=#1x5              | denied lot_of_another_symbol
        sell 5 ACME limit=111.00           | accepted #5
        sell 5 ACME lots=#5x5              | denied unknown_lot
        sell 5 ACME lots=#1x3,#1x2         | denied lot_named_twice
        sell 5 ACME lots=#1x5,#2x0         | denied lot_quantity_not_positive
        sell 5 ACME lots=#1x6,#2x-1        | denied lot_quantity_not_positive
        sell 11 ACME lots=#1x11            | denied exceeds_lot
        sell 5 ACME lots=#1x4              | denied lots_not_the_quantity
        sell 5 ACME lots=#1x6              | denied lots_not_the_quantity
        sell $500 ACME lots=#1x5           | denied lots_not_the_quantity
        sell 5 ACME limit=112.00 lots=#1x5 class=oco sl=100.00 | denied lots_not_allowed
        sell 26 ACME lots=#1x10            | denied exceeds_position
        look | cash 96450.00; 30 ACME held 5 cost 3300.00; 5 RAIL cost 250.00
    """,
    "a reset forgets lots and choices, and keeps the method": """
        method fifo                        | by fifo
        sell 8 ACME limit=111.00 lots=#2x8 | accepted #4
        reset 5000     | canceled #4 account_reset; gave up 30 ACME; reset to 5000.00
        lots ACME      |
        buy 10 ACME    | accepted #5; filled #5 10 @ 110.00
        buy 10 ACME    | accepted #6; filled #6 10 @ 110.00
        sell 12 ACME   | accepted #7; filled #7 12 @ 110.00
        taken          | #5 10 cost 1100.00; #6 2 cost 220.00; realized 0.00
    """,
}

SHORT = {
    "bought back first in, first out": """
        method fifo    | by fifo
        buy 15 ACME    | accepted #3; filled #3 15 @ 110.00
        taken          | #1 10 cost 1000.00; #2 5 cost 600.00; realized -50.00
    """,
    "highest cost first: what was sold lowest": """
        method hifo    | by hifo
        buy 5 ACME     | accepted #3; filled #3 5 @ 110.00
        taken          | #1 5 cost 500.00; realized -50.00
    """,
    "the lots of a short position can be chosen": """
        sell 5 ACME limit=100.00 lots=#1x5 | denied lots_not_allowed
        buy 12 ACME lots=#2x10,#1x2        | accepted #3; filled #3 12 @ 110.00
        taken          | #2 10 cost 1200.00; #1 2 cost 200.00; realized 80.00
        lots ACME      | #1 8 cost 800.00
    """,
}


@pytest.mark.parametrize("restarted", [False, True], ids=["live", "restarted"])
@pytest.mark.parametrize("name", LONG)
def test_lots_bought(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    """Three lots, then the table."""
    check(new_world(profiles=ALL_PROFILES), THREE_LOTS + LONG[name], restarted)


@pytest.mark.parametrize("restarted", [False, True], ids=["live", "restarted"])
@pytest.mark.parametrize("name", SHORT)
def test_lots_sold_short(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    """Two lots sold short, then the table."""
    world = new_world(kind="margin", credit=CREDIT)
    check(world, SHORT_LOTS + SHORT[name], restarted)


def test_too_many(new_world: Callable[..., World]) -> None:
    """An order chooses at most 64 lots."""
    world = new_world()
    buys = "".join(f"\nbuy 1 ACME | accepted #{n}; filled #{n} 1 @ 100.00" for n in range(1, 66))
    lots = ",".join(f"#{n}x1" for n in range(1, 66))
    check(
        world,
        f"""
        quote ACME 100.00x1000 100.00x1000 | {buys}
        sell 65 ACME lots={lots} | denied too_many_lots
        sell 64 ACME lots={lots.removesuffix(",#65x1")} | accepted #66; filled #66 64 @ 100.00
        """,
    )
