"""The time before the built-in market began, as bars: made up, and named so.

Promises: nothing made up lies where something traded here. Must not know: how bars are shown.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from stockyard.api.door import Door
from stockyard.market.invented_past import InventedPast
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import CONSOLIDATED, DAY_S, MINUTE_S, Bar
from stockyard.runtime.history import HistoryReader
from stockyard.runtime.reference import trading_day
from stockyard.storage.ports import NS_MAX

OWN_DAYS_MAX: Final = 160
FIRST_DAYS_MAX: Final = 10
"""Of the first days that are kept, those looked at for a price."""
_NS: Final = 1_000_000_000


class Beginning(NamedTuple):
    """Where what was kept of an instrument begins: its days (the last ``OWN_DAYS_MAX``), the day
    before which there is nothing, and the scaled price then, 0 while there is none.
    """

    own: list[tuple[date, Bar]]
    day: date
    price: int


def day_of(ns: int) -> date:
    """The day that begins then, or a moment's UTC day. New York's days begin on the same one."""
    return datetime.fromtimestamp(ns // _NS, UTC).date()


def price_now(door: Door, instrument: Instrument) -> int:
    """The last price, or the middle of the quote; 0 while there is none."""
    row = door.view.quotes[instrument.instrument_id]
    if row.last_price:
        return row.last_price
    return (row.bid + row.ask) // 2 if row.bid and row.ask else 0


async def beginning(door: Door, instrument: Instrument) -> Beginning:
    """Where our own history of an instrument begins."""
    kept = await door.history.newest_bars(
        instrument.instrument_id, CONSOLIDATED, DAY_S, NS_MAX, OWN_DAYS_MAX
    )
    own = [(day_of(bar.start_ns), bar) for bar in kept]
    calendar = door.settings.calendars[instrument.calendar_id]
    day = own[0][0] if own else trading_day(calendar, door.world.clock.now_ns())
    price = next((bar.open for _, bar in own if bar.open), 0) or price_now(door, instrument)
    return Beginning(own, day, price)


def past_of(door: Door, instrument: Instrument, reader: HistoryReader) -> InventedPast | None:
    """What is made up of the time before anything of an instrument was kept; None for nothing.

    For the thread that reads. Raises ``StorageError``.
    """
    instrument_id, now_ns = instrument.instrument_id, door.world.clock.now_ns()
    calendar = door.settings.calendars[instrument.calendar_id]
    days = reader.bars(instrument_id, DAY_S, 0, NS_MAX, FIRST_DAYS_MAX)
    minutes = reader.bars(instrument_id, MINUTE_S, 0, NS_MAX, 1)
    minute_ns = MINUTE_S * _NS
    began_ns = minutes[0].start_ns if minutes else now_ns // minute_ns * minute_ns
    day = day_of(days[0].start_ns) if days else trading_day(calendar, now_ns)
    price = next((bar.open for bar in days if bar.open), 0) or price_now(door, instrument)
    return door.world.reference.invented(instrument, calendar, day, began_ns, price)


class InventedBars:
    """The bars of the source ``invented``, asked for as those of the history are."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def bars(
        self, instrument_id: int, _: str, window_s: int, from_ns: int, to_ns: int, limit: int
    ) -> list[Bar]:
        """The first ``limit`` bars that begin in the range."""
        return await self._made(instrument_id, lambda p: p.bars(window_s, from_ns, to_ns, limit))

    async def newest_bars(
        self, instrument_id: int, _: str, window_s: int, before_ns: int, limit: int
    ) -> list[Bar]:
        """The last ``limit`` bars that begin before ``before_ns``, oldest first."""
        return await self._made(instrument_id, lambda p: p.newest_bars(window_s, before_ns, limit))

    async def _made(
        self, instrument_id: int, make: Callable[[InventedPast], list[Bar]]
    ) -> list[Bar]:
        door = self._door
        instrument = door.view.instruments[instrument_id]

        def work(reader: HistoryReader) -> list[Bar]:
            past = past_of(door, instrument, reader)
            return make(past) if past is not None else []

        return await door.history.read(work)
