"""Goal: no sequence of inputs makes the engine and its naive twin disagree, or money appear.

Method: hypothesis chooses inputs from small ranges, so that prices meet and keys repeat, and
shrinks what it finds. After every step everything is compared and added up again; at the end the
engine's snapshot must go on as the engine does.
"""

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stockyard.engine.engine import Engine
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codec import decode_state, encode
from stockyard.model.events import OrderAccepted
from stockyard.model.instruments import FeeRule, VenueProfile
from stockyard.model.numbers import INT_MAX
from stockyard.model.records import Input
from tests.engine_audit import audit_future
from tests.engine_terms import CENT, DAY, DOLLAR, LIMITS, SECOND
from tests.engine_terms import INSTRUMENTS as INSTRUMENTS_LISTED
from tests.engine_world import World
from tests.property.comparison import Comparison

UNIT = 10**9
INSTRUMENTS = st.sampled_from((1, 2, 3, 6))
SIDES = st.sampled_from((1, 2))
TIFS = st.sampled_from((1, 2, 3, 4, 6, 7))
LATER = st.sampled_from((1, 2, 2, 5))
SOON = st.sampled_from((0, 1, 2_000_000, SECOND, DAY))
TRAILS = st.sampled_from(((1, 0), (2, 0), (3, 0), (0, 50), (0, 333), (0, 20_000), (0, 0), (1, 1)))
STEPS = st.integers(-4, 4)
SIZES = st.sampled_from((0, 1, UNIT // 3, UNIT, 3 * UNIT, 10 * UNIT))
QTYS = st.sampled_from((1, UNIT // 2, UNIT, 2 * UNIT, 7 * UNIT, 20 * UNIT))
ODD = st.sampled_from((-1, 0, 2**31, INT_MAX, 2**63 - 1))
AMOUNTS = st.sampled_from((DOLLAR, 99_999_999, 250 * DOLLAR, 3_000 * DOLLAR))
KEYS = st.sampled_from(("", "", "", "a", "b"))
DIGESTS = st.sampled_from((b"1", b"1", b"2"))
MIDDLE = {1: 100_0000, 2: 100_0000, 3: 100_00, 6: 100_0000}
TICK = {1: 100, 2: 100, 3: 1, 6: 100}


class EngineMachine(RuleBasedStateMachine):
    """The engine, its twin, and the rules by which they are poked."""

    @initialize(profile=st.sampled_from(("ideal", "realistic")))
    def begin(self, profile: str) -> None:
        """Two accounts, one of them poor."""
        world = World(profile=profile, cash="5000")
        world.open_account("300", "realistic")
        self.pair = Comparison(world.journal)
        self.accounts = world.accounts
        self.seq, self.ts = world.engine.seq, world.engine.ts
        self.orders: list[tuple[int, int]] = []
        self.last: Input = f.ClockTick()
        self.version = 1

    def send(self, message: Input) -> None:
        """Give both the next input."""
        self.seq += 1
        self.ts += 1_000_000
        for event in self.pair.apply(self.seq, self.ts, message):
            if isinstance(event, OrderAccepted):
                self.orders.append((event.account_id, event.order_id))
        self.last = message

    def price(self, instrument_id: int, steps: int) -> int:
        """A price some ticks from the middle."""
        return MIDDLE[instrument_id] + steps * TICK[instrument_id]

    @rule(
        instrument=INSTRUMENTS, bid=STEPS, spread=st.integers(-1, 3), sizes=st.tuples(SIZES, SIZES)
    )
    def quote(self, instrument: int, bid: int, spread: int, sizes: tuple[int, int]) -> None:
        """Both sides, near the middle, sometimes crossed."""
        low, high = self.price(instrument, bid), self.price(instrument, bid + spread)
        self.send(f.Quote(instrument, low, high, sizes[0], sizes[1], self.ts))

    @rule(instrument=INSTRUMENTS, side=SIDES, scale=st.sampled_from((0, 1, 90, 94, 96, 104, 150)))
    def odd_quote(self, instrument: int, side: int, scale: int) -> None:
        """One side missing, or the market far away."""
        price = MIDDLE[instrument] * scale // 100
        bid, ask = (price, 0) if side == 1 else (0, price)
        self.send(f.Quote(instrument, bid, ask, 5 * UNIT, 5 * UNIT, self.ts))

    @rule(
        who=st.integers(0, 1), instrument=INSTRUMENTS, side=SIDES, tif=TIFS,
        qty=st.one_of(QTYS, ODD), steps=st.one_of(st.none(), STEPS), keys=st.tuples(KEYS, KEYS),
        digest=DIGESTS,
    )  # fmt: skip
    def place(
        self,
        who: int,
        instrument: int,
        side: int,
        tif: int,
        qty: int,
        steps: int | None,
        keys: tuple[str, str],
        digest: bytes,
    ) -> None:
        """A market order, or a limit order some ticks from the middle."""
        kind, price = (1, 0) if steps is None else (2, self.price(instrument, steps))
        account_id = self.accounts[who]
        self.send(
            c.PlaceOrder(account_id, instrument, side, kind, tif, qty, price, 0, *keys, digest)
        )

    @rule(
        who=st.integers(0, 1), instrument=INSTRUMENTS, order_class=st.integers(1, 3), tif=LATER,
        qty=QTYS, steps=STEPS, exits=st.tuples(STEPS, STEPS, STEPS), trail=TRAILS,
        shape=st.sampled_from("slt"),
    )  # fmt: skip
    def place_linked(
        self,
        who: int,
        instrument: int,
        order_class: int,
        tif: int,
        qty: int,
        steps: int,
        exits: tuple[int, int, int],
        trail: tuple[int, int],
        shape: str,
    ) -> None:
        """A bracket, OCO or OTO near the middle, with a stop, a stop limit or a trail."""
        profit, stop, limit = (self.price(instrument, step) for step in exits)
        loss = {"s": (stop, 0, 0, 0), "l": (stop, limit, 0, 0), "t": (0, 0, *trail)}[shape]
        side = 2 if order_class == 2 else 1
        self.send(
            c.PlaceOrder(
                self.accounts[who], instrument, side, 2, tif, qty, self.price(instrument, steps),
                0, "", "", b"", 0, 0, 0, self.ts + SECOND if tif == 5 else 0, order_class,
                0 if order_class == 2 or (order_class == 3 and shape != "s") else profit,
                *(loss if order_class != 3 or shape != "s" else (0, 0, 0, 0)),
            )
        )  # fmt: skip

    @rule(
        who=st.integers(0, 1), instrument=INSTRUMENTS, tif=LATER, qty=st.one_of(st.just(0), QTYS),
        exits=st.tuples(STEPS, STEPS), parts=st.sampled_from(("", "p", "s", "ps")),
    )  # fmt: skip
    def protect(
        self, who: int, instrument: int, tif: int, qty: int, exits: tuple[int, int], parts: str
    ) -> None:
        """Exits on a position, one of them, or none."""
        profit, stop = (self.price(instrument, step) for step in exits)
        expires = self.ts + SECOND if tif == 5 else 0
        self.send(
            c.SetProtection(
                self.accounts[who], instrument, qty, tif, profit if "p" in parts else 0,
                stop if "s" in parts else 0, 0, 0, 0, "", "", b"", expires,
            )
        )  # fmt: skip

    @rule(instrument=INSTRUMENTS, steps=STEPS)
    def trade(self, instrument: int, steps: int) -> None:
        """A print near the middle."""
        self.send(f.Trade(instrument, self.price(instrument, steps), UNIT, self.ts))

    @rule(kind=st.integers(1, 2), steps=STEPS, size=SIZES)
    def auction(self, kind: int, steps: int, size: int) -> None:
        """An auction's print near the middle."""
        self.send(f.AuctionPrint(6, kind, self.price(6, steps), size, self.ts))

    @rule(
        who=st.integers(0, 1), side=SIDES, qty=QTYS, steps=STEPS,
        tif=st.sampled_from((1, 2, 5, 3)), ahead=SOON,
    )  # fmt: skip
    def place_extended(
        self, who: int, side: int, qty: int, steps: int, tif: int, ahead: int
    ) -> None:
        """A limit order that also trades in extended hours."""
        self.send(
            c.PlaceOrder(
                self.accounts[who], 6, side, 2, tif, qty, self.price(6, steps), 0, "", "", b"",
                0, 0, 0, self.expiry(tif, ahead), True,
            )
        )  # fmt: skip

    @rule(instrument=INSTRUMENTS, scale=st.sampled_from((-1, 0, 10, 97, 103, 180)))
    def odd_trade(self, instrument: int, scale: int) -> None:
        """A print far away, or one that cannot be."""
        self.send(f.Trade(instrument, MIDDLE[instrument] * scale // 100, UNIT, self.ts))

    def expiry(self, tif: int, ahead: int) -> int:
        """When an order ends; 0 is none."""
        return self.ts + ahead if tif == 5 and ahead else 0

    @rule(
        who=st.integers(0, 1), instrument=INSTRUMENTS, side=SIDES, tif=LATER, qty=QTYS,
        away=st.integers(-1, 5), steps=st.one_of(st.none(), STEPS), ahead=SOON,
    )  # fmt: skip
    def place_stop(
        self,
        who: int,
        instrument: int,
        side: int,
        tif: int,
        qty: int,
        away: int,
        steps: int | None,
        ahead: int,
    ) -> None:
        """A stop order, or a stop-limit order, near the middle."""
        stop = self.price(instrument, away if side == 1 else -away)
        kind, limit = (3, 0) if steps is None else (4, self.price(instrument, steps))
        expires = self.expiry(tif, ahead)
        self.send(
            c.PlaceOrder(
                self.accounts[who], instrument, side, kind, tif, qty, limit, 0, "", "", b"",
                stop, 0, 0, expires,
            )
        )  # fmt: skip

    @rule(
        who=st.integers(0, 1), instrument=INSTRUMENTS, side=SIDES, tif=LATER, qty=QTYS,
        trail=TRAILS, ahead=SOON,
    )  # fmt: skip
    def place_trail(
        self,
        who: int,
        instrument: int,
        side: int,
        tif: int,
        qty: int,
        trail: tuple[int, int],
        ahead: int,
    ) -> None:
        """A trailing stop, by some ticks or some parts of a million."""
        amount, ppm = trail[0] * TICK[instrument], trail[1]
        expires = self.expiry(tif, ahead)
        self.send(
            c.PlaceOrder(
                self.accounts[who], instrument, side, 5, tif, qty, 0, 0, "", "", b"",
                0, amount, ppm, expires,
            )
        )  # fmt: skip

    @rule(
        which=st.integers(0, 5), qty=st.one_of(st.just(0), QTYS), tif=st.sampled_from((0, 2, 5)),
        away=st.one_of(st.none(), st.integers(-1, 5)), trail=TRAILS, ahead=SOON,
    )  # fmt: skip
    def move_stop(
        self,
        which: int,
        qty: int,
        tif: int,
        away: int | None,
        trail: tuple[int, int],
        ahead: int,
    ) -> None:
        """Another stop, trail or date for one of the latest orders, waiting or not."""
        if self.orders:
            account_id, order_id = self.orders[-1 - which % len(self.orders)]
            order = next(o for o in self.pair.twin.orders if o.order_id == order_id)
            instrument = order.terms.instrument_id
            stop = 0
            if away is not None and order.order_type != 5:
                stop = self.price(instrument, away if order.side == 1 else -away)
            amount, ppm = (
                (trail[0] * TICK[instrument], trail[1])
                if order.ppm + order.trail
                else (
                    0,
                    0,
                )
            )
            expires = self.ts + ahead if ahead and (tif == 5 or order.tif == 5) else 0
            self.send(
                c.ReplaceOrder(
                    account_id, order_id, qty, 0, tif, "", "", b"", stop, amount, ppm, expires
                )
            )

    @rule(
        who=st.integers(0, 1), instrument=INSTRUMENTS, side=SIDES, tif=TIFS,
        amount=st.one_of(AMOUNTS, ODD),
    )  # fmt: skip
    def place_amount(self, who: int, instrument: int, side: int, tif: int, amount: int) -> None:
        """A market order for an amount of money."""
        account_id = self.accounts[who]
        self.send(c.PlaceOrder(account_id, instrument, side, 1, tif, 0, 0, amount, "", "", b""))

    @rule(which=st.integers(0, 5), key=KEYS, digest=DIGESTS)
    def cancel(self, which: int, key: str, digest: bytes) -> None:
        """One of the latest orders, open or not."""
        if self.orders:
            account_id, order_id = self.orders[-1 - which % len(self.orders)]
            self.send(c.CancelOrder(account_id, order_id, key, digest))

    @rule(
        which=st.integers(0, 5), qty=st.one_of(st.just(0), QTYS, ODD),
        steps=st.one_of(st.none(), STEPS), tif=st.integers(0, 5), keys=st.tuples(KEYS, KEYS),
    )  # fmt: skip
    def replace(
        self, which: int, qty: int, steps: int | None, tif: int, keys: tuple[str, str]
    ) -> None:
        """One of the latest orders, open or not."""
        if self.orders:
            account_id, order_id = self.orders[-1 - which % len(self.orders)]
            instrument = next(
                o.terms.instrument_id for o in self.pair.twin.orders if o.order_id == order_id
            )
            price = 0 if steps is None else self.price(instrument, steps)
            self.send(c.ReplaceOrder(account_id, order_id, qty, price, tif, *keys, b"r"))

    @rule(who=st.integers(0, 1), instrument=INSTRUMENTS, qty=st.one_of(st.just(0), QTYS))
    def close(self, who: int, instrument: int, qty: int) -> None:
        """Close a position, leaving other orders alone."""
        self.send(c.ClosePosition(self.accounts[who], instrument, qty, False, "", "", b""))

    @rule(who=st.integers(0, 1), instrument=INSTRUMENTS)
    def cancel_and_close(self, who: int, instrument: int) -> None:
        """Cancel what is open in a symbol and close the position."""
        self.send(c.ClosePosition(self.accounts[who], instrument, 0, True, "", "", b""))

    @rule(who=st.integers(0, 1), instrument=st.integers(0, 3))
    def cancel_all(self, who: int, instrument: int) -> None:
        """All orders, or those of a symbol."""
        self.send(c.CancelAllOrders(self.accounts[who], instrument, "", b""))

    @rule(who=st.integers(0, 1), amount=st.one_of(AMOUNTS, ODD), key=KEYS, digest=DIGESTS)
    def withdraw(self, who: int, amount: int, key: str, digest: bytes) -> None:
        """As far as no order holds it."""
        self.send(c.WithdrawCash(self.accounts[who], amount, key, digest))

    @rule(who=st.integers(0, 1), amount=st.one_of(AMOUNTS, ODD), key=KEYS, digest=DIGESTS)
    def deposit(self, who: int, amount: int, key: str, digest: bytes) -> None:
        """Any amount."""
        self.send(c.DepositCash(self.accounts[who], amount, key, digest))

    @rule(who=st.integers(0, 1), amount=st.one_of(AMOUNTS, ODD))
    def reset(self, who: int, amount: int) -> None:
        """Start again."""
        self.send(c.ResetAccount(self.accounts[who], amount, "", b""))

    @rule(who=st.integers(0, 1), profile_id=st.integers(1, 3))
    def use_profile(self, who: int, profile_id: int) -> None:
        """One that exists, or not."""
        self.send(c.SetAccountProfile(self.accounts[who], profile_id, "", b""))

    @rule(
        profile_id=st.integers(1, 2), bounded=st.booleans(), fees=st.booleans(),
        age=st.sampled_from((0, SECOND)),
    )  # fmt: skip
    def define_profile(self, profile_id: int, bounded: bool, fees: bool, age: int) -> None:
        """A new version of a profile, with orders resting under the old one."""
        self.version += 1
        profile = VenueProfile(profile_id, self.version, "p", bounded, fees, age)
        self.send(f.ProfileDefined(profile))

    @rule(
        asset_class=st.integers(1, 2), since=st.sampled_from((0, 10_000_000)),
        lines=st.lists(
            st.builds(
                FeeRule, st.integers(1, 5), st.integers(0, 2), st.integers(0, 2),
                st.sampled_from((0, 2_500 * DOLLAR, 70_000 * DOLLAR)),
                st.sampled_from((0, 195 * DOLLAR)), st.sampled_from((0, 3 * CENT)),
                st.sampled_from((1, CENT)),
            ),
            max_size=2,
        ),
    )  # fmt: skip
    def fees(self, asset_class: int, since: int, lines: list[FeeRule]) -> None:
        """A fee table that takes over at once or soon, with orders resting."""
        self.send(f.FeesScheduled(asset_class, self.ts + since, "new", tuple(lines)))

    @rule(most=st.sampled_from((1, 20)), ttl=st.sampled_from((SECOND, DAY)))
    def limit(self, most: int, ttl: int) -> None:
        """Other limits: fewer open orders, keys that are forgotten sooner."""
        limits = msgspec.structs.replace(LIMITS, open_orders_max=most, key_ttl_ns=ttl)
        self.send(f.LimitsSet(limits))

    @rule(
        index=st.integers(0, 2),
        lot=st.sampled_from((1, UNIT // 2, UNIT)),
        tick=st.sampled_from((1, 100)),
        tradable=st.sampled_from((True, True, True, False)),
        qty_max=st.sampled_from((5 * UNIT, 1_000 * UNIT)),
    )
    def relist(self, index: int, lot: int, tick: int, tradable: bool, qty_max: int) -> None:
        """New terms for a symbol, with orders resting under the old ones."""
        terms = msgspec.structs.replace(
            INSTRUMENTS_LISTED[index], lot=lot, tick=tick, tradable=tradable, qty_max=qty_max
        )
        self.send(f.InstrumentListed(terms))

    @rule(seconds=st.sampled_from((0, 2, 3600)))
    def tick(self, seconds: int) -> None:
        """Time passes."""
        self.ts += seconds * SECOND
        self.send(f.ClockTick())

    @rule(offset=st.sampled_from((-2_000_000, -1_000_000, -1)))
    def to_the_boundary(self, offset: int) -> None:
        """The next input comes just before, at, or just after the next open or close."""
        due = self.pair.engine.next_due_ns
        if due - self.ts < 3 * DAY and due + offset > self.ts:
            self.ts = due + offset

    @rule()
    def again(self) -> None:
        """The same request once more."""
        self.send(self.last)

    @rule()
    def restart(self) -> None:
        """Go on from a snapshot."""
        self.pair.engine = Engine(decode_state(encode(self.pair.engine.snapshot())))

    def teardown(self) -> None:
        """A snapshot must go on as the engine does."""
        if hasattr(self, "pair"):
            audit_future(self.pair.engine, seed=self.seq, inputs=60)


TestEngineMachine: Any = EngineMachine.TestCase
TestEngineMachine.settings = settings(
    stateful_step_count=60, max_examples=3 * settings().max_examples
)
