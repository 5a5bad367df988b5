"""Refusals in Alpaca's words: a status, a code of five digits behind it, and a message.

Promises: every answer above 399 is ``{"code": int, "message": str, "reason": str, ...}``;
``reason`` is our own permanent word for the broken rule, which no client of Alpaca's minds; every
rule of the house has its row. Must not know: how a refusal came about.
"""

from typing import Final, NamedTuple

import msgspec

from stockyard.api.problems import Headers, Problem, fault, problem_of
from stockyard.model.denials import DENY_RULES
from stockyard.model.denials import DenyCode as D

MALFORMED: Final = 40010000
PARAMETER: Final = 40010001
UNAUTHORIZED: Final = 40110000
FORBIDDEN: Final = 40310000
NOT_FOUND: Final = 40410000
WRONG_METHOD: Final = 40510000
UNPROCESSABLE: Final = 42210000
TOO_MANY: Final = 42910000
_PLAIN: Final = 10_000
"""A status, 1 and four zeros: the plainest code that a status has."""


class Row(NamedTuple):
    """What a rule is at Alpaca; ``message`` empty: our own words."""

    status: int
    code: int
    message: str = ""


_FORBIDDEN: Final = Row(403, FORBIDDEN)
_PARAMETER: Final = Row(422, PARAMETER)
_SEMANTIC: Final = Row(422, UNPROCESSABLE)
_UNKNOWN: Final = Row(404, NOT_FOUND)
DENIALS: Final[dict[int, Row]] = {
    **dict.fromkeys(
        (
            D.ACCOUNT_NOT_ACTIVE, D.PERP_NEEDS_MARGIN_ACCOUNT, D.TOO_MANY_OPEN_ORDERS,
            D.MARGIN_CALLED, D.NOT_SHORTABLE, D.LOCATE_NEEDED, D.NOT_ENOUGH_TO_BORROW,
            D.EQUITY_BELOW_MINIMUM, D.LEG_WOULD_OPEN_POSITION, D.ENTRY_WOULD_CLOSE_POSITION,
            D.PROTECTION_EXCEEDS_POSITION, D.EXCEEDS_LOT, D.POSITION_IN_LIQUIDATION,
            D.LEVERAGE_DOES_NOT_FIT, D.EXCEEDS_WITHDRAWABLE_CASH, D.TOO_MANY_ACCOUNTS,
            D.ACCOUNT_BORROWS, D.OPENING_ORDERS_OPEN, D.LIQUIDATION_ORDER, D.SHORTING_RESTRICTED,
            D.FRACTIONS_RESTRICTED, D.TOO_MANY_OUTCOMES, D.ORDER_VALUE_ABOVE_LIMIT,
            D.OPEN_ORDERS_ABOVE_LIMIT, D.SYMBOL_NOT_ALLOWED, D.ORDER_TYPE_NOT_ALLOWED,
            D.LEVERAGE_ABOVE_LIMIT, D.TRADING_FROZEN,
        ),
        _FORBIDDEN,
    ),
    D.EXCEEDS_BUYING_POWER: Row(403, FORBIDDEN, "insufficient buying power"),
    D.EXCEEDS_POSITION: Row(
        403,
        FORBIDDEN,
        "insufficient qty available for order (requested: {required}, available: {available})",
    ),
    D.OPPOSITE_ORDER_OPEN: Row(
        403, FORBIDDEN, "potential wash trade detected. opposite side order exists"
    ),
    D.TRADING_SUSPENDED: Row(403, FORBIDDEN, "new orders are rejected by user request"),
    D.UNKNOWN_ACCOUNT: _UNKNOWN,
    D.NO_PROTECTION: _UNKNOWN,
    D.UNKNOWN_OUTCOME: _UNKNOWN,
    D.NO_POSITION: Row(404, NOT_FOUND, "position does not exist"),
    D.KEY_REUSED: Row(422, PARAMETER, "client_order_id must be unique"),
    **dict.fromkeys(
        (
            D.ORDER_TYPE_NOT_SUPPORTED, D.SIDE_NOT_SUPPORTED, D.QUANTITY_OR_NOTIONAL,
            D.QUANTITY_NOT_POSITIVE, D.NOTIONAL_NOT_ALLOWED, D.LIMIT_PRICE_MISSING,
            D.LIMIT_PRICE_NOT_ALLOWED, D.PRICE_NOT_POSITIVE, D.STOP_PRICE_MISSING,
            D.STOP_PRICE_NOT_ALLOWED, D.TRAIL_MISSING, D.TRAIL_NOT_ALLOWED, D.TRAIL_OUT_OF_RANGE,
            D.EXPIRY_MISSING, D.EXPIRY_NOT_ALLOWED, D.EXPIRY_NOT_AHEAD,
            D.ORDER_CLASS_NOT_SUPPORTED, D.LEG_MISSING, D.LEG_NOT_ALLOWED,
            D.CLASS_TYPE_NOT_SUPPORTED, D.CLASS_TIME_IN_FORCE_NOT_SUPPORTED,
            D.CLASS_NOTIONAL_NOT_ALLOWED, D.STOP_LOSS_UNCLEAR, D.LEG_PRICE_NOT_POSITIVE,
            D.LEG_TRAIL_OUT_OF_RANGE, D.PROTECTION_EMPTY, D.NOTIONAL_IN_AUCTION,
            D.EXTENDED_HOURS_NOT_LIMIT, D.EXTENDED_HOURS_TIME_IN_FORCE, D.EXTENDED_HOURS_CLASS,
            D.POST_ONLY_NOT_ALLOWED, D.LOTS_NOT_ALLOWED, D.TOO_MANY_LOTS, D.LOT_NAMED_TWICE,
            D.LOT_QUANTITY_NOT_POSITIVE, D.LOTS_NOT_THE_QUANTITY, D.LEVERAGE_OUT_OF_RANGE,
            D.AMOUNT_NOT_POSITIVE, D.AMOUNT_TOO_LARGE, D.ACCOUNT_KIND_NOT_SUPPORTED,
            D.LOT_METHOD_NOT_SUPPORTED, D.RESTRICTION_NOT_SUPPORTED, D.REPLACE_CHANGES_NOTHING,
            D.OUTCOME_NOT_SUPPORTED, D.LIMITS_NOT_SUPPORTED,
        ),
        _PARAMETER,
    ),
    **dict.fromkeys(
        (
            D.UNKNOWN_INSTRUMENT, D.INSTRUMENT_NOT_TRADABLE, D.UNKNOWN_PROFILE,
            D.TIME_IN_FORCE_NOT_SUPPORTED, D.QUANTITY_OFF_LOT, D.QUANTITY_TOO_LARGE,
            D.NOTIONAL_TOO_SMALL, D.NOTIONAL_TOO_LARGE, D.PRICE_OFF_TICK, D.PRICE_TOO_LARGE,
            D.PRICE_OUTSIDE_BAND, D.SESSION_CLOSED, D.NO_QUOTE, D.STOP_PRICE_WRONG_SIDE,
            D.LEG_PRICE_OFF_TICK, D.LEG_PRICE_TOO_LARGE, D.TAKE_PROFIT_WRONG_SIDE,
            D.STOP_LOSS_WRONG_SIDE, D.TAKE_PROFIT_NOT_BEYOND_STOP_LOSS, D.NO_AUCTION,
            D.AUCTION_CUT_OFF, D.TRADING_HALTED, D.STALE_QUOTE, D.CHANGE_UNDER_WAY,
            D.POST_ONLY_WOULD_TRADE, D.NO_MARK_PRICE, D.SHORT_NOT_WHOLE, D.UNKNOWN_LOT,
            D.LOT_OF_ANOTHER_SYMBOL, D.CHOSEN_QUANTITY_FIXED, D.REDUCE_ONLY_WOULD_OPEN,
            D.NOT_A_PERPETUAL, D.LEVERAGE_WITH_ORDERS_OPEN, D.ORDER_NOT_OPEN,
            D.REPLACE_NOT_ABOVE_FILLED, D.NOTIONAL_NOT_REPLACEABLE, D.ALREADY_TRIGGERED,
            D.LEG_QUANTITY_FIXED, D.BALANCE_TOO_LARGE, D.MARGIN_NOT_OFFERED,
            D.ORDER_NOT_HELD_BACK,
        ),
        _SEMANTIC,
    ),
}  # fmt: skip
"""What each of the house's rules is at Alpaca."""
_BY_WORD: Final = {rule.word: DENIALS[code] for code, rule in DENY_RULES.items()}
_SHAPES: Final = {
    "invalid_json": Row(400, MALFORMED),
    "not_utf8": Row(400, MALFORMED),
    "invalid_type": Row(400, MALFORMED),
    "watchlist_exists": Row(422, UNPROCESSABLE),
    "too_many_watchlists": Row(403, FORBIDDEN),
    "not_watched": Row(404, NOT_FOUND),
    "unknown_watchlist": Row(404, NOT_FOUND, "watchlist not found"),
    "unknown_order": Row(404, NOT_FOUND, "order not found"),
    "invalid_client_order_id": Row(422, PARAMETER),
    "invalid_number": Row(422, PARAMETER),
    "quantity_or_percentage": Row(422, PARAMETER),
    "percentage_out_of_range": Row(422, PARAMETER),
    "request_in_flight": Row(422, PARAMETER, "client_order_id must be unique"),
    "conflicting_headers": Row(400, MALFORMED),
}
_BUYING_POWER: Final = DENY_RULES[D.EXCEEDS_BUYING_POWER].word
_encode: Final = msgspec.json.Encoder().encode


class Refusal(Exception):
    """A refusal on its way to a client of Alpaca's; ``more``: keys that its code brings along."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        reason: str = "",
        more: dict[str, str] | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(f"{status}/{code}: {message}")
        self.status, self.code, self.message, self.reason = status, code, message, reason
        self.more, self.headers = more or {}, headers

    def told(self) -> dict[str, object]:
        """The error object, as it also stands in a row of a 207."""
        named = {"reason": self.reason} if self.reason else {}
        return {"code": self.code, "message": self.message, **named, **self.more}

    def body(self) -> bytes:
        """The JSON that is sent."""
        return _encode(self.told())


def invalid(name: str, said: str, right: str) -> Refusal:
    """A parameter that cannot be taken."""
    shown = said if len(said) <= 40 else said[:40] + "..."
    return Refusal(422, PARAMETER, f"invalid {name}: {shown!r}; {right}", "invalid_parameter")


def not_offered(what: str, right: str) -> Refusal:
    """Something that Alpaca has and this Stockyard has not."""
    return Refusal(422, UNPROCESSABLE, f"{what} not offered here; {right}", "not_offered")


def refusal_of(error: Exception) -> Refusal | None:
    """What an expected error is at Alpaca, or None for a fault of ours."""
    if isinstance(error, Refusal):
        return error
    problem = problem_of(error)
    return None if problem is None else of_problem(problem)


def of_problem(problem: Problem) -> Refusal:
    """One of the house's refusals in Alpaca's words."""
    plain = Row(problem.status, _plain_code(problem.status))
    row = _BY_WORD.get(problem.code) or _SHAPES.get(problem.code) or plain
    message = row.message or f"{problem.wrong}; {problem.right}"
    more = {}
    required, available = problem.required or "?", problem.available or "?"
    if row.message:
        message = message.format(required=required, available=available)
    elif problem.required and problem.available:
        message = f"{message} (needed {required}, there is {available})"
    if problem.code == _BUYING_POWER and problem.available is not None:
        more = {"buying_power": available, "cost_basis": required}
    headers = tuple(header for header in problem.headers if header[0] != b"idempotent-replayed")
    return Refusal(row.status, row.code, message, problem.code, more, headers)


def _plain_code(status: int) -> int:
    """The code of a status that has no better one."""
    return UNPROCESSABLE if status == 422 else status * 100_000 + _PLAIN


def our_fault() -> Refusal:
    """What is told when the fault is ours."""
    return of_problem(fault())
