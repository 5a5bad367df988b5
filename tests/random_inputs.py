"""A seeded stream of inputs of every kind, most of them sensible, some of them not.

Promises: the same seed, state and events give the same inputs. It follows the engine by its events
only, so that two engines in the same state are sent the same. Must not know: how anything is
decided.
"""

from random import Random
from typing import Any

from msgspec.structs import replace

from stockyard.engine.auctions import (
    AUCTION_WAIT_NS,
    CLOSING_CUT_OFF_NS,
    OPENING_CUT_OFF_NS,
)
from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.bounds import AccountLimits
from stockyard.model.codes import AssetClass, LimitRule, OrderType, Plan, Side, TimeInForce
from stockyard.model.denials import DENY_RULES
from stockyard.model.instruments import FeeRule, Instrument, VenueProfile
from stockyard.model.records import Input
from stockyard.model.state import EngineState
from tests.engine_terms import CENT, DAY, DOLLAR, SECOND

RESTRICTING = (*((0, 7),) * 4, (1, 0), (2, 0), (4, 0), (6, 1), (2, 2), (8, 0), (-1, 0))
"""Sets to make and to lift; most lift all, for a suspended account does nothing."""

BAD_NUMBERS = (-1, 0, 1, 2**31, 2**53 + 1, 2**62 - 1, 2**62, 2**63 - 1)


class RandomInputs:
    """Inputs that follow on from a state; one in ``boundary_every`` at a session's boundary, and a
    share of them about planned ``outcomes`` and about ``bounds`` of users.
    """

    def __init__(
        self,
        seed: int,
        state: EngineState,
        boundary_every: int = 500,
        outcomes: float = 0.03,
        bounds: float = 0.0,
    ) -> None:
        self._outcomes, self._bounds = outcomes, bounds
        self._until_jump = 1 - 1 / boundary_every
        self._random = Random(seed)
        self.seq, self.ts = state.seq, state.ts
        self._accounts = [account.account_id for account in state.accounts]
        self._instruments = {book.instrument.instrument_id: book.instrument for book in state.books}
        self._prices = {
            book.instrument.instrument_id: book.ask or book.bid or 100 * 10**scale
            for book in state.books
            for scale in (book.instrument.price_scale,)
        }
        self._profiles = {profile.profile_id: profile for profile in state.profiles}
        self._limits = state.limits
        self._open = {order.order_id: order.account_id for order in state.orders}
        for change in state.changes:
            self._open[change.new_order_id] = change.command.account_id
        self._kinds = {o.order_id: (o.order_type, o.side) for o in state.orders}
        boundaries = {
            boundary
            for calendar in state.calendars
            for session in calendar.sessions
            for boundary in (
                session.open_ns - OPENING_CUT_OFF_NS,
                session.open_ns,
                session.close_ns - CLOSING_CUT_OFF_NS,
                session.close_ns,
                session.close_ns + AUCTION_WAIT_NS,
                session.begins_ns,
                session.ends_ns,
            )
        }
        self._boundaries = sorted(boundaries, reverse=True)
        self._lots: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
        for account in state.accounts:
            for p in account.positions:
                lots = {(lot.seq, lot.index): lot.qty for lot in p.lots}
                self._lots[account.account_id, p.instrument_id] = lots
        self._sent: list[Input] = []
        self._serial = 0
        self._rules = [o.rule_id for a in state.accounts for o in a.outcomes]
        self._held: dict[int, int] = {}
        self._margin = state.margin
        self._contracts = [
            i for i in self._instruments.values() if i.asset_class == AssetClass.CRYPTO_PERP
        ]

    def next(self) -> tuple[int, int, Input]:
        """The next input with its number and time."""
        random = self._random
        self.seq += 1 if random.random() < 0.95 else random.randrange(2, 50)
        self._pass_time()
        return self.seq, self.ts, self._message()

    def see(self, events: list[e.Event]) -> None:
        """Follow what came of the last input."""
        for index, event in enumerate(events):
            if isinstance(event, e.OrderAccepted):
                self._open[event.order_id] = event.account_id
                self._kinds[event.order_id] = (event.order_type, event.side)
            elif isinstance(event, (e.OrderCanceled, e.OrderExpired, e.OrderReplaced)):
                del self._open[event.order_id]
            elif isinstance(event, e.OrderRejected):
                self._open.pop(event.order_id, None)
            elif isinstance(event, e.OrderChangeSent) and event.replaced_by:
                self._open[event.replaced_by] = event.account_id
                self._kinds[event.replaced_by] = (event.order_type, event.side)
            elif isinstance(event, e.PositionGivenUp):
                self._lots.pop((event.account_id, event.instrument_id), None)
            elif isinstance(event, e.OrderFilled):
                self._see_lots(index, event)
                if event.filled_qty == event.order_qty:
                    del self._open[event.order_id]
            elif isinstance(event, e.OutcomePlanned):
                self._rules = [*self._rules[-20:], event.rule_id]
            elif isinstance(event, e.OutcomeUsed) and event.plan in (Plan.HOLD, Plan.FILL):
                self._held[event.order_id] = event.account_id
                while len(self._held) > 10:
                    del self._held[next(iter(self._held))]
            elif isinstance(event, e.AccountOpened):
                self._accounts.append(event.account_id)

    def _see_lots(self, index: int, fill: e.OrderFilled) -> None:
        lots = self._lots.setdefault((fill.account_id, fill.instrument_id), {})
        if not fill.lots and fill.instrument_id not in [i.instrument_id for i in self._contracts]:
            lots[self.seq, index] = fill.qty
        for piece in fill.lots:
            lots[piece[:2]] -= piece[2]
            if lots[piece[:2]] == 0:
                del lots[piece[:2]]

    def _chosen(self, key: tuple[int, int]) -> tuple[tuple[int, int, int], ...]:
        """Some of the lots of an account's position, each with what to take of it."""
        random = self._random
        lots = self._lots.get(key, {})
        names = random.sample(list(lots), min(len(lots), random.choice((1, 1, 2, 3))))
        chosen = [
            (*name, lots[name] if random.random() < 0.6 else lots[name] // 2) for name in names
        ]
        if random.random() < 0.1:
            others = [name for each in self._lots.values() for name in each] + [(1, 0), (3, 999)]
            odd = (*random.choice(others), random.choice((-1, 0, 1, 100, 2**62)))
            chosen.append(random.choice((odd, chosen[0] if chosen else odd)))
        return tuple(chosen * 70 if random.random() < 0.005 else chosen)

    def _pass_time(self) -> None:
        random = self._random
        draw = random.random()
        if draw < 0.95:
            self.ts += random.randrange(5_000_000)
        elif draw < self._until_jump:
            self.ts += random.randrange(90 * SECOND)
        else:
            while self._boundaries and self._boundaries[-1] <= self.ts:
                self._boundaries.pop()
            if self._boundaries:
                self.ts = self._boundaries[-1] + random.choice((-1, 0, 1))

    def _message(self) -> Input:
        if self._contracts and self._random.random() < 0.1:
            return self._contract_message()
        if self._bounds and self._accounts and self._random.random() < self._bounds:
            return self._bound()
        if self._accounts and self._random.random() < self._outcomes:
            return self._outcome()
        draw = self._random.random()
        if not self._instruments or draw < 0.01:
            return f.ClockTick() if draw < 0.0095 else f.ControlUsed("note", "a test's remark")
        if draw < 0.48:
            return self._quote()
        if not self._accounts or draw < 0.483:
            return self._open_account()
        message: Input
        if draw < 0.80:
            message = self._place()
        elif draw < 0.85:
            message = self._cancel()
        elif draw < 0.94:
            message = self._replace()
        elif draw < 0.953:
            message = self._close()
        elif draw < 0.97:
            message = self._protect()
        elif draw < 0.98:
            message = self._money()
        elif draw < 0.99 and self._sent:
            message = self._random.choice(self._sent)
        else:
            return self._change_of_terms()
        if self._random.random() < 0.3:
            self._sent = [*self._sent[-20:], message]
        return message

    def _outcome(self) -> Input:
        """Plan what happens to orders, forget it, or let one go on that is held back."""
        random = self._random
        account_id, (name, key, digest) = self._account(), self._keys()
        draw = random.random()
        if draw < 0.3 and self._held:
            order_id, account_id = random.choice(list(self._held.items()))
            return c.ReleaseOrder(account_id, order_id, key, digest)
        if draw < 0.35:
            return c.ReleaseOrder(*self._order(), key, digest)
        if draw < 0.45:
            rule_id = random.choice((0, 7, *self._rules))
            return c.ForgetOutcomes(account_id, rule_id, key, digest)
        instrument, plan = self._instrument(), random.choice((1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7))
        terms: dict[str, Any] = {"plan": plan}
        if plan == Plan.DENY:
            terms["code"] = random.choice((*DENY_RULES, 11))
        elif plan == Plan.FILL:
            scaled = self._prices[instrument.instrument_id] * 10**9 // 10**instrument.price_scale
            times = random.choice((0, 0, 90, 99, 100, 101, 120, 300))
            terms["price_e9"] = scaled * times // 100 + random.choice((0, 0, 1))
            terms["qty_e9"] = random.choice((0, 0, 1, 2, 10, 60)) * 10**9
            terms["rest"] = random.choice((1, 1, 2, 3, 3))
        elif plan in (Plan.DELAY, Plan.EXPIRE, Plan.CANCEL):
            terms["delay_ns"] = random.choice((0, 1, 5_000_000, SECOND, 40 * SECOND))
        terms["reason"] = random.choice((0, 0, 0, 1, 2, 19))
        terms["instrument_id"] = random.choice((0, 0, instrument.instrument_id))
        terms["side"] = random.choice((0, 0, Side.BUY, Side.SELL))
        terms["order_type"] = random.choice((0, 0, 0, 0, 1, 2, 3, 4, 5))
        terms["part"] = random.choice((0, 0, 0, 1, 2, 3))
        terms["order_name"] = random.choice(("", "", "", "", "c", "c1", name))
        terms["prefix"] = random.random() < 0.5 and terms["order_name"] != ""
        terms["uses"] = random.choice((1, 1, 2, 5))
        terms["expires_ns"] = random.choice((0, 0, self.ts + 5 * SECOND))
        if random.random() < 0.05:
            terms[random.choice(tuple(terms))] = random.choice(BAD_NUMBERS)
        terms["order_name"] = str(terms["order_name"])
        terms["prefix"] = bool(terms["prefix"])
        return c.PlanOutcome(
            account_id=account_id, idempotency_key=key, digest=digest, note="x", **terms
        )

    def _instrument(self) -> Instrument:
        return self._random.choice(list(self._instruments.values()))

    def _quote(self) -> Input:
        random = self._random
        instrument = self._instrument()
        instrument_id, tick = instrument.instrument_id, instrument.tick
        move = random.choice((0, 0, 1, 1, 2, 5, 300 if random.random() < 0.02 else 3))
        price = self._prices[instrument_id] + random.choice((-1, 1)) * move * tick
        if self._margin is not None and random.random() < 0.05:
            price = price * random.choice((8, 9, 9, 11, 11, 12)) // (10 * tick) * tick
        price = self._prices[instrument_id] = max(price, 20 * tick)
        spread = random.choice((0, 1, 1, 1, 2, 3, -1)) * tick
        unit = 10**instrument.qty_scale
        sizes = [random.choice((0, 1, 7, 50, 100)) * unit + random.choice((0, 0, 1)) for _ in "ba"]
        bid, ask = price, price + spread
        if random.random() < 0.03:
            bid, sizes[0] = 0, 0
        if random.random() < 0.03:
            ask, sizes[1] = 0, 0
        if random.random() < 0.25:
            off = random.choice((-6, -2, -1, 0, 0, 1, 2, 6)) * tick
            odd = random.random() < 0.01
            printed = random.choice((0, -1, 2**62)) if odd else max(price + off, tick)
            if random.random() < (0.6 if instrument.auctions else 0.05):
                kind, qty = random.choice((1, 2)), random.choice((0, 1, 7 * unit, 500 * unit + 1))
                return f.AuctionPrint(instrument_id, kind, printed, qty, self.ts)
            return f.Trade(instrument_id, printed, random.choice((1, 5, 40, 120)) * unit, self.ts)
        if random.random() < 0.01:
            return f.TradingHalted(instrument_id, random.random() < 0.4, "news")
        return f.Quote(instrument_id, bid, ask, sizes[0], sizes[1], self.ts)

    def _contract_message(self) -> Input:
        """A mark, funding, or a choice of leverage: what only perpetual contracts know."""
        random = self._random
        instrument = random.choice(self._contracts)
        instrument_id = instrument.instrument_id
        draw = random.random()
        if draw < 0.15:
            rate = random.choice((0, 1, -1, 100_000, -99_999, 5_000_000, -7_000_000, 2**40))
            return f.FundingRate(instrument_id, rate, self.ts)
        if draw < 0.25:
            if random.random() < 0.05:
                instrument_id = random.choice((1, 999))
            leverage = random.choice((1, 2, 5, 10, 19, 20, 20, random.choice(BAD_NUMBERS)))
            _, key, digest = self._keys()
            isolated = random.random() < 0.6
            return c.SetLeverage(self._account(), instrument_id, leverage, isolated, key, digest)
        if draw < 0.32:
            return f.ClockTick()
        if draw < 0.34:
            kept = random.choice((10_000, 25_000, 25_000, 40_000, 49_999))
            return f.InstrumentListed(replace(instrument, maintenance_ppm=kept))
        near = self._prices[instrument_id]
        mark = near * random.randrange(985, 1016) // 1000
        if random.random() < 0.02:
            mark = random.choice(BAD_NUMBERS)
        return f.MarkPrice(instrument_id, mark, near, self.ts)

    def _keys(self) -> tuple[str, str, bytes]:
        """A client's order id, an idempotency key and a digest; some used before."""
        random = self._random
        self._serial += 1
        number = self._serial if random.random() < 0.95 else random.randrange(self._serial)
        order_id = f"c{number}" if random.random() < 0.3 else ""
        key = f"k{number}" if random.random() < 0.3 else ""
        digest = number.to_bytes(16, "big") if number % 8 else c.NO_DIGEST
        return order_id, key, digest

    def _account(self) -> int:
        random = self._random
        return random.choice(self._accounts) if random.random() < 0.99 else 3

    def _qty(self, instrument: Instrument) -> int:
        random = self._random
        if random.random() < 0.02:
            return random.choice(BAD_NUMBERS)
        unit = 10**instrument.qty_scale
        qty: int = random.choice((1, 2, 3, 10, 60, 150)) * unit
        if self._margin is not None:
            qty *= random.choice((1, 2))
        if random.random() < (0.3 if instrument.lot == 1 else 0.03):
            qty += random.randrange(unit)
        return qty

    def _price(self, instrument: Instrument) -> int:
        random = self._random
        if random.random() < 0.02:
            return random.choice(BAD_NUMBERS)
        offset = random.choice((-9, -4, -2, -1, 0, 1, 2, 4, 9, 40))
        return self._prices[instrument.instrument_id] + offset * instrument.tick

    def _borrow(self) -> Input:
        """A plain order of a size that soon needs borrowed cash or shares, mostly going on in the
        direction that its account has taken.
        """
        random = self._random
        instrument, account_id = self._instrument(), self._account()
        qty = random.choice((20, 50, 100, 200)) * 10**instrument.qty_scale
        sides = (Side.BUY, Side.SELL)
        side = sides[(account_id + instrument.instrument_id) % 2]
        if random.random() < 0.1:
            side = random.choice(sides)
        return c.PlaceOrder(
            account_id, instrument.instrument_id, side, OrderType.MARKET, TimeInForce.DAY,
            qty, 0, 0, *self._keys(), locate=True,
        )  # fmt: skip

    def _place(self) -> Input:
        random = self._random
        if self._margin is not None and random.random() < 0.3:
            return self._borrow()
        instrument = self._instrument()
        order_type = random.choice((1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5))
        if random.random() < 0.01:
            order_type = 7
        qty, notional = self._qty(instrument), 0
        if order_type == OrderType.MARKET and random.random() < 0.3:
            qty, notional = 0, random.choice((1, 900_000, DOLLAR, 250 * DOLLAR + 1, 9_000 * DOLLAR))
        priced = order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
        price = self._price(instrument) if priced else 0
        tif = random.choice((TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, 4))
        side = random.choice((Side.BUY, Side.BUY, Side.SELL))
        locate = False
        if self._margin is not None:
            side, locate = random.choice((Side.BUY, Side.SELL)), random.random() < 0.5
        if random.random() < 0.01:
            tif, side = random.choice((0, 9)), random.choice((0, 1, 3))
        linked = self._linked(instrument, side, price)
        if linked[0] and random.random() < 0.97:
            tif, notional = random.choice((TimeInForce.DAY, TimeInForce.GTC)), 0
            qty = qty or self._qty(instrument)
        if random.random() < 0.1 or (order_type > OrderType.LIMIT and tif > TimeInForce.GTC):
            tif = TimeInForce.GTD
        share = 0.3 if instrument.auctions else 0.02
        if random.random() < share and order_type <= OrderType.LIMIT:
            tif = random.choice((TimeInForce.OPG, TimeInForce.CLS))
        extended = random.random() < (0.3 if order_type == OrderType.LIMIT else 0.01)
        account_id = self._account()
        instrument_id = instrument.instrument_id if random.random() < 0.99 else 999
        lots: tuple[tuple[int, int, int], ...] = ()
        if random.random() < (0.4 if side == Side.SELL else 0.02):
            lots = self._chosen((account_id, instrument_id))
            if lots and random.random() < 0.9:
                linked, notional, qty = (0, 0, 0, 0, 0, 0), 0, sum(part for _, _, part in lots)
        return c.PlaceOrder(
            account_id,
            instrument_id,
            side,
            order_type,
            tif,
            qty,
            price,
            notional,
            *self._keys(),
            *self._stops(instrument, side, order_type, tif),
            *linked,
            extended,
            locate,
            lots,
            *self._flags(order_type, linked[0]),
        )

    def _flags(self, order_type: int, order_class: int) -> tuple[bool, bool]:
        """Whether an order is reduce-only, and post-only; where there are contracts."""
        random = self._random
        if not self._contracts:
            return False, False
        plain = order_type == OrderType.LIMIT and order_class == 0
        return random.random() < 0.1, random.random() < (0.3 if plain else 0.01)

    def _linked(
        self, instrument: Instrument, side: int, price: int
    ) -> tuple[int, int, int, int, int, int]:
        """Class and exits of an order; most have none."""
        random = self._random
        if random.random() < 0.75:
            return (1 if random.random() < 0.005 else 0, 0, 0, 0, 0, 0)
        near = price or self._prices[instrument.instrument_id]
        order_class = random.choice((2, 2, 2, 1) if side == Side.SELL else (1, 1, 3, 3, 3, 2))
        selling = True
        if self._margin is not None:
            order_class = random.choice((1, 2, 2, 3))
            selling = (side == Side.BUY) == (order_class != 2)
        profit, *loss = self._exits(instrument, near, selling)
        if order_class == 2 or (order_class == 3 and random.random() < 0.5):
            profit = 0
        elif order_class == 3:
            loss = [0, 0, 0, 0]
        if random.random() < 0.03:
            order_class = random.choice((-1, 0, 1, 2, 3, 4))
        return order_class, profit, loss[0], loss[1], loss[2], loss[3]

    def _exits(self, instrument: Instrument, near: int, selling: bool) -> list[int]:
        """Take-profit, stop, its limit, and trail as an amount or in millionths."""
        random = self._random
        way = instrument.tick if selling else -instrument.tick
        away = random.choice((1, 2, 3, 5, 9, 9, 20, 60))
        exits = [near + away * way, 0, 0, 0, 0]
        if random.random() < 0.7:
            exits[1] = near - random.choice((1, 2, 3, 5, 8, 20)) * way
            if random.random() < 0.4:
                exits[2] = exits[1] - random.choice((-1, 0, 1, 3, 9)) * way
        elif random.random() < 0.5:
            exits[3] = random.choice((1, 2, 3, 5, 8, 20)) * instrument.tick
        else:
            exits[4] = random.choice((50, 333, 1_000, 9_999, 15_000))
        if random.random() < 0.03:
            exits[random.randrange(5)] = random.choice(BAD_NUMBERS)
        return exits

    def _protect(self) -> Input:
        random = self._random
        instrument = self._instrument()
        near = self._prices[instrument.instrument_id]
        selling = self._margin is None or random.random() < 0.5
        exits = self._exits(instrument, near, selling)
        draw = random.random()
        if draw < 0.2:
            exits = [0, 0, 0, 0, 0]
        elif draw < 0.4:
            exits[0] = 0
        elif draw < 0.5:
            exits[1:] = [0, 0, 0, 0]
        tif = random.choice((1, 2, 2, 2, 3, 5))
        until = self.ts + random.choice((0, 20, 3_600)) * SECOND if tif == TimeInForce.GTD else 0
        return c.SetProtection(
            self._account(),
            instrument.instrument_id if random.random() < 0.99 else 999,
            self._qty(instrument) if random.random() < 0.4 else 0,
            tif,
            *exits,
            *self._keys(),
            until,
        )

    def _stops(
        self, instrument: Instrument, side: int, order_type: int, tif: int
    ) -> tuple[int, int, int, int]:
        """Stop price, trail as an amount or in millionths, and expiry: mostly what they should."""
        random = self._random
        stop = trail = ppm = expires = 0
        if order_type in (OrderType.STOP, OrderType.STOP_LIMIT):
            away = random.choice((1, 2, 3, 5, 8, 20)) * instrument.tick
            away = -away if random.random() < 0.04 else away
            near = self._prices[instrument.instrument_id]
            stop = near + away if side == Side.BUY else near - away
        elif order_type == OrderType.TRAILING_STOP and random.random() < 0.5:
            trail = random.choice((1, 2, 3, 5, 8, 20)) * instrument.tick
        elif order_type == OrderType.TRAILING_STOP:
            ppm = random.choice((50, 333, 1_000, 9_999, 15_000))
        if tif == TimeInForce.GTD and random.random() < 0.97:
            expires = self.ts + random.choice((1, 20, 90, 3_600, 90_000)) * SECOND
        if random.random() < 0.02:
            odd = random.choice(BAD_NUMBERS)
            stop, trail, ppm, expires = random.choice(
                ((odd, trail, ppm, 0), (stop, odd, 0, 0), (0, 0, odd, expires), (stop, 0, ppm, odd))
            )
        return stop, trail, ppm, expires

    def _order(self) -> tuple[int, int]:
        """Account and number of an open order, or of none."""
        if not self._open or self._random.random() < 0.05:
            return self._account(), 5
        order_id = self._random.choice(list(self._open))
        return self._open[order_id], order_id

    def _cancel(self) -> Input:
        random = self._random
        account_id, order_id = self._order()
        _, key, digest = self._keys()
        if random.random() < 0.03:
            return c.CancelAllOrders(account_id, random.choice((0, 1, 2, 999)), key, digest)
        return c.CancelOrder(account_id, order_id, key, digest)

    def _replace(self) -> Input:
        random = self._random
        account_id, order_id = self._order()
        instrument = self._instrument()
        qty = self._qty(instrument) if random.random() < 0.6 else 0
        price = self._price(instrument) if random.random() < 0.6 else 0
        tif = random.choice((0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7))
        kind, side = self._kinds.get(order_id, (OrderType.STOP, Side.BUY))
        if kind not in (OrderType.LIMIT, OrderType.STOP_LIMIT) and random.random() < 0.9:
            price = 0
        if random.random() < 0.4:
            kind = 0
        expiry = 5 if tif == 5 or random.random() < 0.05 else 0
        stops = self._stops(instrument, side, kind, expiry)
        return c.ReplaceOrder(account_id, order_id, qty, price, tif, *self._keys(), *stops)

    def _close(self) -> Input:
        random = self._random
        instrument = self._instrument()
        qty = self._qty(instrument) if random.random() < 0.4 else 0
        return c.ClosePosition(
            self._account(),
            instrument.instrument_id,
            qty,
            random.random() < 0.5,
            *self._keys(),
        )

    def _money(self) -> Input:
        random = self._random
        amount = random.choice((*BAD_NUMBERS, 1, 700 * DOLLAR, 20_000 * DOLLAR))
        account_id, (_, key, digest) = self._account(), self._keys()
        if self._margin is not None and random.random() < 0.2:
            kind = random.choice((1, 2, 2, 2, 9))
            return c.SetAccountKind(account_id, kind, key, digest)
        if random.random() < 0.1:
            restrict, allow = random.choice(RESTRICTING)
            return c.SetAccountRestrictions(account_id, restrict, allow, key, digest)
        if random.random() < 0.25:
            return c.SetLotMethod(account_id, random.choice((1, 2, 3, 4, 4, 0)), key, digest)
        draw = random.random()
        if draw < 0.4:
            return c.DepositCash(account_id, amount, key, digest)
        if draw < 0.7:
            return c.WithdrawCash(account_id, amount, key, digest)
        if draw < 0.9:
            return c.SetAccountProfile(account_id, random.choice((*self._profiles, 9)), key, digest)
        return c.ResetAccount(
            account_id, random.choice((-1, 0, *(100_000 * DOLLAR,) * 4)), key, digest
        )

    def _bound(self) -> Input:
        """A freeze, more often lifted than made, or limits, mostly ones that can be."""
        random = self._random
        account_id, (_, key, digest) = self._account(), self._keys()
        if random.random() < 0.3:
            return c.SetTradingFreeze(account_id, random.random() < 0.2, key, digest)
        known = [*self._instruments, *([99] if random.random() < 0.1 else [])]
        symbols = random.sample(known, min(len(known), random.choice((0, 0, 1, 2))))
        limits = AccountLimits(
            random.choice((0, 0, 900 * DOLLAR, 6_000 * DOLLAR, -1)),
            random.choice((0, 0, 3, 8, 8)),
            random.choice((0, 0, 100, 150, 200, 400, 99)),
            tuple(random.sample((1, 2, 3, 4, 5), random.choice((0, 0, 2, 4)))),
            tuple(symbols * (2 if random.random() < 0.05 else 1)),
        )
        return c.SetAccountLimits(account_id, limits, key, digest)

    def _open_account(self) -> Input:
        self._serial += 1
        key = f"r{self._serial}"
        profile_id = self._random.choice(list(self._profiles))
        kind = 1 if self._margin is None else self._random.choice((1, 2, 2, 2, 7))
        return c.OpenAccount("random", key, profile_id, 50_000 * DOLLAR, key, key.encode(), kind)

    def _realism(self) -> dict[str, Any]:
        """The further terms of a profile: a few of them, or none."""
        random = self._random
        offered = {
            "size_cap_ppm": (500_000, 1_000_000, 123_456),
            "limit_rule": (LimitRule.PENETRATE, LimitRule.QUEUE, LimitRule.QUEUE),
            "latency_ns": (1, 3_000_000, SECOND, 30 * SECOND),
            "slippage_bps": (1, 2, 30),
            "improvement_ppm": (250_000, 500_000, 1_000_000),
            "improvement_odds_ppm": (300_000, 1_000_000),
            "deny_halted": (True,),
            "deny_stale": (True,),
            "reject_ppm": (20_000, 300_000),
        }
        return {
            name: random.choice(values) for name, values in offered.items() if random.random() < 0.4
        }

    def _depth(self) -> dict[str, int]:
        random = self._random
        return {
            "depth_levels": random.choice((0, 1, 3, 20)),
            "depth_step_bps": random.choice((0, 1, 7, 100)),
            "depth_size_ppm": random.choice((0, 500_000, 1_700_000)),
        }

    def _change_of_credit(self) -> Input:
        random = self._random
        assert self._margin is not None
        if random.random() < 0.5:
            instrument = self._instrument()
            qty = random.choice((0, 40, 300, 10_000)) * 10**instrument.qty_scale
            return f.BorrowTermsSet(
                instrument.instrument_id,
                random.random() < 0.9,
                random.random() < 0.7,
                random.choice((0, 1, 36_000, 400_000)),
                qty,
            )
        return f.MarginTermsSet(
            replace(
                self._margin,
                long_ppm=random.choice((250_000, 300_000, 450_000, 1_000_000)),
                initial_long_ppm=random.choice((250_000, 300_000, 500_000)),
                short_ppm=random.choice((300_000, 400_000)),
                debit_ppm=random.choice((0, 72_001)),
                grace_ns=random.choice((0, 20 * SECOND, 3_600 * SECOND)),
            )
        )

    def _change_of_terms(self) -> Input:
        random = self._random
        if self._margin is not None and random.random() < 0.4:
            return self._change_of_credit()
        draw = random.random()
        if draw < 0.4 and self._profiles:
            old = random.choice(list(self._profiles.values()))
            bounded = random.random() < 0.6
            new = VenueProfile(
                old.profile_id,
                old.version + 1,
                old.name,
                size_bounded=bounded,
                fees=random.random() < 0.5,
                quote_age_ns_max=random.choice((0, SECOND, 60 * SECOND)),
                **self._realism(),
                **(self._depth() if bounded else {}),
            )
            self._profiles[new.profile_id] = new
            return f.ProfileDefined(new)
        if draw < 0.8:
            rule = FeeRule(
                kind=random.choice((1, 2, 3, 4, 5, 6, 7)),
                side=random.choice((0, 1, 2)),
                maker=random.choice((0, 1, 2)),
                per_million_micros=random.choice((0, 21 * DOLLAR, 2_500 * DOLLAR)),
                per_unit_micros_e6=random.choice((0, 195 * DOLLAR)),
                cap_micros=random.choice((0, 0, 979 * CENT)),
                round_to_micros=random.choice((1, CENT)),
            )
            rules = (rule,) if random.random() < 0.5 else (rule, rule)
            since = self.ts + random.choice((-DAY, 0, 5 * SECOND, DAY))
            kinds = (1, 2, 3) if self._contracts else (1, 2)
            return f.FeesScheduled(random.choice(kinds), since, f"fees-{self._serial}", rules)
        if draw < 0.9 and self._limits is not None:
            return f.LimitsSet(self._limits)
        return f.InstrumentListed(self._instrument())
