"""Everything the engine knows, in one place, for the handlers to read and change.

Promises: nothing the engine's answers depend on lies elsewhere. Must not know: how any message is
handled.
"""

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Final

from stockyard.engine.accounts import Account, Answer, Bounds
from stockyard.engine.books import Book
from stockyard.engine.fees import FeeLine, FeeTable
from stockyard.engine.ledger import Ledger
from stockyard.engine.orders import Order
from stockyard.engine.sessions import NEVER_NS, Calendar
from stockyard.model.codes import AccountKind, Side
from stockyard.model.instruments import Limits, MarginTerms, VenueProfile
from stockyard.model.numbers import LEGS_MAX

INSTRUMENTS_MAX: Final = 4096
DAY_NS: Final = 86_400 * 1_000_000_000
DATED_LEAST: Final = 1024


class Errand:
    """What can be on its way to the venue."""

    ARRIVE: Final = 0
    CANCEL: Final = 1
    REPLACE: Final = 2
    END: Final = 3


class Profile:
    """A realism profile, as attributes the compiled engine reads quickly."""

    def __init__(self, source: VenueProfile) -> None:
        self.source = source
        self.profile_id = source.profile_id
        self.version = source.version
        self.size_bounded = source.size_bounded
        self.fees = source.fees
        self.quote_age_ns_max = source.quote_age_ns_max
        self.size_cap_ppm = source.size_cap_ppm
        self.depth_levels = source.depth_levels
        self.depth_step_bps = source.depth_step_bps
        self.depth_size_ppm = source.depth_size_ppm
        self.limit_rule = source.limit_rule
        self.latency_ns = source.latency_ns
        self.slippage_bps = source.slippage_bps
        self.improvement_ppm = source.improvement_ppm
        self.improvement_odds_ppm = source.improvement_odds_ppm
        self.deny_halted = source.deny_halted
        self.deny_stale = source.deny_stale
        self.reject_ppm = source.reject_ppm


class MarginRules:
    """What margin accounts must put up and pay, as attributes the compiled engine reads quickly."""

    def __init__(self, source: MarginTerms) -> None:
        self.source = source
        self.initial_long_ppm = source.initial_long_ppm
        self.initial_short_ppm = source.initial_short_ppm
        self.long_ppm = source.long_ppm
        self.long_low_price_micros = source.long_low_price_micros
        self.short_ppm = source.short_ppm
        self.short_share_micros = source.short_share_micros
        self.short_low_price_micros = source.short_low_price_micros
        self.short_low_ppm = source.short_low_ppm
        self.short_low_share_micros = source.short_low_share_micros
        self.equity_micros_min = source.equity_micros_min
        self.debit_ppm = source.debit_ppm
        self.year_days = source.year_days
        self.grace_ns = source.grace_ns


class State:
    """The engine's tables. ``planned``: how many planned outcomes are for any further order."""

    def __init__(self) -> None:
        self.world_id = ""
        self.seed = 0
        self.seq = 0
        self.ts = 0
        self.legs = 0
        self.events_before = 0
        self.limits: Limits | None = None
        self.books: list[Book | None] = []
        self.profiles: dict[int, Profile] = {}
        self.fees: dict[int, FeeTable] = {}
        self.calendars: dict[int, Calendar] = {}
        self.accounts: dict[int, Account] = {}
        self.account_counts: dict[str, int] = {}
        self.registrations: dict[str, Answer] = {}
        self.dated: list[tuple[int, int, int]] = []
        self.dated_most = DATED_LEAST
        self.under_way: list[tuple[int, int, int, int]] = []
        self.under_way_most = DATED_LEAST
        self.key_expiries: deque[tuple[int, int, str]] = deque()
        self.ledger = Ledger()
        self.waking: list[Order] = []
        self.print_dues: dict[int, int] = {}
        self.next_due_ns = NEVER_NS
        self.margin: MarginRules | None = None
        self.borrowers: dict[int, Account] = {}
        self.accrual_ns = NEVER_NS
        self.touched: list[int] = []
        self.calls: list[tuple[int, int]] = []
        self.perp_dues: list[tuple[int, int, int]] = []
        self.planned = 0
        self.bounds: dict[str, Bounds] = {}

    def book(self, instrument_id: int) -> Book | None:
        """The book of an instrument, or None."""
        if 0 <= instrument_id < len(self.books):
            return self.books[instrument_id]
        return None

    def next_order_id(self) -> int:
        """A new order id from the current input's seq."""
        assert self.legs < LEGS_MAX, "one input made too many orders"
        order_id = self.peek_order_id()
        self.legs += 1
        return order_id

    def peek_order_id(self) -> int:
        """The id the next order of the current input gets."""
        return self.seq * LEGS_MAX + self.legs

    def fee_lines(self, profile: Profile, book: Book, side: int, ts: int) -> list[FeeLine]:
        """The fee lines an order pays: those in force, or none under a profile without fees."""
        if profile.fees:
            table = self.fees.get(book.asset_class)
            if table is not None:
                return table.lines(side, ts)
        return []

    def print_due_ns(self) -> int:
        """When the wait for a closing auction's print ends next."""
        due = NEVER_NS
        for due_ns in self.print_dues.values():
            due = min(due, due_ns)
        return due

    def touch(self, account: Account) -> None:
        """Have a margin account judged at the end of this input."""
        if account.kind == AccountKind.MARGIN and not account.is_touched:
            account.is_touched = True
            self.touched.append(account.account_id)

    def borrow_from(self, account: Account, ts: int) -> None:
        """Note that an account borrows: it is charged at the next midnight UTC."""
        self.borrowers[account.account_id] = account
        if len(self.borrowers) == 1:
            self.accrual_ns = (ts // DAY_NS + 1) * DAY_NS
            self.next_due_ns = min(self.next_due_ns, self.accrual_ns)

    def prune_calls(self) -> None:
        """Take out margin calls that were met from the front of those that are due next."""
        while self.calls:
            due_ns, account_id = self.calls[0]
            account = self.accounts[account_id]
            if due_ns == (account.review_ns or account.call_due_ns):
                return
            heappop(self.calls)

    def call_due_ns(self) -> int:
        """When a clock tick is wanted to go on with a margin call or a liquidation."""
        due_ns = self.calls[0][0] if self.calls else NEVER_NS
        return min(due_ns, self.perp_dues[0][0]) if self.perp_dues else due_ns

    def prune_perp_dues(self) -> None:
        """Take out liquidations that are over from the front of those that are due next."""
        while self.perp_dues:
            due_ns, account_id, instrument_id = self.perp_dues[0]
            position = self.accounts[account_id].positions.get(instrument_id)
            if position is not None and position.liquidation_ns == due_ns:
                return
            heappop(self.perp_dues)

    def refresh_due(self) -> None:
        """Work out when something happens by itself next, margin calls apart."""
        due = self.print_due_ns()
        if self.borrowers:
            due = min(due, self.accrual_ns)
        for calendar in self.calendars.values():
            due = min(due, calendar.next_boundary_ns())
        if self.dated:
            due = min(due, self.dated[0][0])
        if self.under_way:
            due = min(due, self.under_way[0][0])
        self.next_due_ns = due

    def date(self, order: Order) -> None:
        """Note when a GTD order ends. Ended orders are passed over then, and swept out
        when they are many."""
        heappush(self.dated, (order.expires_ns, order.order_id, order.account_id))
        if len(self.dated) > self.dated_most:
            self.dated = [d for d in self.dated if d[1] in self.accounts[d[2]].orders]
            heapify(self.dated)
            self.dated_most = max(DATED_LEAST, 2 * len(self.dated))
        self.next_due_ns = min(self.next_due_ns, order.expires_ns)

    def send(self, at_ns: int, number: int, errand: int, account_id: int) -> None:
        """Note what reaches the venue at ``at_ns``: an ``Errand`` of the order ``number``.

        What has ended by then is passed over, and swept out when it is much.
        """
        heappush(self.under_way, (at_ns, number, errand, account_id))
        if len(self.under_way) > self.under_way_most:
            self.under_way = [each for each in self.under_way if self.is_under_way(each)]
            heapify(self.under_way)
            self.under_way_most = max(DATED_LEAST, 2 * len(self.under_way))
        self.next_due_ns = min(self.next_due_ns, at_ns)

    def is_under_way(self, each: tuple[int, int, int, int]) -> bool:
        """Whether what was noted is still to happen."""
        at_ns, number, errand, account_id = each
        account = self.accounts[account_id]
        if errand == Errand.REPLACE:
            return number in account.changes
        order = account.orders.get(number)
        if order is None:
            return False
        if errand == Errand.END:
            return at_ns == order.ends_ns
        return at_ns == (order.cancel_ns if errand == Errand.CANCEL else order.arrives_ns)

    def take_arrival(self, ts: int) -> tuple[int, int, int, int] | None:
        """What reaches the venue next, if that is by ``ts``."""
        while self.under_way and self.under_way[0][0] <= ts:
            each = heappop(self.under_way)
            if self.is_under_way(each):
                return each
        return None

    def take_dated(self, ts: int) -> Order | None:
        """The next GTD order that ends by ``ts`` and is still open, or None."""
        while self.dated and self.dated[0][0] <= ts:
            _, order_id, account_id = heappop(self.dated)
            order = self.accounts[account_id].orders.get(order_id)
            if order is not None:
                return order
        return None


def drop_order(state: State, account: Account, book: Book, order: Order) -> None:
    """Forget an order that has ended: free what it holds and take it out of every queue.

    Call before its status changes; the status tells where it is queued.
    """
    release(account, book, order)
    book.forget(order)
    del account.orders[order.order_id]


def release(account: Account, book: Book, order: Order) -> None:
    """Free everything the order holds."""
    if order.choices is not None:
        choose(account, order, -1)
    if order.borrowed_qty:
        book.borrowed_qty -= order.borrowed_qty
        order.borrowed_qty = 0
    if account.kind == AccountKind.MARGIN and not order.closes:
        count_opening(account, order, -1)
    if order.held_micros:
        account.held_micros -= order.held_micros
        order.held_micros = 0
    if order.held_qty:
        account.positions[order.instrument_id].held_qty -= order.held_qty
        order.held_qty = 0


def count_opening(account: Account, order: Order, more: int) -> None:
    """Count an order that opens a position, or (-1) count it no more."""
    way = more if order.side == Side.BUY else -more
    count = account.opening.get(order.instrument_id, 0) + way
    if count:
        account.opening[order.instrument_id] = count
    else:
        account.opening.pop(order.instrument_id, None)


def choose(account: Account, order: Order, sign: int) -> None:
    """Count (1) or no longer count (-1) what is left of an order's choices in its lots."""
    position = account.positions.get(order.instrument_id)
    if position is None or order.choices is None:
        return
    for choice in order.choices:
        lot = position.lots.find(choice.seq, choice.index)
        if lot is not None:
            lot.chosen_qty += sign * choice.qty


def held_qty(account: Account, instrument_id: int) -> int:
    """What open orders hold of a position."""
    position = account.positions.get(instrument_id)
    return position.held_qty if position is not None else 0
