"""What requests for market data have in common: symbols, a range of time, pages.

Promises: parameters that mean nothing here are taken where Alpaca takes them, and refused
otherwise. A page is found again by its token alone, however often it is asked for. Must not know:
what is read.

A symbol that is well written and not known has no data; one that cannot be a symbol is refused. A
day stands for all of itself: from its first moment as ``start``, to its last one as ``end``.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from stockyard.api.alpaca.errors import Refusal, invalid
from stockyard.api.alpaca.routing import Call
from stockyard.api.alpaca.timeframes import Place
from stockyard.api.door import Door
from stockyard.api.problems import Problem
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.storage.ports import NS_MAX

LIMIT_DEFAULT: Final = 1_000
LIMIT_MAX: Final = 10_000
SYMBOLS_MAX: Final = 100
FEEDS: Final = ("sip", "iex", "delayed_sip", "otc", "boats", "overnight")
ADJUSTMENTS: Final = ("raw", "split", "dividend", "spin-off", "all")
CURRENCIES: Final = ("USD",)
_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9.]{0,11}([/-][A-Z0-9]{1,8})?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TOKEN: Final = re.compile(r"([A-Z0-9./-]{1,24})\|([0-9]{1,19})\|([0-9]{1,19})", re.ASCII)
STOCKS: Final = frozenset({AssetClass.US_EQUITY})
COINS: Final = frozenset({AssetClass.CRYPTO})


class Range(NamedTuple):
    """Which times are asked for, both included, and how."""

    from_ns: int
    to_ns: int
    newest_first: bool
    limit: int


class Token(NamedTuple):
    """Where a page begins: at a symbol and a time, and for ticks the number of one at that time."""

    symbol: str
    ts_ns: int
    number: int = 0

    def text(self) -> str:
        """As it is handed out."""
        return urlsafe_b64encode(f"{self.symbol}|{self.ts_ns}|{self.number}".encode()).decode()


def instruments(door: Door, texts: Iterable[str], classes: Collection[int]) -> list[Instrument]:
    """The instruments of these symbols, by symbol; those that are not known are left out.

    Raises ``Refusal``.
    """
    found: dict[str, Instrument] = {}
    for text in texts:
        symbol = text.upper()
        if _SYMBOL.fullmatch(symbol) is None:
            raise invalid("symbol", text, "send symbols such as AAPL or BTC/USD")
        try:
            instrument = door.instrument(symbol)
        except Problem:
            continue
        if instrument.asset_class in classes:
            found[instrument.symbol] = instrument
    return [found[symbol] for symbol in sorted(found)]


def named(call: Call, classes: Collection[int]) -> list[Instrument]:
    """The instruments of the parameter ``symbols``. Raises ``Refusal``."""
    texts = call.query.words("symbols")
    if not texts:
        raise invalid("symbols", "", "name at least one symbol")
    if len(texts) > SYMBOLS_MAX:
        raise invalid("symbols", f"{len(texts)} symbols", f"name at most {SYMBOLS_MAX}")
    return instruments(call.door, texts, classes)


def check_words(call: Call, stocks: bool) -> None:
    """Refuse what Alpaca would of the parameters that change nothing here. Raises ``Refusal``."""
    query = call.query
    if not stocks:
        return
    if query.text("feed") is not None:
        query.choice("feed", {word: word for word in FEEDS}, "sip")
    if query.text("currency") is not None:
        query.choice("currency", {word: word for word in CURRENCIES}, "USD")
    for word in query.words("adjustment"):
        if word not in ADJUSTMENTS:
            raise invalid("adjustment", word, f"use {', '.join(ADJUSTMENTS)}")
    asof = query.text("asof")
    if asof not in (None, "-"):
        _day("asof", asof or "")


def asked_range(call: Call, place: Place) -> Range:
    """The range of a request. Raises ``Refusal``."""
    query, now_ns = call.query, call.door.world.clock.now_ns()
    said_start, said_end = query.text("start"), query.text("end")
    to_ns = _moment(call, "end", said_end, place, last=True) if said_end else now_ns
    if said_start:
        from_ns = _moment(call, "start", said_start, place)
    else:
        from_ns = place.midnight_ns(place.day(min(now_ns, to_ns)))
    if from_ns > to_ns:
        raise invalid("end", said_end or "now", "send an end that is not before the start")
    newest_first = query.choice("sort", {"asc": False, "desc": True}, "asc")
    return Range(from_ns, to_ns, newest_first, asked_limit(call))


def asked_limit(call: Call, default: int = LIMIT_DEFAULT, most: int = LIMIT_MAX) -> int:
    """How many rows a page has. Raises ``Refusal``."""
    return call.query.whole("limit", default, 1, most)


def token(call: Call, symbols: list[str]) -> Token | None:
    """Where this page begins, None for the first one. Raises ``Refusal``."""
    said = call.query.text("page_token")
    if said is None:
        return None
    try:
        text = urlsafe_b64decode(said.encode("ascii")).decode("ascii") if len(said) < 100 else ""
    except (binascii.Error, ValueError):
        text = ""
    match = _TOKEN.fullmatch(text)
    if match is None or match[1] not in symbols or int(match[2]) > NS_MAX:
        raise invalid("page_token", said, "send next_page_token as it came, with the same symbols")
    return Token(match[1], int(match[2]), min(int(match[3]), NS_MAX))


def _moment(call: Call, name: str, said: str, place: Place, last: bool = False) -> int:
    if _DAY.fullmatch(said) is None:
        return call.query.moment(name)
    day = _day(name, said)
    return place.midnight_ns(day + timedelta(days=1)) - 1 if last else place.midnight_ns(day)


def _day(name: str, said: str) -> date:
    try:
        day = date.fromisoformat(said) if _DAY.fullmatch(said) else date.min
    except ValueError:
        day = date.min
    if not 1970 <= day.year < 2100:
        raise invalid(name, said, "send a day such as 2026-11-20")
    return day


def no_data(what: str, symbol: str) -> Refusal:
    """The refusal of a single symbol that has nothing to show."""
    return Refusal(404, 40410000, f"no {what} found for {symbol}", "no_data")
