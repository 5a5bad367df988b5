"""Goal: a collector gets each kept request as spans, and a dead one costs nothing but them."""

import sys
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from stockyard.telemetry import spans
from stockyard.telemetry.records import KeptFor, RequestRecord, Span
from stockyard.telemetry.spans import ObserveMissing, OtlpSender
from tests.fakes.collector import Collector, collecting

AT_NS = 1_767_355_200_000_000_000


def record(n: int = 1, **said: object) -> RequestRecord:
    told = {
        "span_id": f"{n:016x}",
        "trace_id": f"{n:032x}",
        "parent_id": "",
        "at_ns": AT_NS,
        "method": "POST",
        "route": "/api/v1/orders",
        "status": 201,
        "took_ns": 900,
        "request_id": "r-1",
        "user_id": "ann",
        "order_id": "o-1",
        "command": "PlaceOrder",
        "seq": 7,
        "code": "",
        "kept_for": KeptFor.SLOW,
        "spans": [Span("journal", 100, 200), Span("outside", 400, 50, "example.com")],
        **said,
    }
    return RequestRecord(**told)  # type: ignore[arg-type]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def test_a_request_and_its_parts_arrive(collector: Collector) -> None:
    sender = OtlpSender(f"http://{collector.place}", "1.2.3")
    sender.send([record(parent_id="b7ad6b7169203331", status=500, code="internal_error")])
    posted = collector.next()
    sender.close()
    assert posted.path == "/v1/traces"
    (told,) = ExportTraceServiceRequest.FromString(posted.body).resource_spans
    names = {one.key: one.value.string_value for one in told.resource.attributes}
    assert (names["service.name"], names["service.version"]) == ("stockyard", "1.2.3")
    found = [span for scope in told.scope_spans for span in scope.spans]
    root = next(span for span in found if span.name == "POST /api/v1/orders")
    assert (root.trace_id.hex(), root.span_id.hex()) == (f"{1:032x}", f"{1:016x}")
    assert root.parent_span_id.hex() == "b7ad6b7169203331"
    assert (root.start_time_unix_nano, root.end_time_unix_nano) == (AT_NS, AT_NS + 900)
    assert root.status.code == 2
    said = {one.key: one.value for one in root.attributes}
    assert said["http.response.status_code"].int_value == 500
    assert said["stockyard.request_id"].string_value == "r-1"
    assert said["error.type"].string_value == "internal_error"
    parts = {span.name: span for span in found if span is not root}
    assert parts["journal"].parent_span_id == root.span_id
    assert parts["journal"].start_time_unix_nano == AT_NS + 100
    assert parts["outside"].attributes[0].value.string_value == "example.com"


def test_a_path_of_its_own_is_kept(collector: Collector) -> None:
    sender = OtlpSender(f"http://{collector.place}/otlp/traces", "1")
    sender.send([record()])
    assert collector.next().path == "/otlp/traces"
    sender.close()
    assert (sender.sent, sender.dropped) == (1, 0)


def test_a_collector_that_refuses_is_told_of_once(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = 400
    sender = OtlpSender(f"http://{collector.place}", "1")
    for n in (1, 2):
        sender.send([record(n)])
        collector.next()
    sender.close()
    assert (sender.sent, sender.dropped) == (0, 2)
    assert len([one for one in caplog.records if "takes no spans" in one.message]) == 1


def test_what_waits_is_bounded(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "WAITING_MAX", 3)
    sender = OtlpSender(f"http://{collector.place}", "1")
    sender.send([record(n) for n in range(1, 11)])
    sender.close()
    assert (sender.sent, sender.dropped) == (3, 7)


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4318", "grpc://x"])
def test_what_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(ObserveMissing, match="no address"):
        OtlpSender(endpoint, "1")


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ObserveMissing, match="observe extra"):
        OtlpSender("http://127.0.0.1:4318", "1")
