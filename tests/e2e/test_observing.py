"""Goal: a real process tells programs what it does: JSON lines, spans, and records that stay."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.running import Running
from tests.fakes.collector import Collector, collecting

ORDER = {"symbol": "AAPL", "side": "buy", "qty": "1", "client_order_id": "watched"}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def test_an_order_is_found_in_lines_spans_and_records(tmp_path: Path, collector: Collector) -> None:
    server = Running(
        tmp_path / "data",
        log_format="json",
        otlp_endpoint=f"http://{collector.place}",
        sentry_dsn=f"http://key@{collector.place}/1",
    )
    try:
        client = server.connect()
        status, placed = client.ask("POST", "/api/v1/orders", ORDER)
        client.close()
        assert status == 201
    finally:
        assert server.stop() == 0

    lines = (tmp_path / "data.log").read_text().splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    (line,) = [one for one in told if one.get("order_id") == placed["id"]]
    assert (line["route"], line["status"]) == ("/api/v1/orders", 201)
    assert line["user_id"]
    assert line["request_id"]
    assert not any(one["level"] in ("error", "critical") for one in told)

    sent = ExportTraceServiceRequest.FromString(collector.next().body)
    spans = [
        span
        for resource in sent.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    named = {
        attribute.value.string_value: span
        for span in spans
        for attribute in span.attributes
        if attribute.key == "stockyard.request_id"
    }
    root = named[line["request_id"]]
    assert root.name == "POST /api/v1/orders"
    parts = {span.name for span in spans if span.parent_span_id == root.span_id}
    assert parts >= {"waiting", "journal", "engine", "serialisation"}

    with sqlite3.connect(tmp_path / "data" / "requests.db") as database:
        rows = database.execute(
            "SELECT request_id FROM requests WHERE order_id = ?", (placed["id"],)
        ).fetchall()
    assert rows == [(line["request_id"],)]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"otlp_endpoint": "localhost:4318"}, "otlp_endpoint: 'localhost:4318' is no address"),
        ({"sentry_dsn": "http://nobody"}, "sentry_dsn: 'http://nobody' is no DSN"),
        ({"log_format": "xml"}, "expected one of text, json"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(AssertionError, match="did not start") as failed:
        Running(tmp_path / "data", **settings)
    assert said in str(failed.value)
    assert "Traceback" not in str(failed.value)
