"""Goal: an auction fills what its print reaches, at its price, and ends the rest. Playbooks.

LATE has auctions; it opens at 09:30 and closes at 16:00 (day 3: 13:00), and its closing print is
awaited for 15 minutes. A world begins on day 1 at 10:00.
"""

from collections.abc import Callable

import msgspec
import pytest

from stockyard.model.codes import FeeKind, FillRule
from stockyard.model.denials import DenyCode
from stockyard.model.events import OrderFilled
from stockyard.model.facts import InstrumentListed, SessionsScheduled
from stockyard.model.instruments import Session
from tests.engine_terms import ACME, DAY, EPOCH, EXCHANGE, HOUR, LATE, SECOND, SESSIONS
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "on the open: market and limit orders fill at the print's price": """
        quote LATE 99.90x300 100.00x200
        tick 16:30:00
        buy 10 LATE tif=opg                   | queued #1
        buy 10 LATE limit=101.00 tif=opg      | queued #2
        buy 10 LATE limit=100.49 tif=opg      | queued #3
        look                                  | cash 100000.00 held 3064.90
        tick day 2 09:30:00
        quote LATE 99.00x300 99.10x200
        opening LATE 100.50                   | activated #1; filled #1 10 @ 100.50; \
activated #2; filled #2 10 @ 100.50; canceled #3 not_filled_in_auction
        look                                  | cash 97990.00; 20 LATE cost 2010.00
    """,
    "on the close: market and limit orders fill at the print's price": """
        quote LATE 99.90x300 100.00x200
        buy 30 LATE                           | accepted #1; filled #1 30 @ 100.00
        sell 10 LATE tif=cls                  | queued #2
        sell 10 LATE limit=99.00 tif=cls      | queued #3
        sell 10 LATE limit=99.51 tif=cls      | queued #4
        sell 1 LATE                           | denied exceeds_position
        quote LATE 98.00x300 98.10x200
        tick 16:00:00
        closing LATE 99.50                    | activated #2; filled #2 10 @ 99.50; \
activated #3; filled #3 10 @ 99.50; canceled #4 not_filled_in_auction
        look                                  | cash 98990.00; 10 LATE cost 1000.00 \
realized -10.00
    """,
    "both sides trade in one print, buys first": """
        quote LATE 99.90x300 100.00x200
        buy 30 LATE                           | accepted #1; filled #1 30 @ 100.00
        sell 10 LATE tif=cls                  | queued #2
        buy 10 LATE tif=cls                   | queued #3
        tick 16:00:01
        closing LATE 100.00                   | activated #3; filled #3 10 @ 100.00; \
activated #2; filled #2 10 @ 100.00
    """,
    "a size-bounded profile shares the printed quantity: market orders by age, then by price": """
        use realistic                         | profile set
        quote LATE 99.90x300 100.00x200
        buy 10 LATE limit=101.00 tif=cls      | queued #1
        buy 10 LATE limit=102.00 tif=cls      | queued #2
        buy 10 LATE tif=cls                   | queued #3
        buy 10 LATE limit=101.00 tif=cls      | queued #4
        tick 16:00:00
        closing LATE 100.00x25                | activated #3; filled #3 10 @ 100.00; \
activated #2; filled #2 10 @ 100.00; activated #1; filled #1 5 @ 100.00 part; \
canceled #1 not_filled_in_auction; canceled #4 not_filled_in_auction
    """,
    "profiles trade one after the other, and bounded ones share what is printed": """
        open 10000 ideal                      | opened; deposited 10000.00
        open 10000 realistic                  | opened; deposited 10000.00
        use realistic                         | profile set
        quote LATE 99.90x300 100.00x200
        buy 10 LATE tif=cls                   | queued #1
        buy 10 LATE limit=101.00 tif=cls account=2 | queued #2
        buy 10 LATE tif=cls account=3         | queued #3
        tick 16:00:00
        closing LATE 100.00x15                | activated #2; filled #2 10 @ 100.00; \
activated #1; filled #1 10 @ 100.00; activated #3; filled #3 5 @ 100.00 part; \
canceled #3 not_filled_in_auction
    """,
    "what an auction gives is not taken from the quote": """
        use realistic                         | profile set
        quote LATE 99.90x300 100.00x10
        tick 16:30:00
        buy 8 LATE tif=opg                    | queued #1
        tick day 2 09:30:00
        quote LATE 99.90x300 100.00x10
        opening LATE 100.00x8                 | activated #1; filled #1 8 @ 100.00
        buy 10 LATE                           | accepted #2; filled #2 10 @ 100.00
    """,
    "a market order is not filled beyond the collar of what it saw": """
        quote LATE 99.90x300 100.00x200
        buy 10 LATE tif=cls                   | queued #1
        buy 10 LATE limit=110.00 tif=cls      | queued #2
        tick 16:00:00
        closing LATE 105.01                   | canceled #1 market_moved_beyond_collar; \
activated #2; filled #2 10 @ 105.01
    """,
    "without a quote the collar lies around the last price": """
        buy 10 LATE tif=cls                   | denied no_quote
        trade LATE 100.00
        buy 10 LATE                           | denied no_quote
        buy 10 LATE tif=cls                   | queued #1
        look                                  | cash 100000.00 held 1050.00
        tick 16:00:00
        closing LATE 105.00                   | activated #1; filled #1 10 @ 105.00
    """,
    "no opening print: on-open orders end with the session": """
        quote LATE 99.90x300 100.00x200
        tick 16:30:00
        buy 10 LATE tif=opg                   | queued #1
        buy 10 LATE tif=opg                   | queued #2
        cancel #2                             | canceled #2 canceled_by_client
        tick day 2 09:30:00
        quote LATE 99.90x300 100.00x200
        trade LATE 100.00
        tick 15:59:59
        tick 16:00:00                         | expired #1 no_auction_print
        opening LATE 100.00
        look                                  | cash 100000.00
    """,
    "no closing print: on-close orders end a quarter of an hour after the close": """
        quote LATE 99.90x300 100.00x200
        buy 10 LATE tif=cls                   | queued #1
        tick 16:00:00
        tick 16:14:59.99
        buy 10 LATE tif=cls                   | denied auction_cut_off
        tick 16:15:00                         | expired #1 no_auction_print
        buy 10 LATE tif=cls                   | queued #2
        closing LATE 100.00
        tick day 2 16:00:00
        closing LATE 100.00                   | activated #2; filled #2 10 @ 100.00
    """,
    "cut-offs of the opening auction": """
        quote LATE 99.90x300 100.00x200
        buy 10 LATE tif=opg                   | denied auction_cut_off
        tick 15:59:59
        buy 10 LATE tif=opg                   | denied auction_cut_off
        tick 16:00:00
        buy 10 LATE tif=opg                   | queued #1
        tick day 2 09:27:59.9
        buy 10 LATE limit=100.00 tif=opg      | queued #2
        tick 09:28:00
        buy 10 LATE tif=opg                   | denied auction_cut_off
        replace #1 qty=5                      | denied auction_cut_off
        cancel #1                             | canceled #1 canceled_by_client
        tick 09:30:00
        opening LATE 100.00                   | activated #2; filled #2 10 @ 100.00
        buy 10 LATE tif=opg                   | denied auction_cut_off
    """,
    "cut-offs of the closing auction": """
        quote LATE 99.90x300 100.00x200
        tick 15:49:59.9
        buy 10 LATE tif=cls                   | queued #1
        tick 15:50:00
        buy 10 LATE tif=cls                   | denied auction_cut_off
        replace #1 limit=100.00               | denied limit_price_not_allowed
        replace #1 qty=5                      | denied auction_cut_off
        tick 16:00:00
        buy 10 LATE tif=cls                   | denied auction_cut_off
        closing LATE 100.00                   | activated #1; filled #1 10 @ 100.00
        buy 10 LATE tif=cls                   | queued #2
        closing LATE 100.00
        tick 16:15:00
        tick day 2 16:00:00
        closing LATE 101.00                   | activated #2; filled #2 10 @ 101.00
    """,
    "a print outside its auction is only a trade": """
        trade LATE 100.00
        quote LATE 99.90x300 100.00x200
        buy 10 LATE                           | accepted #1; filled #1 10 @ 100.00
        sell 10 LATE stop=95.00               | accepted #2
        buy 5 LATE tif=cls                    | queued #3
        closing LATE 94.00                    | triggered #2 94.00 past 95.00; \
filled #2 10 @ 99.90
        tick 17:00:00                         | expired #3 no_auction_print
    """,
    "an opening print triggers stops after the auction's fills": """
        trade LATE 100.00
        quote LATE 99.90x300 100.00x200
        buy 10 LATE                           | accepted #1; filled #1 10 @ 100.00
        sell 10 LATE stop=95.00 tif=gtc       | accepted #2
        tick 16:30:00
        buy 5 LATE limit=96.00 tif=opg        | queued #3
        tick day 2 09:30:00
        quote LATE 94.80x300 94.90x200
        opening LATE 94.90                    | activated #3; filled #3 5 @ 94.90; \
triggered #2 94.90 past 95.00; filled #2 10 @ 94.80
    """,
    "on-close orders at an early close": """
        tick day 3 10:00:00
        quote LATE 99.90x300 100.00x200
        buy 10 LATE tif=cls                   | queued #1
        tick 12:50:00
        buy 10 LATE tif=cls                   | denied auction_cut_off
        tick 13:00:00
        tick 13:15:00                         | expired #1 no_auction_print
    """,
    "canceled, replaced and reset while they wait": """
        quote LATE 99.90x300 100.00x200
        buy 10 LATE tif=cls                   | queued #1
        replace #1 qty=5                      | replaced #1 by #2; queued #2
        replace #2 tif=day                    | replaced #2 by #3; accepted #3; \
filled #3 5 @ 100.00
        sell 5 LATE limit=101.00 tif=cls      | queued #4
        replace #4 limit=100.50               | replaced #4 by #5; queued #5
        close LATE                            | denied exceeds_position
        close LATE cancel=yes                 | canceled #5 canceled_to_close_position; \
accepted #6; filled #6 5 @ 99.90
        buy 5 LATE limit=99.00                | accepted #7
        replace #7 tif=cls                    | replaced #7 by #8; queued #8
        cancel all LATE                       | canceled #8 canceled_by_client
        buy 5 LATE tif=cls                    | queued #9
        reset 1000                            | canceled #9 account_reset; reset to 1000.00
        tick 16:00:00
        closing LATE 100.00
        look                                  | cash 1000.00
    """,
    "symbols without auctions, amounts and the flag": """
        quote ACME 99.90x300 100.00x200
        quote LATE 99.90x300 100.00x200
        quote COIN/USD 99.90x3 100.00x2
        buy 10 ACME tif=opg                   | denied no_auction
        buy 10 ACME limit=100.00 tif=cls      | denied no_auction
        buy 1 COIN/USD tif=cls                | denied no_auction
        buy $500 LATE tif=cls                 | denied notional_in_auction
        buy 1 LATE stop=110.00 tif=cls        | denied time_in_force_not_supported
        buy 1 LATE limit=99.00 tif=cls ext=yes | denied extended_hours_time_in_force
        opening ACME 100.00
        closing COIN/USD 100.00
    """,
    "a print that no market could mean is ignored": """
        quote LATE 99.90x300 100.00x200
        buy 10 LATE tif=cls                   | queued #1
        tick 16:00:00
        closing LATE -1
        closing LATE 0
        closing LATE 100.00x-5                | activated #1; filled #1 10 @ 100.00
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_auctions(world: World, title: str, restarted: bool) -> None:
    check(world, PLAYBOOKS[title], restarted)


def test_the_engine_names_the_end_of_the_wait(world: World) -> None:
    world.tick("16:00:00")
    assert world.engine.next_due_ns == EPOCH + DAY + 16 * HOUR + 900 * SECOND
    world.restart()
    assert world.engine.next_due_ns == EPOCH + DAY + 16 * HOUR + 900 * SECOND
    world.auction("LATE", "closing", "100.00")
    world.tick("16:00:01")
    assert world.engine.next_due_ns == EPOCH + DAY + 20 * HOUR


def test_a_fill_in_an_auction_says_so(new_world: Callable[..., World]) -> None:
    """Under a bounded profile: the printed quantity before the fill, and the fees of a taker."""
    world = new_world(profile="realistic")
    world.quote("LATE", "99.90x300", "100.00x200")
    world.buy("20", "LATE")
    world.sell("12", "LATE", tif="cls")
    world.sell("8", "LATE", limit="99.00", tif="cls")
    world.tick("16:00:00")
    first, second = (
        event
        for event in world.auction("LATE", "closing", "99.50", "15")
        if isinstance(event, OrderFilled)
    )
    assert (first.rule, first.qty, first.size_open) == (
        FillRule.AUCTION_PRINTED,
        12 * 10**9,
        15 * 10**9,
    )
    assert (second.qty, second.size_open) == (3 * 10**9, 3 * 10**9)
    assert [kind for kind, _ in first.fees] == [FeeKind.SEC, FeeKind.TAF]
    book = world.book("LATE")
    assert (book.last_price, book.bid_taken, book.print_due_ns) == (995_000, 0, 0)


def test_lots_bound_what_an_auction_gives(new_world: Callable[..., World]) -> None:
    """Whole shares only: of 7.5 printed, 7 are given."""
    whole = msgspec.structs.replace(LATE, lot=10**9)
    world = new_world(instruments=(ACME, whole), profile="realistic")
    world.quote("LATE", "99.90x300", "100.00x200")
    world.buy("10", "LATE", tif="cls")
    world.tick("16:00:00")
    _, filled, _ = world.auction("LATE", "closing", "100.00", "7.5")
    assert filled.qty == 7 * 10**9


def test_orders_stay_in_line_when_a_symbol_loses_its_auctions(world: World) -> None:
    """What was taken still waits for its print, and ends without one."""
    world.quote("LATE", "99.90", "100.00")
    world.buy("1", "LATE", tif="cls")
    world.send(InstrumentListed(msgspec.structs.replace(LATE, auctions=False)))
    [denied] = world.buy("1", "LATE", tif="cls")
    assert denied.code == DenyCode.NO_AUCTION
    world.tick("16:00:00")
    [expired] = world.tick("16:15:00")
    assert expired.order_id == world.orders[0]


def test_an_open_moved_to_later_ends_the_session_now(world: World) -> None:
    """Day orders end at once, those for the close after the wait; early trading goes on."""
    world.quote("LATE", "99.90", "100.00")
    world.buy("1", "LATE", tif="cls")
    world.buy("1", "LATE", limit="90.00")
    world.order("buy", "1", "LATE", limit="91.00", tif="gtc", ext="yes")
    today = SESSIONS[EXCHANGE][0]
    later = Session(today.open_ns + 3 * HOUR, today.close_ns, today.begins_ns, today.ends_ns)
    [ended] = world.send(SessionsScheduled(EXCHANGE, "exchange", (later,)))
    assert ended.order_id == world.orders[1]
    world.restart()
    [filled] = world.quote("LATE", "89.90", "90.00")
    assert filled.order_id == world.orders[2]
    [missed] = world.tick("10:16:00")
    assert missed.order_id == world.orders[0]
