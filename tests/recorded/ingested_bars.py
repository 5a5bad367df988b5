"""The second bars of ``second_bars`` again, this time of ticks that came through the webhook.

Promises: every trade of the day is sent in the words of ``POST /ingest/ticks`` and taken by a
world's market data on its way to the journal; the bars of all sources are compared, which are those
of the one there is. A trade's LEAN flags become the condition that counts as they do. Must not
know: which bars are right.
"""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from stockyard.api.heads import Head
from stockyard.api.ingest import BATCH_MAX, Ingest
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal
from stockyard.model.sale_conditions import counts_of_lean_flags, counts_of_letters
from stockyard.model.ticks import CONSOLIDATED, Bar, Tick
from tests.recorded.followed_bars import Day
from tests.recorded.second_bars import (
    MS_NS,
    SHARE,
    SOURCE,
    Comparison,
    Prices,
    Print,
    against,
    midnight_ns,
    prints_of,
)

BY_COUNTS = {counts_of_letters(letters).counts: list(letters) for letters in ("M", "I", "")}
"""Conditions by what a trade with them counts for."""
SCOPE = {
    "path": "/ingest/ticks",
    "headers": [
        (b"authorization", b"Basic " + b64encode(b"recorded:day")),
        (b"content-type", b"application/json"),
    ],
    "query_string": b"",
}


class Webhook:
    """The webhook of a world of that day; its clock is that of the ticks."""

    def __init__(self, symbol: str) -> None:
        self.day = Day(symbol)
        self.bars: dict[int, tuple[Prices, int]] = {}
        self.day.world.market.keeper = self._keep
        self.ingest = Ingest(
            ("recorded", "day"),
            self._find,
            self.day.world.market,
            self.day.clock.now_ns,
            lambda: False,
            lambda source: False,
        )

    def _find(self, symbol: str) -> Instrument:
        assert symbol == self.day.instrument.symbol
        return self.day.instrument

    def _keep(self, ticks: Sequence[Tick], bars: Sequence[Bar]) -> None:
        for bar in bars:
            if bar.window_s == 1 and bar.source == CONSOLIDATED:
                prices = bar.open, bar.high, bar.low, bar.close
                self.bars[bar.start_ns] = prices, bar.volume // SHARE

    async def send(self, ticks: Sequence[dict[str, Any]]) -> None:
        """Send a batch, when the clock shows the time of its last tick."""
        body = msgspec.json.encode({"ticks": ticks})
        self.day.clock.time_ns = ticks[-1]["ts"] * MS_NS

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        status, told, _ = await self.ingest.serve("POST", "/ingest/ticks", Head(SCOPE), receive)
        assert status == 202, told
        self.day.world.writer.drain()
        self.day.world.market.turn(self.day.clock.time_ns)


def tick(symbol: str, number: int, one: Print) -> dict[str, Any]:
    """A trade in the webhook's words."""
    return {
        "symbol": symbol,
        "price": format_decimal(one.price, 4),
        "volume": one.shares,
        "ts": midnight_ns() // MS_NS + one.ms,
        "source": SOURCE,
        "event_id": str(number),
        "conditions": BY_COUNTS[counts_of_lean_flags(one.flags)],
    }


def compare(root: Path, symbol: str) -> Comparison:
    """Build a symbol's second bars from the webhook, and compare them as ``second_bars`` does."""
    prints, webhook = prints_of(root, symbol), Webhook(symbol)
    ticks = [tick(symbol, number, one) for number, one in enumerate(prints)]

    async def play() -> None:
        for first in range(0, len(ticks), BATCH_MAX):
            await webhook.send(ticks[first : first + BATCH_MAX])

    asyncio.run(play())
    counts = webhook.ingest.counts
    assert counts.taken + sum(counts.denied.values()) == len(prints), counts
    return against(root, symbol, prints, webhook.bars)._replace(faults=dict(counts.denied))
