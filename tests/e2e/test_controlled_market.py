"""A real process whose market is under control, with and without a simulated one beneath it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stockyard.app import existing_directory
from stockyard.model.facts import MarkPrice, Quote, Trade
from tests.e2e.running import Client, Running

START = "2026-01-05T14:25:00Z"
CSV = """ts,symbol,bid,ask,bid_size,ask_size
2021-01-28T14:30:00Z,GME,300,301,1000,1000
2021-01-28T14:30:30Z,GME,400,401,1000,1000
"""


@contextmanager
def served(path: Path, *arguments: str, **settings: object) -> Iterator[tuple[Running, Client]]:
    """A Stockyard with test controls whose time stands."""
    server = Running(
        path / "data", "--controls", "--start", START, *arguments, profile="ideal", **settings
    )
    client = server.connect()
    try:
        yield server, client
    finally:
        client.close()
        if server.process.poll() is None:
            server.kill()


def post(client: Client, path: str, body: Any, wanted: int = 201) -> Any:
    """The body of a POST that must be answered so."""
    status, answer = client.ask("POST", f"/api/v1{path}", body)
    assert status == wanted, (path, body, status, answer)
    return answer


def market(client: Client, action: str, **said: Any) -> Any:
    """Use a control of the market, of AAPL unless said otherwise."""
    return post(client, f"/sim/market/{action}", {"symbol": "AAPL", **said})


def step(client: Client, seconds: float) -> None:
    post(client, "/sim/clock/step", {"seconds": seconds}, 200)


def quoted(client: Client) -> tuple[str | None, str | None]:
    found = client.get("/api/v1/quotes/AAPL")
    return found["bid"], found["ask"]


def verified(server: Running, client: Client) -> None:
    client.close()
    assert server.stop() == 0
    found = server.command("verify")
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_bracket_meets_a_gap_over_the_open_and_all_of_it_is_kept(tmp_path: Path) -> None:
    (tmp_path / "gme.csv").write_text(CSV)
    with served(
        tmp_path, "--calendar", "xnys", controls_recordings=tmp_path, updates_per_second=0.01
    ) as (server, client):
        post(client, "/sim/clock/jump", {"to": "2026-01-05T15:00:00Z"}, 200)
        market(client, "quote", bid="99.99", ask="100.01", bid_size="1000", ask_size="1000")
        bracket = {
            "symbol": "AAPL", "side": "buy", "qty": "10", "type": "market",
            "order_class": "bracket", "time_in_force": "gtc",
            "take_profit": {"limit_price": "120"}, "stop_loss": {"stop_price": "95"},
        }  # fmt: skip
        assert post(client, "/orders", bracket)["filled_avg_price"] == "100.01"
        market(client, "gap", percent="-10", when="next_open")
        post(client, "/sim/clock/jump", {"to": "next_close"}, 200)
        assert quoted(client) == ("99.99", "100.01")
        post(client, "/sim/clock/jump", {"to": "next_open"}, 200)
        step(client, 150)
        assert quoted(client) == ("89.99", "90.01")
        sold = [o for o in client.get("/api/v1/orders?status=all") if o["side"] == "sell"]
        stop = next(o for o in sold if o["type"] == "stop")
        assert (stop["status"], stop["filled_avg_price"]) == ("filled", "89.99")
        market(client, "play", recording="csv:gme.csv", rebase=True)
        step(client, 150)
        bid = float(quoted(client)[0] or 0)
        assert 119 < bid < 121
        market(client, "release")
        step(client, 150)
        assert abs(float(quoted(client)[0] or 0) / bid - 1) < 0.02
        assert client.get("/api/v1/sim/market") == []
        verified(server, client)


def test_without_a_simulated_market_time_passes_and_a_path_is_walked(tmp_path: Path) -> None:
    with served(tmp_path, market="none") as (server, client):
        step(client, 60)
        market(client, "quote", bid="99.99", ask="100.01")
        order = post(client, "/orders", {"symbol": "AAPL", "side": "buy", "qty": "1"})
        assert order["filled_avg_price"] == "100.01"
        market(client, "path", points=[{"seconds": 10, "price": "110"}], spread="0.02")
        step(client, 5)
        assert quoted(client) == ("104.99", "105.01")
        step(client, 3_600)
        assert quoted(client) == ("109.99", "110.01")
        market(client, "release")
        verified(server, client)


def test_the_same_controls_at_the_same_times_give_the_same_market(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with served(tmp_path / name, updates_per_second=0.5) as (server, client):
            points = [{"seconds": 33.3, "price": "150"}, {"seconds": 70, "price": "149"}]
            market(client, "path", points=points, release_at_end=True)
            market(client, "widen", symbol="BTC/USD", factor="7")
            step(client, 40)
            market(client, "gap", symbol="MSFT", percent="3.5")
            post(client, "/sim/clock/jump", {"to": "2026-01-05T14:40:00Z"}, 200)
            market(client, "release")
            step(client, 20)
            assert server.stop() == 0
        directory = existing_directory(tmp_path / name / "data")
        kinds = Quote | Trade | MarkPrice
        runs.append(
            [(x.ts, x.input) for x in directory.journal.read(0) if isinstance(x.input, kinds)]
        )
        directory.close()
    assert len(runs[0]) > 10_000
    assert runs[0] == runs[1]
