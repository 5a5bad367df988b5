"""The controlled clock: how time goes in a World whose server allows test controls.

Promises: a journey is answered when all that lies on the way is durable, applied and handed to
streams. Must not know: how time is moved (``runtime.sim_clock``).
"""

from typing import Final

from stockyard.api import sim_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem
from stockyard.api.rest.assets import phase_now
from stockyard.api.rest.sim import TAG, WHERE, allowed, use
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none, time_text
from stockyard.market.calendars import XNYS_ID
from stockyard.model.codes import Phase
from stockyard.model.numbers import NumberError
from stockyard.model.recordings import recorded_time
from stockyard.runtime.peers import LinuxPeers
from stockyard.runtime.quiet import QUIET_MS_MAX, STREAMS_MAX
from stockyard.runtime.sim_clock import (
    FASTEST,
    SPEED_MAX,
    SPEED_MIN,
    STEPS_MAX,
    TIME_NS_MAX,
    SimClock,
)

routes = router()
AS_FAST: Final = "max"
SECONDS_MAX: Final = 366 * 86_400.0
"""World seconds of one step; a jump may be longer."""
_go, _step, _jump = Reader(s.GoBody), Reader(s.StepBody), Reader(s.JumpBody)
_lock_step: Final = Reader(s.LockStepBody)
ANSWERED: Final = "The clock."
_TRAITS: Final = Trait.SIGNED_IN | Trait.ACCOUNT


def _driver(door: Door) -> SimClock:
    """The clock's driver. Raises ``Problem`` 503 while there is none."""
    if door.world.sim_clock is None:
        raise Problem(
            503, "no_controlled_clock", "this World's time is not controlled", "try again later"
        )
    return door.world.sim_clock


def _seen(door: Door, arrived: bool = True) -> Response:
    driver = _driver(door)
    status, quiet = driver.status(), driver.quiet
    sessions = door.view.sessions.get(XNYS_ID, ())
    opens = next((one.open_ns for one in sessions if one.open_ns > status.now_ns), None)
    closes = next((one.close_ns for one in sessions if one.close_ns > status.now_ns), None)
    peers = quiet.peers if isinstance(quiet.peers, LinuxPeers) else None
    speed: float | str = AS_FAST if status.speed == FASTEST else status.speed
    lock = s.LockStepSeen(
        status.lock_step,
        quiet.quiet_ms,
        quiet.streams_min,
        quiet.waits_for if status.lock_step else "",
        peers.seen if peers is not None else 0,
        peers.unseen if peers is not None else 0,
        quiet.given_up,
    )
    return answer(
        s.SimClockSeen(
            time_text(status.now_ns),
            speed,
            time_text(status.next_ns),
            time_or_none(status.going_to_ns or None),
            phase_now(sessions, status.now_ns) == Phase.OPEN,
            time_or_none(opens),
            time_or_none(closes),
            lock,
            door.view.seq,
            arrived,
        )
    )


@routes.get(
    "/sim/clock",
    **described(
        "read_sim_clock",
        TAG,
        "Read the controlled clock",
        f"How time goes, what comes next, and what lock step waits for. {WHERE}",
        traits=_TRAITS,
        answer=s.SimClockSeen,
        answered=ANSWERED,
        refusals=(503,),
    ),
)
async def read_clock(visit: Visiting) -> Response:
    """Read the controlled clock."""
    allowed(visit.door, visit.request)
    return _seen(visit.door)


@routes.post(
    "/sim/clock/stop",
    **described(
        "stop_sim_clock",
        TAG,
        "Stop time",
        f"Journeys on the way end where they are. {WHERE}",
        traits=_TRAITS,
        answer=s.SimClockSeen,
        answered=ANSWERED,
        refusals=(503,),
    ),
)
async def stop_clock(visit: Visiting) -> Response:
    """Stop time."""
    caller, driver = allowed(visit.door, visit.request), _driver(visit.door)
    driver.stop()
    await use(visit, caller, "clock.stop", "")
    return _seen(visit.door)


@routes.post(
    "/sim/clock/go",
    **described(
        "start_sim_clock",
        TAG,
        "Let time go",
        f"At a speed, or as fast as possible; the market moves in World time. {WHERE}",
        traits=_TRAITS,
        body=s.GoBody,
        body_examples={"an hour in a minute": {"speed": 60}, "fastest": {"speed": "max"}},
        answer=s.SimClockSeen,
        answered=ANSWERED,
        refusals=(503,),
    ),
)
async def start_clock(visit: Visiting) -> Response:
    """Let time go."""
    caller, driver = allowed(visit.door, visit.request), _driver(visit.door)
    body: s.GoBody = await visit.body(_go, b"{}")
    if isinstance(body.speed, str):
        speed = FASTEST if body.speed == AS_FAST else 0.0
    else:
        speed = body.speed
    if speed != FASTEST and not SPEED_MIN <= speed <= SPEED_MAX:
        raise _wrong(
            "invalid_speed",
            "time cannot go at this speed",
            f"send {SPEED_MIN:g} to {SPEED_MAX:g}, or max; POST /api/v1/sim/clock/stop stops it",
            "speed",
        )
    await use(visit, caller, "clock.go", f"speed {body.speed}")
    driver.go(speed)
    return _seen(visit.door)


@routes.post(
    "/sim/clock/step",
    **described(
        "step_sim_clock",
        TAG,
        "Take time a step further",
        "By so many seconds, or over the next moments at which anything happens; answered when all"
        " of it is durable and handed to streams. Time must stand. Steps asked for at once run"
        f" beside each other, as sleeps would. {WHERE}",
        traits=_TRAITS,
        body=s.StepBody,
        body_examples={"a minute": {"seconds": 60}, "what comes next": {"steps": 1}},
        answer=s.SimClockSeen,
        answered=ANSWERED,
        refusals=(409, 503),
    ),
)
async def step_clock(visit: Visiting) -> Response:
    """Take time a step further."""
    caller, driver = allowed(visit.door, visit.request), _driver(visit.door)
    body: s.StepBody = await visit.body(_step)
    seconds, steps = body.seconds, body.steps
    if (seconds is None) == (steps is None):
        raise _wrong("invalid_step", "no step or two are named", "send seconds or steps", "seconds")
    if seconds is not None and not 0 < seconds <= SECONDS_MAX:
        raise _wrong(
            "invalid_step",
            "there is no step of this length",
            f"send more than 0 and at most {SECONDS_MAX:.0f} seconds",
            "seconds",
        )
    if steps is not None and not 1 <= steps <= STEPS_MAX:
        raise _wrong(
            "invalid_step", "there are no so many steps", f"send 1 to {STEPS_MAX}", "steps"
        )
    if driver.status().speed:
        raise Problem(
            409,
            "clock_goes",
            "time goes by itself",
            "stop it first with POST /api/v1/sim/clock/stop",
        )
    start_ns = visit.door.world.clock.now_ns()
    if steps is not None:
        await use(visit, caller, "clock.step", f"steps {steps}")
        journey = driver.take_stops(steps)
    else:
        assert seconds is not None
        await use(visit, caller, "clock.step", f"seconds {seconds:g}")
        journey = driver.travel(start_ns + round(seconds * 1e9))
    with visit.request.app.state.traffic.aside():
        arrived = await journey
    return _seen(visit.door, arrived)


@routes.post(
    "/sim/clock/jump",
    **described(
        "jump_sim_clock",
        TAG,
        "Bring time to a later moment",
        "As fast as possible, and everything in between really happens: the market moves, orders"
        " fill, sessions open and close, margin and funding fall due. Time never goes back."
        f" {WHERE}",
        traits=_TRAITS,
        body=s.JumpBody,
        body_examples={
            "the bell": {"to": "next_open"},
            "a moment": {"to": "2026-01-05T14:30:00Z"},
        },
        answer=s.SimClockSeen,
        answered=ANSWERED,
        refusals=(503,),
    ),
)
async def jump_clock(visit: Visiting) -> Response:
    """Bring time to a later moment."""
    caller, driver = allowed(visit.door, visit.request), _driver(visit.door)
    body: s.JumpBody = await visit.body(_jump)
    to_ns = _moment(visit.door, body.to)
    await use(visit, caller, "clock.jump", f"to {time_text(to_ns)} ({body.to})")
    if not body.wait:
        driver.set_out(to_ns)
        return _seen(visit.door)
    with visit.request.app.state.traffic.aside():
        arrived = await driver.travel(to_ns)
    return _seen(visit.door, arrived)


def _moment(door: Door, to: str) -> int:
    """The time of a jump. Raises ``Problem`` 422."""
    now_ns = door.world.clock.now_ns()
    sessions = door.view.sessions.get(XNYS_ID, ())
    if to in ("next_open", "next_close"):
        is_open = to == "next_open"
        times = (one.open_ns if is_open else one.close_ns for one in sessions)
        found = next((at for at in times if at > now_ns), None)
        if found is None:
            raise _wrong("invalid_time", "no such session is known", "name a time", "to")
        return found
    try:
        to_ns = recorded_time(to)
    except NumberError as error:
        right = f"{error}, or next_open or next_close"
        raise _wrong("invalid_time", "this is no time", right, "to") from None
    if not now_ns < to_ns <= TIME_NS_MAX:
        raise _wrong(
            "time_not_ahead",
            "time goes forward only, and not beyond the calendars",
            f"name a time after {time_text(now_ns)} and up to {time_text(TIME_NS_MAX)}",
            "to",
        )
    return to_ns


@routes.post(
    "/sim/clock/lock_step",
    **described(
        "set_lock_step",
        TAG,
        "Have time wait until nothing is in flight",
        "Before each step of the market: no request being answered, nothing waiting to be"
        " journaled, every frame handed over and read, the clients quiet. So an unmodified bot"
        f" gives the same run twice. {WHERE}",
        traits=_TRAITS,
        body=s.LockStepBody,
        body_examples={"a bot with one stream": {"on": True, "streams": 1}},
        answer=s.SimClockSeen,
        answered=ANSWERED,
        refusals=(503,),
    ),
)
async def set_lock_step(visit: Visiting) -> Response:
    """Have time wait until nothing is in flight."""
    caller, driver = allowed(visit.door, visit.request), _driver(visit.door)
    body: s.LockStepBody = await visit.body(_lock_step, b"{}")
    if not 0 <= body.quiet_ms <= QUIET_MS_MAX:
        raise _wrong(
            "invalid_quiet_time",
            "there is no such quiet time",
            f"send 0 to {QUIET_MS_MAX} milliseconds",
            "quiet_ms",
        )
    if not 0 <= body.streams <= STREAMS_MAX:
        raise _wrong(
            "invalid_streams", "there are no so many streams", f"send 0 to {STREAMS_MAX}", "streams"
        )
    told = f"on, quiet {body.quiet_ms} ms, streams {body.streams}" if body.on else "off"
    await use(visit, caller, "clock.lock_step", told)
    driver.quiet.begin(body.quiet_ms, body.streams)
    driver.set_lock_step(body.on)
    return _seen(visit.door)


def _wrong(code: str, wrong: str, right: str, field: str) -> Problem:
    return Problem(422, code, wrong, right, field=field)
