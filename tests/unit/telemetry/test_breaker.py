"""Goal: a dependency that fails is left alone, tried by one call, and trusted again.

Method: calls with chosen outcomes on a clock of ours.
"""

import asyncio
from collections.abc import Callable

import pytest

from stockyard.telemetry.breaker import (
    CALLS_MAX,
    CALLS_MIN,
    OPEN_S,
    WINDOW_S,
    Breaker,
    BreakerOpen,
    BreakerState,
)


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Down(Exception):
    """What the dependency raises."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("provider", clock)


async def good() -> str:
    return "answer"


async def bad() -> str:
    raise Down


async def ask(breaker: Breaker, *outcomes: bool) -> None:
    """Call once for each outcome, True for an answer."""
    for outcome in outcomes:
        if outcome:
            assert await breaker.call(good, (Down,)) == "answer"
        else:
            with pytest.raises(Down):
                await breaker.call(bad, (Down,))


async def test_too_few_calls_say_nothing(breaker: Breaker) -> None:
    await ask(breaker, *[False] * (CALLS_MIN - 1))
    assert breaker.state == BreakerState.CLOSED


@pytest.mark.parametrize(("failures", "state"), [(5, "closed"), (6, "open")])
async def test_it_opens_above_half(breaker: Breaker, failures: int, state: str) -> None:
    await ask(breaker, *[True] * (CALLS_MIN - failures), *[False] * failures)
    assert breaker.state == state


async def test_old_outcomes_are_forgotten(breaker: Breaker, clock: Clock) -> None:
    await ask(breaker, *[False] * (CALLS_MIN - 1))
    clock.now_s += WINDOW_S + 1
    await ask(breaker, False)
    assert breaker.state == BreakerState.CLOSED
    await ask(breaker, *[True] * CALLS_MAX * 2)
    assert breaker.status().calls == CALLS_MIN + CALLS_MAX * 2
    await ask(breaker, *[False] * (CALLS_MAX // 2))
    assert breaker.state == BreakerState.CLOSED
    await ask(breaker, False)
    assert breaker.state == BreakerState.OPEN


async def opened(breaker: Breaker) -> None:
    await ask(breaker, *[False] * CALLS_MIN)
    assert breaker.state == BreakerState.OPEN


async def test_while_open_nothing_is_asked(breaker: Breaker, clock: Clock) -> None:
    await opened(breaker)
    clock.now_s += OPEN_S - 1
    with pytest.raises(BreakerOpen, match=r"1\.0 s more") as refused:
        await breaker.call(bad, (Down,))
    assert refused.value.retry_s == 1.0
    status = breaker.status()
    assert (status.calls, status.failures, status.refusals) == (CALLS_MIN, CALLS_MIN, 1)


@pytest.mark.parametrize("answers", [True, False])
async def test_one_call_tries(breaker: Breaker, clock: Clock, answers: bool) -> None:
    await opened(breaker)
    clock.now_s += OPEN_S
    assert breaker.state == BreakerState.HALF_OPEN
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    wait: Callable[[], asyncio.Future[str]] = lambda: answer  # noqa: E731
    trial = asyncio.ensure_future(breaker.call(wait, (Down,)))
    await asyncio.sleep(0)
    with pytest.raises(BreakerOpen):
        await breaker.call(good, (Down,))
    if answers:
        answer.set_result("answer")
        assert await trial == "answer"
        assert breaker.state == BreakerState.CLOSED
        await ask(breaker, *[False] * (CALLS_MIN - 1))
        assert breaker.state == BreakerState.CLOSED
    else:
        answer.set_exception(Down())
        with pytest.raises(Down):
            await trial
        assert breaker.state == BreakerState.OPEN
        assert breaker.status().openings == 2


async def test_a_canceled_trial_leaves_room_for_another(breaker: Breaker, clock: Clock) -> None:
    await opened(breaker)
    clock.now_s += OPEN_S
    never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    trial = asyncio.ensure_future(breaker.call(lambda: never, (Down,)))
    await asyncio.sleep(0)
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert breaker.state == BreakerState.HALF_OPEN
    await ask(breaker, True)
    assert breaker.state == BreakerState.CLOSED


async def test_an_answer_to_an_old_question_is_no_trial(breaker: Breaker, clock: Clock) -> None:
    late: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    straggler = asyncio.ensure_future(breaker.call(lambda: late, (Down,)))
    await asyncio.sleep(0)
    await opened(breaker)
    clock.now_s += OPEN_S
    never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    trial = asyncio.ensure_future(breaker.call(lambda: never, (Down,)))
    await asyncio.sleep(0)
    late.set_result("answer")
    assert await straggler == "answer"
    assert breaker.state == BreakerState.HALF_OPEN
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
