"""Goal: a preview says what the order would do, and changes nothing. Method: preview, then send."""

from collections.abc import Callable

import msgspec
import pytest

from stockyard.model.codes import OrderType, TimeInForce
from stockyard.model.commands import PlaceOrder
from stockyard.model.denials import DenyCode
from stockyard.model.events import CommandDenied, OrderAccepted, OrderFilled
from tests.engine_terms import ALL_PROFILES, CENT, CREDIT, DOLLAR, WITH_PERP
from tests.engine_world import World

UNIT = 10**9
BASE = PlaceOrder(0, 1, 1, 1, 1, 0, 0, 0, "", "", b"")
ORDERS = [
    {"qty": 3 * UNIT},
    {"qty": 30 * UNIT},
    {"qty": 3 * UNIT, "side": 2},
    {"qty": 30 * UNIT, "side": 2},
    {"qty": 3 * UNIT, "order_type": 2, "limit_price": 1_001_000},
    {"qty": 3 * UNIT, "order_type": 2, "limit_price": 900_000},
    {"qty": 3 * UNIT, "order_type": 2, "limit_price": 900_001},
    {"qty": 3 * UNIT, "order_type": 2, "limit_price": -1},
    {"qty": 3 * UNIT, "limit_price": 5},
    {"qty": 0, "notional_micros": 250 * DOLLAR},
    {"qty": 0, "notional_micros": 250 * DOLLAR, "side": 2},
    {"qty": 0, "notional_micros": 1},
    {"qty": 3_333_333_333, "instrument_id": 3},
    {"qty": 3_333_333_333, "instrument_id": 3, "order_type": 2, "limit_price": 9_000},
    {"qty": 2**63 - 1},
    {"qty": -1},
    {"qty": 30_000 * UNIT},
    {"qty": UNIT, "instrument_id": 99},
    {"qty": UNIT, "side": 9},
    {"qty": UNIT, "time_in_force": 9},
    {"qty": 3 * UNIT, "order_type": 3, "stop_price": 1_050_000},
    {"qty": 3 * UNIT, "order_type": 3, "stop_price": 900_000},
    {"qty": 3 * UNIT, "order_type": 3, "stop_price": 950_000, "side": 2},
    {"qty": 3 * UNIT, "order_type": 4, "stop_price": 1_050_000, "limit_price": 1_060_000},
    {"qty": 3 * UNIT, "order_type": 4, "stop_price": 950_000, "limit_price": 940_000, "side": 2},
    {"qty": 3 * UNIT, "order_type": 5, "trail_price": 20_000},
    {"qty": 3 * UNIT, "order_type": 5, "trail_ppm": 20_000, "side": 2},
    {"qty": 3 * UNIT, "order_type": 5, "trail_price": 1_000_000, "side": 2},
    {"qty": 3 * UNIT, "order_type": 5},
    {"qty": 3 * UNIT, "time_in_force": 5, "expires_ns": 2**62 - 1},
    {"qty": 3 * UNIT, "time_in_force": 5},
]


@pytest.fixture(params=["ideal", "realistic"])
def market(request: pytest.FixtureRequest, new_world: Callable[..., World]) -> World:
    world = new_world(profile=request.param)
    world.quote("ACME", "99.90x8", "100.00x8")
    world.buy("8", "ACME")
    world.quote("ACME", "99.90x8", "100.00x8")
    world.quote("COIN/USD", "99.90x8", "100.00x8")
    return world


@pytest.mark.parametrize("changes", ORDERS, ids=str)
def test_a_preview_comes_true(market: World, changes: dict[str, int]) -> None:
    order = msgspec.structs.replace(BASE, account_id=market.accounts[0], **changes)
    before = market.engine.snapshot()
    free = market.account().cash_micros - market.account().held_micros
    preview = market.engine.preview(order, market.ts)
    assert market.engine.snapshot() == before
    first, *fills = market.send(order)
    if isinstance(first, CommandDenied):
        assert preview.broken[0] == (first.code, first.required, first.available)
        assert preview.buying_power_micros_after == free
        return
    assert isinstance(first, OrderAccepted)
    assert preview.broken == ()
    assert preview.qty == first.qty
    assert preview.hold_micros == first.held_micros_after
    filled = [event for event in fills if isinstance(event, OrderFilled)]
    assert preview.fillable_qty == sum(event.qty for event in filled)
    if filled and preview.fillable_qty == preview.qty:
        assert preview.value_micros == filled[0].value_micros
        assert preview.fees == filled[0].fees
        assert preview.price == filled[0].price
    after = market.account().cash_micros - market.account().held_micros
    if preview.fillable_qty == preview.qty:
        assert preview.buying_power_micros_after == after
    else:
        assert preview.buying_power_micros_after <= after


def test_a_preview_for_nobody(market: World) -> None:
    preview = market.engine.preview(msgspec.structs.replace(BASE, account_id=99), market.ts)
    assert preview.broken == ((DenyCode.UNKNOWN_ACCOUNT, 0, 0),)


def test_a_preview_names_every_broken_rule(market: World) -> None:
    order = msgspec.structs.replace(
        BASE,
        account_id=market.accounts[0],
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY,
        qty=10**15 + 1,
        limit_price=100_003,
        stop_price=5,
        expires_ns=market.ts,
    )
    preview = market.engine.preview(order, market.ts)
    assert [code for code, _, _ in preview.broken] == [
        DenyCode.QUANTITY_TOO_LARGE,
        DenyCode.NOTIONAL_TOO_LARGE,
        DenyCode.PRICE_OFF_TICK,
        DenyCode.STOP_PRICE_NOT_ALLOWED,
        DenyCode.EXPIRY_NOT_ALLOWED,
        DenyCode.EXCEEDS_BUYING_POWER,
    ]


def test_a_preview_counts_the_age_of_the_quote(new_world: Callable[..., World]) -> None:
    world = new_world(profile="realistic")
    world.quote("ACME", "99.90", "100.00")
    order = msgspec.structs.replace(BASE, account_id=world.accounts[0], qty=UNIT)
    assert world.engine.preview(order, world.ts).fillable_qty == UNIT
    assert world.engine.preview(order, world.ts + 61 * UNIT).fillable_qty == 0
    assert world.engine.preview(order, 0).fillable_qty == UNIT


def test_a_sale_shows_its_fees(new_world: Callable[..., World]) -> None:
    world = new_world(profile="realistic")
    world.quote("ACME", "100.00", "100.00")
    world.buy("10", "ACME")
    order = msgspec.structs.replace(BASE, account_id=world.accounts[0], qty=10 * UNIT, side=2)
    assert world.engine.preview(order, world.ts).fees == ((2, 3 * CENT), (3, CENT))


def test_a_stop_shows_its_collar_and_the_fee_for_taking(
    new_world: Callable[..., World],
) -> None:
    """It will be a market order, and what it may cost at most is what it holds."""
    world = new_world(profile="realistic")
    world.quote("COIN/USD", "99.90", "100.00")
    order = msgspec.structs.replace(
        BASE,
        account_id=world.accounts[0],
        instrument_id=3,
        qty=UNIT,
        order_type=3,
        stop_price=20_000,
    )
    preview = world.engine.preview(order, world.ts)
    assert (preview.price, preview.fillable_qty) == (21_000, 0)
    assert preview.fees == ((4, 525_000),)
    assert preview.hold_micros == 210 * DOLLAR + 525_000


def test_an_order_that_would_rest_shows_the_fee_for_resting(
    new_world: Callable[..., World],
) -> None:
    world = new_world(profile="realistic")
    world.quote("COIN/USD", "99.90", "100.00")
    order = msgspec.structs.replace(
        BASE, account_id=world.accounts[0], instrument_id=3, qty=UNIT, order_type=2
    )
    resting = msgspec.structs.replace(order, limit_price=9_000)
    taking = msgspec.structs.replace(order, limit_price=10_000)
    assert world.engine.preview(resting, world.ts).fees == ((5, 135_000),)
    assert world.engine.preview(taking, world.ts).fees == ((4, 250_000),)


STEPS = (
    ("buy", "20", "ACME"), ("sell", "5", "ACME"), ("sell", "15", "ACME"),
    ("sell", "30", "ACME"), ("buy", "10", "ACME"), ("buy", "20", "ACME"),
    ("sell", "8", "PERP"), ("sell", "4", "PERP"), ("buy", "5", "PERP"), ("buy", "7", "PERP"),
    ("buy", "6", "PERP"), ("sell", "6", "PERP"),
)  # fmt: skip


@pytest.mark.parametrize("mode", ["cross", "isolated"])
@pytest.mark.parametrize("profile", ["ideal", "realistic"])
def test_buying_power_after_is_what_it_will_be(profile: str, mode: str) -> None:
    """In a margin account, opening and closing at a spread, with fees and a mark of its own."""
    world = World(
        profile=profile, profiles=ALL_PROFILES, credit=CREDIT, kind="margin", cash="30000",
        instruments=WITH_PERP,
    )  # fmt: skip
    world.mark("PERP", "101.00")
    world.leverage("PERP", "7", mode)
    for side, qty, symbol in STEPS:
        world.quote("ACME", "99.90x100", "100.00x100")
        world.quote("PERP", "99.80x100", "100.10x100")
        order = msgspec.structs.replace(
            BASE,
            account_id=world.accounts[0],
            instrument_id=world.instruments[symbol].instrument_id,
            side=1 if side == "buy" else 2,
            qty=int(qty) * UNIT,
        )
        preview = world.engine.preview(order, world.ts)
        assert (preview.broken, preview.fillable_qty) == ((), preview.qty)
        world.order(side, qty, symbol)
        told = world.engine.standing(world.accounts[0], world.ts).buying_power
        assert preview.buying_power_micros_after == told, (side, qty, symbol)
