"""What is left out of the market data, and under which name it is counted."""

import msgspec
import pytest

from stockyard.market.tick_filter import (
    BELIEVED,
    FAULT_WORDS,
    NAMES_MAX,
    SEQUENCES_MAX,
    SOURCES_MAX,
    Fault,
    TickFilter,
)
from stockyard.model.ticks import BandTick, MarkTick, StatusTick, Tick
from tests.unit.market.ticking import AAPL, NS, T0, quote, trade

GOOD = trade(0, 2_300_000)


def changed(tick: Tick, **values: object) -> Tick:
    """The tick with other values."""
    return msgspec.structs.replace(tick, **values)


@pytest.mark.parametrize(
    ("tick", "fault"),
    [
        (GOOD, "none"),
        (changed(GOOD, price=0), "wrong"),
        (changed(GOOD, price=-1), "wrong"),
        (changed(GOOD, price=2**62), "wrong"),
        (changed(GOOD, qty=0), "wrong"),
        (changed(GOOD, counts=8), "wrong"),
        (changed(GOOD, source=""), "wrong"),
        (changed(GOOD, source="x" * 41), "wrong"),
        (changed(GOOD, instrument_id=999), "unknown_instrument"),
        (changed(GOOD, ts_event=T0 + 5 * NS), "none"),
        (changed(GOOD, ts_event=T0 + 5 * NS + 1), "future"),
        (changed(GOOD, ts_event=T0 - 86_400 * NS - 1), "deep_past"),
        (quote(0, 2_299_900, 2_300_100), "none"),
        (quote(0, 2_300_000, 2_300_000), "none"),
        (quote(0, 2_300_100, 2_299_900), "crossed"),
        (quote(0, 0, 2_300_000), "none"),
        (quote(0, -1, 2_300_000), "wrong"),
        (changed(quote(0, 2_299_900, 2_300_100), bid_qty=0), "wrong"),
        (changed(quote(0, 2_299_900, 2_300_100), ts_event=T0 + 6 * NS), "future"),
        (BandTick(AAPL.instrument_id, "a", 5, 4, T0), "wrong"),
        (MarkTick(AAPL.instrument_id, "a", 0, 0, 0, 0, T0), "wrong"),
        (StatusTick(AAPL.instrument_id, "a", True, "T1", T0 + 9 * NS), "future"),
    ],
)
def test_one_tick(tick: Tick, fault: str) -> None:
    """Each fault has its own name, and is counted."""
    looks = TickFilter([AAPL])
    found = looks.check(tick, T0)
    assert FAULT_WORDS.get(found, "none") == fault
    assert sum(looks.counts.values()) == (fault != "none")


def test_an_absurd_price_is_left_out_until_it_has_come_often_enough() -> None:
    """A fat finger is; a split is believed at the fifth trade in a row, and stays."""
    looks = TickFilter([AAPL])
    assert looks.check(trade(0, 2_300_000), T0) == Fault.NONE
    assert looks.check(trade(1, 23_000_000), T0 + NS) == Fault.ABSURD
    assert looks.check(trade(2, 2_310_000), T0 + 2 * NS) == Fault.NONE
    for number in range(1, BELIEVED):
        assert looks.check(trade(2 + number, 330_000 + number), T0 + 9 * NS) == Fault.ABSURD
    assert looks.check(trade(8, 331_000), T0 + 9 * NS) == Fault.NONE
    assert looks.check(trade(9, 332_000), T0 + 9 * NS) == Fault.NONE
    assert looks.check(trade(9.5, 2_300_000), T0 + 9 * NS) == Fault.ABSURD


def test_an_old_trade_moves_no_level() -> None:
    """What happened before the newest trade says nothing about where the market is."""
    looks = TickFilter([AAPL])
    looks.check(trade(0, 2_300_000), T0)
    assert looks.check(trade(-5, 3_400_000), T0) == Fault.NONE
    assert looks.check(trade(1, 1_200_000), T0 + NS) == Fault.NONE
    assert looks.check(trade(2, 2_300_000), T0 + 2 * NS) == Fault.ABSURD


def test_quotes_far_from_the_last_trade() -> None:
    """Stub quotes far outside pass; a bid above the band or an ask below it does not."""
    looks = TickFilter([AAPL])
    looks.check(trade(0, 2_300_000), T0)
    assert looks.check(quote(1, 1, 99_999_999), T0 + NS) == Fault.NONE
    assert looks.check(quote(2, 3_450_100, 3_460_000), T0 + 2 * NS) == Fault.ABSURD
    assert looks.check(quote(2, 1_100_000, 1_149_900), T0 + 2 * NS) == Fault.ABSURD


def test_repeated_and_stale_ticks() -> None:
    """A sequence is used once by its source; the same quote, or an older one, says nothing."""
    looks = TickFilter([AAPL])
    ticks = [
        (trade(0, 2_300_000, sequence=7), Fault.NONE),
        (trade(0, 2_300_000, sequence=7), Fault.DUPLICATE),
        (trade(0, 2_300_000, sequence=7, source="b"), Fault.NONE),
        (trade(0, 2_300_000), Fault.NONE),
        (trade(0, 2_300_000), Fault.NONE),
        (quote(1, 2_299_900, 2_300_000), Fault.NONE),
        (quote(1, 2_299_900, 2_300_000), Fault.DUPLICATE),
        (quote(0.5, 2_299_800, 2_300_000), Fault.STALE),
        (quote(0.5, 2_299_800, 2_300_000, source="b"), Fault.NONE),
    ]
    for tick, fault in ticks:
        assert looks.check(tick, T0 + 2 * NS) == fault
    for sequence in range(8, 8 + SEQUENCES_MAX):
        looks.check(trade(1, 2_300_000, sequence=sequence), T0 + 2 * NS)
    assert looks.check(trade(1, 2_300_000, sequence=7), T0 + 2 * NS) == Fault.NONE


def test_made_up_sources_take_no_memory() -> None:
    """The seventeenth source of an instrument is refused, and none of its names is kept."""
    looks = TickFilter([AAPL])
    for number in range(SOURCES_MAX):
        assert looks.check(trade(0, 2_300_000, source=f"s{number}"), T0) == Fault.NONE
    for number in range(50):
        found = looks.check(trade(0, 2_300_000, source=f"made up {number}"), T0)
        assert found == Fault.TOO_MANY_SOURCES
    assert looks.counts == {("", Fault.TOO_MANY_SOURCES): 50}


def test_nonsense_makes_no_source() -> None:
    """Names of ticks that were left out do not take the places of sources that speak sense."""
    looks = TickFilter([AAPL])
    assert looks.check(GOOD, T0) == Fault.NONE
    for number in range(NAMES_MAX + 20):
        wrong = trade(0, 23_000_000 * 2 ** (number % 3), source=f"made up {number}")
        assert looks.check(wrong, T0) == Fault.ABSURD
    assert looks.check(trade(0, 2_300_000, source="real"), T0) == Fault.NONE
    assert looks.counts["", Fault.ABSURD] == 20
    assert len(looks.counts) == NAMES_MAX + 1
