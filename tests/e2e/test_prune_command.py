"""``stockyard prune`` and ``stockyard journal`` on a directory, as they are typed."""

import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from pyarrow import parquet

from stockyard.app import DataDirectory
from stockyard.cli import main
from stockyard.cli.repair import cut, examine
from stockyard.model.codec import encode
from stockyard.model.records import Record
from stockyard.runtime.pruning import prepare, switch
from stockyard.storage.archive import FOLDER_NAME, Archive
from stockyard.storage.batches import CHAIN_SIZE
from stockyard.storage.sqlite import read_journal
from tests.unit.runtime.pruned import DAY, fill, opened, verified
from tests.unit.runtime.worlds import NOON_NS

DAYS = 4
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    path = tmp_path_factory.mktemp("filled") / "data"
    return path, fill(path, DAYS)[0]


@pytest.fixture
def data(filled: tuple[Path, list[int]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled[0], tmp_path / "data"))


@pytest.fixture
def seqs(filled: tuple[Path, list[int]]) -> list[int]:
    return filled[1]


class Typed:
    """The command line, run in this process."""

    def __init__(
        self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._data, self._monkeypatch, self._capsys = data, monkeypatch, capsys

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit code, and what was said."""
        typed = ["stockyard", *words, "--data", str(self._data)]
        self._monkeypatch.setattr(sys, "argv", typed)
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(str(left.code or 0))
        said = self._capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def typed(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(data, monkeypatch, capsys)


def records(data: Path, after: int) -> list[Record]:
    return list(read_journal(data / "journal.db", after))


def test_a_beginning_is_exported_and_gives_way(typed: Typed, data: Path, seqs: list[int]) -> None:
    gone = records(data, 0)[: seqs[1]]
    before = (data / "journal.db").stat().st_size
    out = data.parent / "old"
    code, said = typed("prune", "--before", str(seqs[1] + 5), "--export", str(out))
    assert (code, f"begins after seq {seqs[1]}" in said) == (0, True), said
    table = parquet.read_table(out / f"journal-1-{seqs[1]}.parquet")
    assert table.column("seq").to_pylist() == [record.seq for record in gone]
    code, said = typed("verify")
    assert code == 0
    assert f"pruned, begins at seq {seqs[1]}" in " ".join(said.split())
    assert (data / "journal.db").stat().st_size < before


def test_a_dry_run_only_says_what_would_go(typed: Typed, data: Path, seqs: list[int]) -> None:
    code, said = typed("prune", "--before", "2025-10-10T20:00:00Z", "--dry-run")
    assert (code, f"seq {seqs[1]}" in said, "Nothing was changed" in said) == (0, True, True), said
    assert len(records(data, 0)) > seqs[1]


def test_the_setting_says_how_much_stays(
    typed: Typed, seqs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKYARD_JOURNAL_KEEP_DAYS", "30")
    code, said = typed("prune")
    assert (code, f"begins after seq {seqs[-1]}" in said) == (0, True), said
    code, said = typed("prune")
    assert (code, "nothing to prune" in said, f"after seq {seqs[-1]}" in said) == (0, True, True)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ((), "before: say up to where"),
        (
            ("--before", "yesterday"),
            "before: 'yesterday' is no point of time; send an input's number",
        ),
        (("--before", "2025-10-10T20:00:00"), "with its zone"),
        (("--before", "9" * 19), "send an input's number"),
    ],
)
def test_a_point_that_cannot_be_meant_is_refused(
    typed: Typed, words: tuple[str, ...], wrong: str
) -> None:
    code, said = typed("prune", *words)
    assert (code, wrong in said) == (2, True), said


def test_where_nothing_is_archived_in_time_it_says_what_is(typed: Typed, seqs: list[int]) -> None:
    code, said = typed("prune", "--before", str(seqs[0]))
    assert code == 0
    assert f"Archived states: {DAYS}, of seq {seqs[0]}" in said


def test_a_server_keeps_it_from_being_pruned(typed: Typed, data: Path, seqs: list[int]) -> None:
    held = DataDirectory(data)
    code, said = typed("prune", "--before", str(seqs[1] + 1))
    held.close()
    assert (code, "is in use by process" in said) == (1, True), said


def test_a_stretch_is_exported_with_typed_columns(
    typed: Typed, data: Path, seqs: list[int], tmp_path: Path
) -> None:
    out = tmp_path / "part.parquet"
    code, said = typed("journal", "export", "--from", "60", "--to", str(seqs[0]), "--out", str(out))
    assert code == 0, said
    table = parquet.read_table(out)
    wanted = records(data, 59)[: seqs[0] - 59]
    assert table.column("seq").to_pylist() == [record.seq for record in wanted]
    assert [t.value for t in table.column("ts")] == [record.ts for record in wanted]
    assert table.column("kind").to_pylist() == [type(record.input).__name__ for record in wanted]
    rows = [row for row in table.to_pylist() if row["kind"] == "PlaceOrder"]
    assert {row["instrument"] for row in rows} == {"AAPL"}
    assert len({row["account"] for row in rows}) == 1
    payload = msgspec.json.decode(rows[0]["payload"])
    assert (payload["side"], payload["client_order_id"]) == (1, "0-0-filled")
    code, said = typed("journal", "export", "--out", str(out))
    assert (code, "is there already" in said) == (2, True), said


def test_times_name_a_stretch_too(
    typed: Typed, data: Path, seqs: list[int], tmp_path: Path
) -> None:
    out = tmp_path / "day.parquet"
    start, end = NOON_NS + DAY, NOON_NS + 2 * DAY - 1
    code, said = typed(
        "journal", "export", "--from", str(start), "--to", str(end), "--out", str(out)
    )
    assert (code, "send an input's number" in said) == (2, True), said
    code, said = typed(
        *("journal", "export", "--out", str(out)),
        *("--from", "2025-10-10T08:53:20Z", "--to", "2025-10-11T08:53:19Z"),
    )
    assert code == 0, said
    found = parquet.read_table(out).column("seq").to_pylist()
    assert found == [r.seq for r in records(data, 0) if start <= r.ts <= end]
    assert found[-1] == seqs[1]


def test_what_was_pruned_is_not_exported(
    typed: Typed, data: Path, seqs: list[int], tmp_path: Path
) -> None:
    typed("prune", "--before", str(seqs[1] + 1))
    code, said = typed("journal", "export", "--from", "5", "--out", str(tmp_path / "x.parquet"))
    assert (code, f"begins after seq {seqs[1]}" in said) == (1, True), said
    assert not (tmp_path / "x.parquet").exists()
    code, said = typed("journal", "export", "--out", str(tmp_path / "x.parquet"))
    assert (code, f"{seqs[1] + 1} to" in said) == (0, True), said


def test_bytes_are_told_by_kind_and_day(typed: Typed, data: Path) -> None:
    code, said = typed("journal", "stats", "--json")
    assert code == 0, said
    told = msgspec.json.decode(said)
    found = records(data, 0)
    whole = sum(len(encode(record)) + 4 + CHAIN_SIZE for record in found)
    assert told["record_bytes"] == whole == sum(kind["bytes"] for kind in told["kinds"])
    assert sum(day["count"] for day in told["days"]) == len(found)
    assert len(told["days"]) == DAYS + 1
    assert told["bytes_per_order"] > told["bytes_per_quote"] > 0
    assert told["bytes_per_day"] == sum(d["bytes"] for d in told["days"][1:-1]) / (DAYS - 1)
    code, said = typed("journal", "stats")
    assert (code, "bytes per order" in said, "Quote" in said) == (0, True, True)


def test_a_pruned_journal_that_is_damaged_is_repaired_from_its_base(
    data: Path, seqs: list[int]
) -> None:
    directory = DataDirectory(data)
    archived = Archive(data / FOLDER_NAME).before(seqs[1])
    assert archived is not None
    switch(data, directory.journal, prepare(data, archived, lambda _: None))
    while directory.journal.remove_some():
        continue
    directory.close()
    content = bytearray((data / "journal.db").read_bytes())
    content[content.index(b"3-4-filled")] ^= 1
    (data / "journal.db").write_bytes(content)
    found = examine(data / "journal.db")
    assert found.base is not None
    assert found.seq > seqs[2]
    cut(data, found)
    directory = DataDirectory(data)
    world = opened(directory)
    assert world.engine.seq == found.seq
    world.projector.flush()
    directory.close()
    again = verified(data)
    assert (again.broken, again.base_seq, again.seq) == ((), seqs[1], found.seq)
