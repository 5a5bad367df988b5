"""What the house rules look at: the files of this checkout, read once.

Promises: the lists are sorted and hold every file a commit would, committed yet or not. Must not
know: any rule.
"""

import ast
import functools
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PYTHON_FOLDERS = ("src", "tests", "bench", "scripts", "docs")
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".in", ".yaml", ".yml", ".sh", ".sql", ".cfg", ""}
NOT_OURS = {"__pycache__", "out", "dist", "node_modules"}


class Source(NamedTuple):
    """A Python file: its path from the top of the checkout, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module


def parse(path: str, text: str) -> Source:
    """Make a ``Source`` of ``text`` as though it stood at ``path``."""
    return Source(path, text, ast.parse(text))


def _files(folder: Path) -> list[Path]:
    """List the files under ``folder`` that are ours."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not NOT_OURS.intersection(path.relative_to(ROOT).parts)
        and not any(part.endswith(".egg-info") for part in path.parts)
    )


@functools.cache
def python_sources() -> tuple[Source, ...]:
    """Return every Python file of the checkout."""
    paths = [ROOT / "setup.py"]
    for folder in PYTHON_FOLDERS:
        paths += [path for path in _files(ROOT / folder) if path.suffix == ".py"]
    return tuple(
        parse(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths
    )


@functools.cache
def text_files() -> tuple[tuple[str, str], ...]:
    """Return (path, text) of everything people read: code, documents, scripts and settings."""
    paths = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".")]
    for folder in (*PYTHON_FOLDERS, "requirements", ".ci"):
        paths += _files(ROOT / folder)
    return tuple(
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(paths)
        if path.suffix in TEXT_SUFFIXES
    )


@functools.cache
def settings() -> dict[str, Any]:
    """Return ``pyproject.toml`` as data."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def room(path: str) -> str:
    """Name the room a file of the package stands in; empty for a file outside any room."""
    parts = path.split("/")
    return parts[2].removesuffix(".py") if parts[:2] == ["src", "stockyard"] else ""


def compiled_rooms() -> frozenset[str]:
    """Name the rooms that the build compiles."""
    return frozenset(settings()["tool"]["stockyard"]["compiled_rooms"])


def pure_rooms() -> frozenset[str]:
    """Name the rooms that must be functions of their arguments."""
    return frozenset(settings()["tool"]["stockyard"]["pure_rooms"])


@functools.cache
def rooms() -> frozenset[str]:
    """Name the rooms that have a tenant."""
    package = ROOT / "src/stockyard"
    found = {room(path.relative_to(ROOT).as_posix()) for path in package.rglob("*.py")}
    return frozenset(found - {"", "__init__"})
