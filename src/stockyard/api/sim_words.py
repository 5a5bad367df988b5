"""The World's event log in words: one line for each input and each of its events.

Promises: every kind of input and event has a line; prices, quantities, money, times and ids are
written as everywhere else; what is zero or empty is left out. Must not know: HTTP, or who reads.
"""

from typing import Any, Final

import msgspec

from stockyard.api.rendering import Renderer
from stockyard.api.shapes import price_text, time_text
from stockyard.model import codes
from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.bounds import AccountLimits
from stockyard.model.denials import DENY_RULES
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.model.records import Input
from stockyard.projections.view import View

TEXT_MAX: Final = 1_000
"""Characters of one line."""
_WORDS: Final[dict[str, dict[int, str]]] = {
    "side": codes.SIDE_WORDS,
    "order_type": codes.TYPE_WORDS,
    "time_in_force": codes.TIF_WORDS,
    "order_class": codes.CLASS_WORDS,
    "status": codes.STATUS_WORDS,
    "reason": codes.REASON_WORDS,
    "rule": codes.FILL_RULE_WORDS,
}
_ORDERS: Final = frozenset(
    {
        "order_id",
        "replaces",
        "replaced_by",
        "parent_id",
        "sibling_id",
        "take_profit_id",
        "stop_loss_id",
    }
)
_LEFT_OUT: Final = frozenset(
    {
        "account_id",
        "instrument_id",
        "digest",
        "fees",
        "lots",
        "fee_version",
        "profile_version",
        "quote_seq",
        "ts_event",
        "rounding_micros",
    }
)
_PRICES: Final = frozenset(
    {"price", "bid", "ask", "mark", "index", "limit_price", "stop_price", "trail_price"}
    | {"collar_price", "quoted_price", "take_profit_limit", "slippage", "improvement"}
    | {"stop_loss_stop", "stop_loss_limit", "stop_loss_trail"}
)
_QUANTITIES: Final = frozenset(
    {"qty", "bid_qty", "ask_qty", "filled_qty", "order_qty", "ahead_qty", "filled_before"}
    | {"print_qty"}
)


class LogWords:
    """Writes lines in the terms of one world."""

    def __init__(self, render: Renderer, view: View) -> None:
        self._render, self._view = render, view

    def input(self, message: Input) -> str:
        """What came in."""
        if isinstance(message, f.ControlUsed):
            return f"{message.action}: {message.detail}" if message.detail else message.action
        if isinstance(message, f.SessionsScheduled):
            first, last = message.sessions[0], message.sessions[-1]
            return (
                f"SessionsScheduled: {message.name}, {len(message.sessions)} sessions from"
                f" {time_text(first.open_ns)} to {time_text(last.close_ns)}"
            )
        if isinstance(message, f.InstrumentListed):
            return f"InstrumentListed: {message.instrument.symbol}"
        if isinstance(message, f.ProfileDefined):
            return f"ProfileDefined: {message.profile.name}"
        return self._line(message)

    def event(self, event: e.Event) -> str:
        """What it led to."""
        if isinstance(event, e.CommandDenied):
            rule = DENY_RULES[event.code]
            return f"CommandDenied: {rule.word}, {rule.wrong}"
        return self._line(event)

    def _line(self, message: msgspec.Struct) -> str:
        instrument = self._view.instruments.get(getattr(message, "instrument_id", 0))
        parts = [instrument.symbol] if instrument is not None else []
        for name in message.__struct_fields__:
            value = getattr(message, name)
            if name in _LEFT_OUT or name.endswith("_after") or not value:
                continue
            word, text = self._value(name, value, instrument)
            parts.append(f"{word} {text}" if word else text)
        kind = type(message).__name__
        return f"{kind}: {', '.join(parts)}"[:TEXT_MAX] if parts else kind

    def _value(self, name: str, value: Any, instrument: Instrument | None) -> tuple[str, str]:
        """A field's name and value as they are read; no name where the value says it."""
        if name in _WORDS:
            return "", _WORDS[name].get(value, str(value)).replace("_", " ")
        if name in _ORDERS:
            return name.removesuffix("_id"), self._render.order_id(value)
        if name == "profile_id":
            known = value in self._view.profiles
            return "profile", self._render.profile(value) if known else str(value)
        if instrument is not None and name in _PRICES:
            return name.replace("_", " "), price_text(value, instrument)
        if instrument is not None and name in _QUANTITIES:
            return name.replace("_", " "), format_decimal(value, instrument.qty_scale)
        if name.endswith("_micros"):
            return name.removesuffix("_micros").replace("_", " "), format_cash(value)
        if name.endswith("_ns") and value > 10**15:
            return name.removesuffix("_ns").replace("_", " "), time_text(value)
        if name.endswith("_ppm"):
            return name.removesuffix("_ppm").replace("_", " "), f"{format_decimal(value, 4)} %"
        if isinstance(value, AccountLimits):
            return "", self._limits(value)
        if isinstance(value, bool):
            return "", name.replace("_", " ")
        return name.replace("_", " "), str(value)

    def _limits(self, limits: AccountLimits) -> str:
        """What a user is limited to."""
        told = []
        if limits.order_micros_max:
            told.append(f"orders worth at most {format_cash(limits.order_micros_max)}")
        if limits.open_orders_max:
            told.append(f"at most {limits.open_orders_max} open")
        if limits.leverage_e2_max:
            told.append(f"leverage at most {format_decimal(limits.leverage_e2_max, 2, 2)}")
        if limits.order_types:
            told.append(
                "only " + " ".join([codes.TYPE_WORDS.get(t, "?") for t in limits.order_types])
            )
        if limits.instruments:
            known = self._view.instruments
            names = [known[n].symbol for n in limits.instruments if n in known]
            told.append("only " + " ".join(names))
        return ", ".join(told) or "no limits"
