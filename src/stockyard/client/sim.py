"""The client's half of the test controls: clock, market, outcomes, faults and the event log.

Promises: a control is sent once; when its call returns, what it changed has happened. Must not
know: how a control works.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote

from stockyard.api import answers as a
from stockyard.api import sim_fault_shapes as f
from stockyard.api import sim_market_shapes as m
from stockyard.api import sim_outcome_shapes as o
from stockyard.api import sim_shapes as s
from stockyard.client.transport import Number, Transport

ROOT: Final = "/api/v1/sim"
LOOK_S: Final = 0.2
"""Between two looks at a log that is followed."""
JOURNEY_S: Final = 600.0
"""How long a clock's journey may take."""


class SimClock:
    """How time goes in the World."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask

    def read(self) -> s.SimClockSeen:
        """How time goes now."""
        return self._ask("GET", f"{ROOT}/clock", s.SimClockSeen)

    def stop(self) -> s.SimClockSeen:
        """Let time stand."""
        return self._post("stop", {})

    def go(self, speed: float | str = 1) -> s.SimClockSeen:
        """Let time pass so many times as fast as the wall's, or ``max``."""
        return self._post("go", {"speed": speed})

    def step(self, seconds: float | None = None, *, steps: int | None = None) -> s.SimClockSeen:
        """Take time so many seconds further, or over the next moments at which anything happens."""
        return self._post("step", {"seconds": seconds, "steps": steps})

    def jump(self, to: str, *, wait: bool = True) -> s.SimClockSeen:
        """Bring time to a later moment, ``next_open`` or ``next_close``."""
        return self._post("jump", {"to": to, "wait": wait})

    def lock_step(
        self, on: bool = True, *, quiet_ms: int | None = None, streams: int | None = None
    ) -> s.SimClockSeen:
        """Have time wait, before each step, until nothing is in flight; or not any more."""
        return self._post("lock_step", {"on": on, "quiet_ms": quiet_ms, "streams": streams})

    def _post(self, verb: str, body: dict[str, Any]) -> s.SimClockSeen:
        path = f"{ROOT}/clock/{verb}"
        return self._ask("POST", path, s.SimClockSeen, body, timeout_s=JOURNEY_S)


class SimMarket:
    """What the market does: a symbol follows the last word said of it, until it is released."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask

    def read(self) -> list[m.ControlledSymbol]:
        """The symbols that are under control, and how."""
        return self._ask("GET", f"{ROOT}/market", list[m.ControlledSymbol])

    def quote(
        self,
        symbol: str,
        bid: Number | None,
        ask: Number | None,
        *,
        bid_size: Number | None = None,
        ask_size: Number | None = None,
    ) -> m.MarketControlled:
        """Have a quote stand until something else is said; a side that is None is empty."""
        return self._post(
            "quote",
            {
                "symbol": symbol,
                "bid": bid,
                "ask": ask,
                "bid_size": bid_size,
                "ask_size": ask_size,
            },
        )

    def trade(self, symbol: str, price: Number, size: Number | None = None) -> m.MarketControlled:
        """Print a trade."""
        return self._post("trade", {"symbol": symbol, "price": price, "size": size})

    def path(
        self, symbol: str, points: Sequence[Mapping[str, Any]], **more: Any
    ) -> m.MarketControlled:
        """Take the price over ``points`` (``at`` or ``seconds``; ``price``, or ``bid`` and ``ask``)
        as the World's time passes.
        """
        return self._post("path", {"symbol": symbol, "points": points, **more})

    def gap(
        self,
        symbol: str,
        *,
        percent: Number | None = None,
        price: Number | None = None,
        when: str | None = None,
    ) -> m.MarketControlled:
        """Have the price jump, now or at the next open."""
        body = {"symbol": symbol, "percent": percent, "price": price, "when": when}
        return self._post("gap", body)

    def widen(self, symbol: str, factor: Number) -> m.MarketControlled:
        """Make the spread so many times as wide; 1 ends it."""
        return self._post("widen", {"symbol": symbol, "factor": factor})

    def empty(self, symbol: str, side: str) -> m.MarketControlled:
        """Have nobody quote on a side, ``bid`` or ``ask``; ``none`` ends it."""
        return self._post("empty", {"symbol": symbol, "side": side})

    def halt(self, symbol: str, reason: str | None = None) -> m.MarketControlled:
        """Halt trading."""
        return self._post("halt", {"symbol": symbol, "reason": reason})

    def resume(self, symbol: str) -> m.MarketControlled:
        """Let trading go on."""
        return self._post("resume", {"symbol": symbol})

    def play(self, symbol: str, **what: Any) -> m.MarketControlled:
        """Play a recorded day or hour: ``recording`` or ``rows``, ``begin``, ``end`` and so on."""
        return self._post("play", {"symbol": symbol, **what})

    def release(self, symbol: str | None = None, *, jump: bool = False) -> m.MarketControlled:
        """Give a symbol, or all of them, back to the simulation."""
        return self._post("release", {"symbol": symbol, "jump": jump})

    def _post(self, verb: str, body: Mapping[str, Any]) -> m.MarketControlled:
        return self._ask("POST", f"{ROOT}/market/{verb}", m.MarketControlled, body)


class Outcomes:
    """What is planned for the account's next orders."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask

    def all(self) -> list[o.Outcome]:
        """What is planned, with the orders that met it, oldest first."""
        return self._ask("GET", f"{ROOT}/outcomes", list[o.Outcome])

    def plan(self, outcome: str, **terms: Any) -> o.Outcome:
        """Plan an outcome for the next order, or those that ``terms`` match (POST
        /api/v1/sim/outcomes): ``deny``, ``reject``, ``fill``, ``delay``, ``hold``, ``expire``,
        ``cancel``.
        """
        body = {"outcome": outcome, **terms}
        return self._ask("POST", f"{ROOT}/outcomes", o.Outcome, body, key=token_hex(16))

    def forget(self, outcome_id: int | None = None) -> list[o.Outcome]:
        """Forget a planned outcome, or all of them."""
        path = f"{ROOT}/outcomes" if outcome_id is None else f"{ROOT}/outcomes/{outcome_id}"
        return self._ask("DELETE", path, list[o.Outcome], key=token_hex(16))

    def release(self, order_id: str) -> a.Order:
        """Let an order go on that a planned outcome holds back."""
        path = f"{ROOT}/orders/{quote(order_id, safe='')}/release"
        return self._ask("POST", path, a.Order, key=token_hex(16))


class Faults:
    """Requests and streams that fail on purpose."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask

    def all(self) -> list[f.FaultRule]:
        """Every rule, with what it has hit."""
        return self._ask("GET", f"{ROOT}/faults", list[f.FaultRule])

    def make(self, kind: str, **terms: Any) -> f.FaultRule:
        """Make a rule; ``terms`` as of POST /api/v1/sim/faults."""
        return self._ask("POST", f"{ROOT}/faults", f.FaultRule, {"kind": kind, **terms})

    def answer(self, status: int, **terms: Any) -> f.FaultRule:
        """Have requests answered with this status; once unless ``terms`` say otherwise."""
        return self.make("answer", status=status, **terms)

    def close_streams(self, code: int | None = None, **terms: Any) -> f.FaultRule:
        """End the streams that are open, without a close frame unless a ``code`` is named."""
        return self.make("close", code=code, **terms)

    def forget(self, fault_id: int | None = None) -> None:
        """Forget a rule, or all of them."""
        path = f"{ROOT}/faults" if fault_id is None else f"{ROOT}/faults/{fault_id}"
        self._ask("DELETE", path, Any)


class Sim:
    """The test controls of a Stockyard that allows them."""

    def __init__(self, transport: Transport) -> None:
        self._ask = transport.ask
        self.clock = SimClock(transport)
        self.market = SimMarket(transport)
        self.outcomes = Outcomes(transport)
        self.faults = Faults(transport)

    def note(self, text: str) -> s.ControlNoted:
        """Write a remark into the World's event log."""
        return self._ask("POST", f"{ROOT}/notes", s.ControlNoted, {"text": text})

    def events(
        self, after: int = 0, *, limit: int | None = None, market: bool = False
    ) -> s.EventLog:
        """A page of the World's event log, after an input's number; negative: from the end.

        ``market``: quotes, trades and ticks of the clock as well.
        """
        query = {"after": after, "limit": limit, "market": str(market).lower()}
        return self._ask("GET", f"{ROOT}/events", s.EventLog, query=query)

    def log(self, after: int = 0, *, market: bool = False) -> Iterator[s.LoggedInput]:
        """The event log from an input on to its end as it is now."""
        while True:
            page = self.events(after, market=market)
            yield from page.inputs
            after = page.next_after
            if after >= page.seq:
                return

    def follow(self, after: int = 0, *, market: bool = False) -> Iterator[s.LoggedInput]:
        """The event log as it grows, without an end."""
        while True:
            page = self.events(after, market=market)
            yield from page.inputs
            after = page.next_after
            if after >= page.seq:
                time.sleep(LOOK_S)


def line(one: s.LoggedInput) -> str:
    """An input of the event log and what it led to, as lines."""
    told = [f"{one.ts[11:23]} {one.seq:>7}  {one.text}"]
    told += [f"{'':>22}  {event.text}" for event in one.events]
    return "\n".join(told)
