"""Massive as a source of reference data: companies, tickers, and daily bars.

Promises: as ``model.companies.ReferenceSource``; what cannot be read counts as no answer. Must not
know: caches, breakers, or who asks.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from stockyard.adapters.massive import rest
from stockyard.model.companies import Company, DailyBar, Found
from stockyard.model.feeds import FeedUnavailable, Fetch

NAME: Final = "massive"
_DAY_S: Final = 86_400
_PAGES_MAX: Final = 4
_UNITS_MAX: Final = 10**18
_CLASSES: Final = {"stocks": "us_equity", "otc": "us_equity", "crypto": "crypto"}


class MassiveReference:
    """Asks Massive's REST API, with the key and address of the feed's options."""

    name = NAME

    def __init__(self, options: Mapping[str, str], fetch: Fetch) -> None:
        self._rest = rest.MassiveRest(options["key"], options["rest_url"])
        self._fetch = fetch

    async def company(self, symbol: str) -> Company | None:
        """A ticker's company; None for a ticker that is unknown there."""
        said = rest.read_company(await self._fetch(self._rest.company(symbol)))
        if said is None:
            return None
        place = ", ".join(filter(None, (said.address.city, said.address.state)))
        return Company(
            said.ticker,
            said.name,
            said.description,
            "",
            said.sic_description.capitalize(),
            said.homepage_url,
            place,
            said.total_employees,
            _day(said.list_date),
            _units(said.share_class_shares_outstanding) or _units(said.weighted_shares_outstanding),
            NAME,
        )

    async def search(self, text: str, limit: int) -> Sequence[Found]:
        """Active stocks whose ticker or name holds the text."""
        page = rest.read_tickers(await self._fetch(self._rest.search(text, limit)))
        return [
            Found(t.ticker, t.name, t.primary_exchange, _CLASSES.get(t.market, t.market))
            for t in page.results[:limit]
        ]

    async def daily(self, symbol: str, first: date, last: date) -> Sequence[DailyBar]:
        """Split-adjusted days, oldest first."""
        request = self._rest.aggregates(symbol, _DAY_S, _ms(first), _ms(last + timedelta(days=1)))
        found: list[DailyBar] = []
        for _ in range(_PAGES_MAX):
            page = rest.read_aggregates(await self._fetch(request))
            found += map(_daily, page.results)
            if not page.next_url:
                break
            request = self._rest.next_page(page.next_url)
        return [bar for bar in found if first <= bar.day <= last]


def _daily(bar: rest.Aggregate) -> DailyBar:
    # A day's bar begins at midnight in New York, on the same UTC day.
    try:
        day = datetime.fromtimestamp(bar.t / 1000, UTC).date()
    except (ValueError, OverflowError, OSError):
        raise FeedUnavailable(f"the answer cannot be read: no day is {bar.t}") from None
    return DailyBar(day, bar.o, bar.h, bar.l, bar.c, bar.v)


def _units(said: Decimal | None) -> Decimal | None:
    return said if said is not None and said.is_finite() and 0 < said < _UNITS_MAX else None


def _ms(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
