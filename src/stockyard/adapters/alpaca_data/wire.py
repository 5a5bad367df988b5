"""Alpaca's messages, in JSON or MessagePack, and what they say in ours.

Promises: a message that is wrong raises ``WireError`` and nothing else. Times keep their
nanoseconds in both encodings. Must not know: the order of messages.
"""

import re
import struct
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec.msgpack import Ext

from stockyard.model.instruments import Instrument
from stockyard.model.sale_conditions import Counting, counts_of_letters
from stockyard.model.ticks import BandTick, BarTick, QuoteTick, StatusTick, TradeTick
from stockyard.model.wire_numbers import WireError, not_negative, positive, price, side

TIMESTAMP_CODE: Final = -1
"""MessagePack's extension type of times."""
HALTED: Final = {"H": True, "P": True, "2": True, "T": False, "3": False}
"""Status codes that stop trading or let it go on: UTP's letters and CTA's digits."""
TOLD: Final = frozenset("QRSI56789ACDEF")
"""Status codes that leave trading as it is: indications, imbalances, quotation only."""
_NS: Final = 1_000_000_000
_NS_MAX: Final = 2**62
_ZERO: Final = Decimal(0)
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
Time = str | Ext


class Success(msgspec.Struct, tag_field="T", tag="success"):
    """A step of the handshake went well."""

    msg: str


class Failure(msgspec.Struct, tag_field="T", tag="error"):
    """Something was refused."""

    code: int
    msg: str = ""


class Subscription(msgspec.Struct, tag_field="T", tag="subscription", rename="camel"):
    """All that is subscribed to now."""

    trades: list[str] = []
    quotes: list[str] = []
    bars: list[str] = []
    updated_bars: list[str] = []
    daily_bars: list[str] = []
    statuses: list[str] = []
    lulds: list[str] = []


class TradeMessage(msgspec.Struct, tag_field="T", tag="t"):
    """A trade; coins have no conditions."""

    S: str
    p: Decimal
    s: Decimal
    t: Time
    c: list[str] | None = None


class QuoteMessage(msgspec.Struct, tag_field="T", tag="q"):
    """The best bid and offer."""

    S: str
    t: Time
    bp: Decimal = _ZERO
    bs: Decimal = _ZERO
    ap: Decimal = _ZERO
    # "as" is no name in Python.
    ask_size: Decimal = msgspec.field(default=_ZERO, name="as")


class BarMessage(msgspec.Struct, tag_field="T", tag="b"):
    """A minute that has ended."""

    S: str
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741
    c: Decimal
    t: Time
    v: Decimal = _ZERO
    vw: Decimal = _ZERO
    n: int = 0


class UpdatedBarMessage(BarMessage, tag_field="T", tag="u"):
    """A minute that late trades changed."""


class DailyBarMessage(BarMessage, tag_field="T", tag="d"):
    """The day so far."""


class StatusMessage(msgspec.Struct, tag_field="T", tag="s"):
    """Trading stops, goes on, or is about to; ``rc``, ``rm``: why."""

    S: str
    sc: str
    t: Time
    rc: str = ""
    rm: str = ""


class BandMessage(msgspec.Struct, tag_field="T", tag="l"):
    """Limit up, limit down."""

    S: str
    u: Decimal
    d: Decimal
    t: Time


class CorrectionMessage(msgspec.Struct, tag_field="T", tag="c"):
    """A trade was otherwise."""

    S: str


class CancelMessage(msgspec.Struct, tag_field="T", tag="x"):
    """A trade never was."""

    S: str


Control = Success | Failure | Subscription
Data = (
    TradeMessage
    | QuoteMessage
    | BarMessage
    | UpdatedBarMessage
    | DailyBarMessage
    | StatusMessage
    | BandMessage
    | CorrectionMessage
    | CancelMessage
)
Message = Control | Data

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading any bytes may raise; the last one for brackets in brackets in brackets."""
_json_frame: Final = msgspec.json.Decoder(list[Message])
_json_parts: Final = msgspec.json.Decoder(list[msgspec.Raw])
_json_one: Final = msgspec.json.Decoder(Message)
_pack_frame: Final = msgspec.msgpack.Decoder(list[Message])
_pack_parts: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])
_pack_one: Final = msgspec.msgpack.Decoder(Message)


def read_frame(frame: str | bytes) -> tuple[list[Message], list[str]]:
    """The messages of a frame, and what is wrong with those that could not be read.

    Text is JSON and bytes are MessagePack, but for bytes that begin as a JSON array does.
    """
    if isinstance(frame, str) or frame[:1] == b"[":
        return _read(frame, _json_frame, _json_parts, _json_one)
    return _read(frame, _pack_frame, _pack_parts, _pack_one)


def _read(frame: str | bytes, whole: Any, parts: Any, one: Any) -> tuple[list[Message], list[str]]:
    try:
        return whole.decode(frame), []
    except UNREADABLE:
        pass
    try:
        pieces = parts.decode(frame)
    except UNREADABLE as error:
        return [], [str(error)]
    messages, wrong = [], []
    for piece in pieces:
        try:
            messages.append(one.decode(piece))
        except UNREADABLE as error:
            wrong.append(str(error))
    return messages, wrong


def encode(message: Any, *, packed: bool) -> str | bytes:
    """A message of ours."""
    if packed:
        return msgspec.msgpack.encode(message)
    return msgspec.json.encode(message).decode()


def trade(message: TradeMessage, instrument: Instrument, source: str) -> tuple[TradeTick, Counting]:
    """A trade and what it counts for. Raises ``WireError``.

    Its id is unique within an exchange only, so it is no sequence.
    """
    counting = counts_of_letters(message.c or ())
    return TradeTick(
        instrument.instrument_id,
        source,
        price(message.p, instrument),
        positive(message.s, instrument.qty_scale, "size"),
        event_ns(message.t),
        counting.counts,
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
    """A bar; the day's is never final. Raises ``WireError``."""
    daily = isinstance(message, DailyBarMessage)
    return BarTick(
        instrument.instrument_id,
        source,
        86_400 if daily else 60,
        event_ns(message.t),
        price(message.o, instrument),
        price(message.h, instrument),
        price(message.l, instrument),
        price(message.c, instrument),
        not_negative(message.v, instrument.qty_scale),
        not_negative(message.vw, instrument.price_scale),
        message.n,
        not daily,
    )


def band(message: BandMessage, instrument: Instrument, source: str) -> BandTick:
    """Limit up and limit down. Raises ``WireError``."""
    return BandTick(
        instrument.instrument_id,
        source,
        price(message.d, instrument),
        price(message.u, instrument),
        event_ns(message.t),
    )


def status(message: StatusMessage, instrument: Instrument, source: str) -> StatusTick | None:
    """A halt or its end; None for what leaves trading as it is. Raises ``WireError``."""
    halted = HALTED.get(message.sc)
    if halted is None:
        if message.sc in TOLD:
            return None
        raise WireError(f"nobody knows the status {message.sc[:8]!r}")
    reason = " ".join(part for part in (message.rc, message.rm) if part)[:64]
    return StatusTick(instrument.instrument_id, source, halted, reason, event_ns(message.t))


def event_ns(value: Time) -> int:
    """RFC 3339 or a MessagePack timestamp as ns since 1970. Raises ``WireError``."""
    ns = _text_ns(value) if isinstance(value, str) else _packed_ns(value)
    if not 0 < ns < _NS_MAX:
        raise WireError("a time lies outside all years that are known")
    return ns


def _text_ns(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise WireError("a time is not RFC 3339 with a zone")
    seconds, fraction, zone = found.groups()
    return _seconds(seconds, zone) * _NS + int((fraction or "").ljust(9, "0"))


@lru_cache(maxsize=64)
def _seconds(text: str, zone: str) -> int:
    try:
        at = datetime.fromisoformat(text.upper() + ("+00:00" if zone in "Zz" else zone))
        return int(at.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise WireError(f"a time is none: {error}") from None


def _packed_ns(value: Ext) -> int:
    """The three forms of the specification: 4, 8 and 12 bytes."""
    data = bytes(value.data)
    if value.code == TIMESTAMP_CODE:
        if len(data) == 4:
            return int.from_bytes(data, "big") * _NS
        if len(data) == 8:
            both = int.from_bytes(data, "big")
            return (both & (1 << 34) - 1) * _NS + (both >> 34)
        if len(data) == 12:
            ns, seconds = struct.unpack(">Iq", data)
            return int(seconds) * _NS + int(ns)
    raise WireError("a time is no MessagePack timestamp")
