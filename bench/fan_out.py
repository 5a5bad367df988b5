"""P6: quotes to many clients: what a delivered message costs, how old it is, what one client that
stops reading does to the others; beside the plain loop that encodes and waits for each client.

All of it goes the whole way: handed in, journaled, applied, fanned out over real sockets. Clients
and server share the machine; the processor time is the server's alone, journal and engine included.
"""

import http.client
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench import child
from bench.figures import Figure, Growth, Report
from bench.listening import Heard
from bench.serving import STOP_S, free_port
from bench.sizes import Sizes
from stockyard.app import catalog_instruments

STEADY = 20
"""Quotes a second: each of the 20 symbols once."""
BUSY = 400
SYMBOLS = [one.symbol for one in sorted(catalog_instruments(), key=lambda x: x.instrument_id)]


@contextmanager
def _serving(folder: Path, rate: float, manner: str) -> Iterator[tuple[int, int]]:
    """A server; gives its port and process id."""
    place = Path(tempfile.mkdtemp(prefix="fan-out-", dir=folder))
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bench.quoting"),
            *(str(port), str(place / "data"), str(rate), manner),
        ],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        cwd=child.ROOT,
    )
    try:
        _until_listening(port, process)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(place)


def _until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.perf_counter() + STOP_S
    while process.poll() is None and time.perf_counter() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise child.ChildFailed("the server of the fan-out did not start")


def _heard(
    serving: tuple[int, int], sizes: Sizes, count: int, rounds: int = 1, **more: Any
) -> list[Heard]:
    given = {
        "port": serving[0],
        "count": count,
        "symbols": SYMBOLS,
        "server_pid": serving[1],
        "seconds": sizes.fan_out_seconds,
        "rounds": rounds,
        **more,
    }
    return child.run("bench.listening:listen", list[Heard], given)


def run(sizes: Sizes, folder: Path) -> Report:
    """Growing numbers of clients, a stalled one, a busy market, compression, the naive loop."""
    middle = sizes.fan_out_clients[len(sizes.fan_out_clients) // 2]
    rounds = min(3, sizes.rounds)
    with _serving(folder, STEADY, "gateway") as serving:
        grown = [(count, _heard(serving, sizes, count)[0]) for count in sizes.fan_out_clients]
        told = _heard(serving, sizes, middle, rounds, stalls=True)
    with _serving(folder, STEADY, "naive") as serving:
        naive = _heard(serving, sizes, middle, stalls=True)
    with _serving(folder, BUSY, "gateway") as serving:
        busy = _heard(serving, sizes, middle)[0]
        deflated = _heard(serving, sizes, middle, deflate=True)[0]
    steady = dict(grown)[middle]
    return Report(
        [
            *_costs(middle, steady, busy, naive[0]),
            *_ages(middle, told[::2], told[1::2], naive),
            _compression(middle, busy, deflated),
        ],
        _growths(grown),
        [
            "P6 clients, server CPU: "
            + "; ".join(
                f"{count:,}: {one.server_s / one.seconds:.0%} of a core,"
                f" p99 age {one.age_p99_ms:.1f} ms, {one.quotes / one.seconds:,.0f} quotes/s"
                for count, one in grown
            )
        ],
    )


def _per_quote_us(one: Heard) -> float:
    return max(one.server_s, 1e-3) / max(1, one.quotes) * 1e6


def _ratio(value: float, beside: float) -> float | None:
    """None where nothing was heard to compare with, as in a very short window."""
    return value / beside if beside else None


def _said(one: Heard) -> str:
    """What one message was like."""
    return (
        f"{one.messages / max(one.server_s, 1e-3):,.0f} messages/s,"
        f" {one.quotes / max(1, one.messages):.1f} quotes and"
        f" {one.bytes / max(1, one.messages):,.0f} bytes each"
    )


def _costs(count: int, steady: Heard, busy: Heard, naive: Heard) -> list[Figure]:
    found = []
    for name, words, one, aim in (
        ("steady", f"{STEADY} quotes/s", steady, ""),
        ("busy", f"{BUSY} quotes/s", busy, ">= 150,000"),
    ):
        value, beside = (x.quotes / max(x.server_s, 1e-3) for x in (one, naive))
        found.append(
            Figure(
                f"p6_quotes_per_core_{name}",
                f"P6 quotes delivered for a second of processor, {count:,} clients, {words}",
                value,
                "quotes/s",
                aim,
                value >= 150_000 if aim else None,
                f"the naive loop at {STEADY} quotes/s, {beside:,.0f}",
                _ratio(value, beside),
                f"{_said(one)}; {_per_quote_us(one):.1f} us a quote",
            )
        )
    return found


def _ages(count: int, alone: list[Heard], beside: list[Heard], naive: list[Heard]) -> list[Figure]:
    calm, stalled = (median([x.age_p99_ms for x in some]) for some in (alone, beside))
    lost = 1 - naive[1].quotes / max(1, naive[0].quotes)
    return [
        Figure(
            "p6_age_p99",
            f"P6 age of a quote when read, p99, {count:,} clients x 20 quotes/s",
            calm,
            "ms",
            "<= 50 ms",
            calm <= 50,
            f"the naive loop, {naive[0].age_p99_ms:.1f} ms",
            _ratio(calm, naive[0].age_p99_ms),
            f"p50 {median([x.age_p50_ms for x in alone]):.1f} ms",
        ),
        Figure(
            "p6_age_p99_stalled",
            "P6 the same beside a client that has stopped reading",
            stalled,
            "ms",
            "<= 1.1x without",
            stalled <= 1.1 * calm,
            f"without, {calm:.1f} ms",
            _ratio(stalled, calm),
            f"in the naive loop it keeps {lost:.0%} of all quotes from everybody",
        ),
    ]


def _compression(count: int, plain: Heard, deflated: Heard) -> Figure:
    size, full = (x.bytes / x.seconds / count for x in (deflated, plain))
    return Figure(
        "p6_deflated_bytes",
        "P6 bytes a second for a client that asked for compression, busy market",
        size,
        "B/s",
        "",
        None,
        f"without, {full:,.0f} B/s",
        _ratio(size, full),
        f"server: {deflated.server_s / deflated.seconds:.0%} of a core, without"
        f" {plain.server_s / plain.seconds:.0%}",
    )


def _growths(grown: list[tuple[int, Heard]]) -> list[Growth]:
    rows = [(count, _per_quote_us(one)) for count, one in grown]
    return [Growth("p6_growth", "delivered quote (server CPU)", "clients", "us", rows)]
