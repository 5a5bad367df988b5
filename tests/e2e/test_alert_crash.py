"""Kill the server while alerts fire: each arming fires once, at the trade that met it first.

Method: one client arms alerts near the price, arms those that fired again, and sends trades over
the webhook; after a seeded random number of trades, however slow they are, and a moment later the
process gets SIGKILL, mostly while something is being settled. In the end the journal alone says
which trade met which arming.
"""

import random
import threading
import time
from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple

from stockyard.model.facts import Trade
from stockyard.people.alerts import Alert
from stockyard.people.directory import People
from stockyard.storage.sqlite import SqliteDatabase, SqliteJournal
from tests.e2e.running import Running
from tests.e2e.test_crash import GONE

KILLS, KILLS_SOAK = 8, 200
SEED = 20_140_321
TRADES, LATER_S = range(40), 0.05
"""A kill comes some time after as many trades of a life."""
PATIENCE_S = 30.0
SYMBOLS = {"AAPL": 1, "MSFT": 2}
FEEDER = {"Authorization": "Basic " + b64encode(b"feeder:sesame").decode()}


class Armed(NamedTuple):
    """One arming, as the people's database has it."""

    instrument_id: int
    is_above: bool
    level: int
    armed_seq: int


class Trader(threading.Thread):
    """Arms alerts and sends trades until the server is gone."""

    def __init__(self, server: Running, number: int, prices: dict[str, float]) -> None:
        super().__init__()
        self._server, self._prices = server, prices
        self._random = random.Random(SEED + number)
        self._count, self._number = 0, number
        self._taken = threading.Semaphore(0)
        self.faults: list[str] = []

    def wait_for(self, trades: int) -> None:
        """Wait until the server took so many trades."""
        for _ in range(trades):
            assert self._taken.acquire(timeout=PATIENCE_S), "the server takes no trades"

    def run(self) -> None:
        client = self._server.connect()
        try:
            while True:
                self._work(client)
        except GONE:
            client.close()

    def _work(self, client: Any) -> None:
        draw = self._random
        symbol = draw.choice(list(SYMBOLS))
        if draw.random() < 0.4:
            level = self._prices[symbol] * (1 + draw.uniform(-0.004, 0.004))
            body = {
                "kind": "price",
                "symbol": symbol,
                "direction": draw.choice(["above", "below"]),
                "value": f"{level:.2f}",
            }
            status, answer = client.ask("POST", "/api/v1/alerts", body)
            if status != 201 and answer["code"] != "too_many_alerts":
                self.faults.append(f"{status} {answer}")
        elif draw.random() < 0.1:
            fired = client.get("/api/v1/alerts?status=fired")
            if fired:
                client.ask("POST", f"/api/v1/alerts/{draw.choice(fired)['id']}/arm")
        self._count += 1
        self._prices[symbol] *= 1 + draw.uniform(-0.002, 0.002)
        tick = {
            "symbol": symbol,
            "price": f"{self._prices[symbol]:.2f}",
            "volume": "10",
            "ts": time.time_ns() // 10**6,
            "source": "TAPE",
            "event_id": f"{self._number}-{self._count}",
        }
        status, answer = client.ask("POST", "/ingest/tick", tick, FEEDER)
        if status not in (200, 201, 202):
            self.faults.append(f"{status} {answer}")
        self._taken.release()


def met_at(trades: list[tuple[int, Trade]], armed: Armed) -> int:
    """The record that meets an arming first, or the arming itself; 0 for none."""
    last = 0
    for seq, trade in trades:
        if trade.instrument_id != armed.instrument_id:
            continue
        if seq > armed.armed_seq:
            if last and is_met(last, armed):
                return armed.armed_seq
            if is_met(trade.price, armed):
                return seq
            last = 0
        else:
            last = trade.price
    return armed.armed_seq if last and is_met(last, armed) else 0


def is_met(price: int, armed: Armed) -> bool:
    """Whether a price is at the level or beyond."""
    return price >= armed.level if armed.is_above else price <= armed.level


def test_alerts_fire_once_across_sigkill(tmp_path: Path, soak_factor: int) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    draw, prices = random.Random(SEED), {"AAPL": 200.0, "MSFT": 400.0}
    server = Running(
        tmp_path / "data",
        "--market",
        "none",
        ingest_username="feeder",
        ingest_password="sesame",
        snapshot_seconds=0.3,
        projection_seconds=draw.choice([0.02, 0.2]),
    )
    for number in range(kills):
        trader = Trader(server, number, prices)
        trader.start()
        trader.wait_for(draw.choice(TRADES))
        time.sleep(draw.uniform(0, LATER_S))
        server.kill()
        trader.join()
        assert trader.faults == []
        server.start()
    assert server.stop() == 0
    journal = SqliteJournal(server.data / "journal.db")
    trades = [(r.seq, r.input) for r in journal.read(0) if isinstance(r.input, Trade)]
    journal.close()
    database = SqliteDatabase(server.data / "people.db", durable=True)
    try:
        assert check(People(database), database, trades) > kills
    finally:
        database.close()


def check(people: People, database: SqliteDatabase, trades: list[tuple[int, Trade]]) -> int:
    """What fired is what the journal says, each arming once, each told once; how many."""
    (account_id,) = [row[0] for row in database.query("SELECT DISTINCT account_id FROM alerts")]
    fired = people.alerts.history(account_id, 100_000)
    names = [(one.alert_id, one.arming) for one in fired]
    assert len(set(names)) == len(names)
    told = {(one.alert_id, one.arming): one for one in fired}
    found: list[Alert] = people.alerts.of_account(account_id)
    for alert in found:
        one = told.get((alert.id, alert.arming))
        terms = alert.terms
        armed = Armed(terms.instrument_id, terms.direction == "above", terms.level, alert.armed_seq)
        expected = met_at(trades, armed)
        assert (one.seq if one is not None else 0) == expected, (alert, one)
        assert (alert.status == "fired") == bool(expected)
        # Earlier armings ended because they fired: that is what was armed again.
        assert all((alert.id, n) in told for n in range(1, alert.arming))
    rows = database.query("SELECT COUNT(*) FROM inbox_items")
    assert rows == [(min(500, len(fired)),)]
    return len(fired)
