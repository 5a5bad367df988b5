"""A test's broker: one World in this process, the keys to it, and the controls a test needs.

Promises: every Broker has a World of its own, whose clock stands until the test moves it; what a
control changed has happened when its call returns. Must not know: how the server does anything.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from stockyard.api import answers as a
from stockyard.api.shapes import time_text
from stockyard.api.sim_outcome_shapes import Outcome
from stockyard.client import Client, Number
from stockyard.client.sim import line
from stockyard.testing.bot_time import BotTime
from stockyard.testing.options import Options, chosen, start_ns
from stockyard.testing.world import Credentials, ServedWorld, quiet_config

FIRST: Final = "bot"
LOG_LINES: Final = 200
WAIT_S: Final = 10.0
LOOK_S: Final = 0.005
STEPS_BEFORE: Final = 2
_NS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Account:
    """An account at a test's broker: its key, and a client with it."""

    def __init__(self, world: ServedWorld, credentials: Credentials, stack: ExitStack) -> None:
        self._world = world
        self.account_id, self.email, self.key_id, self.secret_key = credentials
        self.url = world.url
        """Where the broker is; for Alpaca's clients their ``url_override``."""
        self.stream_url = world.url.replace("http", "ws", 1) + "/stream"
        """Where Alpaca's clients hear of their orders."""
        self._stack = stack

    def data_stream_url(self, feed: str = "v2/iex") -> str:
        """Where Alpaca's clients hear of a market: ``v2/iex``, ``v1beta3/crypto/us`` and so on."""
        return self.url.replace("http", "ws", 1) + "/" + feed

    @cached_property
    def client(self) -> Client:
        """A native client of this account."""
        return self._stack.enter_context(Client(self.url, self.key_id, self.secret_key))

    def orders(self, status: str = "all", **wanted: Any) -> list[a.Order]:
        """The account's orders, newest first."""
        return self.client.orders.all(status, **wanted)

    def positions(self) -> list[a.Position]:
        """What the account holds."""
        return self.client.positions.all()

    def position(self, symbol: str) -> a.Position | None:
        """What it holds of a symbol, if anything."""
        return next((one for one in self.positions() if one.symbol == symbol), None)


class Broker(Account):
    """A World and its first account."""

    def __init__(self, world: ServedWorld, options: Options, stack: ExitStack) -> None:
        self.world, self.options = world, options
        super().__init__(world, world.new_account(FIRST), stack)
        self.faults = self.client.sim.faults
        """Requests and streams that fail on purpose."""
        self.market = self.client.sim.market
        """Quotes, trades, paths, gaps, halts, recorded days."""
        self.clock = self.client.sim.clock
        """How time goes: stop, go, step, jump, lock step."""

    @property
    def data(self) -> Path | None:
        """The data directory; None for a World in memory."""
        return self.world.data

    def account(self, name: str = "another", *, cash: Number | None = None) -> Account:
        """A further account of another user, with cash of its own if wanted."""
        found = Account(self.world, self.world.new_account(name), self._stack)
        if cash is not None:
            found.client.accounts.reset(cash)
        return found

    # The market.

    def set_quote(
        self,
        symbol: str,
        bid: Number | None,
        ask: Number | None,
        *,
        bid_size: Number | None = None,
        ask_size: Number | None = None,
    ) -> None:
        """Have a quote stand until something else is said; a side that is None is empty."""
        self.market.quote(symbol, bid, ask, bid_size=bid_size, ask_size=ask_size)

    # What becomes of orders.

    def plan(self, outcome: str, **terms: Any) -> Outcome:
        """Plan what becomes of the next order, or of those that ``terms`` match."""
        return self.client.sim.outcomes.plan(outcome, **terms)

    def release(self, order_id: object) -> a.Order:
        """Let an order go on that a planned outcome holds back."""
        return self.client.sim.outcomes.release(str(order_id))

    # Time.

    def now_ns(self) -> int:
        """The World's time, UTC ns."""
        return self.world.now_ns()

    def now(self) -> datetime:
        """The World's time, UTC; microseconds."""
        return _EPOCH + timedelta(microseconds=self.now_ns() // 1000)

    def advance(self, seconds: float) -> None:
        """Let the World's time pass: all that lies on the way has happened on return."""
        self.clock.step(seconds)

    def jump(self, to: str | datetime) -> None:
        """Bring the World to a later time, ``next_open`` or ``next_close``."""
        self.clock.jump(to.isoformat() if isinstance(to, datetime) else to)

    def time(self, *packages: str) -> BotTime:
        """A context in which the bot under test lives in the World's time: see ``bot_time``.

        ``packages``: libraries whose pauses are the bot's too.
        """
        return BotTime(self.now_ns, self._bring, packages)

    def _bring(self, until_ns: int) -> None:
        self.clock.jump(time_text(until_ns))

    # What others do in their own time.

    def wait_for(self, what: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Wait, by the machine's clock, until something is true. Raises ``TimeoutError``."""
        end = monotonic() + timeout_s
        while not what():
            if monotonic() > end:
                raise TimeoutError(f"it did not come true within {timeout_s:g} s")
            sleep(LOOK_S)

    def wait_for_streams(self, count: int = 1, timeout_s: float = WAIT_S) -> None:
        """Wait until so many streams are open and listened to. Raises ``TimeoutError``."""
        self.wait_for(lambda: self.world.streams() >= count, timeout_s)

    # What happened.

    def log(self) -> str:
        """The World's event log, oldest first: what a failed test's report shows."""
        told = [line(one) for one in self.client.sim.log(self.world.founded)]
        lines = "\n".join(told).split("\n")
        left_out = len(lines) - LOG_LINES
        if left_out > 0:
            lines = [f"({left_out} lines before)", *lines[left_out:]]
        return "\n".join(lines)

    def note(self, text: str) -> None:
        """Write a remark into the World's event log."""
        self.client.sim.note(text)


@contextmanager
def open_broker(path: Path, *said: Mapping[str, Any]) -> Iterator[Broker]:
    """A broker while the context lasts. Options: the last ones count most.

    ``path``: where a World on disk is kept. Raises ``OptionError``.
    """
    options = chosen(*said)
    begins_ns = start_ns(options)
    simulated = options.market == "simulated"
    if simulated:
        # So that there are prices when the test begins; at the bell itself there is no step.
        begins_ns -= round(STEPS_BEFORE * _NS / options.rate)
    config = quiet_config(
        data=path,
        market=options.market,
        market_seed=options.seed,
        updates_per_second=options.rate,
        profile=options.profile,
        starting_cash=options.cash,
        calendar=options.calendar,
        controls_start=time_text(begins_ns),
    )
    world = ServedWorld(config, in_memory=options.journal == "memory")
    with ExitStack() as stack:
        stack.callback(world.stop)
        broker = Broker(world, options, stack)
        if simulated:
            broker.clock.step(STEPS_BEFORE / options.rate)
        yield broker
