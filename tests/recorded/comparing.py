"""Compares what a playback reports with the recorded bars, read anew.

Promises: each function says what is wrong, line by line; an empty list means that all is well. Must
not know: how a fill is made.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, Decimal

from stockyard.runtime.playback_report import PlaybackReport, PlayedFill
from tests.recorded.bars import NEW_YORK, Bars, Day

EARLY_CLOSES = {date(2013, 11, 29), date(2013, 12, 24), date(2015, 12, 24)}
"""Days among the recorded on which XNYS closes at 13:00."""
SEC_PER_DOLLAR = Decimal("0.0000174")
TAF_PER_SHARE = Decimal("0.000119")
TAF_CAP = Decimal("5.95")
"""What a sale pays in October 2013: section 31 from 2013-05-25 on, FINRA's from 2012-07-01 on."""
CENT = Decimal("0.01")


def outside_quotes(report: PlaybackReport, bars: Mapping[str, Bars]) -> list[str]:
    """Fills whose price lies outside their second's quote, or is not what the bar closed at."""
    wrong = []
    for fill in report.fills:
        bar = bars[fill.symbol].by_end.get(fill.quote_ts_ns)
        if bar is None:
            wrong.append(f"{_name(fill)}: no bar ended at the time of its quote")
            continue
        price = Decimal(fill.price)
        if not bar.bid_low <= price <= bar.ask_high:
            wrong.append(f"{_name(fill)}: {price} outside {bar.bid_low} to {bar.ask_high}")
        shown = tuple(map(Decimal, (fill.bid, fill.ask)))
        if shown != (bar.bid, bar.ask) or price != shown[fill.side == "buy"]:
            wrong.append(f"{_name(fill)}: {price} of {shown}, the bar closed at {bar}")
    return wrong


def beyond_sizes(report: PlaybackReport, bars: Mapping[str, Bars]) -> list[str]:
    """Fills that together took more of a quote than it showed."""
    taken: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
    for fill in report.fills:
        taken[fill.symbol, fill.quote_ts_ns, fill.side] += Decimal(fill.qty)
    wrong = []
    for (symbol, end, side), qty in taken.items():
        bar = bars[symbol].by_end[end]
        shown = bar.ask_size if side == "buy" else bar.bid_size
        if qty > shown:
            wrong.append(f"{symbol} {side}s at {end} took {qty} of {shown}")
    return wrong


def untimely(report: PlaybackReport, bars: Mapping[str, Bars], day: Day) -> list[str]:
    """Fills before their order, outside the session, or on a quote that was not the latest."""
    sent = {order.line: order.ts_ns for order in report.orders}
    wrong = []
    for fill in report.fills:
        if fill.ts_ns < sent[fill.line]:
            wrong.append(f"{_name(fill)}: before its order")
        if bars[fill.symbol].last_end(fill.ts_ns) != fill.quote_ts_ns:
            wrong.append(f"{_name(fill)}: its quote was not the latest known")
        if not day.is_crypto:
            at = datetime.fromtimestamp(fill.ts_ns / 1e9, UTC).astimezone(NEW_YORK)
            close = time(13) if at.date() in EARLY_CLOSES else time(16)
            if at.date() != day.day or not time(9, 30) <= at.time() < close:
                wrong.append(f"{_name(fill)}: outside the session")
    return wrong


def wrong_money(report: PlaybackReport) -> list[str]:
    """A final cash balance that is not what the fills add up to; books that do not balance."""
    cash = Decimal(report.money.deposited)
    for fill in report.fills:
        value = Decimal(fill.value)
        exact = Decimal(fill.price) * Decimal(fill.qty)
        if abs(value - exact) >= Decimal("0.000002"):
            return [f"{_name(fill)}: {value} for {exact}"]
        cash += value if fill.side == "sell" else -value
        cash -= sum(map(Decimal, fill.fees.values()))
    wrong = [] if cash == Decimal(report.money.cash) else [f"cash {report.money.cash}, not {cash}"]
    if Decimal(report.ledger_balance) or report.unbalanced_symbols:
        wrong.append(f"the ledger is off: {report.ledger_balance} {report.unbalanced_symbols}")
    return wrong


def wrong_fees(report: PlaybackReport) -> list[str]:
    """Orders whose fees are not those of October 2013, worked out from the order's whole fill."""
    paid: dict[int, Decimal] = defaultdict(Decimal)
    value: dict[int, Decimal] = defaultdict(Decimal)
    qty: dict[int, Decimal] = defaultdict(Decimal)
    for fill in report.fills:
        paid[fill.line] += sum(map(Decimal, fill.fees.values()))
        if fill.side == "sell":
            value[fill.line] += Decimal(fill.price) * Decimal(fill.qty)
            qty[fill.line] += Decimal(fill.qty)
    wrong = []
    for line, fees in paid.items():
        sec = (value[line] * SEC_PER_DOLLAR).quantize(CENT, ROUND_CEILING)
        taf = min((qty[line] * TAF_PER_SHARE).quantize(CENT, ROUND_CEILING), TAF_CAP)
        if fees != sec + taf:
            wrong.append(f"line {line} paid {fees}, not {sec} + {taf}")
    return wrong


def _name(fill: PlayedFill) -> str:
    return f"line {fill.line} {fill.client_order_id} at {fill.market_time}"
