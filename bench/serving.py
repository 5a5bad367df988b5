"""A real server process for a benchmark, and the few requests a benchmark makes by hand.

Must not know: what is measured.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import msgspec

from bench.filled import Filled
from bench.load import Key, Symbol

START_S: Final = 60.0
STOP_S: Final = 30.0
POLL_S: Final = 0.002
RESTING_SHARE: Final = Decimal("0.9")
WORTH: Final = Decimal(2)
"""Dollars that an order is worth: more than the least, so little that cash lasts for thousands."""


class ServerFailed(Exception):
    """The server did not start, or refused what it should have done."""


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Serving:
    """``stockyard serve`` on a directory, running until the ``with`` block ends."""

    def __init__(self, data: Path, **settings: str) -> None:
        """Start it; ``settings`` are environment settings without their prefix."""
        self.data, self.port = data, free_port()
        self.log = data.parent / f"{data.name}.log"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("STOCKYARD_")
        }
        environment |= {f"STOCKYARD_{name.upper()}": text for name, text in settings.items()}
        self.started_at = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "stockyard", "serve"),
                    *("--port", str(self.port)),
                    *("--data", str(data)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=data.parent,
            )

    def __enter__(self) -> "Serving":
        """Wait until requests are answered."""
        try:
            self.until_answering()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Stop it cleanly."""
        self.stop()

    def until_answering(self) -> None:
        """Wait for the first answer of ``/health``. Raises ``ServerFailed``."""
        deadline = time.perf_counter() + START_S
        while True:
            try:
                status, _ = self.ask("GET", "/health")
                if status == 200:
                    return
            except OSError:
                pass
            self.check_alive(deadline)
            time.sleep(POLL_S)

    def check_alive(self, deadline: float) -> None:
        """Raise ``ServerFailed`` with the end of the log when it ended or takes too long."""
        if self.process.poll() is not None or time.perf_counter() > deadline:
            text = self.log.read_text(encoding="utf-8", errors="replace")
            raise ServerFailed(f"the server did not start:\n{text[-2000:]}")

    def stop(self) -> None:
        """Ask it to stop and wait; kill it when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(
        self, method: str, path: str, body: Any = None, key: Key | None = None
    ) -> tuple[int, bytes]:
        """One request on a connection of its own; returns status and body."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        if key is not None:
            headers |= {"APCA-API-KEY-ID": key.key_id, "APCA-API-SECRET-KEY": key.secret}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            encoded = None if body is None else msgspec.json.encode(body)
            connection.request(method, path, encoded, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def symbols(self) -> list[Symbol]:
        """The quoted stocks, with a small quantity and a price below the market."""
        status, body = self.ask("GET", "/api/v1/quotes")
        if status != 200:
            raise ServerFailed(body.decode("utf-8", "replace"))
        found = []
        for quote in msgspec.json.decode(body):
            if quote["bid"] is None or "/" in quote["symbol"] or quote["contract"]:
                continue
            bid = Decimal(quote["bid"])
            price = (bid * RESTING_SHARE).quantize(Decimal("0.01"), ROUND_DOWN)
            qty = (WORTH / price).quantize(Decimal("0.01"), ROUND_UP)
            found.append(Symbol(quote["symbol"], str(qty), str(price)))
        if not found:
            raise ServerFailed("the market has no quotes")
        return found


def keys_of(filled: Filled) -> list[Key]:
    """One key for each holder."""
    return [Key(holder.key_id, holder.secret) for holder in filled.holders]
