"""Symbols, searches, companies, snapshots and daily charts."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import Query

from stockyard.api import reference_answers as r
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.hot import symbol_in_path
from stockyard.api.invented import beginning, day_of, price_now
from stockyard.api.problems import Headers, Problem
from stockyard.api.rest.history import SYMBOLS_MAX, named_instruments, shown_bar
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import price_text, time_or_none
from stockyard.api.tickers import nothing_known, ticker
from stockyard.model.codes import ASSET_CLASS_WORDS
from stockyard.model.companies import SEARCH_LENGTH_MAX, Company, DailyBar
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import NumberError, format_decimal, scale_decimal
from stockyard.model.ticks import CONSOLIDATED, DAY_S, MINUTE_S, Bar
from stockyard.runtime.caches import Cached, Outcome
from stockyard.runtime.reference import CHART_DAYS, SEARCH_MAX
from stockyard.storage.ports import NS_MAX

routes = router()
TAG: Final = "Market"
_NS: Final = 1_000_000_000
_CACHE_NOTE: Final = (
    " The header `x-cache` says where it came from: `hit`, `miss`, `stale` (asking failed; the last"
    " known), or `unavailable`. Needs no sign-in."
)


@routes.get(
    "/symbols",
    **described(
        "list_symbols",
        TAG,
        "List symbols",
        "All that trades here, by symbol; `GET /api/v1/assets` has their terms. Needs no sign-in.",
        answer=list[r.Symbol],
        answered="The symbols.",
    ),
)
async def list_symbols(visit: Visiting) -> Response:
    """List symbols."""
    instruments = visit.door.view.instruments.values()
    return answer(
        [
            r.Symbol(x.symbol, x.name, ASSET_CLASS_WORDS[x.asset_class], x.exchange, x.tradable)
            for x in sorted(instruments, key=_symbol)
        ]
    )


def _symbol(instrument: Instrument) -> str:
    return instrument.symbol


@routes.get(
    "/search",
    **described(
        "search_symbols",
        TAG,
        "Search symbols",
        "By ticker or name: what trades here first, then what a feed with reference data knows."
        + _CACHE_NOTE,
        answer=r.Search,
        answered="What was found.",
    ),
)
async def search(
    visit: Visiting,
    q: Annotated[str, Query(description="Part of a ticker or name.")],
    limit: Annotated[int, Query(ge=1, le=SEARCH_MAX)] = 20,
) -> Response:
    """Search symbols."""
    text = q.strip()
    if not text or len(text) > SEARCH_LENGTH_MAX:
        raise Problem(
            422,
            "invalid_parameter",
            "there is nothing to search for" if not text else "the search is too long",
            f"send 1 to {SEARCH_LENGTH_MAX} characters",
            field="q",
        )
    door = visit.door
    here = [
        r.FoundSymbol(x.symbol, x.name, ASSET_CLASS_WORDS[x.asset_class], x.exchange, True, None)
        for x in _found_here(door, text)
    ]
    outside = await door.world.reference.search(text, limit)
    known = {found.symbol for found in here}
    elsewhere = [
        r.FoundSymbol(
            x.symbol, x.name, x.asset_class, x.exchange, False, door.world.reference.outside_name
        )
        for x in outside.value or ()
        if x.symbol not in known
    ]
    found = r.Search(text, (here + elsewhere)[:limit], outside.detail or None)
    return answer(found, headers=_cache_header(outside.outcome))


def _found_here(door: Door, text: str) -> list[Instrument]:
    """Instruments whose symbol or name holds a text: whole symbols, beginnings, then the rest."""
    wanted = text.casefold()
    ranked = []
    for instrument in door.view.instruments.values():
        symbol, name = instrument.symbol.casefold(), instrument.name.casefold()
        if wanted not in symbol and wanted not in name:
            continue
        rank = (
            symbol != wanted,
            not symbol.startswith(wanted),
            not any(word.startswith(wanted) for word in name.split()),
        )
        ranked.append((rank, instrument.asset_class, instrument.symbol, instrument))
    return [row[-1] for row in sorted(ranked, key=lambda row: row[:3])]


@routes.get(
    "/company/{symbol:path}",
    **described(
        "read_company",
        TAG,
        "Read who stands behind a symbol",
        "A company's data, or a coin's." + _CACHE_NOTE,
        traits=Trait.NAMED,
        answer=r.Company,
        answered="What is known.",
    ),
)
async def read_company(visit: Visiting, symbol: str) -> Response:
    """Read who stands behind a symbol."""
    door = visit.door
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    found = await door.world.reference.company(instrument)
    told = _company(door, instrument, found)
    return answer(told, headers=_cache_header(found.outcome))


def _company(door: Door, instrument: Instrument, found: Cached[Company | None]) -> r.Company:
    company = found.value
    standing = _standing(door, found, company is not None)
    if company is None:
        return r.Company(*standing, instrument.symbol, instrument.name)
    units, cap = company.units, None
    price = price_now(door, instrument)
    if units is not None and price:
        cap = f"{(units * price).scaleb(-instrument.price_scale):.0f}"
    return r.Company(
        *standing,
        instrument.symbol,
        company.name or instrument.name,
        company.description or None,
        company.sector or None,
        company.industry or None,
        company.headquarters or None,
        company.homepage or None,
        company.employees,
        company.listed_on.isoformat() if company.listed_on else None,
        f"{units:f}" if units is not None else None,
        cap,
        company.source or None,
    )


@routes.get(
    "/snapshot",
    **described(
        "read_snapshots",
        TAG,
        "Read symbols at a glance",
        "For each symbol its consolidated view, the latest minute, today and the trading day"
        " before. Needs no sign-in.",
        traits=Trait.HISTORY,
        answer=list[r.Snapshot],
        answered="The snapshots, in the order asked for.",
    ),
)
async def read_snapshots(
    visit: Visiting,
    symbols: Annotated[str, Query(description=f"At most {SYMBOLS_MAX}, divided by commas.")],
) -> Response:
    """Read symbols at a glance."""
    door = visit.door
    return answer([await _snapshot(door, one) for one in named_instruments(door, None, symbols)])


async def _snapshot(door: Door, instrument: Instrument) -> r.Snapshot:
    now_ns, number = door.world.clock.now_ns(), instrument.instrument_id
    view = door.world.market.view(number)
    minutes = await door.history.newest_bars(number, CONSOLIDATED, MINUTE_S, NS_MAX, 1)
    days = await door.history.newest_bars(number, CONSOLIDATED, DAY_S, NS_MAX, 2)
    return r.Snapshot(
        instrument.symbol,
        ticker(view, instrument, now_ns) if view is not None else nothing_known(instrument),
        shown_bar(minutes[-1], instrument, "1m") if minutes else None,
        shown_bar(days[-1], instrument, "1d") if days else None,
        shown_bar(days[-2], instrument, "1d") if len(days) > 1 else None,
    )


@routes.get(
    "/tickers/{symbol:path}/chart",
    **described(
        "read_chart",
        TAG,
        "Read five months of days",
        "Days that traded here, and before them those of a feed with reference data; the built-in"
        " market's past is invented, and says so." + _CACHE_NOTE,
        traits=Trait.NAMED | Trait.HISTORY,
        answer=r.Chart,
        answered="The days.",
    ),
)
async def read_chart(visit: Visiting, symbol: str) -> Response:
    """Read five months of days."""
    door = visit.door
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    own, before, price = await beginning(door, instrument)
    calendar = door.settings.calendars[instrument.calendar_id]
    past, source = await door.world.reference.past(instrument, calendar, before, price)
    days = [_past_day(bar, instrument, source) for bar in past.value or () if bar.day < before]
    days += [_own_day(day, bar, instrument) for day, bar in own]
    standing = _standing(door, past, past.outcome != Outcome.UNAVAILABLE or bool(own))
    first = (day_of(door.world.clock.now_ns()) - timedelta(days=CHART_DAYS)).isoformat()
    found = r.Chart(*standing, instrument.symbol, [day for day in days if day.day >= first])
    return answer(found, headers=_cache_header(past.outcome))


def _own_day(day: date, bar: Bar, instrument: Instrument) -> r.ChartDay:
    shown = shown_bar(bar, instrument, "1d")
    return r.ChartDay(
        day.isoformat(), shown.open, shown.high, shown.low, shown.close, shown.volume, bar.source
    )


def _past_day(bar: DailyBar, instrument: Instrument, source: str) -> r.ChartDay:
    return r.ChartDay(
        bar.day.isoformat(),
        _price(bar.open, instrument),
        _price(bar.high, instrument),
        _price(bar.low, instrument),
        _price(bar.close, instrument),
        _amount(bar.volume, instrument),
        source,
    )


def _price(price: Decimal, instrument: Instrument) -> str | None:
    """An outside price in our decimal places; None for one that cannot be."""
    try:
        scaled = scale_decimal(price, instrument.price_scale)
    except NumberError:
        return None
    return price_text(scaled, instrument) if scaled > 0 else None


def _amount(amount: Decimal, instrument: Instrument) -> str:
    try:
        return format_decimal(scale_decimal(amount, instrument.qty_scale), instrument.qty_scale)
    except NumberError:
        return "0"


_Standing = tuple[bool, str | None, int | None, str | None]


def _standing(door: Door, found: Cached[Any], available: bool) -> _Standing:
    age = None
    if found.as_of_ns:
        age = max(0, door.world.clock.wall_ns() - found.as_of_ns) // _NS
    return available, time_or_none(found.as_of_ns), age, found.detail or None


def _cache_header(outcome: str) -> Headers:
    return ((b"x-cache", outcome.encode()),)
