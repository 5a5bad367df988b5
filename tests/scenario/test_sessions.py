"""Goal: orders wait for the open, die at the close, and never meet an old quote. Playbooks."""

from collections.abc import Callable

import pytest

from stockyard.model.codes import Status
from stockyard.model.denials import DenyCode
from stockyard.model.facts import InstrumentListed, SessionsScheduled
from stockyard.model.instruments import Session
from tests.engine_terms import ACME, COIN, DAY, EPOCH, HOUR, SESSIONS, WEEKDAYS
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "closed: day and gtc orders queue, immediate ones are refused": """
        quote ACME 99.90x300 100.00x200
        tick 16:00:00
        buy 10 ACME                        | queued #1
        buy 10 ACME limit=99.00 tif=gtc    | queued #2
        buy 10 ACME tif=ioc                | denied session_closed
        buy 10 ACME limit=100.00 tif=fok   | denied session_closed
        quote ACME 98.90x300 98.95x200
        tick day 2 09:29:59.999999
        tick day 2 09:30:00                | activated #1; activated #2
        quote ACME 98.90x300 98.95x200     | filled #1 10 @ 98.95; filled #2 10 @ 98.95
    """,
    "the quote that opens the session may be the first input after it": """
        quote ACME 99.90x300 100.00x200
        tick 16:00:00
        buy 10 ACME limit=99.00            | queued #1
        wait 70000
        quote ACME 98.90x300 98.95x200     | activated #1; filled #1 10 @ 98.95
    """,
    "a quote from before the open fills nothing, however fresh": """
        tick day 2 09:29:59.5
        quote ACME 99.90x300 100.00x200
        buy 10 ACME                        | queued #1
        tick 09:30:00                      | activated #1
        buy 10 ACME                        | accepted #2
        buy 10 ACME limit=100.00 tif=ioc   | accepted #3; canceled #3 rest_of_immediate_or_cancel
        buy 10 ACME tif=fok                | accepted #4; \
canceled #4 fill_or_kill_not_fillable_whole
        quote ACME 99.90x300 100.00x200    | filled #1 10 @ 100.00; filled #2 10 @ 100.00
    """,
    "a queued order can be canceled, replaced and filled like any other": """
        quote ACME 99.90x300 100.00x200
        tick 16:00:00
        buy 10 ACME limit=100.00           | queued #1
        buy 10 ACME limit=100.00           | queued #2
        replace #1 qty=5                   | replaced #1 by #3; queued #3
        replace #3 tif=ioc                 | denied session_closed
        cancel #2                          | canceled #2 canceled_by_client
        look                               | cash 100000.00 held 500.00
        tick day 2 09:30:00                | activated #3
        quote ACME 99.90x300 100.00x200    | filled #3 5 @ 100.00
    """,
    "a queued market order stops at the collar of the quote it saw": """
        quote ACME 99.90x300 100.00x200
        tick 16:00:00
        buy 10 ACME                        | queued #1
        tick day 2 09:30:00                | activated #1
        quote ACME 104.90x300 105.01x200   | canceled #1 market_moved_beyond_collar
    """,
    "an order good till canceled rests through the night": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=99.00 tif=gtc    | accepted #1
        buy 10 ACME limit=99.00            | accepted #2
        tick 16:00:00                      | expired #2 trading_day_ended
        quote ACME 98.90x300 99.00x200
        tick day 2 09:30:00
        quote ACME 98.90x300 99.00x200     | filled #1 10 @ 99.00
    """,
    "a day order queued overnight lives until the next close": """
        tick 16:00:00
        buy 10 ACME limit=99.00            | queued #1
        tick day 2 15:59:59                | activated #1
        buy 10 ACME limit=99.00            | accepted #2
        tick day 2 16:00:00                | expired #1 trading_day_ended; \
expired #2 trading_day_ended
    """,
    "several sessions pass at once, each boundary in its turn": """
        tick 16:00:00
        buy 10 ACME limit=99.00            | queued #1
        sell 10 ACME                       | denied no_quote
        tick day 4 12:00:00                | activated #1; expired #1 trading_day_ended
        buy 10 ACME limit=99.00            | accepted #2
    """,
    "always open: the trading day ends at 16:00 and the next begins at once": """
        quote COIN/USD 99.90x3 100.00x2
        buy 1 COIN/USD limit=99.00         | accepted #1
        buy 1 COIN/USD limit=99.00 tif=gtc | accepted #2
        tick 15:59:59.999999999
        tick 16:00:00                      | expired #1 trading_day_ended
        buy 1 COIN/USD limit=100.00        | accepted #3
        quote COIN/USD 99.90x3 100.00x2    | filled #3 1 @ 100.00
        buy 1 COIN/USD tif=ioc             | accepted #4; filled #4 1 @ 100.00
        buy 1 COIN/USD limit=99.00         | accepted #5
        tick day 2 15:59:59
        tick day 2 16:00:00                | expired #5 trading_day_ended
        quote COIN/USD 98.90x3 99.00x2     | filled #2 1 @ 99.00
    """,
    "the close of one market leaves the other alone": """
        quote ACME 99.90x300 100.00x200
        quote COIN/USD 99.90x3 100.00x2
        buy 1 COIN/USD limit=99.00 tif=gtc | accepted #1
        buy 1 ACME limit=99.00             | accepted #2
        tick 17:00:00                      | expired #2 trading_day_ended
        quote COIN/USD 98.90x3 99.00x2     | filled #1 1 @ 99.00
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_sessions(world: World, title: str, restarted: bool) -> None:
    check(world, PLAYBOOKS[title], restarted)


def test_an_order_says_when_it_expires(world: World) -> None:
    [today] = world.buy("1", "ACME", limit="9.00")
    [never] = world.buy("1", "ACME", limit="9.00", tif="gtc")
    [coins] = world.buy("1", "COIN/USD", limit="9.00")
    world.tick("16:30:00")
    [tomorrow] = world.buy("1", "ACME", limit="9.00")
    assert today.expires_ns == EPOCH + DAY + 16 * HOUR
    assert never.expires_ns == 0
    assert coins.expires_ns == EPOCH + DAY + 16 * HOUR
    assert tomorrow.expires_ns == EPOCH + 2 * DAY + 16 * HOUR
    assert tomorrow.status == Status.ACCEPTED


def test_the_engine_names_its_next_due_time(new_world: Callable[..., World]) -> None:
    world = new_world(instruments=(ACME, COIN), sessions={WEEKDAYS: SESSIONS[WEEKDAYS]})
    assert world.engine.next_due_ns == EPOCH + DAY + 16 * HOUR
    world.tick("16:00:00")
    assert world.engine.next_due_ns == EPOCH + 2 * DAY + 9 * HOUR + HOUR // 2
    world.tick("day 2 09:30:00")
    assert world.engine.next_due_ns == EPOCH + 2 * DAY + 16 * HOUR


def test_a_session_cut_short_ends_its_day_orders(world: World) -> None:
    """A new schedule moves the close to 13:00; one without today's session closes at once."""
    world.buy("1", "ACME", limit="9.00")
    today = Session(EPOCH + DAY + 9 * HOUR + HOUR // 2, EPOCH + DAY + 13 * HOUR)
    tomorrow = Session(today.open_ns + DAY, today.close_ns + DAY)
    assert world.send(SessionsScheduled(WEEKDAYS, "weekdays", (today, tomorrow))) == []
    assert world.engine.next_due_ns == today.close_ns
    [expired] = world.tick("13:00:00")
    assert expired.order_id == world.orders[0]
    world.tick("day 2 10:00:00")
    world.buy("1", "ACME", limit="9.00")
    world.restart()
    events = world.send(
        SessionsScheduled(
            WEEKDAYS, "weekdays", (Session(tomorrow.close_ns, tomorrow.close_ns + 1),)
        )
    )
    assert events == []
    [expired] = world.tick("13:00:00")
    assert expired.order_id == world.orders[1]


def test_a_day_order_on_a_calendar_nobody_scheduled_waits(new_world: Callable[..., World]) -> None:
    """No session is known: the order is queued without an end until one is."""
    world = new_world(instruments=(ACME, COIN), sessions={})
    [accepted] = world.buy("1", "ACME", limit="9.00")
    assert (accepted.status, accepted.expires_ns) == (Status.ACCEPTED, 0)
    [denied] = world.buy("1", "ACME", limit="9.00", tif="ioc")
    assert denied.code == DenyCode.SESSION_CLOSED
    world.restart()
    session = Session(world.ts + HOUR, world.ts + 2 * HOUR)
    assert world.send(SessionsScheduled(WEEKDAYS, "weekdays", (session,))) == []
    world.ts = session.open_ns
    assert len(world.quote("ACME", "8.00", "8.90")) == 2
    assert world.account().cash_micros == 100_000_000_000 - 8_900_000


def test_terms_that_change_in_a_session_leave_it_open(world: World) -> None:
    world.quote("ACME", "99.90", "100.00")
    world.send(InstrumentListed(ACME))
    assert len(world.buy("1", "ACME")) == 2
