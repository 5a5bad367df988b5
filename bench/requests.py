"""P11: what the record of a request costs it.

Everything that placing an order does for its record, as often as it does it: begun, named by its
head and its user, the writer's times noted, the answer's making noted, counted and kept or not. And
a quote read through the whole application with its record and without, in turns, so that both meet
the same machine. Processor time, because the machine is shared.
"""

import asyncio
import gc
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from types import SimpleNamespace
from typing import Any

import msgspec

from bench import child
from bench.figures import Figure, Report
from bench.sizes import Sizes
from stockyard.api.application import Application, create_application
from stockyard.api.heads import Head
from stockyard.api.settings import ApiSettings
from stockyard.app import catalog_instruments, found, memory_world, reference_facts
from stockyard.model.facts import WorldCreated
from stockyard.people.audit_log import KEY_BYTES, AuditLog
from stockyard.people.directory import People
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.clock import WallClock
from stockyard.runtime.history import HistoryRecorder
from stockyard.runtime.request_keeper import RequestKeeper, order_name
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.requests import DatabaseRequests
from stockyard.telemetry.request_log import RequestLog
from stockyard.telemetry.traces import CURRENT, Part, Trace, name_user

AIM_US = 5.0
TAKEN_AFTER = 5_000
"""Requests after which what was kept is taken, as every ten seconds at 500 a second."""


class Costs(msgspec.Struct):
    """Microseconds of a processor in each round."""

    record: list[float]
    with_record: list[float]
    without: list[float]


class Silent(RequestLog):
    """Measures nothing."""

    def begin(self) -> Trace:
        """Give a trace that nobody finds."""
        return _NOTHING

    def end(self, trace: Trace, method: str, route: str, status: int) -> int:
        """Count nothing."""
        return 0


_NOTHING = Trace()


def measure(requests: int, rounds: int) -> Costs:
    """Rounds of each, in turns."""
    return asyncio.run(_measure(requests, rounds))


async def _measure(requests: int, rounds: int) -> Costs:
    application = _application()
    log = application.requests_kept.log
    silent = Silent(time.time_ns, lambda *_: "")
    await _quotes(application, min(requests, 1_000))
    gc.collect()
    gc.freeze()
    costs = Costs([], [], [])
    for _ in range(rounds):
        costs.record.append(_records(log, requests))
        application._log = log
        costs.with_record.append(await _quotes(application, requests))
        application._log = silent
        costs.without.append(await _quotes(application, requests))
    return costs


def _application() -> Application:
    disk, clock = MemoryDisk(), WallClock()
    world = memory_world(clock, disk, lambda: None)
    instruments = catalog_instruments()
    facts = reference_facts(world.engine, instruments, "always", clock.now_ns())
    found(world, [WorldCreated("0123456789abcdef" * 2, 7), *facts])
    history = HistoryRecorder(
        DatabaseHistory(MemoryDatabase(disk, "history")),
        ThreadPoolExecutor(1),
        ThreadPoolExecutor(1),
    )
    kept = RequestKeeper(
        RequestLog(clock.wall_ns, order_name(world)),
        DatabaseRequests(MemoryDatabase(disk, "requests")),
        ThreadPoolExecutor(1),
        clock.wall_ns,
    )
    people = People(MemoryDatabase(disk, "people"))
    auditor = Auditor(world, AuditLog(MemoryDatabase(disk, "audit"), bytes(KEY_BYTES)))
    return create_application(world, people, history, ApiSettings(), auditor, kept)


def _records(log: RequestLog, requests: int) -> float:
    """Microseconds for the record of a placed order."""
    head: Any = SimpleNamespace(headers={}, request_id="bench")
    begun = time.process_time_ns()
    for number in range(requests):
        _one_record(log, head, number)
        if number % TAKEN_AFTER == 0:
            log.take()
    return (time.process_time_ns() - begun) / requests / 1_000


def _one_record(log: RequestLog, head: Head, seq: int) -> None:
    now = time.perf_counter_ns
    trace = log.begin()
    named = CURRENT.get()
    assert named is not None
    named.head = head
    name_user("somebody", "user:somebody")
    in_line = CURRENT.get()
    # The writer's three looks at the clock are an order's own; the first one is the group's.
    lined_up, begun, kept, applying, applied = now(), now(), now(), now(), now()
    assert in_line is not None
    in_line.decided(log, seq, lined_up, (begun, kept, applying, applied))
    answering = CURRENT.get()
    assert answering is not None
    making = now()
    answering.note(Part.SERIALISATION, making, now())
    log.end(trace, "POST", "/api/v1/orders", 201)


async def _quotes(application: Application, requests: int) -> float:
    """Microseconds for a quote that is read."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/quotes/AAPL",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 4711),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise AssertionError("a quote was refused")

    begun = time.process_time_ns()
    for number in range(requests):
        await application({**scope}, receive, send)
        if number % TAKEN_AFTER == 0:
            application.requests_kept.log.take()
    return (time.process_time_ns() - begun) / requests / 1_000


def run(sizes: Sizes) -> Report:
    """P11."""
    costs = child.run(
        "bench.requests:measure", Costs, {"requests": sizes.requests, "rounds": sizes.rounds}
    )
    record = median(costs.record)
    pairs = zip(costs.with_record, costs.without, strict=True)
    more = median([one - other for one, other in pairs])
    without = median(costs.without)
    return Report(
        [
            Figure(
                "p11_record_us",
                "P11 the record of a placed order",
                record,
                "us",
                f"<= {AIM_US:g} us",
                record <= AIM_US,
                "",
                None,
                "every part noted, counted by route and minute, kept or not",
            ),
            Figure(
                "p11_quote_us",
                "P11 a quote read through the application, with its record",
                median(costs.with_record),
                "us",
                f"<= {AIM_US:g} us more than without",
                more <= AIM_US,
                f"the same without a record: {without:.1f} us",
                median(costs.with_record) / without,
                f"{more:.1f} us more",
            ),
        ]
    )
