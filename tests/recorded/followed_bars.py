"""The second bars of ``second_bars`` again, this time of ticks that came through a feed.

Promises: every trade of the day is sent by the fake of Massive in the vendor's words, read by the
adapter, run by the runner, and taken by a world's market data on its way to the journal; nothing of
the house is replaced. A trade's LEAN flags become the condition that counts as they do. Must not
know: which bars are right.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stockyard.adapters import FEEDS
from stockyard.app import follow_market, found, genesis, memory_world, reference_facts
from stockyard.market.catalog import listings_for
from stockyard.model.codes import AssetClass
from stockyard.model.sale_conditions import counts_of_lean_flags, counts_of_numbers
from stockyard.model.ticks import Bar, Tick
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.feed_runner import FeedRunner
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDisk
from tests.fakes.massive import MassiveFake
from tests.fakes.virtual_time import VirtualClock, run_virtual
from tests.recorded.second_bars import (
    MS_NS,
    SHARE,
    Comparison,
    Prices,
    against,
    midnight_ns,
    prints_of,
)

FRAME_TICKS = 100
BY_COUNTS = {counts_of_numbers(number).counts: number for number in ((16,), (37,), ())}
"""Conditions by what a trade with them counts for."""


class Day:
    """A world of that day, which is the runner's sink: its clock is that of the ticks."""

    def __init__(self, symbol: str) -> None:
        [self.instrument] = listings_for((symbol,), AssetClass.US_EQUITY)
        self.clock = ManualClock(midnight_ns())
        self.world: World = memory_world(self.clock, MemoryDisk(), lambda: None)
        found(self.world, genesis(self.world, 7))
        facts = reference_facts(self.world.engine, [self.instrument], "xnys", self.clock.now_ns())
        found(self.world, facts)
        follow_market(self.world, "xnys")
        self.world.market.keeper = self._keep
        self.bars: dict[int, tuple[Prices, int]] = {}
        self.count = 0

    def take(self, ticks: Sequence[Tick], now_ns: int) -> int:
        for tick in ticks:
            assert tick.ts_event >= self.clock.time_ns
            self.clock.time_ns = tick.ts_event
            assert self.world.market.take([tick], tick.ts_event) == 1
        self.world.writer.drain()
        self.world.market.turn(self.clock.time_ns)
        self.count += len(ticks)
        return len(ticks)

    def heard(self, source: str, now_ns: int) -> None:
        """The clock of the ticks knows no silence."""

    def _keep(self, ticks: Sequence[Tick], bars: Sequence[Bar]) -> None:
        for bar in bars:
            if bar.window_s == 1 and bar.source == "massive":
                prices = bar.open, bar.high, bar.low, bar.close
                self.bars[bar.start_ns] = prices, bar.volume // SHARE


def compare(root: Path, symbol: str) -> Comparison:
    """Build a symbol's second bars from a feed, and compare them as ``second_bars`` does."""
    prints, day, fake = prints_of(root, symbol), Day(symbol), MassiveFake()
    begin_ms = midnight_ns() // MS_NS
    frames = [
        [
            fake.trade(
                symbol, one.price / 10_000, one.shares, begin_ms + one.ms,
                BY_COUNTS[counts_of_lean_flags(one.flags)],
            )
            for one in prints[first : first + FRAME_TICKS]
        ]
        for first in range(0, len(prints), FRAME_TICKS)
    ]  # fmt: skip
    run_virtual(_follow(day, fake, frames))
    faults = {reason: n for (_, reason), n in day.world.market.counts.faults.items()}
    return against(root, symbol, prints, day.bars)._replace(faults=faults)


async def _follow(day: Day, fake: MassiveFake, frames: Sequence[list[dict[str, object]]]) -> None:
    adapter = FEEDS["massive"]()
    options = {name: option.default for name, option in adapter.options.items()}
    runner = FeedRunner(
        adapter.open_feed({**options, "key": "k"}),
        {day.instrument.symbol: day.instrument},
        day,
        connect=fake.dial,
        fetch=fake.fetch,
        clock=VirtualClock(),
        stale_s=60,
        jitter=lambda: 0.0,
    )
    task = asyncio.ensure_future(runner.run())
    while not any(f"T.{day.instrument.symbol}" in line.asked for line in fake.lines):
        await asyncio.sleep(0.01)
    for frame in frames:
        before = day.count
        fake.publish(*frame)
        while day.count < before + len(frame):
            await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert runner.status().problems == {}, runner.status().problems
