"""Goal: a ladder tells the nearest levels, and gives out all that are reached and no others."""

from random import Random

from stockyard.runtime.ladder import NEVER_ABOVE, NEVER_BELOW, Ladder


def test_an_empty_ladder_is_never_reached() -> None:
    ladder = Ladder()
    assert (ladder.top, ladder.bottom, len(ladder)) == (NEVER_ABOVE, NEVER_BELOW, 0)
    assert ladder.take_above(10**20) == ladder.take_below(-(10**20)) == []


def test_levels_that_are_reached_come_nearest_first() -> None:
    ladder = Ladder()
    for level, number in ((30, 1), (10, 2), (20, 3), (20, 4)):
        ladder.put_above(level, number)
        ladder.put_below(-level, number)
    assert (ladder.top, ladder.bottom) == (10, -10)
    assert ladder.take_above(9) == []
    assert ladder.take_above(20) == [2, 4, 3]
    assert ladder.take_below(-10) == [2]
    assert (ladder.top, ladder.bottom, len(ladder)) == (30, -20, 4)


def test_it_does_what_a_list_would() -> None:
    draw, ladder = Random(5), Ladder()
    above: list[tuple[int, int]] = []
    below: list[tuple[int, int]] = []
    for number in range(3_000):
        kind, level = draw.random(), draw.randint(-500, 500)
        if kind < 0.3:
            ladder.put_above(level, number)
            above.append((level, number))
        elif kind < 0.6:
            ladder.put_below(level, number)
            below.append((level, number))
        elif kind < 0.8:
            rungs, drop = (above, ladder.drop_above) if kind < 0.7 else (below, ladder.drop_below)
            if rungs:
                gone = rungs.pop(draw.randrange(len(rungs)))
                drop(*gone)
                drop(*gone)
        elif kind < 0.9:
            taken = ladder.take_above(level)
            assert set(taken) == {n for at, n in above if at <= level}
            above = [(at, n) for at, n in above if at > level]
        else:
            taken = ladder.take_below(level)
            assert set(taken) == {n for at, n in below if at >= level}
            below = [(at, n) for at, n in below if at < level]
        assert ladder.top == min([at for at, _ in above], default=NEVER_ABOVE)
        assert ladder.bottom == max([at for at, _ in below], default=NEVER_BELOW)
        assert len(ladder) == len(above) + len(below)
