"""What happened in a World, in lines for a test's report: each input with what came of it.

Promises: oldest first, the newest ``limit`` of them; quotes that came of no control are only
counted. Must not know: which test failed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from stockyard.api.shapes import time_text
from stockyard.model.events import Event
from stockyard.model.facts import ClockTick, Quote, Trade
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal
from stockyard.model.records import Record

_MONEY: Final = 6
_LEFT_OUT: Final = frozenset({"digest", "idempotency_key", "account_id", "registration_key"})


def lines(
    records: Sequence[tuple[Record, Sequence[Event]]],
    instruments: Mapping[int, Instrument],
    limit: int,
) -> list[str]:
    """The lines of these records."""
    found: list[str] = []
    passed = 0
    for record, events in records:
        if isinstance(record.input, (Quote, Trade, ClockTick)) and not events:
            passed += 1
            continue
        if passed:
            found.append(f"    ({passed} quotes, trades and ticks of the clock)")
            passed = 0
        found.append(
            f"{time_text(record.ts)[11:23]} {record.seq} {_told(record.input, instruments)}"
        )
        found += [f"    {_told(event, instruments)}" for event in events]
    if passed:
        found.append(f"    ({passed} quotes, trades and ticks of the clock)")
    cut = len(found) - limit
    return [f"({cut} lines before)", *found[cut:]] if cut > 0 else found


def _told(message: msgspec.Struct, instruments: Mapping[int, Instrument]) -> str:
    """A message's name and what it says that is not nothing."""
    said = msgspec.structs.asdict(message)
    instrument = instruments.get(said.get("instrument_id", 0))
    words = [
        _word(name, value, instrument)
        for name, value in said.items()
        if value not in (0, "", b"", None, ()) and name not in _LEFT_OUT
    ]
    return " ".join([type(message).__name__, *words])


def _word(name: str, value: Any, instrument: Instrument | None) -> str:
    if isinstance(value, msgspec.Struct):
        return name
    if name == "instrument_id" and instrument is not None:
        return instrument.symbol
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_micros"):
            return f"{name.removesuffix('_micros')}={format_decimal(value, _MONEY)}"
        if instrument is not None and name.endswith(("price", "bid", "ask")):
            return f"{name}={format_decimal(value, instrument.price_scale)}"
        if instrument is not None and name.endswith(("qty", "size")):
            return f"{name}={format_decimal(value, instrument.qty_scale)}"
    text = str(value)
    return f"{name}={text if len(text) <= 200 else text[:197] + '...'}"
