"""Compile the engine into the wheel when this machine can, and say so when it cannot.

Promises: a wheel holds either every module of the compiled rooms as an extension (beside its
source) or none of them; the two run the same Python. ``STOCKYARD_PURE=1`` asks for none. A missing
compiler, missing Python headers or a missing mypy give a plain wheel and one printed line; a type
error in the compiled rooms stops the build. The web app is taken as it was built, or built here
with the Node that is a build requirement; where neither can be, one printed line says that the
wheel has the API alone. The rest of the package stands in ``pyproject.toml``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.command.build_ext import build_ext

# Only these commands need extensions. The others (metadata, editable installs) would pay for a
# compilation that they throw away, and an editable install would put extensions under src/.
BUILDING = {"bdist_wheel", "build", "build_ext", "install"}

PROBE = """
#include <Python.h>
PyMODINIT_FUNC PyInit_probe(void) { return NULL; }
"""


def say(line: str) -> None:
    """Print one line about what this build does."""
    print(f"stockyard: {line}", file=sys.stderr, flush=True)


def compiled_sources() -> list[str]:
    """List the modules of the compiled rooms, as paths from this folder."""
    with open("pyproject.toml", "rb") as file:
        rooms: list[str] = tomllib.load(file)["tool"]["stockyard"]["compiled_rooms"]
    found = (path for room in rooms for path in Path("src/stockyard", room).rglob("*.py"))
    return sorted(path.as_posix() for path in found)


def can_compile() -> bool:
    """Tell whether a tiny extension can be built here, in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(PROBE, encoding="utf-8")
        command = build_ext(Distribution({"ext_modules": [Extension("probe", [str(source)])]}))
        command.build_lib = command.build_temp = folder
        try:
            command.ensure_finalized()
            command.run()
        except Exception as problem:
            print(problem, file=sys.stderr)
            return False
    return True


def extensions() -> list[Extension]:
    """Translate the compiled rooms to C as one unit; an empty list means a plain wheel."""
    if not BUILDING.intersection(sys.argv):
        return []
    if os.environ.get("STOCKYARD_PURE", "") not in ("", "0"):
        say("plain Python engine, as STOCKYARD_PURE asks")
        return []
    if not can_compile():
        say("plain Python engine: no working C compiler with Python headers here")
        return []
    try:
        from mypyc.build import mypycify
    except ImportError as missing:
        say(f"plain Python engine: mypy is not installed here ({missing})")
        return []
    sources = compiled_sources()
    say(f"compiling {len(sources)} modules of the engine")
    modules: list[Extension] = mypycify(
        ["--config-file=pyproject.toml", *sources],
        opt_level="3",
        debug_level="0",
        strip_asserts=False,
        group_name="stockyard",
    )
    for module in modules:
        module.optional = True
    return modules


def build_web() -> None:
    """Build the web app into the package, unless it is there or this is no build."""
    if not BUILDING.intersection(sys.argv) or Path("src/stockyard/web/dist/index.html").is_file():
        return
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    npm = shutil.which("npm", path=path)
    if npm is None or not Path("web/package.json").is_file():
        say("without the web app: it is not built, and there is no Node or no source of it here")
        return
    for words in (["ci", "--ignore-scripts"], ["run", "build"]):
        say(f"building the web app: npm {words[0]}")
        done = subprocess.run(
            [npm, "--prefix", "web", *words], env={**os.environ, "PATH": path}, check=False
        )
        if done.returncode != 0:
            shutil.rmtree("src/stockyard/web/dist", ignore_errors=True)
            say(f"without the web app: npm {words[0]} failed; the API is whole")
            return


class BuildWholeUnit(build_ext):
    """Build every extension or keep none: half a unit would not import."""

    def run(self) -> None:
        """Build, then remove what was built if any part is missing."""
        super().run()
        files = [Path(self.get_ext_fullpath(module.name)) for module in self.extensions]
        if all(file.is_file() for file in files):
            return
        for file in files:
            file.unlink(missing_ok=True)
        say("plain Python engine: the C compiler failed on part of it")


build_web()
setup(ext_modules=extensions(), cmdclass={"build_ext": BuildWholeUnit})
