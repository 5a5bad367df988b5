"""Goal: every benchmark runs from end to end, and its answers can be trusted to be checked.

Method: run each at a size that takes a moment; never ask how fast it was.
"""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bench import filled, load, machine, web_app
from bench.__main__ import BENCHMARKS, main
from bench.figures import Figure, Growth, Report, quantile
from bench.report import entries
from bench.sizes import TINY

KEY = load.Key("SKTEST", "secret")
SYMBOL = load.Symbol("AAPL", "0.1", "100.00")
TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "P9"])
def test_it_runs_and_writes_what_programs_read(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = main([name], sizes=TINY, out=tmp_path)
    shown = capfd.readouterr()
    assert code == 0, shown.err
    assert "processor: " in shown.out
    found = msgspec.json.decode((tmp_path / "latest.json").read_bytes())
    measured = {key: entry for key, entry in found.items() if not key.startswith("machine: ")}
    assert measured
    for entry in measured.values():
        assert {"value", "unit", "against", "ratio"} <= entry.keys()
        assert entry["value"] is not None
        assert entry["value"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["latest.json"]


def test_the_web_apps_figures_come_from_what_the_browser_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser itself is tried by the web app's tests: this suite runs without one."""
    work = {"frames": 60, "perFrame": 2.5, "longest": 60.0, "busy": 0.2}
    said = {
        "sizes": {"first": 120_000, "more": {"home/screen.tsx": 20_000, "symbol/x.tsx": 90_000}},
        "screens": {"markets": work},
        "memory": {"before": 5_000_000, "after": 6_000_000, "quotes": 2_000},
        "list": {**work, "rows": 10_000, "drawn": 29},
    }
    measured = msgspec.convert(said, web_app.Measured)
    monkeypatch.setattr(web_app, "_measure", lambda sizes: measured)
    found = {one.name: one for one in web_app.run(TINY, tmp_path).figures}
    assert found["p9_first_load_kb"].met
    assert found["p9_largest_screen_kb"].note == "symbol/x.tsx"
    assert (found["p9_list_frame_ms"].met, found["p9_list_longest_ms"].met) == (True, False)
    assert found["p9_memory_mb"].ratio == 1.2


def test_without_a_browser_the_web_app_is_not_measured_and_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "nothing"))
    assert main(["P9"], sizes=TINY, out=tmp_path / "out") == 1
    assert "P9 failed: there is no " in capfd.readouterr().err


def test_an_unknown_name_is_refused_with_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["P77"], sizes=TINY, out=tmp_path)
    assert ended.value.code == 2
    assert "P3" in capsys.readouterr().err


def test_a_benchmark_that_fails_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Report:
        raise RuntimeError("out of luck")

    monkeypatch.setitem(BENCHMARKS, "P1", broken)
    assert main(["P1", "P3"], sizes=TINY, out=tmp_path) == 1
    found = msgspec.json.decode((tmp_path / "latest.json").read_bytes())
    assert "p3_engine_inputs" in found


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)]
)
def test_a_quantile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert quantile([float(n) for n in range(100, 0, -1)], share) == expected


@pytest.mark.parametrize(
    ("rows", "factor"),
    [([(1, 5.0), (2, 5.0), (4, 5.0)], 1.0), ([(10, 3.0), (20, 6.0), (40, 12.0)], 2.0)],
)
def test_growth_is_the_factor_of_one_doubling(rows: list[tuple[int, float]], factor: float) -> None:
    assert Growth("g", "", "", "ns", rows).per_doubling == pytest.approx(factor)


def test_what_could_not_be_measured_is_said_and_not_left_out() -> None:
    report = Report([Figure("p", "", None, "x", note="no disk")])
    assert entries(report, {})["p"] == {
        "value": None,
        "unit": "x",
        "against": "",
        "ratio": None,
        "aim": "",
        "met": None,
        "note": "no disk",
    }


def test_a_filled_directory_holds_what_was_asked_for(tmp_path: Path) -> None:
    """The function counts the open orders itself; here the people and their keys are counted."""
    found = filled.fill(str(tmp_path / "data"), 3, 40, 12)
    assert (found.orders, found.open_orders) == (40, 12)
    assert len({holder.account_id for holder in found.holders}) == 3
    assert len({holder.key_id for holder in found.holders}) == 3


def test_syncing_is_timed(tmp_path: Path) -> None:
    times = machine.sync_times(tmp_path, 3)
    assert len(times.seconds) == 3
    assert 0 < times.p50_ms <= times.p99_ms
    assert list(tmp_path.iterdir()) == []


class StandIn:
    """A server of one connection that answers each request with the next pieces of bytes."""

    def __init__(self, answers: list[list[bytes]]) -> None:
        self.requests: list[bytes] = []
        self.leaves = False
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pieces in self._answers:
                self.requests.append(connection.recv(65_536))
                for piece in pieces:
                    connection.sendall(piece)
            if not self.leaves:
                connection.recv(1)

    def close(self) -> None:
        """Wait for the client to leave."""
        self._thread.join()
        self._listener.close()


@pytest.fixture
def stand_in(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    server = StandIn(request.param)
    yield server
    server.close()


def drive(port: int, orders: int) -> load.Load:
    return load.drive(port, [KEY], [SYMBOL], 1, orders, 1, "t", keep_latencies=True)


@pytest.mark.parametrize(
    "stand_in", [[[TAKEN], [TAKEN[:5], TAKEN[5:40], TAKEN[40:]], [TAKEN], [TAKEN]]], indirect=True
)
def test_the_load_waits_for_whole_answers_and_numbers_its_orders(stand_in: StandIn) -> None:
    found = drive(stand_in.port, 3)
    assert found.rounds[0].orders == len(found.latencies_ms) == 3
    bodies = [msgspec.json.decode(one.partition(b"\r\n\r\n")[2]) for one in stand_in.requests]
    assert len({body["client_order_id"] for body in bodies}) == 4
    assert [body["side"] for body in bodies] == ["buy", "buy", "sell", "buy"]
    assert [body["type"] for body in bodies] == ["market", "limit", "market", "limit"]


@pytest.mark.parametrize(
    "stand_in", [[[b'HTTP/1.1 422 No\r\nContent-Length: 6\r\n\r\n"band"']]], indirect=True
)
def test_the_load_ends_at_the_first_bad_answer(stand_in: StandIn) -> None:
    with pytest.raises(load.LoadError, match="band"):
        drive(stand_in.port, 2)


@pytest.mark.parametrize("stand_in", [[[TAKEN[:9]]]], indirect=True)
def test_the_load_ends_when_the_server_leaves(stand_in: StandIn) -> None:
    stand_in.leaves = True
    with pytest.raises(load.LoadError, match="closed"):
        drive(stand_in.port, 2)
