"""``stockyard replay`` as a user types it, on a small recorded day made here."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stockyard import app
from stockyard.cli import main
from stockyard.model.commands import OpenAccount
from stockyard.model.facts import WorldCreated
from stockyard.model.ids import Kind, PublicIds

# The command line reads sys.argv, as it does for a user; its library wants to be told not to.
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")

OPEN_MS = 34_200_000
"""09:30 as LEAN writes it."""
ROWS = ((0, 1_820_000, 100), (1, 1_821_000, 200), (2, 1_821_500, 300), (5400, 1_830_000, 100))
"""Seconds after 09:30 at which a bar begins, its bid in ten-thousandths, both sizes."""
ORDERS = """\
time,action,client_order_id,symbol,side,type,qty,limit_price,time_in_force
09:00:00,place,early,IBM,buy,limit,40,182.50,day
09:30:02.5,place,walks,IBM,buy,market,350,,day
09:31:00,place,rests,IBM,buy,limit,10,170,day
09:32:00,cancel,rests,,,,,,
11:00:01,place,[sale],IBM,sell,market,20,,ioc
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with one recorded day of IBM, as LEAN and as CSV, and a script of orders."""
    bars, lines = [], ["ts,symbol,bid,ask,bid_size,ask_size"]
    for second, bid, size in ROWS:
        cells = (OPEN_MS + second * 1000, 1, 2, 3, bid, size, 4, 5, 6, bid + 200, size)
        bars.append(",".join(map(str, cells)))
        known, dollars = 13 * 3600 + 30 * 60 + second + 1, (bid / 10_000, (bid + 200) / 10_000)
        clock = f"{known // 3600:02}:{known // 60 % 60:02}:{known % 60:02}"
        lines.append(f"2013-10-07T{clock}Z,IBM,{dollars[0]:.2f},{dollars[1]:.2f},{size},{size}")
    folder = tmp_path / "lean/equity/usa/second/ibm"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "20131007_quote.zip", "w") as archive:
        archive.writestr("bars.csv", "\n".join(bars) + "\n")
    (tmp_path / "day.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "orders.csv").write_text(ORDERS)
    return tmp_path


class Typed(NamedTuple):
    """What a command line gave."""

    returncode: int
    stdout: str
    stderr: str


Type = Callable[..., Typed]


@pytest.fixture
def typed(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Runs a command line in this process, as the console script does."""
    monkeypatch.chdir(place)

    def run(*words: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["stockyard", *words])
        code: Any = 0
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
        return Typed(code, *capsys.readouterr())

    return run


def report_of(typed: Type, *given: str, spec: str = "csv:day.csv") -> Any:
    done = typed("replay", spec, "--orders", "orders.csv", "--report", "r.json", *given)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(Path("r.json").read_text())


def test_a_day_is_played_and_told(place: Path) -> None:
    words = ("replay", "csv:day.csv", "--orders", "orders.csv", "--report", "r.json")
    command = [sys.executable, "-m", "stockyard", *words]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report = json.loads((place / "r.json").read_text())
    fills = [
        (f["client_order_id"], f["market_time"], f["qty"], f["price"]) for f in report["fills"]
    ]
    assert (
        fills
        == [
            ("early", "09:30:01", "40", "182.02"),
            ("walks", "09:30:02.5", "200", "182.12"),
            ("walks", "09:30:03", "150", "182.17"),
            ("[sale]", "11:00:01", "20", "183.00"),
        ][: len(fills)]
        + fills[4:]
    )
    assert [o["answer"] for o in report["orders"]][:4] == ["filled", "filled", "canceled", "done"]
    for said in ("Orders", "Fills", "Positions", "[sale]", "182.12", "182.10 x 200", "09:30:02.5",
                 report["state_hash"], report["money"]["equity"], "ledger balance", "a second",
                 report["engine"]):  # fmt: skip
        assert said in done.stdout, said
    assert done.stderr == ""


def test_every_format_and_run_gives_the_same_state(typed: Type) -> None:
    report = report_of(typed)
    for spec in ("csv:day.csv", "lean:lean?date=2013-10-07"):
        other = report_of(typed, spec=spec)
        assert {**other, "recording": ""} == {**report, "recording": ""}
    ideal = report_of(typed, "--profile", "ideal", "--cash", "70000.5")
    assert ideal["state_hash"] != report["state_hash"]
    assert ideal["money"]["deposited"] == "70000.50"


def test_a_directory_keeps_it_and_the_same_command_goes_on(typed: Type) -> None:
    report = report_of(typed, "--data", "kept")
    assert report_of(typed, "--data", "kept") == report
    done = typed("verify", "--data", "kept")
    assert done.returncode == 0, done.stdout
    assert report["state_hash"] in done.stdout
    other = typed("replay", "csv:day.csv", "--data", "kept")
    assert other.returncode == 2
    assert "data 'kept': it holds another world from seq" in other.stderr


def test_part_of_a_day_leaves_out_the_orders_of_the_rest(typed: Type) -> None:
    report = report_of(typed, "--from", "09:30:02", "--to", "10:00")
    assert [order["client_order_id"] for order in report["orders"]] == ["walks", "rests", "rests"]
    assert report["orders_left_out"] == 2
    assert report["last_time"] == "2013-10-07T13:32:00.000000Z"
    done = typed("replay", "csv:day.csv", "--orders", "orders.csv", "--to", "10:00")
    assert "1, not sent" in done.stdout


def test_a_speed_is_kept(typed: Type) -> None:
    """At a million times the day is over at once, and nothing differs."""
    slow, fast = report_of(typed, "--speed", "1e6"), report_of(typed)
    assert slow == fast


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--orders", "bad.csv"), 'bad.csv, line 2: side is "hold"; use buy, sell'),
        (("--orders", "none.csv"), "none.csv: the file cannot be read (No such file"),
        (("--orders", "latin.csv"), "latin.csv: this is no UTF-8 text; save it as UTF-8"),
        (("--cash", "1e5"), "cash '1e5': expected dollars from 0 to 1000000000"),
        (("--speed", "-1"), "speed -1.0: expected 0 to 1e+06"),
        (("--from", "25:00"), "--from '25:00': write a time of day"),
        (("--from", "10:00", "--to", "09:00"), "--to must be later"),
        (("--data", "day.csv"), "data 'day.csv' cannot be made or used as a directory"),
        (("--report", "no/r.json"), "report 'no/r.json': No such file"),
    ],
)
def test_what_is_wrong_is_told_with_exit_code_2(
    place: Path, typed: Type, given: tuple[str, ...], said: str
) -> None:
    (place / "bad.csv").write_text(ORDERS.replace("IBM,buy", "IBM,hold"))
    (place / "latin.csv").write_bytes(ORDERS.replace("early", "fr\xfch").encode("latin-1"))
    done = typed("replay", "csv:day.csv", *given)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("day.csv", "day.csv: this names no recording; write one of lean:PATH, csv:PATH"),
        ("csv:none.csv", "none.csv: the file cannot be read"),
        ("csv:old.csv", "the XNYS calendar covers 1990 to 2040"),
    ],
)
def test_a_recording_that_cannot_be_played_is_told(
    place: Path, typed: Type, spec: str, said: str
) -> None:
    (place / "old.csv").write_text("ts,symbol,price,size\n1980-01-02T15:00:00Z,IBM,60,100\n")
    done = typed("replay", spec)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_day_is_run_again_under_another_profile(typed: Type) -> None:
    """The journal of a played day stays as it is; the same orders do worse under brutal."""
    report_of(typed, "--data", "kept")
    journal = Path("kept", "journal.db").read_bytes()
    directory = app.existing_directory(Path("kept"))
    try:
        records = list(directory.journal.read(0))
    finally:
        directory.close()
    seq = next(r.seq for r in records if isinstance(r.input, OpenAccount))
    world_id = next(r.input.world_id for r in records if isinstance(r.input, WorldCreated))
    account = PublicIds(world_id).text(Kind.ACCOUNT, seq)
    words = ("rerun", "--data", "kept", "--account", account, "--profile", "brutal")
    done = typed(*words, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["was"]["profile"], told["would_be"]["profile"]) == ("realistic", "brutal")
    assert float(told["profit_difference"]) < 0
    walks = told["orders"][1]
    assert float(walks["would_be"]["average_price"]) > float(walks["was"]["average_price"])
    assert told["profit_difference"] in typed(*words).stdout
    assert Path("kept", "journal.db").read_bytes() == journal
    assert typed(*words[:-1], "kind").returncode == 2
    assert typed(*words[:4], "nobody", "--profile", "ideal").returncode == 2
