"""What a firing says: its value, title and text.

Promises: the same firing is told in the same words wherever it is told. Must not know: who is told,
or by which way.
"""

from typing import Final

from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.people.alerts import AlertKind, AlertTerms, Direction, Since, Watched

PERCENT_SCALE: Final = 4
PRICE_PLACES_MIN: Final = 2
_WATCHED: Final = {
    Watched.LAST: "Last trade",
    Watched.BID: "Bid",
    Watched.ASK: "Offer",
    Watched.MARK: "Mark",
}


def level_text(terms: AlertTerms, instrument: Instrument | None) -> str:
    """An alert's level as decimal text in its own unit."""
    return value_text(terms, instrument, terms.level)


def value_text(terms: AlertTerms, instrument: Instrument | None, value: int) -> str:
    """A value of what an alert watches as decimal text in its own unit."""
    if terms.kind == AlertKind.PERCENT:
        return format_decimal(value, PERCENT_SCALE)
    if terms.kind == AlertKind.PROFIT or instrument is None:
        return format_cash(value)
    if terms.kind == AlertKind.VOLUME:
        return format_decimal(value, instrument.qty_scale)
    return format_decimal(value, instrument.price_scale, PRICE_PLACES_MIN)


def title(terms: AlertTerms, instrument: Instrument | None, value: int) -> str:
    """What happened, in a few words."""
    level = level_text(terms, instrument)
    symbol = instrument.symbol if instrument is not None else ""
    above = terms.direction == Direction.ABOVE
    if terms.kind == AlertKind.PERCENT:
        way = "up" if value > 0 else "down"
        since = " on the day" if terms.since == Since.CLOSE else ""
        return f"{symbol} is {way} {level} %{since}"
    if terms.kind == AlertKind.PROFIT:
        whose = f"Profit or loss of {symbol}" if symbol else "Profit or loss of the account"
        return f"{whose} is {level} or {'more' if above else 'less'}"
    if terms.kind == AlertKind.VOLUME:
        return f"{symbol} traded {level} or more today"
    return f"{symbol} is {'at or above' if above else 'at or below'} {level}"


def text(terms: AlertTerms, instrument: Instrument | None, value: int, note: str) -> str:
    """What happened, with the value that did it and the note."""
    shown = value_text(terms, instrument, value)
    if terms.kind == AlertKind.PERCENT:
        base = "the previous close" if terms.since == Since.CLOSE else "its price when armed"
        told = f"It moved {shown} % from {base}."
    elif terms.kind == AlertKind.PROFIT:
        since = " since the alert was armed" if terms.since == Since.ARMING else ""
        told = f"It is {shown}{since}."
    elif terms.kind == AlertKind.VOLUME:
        told = f"{shown} traded in this session so far."
    else:
        told = f"{_WATCHED[terms.watched]} {shown}."
    return f"{told} {note}".strip()
