"""Ticks and bars of other people's files, as they go into a history."""

import gzip
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from stockyard.adapters import open_past
from stockyard.adapters.parquet.days import BarFile, TickFile, last_number_of
from stockyard.market.catalog import listings_for
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.past import Past
from stockyard.model.recordings import RecordingError
from stockyard.model.ticks import Bar, Counts, QuoteTick, Tick, TradeTick

NS = 1_000_000_000
UNIT = 10**9
MIDNIGHT = 1_381_118_400 * NS
"""2013-10-07 in New York."""
OPEN_MS = 34_200_000
IBM = listings_for(["IBM"], AssetClass.US_EQUITY)[0]
COIN = listings_for(["BTC/USD"], AssetClass.CRYPTO)[0]
ONE = IBM.instrument_id


def zipped(path: Path, rows: Iterable[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rows.csv", "".join(f"{row}\n" for row in rows))


@pytest.fixture
def lean(tmp_path: Path) -> Path:
    usa = tmp_path / "equity/usa"
    zipped(
        usa / "tick/ibm/20131007_trade.zip",
        [
            f"{OPEN_MS},1820000,100,P,0,0",
            f"{OPEN_MS + 250},1820100,30,P,80000000,0",
            f"{OPEN_MS + 500},1999999,100,P,0,1",
            f"{OPEN_MS + 750},1820300,100,P,20,0",
        ],
    )
    zipped(
        usa / "tick/ibm/20131007_quote.zip",
        [f"{OPEN_MS},1819900,300,0,0,P,0,0", f"{OPEN_MS + 100},0,0,1820100,200,P,0,0"],
    )
    bars = [f"{OPEN_MS + n * 1000},18200{n}0,18210{n}0,18190{n}0,18205{n}0,{n}00" for n in (1, 2)]
    zipped(usa / "second/ibm/20131007_trade.zip", bars)
    zipped(usa / "second/ibm/20131008_trade.zip", bars[:1])
    days = ["20131007 00:00,1820000,1830000,1810000,1825000,4567000"]
    zipped(usa / "daily/ibm.zip", [*days, "20131108 00:00,1790000,1800000,1780000,1799900,1"])
    return tmp_path


def ticks(past: Past, instrument: Instrument = IBM) -> list[Tick]:
    assert list(past.bars({instrument.symbol: instrument})) == []
    return list(past.ticks({instrument.symbol: instrument}))


def bars(past: Past, instrument: Instrument = IBM) -> list[Bar]:
    assert list(past.ticks({instrument.symbol: instrument})) == []
    return list(past.bars({instrument.symbol: instrument}))


def test_lean_ticks_count_by_their_sale_conditions(lean: Path) -> None:
    """An odd lot and a sweep for the volume only; what the source took back is left out."""
    past = open_past(f"lean:{lean}?resolution=tick")
    at = MIDNIGHT + OPEN_MS * 1_000_000
    assert (past.symbols, past.window_s) == (("IBM",), 0)
    assert past.first_ts <= at <= past.last_ts
    assert ticks(past) == [
        QuoteTick(ONE, "lean", 1_819_900, 0, 300 * UNIT, 0, at),
        QuoteTick(ONE, "lean", 1_819_900, 1_820_100, 300 * UNIT, 200 * UNIT, at + NS // 10),
        TradeTick(ONE, "lean", 1_820_000, 100 * UNIT, at, Counts.ALL),
        TradeTick(ONE, "lean", 1_820_100, 30 * UNIT, at + NS // 4, Counts.VOLUME),
        TradeTick(ONE, "lean", 1_820_300, 100 * UNIT, at + 3 * NS // 4, Counts.VOLUME),
    ]


def test_lean_bars_stand_under_the_time_they_begin(lean: Path) -> None:
    """Seconds of two days, or of one; and days under New York's midnight of their season."""
    past = open_past(f"lean:{lean}", "algoseek")
    found = bars(past)
    assert [bar.start_ns - MIDNIGHT for bar in found] == [
        (OPEN_MS // 1000 + 1) * NS, (OPEN_MS // 1000 + 2) * NS, (OPEN_MS // 1000 + 86_401) * NS,
    ]  # fmt: skip
    first = MIDNIGHT + (OPEN_MS // 1000 + 1) * NS
    assert found[0] == Bar(
        ONE, "algoseek", 1, first, 1_820_010, 1_821_010, 1_819_010, 1_820_510, 100 * UNIT,
        0, 0, 0, True,
    )  # fmt: skip
    assert len(bars(open_past(f"lean:{lean}?date=2013-10-08"))) == 1
    days = bars(open_past(f"lean:{lean}?resolution=daily"))
    assert [day.start_ns for day in days] == [MIDNIGHT, MIDNIGHT + (32 * 86_400 + 3600) * NS]
    assert days[0].window_s == 86_400
    one = open_past(f"lean:{lean}?resolution=daily&date=2013-11-01..2013-11-30")
    assert len(bars(one)) == 1


def test_csv_ticks_and_bars_are_told_apart_by_their_columns(tmp_path: Path) -> None:
    """Blank cells are missing values; a source may stand in the rows."""
    (tmp_path / "t.csv").write_text(
        "ts,symbol,price,size,source,counts,sequence\n"
        "2013-10-07T13:30:00Z,IBM,182.01,100,,,\n2013-10-07T13:30:01Z,IBM,182.02,5,nyse,4,77\n"
    )
    at = MIDNIGHT + OPEN_MS * 1_000_000
    assert ticks(open_past(f"csv:{tmp_path / 't.csv'}", "mine")) == [
        TradeTick(ONE, "mine", 1_820_100, 100 * UNIT, at, Counts.ALL, 0),
        TradeTick(ONE, "nyse", 1_820_200, 5 * UNIT, at + NS, Counts.VOLUME, 77),
    ]
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write(
            "symbol,window,start,open,high,low,close,volume,value,trades,final\n"
            "BTC/USD,1h,2026-01-02T15:00:00Z,90000.5,90001,90000,90000.75,0.5,45000.25,12,false\n"
        )
    past = open_past(f"csv:{tmp_path / 'b.csv.gz'}")
    (bar,) = bars(past, COIN)
    assert (past.window_s, bar.source, bar.window_s) == (3600, "csv", 3600)
    assert (bar.count, bar.final, bar.volume) == (12, False, UNIT // 2)
    assert bar.value == 4_500_025 * 10 ** (COIN.price_scale + COIN.qty_scale - 2)


def test_what_is_written_to_parquet_comes_back_as_it_was(tmp_path: Path) -> None:
    """Ticks with all they say, bars beyond 64 bits, and the smallest coin sizes."""
    some: list[QuoteTick | TradeTick] = [
        QuoteTick(COIN.instrument_id, "a", 9_000_000, 9_000_001, 1, 10**17, MIDNIGHT),
        QuoteTick(COIN.instrument_id, "b", 0, 9_000_001, 0, 7, MIDNIGHT + 1),
        TradeTick(COIN.instrument_id, "a", 9_000_000, 1, MIDNIGHT + 2, 5, 2**40),
    ]
    with TickFile(tmp_path / "day/BTC-USD.parquet", COIN) as file:
        file.last_number = 99
        for tick in some:
            file.add([tick])
    assert ticks(open_past(f"parquet:{tmp_path / 'day'}"), COIN) == some
    assert last_number_of(tmp_path / "day/BTC-USD.parquet") == 99
    kept = [
        Bar(COIN.instrument_id, source, 60, MIDNIGHT + n * 60 * NS, 5, 9, 4, 6, 2**61,
            2**80 + n, 3, n, bool(n))
        for source in ("", "a") for n in (0, 1)
    ]  # fmt: skip
    with BarFile(tmp_path / "bars.parquet", COIN) as bar_file:
        bar_file.add(kept)
    found = bars(open_past(f"parquet:{tmp_path / 'bars.parquet'}", "all"), COIN)
    assert [bar.source for bar in found] == ["all", "all", "a", "a"]
    assert [bar.value for bar in found] == [bar.value for bar in kept]
    assert found[2:] == kept[2:]


def test_a_file_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    """Whatever stops it, and nothing is left beside its name."""
    broken = [TradeTick(ONE, "a", 1, 1, MIDNIGHT, 7)] * 20_000 + [None]
    with suppress(AttributeError), TickFile(tmp_path / "day/x.parquet", IBM) as file:
        file.add(broken)
    assert list((tmp_path / "day").iterdir()) == []


BAR_HEAD = "symbol,window,start,open,high,low,close,volume"
BAR_START = "IBM,1m,2013-10-07T13:30:00Z"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{BAR_HEAD},color\n", "the columns are"),
        (f"{BAR_HEAD}\n{BAR_START},182,183,181\n", "line 2: this row has 6 cells"),
        (f"{BAR_HEAD}\n{BAR_START},182,183,181,184,1\n", "none above the high"),
        (f"{BAR_HEAD}\n{BAR_START},182,183,0,182,1\n", "above zero"),
        (f"{BAR_HEAD}\n{BAR_START},182.123456,183,181,182,1\n", "decimal places"),
        (f"{BAR_HEAD}\nIBM,7m,2013-10-07T13:30:00Z,182,183,181,182,1\n", "a window is one of"),
        (f"{BAR_HEAD}\nIBM,1m,2013-10-07T13:30:00,182,183,181,182,1\n", "with its zone"),
        (f"{BAR_HEAD},value\n{BAR_START},182,183,181,182,1,-5\n", "a value is a plain decimal"),
        (f"{BAR_HEAD},trades\n{BAR_START},182,183,181,182,1,2.5\n", "whole numbers"),
        (f"{BAR_HEAD},source\n{BAR_START},182,183,181,182,1,{'x' * 41}\n", "at most 40"),
        (f"{BAR_HEAD}\n", "it holds no rows"),
        ("ts,symbol,price,size,counts\n2013-10-07T13:30:00Z,IBM,182,1,8\n", "from 0 to 7"),
        (
            "ts,symbol,price,size\n2013-10-07T13:30:01Z,IBM,182,1\n2013-10-07T13:30:00Z,IBM,1,1\n",
            "line 3: this row cannot be read; it is earlier",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.csv").write_text(text)

    def read() -> None:
        past = open_past(f"csv:{tmp_path / 'x.csv'}")
        assert list(past.ticks({"IBM": IBM})) or list(past.bars({"IBM": IBM}))

    with pytest.raises(RecordingError, match=said):
        read()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("resolution=week", "there is no resolution"),
        ("resolution=hour", "it has nothing of these days"),
        ("resolution=daily&symbols=AIG", "it has nothing of AIG"),
        ("date=2014-01-01", "it has nothing of these days"),
        ("color=red", "there is no option"),
    ],
)
def test_a_lean_folder_tells_what_it_lacks(lean: Path, options: str, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        open_past(f"lean:{lean}?{options}")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2013-10-07,1820000,1830000,1810000,1825000,1", "20131007 00:00"),
        ("20131399 00:00,1820000,1830000,1810000,1825000,1", "this is no time"),
        ("20131007 00:00,1820000,1830000,1810000,1825000", "20131007 00:00"),
        ("20131007 00:00,1820000,1810000,1830000,1825000,1", "none above the high"),
    ],
)
def test_a_wrong_daily_bar_is_told_with_its_line(lean: Path, row: str, said: str) -> None:
    zipped(lean / "equity/usa/daily/ibm.zip", [row])
    with pytest.raises(RecordingError, match=f"line 1.*{said}"):
        bars(open_past(f"lean:{lean}?resolution=daily"))
