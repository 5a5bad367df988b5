"""A fill in one English sentence.

Promises: nothing is said that the fill's event does not say. Must not know: HTTP.
"""

from stockyard.api.shapes import price_text
from stockyard.model import events as e
from stockyard.model.codes import FillRule, Side
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal


def explanation(x: e.OrderFilled, instrument: Instrument, profile: str, fees: str) -> str:
    """One sentence that says why a fill has this price and size."""
    scale = instrument.qty_scale
    buying = x.side == Side.BUY
    qty = format_decimal(x.qty, scale)
    price = price_text(x.price, instrument)
    touch = "ask" if buying else "bid"
    shown = format_decimal(x.ask_qty if buying else x.bid_qty, scale)
    size_open = format_decimal(x.size_open, scale)
    age = format_decimal(x.quote_age_ns // 1_000_000, 3)
    did = f"{'Bought' if buying else 'Sold'} {qty} {instrument.symbol} at {price}"
    limit = "its limit, where it waited"
    printed = f"a trade of {format_decimal(x.print_qty, scale)}"
    quoted = price_text(x.quoted_price, instrument)
    cause = {
        FillRule.TAKE_DEPTH: (
            f"level {x.level} behind the {touch}, {size_open} still open there by the profile's"
            " depth"
        ),
        FillRule.REST_PASSED: f"{limit}, when the {touch} passed it at {quoted}",
        FillRule.REST_PRINTED: f"{limit}, when {printed} passed it at {quoted}",
        FillRule.REST_QUEUE: f"{limit}, when {printed} there had gone through the queue ahead",
        FillRule.TAKE_WHOLE: f"the {touch} when the order came, whatever its size",
        FillRule.TAKE_QUOTED: f"the {touch}, with {size_open} of {shown} displayed still open",
        FillRule.REST_WHOLE: f"the {touch} when it reached the waiting order, whatever its size",
        FillRule.REST_QUOTED: (
            f"the {touch} when it reached the waiting order, with {size_open} of {shown} displayed"
            " still open"
        ),
        FillRule.AUCTION_WHOLE: "the auction's price, whatever its size",
        FillRule.PLANNED: "as a test had planned, whatever the market showed",
        FillRule.AUCTION_PRINTED: f"the auction's price, with {size_open} of its size still open",
    }[x.rule]
    if x.slippage:
        cause += f", {price_text(x.slippage, instrument)} worse by slippage from {quoted}"
    if x.improvement:
        cause += f", {price_text(x.improvement, instrument)} better by price improvement"
    if x.insured_micros:
        cause += f", {format_cash(x.insured_micros)} of the loss borne by the insurance fund"
    return (
        f"{did}: {cause}; the quote was {age} s old, profile {profile} version"
        f" {x.profile_version}, fees {fees}."
    )
