"""A real server for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import Client, Running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "data", updates_per_second=20, snapshot_seconds=0.3)
    yield running
    if running.process.poll() is None:
        running.kill()


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    one = server.connect()
    yield one
    one.close()
