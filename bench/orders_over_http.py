"""P1, P2, P5 and the growth by connections: durable orders through a real server process.

The server is ``stockyard serve`` with everything a user has: API keys checked on every request, the
simulated market, rows carried to SQL, snapshots (every two seconds here, ten by default). The load
generator shares the machine's processors with it.
"""

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench import child, load, postgres
from bench.figures import Figure, Growth, Report, quantile
from bench.filled import Filled
from bench.load import Key, Load
from bench.machine import SyncTimes, processor_seconds, sync_times
from bench.serving import ServerFailed, Serving, keys_of
from bench.sizes import Sizes

CONNECTIONS = 32
HOLDERS = 160
SNAPSHOT_SECONDS = "2"
CHUNKS = 5
PAUSE_S = 0.001
ON = (
    "API key checked on every request, simulated market (1 update a second for each symbol), rows"
    f" carried to SQL 10 times a second, a snapshot every {SNAPSHOT_SECONDS} s, one server process"
)


class Place:
    """A filled directory, and the plan of a load on its server."""

    def __init__(self, folder: Path, orders: int, open_orders: int) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="http-", dir=folder))
        self.data = self.path / "data"
        given = {
            "path": str(self.data),
            "users": HOLDERS,
            "orders": orders,
            "open_orders": open_orders,
        }
        self.keys = keys_of(child.run("bench.filled:fill", Filled, given))

    def drive(self, server: Serving, keys: list[Key], **plan: Any) -> Load:
        """Run the generator in its own process."""
        symbols = server.symbols()
        given = {
            "port": server.port,
            "keys": msgspec.to_builtins(keys),
            "symbols": msgspec.to_builtins(symbols),
            **plan,
        }
        return child.run("bench.load:drive", Load, given)

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path)


def run_alone(sizes: Sizes, folder: Path) -> Report:
    """P1: one client, one order after another, against the disk's own sync in the same run."""
    place = Place(folder, 0, 0)
    taken: list[float] = []
    synced: list[float] = []
    with Serving(place.data, snapshot_seconds=SNAPSHOT_SECONDS) as server:
        for chunk in range(CHUNKS):
            synced += sync_times(place.path, max(1, sizes.sync_count // CHUNKS)).seconds
            found = place.drive(
                server,
                place.keys[chunk : chunk + 1],
                connections=1,
                orders=max(1, sizes.lone_orders // CHUNKS),
                rounds=1,
                name=f"alone{chunk}",
                keep_latencies=True,
            )
            taken += found.latencies_ms
    place.close()
    sync = SyncTimes(synced)
    p50, p99 = quantile(taken, 0.5), quantile(taken, 0.99)
    figures = [
        _lone("p1_order_p50", "p50", p50, sync.p50_ms, 1.0),
        _lone("p1_order_p99", "p99", p99, sync.p99_ms, 2.0),
    ]
    return Report(figures, [], [f"P1 and P2 with: {ON}. Mix: {load.MIX}."])


def _lone(name: str, which: str, value: float, sync: float, allowed: float) -> Figure:
    return Figure(
        name,
        f"P1 durable order over HTTP, one client, {which}",
        value,
        "ms",
        f"<= disk sync {which} + {allowed:g} ms",
        value <= sync + allowed,
        f"fdatasync {which}, {sync:.2f} ms",
        value / sync,
    )


def run_together(sizes: Sizes, folder: Path) -> Report:
    """P2: 32 connections in a closed loop, against PostgreSQL's pgbench in the same run."""
    rival = postgres.tpcb(folder, sizes.postgres_scale, sizes.postgres_seconds)
    place = Place(folder, 0, 0)
    with Serving(place.data, snapshot_seconds=SNAPSHOT_SECONDS) as server:
        used, begun = processor_seconds(server.process.pid), time.perf_counter()
        found = place.drive(
            server,
            place.keys[:CONNECTIONS],
            connections=CONNECTIONS,
            orders=sizes.loaded_orders,
            rounds=sizes.rounds,
            name="together",
        )
        passed = time.perf_counter() - begun
        used = processor_seconds(server.process.pid) - used
        kept = _kept(server, place.keys[0], sizes)
    place.close()
    rate = median([one.per_second for one in found.rounds])
    orders = sum(one.orders for one in found.rounds)
    took = sum(one.processor_share * one.seconds for one in found.rounds)
    busy = (
        f"processor time an order: server {used / orders * 1e6:.0f} us ({used / passed:.0%} of a"
        f" core), load generator {took / orders * 1e6:.0f} us ({took / passed:.0%})"
    )
    against, ratio = f"not measured: {rival.what}", None
    met = False if rate < 10_000 else None
    if rival.per_second is not None:
        against = f"{rival.what}: {rival.per_second:,.0f} transactions/s"
        ratio = rate / rival.per_second
        met = rate >= 10_000 and ratio >= 3
    figures = [
        Figure(
            "p2_orders_per_second",
            f"P2 durable orders over HTTP, {CONNECTIONS} connections",
            rate,
            "orders/s",
            ">= 10,000 and >= 3x pgbench",
            met,
            against,
            ratio,
            f"{busy}; {kept}",
        ),
        Figure(
            "p2_order_p50",
            "P2 p50 of those",
            median([one.p50_ms for one in found.rounds]),
            "ms",
        ),
        Figure(
            "p2_order_p99",
            "P2 p99 of those",
            median([one.p99_ms for one in found.rounds]),
            "ms",
        ),
    ]
    return Report(figures)


def _kept(server: Serving, key: Key, sizes: Sizes) -> str:
    """Ask for the first connection's last order; every one before it was answered 2xx."""
    each = max(1, sizes.loaded_orders // CONNECTIONS)
    last = max(1, each // 10) + each * sizes.rounds - 1
    name = f"together-0-{last}"
    status, body = server.ask("GET", f"/api/v1/orders?client_order_id={name}", key=key)
    if status != 200 or name.encode() not in body:
        raise ServerFailed(f"the last order is not there: {status} {body[:500]!r}")
    return "all answers 2xx, the last order read back"


def run_snapshots(sizes: Sizes, folder: Path) -> Report:
    """P5 over HTTP: a lone client's p99 with snapshots back to back, and with none."""
    place = Place(folder, sizes.snapshot_open, sizes.snapshot_open)
    found: dict[str, list[float]] = {}
    for name, seconds in (("without", "86400"), ("with", "0.1")):
        with Serving(place.data, snapshot_seconds=seconds) as server:
            plan = {"connections": 1, "orders": sizes.lone_orders, "rounds": 1}
            keys = place.keys[:1] if name == "with" else place.keys[1:2]
            seen = place.drive(
                server, keys, name=name, keep_latencies=True, pause_s=PAUSE_S, **plan
            )
            found[name] = seen.latencies_ms
    place.close()
    busy, calm = quantile(found["with"], 0.99), quantile(found["without"], 0.99)
    p50 = quantile(found["with"], 0.5), quantile(found["without"], 0.5)
    return Report(
        [
            Figure(
                "p5_http_order_p99",
                f"P5 order p99 over HTTP, snapshots of {sizes.snapshot_open:,} back to back",
                busy,
                "ms",
                "<= 2x without",
                busy <= 2 * calm,
                f"without, {calm:.2f} ms",
                busy / calm,
                f"p50 {p50[0]:.2f} ms, without {p50[1]:.2f} ms",
            )
        ]
    )


def run_growth(sizes: Sizes, folder: Path) -> Report:
    """What an order costs as connections are doubled: the inverse of the rate."""
    place = Place(folder, 0, 0)
    rows: list[tuple[int, float]] = []
    tails = []
    with Serving(place.data, snapshot_seconds=SNAPSHOT_SECONDS) as server:
        connections, first = 1, 0
        while connections <= sizes.connections_max:
            keys = place.keys[first : first + connections]
            plan = {"orders": sizes.growth_orders, "rounds": 1, "name": f"growth{connections}"}
            seen = place.drive(server, keys, connections=connections, **plan).rounds[0]
            rows.append((connections, 1e6 / seen.per_second))
            tails.append(f"{connections}: {seen.p50_ms:.1f}/{seen.p99_ms:.1f}")
            first += connections
            connections *= 2
    place.close()
    note = f"latency p50/p99 in ms at {', '.join(tails)}"
    return Report(
        [],
        [Growth("growth_http", "one durable order over HTTP", "connections", "us", rows, note)],
    )
