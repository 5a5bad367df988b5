"""Measurements run each in a fresh process, so that none finds the heap another one left behind.

``python -m bench.child module:function`` reads the function's arguments as JSON from standard input
and writes what it returns as JSON to a pipe. Must not know: what is measured.
"""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import msgspec

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src"
T = TypeVar("T")


class ChildFailed(Exception):
    """A measurement ended with an error, which it printed."""


def run(function: str, kind: type[T], arguments: dict[str, Any], *, plain: bool = False) -> T:
    """Call ``module:function`` with keyword arguments in a new process; returns its result.

    ``plain``: with the engine as plain Python from the sources, whatever this process runs on.
    """
    environment = dict(os.environ)
    if plain:
        environment["PYTHONPATH"] = str(SOURCES)
    read_fd, write_fd = os.pipe()
    with os.fdopen(read_fd, "rb") as pipe:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.child", function, str(write_fd)],
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            pass_fds=(write_fd,),
            cwd=ROOT,
            env=environment,
        )
        os.close(write_fd)
        assert process.stdin is not None
        with process.stdin:
            process.stdin.write(msgspec.json.encode(arguments))
        answer = pipe.read()
    if process.wait() != 0:
        raise ChildFailed(f"{function} failed; see above")
    return msgspec.json.decode(answer, type=kind)


def main() -> None:
    """Run what the command line names."""
    function, write_fd = sys.argv[1], int(sys.argv[2])
    module, _, name = function.partition(":")
    arguments = msgspec.json.decode(sys.stdin.buffer.read())
    result = getattr(import_module(module), name)(**arguments)
    with os.fdopen(write_fd, "wb") as pipe:
        pipe.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
