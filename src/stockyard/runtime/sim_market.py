"""The market under control: which instruments follow a script, and the step that gives their facts.

Promises: an instrument under a script is not moved by the simulated market, and all others are; a
script's facts depend on the world's times that the step is handed, and on nothing else; every act
is journaled, with what it says at once, in one go; an act that could not be kept changes nothing.
Controls end with the process: prices go on from where they were, and what was halted stays so. Must
not know: HTTP, or who drives the steps.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from stockyard.market.scripted import (
    FACTOR_UNIT,
    PLAIN,
    Dress,
    Held,
    Path,
    Played,
    Point,
    Said,
    Script,
    Shape,
    around,
    dressed,
    nearest_tick,
    on_tick,
    scaled_shape,
    tick_at,
)
from stockyard.market.simulated import SimulatedMarket
from stockyard.model.codes import AssetClass
from stockyard.model.facts import (
    AuctionPrint,
    ControlUsed,
    MarketFact,
    MarkPrice,
    Quote,
    Trade,
    TradingHalted,
)
from stockyard.model.instruments import Instrument
from stockyard.model.records import Input, Origin
from stockyard.model.ticks import StatusTick
from stockyard.runtime.market_data import SIMULATED
from stockyard.runtime.world import CONTROL_DETAIL_MAX, World
from stockyard.runtime.writer import WAITING_MAX, Outcome, Refused

CONTROLLED_MAX: Final = 500
"""Instruments under control at once."""
PLAYED_MAX: Final = 10
"""Recordings that are played at once."""
PRINTED_LOTS: Final = 100
"""How many round lots an auction under control prints."""
DISPLAYED_LOTS: Final = 10


class Gap(NamedTuple):
    """A move that waits for its time: to ``price``, or by ``wanted`` to ``base``; then a trade."""

    at_ns: int
    price: int
    wanted: int
    base: int
    trade_qty: int


class Control(NamedTuple):
    """How one instrument is controlled. ``from_mid``: where the simulation stood before.

    ``lets_go``: released as soon as the script has ended.
    """

    script: Script | None = None
    dress: Dress = PLAIN
    gap: Gap | None = None
    from_mid: int = 0
    lets_go: bool = False


FREE: Final = Control()


class ControlRefused(ValueError):
    """What cannot be controlled so: ``code``, what was wrong, and what would be right."""

    def __init__(self, code: str, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.code, self.wrong, self.right = code, wrong, right


class SimMarket:
    """The controlled part of one world's market. ``step`` is a simulated market's step.

    ``on_change`` is called when whether anything is under control has changed.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._simulation: SimulatedMarket | None = None
        self._controls: dict[int, Control] = {}
        self._marks: dict[int, tuple[int, int]] = {}
        self.on_change: Callable[[], None] | None = None

    def attach(self, simulation: SimulatedMarket) -> None:
        """Step this market for all that is not under control."""
        self._simulation = simulation

    @property
    def is_simulated(self) -> bool:
        """Whether there is a simulated market beneath the controls."""
        return self._simulation is not None

    @property
    def controls(self) -> Mapping[int, Control]:
        """What is under control, by instrument, in the order it was taken."""
        return self._controls

    def shape(self, instrument_id: int) -> Shape:
        """What is quoted now, before it is dressed: by the script, else as the world last saw."""
        control = self._controls.get(instrument_id, FREE)
        if control.script is not None and control.script.shape.mid:
            return control.script.shape
        row = self._world.view.quotes[instrument_id]
        return Shape(row.bid, row.ask, row.bid_qty, row.ask_qty)

    def mid(self, instrument_id: int) -> int:
        """The middle price now; 0 for none. A side that was emptied does not move it."""
        control = self._controls.get(instrument_id, FREE)
        simulated = self._simulated_mid(instrument_id) if control.script is None else 0
        return simulated or self.shape(instrument_id).mid

    def _simulated_mid(self, instrument_id: int) -> int:
        """Where the simulation stands with an instrument; 0 where it has none."""
        return self._simulation.mid(instrument_id) if self._simulation is not None else 0

    # The step.

    @property
    def is_still(self) -> bool:
        """Whether, until somebody uses a control, steps can only repeat the quotes there are."""
        if self._simulation is not None:
            return False
        now_ns = self._world.clock.now_ns()
        return all(
            control.gap is None and (control.script is None or control.script.ends_ns < now_ns)
            for control in self._controls.values()
        )

    def step(
        self,
        ts_ns: int,
        open_ids: Collection[int],
        extended_ids: Collection[int],
        auctions: Mapping[int, int],
    ) -> list[MarketFact]:
        """Everything the market says at this time: scripts, then the simulation for the others."""
        halted = self._world.view.halted
        if not self._controls and not halted:
            if self._simulation is None:
                return []
            return self._simulation.step(ts_ns, open_ids, extended_ids, auctions)
        facts: list[MarketFact] = []
        after: list[MarketFact] = []
        for instrument_id in list(self._controls):
            if instrument_id not in halted:
                self._open_gap(instrument_id, ts_ns, facts, after)
        for instrument_id, control in list(self._controls.items()):
            if control.script is not None:
                said = self._scripted(instrument_id, control, ts_ns, auctions)
                if instrument_id not in halted:
                    facts += said
                if control.lets_go and control.script.ends_ns <= ts_ns:
                    self._put(instrument_id, control._replace(script=None))
        if self._simulation is not None:
            silent = {*halted, *(n for n, one in self._controls.items() if one.script is not None)}
            simulated = self._simulation.step(
                ts_ns,
                [n for n in open_ids if n not in silent],
                [n for n in extended_ids if n not in silent],
                {n: kind for n, kind in auctions.items() if n not in silent},
            )
            facts += self._all_dressed(simulated)
        return facts + after

    def _scripted(
        self, instrument_id: int, control: Control, ts_ns: int, auctions: Mapping[int, int]
    ) -> list[MarketFact]:
        """What one script says by now."""
        assert control.script is not None
        instrument = self._world.view.instruments[instrument_id]
        said = control.script.take(ts_ns)
        mid = control.script.shape.mid
        if mid:
            self._follow(instrument_id, mid)
        facts: list[MarketFact] = [*self._marked(instrument, mid, ts_ns)]
        facts += dressed(instrument, said, control.dress)
        if mid and instrument_id in auctions:
            # After the quote, so that what the print triggers meets the price that it tells of.
            price, qty = nearest_tick(instrument, mid), PRINTED_LOTS * instrument.round_lot
            facts.append(AuctionPrint(instrument_id, auctions[instrument_id], price, qty, ts_ns))
        return facts

    def _follow(self, instrument_id: int, mid: int) -> None:
        """Let the simulation stand where a script is, and nobody take its price for absurd."""
        if self._simulation is not None:
            self._simulation.set_mid(instrument_id, mid)
        self._world.market.filter.set_level(instrument_id, mid)

    def _marked(self, instrument: Instrument, mid: int, ts_ns: int) -> list[MarkPrice]:
        """The mark of a contract whose price is under control: the price itself."""
        if instrument.asset_class != AssetClass.CRYPTO_PERP or not mid:
            return []
        mark, index = nearest_tick(instrument, mid), 0
        if self._simulation is not None:
            index = self._simulation.index(instrument.instrument_id)
        told = mark, index or mark
        if self._marks.get(instrument.instrument_id) == told:
            return []
        self._marks[instrument.instrument_id] = told
        return [MarkPrice(instrument.instrument_id, *told, ts_ns)]

    def _all_dressed(self, facts: list[MarketFact]) -> list[MarketFact]:
        """The simulation's facts, those of dressed instruments as they are dressed."""
        changed = {n: one.dress for n, one in self._controls.items() if one.dress != PLAIN}
        if not changed:
            return facts
        found: list[MarketFact] = []
        batch: list[Said] = []
        for fact in (*facts, None):
            if batch and (fact is None or fact.instrument_id != batch[0].instrument_id):
                instrument_id = batch[0].instrument_id
                instrument = self._world.view.instruments[instrument_id]
                found += dressed(instrument, batch, changed[instrument_id])
                batch = []
            if isinstance(fact, Quote | Trade) and fact.instrument_id in changed:
                batch.append(fact)
            elif fact is not None:
                found.append(fact)
        return found

    def _open_gap(
        self, instrument_id: int, ts_ns: int, first: list[MarketFact], after: list[MarketFact]
    ) -> None:
        """Do the gap whose time has come: the simulation's new price is quoted before anything
        else, so that what an auction's print triggers meets it; the trade goes into ``after``.
        """
        control = self._controls[instrument_id]
        gap = control.gap
        if gap is None or ts_ns < gap.at_ns:
            return
        mid = self.mid(instrument_id)
        self._put(instrument_id, control._replace(gap=None))
        if not mid:
            return
        wanted, base = (gap.price, mid) if gap.price else (gap.wanted, gap.base)
        price = self._moved(instrument_id, mid, wanted, base)
        instrument = self._world.view.instruments[instrument_id]
        if self._controls.get(instrument_id, FREE).script is None:
            qty = DISPLAYED_LOTS * instrument.round_lot
            shape = Shape(*around(instrument, price, 2 * tick_at(instrument, price)), qty, qty)
            first += dressed(instrument, [shape.quote(instrument_id, ts_ns)], control.dress)
        if gap.trade_qty:
            after.append(Trade(instrument_id, price, gap.trade_qty, ts_ns))

    def _moved(self, instrument_id: int, mid: int, wanted: int, base: int) -> int:
        """Move a script, the simulation, or (without either) what is quoted; the new price."""
        instrument = self._world.view.instruments[instrument_id]
        control = self._controls.get(instrument_id, FREE)
        price = nearest_tick(instrument, mid * wanted // base)
        if control.script is not None:
            self._put(instrument_id, control._replace(script=control.script.moved(wanted, base)))
        elif self._simulation is not None and self._simulation.mid(instrument_id):
            price = nearest_tick(instrument, self._simulation.set_mid(instrument_id, price))
        else:
            held = scaled_shape(instrument, self.shape(instrument_id), wanted, base)
            self._put(instrument_id, control._replace(script=Held(instrument, held)))
        self._world.market.filter.set_level(instrument_id, price)
        return price

    # Acts.

    async def set_quote(self, instrument: Instrument, shape: Shape, act: "Act") -> Outcome:
        """Have this quoted from now on. Raises ``ControlRefused``, ``Refused``."""
        return await self._set_script(instrument, Held(instrument, shape), act, False)

    async def set_path(
        self,
        instrument: Instrument,
        points: Sequence[Point],
        qtys: tuple[int, int],
        act: "Act",
        *,
        steps: bool = False,
        trade_qty: int = 0,
        lets_go: bool = False,
    ) -> Outcome:
        """Have the price follow a path. Raises ``ControlRefused``, ``Refused``."""
        path = Path(instrument, points, qtys, steps=steps, trade_qty=trade_qty)
        return await self._set_script(instrument, path, act, lets_go)

    async def play(
        self,
        instrument: Instrument,
        facts: Sequence[Said],
        act: "Act",
        *,
        rebased: bool = False,
        lets_go: bool = False,
    ) -> Outcome:
        """Have recorded facts said again from now on, at their prices or (``rebased``) from here.

        Raises ``ControlRefused``, ``Refused``.
        """
        playing = sum(isinstance(one.script, Played) for one in self._controls.values())
        if playing >= PLAYED_MAX:
            raise ControlRefused(
                "too_many_recordings",
                f"{PLAYED_MAX} recordings are played already",
                "release one of them first",
            )
        mid = self.mid(instrument.instrument_id)
        first = next((n for n in map(_price_of, facts) if n), 0)
        wanted, base = (mid, first) if rebased and mid and first else (1, 1)
        played = Played(instrument, facts, act.now_ns - facts[0].ts_event, wanted, base)
        return await self._set_script(instrument, played, act, lets_go)

    async def _set_script(
        self, instrument: Instrument, script: Script, act: "Act", lets_go: bool
    ) -> Outcome:
        instrument_id = instrument.instrument_id
        self._check_room(instrument_id)
        before, mid = self._controls.get(instrument_id, FREE), self._simulated_mid(instrument_id)
        from_mid = mid if before.script is None else before.from_mid
        control = before._replace(script=script, from_mid=from_mid, lets_go=lets_go, gap=None)
        self._put(instrument_id, control)
        facts = self._scripted(instrument_id, control, act.now_ns, {})
        if instrument_id in self._world.view.halted:
            facts = []
        return await self._keep(instrument_id, before, act, facts, mid)

    async def print_trade(self, trade: Trade, act: "Act") -> Outcome:
        """Have a trade printed now. Raises ``Refused``."""
        self._world.market.filter.set_level(trade.instrument_id, trade.price)
        before = self._controls.get(trade.instrument_id, FREE)
        return await self._keep(trade.instrument_id, before, act, [trade])

    async def gap(self, instrument: Instrument, gap: Gap, act: "Act") -> Outcome:
        """Move the price now, or when the gap's time has come. Raises ``ControlRefused``,
        ``Refused``.
        """
        instrument_id = instrument.instrument_id
        self._check_room(instrument_id)
        before, mid = self._controls.get(instrument_id, FREE), self.mid(instrument_id)
        if gap.at_ns > act.now_ns:
            self._put(instrument_id, before._replace(gap=gap))
            return await self._keep(instrument_id, before, act, [])
        if not mid:
            raise ControlRefused("no_quote", "nothing is quoted yet", "set a quote first")
        wanted, base = (gap.price, mid) if gap.price else (gap.wanted, gap.base)
        shape = scaled_shape(instrument, self.shape(instrument_id), wanted, base)
        price = self._moved(instrument_id, mid, wanted, base)
        control = self._controls.get(instrument_id, FREE)
        facts: list[MarketFact] = []
        if instrument_id not in self._world.view.halted:
            if control.script is not None:
                shape = control.script.shape
            facts += self._marked(
                instrument, price if control.script is not None else 0, act.now_ns
            )
            quote = shape.quote(instrument_id, act.now_ns)
            # What the world saw of a simulated price is dressed already.
            facts += dressed(instrument, [quote], control.dress if control.script else PLAIN)
            if gap.trade_qty:
                facts.append(Trade(instrument_id, price, gap.trade_qty, act.now_ns))
        return await self._keep(instrument_id, before, act, facts, mid)

    async def dress(self, instrument: Instrument, dress: Dress, act: "Act") -> Outcome:
        """Widen or empty what is quoted from now on. Raises ``ControlRefused``, ``Refused``."""
        instrument_id = instrument.instrument_id
        self._check_room(instrument_id)
        before, shape = self._controls.get(instrument_id, FREE), self._undressed(instrument)
        self._put(instrument_id, before._replace(dress=dress))
        facts: list[MarketFact] = []
        if shape.mid and instrument_id not in self._world.view.halted:
            facts += dressed(instrument, [shape.quote(instrument_id, act.now_ns)], dress)
        return await self._keep(instrument_id, before, act, facts)

    def _undressed(self, instrument: Instrument) -> Shape:
        """What is quoted now, as it would be without its dress, as nearly as is known."""
        shape = self.shape(instrument.instrument_id)
        control = self._controls.get(instrument.instrument_id, FREE)
        if control.script is not None or control.dress == PLAIN:
            return shape
        mid = self.mid(instrument.instrument_id)
        if not mid:
            return shape
        spread = max(0, shape.ask - shape.bid) * FACTOR_UNIT // control.dress.factor
        if not (shape.bid and shape.ask):
            spread = 0
        qty = shape.bid_qty or shape.ask_qty
        return Shape(*around(instrument, mid, spread), shape.bid_qty or qty, shape.ask_qty or qty)

    async def halt(self, instrument: Instrument, reason: str, act: "Act") -> Outcome:
        """Stop trading. Raises ``Refused``."""
        return await self._turn(
            instrument, TradingHalted(instrument.instrument_id, True, reason), act
        )

    async def resume(self, instrument: Instrument, act: "Act") -> Outcome:
        """Let trading go on, with a quote at once. Raises ``Refused``."""
        fact = TradingHalted(instrument.instrument_id, False, "")
        return await self._turn(instrument, fact, act)

    async def _turn(self, instrument: Instrument, fact: TradingHalted, act: "Act") -> Outcome:
        instrument_id = instrument.instrument_id
        before, shape = self._controls.get(instrument_id, FREE), self.shape(instrument_id)
        said: list[Input] = [fact]
        if not fact.halted and shape.mid:
            dress = before.dress if before.script is not None else PLAIN
            said += dressed(instrument, [shape.quote(instrument_id, act.now_ns)], dress)
        if not fact.halted and self._simulation is not None and before.script is None:
            self._simulation.set_mid(instrument_id, self._simulation.mid(instrument_id))
        outcome = await self._keep(instrument_id, before, act, said)
        self._world.market.observe_status(
            StatusTick(instrument_id, SIMULATED, fact.halted, fact.reason, act.now_ns), act.now_ns
        )
        return outcome

    async def release(self, instrument_ids: Sequence[int], jump: bool, act: "Act") -> Outcome:
        """Give instruments back to the simulation, where they are or (``jump``) where it was.

        Raises ``Refused``.
        """
        before = {n: self._controls[n] for n in instrument_ids if n in self._controls}
        mids = {n: self._simulated_mid(n) for n in before}
        for instrument_id in before:
            self._let_go(instrument_id, jump)
        try:
            return await self._say(act, [])
        except Refused:
            for instrument_id, control in before.items():
                self._put(instrument_id, control)
                if self._simulation is not None:
                    self._simulation.set_mid(instrument_id, mids[instrument_id])
            raise

    def _let_go(self, instrument_id: int, jump: bool) -> None:
        control = self._controls[instrument_id]
        if self._simulation is not None and control.script is not None and jump:
            self._simulation.set_mid(instrument_id, control.from_mid)
            self._world.market.filter.set_level(
                instrument_id, self._simulated_mid(instrument_id) or control.script.shape.mid
            )
        self._put(instrument_id, FREE)

    # Keeping.

    def _put(self, instrument_id: int, control: Control) -> None:
        was = bool(self._controls)
        if control.script is None:
            control = control._replace(from_mid=0, lets_go=False)
        if control == FREE:
            self._controls.pop(instrument_id, None)
            self._marks.pop(instrument_id, None)
        else:
            self._controls[instrument_id] = control
        if self.on_change is not None and was != bool(self._controls):
            self.on_change()

    def _check_room(self, instrument_id: int) -> None:
        if instrument_id not in self._controls and len(self._controls) >= CONTROLLED_MAX:
            raise ControlRefused(
                "too_many_controlled",
                f"{CONTROLLED_MAX} symbols are under control already",
                "release some of them first",
            )

    async def _keep(
        self,
        instrument_id: int,
        before: Control,
        act: "Act",
        facts: Sequence[Input],
        mid: int = 0,
    ) -> Outcome:
        """Say it; refused, it leaves all as ``before``, and the simulation at ``mid``."""
        try:
            return await self._say(act, facts)
        except Refused:
            self._put(instrument_id, before)
            if self._simulation is not None and mid:
                self._simulation.set_mid(instrument_id, mid)
            raise

    async def _say(self, act: "Act", facts: Sequence[Input]) -> Outcome:
        """Journal an act and what it brings at once; wait until that is durable."""
        writer = self._world.writer
        if writer.waiting + len(facts) >= WAITING_MAX:
            raise Refused("overloaded", "too many requests are waiting; try again in a moment")
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if not told.done():
                told.set_result(outcome)

        used = ControlUsed(act.action, act.detail[:CONTROL_DETAIL_MAX])
        for number, message in enumerate((used, *facts)):
            writer.submit(message, act.origin, done if number == len(facts) else None)
        outcome = await told
        if outcome.refused is not None:
            raise outcome.refused
        seen = [fact for fact in facts if isinstance(fact, MarketFact)]
        self._world.market.observe(seen, SIMULATED, self._world.clock.now_ns())
        return outcome


class Act(NamedTuple):
    """Who asks for a control, in which words, and when by the world's clock."""

    action: str
    detail: str
    origin: Origin
    now_ns: int


def _price_of(fact: Said) -> int:
    if isinstance(fact, Trade):
        return fact.price
    return Shape(fact.bid, fact.ask, 1, 1).mid


def displayed_qty(instrument: Instrument, shape: Shape) -> int:
    """A size to quote where nobody said one."""
    return shape.bid_qty or shape.ask_qty or DISPLAYED_LOTS * instrument.round_lot


def next_open_ns(world: World, instrument: Instrument, now_ns: int) -> int:
    """When the instrument's next regular session begins; 0 where its sessions have no night."""
    known = world.view.sessions.get(instrument.calendar_id, ())
    for before, after in zip((None, *known), known, strict=False):
        if after.open_ns > now_ns:
            has_night = before is None or before.close_ns < after.open_ns
            return after.open_ns if has_night else 0
    return 0


def priced(instrument: Instrument, price: int) -> bool:
    """Whether a price lies on its tick."""
    return on_tick(instrument, price) == price
