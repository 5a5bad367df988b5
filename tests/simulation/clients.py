"""The clients of a simulated market: what they want, and how they retry.

Promises: draws only from the generator it is handed; knows only what the world answered and showed.
Must not know: storage, crashes, or what is right.
"""

from hashlib import sha256
from random import Random

import msgspec

from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model.bounds import AccountLimits
from stockyard.model.codec import encode
from stockyard.model.codes import (
    AUCTION_TIMES,
    PART_WORDS,
    PLAN_WORDS,
    STOP_TYPES,
    TYPE_WORDS,
    AccountKind,
    AssetClass,
    OrderClass,
    OrderType,
    Plan,
    Reason,
    Side,
    Status,
    TimeInForce,
)
from stockyard.model.denials import DenyCode
from stockyard.model.numbers import INT_MAX
from stockyard.model.order_types import AT_ONCE
from stockyard.projections.view import QuoteRow, View
from stockyard.runtime.writer import Outcome

DOLLAR = 1_000_000
SECOND = 10**9
REMEMBERED = 40
PROFILE_IDS = (1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 9)
TIMES = (
    *(TimeInForce.DAY,) * 4,
    *(TimeInForce.GTC,) * 2,
    *(TimeInForce.IOC, TimeInForce.FOK) * 2,
    *AUCTION_TIMES,
)
DELAYED = (Plan.DELAY, Plan.CANCEL, Plan.EXPIRE)
RESTRICTING = ((0, 7), (0, 7), (1, 0), (2, 0), (4, 0), (2, 2), (9, 0))
"""Restrictions to make and to lift."""

BAD_NUMBERS = (-1, 0, 1, 2**53 + 1, 2**62 - 1)
KEYED = ("idempotency_key", "client_order_id", "registration_key")


def keys_of(command: c.Command) -> tuple[str, ...]:
    """The keys under which a command may be repeated, empty ones left out."""
    return tuple(key for name in KEYED if (key := getattr(command, name, "")))


class Clients:
    """Several clients over several accounts, as one who draws for them all."""

    def __init__(self) -> None:
        self.accounts: list[int] = []
        self._orders: list[tuple[int, int]] = []
        self._sent: list[c.Command] = []
        self._lost: list[c.Command] = []
        self._serial = 0

    def next_command(self, random: Random, view: View) -> c.Command:
        """Draw what a client sends now."""
        draw = random.random()
        if not self.accounts or draw < 0.02:
            command = self._open_account(random)
        elif draw < 0.16 and self._lost:
            return self._lost.pop(random.randrange(len(self._lost)))
        elif draw < 0.24 and self._sent:
            return self._retry(random)
        else:
            command = self._fresh(random, view)
        if keys_of(command):
            self._sent = [*self._sent[-REMEMBERED:], command]
        return command

    def unanswered(self, command: c.Command) -> None:
        """Remember to ask again about a command with a key whose answer never came."""
        if keys_of(command):
            self._lost.append(command)

    def learn(self, outcome: Outcome) -> None:
        """Learn the account and order ids in an answer."""
        for event in outcome.events:
            if isinstance(event, e.AccountOpened) and event.account_id not in self.accounts:
                self.accounts.append(event.account_id)
            elif isinstance(event, e.OrderAccepted):
                self._orders = [*self._orders[-REMEMBERED:], (event.account_id, event.order_id)]

    def known_order(self, random: Random) -> tuple[int, int] | None:
        """Account and number of an order some client has been told of."""
        return random.choice(self._orders) if self._orders else None

    def _retry(self, random: Random) -> c.Command:
        """Send something again: mostly the same, sometimes another body under the same key."""
        command = random.choice(self._sent)
        if random.random() < 0.75:
            return command
        return msgspec.structs.replace(command, digest=bytes(random.randbytes(16)))

    def _fresh(self, random: Random, view: View) -> c.Command:
        if random.random() < 0.12:
            return self._contract(random, view)
        if random.random() < 0.06:
            return self._churn(random, view)
        if random.random() < 0.05:
            return self._outcome(random, view)
        draw = random.random()
        if draw < 0.10:
            return self._lever(random, view)
        if draw < 0.58:
            return self._place(random, view)
        if draw < 0.68:
            return self._cancel(random, view)
        if draw < 0.80:
            return self._replace(random, view)
        if draw < 0.85:
            return self._close(random, view)
        if draw < 0.90:
            return self._protect(random, view)
        return self._money(random)

    def _signed(self, random: Random, command: c.Command, key_chance: float) -> c.Command:
        """Give a command its keys, and the digest of what it says without them."""
        self._serial += 1
        changes: dict[str, object] = {"digest": sha256(encode(command)).digest()[:16]}
        if random.random() < key_chance:
            changes["idempotency_key"] = f"key-{self._serial}"
        if hasattr(command, "client_order_id") and random.random() < 0.6:
            changes["client_order_id"] = f"order-{self._serial}"
        return msgspec.structs.replace(command, **changes)

    def _account(self, random: Random) -> int:
        return random.choice(self.accounts) if random.random() < 0.995 else 3

    def _instrument(
        self, random: Random, view: View, contracts: bool = True
    ) -> tuple[int, QuoteRow]:
        offered = [
            key
            for key, terms in view.instruments.items()
            if contracts or terms.asset_class != AssetClass.CRYPTO_PERP
        ]
        instrument_id = random.choice(sorted(offered))
        return instrument_id, view.quotes[instrument_id]

    def _qty(
        self, random: Random, view: View, instrument_id: int, price: int, most: int = 0
    ) -> int:
        """A quantity worth some dollars, now and then more than anyone shows or has; often, where
        that is said, the ``most`` an account can have.
        """
        if random.random() < 0.02:
            return random.choice(BAD_NUMBERS)
        instrument = view.instruments[instrument_id]
        dollars = random.choice((20, 900, 900, 900, 6_000, 6_000, 30_000, 300_000, 2_000_000))
        unit: int = 10**instrument.qty_scale
        if most and random.random() < 0.4:
            dollars = most
        qty: int = dollars * unit * 10**instrument.price_scale // max(price, 1)
        if qty > unit and random.random() < 0.7:
            qty -= qty % unit
        lot = instrument.lot
        if lot > 1 and random.random() < 0.9:
            qty = max(qty - qty % lot, lot)
        return min(max(qty, 1), INT_MAX)

    def _price(self, random: Random, view: View, instrument_id: int, near: int) -> int:
        if random.random() < 0.02:
            return random.choice(BAD_NUMBERS)
        tick = view.instruments[instrument_id].tick
        offset = random.choice((-40, -4, -2, -1, 0, 0, 1, 2, 4, 40, 4_000))
        return max(near - near % tick + offset * tick, tick)

    def _held(self, account_id: int, view: View) -> dict[int, int]:
        """The sides that close its positions."""
        positions = view.positions.get(account_id, {})
        sides = {row.instrument_id: row.qty for row in positions.values() if row.qty}
        return {key: Side.SELL if qty > 0 else Side.BUY for key, qty in sides.items()}

    def _place(self, random: Random, view: View) -> c.Command:
        account_id = self._account(random)
        instrument_id, quote = self._instrument(random, view)
        held = self._held(account_id, view)
        account = view.accounts.get(account_id)
        lends = account is not None and account.kind == AccountKind.MARGIN
        if not lends and random.random() < 0.9:
            instrument_id, quote = self._instrument(random, view, contracts=False)
        side = Side.SELL if random.random() < (0.35 if lends else 0.03) else Side.BUY
        if held and random.random() < 0.5:
            instrument_id = random.choice(list(held))
            quote, side = view.quotes[instrument_id], held[instrument_id]
        near = (quote.ask if side == Side.BUY else quote.bid) or 1_000_000
        order_type = random.choice((1, 2, 2, 1, 2, 2, *STOP_TYPES))
        most = 0
        if account is not None and held.get(instrument_id) != side:
            marginable = view.instruments[instrument_id].asset_class == AssetClass.US_EQUITY
            tenths = 18 if lends and marginable else 9
            most = max(0, account.cash_micros) * tenths // (10 * DOLLAR)
        qty, notional = self._qty(random, view, instrument_id, near, most), 0
        if lends and side == Side.SELL and qty > 10**9:
            qty -= qty % 10 ** view.instruments[instrument_id].qty_scale
        price = self._price(random, view, instrument_id, near)
        if order_type not in (OrderType.LIMIT, OrderType.STOP_LIMIT):
            price = 0
            if order_type == OrderType.MARKET and random.random() < 0.3:
                qty, notional = 0, random.choice((DOLLAR, 250 * DOLLAR + 1, 90_000 * DOLLAR))
        tif = random.choice(TIMES)
        if random.random() < 0.12 or (order_type in STOP_TYPES and tif > TimeInForce.GTC):
            tif = TimeInForce.GTD
        exits: tuple[int, ...] = (0,) * 6
        if random.random() < 0.15:
            tif = TimeInForce.GTC if tif in AT_ONCE else tif
            closes = held.get(instrument_id) == side
            exits = self._exits(random, view, instrument_id, side, price, closes)
        extended = order_type == OrderType.LIMIT and random.random() < 0.2
        command = c.PlaceOrder(
            account_id, instrument_id, side, order_type, tif, qty, price, notional, "", "", b"",
            *self._stops(random, view, instrument_id, side, order_type),
            self._expiry(random, view) if tif == TimeInForce.GTD else 0,
            *exits,
            extended and not any(exits),
            random.random() < 0.8,
        )  # fmt: skip
        return self._signed(random, command, 0.4)

    def _lever(self, random: Random, view: View) -> c.Command:
        """Go as far as credit reaches, in whole shares: long, or short."""
        lent = [row for row in view.accounts.values() if row.kind == AccountKind.MARGIN]
        rich = [row for row in lent if row.cash_micros > 0]
        stocks = [x for x in view.instruments.values() if x.asset_class == AssetClass.US_EQUITY]
        if not rich:
            return self._place(random, view)
        account, instrument = random.choice(rich), random.choice(stocks)
        quote, side = view.quotes[instrument.instrument_id], random.choice((Side.BUY, Side.SELL))
        dollars = account.cash_micros * 18 // (10 * DOLLAR)
        near = max(quote.ask, quote.bid) or 1_000_000
        shares = dollars * 10**instrument.price_scale // near
        command = c.PlaceOrder(
            account.account_id, instrument.instrument_id, side, OrderType.MARKET, TimeInForce.DAY,
            shares * 10**instrument.qty_scale, 0, 0, "", "", b"",
        )  # fmt: skip
        return self._signed(random, command, 0.4)

    def _churn(self, random: Random, view: View) -> c.Command:
        """Turn a cash account over: sell all it has of a stock, or buy one for all its cash, also
        with what earlier sales have not settled yet.
        """
        owned = [row for row in view.accounts.values() if row.kind == AccountKind.CASH]
        stocks = [x for x in view.instruments.values() if x.asset_class == AssetClass.US_EQUITY]
        if not owned:
            return self._place(random, view)
        account, instrument = owned[0], random.choice(stocks)
        quote = view.quotes[instrument.instrument_id]
        rows = view.positions.get(account.account_id, {}).values()
        mine = [
            row for row in rows if row.qty > 0 and view.instruments[row.instrument_id] in stocks
        ]
        side, which, unit = Side.BUY, instrument.instrument_id, 10**instrument.qty_scale
        dollars = max(account.cash_micros, 0) * 9 // (10 * DOLLAR)
        qty = dollars * 10**instrument.price_scale // (quote.ask or 1_000_000) * unit
        if mine:
            side, which, qty = Side.SELL, mine[0].instrument_id, mine[0].qty
        command = c.PlaceOrder(
            account.account_id, which, side, OrderType.MARKET, TimeInForce.DAY,
            min(max(qty, unit), INT_MAX), 0, 0, "", "", b"",
        )  # fmt: skip
        return self._signed(random, command, 0.4)

    def _contract(self, random: Random, view: View) -> c.Command:
        """Choose a leverage, or go as far as it reaches, long or short; or reduce what there is."""
        [terms] = [x for x in view.instruments.values() if x.asset_class == AssetClass.CRYPTO_PERP]
        lent = [row for row in view.accounts.values() if row.kind == AccountKind.MARGIN]
        account_id = random.choice(lent).account_id if lent else self._account(random)
        if random.random() < 0.3:
            leverage = random.choice((1, 20, 50, 50, 50, terms.leverage_max + 1))
            apart = random.random() < 0.7
            leveraged = c.SetLeverage(account_id, terms.instrument_id, leverage, apart, "", b"")
            return self._signed(random, leveraged, 0.6)
        quote, side = view.quotes[terms.instrument_id], random.choice((Side.BUY, Side.SELL))
        cash = view.accounts[account_id].cash_micros if account_id in view.accounts else 0
        dollars = max(cash, 0) * random.choice((1, 3, 4, 4, 16, 40)) // DOLLAR
        near = (quote.ask if side == Side.BUY else quote.bid) or 1_000_000
        qty = max(1, dollars * 10 ** (terms.qty_scale + terms.price_scale) // near)
        limited = random.random() < 0.4
        held = self._held(account_id, view).get(terms.instrument_id)
        reduces = held is not None and random.random() < 0.4
        if held is not None and random.random() < 0.6:
            side, qty = held, qty // random.choice((2, 5))
        if random.random() < 0.95:
            qty = max(qty - qty % terms.lot, terms.lot)
        command = c.PlaceOrder(
            account_id, terms.instrument_id, side, OrderType.LIMIT if limited else OrderType.MARKET,
            TimeInForce.GTC if limited else TimeInForce.DAY, min(qty, INT_MAX),
            self._price(random, view, terms.instrument_id, near) if limited else 0,
            0, "", "", b"", reduce_only=reduces, post_only=limited and random.random() < 0.4,
        )  # fmt: skip
        return self._signed(random, command, 0.4)

    def _exits(
        self, random: Random, view: View, instrument_id: int, side: int, price: int, closes: bool
    ) -> tuple[int, ...]:
        """A class, and exits that mostly lie where they should: of an entry at ``price``, or, for
        an order that closes, the stop-loss beside it.
        """
        tick = view.instruments[instrument_id].tick
        quote = view.quotes[instrument_id]
        near = price or quote.last_price or quote.bid or 1_000_000
        near -= near % tick
        away = random.choice((1, 2, 10, 60, 400)) * tick
        sign = 1 if side == Side.BUY else -1
        if closes:
            last = (quote.last_price or near) // tick * tick
            return OrderClass.OCO, 0, max(last + sign * away, tick), 0, 0, 0
        profit, loss = max(near + sign * away, tick), max(near - sign * away, tick)
        trail = 0
        if random.random() < 0.25:
            loss, trail = 0, away
        if random.random() < 0.6:
            return OrderClass.BRACKET, profit, loss, 0, trail, 0
        return random.choice(
            ((OrderClass.OTO, profit, 0, 0, 0, 0), (OrderClass.OTO, 0, loss, 0, trail, 0))
        )

    def _protect(self, random: Random, view: View) -> c.Command:
        account_id = self._account(random)
        held = self._held(account_id, view)
        instrument_id, side = self._instrument(random, view)[0], Side.SELL
        if held:
            instrument_id = random.choice(list(held))
            side = held[instrument_id]
        near = view.quotes[instrument_id].last_price
        entry = Side.BUY if side == Side.SELL else Side.SELL
        exits = self._exits(random, view, instrument_id, entry, near, False)[1:]
        qty = self._qty(random, view, instrument_id, near) if random.random() < 0.3 else 0
        command = c.SetProtection(
            account_id, instrument_id, qty, random.choice((TimeInForce.DAY, TimeInForce.GTC)),
            *(exits if random.random() < 0.9 else (0,) * 5), "", "", b"",
        )  # fmt: skip
        return self._signed(random, command, 0.4)

    def _stops(
        self, random: Random, view: View, instrument_id: int, side: int, order_type: int
    ) -> tuple[int, int, int]:
        """Stop price, trail as an amount, trail in millionths: mostly where they should lie."""
        quote, tick = view.quotes[instrument_id], view.instruments[instrument_id].tick
        near = quote.last_price or quote.bid or 1_000_000
        near -= near % tick
        away = random.choice((1, 2, 4, 10, 40, 400)) * tick
        if order_type in (OrderType.STOP, OrderType.STOP_LIMIT):
            away = away if random.random() < 0.95 else -away
            return max(near + away if side == Side.BUY else near - away, tick), 0, 0
        if order_type != OrderType.TRAILING_STOP:
            return 0, 0, 0
        if random.random() < 0.5:
            return 0, away, 0
        return 0, 0, random.choice((100, 500, 2_500, 15_000, 1_000_000))

    def _expiry(self, random: Random, view: View) -> int:
        """Mostly soon, sometimes over or too far away."""
        seconds = random.choice((1, 60, 600, 3_600, 40_000, 40_000, 200_000, 900_000))
        seconds = random.choice((-1, 10**9)) if random.random() < 0.06 else seconds
        return view.ts + seconds * SECOND

    def _order(self, random: Random, view: View) -> tuple[int, int]:
        """Mostly an order that is open, sometimes one that was, sometimes nobody's."""
        account_id = self._account(random)
        open_orders = view.open_orders.get(account_id)
        if open_orders and random.random() < 0.95:
            return account_id, random.choice(list(open_orders))
        known = self.known_order(random)
        mine = [key for key, rows in view.open_orders.items() if rows]
        if mine and random.random() < 0.8:
            account_id = random.choice(mine)
            return account_id, random.choice(list(view.open_orders[account_id]))
        return known if known and random.random() < 0.97 else (self._account(random), 5)

    def _cancel(self, random: Random, view: View) -> c.Command:
        command: c.Command
        account_id, order_id = self._order(random, view)
        if random.random() < 0.15:
            command = c.CancelAllOrders(account_id, 0, "", b"")
        else:
            command = c.CancelOrder(account_id, order_id, "", b"")
        return self._signed(random, command, 0.4)

    def _replace(self, random: Random, view: View) -> c.Command:
        account_id, order_id = self._order(random, view)
        row = view.orders.get(order_id)
        instrument_id = row.instrument_id if row is not None else min(view.instruments)
        near = row.limit_price if row is not None else 0
        qty = self._qty(random, view, instrument_id, near) if random.random() < 0.6 else 0
        price = 0
        if near and random.random() < 0.7:
            price = self._price(random, view, instrument_id, near)
        tif = random.choice((0, 0, TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, 5))
        stops = (0, 0, 0)
        if row is not None and random.random() < 0.5:
            stops = self._stops(random, view, instrument_id, row.side, row.order_type)
        expires = self._expiry(random, view) if tif == TimeInForce.GTD else 0
        command = c.ReplaceOrder(
            account_id, order_id, qty, price, tif, "", "", b"", *stops, expires
        )
        return self._signed(random, command, 0.4)

    def _close(self, random: Random, view: View) -> c.Command:
        account_id = self._account(random)
        held = self._held(account_id, view)
        instrument_id = random.choice([*held] or [self._instrument(random, view)[0]])
        near = view.quotes[instrument_id].bid
        qty = self._qty(random, view, instrument_id, near) if random.random() < 0.3 else 0
        cancels = random.random() < 0.6
        command = c.ClosePosition(account_id, instrument_id, qty, cancels, "", "", b"")
        return self._signed(random, command, 0.5)

    def _outcome(self, random: Random, view: View) -> c.Command:
        """Plan what happens to orders, forget it, or let one go on that is held back."""
        account_id, draw = self._account(random), random.random()
        command: c.Command
        if draw < 0.35:
            held = [key for key in view.orders if view.orders[key].status == Status.PENDING_NEW]
            order_id = random.choice(held[-9:]) if held else self._order(random, view)[1]
            row = view.orders.get(order_id)
            account_id = row.account_id if row is not None else account_id
            return self._signed(random, c.ReleaseOrder(account_id, order_id, "", b""), 0.4)
        if draw < 0.45:
            rule_id = random.choice((0, 0, 0, 0, 7))
            return self._signed(random, c.ForgetOutcomes(account_id, rule_id, "", b""), 0.4)
        plan = random.choice(tuple(PLAN_WORDS))
        instrument_id, quote = self._instrument(random, view)
        scale = view.instruments[instrument_id].price_scale
        near = (quote.bid or quote.ask or 10**scale) * 10**9 // 10**scale
        fills = plan == Plan.FILL
        command = c.PlanOutcome(
            account_id,
            plan,
            "",
            b"",
            code=DenyCode.EXCEEDS_BUYING_POWER if plan == Plan.DENY else 0,
            reason=random.choice((0, Reason.BEYOND_COLLAR)) if plan == Plan.REJECT else 0,
            qty_e9=random.choice((0, 10**9, 5 * 10**9)) if fills else 0,
            price_e9=random.choice((0, 0, near, near * 9 // 10, near * 2)) if fills else 0,
            rest=random.choice((1, 1, 2, 3)) if fills else 0,
            delay_ns=random.choice((1, SECOND, 900 * SECOND)) if plan in DELAYED else 0,
            instrument_id=random.choice((0, 0, instrument_id)),
            side=random.choice((0, 0, Side.BUY, Side.SELL)),
            order_type=random.choice((0, 0, 0, *TYPE_WORDS)),
            part=random.choice((0, 0, *PART_WORDS)) if plan != Plan.DENY else 0,
            order_name=random.choice(("", "", "order-1")),
            prefix=False,
            uses=random.choice((1, 1, 3)),
            expires_ns=random.choice((0, 0, view.ts + 600 * SECOND)),
            note="as planned",
        )
        return self._signed(random, command, 0.4)

    def _money(self, random: Random) -> c.Command:
        account_id = self._account(random)
        amount = random.choice((*BAD_NUMBERS, 1, *(700 * DOLLAR,) * 4, *(20_000 * DOLLAR,) * 4))
        command: c.Command
        draw = random.random()
        if draw < 0.34:
            command = c.DepositCash(account_id, amount, "", b"")
        elif draw < 0.60:
            command = c.WithdrawCash(account_id, amount, "", b"")
        elif draw < 0.72:
            command = c.SetAccountProfile(account_id, random.choice(PROFILE_IDS), "", b"")
        elif draw < 0.78:
            command = self._bound(random, account_id)
        elif draw < 0.81:
            command = c.SetAccountRestrictions(account_id, *random.choice(RESTRICTING), "", b"")
        elif draw < 0.88:
            command = c.SetLotMethod(account_id, random.choice((1, 2, 3, 4, 4, 5)), "", b"")
        elif draw < 0.93:
            command = c.SetAccountKind(account_id, random.choice((1, 2, 2, 3)), "", b"")
        else:
            starting = random.choice((-1, 0, 100_000, 100_000, 100_000, 5_000_000)) * DOLLAR
            command = c.ResetAccount(account_id, starting, "", b"")
        return self._signed(random, command, 0.7)

    @staticmethod
    def _bound(random: Random, account_id: int) -> c.Command:
        """What whoever runs the house decides of an account's owner."""
        if random.random() < 0.4:
            return c.SetTradingFreeze(account_id, random.random() < 0.3, "", b"")
        limits = AccountLimits(
            random.choice((0, 5_000 * DOLLAR, -1)),
            random.choice((0, 0, 20)),
            random.choice((0, 200, 99)),
            random.choice(((), (1, 2), (9,))),
            random.choice(((), (), (1, 2, 3))),
        )
        return c.SetAccountLimits(account_id, limits, "", b"")

    def _open_account(self, random: Random) -> c.Command:
        self._serial += 1
        owner = random.choice(("ann", "ben", "cleo"))
        dollars = random.choice((-1, 0, 5_000, 100_000, 100_000, 100_000, 9_000_000))
        starting = dollars * DOLLAR
        name, key = f"account {self._serial}", f"registration-{self._serial}"
        profile_id, kind = random.choice(PROFILE_IDS), random.choice((1, 2))
        command = c.OpenAccount(owner, name, profile_id, starting, "", b"", kind)
        digest = sha256(encode(command)).digest()[:16]
        return msgspec.structs.replace(command, registration_key=key, digest=digest)
