"""A feed's status in the house's words.

Must not know: who is told, or how.
"""

from typing import Final

from stockyard.api import feed_answers as a
from stockyard.api.shapes import time_or_none
from stockyard.model.feeds import FeedStatus, SymbolStatus
from stockyard.model.numbers import format_decimal

_NS_PLACES_OF_MS: Final = 6


def shown_feed(status: FeedStatus) -> a.Feed:
    """A feed's status in the house's words."""
    skew = status.skew_ns
    return a.Feed(
        status.name,
        status.state,
        status.is_stale,
        time_or_none(status.live_since_ns),
        time_or_none(status.last_frame_ns),
        time_or_none(status.last_tick_ns),
        time_or_none(status.retry_ns),
        status.attempts,
        status.reconnects,
        status.frames,
        status.bytes,
        status.ticks,
        None if skew is None else format_decimal(skew, _NS_PLACES_OF_MS),
        [
            a.FeedProblemSeen(kind, count, status.details[kind])
            for kind, count in sorted(status.problems.items())
        ],
        [_shown_symbol(one) for one in status.symbols],
    )


def _shown_symbol(one: SymbolStatus) -> a.FeedSymbol:
    return a.FeedSymbol(
        one.symbol, one.their_symbol, one.ticks, time_or_none(one.last_tick_ns), one.is_stale
    )
