"""CSV files, plain, gzipped and in folders, whole and broken."""

import gzip
from pathlib import Path

import pytest

from stockyard.adapters import open_recording
from stockyard.market.catalog import listings_for
from stockyard.model.codes import AssetClass
from stockyard.model.facts import Quote, Trade
from stockyard.model.recordings import Recording, RecordingError

QUOTES = """ts,symbol,bid,ask,bid_size,ask_size
2013-10-07T13:30:01Z,IBM,181.25,181.80,200,3000
2013-10-07T13:30:01Z,SPY,167.25,167.27,300,20000
2013-10-07T13:30:03Z,IBM,,181.80,,100
"""
TRADES = """ts,symbol,price,size
2013-10-07T13:30:01Z,IBM,181.52,283
2013-10-07T13:30:02.5Z,IBM,181.53,1
"""
FIRST = 1_381_152_601_000_000_000


def facts_of(recording: Recording) -> list[Quote | Trade]:
    rows = listings_for(recording.symbols, recording.asset_class)
    return list(recording.facts({row.symbol: row for row in rows}))


def test_a_folder_is_merged_by_time_then_by_file(tmp_path: Path) -> None:
    (tmp_path / "quotes.csv").write_text(QUOTES)
    with gzip.open(tmp_path / "trades.csv.gz", "wt") as file:
        file.write(TRADES)
    recording = open_recording(f"csv:{tmp_path}")
    assert recording.symbols == ("IBM", "SPY")
    assert recording.asset_class == AssetClass.US_EQUITY
    assert (recording.first_ts, recording.last_ts) == (FIRST, FIRST + 2 * 10**9)
    facts = facts_of(recording)
    assert [type(fact) for fact in facts] == [Quote, Quote, Trade, Trade, Quote]
    assert facts == facts_of(recording), "a recording can be played again"


def test_only_the_symbols_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text(QUOTES)
    recording = open_recording(f"csv:{path}?symbols=SPY")
    assert recording.symbols == ("SPY",)
    assert recording.first_ts == recording.last_ts == FIRST
    assert facts_of(recording) == [
        Quote(20, 1_672_500, 1_672_700, 300 * 10**9, 20_000 * 10**9, FIRST)
    ]


def test_a_byte_order_mark_blanks_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text("\ufeff" + TRADES.replace(",", " , ") + "\r\n\r\n", encoding="utf-8")
    assert len(facts_of(open_recording(f"csv:{path}"))) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the columns are"),
        ("ts,symbol,price,size\n", "it holds no rows"),
        (TRADES + "2013-10-07T13:30:09Z,IBM,181\n", "line 4: this row has 3 cells"),
        (TRADES + "2013-10-07T13:30:09Z,ibm,181,1\n", '"ibm" is no symbol'),
        (TRADES + "2013-10-07T13:30:09Z,BTC/USD,181,1\n", "it holds stocks and coins"),
        (TRADES + "yesterday,IBM,181,1\n", "line 4: .* ISO 8601"),
        (TRADES + '2013-10-07T13:30:09Z,"IBM"x,181,1\n', "this is no CSV text"),
    ],
)
def test_what_is_wrong_is_told_when_it_is_opened(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "day.csv"
    path.write_text(text)
    with pytest.raises(RecordingError, match=told):
        open_recording(f"csv:{path}")


def test_a_bad_price_is_told_when_it_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text(TRADES.replace("181.53", "181.53001"))
    recording = open_recording(f"csv:{path}")
    with pytest.raises(RecordingError, match=r"line 3: .* at most 4 decimal places"):
        facts_of(recording)


def test_a_symbol_that_is_not_there_is_told_what_is(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text(QUOTES)
    with pytest.raises(RecordingError, match="nothing of AIG; it has IBM, SPY"):
        open_recording(f"csv:{path}?symbols=IBM,AIG")


def test_broken_files_are_told_as_such(tmp_path: Path) -> None:
    whole = gzip.compress(TRADES.encode() * 50)
    for name, content in {
        "cut.csv.gz": whole[: len(whole) // 2],
        "plain.csv.gz": TRADES.encode(),
        "binary.csv": b"ts,symbol,price,size\n\xff\xfe\x00",
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(RecordingError, match=name):
            open_recording(f"csv:{path}")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="the folder has no CSV files"):
        open_recording(f"csv:{tmp_path}")
