"""The table of a data directory's files is the one that the architecture shows."""

import re
from pathlib import Path

from stockyard.people import audit_log, audit_segments
from stockyard.runtime import audit_files, history_upkeep
from stockyard.storage import archive, history, requests, secret_key, shelf
from stockyard.storage.files import BY_NAME, FILES, HALF_DONE, others
from tests.tidy.checkout import ROOT

ROW = re.compile(r"^\| `([\w./]+)` \|", re.MULTILINE)


def test_the_architecture_shows_each_of_them() -> None:
    text = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
    chapter = text.split("## Files of a data directory")[1].split("\n## ")[0]
    shown = [name.rstrip("/") for name in ROW.findall(chapter)]
    assert sorted(shown) == sorted(BY_NAME)
    assert len(BY_NAME) == len(FILES)


def test_it_knows_the_names_that_are_used() -> None:
    used = (
        audit_log.FILE_NAME,
        archive.FOLDER_NAME,
        audit_segments.FOLDER_NAME,
        audit_files.KEY_FILE,
        history.FILE_NAME,
        history_upkeep.FOLDER_NAME,
        requests.FILE_NAME,
        secret_key.FILE_NAME,
        shelf.FILE_NAME,
    )
    assert set(used) <= BY_NAME.keys()
    assert archive.UNFINISHED in HALF_DONE


def test_what_is_none_of_them_is_named(tmp_path: Path) -> None:
    for name in ("journal.db", "journal.db-wal", "lock", "journal.db.torn", "notes.txt"):
        (tmp_path / name).touch()
    assert others(tmp_path) == ["journal.db.torn", "notes.txt"]
