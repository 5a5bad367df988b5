"""A monthly statement as a paper.

Promises: every number is one of the statement's. Must not know: where they come from.
"""

from typing import Final

from stockyard.api import statement_answers as s
from stockyard.api.papers.paper import Column, Grid, Paper, grouped

KIND_WORDS: Final = {
    "deposit": "Deposits",
    "withdrawal": "Withdrawals",
    "reset": "Resets of the account",
    "purchase": "Purchases",
    "sale": "Sales",
    "contract_result": "Results of contracts",
    "fee": "Fees",
    "debit_interest": "Interest on borrowed cash",
    "borrow_fee": "Fees for borrowed shares",
    "funding": "Funding of contracts",
    "margin_moved": "Margin set apart",
    "position_given_up": "Positions given up",
}
"""The kinds of postings, as people read them."""
_POSITIONS: Final = (
    Column("Symbol", 1.2),
    Column("Quantity", 1.2, True),
    Column("Cost", 1.3, True),
    Column("Margin", 1, True),
    Column("Price", 1.1, True),
    Column("Priced at", 1.5),
    Column("Value", 1.3, True),
    Column("Unrealized", 1.2, True),
)
_POSTINGS: Final = (
    Column("Event", 0.8),
    Column("Time (UTC)", 1.5),
    Column("What", 1.7),
    Column("Symbol", 1),
    Column("Quantity", 1, True),
    Column("Price", 1, True),
    Column("Realized", 1, True),
    Column("Margin", 0.9, True),
    Column("Cash", 1.2, True),
)


def statement_paper(found: s.Statement) -> Paper:
    """The paper."""
    so_far = "" if found.is_over else ", so far"
    return Paper(
        "Account statement",
        f"{found.account_name}, {found.month}{so_far}",
        [
            ("Account", found.account_id),
            ("From", _moment(found.opening.at)),
            ("Until", _moment(found.closing.at)),
            ("Value at the beginning", grouped(found.opening.value)),
            ("Value at the end", grouped(found.closing.value)),
            ("Gain", grouped(found.gain)),
            ("Paid in and out", grouped(found.invested)),
            ("Realized, before fees", grouped(found.realized_pl)),
            ("Currency", found.currency),
        ],
        [
            _sums(found),
            _fees(found),
            _positions("Positions at the beginning", found.opening),
            _positions("Positions at the end", found.closing),
            _realized(found),
            _postings(found),
        ],
        [
            "Every sum is the sum of the postings of its kind. A posting is named by the event of"
            " the journal that it comes from, as in the activity and on the stream.",
            "Months are New York's. Prices are the last of an hour that was over by then, in a"
            " month that is not over the marks of the moment; a position without a price is valued"
            " at its cost.",
            "This is a paper account: no money and no securities are held.",
        ],
    )


def _moment(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC"


def _sums(found: s.Statement) -> Grid:
    rows = [("Cash at the beginning", grouped(found.opening.cash))]
    rows += [
        (KIND_WORDS[one.kind], grouped(one.amount)) for one in found.sums if one.amount != "0.00"
    ]
    return Grid(
        "Cash",
        "Where the cash came from and where it went.",
        (Column("", 3), Column("Amount", 1, True)),
        rows,
        ("Cash at the end", grouped(found.closing.cash)),
    )


def _fees(found: s.Statement) -> Grid:
    whole = next(one.amount for one in found.sums if one.kind == "fee")
    return Grid(
        "Fees",
        "",
        (Column("For", 3), Column("Amount", 1, True)),
        [(one.fee.replace("_", " "), grouped(one.amount)) for one in found.fees],
        ("All fees", grouped(whole)),
    )


def _positions(title: str, side: s.StatementSide) -> Grid:
    rows = [
        (
            one.symbol,
            grouped(one.qty),
            grouped(one.cost),
            grouped(one.margin) if one.margin != "0.00" else "",
            grouped(one.price) if one.price is not None else "",
            _moment(one.priced_at)[:16] if one.priced_at is not None else "at cost",
            grouped(one.value),
            grouped(one.unrealized_pl),
        )
        for one in side.positions
    ]
    margin = grouped(side.margin) if side.margin != "0.00" else ""
    totals = ("All positions", "", "", margin, "", "", grouped(side.positions_value), "")
    return Grid(title, f"As of {_moment(side.at)}.", _POSITIONS, rows, totals)


def _realized(found: s.Statement) -> Grid:
    return Grid(
        "Realized profit and loss",
        "Before fees.",
        (Column("Symbol", 3), Column("Realized", 1, True)),
        [(one.symbol, grouped(one.realized_pl)) for one in found.realized],
        ("All symbols", grouped(found.realized_pl)),
    )


def _postings(found: s.Statement) -> Grid:
    about = ""
    if found.postings_count > len(found.postings):
        about = (
            f"The first {len(found.postings):,} of {found.postings_count:,}; the export of postings"
            " has them all."
        )
    return Grid(
        "Postings",
        about,
        _POSTINGS,
        [
            (
                one.id,
                _moment(one.at)[:19],
                _what(one),
                one.symbol or "",
                grouped(one.qty) if one.qty is not None else "",
                grouped(one.price) if one.price is not None else "",
                grouped(one.realized_pl) if one.realized_pl is not None else "",
                grouped(one.margin) if one.margin != "0.00" else "",
                grouped(one.cash),
            )
            for one in found.postings
        ],
    )


def _what(one: s.Posting) -> str:
    if one.fee is not None:
        return f"Fee: {one.fee.replace('_', ' ')}"
    return _LINE_WORDS[one.kind]


_LINE_WORDS: Final = {
    "deposit": "Deposit",
    "withdrawal": "Withdrawal",
    "reset": "Reset of the account",
    "purchase": "Purchase",
    "sale": "Sale",
    "contract_result": "Result of a contract",
    "fee": "Fee",
    "debit_interest": "Interest",
    "borrow_fee": "Borrowed shares",
    "funding": "Funding",
    "margin_moved": "Margin set apart",
    "position_given_up": "Given up in a reset",
}
"""A single posting."""
