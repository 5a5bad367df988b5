"""What armed alerts cost a tick.

Quotes and trades of a random walk are shown in a View and looked at by the watch, with all alerts
armed and with none, in turns; levels of every kind lie four to thirty percent away, those of whole
accounts' profits two to eight. Then by a loop that looks at every alert of the tick's symbol, on
fewer ticks. Processor time, because the machine is shared.
"""

import time
from random import Random
from statistics import median

from bench.figures import Figure, Growth, Report
from bench.sizes import Sizes
from stockyard.app import catalog_instruments
from stockyard.model.codes import AccountStatus
from stockyard.model.facts import Quote, Trade
from stockyard.model.records import Record
from stockyard.people.alerts import Alert, AlertKind, AlertTerms, Direction
from stockyard.projections.rows import AccountRow, PositionRow
from stockyard.projections.view import View
from stockyard.runtime.alert_watch import AlertWatch

AIM_US = 5.0
UNIT = 10**9
ACCOUNTS = 1_000
POSITIONS = 5
SYMBOLS = 24
START_TICKS = 2_000_000
"""Every price at first: 200 dollars, scaled."""
STEP_PPM = 200
"""Even steps of up to so much a tick: at a tick a second, 28 percent a year."""
SPREAD = 100
PROFITS = 0.1
"""The share of alerts that watch a profit or loss."""


class Market:
    """Prices that walk about."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._prices = dict.fromkeys(range(1, SYMBOLS + 1), START_TICKS)
        self._seq = 0

    def tick(self) -> Record:
        """The next quote or trade."""
        draw = self._random
        which = draw.randint(1, SYMBOLS)
        price = self._prices[which]
        # It is drawn back, so that few levels are reached however long it lasts.
        pull = (START_TICKS - price) // 20_000
        price += pull + price * draw.randint(-STEP_PPM, STEP_PPM) // 1_000_000
        self._prices[which] = price
        self._seq += 1
        fact: Quote | Trade = Trade(which, price, UNIT, self._seq)
        if draw.random() < 0.8:
            fact = Quote(which, price - SPREAD, price + SPREAD, UNIT, UNIT, self._seq)
        return Record(self._seq, self._seq, self._seq, fact, None)


def _view(seed: int) -> View:
    """A View of the built-in market and a thousand accounts that hold five stocks each."""
    draw, view = Random(seed), View()
    for instrument in catalog_instruments()[:SYMBOLS]:
        view.list_instrument(instrument)
        quote = view.quotes[instrument.instrument_id]
        quote.bid, quote.ask, quote.last_price = START_TICKS - SPREAD, START_TICKS, START_TICKS
        quote.set_marks()
    accounts, positions = [], []
    for account_id in range(1, ACCOUNTS + 1):
        cash = paid_in = 10**11
        for which in draw.sample(range(1, SYMBOLS + 1), POSITIONS):
            shares = draw.randint(1, 100)
            cost = shares * 200 * 10**6
            cash -= cost
            positions.append(PositionRow(account_id, which, shares * UNIT, 0, cost, 0, 0, 0))
        accounts.append(
            AccountRow(account_id, "u", "a", AccountStatus.ACTIVE, 1, cash, 0, paid_in, 0, 0, 0, 0)
        )
    view.load_rows(accounts, positions, [])
    return view


def _alerts(count: int, seed: int) -> list[Alert]:
    draw, made = Random(seed), []
    for number in range(count):
        which, way = draw.randint(1, SYMBOLS), draw.choice((Direction.ABOVE, Direction.BELOW))
        sign = 1 if way == Direction.ABOVE else -1
        far = draw.randint(40_000, 300_000)
        level = START_TICKS + sign * START_TICKS * far // 1_000_000
        kind = draw.random()
        if kind < PROFITS:
            # Of some 50,000 dollars: a level two to eight percent away.
            profit = sign * draw.randint(800, 4_000) * 10**6
            terms = AlertTerms(AlertKind.PROFIT, 0, way, profit, "", "start", 0)
        elif kind < 2 * PROFITS:
            terms = AlertTerms(
                AlertKind.PERCENT, which, Direction.EITHER, far, "", "arming", START_TICKS
            )
        else:
            watched = draw.choice(("last", "bid", "ask"))
            terms = AlertTerms(AlertKind.PRICE, which, way, level, watched, "", 0)
        made.append(
            Alert(
                str(number), "u", 1 + number % ACCOUNTS, terms, "", False, "armed", 1, 0, 0, 0, None
            )
        )
    return made


def _watched(count: int) -> tuple[AlertWatch, View]:
    view, watch = _view(1), AlertWatch()
    watch.watch(view)
    for alert in _alerts(count, 2):
        watch.put(alert)
    watch.take_in()
    return watch, view


def _spent(watch: AlertWatch, view: View, market: Market, ticks: int) -> float:
    """Microseconds of the processor a tick, the View's included."""
    records = [market.tick() for _ in range(ticks)]
    begun = time.process_time_ns()
    for record in records:
        view.fold_fact(record.seq, record.ts, record.input)
        watch.note(record, ())
    return (time.process_time_ns() - begun) / ticks / 1_000


def _scanned(count: int, ticks: int) -> float:
    """The same by a loop over the alerts of the tick's symbol; profits are left out."""
    view, market = _view(1), Market(3)
    of_symbol: dict[int, list[AlertTerms]] = {}
    for alert in _alerts(count, 2):
        if alert.terms.kind != AlertKind.PROFIT:
            of_symbol.setdefault(alert.terms.instrument_id, []).append(alert.terms)
    records = [market.tick() for _ in range(ticks)]
    met = 0
    begun = time.process_time_ns()
    for record in records:
        view.fold_fact(record.seq, record.ts, record.input)
        row = view.quotes[record.input.instrument_id]
        for terms in of_symbol[row.instrument_id]:
            price = row.bid if terms.watched == "bid" else row.last_price
            met += price >= terms.level if terms.direction == "above" else price <= terms.level
    return (time.process_time_ns() - begun) / ticks / 1_000


def run(sizes: Sizes) -> Report:
    """All of it."""
    armed, none = _watched(sizes.alerts), _watched(0)
    markets = Market(3), Market(3)
    ticks = sizes.alert_ticks
    with_all, with_none = [], []
    for _ in range(sizes.rounds):
        with_all.append(_spent(*armed, markets[0], ticks))
        with_none.append(_spent(*none, markets[1], ticks))
    added = max(0.001, median(with_all) - median(with_none))
    scanned = _scanned(sizes.alerts, max(10, ticks // 1_000)) - median(with_none)
    left = len(armed[0])
    figure = Figure(
        "alerts_added_us",
        f"A tick with {sizes.alerts:,} armed alerts of every kind, more than with none",
        added,
        "us",
        f"< {AIM_US:g} us",
        added < AIM_US,
        f"a loop over the alerts of the tick's symbol, {scanned:,.0f} us",
        added / scanned if scanned > 0 else None,
        f"{median(with_none):.2f} us without; {left:,} armed still at the end",
    )
    rows = []
    for share in (4, 2, 1):
        count = max(1, sizes.alerts // share)
        watch, view = _watched(count)
        market = Market(3)
        found = [_spent(watch, view, market, ticks) for _ in range(sizes.rounds)]
        rows.append((count, max(0.001, median(found))))
    about = "A tick with that many armed alerts, the View included"
    return Report([figure], [Growth("alerts", about, "alerts", "us", rows)])
