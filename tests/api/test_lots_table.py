"""Goal: the worked example of ``docs/reference/lots.md`` is what happens, to the cent.

Method: the table there was worked out by hand; its trades are made, and every cell is compared.
"""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.api.rig import Rig

GUIDE: Final = Path(__file__).parents[2] / "docs" / "reference" / "lots.md"
METHODS: Final = ("fifo", "lifo", "hifo", "average")
TRADE: Final = re.compile(r"(buy|sell) (\d+) at (\d+\.\d\d)")


def table() -> list[list[str]]:
    """The rows of the worked example."""
    text = GUIDE.read_text().partition("## A worked example")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert [cell.strip("` ") for cell in lines[0][1:]] == list(METHODS)
    return [[cell.strip() for cell in line] for line in lines[1:]]


@pytest.mark.parametrize("method", METHODS)
async def test_the_worked_example(rig: Rig, method: str) -> None:
    ann = await rig.trader()
    changed = await ann.call("PATCH", "/account", {"lot_method": method})
    assert changed.status == 200, changed
    rows = table()
    assert len(rows) == 6
    before = 0.0
    for trade, *cells in rows:
        found = TRADE.fullmatch(trade)
        assert found is not None, trade
        side, qty, price = found.groups()
        rig.quote("AAPL", float(price), float(price))
        order = (await ann.order(side=side, qty=qty)).json
        assert (order["status"], order["filled_avg_price"]) == ("filled", price), order
        (position,) = (await ann.call("GET", "/positions")).json
        realized = float(position["realized_pl"])
        told = f"{realized - before:.2f}, {position['cost_basis']} left"
        before = realized
        assert told == cells[METHODS.index(method)], (trade, method)
