"""Log lines: as text for people, or as JSON, one object a line, for programs.

Promises: a line that is written while a request is answered says which one, and who asks; requests
themselves are told by a sample. Must not know: what is logged, or where lines go.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from stockyard.telemetry.request_log import Answered, Line, OrderName
from stockyard.telemetry.traces import CURRENT, Trace

TEXT: Final = "text"
JSON: Final = "json"
FORMATS: Final = (TEXT, JSON)
REQUESTS: Final = logging.getLogger("stockyard.requests")
FIELDS: Final = "stockyard_fields"
"""Where a record's own fields stand; JSON shows them, text does not."""
MESSAGE_LENGTH_MAX: Final = 10_000
_TEXT_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_encode: Final = msgspec.json.Encoder(enc_hook=str).encode


class JsonLines(logging.Formatter):
    """A record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger and message; who asks in which request; what the record brings."""
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, Any] = {
            "ts": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:MESSAGE_LENGTH_MAX],
        }
        trace = CURRENT.get()
        if trace is not None:
            said.update(named(trace))
        said.update(getattr(record, FIELDS, {}))
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return _encode(said).decode()


def named(trace: Trace) -> dict[str, Any]:
    """What is known of a request by which its lines are found."""
    said = {}
    if trace.head is not None:
        said["request_id"] = trace.head.request_id
    if trace.user_id:
        said["user_id"] = trace.user_id
    return said


def begin(level: str, form: str) -> None:
    """Log to standard error from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == JSON else logging.Formatter(_TEXT_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def request_line(form: str, order_name: OrderName) -> Line | None:
    """Tells requests at the level that programs or people want them at; None: nobody wants them."""
    level = logging.INFO if form == JSON else logging.DEBUG
    if not REQUESTS.isEnabledFor(level):
        return None

    def tell(method: str, route: str, answered: Answered) -> None:
        trace, status = answered.trace, answered.status
        took_ms = round(answered.took_ns / 1_000_000, 3)
        fields = {
            **named(trace),
            "method": method,
            "route": route,
            "status": status,
            "took_ms": took_ms,
        }
        if trace.command is not None:
            fields["command"] = type(trace.command).__name__
            fields["seq"] = trace.seq
            order_id = order_name(trace.command, trace.seq, status)
            if order_id:
                fields["order_id"] = order_id
        if trace.code:
            fields["code"] = trace.code
        REQUESTS.log(
            level, "%s %s %d in %s ms", method, route, status, took_ms, extra={FIELDS: fields}
        )

    return tell
