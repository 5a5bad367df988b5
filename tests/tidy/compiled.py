"""Tells whether the engine that Python finds is compiled: ``python -m tests.tidy.compiled``.

Promises: exits 0 if every module of the compiled rooms is an extension, 1 if none is, 2 if some are
(half a unit, which no build may make).
"""

import importlib.util
import sys

from tests.tidy.checkout import compiled_rooms, python_sources, room

EXTENSION_ENDS = (".so", ".pyd")


def modules() -> list[str]:
    """Name every module of the compiled rooms."""
    paths = [source.path for source in python_sources() if room(source.path) in compiled_rooms()]
    names = (path.removeprefix("src/").removesuffix(".py").replace("/", ".") for path in paths)
    return sorted(name.removesuffix(".__init__") for name in names)


def origin(name: str) -> str:
    """Say which file Python would load for a module."""
    spec = importlib.util.find_spec(name)
    return (spec.origin or "") if spec is not None else ""


def verdict(origins: list[str]) -> int:
    """Return the exit code for the files the modules come from."""
    built = sum(path.endswith(EXTENSION_ENDS) for path in origins)
    if built == 0:
        return 1
    return 0 if built == len(origins) else 2


def main() -> int:
    """Print what was found and return the exit code."""
    origins = {name: origin(name) for name in modules()}
    code = verdict(list(origins.values()))
    print(f"The engine's {len(origins)} modules: {('compiled', 'plain Python', 'mixed')[code]}.")
    if code == 2:
        plain = [name for name, path in origins.items() if not path.endswith(EXTENSION_ENDS)]
        print("Not compiled:", *plain)
    return code


if __name__ == "__main__":
    sys.exit(main())
