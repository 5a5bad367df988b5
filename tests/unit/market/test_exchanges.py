"""Exchanges that trade the same names: deterministic, close together, with the faults asked for."""

from decimal import Decimal

from stockyard.market.catalog import CATALOG
from stockyard.market.exchanges import BURST, SILENT_STEPS, Exchange, Exchanges, Faults, Message

NO_FAULTS = Faults()
START = 1_767_366_000_000_000_000
STEP_NS = 100_000_000
LISTINGS = [CATALOG[0], CATALOG[20]]
TWO = [Exchange("one", 50), Exchange("two", 20, -250)]


def said(faults: Faults = NO_FAULTS, steps: int = 50, seed: int = 3) -> list[list[list[Message]]]:
    """What two exchanges say, step by step."""
    played = Exchanges(LISTINGS, TWO, faults, seed, "run")
    return [played.step(START + n * STEP_NS, 100) for n in range(steps)]


def flat(steps: list[list[list[Message]]], which: int = 0) -> list[Message]:
    """Everything one of them says."""
    return [message for step in steps for message in step[which]]


def test_the_same_seed_says_the_same() -> None:
    """Another seed something else."""
    faults = Faults(10_000, 10_000, 10_000, 10_000, 10_000)
    assert said(faults) == said(faults)
    assert said(seed=4) != said()


def test_rates_clocks_and_names() -> None:
    """Fifty and twenty a second, in order, the second a quarter of a second behind."""
    steps = said()
    one, two = flat(steps), flat(steps, 1)
    assert (len(one), len(two)) == (250, 100)
    begin = START // 10**6
    assert [tick["ts"] for tick in one] == sorted(tick["ts"] for tick in one)
    assert (one[0]["ts"], two[0]["ts"]) == (begin, begin - 250)
    assert len({tick["event_id"] for tick in one}) == 250
    assert {tick["source"] for tick in one} == {"one"}
    assert {tick["symbol"] for tick in one} == {"AAPL", "BTC/USD"}


def test_stocks_trade_in_whole_shares() -> None:
    """An odd lot is fewer of them, and says so."""
    odd = []
    for tick in flat(said()):
        if tick["symbol"] == "AAPL" and "volume" in tick:
            assert Decimal(tick["volume"]) % 1 == 0
            if Decimal(tick["volume"]) < 100:
                odd.append(tick)
    assert odd
    assert all(tick["conditions"] == ["I"] for tick in odd)


def test_prices_lie_together() -> None:
    """All trades of a stock within a percent of each other, no quote crossed."""
    for tick in flat(said()) + flat(said(), 1):
        if "bid" in tick:
            assert Decimal(tick["bid"]) < Decimal(tick["ask"])
    prices = [
        Decimal(tick["price"])
        for tick in flat(said()) + flat(said(), 1)
        if tick["symbol"] == "AAPL" and "price" in tick
    ]
    assert max(prices) < min(prices) * Decimal("1.01")


def test_each_fault_happens_as_often_as_asked() -> None:
    """One at a time, in some thousand ticks."""
    again = flat(said(Faults(duplicate=100_000), 500))
    assert 0.07 < 1 - len({tick["event_id"] for tick in again}) / len(again) < 0.12
    late = flat(said(Faults(late=100_000), 500))
    old = [n for n, tick in enumerate(late[1:]) if tick["ts"] < late[n]["ts"] - 1_000]
    assert 0.07 < len(old) / len(late) < 0.13
    garbage = flat(said(Faults(garbage=100_000), 500))
    assert 0.07 < sum("event_id" not in tick or not tick["event_id"] or tick["ts"] == 1
                      for tick in garbage) / len(garbage) < 0.13  # fmt: skip
    burst = [len(step[0]) for step in said(Faults(burst=50_000), 200)]
    assert set(burst) == {5, 5 * BURST}
    assert 2 <= sum(count > 5 for count in burst) <= 20
    silent = [not step[0] for step in said(Faults(silence=5_000), 600)]
    assert SILENT_STEPS <= sum(silent) < 600
