"""Goal: terms and wash sales are as the rules say. Method: tables worked by hand, and random lives
in which nothing is lost.

A table's line is ``day verb qty [@price] [name]``: ``buy`` and ``short`` open a lot by that name,
``sell`` and ``cover`` close of a named lot. Days count from 1 January 2025; money is in whole
dollars.
"""

from datetime import date, timedelta
from random import Random

import pytest

from stockyard.analytics.tax_lots import Closed, Line, Opened, Piece, is_long_term, lines

BEGIN = date(2025, 1, 1)
STOCK, OTHER, COIN = 1, 2, 3
EXEMPT = frozenset({COIN})


def day(number: int) -> date:
    """The day of a table's number."""
    return BEGIN + timedelta(days=number)


def play(table: str, asset: int = STOCK) -> list[Line]:
    """The lines of a table; ``account=2`` and ``asset=2`` may end a line."""
    opened: list[Opened] = []
    closed: list[Closed] = []
    prices: dict[str, int] = {}
    names: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(table.strip().splitlines(), 1):
        at, verb, qty, price, name, *more = line.split()
        options = dict(word.split("=") for word in more)
        account, which = int(options.get("account", 1)), int(options.get("asset", asset))
        amount, dollars = int(qty), int(price.removeprefix("@"))
        if verb in ("buy", "short"):
            names[name], prices[name] = (number, 0), dollars
            opened.append(
                Opened((number, 0), account, which, verb == "short", day(int(at)), amount)
            )
        else:
            piece = Piece(names[name], amount, prices[name] * amount, dollars * amount, 0)
            gone = verb == "lose"
            closed.append(Closed((number, 0), account, which, day(int(at)), (piece,), gone))
    return lines(opened, closed, EXEMPT)


def told(found: list[Line]) -> list[str]:
    """Each line: economic, adjustment, disallowed, taxable, and the term."""
    return [
        f"{x.qty}: {x.economic} adj {x.adjustment} dis {x.disallowed} tax {x.taxable}"
        f" {'long' if x.long_term else 'short'}"
        for x in found
    ]


TABLES = {
    "a gain, and a loss that nothing replaces": (
        """
        0 buy 100 @10 a
        5 buy 100 @12 b
        40 sell 100 @15 a
        50 sell 100 @11 b
        """,
        ["100: 500 adj 0 dis 0 tax 500 short", "100: -100 adj 0 dis 0 tax -100 short"],
    ),
    "bought again after 10 days: the loss moves to the new lot": (
        """
        0 buy 100 @50 a
        100 sell 100 @40 a
        110 buy 100 @42 b
        200 sell 100 @45 b
        """,
        ["100: -1000 adj 0 dis 1000 tax 0 short", "100: 300 adj 1000 dis 0 tax -700 short"],
    ),
    "the thirtieth day counts": (
        """
        0 buy 100 @50 a
        100 sell 100 @40 a
        130 buy 100 @42 b
        """,
        ["100: -1000 adj 0 dis 1000 tax 0 short"],
    ),
    "the thirty-first does not": (
        """
        0 buy 100 @50 a
        100 sell 100 @40 a
        131 buy 100 @42 b
        """,
        ["100: -1000 adj 0 dis 0 tax -1000 short"],
    ),
    "thirty days before count as well": (
        """
        0 buy 100 @50 a
        70 buy 100 @45 b
        100 sell 100 @40 a
        """,
        ["100: -1000 adj 0 dis 1000 tax 0 short"],
    ),
    "thirty-one do not": (
        """
        0 buy 100 @50 a
        69 buy 100 @45 b
        100 sell 100 @40 a
        """,
        ["100: -1000 adj 0 dis 0 tax -1000 short"],
    ),
    "as far as it is replaced": (
        """
        0 buy 100 @50 a
        100 sell 100 @40 a
        110 buy 30 @42 b
        """,
        ["100: -1000 adj 0 dis 300 tax -700 short"],
    ),
    "what is opened first replaces first, each share once": (
        """
        0 buy 60 @50 a
        1 buy 60 @50 b
        90 buy 50 @45 c
        100 sell 60 @40 a
        101 sell 60 @40 b
        105 buy 20 @41 d
        200 sell 50 @60 c
        201 sell 20 @60 d
        """,
        [
            "60: -600 adj 0 dis 600 tax 0 short",
            "60: -600 adj 0 dis 100 tax -500 short",
            "50: 750 adj 500 dis 0 tax 250 short",
            "10: 190 adj 100 dis 0 tax 90 short",
            "10: 190 adj 100 dis 0 tax 90 short",
        ],
    ),
    "the rest of the lot sold is no replacement": (
        """
        0 buy 200 @50 a
        10 sell 100 @40 a
        """,
        ["100: -1000 adj 0 dis 0 tax -1000 short"],
    ),
    "what was sold before the loss is none either": (
        """
        0 buy 100 @50 a
        80 buy 100 @45 b
        90 sell 100 @46 b
        100 sell 100 @40 a
        """,
        ["100: 100 adj 0 dis 0 tax 100 short", "100: -1000 adj 0 dis 0 tax -1000 short"],
    ),
    "a loss can be passed on again": (
        """
        0 buy 10 @100 a
        40 sell 10 @90 a
        50 buy 10 @92 b
        60 sell 10 @91 b
        70 buy 10 @90 c
        200 sell 10 @120 c
        """,
        [
            "10: -100 adj 0 dis 100 tax 0 short",
            "10: -10 adj 100 dis 110 tax 0 short",
            "10: 300 adj 110 dis 0 tax 190 short",
        ],
    ),
    "the time held is tacked on": (
        """
        0 buy 10 @100 a
        300 sell 10 @90 a
        310 buy 10 @90 b
        380 sell 10 @95 b
        """,
        ["10: -100 adj 0 dis 100 tax 0 short", "10: 50 adj 100 dis 0 tax -50 long"],
    ),
    "across accounts of one owner": (
        """
        0 buy 10 @100 a
        100 sell 10 @90 a
        101 buy 10 @91 b account=2
        """,
        ["10: -100 adj 0 dis 100 tax 0 short"],
    ),
    "another asset is none": (
        """
        0 buy 10 @100 a
        100 sell 10 @90 a
        101 buy 10 @91 b asset=2
        """,
        ["10: -100 adj 0 dis 0 tax -100 short"],
    ),
    "a short sale bought back: its proceeds came first, and it is short-term": (
        """
        0 short 10 @100 a
        500 cover 10 @80 a
        """,
        ["10: 200 adj 0 dis 0 tax 200 short"],
    ),
    "a loss on a short sale, sold short again": (
        """
        0 short 10 @100 a
        40 cover 10 @110 a
        41 buy 10 @110 b
        42 short 10 @108 c
        99 cover 10 @90 c
        """,
        ["10: -100 adj 0 dis 100 tax 0 short", "10: 180 adj 100 dis 0 tax 80 short"],
    ),
    "what is given up closes nothing and replaces nothing": (
        """
        0 buy 10 @100 a
        90 buy 10 @100 b
        91 lose 10 @0 b
        100 sell 10 @90 a
        """,
        ["10: -100 adj 0 dis 0 tax -100 short"],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_worked_by_hand(name: str) -> None:
    """Each table's lines."""
    table, expected = TABLES[name]
    assert told(play(table)) == expected


def test_crypto_is_exempt() -> None:
    """A coin sold at a loss and bought again the next day."""
    found = play("0 buy 10 @100 a\n100 sell 10 @90 a\n101 buy 10 @91 b", asset=COIN)
    assert told(found) == ["10: -100 adj 0 dis 0 tax -100 short"]


@pytest.mark.parametrize(
    ("bought", "last_short", "first_long"),
    [
        (date(2025, 3, 10), date(2026, 3, 10), date(2026, 3, 11)),
        (date(2023, 3, 10), date(2024, 3, 10), date(2024, 3, 11)),
        (date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1)),
        (date(2023, 2, 28), date(2024, 2, 29), date(2024, 3, 1)),
        (date(2024, 2, 28), date(2025, 2, 28), date(2025, 3, 1)),
        (date(2025, 12, 31), date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_more_than_a_year(bought: date, last_short: date, first_long: date) -> None:
    """The year begins the day after the purchase, leap years and ends of months included."""
    assert not is_long_term(bought, last_short)
    assert is_long_term(bought, first_long)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost(seed: int) -> None:
    """However lots come and go: all that was disallowed lowers a later profit, once all is sold,
    except what the last lots carry; and each share replaces one share.
    """
    random = Random(seed)
    opened: list[Opened] = []
    closed: list[Closed] = []
    left: dict[tuple[int, int], int] = {}
    number = today = 0
    for _ in range(200):
        number, today = number + 1, today + random.choice((0, 1, 3, 12))
        if random.random() < 0.5 or not left:
            qty = random.randrange(1, 50)
            opened.append(Opened((number, 0), 1, STOCK, False, day(today), qty))
            left[number, 0] = qty
        else:
            lot = random.choice(list(left))
            qty = random.randrange(1, left[lot] + 1)
            piece = Piece(lot, qty, qty * 100 + 7, qty * random.randrange(80, 121), 3)
            closed.append(Closed((number, 0), 1, STOCK, day(today), (piece,)))
            left[lot] -= qty
            if not left[lot]:
                del left[lot]
    number += 1
    ends = [
        Closed((number, n), 1, STOCK, day(today + 99), (Piece(lot, qty, qty * 100, qty * 200, 0),))
        for n, (lot, qty) in enumerate(left.items())
    ]
    found = lines(opened, [*closed, *ends])
    disallowed = sum(line.disallowed for line in found)
    assert disallowed > 0
    assert disallowed == sum(line.adjustment for line in found)
    sums = [sum(getattr(line, name) for line in found) for name in ("economic", "taxable")]
    assert sums[0] == sums[1]
    used: dict[tuple[int, int], int] = {}
    for line in found:
        assert line.disallowed <= max(0, -line.economic + line.adjustment)
        for each in line.replaced:
            used[each.lot] = used.get(each.lot, 0) + each.qty
    sizes = {each.name: each.qty for each in opened}
    assert all(qty <= sizes[lot] for lot, qty in used.items())
