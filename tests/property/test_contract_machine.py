"""Goal: no sequence of inputs makes the engine and its naive twin disagree about perpetual
contracts, or make money appear.

Method: as in ``test_engine_machine``, with prices that move far enough to liquidate, and a restart
between any two inputs.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stockyard.engine.engine import Engine
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codec import decode_state, encode
from stockyard.model.events import OrderAccepted
from stockyard.model.records import Input
from tests.engine_audit import audit_future
from tests.engine_terms import ACME, CREDIT, DOLLAR, PERP, SECOND
from tests.engine_world import World
from tests.property.comparison import Comparison

UNIT = 10**9
WHO = st.integers(0, 2)
PRICES = st.sampled_from((4_000, 9_200, 9_750, 9_999, 10_000, 10_001, 10_240, 10_800, 25_000))
SIZES = st.sampled_from((0, UNIT // 3, 4 * UNIT, 500 * UNIT))
QTYS = st.sampled_from((1, 10_001, UNIT // 3, UNIT, 3 * UNIT, 10 * UNIT, 60 * UNIT))


class ContractMachine(RuleBasedStateMachine):
    """The engine, its twin, and the rules by which they are poked."""

    @initialize(profile=st.sampled_from(("ideal", "realistic")))
    def begin(self, profile: str) -> None:
        """Three accounts that may borrow, in a market of one contract and one stock."""
        world = World(
            profile=profile, cash="5000", credit=CREDIT, kind="margin", instruments=(PERP, ACME)
        )
        world.open_account("700", "realistic", kind="margin")
        world.open_account("700", "ideal", owner="bob", kind="margin")
        world.mark("PERP", "100.00")
        world.quote("PERP", "99.99x500", "100.00x500")
        world.quote("ACME", "99.99x500", "100.00x500")
        self.pair = Comparison(world.journal)
        self.accounts = world.accounts
        self.seq, self.ts = world.engine.seq, world.engine.ts
        self.orders: list[tuple[int, int]] = []

    def send(self, message: Input) -> None:
        """Give both the next input."""
        self.seq += 1
        self.ts += 1_000_000
        for event in self.pair.apply(self.seq, self.ts, message):
            if isinstance(event, OrderAccepted):
                self.orders.append((event.account_id, event.order_id))

    @rule(price=PRICES, spread=st.integers(-1, 3), sizes=st.tuples(SIZES, SIZES))
    def quote(self, price: int, spread: int, sizes: tuple[int, int]) -> None:
        """The contract's market, near its mark or far from it."""
        self.send(f.Quote(PERP.instrument_id, price, price + spread, *sizes, self.ts))

    @rule(price=PRICES)
    def quote_stock(self, price: int) -> None:
        """The stock's market, which bears on the same accounts."""
        price *= 100
        self.send(f.Quote(ACME.instrument_id, price, price, 500 * UNIT, 500 * UNIT, self.ts))

    @rule(price=PRICES)
    def mark(self, price: int) -> None:
        """Another mark."""
        self.send(f.MarkPrice(PERP.instrument_id, price, price, self.ts))

    @rule(rate=st.sampled_from((0, 1, -1, 100_000, -3_333_333, 10**12)))
    def fund(self, rate: int) -> None:
        """Funding, bounded or not."""
        self.send(f.FundingRate(PERP.instrument_id, rate, self.ts))

    @rule(who=WHO, leverage=st.sampled_from((0, 1, 3, 10, 19, 20, 21)), isolated=st.booleans())
    def leverage(self, who: int, leverage: int, isolated: bool) -> None:
        """Another leverage or mode, with or without a position."""
        self.send(
            c.SetLeverage(self.accounts[who], PERP.instrument_id, leverage, isolated, "", b"l")
        )

    @rule(
        who=WHO, side=st.integers(1, 2), qty=QTYS, price=st.one_of(st.none(), PRICES),
        tif=st.sampled_from((1, 2, 3, 4)), reduces=st.booleans(), posts=st.booleans(),
        stock=st.sampled_from((False, False, True)),
    )  # fmt: skip
    def place(
        self,
        who: int,
        side: int,
        qty: int,
        price: int | None,
        tif: int,
        reduces: bool,
        posts: bool,
        stock: bool,
    ) -> None:
        """A market or limit order in the contract, or the stock."""
        key = ACME.instrument_id if stock else PERP.instrument_id
        limit = (price or 0) * (100 if stock else 1)
        self.send(
            c.PlaceOrder(
                self.accounts[who], key, side, 1 if price is None else 2, tif, qty, limit, 0,
                "", "", b"", reduce_only=reduces and side == 2, post_only=posts and tif == 2,
            )
        )  # fmt: skip

    @rule(who=WHO, qty=st.one_of(st.just(0), QTYS), cancels=st.booleans())
    def close(self, who: int, qty: int, cancels: bool) -> None:
        """Close a position, or part of it."""
        account_id = self.accounts[who]
        self.send(c.ClosePosition(account_id, PERP.instrument_id, qty, cancels, "", "", b""))

    @rule(which=st.integers(0, 5))
    def cancel(self, which: int) -> None:
        """One of the latest orders, open or not, the house's too."""
        if self.orders:
            account_id, order_id = self.orders[-1 - which % len(self.orders)]
            self.send(c.CancelOrder(account_id, order_id, "", b""))

    @rule(who=WHO, dollars=st.sampled_from((1, 60, 300, 4_000)), out=st.booleans())
    def move_cash(self, who: int, dollars: int, out: bool) -> None:
        """Cash in, or out as far as it is free."""
        kind = c.WithdrawCash if out else c.DepositCash
        self.send(kind(self.accounts[who], dollars * DOLLAR, "", b""))

    @rule(who=WHO, kind=st.integers(1, 2))
    def be(self, who: int, kind: int) -> None:
        """A cash or a margin account."""
        self.send(c.SetAccountKind(self.accounts[who], kind, "", b""))

    @rule(who=WHO)
    def reset(self, who: int) -> None:
        """Start again."""
        self.send(c.ResetAccount(self.accounts[who], 700 * DOLLAR, "", b""))

    @rule(seconds=st.sampled_from((0, 0, 61, 3_600)))
    def tick(self, seconds: int) -> None:
        """Time passes."""
        self.ts += seconds * SECOND
        self.send(f.ClockTick())

    @rule()
    def restart(self) -> None:
        """Go on from a snapshot."""
        self.pair.engine = Engine(decode_state(encode(self.pair.engine.snapshot())))

    def teardown(self) -> None:
        """A snapshot must go on as the engine does."""
        if hasattr(self, "pair"):
            audit_future(self.pair.engine, seed=self.seq, inputs=60)


TestContractMachine: Any = ContractMachine.TestCase
TestContractMachine.settings = settings(stateful_step_count=50)
