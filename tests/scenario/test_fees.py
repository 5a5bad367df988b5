"""Goal: fees follow the dated tables, and splitting an order never makes it dearer. Playbooks."""

from collections.abc import Callable

import pytest

from stockyard.model.codes import Book
from stockyard.model.facts import FeesScheduled
from tests.engine_terms import EPOCH, HOUR, SECOND, TAKER_RULE
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "a stock sale pays the SEC and FINRA, rounded up to the cent; a purchase pays nothing": """
        quote ACME 100.00x500 100.01x500
        buy 500 ACME limit=100.01          | accepted #1; filled #1 500 @ 100.01
        sell 400 ACME                      | accepted #2; filled #2 400 @ 100.00 \
fee sec_section_31 0.83 fee finra_taf 0.08
        look                               | cash 89994.09; 100 ACME cost 10001.00 realized -4.00
    """,
    "partial sales pay together what one sale would have paid": """
        quote ACME 100.00x500 100.01x500
        buy 400 ACME                       | accepted #1; filled #1 400 @ 100.01
        quote ACME 100.00x100 100.01x500
        sell 400 ACME                      | accepted #2; filled #2 100 @ 100.00 part \
fee sec_section_31 0.21 fee finra_taf 0.02
        quote ACME 100.00x1 100.01x500     | filled #2 1 @ 100.00 part
        quote ACME 100.00x1 100.01x500     | filled #2 1 @ 100.00 part \
fee sec_section_31 0.01
        quote ACME 100.00x298 100.01x500   | filled #2 298 @ 100.00 \
fee sec_section_31 0.61 fee finra_taf 0.06
        look                               | cash 99995.09 realized -4.00
    """,
    "the activity fee has a cap for one order": """
        quote ACME 1.00x90000 1.00x90000
        buy 60000 ACME                     | accepted #1; filled #1 60000 @ 1.00
        quote ACME 1.00x51000 1.00x90000
        sell 60000 ACME limit=1.00         | accepted #2; filled #2 51000 @ 1.00 part \
fee sec_section_31 1.06 fee finra_taf 9.79
        quote ACME 1.00x51000 1.00x90000   | filled #2 9000 @ 1.00 fee sec_section_31 0.18
    """,
    "a sale never pays more than it brings": """
        quote ACME 1.00x500 1.00x500
        buy 1 ACME                         | accepted #1; filled #1 1 @ 1.00
        sell 0.005 ACME                    | accepted #2; filled #2 0.005 @ 1.00 \
fee sec_section_31 0.005
        sell 0.015 ACME                    | accepted #3; filled #3 0.015 @ 1.00 \
fee sec_section_31 0.01 fee finra_taf 0.005
        look                               | cash 99999.00; 0.98 ACME cost 0.98
    """,
    "a coin order pays 25 basis points for what it takes and 15 for what rested": """
        quote COIN/USD 99.90x3 100.00x2
        buy 5 COIN/USD limit=100.00        | accepted #1; filled #1 2 @ 100.00 part \
fee crypto_taker 0.50
        look                               | cash 99799.50 held 300.75; 2 COIN/USD cost 200.00
        quote COIN/USD 99.50x3 99.60x2     | filled #1 2 @ 99.60 part fee crypto_maker 0.2988
        quote COIN/USD 99.50x3 100.00x2    | filled #1 1 @ 100.00 fee crypto_maker 0.15
        look                               | cash 99499.8512; 5 COIN/USD cost 499.20
        sell 5 COIN/USD limit=99.00        | accepted #2; filled #2 3 @ 99.50 part \
fee crypto_taker 0.74625
        quote COIN/USD 99.00x2 99.10x2     | filled #2 2 @ 99.00 fee crypto_maker 0.297
    """,
    "the last cent: what is held always covers the fill and its fee": """
        quote COIN/USD 99.99x3000 100.00x1
        buy 997.506234413 COIN/USD limit=100.00 | denied exceeds_buying_power
        buy 997.5062344 COIN/USD limit=100.00   | accepted #1; filled #1 1 @ 100.00 part \
fee crypto_taker 0.25
        quote COIN/USD 99.99x3000 100.00x2000   | filled #1 996.5062344 @ 100.00 \
fee crypto_maker 149.475936
        look                                    | cash 99.650624; \
997.5062344 COIN/USD cost 99750.62344
        buy 0.994022 COIN/USD limit=100.00      | denied exceeds_buying_power
        buy 0.99402 COIN/USD limit=100.00       | accepted #2; filled #2 0.99402 @ 100.00 \
fee crypto_taker 0.248505
        look                                    | cash 0.000119; \
998.5002544 COIN/USD cost 99850.02544
    """,
    "a table that takes over in the middle of an order counts for what is filled from then on": """
        quote COIN/USD 99.90x3 100.00x1
        buy 5 COIN/USD                     | accepted #1; filled #1 1 @ 100.00 part \
fee crypto_taker 0.25
        fees crypto version=free rules=
        quote COIN/USD 99.90x3 100.00x1    | filled #1 1 @ 100.00 part
        look                               | cash 99799.75 held 315.00; 2 COIN/USD cost 200.00
        fees crypto version=both rules=taker,taker
        quote COIN/USD 99.90x3 104.99x1    | filled #1 1 @ 104.99 part \
fee crypto_taker 0.01
        quote COIN/USD 99.90x3 100.00x9    | filled #1 2 @ 100.00 \
fee crypto_taker 0.50 fee crypto_taker 0.50
        look                               | cash 99493.75; 5 COIN/USD cost 504.99
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
def test_fees(new_world: Callable[..., World], title: str) -> None:
    check(new_world(profile="realistic"), PLAYBOOKS[title])


def test_fees_are_posted_to_books_of_their_own(new_world: Callable[..., World]) -> None:
    world = new_world(profile="realistic")
    world.quote("ACME", "100.00x500", "100.00x500")
    world.quote("COIN/USD", "100.00x5", "100.00x5")
    world.buy("100", "ACME")
    world.sell("100", "ACME")
    world.buy("1", "COIN/USD")
    assert (world.house(Book.SEC), world.house(Book.TAF)) == (210_000, 20_000)
    assert world.house(Book.EXCHANGE) == 250_000
    assert world.house(Book.FUNDING) == -100_000_000_000
    assert world.house(Book.STREET) == 100_000_000


def test_what_rounding_leaves_is_posted_to_its_own_book(world: World) -> None:
    world.quote("ACME", "33.33", "33.34")
    [_, bought] = world.buy("0.333333333", "ACME")
    assert (bought.value_micros, bought.rounding_micros) == (11_113_334, 1)
    assert world.house(Book.ROUNDING) == 1
    assert world.house(Book.STREET) == 11_113_333


def test_a_dated_table_takes_over_at_its_moment(new_world: Callable[..., World]) -> None:
    """A table announced for 11:00 of day 1 charges nothing a moment before."""
    at = EPOCH + 24 * HOUR + 11 * HOUR
    world = new_world(profile="realistic", fees=(FeesScheduled(2, at, "later", (TAKER_RULE,)),))
    world.tick("10:59:59.9")
    world.quote("COIN/USD", "99.90x9", "100.00x9")
    world.ts = at - 1_000_001
    [_, before] = world.buy("1", "COIN/USD")
    [_, after] = world.buy("1", "COIN/USD")
    assert (world.ts, before.fees, before.fee_version) == (at + 999_999, (), "")
    assert (after.fees, after.fee_version) == (((4, 250_000),), "later")
    assert after.quote_age_ns < SECOND


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 40])
def test_no_split_is_dearer(new_world: Callable[..., World], pieces: int) -> None:
    """Selling 40 lots of 37.77 in any number of fills costs what one fill costs."""
    world = new_world(profile="realistic")
    world.quote("RAIL", "37.76x40", "37.77x40")
    world.buy("40", "RAIL")
    world.quote("RAIL", "37.77x0", "37.78x40")
    fees = 0
    world.sell("40", "RAIL", limit="37.77")
    left = 40
    while left:
        size = min(left, -(-40 // pieces))
        [filled] = world.quote("RAIL", f"37.77x{size}", "37.78x40")
        fees += sum(micros for _, micros in filled.fees)
        left -= size
    assert fees == 40_000 + 10_000
