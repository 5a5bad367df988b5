"""What is asked of an alert, to the terms that are watched for.

Promises: whatever does not go together is refused with what would; a base is what the world showed
when the alert was armed. Must not know: how an alert is kept.
"""

from typing import Final, NamedTuple

import msgspec

from stockyard.api import fields
from stockyard.api.alert_answers import DIRECTIONS, KINDS, WATCHED
from stockyard.api.door import Door
from stockyard.api.problems import PERCENT_SCALE, Problem
from stockyard.market.trading_days import TradingDays
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import CASH_SCALE
from stockyard.people.alerts import (
    Alert,
    AlertDay,
    AlertKind,
    AlertTerms,
    Direction,
    Since,
    Watched,
)
from stockyard.runtime.alert_profits import profit_micros

PERCENT_MAX: Final = 1_000 * 10**PERCENT_SCALE
_SINCE: Final = {
    AlertKind.PERCENT: (Since.ARMING, Since.CLOSE),
    AlertKind.PROFIT: (Since.START, Since.ARMING),
}
"""What each kind may count from; the first where nothing is said."""


class Asked(NamedTuple):
    """What a body says."""

    kind: str
    symbol: str | None
    direction: str | None
    value: str | int
    price: str | None
    since: str | None


def terms_of(door: Door, account_id: int, asked: Asked) -> AlertTerms:
    """The terms of a new alert. Raises ``Problem`` 422."""
    if asked.kind not in KINDS:
        raise _one_of("kind", KINDS)
    instrument = None
    if asked.symbol is not None:
        instrument = door.instrument(asked.symbol)
    elif asked.kind != AlertKind.PROFIT:
        raise Problem(422, "missing_field", "symbol is missing", "send symbol", field="symbol")
    terms = AlertTerms(
        asked.kind,
        instrument.instrument_id if instrument is not None else 0,
        _direction(asked.kind, asked.direction),
        _level(asked.kind, asked.value, instrument),
        _watched(asked, instrument),
        _since(asked.kind, asked.since),
        0,
    )
    return _based(door, account_id, terms)


def changed_terms(
    door: Door, found: Alert, value: str | int | None, direction: str | None
) -> AlertTerms:
    """An alert's terms with another value, direction or both, counted anew. Raises ``Problem``."""
    terms = found.terms
    instrument = door.view.instruments.get(terms.instrument_id)
    if value is not None:
        level = _level(terms.kind, value, instrument)
        terms = msgspec.structs.replace(terms, level=level)
    if direction is not None:
        terms = msgspec.structs.replace(terms, direction=_direction(terms.kind, direction))
    return _based(door, found.account_id, terms)


def rearmed(door: Door, found: Alert) -> AlertTerms:
    """An alert's terms, counted anew. Raises ``Problem``."""
    return _based(door, found.account_id, found.terms)


def followed_day(door: Door, instrument_id: int) -> AlertDay:
    """An instrument's trading day, which is followed from now on."""
    return door.world.alerts.follow_day(_day_now(door, instrument_id))


def _day_now(door: Door, instrument_id: int) -> AlertDay:
    """An instrument's latest trading day with a trade, as it is shown now."""
    view = door.view
    last = view.quotes[instrument_id].last_price
    shown = door.world.market.view(instrument_id)
    if shown is None or not shown.session_ns:
        return AlertDay(instrument_id, view.seq, 0, 0, last, 0)
    calendar = view.calendar_name(view.instruments[instrument_id].calendar_id)
    end_ns = TradingDays(calendar).of(shown.session_ns).end_ns
    return AlertDay(instrument_id, view.seq, end_ns, shown.previous_close, last, shown.volume)


def _one_of(field: str, words: tuple[str, ...]) -> Problem:
    right = f"send {words[0]}" if len(words) == 1 else f"send one of {', '.join(words)}"
    return Problem(422, f"invalid_{field}", f"{field} cannot be taken here", right, field=field)


def _direction(kind: str, said: str | None) -> str:
    if kind == AlertKind.VOLUME:
        offered: tuple[str, ...] = (Direction.ABOVE,)
    else:
        offered = DIRECTIONS if kind == AlertKind.PERCENT else DIRECTIONS[:2]
    if said is None and kind == AlertKind.VOLUME:
        return Direction.ABOVE
    if said is None:
        raise Problem(
            422, "missing_field", "direction is missing", "send direction", field="direction"
        )
    if said not in offered:
        raise _one_of("direction", offered)
    return said


def _level(kind: str, value: str | int, instrument: Instrument | None) -> int:
    if kind == AlertKind.PROFIT:
        return fields.scaled("value", value, CASH_SCALE)
    if kind == AlertKind.PERCENT:
        level = fields.scaled("value", value, PERCENT_SCALE)
        if not 0 < level <= PERCENT_MAX:
            raise Problem(
                422,
                "percent_out_of_range",
                "the percentage is not above 0, or above 1000",
                "send one above 0, at most 1000, with at most 4 decimal places",
                field="value",
            )
        return level
    assert instrument is not None
    if kind == AlertKind.VOLUME:
        return fields.quantity("value", value, instrument.qty_scale)
    return fields.price("value", value, instrument.price_scale)


def _watched(asked: Asked, instrument: Instrument | None) -> str:
    if asked.kind != AlertKind.PRICE:
        if asked.price is not None:
            raise _misplaced("price", asked.kind)
        return ""
    offered = WATCHED if instrument is not None and instrument.leverage_max else WATCHED[:3]
    if asked.price is None:
        return Watched.LAST
    if asked.price not in offered:
        raise _one_of("price", offered)
    return asked.price


def _since(kind: str, said: str | None) -> str:
    offered = _SINCE.get(kind)
    if offered is None:
        if said is not None:
            raise _misplaced("since", kind)
        return ""
    if said is None:
        return offered[0]
    if said not in offered:
        raise _one_of("since", offered)
    return said


def _misplaced(field: str, kind: str) -> Problem:
    return Problem(
        422,
        f"invalid_{field}",
        f"{field} does not go with a {kind} alert",
        "leave it out",
        field=field,
    )


def _based(door: Door, account_id: int, terms: AlertTerms) -> AlertTerms:
    """The terms with what is counted from now. Raises ``Problem`` 422 while that is not known."""
    base = 0
    if terms.kind == AlertKind.PROFIT:
        now = profit_micros(door.view, account_id, terms.instrument_id)
        if now is None:
            raise Problem(
                422,
                "no_position",
                "there is no open position in this symbol",
                "open one first, or leave symbol out for the whole account",
                field="symbol",
            )
        base = now if terms.since == Since.ARMING else 0
    elif terms.kind == AlertKind.PERCENT:
        base = _price_now(door, terms)
    return msgspec.structs.replace(terms, base=base)


def _price_now(door: Door, terms: AlertTerms) -> int:
    """The last price a move since the arming is counted from; 0 for one from the close."""
    if terms.since == Since.CLOSE:
        if not followed_day(door, terms.instrument_id).close:
            raise Problem(
                422,
                "no_previous_close",
                "the symbol has no previous close here yet",
                "count since arming, or wait for the next trading day",
                field="since",
            )
        return 0
    last = door.view.quotes[terms.instrument_id].last_price
    if not last:
        raise Problem(
            422,
            "no_price_yet",
            "the symbol has not traded here yet",
            "wait for its first trade, or set a price",
            field="symbol",
        )
    return last
