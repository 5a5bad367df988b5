"""Backpack's public REST: requests to send, and what their answers say.

Promises: no I/O. Must not know: how a request is sent or cached.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec

from stockyard.adapters.backpack import wire
from stockyard.model.feeds import FeedRefused, FeedUnavailable, HttpAnswer, HttpRequest
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import BarTick
from stockyard.model.wire_numbers import price, scaled

BASE: Final = "https://api.backpack.exchange"
INTERVALS: Final = {window_s: interval for interval, window_s in wire.WINDOWS_S.items()}
_OK: Final = 200
_REFUSED: Final = (401, 403)
_NS: Final = 1_000_000_000
T = TypeVar("T")


class PriceFilter(msgspec.Struct, frozen=True, rename="camel"):
    """What a price must be."""

    tick_size: Decimal
    min_price: Decimal = Decimal(0)
    max_price: Decimal | None = None


class QuantityFilter(msgspec.Struct, frozen=True, rename="camel"):
    """What a quantity must be."""

    step_size: Decimal
    min_quantity: Decimal = Decimal(0)
    max_quantity: Decimal | None = None


class Filters(msgspec.Struct, frozen=True):
    """What an order must be."""

    price: PriceFilter
    quantity: QuantityFilter


class MarginFunction(msgspec.Struct, frozen=True):
    """A margin rate: the larger of ``base`` and ``factor`` times the root of the position."""

    base: Decimal
    factor: Decimal
    type: str = "sqrt"


class Market(msgspec.Struct, frozen=True, rename="camel"):
    """A market. ``market_type``: SPOT, PERP and others; the interval of funding is in ms, its
    bounds are in basis points.
    """

    symbol: str
    base_symbol: str
    quote_symbol: str
    market_type: str
    filters: Filters
    order_book_state: str = "Open"
    imf_function: MarginFunction | None = None
    mmf_function: MarginFunction | None = None
    funding_interval: int | None = None
    funding_rate_upper_bound: Decimal | None = None
    funding_rate_lower_bound: Decimal | None = None
    open_interest_limit: Decimal | None = None
    created_at: str = ""
    visible: bool = True


class KlineRow(msgspec.Struct, frozen=True, rename="camel"):
    """A bar; prices are null when nothing traded in it."""

    start: str
    end: str
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    volume: Decimal = Decimal(0)
    quote_volume: Decimal = Decimal(0)
    trades: int | str = 0


class BackpackRest:
    """Builds requests against a base address."""

    def __init__(self, base: str = BASE) -> None:
        self._base = base.rstrip("/")

    def markets(self) -> HttpRequest:
        """Every market."""
        return self._get("/api/v1/markets", {})

    def klines(self, symbol: str, window_s: int, from_s: int, to_s: int) -> HttpRequest:
        """Bars of a window (a key of ``INTERVALS``) that begin in this time, in seconds."""
        query = {
            "symbol": symbol,
            "interval": INTERVALS[window_s],
            "startTime": str(from_s),
            "endTime": str(to_s),
        }
        return self._get("/api/v1/klines", query)

    def _get(self, path: str, query: Mapping[str, str]) -> HttpRequest:
        tail = "?" + urlencode(query) if query else ""
        return HttpRequest("GET", self._base + path + tail)


def read_markets(answer: HttpAnswer) -> list[Market]:
    """Every market. Raises ``FeedRefused`` or ``FeedUnavailable``."""
    return _read(answer, list[Market])


def read_klines(answer: HttpAnswer) -> list[KlineRow]:
    """Bars, oldest first. Raises ``FeedRefused`` or ``FeedUnavailable``."""
    return _read(answer, list[KlineRow])


def bars(
    rows: Sequence[KlineRow], window_s: int, instrument: Instrument, source: str, now_ns: int
) -> list[BarTick]:
    """The bars in which something traded; final are those whose window is over.

    Raises ``FeedUnavailable`` for one that cannot be meant.
    """
    try:
        found = [_bar(row, window_s, instrument, source, now_ns) for row in rows]
    except wire.UNREADABLE as error:
        raise FeedUnavailable(f"the answer cannot be read: {error}") from None
    return [one for one in found if one is not None]


def _bar(
    row: KlineRow, window_s: int, instrument: Instrument, source: str, now_ns: int
) -> BarTick | None:
    if row.open is None or row.high is None or row.low is None or row.close is None:
        return None
    start_ns = wire.text_ns(row.start)
    average = row.quote_volume / row.volume if row.volume else Decimal(0)
    return BarTick(
        instrument.instrument_id,
        source,
        window_s,
        start_ns,
        price(row.open, instrument),
        price(row.high, instrument),
        price(row.low, instrument),
        price(row.close, instrument),
        scaled(row.volume, instrument.qty_scale),
        scaled(average, instrument.price_scale),
        wire.number_of(row.trades),
        start_ns + window_s * _NS <= now_ns,
    )


def _read(answer: HttpAnswer, kind: type[T]) -> T:
    if answer.status in _REFUSED:
        raise FeedRefused(f"answered with {answer.status}")
    if answer.status != _OK:
        raise FeedUnavailable(f"answered with {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except wire.UNREADABLE as error:
        raise FeedUnavailable(f"the answer cannot be read: {error}") from None
