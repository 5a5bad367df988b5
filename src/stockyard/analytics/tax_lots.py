"""Lots for the tax year: holding periods, wash sales, and both profits of each piece closed.

Promises: pure; the same moves give the same lines; the disallowed losses of all lines and the
adjustments of closed and open lots together differ by nothing but what is still carried by open
lots. Must not know: accounts beyond their numbers, where the moves come from, or how a line is
shown.

Rules, with their sources in the Internal Revenue Code (IRC) and its regulations:

* Term: long when held for more than one year, counted from the day after the purchase (IRC 1222,
  Rev. Rul. 66-7). A short sale bought back is always short-term: what closes it has been held for
  less than a day (Reg. 1.1233-1(a)(3)).
* Wash sale (IRC 1091): a loss is disallowed as far as the same asset was bought within 30 days
  before or after the sale (61 days), in whichever of the owner's accounts; for a loss on a short
  sale, as far as it was sold short again (1091(e)). What was opened first is matched first (Reg.
  1.1091-1(c)), each share once. Shares of the lot that was sold are no replacement for each other
  (Rev. Rul. 56-602); what was opened before the sale is one as far as it is still open then.
* The disallowed loss is added to the replacement's cost, and the time that the sold shares were
  held to its holding period (IRC 1091(d), 1223(3)).
* Assets that are exempt, crypto today, have no wash sales.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

WASH_DAYS: Final = 30
Name = tuple[int, int]
"""Seq and index of an execution."""


class Opened(NamedTuple):
    """A lot as it was opened: cost (of a short one its proceeds) and fees in micro-dollars."""

    name: Name
    account_id: int
    asset: int
    short: bool
    day: date
    qty: int


class Piece(NamedTuple):
    """What a closing took of a lot: ``cost_micros`` what it was opened for, ``value_micros`` what
    closing it came to, ``fees_micros`` of both.
    """

    lot: Name
    qty: int
    cost_micros: int
    value_micros: int
    fees_micros: int


class Closed(NamedTuple):
    """A closing and its pieces; ``gives_up``: nothing was sold, the lots are just gone."""

    name: Name
    account_id: int
    asset: int
    day: date
    pieces: tuple[Piece, ...]
    gives_up: bool = False


class Replaced(NamedTuple):
    """How much of a loss went to which lot."""

    lot: Name
    qty: int
    micros: int


class Line(NamedTuple):
    """One line of the year: a part of a piece whose shares have one history.

    Money in micro-dollars. ``held_since``: the day of the purchase, earlier by what was tacked on.
    ``economic`` is what was earned; ``taxable`` what counts: without ``disallowed``, less
    ``adjustment`` (what earlier wash sales added to its cost). ``replaced`` says where the
    disallowed loss went.
    """

    closing: Name
    lot: Name
    account_id: int
    asset: int
    short: bool
    opened: date
    held_since: date
    closed: date
    qty: int
    proceeds: int
    cost: int
    fees: int
    long_term: bool
    adjustment: int
    disallowed: int
    replaced: tuple[Replaced, ...]

    @property
    def economic(self) -> int:
        """Profit or loss after fees."""
        return self.proceeds - self.cost - self.fees

    @property
    def taxable(self) -> int:
        """Profit or loss for the tax year."""
        return self.economic - self.adjustment + self.disallowed


class _Part:
    """Shares of a lot with one history: what was added to their cost, and days tacked on."""

    def __init__(self, qty: int, added: int, tacked: int, used: bool) -> None:
        self.qty = qty
        self.added = added
        self.tacked = tacked
        self.used = used

    def split(self, qty: int) -> "_Part":
        """Take a quantity off it, with its share of what was added, rounded down."""
        added = self.added * qty // self.qty
        self.qty -= qty
        self.added -= added
        return _Part(qty, added, self.tacked, self.used)


class _Lot:
    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.parts = [_Part(opened.qty, 0, 0, False)]

    def take(self, qty: int) -> list[_Part]:
        """Take shares off: first those that replaced others."""
        taken: list[_Part] = []
        self.parts.sort(key=lambda part: not part.used)
        while qty:
            part = self.parts[0]
            if part.qty <= qty:
                taken.append(self.parts.pop(0))
            else:
                taken.append(part.split(qty))
            qty -= taken[-1].qty
        return taken

    def replace(self, qty: int, days: int) -> _Part | None:
        """Up to ``qty`` shares that replaced none yet, as a part of their own."""
        fresh = [part for part in self.parts if not part.used]
        if not fresh:
            return None
        part = fresh[0].split(min(qty, fresh[0].qty))
        if fresh[0].qty == 0:
            self.parts.remove(fresh[0])
        part.used, part.tacked = True, days
        self.parts.append(part)
        return part


class _Candidates:
    """The lots of one asset and side that may replace others, in the order they were opened.

    A lot all of whose shares have replaced others, or are gone, never comes back: it is passed over
    for good, so a loss costs O(log n) and what it is matched with.
    """

    def __init__(self) -> None:
        self.lots: list[_Lot] = []
        self._days: list[int] = []
        self._onward: list[int] = [0]

    def add(self, lot: _Lot) -> None:
        """Add the youngest lot."""
        self.lots.append(lot)
        self._days.append(lot.opened.day.toordinal())
        self._onward.append(len(self.lots))

    def first(self, day: int) -> int:
        """Where the lots opened on a day or later begin."""
        return self.onward(bisect_left(self._days, day))

    def onward(self, at: int) -> int:
        """The first place from ``at`` on that is not passed over."""
        end = at
        while self._onward[end] != end:
            end = self._onward[end]
        while self._onward[at] != at:
            self._onward[at], at = end, self._onward[at]
        return end

    def pass_over(self, at: int) -> None:
        """Never come to this place again."""
        self._onward[at] = at + 1


def is_long_term(opened: date, closed: date) -> bool:
    """Whether a holding period from the day after ``opened`` is longer than a year."""
    begins = date.fromordinal(opened.toordinal() + 1)
    leap_day = (begins.month, begins.day) == (2, 29)
    year = begins.year + 1
    return closed >= (date(year, 3, 1) if leap_day else begins.replace(year=year))


def lines(
    opened: Iterable[Opened], closed: Sequence[Closed], exempt: frozenset[int] = frozenset()
) -> list[Line]:
    """Every closing of one owner's accounts as lines, oldest first.

    ``opened`` and ``closed`` in the order of their names; ``exempt``: assets without wash sales.
    A lot that is closed must have been opened.
    """
    lots: dict[Name, _Lot] = {}
    by_asset: dict[tuple[int, bool], _Candidates] = defaultdict(_Candidates)
    for each in opened:
        lots[each.name] = _Lot(each)
        by_asset[each.asset, each.short].add(lots[each.name])
    found: list[Line] = []
    for closing in closed:
        for piece, parts in _taken(closing, lots):
            if closing.gives_up:
                continue
            lot = lots[piece.lot].opened
            others = _Candidates() if lot.asset in exempt else by_asset[lot.asset, lot.short]
            found += _piece_lines(closing, piece, lot, parts, others)
    return found


def _taken(closing: Closed, lots: dict[Name, _Lot]) -> list[tuple[Piece, list[_Part]]]:
    """Take all that a closing closes before any of it looks for a replacement."""
    return [(piece, lots[piece.lot].take(piece.qty)) for piece in closing.pieces]


def _piece_lines(
    closing: Closed, piece: Piece, lot: Opened, parts: list[_Part], others: _Candidates
) -> list[Line]:
    """A line for each part, with its share of the piece's money; the shares add up to the whole."""
    found = []
    done = 0
    for part in parts:
        before, done = done, done + part.qty
        cost, value, fees = (
            micros * done // piece.qty - micros * before // piece.qty
            for micros in (piece.cost_micros, piece.value_micros, piece.fees_micros)
        )
        proceeds, cost = (cost, value) if lot.short else (value, cost)
        since = date.fromordinal(lot.day.toordinal() - part.tacked)
        loss = -(proceeds - cost - fees - part.added)
        held_days = closing.day.toordinal() - since.toordinal()
        replaced = _wash(closing, lot, part.qty, loss, held_days, others)
        found.append(
            Line(
                closing.name,
                piece.lot,
                closing.account_id,
                lot.asset,
                lot.short,
                lot.day,
                since,
                closing.day,
                part.qty,
                proceeds,
                cost,
                fees,
                not lot.short and is_long_term(since, closing.day),
                part.added,
                sum(each.micros for each in replaced),
                replaced,
            )
        )
    return found


def _wash(
    closing: Closed, sold: Opened, qty: int, loss: int, held_days: int, others: _Candidates
) -> tuple[Replaced, ...]:
    """Move a loss to what replaces the shares sold, what was opened first before the rest."""
    found: list[Replaced] = []
    if loss <= 0:
        return ()
    done, today = 0, closing.day.toordinal()
    at = others.first(today - WASH_DAYS)
    while done < qty and at < len(others.lots):
        lot = others.lots[at]
        if lot.opened.day.toordinal() > today + WASH_DAYS:
            break
        part = lot.replace(qty - done, held_days) if lot.opened.name != sold.name else None
        if part is not None:
            before, done = done, done + part.qty
            moved = loss * done // qty - loss * before // qty
            part.added += moved
            found.append(Replaced(lot.opened.name, part.qty, moved))
        elif lot.opened.name == sold.name:
            at = others.onward(at + 1)
        else:
            others.pass_over(at)
            at = others.onward(at)
    return tuple(found)
