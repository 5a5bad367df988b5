"""Lots and the tax report on real daily prices, beside shares that are kept one by one.

Promises: the prices are read from the files with the standard library; every share has its own
price, day and history, in fractions. Must not know: how lots are kept.
"""

import zipfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random

from stockyard.model.instruments import Session
from stockyard.projections.tax_report import tax_lines
from tests import engine_terms as terms
from tests.engine_world import World
from tests.recorded.bars import NEW_YORK

SYMBOLS = ("AAPL", "SPY")
DAILY = "equity/usa/daily/{}.zip"
FIRST = date(2005, 1, 1)
METHODS = ("fifo", "lifo", "hifo")
NEAR = Fraction(1, 100)
"""Dollars that rounding to micro-dollars may make of many lines."""


@dataclass(eq=False)
class Share:
    """One share, whom it belongs to, and what wash sales did to it."""

    account: int
    symbol: str
    lot: int
    price: Fraction
    since: date
    opened: date
    added: Fraction = Fraction(0)
    used: int = 0


def closes(root: Path, symbol: str) -> dict[date, int]:
    """Each day's close, in ten-thousandths of a dollar."""
    with zipfile.ZipFile(root / DAILY.format(symbol.lower())) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    rows = [line.split(",") for line in text.splitlines()]
    found = {datetime.strptime(row[0][:8], "%Y%m%d").date(): int(row[4]) for row in rows}
    return {day: price for day, price in found.items() if day >= FIRST}


class Shares:
    """Everything bought, share by share. ``sums``: per sale economic, added, disallowed, taxable,
    and how many of its shares were long-term.
    """

    def __init__(self, buys: list[tuple[int, str, int, Fraction, date, int]]) -> None:
        self.lots: dict[int, list[Share]] = {}
        for lot, symbol, account, price, day, qty in buys:
            self.lots[lot] = [Share(account, symbol, lot, price, day, day) for _ in range(qty)]
        self._used = 0

    def sell(
        self, account: int, symbol: str, price: Fraction, day: date, qty: int, method: str, at: int
    ) -> tuple[Fraction, ...]:
        """Sell by a method what was bought before ``at``."""
        mine = [
            share
            for lot, shares in self.lots.items()
            for share in shares
            if lot < at and (share.account, share.symbol) == (account, symbol)
        ]
        orders = {
            "fifo": lambda x: (x.lot, x.used == 0, x.used),
            "lifo": lambda x: (-x.lot, x.used == 0, x.used),
            "hifo": lambda x: (-x.price, x.lot, x.used == 0, x.used),
        }
        sold = sorted(mine, key=orders[method])[:qty]
        for share in sold:
            self.lots[share.lot].remove(share)
        sums = [Fraction(0)] * 5
        for share in sold:
            earned = price - share.price
            lost = max(Fraction(0), share.added - earned)
            other = self._replacement(share, day) if lost else None
            if other is not None:
                self._used += 1
                other.used, other.added = self._used, other.added + lost
                other.since = other.opened - (day - share.since)
            moved = lost if other is not None else Fraction(0)
            begins = share.since + timedelta(days=1)
            long = (day.year - 1, day.month, day.day) >= (begins.year, begins.month, begins.day)
            told = (earned, share.added, moved, earned - share.added + moved, Fraction(long))
            sums = [a + b for a, b in zip(sums, told, strict=True)]
        return tuple(sums)

    def _replacement(self, sold: Share, day: date) -> Share | None:
        for lot in sorted(self.lots):
            for share in self.lots[lot]:
                near = abs((share.opened - day).days) <= 30
                if share.symbol == sold.symbol and near and lot != sold.lot and not share.used:
                    return share
        return None


def compare(root: Path, method: str) -> tuple[list[str], str]:
    """Trade real days in two accounts of one owner and compare every sale; what is wrong."""
    prices = {symbol: closes(root, symbol) for symbol in SYMBOLS}
    instruments = tuple(
        terms.stock(number, symbol, calendar_id=terms.ALWAYS)
        for number, symbol in enumerate(SYMBOLS, 1)
    )
    always = (Session(-9_000 * terms.DAY + terms.EPOCH, terms.EPOCH + 9_000 * terms.DAY),)
    world = World(
        instruments=instruments, sessions={terms.ALWAYS: always}, begins="day -8999 10:00:00"
    )
    world.open_account("100000")
    for account in (1, 2):
        world.use_method(method, account=account)
    random, moves = Random(method), []
    held: dict[tuple[int, str], int] = {}
    buys: list[tuple[int, str, int, Fraction, date, int]] = []
    sales: list[tuple[int, str, Fraction, date, int, int]] = []
    for day in sorted(prices["AAPL"].keys() & prices["SPY"].keys()):
        close = datetime(day.year, day.month, day.day, 15, 59, tzinfo=NEW_YORK)
        world.ts = int(close.timestamp()) * terms.SECOND
        for symbol in SYMBOLS:
            tenths = prices[symbol][day]
            price, text = Fraction(tenths, 10_000), f"{tenths // 10_000}.{tenths % 10_000:04}"
            for account in (1, 2):
                if random.random() > 0.12:
                    continue
                has = held.get((account, symbol), 0)
                selling = has > 12 or (has > 0 and random.random() < 0.45)
                qty = random.randrange(1, has + 1) if selling else random.randrange(1, 7)
                world.quote(symbol, text, text)
                side = "sell" if selling else "buy"
                out = world.order(side, str(qty), symbol, account=account)
                seq = world.engine.seq
                assert [type(x).__name__ for x in out] == ["OrderAccepted", "OrderFilled"], out
                moves.append((seq, 1, world.ts, out[1]))
                held[account, symbol] = has + (-qty if selling else qty)
                if selling:
                    sales.append((account, symbol, price, day, qty, seq))
                else:
                    buys.append((seq, symbol, account, price, day, qty))
    shares = Shares(buys)
    wrong = []
    total = Fraction(0)
    lines = tax_lines(moves, frozenset())
    for account, symbol, price, day, qty, seq in sales:
        wanted = shares.sell(account, symbol, price, day, qty, method, seq)
        mine = [line for line in lines if line.closing[0] == seq]
        found = [
            Fraction(sum(getattr(line, name) for line in mine), terms.DOLLAR)
            for name in ("economic", "adjustment", "disallowed", "taxable")
        ]
        found.append(Fraction(sum(line.qty for line in mine if line.long_term), 10**9))
        total += wanted[2]
        if found[0] != wanted[0] or any(
            abs(a - b) > NEAR for a, b in zip(found, wanted, strict=True)
        ):
            wrong.append(f"{day} sold {qty} {symbol}: {found}, not {wanted}")
    world.audit()
    return wrong, f"{len(buys)} lots, {len(sales)} sales, ${float(total):.2f} washed"
