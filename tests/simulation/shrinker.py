"""Makes a failing story short: leaves steps out while it still fails in the same way.

Promises: what it returns was told by a real run. Must not know: what a step does.
"""

from tests.simulation.parts import Parts
from tests.simulation.story import Story, StoryFailed

RUNS_MAX = 120


def _way(failed: StoryFailed) -> str:
    """How a story failed, without the numbers in it."""
    words = f"{type(failed.cause).__name__} {failed.cause}".split(":")[0]
    return "".join(letter for letter in words if not letter.isdigit())


def shrink(failed: StoryFailed, parts: type[Parts] = Parts) -> StoryFailed:
    """The shortest failing story found within ``RUNS_MAX`` runs: halves out first, then smaller
    pieces (delta debugging, Zeller and Hildebrandt 2002, simplified).
    """
    way, best, steps = _way(failed), failed, failed.steps
    kept = [step for step in range(steps) if step <= failed.step]
    runs, piece = 0, max(len(kept) // 2, 1)
    while runs < RUNS_MAX:
        before, at = len(kept), 0
        while at < len(kept) and runs < RUNS_MAX:
            tried = kept[:at] + kept[at + piece :]
            runs += 1
            found = _fails(failed.seed, steps, tried, parts)
            if found is not None and _way(found) == way:
                kept, best = tried, found
            else:
                at += piece
        if piece == 1 and len(kept) == before:
            break
        piece = max(piece // 2, 1)
    return best


def _fails(seed: int, steps: int, kept: list[int], parts: type[Parts]) -> StoryFailed | None:
    dropped = frozenset(range(steps)).difference(kept)
    try:
        Story(seed, steps, parts(), dropped).run()
    except StoryFailed as failed:
        return failed
    return None
