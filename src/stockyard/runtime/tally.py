"""How much of what has happened since the start: inputs and events counted by kind.

Promises: each is counted once, in a few dictionary steps; nothing is kept of what they were about.
Must not know: who reads the counts.
"""

from collections import Counter

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.records import Record


class Tally:
    """Counts that only grow. Orders by (side, type), denials by code, rejections by reason."""

    def __init__(self) -> None:
        self.inputs = 0
        self.quotes = 0
        self.trades = 0
        self.fills = 0
        self.orders: Counter[tuple[int, int]] = Counter()
        self.denials: Counter[int] = Counter()
        self.rejections: Counter[int] = Counter()

    def note(self, record: Record, events: list[e.Event]) -> None:
        """Count one input and its events."""
        self.inputs += 1
        kind = type(record.input)
        if kind is f.Quote:
            self.quotes += 1
        elif kind is f.Trade or kind is f.AuctionPrint:
            self.trades += 1
        for event in events:
            if isinstance(event, e.OrderFilled):
                self.fills += 1
            elif isinstance(event, e.OrderAccepted):
                self.orders[event.side, event.order_type] += 1
            elif isinstance(event, e.CommandDenied):
                self.denials[event.code] += 1
            elif isinstance(event, e.OrderRejected):
                self.rejections[event.reason] += 1
