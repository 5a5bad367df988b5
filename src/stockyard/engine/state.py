"""Everything the engine knows, in one place, for the handlers to read and change.

Promises: nothing the engine's answers depend on lies elsewhere. Must not know: how any message is
handled.
"""

from collections import deque
from typing import Final

from stockyard.engine.accounts import Account, Answer
from stockyard.engine.books import Book
from stockyard.engine.fees import FeeLine, FeeTable
from stockyard.engine.ledger import Ledger
from stockyard.engine.orders import Order
from stockyard.engine.sessions import NEVER_NS, Calendar
from stockyard.model.instruments import Limits, VenueProfile
from stockyard.model.numbers import LEGS_MAX

INSTRUMENTS_MAX: Final = 4096


class Profile:
    """A realism profile, as attributes the compiled engine reads quickly."""

    def __init__(self, source: VenueProfile) -> None:
        self.source = source
        self.profile_id = source.profile_id
        self.version = source.version
        self.size_bounded = source.size_bounded
        self.fees = source.fees
        self.quote_age_ns_max = source.quote_age_ns_max


class State:
    """The engine's tables."""

    def __init__(self) -> None:
        self.world_id = ""
        self.seed = 0
        self.seq = 0
        self.ts = 0
        self.legs = 0
        self.limits: Limits | None = None
        self.books: list[Book | None] = []
        self.profiles: dict[int, Profile] = {}
        self.fees: dict[int, FeeTable] = {}
        self.calendars: dict[int, Calendar] = {}
        self.accounts: dict[int, Account] = {}
        self.account_counts: dict[str, int] = {}
        self.registrations: dict[str, Answer] = {}
        self.key_expiries: deque[tuple[int, int, str]] = deque()
        self.ledger = Ledger()
        self.next_due_ns = NEVER_NS

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

    def refresh_due(self) -> None:
        """Work out when a calendar opens or closes next."""
        due = NEVER_NS
        for calendar in self.calendars.values():
            due = min(due, calendar.next_boundary_ns())
        self.next_due_ns = due


def drop_order(state: State, account: Account, book: Book, order: Order) -> None:
    """Forget an order that has ended: free what it holds and take it out of every queue.

    Call before its status changes; the status tells where it is queued.
    """
    release(account, order)
    book.forget(order, state.profiles[order.profile_id].size_bounded)
    del account.orders[order.order_id]


def release(account: Account, order: Order) -> None:
    """Free everything the order holds."""
    if order.held_micros:
        account.held_micros -= order.held_micros
        order.held_micros = 0
    if order.held_qty:
        account.positions[order.instrument_id].held_qty -= order.held_qty
        order.held_qty = 0


def held_qty(account: Account, instrument_id: int) -> int:
    """What open sell orders hold of a position."""
    position = account.positions.get(instrument_id)
    return position.held_qty if position is not None else 0
