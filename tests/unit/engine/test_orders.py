"""Goal: an order moves only as the table says. Method: every status with every trigger."""

import runpy
from itertools import product
from pathlib import Path

import pytest

from stockyard.engine.orders import TRANSITIONS, Order, OrderHeap, advance
from stockyard.model.codes import OPEN_STATUSES, STATUS_WORDS, Status, Trigger

ROOT = Path(__file__).resolve().parents[3]
STATUSES = (Status.NONE, *STATUS_WORDS)
TRIGGERS = [value for name, value in vars(Trigger).items() if name.isupper()]
ENDED = [status for status in STATUS_WORDS if status not in OPEN_STATUSES]

BOOK = """
               QUEUE ADMIT FILL_PART CANCEL EXPIRE REPLACE REJECT FILL_REST HOLD SEND SEND_CANCEL
NONE        ACCEPTED NEW   -         -        -       -        -        -         HELD PENDING_NEW -
ACCEPTED    -        NEW   -         CANCELED EXPIRED REPLACED REJECTED -         -    -    -
NEW - - PARTIALLY_FILLED             CANCELED EXPIRED REPLACED REJECTED FILLED - - PENDING_CANCEL
PARTIALLY_FILLED - - PARTIALLY_FILLED CANCELED EXPIRED REPLACED -       FILLED - - PENDING_CANCEL
FILLED      -        -     -         -        -       -        -        -         -    -    -
CANCELED    -        -     -         -        -       -        -        -         -    -    -
EXPIRED     -        -     -         -        -       -        -        -         -    -    -
REPLACED    -        -     -         -        -       -        -        -         -    -    -
REJECTED    -        -     -         -        -       -        -        -         -    -    -
HELD        ACCEPTED NEW   -         CANCELED EXPIRED REPLACED -        -    -    PENDING_NEW -
PENDING_NEW ACCEPTED NEW   -         CANCELED EXPIRED REPLACED -        -    -    - PENDING_CANCEL
PENDING_CANCEL - - PENDING_CANCEL    CANCELED EXPIRED -        REJECTED FILLED - - -
"""


def expected() -> dict[tuple[int, int], int]:
    """The whole table as it was agreed, cell by cell."""
    header, *rows = [line.split() for line in BOOK.strip().splitlines()]
    return {
        (getattr(Status, status), getattr(Trigger, trigger)): getattr(Status, cell)
        for status, *cells in rows
        for trigger, cell in zip(header, cells, strict=True)
        if cell != "-"
    }


def test_the_table_is_the_one_agreed() -> None:
    assert expected() == TRANSITIONS


@pytest.mark.parametrize(("status", "trigger"), list(product(STATUSES, TRIGGERS)))
def test_every_cell(status: int, trigger: int) -> None:
    target = expected().get((status, trigger))
    if target is None:
        with pytest.raises(AssertionError, match="impossible transition"):
            advance(status, trigger)
    else:
        assert advance(status, trigger) == target


def test_nothing_leaves_an_end_and_every_status_can_be_reached() -> None:
    assert not [cell for cell in TRANSITIONS if cell[0] in ENDED]
    reached = {Status.NONE}
    for _ in STATUSES:
        reached |= {target for (begin, _), target in TRANSITIONS.items() if begin in reached}
    assert reached == set(STATUSES)


def test_the_document_is_current() -> None:
    """docs/reference/order-lifecycle.md is what scripts/lifecycle_diagram.py writes."""
    script = runpy.run_path(str(ROOT / "scripts" / "lifecycle_diagram.py"))
    document = (ROOT / "docs" / "reference" / "order-lifecycle.md").read_text(encoding="utf-8")
    assert document == script["page"](), "run `make docs`"
    drawn = [line for line in document.splitlines() if "-->" in line and ": " in line]
    assert len(drawn) == len(TRANSITIONS)


def test_an_order_that_is_not_in_a_heap_cannot_be_taken_out() -> None:
    heap = OrderHeap()
    kept, other = (Order(n, 1, 1, 1, 2, 2, 1, 1, 0, 1, "", 1) for n in (1, 2))
    heap.push(kept)
    other.heap_index = 0
    with pytest.raises(AssertionError, match="not where its heap put it"):
        heap.remove(other)
