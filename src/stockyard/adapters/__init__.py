"""THE OUTSIDE PARTIES. One folder each; this file lists recorded sources and live feeds.

Promises: a source is loaded only when it is asked for, so a missing optional package is missed only
by who needs it. Must not know: any file format. An adapter knows ``model`` and nothing of the
others.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from stockyard.model.feeds import FeedAdapter
from stockyard.model.past import Past
from stockyard.model.recordings import Recording, RecordingError


def _lean(path: Path, options: Mapping[str, str]) -> Recording:
    from stockyard.adapters.lean.feed import open_recording as open_lean

    return open_lean(path, options)


def _csv(path: Path, options: Mapping[str, str]) -> Recording:
    from stockyard.adapters.csv_files.feed import open_recording as open_csv

    return open_csv(path, options)


def _parquet(path: Path, options: Mapping[str, str]) -> Recording:
    from stockyard.adapters.parquet.feed import open_recording as open_parquet

    return open_parquet(path, options)


RECORDED_SOURCES: Final[Mapping[str, Callable[[Path, Mapping[str, str]], Recording]]] = {
    "lean": _lean,
    "csv": _csv,
    "parquet": _parquet,
}
"""Every source of recorded days: the word before the colon, and what opens it."""


def _lean_past(path: Path, options: Mapping[str, str], source: str) -> Past:
    from stockyard.adapters.lean.past import open_past as open_lean

    return open_lean(path, options, source)


def _csv_past(path: Path, options: Mapping[str, str], source: str) -> Past:
    from stockyard.adapters.csv_files.feed import open_past as open_csv

    return open_csv(path, options, source)


def _parquet_past(path: Path, options: Mapping[str, str], source: str) -> Past:
    from stockyard.adapters.parquet.feed import open_past as open_parquet

    return open_parquet(path, options, source)


PAST_SOURCES: Final[Mapping[str, Callable[[Path, Mapping[str, str], str], Past]]] = {
    "lean": _lean_past,
    "csv": _csv_past,
    "parquet": _parquet_past,
}
"""Every source that a history can be filled from."""


def open_recording(spec: str) -> Recording:
    """Open what ``spec`` names: ``source:path`` and, after a question mark, ``name=value&...``.

    For instance ``lean:DIR?date=2013-10-07&symbols=IBM,SPY&resolution=second``, ``csv:FILE`` or
    ``parquet:FILE?symbols=IBM``. Raises ``RecordingError`` for a spec or a file that cannot be
    read.
    """
    source, path, options = _named(spec)
    return RECORDED_SOURCES[source](path, options)


def open_past(spec: str, source: str = "") -> Past:
    """Open what ``spec`` names, as ``open_recording``, to be put into a history.

    ``source``: who said it, the word before the colon where it is blank. Raises ``RecordingError``.
    """
    word, path, options = _named(spec)
    return PAST_SOURCES[word](path, options, source or word)


def _named(spec: str) -> tuple[str, Path, dict[str, str]]:
    source, colon, rest = spec.partition(":")
    path, _, query = rest.partition("?")
    if source not in RECORDED_SOURCES or not colon or not path:
        sources = ", ".join(f"{name}:PATH" for name in RECORDED_SOURCES)
        raise RecordingError(spec[:200], "this names no recording", f"write one of {sources}")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        pairs = []
    if len(dict(pairs)) != len(pairs) or bool(query) != bool(pairs):
        raise RecordingError(
            spec[:200], "what follows the question mark is unclear", "write name=value&name=value"
        )
    return source, Path(path), dict(pairs)


def _massive() -> FeedAdapter:
    from stockyard.adapters.massive.feed import FEED

    return FEED


def _alpaca() -> FeedAdapter:
    from stockyard.adapters.alpaca_data.feed import FEED

    return FEED


def _alpaca_crypto() -> FeedAdapter:
    from stockyard.adapters.alpaca_data.feed import CRYPTO_FEED

    return CRYPTO_FEED


def _backpack() -> FeedAdapter:
    from stockyard.adapters.backpack.feed import FEED

    return FEED


def _tastytrade() -> FeedAdapter:
    from stockyard.adapters.tastytrade.feed import FEED

    return FEED


FEEDS: Final[Mapping[str, Callable[[], FeedAdapter]]] = {
    "massive": _massive,
    "alpaca": _alpaca,
    "alpaca_crypto": _alpaca_crypto,
    "backpack": _backpack,
    "tastytrade": _tastytrade,
}
"""Every live feed: its name in the settings and in what it says, and what loads its adapter."""
