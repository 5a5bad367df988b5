"""Goal: draws depend on seed, stream and counter alone. Method: known values, statistics."""

from statistics import mean, pstdev

from stockyard.numerics.random import CounterRandom

MASK = 2**64 - 1


def split_mix(state: int, count: int) -> list[int]:
    """SplitMix64 as published, started from a state."""
    out = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        out.append(z ^ (z >> 31))
    return out


def test_the_mixing_is_split_mix_64() -> None:
    """The first value of SplitMix64 from state 0 is known from its paper's reference code."""
    assert split_mix(0, 1) == [0xE220A8397B1DCDAF]
    key = split_mix(0, 1)[0]
    assert [CounterRandom(0).uint64(n) for n in range(5)] == split_mix(key, 5)


def test_draws_that_may_never_change() -> None:
    draws = CounterRandom(42, 3)
    assert [draws.uint64(n) for n in (0, 1, 10**12)] == [
        0xF72AA72B5007BEFF,
        0x4DEA4DDCD168218C,
        0xBA3E1439B69CB958,
    ]


def test_draws_are_addressed_not_drawn_in_turn() -> None:
    one, two = CounterRandom(7), CounterRandom(7)
    assert [one.uint64(n) for n in (5, 1, 5)] == [two.uint64(n) for n in (5, 1, 5)]


def test_seeds_and_streams_differ() -> None:
    first = [
        CounterRandom(seed, stream).uint64(0) for seed in range(-20, 40) for stream in range(20)
    ]
    assert len(set(first)) == len(first)


def test_uniform_draws_fill_the_interval() -> None:
    draws = [CounterRandom(1).uniform(n) for n in range(20_000)]
    assert 0 <= min(draws) < 0.001
    assert 0.999 < max(draws) < 1
    assert abs(mean(draws) - 0.5) < 0.01


def test_normal_draws_are_standard() -> None:
    draws = [CounterRandom(2, 5).normal(n) for n in range(20_000)]
    assert abs(mean(draws)) < 0.03
    assert abs(pstdev(draws) - 1) < 0.03
    assert max(draws) > 3
    assert min(draws) < -3
