"""Facts: instruments, fees, profiles, sessions, limits, quotes and trades coming in.

Promises: a fact is taken as it is; only one that no correct program would write is an assertion.
Must not know: which file or feed it came from.
"""

from stockyard.engine import (
    accrual,
    arrivals,
    classes,
    crosses,
    desk,
    margin_calls,
    perps,
    stops,
    venue,
)
from stockyard.engine.books import Book
from stockyard.engine.fees import FeeTable
from stockyard.engine.sessions import Calendar
from stockyard.engine.state import INSTRUMENTS_MAX, MarginRules, Profile, State
from stockyard.model.codec import fields_of
from stockyard.model.codes import Phase, Reason
from stockyard.model.events import Event
from stockyard.model.facts import (
    AuctionPrint,
    BorrowTermsSet,
    FeesScheduled,
    FundingRate,
    InstrumentListed,
    MarginTermsSet,
    MarkPrice,
    ProfileDefined,
    Quote,
    SessionsScheduled,
    Trade,
    TradingHalted,
    WorldCreated,
)
from stockyard.model.numbers import INT_MAX


def on_quote(state: State, ts: int, fact: Quote, out: list[Event]) -> None:
    """Take over a quote, refresh its sizes, and fill what it reaches.

    A side that no market could mean (not above zero, or beyond ``price_max``) is missing.
    """
    # All fields at once: one by one they cost more than everything else a quiet quote does.
    fields = fields_of(fact)
    book = state.book(fields[0])
    if book is None:
        return
    bid: int = fields[1]
    ask: int = fields[2]
    book.bid = bid if 0 < bid <= book.price_max else 0
    book.ask = ask if 0 < ask <= book.price_max else 0
    book.bid_qty = _size(fields[3]) if book.bid else 0
    book.ask_qty = _size(fields[4]) if book.ask else 0
    book.bid_taken = 0
    book.ask_taken = 0
    book.quote_ts = ts
    book.quote_seq = state.seq
    book.paused = book.halted
    margin_calls.on_marks(state, book)
    venue.serve_quote(state, book, ts, out)
    stops.on_touch(state, book, ts, out)


def _size(qty: int) -> int:
    return 0 if qty < 0 else INT_MAX if qty > INT_MAX else qty


def on_trade(state: State, ts: int, fact: Trade, out: list[Event]) -> None:
    """Take over the last price, fill the waiting orders it passes, and trigger what it reaches.

    A price that no market could mean (not above zero, or beyond ``price_max``) is ignored.
    """
    book = state.book(fact.instrument_id)
    if book is not None and 0 < fact.price <= book.price_max:
        book.last_price = fact.price
        book.last_qty = fact.qty
        book.last_ts = ts
        margin_calls.on_marks(state, book)
        venue.serve_print(state, book, fact.price, min(fact.qty, INT_MAX), ts, out)
        stops.on_print(state, book, fact.price, ts, out)


def on_mark_price(state: State, fact: MarkPrice) -> None:
    """Value positions in a perpetual contract anew, and touch the accounts whose levels that
    crosses. A price that no market could mean is ignored.
    """
    book = state.book(fact.instrument_id)
    if book is not None and book.is_perp and 0 < fact.mark <= book.price_max:
        book.long_mark = book.short_mark = fact.mark
        book.index_price = min(max(0, fact.index), INT_MAX)
        margin_calls.cross_levels(state, book)


def on_funding_rate(state: State, fact: FundingRate, out: list[Event]) -> None:
    """Have funding paid for a perpetual contract, as far as it bounds the rate."""
    book = state.book(fact.instrument_id)
    if book is not None and book.is_perp:
        perps.pay_funding(state, book, fact.rate_e9, out)


def on_auction_print(state: State, ts: int, fact: AuctionPrint, out: list[Event]) -> None:
    """Fill the auction's orders at the print, which then is a trade like any other.

    A price that no market could mean is ignored, as in a trade.
    """
    book = state.book(fact.instrument_id)
    if book is None or not 0 < fact.price <= book.price_max:
        return
    qty = min(max(0, fact.qty), INT_MAX)
    crosses.serve_print(state, book, fact.kind, fact.price, qty, ts, out)
    on_trade(state, ts, Trade(fact.instrument_id, fact.price, qty, fact.ts_event), out)


def on_world_created(state: State, fact: WorldCreated) -> None:
    """Name the world; once."""
    assert not state.world_id, "a world is created once"
    state.world_id = fact.world_id
    state.seed = fact.seed


def on_instrument_listed(state: State, fact: InstrumentListed) -> None:
    """List an instrument, or take over new terms that keep its scales; holders of a perpetual
    contract are judged by them at once.
    """
    terms = fact.instrument
    assert 0 < terms.instrument_id < INSTRUMENTS_MAX, "instrument id out of range"
    while len(state.books) <= terms.instrument_id:
        state.books.append(None)
    book = state.books[terms.instrument_id]
    if book is None:
        book = Book(terms)
        state.books[terms.instrument_id] = book
    else:
        old = book.instrument
        assert (old.price_scale, old.qty_scale, old.calendar_id) == (
            terms.price_scale,
            terms.qty_scale,
            terms.calendar_id,
        ), "an instrument keeps its scales and its calendar"
        assert old.asset_class == terms.asset_class, "an instrument keeps its class"
        book.set_terms(terms)
        for account_id in book.holders:
            state.touch(book.holders[account_id])
    calendar = state.calendars.get(terms.calendar_id)
    book.enter(calendar.phase if calendar is not None else Phase.CLOSED)


def on_fees_scheduled(state: State, fact: FeesScheduled) -> None:
    """Add a dated fee table."""
    table = state.fees.get(fact.asset_class)
    if table is None:
        table = FeeTable()
        state.fees[fact.asset_class] = table
    table.add(fact)


def on_profile_defined(state: State, fact: ProfileDefined) -> None:
    """Define a profile, or a new version of one that also its open orders follow."""
    profile = Profile(fact.profile)
    state.profiles[profile.profile_id] = profile
    venue.redefined(state, profile)


def on_margin_terms_set(state: State, fact: MarginTermsSet) -> None:
    """Take over what margin accounts must put up; all of them are judged by it at once."""
    state.margin = MarginRules(fact.terms)
    for account_id in state.accounts:
        state.touch(state.accounts[account_id])


def on_borrow_terms_set(state: State, fact: BorrowTermsSet) -> None:
    """Take over how an instrument can be borrowed; what is borrowed already stays so. Nothing is
    borrowed to be short of a perpetual contract.
    """
    book = state.book(fact.instrument_id)
    if book is not None and not book.is_perp:
        book.borrow = fact


def on_trading_halted(state: State, fact: TradingHalted) -> None:
    """Stop trading in an instrument, or let it go on with the next quote."""
    book = state.book(fact.instrument_id)
    if book is not None:
        book.paused = book.paused or fact.halted
        book.halted = fact.halted


def on_sessions_scheduled(state: State, fact: SessionsScheduled, ts: int, out: list[Event]) -> None:
    """Take over a calendar's sessions and act on those that have begun."""
    calendar = state.calendars.get(fact.calendar_id)
    if calendar is None:
        calendar = Calendar(fact.calendar_id, fact.name)
        state.calendars[fact.calendar_id] = calendar
    before = calendar.phase
    calendar.schedule(fact, ts)
    if calendar.phase != before:
        _turn(state, calendar, before, ts, ts, out)
    state.refresh_due()
    pass_time(state, ts, out)


def pass_time(state: State, ts: int, out: list[Event]) -> None:
    """Let happen what is due up to ``ts``: boundaries of calendars, then auctions whose print has
    not come, then orders whose date has come, then interest, then what reaches the venue.
    """
    while state.next_due_ns <= ts:
        wakes_ns, step_ns = ts, state.next_due_ns
        due: Calendar | None = None
        for calendar_id in sorted(state.calendars):
            calendar = state.calendars[calendar_id]
            if due is None or calendar.next_boundary_ns() < due.next_boundary_ns():
                due = calendar
        if due is not None and due.next_boundary_ns() <= state.next_due_ns:
            before, at_ns = due.phase, due.next_boundary_ns()
            due.pass_boundary()
            _turn(state, due, before, at_ns, ts, out)
        elif state.print_due_ns() <= state.next_due_ns:
            crosses.end_waits(state, state.next_due_ns, out)
        elif state.dated and state.dated[0][0] <= state.next_due_ns:
            _end_dated(state, state.next_due_ns, out)
        elif state.borrowers and state.accrual_ns <= state.next_due_ns:
            accrual.accrue(state, out)
        else:
            wakes_ns = state.next_due_ns
            arrivals.reach_venue(state, wakes_ns, out)
        if state.waking:
            classes.wake(state, wakes_ns, out)
        if state.touched:
            accrual.note_borrowers(state, step_ns)
        state.refresh_due()


def _end_dated(state: State, ts: int, out: list[Event]) -> None:
    """End the GTD orders whose date has come."""
    while True:
        order = state.take_dated(ts)
        if order is None:
            return
        book = state.book(order.instrument_id)
        assert book is not None
        account = state.accounts[order.account_id]
        venue.expire(state, account, book, order, Reason.DATE_REACHED, out)


def _turn(
    state: State, calendar: Calendar, before: int, at_ns: int, ts: int, out: list[Event]
) -> None:
    """Take every book of a calendar from the phase ``before`` into the one it is in now."""
    phase = calendar.phase
    for book in state.books:
        if book is None or book.calendar_id != calendar.calendar_id:
            continue
        book.enter(phase)
        venue.places_end(book)
        if phase in (Phase.PRE, Phase.OPEN):
            desk.come_alive(state, book, ts, out)
        elif before != Phase.POST:
            desk.end_day_orders(state, book, False, out)
            crosses.miss_opening(state, book, out)
            crosses.await_print(state, book, at_ns)
        if phase == Phase.CLOSED:
            desk.end_day_orders(state, book, True, out)
