"""Massive's REST answers: requests to send, and what their answers say.

Promises: no I/O; the key goes into a header, so that no address that is logged holds it. Prices
stay decimals: whoever asks knows the instrument. Must not know: how a request is sent or cached.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from stockyard.model.feeds import FeedRefused, FeedUnavailable, HttpAnswer, HttpRequest

BASE: Final = "https://api.massive.com"
TIMESPANS: Final = {1: "second", 60: "minute", 3600: "hour", 86400: "day"}
BARS_MAX: Final = 50_000
_OK: Final = 200
_NOT_FOUND: Final = 404
_REFUSED: Final = (401, 403)
T = TypeVar("T")


class Aggregate(msgspec.Struct, frozen=True):
    """A bar; ``t``: when its window starts, in ms."""

    t: int
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741
    c: Decimal
    v: Decimal = Decimal(0)
    vw: Decimal = Decimal(0)
    n: int = 0


class Aggregates(msgspec.Struct, frozen=True):
    """A page of bars."""

    results: Sequence[Aggregate] = ()
    next_url: str = ""


class Ticker(msgspec.Struct, frozen=True):
    """A ticker as the search shows it."""

    ticker: str
    name: str = ""
    market: str = ""
    locale: str = ""
    primary_exchange: str = ""
    type: str = ""
    active: bool = True
    currency_name: str = ""
    last_updated_utc: str = ""


class Tickers(msgspec.Struct, frozen=True):
    """A page of tickers."""

    results: Sequence[Ticker] = ()
    next_url: str = ""


class Address(msgspec.Struct, frozen=True):
    """Where a company is."""

    address1: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""


class Company(Ticker, frozen=True):
    """A ticker with its company."""

    description: str = ""
    homepage_url: str = ""
    list_date: str = ""
    phone_number: str = ""
    sic_code: str = ""
    sic_description: str = ""
    address: Address = Address()
    market_cap: Decimal | None = None
    total_employees: int | None = None
    share_class_shares_outstanding: Decimal | None = None
    weighted_shares_outstanding: Decimal | None = None
    round_lot: int | None = None


class _Details(msgspec.Struct):
    results: Company


class SnapshotBar(msgspec.Struct, frozen=True):
    """A bar inside a snapshot; zeros before the first trade of the day."""

    o: Decimal = Decimal(0)
    h: Decimal = Decimal(0)
    l: Decimal = Decimal(0)  # noqa: E741
    c: Decimal = Decimal(0)
    v: Decimal = Decimal(0)
    vw: Decimal = Decimal(0)
    t: int = 0


class LastTrade(msgspec.Struct, frozen=True):
    """The last trade; ``t`` in ns."""

    p: Decimal
    s: Decimal = Decimal(0)
    t: int = 0


class LastQuote(msgspec.Struct, frozen=True):
    """The last quote: capitals are the ask's; ``t`` in ns."""

    P: Decimal = Decimal(0)
    S: Decimal = Decimal(0)
    p: Decimal = Decimal(0)
    s: Decimal = Decimal(0)
    t: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """How a ticker stands; ``updated`` in ns. Parts that the plan does not include are None."""

    ticker: str
    todaysChange: Decimal = Decimal(0)
    todaysChangePerc: Decimal = Decimal(0)
    updated: int = 0
    day: SnapshotBar | None = None
    prevDay: SnapshotBar | None = None
    min: SnapshotBar | None = None
    lastTrade: LastTrade | None = None
    lastQuote: LastQuote | None = None


class _Snapshots(msgspec.Struct):
    tickers: list[Snapshot] = []


class MassiveRest:
    """Builds requests with a key against a base address."""

    def __init__(self, key: str, base: str = BASE) -> None:
        self._headers: Mapping[str, str] = {"authorization": f"Bearer {key}"}
        self._base = base.rstrip("/")

    def aggregates(
        self, ticker: str, window_s: int, from_ms: int, to_ms: int, multiplier: int = 1
    ) -> HttpRequest:
        """Bars of ``multiplier`` windows (a key of ``TIMESPANS``), split adjusted, oldest first."""
        path = (
            f"/v2/aggs/ticker/{quote(ticker, safe='')}/range/{multiplier}/{TIMESPANS[window_s]}"
            f"/{from_ms}/{to_ms}"
        )
        return self._get(path, {"adjusted": "true", "sort": "asc", "limit": str(BARS_MAX)})

    def search(self, text: str, limit: int = 20) -> HttpRequest:
        """Active stocks whose ticker or company name holds the text."""
        return self._get(
            "/v3/reference/tickers",
            {"search": text, "market": "stocks", "active": "true", "limit": str(limit)},
        )

    def company(self, ticker: str) -> HttpRequest:
        """A ticker's company."""
        return self._get(f"/v3/reference/tickers/{quote(ticker, safe='')}", {})

    def snapshots(self, tickers: Sequence[str]) -> HttpRequest:
        """How tickers stand."""
        return self._get(
            "/v2/snapshot/locale/us/markets/stocks/tickers", {"tickers": ",".join(tickers)}
        )

    def next_page(self, next_url: str) -> HttpRequest:
        """The page a ``next_url`` names, at our base: an answer cannot send the key elsewhere.

        Raises ``FeedUnavailable`` for one that is no address.
        """
        try:
            parts = urlsplit(next_url)
        except ValueError as error:
            raise FeedUnavailable(f"the answer cannot be read: {error}") from None
        return HttpRequest("GET", f"{self._base}{parts.path}?{parts.query}", self._headers)

    def _get(self, path: str, query: Mapping[str, str]) -> HttpRequest:
        tail = "?" + urlencode(query) if query else ""
        return HttpRequest("GET", self._base + path + tail, self._headers)


def read_aggregates(answer: HttpAnswer) -> Aggregates:
    """Bars. Raises ``FeedRefused`` or ``FeedUnavailable``."""
    return _read(answer, Aggregates)


def read_tickers(answer: HttpAnswer) -> Tickers:
    """Tickers found. Raises ``FeedRefused`` or ``FeedUnavailable``."""
    return _read(answer, Tickers)


def read_company(answer: HttpAnswer) -> Company | None:
    """A company; None when there is no such ticker. Raises as the others do."""
    return None if answer.status == _NOT_FOUND else _read(answer, _Details).results


def read_snapshots(answer: HttpAnswer) -> list[Snapshot]:
    """How tickers stand; unknown ones are missing. Raises as the others do."""
    return _read(answer, _Snapshots).tickers


def _read(answer: HttpAnswer, kind: type[T]) -> T:
    if answer.status in _REFUSED:
        raise FeedRefused(f"answered with {answer.status}")
    if answer.status != _OK:
        raise FeedUnavailable(f"answered with {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FeedUnavailable(f"the answer cannot be read: {error}") from None
