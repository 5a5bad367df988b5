"""Alerts against a naive watch that looks at every alert after every input, with crashes between.

Goal: every arming fires exactly once, at the input that meets it first, whatever is lost in
memory. Method: random prices, orders, cash and alerts; at random moments the world is opened again
from what its disk holds, in the middle of settling too.
"""

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import NamedTuple

import pytest

from stockyard.app import catalog_instruments, follow_market, found, memory_world, reference_facts
from stockyard.engine.engine import Engine
from stockyard.model.codes import AccountKind, OrderType, Side, TimeInForce
from stockyard.model.commands import DepositCash, OpenAccount, PlaceOrder, ResetAccount
from stockyard.model.events import AccountOpened, Event
from stockyard.model.facts import AuctionPrint, MarkPrice, Quote, Trade, WorldCreated
from stockyard.model.records import Input, Record
from stockyard.people.alerts import Alert, AlertDay, AlertKind, AlertTerms, Arming, Direction
from stockyard.people.directory import People
from stockyard.people.passwords import PasswordCost, Passwords
from stockyard.people.registration import Opening
from stockyard.projections.view import View
from stockyard.runtime.clock import ManualClock
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable

NOW = 1_767_366_000_000_000_000
SECOND = 10**9
DAY = 86_400 * SECOND
UNIT = 10**9
AAPL, MSFT, BTC, PERP = 1, 2, 21, 25
PRICES = {AAPL: 200.0, MSFT: 400.0, BTC: 60_000.0, PERP: 60_000.0}
SCALE = 10**4
FACTS: Sequence[Input] = reference_facts(Engine(), catalog_instruments(), "always", NOW)
STEPS = 400


class Killed(BaseException):
    """The process ended here."""


class Day(NamedTuple):
    """A trading day as the journal tells it."""

    number: int = 0
    close: int = 0
    last: int = 0
    volume: int = 0


class NaiveWatch:
    """Looks at every alert after every input, and remembers what it saw."""

    def __init__(self) -> None:
        self.armed: dict[str, Alert] = {}
        self.fired: dict[tuple[str, int], int] = {}
        self.days: dict[int, Day] = {}
        self.seq = 0

    def note(self, view: View, record: Record) -> None:
        message = record.input
        if isinstance(message, Trade | AuctionPrint):
            day, number = self.days.get(message.instrument_id, Day()), record.ts // DAY
            if number > day.number:
                day = Day(number, day.last or day.close, day.last, 0)
            self.days[message.instrument_id] = day._replace(
                last=message.price, volume=day.volume + message.qty
            )
        self.look(view, record.seq)

    def look(self, view: View, seq: int) -> None:
        self.seq = seq
        for alert in list(self.armed.values()):
            if self.is_met(view, alert):
                del self.armed[alert.id]
                key = alert.id, alert.arming
                assert key not in self.fired
                self.fired[key] = seq

    def is_met(self, view: View, alert: Alert) -> bool:
        terms = alert.terms
        quote = view.quotes.get(terms.instrument_id)
        if terms.kind == AlertKind.PROFIT:
            return self._profit_is_met(view, alert)
        assert quote is not None
        if terms.kind == AlertKind.VOLUME:
            return self._day(terms, view).volume >= terms.level
        if terms.kind == AlertKind.PRICE:
            value = {
                "last": quote.last_price,
                "bid": quote.bid,
                "ask": quote.ask,
                "mark": quote.long_mark,
            }[terms.watched]
            above = terms.direction == Direction.ABOVE
            return value > 0 and (value >= terms.level if above else value <= terms.level)
        base, value = terms.base, quote.last_price
        if terms.since == "previous_close":
            base, value = self._day(terms, view).close, self._day(terms, view).last
        if not base or not value:
            return False
        moved, level = (value - base) * 1_000_000, terms.level * base
        rose = terms.direction != Direction.BELOW and moved >= level
        return rose or (terms.direction != Direction.ABOVE and moved <= -level)

    def _day(self, terms: AlertTerms, view: View) -> Day:
        return self.days.get(terms.instrument_id, Day())

    def _profit_is_met(self, view: View, alert: Alert) -> bool:
        terms, account = alert.terms, view.accounts[alert.account_id]
        if not terms.instrument_id:
            profit = view.equity_micros(alert.account_id) - account.deposited_micros
        else:
            row = view.positions[alert.account_id].get(terms.instrument_id)
            if row is None or not row.qty:
                return False
            profit = view.worth_micros(row)
            is_contract = view.quotes[terms.instrument_id].is_contract
            profit -= row.pot_micros if is_contract else row.cost_micros
        profit -= terms.base
        if terms.direction == Direction.ABOVE:
            return profit >= terms.level
        return profit <= terms.level


class Story:
    """One random history of a world, its people's alerts, and both watches."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.disk, self.clock = MemoryDisk(), ManualClock(NOW)
        self.naive = NaiveWatch()
        self.prices = dict(PRICES)
        self.accounts: list[int] = []
        self.alerts: list[Alert] = []
        self.told = 0
        self.open()
        found(self.world, [WorldCreated("0123456789abcdef" * 2, 7), *FACTS])
        follow_market(self.world, "always")
        self.user_id = self._user()
        for kind in (AccountKind.CASH, AccountKind.MARGIN):
            self.submit(OpenAccount("u", "a", 1, 10**11, f"r{kind}", b"", kind))
        for instrument_id in PRICES:
            self.move(instrument_id)

    def _user(self) -> str:
        password = Passwords(PasswordCost(memory_kib=8, passes=1, lanes=1)).hash("correct horse")
        started = self.people.begin_registration(
            "Ann", "ann@example.com", password, "user", Opening("Main", 1, 10**11), NOW
        )
        self.people.complete_registration(started.key, 1)
        return started.user_id

    def open(self) -> None:
        """Open the world from its disk, as after a crash."""
        self.people = People(MemoryDatabase(self.disk, "people"))
        self.world = memory_world(self.clock, self.disk, lambda: None, self.people)
        follow_market(self.world, "always")
        told = self.world.writer.listener
        assert told is not None

        def listen(record: Record, events: list[Event]) -> None:
            for event in events:
                if isinstance(event, AccountOpened):
                    self.accounts.append(event.account_id)
            self.naive.note(self.world.view, record)
            told(record, events)

        self.world.writer.listener = listen

    def submit(self, *messages: Input) -> None:
        for message in messages:
            self.world.writer.submit(message)
        self.world.writer.drain()

    def scaled(self, instrument_id: int) -> int:
        return round(self.prices[instrument_id] * SCALE)

    def move(self, instrument_id: int) -> None:
        """A quote, a trade, a mark or an auction, somewhere near the last."""
        draw, at = self.random, self.clock.time_ns
        self.prices[instrument_id] *= 1 + draw.uniform(-0.01, 0.01)
        price = self.scaled(instrument_id)
        spread = draw.choice((0, 100, 2000))
        kind = draw.random()
        if kind < 0.45:
            bid = price - spread if draw.random() > 0.05 else 0
            self.submit(Quote(instrument_id, bid, price + spread, 9 * UNIT, 9 * UNIT, at))
        elif instrument_id == PERP and kind < 0.8:
            self.submit(MarkPrice(instrument_id, price, price, at))
        elif kind < 0.97:
            self.submit(Trade(instrument_id, price, draw.randint(1, 50) * UNIT, at))
        else:
            self.submit(AuctionPrint(instrument_id, 1, price, draw.randint(1, 50) * UNIT, at))

    def order(self) -> None:
        draw = self.random
        instrument_id = draw.choice(list(PRICES))
        qty = draw.randint(1, 3) * (UNIT if instrument_id < BTC else UNIT // 100)
        side, key = draw.choice((Side.BUY, Side.SELL)), str(self.world.view.seq)
        self.submit(
            PlaceOrder(
                draw.choice(self.accounts), instrument_id, side, OrderType.MARKET,
                TimeInForce.IOC, qty, 0, 0, key, "", b"",
            )
        )  # fmt: skip

    def arm(self) -> None:
        """A new alert, or one that is armed again, changed, switched off or deleted."""
        draw, alerts, watch = self.random, self.people.alerts, self.world.alerts
        if self.alerts and draw.random() < 0.4:
            self.touch(draw.choice(self.alerts))
            return
        account_id, terms = self.terms(draw.choice(self.accounts))
        made = alerts.create(self.user_id, account_id, terms, "", False, self.arming(terms))
        self.alerts.append(made)
        self.begin(made)
        watch.put(made)
        watch.take_in()

    def arming(self, terms: AlertTerms) -> Arming:
        if terms.kind == AlertKind.VOLUME or terms.since == "previous_close":
            watch, which = self.world.alerts, terms.instrument_id
            day = self.naive.days.get(which, Day())
            watch.follow_day(AlertDay(which, self.world.view.seq, (day[0] + 1) * DAY, *day[1:]))
            told = watch.unstored_day(which)
            if told is not None:
                self.people.alerts.store_days([told])
                watch.day_is_stored(which)
        return Arming(self.world.view.seq, self.clock.time_ns)

    def begin(self, alert: Alert) -> None:
        self.naive.armed[alert.id] = alert
        self.naive.look(self.world.view, self.world.view.seq)

    def touch(self, alert: Alert) -> None:
        alerts, watch, kind = self.people.alerts, self.world.alerts, self.random.random()
        self.alerts.remove(alert)
        if kind < 0.2:
            alerts.delete(alert.account_id, alert.id)
        elif kind < 0.4:
            self.alerts.append(alerts.switch_off(alert.account_id, alert.id))
        else:
            arming = self.arming(alert.terms)
            after = alerts.change(alert, None, "", False, arming)
            self.alerts.append(after)
            watch.put(after)
            watch.take_in()
            self.begin(after)
            return
        watch.drop(alert.id)
        watch.take_in()
        self.naive.armed.pop(alert.id, None)

    def terms(self, account_id: int) -> tuple[int, AlertTerms]:
        draw = self.random
        which = draw.choice(list(PRICES))
        way = draw.choice((Direction.ABOVE, Direction.BELOW))
        kind = draw.random()
        price = self.scaled(which)
        if kind < 0.3:
            watched = draw.choice(
                ("last", "bid", "ask", "mark") if which == PERP else ("last", "bid", "ask")
            )
            level = round(price * (1 + draw.uniform(-0.03, 0.03)))
            return account_id, AlertTerms(AlertKind.PRICE, which, way, level, watched, "", 0)
        if kind < 0.5:
            way = draw.choice((Direction.ABOVE, Direction.BELOW, Direction.EITHER))
            level = draw.randint(1, 40_000)
            base = self.world.view.quotes[which].last_price
            since = draw.choice(("arming", "previous_close"))
            if not base:
                since = "previous_close"
            base = base if since == "arming" else 0
            return account_id, AlertTerms(AlertKind.PERCENT, which, way, level, "", since, base)
        if kind < 0.6:
            level = draw.randint(1, 1000) * UNIT
            return account_id, AlertTerms(
                AlertKind.VOLUME, which, Direction.ABOVE, level, "", "", 0
            )
        of = draw.choice((0, 0, which))
        level = draw.randint(-50, 50) * 1_000_000
        base = draw.choice((0, draw.randint(-10, 10) * 1_000_000))
        return account_id, AlertTerms(
            AlertKind.PROFIT, of, way, level, "", "arming" if base else "start", base
        )

    def step(self) -> None:
        draw = self.random
        self.clock.time_ns += draw.choice((1, SECOND, 60 * SECOND))
        kind = draw.random()
        if kind < 0.6:
            self.move(draw.choice(list(PRICES)))
        elif kind < 0.68:
            self.order()
        elif kind < 0.84:
            # An arming that is given up before it is settled is not told of.
            self.world.alerts.settle()
            self.arm()
        elif kind < 0.9:
            self.world.projector.begin()
        elif kind < 0.92:
            account_id, key = draw.choice(self.accounts), str(self.world.view.seq)
            if draw.random() < 0.9:
                self.submit(DepositCash(account_id, 10**9, key, b""))
            else:
                self.submit(ResetAccount(account_id, 10**11, key, b""))
        elif kind < 0.93:
            self.clock.time_ns += DAY
        elif kind < 0.94:
            self.world.projector.flush()
            self.people.alerts.store_days(self.world.alerts.noted_days())
        else:
            self.crash()

    def crash(self) -> None:
        """End here: at rest, while a write fails, or after one that nobody heard of."""
        kind = self.random.random()
        if kind < 0.3:
            self.disk.fail_next(StorageUnavailable("full"))
            with suppress(StorageUnavailable):
                self.world.alerts.settle()
                self.world.projector.flush()
        elif kind < 0.6:
            self.disk.die_after_next(Killed())
            with suppress(Killed):
                self.world.alerts.settle()
                self.world.projector.flush()
                self.submit(DepositCash(self.accounts[0], 1, str(self.clock.time_ns), b""))
        with suppress(StorageUnavailable, Killed):
            # Whatever was ordered of the disk has happened by now.
            MemoryDatabase(self.disk, "people").execute("DELETE FROM alert_days WHERE seq < 0")
        self.open()
        if self.world.view.seq > self.naive.seq:
            self.naive.look(self.world.view, self.world.view.seq)


@pytest.mark.parametrize("seed", range(25))
def test_each_arming_fires_once_where_a_naive_watch_sees_it(seed: int) -> None:
    story = Story(seed)
    for _ in range(STEPS):
        story.step()
    story.world.alerts.settle()
    told: dict[tuple[str, int], int] = {}
    for account_id in story.accounts:
        for fired in story.people.alerts.history(account_id, 5_000):
            key = fired.alert_id, fired.arming
            assert key not in told
            told[key] = fired.seq
    assert told == story.naive.fired
    armed = {alert.id for alert in story.people.alerts.armed()}
    assert armed == set(story.naive.armed)
    assert len(story.world.alerts) == len(armed)
    assert len(told) > 10
    inbox = MemoryDatabase(story.disk, "people").query("SELECT COUNT(*) FROM inbox_items")
    assert inbox == [(len(told),)]
