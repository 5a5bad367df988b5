"""Small worlds in memory for the runtime's tests."""

from collections.abc import Callable

from stockyard.app import found, genesis, memory_world, reference_facts
from stockyard.market.catalog import CATALOG
from stockyard.model.codes import OrderType, Side, TimeInForce
from stockyard.model.commands import Command, OpenAccount, PlaceOrder
from stockyard.model.events import Event
from stockyard.model.facts import Quote
from stockyard.model.records import Input
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.memory import MemoryDisk

NOON_NS = 1_760_000_000 * 10**9
UNIT = 10**9
AAPL = 1


def nothing() -> None:
    """Schedule nothing: the test commits by itself."""


def open_on(
    disk: MemoryDisk,
    clock: ManualClock,
    schedule: Callable[[], None] = nothing,
    calendar: str = "always",
) -> World:
    """The world on a disk, with the catalog's reference facts."""
    return prepared(memory_world(clock, disk, schedule), calendar)


def prepared(world: World, calendar: str = "always") -> World:
    """The same world with the catalog's reference facts."""
    instruments = [listing.instrument for listing in CATALOG]
    found(world, genesis(world, 7))
    found(world, reference_facts(world.engine, instruments, calendar, world.clock.now_ns()))
    return world


def send(world: World, message: Input) -> Outcome:
    """Commit one input and return its outcome."""
    outcomes: list[Outcome] = []
    world.writer.submit(message, None, outcomes.append)
    world.writer.drain()
    return outcomes[0]


def events(world: World, message: Command) -> list[Event]:
    """Commit one command and return its events."""
    return send(world, message).events


def open_account(world: World, key: str = "r1", micros: int = 100_000 * 10**6) -> int:
    """An account id with cash in it."""
    return send(world, OpenAccount("owner", "main", 2, micros, key, b"digest")).seq


def quote(world: World, bid: int = 1_999_900, ask: int = 2_000_000, size: int = 500) -> Outcome:
    """A quote for AAPL; sizes in shares."""
    return send(world, Quote(AAPL, bid, ask, size * UNIT, size * UNIT, world.clock.now_ns()))


def buy(account_id: int, name: str, shares: int = 10, limit: int = 0) -> PlaceOrder:
    """A day order for AAPL: market, or at a limit."""
    kind = OrderType.LIMIT if limit else OrderType.MARKET
    return PlaceOrder(
        account_id, AAPL, Side.BUY, kind, TimeInForce.DAY, shares * UNIT, limit, 0,
        name, "", name.encode().ljust(16, b"."),
    )  # fmt: skip
