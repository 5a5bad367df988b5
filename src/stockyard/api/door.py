"""What every endpoint works with: the world, the people, the settings, and the way commands go in.

Promises: a command reaches the engine only through ``decide``; a repeated one is answered by the
events of its first record. Must not know: which endpoint asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Final, NamedTuple

import msgspec

from stockyard.api.auth import Caller, Gate
from stockyard.api.benchmark import BenchmarkPrices
from stockyard.api.cookies import Cookies
from stockyard.api.desk import PeopleDesk
from stockyard.api.exporting import Slots
from stockyard.api.faults import Faults
from stockyard.api.heads import Head
from stockyard.api.looking_back import LookingBack
from stockyard.api.notices import Notices
from stockyard.api.problems import REPLAYED, Headers, Problem, denial, rule_problem
from stockyard.api.rates import MemoryRates, Meter
from stockyard.api.rendering import NOTHING, Renderer, as_it_stood, leg_ids, taken_over
from stockyard.api.settings import ApiSettings
from stockyard.model.commands import NO_DIGEST as NO_DIGEST
from stockyard.model.commands import (
    ClosePosition,
    Command,
    PlaceOrder,
    ReplaceOrder,
    SetProtection,
)
from stockyard.model.denials import DenyCode
from stockyard.model.events import CommandDenied, CommandRepeated, Event
from stockyard.model.ids import Kind
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Origin
from stockyard.people.directory import People
from stockyard.people.passwords import Passwords
from stockyard.projections.rows import EquityRow, OrderRow
from stockyard.projections.statements import Books
from stockyard.projections.store import ReadStore
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.backup_schedule import BackupSchedule
from stockyard.runtime.history import HistoryRecorder
from stockyard.runtime.portfolio_job import PortfolioJob
from stockyard.runtime.retention import JournalRetention
from stockyard.runtime.sim_market import SimMarket
from stockyard.runtime.webhook_addresses import Addresses
from stockyard.runtime.world import World
from stockyard.telemetry.traces import CURRENT, Part

_encode: Final = msgspec.json.Encoder().encode
_ORDERS: Final = (PlaceOrder, ReplaceOrder, ClosePosition, SetProtection)
"""Commands that are counted as orders."""


def encode(found: Any) -> bytes:
    """An answer's JSON; making it is a part of the request's time."""
    trace = CURRENT.get()
    if trace is None:
        return _encode(found)
    begun_ns = perf_counter_ns()
    body = _encode(found)
    trace.note(Part.SERIALISATION, begun_ns, perf_counter_ns())
    return body


class Decision(NamedTuple):
    """What the engine said to a command: the events of record ``seq``; ``replayed`` when before."""

    seq: int
    ts: int
    events: Sequence[Event]
    replayed: bool

    @property
    def headers(self) -> Headers:
        """Headers that a success carries."""
        return REPLAYED if self.replayed else ()


class Door:
    """The parts of one door."""

    def __init__(
        self,
        world: World,
        people: People,
        history: HistoryRecorder,
        settings: ApiSettings,
        passwords: Passwords,
        auditor: Auditor,
    ) -> None:
        self.world, self.settings, self.passwords = world, settings, passwords
        self.history, self.auditor = history, auditor
        self.view, self.ids = world.view, world.ids
        self.desk = PeopleDesk(people, settings.people_waiting_max, world.clock.wall_ns)
        self.cookies = Cookies(secure=settings.secure_cookies)
        self.gate = Gate(self.desk, world.clock, world.ids, self.cookies)
        self.meter = Meter(
            MemoryRates(),
            people.rates,
            self.gate.identity,
            world.clock.wall_ns,
            settings.requests_per_minute,
            settings.orders_per_minute,
        )
        self.render = Renderer(
            world.view, world.ids, settings.quote_stale_ns, world.trail, world.standing
        )
        self.notices = Notices(world, self.desk)
        self.sim_market = SimMarket(world)
        self.past = LookingBack(settings.data)
        self.slots, self.books = Slots(), Books(world.view.instruments)
        self.addresses = Addresses(settings.webhooks_private)
        self.faults = Faults(world.clock.wall_ns)
        self.started_ns = world.clock.wall_ns()
        self.closing = False
        self.half_opened: set[str] = set()
        """Users of whom an opening failed between its steps; see ``registering``."""
        self.closing_equities: dict[int, dict[int, EquityRow | None]] = {}
        """What accounts were worth at closes of stocks: the samples, None where there was none."""
        self.benchmark_prices = BenchmarkPrices()
        self.portfolio_job = PortfolioJob(world, self.desk)
        self.directory: Path | None = None
        """Where everything is kept; None: in memory."""
        self.retention: JournalRetention | None = None
        """Who keeps the journal at its length; None where there are no files."""
        self.backups: BackupSchedule | None = None
        """Who makes backups of it; None: nobody does by itself."""
        self.demo_email: str | None = None
        """Whom anybody on this machine may be without a password; None: nobody."""
        self._aliases: dict[str, int] = {}
        self._aliases_of = -1

    def origin(self, caller: Caller, head: Head) -> Origin:
        """What the journal keeps of who sent a command."""
        return Origin(caller.actor, head.request_id, head.address, head.user_agent)

    async def decide(
        self, command: Command, origin: Origin, instrument: Instrument | None = None
    ) -> Decision:
        """Send a command; the answer is its record's events, or the first record's.

        Raises ``Problem`` for a denial (``instrument`` gives its numbers their scale) and
        ``Refused``.
        """
        if isinstance(command, _ORDERS):
            self._count_order(command.account_id)
        outcome = await self.world.execute(command, origin)
        events: Sequence[Event] = outcome.events
        seq, ts, replayed = outcome.seq, outcome.ts, False
        told = verdict(events)
        if type(told) is CommandRepeated:
            seq, replayed = told.first_seq, True
            found = await self.world.query(lambda store: store.events_of(seq))
            ts, events = found[0][0] if found else 0, [event for _, event in found]
            told = verdict(events)
        if type(told) is CommandDenied:
            raise denial(told, seq, instrument, replayed, command)
        return Decision(seq, ts, events, replayed)

    def _count_order(self, account_id: int) -> None:
        """Count an order of an account's owner, by whatever way it came. Raises ``Problem`` 429."""
        row = self.view.accounts.get(account_id)
        if row is not None:
            self.meter.take_order(row.owner)

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a symbol, in any letter case and also written BTCUSD or BTC-USD.

        Raises ``Problem`` 422.
        """
        view = self.view
        found = view.symbols.get(symbol)
        if found is None:
            if self._aliases_of != len(view.symbols):
                self._aliases_of = len(view.symbols)
                self._aliases = _aliases(view.symbols)
            found = self._aliases.get(symbol.upper())
            if found is None:
                raise rule_problem(DenyCode.UNKNOWN_INSTRUMENT, "symbol")
        return view.instruments[found]

    def profile_id(self, name: str) -> int:
        """The id of a realism profile. Raises ``Problem`` 422."""
        for profile in self.view.profiles.values():
            if profile.name == name:
                return profile.profile_id
        raise rule_problem(DenyCode.UNKNOWN_PROFILE, "profile")

    async def order(self, text: str, account_id: int) -> OrderRow:
        """An order of the account by its public id. Raises ``Problem`` 404, ``Refused``."""
        found = self.ids.parse(Kind.ORDER, text)
        if found is not None and found[1] < LEGS_MAX and found[0] <= self.view.seq:
            order_id = found[0] * LEGS_MAX + found[1]
            row = self.view.orders.get(order_id)
            if row is None:
                row = await self.world.query(lambda store: store.order(order_id))
            if row is not None and row.account_id == account_id:
                return row
        raise unknown_order()

    async def legs(self, rows: Sequence[OrderRow]) -> Mapping[int, OrderRow]:
        """The orders that are shown inside these, by id. Raises ``Refused``."""
        if not any(leg_ids(row) for row in rows):
            return NOTHING
        return await self.world.query(lambda store: store.legs(rows))

    async def legs_before(self, decision: Decision) -> list[OrderRow]:
        """The legs that a replacement took over, as they stood before it. Raises ``Refused``."""
        wanted = taken_over(decision.events)
        if not wanted:
            return []

        def histories(store: ReadStore) -> list[OrderRow | None]:
            rows = [store.order(order_id) for order_id in wanted]
            return [
                as_it_stood(decision.seq, store.order_events(row))
                for row in rows
                if row is not None
            ]

        found = await self.world.query(histories)
        return [row for row in found if row is not None]


def verdict(events: Iterable[Event]) -> CommandDenied | CommandRepeated | None:
    """What a command's record says of the command itself, or None where it was done.

    It stands among what time brought about in the same record: what was due comes before it, and
    the margin calls of accounts that are worth less by then come after it.
    """
    for event in events:
        if isinstance(event, (CommandDenied, CommandRepeated)):
            return event
    return None


def unknown_order() -> Problem:
    """The same for an order that is somebody else's and one that never was."""
    return Problem(
        404,
        "unknown_order",
        "there is no such order in this account",
        "name one of GET /api/v1/orders",
        field="order_id",
    )


def digest(*parts: object) -> bytes:
    """16 bytes over what a client asked for: equal bytes mean the same request."""
    return sha256("\n".join([str(part) for part in parts]).encode("utf-8")).digest()[:16]


def _aliases(symbols: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for symbol, instrument_id in symbols.items():
        for alias in (symbol.replace("/", "-"), symbol.replace("/", ""), symbol):
            found.setdefault(alias.upper(), instrument_id)
    for symbol, instrument_id in symbols.items():
        found[symbol.upper()] = instrument_id
    return found
