"""What happened to an account, in words and sums: one line for each event.

Promises: nothing is said that the event does not say. Must not know: HTTP.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from stockyard.api.activity_answers import Activity
from stockyard.api.contracts import is_contract
from stockyard.api.problems import denial
from stockyard.api.rendering import Renderer
from stockyard.api.shapes import price_text, time_text
from stockyard.model import events as e
from stockyard.model.codes import SIDE_WORDS, Side
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal

Kinds = tuple[type[msgspec.Struct], ...]
KINDS: Final[dict[str, Kinds]] = {
    "fill": (e.OrderFilled,),
    "transfer": (e.CashDeposited, e.CashWithdrawn),
    "charge": (e.InterestCharged, e.FundingPaid),
    "reset": (e.AccountReset, e.PositionGivenUp),
    "margin": (e.MarginCalled, e.MarginCallMet, e.LiquidationStarted, e.GoodFaithViolated),
    "denial": (e.CommandDenied,),
}
"""What may be asked for by one word."""
ALL: Final[Kinds] = tuple(kind for kinds in KINDS.values() for kind in kinds)


class Activities:
    """Tells the activities of one world."""

    def __init__(self, render: Renderer, instruments: Mapping[int, Instrument]) -> None:
        self._render, self._instruments = render, instruments
        self._tellers: dict[type, Callable[[int, int, int, Any], dict[str, Any]]] = {
            e.OrderFilled: self._fill,
            e.CashDeposited: self._transfer,
            e.CashWithdrawn: self._transfer,
            e.InterestCharged: self._charge,
            e.FundingPaid: self._charge,
            e.AccountReset: self._reset,
            e.PositionGivenUp: self._given_up,
            e.MarginCalled: self._margin,
            e.MarginCallMet: self._margin,
            e.LiquidationStarted: self._margin,
            e.GoodFaithViolated: self._good_faith,
            e.CommandDenied: self._denial,
        }

    def tell(self, seq: int, idx: int, ts: int, event: e.Event) -> Activity:
        """One activity."""
        return Activity(
            id=f"{seq}-{idx}", at=time_text(ts), **self._tellers[type(event)](seq, idx, ts, event)
        )

    def _fill(self, seq: int, idx: int, ts: int, x: e.OrderFilled) -> dict[str, Any]:
        instrument = self._instruments[x.instrument_id]
        qty = format_decimal(x.qty, instrument.qty_scale)
        price, buying = price_text(x.price, instrument), x.side == Side.BUY
        fees = sum(micros for _, micros in x.fees)
        text = f"{'Bought' if buying else 'Sold'} {qty} {instrument.symbol} at {price}"
        amount: str | None = None
        if not is_contract(instrument):
            amount = format_cash((-x.value_micros if buying else x.value_micros) - fees)
        elif x.realized_micros:
            text += f", realizing {format_cash(x.realized_micros)}"
        return {
            "kind": "fill",
            "text": text,
            "symbol": instrument.symbol,
            "order_id": self._render.order_id(x.order_id),
            "side": SIDE_WORDS[x.side],
            "qty": qty,
            "price": price,
            "fees": format_cash(fees),
            "amount": amount,
            "cash_after": format_cash(x.cash_micros_after),
        }

    def _transfer(
        self, seq: int, idx: int, ts: int, x: e.CashDeposited | e.CashWithdrawn
    ) -> dict[str, Any]:
        came = isinstance(x, e.CashDeposited)
        return {
            "kind": "deposit" if came else "withdrawal",
            "text": "Cash was deposited" if came else "Cash was withdrawn",
            "amount": format_cash(x.amount_micros if came else -x.amount_micros),
            "cash_after": format_cash(x.cash_micros_after),
        }

    def _charge(
        self, seq: int, idx: int, ts: int, x: e.InterestCharged | e.FundingPaid
    ) -> dict[str, Any]:
        shown = self._render.charge(seq, idx, ts, x)
        what = {
            "debit_interest": f"Interest on {shown.base} of borrowed cash",
            "borrow_fee": f"Fee for borrowed {shown.symbol} worth {shown.base}",
            "funding": f"Funding of {shown.symbol} worth {shown.base}",
        }[shown.kind]
        per, amount = " a year", format_cash(-x.amount_micros)
        apart = ""
        if isinstance(x, e.FundingPaid):
            per = ""
            if x.pot_micros_after:
                apart = f": {amount} of its own margin"
        return {
            "kind": shown.kind,
            "text": f"{what}, at {shown.rate_percent} %{per}{apart}",
            "symbol": shown.symbol,
            "amount": None if apart else amount,
            "cash_after": format_cash(x.cash_micros_after),
        }

    def _reset(self, seq: int, idx: int, ts: int, x: e.AccountReset) -> dict[str, Any]:
        return {
            "kind": "reset",
            "text": "The account started again",
            "amount": format_cash(x.cash_change_micros),
            "cash_after": format_cash(x.cash_micros_after),
        }

    def _given_up(self, seq: int, idx: int, ts: int, x: e.PositionGivenUp) -> dict[str, Any]:
        instrument = self._instruments[x.instrument_id]
        qty = format_decimal(x.qty, instrument.qty_scale)
        return {
            "kind": "position_given_up",
            "text": f"{qty} {instrument.symbol} went with the reset",
            "symbol": instrument.symbol,
            "qty": qty,
        }

    def _margin(
        self,
        seq: int,
        idx: int,
        ts: int,
        x: e.MarginCalled | e.MarginCallMet | e.LiquidationStarted,
    ) -> dict[str, Any]:
        equity, needed = format_cash(x.equity_micros), format_cash(x.maintenance_micros)
        if isinstance(x, e.MarginCalled):
            due = time_text(x.due_ns)
            text = f"Margin call: equity {equity} of the {needed} required; due {due}"
            return {"kind": "margin_called", "text": text}
        if isinstance(x, e.MarginCallMet):
            text = f"The margin call was met: equity {equity}, required {needed}"
            return {"kind": "margin_call_met", "text": text}
        symbol = self._instruments[x.instrument_id].symbol if x.instrument_id else None
        what = f"The position in {symbol}" if symbol else "The account"
        text = f"{what} is being liquidated: equity {equity} of the {needed} required"
        return {"kind": "liquidation_started", "text": text, "symbol": symbol}

    def _good_faith(self, seq: int, idx: int, ts: int, x: e.GoodFaithViolated) -> dict[str, Any]:
        instrument = self._instruments[x.instrument_id]
        qty = format_decimal(x.qty, instrument.qty_scale)
        return {
            "kind": "good_faith_violated",
            "text": f"Good faith violation {x.violations_after}: {qty} {instrument.symbol} were"
            f" sold before what paid for them settled",
            "symbol": instrument.symbol,
            "order_id": self._render.order_id(x.order_id),
            "qty": qty,
        }

    def _denial(self, seq: int, idx: int, ts: int, x: e.CommandDenied) -> dict[str, Any]:
        problem = denial(x, seq, None, False)
        text = f"Refused: {problem.wrong}"
        if problem.required is not None:
            text += f" (needed {problem.required}, had {problem.available})"
        return {"kind": "denied", "text": text}
