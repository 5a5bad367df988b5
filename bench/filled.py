"""Data directories with people, accounts, keys and a history, as a server would have left them.

They are filled through the same writer, engine and front desk that the server uses, in large
groups, and closed with a snapshot like a clean stop. Must not know: what is measured on them.
"""

import time
from pathlib import Path
from typing import Final

import msgspec

from stockyard import app
from stockyard.market.catalog import CATALOG
from stockyard.market.simulated import SimulatedMarket
from stockyard.model.codes import OrderType, Side, TimeInForce
from stockyard.model.commands import OpenAccount, PlaceOrder
from stockyard.model.facts import Quote
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import CASH_SCALE
from stockyard.people.directory import People
from stockyard.people.identity import Role, Scope
from stockyard.people.passwords import Passwords
from stockyard.people.registration import Opening, Registration
from stockyard.runtime import feeds, upkeep
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.sqlite import SqliteDatabase

PASSWORD: Final = "a bench of oak 1"
REALISTIC: Final = 2
STARTING_MICROS: Final = 100_000 * 10**6
GROUP: Final = 200
STEP_NS: Final = 1_000_000
RESTING_SHARE: Final = 90
"""Resting orders bid this many hundredths of the market."""


class Holder(msgspec.Struct):
    """A user with one account and one API key."""

    email: str
    account_id: int
    key_id: str
    secret: str


class Filled(msgspec.Struct):
    """Who is in a directory, and how many orders it holds."""

    holders: list[Holder]
    orders: int
    open_orders: int


def fill(path: str, users: int, orders: int, open_orders: int, group: int = GROUP) -> Filled:
    """Fill an empty directory: ``orders`` in all, of which ``open_orders`` still wait.

    ``group``: so many orders between two steps of the market.

    The rest were filled at the market when they came, buys and sells in turn.
    """
    directory = app.DataDirectory(Path(path))
    clock = ManualClock(time.time_ns())
    world = app.open_world(
        directory.journal, directory.snapshots, directory.store, clock, schedule=lambda: None
    )
    app.found(world, app.genesis(world, 1))
    listed = app.catalog_instruments()
    app.found(world, app.reference_facts(world.engine, listed, "always", clock.time_ns))
    # Synced at its close only: nothing but this process depends on it until then.
    register = SqliteDatabase(directory.path / "people.db", durable=False)
    holders = _holders(world, People(register), users)
    register.close()
    _trade(world, clock, holders, orders, open_orders, group)
    found = sum(len(account.orders) for account in world.engine.state.accounts.values())
    assert found == open_orders, f"{found} orders are open, not {open_orders}"
    upkeep.final_snapshot(world)
    world.close()
    directory.release()
    return Filled(holders, orders, open_orders)


def _holders(world: World, people: People, users: int) -> list[Holder]:
    # One hash serves all: what a sign-in costs does not depend on whose it is.
    password_hash = Passwords().hash(PASSWORD)
    now_ns = world.clock.now_ns()
    begun: list[Registration] = []
    answers: list[Outcome] = []
    for n in range(users):
        opening = Opening("main", REALISTIC, STARTING_MICROS)
        one = people.begin_registration(
            f"User {n}", f"user{n}@example.com", password_hash, Role.USER, opening, now_ns
        )
        begun.append(one)
        world.writer.submit(
            OpenAccount(one.user_id, one.name, REALISTIC, STARTING_MICROS, one.key, bytes(16)),
            None,
            answers.append,
        )
    world.writer.drain()
    holders = []
    for one, answer in zip(begun, answers, strict=True):
        user = people.complete_registration(one.key, answer.seq)
        key, secret = people.create_key(
            user.id, answer.seq, "bench", (Scope.READ, Scope.TRADE), now_ns
        )
        holders.append(Holder(user.email, answer.seq, key.key_id, secret))
    return holders


def _trade(
    world: World,
    clock: ManualClock,
    holders: list[Holder],
    orders: int,
    open_orders: int,
    group: int,
) -> None:
    market = SimulatedMarket(CATALOG, 1)
    bids: dict[int, int] = {}
    for at in range(0, orders, group):
        clock.time_ns += STEP_NS
        ids = feeds.open_instruments(world)
        bought = [n for n in ids if not world.view.instruments[n].leverage_max]
        for fact in market.step(clock.time_ns, ids):
            if isinstance(fact, Quote):
                bids[fact.instrument_id] = fact.bid
            world.writer.submit(fact)
        world.writer.drain()
        for n in range(at, min(at + group, orders)):
            rests = n >= orders - open_orders
            world.writer.submit(_order(world, n, holders, bought, bids, rests))
        world.writer.drain()


def _order(
    world: World,
    n: int,
    holders: list[Holder],
    ids: list[int],
    bids: dict[int, int],
    rests: bool,
) -> PlaceOrder:
    """Order ``n``: pairs of a buy and a sell by the same holder in the same instrument."""
    pair = n // 2
    # Every holder comes round to every instrument, so that no one's cash is used up by the dearest.
    instrument_id = ids[(pair + pair // len(holders)) % len(ids)]
    terms = world.view.instruments[instrument_id]
    holder = holders[pair % len(holders)]
    price = bids[instrument_id] * RESTING_SHARE // 100 // terms.tick * terms.tick
    qty = _small_qty(terms, price)
    kind, side = OrderType.MARKET, Side.SELL if n % 2 else Side.BUY
    if rests:
        kind, side = OrderType.LIMIT, Side.BUY
    else:
        price = 0
    return PlaceOrder(
        holder.account_id, instrument_id, side, kind, TimeInForce.GTC, qty, price, 0,
        f"history-{n}", "", n.to_bytes(16, "big"),
    )  # fmt: skip


def _small_qty(terms: Instrument, price: int) -> int:
    """A small quantity, in whole lots, worth at least twice the least an order may be worth."""
    unit: int = 10**terms.qty_scale
    qty = -(-unit // 100 // terms.lot) * terms.lot
    while price * qty * 10**CASH_SCALE < (
        2 * terms.notional_micros_min * 10 ** (terms.price_scale + terms.qty_scale)
    ):
        qty *= 2
    return qty
