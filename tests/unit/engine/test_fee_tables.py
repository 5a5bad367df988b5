"""Goal: a fee line is right to the micro-dollar, and the right table counts. Examples."""

import pytest

from stockyard.engine.fees import FeeLine, FeeTable, charge, house_book, most_ahead
from stockyard.model.codes import Book, FeeKind, Side
from stockyard.model.facts import FeesScheduled
from stockyard.model.instruments import FeeRule
from tests.engine_terms import MAKER_RULE, SEC_RULE, TAF_RULE, TAKER_RULE

UNIT = 10**9


@pytest.mark.parametrize(
    ("rule", "value", "qty", "fee"),
    [
        (SEC_RULE, 1_000_000_000_000, UNIT, 20_600_000),
        (SEC_RULE, 1_000_000_000_001, UNIT, 20_610_000),
        (SEC_RULE, 1, 1, 10_000),
        (SEC_RULE, 0, 0, 0),
        (TAF_RULE, 0, UNIT, 10_000),
        (TAF_RULE, 0, 1_000 * UNIT, 200_000),
        (TAF_RULE, 0, 50_205 * UNIT, 9_790_000),
        (TAF_RULE, 0, 10**15, 9_790_000),
        (TAKER_RULE, 100_000_000, UNIT, 250_000),
        (TAKER_RULE, 1, 1, 1),
        (MAKER_RULE, 100_000_001, UNIT, 150_001),
        (SEC_RULE, 2**62, 2**62, 95_000_731_980_000),
    ],
)
def test_a_line_on_an_orders_totals(rule: FeeRule, value: int, qty: int, fee: int) -> None:
    assert FeeLine(rule).total(value, qty, UNIT) == fee


def test_makers_and_takers_pay_their_own_lines() -> None:
    lines = [FeeLine(TAKER_RULE), FeeLine(MAKER_RULE), FeeLine(SEC_RULE)]
    million = 1_000_000_000
    taking = charge(lines, False, 0, million, 0, UNIT, UNIT, million)
    making = charge(lines, True, 0, million, 0, UNIT, UNIT, million)
    assert taking == ((FeeKind.CRYPTO_TAKER, 2_500_000), (FeeKind.SEC, 30_000))
    assert making == ((FeeKind.CRYPTO_MAKER, 1_500_000), (FeeKind.SEC, 30_000))
    assert most_ahead(lines, 0, million, 0, UNIT, UNIT) == 2_530_000
    dear_to_make = [*lines, FeeLine(MAKER_RULE)]
    assert most_ahead(dear_to_make, 0, million, 0, UNIT, UNIT) == 3_030_000


def test_a_charge_stops_at_what_may_be_charged_in_the_order_of_the_lines() -> None:
    lines = [FeeLine(SEC_RULE), FeeLine(TAF_RULE)]
    assert charge(lines, False, 0, 100, 0, UNIT, UNIT, 15_000) == (
        (FeeKind.SEC, 10_000),
        (FeeKind.TAF, 5_000),
    )
    assert charge(lines, False, 0, 100, 0, UNIT, UNIT, 10_000) == ((FeeKind.SEC, 10_000),)
    assert charge(lines, False, 0, 100, 0, UNIT, UNIT, 0) == ()
    assert charge([], False, 0, 100, 0, UNIT, UNIT, 100) == ()


def schedule(effective_ns: int, version: str, *rules: FeeRule) -> FeesScheduled:
    return FeesScheduled(1, effective_ns, version, rules)


def test_the_latest_table_that_has_begun_counts() -> None:
    table = FeeTable()
    table.add(schedule(200, "second", SEC_RULE, TAF_RULE))
    table.add(schedule(100, "first", TAKER_RULE))
    told = []
    for ts in (0, 99, 100, 199, 200, 2**61, 150, 50):
        lines = table.lines(Side.SELL, ts)
        told.append((table.version, [line.kind for line in lines]))
    first, second = ("first", [FeeKind.CRYPTO_TAKER]), ("second", [FeeKind.SEC, FeeKind.TAF])
    none: tuple[str, list[int]] = ("", [])
    assert told == [none, none, first, first, second, second, first, none]
    assert table.lines(Side.BUY, 250) == []
    assert len(table.lines(Side.BUY, 150)) == 1


def test_a_table_of_the_same_date_replaces_the_earlier() -> None:
    table = FeeTable()
    table.add(schedule(100, "first", TAKER_RULE))
    assert len(table.lines(Side.BUY, 100)) == 1
    table.add(schedule(100, "corrected"))
    assert table.lines(Side.BUY, 100) == []
    assert table.version == "corrected"
    assert len(table.schedules) == 1


def test_every_kind_has_its_book() -> None:
    kinds = [value for name, value in vars(FeeKind).items() if name.isupper()]
    assert [house_book(kind) for kind in kinds] == [
        Book.COMMISSION,
        Book.SEC,
        Book.TAF,
        Book.EXCHANGE,
        Book.EXCHANGE,
        Book.ORF,
        Book.CAT,
        Book.INSURANCE,
    ]


def test_an_options_regulatory_fee_is_paid_per_contract_on_both_sides() -> None:
    """$0.02 a contract, rounded up to the cent on the order's total."""
    rule = FeeRule(FeeKind.ORF, 0, 2, 0, 20_000_000_000, 0, 10_000)
    table = FeeTable()
    table.add(schedule(100, "options", rule))
    for side in (Side.BUY, Side.SELL):
        [line] = table.lines(side, 100)
        assert charge([line], False, 0, 1, 0, 3, 1, 10**9) == ((FeeKind.ORF, 60_000),)
