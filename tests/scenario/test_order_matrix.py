"""Goal: each type x class x time in force x side trades or is denied. Method: try every one."""

import runpy

import pytest

from stockyard.model.codes import CLASS_WORDS, SIDE_WORDS, TIF_WORDS, TYPE_WORDS
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.order_types import LATER, ORDER_TYPES
from tests.tidy.checkout import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "order_matrix.py"))


@pytest.fixture(scope="module")
def cells() -> dict[tuple[int, int, int, int], str]:
    found: dict[tuple[int, int, int, int], str] = SCRIPT["cells"]()
    return found


def test_every_cell_trades_or_names_its_rule(cells: dict[tuple[int, int, int, int], str]) -> None:
    assert len(cells) == len(CLASS_WORDS) * len(TYPE_WORDS) * len(TIF_WORDS) * len(SIDE_WORDS)
    told = {SCRIPT["FILLS"], *(f"`{rule.word}`" for rule in DENY_RULES.values())}
    assert {cell: outcome for cell, outcome in cells.items() if outcome not in told} == {}


def test_what_a_type_offers_trades(cells: dict[tuple[int, int, int, int], str]) -> None:
    for row in ORDER_TYPES:
        for tif in TIF_WORDS:
            trades = {cells[0, row.order_type, tif, side] for side in SIDE_WORDS} == {"fills"}
            assert trades == (tif in row.times_in_force), (row.word, TIF_WORDS[tif])


def test_a_type_takes_the_classes_it_offers(
    cells: dict[tuple[int, int, int, int], str],
) -> None:
    refused = f"`{DENY_RULES[DenyCode.CLASS_TYPE_NOT_SUPPORTED].word}`"
    for row in ORDER_TYPES:
        for each in CLASS_WORDS:
            told = {cells[each, row.order_type, tif, side] for tif in LATER for side in SIDE_WORDS}
            assert (refused in told) == (each not in row.classes), (row.word, CLASS_WORDS[each])


def test_the_page_is_what_the_engine_does() -> None:
    assert SCRIPT["DOCUMENT"].read_text(encoding="utf-8") == SCRIPT["page"]()
