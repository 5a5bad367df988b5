"""What changed an account, in a few words for people.

Promises: every kind of event has words. Must not know: who reads.
"""

import re
from typing import Final

from stockyard.api.shapes import price_text
from stockyard.model import events as e
from stockyard.model.codes import REASON_WORDS, SIDE_WORDS, Side
from stockyard.model.denials import DENY_RULES
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.projections.view import View

_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def words_of(view: View, event: e.Event) -> str:
    """Such as ``Bought 7 KO at 65.01``."""
    if isinstance(event, e.OrderFilled):
        instrument = view.instruments[event.instrument_id]
        did = "Bought" if event.side == Side.BUY else "Sold"
        qty = format_decimal(event.qty, instrument.qty_scale)
        return f"{did} {qty} {instrument.symbol} at {price_text(event.price, instrument)}"
    if isinstance(event, e.OrderAccepted):
        instrument = view.instruments[event.instrument_id]
        qty = format_decimal(event.qty, instrument.qty_scale)
        return f"Order placed: {SIDE_WORDS[event.side]} {qty} {instrument.symbol}"
    if isinstance(event, e.OrderCanceled | e.OrderExpired | e.OrderRejected):
        return f"Order ended: {_plain(REASON_WORDS[event.reason])}"
    if isinstance(event, e.CashDeposited):
        return f"Deposited {format_cash(event.amount_micros)}"
    if isinstance(event, e.CashWithdrawn):
        return f"Withdrew {format_cash(event.amount_micros)}"
    if isinstance(event, e.CommandDenied):
        return f"Refused: {_plain(DENY_RULES[event.code].word)}"
    return _HUMP.sub(" ", type(event).__name__).capitalize()


def _plain(word: str) -> str:
    return word.replace("_", " ")
