"""Spans to an OpenTelemetry collector, over HTTP (OTLP): one for each request that is kept, and one
for each part of its time.

Promises: sending happens in a thread of its own and never waits for; what a collector does not take
is dropped and counted. Must not know: how a request is measured. The ``observe`` extra is imported
when a collector is named, not before.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from threading import Lock
from typing import Any, Final

from stockyard.telemetry.records import RequestRecord
from stockyard.telemetry.traces import Part

LOG: Final = logging.getLogger("stockyard.spans")
PATH: Final = "/v1/traces"
TIMEOUT_S: Final = 5.0
WAITING_MAX: Final = 1_000
"""Requests that wait for a slow collector; the oldest leave."""
BATCH_MAX: Final = 200
FAILED: Final = 500
MISSING: Final = (
    "needs the observe extra: pip install 'stockyard[observe]', or leave the setting empty"
)


class ObserveMissing(Exception):
    """What speaks to collectors is not installed, or cannot speak to this one."""


class OtlpSender:
    """Sends spans to one collector. ``endpoint``: its address; without a path that of OTLP.

    Raises ``ObserveMissing``.
    """

    def __init__(self, endpoint: str, version: str) -> None:
        if not endpoint.startswith(("http://", "https://")):
            raise ObserveMissing(f"{endpoint!r} is no address: name one such as http://host:4318")
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError:
            raise ObserveMissing(MISSING) from None
        # It tells each failure; here the first of several is told.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        _, _, place = endpoint.partition("://")
        whole = endpoint if place.partition("/")[2] else endpoint.rstrip("/") + PATH
        self._exporter: Any = OTLPSpanExporter(endpoint=whole, timeout=TIMEOUT_S)
        self._version = version
        self._thread = ThreadPoolExecutor(1, "spans")
        self._lock = Lock()
        self._waiting: list[RequestRecord] = []
        self._sending: Future[None] | None = None
        self._failing = False
        self.sent = self.dropped = 0

    def send(self, records: Sequence[RequestRecord]) -> None:
        """Hand over requests; never waits."""
        with self._lock:
            self._waiting += records
            beyond = max(0, len(self._waiting) - WAITING_MAX)
            del self._waiting[:beyond]
            self.dropped += beyond
            if self._sending is None or self._sending.done():
                self._sending = self._thread.submit(self._send_all)

    def _send_all(self) -> None:
        while True:
            with self._lock:
                batch = self._waiting[:BATCH_MAX]
                del self._waiting[:BATCH_MAX]
            if not batch:
                return
            self._send_batch(batch)

    def _send_batch(self, batch: list[RequestRecord]) -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        spans = [span for record in batch for span in spans_of(record, self._version)]
        if self._exporter.export(spans) is SpanExportResult.SUCCESS:
            self.sent += len(batch)
            self._failing = False
            return
        self.dropped += len(batch)
        if not self._failing:
            LOG.warning("the collector takes no spans; they are dropped until it does")
        self._failing = True

    def close(self) -> None:
        """Send what waits, and end."""
        self._thread.shutdown(wait=True)
        self._exporter.shutdown()


def spans_of(record: RequestRecord, version: str) -> list[Any]:
    """A request as spans, its own first (OpenTelemetry's semantic conventions for HTTP)."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    trace_id = int(record.trace_id, 16)
    resource = Resource({"service.name": "stockyard", "service.version": version})

    def context(span_id: int) -> SpanContext:
        return SpanContext(trace_id, span_id, False, TraceFlags(TraceFlags.SAMPLED))

    mine = context(int(record.span_id, 16))
    parent = None
    if record.parent_id:
        parent = SpanContext(trace_id, int(record.parent_id, 16), True, TraceFlags(1))
    failed = record.status >= FAILED
    spans = [
        ReadableSpan(
            f"{record.method} {record.route}",
            mine,
            parent,
            resource,
            _attributes(record),
            kind=SpanKind.SERVER,
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=record.at_ns,
            end_time=record.at_ns + record.took_ns,
        )
    ]
    for number, part in enumerate(record.spans):
        named = blake2b(f"{record.span_id}/{number}".encode(), digest_size=8).digest()
        begun_ns = record.at_ns + part.begun_ns
        spans.append(
            ReadableSpan(
                part.part,
                context(int.from_bytes(named, "big") or 1),
                mine,
                resource,
                {"stockyard.word": part.word} if part.word else {},
                kind=SpanKind.CLIENT if part.part == Part.OUTSIDE else SpanKind.INTERNAL,
                start_time=begun_ns,
                end_time=begun_ns + part.took_ns,
            )
        )
    return spans


def _attributes(record: RequestRecord) -> dict[str, str | int]:
    said: dict[str, str | int] = {
        "http.request.method": record.method,
        "http.route": record.route,
        "http.response.status_code": record.status,
        "stockyard.request_id": record.request_id,
        "stockyard.kept_for": record.kept_for,
    }
    for name, value in (
        ("user.id", record.user_id),
        ("stockyard.order_id", record.order_id),
        ("stockyard.command", record.command),
        ("error.type", record.code),
    ):
        if value:
            said[name] = value
    if record.seq:
        said["stockyard.seq"] = record.seq
    return said
