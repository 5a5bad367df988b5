"""Points of a journal as a command is given them: an input's number, or a time with its zone.

Must not know: where in a journal a time lies.
"""

from typing import NamedTuple

from stockyard.config import ConfigError
from stockyard.runtime import points


class Point(NamedTuple):
    """An input's number, or else a time, UTC ns; the other is None."""

    seq: int | None
    ts: int | None


def parse_point(option: str, text: str) -> Point:
    """What an option names. Raises ``ConfigError``."""
    try:
        seq, ts = points.parse_point(text)
    except points.PointRefused as error:
        raise ConfigError(f"{option}: {error}") from None
    return Point(seq, None if seq is not None else ts)
