"""Goal: every refusal names its rule, and of several broken rules the one with the lowest number.

Method: one request per rule that breaks it alone, then requests that break two at once.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stockyard.model.codes import OrderType, Side, TimeInForce
from stockyard.model.commands import ClosePosition, PlaceOrder, ReplaceOrder
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.events import CommandDenied
from stockyard.model.facts import InstrumentListed
from stockyard.model.numbers import INT_MAX
from tests.engine_terms import DOLLAR, EPOCH, RAIL
from tests.engine_world import World

UNIT = 10**9
BIG = 2**63 - 1
GOOD = PlaceOrder(
    account_id=0,
    instrument_id=1,
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.DAY,
    qty=UNIT,
    limit_price=1_000_000,
    notional_micros=0,
    client_order_id="",
    idempotency_key="",
    digest=b"",
)
MARKET: dict[str, Any] = {"order_type": OrderType.MARKET, "limit_price": 0}
AMOUNT: dict[str, Any] = {**MARKET, "qty": 0, "notional_micros": 100 * DOLLAR}
STOP: dict[str, Any] = {"order_type": OrderType.STOP, "limit_price": 0, "stop_price": 1_100_000}
STOP_LIMIT: dict[str, Any] = {"order_type": OrderType.STOP_LIMIT, "stop_price": 1_100_000}
TRAIL: dict[str, Any] = {"order_type": OrderType.TRAILING_STOP, "limit_price": 0, "trail_ppm": 10}
DATED: dict[str, Any] = {"time_in_force": TimeInForce.GTD}
TOO_DEAR: dict[str, Any] = {"qty": 1_001 * UNIT, "extended_hours": True}

ALONE: list[tuple[int, dict[str, Any]]] = [
    (DenyCode.UNKNOWN_ACCOUNT, {"account_id": 999}),
    (DenyCode.UNKNOWN_INSTRUMENT, {"instrument_id": 0}),
    (DenyCode.UNKNOWN_INSTRUMENT, {"instrument_id": -1}),
    (DenyCode.UNKNOWN_INSTRUMENT, {"instrument_id": BIG}),
    (DenyCode.INSTRUMENT_NOT_TRADABLE, {"instrument_id": 2}),
    (DenyCode.ORDER_TYPE_NOT_SUPPORTED, {"order_type": 0}),
    (DenyCode.ORDER_TYPE_NOT_SUPPORTED, {"order_type": 6}),
    (DenyCode.TIME_IN_FORCE_NOT_SUPPORTED, {"time_in_force": 0}),
    (DenyCode.TIME_IN_FORCE_NOT_SUPPORTED, {"time_in_force": 99}),
    (DenyCode.TIME_IN_FORCE_NOT_SUPPORTED, {**STOP, "time_in_force": TimeInForce.OPG}),
    (DenyCode.NO_AUCTION, {"time_in_force": TimeInForce.OPG}),
    (DenyCode.NO_AUCTION, {**MARKET, "time_in_force": TimeInForce.CLS}),
    (DenyCode.AUCTION_CUT_OFF, {"instrument_id": 6, "time_in_force": TimeInForce.OPG}),
    (
        DenyCode.NOTIONAL_IN_AUCTION,
        {**AMOUNT, "instrument_id": 6, "time_in_force": TimeInForce.CLS},
    ),
    (DenyCode.EXTENDED_HOURS_NOT_LIMIT, {**MARKET, "extended_hours": True}),
    (DenyCode.EXTENDED_HOURS_NOT_LIMIT, {**STOP_LIMIT, "extended_hours": True}),
    (
        DenyCode.EXTENDED_HOURS_TIME_IN_FORCE,
        {"time_in_force": TimeInForce.IOC, "extended_hours": True},
    ),
    (
        DenyCode.EXTENDED_HOURS_TIME_IN_FORCE,
        {"instrument_id": 6, "time_in_force": TimeInForce.CLS, "extended_hours": True},
    ),
    (DenyCode.TIME_IN_FORCE_NOT_SUPPORTED, {**STOP, "time_in_force": TimeInForce.IOC}),
    (DenyCode.TIME_IN_FORCE_NOT_SUPPORTED, {**TRAIL, "time_in_force": TimeInForce.FOK}),
    (DenyCode.SIDE_NOT_SUPPORTED, {"side": 0}),
    (DenyCode.SIDE_NOT_SUPPORTED, {"side": 3}),
    (DenyCode.QUANTITY_OR_NOTIONAL, {"qty": 0}),
    (DenyCode.QUANTITY_OR_NOTIONAL, {**MARKET, "notional_micros": DOLLAR}),
    (DenyCode.QUANTITY_OR_NOTIONAL, {"qty": -1, "notional_micros": -1}),
    (DenyCode.QUANTITY_NOT_POSITIVE, {"qty": -1}),
    (DenyCode.QUANTITY_NOT_POSITIVE, {"qty": -(2**63)}),
    (DenyCode.QUANTITY_TOO_LARGE, {"qty": 1_000_000 * UNIT + 1}),
    (DenyCode.QUANTITY_TOO_LARGE, {"qty": BIG}),
    (DenyCode.NOTIONAL_NOT_ALLOWED, {"qty": 0, "notional_micros": 100 * DOLLAR}),
    (DenyCode.NOTIONAL_NOT_ALLOWED, {**AMOUNT, "time_in_force": TimeInForce.FOK}),
    (DenyCode.NOTIONAL_TOO_SMALL, {"qty": UNIT // 101}),
    (DenyCode.NOTIONAL_TOO_SMALL, {**AMOUNT, "notional_micros": DOLLAR - 1}),
    (DenyCode.NOTIONAL_TOO_SMALL, {**AMOUNT, "notional_micros": -DOLLAR}),
    (DenyCode.NOTIONAL_TOO_LARGE, {"qty": 10_001 * UNIT}),
    (DenyCode.NOTIONAL_TOO_LARGE, {**AMOUNT, "notional_micros": BIG}),
    (DenyCode.LIMIT_PRICE_MISSING, {"limit_price": 0}),
    (DenyCode.LIMIT_PRICE_NOT_ALLOWED, {**MARKET, "limit_price": 100}),
    (DenyCode.LIMIT_PRICE_NOT_ALLOWED, {**MARKET, "limit_price": -1}),
    (DenyCode.PRICE_NOT_POSITIVE, {"limit_price": -100}),
    (DenyCode.PRICE_OFF_TICK, {"limit_price": 1_000_001}),
    (DenyCode.PRICE_TOO_LARGE, {"side": Side.SELL, "qty": 1, "limit_price": 2**62 + 96}),
    (DenyCode.PRICE_OUTSIDE_BAND, {"limit_price": 1_500_100}),
    (DenyCode.PRICE_OUTSIDE_BAND, {**STOP_LIMIT, "limit_price": 1_650_100}),
    (DenyCode.LIMIT_PRICE_MISSING, {**STOP_LIMIT, "limit_price": 0}),
    (DenyCode.LIMIT_PRICE_NOT_ALLOWED, {**STOP, "limit_price": 1_100_000}),
    (DenyCode.LIMIT_PRICE_NOT_ALLOWED, {**TRAIL, "limit_price": 1_100_000}),
    (DenyCode.NOTIONAL_NOT_ALLOWED, {**STOP, "qty": 0, "notional_micros": 100 * DOLLAR}),
    (DenyCode.NOTIONAL_NOT_ALLOWED, {**TRAIL, "qty": 0, "notional_micros": 100 * DOLLAR}),
    (DenyCode.NOTIONAL_TOO_SMALL, {**STOP, "qty": UNIT // 200}),
    (DenyCode.NOTIONAL_TOO_LARGE, {**STOP, "qty": 8_659 * UNIT}),
    (DenyCode.NOTIONAL_TOO_LARGE, {**TRAIL, "qty": 10_001 * UNIT}),
    (DenyCode.STOP_PRICE_MISSING, {**STOP, "stop_price": 0}),
    (DenyCode.STOP_PRICE_MISSING, {**STOP_LIMIT, "stop_price": 0}),
    (DenyCode.STOP_PRICE_NOT_ALLOWED, {"stop_price": 1_100_000}),
    (DenyCode.STOP_PRICE_NOT_ALLOWED, {**MARKET, "stop_price": -1}),
    (DenyCode.STOP_PRICE_NOT_ALLOWED, {**TRAIL, "stop_price": 1_100_000}),
    (DenyCode.PRICE_NOT_POSITIVE, {**STOP, "stop_price": -100}),
    (DenyCode.PRICE_OFF_TICK, {**STOP, "stop_price": 1_100_001}),
    (DenyCode.PRICE_OFF_TICK, {**STOP_LIMIT, "stop_price": 1_100_001}),
    (DenyCode.PRICE_OFF_TICK, {**TRAIL, "trail_ppm": 0, "trail_price": 20_001}),
    (
        DenyCode.PRICE_TOO_LARGE,
        {**STOP, "side": Side.SELL, "qty": 1, "stop_price": 10**11, "limit_price": 0},
    ),
    (DenyCode.TRAIL_MISSING, {**TRAIL, "trail_ppm": 0}),
    (DenyCode.TRAIL_MISSING, {**TRAIL, "trail_price": 20_000}),
    (DenyCode.TRAIL_NOT_ALLOWED, {"trail_price": 20_000}),
    (DenyCode.TRAIL_NOT_ALLOWED, {**STOP, "trail_ppm": 20_000}),
    (DenyCode.TRAIL_NOT_ALLOWED, {**MARKET, "trail_ppm": -1}),
    (DenyCode.TRAIL_OUT_OF_RANGE, {**TRAIL, "trail_ppm": -1}),
    (DenyCode.TRAIL_OUT_OF_RANGE, {**TRAIL, "trail_ppm": 1_000_000}),
    (DenyCode.TRAIL_OUT_OF_RANGE, {**TRAIL, "trail_ppm": -1_000_000}),
    (DenyCode.TRAIL_OUT_OF_RANGE, {**TRAIL, "trail_ppm": 1_000_000, "side": Side.SELL}),
    (DenyCode.TRAIL_OUT_OF_RANGE, {**TRAIL, "trail_ppm": 0, "trail_price": -20_000}),
    (DenyCode.TRAIL_OUT_OF_RANGE, {**TRAIL, "trail_ppm": 0, "trail_price": 1_000_000}),
    (DenyCode.STOP_PRICE_WRONG_SIDE, {**STOP, "stop_price": 1_000_000}),
    (DenyCode.STOP_PRICE_WRONG_SIDE, {**STOP, "stop_price": 1_000_000, "side": Side.SELL}),
    (DenyCode.STOP_PRICE_WRONG_SIDE, {**STOP_LIMIT, "stop_price": 1_000_000}),
    (DenyCode.EXPIRY_MISSING, {**DATED}),
    (DenyCode.EXPIRY_MISSING, {**DATED, **STOP}),
    (DenyCode.EXPIRY_NOT_ALLOWED, {"expires_ns": 1}),
    (DenyCode.EXPIRY_NOT_ALLOWED, {**TRAIL, "expires_ns": BIG}),
    (DenyCode.EXPIRY_NOT_AHEAD, {**DATED, "expires_ns": EPOCH}),
    (DenyCode.EXPIRY_NOT_AHEAD, {**DATED, "expires_ns": -1}),
    (DenyCode.EXPIRY_NOT_AHEAD, {**DATED, **TRAIL, "expires_ns": BIG}),
    (DenyCode.NO_QUOTE, {**TRAIL, "instrument_id": 5}),
    (DenyCode.EXCEEDS_BUYING_POWER, {**STOP, "qty": 900 * UNIT}),
    (DenyCode.EXCEEDS_BUYING_POWER, {**TRAIL, "qty": 999 * UNIT}),
    (DenyCode.EXCEEDS_POSITION, {**TRAIL, "side": Side.SELL}),
    (DenyCode.SESSION_CLOSED, {"instrument_id": 4, "time_in_force": TimeInForce.IOC}),
    (DenyCode.NO_QUOTE, {**MARKET, "instrument_id": 5}),
    (DenyCode.NO_QUOTE, {**AMOUNT, "instrument_id": 5}),
    (DenyCode.EXCEEDS_BUYING_POWER, {"qty": 1_001 * UNIT}),
    (DenyCode.EXCEEDS_POSITION, {"side": Side.SELL}),
]

TOGETHER: list[tuple[int, dict[str, Any]]] = [
    (DenyCode.UNKNOWN_ACCOUNT, {"account_id": 999, "instrument_id": 999}),
    (DenyCode.UNKNOWN_INSTRUMENT, {"instrument_id": 999, "qty": -1}),
    (DenyCode.INSTRUMENT_NOT_TRADABLE, {"instrument_id": 2, "qty": -1}),
    (DenyCode.ORDER_TYPE_NOT_SUPPORTED, {"order_type": 9, "time_in_force": 9}),
    (DenyCode.TIME_IN_FORCE_NOT_SUPPORTED, {"time_in_force": 9, "side": 9}),
    (DenyCode.SIDE_NOT_SUPPORTED, {"side": 9, "qty": 0}),
    (DenyCode.QUANTITY_OR_NOTIONAL, {"qty": 0, "limit_price": 0}),
    (DenyCode.QUANTITY_NOT_POSITIVE, {"qty": -1, "limit_price": -1}),
    (DenyCode.QUANTITY_TOO_LARGE, {"qty": BIG, "limit_price": 1_000_001}),
    (DenyCode.QUANTITY_TOO_LARGE, {"qty": BIG, "limit_price": BIG - BIG % 100}),
    (DenyCode.NOTIONAL_NOT_ALLOWED, {"qty": 0, "notional_micros": 1}),
    (DenyCode.NOTIONAL_TOO_SMALL, {**AMOUNT, "notional_micros": 1, "limit_price": 100}),
    (DenyCode.NOTIONAL_TOO_SMALL, {"qty": 1, "limit_price": 1_000_001}),
    (DenyCode.NOTIONAL_TOO_SMALL, {"qty": 1, "limit_price": 2_000_000}),
    (DenyCode.NOTIONAL_TOO_LARGE, {**AMOUNT, "notional_micros": BIG, "limit_price": 100}),
    (DenyCode.NOTIONAL_TOO_LARGE, {"qty": 10_001 * UNIT, "limit_price": 1_000_001}),
    (DenyCode.NOTIONAL_TOO_LARGE, {"qty": 10_001 * UNIT, "limit_price": INT_MAX // 100 * 100}),
    (DenyCode.LIMIT_PRICE_MISSING, {"limit_price": 0, "qty": 10_001 * UNIT}),
    (DenyCode.PRICE_NOT_POSITIVE, {"limit_price": -1, "qty": 10_001 * UNIT}),
    (DenyCode.PRICE_OFF_TICK, {"limit_price": 2_000_001}),
    (DenyCode.PRICE_OUTSIDE_BAND, {"limit_price": 2_000_000, "qty": 4_000 * UNIT}),
    (
        DenyCode.PRICE_OFF_TICK,
        {"instrument_id": 4, "time_in_force": TimeInForce.FOK, "limit_price": 1_000_001},
    ),
    (DenyCode.SESSION_CLOSED, {**MARKET, "instrument_id": 4, "time_in_force": TimeInForce.FOK}),
    (DenyCode.NO_QUOTE, {**MARKET, "instrument_id": 5, "side": Side.SELL}),
    (DenyCode.PRICE_NOT_POSITIVE, {**STOP_LIMIT, "stop_price": -1, "limit_price": 1_000_001}),
    (DenyCode.PRICE_NOT_POSITIVE, {**STOP_LIMIT, "stop_price": 1_100_001, "limit_price": -1}),
    (DenyCode.LIMIT_PRICE_MISSING, {**STOP_LIMIT, "stop_price": 0, "limit_price": 0}),
    (DenyCode.PRICE_OUTSIDE_BAND, {**STOP_LIMIT, "stop_price": 0, "limit_price": 1_500_100}),
    (DenyCode.STOP_PRICE_MISSING, {**STOP, "stop_price": 0, "trail_ppm": 1}),
    (DenyCode.STOP_PRICE_NOT_ALLOWED, {**TRAIL, "trail_ppm": 0, "stop_price": 1}),
    (DenyCode.TRAIL_MISSING, {**TRAIL, "trail_ppm": 0, "instrument_id": 5}),
    (DenyCode.TRAIL_NOT_ALLOWED, {"trail_ppm": 1, "expires_ns": 1}),
    (DenyCode.NO_QUOTE, {**TRAIL, "instrument_id": 5, "trail_ppm": -1}),
    (DenyCode.TRAIL_OUT_OF_RANGE, {**TRAIL, **DATED, "trail_ppm": -1}),
    (DenyCode.STOP_PRICE_WRONG_SIDE, {**STOP, **DATED, "stop_price": 1_000_000}),
    (DenyCode.EXPIRY_MISSING, {**STOP, **DATED, "qty": 900 * UNIT}),
    (DenyCode.EXPIRY_NOT_ALLOWED, {"expires_ns": 1, "side": Side.SELL}),
    (DenyCode.NO_AUCTION, {**AMOUNT, "time_in_force": TimeInForce.OPG, "extended_hours": True}),
    (
        DenyCode.AUCTION_CUT_OFF,
        {**AMOUNT, "instrument_id": 6, "time_in_force": TimeInForce.OPG},
    ),
    (
        DenyCode.EXTENDED_HOURS_NOT_LIMIT,
        {**MARKET, "time_in_force": TimeInForce.IOC, "extended_hours": True},
    ),
    (
        DenyCode.EXTENDED_HOURS_TIME_IN_FORCE,
        {**TOO_DEAR, "instrument_id": 6, "time_in_force": TimeInForce.CLS},
    ),
]
BOUNDED_BELOW = (DenyCode.TRAIL_OUT_OF_RANGE, DenyCode.STOP_PRICE_WRONG_SIDE)
"""Rules whose second number is no upper bound for every side."""


@pytest.fixture
def market(new_world: Callable[..., World]) -> World:
    """ACME (1) and LATE (6) quoted; RAIL (2) not tradable; 4 has no session; 5 no quote."""
    world = new_world()
    world.quote("ACME", "99.90", "100.00")
    world.quote("LATE", "99.90", "100.00")
    world.send(InstrumentListed(msgspec.structs.replace(RAIL, tradable=False)))
    world.send(InstrumentListed(msgspec.structs.replace(RAIL, instrument_id=4, calendar_id=7)))
    world.send(InstrumentListed(msgspec.structs.replace(RAIL, instrument_id=5)))
    return world


def ask(world: World, **changes: Any) -> CommandDenied:
    """Send the good order with changes, which must be denied and change nothing."""
    order = msgspec.structs.replace(GOOD, account_id=world.accounts[0])
    before = world.account()
    [denied] = world.send(msgspec.structs.replace(order, **changes))
    assert isinstance(denied, CommandDenied), denied
    assert world.account() == before
    return denied


def test_the_good_order_is_good(market: World) -> None:
    order = msgspec.structs.replace(GOOD, account_id=market.accounts[0])
    assert len(market.send(order)) == 2


@pytest.mark.parametrize(("code", "changes"), ALONE)
def test_each_rule_alone(market: World, code: int, changes: dict[str, Any]) -> None:
    assert DENY_RULES[ask(market, **changes).code].word == DENY_RULES[code].word


@pytest.mark.parametrize(("code", "changes"), TOGETHER)
def test_the_lowest_number_is_named(market: World, code: int, changes: dict[str, Any]) -> None:
    assert DENY_RULES[ask(market, **changes).code].word == DENY_RULES[code].word


@pytest.mark.parametrize(("code", "changes"), ALONE + TOGETHER)
def test_the_two_numbers_do_not_fit(market: World, code: int, changes: dict[str, Any]) -> None:
    """Where a denial gives two numbers they contradict each other, and both can be stored."""
    denied = ask(market, **changes)
    assert -INT_MAX <= denied.required <= INT_MAX
    assert -INT_MAX <= denied.available <= INT_MAX
    if denied.required or denied.available:
        if code in BOUNDED_BELOW:
            return
        sale = changes.get("side") == Side.SELL and code == DenyCode.PRICE_OUTSIDE_BAND
        assert (denied.required < denied.available) if sale else denied.required > denied.available


def test_closing_names_the_lowest_number_too(market: World) -> None:
    def close(instrument_id: int, qty: int) -> Any:
        account_id = market.accounts[0]
        command = ClosePosition(account_id, instrument_id, qty, False, "", "", b"")
        [denied] = market.send(command)
        return denied.code

    assert close(999, 0) == DenyCode.UNKNOWN_INSTRUMENT
    assert close(2, 0) == DenyCode.INSTRUMENT_NOT_TRADABLE
    assert close(1, -1) == DenyCode.QUANTITY_NOT_POSITIVE
    assert close(1, BIG) == DenyCode.QUANTITY_TOO_LARGE
    assert close(5, 0) == DenyCode.NO_QUOTE
    assert close(1, 0) == DenyCode.NO_POSITION
    assert close(1, UNIT) == DenyCode.NO_POSITION


def test_replacing_names_the_lowest_number_too(new_world: Callable[..., World]) -> None:
    world = new_world(profile="realistic")
    world.quote("RAIL", "99.90x10", "100.00x10")
    world.buy("20", "RAIL", limit="100.00")

    def replace(qty: int, price: int = 0, tif: int = 0) -> Any:
        account_id, order_id = world.accounts[0], world.orders[-1]
        [denied] = world.send(ReplaceOrder(account_id, order_id, qty, price, tif, "", "", b""))
        return denied.code

    assert replace(5 * UNIT) == DenyCode.REPLACE_NOT_ABOVE_FILLED
    assert replace(5 * UNIT, tif=9) == DenyCode.TIME_IN_FORCE_NOT_SUPPORTED
    assert replace(-1) == DenyCode.QUANTITY_NOT_POSITIVE
    assert replace(5 * UNIT + 1) == DenyCode.QUANTITY_OFF_LOT
    assert replace(5 * UNIT, price=1_000_001) == DenyCode.PRICE_OFF_TICK
    assert replace(0) == DenyCode.REPLACE_CHANGES_NOTHING
    world.buy("$2000", "RAIL")
    assert replace(0) == DenyCode.REPLACE_CHANGES_NOTHING
    assert replace(0, tif=TimeInForce.GTC) == DenyCode.NOTIONAL_NOT_REPLACEABLE
    assert replace(0, price=100) == DenyCode.LIMIT_PRICE_NOT_ALLOWED
