"""``stockyard sim``: test controls of a Stockyard that runs, from a terminal.

Must not know: how a control works, or how requests are sent (``client``).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from stockyard.api.sim_market_shapes import ControlledSymbol, MarketControlled
from stockyard.api.sim_shapes import SimClockSeen
from stockyard.client import ApiError, Client
from stockyard.client.sim import line
from stockyard.config import ConfigError, read_config

FAILED: Final = 500
KEY_ID: Final = "APCA_API_KEY_ID"
SECRET_KEY: Final = "APCA_API_SECRET_KEY"
NOBODY: Final = "none"
LAST: Final = 1_000

sim: Final = App(
    name="sim",
    help="Move time, the market and what becomes of orders, where test controls are allowed.",
)
clock: Final = App(name="clock", help="Stop time, let it go, take it further.")
sim.command(clock)


@Parameter(name="*")
@dataclass(frozen=True)
class Where:
    """Which Stockyard, and whose account.

    Parameters
    ----------
    data: Data directory of a Stockyard on this machine (./data): its demo.json says where it is.
    url: Where another one is. The key is then --key and --secret, or APCA_API_KEY_ID and
        APCA_API_SECRET_KEY of the environment.
    key: Id of an API key with the scope sim.
    secret: The key's secret.
    """

    data: Path | None = None
    url: str | None = None
    key: str | None = None
    secret: str | None = None

    def client(self) -> Client:
        """A client of it. Raises ``ApiError`` or ``ConfigError``."""
        if self.url is None:
            return Client.of_directory(read_config(os.environ, data=self.data).data)
        key = self.key or os.environ.get(KEY_ID, "")
        secret = self.secret or os.environ.get(SECRET_KEY, "")
        if not key or not secret:
            raise ConfigError(f"url: name a key too: --key and --secret, or {KEY_ID}, {SECRET_KEY}")
        return Client(self.url, key, secret)


HERE: Final = Where()


@contextmanager
def _client(where: Where) -> Iterator[Client]:
    """A client; its refusals end the command with a line."""
    try:
        with where.client() as found:
            yield found
    except ApiError as error:
        if error.status and error.status < FAILED:
            raise ConfigError(error.detail) from None
        print(f"stockyard: {error.detail}", file=sys.stderr)
        sys.exit(1)


def _show(seen: SimClockSeen) -> None:
    how = "stands still" if not seen.speed else f"goes at speed {seen.speed}"
    print(f"{seen.now}  time {how}; stocks are {'open' if seen.is_open else 'closed'}")
    print(f"  next open {seen.next_open}, next close {seen.next_close}")
    if seen.lock_step.on:
        held = seen.lock_step.waits_for
        print(f"  lock step: {f'waits for {held}' if held else 'nothing is in flight'}")


@clock.command(name="show")
def show_clock(*, where: Where = HERE) -> None:
    """Say how time goes."""
    with _client(where) as client:
        _show(client.sim.clock.read())


@clock.command(name="stop")
def stop_clock(*, where: Where = HERE) -> None:
    """Let time stand still."""
    with _client(where) as client:
        _show(client.sim.clock.stop())


@clock.command(name="go")
def start_clock(speed: str = "1", *, where: Where = HERE) -> None:
    """Let time go.

    Parameters
    ----------
    speed: How many times as fast as the wall's time, 1 to 100000, or max.
    """
    try:
        wanted: float | str = speed if speed == "max" else float(speed)
    except ValueError:
        raise ConfigError(f"speed {speed!r}: expected a number or max") from None
    with _client(where) as client:
        _show(client.sim.clock.go(wanted))


@clock.command(name="step")
def step_clock(
    seconds: float | None = None, *, steps: int | None = None, where: Where = HERE
) -> None:
    """Take time further, and wait until all that lies on the way has happened.

    Parameters
    ----------
    seconds: By so many seconds of the World.
    steps: Or over so many moments at which anything happens.
    """
    with _client(where) as client:
        _show(client.sim.clock.step(seconds, steps=steps))


@clock.command(name="jump")
def jump_clock(to: str, *, where: Where = HERE) -> None:
    """Bring time to a later moment.

    Parameters
    ----------
    to: next_open, next_close, or a time with its zone such as 2026-01-05T09:30:00-05:00.
    """
    with _client(where) as client:
        _show(client.sim.clock.jump(to))


@clock.command(name="lock-step")
def lock_step(
    on: Annotated[bool, Parameter(negative="--off")] = True,
    *,
    streams: int | None = None,
    where: Where = HERE,
) -> None:
    """Have time wait, before each step, until nothing is in flight.

    Parameters
    ----------
    on: Whether it waits (--off: not any more).
    streams: Time stands while fewer streams are open.
    """
    with _client(where) as client:
        _show(client.sim.clock.lock_step(on, streams=streams))


@sim.command
def quote(
    symbol: str,
    bid: str,
    ask: str,
    *,
    bid_size: str | None = None,
    ask_size: str | None = None,
    where: Where = HERE,
) -> None:
    """Have a quote stand until something else is said of the symbol.

    Parameters
    ----------
    symbol: Such as AAPL or BTC/USD.
    bid: The price bid, or none.
    ask: The price asked, or none.
    bid_size: How much is bid for.
    ask_size: How much is offered.
    """
    with _client(where) as client:
        sides = [None if side == NOBODY else side for side in (bid, ask)]
        done = client.sim.market.quote(symbol, *sides, bid_size=bid_size, ask_size=ask_size)
        _show_market(done)


@sim.command
def gap(
    symbol: str,
    percent: str | None = None,
    *,
    price: str | None = None,
    when: str | None = None,
    where: Where = HERE,
) -> None:
    """Have the price jump.

    Parameters
    ----------
    symbol: Such as AAPL.
    percent: By so much, such as -8.
    price: Or to this price.
    when: now or next_open.
    """
    with _client(where) as client:
        _show_market(client.sim.market.gap(symbol, percent=percent, price=price, when=when))


@sim.command
def halt(symbol: str, *, reason: str | None = None, where: Where = HERE) -> None:
    """Halt trading in a symbol."""
    with _client(where) as client:
        _show_market(client.sim.market.halt(symbol, reason))


@sim.command
def resume(symbol: str, *, where: Where = HERE) -> None:
    """Let trading in a symbol go on."""
    with _client(where) as client:
        _show_market(client.sim.market.resume(symbol))


@sim.command
def release(symbol: str | None = None, *, where: Where = HERE) -> None:
    """Give a symbol, or all of them, back to the simulation."""
    with _client(where) as client:
        _show_market(client.sim.market.release(symbol))


@sim.command
def trade(symbol: str, price: str, size: str | None = None, *, where: Where = HERE) -> None:
    """Print a trade."""
    with _client(where) as client:
        _show_market(client.sim.market.trade(symbol, price, size))


@sim.command
def path(
    symbol: str,
    points: list[str],
    *,
    spread: str | None = None,
    steps: Annotated[bool, Parameter(negative="")] = False,
    then_release: Annotated[bool, Parameter(negative="")] = False,
    where: Where = HERE,
) -> None:
    """Take the price over points as the World's time passes.

    Parameters
    ----------
    symbol: Such as AAPL.
    points: Each SECONDS=PRICE from now on, such as 0=190 60=187.50 120=191.
    spread: Between bid and ask.
    steps: Jump from point to point instead of going straight.
    then_release: Give the symbol back to the simulation at the end.
    """
    found = []
    for point in points:
        seconds, _, price = point.partition("=")
        try:
            found.append({"seconds": float(seconds), "price": price})
        except ValueError:
            price = ""
        if not price:
            raise ConfigError(f"point {point!r}: expected SECONDS=PRICE, such as 60=187.50")
    more = {"spread": spread, "steps": steps, "release_at_end": then_release}
    with _client(where) as client:
        _show_market(client.sim.market.path(symbol, found, **more))


@sim.command
def widen(symbol: str, factor: str, *, where: Where = HERE) -> None:
    """Make the spread so many times as wide as it would be; 1 ends it."""
    with _client(where) as client:
        _show_market(client.sim.market.widen(symbol, factor))


@sim.command
def empty(symbol: str, side: str, *, where: Where = HERE) -> None:
    """Have nobody quote on a side: bid or ask; none ends it."""
    with _client(where) as client:
        _show_market(client.sim.market.empty(symbol, side))


@sim.command
def play(
    symbol: str,
    recording: str,
    *,
    recorded_symbol: str | None = None,
    begin: str | None = None,
    end: str | None = None,
    rebase: bool | None = None,
    where: Where = HERE,
) -> None:
    """Play a recording of the server's as a symbol's market, from now on.

    Parameters
    ----------
    symbol: Which symbol follows it.
    recording: Its name in the server's folder of recordings.
    recorded_symbol: Whose prices, where it has several.
    begin: From this recorded time on.
    end: Up to this one.
    rebase: Whether prices are moved to go on from the symbol's own.
    """
    what = {
        "recording": recording,
        "recorded_symbol": recorded_symbol,
        "begin": begin,
        "end": end,
        "rebase": rebase,
    }
    with _client(where) as client:
        given = {name: value for name, value in what.items() if value is not None}
        _show_market(client.sim.market.play(symbol, **given))


@sim.command
def market(*, where: Where = HERE) -> None:
    """Tell which symbols are under control."""
    with _client(where) as client:
        _show_symbols(client.sim.market.read())


def _show_market(done: MarketControlled) -> None:
    _show_symbols(done.symbols)


def _show_symbols(symbols: list[ControlledSymbol]) -> None:
    for one in symbols:
        halted = ", halted" if one.halted else ""
        print(f"{one.symbol}  {one.bid or NOBODY} / {one.ask or NOBODY}{halted}")


@sim.command
def outcome(
    kind: str,
    *,
    reason: str | None = None,
    qty: str | None = None,
    price: str | None = None,
    then: str | None = None,
    delay_ms: int | None = None,
    symbol: str | None = None,
    side: str | None = None,
    count: int | None = None,
    where: Where = HERE,
) -> None:
    """Plan what becomes of the account's next orders; list or forget what is planned.

    Parameters
    ----------
    kind: deny, reject, fill, delay, hold, expire, cancel; or list, or forget.
    reason: Of deny the code that it says; of reject, expire and cancel the order's reason.
    qty: Of fill: at most so much.
    price: Of fill.
    then: What a fill leaves: wait, cancel or work.
    delay_ms: Milliseconds of the World's time.
    symbol: Only orders for it.
    side: Only buy or sell.
    count: For how many orders.
    """
    with _client(where) as client:
        if kind == "forget":
            client.sim.outcomes.forget()
            return
        if kind == "list":
            for known in client.sim.outcomes.all():
                met = ", ".join(use.order_id or "a command" for use in known.used) or NOBODY
                what = f"{known.outcome}, for {known.left} orders"
                print(f"outcome {known.id}: {what}; met {met}")
            return
        planned = client.sim.outcomes.plan(
            kind,
            reason=reason,
            qty=qty,
            price=price,
            then=then,
            delay_ms=delay_ms,
            symbol=symbol,
            side=side,
            count=count,
        )
        print(f"outcome {planned.id}: {planned.outcome}, for {planned.left} orders")


@sim.command(name="release-order")
def release_order(order_id: str, *, where: Where = HERE) -> None:
    """Let an order go on that is held, or whose rest waits."""
    with _client(where) as client:
        print(f"order {order_id}: {client.sim.outcomes.release(order_id).status}")


@sim.command
def events(
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], negative="")] = False,
    last: int = LAST,
    market: Annotated[bool, Parameter(negative="")] = False,
    where: Where = HERE,
) -> None:
    """Tell the World's event log.

    Parameters
    ----------
    follow: Go on as it grows, until stopped.
    last: Begin so many inputs before its end; 0 for all of it.
    market: Quotes, trades and ticks of the clock as well.
    """
    with _client(where) as client:
        told = client.sim.follow if follow else client.sim.log
        for one in told(-last, market=market):
            print(line(one), flush=follow)


@sim.command
def note(text: str, *, where: Where = HERE) -> None:
    """Write a remark into the World's event log."""
    with _client(where) as client:
        print(f"record {client.sim.note(text).seq}")


@sim.command
def fault(
    kind: str,
    *,
    status: int | None = None,
    method: str | None = None,
    path: str | None = None,
    stream: str | None = None,
    count: int | None = None,
    for_seconds: float | None = None,
    every: int | None = None,
    when: str | None = None,
    delay_ms: int | None = None,
    code: int | None = None,
    where: Where = HERE,
) -> None:
    """Make a rule for faults; list or forget those there are.

    Parameters
    ----------
    kind: answer, delay_answer, cut, drop, duplicate, delay_message, close; or list, or forget.
    status: Of answer: 429, 500, 503 or 504.
    method: Only requests of this method.
    path: Only requests of this path, * for anything.
    stream: Only native, events, trade_updates or market_data.
    count: How many are hit.
    for_seconds: How long, by the wall's clock.
    every: Hit only each so-manieth match.
    when: before anything is done, or after it was done.
    delay_ms: Of a delay.
    code: Of close: the close code.
    """
    with _client(where) as client:
        if kind == "forget":
            client.sim.faults.forget()
            return
        if kind == "list":
            for known in client.sim.faults.all():
                over = ", over" if known.over else ""
                print(f"rule {known.id}: {known.kind}, hit {known.struck}{over}")
            return
        rule = client.sim.faults.make(
            kind,
            status=status,
            method=method,
            path=path,
            stream=stream,
            count=count,
            for_seconds=for_seconds,
            every=every,
            when=when,
            delay_ms=delay_ms,
            code=code,
        )
        print(f"rule {rule.id}: {rule.kind}")
