"""``stockyard sim`` as a user types it, against a server with test controls."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stockyard.cli import main
from stockyard.testing.broker import Broker, open_broker

# The command line reads sys.argv, as it does for a user; its library wants to be told not to.
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
Type = Callable[..., str]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with open_broker(tmp_path_factory.mktemp("world")) as found:
        yield found


@pytest.fixture
def sim(
    broker: Broker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Type:
    """Types a command; what it printed. The data directory names the server."""
    demo = {"url": broker.url, "email": "", "password": ""}
    keys = {"api_key": broker.key_id, "api_secret": broker.secret_key}
    (tmp_path / "demo.json").write_text(json.dumps({**demo, **keys}))

    def type_it(*words: str, code: int = 0, where: tuple[str, ...] | None = None) -> str:
        there = ("--data", str(tmp_path)) if where is None else where
        monkeypatch.setattr("sys.argv", ["stockyard", "sim", *words, *there])
        ended: object = 0
        try:
            main()
        except SystemExit as end:
            ended = end.code or 0
        told = capsys.readouterr()
        assert ended == code, told
        return told.out if code == 0 else told.err

    return type_it


def test_time_obeys(sim: Type) -> None:
    assert "2026-01-05T14:30:00.000000000Z  time stands still; stocks are open" in sim(
        "clock", "show"
    )
    assert "14:30:30" in sim("clock", "step", "30")
    assert "2026-01-05T21:00:00.000000000Z  time stands still; stocks are closed" in sim(
        "clock", "jump", "next_close"
    )
    assert "goes at speed 60" in sim("clock", "go", "60")
    assert "stands still" in sim("clock", "stop")
    assert "lock step" in sim("clock", "lock-step")
    assert "lock step" not in sim("clock", "lock-step", "--off")


def test_the_market_follows_a_path_and_thin_books(sim: Type) -> None:
    sim("clock", "jump", "next_open")
    sim("quote", "MSFT", "400", "400.10")
    assert sim("trade", "MSFT", "400.05", "100").startswith("MSFT  400.00 / 400.10")
    assert sim("widen", "MSFT", "3").startswith("MSFT  ")
    sim("widen", "MSFT", "1")
    assert sim("empty", "MSFT", "bid").startswith("MSFT  none / ")
    sim("empty", "MSFT", "none")
    sim("path", "MSFT", "0=400", "60=430", "--spread", "0.02")
    sim("clock", "step", "60")
    assert "MSFT  429.99 / 430.01" in sim("market")
    assert "expected SECONDS=PRICE" in sim("path", "MSFT", "soon=400", code=2)
    assert "recording" in sim("play", "MSFT", "none.csv", code=2)
    sim("release", "MSFT")
    assert "MSFT" not in sim("market")


def test_what_is_planned_is_listed(sim: Type, broker: Broker) -> None:
    sim("clock", "jump", "next_open")
    sim("quote", "KO", "60", "60.02")
    sim("outcome", "hold", "--symbol", "KO")
    assert "hold, for 1 orders; met none" in sim("outcome", "list")
    order = broker.client.orders.place("KO", "buy", 1)
    assert order.id in sim("outcome", "list")
    assert sim("release-order", order.id) == f"order {order.id}: filled\n"
    sim("fault", "answer", "--status", "429", "--path", "/api/v1/nowhere")
    assert "answer, hit 0" in sim("fault", "list")
    sim("fault", "forget")
    assert sim("fault", "list") == ""


def test_the_market_obeys(sim: Type, broker: Broker) -> None:
    assert sim("quote", "AAPL", "189.98", "190.02") == "AAPL  189.98 / 190.02\n"
    assert sim("quote", "AAPL", "none", "190.02") == "AAPL  none / 190.02\n"
    assert sim("halt", "AAPL") == "AAPL  none / 190.02, halted\n"
    assert sim("resume", "AAPL") == "AAPL  none / 190.02\n"
    sim("quote", "AAPL", "100", "100.02")
    assert sim("gap", "AAPL", "-10") == "AAPL  89.99 / 90.01\n"
    sim("release")
    assert broker.market.read() == []


def test_faults_and_notes(sim: Type, broker: Broker) -> None:
    assert "answer" in sim("fault", "answer", "--status", "503", "--path", "/v2/*", "--count", "1")
    assert [one.status for one in broker.faults.all()] == [503]
    sim("fault", "forget")
    assert broker.faults.all() == []
    assert "record" in sim("note", "here")


def test_outcomes_and_the_event_log(sim: Type, broker: Broker) -> None:
    assert "deny, for 2 orders" in sim(
        "outcome", "deny", "--reason", "not_shortable", "--count", "2"
    )
    sim("outcome", "forget")
    assert all(one.over for one in broker.client.sim.outcomes.all())
    sim("note", "read me")
    assert "read me" in sim("events")
    sim("note", "and me")
    assert "read me" not in sim("events", "--last", "1")


def test_what_is_wrong_is_one_line(sim: Type, broker: Broker, tmp_path: Path) -> None:
    assert sim("clock", "step", "-1", code=2).count("\n") == 1
    assert "expected a number or max" in sim("clock", "go", "fast", code=2)
    nowhere = ("--data", str(tmp_path / "empty"))
    assert "demo.json" in sim("clock", "show", code=1, where=nowhere)
    assert "name a key too" in sim("clock", "show", code=2, where=("--url", broker.url))
    wrong = ("--url", broker.url, "--key", "SK", "--secret", "x")
    assert "stockyard: " in sim("clock", "show", code=2, where=wrong)
    gone = ("--url", "http://127.0.0.1:1", "--key", "SK", "--secret", "x")
    assert "no answer" in sim("clock", "show", code=1, where=gone)
