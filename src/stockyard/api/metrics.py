"""What Prometheus reads: every figure is taken where it lies when somebody asks.

Promises: nothing on the way of an order or a quote knows of a metric; a scrape reads plain numbers.
Must not know: how anything is counted.
"""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from stockyard.api.door import Door
from stockyard.api.feed_metrics import market_data_series
from stockyard.api.gateway import Gateway
from stockyard.api.gateway_metrics import gateway_series
from stockyard.api.ingest_metrics import WaysIn, machine_series
from stockyard.api.request_counts import RequestCounts
from stockyard.api.storage_metrics import storage_series
from stockyard.model.codes import REASON_WORDS, SIDE_WORDS, TYPE_WORDS
from stockyard.model.denials import DENY_RULES

TEXT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Streams = Callable[[], tuple[int, int]]
"""How many streams are open: signed in, and not."""


class Figures(Collector):
    """Everything about one door and its world."""

    def __init__(
        self,
        door: Door,
        requests: RequestCounts,
        streams: Streams,
        ways_in: WaysIn,
        gateway: Gateway,
    ) -> None:
        self._door, self._requests, self._streams = door, requests, streams
        self._ways_in, self._gateway = ways_in, gateway

    def collect(self) -> Iterator[Metric]:
        """Every series, by name."""
        yield from self._http()
        yield from gateway_series(self._gateway)
        yield from self._orders()
        yield from self._market()
        yield from market_data_series(self._door.world)
        yield from machine_series(self._ways_in)
        yield from self._portfolios()
        yield from self._history()
        yield from self._clockwork()
        yield from storage_series(self._door.directory, self._door.backups, self._door.retention)

    def _http(self) -> Iterator[Metric]:
        labels = ["method", "path"]
        answered = CounterMetricFamily(
            "http_requests", "Requests answered.", labels=[*labels, "status"]
        )
        for (method, route, status), count in sorted(self._requests.answered.items()):
            answered.add_metric([method, route, str(status)], count)
        yield answered
        took = HistogramMetricFamily(
            "http_request_duration_seconds", "From request to answer.", labels=labels
        )
        for (method, route), durations in sorted(self._requests.durations.items()):
            took.add_metric([method, route], durations.buckets(), durations.total_s)
        yield took
        known, unknown = self._streams()
        streams = GaugeMetricFamily(
            "websocket_connections", "Open streams.", labels=["authenticated"]
        )
        streams.add_metric(["true"], known)
        streams.add_metric(["false"], unknown)
        yield streams

    def _orders(self) -> Iterator[Metric]:
        tally = self._door.world.tally
        placed = CounterMetricFamily(
            "orders_placed", "Orders taken, legs among them.", labels=["side", "order_type"]
        )
        for (side, order_type), count in sorted(tally.orders.items()):
            placed.add_metric([SIDE_WORDS[side], TYPE_WORDS[order_type]], count)
        yield placed
        refused = CounterMetricFamily(
            "orders_rejected", "Requests denied, and orders a venue refused.", labels=["reason"]
        )
        for code, count in sorted(tally.denials.items()):
            refused.add_metric([DENY_RULES[code].word], count)
        for reason, count in sorted(tally.rejections.items()):
            refused.add_metric([REASON_WORDS[reason]], count)
        yield refused
        yield CounterMetricFamily("order_fills", "Executions.", value=tally.fills)

    def _market(self) -> Iterator[Metric]:
        tally, door = self._door.world.tally, self._door
        yield CounterMetricFamily("quote_updates", "Quotes applied.", value=tally.quotes)
        yield CounterMetricFamily("trade_updates", "Trades applied.", value=tally.trades)
        now_ns, stale_ns = door.world.clock.now_ns(), door.settings.quote_stale_ns
        rows = door.view.quotes.values()
        stale = sum(1 for row in rows if not row.ts or now_ns - row.ts > stale_ns)
        yield GaugeMetricFamily("quotes_stale", "Symbols without a fresh quote.", value=stale)
        yield GaugeMetricFamily("symbols", "Symbols listed.", value=len(rows))

    def _history(self) -> Iterator[Metric]:
        figures = self._door.history.figures
        labels = ["kind"]
        for name, text, ticks, bars in (
            ("written", "Written to the history.", figures.ticks_written, figures.bars_written),
            ("lost", "Given up before they were written.", figures.ticks_lost, figures.bars_lost),
        ):
            counted = CounterMetricFamily(f"history_{name}", text, labels=labels)
            counted.add_metric(["ticks"], ticks)
            counted.add_metric(["bars"], bars)
            yield counted
        waiting = GaugeMetricFamily("history_waiting", "Not yet written.", labels=labels)
        waiting.add_metric(["ticks"], figures.ticks_waiting)
        waiting.add_metric(["bars"], figures.bars_waiting)
        yield waiting
        yield CounterMetricFamily(
            "history_write_failures", "Writes that failed.", value=figures.failures
        )

    def _portfolios(self) -> Iterator[Metric]:
        figures = self._door.portfolio_job.figures
        yield CounterMetricFamily(
            "portfolio_snapshot_rows", "Accounts' rows of a day, stored.", value=figures.rows
        )
        yield CounterMetricFamily(
            "portfolio_snapshot_failures",
            "Users whose rows of a day could not be made.",
            value=figures.failures,
        )
        yield GaugeMetricFamily(
            "portfolio_snapshot_seconds",
            "What the last daily snapshot took.",
            value=figures.last_seconds,
        )

    def _clockwork(self) -> Iterator[Metric]:
        world, view = self._door.world, self._door.view
        yield CounterMetricFamily(
            "inputs", "Inputs journaled and applied.", value=world.tally.inputs
        )
        yield GaugeMetricFamily("journal_seq", "Number of the last input.", value=view.seq)
        yield GaugeMetricFamily(
            "writer_waiting", "Inputs that wait to be journaled.", value=world.writer.waiting
        )
        yield GaugeMetricFamily(
            "projector_lag_inputs",
            "Inputs that the query tables are behind.",
            value=max(0, view.seq - world.projector.durable.seq),
        )
        yield GaugeMetricFamily(
            "snapshot_lag_inputs",
            "Inputs since the last stored snapshot.",
            value=max(0, view.seq - world.stored_seq),
        )
        auditor = self._door.auditor
        yield GaugeMetricFamily(
            "audit_lag_records",
            "Records of the journal that wait to be told in the audit log.",
            value=auditor.lag,
        )
        yield GaugeMetricFamily(
            "audit_waiting",
            "Acts of people that are not durably on record yet.",
            value=auditor.waiting,
        )
        open_orders = sum(len(orders) for orders in view.open_orders.values())
        yield GaugeMetricFamily("orders_open", "Open orders.", value=open_orders)
        yield GaugeMetricFamily("accounts", "Accounts.", value=len(view.accounts))
        yield from self._storage()
        failed = int(world.writer.failure is not None)
        yield GaugeMetricFamily("engine_failed", "1 once the engine has stopped.", value=failed)

    def _storage(self) -> Iterator[Metric]:
        world = self._door.world
        trouble = GaugeMetricFamily(
            "storage_trouble", "1 while a part cannot be written as it should.", labels=["part"]
        )
        failures = CounterMetricFamily(
            "storage_write_failures", "Writes that were not kept.", labels=["part"]
        )
        for part in world.troubles.parts:
            trouble.add_metric([part.name], int(part.trouble is not None))
            failures.add_metric([part.name], part.failures)
        yield trouble
        yield failures
        frozen = int(world.read_only is not None)
        yield GaugeMetricFamily("read_only", "1 where nothing can be changed.", value=frozen)
        start = world.start
        for name, text, value in (
            ("start_replayed_inputs", "Inputs that the last start applied again.", start.replayed),
            ("start_torn_bytes", "Of a write that was cut off, set aside.", start.torn_bytes),
            ("start_seconds", "What recovery took at the last start.", start.took_s),
        ):
            yield GaugeMetricFamily(name, text, value=value)


class Metrics:
    """A registry of its own, so that several doors live in one process."""

    def __init__(
        self,
        door: Door,
        requests: RequestCounts,
        streams: Streams,
        ways_in: WaysIn,
        gateway: Gateway,
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Figures(door, requests, streams, ways_in, gateway))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)
