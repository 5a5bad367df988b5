"""Parquet columns of every sensible type give the same exact facts."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stockyard.adapters import open_recording
from stockyard.adapters.parquet import wire
from stockyard.market.catalog import listing_for
from stockyard.model.codes import AssetClass
from stockyard.model.facts import Quote, Trade
from stockyard.model.recordings import RecordingError

TS = 1_381_152_601_250_000_000
MOMENT = datetime(2013, 10, 7, 13, 30, 1, 250_000, UTC)
IBM = listing_for("IBM", AssetClass.US_EQUITY)


def written(path: Path, **columns: Any) -> Path:
    file = path / "day.parquet"
    pq.write_table(pa.table(columns), file)
    return file


@pytest.mark.parametrize(
    "ts",
    [
        pa.array([TS], pa.int64()),
        pa.array([str(TS)], pa.string()),
        pa.array(["2013-10-07T13:30:01.25Z"]),
        pa.array([MOMENT], pa.timestamp("ns", "UTC")),
        pa.array([MOMENT], pa.timestamp("us", "America/New_York")),
        pa.array([MOMENT], pa.timestamp("ms", "UTC")),
    ],
    ids=lambda column: str(column.type),
)
@pytest.mark.parametrize(
    ("price", "size"),
    [
        (pa.array(["181.52"]), pa.array(["283"])),
        (pa.array([181.52]), pa.array([283.0])),
        (pa.array([Decimal("181.5200")]), pa.array([283], pa.int32())),
    ],
    ids=["text", "float", "decimal"],
)
def test_every_type_of_column_gives_the_same_trade(
    tmp_path: Path, ts: Any, price: Any, size: Any
) -> None:
    file = written(tmp_path, ts=ts, symbol=pa.array(["IBM"]), price=price, size=size)
    recording = open_recording(f"parquet:{file}")
    assert (recording.symbols, recording.first_ts) == (("IBM",), TS)
    assert list(recording.facts({"IBM": IBM})) == [Trade(1001, 1_815_200, 283 * 10**9, TS)]


def test_nulls_and_nans_are_missing_sides(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        ts=[TS, TS],
        symbol=["IBM", "IBM"],
        bid=[181.25, None],
        bid_size=[200.0, float("nan")],
        ask=[float("nan"), 181.8],
        ask_size=[None, 0.00001],
    )
    assert list(open_recording(f"parquet:{file}").facts({"IBM": IBM})) == [
        Quote(1001, 1_812_500, 0, 200 * 10**9, 0, TS),
        Quote(1001, 0, 1_818_000, 0, 10_000, TS),
    ]


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    naive = pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("us"))
    file = written(tmp_path, ts=naive, symbol=["IBM"], price=["1"], size=["1"])
    with pytest.raises(RecordingError, match="the times in ts have no zone"):
        open_recording(f"parquet:{file}")


def test_rows_are_numbered_from_one_over_all_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BATCH_ROWS", 2)
    file = written(
        tmp_path,
        ts=[TS] * 4,
        symbol=["IBM"] * 4,
        price=["181", "182", "183", "181.123456"],
        size=["1"] * 4,
    )
    recording = open_recording(f"parquet:{file}")
    with pytest.raises(RecordingError, match=r"line 4: .* at most 4 decimal places"):
        list(recording.facts({"IBM": IBM}))


def test_wrong_columns_and_wrong_files_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, ts=[TS], symbol=["IBM"], price=["1"])
    with pytest.raises(RecordingError, match="they should be ts,symbol"):
        open_recording(f"parquet:{file}")
    file.write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(RecordingError, match="give a whole Parquet file"):
        open_recording(f"parquet:{file}")
    file.unlink()
    with pytest.raises(RecordingError, match="the folder has no Parquet files"):
        open_recording(f"parquet:{tmp_path}")


def test_a_missing_package_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, ts=[TS], symbol=["IBM"], price=["1"], size=["1"])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(RecordingError, match=r"pip install 'stockyard\[parquet\]'"):
        open_recording(f"parquet:{file}")
