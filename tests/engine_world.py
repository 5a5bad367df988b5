"""A world to test the engine in: built by real inputs, driven by short verbs, audited at the end.

Promises: nothing of the engine is replaced or reached into; every verb is one journaled input and
returns its events (untyped, since a test knows which it expects). Numbers are decimal text, as a
person writes them. Must not know: what a test expects.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stockyard.engine.engine import Engine
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.bounds import AccountLimits
from stockyard.model.codec import decode_events, decode_state, encode
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    CLASS_WORDS,
    LOT_METHOD_WORDS,
    PLAN_WORDS,
    RESTRICTION_WORDS,
    SIDE_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    Auction,
    OrderType,
)
from stockyard.model.events import Event, OrderAccepted, OrderFilled
from stockyard.model.instruments import Instrument, Limits, Session, VenueProfile
from stockyard.model.numbers import CASH_SCALE, format_cash, parse_decimal
from stockyard.model.records import Input
from stockyard.model.state import AccountState, BookState, EngineState, OrderState, PositionState
from tests import engine_terms as terms
from tests.engine_audit import audit_future, audit_state

_SIDES = {word: side for side, word in SIDE_WORDS.items()}
_TIMES_IN_FORCE = {word: tif for tif, word in TIF_WORDS.items()}
_CLASSES = {word: order_class for order_class, word in CLASS_WORDS.items()}
_METHODS = {word: method for method, word in LOT_METHOD_WORDS.items()}
_TYPES = {word: number for number, word in TYPE_WORDS.items()}
_RESTRICTIONS = {word: bit for bit, word in RESTRICTION_WORDS.items()}
_KINDS = {word: kind for kind, word in ACCOUNT_KIND_WORDS.items()}
CALENDAR_NAMES = {
    terms.WEEKDAYS: "weekdays",
    terms.ALWAYS: "always",
    terms.EXCHANGE: "exchange",
}


def micros(text: str) -> int:
    """Dollars as text to micro-dollars."""
    return parse_decimal(text, CASH_SCALE)


class World:
    """An engine with listed instruments, one account, and a journal of what it was sent.

    It begins on day 1 at 10:00, with all sessions open.
    """

    def __init__(
        self,
        instruments: tuple[Instrument, ...] = terms.INSTRUMENTS,
        profiles: tuple[VenueProfile, ...] = terms.PROFILES,
        fees: tuple[f.FeesScheduled, ...] = terms.FEES,
        sessions: Mapping[int, tuple[Session, ...]] = terms.SESSIONS,
        limits: Limits = terms.LIMITS,
        cash: str = "100000",
        profile: str = "ideal",
        begins: str = "day 1 10:00:00",
        credit: tuple[f.MarginTermsSet | f.BorrowTermsSet, ...] = (),
        kind: str = "cash",
    ) -> None:
        self.engine = Engine()
        self.journal: list[tuple[int, int, Input]] = []
        self.events: list[Event] = []
        self.orders: list[int] = []
        self.accounts: list[int] = []
        self.fills: dict[int, list[tuple[int, int]]] = {}
        self.instruments = {instrument.symbol: instrument for instrument in instruments}
        self._seq = 0
        self._serial = 0
        self.ts = self.time_of(begins)
        self.send(f.WorldCreated("0123456789abcdef0123456789abcdef", 7))
        self.send(f.LimitsSet(limits))
        self._profiles = {p.name: p.profile_id for p in profiles}
        for defined in profiles:
            self.send(f.ProfileDefined(defined))
        for schedule in fees:
            self.send(schedule)
        for calendar_id, days in sessions.items():
            self.send(f.SessionsScheduled(calendar_id, CALENDAR_NAMES[calendar_id], days))
        for instrument in instruments:
            self.send(f.InstrumentListed(instrument))
        for lent in credit:
            self.send(lent)
        self.open_account(cash, profile, kind=kind)

    # Time and the journal.

    def time_of(self, text: str) -> int:
        """``day 2 09:30:00`` or ``09:30:00`` of the current day, in nanoseconds."""
        words = text.split()
        midnight = self.ts - (self.ts - terms.EPOCH) % terms.DAY if self._seq else terms.EPOCH
        if words[0] == "day":
            midnight = terms.EPOCH + int(words[1]) * terms.DAY
        hours, minutes, seconds = words[-1].split(":")
        whole = (int(hours) * 60 + int(minutes)) * 60
        return midnight + whole * terms.SECOND + parse_decimal(seconds, 9)

    def send(self, message: Input) -> list[Any]:
        """Journal and apply one input, a millisecond after the one before."""
        self._seq += 1
        self.ts += 1_000_000
        return self._apply(message)

    def _apply(self, message: Input) -> list[Any]:
        out: list[Event] = []
        self.journal.append((self._seq, self.ts, message))
        self.engine.apply(self._seq, self.ts, message, out)
        self.events.extend(out)
        self.orders.extend(event.order_id for event in out if isinstance(event, OrderAccepted))
        for index, event in enumerate(out):
            if isinstance(event, OrderFilled):
                self.fills.setdefault(event.order_id, []).append((self._seq, index))
        assert list(decode_events(encode(tuple(out)))) == out
        return out

    def lot(self, text: str) -> tuple[int, int]:
        """The name of the lot that an order opened: ``#2``, or ``#2.3`` for its third fill; one
        that is not there for an order without fills.
        """
        number, _, fill = text.removeprefix("#").partition(".")
        fills = self.fills.get(self.orders[int(number) - 1], [(1, 0)])
        return fills[int(fill or "1") - 1]

    def _chosen(self, instrument: Instrument, lots: str) -> tuple[tuple[int, int, int], ...]:
        """``#1x5,#2.3x10``: quantities of lots."""
        chosen = []
        for each in lots.split(",") if lots else []:
            name, _, qty = each.partition("x")
            chosen.append((*self.lot(name), parse_decimal(qty, instrument.qty_scale)))
        return tuple(chosen)

    def tick(self, text: str) -> list[Any]:
        """Let the clock reach a time."""
        self.ts = self.time_of(text)
        self._seq += 1
        return self._apply(f.ClockTick())

    def wait(self, seconds: str) -> None:
        """Let time pass without an input."""
        self.ts += parse_decimal(seconds, 9)

    def restart(self) -> None:
        """Go on with an engine restored from this one's snapshot, through its bytes."""
        self.engine = Engine(decode_state(encode(self.engine.snapshot())))

    # Facts.

    def quote(self, symbol: str, bid: str, ask: str) -> list[Any]:
        """A quote written ``99.90x300``; ``-`` for a side that is missing."""
        instrument = self.instruments[symbol]
        sides: list[tuple[int, int]] = []
        for side in (bid, ask):
            price, _, size = ("0x0" if side == "-" else side).partition("x")
            sides.append(
                (
                    parse_decimal(price, instrument.price_scale),
                    parse_decimal(size or "1000", instrument.qty_scale),
                )
            )
        (bid_price, bid_qty), (ask_price, ask_qty) = sides
        ts = self.ts + 1_000_000
        return self.send(
            f.Quote(instrument.instrument_id, bid_price, ask_price, bid_qty, ask_qty, ts)
        )

    def trade(self, symbol: str, price: str, qty: str = "1") -> list[Any]:
        """A trade printed by the market."""
        instrument = self.instruments[symbol]
        ts = self.ts + 1_000_000
        size = parse_decimal(qty, instrument.qty_scale)
        return self.send(
            f.Trade(
                instrument.instrument_id, parse_decimal(price, instrument.price_scale), size, ts
            )
        )

    def halt(self, symbol: str, halted: bool) -> list[Any]:
        """Halt trading in a symbol, or let it go on."""
        return self.send(f.TradingHalted(self.instruments[symbol].instrument_id, halted, "news"))

    def auction(self, symbol: str, which: str, price: str, qty: str = "1000") -> list[Any]:
        """An auction's print; ``which``: ``opening`` or ``closing``."""
        instrument = self.instruments[symbol]
        kind = Auction.OPENING if which == "opening" else Auction.CLOSING
        return self.send(
            f.AuctionPrint(
                instrument.instrument_id,
                kind,
                parse_decimal(price, instrument.price_scale),
                parse_decimal(qty, instrument.qty_scale),
                self.ts + 1_000_000,
            )
        )

    def define(self, profile: VenueProfile) -> list[Any]:
        """Define a profile or a new version of one."""
        self._profiles[profile.name] = profile.profile_id
        return self.send(f.ProfileDefined(profile))

    # Commands.

    def _stops(
        self, instrument: Instrument, stop: str, trail: str, until: str
    ) -> tuple[int, int, int, int]:
        """Stop price, trail as an amount, trail in millionths, and expiry."""
        percent = trail.endswith("%")
        return (
            parse_decimal(stop, instrument.price_scale) if stop else 0,
            parse_decimal(trail, instrument.price_scale) if trail and not percent else 0,
            parse_decimal(trail[:-1], 4) if percent else 0,
            self.time_of(until) if until else 0,
        )

    def _exits(self, instrument: Instrument, tp: str, sl: str) -> tuple[int, int, int, int, int]:
        """Take-profit; stop-loss as stop, limit, trail as an amount and in millionths."""
        scale = instrument.price_scale
        profit = parse_decimal(tp, scale) if tp else 0
        if sl.startswith("~"):
            _, trail, ppm, _ = self._stops(instrument, "", sl[1:], "")
            return profit, 0, 0, trail, ppm
        stop, _, limit = sl.partition("/")
        return (
            profit,
            parse_decimal(stop, scale) if stop else 0,
            parse_decimal(limit, scale) if limit else 0,
            0,
            0,
        )

    def _keys(self, order_id: str, key: str, body: str) -> tuple[str, str, bytes]:
        self._serial += 1
        if body == "none":
            return order_id, key, c.NO_DIGEST
        return order_id, key, (body or str(self._serial)).encode().ljust(16, b".")

    def open_account(
        self, cash: str, profile: str = "ideal", owner: str = "ann", kind: str = "cash"
    ) -> list[Any]:
        """Open one more account; accounts are counted from 1."""
        self._serial += 1
        key = f"registration-{self._serial}"
        events = self.send(
            c.OpenAccount(
                owner,
                "Main",
                self._profiles[profile],
                micros(cash),
                key,
                key.encode(),
                _KINDS[kind],
            )
        )
        self.accounts.append(self._seq)
        return events

    def order(
        self,
        side: str,
        qty: str,
        symbol: str,
        limit: str = "",
        tif: str = "day",
        account: int = 1,
        client_order_id: str = "",
        key: str = "",
        body: str = "",
        stop: str = "",
        trail: str = "",
        until: str = "",
        order_class: str = "",
        tp: str = "",
        sl: str = "",
        ext: str = "",
        locate: str = "",
        lots: str = "",
        reduce: str = "",
        post: str = "",
    ) -> list[Any]:
        """Place an order: market without ``limit``; ``$500`` as quantity is a notional amount.

        ``stop`` makes it a stop or stop-limit order; ``trail``, as ``2.00`` or ``1.5%``, a trailing
        stop; ``until`` (a time as ``tick`` takes it) is the end of a ``gtd`` order. ``tp`` and
        ``sl`` are the exits of ``order_class``: ``95.00``, ``95.00/94.50`` with a limit, ``~2.00``
        or ``~1.5%`` to trail. ``ext``, if not empty, lets it trade in extended hours; ``locate``
        lets it borrow what is hard to borrow; ``lots``, as ``#1x5,#2x3``, are those it chooses.
        ``reduce`` and ``post``, if not empty, make it reduce-only and post-only.
        """
        instrument = self.instruments[symbol]
        notional = qty.startswith("$")
        kind = OrderType.LIMIT if limit else OrderType.MARKET
        if trail:
            kind = OrderType.TRAILING_STOP
        elif stop:
            kind = OrderType.STOP_LIMIT if limit else OrderType.STOP
        return self.send(
            c.PlaceOrder(
                self.accounts[account - 1],
                instrument.instrument_id,
                _SIDES[side],
                kind,
                _TIMES_IN_FORCE[tif],
                0 if notional else parse_decimal(qty, instrument.qty_scale),
                parse_decimal(limit, instrument.price_scale) if limit else 0,
                micros(qty[1:]) if notional else 0,
                *self._keys(client_order_id, key, body),
                *self._stops(instrument, stop, trail, until),
                _CLASSES.get(order_class or "simple", 9),
                *self._exits(instrument, tp, sl),
                bool(ext),
                bool(locate),
                self._chosen(instrument, lots),
                bool(reduce),
                bool(post),
            )
        )

    def buy(self, qty: str, symbol: str, limit: str = "", tif: str = "day") -> list[Any]:
        """Buy for the first account."""
        return self.order("buy", qty, symbol, limit, tif)

    def sell(self, qty: str, symbol: str, limit: str = "", tif: str = "day") -> list[Any]:
        """Sell for the first account."""
        return self.order("sell", qty, symbol, limit, tif)

    def cancel(self, number: int, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Cancel an order; orders are counted from 1 as they were accepted."""
        _, key, digest = self._keys("", key, body)
        order_id = self.orders[number - 1]
        return self.send(c.CancelOrder(self.accounts[account - 1], order_id, key, digest))

    def cancel_all(self, symbol: str = "", account: int = 1, key: str = "") -> list[Any]:
        """Cancel every open order, or those of one symbol."""
        instrument_id = self.instruments[symbol].instrument_id if symbol else 0
        _, key, digest = self._keys("", key, "")
        return self.send(c.CancelAllOrders(self.accounts[account - 1], instrument_id, key, digest))

    def replace(
        self,
        number: int,
        qty: str = "",
        limit: str = "",
        tif: str = "",
        account: int = 1,
        client_order_id: str = "",
        key: str = "",
        body: str = "",
        stop: str = "",
        trail: str = "",
        until: str = "",
    ) -> list[Any]:
        """Replace an order; what is left out is taken over."""
        order_id = self.orders[number - 1]
        accepted = next(
            e for e in self.events if isinstance(e, OrderAccepted) and e.order_id == order_id
        )
        instrument = next(
            i for i in self.instruments.values() if i.instrument_id == accepted.instrument_id
        )
        return self.send(
            c.ReplaceOrder(
                self.accounts[account - 1],
                order_id,
                parse_decimal(qty, instrument.qty_scale) if qty else 0,
                parse_decimal(limit, instrument.price_scale) if limit else 0,
                _TIMES_IN_FORCE[tif] if tif else 0,
                *self._keys(client_order_id, key, body),
                *self._stops(instrument, stop, trail, until),
            )
        )

    def close(
        self,
        symbol: str,
        qty: str = "",
        cancel_orders: bool = False,
        account: int = 1,
        client_order_id: str = "",
        key: str = "",
        body: str = "",
    ) -> list[Any]:
        """Close a position, or part of it."""
        instrument = self.instruments[symbol]
        return self.send(
            c.ClosePosition(
                self.accounts[account - 1],
                instrument.instrument_id,
                parse_decimal(qty, instrument.qty_scale) if qty else 0,
                cancel_orders,
                *self._keys(client_order_id, key, body),
            )
        )

    def protect(
        self,
        symbol: str,
        tp: str = "",
        sl: str = "",
        qty: str = "",
        tif: str = "gtc",
        until: str = "",
        account: int = 1,
        client_order_id: str = "",
        key: str = "",
        body: str = "",
    ) -> list[Any]:
        """Put exits on a position; with neither ``tp`` nor ``sl``, take those off that it has."""
        instrument = self.instruments[symbol]
        return self.send(
            c.SetProtection(
                self.accounts[account - 1],
                instrument.instrument_id,
                parse_decimal(qty, instrument.qty_scale) if qty else 0,
                _TIMES_IN_FORCE[tif],
                *self._exits(instrument, tp, sl),
                *self._keys(client_order_id, key, body),
                self.time_of(until) if until else 0,
            )
        )

    def deposit(self, amount: str, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Put cash in."""
        _, key, digest = self._keys("", key, body)
        return self.send(c.DepositCash(self.accounts[account - 1], micros(amount), key, digest))

    def withdraw(self, amount: str, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Take cash out."""
        _, key, digest = self._keys("", key, body)
        return self.send(c.WithdrawCash(self.accounts[account - 1], micros(amount), key, digest))

    def reset(self, amount: str, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Start the account again."""
        _, key, digest = self._keys("", key, body)
        return self.send(c.ResetAccount(self.accounts[account - 1], micros(amount), key, digest))

    def use_profile(self, name: str, account: int = 1, key: str = "") -> list[Any]:
        """Choose the account's realism profile; a name nobody defined is number 9."""
        _, key, digest = self._keys("", key, "")
        profile_id = self._profiles.get(name, 9)
        return self.send(c.SetAccountProfile(self.accounts[account - 1], profile_id, key, digest))

    def use_method(self, name: str, account: int = 1, key: str = "") -> list[Any]:
        """Choose the account's lot method; a word nobody knows is number 9."""
        _, key, digest = self._keys("", key, "")
        method = _METHODS.get(name, 9)
        return self.send(c.SetLotMethod(self.accounts[account - 1], method, key, digest))

    def restrict(self, *words: str, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Restrict the account, ``no_shorting``, or (``-no_shorting``) allow it again."""
        _, key, digest = self._keys("", key, body)
        sets = [0, 0]
        for word in words:
            sets[word.startswith("-")] |= _RESTRICTIONS.get(word.lstrip("-"), 8)
        return self.send(c.SetAccountRestrictions(self.accounts[account - 1], *sets, key, digest))

    def limit(
        self,
        *words: str,
        account: int = 1,
        key: str = "",
        body: str = "",
        **most: str,
    ) -> list[Any]:
        """Limit an account's owner: the types and symbols allowed, and the most ``order``,
        ``orders`` and ``leverage``; what nobody knows is number 9 of the types.
        """
        _, key, digest = self._keys("", key, body)
        types = tuple(int(_TYPES.get(w, 9)) for w in words if not w.isupper())
        symbols = tuple(
            self.instruments[w].instrument_id if w in self.instruments else 99
            for w in words
            if w.isupper()
        )
        limits = AccountLimits(
            micros(most.get("order", "0")),
            int(most.get("orders", "0")),
            parse_decimal(most.get("leverage", "0"), 2),
            types,
            symbols,
        )
        return self.send(c.SetAccountLimits(self.accounts[account - 1], limits, key, digest))

    def freeze(self, word: str, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Freeze trading (``on``) for an account's owner, or (``off``) allow it again."""
        _, key, digest = self._keys("", key, body)
        return self.send(c.SetTradingFreeze(self.accounts[account - 1], word == "on", key, digest))

    def plan(self, word: str, account: int = 1, **asked: Any) -> list[Any]:
        """Plan an outcome; fields as in ``PlanOutcome``."""
        plan = {told: number for number, told in PLAN_WORDS.items()}.get(word, 99)
        _, key, digest = self._keys("", asked.pop("key", ""), asked.pop("body", ""))
        account_id = self.accounts[account - 1]
        return self.send(c.PlanOutcome(account_id, plan, key, digest, **asked))

    def forget(self, rule_id: int, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Forget a planned outcome, or (0) all of them."""
        _, key, digest = self._keys("", key, body)
        return self.send(c.ForgetOutcomes(self.accounts[account - 1], rule_id, key, digest))

    def release(self, number: int, account: int = 1, key: str = "", body: str = "") -> list[Any]:
        """Let an order go on that is held back."""
        _, key, digest = self._keys("", key, body)
        order_id = self.orders[number - 1]
        return self.send(c.ReleaseOrder(self.accounts[account - 1], order_id, key, digest))

    def use_kind(self, kind: str, account: int = 1, key: str = "") -> list[Any]:
        """Make an account a cash or a margin account; a word nobody knows is number 9."""
        _, key, digest = self._keys("", key, "")
        account_id = self.accounts[account - 1]
        return self.send(c.SetAccountKind(account_id, _KINDS.get(kind, 9), key, digest))

    def lend(
        self, symbol: str, shortable: bool, easy: bool, rate_ppm: int, available: str
    ) -> list[Any]:
        """Say how a symbol can be borrowed."""
        instrument = self.instruments[symbol]
        qty = parse_decimal(available, instrument.qty_scale)
        return self.send(f.BorrowTermsSet(instrument.instrument_id, shortable, easy, rate_ppm, qty))

    def mark(self, symbol: str, price: str) -> list[Any]:
        """The mark, and the index, of a perpetual contract."""
        instrument = self.instruments[symbol]
        mark = parse_decimal(price, instrument.price_scale)
        return self.send(f.MarkPrice(instrument.instrument_id, mark, mark, self.ts + 1_000_000))

    def fund(self, symbol: str, rate: str) -> list[Any]:
        """Let funding be paid at a rate as ``0.01%``."""
        rate_e9 = parse_decimal(rate.removesuffix("%"), 7)
        instrument_id = self.instruments[symbol].instrument_id
        return self.send(f.FundingRate(instrument_id, rate_e9, self.ts + 1_000_000))

    def leverage(
        self, symbol: str, leverage: str, mode: str = "cross", account: int = 1, key: str = ""
    ) -> list[Any]:
        """Choose the leverage and the mode, ``cross`` or ``isolated``."""
        _, key, digest = self._keys("", key, "")
        return self.send(
            c.SetLeverage(
                self.accounts[account - 1],
                self.instruments[symbol].instrument_id,
                int(leverage),
                mode == "isolated",
                key,
                digest,
            )
        )

    # What the engine holds now.

    def account(self, number: int = 1) -> AccountState:
        """An account's state."""
        return next(
            a for a in self.engine.snapshot().accounts if a.account_id == self.accounts[number - 1]
        )

    def position(self, symbol: str, account: int = 1) -> PositionState:
        """A position's state; one that was never held is all zero."""
        instrument_id = self.instruments[symbol].instrument_id
        for position in self.account(account).positions:
            if position.instrument_id == instrument_id:
                return position
        return PositionState(instrument_id, 0, 0, 0, 0)

    def book(self, symbol: str) -> BookState:
        """What the engine knows of an instrument."""
        instrument_id = self.instruments[symbol].instrument_id
        books = self.engine.snapshot().books
        return next(b for b in books if b.instrument.instrument_id == instrument_id)

    def open_order(self, number: int) -> OrderState:
        """An open order's state."""
        order_id = self.orders[number - 1]
        return next(o for o in self.engine.snapshot().orders if o.order_id == order_id)

    def cash(self, account: int = 1) -> str:
        """An account's cash in dollars."""
        return format_cash(self.account(account).cash_micros)

    def held(self, account: int = 1) -> str:
        """What an account's open orders hold, in dollars."""
        return format_cash(self.account(account).held_micros)

    def house(self, book: int) -> int:
        """Balance of one of the house's books, in micro-dollars."""
        return int(dict(self.engine.snapshot().house).get(book, "0"))

    def audit(self) -> None:
        """Check everything that must hold after any test."""
        snapshot: EngineState = self.engine.snapshot()
        audit_state(snapshot)
        again = Engine()
        events: list[Event] = []
        for seq, ts, message in self.journal:
            again.apply(seq, ts, message, events)
        assert events == self.events, "a replay of the journal gives other events"
        assert again.state_hash() == self.engine.state_hash(), "a replay gives another state"
        audit_future(self.engine, seed=len(self.journal))


@contextmanager
def audited_worlds() -> Iterator[Callable[..., World]]:
    """A maker of worlds, each of which is audited when the test is over."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        world = World(**settings)
        made.append(world)
        return world

    yield make
    for world in made:
        world.audit()
