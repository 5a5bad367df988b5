"""Goal: an auditor that sleeps is noticed. Method: plant a bug, expect it to be found and named."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stockyard.model import events as e
from stockyard.model.denials import DenyCode
from stockyard.model.records import Record
from tests.simulation import planted
from tests.simulation.plain_books import PlainBooks
from tests.simulation.plain_keys import PlainKeys
from tests.simulation.shrinker import shrink
from tests.simulation.story import STEPS, Parts, Story, StoryFailed

SEEDS = 12

BUGS = [
    (planted.AnswersBeforeTheJournal, r"was answered with seq \d+; the journal ends at"),
    (
        planted.RefusesWhatItKept,
        r"live at \d+, journal at|was refused .*, yet it is record|answered .*, the journal tells",
    ),
    (planted.CursorAheadOfRows, r"table \w+: \d+ rows|the View's|hub's last event|SQL does not"),
    (planted.LostEvent, r"table events|first answer|after catching up|hub's last event|saw other"),
    (planted.RetryDoubles, r"record \d+ is .*, sent was"),
    (planted.RetryDoublesAfterRecovery, r"live state at \d+ is not the replayed"),
    (planted.ClockGoesBack, r"the ts of record \d+ lies before|must not go back"),
    (planted.ForgetsLastNames, r"the hub's last event"),
    (planted.SkipsAnEvent, r"follows|the hub's last event|the hub was at|saw something else"),
]


def first_failure(parts: type[Parts]) -> StoryFailed:
    """The first story that fails with this bug planted."""
    for seed in range(1, SEEDS + 1):
        try:
            Story(seed, STEPS, parts()).run()
        except StoryFailed as failed:
            return failed
    raise AssertionError(f"{parts.__name__} was not found in {SEEDS} stories")


@pytest.mark.parametrize(("parts", "named"), BUGS)
def test_a_planted_bug_is_found(parts: type[Parts], named: str) -> None:
    failed = first_failure(parts)
    with pytest.raises(StoryFailed, match=named):
        raise failed


def test_a_failure_tells_how_to_see_it_again() -> None:
    failed = first_failure(planted.CursorAheadOfRows)
    story = failed.story()
    assert story.startswith(f"make sim SEED={failed.seed}\n")
    assert "CRASH" in story
    assert str(failed) in story


def test_a_failing_story_gets_shorter() -> None:
    failed = first_failure(planted.CursorAheadOfRows)
    short = shrink(failed, STEPS, planted.CursorAheadOfRows)
    assert type(short.cause) is type(failed.cause)
    assert len(short.trace) < len(failed.trace) / 2


@pytest.fixture(scope="module")
def history() -> list[tuple[Record, list[e.Event]]]:
    """Records and events of a sound story, each record at its seq less one."""
    story = Story(3)
    story.run()
    return story.auditor.history()


def judge(history: list[tuple[Record, list[e.Event]]]) -> None:
    """Add a history up with plain books and plain keys."""
    books, keys = PlainBooks(), PlainKeys()
    for record, events in history:
        keys.take(record, events)
        books.take(record, events)
    books.check_sums()


def changed(
    history: list[tuple[Record, list[e.Event]]],
    kind: type,
    change: Callable[[Any], list[Any]],
    nth: int = 0,
) -> list[tuple[Record, list[e.Event]]]:
    """The history with the ``nth`` event of a kind changed into others."""
    found = -1
    result = []
    for record, events in history:
        told: list[e.Event] = []
        for event in events:
            found += type(event) is kind
            hit = type(event) is kind and found == nth
            told += change(event) if hit else [event]
        result.append((record, told))
    assert found >= nth, f"the history has no {kind.__name__} {nth}"
    return result


def test_a_sound_history_adds_up(history: list[tuple[Record, list[e.Event]]]) -> None:
    judge(history)


FILL_FIELDS = [
    "price",
    "qty",
    "filled_qty",
    "value_micros",
    "rounding_micros",
    "cash_micros_after",
    "position_qty_after",
    "position_cost_micros_after",
    "realized_micros",
    "bid",
    "ask_qty",
    "quote_seq",
    "profile_id",
    "profile_version",
]


@pytest.mark.parametrize("field", FILL_FIELDS)
def test_a_wrong_figure_in_a_fill_is_found(
    history: list[tuple[Record, list[e.Event]]], field: str
) -> None:
    def one_more(fill: Any) -> list[Any]:
        return [msgspec.structs.replace(fill, **{field: getattr(fill, field) + 1})]

    with pytest.raises((AssertionError, KeyError)):
        judge(changed(history, e.OrderFilled, one_more))


OTHER_CHANGES = [
    (e.OrderFilled, lambda fill: [fill, fill]),
    (e.OrderFilled, lambda fill: [msgspec.structs.replace(fill, fees=((4, 10),))]),
    (e.OrderFilled, lambda fill: []),
    (e.OrderAccepted, lambda order: [order, order]),
    (e.OrderCanceled, lambda end: [end, end]),
    (e.OrderCanceled, lambda end: [msgspec.structs.replace(end, held_micros_after=-1)]),
    (e.OrderTriggered, lambda alive: [alive, alive]),
    (e.OrderTriggered, lambda alive: []),
    (e.OrderTriggered, lambda alive: [msgspec.structs.replace(alive, price=alive.price + 1)]),
    (e.OrderTriggered, lambda alive: [msgspec.structs.replace(alive, stop_price=1)]),
    (e.OrderTriggered, lambda alive: [msgspec.structs.replace(alive, held_micros_after=-1)]),
    (e.CashDeposited, lambda money: [money, money]),
    (e.CashWithdrawn, lambda money: []),
    (e.AccountReset, lambda reset: [msgspec.structs.replace(reset, cash_change_micros=1)]),
]


@pytest.mark.parametrize(("kind", "change"), OTHER_CHANGES)
def test_an_event_twice_or_lost_or_altered_is_found(
    history: list[tuple[Record, list[e.Event]]], kind: type, change: Callable[[Any], list[Any]]
) -> None:
    with pytest.raises((AssertionError, KeyError)):
        judge(changed(history, kind, change))


def test_a_retry_that_is_done_again_is_found(
    history: list[tuple[Record, list[e.Event]]],
) -> None:
    def again(repeat: Any) -> list[Any]:
        first: list[Any] = list(history[repeat.first_seq - 1][1])
        return first

    with pytest.raises(AssertionError, match="a retry was done again"):
        judge(changed(history, e.CommandRepeated, again))


def test_a_key_used_for_something_else_is_found(
    history: list[tuple[Record, list[e.Event]]],
) -> None:
    """A denial for a reused key turned into nothing at all."""
    denials = [event for _, events in history for event in events if type(event) is e.CommandDenied]
    nth = [denial.code for denial in denials].index(DenyCode.KEY_REUSED)
    with pytest.raises(AssertionError, match="another body under a key passed"):
        judge(changed(history, e.CommandDenied, lambda denied: [], nth))
