"""What can be traded, and when."""

from bisect import bisect_right
from typing import Annotated, Final

from fastapi import Query

from stockyard.api import answers as a
from stockyard.api.contract_answers import Funding
from stockyard.api.contracts import funding, is_contract, shown_terms
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.hot import symbol_in_path
from stockyard.api.problems import rule_problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import price_text, time_or_none, time_text
from stockyard.model.codes import ASSET_CLASS_WORDS, PHASE_WORDS, AssetClass, Phase
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument, Session
from stockyard.model.numbers import INT_MAX, format_cash, format_decimal

routes = router()
TAG: Final = "Market"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500


def calendar_name(door: Door, calendar_id: int) -> str:
    """What a calendar is called."""
    return door.settings.calendars.get(calendar_id, f"calendar-{calendar_id}")


def classes_by_calendar(door: Door) -> dict[int, list[str]]:
    """The asset classes of the instruments on each calendar."""
    found: dict[int, set[int]] = {}
    for instrument in door.view.instruments.values():
        found.setdefault(instrument.calendar_id, set()).add(instrument.asset_class)
    return {
        calendar_id: [ASSET_CLASS_WORDS[n] for n in sorted(classes)]
        for calendar_id, classes in found.items()
    }


def calendar_now(
    name: str, classes: list[str], sessions: tuple[Session, ...], now_ns: int
) -> a.CalendarNow:
    """Where a calendar stands; each next time is the first that is yet to come."""
    ahead = sessions[_ended(sessions, now_ns) :][:2]
    phase = phase_now(sessions, now_ns)
    ahead_ns = [
        [s.open_ns for s in ahead],
        [s.close_ns for s in ahead],
        [s.pre_open_ns for s in ahead],
        [s.post_close_ns for s in ahead],
    ]
    opens, closes, begins, ends = (
        time_or_none(next((at for at in times if at > now_ns), None)) for times in ahead_ns
    )
    word, is_open = PHASE_WORDS[phase], phase == Phase.OPEN
    return a.CalendarNow(name, classes, is_open, word, opens, closes, begins, ends)


def _ended(sessions: tuple[Session, ...], now_ns: int) -> int:
    return bisect_right(sessions, now_ns, key=lambda session: session.ends_ns)


def phase_now(sessions: tuple[Session, ...], now_ns: int) -> int:
    """The ``Phase`` of a moment, among sessions that are in order."""
    index = _ended(sessions, now_ns)
    if index == len(sessions) or now_ns < sessions[index].begins_ns:
        return Phase.CLOSED
    session = sessions[index]
    if now_ns < session.open_ns:
        return Phase.PRE
    return Phase.OPEN if now_ns < session.close_ns else Phase.POST


def shown_asset(door: Door, instrument: Instrument) -> a.Asset:
    """An asset's terms."""
    scale = instrument.qty_scale
    sessions = door.view.sessions.get(instrument.calendar_id, ())
    phase = phase_now(sessions, door.world.clock.now_ns())
    contract = shown_terms(instrument)
    borrow = door.view.borrow.get(instrument.instrument_id) if contract is None else None
    return a.Asset(
        door.render.asset_id(instrument.instrument_id),
        instrument.symbol,
        instrument.name,
        ASSET_CLASS_WORDS[instrument.asset_class],
        instrument.exchange,
        calendar_name(door, instrument.calendar_id),
        phase == Phase.OPEN,
        PHASE_WORDS[phase],
        instrument.auctions,
        any(s.pre_open_ns or s.post_close_ns for s in sessions[-1:]),
        instrument.tradable,
        instrument.lot < 10**scale,
        price_text(instrument.tick, instrument),
        price_text(instrument.tick_below, instrument),
        price_text(instrument.tick_threshold, instrument),
        format_decimal(instrument.lot, scale),
        format_decimal(instrument.round_lot, scale),
        format_decimal(instrument.qty_max, scale),
        format_cash(instrument.notional_micros_min),
        format_decimal(instrument.collar_bps, 2),
        format_decimal(instrument.band_bps, 2),
        instrument.instrument_id in door.view.halted,
        door.view.margin is not None and instrument.asset_class != AssetClass.CRYPTO,
        contract is not None or (borrow is not None and borrow.shortable),
        borrow is not None and borrow.shortable and borrow.easy,
        format_decimal(borrow.rate_ppm, 4) if borrow is not None else None,
        format_decimal(borrow.available_qty, scale) if borrow is not None else None,
        contract,
    )


@routes.get(
    "/assets",
    **described(
        "list_assets",
        TAG,
        "List assets",
        "Needs no sign-in.",
        answer=list[a.Asset],
        answered="The assets.",
    ),
)
async def list_assets(visit: Visiting) -> Response:
    """List assets."""
    known = visit.door.view.instruments
    return answer([shown_asset(visit.door, known[n]) for n in sorted(known)])


@routes.get(
    "/assets/{symbol:path}/funding",
    **described(
        "list_funding",
        TAG,
        "List the funding of a perpetual contract",
        "Newest first. For the next page send the last `seq` as `after`. Needs no sign-in.",
        traits=Trait.NAMED | Trait.HISTORY,
        answer=list[Funding],
        answered="What was paid, and when.",
    ),
)
async def list_funding(
    visit: Visiting,
    symbol: str,
    after: Annotated[int, Query(ge=0, le=INT_MAX, description="Only older ones.")] = 0,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """List the funding of a perpetual contract."""
    door = visit.door
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    if not is_contract(instrument):
        raise rule_problem(DenyCode.NOT_A_PERPETUAL, "symbol")
    found = await door.world.query(
        lambda store: store.fundings(instrument.instrument_id, after, limit)
    )
    return answer([funding(row, instrument) for row in found])


@routes.get(
    "/assets/{symbol:path}",
    **described(
        "read_asset",
        TAG,
        "Read an asset",
        "Needs no sign-in.",
        traits=Trait.NAMED,
        answer=a.Asset,
        answered="The asset.",
    ),
)
async def read_asset(visit: Visiting, symbol: str) -> Response:
    """Read an asset."""
    door = visit.door
    return answer(shown_asset(door, door.view.instruments[symbol_in_path(door, symbol)]))


@routes.get(
    "/clock",
    **described(
        "clock",
        TAG,
        "Read the clock",
        "The world's time, which a replay moves, and each calendar. Needs no sign-in. An `always`"
        " calendar never closes: its `next_close` is the end of the trading day.",
        answer=a.ClockNow,
        answered="The time.",
    ),
)
async def clock(visit: Visiting) -> Response:
    """Read the clock."""
    door = visit.door
    now_ns = door.world.clock.now_ns()
    classes = classes_by_calendar(door)
    calendars = [
        calendar_now(
            calendar_name(door, calendar_id), classes.get(calendar_id, []), sessions, now_ns
        )
        for calendar_id, sessions in sorted(door.view.sessions.items())
    ]
    return answer(a.ClockNow(time_text(now_ns), any(c.is_open for c in calendars), calendars))


@routes.get(
    "/calendar",
    **described(
        "calendar",
        TAG,
        "Read the calendars",
        "The sessions going on and to come, as far as they are known, at least two months. Needs no"
        " sign-in.",
        answer=list[a.Calendar],
        answered="The calendars.",
    ),
)
async def calendar(visit: Visiting) -> Response:
    """Read the calendars."""
    door = visit.door
    now_ns = door.world.clock.now_ns()
    return answer(
        [
            a.Calendar(
                calendar_name(door, calendar_id),
                [
                    a.CalendarSession(
                        time_or_none(s.pre_open_ns),
                        time_text(s.open_ns),
                        time_text(s.close_ns),
                        time_or_none(s.post_close_ns),
                    )
                    for s in sessions[_ended(sessions, now_ns) :]
                ],
            )
            for calendar_id, sessions in sorted(door.view.sessions.items())
        ]
    )
