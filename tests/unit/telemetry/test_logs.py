"""Goal: a line that programs read says what it is about; requests are told with their ids."""

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from stockyard.telemetry.logs import JSON, REQUESTS, TEXT, JsonLines, request_line
from stockyard.telemetry.request_log import Answered
from stockyard.telemetry.traces import CURRENT, Trace

LOG = logging.getLogger("stockyard.test_logs")


class Lines(logging.Handler):
    """What was logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.said: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        assert "\n" not in line
        self.said.append(json.loads(line))


@pytest.fixture
def lines() -> Iterator[Lines]:
    found = Lines()
    for logger in (LOG, REQUESTS):
        logger.addHandler(found)
        logger.setLevel(logging.INFO)
    yield found
    for logger in (LOG, REQUESTS):
        logger.removeHandler(found)
        logger.setLevel(logging.NOTSET)


def _trace(**said: object) -> Trace:
    trace = Trace()
    trace.head = SimpleNamespace(request_id="r-1", headers={})
    trace.user_id = "ann"
    for name, value in said.items():
        setattr(trace, name, value)
    return trace


def test_a_line_is_one_object(lines: Lines) -> None:
    LOG.info("two\nlines and a %s", 'quote"')
    (said,) = lines.said
    assert said["message"] == 'two\nlines and a quote"'
    assert (said["level"], said["logger"]) == ("info", "stockyard.test_logs")
    assert said["ts"].endswith("Z")
    assert "request_id" not in said


def test_a_line_within_a_request_names_it(lines: Lines) -> None:
    token = CURRENT.set(_trace())
    try:
        raise ValueError("oh")
    except ValueError:
        LOG.exception("it failed")
    finally:
        CURRENT.reset(token)
    (said,) = lines.said
    assert (said["request_id"], said["user_id"], said["level"]) == ("r-1", "ann", "error")
    assert "ValueError: oh" in said["exception"]


def test_a_request_is_told_with_its_order(lines: Lines) -> None:
    tell = request_line(JSON, lambda command, seq, status: f"order-{seq}")
    assert tell is not None
    tell("POST", "/orders", Answered(1_234_567, 201, _trace(command="x", seq=5)))
    tell("GET", "/orders", Answered(1_000, 404, _trace(code="unknown_order")))
    first, second = lines.said
    assert first["message"] == "POST /orders 201 in 1.235 ms"
    assert {name: first[name] for name in ("request_id", "user_id", "order_id", "seq")} == {
        "request_id": "r-1",
        "user_id": "ann",
        "order_id": "order-5",
        "seq": 5,
    }
    assert (second["status"], second["code"], second["took_ms"]) == (404, "unknown_order", 0.001)
    assert "order_id" not in second


def test_people_are_not_told_of_requests_unless_they_want_to_be(lines: Lines) -> None:
    assert request_line(TEXT, lambda *_: "") is None
    REQUESTS.setLevel(logging.DEBUG)
    assert request_line(TEXT, lambda *_: "") is not None


def test_what_is_no_text_is_shown_as_it_prints(lines: Lines) -> None:
    LOG.info("it is %s", 1, extra={"stockyard_fields": {"path": object}})
    assert "object" in lines.said[0]["path"]
