"""Goal: the engine refuses disorder and survives every number. Method: extremes, one by one."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from stockyard.engine.engine import Engine, state_hash
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codec import decode_state, encode
from stockyard.model.denials import DenyCode
from stockyard.model.events import CommandDenied, Event
from stockyard.model.instruments import Session
from tests.engine_terms import ACME, DAY, DOLLAR, EPOCH, HOUR, stock
from tests.engine_world import World

EXTREMES = (
    -(2**63),
    -(2**62),
    -1,
    0,
    1,
    2**31,
    2**53 + 1,
    2**62 - 1,
    2**62,
    2**63 - 1,
    2**64 - 1,
)


def test_inputs_must_come_in_order(world: World) -> None:
    engine = Engine(world.engine.snapshot())
    with pytest.raises(AssertionError):
        engine.apply(engine.seq, engine.ts, f.ClockTick(), [])
    with pytest.raises(AssertionError):
        engine.apply(engine.seq + 1, engine.ts - 1, f.ClockTick(), [])
    engine.apply(engine.seq + 1, engine.ts, f.ClockTick(), [])


def test_a_world_is_created_once(world: World) -> None:
    engine = Engine(world.engine.snapshot())
    with pytest.raises(AssertionError, match="created once"):
        engine.apply(engine.seq + 1, engine.ts, f.WorldCreated("1" * 32, 1), [])


@pytest.mark.parametrize(
    "change", [{"price_scale": 3}, {"qty_scale": 8}, {"calendar_id": 2}, {"instrument_id": 4096}]
)
def test_an_instrument_keeps_its_scales(world: World, change: dict[str, int]) -> None:
    engine = Engine(world.engine.snapshot())
    terms = msgspec.structs.replace(ACME, **change)
    with pytest.raises(AssertionError):
        engine.apply(engine.seq + 1, engine.ts, f.InstrumentListed(terms), [])


def test_quotes_and_trades_of_unknown_symbols_are_ignored(world: World) -> None:
    before = world.engine.snapshot()
    for instrument_id in (0, 999, -1, 2**62):
        assert world.send(f.Quote(instrument_id, 1, 2, 1, 1, 0)) == []
        assert world.send(f.Trade(instrument_id, 1, 1, 0)) == []
    after = world.engine.snapshot()
    assert msgspec.structs.replace(after, seq=before.seq, ts=before.ts) == before


def test_the_last_trade_is_known(world: World) -> None:
    world.send(f.Trade(1, 1_000_000, 1, 5))
    assert (world.book("ACME").last_price, world.book("ACME").last_ts) == (1_000_000, world.ts)


def numeric_fields(kind: type) -> list[str]:
    """The integer fields of a command."""
    return [
        field.name
        for field in msgspec.structs.fields(kind)
        if field.type is int and field.name != "account_id"
    ]


def plain(kind: type, account_id: int, order_id: int) -> Any:
    """A command that does something."""
    values = {
        "account_id": account_id,
        "order_id": order_id,
        "instrument_id": 1,
        "side": 1,
        "order_type": 2,
        "time_in_force": 2,
        "qty": 2 * 10**9,
        "limit_price": 900_000,
        "notional_micros": 0,
        "cancel_orders": False,
        "amount_micros": DOLLAR,
        "starting_micros": DOLLAR,
        "profile_id": 1,
        "digest": b"",
        "take_profit_limit": 1_200_000,
        "stop_loss_stop": 900_000,
        "stop_loss_limit": 0,
        "stop_loss_trail_price": 0,
        "stop_loss_trail_ppm": 0,
        "restrict": 2,
        "allow": 4,
        "plan": 5,
        "rule_id": 0,
    }
    fields = [f for f in msgspec.structs.fields(kind) if f.default is msgspec.NODEFAULT]
    return kind(**{field.name: values.get(field.name, "") for field in fields})


@pytest.mark.parametrize("kind", get_args(c.Command), ids=lambda kind: kind.__name__)
def test_no_number_stops_the_engine(new_world: Callable[..., World], kind: type) -> None:
    """Every integer field takes every extreme: an answer that can be journaled, or a denial."""
    world = new_world()
    world.quote("ACME", "99.90", "100.00")
    world.buy("10", "ACME")
    for side in (1, 2):
        for field in numeric_fields(kind):
            for extreme in EXTREMES:
                world.cancel_all()
                world.buy("1", "ACME", limit="90.00")
                message = plain(kind, world.accounts[0], world.orders[-1])
                if field != "side" and "side" in numeric_fields(kind):
                    message = msgspec.structs.replace(message, side=side)
                events = world.send(msgspec.structs.replace(message, **{field: extreme}))
                world.engine.state_hash()
                for event in events:
                    if isinstance(event, CommandDenied):
                        assert abs(event.available) < 2**62


@pytest.mark.parametrize("price", [1, 100, 2**31 * 100, (2**62 - 1) // 100 * 100])
@pytest.mark.parametrize("qty", [1, 10**9, 10**15])
def test_sales_at_any_limit_price(new_world: Callable[..., World], price: int, qty: int) -> None:
    world = new_world()
    world.quote("ACME", "99.90", "100.00")
    world.buy("1", "ACME")
    order = plain(c.PlaceOrder, world.accounts[0], 0)
    events = world.send(msgspec.structs.replace(order, side=2, qty=qty, limit_price=price))
    assert len(events) == 1
    world.engine.state_hash()


def test_the_smallest_and_the_largest_fill(new_world: Callable[..., World]) -> None:
    world = new_world(cash="10000000")
    world.quote("ACME", "0.9523", "0.9523")
    [_, large] = world.buy("1000000", "ACME")
    assert large.value_micros == 952_300 * DOLLAR
    world.quote("ACME", "0.0001", "0.0001")
    [_, small] = world.sell("0.000000001", "ACME")
    assert (small.value_micros, small.rounding_micros, small.realized_micros) == (0, 1, 0)
    world.quote("ACME", "1.00", "1.00")
    [_, last] = world.sell("999999.999999999", "ACME")
    assert last.position_cost_micros_after == 0
    assert last.position_qty_after == 0


def test_the_hash_is_of_the_encoded_state(world: World) -> None:
    snapshot = world.engine.snapshot()
    assert world.engine.state_hash() == state_hash(decode_state(encode(snapshot)))
    world.quote("ACME", "99.90", "100.00")
    assert world.engine.state_hash() != state_hash(snapshot)


def test_an_empty_engine_is_a_snapshot_too() -> None:
    engine = Engine()
    assert Engine(engine.snapshot()).state_hash() == engine.state_hash()
    out: list[Event] = []
    Engine(engine.snapshot()).apply(1, 1, f.WorldCreated("0" * 32, 1), out)
    assert out == []


def test_a_book_takes_part_in_the_calendar_it_names(new_world: Callable[..., World]) -> None:
    """A symbol listed while its calendar is open, or closed, or before it is known."""
    world = new_world(instruments=(ACME, stock(8, "LATE", calendar_id=6)), sessions={})
    [accepted] = world.buy("1", "ACME", limit="9.00")
    assert accepted.status == 1
    session = (Session(world.ts - HOUR, EPOCH + DAY + 16 * HOUR),)
    [activated] = world.send(f.SessionsScheduled(1, "weekdays", session))
    assert activated.order_id == world.orders[0]
    world.instruments["NEXT"] = stock(9, "NEXT")
    world.send(f.InstrumentListed(world.instruments["NEXT"]))
    [accepted] = world.buy("1", "NEXT", limit="9.00")
    assert accepted.status == 2
    [denied] = world.buy("1", "LATE", limit="9.00", tif="ioc")
    assert denied.code == DenyCode.SESSION_CLOSED
