"""Every registered source of recorded days, over the same content written in its own form.

A new source is one line in ``adapters.RECORDED_SOURCES`` and one writer here; a source without a
writer fails.
"""

import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stockyard.adapters import RECORDED_SOURCES, open_recording
from stockyard.market.catalog import listings_for
from stockyard.model.codes import AssetClass
from stockyard.model.facts import Quote, Trade
from stockyard.model.instruments import Instrument
from stockyard.model.recordings import Recording

MIDNIGHT_NS = 1_381_118_400 * 10**9
"""2013-10-07 00:00 New York, four hours after UTC's."""
QUOTE_HEADER = ("ts", "symbol", "bid", "ask", "bid_size", "ask_size")
TRADE_HEADER = ("ts", "symbol", "price", "size")


class QuoteLine(NamedTuple):
    second: int
    symbol: str
    bid: str
    ask: str
    bid_size: str
    ask_size: str


class TradeLine(NamedTuple):
    second: int
    symbol: str
    price: str
    size: str


QUOTES = (
    QuoteLine(34_201, "IBM", "181.25", "181.8", "200", "3000"),
    QuoteLine(34_201, "SPY", "167.25", "167.27", "300", "20000"),
    QuoteLine(34_202, "IBM", "181.2601", "181.7999", "100", "700"),
    QuoteLine(34_205, "SPY", "", "167.28", "", "100"),
    QuoteLine(57_600, "IBM", "182.01", "182.01", "100", "100"),
)
TRADES = (
    TradeLine(34_201, "SPY", "167.26", "283"),
    TradeLine(34_203, "IBM", "181.5", "1"),
    TradeLine(34_205, "SPY", "167.28", "100"),
)


def ts_ns(second: int) -> int:
    return MIDNIGHT_NS + second * 10**9


def write_lean(folder: Path) -> str:
    def ten_thousandths(text: str) -> str:
        whole, _, fraction = text.partition(".")
        return whole + fraction.ljust(4, "0") if text else ""

    def put(symbol: str, kind: str, lines: list[str]) -> None:
        path = folder / f"equity/usa/second/{symbol.lower()}/20131007_{kind}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"20131007_{symbol.lower()}_second_{kind}.csv", "\n".join(lines))

    for symbol in ("IBM", "SPY"):
        quotes = []
        for q in QUOTES:
            bid, ask = ten_thousandths(q.bid), ten_thousandths(q.ask)
            begins_ms = (q.second - 1) * 1000
            if q.symbol == symbol:
                sides = [bid, bid, bid, bid, q.bid_size, ask, ask, ask, ask, q.ask_size]
                quotes.append(",".join([str(begins_ms), *sides]))
        put(symbol, "quote", quotes)
        trades = []
        for t in TRADES:
            price = ten_thousandths(t.price)
            if t.symbol == symbol:
                begins_ms = (t.second - 1) * 1000
                trades.append(f"{begins_ms},{price},{price},{price},{price},{t.size}")
        put(symbol, "trade", trades)
    return f"lean:{folder}"


def write_csv(folder: Path) -> str:
    for name, header, lines in (
        ("quotes", QUOTE_HEADER, QUOTES),
        ("trades", TRADE_HEADER, TRADES),
    ):
        rows = [",".join(header)]
        rows += [",".join([str(ts_ns(line[0])), *line[1:]]) for line in lines]
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return f"csv:{folder}"


def write_parquet(folder: Path) -> str:
    for name, header, lines in (
        ("quotes", QUOTE_HEADER, QUOTES),
        ("trades", TRADE_HEADER, TRADES),
    ):
        columns = dict(zip(header, zip(*lines, strict=True), strict=True))
        table = {name: pa.array([text or None for text in columns[name]]) for name in header[1:]}
        table["ts"] = pa.array([ts_ns(second) for second in columns["ts"]], pa.int64())
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
    return f"parquet:{folder}"


WRITERS: dict[str, Callable[[Path], str]] = {
    "lean": write_lean,
    "csv": write_csv,
    "parquet": write_parquet,
}


@pytest.fixture(params=sorted(RECORDED_SOURCES))
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    assert request.param in WRITERS, f"write the content in the form of {request.param}"
    return WRITERS[request.param](tmp_path)


def instruments_of(recording: Recording) -> dict[str, Instrument]:
    return {row.symbol: row for row in listings_for(recording.symbols, recording.asset_class)}


def expected(ids: dict[str, int]) -> list[Quote | Trade]:
    """The facts, scaled by hand."""
    share = 10**9
    ibm, spy = ids["IBM"], ids["SPY"]
    return [
        Quote(ibm, 1_812_500, 1_818_000, 200 * share, 3_000 * share, ts_ns(34_201)),
        Quote(spy, 1_672_500, 1_672_700, 300 * share, 20_000 * share, ts_ns(34_201)),
        Trade(spy, 1_672_600, 283 * share, ts_ns(34_201)),
        Quote(ibm, 1_812_601, 1_817_999, 100 * share, 700 * share, ts_ns(34_202)),
        Trade(ibm, 1_815_000, share, ts_ns(34_203)),
        Quote(spy, 0, 1_672_800, 0, 100 * share, ts_ns(34_205)),
        Trade(spy, 1_672_800, 100 * share, ts_ns(34_205)),
        Quote(ibm, 1_820_100, 1_820_100, 100 * share, 100 * share, ts_ns(57_600)),
    ]


def test_it_says_what_it_holds(spec: str) -> None:
    recording = open_recording(spec)
    assert recording.symbols == ("IBM", "SPY")
    assert recording.asset_class == AssetClass.US_EQUITY
    assert (recording.first_ts, recording.last_ts) == (ts_ns(34_201), ts_ns(57_600))


def test_the_same_content_gives_the_same_facts(spec: str) -> None:
    recording = open_recording(spec)
    instruments = instruments_of(recording)
    ids = {symbol: row.instrument_id for symbol, row in instruments.items()}
    assert list(recording.facts(instruments)) == expected(ids)


def test_it_can_be_played_again(spec: str) -> None:
    recording = open_recording(spec)
    instruments = instruments_of(recording)
    assert list(recording.facts(instruments)) == list(recording.facts(instruments))


def test_time_never_goes_back(spec: str) -> None:
    recording = open_recording(spec)
    times = [fact.ts_event for fact in recording.facts(instruments_of(recording))]
    assert all(a <= b for a, b in pairwise(times))
    assert (times[0], times[-1]) == (recording.first_ts, recording.last_ts)


def test_symbols_can_be_chosen(spec: str) -> None:
    recording = open_recording(f"{spec}?symbols=SPY")
    assert recording.symbols == ("SPY",)
    instruments = instruments_of(recording)
    facts = [fact for fact in expected({"IBM": 0, "SPY": 20}) if fact.instrument_id == 20]
    assert list(recording.facts(instruments)) == facts
    assert (recording.first_ts, recording.last_ts) == (ts_ns(34_201), ts_ns(34_205))


def test_an_instrument_that_is_not_listed_is_left_out(spec: str) -> None:
    recording = open_recording(spec)
    instruments = instruments_of(recording)
    del instruments["SPY"]
    assert {fact.instrument_id for fact in recording.facts(instruments)} == {1001}
