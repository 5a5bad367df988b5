"""The mixed workload of inputs that the engine and recovery benchmarks share.

80 % quotes, 15 % orders of which half are marketable and fill at once, 5 % cancels, over 1,000
accounts, half of them margin accounts, and 24 instruments, on top of 20,000 orders that wait: six
in ten with a limit, two stops, one trailing stop, one bracket whose two exits wait for it. Another
1,000 accounts are short and watched. Seeded, so every run applies the same inputs.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from stockyard.market.catalog import DEFAULT_MARGIN
from stockyard.model.codes import AccountKind, AssetClass, OrderClass, OrderType, Side, TimeInForce
from stockyard.model.commands import CancelOrder, OpenAccount, PlaceOrder
from stockyard.model.facts import (
    BorrowTermsSet,
    FeesScheduled,
    InstrumentListed,
    LimitsSet,
    MarginTermsSet,
    ProfileDefined,
    Quote,
    SessionsScheduled,
    WorldCreated,
)
from stockyard.model.instruments import FeeRule, Instrument, Limits, Session, VenueProfile
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Input, Record

START_NS = 1_760_000_000_000_000_000
STEP_NS = 10_000
ACCOUNTS = 1_000
RESTING = 20_000
BORROWERS = 1_000
SHORT_QTY = 100
INSTRUMENTS = 24
UNIT = 10**9
PRICE = 2_000_000


class Workload(NamedTuple):
    """Records in order: what sets the world up, then the measured mix."""

    setup: list[Record]
    mix: list[Record]


def instrument(instrument_id: int) -> Instrument:
    """A stock at about $200."""
    return Instrument(
        instrument_id, f"S{instrument_id}", f"Stock {instrument_id}", AssetClass.US_EQUITY, "NYSE",
        1, 4, 9, 100, 1, 10_000, 1, 100 * UNIT, 10**6 * UNIT, 5000, 500, 1_000_000,
    )  # fmt: skip


def world_facts(instruments: int) -> list[Input]:
    """A world that is always open, with fees, the realistic profile and shares to borrow."""
    rules = (FeeRule(2, Side.SELL, 2, 20_600_000, 0, 0, 10_000),
             FeeRule(3, Side.SELL, 2, 0, 195_000_000, 9_790_000, 10_000))  # fmt: skip
    facts: list[Input] = [
        WorldCreated("5e" * 16, 7),
        LimitsSet(Limits(10**6, 10**14, 10**15, 10**18, 10, 24 * 3600 * UNIT)),
        ProfileDefined(VenueProfile(1, 1, "ideal", False, False, 0)),
        ProfileDefined(VenueProfile(2, 1, "realistic", True, True, 60 * UNIT)),
        FeesScheduled(AssetClass.US_EQUITY, 0, "fees-1", rules),
        SessionsScheduled(1, "always", (Session(START_NS, START_NS + 10**15),)),
    ]
    facts.append(MarginTermsSet(DEFAULT_MARGIN))
    for i in range(1, instruments + 1):
        facts += [InstrumentListed(instrument(i)), BorrowTermsSet(i, True, True, 3_000, 10**18)]
    return facts


class Maker:
    """Makes records one after another; ``records`` holds those made since it was last emptied."""

    def __init__(
        self,
        seed: int,
        accounts: int,
        instruments: int,
        borrowers: int = BORROWERS,
        step_ns: int = STEP_NS,
    ) -> None:
        self.step_ns = step_ns
        self.random = random.Random(seed)
        self.records: list[Record] = []
        self.seq = 0
        self.accounts = accounts
        self.instruments, self.borrowers = instruments, borrowers
        self.account_ids: list[int] = []
        self.resting: list[tuple[int, int]] = []
        self.mids = [PRICE + i * 1000 for i in range(instruments + 1)]

    def take(self) -> list[Record]:
        """The records made since the last call."""
        taken, self.records = self.records, []
        return taken

    def add(self, message: Input) -> int:
        """Record an input; returns its seq."""
        self.seq += 1
        ts = START_NS + self.seq * self.step_ns
        self.records.append(Record(self.seq, ts, ts, message))
        return self.seq

    def setup(self, resting: int) -> None:
        """Accounts, a first quote of every instrument, positions that are watched, and ``resting``
        orders that wait.
        """
        for fact in world_facts(self.instruments):
            self.add(fact)
        for i in range(self.accounts):
            kind = AccountKind.MARGIN if i % 2 else AccountKind.CASH
            seq = self.add(OpenAccount(f"u{i}", "main", 2, 10**14, f"r{i}", b"d", kind))
            self.account_ids.append(seq)
        for i in range(1, self.instruments + 1):
            self.quote(i)
        for i in range(self.borrowers):
            self.borrow(i)
        for _ in range(resting):
            self.order(fills=False)

    def quote(self, i: int) -> None:
        """A quote of instrument ``i``, up to three cents from the last."""
        mid = self.mids[i] = max(
            PRICE // 2, min(PRICE * 2, self.mids[i] + self.random.randint(-3, 3) * 100)
        )
        size = self.random.randint(50, 500) * 100 * UNIT
        self.add(Quote(i, mid - 100, mid + 100, size, size, START_NS + self.seq * self.step_ns))

    def borrow(self, n: int) -> None:
        """An account that is short, with a level of its own at which it is called."""
        kind, dollars = AccountKind.MARGIN, 20_000 + self.random.randint(0, 20_000)
        seq = self.add(OpenAccount(f"b{n}", "main", 2, dollars * 10**6, f"b{n}", b"d", kind))
        self.add(
            PlaceOrder(seq, n % self.instruments + 1, Side.SELL, OrderType.MARKET, TimeInForce.DAY,
                       SHORT_QTY * UNIT, 0, 0, "", "", b"")
        )  # fmt: skip

    def any_quote(self) -> None:
        """A quote of some instrument."""
        self.quote(self.random.randint(1, self.instruments))

    def order(self, fills: bool) -> None:
        """An order to buy: one that fills at once, or one that waits far from the market."""
        account = self.random.choice(self.account_ids)
        i = self.random.randint(1, self.instruments)
        away = self.random.randint(1, 4000) * 100
        price = self.mids[i] + 10_000 if fills else PRICE // 2 - away
        price -= price % 100
        draw = 0.0 if fills else self.random.random()
        terms: dict[str, int] = {"order_type": OrderType.LIMIT, "limit_price": price}
        if draw >= 0.90:
            terms |= {"order_class": OrderClass.BRACKET, "take_profit_limit": PRICE,
                      "stop_loss_stop": price - 10_000}  # fmt: skip
        elif draw >= 0.80:
            terms = {"order_type": OrderType.TRAILING_STOP, "trail_ppm": 500_000 + away}
        elif draw >= 0.60:
            terms = {"order_type": OrderType.STOP, "stop_price": 3 * PRICE + away}
        seq = self.add(
            PlaceOrder(account, i, Side.BUY, time_in_force=TimeInForce.GTC,
                       qty=self.random.randint(1, 50) * UNIT, notional_micros=0,
                       client_order_id=f"o{self.seq}", idempotency_key="",
                       digest=self.seq.to_bytes(16, "big"), **{"limit_price": 0, **terms})
        )  # fmt: skip
        if not fills:
            self.resting.append((account, seq * LEGS_MAX))

    def cancel(self) -> None:
        """Cancel one of the waiting orders."""
        at = self.random.randrange(len(self.resting))
        account, order_id = self.resting[at]
        self.resting[at] = self.resting[-1]
        self.resting.pop()
        self.add(CancelOrder(account, order_id, "", b""))

    def mix(self, first: int, count: int) -> None:
        """Some of the measured mix; ``first``: how many came before."""
        for n in range(first, first + count):
            draw = self.random.random()
            if draw < 0.80:
                self.any_quote()
            elif draw < 0.95 or not self.resting:
                self.order(fills=n % 2 == 0)
            else:
                self.cancel()


def make(
    count: int,
    *,
    accounts: int = ACCOUNTS,
    resting: int = RESTING,
    instruments: int = INSTRUMENTS,
    seed: int = 1,
) -> Workload:
    """A workload of ``count`` mixed inputs after its set-up."""
    maker = Maker(seed, accounts, instruments)
    maker.setup(resting)
    setup = maker.take()
    maker.mix(0, count)
    return Workload(setup, maker.take())


def describe(mix: Sequence[Record]) -> str:
    """The mix in words, counted."""
    counts = dict.fromkeys((Quote, PlaceOrder, CancelOrder), 0)
    for record in mix:
        counts[type(record.input)] += 1
    shares = {kind.__name__: count * 100 / len(mix) for kind, count in counts.items()}
    return ", ".join(f"{share:.1f} % {name}" for name, share in shares.items())
