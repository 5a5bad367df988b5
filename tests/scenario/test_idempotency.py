"""Goal: the same request never happens twice, and the first answer stays the answer. Playbooks."""

import pytest

from stockyard.model.commands import OpenAccount
from stockyard.model.denials import DenyCode
from stockyard.model.events import AccountOpened, CommandDenied, CommandRepeated
from tests.engine_terms import DOLLAR
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "a client_order_id names one order for ever": """
        buy 1 ACME limit=9.00 id=a body=x  | accepted #1
        buy 1 ACME limit=9.00 id=a body=x  | repeats 1
        buy 2 ACME limit=9.00 id=a body=y  | denied idempotency_key_reused
        cancel #1                          | canceled #1 canceled_by_client
        buy 1 ACME limit=9.00 id=a body=x  | repeats 1
        tick day 9 12:00:00
        buy 1 ACME limit=9.00 id=a body=x  | repeats 1
        buy 2 ACME limit=9.00 id=a body=y  | denied idempotency_key_reused
        look                               | cash 100000.00
    """,
    "an Idempotency-Key names one answer for 24 hours": """
        tick 10:00:00.5
        buy 1 ACME limit=9.00 key=k body=x | accepted #1
        buy 1 ACME limit=9.00 key=k body=x | repeats 2
        buy 1 ACME limit=9.00 key=k body=y | denied idempotency_key_reused
        cancel #1 key=k body=z             | denied idempotency_key_reused
        tick day 2 10:00:00.5              | expired #1 trading_day_ended
        buy 1 ACME limit=9.00 key=k body=x | accepted #2
        buy 1 ACME limit=9.00 key=k body=x | repeats 7
    """,
    "24 hours end exactly then": """
        tick 10:00:00.999
        buy 1 ACME limit=9.00 tif=gtc key=k body=x | accepted #1
        tick day 2 10:00:00.998
        buy 1 ACME limit=9.00 key=k body=x | repeats 2
        buy 1 ACME limit=9.00 key=k body=x | accepted #2
    """,
    "both keys: either finds the answer": """
        buy 1 ACME limit=9.00 id=a key=k body=x | accepted #1
        buy 1 ACME limit=9.00 id=a body=x  | repeats 1
        buy 1 ACME limit=9.00 key=k body=x | repeats 1
        buy 1 ACME limit=9.00 id=b key=k body=y | denied idempotency_key_reused
        buy 1 ACME limit=9.00 id=a key=m body=y | denied idempotency_key_reused
        tick day 3 12:00:00                | expired #1 trading_day_ended
        buy 1 ACME limit=9.00 id=a key=k body=x | repeats 1
        buy 1 ACME limit=9.00 key=k body=x | repeats 1
        tick day 4 12:00:00
        buy 1 ACME limit=9.00 key=k body=x | accepted #2
    """,
    "a key that comes with a repeat is remembered as well": """
        buy 1 ACME limit=9.00 id=a body=x        | accepted #1
        buy 1 ACME limit=9.00 id=a key=k body=x  | repeats 1
        buy 2 ACME limit=9.00 id=b key=k body=y  | denied idempotency_key_reused
        buy 1 ACME limit=9.00 key=k body=x       | repeats 1
    """,
    "the two kinds of key are not mixed up": """
        buy 1 ACME limit=9.00 id=same body=x  | accepted #1
        buy 1 ACME limit=9.00 key=same body=y | accepted #2
    """,
    "a denial is repeated, for 24 hours, even when it would be taken by now": """
        buy 1 ACME id=a body=x             | denied no_quote
        quote ACME 99.90x300 100.00x200
        buy 1 ACME id=a body=x             | repeats 1
        buy 1 ACME id=a body=y             | denied idempotency_key_reused
        tick day 2 12:00:00
        buy 1 ACME id=a body=y             | accepted #1
        quote ACME 99.90x300 100.00x200    | filled #1 1 @ 100.00
    """,
    "without a digest nothing is repeated, and a denial leaves the name free": """
        buy 1 ACME id=a body=none          | denied no_quote
        quote ACME 99.90x300 100.00x200
        buy 1 ACME limit=9.00 id=a body=none | accepted #1
        buy 1 ACME limit=9.00 id=a body=none | denied idempotency_key_reused
        buy 1 ACME limit=9.00 id=a body=x  | denied idempotency_key_reused
        replace #1 qty=2 id=b body=none    | replaced #1 by #2; accepted #2
        replace #2 qty=3 id=b body=none    | denied idempotency_key_reused
        buy 1 ACME limit=9.00 key=k body=none | accepted #3
        buy 1 ACME limit=9.00 key=k body=none | denied idempotency_key_reused
    """,
    "each account has keys of its own": """
        open 1000 ideal                    | opened; deposited 1000.00
        buy 1 ACME limit=9.00 id=a key=k body=x           | accepted #1
        buy 1 ACME limit=9.00 id=a key=k body=y account=2 | accepted #2
    """,
    "every request that moves money is repeatable": """
        quote ACME 99.90x300 100.00x200
        buy 5 ACME                         | accepted #1; filled #1 5 @ 100.00
        buy 5 ACME limit=90.00             | accepted #2
        deposit 10 key=a body=x            | deposited 10.00
        deposit 10 key=a body=x            | repeats 4
        withdraw 10 key=b body=x           | withdrawn 10.00
        withdraw 10 key=b body=x           | repeats 6
        replace #2 qty=6 id=c body=x       | replaced #2 by #3; accepted #3
        replace #2 qty=6 id=c body=x       | repeats 8
        replace #2 qty=7 id=c body=y       | denied idempotency_key_reused
        cancel #3 key=d body=x             | canceled #3 canceled_by_client
        cancel #3 key=d body=x             | repeats 11
        cancel all key=e
        close ACME key=f id=g body=x       | accepted #4; filled #4 5 @ 99.90
        close ACME key=f id=g body=x       | repeats 14
        close ACME id=g body=x             | repeats 14
        reset 50 key=h body=x              | reset to 50.00
        reset 50 key=h body=x              | repeats 17
        deposit 10 key=h body=x            | repeats 17
        deposit 10 key=h body=y            | denied idempotency_key_reused
        use realistic key=i                | profile set
        look                               | cash 50.00
    """,
    "a reset does not forget the keys": """
        buy 1 ACME limit=9.00 id=a body=x  | accepted #1
        reset 500                          | canceled #1 account_reset; reset to 500.00
        buy 1 ACME limit=9.00 id=a body=x  | repeats 1
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_idempotency(world: World, title: str, restarted: bool) -> None:
    """Every table also with a restart after every line: the keys are in the snapshot."""
    check(world, PLAYBOOKS[title], restarted)


def test_a_registration_opens_one_account(world: World) -> None:
    first = OpenAccount("bob", "Main", 1, 5 * DOLLAR, "reg-bob", b"1")
    other = OpenAccount("bob", "Main", 1, 6 * DOLLAR, "reg-bob", b"2")
    opened, funded = world.send(first)
    assert isinstance(opened, AccountOpened)
    assert funded.amount_micros == 5 * DOLLAR
    world.restart()
    assert world.send(first) == [CommandRepeated(opened.account_id, opened.account_id)]
    assert world.send(other) == [CommandDenied(0, DenyCode.KEY_REUSED, 0, 0)]
    world.tick("day 9 12:00:00")
    assert world.send(first) == [CommandRepeated(opened.account_id, opened.account_id)]


def test_expired_keys_are_forgotten(world: World) -> None:
    for number in range(30):
        world.order(
            "buy", "1", "ACME", limit="9.00", client_order_id=f"a{number}", key=f"b{number}"
        )
        world.cancel(number + 1)
    assert len(world.account().keys) == 60
    world.tick("day 2 12:00:00")
    world.cancel_all()
    keys = [key.key for key in world.account().keys]
    assert keys == sorted(f"c{key}" for key in (f"a{n}" for n in range(30)))
    assert world.engine.snapshot().key_expiries == ()
