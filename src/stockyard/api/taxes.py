"""A year's tax report as it is sent: as structs, or as a table of comma-separated values.

Promises: both say the same. Must not know: HTTP, or how wash sales are matched.
"""

from collections.abc import Sequence
from typing import Final

from stockyard.analytics.tax_lots import Line
from stockyard.api import tax_answers as t
from stockyard.api.rendering import Renderer
from stockyard.api.tables import CsvWriter
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.projections.tax_report import totals

COLUMNS: Final = t.TaxLine.__struct_fields__[:-1]


def report(
    render: Renderer,
    instruments: dict[int, Instrument],
    account_id: int,
    year: int,
    symbol: str | None,
    lines: Sequence[Line],
) -> t.TaxReport:
    """The report of an account's lines of a year."""
    return t.TaxReport(
        render.account_id(account_id),
        year,
        symbol,
        "USD",
        _totals([line for line in lines if not line.long_term]),
        _totals([line for line in lines if line.long_term]),
        _totals(lines),
        [_line(render, instruments[line.asset], line) for line in lines],
    )


def table(found: t.TaxReport) -> str:
    """The lines of a report, a heading first; what replaced them is left out."""
    rows = CsvWriter(COLUMNS)
    return (rows.rows(found.lines) + rows.end()).decode()


def _totals(lines: Sequence[Line]) -> t.TaxTotals:
    count, *sums = totals(lines)
    return t.TaxTotals(count, *[format_cash(micros) for micros in sums])


def _line(render: Renderer, instrument: Instrument, line: Line) -> t.TaxLine:
    scale = instrument.qty_scale
    return t.TaxLine(
        instrument.symbol,
        "short" if line.short else "long",
        format_decimal(line.qty, scale),
        render.lot_id(*line.lot),
        render.lot_id(*line.closing),
        line.opened.isoformat(),
        line.held_since.isoformat(),
        line.closed.isoformat(),
        "long" if line.long_term else "short",
        format_cash(line.proceeds),
        format_cash(line.cost),
        format_cash(line.fees),
        format_cash(line.economic),
        format_cash(line.adjustment),
        format_cash(line.disallowed),
        format_cash(line.taxable),
        line.disallowed > 0,
        [
            t.Replacement(
                render.lot_id(*each.lot), format_decimal(each.qty, scale), format_cash(each.micros)
            )
            for each in line.replaced
        ],
    )
