"""The LEAN layout: what each kind of file gives, and how a broken one is told."""

import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stockyard.adapters import open_recording
from stockyard.market.catalog import listings_for
from stockyard.model.codes import AssetClass
from stockyard.model.facts import Quote, Trade
from stockyard.model.recordings import Recording, RecordingError

OPEN_MS = 34_200_000
"""09:30 as LEAN writes it."""
SHARES = 10**9


def new_york_ns(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York"))
    return int(moment.timestamp()) * 10**9


OPEN_NS = new_york_ns("2013-10-07T09:30")


def put(root: Path, where: str, text: str) -> Path:
    """A zip at ``where`` with one file of this text."""
    path = root / where
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(path.stem + ".csv", text)
    return path


def facts_of(recording: Recording) -> list[Quote | Trade]:
    rows = listings_for(recording.symbols, recording.asset_class)
    return list(recording.facts({row.symbol: row for row in rows}))


def test_a_quote_bar_is_known_at_its_end_with_its_close(tmp_path: Path) -> None:
    rows = (
        f"{OPEN_MS},1,2,3,1812500,200,4,5,6,1818000,3000\r\n"
        f"{OPEN_MS + 2000},,,,,,4,5,6,1818100,100\n"
    )
    put(tmp_path, "equity/usa/second/ibm/20131007_quote.zip", rows)
    recording = open_recording(f"lean:{tmp_path}")
    assert facts_of(recording) == [
        Quote(1001, 1_812_500, 1_818_000, 200 * SHARES, 3000 * SHARES, OPEN_NS + 10**9),
        Quote(1001, 0, 1_818_100, 0, 100 * SHARES, OPEN_NS + 3 * 10**9),
    ]
    assert (recording.first_ts, recording.last_ts) == (OPEN_NS + 10**9, OPEN_NS + 3 * 10**9)


def test_a_trade_bar_is_a_trade_at_its_close_and_an_empty_one_is_nothing(tmp_path: Path) -> None:
    rows = f"{OPEN_MS},1,2,3,1815200,283\n{OPEN_MS + 60_000},1,2,3,1815300,0\n"
    put(tmp_path, "equity/usa/minute/ibm/20131007_trade.zip", rows)
    recording = open_recording(f"lean:{tmp_path}?resolution=minute")
    assert facts_of(recording) == [Trade(1001, 1_815_200, 283 * SHARES, OPEN_NS + 60 * 10**9)]


def test_quote_ticks_keep_the_last_row_of_each_side(tmp_path: Path) -> None:
    rows = [
        f"{OPEN_MS},0,0,1836300,100,Q,1,0",
        f"{OPEN_MS + 1},1800100,300,0,0,P,1,0",
        f"{OPEN_MS + 1},0,0,1818000,3000,P,1,0",
        f"{OPEN_MS + 5},1812400,200,0,0,Z,1,1",
        f"{OPEN_MS + 7},1812500,250,0,0,Q,1,0",
        f"{OPEN_MS + 7},1812600,150,0,0,N,1,0",
        f"{OPEN_MS + 9},0,0,0,0,N,1,0",
    ]
    put(tmp_path, "equity/usa/tick/ibm/20131007_quote.zip", "\n".join(rows) + "\n")
    recording = open_recording(f"lean:{tmp_path}?resolution=tick&symbols=IBM&date=2013-10-07")
    ms = 1_000_000
    assert facts_of(recording) == [
        Quote(1001, 0, 1_836_300, 0, 100 * SHARES, OPEN_NS),
        Quote(1001, 1_800_100, 1_818_000, 300 * SHARES, 3000 * SHARES, OPEN_NS + ms),
        Quote(1001, 1_812_600, 1_818_000, 150 * SHARES, 3000 * SHARES, OPEN_NS + 7 * ms),
    ]


def test_suspicious_trade_ticks_are_left_out(tmp_path: Path) -> None:
    rows = f"{OPEN_MS},1815200,100,P,2000,1\n{OPEN_MS + 4},1815300,200,D,1,0\n"
    put(tmp_path, "equity/usa/tick/ibm/20131007_trade.zip", rows)
    recording = open_recording(f"lean:{tmp_path}?resolution=tick")
    assert facts_of(recording) == [Trade(1001, 1_815_300, 200 * SHARES, OPEN_NS + 4_000_000)]


def test_crypto_is_utc_and_decimal(tmp_path: Path) -> None:
    bar = "0,1,1,1,416.15,0.34307688999999997,2,2,2,416.16,47.8553\n"
    put(tmp_path, "crypto/coinbase/minute/ethusd/20180404_quote.zip", bar)
    put(tmp_path, "crypto/coinbase/minute/ethbtc/20180404_quote.zip", bar)
    recording = open_recording(f"lean:{tmp_path}?asset_class=crypto&resolution=minute")
    assert (recording.symbols, recording.asset_class) == (("ETH/USD",), AssetClass.CRYPTO)
    known_ns = 1_522_800_060 * 10**9
    assert facts_of(recording) == [
        Quote(22, 4_161_500, 4_161_600, 343_076_889, 47_855_300_000, known_ns)
    ]
    assert facts_of(open_recording(f"lean:{tmp_path}?symbols=ETH/USD&resolution=minute"))


@pytest.mark.parametrize(
    ("day", "opens"),
    [("20131101", "2013-11-01T09:30"), ("20131104", "2013-11-04T09:30")],
)
def test_new_york_time_on_both_sides_of_a_clock_change(
    tmp_path: Path, day: str, opens: str
) -> None:
    put(tmp_path, f"equity/usa/second/ibm/{day}_trade.zip", f"{OPEN_MS},1,1,1,1815200,1\n")
    assert open_recording(f"lean:{tmp_path}").first_ts == new_york_ns(opens) + 10**9


def test_symbols_and_days_are_merged_quotes_first(tmp_path: Path) -> None:
    for day in ("20131007", "20131008", "20131009"):
        for symbol in ("ibm", "spy", "brk.b"):
            bar = f"{OPEN_MS},1,1,1,1815200,1\n"
            put(tmp_path, f"equity/usa/second/{symbol}/{day}_trade.zip", bar)
            bar = f"{OPEN_MS},1,2,3,1812500,200,4,5,6,1818000,3000\n"
            put(tmp_path, f"equity/usa/second/{symbol}/{day}_quote.zip", bar)
    (tmp_path / "equity/usa/second/ibm/notes.zip").write_text("not of the layout")
    recording = open_recording(
        f"lean:{tmp_path}?symbols=SPY,BRK.B&date=2013-10-07..2013-10-08&resolution=second"
    )
    facts = facts_of(recording)
    one_day = [(Quote, 20), (Quote, 8), (Trade, 20), (Trade, 8)]
    assert [(type(fact), fact.instrument_id) for fact in facts] == one_day * 2
    days = [fact.ts_event for fact in facts]
    assert days == sorted(days)
    assert len(set(days)) == 2
    assert len(facts_of(open_recording(f"lean:{tmp_path}"))) == 18


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("34200000,1,1,1,1815200\n", "line 1: .* 6 cells, not 5"),
        ("34200000,1,1,1,1815200,1\nx,1,1,1,1815200,1\n", "line 2: .*milliseconds"),
        ("86400000,1,1,1,1815200,1\n", "line 1: .*milliseconds"),
        ("34201000,1,1,1,1815200,1\n34200000,1,1,1,1815200,1\n", "line 2: .*sort the rows"),
        ("34200000,1,1,1,181.52,1\n", "line 1: .*decimal places"),
        ("34200000,1,1,1,0,1\n", "line 1: .*above zero"),
    ],
)
def test_a_bad_row_names_its_file_and_line(tmp_path: Path, rows: str, told: str) -> None:
    put(tmp_path, "equity/usa/second/ibm/20131007_trade.zip", rows)
    with pytest.raises(RecordingError, match=told) as caught:
        facts_of(open_recording(f"lean:{tmp_path}"))
    assert caught.value.where.endswith("20131007_trade.zip")


def test_broken_zips_are_told_as_such(tmp_path: Path) -> None:
    path = put(tmp_path, "equity/usa/second/ibm/20131007_trade.zip", "34200000,1,1,1,1,1\n" * 99)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match="give a whole zip file"):
        open_recording(f"lean:{tmp_path}")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "")
        archive.writestr("b.csv", "")
    with pytest.raises(RecordingError, match="the zip holds 2 files"):
        open_recording(f"lean:{tmp_path}")
    put(tmp_path, "equity/usa/second/ibm/20131007_trade.zip", "")
    with pytest.raises(RecordingError, match="the files hold no rows"):
        open_recording(f"lean:{tmp_path}")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("symbols=AIG", "nothing of AIG; it has IBM"),
        ("date=2013-10-08", "no quotes or trades of these days"),
        ("date=tomorrow", "write 2013-10-07 or"),
        ("date=2013-10-09..2013-10-07", "write 2013-10-07 or"),
        ("resolution=minute", "no quotes or trades of these days.* has second"),
        ("resolution=hour", "use second or minute or tick"),
        ("asset_class=bond", "use us_equity or crypto"),
        ("asset_class=crypto&symbols=IBM", "not of the asset class crypto"),
        ("asset_class=crypto", "it has 0 markets"),
        ("market=mars", "no market mars; name one of usa"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(tmp_path: Path, query: str, told: str) -> None:
    put(tmp_path, "equity/usa/second/ibm/20131007_trade.zip", f"{OPEN_MS},1,1,1,1815200,1\n")
    with pytest.raises(RecordingError, match=told):
        open_recording(f"lean:{tmp_path}?{query}")


def test_several_markets_must_be_told_apart(tmp_path: Path) -> None:
    for market in ("coinbase", "kraken"):
        put(tmp_path, f"crypto/{market}/second/btcusd/20180404_trade.zip", "0,1,1,1,611.78,1\n")
    with pytest.raises(RecordingError, match="it has 2 markets; name one of coinbase or kraken"):
        open_recording(f"lean:{tmp_path}?symbols=BTC/USD")
    recording = open_recording(f"lean:{tmp_path}?symbols=BTC/USD&market=kraken")
    assert facts_of(recording) == [Trade(21, 6_117_800, 10**9, 1_522_800_001 * 10**9)]
