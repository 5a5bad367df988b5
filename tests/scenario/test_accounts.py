"""Goal: cash comes, goes and is counted as it should be. Method: playbooks."""

from collections.abc import Callable

import pytest

from stockyard.model.codes import Book
from stockyard.model.commands import DepositCash, OpenAccount
from stockyard.model.denials import DenyCode
from tests.engine_terms import DOLLAR
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "deposits and withdrawals": """
        deposit 0.000001                   | deposited 0.000001
        deposit 0                          | denied amount_not_positive
        deposit -5                         | denied amount_not_positive
        deposit 500000.000001              | denied amount_too_large
        deposit 500000                     | deposited 500000.00
        withdraw 0                         | denied amount_not_positive
        withdraw 500000.000001             | denied amount_too_large
        withdraw 500000                    | withdrawn 500000.00
        withdraw 100000.000002             | denied exceeds_withdrawable_cash
        withdraw 100000.000001             | withdrawn 100000.000001
        look                               | cash 0.00
    """,
    "a balance has a ceiling": """
        reset 10000000.000001              | denied balance_too_large
        reset -0.01                        | denied amount_not_positive
        reset 10000000                     | reset to 10000000.00
        deposit 0.000001                   | denied balance_too_large
        reset 0                            | reset to 0.00
        look                               | cash 0.00
    """,
    "a reset gives up what is held and starts again": """
        quote ACME 99.90x300 100.00x200
        quote COIN/USD 9.90x300 10.00x200
        buy 5 COIN/USD                     | accepted #1; filled #1 5 @ 10.00
        buy 5 ACME                         | accepted #2; filled #2 5 @ 100.00
        sell 5 ACME                        | accepted #3; filled #3 5 @ 99.90
        buy 2 ACME                         | accepted #4; filled #4 2 @ 100.00
        sell 1 COIN/USD limit=11.00        | accepted #5
        buy 1 RAIL limit=11.00             | accepted #6
        reset 7.5                          | canceled #5 account_reset; canceled #6 account_reset; \
gave up 2 ACME; gave up 5 COIN/USD; reset to 7.50
        look                               | cash 7.50
        sell 1 ACME                        | denied exceeds_position
        reset 7.5                          | reset to 7.50
    """,
    "weighted average cost and what a sale realizes": """
        quote ACME 10.00x300 10.00x200
        buy 3 ACME                         | accepted #1; filled #1 3 @ 10.00
        quote ACME 11.00x300 11.00x200
        buy 4 ACME                         | accepted #2; filled #2 4 @ 11.00
        look                               | cash 99926.00; 7 ACME cost 74.00
        quote ACME 12.00x300 12.00x200
        sell 2 ACME                        | accepted #3; filled #3 2 @ 12.00
        look                               | cash 99950.00; 5 ACME cost 52.857143 realized 2.857143
        sell 5 ACME                        | accepted #4; filled #4 5 @ 12.00
        look                               | cash 100010.00 realized 10.00
        buy 1 ACME                         | accepted #5; filled #5 1 @ 12.00
        look                               | cash 99998.00; 1 ACME cost 12.00 realized 10.00
    """,
    "profiles": """
        use dreamy                         | denied unknown_profile
        use realistic                      | profile set
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_accounts(world: World, title: str, restarted: bool) -> None:
    check(world, PLAYBOOKS[title], restarted)


def test_an_owner_has_only_so_many_accounts(world: World) -> None:
    assert len(world.open_account("0")) == 1
    assert len(world.open_account("5")) == 2
    world.restart()
    [denied] = world.open_account("5")
    assert denied.code == DenyCode.TOO_MANY_ACCOUNTS
    assert len(world.open_account("5", owner="bob")) == 2


@pytest.mark.parametrize(
    ("profile_id", "micros", "code"),
    [
        (9, -1, DenyCode.UNKNOWN_PROFILE),
        (1, -1, DenyCode.AMOUNT_NOT_POSITIVE),
        (1, 10_000_000 * DOLLAR + 1, DenyCode.BALANCE_TOO_LARGE),
        (1, 2**63 - 1, DenyCode.BALANCE_TOO_LARGE),
    ],
)
def test_an_account_that_cannot_be_opened(
    world: World, profile_id: int, micros: int, code: int
) -> None:
    [denied] = world.send(OpenAccount("bob", "Main", profile_id, micros, "reg", b"1"))
    assert (denied.code, denied.account_id) == (code, 0)
    assert len(world.send(OpenAccount("bob", "Main", 1, 1, "reg", b"1"))) == 2


def test_unknown_accounts_are_refused(world: World) -> None:
    [denied] = world.send(DepositCash(999, DOLLAR, "k", b"1"))
    assert (denied.code, denied.account_id) == (DenyCode.UNKNOWN_ACCOUNT, 999)


def test_cash_comes_from_the_funding_book(new_world: Callable[..., World]) -> None:
    world = new_world(cash="50")
    world.deposit("25")
    world.withdraw("10")
    assert world.house(Book.FUNDING) == -65 * DOLLAR
    world.reset("1000")
    assert world.house(Book.FUNDING) == -1000 * DOLLAR
