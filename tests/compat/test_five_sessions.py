"""A bot written for Alpaca's paper account runs five sessions in lock step, twice, and trades the
same.

The bot (``bots/reversion.py``) is a process of its own with the vendor's SDK; only addresses and
keys are set. Each run has a fresh World that begins at the same moment.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.running import Running

BOT = Path(__file__).parent / "bots" / "reversion.py"
START = "2026-01-05T14:29:00Z"
SESSIONS = 5
RATE = 1 / 60
"""Updates of the market a second: one a minute, as the bot's bars."""
SECONDS_MAX = 60.0
STARTING_S = 60.0
FILL = ("symbol", "side", "filled_qty", "filled_avg_price", "submitted_at", "filled_at")


class Run(NamedTuple):
    """What a run came to. ``seconds``: of the wall's clock while the bot traded."""

    fills: list[tuple[Any, ...]]
    closes: list[str]
    seconds: float
    cash: str


def run(folder: Path) -> Run:
    """Let the bot trade for five sessions."""
    arguments = ("--controls", "--start", START, "--calendar", "xnys", "--rate", repr(RATE))
    server = Running(folder / "data", *arguments)
    client = server.connect()
    environment = {
        **os.environ,
        "APCA_API_KEY_ID": server.demo["api_key"],
        "APCA_API_SECRET_KEY": server.demo["api_secret"],
        "APCA_API_BASE_URL": f"http://{server.host}:{server.port}",
        "APCA_STREAM_URL": f"ws://{server.host}:{server.port}/v2/iex",
    }
    log = (folder / "bot.log").open("wb")
    bot = subprocess.Popen([sys.executable, str(BOT)], env=environment, stdout=log, stderr=log)
    try:
        status, _ = client.ask("POST", "/api/v1/sim/clock/lock_step", {"streams": 1})
        assert status == 200
        _wait_for_stream(client, bot)
        begun, closes = time.monotonic(), []
        for _ in range(SESSIONS):
            status, seen = client.ask(
                "POST", "/api/v1/sim/clock/jump", {"to": "next_close", "wait": False}
            )
            while seen["going_to"] is not None:
                time.sleep(0.5)
                seen = client.get("/api/v1/sim/clock")
            closes.append(seen["now"])
        seconds = time.monotonic() - begun
        assert bot.poll() is None, (folder / "bot.log").read_text()
        assert seen["lock_step"]["given_up"] == 0
        orders = client.get("/api/v1/orders?status=all&limit=500")
        fills = [tuple(one[name] for name in FILL) for one in orders]
        return Run(fills, closes, seconds, client.get("/api/v1/account")["cash"])
    finally:
        bot.kill()
        bot.wait()
        log.close()
        client.close()
        assert server.stop() == 0


def _wait_for_stream(client: Any, bot: subprocess.Popen[bytes]) -> None:
    """Wait until the bot is there: its seconds of starting are none of the run's."""
    deadline = time.monotonic() + STARTING_S
    while client.get("/api/v1/presence")["streams"] == 0:
        assert time.monotonic() < deadline
        assert bot.poll() is None
        time.sleep(0.05)


def test_five_sessions_in_under_a_minute_twice_with_the_same_fills(tmp_path: Path) -> None:
    runs, before = [], _processor_s()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        runs.append(run(folder))
    first, second = runs
    used_s = (_processor_s() - before) / len(runs)
    assert len(first.fills) > 100
    assert first.fills == second.fills
    assert first.cash == second.cash
    assert first.closes == second.closes
    assert [close[:10] for close in first.closes] == [f"2026-01-{day:02}" for day in range(5, 10)]
    # On a machine that is busy with other things the wall's clock tells of those: what a run takes
    # of a processor, starting included, is what it takes where nothing else runs.
    assert min(first.seconds, second.seconds, used_s) < SECONDS_MAX


def _processor_s() -> float:
    """Processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
