"""Feeds: whether market data comes, from where, how old it is, and what was wrong with it."""

from collections.abc import Collection, Iterable
from typing import Final

from stockyard.api import feed_answers as a
from stockyard.api.describing import Trait, described
from stockyard.api.feed_shapes import shown_feed
from stockyard.api.gateway import Gateway
from stockyard.api.ingest import Ingest
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none, time_text
from stockyard.runtime.market_data import RECORDED, SIMULATED, SourceCount
from stockyard.runtime.world import World
from stockyard.telemetry.breaker import BreakerStatus

routes = router()
TAG: Final = "Market"
SHOWN_MAX: Final = 100
"""Sources and symbols that are listed, at most."""


def _shown_breaker(one: BreakerStatus, now_ns: int) -> a.BreakerSeen:
    retry_ns = now_ns + round(one.retry_s * 1e9) if one.retry_s > 0 else 0
    return a.BreakerSeen(
        one.name,
        one.state,
        one.calls,
        one.failures,
        one.refusals,
        one.openings,
        time_or_none(retry_ns),
    )


def _shown_sources(world: World) -> list[a.SourceSeen]:
    """The latest that spoke, at most ``SHOWN_MAX``; and those of which nothing counted."""
    followed = {feed.monitor.name for feed in world.feeds}
    left_out: dict[str, list[a.LeftOut]] = {}
    for (source, reason), count in sorted(world.market.counts.faults.items()):
        left_out.setdefault(source, []).append(a.LeftOut(reason, count))
    said = {one.source: one for one in world.market.sources()}
    for source in left_out.keys() - said.keys():
        said[source] = SourceCount(source, 0, 0, 0, 0)
    latest = sorted(said.values(), key=lambda one: (-one.last_ns, one.source))[:SHOWN_MAX]
    return [
        a.SourceSeen(
            one.source,
            _kind(one.source, followed),
            one.ticks,
            time_or_none(one.last_ns),
            one.symbols,
            one.quoting,
            left_out.get(one.source, []),
        )
        for one in sorted(latest, key=lambda one: one.source)
    ]


def _kind(source: str, followed: Collection[str]) -> str:
    if source in (SIMULATED, RECORDED):
        return source
    return "feed" if source in followed else "sent"


def _shown_market(world: World) -> a.MarketSeen:
    counts, found = world.market.counts, world.market.consolidation
    return a.MarketSeen(
        counts.taken,
        counts.too_late,
        counts.quotes_conflated,
        world.writer.waiting,
        _symbols(world, found.crossed()),
        _symbols(world, found.halted()),
    )


def _symbols(world: World, ids: Iterable[int]) -> list[str]:
    return sorted(world.view.instruments[one].symbol for one in ids)[:SHOWN_MAX]


def _shown_ingest(ingest: Ingest | None) -> a.IngestSeen | None:
    if ingest is None:
        return None
    counts = ingest.counts
    denied = [a.LeftOut(reason, count) for reason, count in sorted(counts.denied.items())]
    return a.IngestSeen(counts.taken, counts.duplicates, counts.put_off, denied)


def _shown_gateway(gateway: Gateway) -> a.GatewaySeen:
    return a.GatewaySeen(
        len(gateway),
        len({one.identity.user_id for one in gateway if one.identity is not None}),
        sum(1 for one in gateway if one.is_blocked),
        gateway.sent,
        gateway.sent_bytes,
        gateway.door.world.hub.missed,
        gateway.cut_off,
        gateway.refused,
    )


@routes.get(
    "/feeds",
    **described(
        "list_feeds",
        TAG,
        "List the feeds",
        "Each with its state, its symbols' ages and what was wrong; the circuit breakers of the"
        " servers that are asked; what every source of prices said, what was left out and why; the"
        " webhook; and who listens.",
        traits=Trait.SIGNED_IN,
        answer=a.Feeds,
        answered="The feeds, in the order of the setting.",
    ),
)
async def list_feeds(visit: Visiting) -> Response:
    """List the feeds."""
    visit.identity()
    world, state = visit.door.world, visit.request.app.state
    now_ns = world.clock.wall_ns()
    return answer(
        a.Feeds(
            time_text(now_ns),
            time_text(world.clock.now_ns()),
            [shown_feed(feed.status()) for feed in world.feeds],
            [_shown_breaker(one, now_ns) for one in world.breakers.statuses()],
            _shown_sources(world),
            _shown_market(world),
            _shown_ingest(state.ingest),
            _shown_gateway(state.gateway),
        )
    )
