"""Goal: nothing that a feed sends makes its adapter raise, or say what the house cannot hold.

Method: good frames of every vendor, spoilt in many ways, and plain noise, one after another into
one machine.
"""

import json
import math
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockyard.model.feeds import PROBLEM_KINDS, FeedProblem, FeedWire
from stockyard.model.numbers import INT_MAX
from stockyard.model.ticks import BarTick, GreeksTick, MarkTick, QuoteTick, Tick, TradeTick
from tests.golden.test_wires import MACHINES, NOW_NS, WIRES, alpaca
from tests.random_feeds import Frames, spoilt, values


def frames_of(name: str) -> Frames:
    return Frames(row["frame"] for row in json.loads((WIRES / f"{name}.json").read_text("utf-8")))


def noise(name: str) -> st.SearchStrategy[list[str | bytes]]:
    frames = frames_of(name)
    one = st.one_of(spoilt(frames), spoilt(frames), st.text(), st.binary(), values.map(json.dumps))
    return st.lists(one, min_size=1, max_size=12)


def check(tick: Tick) -> None:
    """A tick holds what its words allow."""
    for name, value in msgspec.structs.asdict(tick).items():
        if isinstance(value, float):
            assert isinstance(tick, GreeksTick)
            assert math.isfinite(value)
        elif isinstance(value, int):
            assert abs(value) <= INT_MAX, name
    if isinstance(tick, TradeTick):
        assert tick.price > 0
        assert tick.qty > 0
    if isinstance(tick, QuoteTick):
        assert min(tick.bid, tick.ask, tick.bid_qty, tick.ask_qty) >= 0
        assert (tick.bid == 0) == (tick.bid_qty == 0)
        assert (tick.ask == 0) == (tick.ask_qty == 0)
    if isinstance(tick, MarkTick):
        assert tick.mark > 0
    if isinstance(tick, BarTick):
        assert min(tick.open, tick.high, tick.low, tick.close) > 0
        assert min(tick.volume, tick.vwap, tick.count) >= 0


def feed(wire: FeedWire, frame: str | bytes) -> None:
    found = wire.received(frame, NOW_NS)
    for tick in found.ticks:
        check(tick)
        msgspec.msgpack.encode(tick)
    for problem in found.problems:
        assert isinstance(problem, FeedProblem)
        assert problem.kind in PROBLEM_KINDS
        assert isinstance(problem.detail, str)
    for answer in found.sends:
        _ = msgspec.msgpack.decode(answer) if isinstance(answer, bytes) else json.loads(answer)


@given(st.lists(st.one_of(spoilt(frames_of("alpaca")), st.binary()), min_size=1, max_size=12))
def test_packed_garbage_never_raises(frames: list[str | bytes]) -> None:
    wire = alpaca("msgpack")
    wire.opened()
    for row in frames_of("alpaca"):
        feed(wire, msgspec.msgpack.encode(row))
    for frame in frames:
        with suppress(ValueError, OverflowError):
            feed(wire, msgspec.msgpack.encode(json.loads(frame)))
        feed(wire, frame)


@pytest.mark.parametrize("name", MACHINES)
@given(st.data())
def test_garbage_never_raises(name: str, data: st.DataObject) -> None:
    wire = MACHINES[name]()
    wire.opened()
    for frame in data.draw(noise(name)):
        feed(wire, frame)
    for row in frames_of(name):
        feed(wire, json.dumps(row))


@pytest.mark.parametrize("name", MACHINES)
@given(st.data())
def test_garbage_after_all_went_well_never_raises(name: str, data: st.DataObject) -> None:
    wire = MACHINES[name]()
    wire.opened()
    for row in frames_of(name):
        feed(wire, json.dumps(row))
    for frame in data.draw(noise(name)):
        feed(wire, frame)
    wire.beat()
    wire.unsubscribe(["nobody", "AAPL", "SOL_USDC"])
