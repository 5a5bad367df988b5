"""What accounts were worth, minute by minute: samples of the View at the end of each minute.

Promises: the same journal gives the same samples, also after a restart in the middle of a minute; a
minute in which nothing moved an account has none. Must not know: SQL, or how a curve is drawn.
"""

from collections.abc import Mapping
from typing import Final

from stockyard.model.instruments import Instrument
from stockyard.model.numbers import CASH_SCALE
from stockyard.projections.rows import AccountRow, EquityRow, PositionRow, QuoteRow

NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * NS
KEPT_NS: Final = {60: 7 * 86_400 * NS, 900: 62 * 86_400 * NS, 86_400: 0}
"""Windows of samples in seconds, and how long each is kept; 0 for ever. A window's sample is the
last one taken in it.
"""


def value_micros(price: int, qty: int, instrument: Instrument) -> int:
    """Price times quantity in micro-dollars, rounded down."""
    exact: int = price * qty * 10**CASH_SCALE
    return exact // int(10 ** (instrument.price_scale + instrument.qty_scale))


def worth_micros(row: PositionRow, quote: QuoteRow, instrument: Instrument) -> int:
    """A position's value at the mark; what it cost where nobody has named a price."""
    mark = quote.mark(row.qty)
    return value_micros(mark, row.qty, instrument) if mark else row.cost_micros


def moved(
    account: AccountRow,
    positions: Mapping[int, PositionRow],
    quotes: Mapping[int, QuoteRow],
    since_ns: int,
) -> bool:
    """Whether an account may be worth something else than before a time."""
    if account.updated_ns >= since_ns:
        return True
    for row in positions.values():
        if row.qty:
            quote = quotes[row.instrument_id]
            if quote.is_contract or quote.ts >= since_ns or quote.last_ts >= since_ns:
                return True
    return False


def samples(account: AccountRow, equity: int, at_ns: int) -> list[EquityRow]:
    """The rows that a sample taken at a time makes, one for each window."""
    return [
        EquityRow(
            account.account_id,
            window_s,
            at_ns - at_ns % (window_s * NS),
            equity,
            account.deposited_micros,
        )
        for window_s in KEPT_NS
    ]
