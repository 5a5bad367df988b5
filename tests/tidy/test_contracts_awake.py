"""Goal: a contract that would let anything pass is noticed.

Method: copy the package, plant imports that break one contract, and expect the checker to go red
and to name each of them; without the plants it must be green.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.tidy.checkout import ROOT, rooms
from tests.tidy.test_contracts import MAY_IMPORT, PLAN, contracts

CHECKER = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the checkout's package and settings."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "dist")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignore)
    return tmp_path


def plant(copy: Path, room: str, imported: Iterable[str]) -> None:
    """Add imports to a room: in a file of their own, or at the end of a room that is one file."""
    lines = "".join(f"import {name}\n" for name in imported)
    place = copy / "src/stockyard" / room
    if place.with_suffix(".py").is_file():
        with place.with_suffix(".py").open("a", encoding="utf-8") as file:
            file.write(lines)
        return
    place.mkdir(parents=True, exist_ok=True)
    (place / "__init__.py").touch()
    (place / "planted.py").write_text(lines, encoding="utf-8")


def lint(copy: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """Check one contract of the copy, which stands before any installed package."""
    return subprocess.run(
        [sys.executable, "-c", CHECKER, "--no-cache", "--contract", contract],
        cwd=copy,
        env={"PYTHONPATH": str(copy / "src"), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def assert_red(result: subprocess.CompletedProcess[str], importer: str, imported: str) -> None:
    """Expect a broken contract, not a crash, that names this import."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout, result.stdout + result.stderr
    assert f"{importer} is not allowed to import {imported}" in " ".join(result.stdout.split())


@pytest.mark.parametrize("contract", contracts())
def test_green_without_a_plant(copy: Path, contract: str) -> None:
    result = lint(copy, contract)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 kept, 0 broken" in result.stdout


def test_layers_see_every_import_that_points_outwards(copy: Path) -> None:
    outwards = {
        inner: [outer for line in PLAN[:depth] for outer in line if outer in rooms()]
        for depth, line in enumerate(PLAN)
        for inner in line
        if inner in rooms()
    }
    for inner, outer in outwards.items():
        plant(copy, inner, [f"stockyard.{name}" for name in outer])
    result = lint(copy, "layers")
    assert sum(map(len, outwards.values())) > 0
    for inner, outer in outwards.items():
        for name in outer:
            assert_red(result, f"stockyard.{inner}", f"stockyard.{name}")


def test_layers_see_rooms_beside_each_other(copy: Path) -> None:
    beside = {name: [other for other in line if other != name] for line in PLAN for name in line}
    for name, others in beside.items():
        plant(copy, name, [f"stockyard.{other}" for other in others])
    result = lint(copy, "layers")
    for name, others in beside.items():
        for other in others:
            assert_red(result, f"stockyard.{name}", f"stockyard.{other}")


def test_layers_see_a_room_without_a_place(copy: Path) -> None:
    plant(copy, "attic", ["math"])
    result = lint(copy, "layers")
    assert result.returncode == 1
    assert "stockyard.attic" in result.stdout


@pytest.mark.parametrize("source", contracts()["pure"]["source_modules"])
def test_pure_sees_every_way_out(copy: Path, source: str) -> None:
    forbidden = contracts()["pure"]["forbidden_modules"]
    plant(copy, source.removeprefix("stockyard."), forbidden)
    result = lint(copy, "pure")
    for name in forbidden:
        assert_red(result, source, name)


@pytest.mark.parametrize("protected", [room for room in MAY_IMPORT if room in contracts()])
def test_protected_rooms_see_every_stranger(copy: Path, protected: str) -> None:
    allowed = {name.split(".")[1] for name in contracts()[protected]["allowed_importers"]}
    strangers = rooms() - {protected, *allowed}
    for stranger in strangers:
        plant(copy, stranger, [f"stockyard.{protected}"])
    result = lint(copy, protected)
    assert result.returncode == 1
    assert "BROKEN" in result.stdout
    for stranger in strangers:
        assert f"stockyard.{stranger}" in result.stdout


def test_adapters_see_each_other(copy: Path) -> None:
    plant(copy, "adapters/one", ["stockyard.adapters.two"])
    plant(copy, "adapters/two", ["math"])
    (copy / "src/stockyard/adapters/__init__.py").touch()
    result = lint(copy, "adapters")
    assert_red(result, "stockyard.adapters.one", "stockyard.adapters.two")


def test_every_contract_is_broken_here() -> None:
    assert set(contracts()) <= {"layers", "pure", "adapters", *MAY_IMPORT}
