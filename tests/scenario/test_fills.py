"""Goal: orders fill when, where and as far as docs/reference/fills.md says. Method: playbooks."""

from collections.abc import Callable

import pytest

from tests.engine_world import World
from tests.scenario.playbook import Playbook, check

MARKETABLE = """
market day ideal     | accepted #1; filled #1 500 @ 100.00 | |
market gtc ideal     | accepted #1; filled #1 500 @ 100.00 | |
market ioc ideal     | accepted #1; filled #1 500 @ 100.00 | |
market fok ideal     | accepted #1; filled #1 500 @ 100.00 | |
limit  day ideal     | accepted #1; filled #1 500 @ 100.00 | |
limit  gtc ideal     | accepted #1; filled #1 500 @ 100.00 | |
limit  ioc ideal     | accepted #1; filled #1 500 @ 100.00 | |
limit  fok ideal     | accepted #1; filled #1 500 @ 100.00 | |
market day realistic | accepted #1; filled #1 200 @ 100.00 part | filled #1 200 @ 100.02 part | \
filled #1 100 @ 99.98
market gtc realistic | accepted #1; filled #1 200 @ 100.00 part | filled #1 200 @ 100.02 part | \
filled #1 100 @ 99.98
market ioc realistic | accepted #1; filled #1 200 @ 100.00 part; \
canceled #1 rest_of_immediate_or_cancel | |
market fok realistic | accepted #1; canceled #1 fill_or_kill_not_fillable_whole | |
limit  day realistic | accepted #1; filled #1 200 @ 100.00 part | | filled #1 300 @ 99.98
limit  gtc realistic | accepted #1; filled #1 200 @ 100.00 part | | filled #1 300 @ 99.98
limit  ioc realistic | accepted #1; filled #1 200 @ 100.00 part; \
canceled #1 rest_of_immediate_or_cancel | |
limit  fok realistic | accepted #1; canceled #1 fill_or_kill_not_fillable_whole | |
"""
"""Buy 500 (limit 100.00) at an offer of 200 at 100.00; then 200 at 100.02; then 900 at 99.98."""

AWAY = """
limit day ideal     | accepted #1 | filled #1 500 @ 99.40 |
limit gtc ideal     | accepted #1 | filled #1 500 @ 99.40 |
limit ioc ideal     | accepted #1; canceled #1 rest_of_immediate_or_cancel | |
limit fok ideal     | accepted #1; canceled #1 fill_or_kill_not_fillable_whole | |
limit day realistic | accepted #1 | filled #1 200 @ 99.40 part | filled #1 300 @ 99.50
limit gtc realistic | accepted #1 | filled #1 200 @ 99.40 part | filled #1 300 @ 99.50
limit ioc realistic | accepted #1; canceled #1 rest_of_immediate_or_cancel | |
limit fok realistic | accepted #1; canceled #1 fill_or_kill_not_fillable_whole | |
"""
"""Buy 500 at limit 99.50, offered at 100.00; then 200 at 99.40; then 900 at 99.50."""


def rows(matrix: str) -> list[list[str]]:
    return [line.split("|") for line in matrix.strip().splitlines()]


def steps(row: list[str], quotes: list[str], limit: str) -> str:
    order_type, tif, profile = row[0].split()
    price = f"limit={limit}" if order_type == "limit" else ""
    return f"""
        use {profile}              | profile set
        {quotes[0]}
        buy 500 ACME {price} tif={tif} | {row[1]}
        {quotes[1]} | {row[2]}
        {quotes[2]} | {row[3]}
    """


@pytest.mark.parametrize("row", rows(MARKETABLE), ids=lambda row: "-".join(row[0].split()))
def test_an_order_at_the_offer(world: World, row: list[str]) -> None:
    quotes = [
        "quote ACME 99.90x300 100.00x200",
        "quote ACME 99.90x300 100.02x200",
        "quote ACME 99.90x300 99.98x900",
    ]
    check(world, steps(row, quotes, "100.00"))
    assert world.engine.snapshot().orders == ()


@pytest.mark.parametrize("row", rows(AWAY), ids=lambda row: "-".join(row[0].split()))
def test_an_order_below_the_offer(world: World, row: list[str]) -> None:
    quotes = [
        "quote ACME 99.30x300 100.00x200",
        "quote ACME 99.30x300 99.40x200",
        "quote ACME 99.30x300 99.50x900",
    ]
    check(world, steps(row, quotes, "99.50"))
    assert world.engine.snapshot().orders == ()


PLAYBOOKS = {
    "a sale takes the bid, at its limit or better": """
        quote ACME 99.90x300 100.00x200
        buy 100 ACME                       | accepted #1; filled #1 100 @ 100.00
        sell 60 ACME limit=99.50           | accepted #2; filled #2 60 @ 99.90
        sell 40 ACME limit=101.00 tif=gtc  | accepted #3
        quote ACME 100.99x300 101.05x200
        quote ACME 101.20x300 101.25x200   | filled #3 40 @ 101.20
        look                               | cash 100042.00 realized 42.00
    """,
    "displayed size is taken once until the next quote": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x200
        buy 150 ACME                       | accepted #1; filled #1 150 @ 100.00
        buy 100 ACME                       | accepted #2; filled #2 50 @ 100.00 part
        buy 10 ACME tif=ioc                | accepted #3; canceled #3 rest_of_immediate_or_cancel
        buy 10 ACME tif=fok                | accepted #4; \
canceled #4 fill_or_kill_not_fillable_whole
        quote ACME 99.90x300 100.00x30     | filled #2 30 @ 100.00 part
        quote ACME 99.90x300 100.00x30     | filled #2 20 @ 100.00
        look                               | cash 75000.00; 250 ACME cost 25000.00
    """,
    "under ideal the displayed size means nothing and is not taken": """
        quote ACME 99.90x300 100.00x1
        buy 400 ACME                       | accepted #1; filled #1 400 @ 100.00
        open 50000 realistic               | opened; deposited 50000.00
        buy 1 ACME account=2               | accepted #2; filled #2 1 @ 100.00
    """,
    "market orders go by age, then limit orders by price and age": """
        use realistic                      | profile set
        quote ACME 98.90x300 99.00x10
        buy 100 ACME                       | accepted #1; filled #1 10 @ 99.00 part
        buy 20 ACME limit=98.00            | accepted #2
        buy 20 ACME limit=98.50            | accepted #3
        buy 20 ACME limit=98.50            | accepted #4
        buy 20 ACME                        | accepted #5
        quote ACME 97.90x300 98.00x125     | filled #1 90 @ 98.00; filled #5 20 @ 98.00; \
filled #3 15 @ 98.00 part
        quote ACME 97.90x300 98.00x30      | filled #3 5 @ 98.00; filled #4 20 @ 98.00; \
filled #2 5 @ 98.00 part
    """,
    "an order never waits behind one of another profile": """
        use realistic                      | profile set
        quote ACME 98.90x300 99.00x10
        buy 100 ACME limit=98.00           | accepted #1
        use ideal                          | profile set
        buy 100 ACME limit=97.50           | accepted #2
        quote ACME 97.40x300 97.50x40      | filled #2 100 @ 97.50; filled #1 40 @ 97.50 part
    """,
    "a market order stops at its collar, 5 % from the quote it saw": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x10
        buy 30 ACME                        | accepted #1; filled #1 10 @ 100.00 part
        quote ACME 104.90x300 105.00x10    | filled #1 10 @ 105.00 part
        quote ACME 104.91x300 105.01x10    | canceled #1 market_moved_beyond_collar
        sell 15 ACME                       | accepted #2; filled #2 15 @ 104.91 \
fee sec_section_31 0.04 fee finra_taf 0.01
        quote ACME 100.00x2 100.10x10
        sell 5 ACME                        | accepted #3; filled #3 2 @ 100.00 part \
fee sec_section_31 0.01 fee finra_taf 0.01
        quote ACME 95.00x1 95.10x10        | filled #3 1 @ 95.00 part
        quote ACME 94.99x1 95.10x10        | canceled #3 market_moved_beyond_collar
    """,
    "a limit price may lie 50 % beyond the market and no further; the other way it is free": """
        buy 1 ACME limit=900.00 tif=gtc    | accepted #1
        quote ACME 99.90x300 -
        quote ACME 99.90x300 100.00x200    | filled #1 1 @ 100.00
        buy 1 ACME limit=150.00            | accepted #2; filled #2 1 @ 100.00
        buy 1 ACME limit=150.01            | denied price_outside_band
        buy 1 ACME limit=1.00              | accepted #3
        sell 1 ACME limit=49.95            | accepted #4; filled #4 1 @ 99.90
        sell 1 ACME limit=49.94            | denied price_outside_band
        sell 1 ACME limit=5000.00          | accepted #5
    """,
    "below a dollar the tick is a hundredth of a cent, from a dollar up a cent": """
        quote ACME 0.9998x300 1.00x200
        buy 2 ACME limit=0.9999            | accepted #1
        buy 2 ACME limit=1.0001            | denied price_off_tick
        buy 2 ACME limit=1.005             | denied price_off_tick
        buy 2 ACME limit=1.01              | accepted #2; filled #2 2 @ 1.00
        quote ACME 0.9997x300 0.9999x200   | filled #1 2 @ 0.9999
        look                               | cash 99996.0002; 4 ACME cost 3.9998
    """,
    "fractions of a share, rounded against the customer to a millionth of a dollar": """
        quote ACME 33.33x300 33.34x200
        buy 0.333333333 ACME               | accepted #1; filled #1 0.333333333 @ 33.34
        look                               | cash 99988.886666; 0.333333333 ACME cost 11.113334
        sell 0.000000001 ACME              | accepted #2; filled #2 0.000000001 @ 33.33
        look                               | cash 99988.886666; 0.333333332 ACME cost 11.113334
        sell 0.333333332 ACME              | accepted #3; filled #3 0.333333332 @ 33.33
        look                               | cash 99999.996665 realized -0.003335
    """,
    "whole lots only where the symbol says so": """
        use realistic                      | profile set
        quote RAIL 99.90x300 100.00x10.5
        buy 0.5 RAIL                       | denied quantity_off_lot
        buy 20 RAIL                        | accepted #1; filled #1 10 @ 100.00 part
        buy 1 RAIL                         | accepted #2
        quote RAIL 99.90x300 100.00x0.9
        quote RAIL 99.90x300 100.00x11.9   | filled #1 10 @ 100.00; filled #2 1 @ 100.00
    """,
    "a crossed quote fills nothing, a locked one does": """
        quote ACME 100.10x300 100.00x200
        buy 10 ACME                        | accepted #1
        buy 10 ACME limit=100.00           | accepted #2
        buy 10 ACME tif=ioc                | accepted #3; canceled #3 rest_of_immediate_or_cancel
        quote ACME 100.00x300 99.99x200
        quote ACME 100.00x300 100.00x200   | filled #1 10 @ 100.00; filled #2 10 @ 100.00
    """,
    "a missing side fills nobody on that side": """
        quote ACME 99.90x300 -
        buy 10 ACME                        | denied no_quote
        buy 10 ACME limit=99.00            | accepted #1
        quote ACME - 99.00x10              | filled #1 10 @ 99.00
        sell 10 ACME                       | denied no_quote
        sell 10 ACME limit=98.00           | accepted #2
        quote ACME 98.00x10 -              | filled #2 10 @ 98.00
    """,
    "a quote older than the profile allows fills nothing": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x200
        wait 59.999
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        buy 10 ACME                        | accepted #2
        buy 10 ACME tif=fok                | accepted #3; \
canceled #3 fill_or_kill_not_fillable_whole
        use ideal                          | profile set
        buy 10 ACME                        | accepted #4; filled #4 10 @ 100.00
        quote ACME 99.90x300 100.01x200    | filled #2 10 @ 100.01
    """,
    "limits that may not be passed": """
        quote ACME 0.0001x300 0.0001x200
        buy 1000000.000000001 ACME         | denied quantity_too_large
        buy 1 ACME                         | denied notional_too_small
        buy 1 ACME limit=1.00              | denied price_outside_band
        quote ACME 99.90x300 100.00x200
        buy 9523.809523809 ACME            | denied exceeds_buying_power
        buy 9523.809523810 ACME            | denied notional_too_large
        buy 0.009523800 ACME               | denied notional_too_small
        buy 0.009523810 ACME               | accepted #1; filled #1 0.00952381 @ 100.00
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
def test_fills(world: World, title: str) -> None:
    check(world, PLAYBOOKS[title])


def test_every_fill_explains_itself(new_world: Callable[..., World]) -> None:
    """The explanation names the quote seen, what was left of its size, its age and the rules."""
    world = new_world(profile="realistic")
    list(Playbook(world).play("quote COIN/USD 99.90x3 100.00x2\nwait 2.5"))
    quote_seq = world.engine.seq
    world.buy("0.5", "COIN/USD")
    [_, first] = world.buy("10", "COIN/USD")
    assert (first.bid, first.ask) == (9_990, 10_000)
    assert (first.bid_qty, first.ask_qty) == (3 * 10**9, 2 * 10**9)
    assert (first.quote_seq, first.quote_age_ns) == (quote_seq, 2_502_000_000)
    assert (first.size_open, first.qty) == (1_500_000_000, 1_500_000_000)
    assert (first.profile_id, first.profile_version, first.fee_version) == (2, 1, "coins-1")
    assert (first.rule, first.order_qty, first.filled_qty) == (2, 10 * 10**9, 1_500_000_000)
