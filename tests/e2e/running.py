"""A real Stockyard process for tests: started, asked, killed, started again."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

START_S = STOP_S = 30.0


class Running:
    """One ``stockyard serve`` over a data directory. ``settings`` become STOCKYARD_ variables;
    ``at_port``: where it listens, 0 for any free port; ``program``: the module that is run, and
    what it is given before ours.
    """

    def __init__(
        self,
        data: Path,
        *arguments: str,
        at_port: int = 0,
        program: Sequence[str] = ("stockyard",),
        **settings: object,
    ) -> None:
        self.data, self._at_port, self._program = data, at_port, program
        self._arguments, self._settings = arguments, settings
        self._log = data.parent / f"{data.name}.log"
        self.start()

    def start(self) -> None:
        """Start the process and wait until it answers; its output is in the error if not."""
        demo = self.data / "demo.json"
        before = demo.stat().st_mtime_ns if demo.exists() else 0
        self._begin()
        deadline = time.monotonic() + START_S
        while not demo.exists() or demo.stat().st_mtime_ns == before:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.01)
        self.demo: dict[str, str] = json.loads(demo.read_text())
        address = urlsplit(self.demo["url"])
        assert address.hostname is not None
        self.host, self.port = address.hostname, address.port or 80

    def _begin(self) -> None:
        environment = {
            **os.environ,
            "PYTHONFAULTHANDLER": "1",
            **{f"STOCKYARD_{name.upper()}": str(value) for name, value in self._settings.items()},
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self._program, "serve", "--port", str(self._at_port),
                 "--data", str(self.data), *self._arguments],
                env=environment, stdout=log, stderr=log,
            )  # fmt: skip

    def connect(self) -> "Client":
        """A client signed in with the demo API key."""
        return Client(self)

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask for a clean stop; the exit code. One that never ends says where it stands."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            said = self._log.read_text()[-8000:]
            raise AssertionError(f"the server did not stop:\n{said}") from None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another ``stockyard`` command on the same directory."""
        return subprocess.run(
            [sys.executable, "-m", "stockyard", *arguments, "--data", str(self.data)],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


class Client:
    """One keep-alive connection that speaks JSON."""

    def __init__(self, server: Running) -> None:
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        self._headers = {
            "Content-Type": "application/json",
            "APCA-API-KEY-ID": server.demo["api_key"],
            "APCA-API-SECRET-KEY": server.demo["api_secret"],
        }

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and decoded body. Raises ``OSError`` or ``HTTPException`` when nobody answers."""
        self._connection.request(
            method,
            path,
            body=None if body is None else json.dumps(body),
            headers={**self._headers, **(headers or {})},
        )
        response = self._connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else None

    def get(self, path: str) -> Any:
        """The body of a GET that must succeed."""
        status, body = self.ask("GET", path)
        assert status == 200, (path, status, body)
        return body

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
