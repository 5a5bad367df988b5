"""Goal: our faults reach Sentry with what finds them, and without what is nobody's business."""

import json
import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from stockyard.telemetry import faults
from stockyard.telemetry.faults import SentryFaults
from stockyard.telemetry.spans import ObserveMissing
from stockyard.telemetry.traces import CURRENT, Trace
from tests.fakes.collector import Collector, collecting

SECRET = "".join(("hu", "sh"))
"""Put together, because a report shows the source around a fault."""
LOG = logging.getLogger("stockyard.test_faults")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture
def reporting(collector: Collector) -> Iterator[SentryFaults]:
    handler = SentryFaults(f"http://key@{collector.place}/1", "1.2.3")
    LOG.addHandler(handler)
    yield handler
    LOG.removeHandler(handler)
    handler.close()


def event(collector: Collector) -> tuple[dict[str, Any], str]:
    posted = collector.next()
    assert posted.path == "/api/1/envelope/"
    lines = posted.body.decode().splitlines()
    return json.loads(lines[2]), posted.body.decode()


def fail(secret: str) -> None:
    held = {"password": secret}
    raise RuntimeError(f"a fault with {len(held)} thing")


def test_a_fault_is_found_by_its_request(collector: Collector, reporting: SentryFaults) -> None:
    trace = Trace()
    trace.head = SimpleNamespace(request_id="r-9", headers={b"authorization": SECRET.encode()})
    trace.user_id = "ann"
    token = CURRENT.set(trace)
    try:
        fail(SECRET)
    except RuntimeError:
        LOG.exception("request %s failed", "r-9")
    finally:
        CURRENT.reset(token)
    told, text = event(collector)
    assert told["release"] == "stockyard@1.2.3"
    assert told["tags"] == {"request_id": "r-9"}
    assert told["user"] == {"id": "ann"}
    assert told["logentry"]["formatted"] == "request r-9 failed"
    assert told["exception"]["values"][0]["value"] == "a fault with 1 thing"
    assert SECRET not in text


def test_warnings_stay_here(collector: Collector, reporting: SentryFaults) -> None:
    LOG.warning("nothing to see")
    LOG.error("something to see")
    assert event(collector)[0]["logentry"]["message"] == "something to see"


def test_a_storm_is_cut(
    collector: Collector, reporting: SentryFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "PER_MINUTE_MAX", 2)
    for n in range(5):
        LOG.error("number %d", n)
    reporting.close()
    assert collector.posted.qsize() == 2
    assert reporting.left_out == 3


def test_what_is_no_dsn_is_refused() -> None:
    with pytest.raises(ObserveMissing, match="no DSN"):
        SentryFaults("http://nobody", "1")


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ObserveMissing, match="observe extra"):
        SentryFaults("http://key@127.0.0.1/1", "1")
