"""Our faults to Sentry: what is logged as an error, with its traceback.

Promises: neither local variables nor headers, bodies or addresses leave; no more than a set number
in a minute; logging never waits for it. Must not know: what failed. The ``observe`` extra is
imported when a project is named, not before.
"""

import logging
import time
from typing import Any, Final

from stockyard.telemetry.spans import MISSING, ObserveMissing
from stockyard.telemetry.traces import CURRENT

PER_MINUTE_MAX: Final = 30
CLOSE_S: Final = 2.0
MINUTE_S: Final = 60.0


class SentryFaults(logging.Handler):
    """Reports errors to one project. Raises ``ObserveMissing``."""

    def __init__(self, dsn: str, version: str) -> None:
        super().__init__(logging.ERROR)
        try:
            from sentry_sdk import Client
            from sentry_sdk.utils import BadDsn
        except ImportError:
            raise ObserveMissing(MISSING) from None
        try:
            self._client = Client(
                dsn=dsn,
                release=f"stockyard@{version}",
                default_integrations=False,
                auto_enabling_integrations=False,
                include_local_variables=False,
                max_breadcrumbs=0,
                traces_sample_rate=None,
                server_name="",
            )
        except BadDsn as error:
            raise ObserveMissing(f"{dsn!r} is no DSN: {error}") from None
        self._began_s = -MINUTE_S
        self._count = 0
        self.left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Report one error, unless there were too many."""
        now_s = time.monotonic()
        if now_s - self._began_s >= MINUTE_S:
            self._began_s, self._count = now_s, 0
        self._count += 1
        if self._count > PER_MINUTE_MAX:
            self.left_out += 1
            return
        try:
            self._report(record)
        except Exception:
            self.handleError(record)

    def _report(self, record: logging.LogRecord) -> None:
        from sentry_sdk.utils import event_from_exception

        event: Any = {}
        if record.exc_info and record.exc_info[1] is not None:
            event, _ = event_from_exception(record.exc_info, client_options=self._client.options)
        event["level"] = "fatal" if record.levelno >= logging.CRITICAL else "error"
        event["logger"] = record.name
        event["logentry"] = {"message": str(record.msg), "formatted": record.getMessage()}
        trace = CURRENT.get()
        if trace is not None:
            if trace.head is not None:
                event["tags"] = {"request_id": trace.head.request_id}
            if trace.user_id:
                event["user"] = {"id": trace.user_id}
        self._client.capture_event(event)

    def close(self) -> None:
        """Send what waits, for a moment."""
        self._client.close(timeout=CLOSE_S)
        super().close()
