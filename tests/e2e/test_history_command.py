"""``stockyard history`` as a user types it: a small day in, listed, out, and in again elsewhere."""

import subprocess
import sys
from pathlib import Path

from tests.e2e.running import Running

DAY = "ts,symbol,price,size,bid,ask,bid_size,ask_size\n" + "".join(
    f"2013-10-07T13:{30 + n // 60}:{n % 60:02}Z,IBM,{182 + n / 100:.2f},100,181.5,190,200,300\n"
    for n in range(150)
)


def typed(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stockyard", "history", *words]
    return subprocess.run(
        command, cwd=place, capture_output=True, text=True, timeout=120, check=False
    )


def told(place: Path, *words: str) -> str:
    done = typed(place, *words)
    assert (done.returncode, done.stderr.strip()) == (0, ""), done.stderr
    return done.stdout


def test_a_day_goes_in_and_out_and_is_served(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(DAY)
    assert told(tmp_path, "import", "csv:day.csv", "--source", "mine") == (
        "imported 300 ticks and 312 bars of IBM\n"
    )
    listed = told(tmp_path, "list")
    for line in (
        "IBM     mine    ticks  300",
        "IBM     (all)   1m     3",
        "IBM     mine    1d     1",
    ):
        assert line in listed
    assert told(tmp_path, "export", "out") == "exported 300 ticks into 1 files\n"
    assert told(tmp_path, "export", "bars", "--what", "1m") == "exported 3 1m bars into 1 files\n"
    again = told(tmp_path, "import", "parquet:out/2013-10-07", "--data", "other")
    assert again == "imported 300 ticks and 312 bars of IBM\n"
    assert told(tmp_path, "list", "--data", "other").splitlines()[:11] == listed.splitlines()[:11]
    twice = typed(tmp_path, "import", "csv:day.csv", "--source", "mine")
    assert twice.returncode == 2
    assert 'the history has ticks of "mine" already' in twice.stderr
    server = Running(tmp_path / "data")
    client = server.connect()
    try:
        found = client.get("/api/v1/bars?symbol=IBM&window=1m&start=2013-10-07")["bars"]
        assert [bar["open"] for bar in found] == ["182.00", "182.60", "183.20"]
        ticks = client.get("/api/v1/tickers/IBM/history?end=2014-01-01&limit=2")["ticks"]
        assert [tick["kind"] for tick in ticks] == ["trade", "quote"]
        busy = server.command("history", "list")
        assert busy.returncode == 1
        assert "is in use by process" in busy.stderr
    finally:
        client.close()
        assert server.stop() == 0


def test_imported_days_go_on_with_the_sessions_they_were_made_by(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(DAY)
    told(tmp_path, "import", "csv:day.csv")
    server = Running(tmp_path / "data", "--market", "none")
    client = server.connect()
    try:
        calendars = client.get("/api/v1/clock")["calendars"]
        assert [one["name"] for one in calendars] == ["xnys", "always"]
    finally:
        client.close()
        assert server.stop() == 0


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("ts,symbol\n")
    for words, said in (
        (("list",), "there is no journal.db"),
        (("import", "csv:day.csv"), "the columns are ts,symbol"),
        (("import", "tape:day"), "this names no recording"),
        (("export", "out", "--from", "yesterday"), "yesterday"),
    ):
        done = typed(tmp_path, *words)
        assert done.returncode == 2, words
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_damaged_history_is_set_aside_and_trading_goes_on(tmp_path: Path) -> None:
    server = Running(tmp_path / "data")
    assert server.stop() == 0
    path = tmp_path / "data/history.db"
    path.write_bytes(b"x" * 100 + path.read_bytes()[100:])
    server.start()
    client = server.connect()
    assert client.get("/api/v1/bars?symbol=AAPL&window=1m&end=2026-01-01")["bars"] == []
    assert client.get("/api/v1/account")["status"] == "active"
    client.close()
    assert server.stop() == 0
    assert len(list((tmp_path / "data").glob("history.db.damaged-*"))) == 1
