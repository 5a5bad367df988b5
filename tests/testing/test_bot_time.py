"""A bot's time: its sleeps move the World, its questions are told the World's time, and nobody
else's are.
"""

import asyncio
import datetime
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date
from datetime import datetime as moment
from time import sleep as nap
from typing import Any

import pytest

from stockyard.testing.bot_time import BotTime

START = 1_767_623_400_000_000_000
"""2026-01-05T14:30:00Z."""
SECOND = 1_000_000_000


class Clock:
    """A World's clock, and where it was brought."""

    def __init__(self) -> None:
        self.ns = START
        self.stops: list[float] = []

    def now_ns(self) -> int:
        return self.ns

    def advance_to(self, ns: int) -> None:
        self.ns = ns
        self.stops.append((ns - START) / SECOND)


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    begun = time.monotonic()
    with BotTime(clock.now_ns, clock.advance_to):
        yield clock
    assert time.monotonic() - begun < 5


def test_a_sleep_moves_the_world_at_once(clock: Clock) -> None:
    time.sleep(3600)
    nap(0.5)
    assert clock.stops == [3600, 3600.5]
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)


def test_now_is_the_worlds(clock: Clock) -> None:
    time.sleep(90)
    assert time.time() == START / SECOND + 90
    assert time.time_ns() == START + 90 * SECOND
    expected = "2026-01-05T14:31:30+00:00"
    assert moment.now(UTC).isoformat() == expected
    assert datetime.datetime.now(UTC).isoformat() == expected
    assert moment.utcnow().isoformat() == "2026-01-05T14:31:30"
    assert moment.now().astimezone(UTC).isoformat() == expected
    assert date.today() == moment.today().date()
    assert datetime.date(2026, 1, 5) == date(2026, 1, 5)


def test_what_is_made_is_an_ordinary_datetime(clock: Clock) -> None:
    found = moment(2026, 1, 5, tzinfo=UTC)
    assert type(found) is type(datetime.datetime.now())
    assert isinstance(found, moment)
    assert isinstance(found, date)
    assert moment.fromisoformat("2026-01-05") + datetime.timedelta(1) == moment(2026, 1, 6)
    assert moment.strptime("2026", "%Y").year == 2026
    assert datetime.UTC is UTC


def test_a_function_that_imports_inside_sleeps_too(clock: Clock) -> None:
    def bot() -> None:
        from time import sleep

        sleep(5)

    bot()
    assert clock.stops == [5]


def test_others_keep_their_time(clock: Clock) -> None:
    library: dict[str, Any] = {"__name__": "json"}
    exec("import time\ndef ask():\n    time.sleep(0)\n    return time.time()", library)
    assert abs(library["ask"]() - moment_of_the_machine()) < 60
    assert clock.stops == []


def moment_of_the_machine() -> float:
    elsewhere: dict[str, Any] = {"__name__": "json"}
    exec("import datetime\ndef ask():\n    return datetime.datetime.now().timestamp()", elsewhere)
    return float(elsewhere["ask"]())


def test_named_packages_are_the_bots() -> None:
    clock = Clock()
    with BotTime(clock.now_ns, clock.advance_to, ["json"]):
        library: dict[str, Any] = {"__name__": "json.tool"}
        exec("import time\ndef ask():\n    time.sleep(7)", library)
        library["ask"]()
    assert clock.stops == [7]


def test_everything_is_as_before_afterwards() -> None:
    before = (time.sleep, time.time, asyncio.sleep, moment, datetime, nap, date)
    clock = Clock()
    with BotTime(clock.now_ns, clock.advance_to):
        assert nap is not before[5]
        with pytest.raises(RuntimeError, match="leave it first"):
            BotTime(clock.now_ns, clock.advance_to).__enter__()
    assert before == (time.sleep, time.time, asyncio.sleep, moment, datetime, nap, date)
    assert moment.now(UTC).year != 2026 or abs(moment.now(UTC).timestamp() - time.time()) < 1


def test_a_second_thread_that_sleeps_does_not_go_twice(clock: Clock) -> None:
    threads = [threading.Thread(target=lambda: time.sleep(10)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.ns - START in (10 * SECOND, 20 * SECOND, 30 * SECOND)


def test_sleepers_in_a_loop_wake_in_order(clock: Clock) -> None:
    woken: list[tuple[str, float]] = []

    async def poll(name: str, every_s: float, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(every_s)
            woken.append((name, (clock.ns - START) / SECOND))

    async def bot() -> None:
        await asyncio.gather(poll("a", 60, 3), poll("b", 45, 4))
        assert await asyncio.sleep(0, "at once") == "at once"

    asyncio.run(bot())
    assert woken == [
        ("b", 45), ("a", 60), ("b", 90), ("a", 120), ("b", 135), ("a", 180), ("b", 180),
    ]  # fmt: skip


def test_a_sleeper_that_is_canceled_holds_nobody_up(clock: Clock) -> None:
    async def bot() -> None:
        waiting = asyncio.ensure_future(asyncio.sleep(1_000_000))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.sleep(2)

    asyncio.run(bot())
    assert clock.stops == [1, 3]
