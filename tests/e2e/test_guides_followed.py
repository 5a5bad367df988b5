"""The guides of backups and upgrades, followed line by line."""

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from stockyard.engine.engine import ENGINE_VERSION
from tests.e2e.guide import Follower, steps_of
from tests.tidy.checkout import ROOT

OTHER_VERSION = "0"


def guide(name: str) -> str:
    return (ROOT / "docs/guides" / f"{name}.md").read_text(encoding="utf-8")


def versioned(version: str) -> Callable[[Path], None]:
    """Makes the snapshot of the directory one of another engine version."""

    def change(place: Path) -> None:
        with apsw.Connection(str(place / "data" / "snapshots.db")) as snapshots:
            snapshots.execute("UPDATE snapshot SET engine_version = ?", (version,))
        snapshots.close()

    return change


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    def killed(place: Path) -> None:
        # It is running since the step before.
        one.kill()
        versioned(OTHER_VERSION)(place)

    one = Follower(
        tmp_path,
        {
            "the snapshot is of another engine version": versioned(OTHER_VERSION),
            "killed, and of another engine version": killed,
            "the engine version of before is back": versioned(ENGINE_VERSION),
        },
    )
    yield one
    one.kill()


def test_backing_up_and_restoring(follower: Follower) -> None:
    assert follower.follow(guide("backup")) >= 6
    follower.stop()
    assert follower.follow(guide("restore")) >= 7


def test_moving(follower: Follower) -> None:
    assert follower.follow(guide("moving")) >= 7
    assert (follower.place / "other-machine" / "data" / "journal.db").is_file()


def test_upgrading(follower: Follower) -> None:
    assert follower.follow(guide("upgrading")) >= 8


def test_a_guide_that_is_wrong_is_found(follower: Follower) -> None:
    for wrong in ("$ false\n", "$ echo one\ntwo\n", "$ echo one\nstockyard: one\n"):
        with pytest.raises(AssertionError):
            follower.follow(f"```console\n{wrong}```\n")


def test_steps_are_read_as_they_stand() -> None:
    found = list(steps_of("<!-- test: rain -->\n```console\n$ a b\nsaid\n^C\n```\n"))
    assert [(one.wish, one.command, one.said) for one in found] == [
        ("rain", "", ()),
        ("", "a b", ("said",)),
        ("", "^C", ()),
    ]
