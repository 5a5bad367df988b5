"""Series of the ways in for other machines: the webhook, and reports of stages.

Promises: plain counts are read; labels are words of ours. Must not know: how anything is counted.
"""

from collections.abc import Iterator
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, Metric

from stockyard.api.ingest import Ingest
from stockyard.api.internal import Internal


class WaysIn(NamedTuple):
    """Those that there are."""

    ingest: Ingest | None
    internal: Internal | None


def machine_series(ways: WaysIn) -> Iterator[Metric]:
    """Every series about them."""
    if ways.ingest is not None:
        yield from _webhook(ways.ingest)
    if ways.internal is not None:
        reports = CounterMetricFamily(
            "stage_reports", "Reports of stages, by what came of them.", labels=["outcome"]
        )
        reports.add_metric(["taken"], ways.internal.taken)
        reports.add_metric(["known"], ways.internal.known)
        yield reports


def _webhook(ingest: Ingest) -> Iterator[Metric]:
    counts = ingest.counts
    yield CounterMetricFamily("ingest_ticks_taken", "Ticks taken.", value=counts.taken)
    yield CounterMetricFamily(
        "ingest_duplicates", "Ticks that were known already.", value=counts.duplicates
    )
    denied = CounterMetricFamily("ingest_denied", "Ticks denied.", labels=["reason"])
    for reason, count in sorted(counts.denied.items()):
        denied.add_metric([reason], count)
    yield denied
    yield CounterMetricFamily(
        "ingest_unknown_conditions",
        "Sale conditions that no table has.",
        value=counts.unknown_conditions,
    )
    yield CounterMetricFamily("ingest_put_off", "Requests answered 429.", value=counts.put_off)
