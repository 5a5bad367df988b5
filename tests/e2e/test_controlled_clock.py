"""A real process whose time is controlled: moved, killed, opened again, verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Client, Running

START = "2026-01-05T14:29:00Z"
AHEAD = "2031-01-06T14:29:00Z"
ORDER = {"symbol": "AAPL", "side": "buy", "type": "market", "qty": "1", "time_in_force": "day"}


@contextmanager
def served(path: Path, start: str = START) -> Iterator[tuple[Running, Client]]:
    """A Stockyard with test controls and stocks in New York's hours, and who asks it."""
    arguments = ("--controls", "--start", start, "--calendar", "xnys", "--rate", "0.2")
    server = Running(path / "data", *arguments)
    client = server.connect()
    try:
        yield server, client
    finally:
        client.close()
        if server.process.poll() is None:
            server.kill()


def post(client: Client, path: str, body: Any, wanted: int = 200) -> Any:
    """The body of a POST that must be answered so."""
    status, answer = client.ask("POST", path, body)
    assert status == wanted, (path, body, status, answer)
    return answer


def clock(client: Client, verb: str, body: Any, wanted: int = 200) -> Any:
    """Use one verb of the clock."""
    return post(client, f"/api/v1/sim/clock/{verb}", body, wanted)


def test_time_is_moved_and_everything_between_happens(tmp_path: Path) -> None:
    with served(tmp_path) as (server, client):
        seen = client.get("/api/v1/sim/clock")
        assert (seen["now"][:19] + "Z", seen["speed"], seen["is_open"]) == (START, 0, False)
        seen = clock(client, "jump", {"to": "next_open"})
        assert (seen["now"][:19], seen["arrived"]) == ("2026-01-05T14:30:00", True)
        assert clock(client, "step", {"seconds": 60})["is_open"]
        quote = client.get("/api/v1/quotes/AAPL")
        assert quote["timestamp"][:19] == "2026-01-05T14:31:00"
        order = post(client, "/api/v1/orders", ORDER, 201)
        assert (order["status"], order["filled_at"][:16]) == ("filled", "2026-01-05T14:31")
        clock(client, "jump", {"to": "2026-01-05T15:31:00Z"})
        asked = "symbols=AAPL&window=1m&limit=1000&start=2026-01-05T14:30:00Z"
        assert len(client.get(f"/api/v1/bars?{asked}")["bars"]) > 50
        client.close()
        assert server.stop() == 0
        found = server.command("verify")
        assert found.returncode == 0, found.stdout + found.stderr


def test_what_cannot_be_is_refused_in_words(tmp_path: Path) -> None:
    wrong = [
        ("step", {}, "invalid_step"),
        ("step", {"seconds": 1, "steps": 1}, "invalid_step"),
        ("step", {"seconds": 0}, "invalid_step"),
        ("step", {"steps": 0}, "invalid_step"),
        ("go", {"speed": 0}, "invalid_speed"),
        ("go", {"speed": 100_001}, "invalid_speed"),
        ("go", {"speed": "fast"}, "invalid_speed"),
        ("jump", {"to": "tomorrow"}, "invalid_time"),
        ("jump", {"to": "2026-01-05T14:28:59Z"}, "time_not_ahead"),
        ("jump", {"to": "2039-01-05T14:28:59Z"}, "time_not_ahead"),
        ("lock_step", {"quiet_ms": -1}, "invalid_quiet_time"),
        ("lock_step", {"streams": 1001}, "invalid_streams"),
    ]
    with served(tmp_path) as (_, client):
        for verb, body, code in wrong:
            assert clock(client, verb, body, 422)["code"] == code, (verb, body)
        clock(client, "go", {"speed": 10})
        assert clock(client, "step", {"seconds": 1}, 409)["code"] == "clock_goes"
        clock(client, "stop", {})
        assert clock(client, "step", {"seconds": 1})["arrived"]


def test_a_directory_that_is_ahead_of_the_wall_opens_where_it_had_come(tmp_path: Path) -> None:
    with served(tmp_path, AHEAD) as (server, client):
        reached = clock(client, "step", {"seconds": 90})["now"]
        assert reached[:19] == "2031-01-06T14:30:30"
        client.close()
        server.kill()
        server.start()
        client = server.connect()
        assert client.get("/api/v1/sim/clock")["now"] >= reached
        assert clock(client, "step", {"steps": 1})["now"][:16] == "2031-01-06T14:30"
        client.close()
        assert server.stop() == 0
        with pytest.raises(AssertionError, match="go on with --controls"):
            Running(tmp_path / "data")
