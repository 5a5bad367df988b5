"""Goal: new profiles, fee tables and terms catch resting orders without losing money or place."""

from collections.abc import Callable

import msgspec
import pytest

from stockyard.model.denials import DenyCode
from stockyard.model.facts import InstrumentListed
from stockyard.model.instruments import VenueProfile
from tests.engine_terms import ACME, stock
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "an account's new profile is for its next orders": """
        quote ACME 99.90x300 100.00x10
        buy 20 ACME limit=99.00            | accepted #1
        use realistic                      | profile set
        buy 20 ACME limit=99.00            | accepted #2
        quote ACME 98.90x300 99.00x10      | filled #1 20 @ 99.00; filled #2 10 @ 99.00 part
    """,
    "resting orders follow a new version that is bounded by size": """
        quote ACME 99.90x300 100.00x10
        buy 20 ACME limit=99.00            | accepted #1
        buy 20 ACME limit=98.00            | accepted #2
        define ideal version=2 bounded=yes fees=no
        quote ACME 97.90x300 98.00x25      | filled #1 20 @ 98.00; filled #2 5 @ 98.00 part
        cancel #2                          | canceled #2 canceled_by_client
    """,
    "resting orders follow a new version that is not": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x10
        buy 20 ACME limit=99.00            | accepted #1
        buy 20 ACME                        | accepted #2; filled #2 10 @ 100.00 part
        define realistic version=2 bounded=no fees=yes age=60
        quote ACME 98.90x300 99.00x1       | filled #2 10 @ 99.00; filled #1 20 @ 99.00
    """,
    "orders that queue for the open follow it too": """
        quote ACME 99.90x300 100.00x10
        tick 16:00:00
        buy 20 ACME limit=99.00            | queued #1
        buy 20 ACME limit=99.00            | queued #2
        define ideal version=2 bounded=yes fees=no
        cancel #1                          | canceled #1 canceled_by_client
        tick day 2 09:30:00                | activated #2
        quote ACME 98.90x300 99.00x15      | filled #2 15 @ 99.00 part
        define ideal version=3 bounded=no fees=no
        quote ACME 98.90x300 99.00x1       | filled #2 5 @ 99.00
    """,
    "fees that appear later are taken only from what the order holds": """
        quote COIN/USD 99.90x300 100.00x10
        buy 10 COIN/USD limit=99.00        | accepted #1
        buy 10 COIN/USD limit=98.00        | accepted #2
        look                               | cash 100000.00 held 1970.00
        define ideal version=2 bounded=no fees=yes
        quote COIN/USD 97.80x300 98.00x10  | filled #1 10 @ 98.00 fee crypto_maker 1.47; \
filled #2 10 @ 98.00
        look                               | cash 98038.53; 20 COIN/USD cost 1960.00
    """,
    "fees that go away are released": """
        use realistic                      | profile set
        quote COIN/USD 99.90x300 100.00x10
        buy 20 COIN/USD limit=100.00       | accepted #1; filled #1 10 @ 100.00 part \
fee crypto_taker 2.50
        look                               | cash 98997.50 held 1002.50; 10 COIN/USD cost 1000.00
        define realistic version=2 bounded=yes fees=no age=60
        quote COIN/USD 99.90x300 100.00x5  | filled #1 5 @ 100.00 part
        look                               | cash 98497.50 held 500.00; 15 COIN/USD cost 1500.00
    """,
    "a new version may allow older quotes": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x10
        wait 61
        buy 1 ACME tif=ioc                 | accepted #1; canceled #1 rest_of_immediate_or_cancel
        define realistic version=2 bounded=yes fees=no age=90
        buy 1 ACME tif=ioc                 | accepted #2; filled #2 1 @ 100.00
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_profile_changes(world: World, title: str, restarted: bool) -> None:
    check(world, PLAYBOOKS[title], restarted)


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_each_profile_has_a_lane_of_its_own(world: World, restarted: bool) -> None:
    """Market orders wait on a crossed quote: they are served profile by profile, then by age."""
    check(
        world,
        """
        quote ACME 100.10x300 100.00x200
        buy 1 ACME                         | accepted #1
        use realistic                      | profile set
        buy 2 ACME                         | accepted #2
        use ideal                          | profile set
        buy 3 ACME                         | accepted #3
        define realistic version=2 bounded=no fees=no
        quote ACME 99.90x300 100.00x200    | filled #1 1 @ 100.00; filled #3 3 @ 100.00; \
filled #2 2 @ 100.00
        """,
        restarted,
    )


def test_the_fill_names_the_version_it_was_made_under(world: World) -> None:
    world.buy("1", "ACME", limit="99.00")
    world.define(VenueProfile(1, 5, "ideal", size_bounded=False, fees=True, quote_age_ns_max=0))
    [filled] = world.quote("ACME", "98.90", "99.00")
    assert (filled.profile_id, filled.profile_version, filled.fee_version) == (1, 5, "")
    [_, sold] = world.sell("1", "ACME")
    assert (sold.profile_version, sold.fee_version) == (5, "stocks-1")


def test_a_symbol_that_may_no_longer_be_traded(world: World) -> None:
    """New orders are refused; those that rest can be canceled."""
    world.quote("ACME", "99.90", "100.00")
    world.buy("1", "ACME", limit="99.00")
    world.send(InstrumentListed(msgspec.structs.replace(ACME, tradable=False)))
    [denied] = world.buy("1", "ACME")
    assert denied.code == DenyCode.INSTRUMENT_NOT_TRADABLE
    [denied] = world.replace(1, qty="2")
    assert denied.code == DenyCode.INSTRUMENT_NOT_TRADABLE
    assert len(world.cancel(1)) == 1


def test_a_coarser_lot_leaves_resting_fractions_fillable(new_world: Callable[..., World]) -> None:
    world = new_world(profile="realistic")
    world.quote("ACME", "99.90", "100.00")
    world.buy("1.5", "ACME", limit="99.00")
    world.send(InstrumentListed(stock(1, "ACME", lot=10**9)))
    [filled] = world.quote("ACME", "98.90x10", "99.00x1.2")
    assert filled.qty == 10**9
    [filled] = world.quote("ACME", "98.90x10", "99.00x1.2")
    assert filled.qty == 10**9 // 2
    [denied] = world.close("ACME")
    assert denied.code == DenyCode.QUANTITY_OFF_LOT
