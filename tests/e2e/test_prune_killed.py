"""Kill pruning, and the rebuilding of query tables, at random moments: nothing is ever broken.

Method: each process is killed by SIGKILL at a random moment of the work; after each death the
directory is verified, and in the end the work is done and everything is as if nobody had died.
"""

import shutil
from functools import partial
from pathlib import Path

import pytest

from stockyard.app import DataDirectory
from tests.e2e.prune_dying import killed, moments, prune_to, rebuild, took_s
from tests.unit.runtime.pruned import fill, opened, verified

KILLS = 5
SOAK_KILLS = 50
DAYS = 6


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int], str]:
    path = tmp_path_factory.mktemp("filled") / "data"
    return path, *fill(path, DAYS, rounds=60)


def kills(soak_factor: int) -> int:
    return SOAK_KILLS if soak_factor > 1 else KILLS


def test_pruning_killed_at_random_moments(
    filled: tuple[Path, list[int], str], tmp_path: Path, soak_factor: int
) -> None:
    source, seqs, hashed = filled
    timed = Path(shutil.copytree(source, tmp_path / "timed"))
    whole_s = took_s(partial(prune_to, timed, seqs[2]))
    deaths, bases = 0, set()
    for number, after_s in enumerate(moments(1, kills(soak_factor), whole_s)):
        if number % DAYS == 0:
            # All that there was to prune may be pruned by now.
            shutil.rmtree(tmp_path / "data", ignore_errors=True)
            data = Path(shutil.copytree(source, tmp_path / "data"))
        deaths += killed(partial(prune_to, data, seqs[number % DAYS]), after_s)
        found = verified(data)
        assert found.broken == (), f"kill {number} after {after_s:.3f} s"
        assert found.state_hash == hashed
        bases.add(found.base_seq)
    assert deaths
    prune_to(data, seqs[-1])
    found = verified(data)
    assert (found.broken, found.base_seq, found.state_hash) == ((), seqs[-1], hashed)
    assert len(list((data / "archive").glob("*.tables.db*"))) == 1
    assert bases <= {0, *seqs}


@pytest.mark.parametrize("pruned", [False, True])
def test_rebuilding_killed_at_random_moments(
    filled: tuple[Path, list[int], str], tmp_path: Path, soak_factor: int, pruned: bool
) -> None:
    source, seqs, hashed = filled
    data = Path(shutil.copytree(source, tmp_path / "data"))
    if pruned:
        prune_to(data, seqs[2])
    whole_s = took_s(partial(rebuild, data))
    deaths = 0
    for number, after_s in enumerate(moments(2, (kills(soak_factor) + 1) // 2, whole_s)):
        deaths += killed(partial(rebuild, data), after_s)
        directory = DataDirectory(data)
        world = opened(directory)
        assert world.engine.state_hash() == hashed, f"kill {number} after {after_s:.3f} s"
        world.projector.flush()
        directory.close()
        assert verified(data).broken == (), f"kill {number} after {after_s:.3f} s"
    assert deaths
