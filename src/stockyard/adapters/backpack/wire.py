"""Backpack's JSON, and what it says in ours.

Promises: numbers are read as decimals and scaled without a binary float between; a message that is
wrong raises ``WireError`` and nothing else. Must not know: the order of messages.

Times: ``E`` and ``T`` count microseconds, as integers or as text; a bar's are text without a zone,
in UTC; the next funding is in milliseconds.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from stockyard.model.instruments import Instrument
from stockyard.model.ticks import BarTick, MarkTick, QuoteTick, TradeTick
from stockyard.model.wire_numbers import WireError, not_negative, positive, price, scaled

WINDOWS_S: Final = {"1s": 1, "1m": 60, "5m": 300, "1h": 3600, "1d": 86400}
"""The intervals of bars that have a window here."""
_US: Final = 1_000
_MS: Final = 1_000_000
_NS_MAX: Final = 2**62
_PPB_SCALE: Final = 9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

UNREADABLE: Final = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""What reading text that is no message can end in."""


class Fault(msgspec.Struct):
    """What the server says when it does not like a request."""

    code: int = 0
    message: str = ""


class Frame(msgspec.Struct):
    """What every frame is wrapped in: a stream with its data, a fault, or the result of a request.

    No result is documented; one that comes says nothing.
    """

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    error: Fault | None = None
    result: object = msgspec.UNSET


class BookTicker(msgspec.Struct):
    """The best bid and offer. ``u``: the number of the update; ``T``: the engine's time."""

    s: str
    T: int | str
    u: int | str = 0
    a: Decimal | None = None
    A: Decimal | None = None
    b: Decimal | None = None
    B: Decimal | None = None


class TradeMessage(msgspec.Struct):
    """A trade; ``t``: its id."""

    s: str
    p: Decimal
    q: Decimal
    T: int | str
    t: int = 0


class MarkPrice(msgspec.Struct):
    """A perpetual's mark. ``i``: index; ``f``: estimated funding rate; ``n``: its next time."""

    s: str
    p: Decimal
    T: int | str
    i: Decimal = Decimal(0)
    f: Decimal = Decimal(0)
    n: int | str = 0


class Kline(msgspec.Struct):
    """A bar; prices are null while nothing has traded in it. ``X``: whether it is closed."""

    s: str
    t: str
    o: Decimal | None = None
    c: Decimal | None = None
    h: Decimal | None = None
    l: Decimal | None = None  # noqa: E741
    v: Decimal = Decimal(0)
    n: int = 0
    X: bool = False


class Pulse(msgspec.Struct):
    """A message that only tells that its market is alive."""

    s: str


Message = BookTicker | TradeMessage | MarkPrice | Kline | Pulse

_frame: Final = msgspec.json.Decoder(Frame)
_kinds: Final[dict[str, msgspec.json.Decoder[Message]]] = {
    "bookTicker": msgspec.json.Decoder(BookTicker),
    "trade": msgspec.json.Decoder(TradeMessage),
    "markPrice": msgspec.json.Decoder(MarkPrice),
    "kline": msgspec.json.Decoder(Kline),
    "ticker": msgspec.json.Decoder(Pulse),
}


def read_frame(frame: str | bytes) -> Frame:
    """A frame's wrapping. Raises ``WireError``."""
    try:
        return _frame.decode(frame)
    except UNREADABLE as error:
        raise WireError(str(error)) from None


def read_message(kind: str, data: msgspec.Raw) -> Message | None:
    """A stream's data by its kind; None for one that is never asked for. Raises ``WireError``."""
    decoder = _kinds.get(kind)
    if decoder is None:
        return None
    try:
        return decoder.decode(data)
    except UNREADABLE as error:
        raise WireError(str(error)) from None


def quote(message: BookTicker, instrument: Instrument, source: str) -> QuoteTick:
    """A quote; a side without price or size is missing. Raises ``WireError``."""
    bid, bid_qty = _side(message.b, message.B, instrument)
    ask, ask_qty = _side(message.a, message.A, instrument)
    return QuoteTick(
        instrument.instrument_id, source, bid, ask, bid_qty, ask_qty, event_ns(message.T)
    )


def trade(message: TradeMessage, instrument: Instrument, source: str, counts: int) -> TradeTick:
    """A trade. Raises ``WireError``."""
    return TradeTick(
        instrument.instrument_id,
        source,
        price(message.p, instrument),
        positive(message.q, instrument.qty_scale, "size"),
        event_ns(message.T),
        counts,
        message.t if 0 < message.t < _NS_MAX else 0,
    )


def mark(message: MarkPrice, instrument: Instrument, source: str) -> MarkTick:
    """A mark. Raises ``WireError``."""
    return MarkTick(
        instrument.instrument_id,
        source,
        price(message.p, instrument),
        scaled(message.i, instrument.price_scale),
        scaled(message.f, _PPB_SCALE),
        _time_ns(message.n, _MS) if message.n else 0,
        event_ns(message.T),
    )


def bar(message: Kline, window_s: int, instrument: Instrument, source: str) -> BarTick | None:
    """A bar, its average price untold; None while nothing traded in it. Raises ``WireError``."""
    opened, high, low, close = message.o, message.h, message.l, message.c
    if opened is None or high is None or low is None or close is None:
        return None
    return BarTick(
        instrument.instrument_id,
        source,
        window_s,
        text_ns(message.t),
        price(opened, instrument),
        price(high, instrument),
        price(low, instrument),
        price(close, instrument),
        not_negative(message.v, instrument.qty_scale),
        0,
        max(message.n, 0),
        message.X,
    )


def event_ns(value: int | str) -> int:
    """A time in microseconds as ns. Raises ``WireError``."""
    return _time_ns(value, _US)


def text_ns(text: str) -> int:
    """A time as text, UTC when it names no zone, as ns. Raises ``WireError``."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WireError("a time cannot be read") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return _in_time((moment - _EPOCH) // timedelta(microseconds=1) * _US)


def number_of(value: int | str) -> int:
    """A whole number that may be written as text. Raises ``WireError``."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(_NS_MAX))):
            raise WireError("a whole number cannot be read")
        value = int(value)
    return value


def _time_ns(value: int | str, unit_ns: int) -> int:
    return _in_time(number_of(value) * unit_ns)


def _in_time(ts_ns: int) -> int:
    if not 0 < ts_ns < _NS_MAX:
        raise WireError("a time lies outside all years that are known")
    return ts_ns


def _side(value: Decimal | None, size: Decimal | None, instrument: Instrument) -> tuple[int, int]:
    if not value or not size:
        return 0, 0
    qty = not_negative(size, instrument.qty_scale)
    return (price(value, instrument), qty) if qty else (0, 0)
