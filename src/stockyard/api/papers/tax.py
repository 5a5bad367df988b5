"""A year's tax report as a paper.

Promises: every number is one of the report's. Must not know: how wash sales are matched.
"""

from typing import Final

from stockyard.api import tax_answers as t
from stockyard.api.papers.paper import Column, Grid, Paper, grouped

_SUMS: Final = (
    Column("Term", 1.6),
    Column("Lots", 0.6, True),
    Column("Proceeds", 1.2, True),
    Column("Cost", 1.2, True),
    Column("Fees", 1, True),
    Column("Economic", 1.2, True),
    Column("Adjustment", 1.1, True),
    Column("Disallowed", 1.1, True),
    Column("Taxable", 1.2, True),
)
_LINES: Final = (
    Column("Symbol", 0.9),
    Column("Side", 0.6),
    Column("Quantity", 0.9, True),
    Column("Opened", 1),
    Column("by", 0.8),
    Column("Held since", 1),
    Column("Closed", 1),
    Column("by", 0.8),
    Column("Proceeds", 1.1, True),
    Column("Cost", 1.1, True),
    Column("Fees", 0.8, True),
    Column("Economic", 1, True),
    Column("Adjustment", 0.9, True),
    Column("Disallowed", 0.9, True),
    Column("Taxable", 1, True),
)


def tax_paper(found: t.TaxReport, account_name: str, names: list[tuple[str, str]]) -> Paper:
    """The paper; ``names``: for each line the events that opened and closed it."""
    about = f", {found.symbol}" if found.symbol is not None else ""
    return Paper(
        "Tax lot report",
        f"{account_name}, {found.year}{about}",
        [
            ("Account", found.account_id),
            ("Year", str(found.year)),
            ("Currency", found.currency),
            ("Taxable, short term", grouped(found.short_term.taxable_pl)),
            ("Taxable, long term", grouped(found.long_term.taxable_pl)),
            ("Taxable, all", grouped(found.total.taxable_pl)),
        ],
        [
            Grid(
                "Totals",
                "",
                _SUMS,
                [
                    _sums("Short term", found.short_term),
                    _sums("Long term", found.long_term),
                ],
                _sums("All", found.total),
            ),
            _lines("Short term", "short", found, found.short_term, names),
            _lines("Long term", "long", found, found.long_term, names),
        ],
        [
            "Economic = proceeds - cost - fees. Taxable = economic - adjustment + disallowed."
            " Adjustment is what earlier wash sales added to the cost; disallowed is what wash"
            " sales take off a loss.",
            "Lots are named by the events of the journal that opened and closed them, as in the"
            " activity; days are New York's.",
            "A simulator's report of a paper account, not advice.",
        ],
    )


def _figures(sums: t.TaxTotals | t.TaxLine) -> tuple[str, ...]:
    return (
        grouped(sums.proceeds),
        grouped(sums.cost),
        grouped(sums.fees),
        grouped(sums.economic_pl),
        grouped(sums.cost_adjustment),
        grouped(sums.wash_sale_disallowed),
        grouped(sums.taxable_pl),
    )


def _sums(title: str, sums: t.TaxTotals) -> tuple[str, ...]:
    return (title, str(sums.lines), *_figures(sums))


def _lines(
    title: str, term: str, found: t.TaxReport, sums: t.TaxTotals, names: list[tuple[str, str]]
) -> Grid:
    return Grid(
        title,
        "",
        _LINES,
        [
            (
                line.symbol,
                line.side,
                grouped(line.qty),
                line.opened_on,
                opened,
                line.held_since,
                line.closed_on,
                closed,
                *_figures(line),
            )
            for line, (opened, closed) in zip(found.lines, names, strict=True)
            if line.term == term
        ],
        ("All", "", "", "", "", "", "", "", *_figures(sums)),
    )
