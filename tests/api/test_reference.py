"""Symbols, searches, companies, snapshots and charts over HTTP, with a source outside that dies."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from stockyard.adapters.massive.reference import MassiveReference
from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import FeedUnavailable, HttpAnswer, HttpRequest
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import Bar
from stockyard.runtime.caches import RETRY_NS
from stockyard.runtime.reference import COMPANY_TTL_NS, Outside, Reference
from stockyard.storage.memory import MemoryDatabase
from stockyard.storage.shelf import DatabaseShelf
from tests.api.rig import NOW, SECOND, UNIT, Rig
from tests.fakes.massive import MassiveFake

DAY_NS = 86_400 * SECOND
MIDNIGHT = NOW - 15 * 3600 * SECOND
TODAY = date(2026, 1, 2)


class Vendor:
    """Massive's fake as the only source outside; ``alive`` says whether it answers."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.fake, self.alive, self.asked = rig, MassiveFake(), True, 0
        self.executor = ThreadPoolExecutor(1)
        self.open()

    def open(self) -> None:
        options = {"key": "k", "rest_url": "https://api.massive.com"}
        shelf = DatabaseShelf(MemoryDatabase(self.rig.disk, "reference"))
        self.rig.world.reference = Reference(
            self.rig.clock,
            outside=Outside(MassiveReference(options, self.fetch), self.theirs),
            shelf=(shelf, self.executor),
        )

    def theirs(self, instrument: Instrument) -> str | None:
        return None if "/" in instrument.symbol else instrument.symbol

    async def fetch(self, request: HttpRequest) -> HttpAnswer:
        self.asked += 1
        if not self.alive:
            raise FeedUnavailable("connection refused")
        return self.fake.answer(request)


@pytest.fixture
def vendor(rig: Rig) -> Vendor:
    return Vendor(rig)


async def read(rig: Rig, path: str, query: str = "") -> tuple[str | None, Any]:
    """Where the answer came from, and the answer."""
    found = await rig.call("GET", "/api/v1" + path, query=query)
    assert found.status == 200, found.body
    return found.headers.get("x-cache"), found.json


def built_in(rig: Rig) -> None:
    """The built-in market's own data, as a server without feeds has them."""
    listings = {listing.instrument.symbol: listing for listing in CATALOG}
    rig.world.reference = Reference(rig.clock, seed=7, listings=listings)


async def test_symbols(rig: Rig) -> None:
    _, found = await read(rig, "/symbols")
    assert [row["symbol"] for row in found] == sorted(rig.world.view.symbols)
    assert found[0] == {
        "symbol": "AAPL", "name": "Apple Inc.", "asset_class": "us_equity", "exchange": "NASDAQ",
        "tradable": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first"), [("aapl", "AAPL"), ("v", "V"), ("coin", "BTC/USD"), ("btc", "BTC/USD")]
)
async def test_search_of_what_trades_here(rig: Rig, text: str, first: str) -> None:
    _, found = await read(rig, "/search", f"q={text}&limit=3")
    assert found["results"][0]["symbol"] == first
    assert len(found["results"]) <= 3
    metrics = (await rig.call("GET", "/metrics")).body.decode()
    assert 'cache_requests_total{kind="search",outcome="hit"} 1.0' in metrics


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=" + "x" * 65, "q=a&limit=0"])
async def test_searches_that_are_refused(rig: Rig, query: str) -> None:
    answer = await rig.call("GET", "/api/v1/search", query=query)
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_search_outside(rig: Rig, vendor: Vendor) -> None:
    cache, found = await read(rig, "/search", "q=corp")
    ibm = [row for row in found["results"] if row["symbol"] == "IBM"]
    assert cache == "miss"
    assert ibm == [
        {
            "symbol": "IBM", "name": "IBM Corporation", "asset_class": "us_equity",
            "exchange": "XNAS", "listed": False, "source": "massive",
        }
    ]  # fmt: skip
    assert [row["symbol"] for row in found["results"]].count("MSFT") == 1
    assert (await read(rig, "/search", "q=Corp"))[0] == "hit"
    vendor.alive = False
    cache, found = await read(rig, "/search", "q=apple")
    assert (cache, found["detail"]) == ("unavailable", "connection refused")
    assert found["results"][0]["symbol"] == "AAPL"


async def test_a_company_of_the_built_in_market(rig: Rig) -> None:
    built_in(rig)
    rig.quote("BTC/USD", 95_000, 95_010)
    _, found = await read(rig, "/company/BTC/USD")
    assert (found["available"], found["source"]) == (True, "built_in")
    assert found["market_cap"] == "1900100000000"
    assert (await read(rig, "/company/BTC/USD"))[0] == "hit"
    contract = (await read(rig, "/company/BTC-PERP"))[1]
    assert contract["sector"] == "Cryptocurrency"
    unknown = await rig.call("GET", "/api/v1/company/NONE")
    assert (unknown.status, unknown.json["code"]) == (404, "unknown_symbol")


async def test_a_company_outlives_its_source(rig: Rig, vendor: Vendor) -> None:
    rig.trade("AAPL", 200)
    cache, found = await read(rig, "/company/AAPL")
    assert cache == "miss"
    assert found["industry"] == "Electronic computers"
    assert found["headquarters"] == "CUPERTINO, CA"
    assert found["market_cap"] == str(14776353000 * 200)
    assert (found["age_seconds"], found["source"]) == (0, "massive")
    vendor.alive = False
    assert (await read(rig, "/company/AAPL"))[0] == "hit"
    rig.clock.time_ns += COMPANY_TTL_NS
    cache, found = await read(rig, "/company/AAPL")
    assert (cache, found["available"], found["detail"]) == ("stale", True, "connection refused")
    assert found["age_seconds"] == COMPANY_TTL_NS // SECOND
    vendor.open()
    assert (await read(rig, "/company/AAPL"))[0] == "stale"
    # What nobody outside has ever said is what the built-in market knows.
    cache, found = await read(rig, "/company/MSFT")
    assert (cache, found["source"], found["as_of"]) == ("unavailable", "built_in", None)
    vendor.alive = True
    rig.clock.time_ns += RETRY_NS
    assert (await read(rig, "/company/AAPL"))[0] == "miss"


@pytest.mark.parametrize("units", ['"NaN"', '"Infinity"', "1e999999", "-5", "0"])
async def test_a_company_with_impossible_figures(rig: Rig, vendor: Vendor, units: str) -> None:
    rig.trade("AAPL", 200)
    said = f'{{"results":{{"ticker":"AAPL","weighted_shares_outstanding":{units}}}}}'
    vendor.fake.answer = lambda _: HttpAnswer(200, said.encode())  # type: ignore[method-assign]
    cache, found = await read(rig, "/company/AAPL")
    assert (cache, found["available"]) == ("miss", True)
    assert (found["units_outstanding"], found["market_cap"]) == (None, None)


@pytest.mark.parametrize(
    "said",
    [
        '{"results":[{"t":99999999999999999,"o":1,"h":1,"l":1,"c":1}]}',
        '{"results":[{"t":-99999999999999,"o":1,"h":1,"l":1,"c":1}]}',
        '{"results":[],"next_url":"http://[bad"}',
        '{"results":[{"t":1,"o":"x"}]}',
    ],
)
async def test_a_chart_of_an_outside_that_talks_nonsense(
    rig: Rig, vendor: Vendor, said: str
) -> None:
    vendor.fake.answer = lambda _: HttpAnswer(200, said.encode())  # type: ignore[method-assign]
    cache, found = await read(rig, "/tickers/AAPL/chart")
    assert (cache, found["available"], found["days"]) == ("unavailable", False, [])
    assert found["detail"]
    # What traded here is known all the same.
    keep_days(rig, MIDNIGHT)
    cache, found = await read(rig, "/tickers/AAPL/chart")
    assert (cache, found["available"], len(found["days"])) == ("unavailable", True, 1)


def keep_days(rig: Rig, *starts: int, instrument_id: int = 1) -> None:
    """Days of our own that opened at 190."""
    bars = [
        Bar(instrument_id, "", 86_400, start, 1_900_000, 1_910_000, 1_890_000, 1_905_000,
            10 * UNIT, 1_900_000 * 10 * UNIT, 3, 0, start < MIDNIGHT)
        for start in starts
    ]  # fmt: skip
    rig.history.history.append([], bars)


async def test_a_chart_with_an_invented_past(rig: Rig) -> None:
    built_in(rig)
    keep_days(rig, MIDNIGHT - DAY_NS, MIDNIGHT)
    _, found = await read(rig, "/tickers/AAPL/chart")
    days = found["days"]
    assert [day["source"] for day in days[-3:]] == ["invented", "", ""]
    assert (days[-3]["day"], days[-3]["close"]) == ("2025-12-31", "190.00")
    assert (days[-1]["day"], days[-1]["close"]) == ("2026-01-02", "190.50")
    assert 100 <= len(days) <= 112
    assert [day["day"] for day in days] == sorted({day["day"] for day in days})
    assert (await read(rig, "/tickers/AAPL/chart"))[0] == "hit"
    assert (await read(rig, "/tickers/AAPL/chart"))[1] == {**found, "age_seconds": 0}


async def invented(rig: Rig, said: str) -> Any:
    return (await read(rig, "/bars", f"symbol=AAPL&source=invented&{said}"))[1]


async def test_invented_bars_end_where_ours_begin(rig: Rig) -> None:
    """Ours begin twenty minutes into the session, at 190."""
    built_in(rig)
    keep_days(rig, MIDNIGHT)
    began = MIDNIGHT + (14 * 60 + 50) * 60 * SECOND
    first = Bar(
        1, "", 60, began, 1_900_000, 1_910_000, 1_890_000, 1_905_000, UNIT, 1_900_000 * UNIT, 1, 0,
        True,
    )  # fmt: skip
    rig.history.history.append([], [first])
    minutes = (await invented(rig, "window=1m"))["bars"]
    starts = [bar["start"] for bar in minutes]
    assert (len(starts), starts) == (1_000, sorted(set(starts)))
    assert starts[-20:] == [f"2026-01-02T14:{n}:00.000000000Z" for n in range(30, 50)]
    assert (minutes[-1]["close"], minutes[-1]["source"]) == ("190.00", "invented")
    assert starts[-21] == "2025-12-31T20:59:00.000000000Z"
    assert (minutes[-21]["close"], minutes[-20]["open"]) == ("190.00", "190.00")
    days = (await invented(rig, "window=1d&limit=3"))["bars"]
    _, chart = await read(rig, "/tickers/AAPL/chart")
    shown = [day["close"] for day in chart["days"] if day["source"] == "invented"]
    assert [bar["close"] for bar in days] == shown[-3:]
    assert (await invented(rig, "window=1s"))["bars"] == []
    assert (await invented(rig, "window=30m&limit=9"))["bars"][-1]["start"] == starts[-20]


async def test_invented_bars_page_by_page(rig: Rig) -> None:
    built_in(rig)
    keep_days(rig, MIDNIGHT)
    asked = "window=1h&start=2025-12-20&end=2026-01-01"
    whole = (await invented(rig, asked))["bars"]
    assert len(whole) > 40
    pages: list[Any] = []
    cursor = ""
    while True:
        page = await invented(rig, f"{asked}&limit=7{cursor}")
        assert len(page["bars"]) <= 7
        pages += page["bars"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == whole


async def test_nothing_is_invented_of_what_nobody_knows(rig: Rig) -> None:
    assert await invented(rig, "window=1m") == {"bars": [], "next": None}


async def test_a_chart_is_of_five_months_however_long_it_has_traded_here(rig: Rig) -> None:
    built_in(rig)
    for days in (30, 200):
        keep_days(rig, *(MIDNIGHT - n * DAY_NS for n in range(days)))
        _, found = await read(rig, "/tickers/AAPL/chart")
        first = date.fromisoformat(found["days"][0]["day"])
        assert timedelta(days=150) <= TODAY - first <= timedelta(days=153)


async def test_a_chart_of_what_nobody_knows(rig: Rig) -> None:
    cache, found = await read(rig, "/tickers/AAPL/chart")
    assert (cache, found["available"], found["days"]) == ("unavailable", False, [])
    assert found["detail"]


async def test_a_chart_from_outside(rig: Rig, vendor: Vendor) -> None:
    for n in range(5, 0, -1):
        start_ms = (MIDNIGHT - n * DAY_NS) // 1_000_000 + 5 * 3_600_000
        vendor.fake.bars.setdefault("AAPL", []).append(
            {"t": start_ms, "o": 180.5, "h": 181, "l": 180, "c": 180.25 + n, "v": 1000, "vw": 180.4}
        )
    keep_days(rig, MIDNIGHT - DAY_NS, MIDNIGHT)
    cache, found = await read(rig, "/tickers/AAPL/chart")
    assert (cache, found["available"]) == ("miss", True)
    said = [(day["day"], day["close"], day["source"]) for day in found["days"]]
    theirs = [((TODAY - timedelta(days=n)).isoformat(), n) for n in range(5, 1, -1)]
    assert said[:4] == [(day, f"{180 + n}.25", "massive") for day, n in theirs]
    assert [source for _, _, source in said[4:]] == ["", ""]
    vendor.alive = False
    rig.clock.time_ns += DAY_NS
    cache, later = await read(rig, "/tickers/AAPL/chart")
    assert (cache, later["days"]) == ("stale", found["days"])


async def test_snapshots(rig: Rig) -> None:
    keep_days(rig, MIDNIGHT - DAY_NS, MIDNIGHT)
    _, found = await read(rig, "/snapshot", "symbols=msft,AAPL")
    assert [row["symbol"] for row in found] == ["MSFT", "AAPL"]
    assert found[0]["day"] is None
    assert found[1]["day"]["start"] == "2026-01-02T00:00:00.000000000Z"
    assert found[1]["previous_day"]["close"] == "190.50"
    assert found[1]["ticker"]["symbol"] == "AAPL"
    many = ",".join(["AAPL"] * 101)
    for symbols in ("NONE", "", many):
        answer = await rig.call("GET", "/api/v1/snapshot", query=f"symbols={symbols}")
        assert answer.status in (404, 422), symbols


async def test_reads_of_caches_are_counted(rig: Rig) -> None:
    built_in(rig)
    for _ in range(3):
        await read(rig, "/company/AAPL")
    text = (await rig.call("GET", "/metrics")).body.decode()
    assert 'cache_requests_total{kind="company",outcome="hit"} 2.0' in text
    assert 'cache_requests_total{kind="company",outcome="miss"} 1.0' in text
