"""Goal: an auditor that sleeps is noticed. Method: plant a bug, expect it to be found and named."""

import pytest

from tests.simulation import planted
from tests.simulation.shrinker import shrink
from tests.simulation.story import STEPS, Parts, Story, StoryFailed

SEEDS = 12

BUGS = [
    (planted.AnswersBeforeTheJournal, r"was answered with seq \d+; the journal ends at"),
    (planted.RefusesWhatItKept, r"live at \d+, journal at|was refused .*, yet it is record"),
    (planted.CursorAheadOfRows, r"table \w+: \d+ rows|the View's|hub's last event|SQL does not"),
    (planted.LostEvent, r"table events|first answer|after catching up|hub's last event|saw other"),
    (planted.RetryDoubles, r"record \d+ is .*, sent was"),
    (planted.RetryDoublesAfterRecovery, r"live state at \d+ is not the replayed"),
    (planted.ClockGoesBack, r"the ts of record \d+ lies before|must not go back"),
    (planted.ForgetsLastNames, r"the hub's last event"),
    (planted.SkipsAnEvent, r"follows|the hub's last event|the hub was at"),
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
    failed = first_failure(planted.ForgetsLastNames)
    story = failed.story()
    assert story.startswith(f"make sim SEED={failed.seed}\n")
    assert "CRASH" in story
    assert str(failed) in story


def test_a_failing_story_gets_shorter() -> None:
    failed = first_failure(planted.CursorAheadOfRows)
    short = shrink(failed, STEPS, planted.CursorAheadOfRows)
    assert type(short.cause) is type(failed.cause)
    assert len(short.trace) < len(failed.trace) / 2
