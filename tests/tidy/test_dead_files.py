"""Goal: no module lies in the package that nothing imports. Method: follow all imports."""

import ast

from tests.tidy.checkout import Source, parse, python_sources, settings, text_files

# Modules that something outside Python names, each with who does.
NAMED_ELSEWHERE: dict[str, str] = {
    "stockyard.__main__": "run by `python -m stockyard`",
    "stockyard.cli.aggregate": "loaded by name when its command is called",
    "stockyard.cli.backup_child": "run by the server when a backup is due",
    "stockyard.cli.explain": "loaded by name when its command is called",
    "stockyard.cli.feeder": "loaded by name when its command is called",
    "stockyard.cli.history": "loaded by name when its command is called",
    "stockyard.cli.journal": "loaded by name when its command is called",
    "stockyard.cli.prune": "loaded by name when its command is called",
    "stockyard.cli.inspecting": "loaded by name when its commands are called",
    "stockyard.cli.rerun": "loaded by name when its command is called",
    "stockyard.cli.data": "loaded by name when its command is called",
    "stockyard.cli.secrets": "loaded by name when its command is called",
    "stockyard.cli.sim": "loaded by name when its command is called",
    "stockyard.testing.plugin": "loaded by pytest, which finds it in pyproject.toml",
    "stockyard.cli.serve": "loaded by name when its command is called",
}


def module_name(path: str) -> str:
    """Turn ``src/stockyard/model/codes.py`` into ``stockyard.model.codes``."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(source: Source) -> set[str]:
    """Return every dotted name a file imports, relative ones resolved."""
    found: set[str] = set()
    here = module_name(source.path).split(".")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = node.level - source.path.endswith("__init__.py")
                base = ".".join([*here[: len(here) - up], *([base] if base else [])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def dead(sources: list[Source], texts: str, entries: set[str]) -> list[str]:
    """Return the modules of the package that no file imports and no text names."""
    package = [s for s in sources if s.path.startswith("src/") and "__init__" not in s.path]
    importers: dict[str, set[str]] = {}
    for source in sources:
        for name in imports(source):
            importers.setdefault(name, set()).add(source.path)
    found = []
    for source in package:
        name = module_name(source.path)
        used = importers.get(name, set()) - {source.path}
        if not used and name not in entries and name not in texts:
            found.append(name)
    return found


def entry_points() -> set[str]:
    """Return the modules that commands start, and those listed above."""
    scripts: dict[str, str] = settings()["project"]["scripts"]
    return {target.split(":")[0] for target in scripts.values()} | set(NAMED_ELSEWHERE)


def test_every_module_is_used_or_tested() -> None:
    texts = "\n".join(text for path, text in text_files() if path in ("Makefile", "setup.py"))
    assert dead(list(python_sources()), texts, entry_points()) == []


def test_every_listed_module_still_exists() -> None:
    names = {module_name(source.path) for source in python_sources()}
    assert set(NAMED_ELSEWHERE) <= names


def test_the_check_is_awake() -> None:
    """A module nobody imports is found; each way of importing it saves it."""
    lonely = parse("src/stockyard/engine/lonely.py", "")
    assert dead([lonely], "", set()) == ["stockyard.engine.lonely"]
    for text in (
        "import stockyard.engine.lonely",
        "from stockyard.engine import lonely",
        "from stockyard.engine.lonely import x",
        "from . import lonely",
        "from .lonely import x",
    ):
        assert dead([lonely, parse("src/stockyard/engine/__init__.py", text)], "", set()) == []
    assert dead(
        [lonely, parse("src/stockyard/engine/b/c.py", "from ..lonely import x")], "", set()
    )[0].endswith("c")
    assert dead([lonely], "python -m stockyard.engine.lonely", set()) == []
    assert dead([lonely], "", {"stockyard.engine.lonely"}) == []
