"""The alert watch: looks at every input that was applied, and knows which alerts it meets.

Promises: an input that reaches no level costs a few comparisons, however many alerts are armed;
each arming is noted once; what was noted is durable before the projections are past the input that
met it, so whatever a crash forgets is met again by the journal's tail, and by nothing else. Armed
alerts come in and go out in any thread. Must not know: HTTP, streams, or how anybody is told.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from stockyard.market.trading_days import TradingDays
from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.records import Record
from stockyard.people.alerts import (
    Alert,
    AlertDay,
    AlertKind,
    AlertTerms,
    Direction,
    FiredAlert,
    Firing,
    Since,
    Watched,
)
from stockyard.people.directory import People
from stockyard.projections.rows import QuoteRow
from stockyard.projections.view import View
from stockyard.runtime import alert_words as words
from stockyard.runtime.alert_profits import edges, positions_of, profit_micros
from stockyard.runtime.ladder import Ladder
from stockyard.storage.ports import Journal

SETTLED_AT_ONCE: Final = 100
"""Firings that are made durable together, while nobody else writes or reads about people."""
_TICKS: Final = frozenset({f.Quote, f.Trade, f.AuctionPrint, f.MarkPrice})
_TRADES: Final = frozenset({f.Trade, f.AuctionPrint})
_MOVES: Final = frozenset(
    {
        e.OrderFilled, e.CashDeposited, e.CashWithdrawn, e.PositionGivenUp, e.AccountReset,
        e.InterestCharged, e.LeverageSet, e.FundingPaid,
    }
)  # fmt: skip
"""Events after which an account is worth something else, whatever prices do."""
_PPM: Final = 1_000_000

Alone = Callable[[Callable[[People], None]], None]
"""Runs work on the people's database while nobody else writes there."""


class _Rung(NamedTuple):
    """Where an alert waits."""

    ladder: Ladder
    is_above: bool
    level: int


class _Armed:
    """An armed alert, and where it waits."""

    __slots__ = ("alert", "number", "rungs")

    def __init__(self, alert: Alert, number: int) -> None:
        self.alert, self.number = alert, number
        self.rungs: list[_Rung] = []


class _Day:
    """The latest trading day with a trade of an instrument, as the journal has told it since
    ``seq``. ``is_stored``: whether it is found again after a crash.
    """

    __slots__ = ("close", "end_ns", "is_stored", "last", "seq", "volume")

    def __init__(self, told: AlertDay, is_stored: bool) -> None:
        self.seq, self.end_ns, self.is_stored = told.seq, told.end_ns, is_stored
        self.close, self.last, self.volume = told.close, told.last, told.volume


class _Book:
    """What is watched of one instrument. ``moves``: changes since the close, in millionths."""

    __slots__ = ("ask", "bid", "day", "last", "long", "moves", "row", "short", "volume")

    def __init__(self, row: QuoteRow) -> None:
        self.row = row
        self.last, self.bid, self.ask = Ladder(), Ladder(), Ladder()
        self.long, self.short = Ladder(), Ladder()
        self.moves, self.volume = Ladder(), Ladder()
        self.day: _Day | None = None


class _Noted(NamedTuple):
    """An arming that was met: by record ``seq``, with this value."""

    alert: Alert
    seq: int
    ts: int
    value: int


class AlertWatch:
    """All armed alerts of one world. ``on_noted`` is called when something waits to be settled, and
    ``on_settled``, in any thread, when there is something for ``take_settled``.
    """

    def __init__(self, people: People | None = None) -> None:
        self._people = people
        self._alone: Alone = self._at_once
        self._view = View()
        self._books: dict[int, _Book] = {}
        self._armed: dict[int, _Armed] = {}
        self._numbers: dict[str, int] = {}
        self._profits: dict[int, dict[int, _Armed]] = {}
        self._later: list[Alert] = []
        self._coming: deque[Alert | str] = deque()
        self._days: dict[int, _Day] = {}
        self._noted: deque[_Noted] = deque()
        self._settled: deque[FiredAlert] = deque()
        self._count = 0
        self._now_ns: Callable[[], int] = lambda: self._view.ts
        self.on_noted: Callable[[], None] | None = None
        self.on_settled: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self._armed)

    # Beginning.

    def begin(self, view: View, journal: Journal) -> None:
        """Watch from the View's seq on; what was armed later begins when the journal is there."""
        self.watch(view)
        if self._people is None:
            return
        self._load_days(journal)
        for alert in self._people.alerts.armed():
            if alert.armed_seq <= view.seq:
                self._put(alert)
            else:
                self._later.append(alert)
        self._later.sort(key=lambda alert: alert.armed_seq, reverse=True)

    def watch(self, view: View) -> None:
        """Look at what is shown in this View from now on."""
        self._view = view

    def serve(self, people: People, alone: Alone, now_ns: Callable[[], int]) -> None:
        """Settle through somebody's lock and clock from now on."""
        if self._people is None:
            self._people = people
            for alert in people.alerts.armed():
                self._put(alert)
        assert self._people is people
        self._alone, self._now_ns = alone, now_ns
        self._arm_until(self._view.seq)

    def _at_once(self, work: Callable[[People], None]) -> None:
        if self._people is not None:
            work(self._people)

    def _load_days(self, journal: Journal) -> None:
        """Trading days as they were at the View's seq: as noted, and what was traded since."""
        assert self._people is not None
        for told in self._people.alerts.days():
            self._days[told.instrument_id] = _Day(told, True)
        first = min((day.seq for day in self._days.values()), default=self._view.seq)
        if journal.base is not None:
            # Nothing is pruned that was not noted; unless people.db is an older one, put back.
            first = max(first, journal.base.seq)
        if first >= self._view.seq:
            return
        for record in journal.read(first):
            if record.seq > self._view.seq:
                break
            message = record.input
            if isinstance(message, f.Trade | f.AuctionPrint):
                known = self._days.get(message.instrument_id)
                if known is not None:
                    self._trade(known, message, record)

    # Coming and going.

    def put(self, alert: Alert) -> None:
        """Watch for an armed alert soon, in the place of an earlier arming; from any thread."""
        self._coming.append(alert)

    def drop(self, alert_id: str) -> None:
        """Watch for it no longer; from any thread."""
        self._coming.append(alert_id)

    def take_in(self) -> None:
        """Let what came in count from now on."""
        while self._coming:
            coming = self._coming.popleft()
            if isinstance(coming, str):
                self._forget(coming)
            else:
                self._forget(coming.id)
                self._put(coming)

    def _arm_until(self, seq: int) -> None:
        while self._later and self._later[-1].armed_seq <= seq:
            self._put(self._later.pop())

    def _put(self, alert: Alert) -> None:
        self._count += 1
        armed = _Armed(alert, self._count)
        self._armed[self._count] = armed
        self._numbers[alert.id] = self._count
        if alert.terms.kind == AlertKind.PROFIT:
            self._profits.setdefault(alert.account_id, {})[self._count] = armed
        self._place(armed, self._view.seq, self._view.ts)

    def _forget(self, alert_id: str) -> None:
        number = self._numbers.pop(alert_id, 0)
        armed = self._armed.pop(number, None)
        if armed is None:
            return
        self._lift(armed)
        account_id = armed.alert.account_id
        of_account = self._profits.get(account_id)
        if of_account is not None:
            of_account.pop(number, None)
            if not of_account:
                del self._profits[account_id]

    def _lift(self, armed: _Armed) -> None:
        for ladder, is_above, level in armed.rungs:
            if is_above:
                ladder.drop_above(level, armed.number)
            else:
                ladder.drop_below(level, armed.number)
        armed.rungs = []

    # Trading days.

    def follow_day(self, told: AlertDay) -> AlertDay:
        """Follow an instrument's trading day from here on; the day as it is known.

        What the journal has told of it so far goes before ``told``.
        """
        known = self._days.get(told.instrument_id)
        if known is None:
            known = self._days[told.instrument_id] = _Day(told, False)
            book = self._books.get(told.instrument_id)
            if book is not None:
                book.day = known
        return self._noted_day(told.instrument_id, known)

    def unstored_day(self, instrument_id: int) -> AlertDay | None:
        """A day that is followed, as it is now, unless it is stored already."""
        known = self._days.get(instrument_id)
        if known is None or known.is_stored:
            return None
        return self._noted_day(instrument_id, known)

    def day_is_stored(self, instrument_id: int) -> None:
        """It is found again after a crash."""
        self._days[instrument_id].is_stored = True

    def _noted_day(self, instrument_id: int, day: _Day) -> AlertDay:
        return AlertDay(instrument_id, self._view.seq, day.end_ns, day.close, day.last, day.volume)

    def noted_days(self) -> list[AlertDay]:
        """Stored days as they are now, to be stored again now and then: but only once the
        projections are durably past the View's seq.
        """
        return [self._noted_day(which, day) for which, day in self._days.items() if day.is_stored]

    def _trade(self, day: _Day, trade: f.Trade | f.AuctionPrint, record: Record) -> None:
        if record.seq <= day.seq:
            # Counted before it was stored.
            return
        if record.ts >= day.end_ns:
            calendar_id = self._view.instruments[trade.instrument_id].calendar_id
            day.end_ns = TradingDays(self._view.calendar_name(calendar_id)).of(record.ts).end_ns
            day.close, day.volume = day.last or day.close, 0
        day.last = trade.price
        day.volume += trade.qty

    # Watching.

    def note(self, record: Record, events: Sequence[e.Event]) -> None:
        """Look at one input that was applied and shown in the View, and what it led to."""
        if self._coming:
            self.take_in()
        message = record.input
        kind = type(message)
        if kind in _TICKS:
            book = self._books.get(message.instrument_id)  # type: ignore[union-attr]
            if book is not None:
                if book.day is not None and kind in _TRADES:
                    self._look_at_day(book, record)
                self._look(book, record)
            elif kind in _TRADES and self._days:
                day = self._days.get(message.instrument_id)  # type: ignore[union-attr]
                if day is not None:
                    self._trade(day, message, record)  # type: ignore[arg-type]
        if events and self._profits:
            self._look_at_accounts(record, events)
        if self._later:
            self._arm_until(record.seq)

    def _look(self, book: _Book, record: Record) -> None:
        """Compare the prices of an instrument with the nearest levels."""
        row = book.row
        ladder, value = book.last, row.last_price
        if value and not ladder.bottom < value < ladder.top:
            self._reach(ladder, value, record)
        ladder, value = book.bid, row.bid
        if value and not ladder.bottom < value < ladder.top:
            self._reach(ladder, value, record)
        ladder, value = book.ask, row.ask
        if value and not ladder.bottom < value < ladder.top:
            self._reach(ladder, value, record)
        ladder, value = book.long, row.long_mark
        if value and not ladder.bottom < value < ladder.top:
            self._reach(ladder, value, record)
        ladder, value = book.short, row.short_mark
        if value and not ladder.bottom < value < ladder.top:
            self._reach(ladder, value, record)

    def _look_at_day(self, book: _Book, record: Record) -> None:
        day, message = book.day, record.input
        assert day is not None
        assert isinstance(message, f.Trade | f.AuctionPrint)
        self._trade(day, message, record)
        if day.volume >= book.volume.top:
            self._reach(book.volume, day.volume, record)
        if day.close and len(book.moves):
            up, down = _moved(day)
            if up >= book.moves.top or down <= book.moves.bottom:
                self._wake(book.moves.take_above(up), record)
                self._wake(book.moves.take_below(down), record)

    def _look_at_accounts(self, record: Record, events: Iterable[e.Event]) -> None:
        for event in events:
            if event.account_id in self._profits and type(event) in _MOVES:
                for armed in list(self._profits[event.account_id].values()):
                    self._lift(armed)
                    self._place(armed, record.seq, record.ts)

    def _reach(self, ladder: Ladder, value: int, record: Record) -> None:
        self._wake(ladder.take_above(value), record)
        self._wake(ladder.take_below(value), record)

    def _wake(self, numbers: list[int], record: Record) -> None:
        for number in numbers:
            armed = self._armed.get(number)
            if armed is not None:
                self._lift(armed)
                self._place(armed, record.seq, record.ts)

    def _place(self, armed: _Armed, seq: int, ts: int) -> None:
        """Let an alert wait where its condition can next be met, or note that it is met."""
        terms = armed.alert.terms
        if terms.kind == AlertKind.PROFIT:
            met = self._place_profit(armed)
        else:
            book = self._book(terms.instrument_id)
            if book is None:
                return
            if terms.kind == AlertKind.PRICE:
                met = self._place_price(armed, book)
            elif terms.kind == AlertKind.VOLUME:
                met = self._place_on(
                    armed, book.volume, book.day.volume if book.day else 0, (terms.level, None)
                )
            elif terms.since == Since.CLOSE:
                met = self._place_move(armed, book)
            else:
                met = self._place_percent(armed, book)
        if met is not None:
            self._forget(armed.alert.id)
            self._noted.append(_Noted(armed.alert, seq, ts, met))
            if self.on_noted is not None:
                self.on_noted()

    def _book(self, instrument_id: int) -> _Book | None:
        book = self._books.get(instrument_id)
        if book is None:
            row = self._view.quotes.get(instrument_id)
            if row is None:
                return None
            book = self._books[instrument_id] = _Book(row)
            book.day = self._days.get(instrument_id)
        return book

    def _place_on(
        self, armed: _Armed, ladder: Ladder, value: int, levels: tuple[int | None, int | None]
    ) -> int | None:
        """Wait on a ladder for a value of at least, or at most, these; the value if it is there."""
        above, below = levels
        if value and (
            (above is not None and value >= above) or (below is not None and value <= below)
        ):
            return value
        if above is not None:
            ladder.put_above(above, armed.number)
            armed.rungs.append(_Rung(ladder, True, above))
        if below is not None:
            ladder.put_below(below, armed.number)
            armed.rungs.append(_Rung(ladder, False, below))
        return None

    def _place_price(self, armed: _Armed, book: _Book) -> int | None:
        terms, row = armed.alert.terms, book.row
        levels = _one_way(terms.direction, terms.level, terms.level)
        if terms.watched == Watched.BID:
            return self._place_on(armed, book.bid, row.bid, levels)
        if terms.watched == Watched.ASK:
            return self._place_on(armed, book.ask, row.ask, levels)
        if terms.watched == Watched.MARK:
            return self._place_on(armed, book.long, row.long_mark, levels)
        return self._place_on(armed, book.last, row.last_price, levels)

    def _place_percent(self, armed: _Armed, book: _Book) -> int | None:
        """A move from the price at the arming is two prices; told in millionths of it."""
        terms = armed.alert.terms
        price = self._place_on(armed, book.last, book.row.last_price, percent_levels(terms))
        if price is None:
            return None
        moved = (price - terms.base) * _PPM
        return moved // terms.base if moved >= 0 else -(-moved // terms.base)

    def _place_move(self, armed: _Armed, book: _Book) -> int | None:
        day, terms = book.day, armed.alert.terms
        levels = _one_way(terms.direction, terms.level, -terms.level)
        if day is None or not day.close or not day.last:
            return self._place_on(armed, book.moves, 0, levels)
        up, down = _moved(day)
        above, below = levels
        if above is not None and up >= above:
            return up
        if below is not None and down <= below:
            return down
        return self._place_on(armed, book.moves, 0, levels)

    def _place_profit(self, armed: _Armed) -> int | None:
        alert, view = armed.alert, self._view
        terms = alert.terms
        profit = profit_micros(view, alert.account_id, terms.instrument_id)
        if profit is None:
            return None
        gained, rises = profit - terms.base, terms.direction == Direction.ABOVE
        distance = terms.level - gained if rises else gained - terms.level
        if distance <= 0:
            return gained
        rows = positions_of(view, alert.account_id, terms.instrument_id)
        for edge in edges(view, rows, distance, rises):
            book = self._book(edge.instrument_id)
            assert book is not None
            ladder = book.long if edge.is_long else book.short
            if edge.is_above:
                ladder.put_above(edge.level, armed.number)
            else:
                ladder.put_below(edge.level, armed.number)
            armed.rungs.append(_Rung(ladder, edge.is_above, edge.level))
        return None

    # Settling.

    @property
    def has_noted(self) -> bool:
        """Whether anything waits to be settled."""
        return bool(self._noted)

    def settle(self) -> None:
        """Make everything durable that was noted until now; in any thread.

        Raises ``StorageError``; what was not kept is noted still.
        """
        while self._noted:
            self._alone(self.settle_some)

    def settle_some(self, people: People) -> None:
        """Make some of it durable, while nobody else writes about people."""
        some = [self._noted[at] for at in range(min(len(self._noted), SETTLED_AT_ONCE))]
        if not some:
            return
        done = people.alerts.fire([self._told(noted) for noted in some], self._now_ns())
        for _ in some:
            self._noted.popleft()
        self._settled.extend(done)
        if done and self.on_settled is not None:
            self.on_settled()

    def take_settled(self) -> list[FiredAlert]:
        """What was made durable since the last call."""
        taken = []
        while self._settled:
            taken.append(self._settled.popleft())
        return taken

    def _told(self, noted: _Noted) -> Firing:
        alert, value = noted.alert, noted.value
        terms = alert.terms
        instrument = self._view.instruments.get(terms.instrument_id)
        return Firing(
            alert.id,
            alert.arming,
            noted.seq,
            noted.ts,
            words.value_text(terms, instrument, value),
            words.title(terms, instrument, value),
            words.text(terms, instrument, value, alert.note),
        )


def _one_way(direction: str, above: int, below: int) -> tuple[int | None, int | None]:
    return (
        above if direction != Direction.BELOW else None,
        below if direction != Direction.ABOVE else None,
    )


def percent_levels(terms: AlertTerms) -> tuple[int | None, int | None]:
    """The prices at which something has moved by a percentage of its base."""
    up = -(-terms.base * (_PPM + terms.level) // _PPM)
    down = terms.base * (_PPM - terms.level) // _PPM
    return _one_way(terms.direction, up, down if down > 0 else 0)


def _moved(day: _Day) -> tuple[int, int]:
    """How far a price is from the close in millionths, rounded down, and rounded up."""
    change = (day.last - day.close) * _PPM
    return change // day.close, -(-change // day.close)
