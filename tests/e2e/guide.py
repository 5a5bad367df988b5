"""Runs the console blocks of a guide as somebody would who follows it line by line.

``$ `` begins a command, ``^C`` stops the server that is running, everything else is what must be
said, in this order; numbers may be others. A command must succeed, unless the guide shows how it
refuses. ``<!-- test: something -->`` asks the test to bring that about first. Programs that reach
beyond this machine stand in a folder of their own that comes first on the path.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

PART: Final = re.compile(
    r"^(?:<!-- test: (?P<wish>.*?) -->|```console\n(?P<block>.*?)^```$)", re.MULTILINE | re.DOTALL
)
NAME: Final = re.compile(r"(?:backup|broken)-\d{8}T\d{6}\.\d{3}Z")
SERVES: Final = re.compile(r"^(?:ssh other )?stockyard serve ")
RUNNING: Final = "Stockyard is running on "
REFUSED: Final = "stockyard: "
START_S: Final = 60.0
PROGRAMS: Final = {
    "stockyard": 'exec "$PYTHON" -m stockyard "$@"',
    "pip": "exit 0",
    # rsync -a here/ other:there/
    "rsync": 'mkdir -p "$OTHER/${3#other:}" && cp -r "$2." "$OTHER/${3#other:}"',
    "ssh": 'shift; cd "$OTHER" && exec "$@"',
}


class Step(NamedTuple):
    """One command with what it says, ``^C``, or a wish."""

    command: str
    said: tuple[str, ...] = ()
    wish: str = ""


def steps_of(guide: str) -> Iterator[Step]:
    """Everything a guide asks for, in order."""
    for part in PART.finditer(guide):
        if part["wish"]:
            yield Step("", wish=part["wish"])
            continue
        command, said = "", list[str]()
        for line in part["block"].splitlines():
            if line.startswith("$ ") or line == "^C":
                if command:
                    yield Step(command, tuple(said))
                command, said = line.removeprefix("$ "), []
            else:
                said.append(line)
        yield Step(command, tuple(said))


def plain(line: str) -> str:
    """A line without what differs from one run to the next."""
    line = NAME.sub("BACKUP", line)
    line = re.sub(r"\d[\d.,:TZ-]*", "#", line)
    return re.sub(r"# (bytes|[kMG]B)", "# B", line).strip()


class Follower:
    """Follows guides in a directory; what one leaves the next one finds."""

    def __init__(self, place: Path, wishes: Mapping[str, Callable[[Path], None]]) -> None:
        self.place, self._wishes = place, wishes
        other, programs = place / "other-machine", place / "programs"
        other.mkdir()
        programs.mkdir()
        for name, script in PROGRAMS.items():
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        self._environment = {
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHON": sys.executable,
            "OTHER": str(other),
            "STOCKYARD_PORT": str(_free_port()),
            "COLUMNS": "400",
        }
        self._names: dict[str, str] = {}
        self._server: subprocess.Popen[str] | None = None
        self._log = place / "server.log"

    def follow(self, guide: str) -> int:
        """Do what a guide says; how many commands there were."""
        count = 0
        for step in steps_of(guide):
            if step.wish:
                self._wishes[step.wish](self.place)
            elif step.command == "^C":
                self.stop()
            elif step.command.startswith("export "):
                name, _, value = step.command.removeprefix("export ").partition("=")
                self._environment[name] = value
            elif SERVES.match(step.command):
                self._serve(step)
            else:
                self._run(step)
            count += bool(step.command)
        return count

    def stop(self) -> None:
        """Stop what is running as Ctrl-C does."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            assert self._server.wait(30) == 0, self._log.read_text()
            self._server = None

    def kill(self) -> None:
        """End what is running as a power cut would."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def _words(self, command: str) -> str:
        for told, real in self._names.items():
            command = command.replace(told, real)
        return command

    def _run(self, step: Step) -> None:
        ran = subprocess.run(
            ["/bin/sh", "-c", self._words(step.command)],
            cwd=self.place, env=self._environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        self._compare(step, ran.returncode, ran.stdout + ran.stderr)
        told, real = NAME.findall("\n".join(step.said)), NAME.findall(ran.stdout)
        self._names.update(zip(told, real, strict=False))

    def _compare(self, step: Step, code: int, output: str) -> None:
        refused = bool(step.said) and step.said[-1].startswith(REFUSED)
        about = f"$ {step.command}\n{output}"
        assert (code != 0) == refused, about
        lines = iter([plain(line) for line in output.splitlines()])
        for line in step.said:
            assert plain(line) in lines, f"{about}\nthe guide says here: {line}"

    def _serve(self, step: Step) -> None:
        self.stop()
        with self._log.open("w") as log:
            self._server = subprocess.Popen(
                shlex.split(self._words(step.command)), executable=self._program(step.command),
                cwd=self.place, env=self._environment, stdout=log, stderr=log, text=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while RUNNING not in self._log.read_text():
            code = self._server.poll()
            if code is not None:
                self._server = None
                return self._compare(step, code, self._log.read_text())
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.02)
        self._compare(step, 0, self._log.read_text())

    def _program(self, command: str) -> str:
        return str(self.place / "programs" / command.split(maxsplit=1)[0])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
