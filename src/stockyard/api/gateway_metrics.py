"""Series of the gateway: how much went out to streams, and who could not keep up.

Promises: plain counts are read. Must not know: how anything is counted.
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from stockyard.api.events import EventStream
from stockyard.api.gateway import Gateway


def gateway_series(gateway: Gateway) -> Iterator[Metric]:
    """Every series about streams and what they get."""
    hub = gateway.door.world.hub
    for name, text, value in (
        ("gateway_messages", "Messages sent to streams.", gateway.sent),
        ("gateway_bytes", "Bytes of those messages.", gateway.sent_bytes),
        ("gateway_encoded", "Public messages encoded, each once.", gateway.encoded),
        ("gateway_flushes", "Times that public changes went out.", gateway.flushes),
        ("gateway_cut_off", "Streams closed because they read too slowly.", gateway.cut_off),
        ("gateway_refused", "Streams refused by a limit.", gateway.refused),
        ("gateway_missed", "Items that did not fit a stream's queue.", hub.missed),
        ("gateway_dropped", "Items that fitted no stream's queue.", hub.dropped),
    ):
        yield CounterMetricFamily(name, text, value=value)
    events = sum(1 for listener in gateway if isinstance(listener, EventStream))
    yield GaugeMetricFamily("gateway_event_streams", "Open event streams.", value=events)
    blocked = sum(1 for listener in gateway if listener.is_blocked)
    yield GaugeMetricFamily("gateway_blocked", "Streams that take nothing now.", value=blocked)
