"""A day of inputs: how long it takes to start from all of them, and to look at any point of it.

The day is the mixed workload, spread over 24 hours and archived as a server does it. Each look is
the whole of what ``GET /api/v1/account?at=`` pays for: a process of its own that finds the nearest
archived state, replays the inputs after it, and answers for one account. Every tenth is compared
with the state the engine had live.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench import child, recovery, workload
from bench.figures import Figure, Report
from bench.sizes import Sizes
from stockyard.api.past_child import Asked, Told
from stockyard.app import DataDirectory
from stockyard.model.events import Event
from stockyard.model.ids import Kind, PublicIds
from stockyard.model.records import Record
from stockyard.runtime import snapshots
from stockyard.runtime.archiving import Archiving
from stockyard.runtime.time_machine import TimeMachine
from stockyard.storage.archive import Archive

DAY_NS: Final = 86_400 * 10**9
CHUNK: Final = 20_480
LOOKS_COMPARED: Final = 10


class Day(msgspec.Struct):
    """What the live engine was: its hash at the end and at some points, and whose accounts."""

    state_hash: str
    inputs: int
    account_ids: list[int]
    marks: dict[int, str]
    journal_bytes: int
    archive_bytes: int
    archived: int


class Look(msgspec.Struct):
    """One look at one point, in seconds; the inputs that were replayed for it."""

    seconds: float
    seq: int
    replayed: int


def build(path: str, inputs: int, accounts: int, resting: int, every: int, seed: int) -> Day:
    """Fill ``path`` with a day of ``inputs``, archived after every so many."""
    maker = workload.Maker(1, accounts, workload.INSTRUMENTS, accounts, DAY_NS // inputs)
    maker.setup(resting)
    directory = DataDirectory(Path(path))
    recovered = recovery.open_parts(directory)
    engine, projector = recovered.engine, recovered.projector
    archiving = Archiving(Archive(Path(path) / "archive"), every)
    draw, marks = random.Random(seed), dict[int, str]()
    mark_at = {draw.randrange(inputs // 20, inputs) // CHUNK for _ in range(LOOKS_COMPARED)}
    made, chunk = 0, 0

    def live(records: list[Record]) -> None:
        recovery.write_journal(directory, records)
        for record in records:
            events: list[Event] = []
            engine.apply(record.seq, record.ts, record.input, events)
            projector.fold(record, events)
        projector.flush()
        if archiving.due(engine.seq, engine.ts):
            archiving.consider(
                snapshots.encode_now(engine, projector.digest), directory.journal.head
            )

    live(maker.take())
    while made < inputs:
        count = min(CHUNK, inputs - made)
        maker.mix(made, count)
        live(maker.take())
        made += count
        if chunk in mark_at:
            marks[engine.seq] = engine.state_hash()
        chunk += 1
    listed = archiving.archive.list()
    found = Day(
        engine.state_hash(),
        engine.seq,
        maker.account_ids[:200],
        marks,
        (Path(path) / "journal.db").stat().st_size,
        sum(one.size_bytes for one in listed),
        len(listed),
    )
    directory.close()
    return found


def look(path: str, seq: int, account_id: int) -> Look:
    """Ask a child for one account at one point, as the server does."""
    asked = msgspec.json.encode(Asked(path, account_id, str(seq)))
    begun = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "stockyard.api.past_child"],
        input=asked, capture_output=True, check=True,
    )  # fmt: skip
    seconds = time.perf_counter() - begun
    told = msgspec.json.decode(ran.stdout, type=Told)
    assert not told.code + told.fault, told
    shown = json.loads(bytes(told.answer))
    assert shown["past"]["seq"] == seq
    assert shown["id"] == PublicIds("5e" * 16).text(Kind.ACCOUNT, account_id)
    nearest = Archive(Path(path) / "archive").before(seq)
    return Look(seconds, seq, seq - (0 if nearest is None else nearest.seq))


def hash_at(path: str, seq: int) -> str:
    """The state hash at a point, worked out from the archive."""
    machine = TimeMachine(Path(path))
    return machine.read(machine.find(str(seq))).state_hash()


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure a start from a day's inputs, and looks at random points of it."""
    path = Path(tempfile.mkdtemp(prefix="day-", dir=folder))
    given = {
        "path": str(path),
        "inputs": sizes.day_inputs,
        "accounts": sizes.accounts,
        "resting": sizes.resting,
        "every": sizes.day_archived,
        "seed": 7,
    }
    day = child.run("bench.time_machine:build", Day, given)
    started = recovery.starts(path, day.state_hash, 1)[0]
    for seq, wanted in day.marks.items():
        found = child.run("bench.time_machine:hash_at", str, {"path": str(path), "seq": seq})
        assert found == wanted, f"the state at {seq} is not what the engine was"
    draw, looks = random.Random(3), list[Look]()
    for _ in range(sizes.day_looks):
        seq = draw.randrange(day.inputs - sizes.day_inputs, day.inputs) + 1
        looks.append(look(str(path), seq, draw.choice(day.account_ids)))
    shutil.rmtree(path)
    return _report(sizes, day, started.seconds, looks)


def _report(sizes: Sizes, day: Day, start_s: float, looks: list[Look]) -> Report:
    seconds = [one.seconds for one in looks]
    slowest = max(looks, key=lambda one: one.seconds)
    aim = 4.0 * day.inputs / 1e6
    figures = [
        Figure(
            "day_recovery",
            f"A day of {day.inputs:,} inputs, started from its journal alone",
            start_s,
            "s",
            f"<= {aim:.3g} s",
            start_s <= aim,
            note=f"{day.inputs / start_s:,.0f} inputs/s",
        ),
        Figure(
            "day_look",
            f"Look at any point of it, median of {len(looks)}",
            median(seconds),
            "s",
            "< 3 s",
            median(seconds) < 3,
        ),
        Figure(
            "day_look_slowest",
            "The slowest of them",
            slowest.seconds,
            "s",
            "< 3 s",
            slowest.seconds < 3,
            note=f"input {slowest.seq:,}, {slowest.replayed:,} replayed",
        ),
        Figure(
            "day_archive_bytes",
            f"{day.archived} archived states of the day",
            day.archive_bytes / 1e6,
            "MB",
            against=f"its journal, {day.journal_bytes / 1e6:,.0f} MB",
            ratio=day.archive_bytes / day.journal_bytes,
        ),
    ]
    notes = [
        f"Looks: {len(day.marks)} points had the state hash of the engine that ran live;"
        f" one snapshot after every {sizes.day_archived:,} inputs."
    ]
    return Report(figures, [], notes)
