"""Whether this Stockyard should be sent requests, and what speaks against it.

Promises: each check says what it found; one that fails says so in the answer's status. Must not
know: who asks.
"""

from typing import Final

from stockyard.api import answers as a
from stockyard.api.door import Door
from stockyard.api.rest.assets import phase_now
from stockyard.api.standing import storage_check
from stockyard.model.codes import Phase
from stockyard.model.feeds import FeedState
from stockyard.runtime.writer import WAITING_MAX

LAG_INPUTS_MAX: Final = 100_000
"""How far the query tables may be behind."""


def checks(door: Door) -> list[a.Check]:
    """Every check with what it found."""
    world = door.world
    failure, waiting = world.writer.failure, world.writer.waiting
    lag = max(0, door.view.seq - world.projector.durable.seq)
    return [
        a.Check("door", not door.closing, "stopping" if door.closing else "open"),
        a.Check(
            "engine", failure is None, "stopped on a broken invariant" if failure else "running"
        ),
        a.Check("journal", waiting < WAITING_MAX // 2, f"{waiting} inputs wait to be written"),
        storage_check(world),
        a.Check("projections", lag <= LAG_INPUTS_MAX, f"{lag} inputs behind"),
        _market(door),
        _feeds(door),
    ]


def _market(door: Door) -> a.Check:
    """The market is well while any symbol of an open session has a fresh quote."""
    now_ns, stale_ns = door.world.clock.now_ns(), door.settings.quote_stale_ns
    sessions = door.view.sessions
    rows = [
        door.view.quotes[instrument.instrument_id]
        for instrument in door.view.instruments.values()
        if phase_now(sessions.get(instrument.calendar_id, ()), now_ns) == Phase.OPEN
    ]
    fresh = sum(1 for row in rows if row.ts and now_ns - row.ts <= stale_ns)
    told = f"{fresh} of {len(rows)} symbols in session have a fresh quote"
    return a.Check("market", not rows or fresh > 0, told)


def _feeds(door: Door) -> a.Check:
    """One live feed is enough; where none is followed, none is missed."""
    states = [feed.monitor.state for feed in door.world.feeds]
    live = states.count(FeedState.LIVE)
    told = f"{live} of {len(states)} feeds are live" if states else "no feed is followed"
    return a.Check("feeds", not states or live > 0, told)
