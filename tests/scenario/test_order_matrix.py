"""Goal: each type x class x time in force x side trades or is denied, in cash and margin accounts.
Method: try every one.
"""

import runpy

import pytest

from stockyard.model.codes import CLASS_WORDS, TIF_WORDS, TYPE_WORDS, AccountKind, OrderClass
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.events import OrderAccepted
from stockyard.model.order_types import LATER, ORDER_TYPES
from tests.tidy.checkout import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "order_matrix.py"))
ACCOUNTS: dict[int, tuple[str, ...]] = SCRIPT["ACCOUNTS"]
INTENTS: dict[str, tuple[int, int]] = SCRIPT["INTENTS"]
FILLS: str = SCRIPT["FILLS"]
OPENING = ("buy to open", "sell short")
Cells = dict[tuple[int, int, int, int, str], str]


@pytest.fixture(scope="module")
def cells() -> Cells:
    found: Cells = SCRIPT["cells"]()
    return found


def word(code: int) -> str:
    """A rule as a cell tells it."""
    return f"`{DENY_RULES[code].word}`"


def test_every_cell_trades_or_names_its_rule(cells: Cells) -> None:
    each = len(CLASS_WORDS) * len(TYPE_WORDS) * len(TIF_WORDS)
    assert len(cells) == each * sum(len(intents) for intents in ACCOUNTS.values())
    told = {FILLS, *(word(code) for code in DENY_RULES)}
    assert {cell: outcome for cell, outcome in cells.items() if outcome not in told} == {}


@pytest.mark.parametrize("intent", INTENTS)
def test_an_order_means_what_its_cell_says(intent: str) -> None:
    side, before = INTENTS[intent]
    trial = SCRIPT["Trial"](AccountKind.MARGIN, before)
    assert trial.outcome(SCRIPT["order"](trial.account_id, 0, 1, 1, side)) == FILLS
    taken = [x for x in trial.events if isinstance(x, OrderAccepted)]
    assert (len(taken), taken[-1].side) == (1 + bool(before), side)
    assert bool(taken[-1].closes) == (intent not in OPENING)


def test_what_a_type_offers_trades(cells: Cells) -> None:
    for row in ORDER_TYPES:
        for tif in TIF_WORDS:
            for account, intents in ACCOUNTS.items():
                told = {x: cells[account, 0, row.order_type, tif, x] for x in intents}
                if account == AccountKind.CASH and tif in row.times_in_force:
                    assert told.pop("sell short") == word(DenyCode.EXCEEDS_POSITION)
                trades = set(told.values()) == {FILLS}
                assert trades == (tif in row.times_in_force), (row.word, TIF_WORDS[tif], account)


def test_a_type_takes_the_classes_it_offers(cells: Cells) -> None:
    refused = word(DenyCode.CLASS_TYPE_NOT_SUPPORTED)
    for row in ORDER_TYPES:
        for each in CLASS_WORDS:
            for account, intents in ACCOUNTS.items():
                told = {cells[account, each, row.order_type, t, x] for t in LATER for x in intents}
                takes = each in row.classes
                assert (refused in told) != takes, (row.word, CLASS_WORDS[each])


def test_exits_of_new_positions_go_both_ways_and_pairs_close(cells: Cells) -> None:
    for row in ORDER_TYPES:
        for each in (x for x in row.classes if x != OrderClass.SIMPLE):
            closes = each == OrderClass.OCO
            rule = "LEG_WOULD_OPEN_POSITION" if closes else "ENTRY_WOULD_CLOSE_POSITION"
            for tif in LATER:
                for intent in INTENTS:
                    told = cells[AccountKind.MARGIN, each, row.order_type, tif, intent]
                    wrong = closes == (intent in OPENING)
                    assert told == (word(getattr(DenyCode, rule)) if wrong else FILLS)


def test_the_page_is_what_the_engine_does(cells: Cells) -> None:
    assert SCRIPT["DOCUMENT"].read_text(encoding="utf-8") == SCRIPT["page"](cells)
