"""Goal: nothing an account holds, and nothing a feed says, can pass what can be written down."""

from collections.abc import Callable

import msgspec
import pytest

from stockyard.model.codes import Book, Reason, Side
from stockyard.model.denials import DenyCode
from stockyard.model.events import OrderAccepted, OrderCanceled, OrderFilled
from stockyard.model.facts import Quote
from stockyard.model.instruments import FeeRule
from stockyard.model.numbers import HOLDING_MAX, INT_MAX
from tests.engine_terms import stock
from tests.engine_world import World

UNIT = 10**9
ACME = "ACME"


def instrument_id(world: World) -> int:
    return world.book(ACME).instrument.instrument_id


@pytest.mark.parametrize("side", [0, -1, -(2**62), 2**62, 2**63 - 1])
def test_a_side_no_market_could_mean_is_missing(new_world: Callable[..., World], side: int) -> None:
    world = new_world()
    world.quote(ACME, "99.90x300", "100.00x200")
    world.buy("1", ACME)
    resting = world.sell("1", ACME, limit="100.00", tif="gtc")
    assert isinstance(resting[0], OrderAccepted)
    ask = 1_000_000
    assert world.send(Quote(instrument_id(world), side, ask, 300 * UNIT, 200 * UNIT, 1)) == []
    assert (world.book(ACME).bid, world.book(ACME).bid_qty) == (0, 0)
    assert world.send(Quote(instrument_id(world), 990_000, side, 300 * UNIT, 200 * UNIT, 1)) == []
    assert (world.book(ACME).ask, world.book(ACME).ask_qty) == (0, 0)
    assert world.buy("1", ACME)[0].code == DenyCode.NO_QUOTE


def test_sizes_beyond_what_can_be_kept_are_cut(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.send(Quote(instrument_id(world), 999_000, 1_000_000, 2**63 - 1, -5, 1))
    assert (world.book(ACME).bid_qty, world.book(ACME).ask_qty) == (INT_MAX, 0)


def test_the_dearest_price_keeps_the_largest_order_writable(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    terms = world.book(ACME).instrument
    most = 2**60 * 10 ** (terms.price_scale + terms.qty_scale - 6) // terms.qty_max
    assert most * terms.qty_max // 10 ** (terms.price_scale + terms.qty_scale - 6) <= 2**60
    world.send(Quote(instrument_id(world), most, 0, UNIT, 0, 1))
    assert world.book(ACME).bid == most
    world.send(Quote(instrument_id(world), most + 1, 0, UNIT, 0, 1))
    assert world.book(ACME).bid == 0


def test_a_sale_that_would_pass_the_most_an_account_may_hold_is_canceled() -> None:
    world = World()  # Not an audited one: its cash is put there by hand.
    state = world.engine.state
    account = next(iter(state.accounts.values()))
    world.quote(ACME, "99.90x300", "100.00x200")
    world.buy("10", ACME)
    near = HOLDING_MAX - 50 * 10**6 - account.cash_micros
    state.ledger.post_cash(account, near)
    state.ledger.post_house(Book.FUNDING, -near)
    world.sell("10", ACME, limit="101.00", tif="gtc")
    book = state.books[instrument_id(world)]
    assert book is not None
    sold = Quote(instrument_id(world), 1_020_000, 1_030_000, 300 * UNIT, 200 * UNIT, 1)
    *fills, canceled = world.send(sold)
    assert 1 <= len(fills) <= 3
    assert all(isinstance(fill, OrderFilled) for fill in fills)
    assert isinstance(canceled, OrderCanceled)
    assert canceled.reason == Reason.ACCOUNT_AT_LIMIT
    assert HOLDING_MAX - 10**6 < account.cash_micros <= HOLDING_MAX


@pytest.mark.parametrize("field", ["tick", "tick_below", "lot", "qty_max", "round_lot"])
def test_terms_nobody_could_compute_with_are_refused_before_they_are_journaled(field: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        msgspec.structs.replace(stock(1, ACME), **{field: 0})


def test_scales_that_do_not_reach_micro_dollars_are_refused() -> None:
    with pytest.raises(ValueError, match="6 to 18 decimal places"):
        msgspec.structs.replace(stock(1, ACME), price_scale=2, qty_scale=3)


@pytest.mark.parametrize("rule", [(0, 0, 0, 0), (-1, 0, 0, 1), (0, -1, 0, 1), (0, 0, -1, 1)])
def test_fee_rules_nobody_could_compute_with_are_refused(rule: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="fee"):
        FeeRule(1, Side.SELL, 2, *rule)


def test_the_funding_book_may_pass_64_bits() -> None:
    world = World()  # Not an audited one: its books are moved by hand.
    ledger = world.engine.state.ledger
    ledger.post_house(Book.FUNDING, -(2**64))
    ledger.post_house(Book.STREET, 2**64)
    world.restart()
    assert world.house(Book.FUNDING) < -(2**63)
