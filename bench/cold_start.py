"""P8: from starting the process to the first acknowledged order, in an empty and a used directory.

The files are in the system's cache, as after any stop that was not a power cut. The empty directory
includes making the demo user with its password, and its key.
"""

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec

from bench import child
from bench.figures import Figure, Report
from bench.filled import Filled
from bench.load import Key
from bench.serving import POLL_S, START_S, ServerFailed, Serving, keys_of
from bench.sizes import Sizes

ORDER = {"symbol": "AAPL", "side": "buy", "type": "market", "qty": "1", "time_in_force": "day"}
FIRST_ORDER_S = 20.0


def demo_key(server: Serving) -> Key:
    """The demo key, as soon as the server has written it."""
    deadline = time.perf_counter() + START_S
    path = server.data / "demo.json"
    while True:
        server.check_alive(deadline)
        try:
            found = msgspec.json.decode(path.read_bytes())
            return Key(found["api_key"], found["api_secret"])
        except (OSError, msgspec.DecodeError):
            time.sleep(POLL_S)


def _first_order(server: Serving, key: Key, name: str) -> None:
    """Send one order again and again until it is taken: before the first quote it is not."""
    deadline = time.perf_counter() + FIRST_ORDER_S
    while True:
        try:
            body = {**ORDER, "client_order_id": name}
            status, answer = server.ask("POST", "/api/v1/orders", body, key)
            if 200 <= status < 300:
                return
            refusal = f"{status} {answer[:300]!r}"
        except OSError as error:
            refusal = str(error)
        if time.perf_counter() > deadline:
            raise ServerFailed(f"no order was taken: {refusal}")
        server.check_alive(deadline)
        time.sleep(POLL_S)


def start(data: Path, key: Key | None, name: str) -> float:
    """Seconds to the first 2xx answer to an order."""
    server = Serving(data)
    try:
        holder = key or demo_key(server)
        _first_order(server, holder, name)
        return time.perf_counter() - server.started_at
    finally:
        server.stop()
        if server.process.returncode != 0:
            raise ServerFailed(server.log.read_text(encoding="utf-8")[-2000:])


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure both directories, each several times."""
    place = Path(tempfile.mkdtemp(prefix="start-", dir=folder))
    rounds = min(sizes.rounds, 3)
    fresh = median([start(place / f"fresh{n}", None, "first") for n in range(rounds)])
    given = {
        "path": str(place / "used"),
        "users": sizes.users,
        "orders": sizes.history_orders,
        "open_orders": sizes.history_open,
    }
    key = keys_of(child.run("bench.filled:fill", Filled, given))[0]
    used = median([start(place / "used", key, f"first{n}") for n in range(rounds)])
    shutil.rmtree(place)
    return Report(
        [
            Figure(
                "p8_cold_start",
                "P8 start of an empty directory to the first acknowledged order",
                fresh,
                "s",
                "<= 2 s",
                fresh <= 2,
            ),
            Figure(
                "p8_cold_start_history",
                f"P8 the same with {sizes.history_orders:,} orders of history",
                used,
                "s",
                "<= 2 s",
                used <= 2,
                f"an empty directory, {fresh:.2f} s",
                used / fresh,
            ),
        ]
    )
