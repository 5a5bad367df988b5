"""Several exchanges that trade the same names, and say so with the faults of real ones.

Promises: the same exchanges, listings, seed and step times give exactly the same messages; every
tick of an exchange lies close to the one price that all of them share. Must not know: the clock
(times are handed in), or where messages go.

Faults are chances in a million for each tick, drawn one after the other: a *duplicate* is sent
twice, a *late* one is up to 45 seconds old, *garbage* is no tick at all. For each step, *burst* is
the chance that an exchange says a hundred times as much, *silence* that it says nothing for the
next ``SILENT_STEPS``.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from stockyard.market.catalog import Listing
from stockyard.market.simulated import SimulatedMarket
from stockyard.model.codes import AssetClass
from stockyard.model.facts import Quote
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal
from stockyard.numerics.random import CounterRandom

BURST: Final = 100
SILENT_STEPS: Final = 100
LATE_MS_MAX: Final = 45_000
_MILLION: Final = 1_000_000
_STREAMS: Final = 1 << 42
_DRAWS: Final = 8
_ODD_LOT: Final = 10
"""One trade in so many is an odd lot."""
_MS_NS: Final = 1_000_000

Message = dict[str, Any]
"""A tick as ``POST /ingest/tick`` takes it, or garbage."""


class Exchange(NamedTuple):
    """One source: its ticks a second, and how far its clock runs ahead."""

    name: str
    rate: int
    skew_ms: int = 0


class Faults(NamedTuple):
    """How often what goes wrong, in a million."""

    duplicate: int = 0
    late: int = 0
    garbage: int = 0
    burst: int = 0
    silence: int = 0


class _Voice:
    """What an exchange has said so far: its draws and ticks, and until when it is silent."""

    __slots__ = ("draws", "owed", "random", "said", "silent_until")

    def __init__(self, random: CounterRandom) -> None:
        self.random = random
        self.draws = self.owed = self.said = self.silent_until = 0

    def draw(self) -> int:
        """The next draw."""
        self.draws += 1
        return self.random.uint64(self.draws)

    def happens(self, chance: int) -> bool:
        """Whether something with this chance in a million happens now; no draw for none."""
        return chance > 0 and self.draw() % _MILLION < chance


class Exchanges:
    """Steps all exchanges together. ``name``: begins every event id, so that no run repeats one."""

    def __init__(
        self,
        listings: Sequence[Listing],
        exchanges: Sequence[Exchange],
        faults: Faults,
        seed: int,
        name: str,
    ) -> None:
        self._market = SimulatedMarket(listings, seed)
        self._instruments = [listing.instrument for listing in listings]
        self._ids = [instrument.instrument_id for instrument in self._instruments]
        self._exchanges, self._faults, self._name = exchanges, faults, name
        self._voices = [
            _Voice(CounterRandom(seed, _STREAMS + number)) for number in range(len(exchanges))
        ]
        self._quotes: dict[int, Quote] = {}
        self._steps = 0

    def step(self, ts_ns: int, length_ms: int) -> list[list[Message]]:
        """What each exchange says in the ``length_ms`` from this time on, in order."""
        for fact in self._market.step(ts_ns, self._ids):
            if isinstance(fact, Quote):
                self._quotes[fact.instrument_id] = fact
        self._steps += 1
        pairs = zip(self._exchanges, self._voices, strict=True)
        return [self._say(one, voice, ts_ns, length_ms) for one, voice in pairs]

    def _say(self, exchange: Exchange, voice: _Voice, ts_ns: int, length_ms: int) -> list[Message]:
        faults = self._faults
        if voice.happens(faults.silence):
            voice.silent_until = self._steps + SILENT_STEPS
        voice.owed += exchange.rate * length_ms
        count, voice.owed = divmod(voice.owed, 1_000)
        if self._steps < voice.silent_until:
            return []
        if voice.happens(faults.burst):
            count *= BURST
        said: list[Message] = []
        for number in range(count):
            ms = ts_ns // _MS_NS + length_ms * number // count + exchange.skew_ms
            if voice.happens(faults.late):
                ms -= voice.draw() % LATE_MS_MAX
            if voice.happens(faults.garbage):
                said.append(_garbage(voice.draw()))
                continue
            message = self._message(exchange, voice, ms)
            said.append(message)
            if voice.happens(faults.duplicate):
                said.append(message)
        return said

    def _message(self, exchange: Exchange, voice: _Voice, ms: int) -> Message:
        voice.said += 1
        draw = voice.draw()
        instrument = self._instruments[draw % len(self._instruments)]
        quote = self._quotes[instrument.instrument_id]
        message = {
            "symbol": instrument.symbol,
            "ts": ms,
            "source": exchange.name,
            "event_id": f"{self._name}-{voice.said}",
        }
        if draw >> 32 & 1:
            return {**message, **_trade(instrument, quote, draw >> 33)}
        return {**message, **_quote(instrument, quote, draw >> 33)}


def _trade(instrument: Instrument, quote: Quote, draw: int) -> Message:
    """A trade at the bid or the ask; a stock in round lots, or rarely an odd one."""
    price = quote.ask if draw & 1 else quote.bid
    qty = (1 + (draw >> 1) % 5) * instrument.round_lot
    said: Message = {"price": format_decimal(price, instrument.price_scale)}
    if not (draw >> 8) % _ODD_LOT:
        qty //= 7
        if instrument.asset_class == AssetClass.US_EQUITY:
            qty -= qty % 10**instrument.qty_scale
        said["conditions"] = ["I"]
    said["volume"] = format_decimal(max(qty, 1), instrument.qty_scale)
    return said


def _quote(instrument: Instrument, quote: Quote, draw: int) -> Message:
    """The shared quote, each side up to two ticks further out."""
    tick = instrument.tick if quote.bid >= instrument.tick_threshold else instrument.tick_below
    bid, ask = quote.bid - draw % 3 * tick, quote.ask + (draw >> 2) % 3 * tick
    return {
        "bid": format_decimal(bid if bid > 0 else quote.bid, instrument.price_scale),
        "bid_size": format_decimal(quote.bid_qty, instrument.qty_scale),
        "ask": format_decimal(ask, instrument.price_scale),
        "ask_size": format_decimal(quote.ask_qty, instrument.qty_scale),
    }


def _garbage(draw: int) -> Message:
    """Something that is no tick."""
    return (
        {},
        {"symbol": "?", "ts": 0, "source": "", "event_id": "", "price": "x"},
        {"symbol": draw, "price": None, "volume": [], "ts": "yesterday"},
        {"symbol": "AAPL", "ts": 1, "source": "a", "event_id": "b", "price": -1, "volume": 1e300},
    )[draw % 4]
