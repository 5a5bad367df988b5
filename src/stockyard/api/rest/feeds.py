"""Feeds: whether market data comes, from where, how old it is, and what was wrong with it."""

from typing import Final

from stockyard.api import feed_answers as a
from stockyard.api.describing import Trait, described
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.model.feeds import FeedStatus, SymbolStatus
from stockyard.model.numbers import format_decimal
from stockyard.telemetry.breaker import BreakerStatus

routes = router()
TAG: Final = "Market"
_NS_PLACES_OF_MS: Final = 6


def shown_feed(status: FeedStatus) -> a.Feed:
    """A feed's status in the house's words."""
    skew = status.skew_ns
    return a.Feed(
        status.name,
        status.state,
        status.is_stale,
        _time(status.live_since_ns),
        _time(status.last_frame_ns),
        _time(status.last_tick_ns),
        _time(status.retry_ns),
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
        one.symbol, one.their_symbol, one.ticks, _time(one.last_tick_ns), one.is_stale
    )


def _shown_breaker(one: BreakerStatus) -> a.BreakerSeen:
    return a.BreakerSeen(one.name, one.state, one.calls, one.failures, one.refusals, one.openings)


def _time(ns: int) -> str | None:
    return time_text(ns) if ns else None


@routes.get(
    "/feeds",
    **described(
        "list_feeds",
        TAG,
        "List the feeds",
        "Each with its state, its symbols' ages and what was wrong; and the circuit breakers of the"
        " servers that are asked.",
        traits=Trait.SIGNED_IN,
        answer=a.Feeds,
        answered="The feeds, in the order of the setting.",
    ),
)
async def list_feeds(visit: Visiting) -> Response:
    """List the feeds."""
    visit.identity()
    world = visit.door.world
    return answer(
        a.Feeds(
            [shown_feed(feed.status()) for feed in world.feeds],
            [_shown_breaker(one) for one in world.breakers.statuses()],
        )
    )
