"""Reference data: companies, searches, and the days before our own history.

Promises: whoever is outside is asked through a cache; when nobody answers, the built-in market's
own data stand in for what it knows. Must not know: HTTP, vendors, or how an answer is shown.
"""

from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from stockyard.market.catalog import Listing
from stockyard.market.companies import COMPANIES
from stockyard.market.invented_past import (
    INVENTED,
    InventedPast,
    invented_days,
    invented_morning,
    invented_session,
)
from stockyard.market.trading_days import TradingDay, TradingDays
from stockyard.model.companies import Company, DailyBar, Found, ReferenceSource
from stockyard.model.instruments import Instrument
from stockyard.runtime.caches import Cache, Cached, Outcome, Shelf
from stockyard.runtime.clock import Clock

COMPANY_TTL_NS: Final = 3 * 86_400 * 1_000_000_000
CHART_TTL_NS: Final = 86_400 * 1_000_000_000
SEARCH_TTL_NS: Final = 3_600 * 1_000_000_000
_NS: Final = 1_000_000_000
CHART_DAYS: Final = 153
"""Days a chart goes back: five months."""
INVENTED_DAYS: Final = 1826
"""Days that bars of an invented past go back: five years."""
SEARCH_MAX: Final = 50
_COMPANY: Final[Callable[[bytes], Company | None]] = msgspec.json.Decoder(Company | None).decode
_DAYS: Final = msgspec.json.Decoder(list[DailyBar]).decode


class Outside(NamedTuple):
    """A source outside, and its word for a symbol of ours; None: it does not know such symbols."""

    source: ReferenceSource
    theirs: Callable[[Instrument], str | None]


class Reference:
    """All there is to look up. Without ``outside`` only what is built in."""

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        listings: Mapping[str, Listing] | None = None,
        outside: Outside | None = None,
        shelf: tuple[Shelf, Executor] | None = None,
    ) -> None:
        self._clock, self._seed, self._outside = clock, seed, outside
        self._listings = listings or {}
        self._charted: dict[str, tuple[date, int]] = {}
        self._pasts: dict[str, tuple[tuple[str, date, int, int], InventedPast]] = {}
        self.companies: Cache[Company | None] = Cache(
            "company", COMPANY_TTL_NS, clock, (*shelf, _COMPANY) if shelf else None
        )
        self.charts: Cache[list[DailyBar]] = Cache(
            "chart", CHART_TTL_NS, clock, (*shelf, _DAYS) if shelf else None
        )
        self.searches: Cache[list[Found]] = Cache("search", SEARCH_TTL_NS, clock)

    @property
    def caches(self) -> tuple[Cache[Company | None], Cache[list[DailyBar]], Cache[list[Found]]]:
        """Every cache, for whoever counts."""
        return self.companies, self.charts, self.searches

    @property
    def outside_name(self) -> str | None:
        """Who outside is asked; None for nobody."""
        return None if self._outside is None else self._outside.source.name

    def _theirs(self, instrument: Instrument) -> tuple[ReferenceSource, str] | None:
        """Who outside can be asked about an instrument, by which word."""
        if self._outside is None:
            return None
        theirs = self._outside.theirs(instrument)
        return None if theirs is None else (self._outside.source, theirs)

    async def company(self, instrument: Instrument) -> Cached[Company | None]:
        """Who stands behind an instrument."""
        known = COMPANIES.get(instrument.symbol) or COMPANIES.get(instrument.index_symbol)
        asked = self._theirs(instrument)
        if asked is None:

            async def ask() -> Company | None:
                return known
        else:
            source, theirs = asked

            async def ask() -> Company | None:
                return await source.company(theirs) or known

        found = await self.companies.read(instrument.symbol, ask)
        return found._replace(value=known) if found.value is None else found

    async def search(self, text: str, limit: int) -> Cached[list[Found]]:
        """Symbols outside whose ticker or name holds a text; empty where nobody can be asked."""
        outside = self._outside
        if outside is None:
            self.searches.counts[Outcome.HIT] += 1
            return Cached([], Outcome.HIT, self._clock.wall_ns())

        async def ask() -> list[Found]:
            return list(await outside.source.search(text, SEARCH_MAX))

        found = await self.searches.read(text.casefold(), ask)
        return found._replace(value=(found.value or [])[:limit])

    async def past(
        self, instrument: Instrument, calendar: str, before: date, end_price: int
    ) -> tuple[Cached[list[DailyBar]], str]:
        """The days of five months before ``before``, and who says so.

        The built-in market's are invented, so that they end at ``end_price``, or where it will
        begin while that is 0.
        """
        first = before - timedelta(days=CHART_DAYS)
        last = before - timedelta(days=1)
        asked = self._theirs(instrument)
        listing = self._listings.get(instrument.symbol)
        end_price = end_price or _first_price(listing)
        name = INVENTED
        ask: Callable[[], Awaitable[list[DailyBar]]]
        if asked is not None:
            source, theirs = asked
            name = source.name

            async def ask() -> list[DailyBar]:
                return list(await source.daily(theirs, first, last))
        elif listing is None:
            return Cached([], Outcome.UNAVAILABLE, 0, "nobody can be asked about it"), ""
        else:
            invented = listing

            async def ask() -> list[DailyBar]:
                days = trading_days(calendar, first, last)
                return invented_days(invented, self._seed, end_price, days)

        question = (before, end_price if asked is None else 0)
        if self._charted.get(instrument.symbol) != question:
            # A day is over, or our own history begins elsewhere.
            self.charts.expire(instrument.symbol)
            self._charted[instrument.symbol] = question
        return await self.charts.read(instrument.symbol, ask), name

    def invented(
        self, instrument: Instrument, calendar: str, before: date, began_ns: int, end_price: int
    ) -> InventedPast | None:
        """Bars of ``INVENTED_DAYS`` before the built-in market began, on the day ``before`` and at
        ``began_ns``; None where its past is not ours to make up. From any thread.
        """
        listing = self._listings.get(instrument.symbol)
        if listing is None or self._theirs(instrument) is not None:
            return None
        question = (calendar, before, began_ns, end_price)
        known = self._pasts.get(instrument.symbol)
        if known is None or known[0] != question:
            made = self._invent(listing, calendar, before, began_ns, end_price)
            known = self._pasts[instrument.symbol] = (question, made)
        return known[1]

    def _invent(
        self, listing: Listing, calendar: str, before: date, began_ns: int, end_price: int
    ) -> InventedPast:
        end_price = end_price or _first_price(listing)
        hours = _hours_by_day(calendar, before - timedelta(days=INVENTED_DAYS), before)
        found = [day for day in hours if day < before]
        days = [
            invented_session(listing, day, hours[day.day])
            for day in invented_days(listing, self._seed, end_price, found)
        ]
        today, morning = hours.get(before), None
        if today is not None and today.open_ns < min(began_ns, today.close_ns):
            until_ns = min(began_ns, today.close_ns)
            morning = invented_morning(
                listing, self._seed, today.open_ns, until_ns, end_price, today.start_ns
            )
        return InventedPast(listing, self._seed, days, morning)


def _first_price(listing: Listing | None) -> int:
    """Where the built-in market begins an instrument that was never quoted; 0 for none of its."""
    if listing is None:
        return 0
    price = listing.traits.reference_price
    return price - price % listing.instrument.tick


@lru_cache(64)
def _hours_by_day(calendar: str, first: date, last: date) -> Mapping[date, TradingDay]:
    """The days with a session."""
    days, found = TradingDays(calendar), {}
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        noon = datetime.combine(day, time(12), tzinfo=UTC)
        hours = days.of(int(noon.timestamp()) * _NS)
        if hours.open_ns > hours.start_ns or calendar == "always":
            found[day] = hours
    return found


def trading_day(calendar: str, now_ns: int) -> date:
    """The day that goes on, or the next one when its session is over."""
    hours = TradingDays(calendar).of(now_ns)
    day = datetime.fromtimestamp(hours.start_ns // _NS, UTC).date()
    return day if now_ns < hours.close_ns else day + timedelta(days=1)


def trading_days(calendar: str, first: date, last: date) -> list[date]:
    """The days of a calendar with a session, in order."""
    return list(_hours_by_day(calendar, first, last))
