"""``stockyard secrets`` on a data directory, and what a server finds there afterwards."""

import sys
from pathlib import Path
from typing import Any

import pytest

from stockyard.app import open_sealer
from stockyard.cli import main
from stockyard.config import Config, ConfigError
from stockyard.people.schema import migrate
from stockyard.people.sealing import TOKEN_KEY, Sealer, SealError, new_key
from stockyard.storage.secret_key import FILE_NAME
from stockyard.storage.sqlite import SqliteDatabase

PURPOSE = TOKEN_KEY.purpose_of("k")
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")


class Place:
    """A data directory as a server opens it, and its command line."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self._monkeypatch = path, monkeypatch

    def open(self, **settings: Any) -> tuple[SqliteDatabase, Sealer]:
        """What a start does with the key."""
        database = SqliteDatabase(self.path / "people.db", durable=True)
        try:
            migrate(database)
            return database, open_sealer(Config(data=self.path, **settings), database)
        except BaseException:
            database.close()
            raise

    def keep(self, **settings: Any) -> None:
        """Seal one secret, as a server would."""
        database, sealer = self.open(**settings)
        database.execute("INSERT INTO token_keys VALUES ('k', ?, 0)", (sealer.seal("x", PURPOSE),))
        database.close()

    def kept(self, **settings: Any) -> str:
        """The secret, read as a server would."""
        database, sealer = self.open(**settings)
        try:
            return sealer.open(database.query("SELECT private_key FROM token_keys")[0][0], PURPOSE)
        finally:
            database.close()

    def run(self, *words: str, **environment: str) -> int:
        """A ``stockyard secrets`` command; its exit code."""
        self._monkeypatch.delenv("STOCKYARD_SECRET_KEY", raising=False)
        for name, value in environment.items():
            self._monkeypatch.setenv(f"STOCKYARD_{name.upper()}", value)
        self._monkeypatch.setattr(sys, "argv", ["stockyard", "secrets", *words])
        try:
            main()
        except SystemExit as left:
            return int(str(left.code or 0))
        return 0

    def rotate(self, **environment: str) -> int:
        """``stockyard secrets rotate``."""
        return self.run("rotate", "--data", str(self.path), **environment)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_the_first_start_makes_a_key_for_its_owner_alone(place: Place) -> None:
    place.keep()
    file = place.path / FILE_NAME
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600
    assert place.kept() == "x"


def test_a_rotation_leaves_one_new_key_that_opens_everything(place: Place) -> None:
    place.keep()
    before = (place.path / FILE_NAME).read_text()
    assert place.rotate() == 0
    after = (place.path / FILE_NAME).read_text()
    assert len(after.split()) == 1
    assert after != before
    assert place.kept() == "x"
    (place.path / FILE_NAME).write_text(before)
    with pytest.raises(SealError):
        place.kept()


def test_a_rotation_cut_off_before_the_database_leaves_both_keys(place: Place) -> None:
    place.keep()
    database, _ = place.open()
    database.execute("INSERT INTO token_keys VALUES ('changed', 'nonsense', 0)")
    database.close()
    assert place.rotate() == 1
    assert len((place.path / FILE_NAME).read_text().split()) == 2
    assert place.kept() == "x"


def test_a_key_of_a_setting_is_changed_by_naming_both(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = new_key(), new_key()
    place.keep(secret_key=old)
    with pytest.raises(SealError, match="another key"):
        place.kept(secret_key=new)
    assert place.kept(secret_key=f"{new},{old}") == "x"
    assert place.rotate(secret_key=f"{new},{old}") == 0
    assert "take them out of the setting" in capsys.readouterr().out
    assert place.kept(secret_key=new) == "x"
    assert not (place.path / FILE_NAME).exists()


def test_a_lost_key_is_not_replaced_by_itself(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.keep()
    (place.path / FILE_NAME).unlink()
    with pytest.raises(SealError, match="another key"):
        place.open()
    assert place.rotate() == 1
    assert not (place.path / FILE_NAME).exists()
    words = ("forget", "--data", str(place.path))
    assert place.run(*words) == 0
    assert "1 secrets would be deleted" in capsys.readouterr().out
    assert place.run(*words, "--yes") == 0
    place.keep()
    assert place.kept() == "x"


def test_what_is_no_key_is_refused_with_what_would_be_right(place: Place, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="secret_key: key 1 is not 32 bytes"):
        place.open(secret_key="hunter2")
    with pytest.raises(ConfigError, match="there is no"):
        place.open(secret_key_file=str(tmp_path / "nowhere"))
    assert place.run("rotate", "--data", str(tmp_path / "empty")) == 2


def test_a_fresh_key_is_printed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("new") == 0
    key = capsys.readouterr().out.strip()
    place.keep(secret_key=key)
    assert place.kept(secret_key=key) == "x"
