"""Plays real recorded days and compares; prints a table and ``N passed, M failed``.

The environment variable STOCKYARD_COMPILED names a tree with the compiled package. Exit code 0 when
every check passed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from stockyard.runtime.playback_report import PlaybackReport
from tests.recorded import (
    borrowing,
    comparing,
    doing,
    followed_bars,
    ingested_bars,
    lots,
    second_bars,
)
from tests.recorded.bars import Day, days_in
from tests.recorded.script import ANSWERS, DAY, ORDERS, SYMBOLS, handful
from tests.recorded.table import write_table

DEATHS = (9, 20_000, 33_333, 47_000)
"""Where the crashed playback is killed, in inputs journaled: in its opening and while trading."""
TIMEOUT_S = 300
LINES_SHOWN = 10

Finding = tuple[list[str], str]
"""What is wrong, and a figure to show."""


class NotRun(Exception):
    """A check that this machine cannot make; where CI is set, that is a failure."""


def play(spec: str, *given: str, compiled: str = "", die_at: int = 0) -> PlaybackReport | None:
    """Play in a process of its own; None where it died as asked."""
    environment = dict(os.environ)
    if compiled:
        environment["PYTHONPATH"] = compiled
    done = subprocess.run(
        [sys.executable, "-m", "tests.recorded.player", spec, *given, "--die-at", str(die_at)],
        env=environment,
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_S,
    )
    if die_at:
        assert done.returncode < 0, f"it ended with {done.returncode} instead of being killed"
        return None
    assert done.returncode == 0, f"it ended with {done.returncode}"
    return msgspec.json.decode(done.stdout, type=PlaybackReport)


def difference(one: PlaybackReport, other: PlaybackReport | None) -> list[str]:
    """What two playbacks of the same differ in."""
    assert other is not None
    wrong = []
    if one.state_hash != other.state_hash:
        wrong.append(f"state hash {other.state_hash}, not {one.state_hash}")
    if one.inputs != other.inputs:
        wrong.append(f"{other.inputs} inputs, not {one.inputs}")
    for name in ("fills", "orders", "money"):
        if getattr(one, name) != getattr(other, name):
            wrong.append(f"other {name}")
    return wrong


class ScriptedDay:
    """The day of IBM and SPY under one profile, and what must hold of it."""

    def __init__(self, root: Path, place: Path, profile: str, compiled: str) -> None:
        self.day = Day(root, "equity", "usa", "second", DAY, SYMBOLS)
        self.spec = f"{self.day.spec}&symbols={','.join(SYMBOLS)}"
        self.place, self.profile, self.compiled = place, profile, compiled
        orders = place / "orders.csv"
        orders.write_text(ORDERS, encoding="utf-8")
        self.given = ("--orders", str(orders), "--profile", profile)
        self.bars = {symbol: self.day.bars(symbol) for symbol in SYMBOLS}
        self._report: PlaybackReport | None = None

    @property
    def report(self) -> PlaybackReport:
        """The playback that the others are compared with: interpreted, in memory."""
        assert self._report is not None, "the day was not played"
        return self._report

    def answers(self) -> Finding:
        """Play the script: every row is answered as expected."""
        self._report = play(self.spec, *self.given)
        wanted = ANSWERS[self.profile]
        wrong = [
            f"line {order.line} {order.client_order_id}: {order.answer}, not {wanted[order.line]}"
            for order in self.report.orders
            if order.answer != wanted[order.line]
        ]
        if len(self.report.orders) != len(wanted):
            wrong.append(f"{len(self.report.orders)} rows of {len(wanted)} were played")
        parts = max(Counter(fill.line for fill in self.report.fills).values())
        if self.profile == "realistic" and parts < 2:
            wrong.append("no order was filled in parts")
        if len({fill.rule for fill in self.report.fills}) != 2:
            wrong.append("not both kinds of fill, on arrival and from rest, were seen")
        return wrong, f"{len(self.report.orders)} orders, {len(self.report.fills)} fills"

    def prices(self) -> Finding:
        """Every fill lies inside its second's real quote, at what the bar closed at."""
        return comparing.outside_quotes(self.report, self.bars), self._fills()

    def sizes(self) -> Finding:
        """No quote gave more than it showed."""
        return comparing.beyond_sizes(self.report, self.bars), self._fills()

    def times(self) -> Finding:
        """No fill before its order, outside 09:30 to 16:00, or on any but the latest quote."""
        return comparing.untimely(self.report, self.bars, self.day), self._fills()

    def money(self) -> Finding:
        """The cash is what the fills add up to, and the ledger is zero."""
        return comparing.wrong_money(self.report), f"cash {self.report.money.cash}"

    def fees(self) -> Finding:
        """Every sale paid what was due on that day, and nothing else paid anything."""
        return comparing.wrong_fees(self.report), f"fees {self.report.money.fees}"

    def again(self) -> Finding:
        """Played again in a directory: the same."""
        folder = str(self.place / f"{self.profile}-again")
        return difference(self.report, play(self.spec, *self.given, "--data", folder)), self._hash()

    def compiled_twin(self) -> Finding:
        """Played by the compiled engine: the same."""
        if not self.compiled:
            raise NotRun("STOCKYARD_COMPILED names no tree with the compiled package")
        twin = play(self.spec, *self.given, compiled=self.compiled)
        assert twin is not None
        if (self.report.engine, twin.engine) != ("interpreted", "compiled"):
            raise NotRun(f"the engines were {self.report.engine} and {twin.engine}")
        return difference(self.report, twin), f"{self.report.engine} = {twin.engine}"

    def crashed(self) -> Finding:
        """Killed again and again, and gone on from the same directory: the same."""
        given = (*self.given, "--data", str(self.place / f"{self.profile}-crashed"))
        for die_at in DEATHS:
            play(self.spec, *given, die_at=die_at)
        return difference(self.report, play(self.spec, *given)), f"{len(DEATHS)} deaths"

    def as_table(self) -> Finding:
        """The same day as CSV, written by plain code: the same."""
        path = self.place / "day.csv"
        rows = write_table(self.day, path)
        return difference(self.report, play(f"csv:{path}", *self.given)), f"{rows} rows"

    def _fills(self) -> str:
        return f"{len(self.report.fills)} fills"

    def _hash(self) -> str:
        return f"state hash {self.report.state_hash[:16]}"


def play_handful(day: Day, place: Path) -> Finding:
    """A handful of orders through any other recorded day: all that must hold of any fill."""
    bars = {symbol: day.bars(symbol) for symbol in day.symbols}
    orders = place / "handful.csv"
    orders.write_text(handful(day, bars), encoding="utf-8")
    report = play(day.spec, "--orders", str(orders))
    assert report is not None
    wrong = comparing.outside_quotes(report, bars) + comparing.beyond_sizes(report, bars)
    wrong += comparing.untimely(report, bars, day) + comparing.wrong_money(report)
    quoted = {symbol for symbol in day.symbols if bars[symbol].ends}
    traded = {fill.symbol for fill in report.fills}
    if traded != quoted:
        wrong.append(f"{sorted(quoted)} were quoted and {sorted(traded)} traded")
    return wrong, f"{report.inputs} inputs, {len(report.orders)} orders, {len(report.fills)} fills"


def need_daily(root: Path) -> None:
    """Raise ``NotRun`` where the daily bars are not there."""
    for symbol in dict.fromkeys((*lots.SYMBOLS, *doing.SYMBOLS)):
        if not (root / lots.DAILY.format(symbol.lower())).is_file():
            raise NotRun(f"{root} has no daily bars of {symbol}")


def trade_lots(root: Path, method: str) -> Finding:
    """Real daily closes, and every sale's lots, terms and wash sales."""
    need_daily(root)
    return lots.compare(root, method)


def perform(root: Path, seed: int) -> Finding:
    """Real daily closes, and the performance of an account that trades and is paid into."""
    need_daily(root)
    return doing.compare(root, seed)


def borrow(root: Path) -> Finding:
    """Real daily closes, and every charge, call and closing of accounts that borrow."""
    need_daily(root)
    return borrowing.compare(root)


def build_bars(
    root: Path, symbol: str, compare: Callable[[Path, str], second_bars.Comparison]
) -> Finding:
    """Every trade tick of a day to second bars, beside the bars that came with the ticks."""
    for resolution in ("tick", "second"):
        if not second_bars.path_of(root, resolution, symbol).is_file():
            raise NotRun(f"{root} has no {resolution} trades of {symbol} on {second_bars.DAY}")
    found = compare(root, symbol)
    for line in second_bars.describe(found):
        print(f"      {line}", flush=True)
    share = found.same / found.bars
    return second_bars.wrong(found), f"{found.ticks} ticks, {share:.1%} of {found.bars} bars"


class Score:
    """Runs checks one by one and counts."""

    def __init__(self) -> None:
        self.passed = self.failed = self.not_run = 0

    def run(self, title: str, check: Callable[[], Finding]) -> None:
        """Run one check and print its line."""
        began = time.monotonic()
        try:
            wrong, figure = check()
        except NotRun as why:
            if os.environ.get("CI") != "true":
                self.not_run += 1
                print(f"NOT RUN {title}: {why}", flush=True)
                return
            wrong, figure = [str(why)], ""
        except (AssertionError, subprocess.TimeoutExpired) as error:
            wrong, figure = [str(error)], ""
        self.failed += bool(wrong)
        self.passed += not wrong
        seconds = f"{time.monotonic() - began:.1f} s"
        print(f"{'FAIL' if wrong else 'ok':6}{title:60}{figure:42}{seconds:>8}", flush=True)
        for line in wrong[:LINES_SHOWN]:
            print(f"      {line}", flush=True)


def main() -> int:
    """Run every check on the folder given."""
    parser = argparse.ArgumentParser(prog="python -m tests.recorded")
    parser.add_argument("--lean", type=Path, required=True, help="a LEAN data folder")
    root = parser.parse_args().lean.resolve()
    days = days_in(root)
    if not any(day.day == DAY and set(SYMBOLS) <= set(day.symbols) for day in days):
        parser.error(f"{root} has no second bars of {' and '.join(SYMBOLS)} on {DAY}")
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        for profile in ANSWERS:
            scripted = ScriptedDay(
                root, Path(folder), profile, os.environ.get("STOCKYARD_COMPILED", "")
            )
            score.run(f"{profile}: every row answered as expected", scripted.answers)
            score.run(f"{profile}: every fill inside its second's quote", scripted.prices)
            if profile == "realistic":
                score.run(f"{profile}: never more than the size shown", scripted.sizes)
                score.run(f"{profile}: fees of October 2013", scripted.fees)
            score.run(f"{profile}: in time, in session, latest quote", scripted.times)
            score.run(f"{profile}: cash adds up, ledger zero", scripted.money)
            score.run(f"{profile}: again, in a directory", scripted.again)
            score.run(f"{profile}: compiled engine", scripted.compiled_twin)
            score.run(f"{profile}: killed and gone on", scripted.crashed)
            score.run(f"{profile}: the same day as CSV", scripted.as_table)
        for day in days:
            score.run(f"handful: {day.title}", partial(play_handful, day, Path(folder)))
    for method in lots.METHODS:
        score.run(f"lots: {method}, share by share", partial(trade_lots, root, method))
    for symbol in second_bars.SYMBOLS:
        for way, compare in (
            ("from its ticks", second_bars.compare),
            ("through a feed", followed_bars.compare),
            ("through the webhook", ingested_bars.compare),
        ):
            check = partial(build_bars, root, symbol, compare)
            score.run(f"bars: seconds of {symbol} {way}", check)
    score.run("margin: charges, calls and closings by hand", partial(borrow, root))
    for seed in (1, 2, 3):
        score.run(f"performance: account {seed} as empyrical has it", partial(perform, root, seed))
    rest = f", {score.not_run} not run" if score.not_run else ""
    print(f"{score.passed} passed, {score.failed} failed{rest}")
    return 1 if score.failed else 0


if __name__ == "__main__":
    sys.exit(main())
