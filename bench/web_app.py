"""P9: the web app in a real browser: its size, its main thread's work, its memory, a long list.

The browser's side is ``web/bench/measure.ts``: one server with the built-in market, one Chromium.
Needs Node, the browser tests' libraries and Chromium, as ``make test-web`` does. Must not know: how
a page is measured.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from bench.figures import Figure, Report
from bench.sizes import Sizes

WEB: Final = Path(__file__).resolve().parents[1] / "web"
TOOLS: Final = WEB.parent / ".make" / "tools" / "bin"
FIRST_KB: Final = 250
FRAME_MS: Final = 8.0
"""Half of a frame at 60 a second."""
LONG_MS: Final = 50.0
"""A task above this is what browsers call long."""
GROWN_MB: Final = 10.0
PATIENCE_S: Final = 300.0
_SCREENS: Final = {"home": "home", "markets": "the list of markets", "symbol": "a symbol's chart"}


class Size(msgspec.Struct):
    """Gzipped bytes: of the first load, and what each screen adds."""

    first: int
    more: dict[str, int]


class Work(msgspec.Struct, rename="camel"):
    """Of a page's main thread, in milliseconds; ``busy`` is a share of the time."""

    frames: int
    per_frame: float
    longest: float
    busy: float


class Memory(msgspec.Struct):
    """Bytes of the page's heap after its garbage was collected."""

    before: int
    after: int
    quotes: int


class Scrolled(Work, rename="camel"):
    """A list: its rows, and those that the page has while it is scrolled."""

    rows: int
    drawn: int


class Measured(msgspec.Struct):
    """What the browser's side says."""

    sizes: Size
    screens: dict[str, Work]
    memory: Memory
    list: Scrolled


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure all of it. Raises where Node, the libraries or Chromium are missing."""
    found = _measure(sizes)
    report = Report()
    first_kb = found.sizes.first / 1000
    name, most = max(found.sizes.more.items(), key=lambda item: item[1])
    report.figures += [
        Figure(
            "p9_first_load_kb",
            "P9 scripts of the first load, gzipped",
            first_kb,
            "kB",
            aim=f"<= {FIRST_KB} kB",
            met=first_kb <= FIRST_KB,
        ),
        Figure(
            "p9_largest_screen_kb",
            "P9 what the largest screen adds, gzipped",
            most / 1000,
            "kB",
            note=name,
        ),
    ]
    for screen, work in found.screens.items():
        about = f"P9 main thread for each frame, {_SCREENS[screen]} under moving prices"
        report.figures += _work(f"p9_{screen}", about, work)
    grown_mb = (found.memory.after - found.memory.before) / 1e6
    report.figures.append(
        Figure(
            "p9_memory_mb",
            f"P9 memory of the page after {found.memory.quotes:,} more quotes",
            found.memory.after / 1e6,
            "MB",
            aim=f"<= {GROWN_MB:.0f} MB more than before",
            met=grown_mb <= GROWN_MB,
            against=f"before, {found.memory.before / 1e6:.1f} MB",
            ratio=found.memory.after / found.memory.before,
        )
    )
    rows = found.list
    about = f"P9 main thread for each frame, {rows.rows:,} orders scrolled"
    report.figures += _work("p9_list", about, rows, f"{rows.drawn} rows in the page")
    return report


def _work(name: str, about: str, work: Work, note: str = "") -> list[Figure]:
    return [
        Figure(
            f"{name}_frame_ms",
            about,
            work.per_frame,
            "ms",
            aim=f"<= {FRAME_MS:.0f} ms",
            met=work.per_frame <= FRAME_MS,
            against=f"{work.frames} frames, busy {work.busy * 100:.0f} % of the time",
            note=note,
        ),
        Figure(
            f"{name}_longest_ms",
            "P9 the longest task of that",
            work.longest,
            "ms",
            aim=f"<= {LONG_MS:.0f} ms",
            met=work.longest <= LONG_MS,
        ),
    ]


def _measure(sizes: Sizes) -> Measured:
    path = f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}"
    node = shutil.which("node", path=path)
    if node is None:
        raise RuntimeError("there is no Node: make test-web brings it")
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(chromium).exists():
        raise RuntimeError(f"there is no {chromium}: CHROMIUM=/path names another")
    given = [sizes.web_seconds, sizes.web_memory_seconds, sizes.web_orders]
    ended = subprocess.run(
        [node, "bench/measure.ts", ",".join(sizes.web_screens), *map(str, given)],
        cwd=WEB,
        env={**os.environ, "PATH": path, "E2E_PYTHON": sys.executable},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if ended.returncode != 0:
        raise RuntimeError(ended.stderr.decode(errors="replace")[-2000:])
    return msgspec.json.decode(ended.stdout, type=Measured)
