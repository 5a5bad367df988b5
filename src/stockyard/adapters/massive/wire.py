"""Massive's JSON, and what it says in ours.

Promises: numbers are read as decimals and scaled without a binary float between; a message that is
wrong raises ``WireError`` and nothing else. Must not know: the order of messages.

Times: trades, quotes and bars carry milliseconds. The unit of a limit-up-limit-down message is
told by its size: the description says milliseconds, the sample beside it has microseconds.
"""

from decimal import Decimal
from typing import Final

import msgspec

from stockyard.model.instruments import Instrument
from stockyard.model.sale_conditions import Counting, counts_of_numbers
from stockyard.model.ticks import BandTick, BarTick, QuoteTick, TradeTick
from stockyard.model.wire_numbers import WireError, not_negative, positive, price, side

_MS: Final = 1_000_000
_US: Final = 1_000
_MS_BELOW: Final = 10**14
_US_BELOW: Final = 10**17
_NS_MAX: Final = 2**62


class Status(msgspec.Struct, tag_field="ev", tag="status"):
    """Something about the connection."""

    status: str = ""
    message: str = ""


class TradeMessage(msgspec.Struct, tag_field="ev", tag="T"):
    """A trade. ``ds``: its size with a fraction, where there is one."""

    sym: str
    p: Decimal
    t: int
    s: Decimal = Decimal(0)
    ds: Decimal | None = None
    c: list[int] = []
    q: int = 0


class QuoteMessage(msgspec.Struct, tag_field="ev", tag="Q"):
    """The national best bid and offer."""

    sym: str
    t: int
    bp: Decimal = Decimal(0)
    bs: Decimal = Decimal(0)
    ap: Decimal = Decimal(0)
    # "as" is no name in Python.
    ask_size: Decimal = msgspec.field(default=Decimal(0), name="as")


class BarMessage(msgspec.Struct, tag_field="ev", tag="AM"):
    """A minute. ``dv``: its volume with a fraction, where there is one."""

    sym: str
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741
    c: Decimal
    s: int
    v: Decimal = Decimal(0)
    dv: Decimal | None = None
    vw: Decimal = Decimal(0)


class SecondBarMessage(BarMessage, tag_field="ev", tag="A"):
    """A second."""


class BandMessage(msgspec.Struct, tag_field="ev", tag="LULD"):
    """Limit up, limit down."""

    T: str
    h: Decimal
    l: Decimal  # noqa: E741
    t: int


Message = Status | TradeMessage | QuoteMessage | BarMessage | SecondBarMessage | BandMessage

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading any bytes may raise; the last one for brackets in brackets in brackets."""
_frame: Final = msgspec.json.Decoder(list[Message])
_parts: Final = msgspec.json.Decoder(list[msgspec.Raw])
_one: Final = msgspec.json.Decoder(Message)


def read_frame(frame: str | bytes) -> tuple[list[Message], list[str]]:
    """The messages of a frame, and what is wrong with those that could not be read.

    What nobody asked for, such as an order imbalance, is told as wrong too.
    """
    try:
        return _frame.decode(frame), []
    except UNREADABLE:
        pass
    try:
        parts = _parts.decode(frame)
    except UNREADABLE as error:
        return [], [str(error)]
    messages, wrong = [], []
    for part in parts:
        try:
            messages.append(_one.decode(part))
        except UNREADABLE as error:
            wrong.append(str(error))
    return messages, wrong


def trade(message: TradeMessage, instrument: Instrument, source: str) -> tuple[TradeTick, Counting]:
    """A trade and what it counts for. Raises ``WireError``."""
    counting = counts_of_numbers(message.c)
    qty = message.s if message.ds is None else message.ds
    return TradeTick(
        instrument.instrument_id,
        source,
        price(message.p, instrument),
        positive(qty, instrument.qty_scale, "size"),
        event_ns(message.t),
        counting.counts,
        message.q,
    ), counting


def quote(
    message: QuoteMessage, instrument: Instrument, source: str, *, in_lots: bool
) -> QuoteTick:
    """A quote; a side without price or size is missing. Raises ``WireError``."""
    unit = instrument.round_lot if in_lots else 10**instrument.qty_scale
    bid, bid_qty = side(message.bp, message.bs, instrument, unit)
    ask, ask_qty = side(message.ap, message.ask_size, instrument, unit)
    return QuoteTick(
        instrument.instrument_id, source, bid, ask, bid_qty, ask_qty, event_ns(message.t)
    )


def bar(message: BarMessage, instrument: Instrument, source: str) -> BarTick:
    """A bar; how many trades it was made of is not told, so it is 0. Raises ``WireError``."""
    volume = message.v if message.dv is None else message.dv
    return BarTick(
        instrument.instrument_id,
        source,
        1 if isinstance(message, SecondBarMessage) else 60,
        event_ns(message.s),
        price(message.o, instrument),
        price(message.h, instrument),
        price(message.l, instrument),
        price(message.c, instrument),
        not_negative(volume, instrument.qty_scale),
        not_negative(message.vw, instrument.price_scale),
        0,
        True,
    )


def band(message: BandMessage, instrument: Instrument, source: str) -> BandTick:
    """Limit up and limit down. Raises ``WireError``."""
    return BandTick(
        instrument.instrument_id,
        source,
        price(message.l, instrument),
        price(message.h, instrument),
        event_ns(message.t),
    )


def event_ns(value: int) -> int:
    """A time in ms, us or ns, told by its size, as ns. Raises ``WireError``."""
    if value < _MS_BELOW:
        value *= _MS
    elif value < _US_BELOW:
        value *= _US
    if not 0 < value < _NS_MAX:
        raise WireError("a time lies outside all years that are known")
    return value
