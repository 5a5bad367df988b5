"""DXLink's JSON, and what it says in ours.

Promises: numbers are read as decimals and scaled without a binary float between, Greeks apart; a
message that is wrong raises ``WireError`` and nothing else. Must not know: the order of messages.

Events come in lists of bare values whose order the server tells (compact), or as objects (full).
Times are milliseconds; what is not known is ``"NaN"``.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import msgspec

from stockyard.model.instruments import Instrument
from stockyard.model.ticks import DAY_S, BarTick, Counts, GreeksTick, QuoteTick, TradeTick
from stockyard.model.wire_numbers import WireError, not_negative, positive

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Quote": (
        "eventSymbol",
        "timeNanoPart",
        "bidTime",
        "askTime",
        "bidPrice",
        "askPrice",
        "bidSize",
        "askSize",
    ),
    "Trade": ("eventSymbol", "time", "timeNanoPart", "sequence", "price", "size"),
    "Greeks": (
        "eventSymbol",
        "time",
        "price",
        "volatility",
        "delta",
        "gamma",
        "theta",
        "rho",
        "vega",
    ),
    "Summary": (
        "eventSymbol",
        "dayId",
        "dayClosePriceType",
        "dayOpenPrice",
        "dayHighPrice",
        "dayLowPrice",
        "dayClosePrice",
    ),
    "Candle": (
        "eventSymbol",
        "eventFlags",
        "time",
        "count",
        "volume",
        "vwap",
        "open",
        "high",
        "low",
        "close",
    ),
}
"""The events that can be asked for, with the fields wanted of each."""
PERIODS_S: Final = {"1s": 1, "1m": 60, "5m": 300, "1h": 3600, "1d": 86400}
"""The periods of candles that have a window here."""
REMOVE_EVENT: Final = 2
"""The flag of an event that takes an earlier one back."""
_MS: Final = 1_000_000
_NS: Final = 1_000_000_000
_NS_MAX: Final = 2**62
_SEQUENCE_BITS: Final = 22
_SINCE_2020_MS: Final = 1_577_836_800_000
_CANDLE: Final = re.compile(r"(.+)\{=([0-9]{0,4})(s|m|h|d|w|mo)(?:,[^{}]*)?\}")
_OPTION: Final = re.compile(r"([A-Z]{1,6}) *([0-9]{6})([CP])([0-9]{8})")

UNREADABLE: Final = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""What reading text that is no message can end in."""

Event = Mapping[str, Any]
_frame: Final = msgspec.json.Decoder(float_hook=Decimal)


def read_frame(frame: str | bytes) -> dict[str, Any]:
    """A message of any channel. Raises ``WireError``."""
    try:
        message = _frame.decode(frame)
    except UNREADABLE as error:
        raise WireError(str(error)) from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise WireError("a message is an object with a type")
    return message


def read_fields(message: Event, fields: dict[str, tuple[str, ...]]) -> None:
    """Take over the order of fields that the server tells. Raises ``WireError``."""
    told = message.get("eventFields")
    if told is None:
        return
    if not isinstance(told, dict):
        raise WireError("eventFields is an object")
    for kind, names in told.items():
        if kind not in FIELDS:
            continue
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise WireError("the fields of an event are a list of names")
        if "eventSymbol" not in names:
            raise WireError(f"{kind} comes without eventSymbol")
        fields[kind] = tuple(names)


def read_events(
    message: Event, fields: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Event]]:
    """The events of a message, in order, each with its kind. Raises ``WireError``."""
    data = message.get("data")
    if not isinstance(data, list):
        raise WireError("data is a list")
    if all(isinstance(part, dict) for part in data):
        for part in data:
            kind = part.get("eventType")
            if not isinstance(kind, str):
                raise WireError("an event has no type")
            yield kind, part
        return
    for kind, values in zip(data[::2], data[1::2], strict=False):
        if not isinstance(kind, str) or not isinstance(values, list):
            raise WireError("data is made of kinds and their values")
        names = fields.get(kind)
        if names is None:
            raise WireError(f"nobody told the fields of {kind[:40]}")
        if len(values) % len(names):
            raise WireError(f"the values of {kind} are no multiple of its fields")
        for first in range(0, len(values), len(names)):
            yield kind, dict(zip(names, values[first : first + len(names)], strict=True))
    if len(data) % 2:
        raise WireError("data ends with a kind")


def symbol_of(event: Event) -> str:
    """Whose event it is. Raises ``WireError``."""
    symbol = event.get("eventSymbol")
    if not isinstance(symbol, str):
        raise WireError("an event has no symbol")
    return symbol


def quote(event: Event, instrument: Instrument, source: str, now_ns: int) -> QuoteTick:
    """A quote; a side without price or size is missing. Raises ``WireError``.

    Its time is that of the side that changed last; a quote without times has just come.
    """
    bid, bid_qty = _side(event, "bid", instrument)
    ask, ask_qty = _side(event, "ask", instrument)
    ms = max(_whole(event, "bidTime"), _whole(event, "askTime"))
    ts = _event_ns(ms, event) if ms else now_ns
    return QuoteTick(instrument.instrument_id, source, bid, ask, bid_qty, ask_qty, ts)


def trade(event: Event, instrument: Instrument, source: str) -> TradeTick | None:
    """A trade; None when there has not been one yet. Raises ``WireError``.

    ``sequence`` tells apart only trades of the same millisecond there, so the time is part of ours.
    """
    price, size = _number(event, "price"), _number(event, "size")
    if not price or not size:
        return None
    ms, sequence = _whole(event, "time"), _whole(event, "sequence")
    if not 0 <= sequence < 1 << _SEQUENCE_BITS:
        raise WireError("a sequence is out of its range")
    return TradeTick(
        instrument.instrument_id,
        source,
        positive(price, instrument.price_scale, "price"),
        positive(size, instrument.qty_scale, "size"),
        _event_ns(ms, event),
        Counts.ALL,
        max(ms - _SINCE_2020_MS, 0) << _SEQUENCE_BITS | sequence,
    )


def greeks(event: Event, instrument: Instrument, source: str) -> GreeksTick | None:
    """What a model says of an option; None where it says nothing. Raises ``WireError``."""
    found: dict[str, float] = {}
    for name in ("price", "volatility", "delta", "gamma", "theta", "vega", "rho"):
        number = _number(event, name)
        if number is None:
            return None
        found[name] = float(number)
        if not isfinite(found[name]):
            raise WireError(f"{name} is no number")
    ts = _event_ns(_whole(event, "time"), event)
    return GreeksTick(instrument.instrument_id, source, ts_event=ts, **found)


def day(event: Event, instrument: Instrument, source: str, last: int) -> BarTick | None:
    """The day so far as a bar that begins at 00:00 UTC of its date; None before it has prices.

    Its close is ``last`` until there is one; volume, average price and count are not told. Raises
    ``WireError``.
    """
    prices = [_price_or_none(event, f"day{name}Price", instrument) for name in _DAY]
    opened, high, low, close = prices
    close = close or last
    if opened is None or high is None or low is None or not close:
        return None
    start_ns = _in_time(_whole(event, "dayId") * DAY_S * _NS)
    final = event.get("dayClosePriceType") == "FINAL"
    return BarTick(
        instrument.instrument_id,
        source,
        DAY_S,
        start_ns,
        opened,
        high,
        low,
        close,
        0,
        0,
        0,
        final,
    )


def candle(
    event: Event, window_s: int, instrument: Instrument, source: str, now_ns: int
) -> BarTick | None:
    """A bar; None for one without trades or taken back. Raises ``WireError``.

    It is final when its window is over.
    """
    if _whole(event, "eventFlags") & REMOVE_EVENT:
        return None
    opened, high, low, close = (_price_or_none(event, n.lower(), instrument) for n in _DAY)
    if opened is None or high is None or low is None or close is None:
        return None
    start_ns = _in_time(_whole(event, "time") * _MS)
    return BarTick(
        instrument.instrument_id,
        source,
        window_s,
        start_ns,
        opened,
        high,
        low,
        close,
        _size_or_0(event, "volume", instrument.qty_scale),
        _size_or_0(event, "vwap", instrument.price_scale),
        max(_whole(event, "count"), 0),
        start_ns + window_s * _NS <= now_ns,
    )


_DAY: Final = ("Open", "High", "Low", "Close")


def candle_symbol(symbol: str, period: str) -> str:
    """The word for candles of a symbol."""
    return f"{symbol}{{={period}}}"


def split_candle(text: str) -> tuple[str, int]:
    """A candle's symbol and its window in seconds. Raises ``WireError``.

    One of a unit is written without the number as well.
    """
    match = _CANDLE.fullmatch(text)
    if match is None:
        raise WireError("a candle's symbol cannot be read")
    window_s = PERIODS_S.get(f"{int(match[2] or 1)}{match[3]}")
    if window_s is None:
        raise WireError("a candle has a period that was not asked for")
    return match[1], window_s


def their_symbol(ours: str) -> str:
    """Our symbol in their words: stocks, coins against dollars, options by their OCC symbols."""
    option = _OPTION.fullmatch(ours)
    if option is not None:
        strike = Decimal(int(option[4])).scaleb(-3).normalize()
        return f".{option[1]}{option[2]}{option[3]}{strike:f}"
    if "/" in ours:
        return f"{ours}:CXTALP"
    return ours.replace(".", "/")


def _side(event: Event, name: str, instrument: Instrument) -> tuple[int, int]:
    price, size = _number(event, f"{name}Price"), _number(event, f"{name}Size")
    if not price or not size:
        return 0, 0
    qty = not_negative(size, instrument.qty_scale)
    return (positive(price, instrument.price_scale, "price"), qty) if qty else (0, 0)


def _size_or_0(event: Event, name: str, scale: int) -> int:
    number = _number(event, name)
    return not_negative(number, scale) if number is not None else 0


def _price_or_none(event: Event, name: str, instrument: Instrument) -> int | None:
    number = _number(event, name)
    return positive(number, instrument.price_scale, "price") if number else None


def _number(event: Event, name: str) -> Decimal | None:
    """A field's number; None for what is missing or not known. Raises ``WireError``."""
    value = event.get(name)
    if value is None or value == "NaN":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise WireError(f"{name} is no number")
    return Decimal(value)


def _whole(event: Event, name: str) -> int:
    """A field's whole number, 0 where it is missing. Raises ``WireError``."""
    number = _number(event, name)
    if number is None:
        return 0
    if not number.is_finite() or abs(number) >= _NS_MAX or number != int(number):
        raise WireError(f"{name} is no whole number")
    return int(number)


def _event_ns(ms: int, event: Event) -> int:
    part = _whole(event, "timeNanoPart")
    return _in_time(ms * _MS + (part if 0 <= part < _MS else 0))


def _in_time(ts_ns: int) -> int:
    if not 0 < ts_ns < _NS_MAX:
        raise WireError("a time lies outside all years that are known")
    return ts_ns
