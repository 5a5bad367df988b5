"""How fast simulated time goes at best: a jump over a session, every quote of it journaled.

The whole built-in market moves once a second: twenty stocks, and the coins and contracts beside
them. Nobody listens and nobody trades, so a commit holds as many seconds as fit. Beside it the same
market alone makes the same seconds for nobody.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from bench import child
from bench.cold_start import demo_key
from bench.figures import Figure, Report
from bench.serving import ServerFailed, Serving
from bench.sizes import Sizes
from stockyard.market.catalog import CATALOG
from stockyard.market.simulated import SimulatedMarket

NS: Final = 10**9
SESSION_S: Final = 23_400
OPENS_NS: Final = 1_767_623_400 * NS
"""2026-01-05T14:30:00Z, an opening bell in New York."""
BEGIN: Final = "2026-01-05T14:29:50Z"
POLL_S: Final = 0.02


class Alone(msgspec.Struct):
    """Seconds that the market alone takes for so many of its own."""

    seconds: float


def market_alone(simulated_s: int) -> Alone:
    """Step the market once a second, for nobody."""
    market = SimulatedMarket(list(CATALOG), 1)
    numbers = [listing.instrument.instrument_id for listing in CATALOG]
    begun = time.perf_counter()
    for second in range(simulated_s):
        market.step(OPENS_NS + second * NS, numbers)
    return Alone(time.perf_counter() - begun)


def _jump(server: Serving, simulated_s: int) -> tuple[float, int]:
    """Seconds for a jump of so many, and the inputs it made."""
    key = demo_key(server)

    def clock(verb: str, body: object = None) -> dict[str, object]:
        method = "GET" if body is None else "POST"
        status, answer = server.ask(method, f"/api/v1/sim/clock{verb}", body, key)
        if status != 200:
            raise ServerFailed(answer.decode("utf-8", "replace"))
        found: dict[str, object] = msgspec.json.decode(answer)
        return found

    before = clock("/jump", {"to": "2026-01-05T14:30:00Z"})
    rest = f"{14 + (1800 + simulated_s) // 3600}:{(1800 + simulated_s) % 3600 // 60:02}"
    second = simulated_s % 60
    begun = time.perf_counter()
    seen = clock("/jump", {"to": f"2026-01-05T{rest}:{second:02}Z", "wait": False})
    while seen["going_to"] is not None:
        time.sleep(POLL_S)
        seen = clock("")
    return time.perf_counter() - begun, int(str(seen["seq"])) - int(str(before["seq"]))


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure a jump over a session, or as much of one as the size allows, and a World's start."""
    place = Path(tempfile.mkdtemp(prefix="simulated-", dir=folder))
    simulated_s = sizes.simulated_seconds
    settings = {
        "controls": "1",
        "controls_start": BEGIN,
        "calendar": "xnys",
        "updates_per_second": "1",
    }
    try:
        with Serving(place / "data", **settings) as server:
            seconds, inputs = _jump(server, simulated_s)
        alone = child.run(
            "bench.simulated_days:market_alone", Alone, {"simulated_s": simulated_s}
        ).seconds
    finally:
        shutil.rmtree(place, ignore_errors=True)
    days = simulated_s / SESSION_S / seconds
    return Report(
        [
            Figure(
                "simulated_days",
                "Simulated sessions a second, 20 stocks and 7 others at 1 s",
                days,
                "sessions/s",
                against=f"the market alone, for nobody, {simulated_s / SESSION_S / alone:.3f}",
                ratio=days / (simulated_s / SESSION_S / alone),
                note=f"{simulated_s / seconds:,.0f} times the wall's time,"
                f" {inputs / seconds:,.0f} inputs/s",
            ),
        ]
    )
