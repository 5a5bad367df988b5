"""Kill the server in a burst of ticks: no order is lost, bars go on, and of the raw ticks at most
what docs/reference/market-data.md says.

Method: one sender posts batches of trades to the webhook as fast as they are taken, clients place
orders; the process gets SIGKILL at a seeded random moment. Every trade has a size of its own, so
that it is found again in the file the killed process left.
"""

import http.client
import json
import random
import threading
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from stockyard.model.ticks import TradeTick
from stockyard.storage.history import open_history
from stockyard.storage.ports import NS_MAX, TickPlace
from tests.e2e.running import Running
from tests.e2e.test_crash import GONE, Customer, check_acknowledged

KILLS, KILLS_SOAK = 6, 60
SEED = 20_131_007
LOST_S_MAX = 2.0
"""As the documentation states it, with the shipped settings."""
BATCH = 195
COIN_ID = 21
COIN_UNIT = 10**9
PRICES = {"AAPL": 230, "MSFT": 500, "SPY": 660, "BTC/USD": 95_000}


class Burst(threading.Thread):
    """Sends trades numbered from ``first`` on; ``told``: when which of them were acknowledged."""

    def __init__(self, server: Running, first: int) -> None:
        super().__init__()
        self._address, self.first = (server.host, server.port), first
        self.sent = first
        self.told: list[tuple[float, int]] = []
        self.put_off = 0

    def run(self) -> None:
        """Send until the server is gone; the same again where it says later."""
        connection = http.client.HTTPConnection(*self._address, timeout=20)
        key = b64encode(b"burst:secret").decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
        while True:
            begin, self.sent = self.sent, self.sent + BATCH
            body = json.dumps({"ticks": self._ticks(begin)})
            status = 429
            while status == 429:
                try:
                    connection.request("POST", "/ingest/ticks", body, headers)
                    response = connection.getresponse()
                    answer = json.loads(response.read())
                except GONE:
                    connection.close()
                    return
                status = response.status
                self.put_off += status == 429
            assert status == 202, answer
            assert answer["taken"] >= BATCH - answer["duplicates"], answer
            assert answer["denied"] == [], answer
            self.told.append((time.monotonic(), self.sent))

    def _ticks(self, begin: int) -> list[dict[str, Any]]:
        now_ms = time.time_ns() // 1_000_000
        common = {"source": "burst", "ts": now_ms}
        quotes = [
            {**common, "symbol": symbol, "event_id": f"q-{symbol}-{begin}", "bid": str(price),
             "bid_size": 1000, "ask": f"{price}.01", "ask_size": 1000 + begin}
            for symbol, price in PRICES.items()
        ]  # fmt: skip
        trades = [
            {**common, "symbol": "BTC/USD", "event_id": f"t-{n}", "price": "95000", "volume": n}
            for n in range(begin, begin + BATCH)
        ]
        return quotes + trades

    def acknowledged(self, before: float) -> int:
        """Up to which number trades were acknowledged before a moment."""
        return max((number for at, number in self.told if at < before), default=self.first)


class Left:
    """What a killed process left of the burst in the history's file."""

    def __init__(self, data: Path) -> None:
        history = open_history(data)
        place, found = TickPlace(0, 0), []
        while page := history.ticks_after(COIN_ID, place, NS_MAX, 10_000):
            found += [kept.tick for kept in page if isinstance(kept.tick, TradeTick)]
            place = page[-1].place
        self.numbers = [tick.qty // COIN_UNIT for tick in found if tick.source == "burst"]
        self.volumes = {
            (source, window_s): sum(
                bar.volume // COIN_UNIT
                for bar in history.bars(COIN_ID, source, window_s, 0, NS_MAX, 1_000_000)
            )
            for source in ("burst", "")
            for window_s in (1, 60, 86_400)
        }
        history.close()


def total(first: int, end: int) -> int:
    """The sizes of the trades from ``first`` up to but not including ``end``."""
    return sum(range(first, end))


def check_left(left: Left, burst: Burst, killed: float, before: int) -> int:
    """Nothing but the latest is lost, of ticks as of bars; the volume that bars have now.

    ``before``: the volume that bars had when this process began.
    """
    numbers = sorted(number for number in left.numbers if number >= burst.first)
    assert len(set(numbers)) == len(numbers)
    assert numbers == list(range(burst.first, burst.first + len(numbers)))
    surely = burst.acknowledged(killed - LOST_S_MAX)
    assert surely <= burst.first + len(numbers) <= burst.sent
    volume = left.volumes["burst", 86_400]
    assert set(left.volumes.values()) == {volume}
    assert before + total(burst.first, surely) <= volume <= before + total(burst.first, burst.sent)
    return volume


def test_a_kill_in_a_burst_costs_no_order_and_few_ticks(tmp_path: Path, soak_factor: int) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    draw = random.Random(SEED)
    server = Running(
        tmp_path / "data",
        market="none",
        ingest_username="burst",
        ingest_password="secret",
        snapshot_seconds=0.5,
        starting_cash=100_000_000,
    )
    volume, first, lost, acknowledged = 0, 1, [], 0
    for kill_number in range(kills):
        burst = Burst(server, first)
        customers = [Customer(server, kill_number, n) for n in range(2)]
        burst.start()
        while not burst.told:
            time.sleep(0.01)
        for customer in customers:
            customer.start()
        time.sleep(draw.uniform(0.5, 3.5))
        killed = time.monotonic()
        server.kill()
        for thread in (burst, *customers):
            thread.join()
        left = Left(tmp_path / "data")
        volume = check_left(left, burst, killed, volume)
        lost.append(burst.acknowledged(killed) - max(left.numbers, default=burst.first - 1) - 1)
        first = burst.sent
        server.start()
        client = server.connect()
        for customer in customers:
            assert customer.faults == []
            check_acknowledged(client, customer.acknowledged)
            acknowledged += len(customer.acknowledged)
        days = client.get("/api/v1/bars?symbol=BTC/USD&window=1d&source=burst")["bars"]
        assert sum(int(day["volume"]) for day in days) == volume
        client.close()
    assert acknowledged > kills
    server.kill()
    verified = server.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    print(f"{kills} kills, {first} trades, {acknowledged} orders; ticks lost at each: {lost}")
