"""Recordings that test controls play: an hour or a day of one symbol, read whole into memory.

Promises: nothing outside the owner's folder is read, and an error never tells where that lies; what
is read is bounded. Must not know: what becomes of the facts.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from stockyard.adapters import RECORDED_SOURCES, open_recording
from stockyard.market.scripted import Said
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import NumberError
from stockyard.model.recordings import (
    RecordedRow,
    Recording,
    RecordingError,
    RowScaler,
    facts_of_row,
)
from stockyard.runtime.sim_market import ControlRefused

FACTS_MAX: Final = 200_000
"""Facts of one recording that are played."""
_RIGHT: Final = f"write one of {', '.join(f'{name}:PATH' for name in RECORDED_SOURCES)}"


def load(
    folder: Path | None, spec: str, symbol: str, instrument: Instrument, first_ns: int, last_ns: int
) -> list[Said]:
    """What the recording ``source:path?options`` in a folder has of a symbol between two times.

    ``symbol`` blank: the instrument's own, or the only one there is. The facts are the
    instrument's. Raises ``ControlRefused``. It reads files: not for the event loop's thread.
    """
    if folder is None:
        raise _refused(
            "this Stockyard has no folder of recordings",
            "have it started with STOCKYARD_CONTROLS_RECORDINGS, or send rows",
        )
    source, colon, rest = spec.partition(":")
    path, _, options = rest.partition("?")
    if source not in RECORDED_SOURCES or not colon or not path or "\0" in path:
        raise _refused("this names no recording", _RIGHT)
    inside = (folder / path).resolve()
    if not inside.is_relative_to(folder.resolve()) or not inside.exists():
        raise _refused("there is no such recording", "name a file or folder of the recordings")
    try:
        recording = open_recording(f"{source}:{inside}" + (f"?{options}" if options else ""))
        name = _symbol(recording, symbol, instrument)
        facts: list[Said] = []
        for fact in recording.facts({name: instrument}):
            if fact.ts_event > last_ns:
                break
            if fact.ts_event >= first_ns:
                facts.append(fact)
                _check_count(facts)
    except RecordingError as error:
        line = f"line {error.line}: " if error.line else ""
        wrong = error.wrong.replace(f"{folder.resolve()}/", "")
        raise _refused(f"the recording cannot be played: {line}{wrong}", error.right) from None
    return _checked(facts)


def _symbol(recording: Recording, symbol: str, instrument: Instrument) -> str:
    there = recording.symbols
    for name in (symbol,) if symbol else (instrument.symbol, *there[: len(there) == 1]):
        if name in there:
            return name
    raise _refused(
        f"the recording has nothing of {symbol or instrument.symbol}",
        f"say which one to play: {', '.join(there)[:200]}",
    )


def of_rows(
    rows: Iterable[RecordedRow], instrument: Instrument, first_ns: int, last_ns: int
) -> list[Said]:
    """The facts of rows between two times. Raises ``ControlRefused``."""
    scaler, facts, reached_ns = RowScaler(instrument), [], 0
    for row in rows:
        try:
            ts_ns, quote, trade = facts_of_row(row, scaler)
        except NumberError as error:
            raise _refused(f"row {row.line} cannot be read", str(error)) from None
        if ts_ns < reached_ns:
            raise _refused(f"row {row.line} is earlier than the one before", "sort them by ts")
        reached_ns = ts_ns
        found: tuple[Said | None, Said | None] = (quote, trade)
        if first_ns <= ts_ns <= last_ns:
            facts += [fact for fact in found if fact is not None]
    return _checked(facts)


def _check_count(facts: Sequence[Said]) -> None:
    if len(facts) > FACTS_MAX:
        raise _refused(
            f"the recording has more than {FACTS_MAX} quotes and trades there",
            "play less of it: say from and to",
        )


def _checked(facts: list[Said]) -> list[Said]:
    _check_count(facts)
    if not facts:
        raise _refused("the recording has nothing between these times", "widen from and to")
    return facts


def _refused(wrong: str, right: str) -> ControlRefused:
    return ControlRefused("invalid_recording", wrong, right)
