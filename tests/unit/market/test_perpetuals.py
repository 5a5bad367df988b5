"""Marks and funding against figures worked by hand, and contracts beside the coins they follow."""

from statistics import mean, pstdev

import msgspec
import pytest

from stockyard.market.catalog import CATALOG
from stockyard.market.perpetuals import (
    PREMIUM_UNIT,
    WINDOW_NS,
    Known,
    Marking,
    eased,
    funding_rate,
    mark_price,
    premium,
)
from stockyard.market.simulated import SimulatedMarket
from stockyard.model.facts import FundingRate, MarkPrice, Quote

SECOND = 10**9
HOUR = 3_600 * SECOND
NOON = 1_790_000_000 * SECOND // HOUR * HOUR
BY_SYMBOL = {row.instrument.symbol: row for row in CATALOG}
BTC = BY_SYMBOL["BTC-PERP"].instrument
PERCENT = PREMIUM_UNIT // 100


def test_a_premium_is_a_part_of_the_index() -> None:
    assert premium(100_050, 100_000) == PERCENT // 20
    assert premium(99_950, 100_000) == -PERCENT // 20
    assert premium(2, 3) == -333_333_333_334


def test_an_average_comes_half_the_way_in_one_step_of_its_window() -> None:
    assert eased(1_000, 3_000, WINDOW_NS) == 2_000
    assert eased(3_000, 1_000, WINDOW_NS) == 2_000
    assert eased(1_000, 3_000, 0) == 1_000
    # 100 s of 300 s: a quarter of the way.
    assert eased(0, 4_000, 100 * SECOND) == 1_000


@pytest.mark.parametrize(
    ("average", "mark"),
    [
        (0, 1_000_000),
        (PERCENT // 10, 1_001_000),
        (-PERCENT // 10, 999_000),
        # The cap is half a percent.
        (PERCENT, 1_005_000),
        (-PERCENT, 995_000),
        # 0.00005 % of 1,000,000 is half a unit: the nearest tick of 10 stays.
        (PERCENT // 20_000, 1_000_000),
        # 0.0005 % is 5 units: half a tick goes up.
        (PERCENT // 2_000, 1_000_010),
    ],
)
def test_a_mark_is_the_index_with_its_capped_premium(average: int, mark: int) -> None:
    assert mark_price(1_000_000, average, 10) == mark


@pytest.mark.parametrize(
    ("average_percent", "rate_e9"),
    [
        # 0.01 % for eight hours is 0.00125 % an hour.
        ("0", 12_500),
        # Within 0.05 % of the interest the rate is the interest.
        ("0.05", 12_500),
        ("-0.04", 12_500),
        # Beyond: 0.10 % - 0.05 % = 0.05 %, an eighth of it.
        ("0.10", 62_500),
        # -0.09 % + 0.05 % = -0.04 %, an eighth of it.
        ("-0.09", -50_000),
        # 2 % - 0.05 % would be 0.24375 %: the bound is 0.1 %.
        ("2", 1_000_000),
        ("-2", -1_000_000),
    ],
)
def test_funding_is_the_premium_drawn_towards_the_interest(
    average_percent: str, rate_e9: int
) -> None:
    average = round(float(average_percent) * 10_000) * PERCENT // 10_000
    assert funding_rate(average, HOUR, 1_000_000) == rate_e9


def test_marks_are_told_when_they_change_and_funding_on_the_hour() -> None:
    marking = Marking(BTC, None)
    ts = NOON - 3 * SECOND
    # At first the average is the first premium: 0.1 %.
    assert marking.observe(1_001_000, 1_000_000, ts) == [
        MarkPrice(BTC.instrument_id, 1_001_000, 1_000_000, ts)
    ]
    assert marking.observe(1_001_000, 1_000_000, ts + SECOND) == []
    # Half a second after the last mark that was told there is none.
    assert marking.observe(1_101_100, 1_100_000, ts + SECOND // 2) == []
    told = marking.observe(1_101_100, 1_100_000, NOON)
    assert [type(fact) for fact in told] == [MarkPrice, FundingRate]
    # All four premiums were 0.1 %: (0.1 - 0.05) / 8 = 0.00625 %.
    assert told[1] == FundingRate(BTC.instrument_id, 62_500, NOON)
    assert marking.observe(1_101_100, 1_100_000, NOON + SECOND) == []


def test_a_market_goes_on_from_what_it_said_last() -> None:
    missed = Marking(BTC, Known(1_002_000, 1_000_000, NOON - 3 * HOUR + 1))
    first, funding = missed.observe(999_000, 1_000_000, NOON + SECOND)
    # The mark goes on from its premium of 0.2 %, and three hours missed are funded once.
    assert first == MarkPrice(BTC.instrument_id, 1_002_000, 1_000_000, NOON + SECOND)
    assert isinstance(funding, FundingRate)
    # A second later nothing has moved by a tick, and nothing is funded again.
    assert missed.observe(999_000, 1_000_000, NOON + 2 * SECOND) == []
    paid = Marking(BTC, Known(1_002_000, 1_000_000, NOON))
    assert len(paid.observe(999_000, 1_000_000, NOON + SECOND)) == 1


def test_contracts_keep_to_their_coins() -> None:
    market = SimulatedMarket(CATALOG, 11)
    ids = {row.instrument.instrument_id for row in CATALOG}
    mids: dict[int, list[float]] = {}
    marks: dict[int, list[tuple[int, int]]] = {}
    for number in range(4_000):
        for fact in market.step(NOON + number * 5 * SECOND, ids):
            if isinstance(fact, Quote):
                mids.setdefault(fact.instrument_id, []).append((fact.bid + fact.ask) / 2)
            elif isinstance(fact, MarkPrice):
                marks.setdefault(fact.instrument_id, []).append((fact.mark, fact.index))
    for name in ("BTC", "ETH", "SOL"):
        spot = BY_SYMBOL[f"{name}/USD"].instrument
        contract = BY_SYMBOL[f"{name}-PERP"].instrument
        pairs = zip(mids[contract.instrument_id], mids[spot.instrument_id], strict=True)
        away = [a / b - 1 for a, b in pairs]
        assert abs(mean(away)) < 0.001
        assert 0.0001 < pstdev(away) < 0.001
        assert all(abs(mark / index - 1) < 0.0051 for mark, index in marks[contract.instrument_id])


def test_the_same_seed_says_the_same_and_contracts_change_no_coin() -> None:
    ids = {row.instrument.instrument_id for row in CATALOG}

    def facts(listings: object, seed: int) -> list[object]:
        market = SimulatedMarket(listings, seed)  # type: ignore[arg-type]
        return [f for n in range(80) for f in market.step(NOON + n * 60 * SECOND, ids)]

    assert facts(CATALOG, 3) == facts(CATALOG, 3)
    spot = [row for row in CATALOG if row.instrument.asset_class != 3]
    among = [f for f in facts(CATALOG, 3) if f.instrument_id < 25]  # type: ignore[attr-defined]
    assert among == facts(spot, 3)


def test_a_contract_is_listed_after_what_it_follows() -> None:
    with pytest.raises(ValueError, match="BTC/USD is not listed before"):
        SimulatedMarket([BY_SYMBOL["BTC-PERP"]], 1)


def test_a_restarted_market_goes_on_at_its_basis() -> None:
    listings = [BY_SYMBOL["BTC/USD"], BY_SYMBOL["BTC-PERP"]]
    ids = {row.instrument.instrument_id for row in listings}
    before = SimulatedMarket(listings, 5)
    for number in range(500):
        before.step(NOON + number * SECOND, ids)
    again = SimulatedMarket(listings, 6, mids=before.mids(), first_step=before.next_step)
    coin, contract = (row.instrument.instrument_id for row in listings)
    old = before.mids()[contract] / before.mids()[coin]
    again.step(NOON + 501 * SECOND, ids)
    new = again.mids()[contract] / again.mids()[coin]
    assert abs(new - old) < 0.0002


def test_terms_that_would_liquidate_at_once_cannot_be_listed() -> None:
    with pytest.raises(ValueError, match="more than they must keep"):
        msgspec.structs.replace(BTC, maintenance_ppm=20_000)
