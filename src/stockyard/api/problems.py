"""Refusals as ``application/problem+json`` (RFC 9457): what was wrong and what would be right.

Promises: every answer above 399 is one of these. A denial, which the engine decided and the journal
holds, is told in the same bytes whenever it is repeated, so it names its journal record
(``instance``); any other problem names the request (``request_id``). Must not know: how a refusal
came about.
"""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stockyard.model.commands import Command
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.events import CommandDenied
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.people.errors import ThrottledError, UserError
from stockyard.runtime.writer import Refused
from stockyard.storage.ports import StorageUnavailable

PROBLEM_TYPE: Final = b"application/problem+json"
PERCENT_SCALE: Final = 4
"""Decimal places of a percentage, of which the engine counts millionths."""
Headers = tuple[tuple[bytes, bytes], ...]

_CASH_CODES: Final = frozenset(
    {
        DenyCode.EXCEEDS_BUYING_POWER,
        DenyCode.EXCEEDS_WITHDRAWABLE_CASH,
        DenyCode.EQUITY_BELOW_MINIMUM,
        DenyCode.LEVERAGE_DOES_NOT_FIT,
        DenyCode.LEVERAGE_ABOVE_LIMIT,
        DenyCode.ORDER_VALUE_ABOVE_LIMIT,
        DenyCode.NOTIONAL_TOO_SMALL,
        DenyCode.NOTIONAL_TOO_LARGE,
    }
)
_COUNT_CODES: Final = frozenset(
    {
        DenyCode.TOO_MANY_OPEN_ORDERS,
        DenyCode.OPEN_ORDERS_ABOVE_LIMIT,
        DenyCode.LEVERAGE_OUT_OF_RANGE,
    }
)
_QTY_CODES: Final = frozenset(
    {
        DenyCode.EXCEEDS_POSITION,
        DenyCode.NOT_ENOUGH_TO_BORROW,
        DenyCode.QUANTITY_TOO_LARGE,
        DenyCode.REPLACE_NOT_ABOVE_FILLED,
        DenyCode.LEG_WOULD_OPEN_POSITION,
        DenyCode.PROTECTION_EXCEEDS_POSITION,
        DenyCode.EXCEEDS_LOT,
        DenyCode.LOTS_NOT_THE_QUANTITY,
        DenyCode.CHOSEN_QUANTITY_FIXED,
        DenyCode.REDUCE_ONLY_WOULD_OPEN,
    }
)
_PRICE_CODES: Final = frozenset(
    {
        DenyCode.PRICE_OUTSIDE_BAND,
        DenyCode.POST_ONLY_WOULD_TRADE,
        DenyCode.STOP_PRICE_WRONG_SIDE,
        DenyCode.TAKE_PROFIT_WRONG_SIDE,
        DenyCode.STOP_LOSS_WRONG_SIDE,
        DenyCode.TAKE_PROFIT_NOT_BEYOND_STOP_LOSS,
    }
)
_FIELDS: Final = {
    DenyCode.LIMIT_PRICE_MISSING: "limit_price",
    DenyCode.LIMIT_PRICE_NOT_ALLOWED: "limit_price",
    DenyCode.PRICE_OUTSIDE_BAND: "limit_price",
    DenyCode.TIME_IN_FORCE_NOT_SUPPORTED: "time_in_force",
    DenyCode.QUANTITY_TOO_LARGE: "qty",
    DenyCode.NOTIONAL_NOT_ALLOWED: "notional",
    DenyCode.EXCEEDS_POSITION: "qty",
    DenyCode.STOP_PRICE_MISSING: "stop_price",
    DenyCode.STOP_PRICE_NOT_ALLOWED: "stop_price",
    DenyCode.STOP_PRICE_WRONG_SIDE: "stop_price",
    DenyCode.ORDER_CLASS_NOT_SUPPORTED: "order_class",
    DenyCode.CLASS_TYPE_NOT_SUPPORTED: "type",
    DenyCode.CLASS_TIME_IN_FORCE_NOT_SUPPORTED: "time_in_force",
    DenyCode.CLASS_NOTIONAL_NOT_ALLOWED: "notional",
    DenyCode.STOP_LOSS_UNCLEAR: "stop_loss",
    DenyCode.TAKE_PROFIT_WRONG_SIDE: "take_profit",
    DenyCode.TAKE_PROFIT_NOT_BEYOND_STOP_LOSS: "take_profit",
    DenyCode.STOP_LOSS_WRONG_SIDE: "stop_loss",
    DenyCode.LEG_TRAIL_OUT_OF_RANGE: "stop_loss",
    DenyCode.LEG_QUANTITY_FIXED: "qty",
    DenyCode.NOT_SHORTABLE: "symbol",
    DenyCode.SHORT_NOT_WHOLE: "qty",
    DenyCode.LOCATE_NEEDED: "locate",
    DenyCode.NOT_ENOUGH_TO_BORROW: "qty",
    DenyCode.ACCOUNT_KIND_NOT_SUPPORTED: "kind",
    DenyCode.PROTECTION_EXCEEDS_POSITION: "qty",
    DenyCode.LOTS_NOT_ALLOWED: "lots",
    DenyCode.TOO_MANY_LOTS: "lots",
    DenyCode.UNKNOWN_LOT: "lots",
    DenyCode.LOT_OF_ANOTHER_SYMBOL: "lots",
    DenyCode.LOT_NAMED_TWICE: "lots",
    DenyCode.LOT_QUANTITY_NOT_POSITIVE: "lots",
    DenyCode.EXCEEDS_LOT: "lots",
    DenyCode.LOTS_NOT_THE_QUANTITY: "lots",
    DenyCode.CHOSEN_QUANTITY_FIXED: "qty",
    DenyCode.LOT_METHOD_NOT_SUPPORTED: "lot_method",
    DenyCode.REDUCE_ONLY_WOULD_OPEN: "reduce_only",
    DenyCode.POST_ONLY_NOT_ALLOWED: "post_only",
    DenyCode.POST_ONLY_WOULD_TRADE: "limit_price",
    DenyCode.NO_MARK_PRICE: "symbol",
    DenyCode.NOT_A_PERPETUAL: "symbol",
    DenyCode.LEVERAGE_OUT_OF_RANGE: "leverage",
    DenyCode.SYMBOL_NOT_ALLOWED: "symbol",
    DenyCode.ORDER_TYPE_NOT_ALLOWED: "type",
    DenyCode.EXPIRY_MISSING: "expires_at",
    DenyCode.EXPIRY_NOT_ALLOWED: "expires_at",
    DenyCode.EXPIRY_NOT_AHEAD: "expires_at",
    DenyCode.NO_AUCTION: "time_in_force",
    DenyCode.AUCTION_CUT_OFF: "time_in_force",
    DenyCode.NOTIONAL_IN_AUCTION: "notional",
    DenyCode.EXTENDED_HOURS_NOT_LIMIT: "extended_hours",
    DenyCode.EXTENDED_HOURS_TIME_IN_FORCE: "extended_hours",
    DenyCode.EXTENDED_HOURS_CLASS: "extended_hours",
}
_TRAIL_CODES: Final = frozenset(
    {DenyCode.TRAIL_MISSING, DenyCode.TRAIL_NOT_ALLOWED, DenyCode.TRAIL_OUT_OF_RANGE}
)
_ANY_PRICE_CODES: Final = frozenset(
    {DenyCode.PRICE_NOT_POSITIVE, DenyCode.PRICE_OFF_TICK, DenyCode.PRICE_TOO_LARGE}
)
_PRICES: Final = ("limit_price", "stop_price", "trail_price")
_REFUSED: Final = {
    "request_in_flight": (409, "wait for the first request's answer, then repeat it if need be"),
    "overloaded": (503, "try again in a moment"),
    "journal_unavailable": (503, "try again later; whoever runs this Stockyard must free the disk"),
    "journal_uncertain": (
        503,
        "send it again under the same key: it is done once at most; whoever runs this Stockyard"
        " must look after the disk",
    ),
    "shutting_down": (503, "try again when the service is back"),
    "engine_stopped": (503, "whoever runs this Stockyard must restart it"),
    "projections_behind": (503, "try again in a moment"),
    "read_only": (
        503,
        "read what there is; whoever runs this Stockyard must repair the data directory, or start"
        " it without --read-only",
    ),
}


class ProblemBody(msgspec.Struct, omit_defaults=True, gc=False, rename={"kind": "type"}):
    """Why a request was refused."""

    kind: Annotated[str, Meta(description="A URN made of `code`.")]
    title: str
    status: int
    detail: str
    code: Annotated[str, Meta(description="A permanent word for the broken rule.")]
    wrong: Annotated[str, Meta(description="What was wrong.")]
    right: Annotated[str, Meta(description="What would be right.")]
    field: Annotated[str, Meta(description="The field or parameter it is about.")] | None = None
    required: Annotated[str, Meta(description="What the request would have needed.")] | None = None
    available: Annotated[str, Meta(description="What there was.")] | None = None
    retryable: (
        Annotated[bool, Meta(description="Whether the same request could succeed later.")] | None
    ) = None
    instance: (
        Annotated[str, Meta(description="Of a denial: the journal record that holds it.")] | None
    ) = None
    request_id: Annotated[str, Meta(description="Of any other problem.")] | None = None


_encode: Final = msgspec.json.Encoder().encode


class Problem(Exception):
    """A refusal on its way to the client."""

    def __init__(
        self,
        status: int,
        code: str,
        wrong: str,
        right: str,
        *,
        field: str | None = None,
        required: str | None = None,
        available: str | None = None,
        retryable: bool | None = None,
        instance: str | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(f"{code}: {wrong}; {right}")
        self.status, self.code, self.wrong, self.right = status, code, wrong, right
        self.field, self.required, self.available = field, required, available
        self.retryable, self.instance, self.headers = retryable, instance, headers

    def body(self, request_id: str) -> bytes:
        """The JSON that is sent."""
        return _encode(
            ProblemBody(
                f"urn:stockyard:problem:{self.code}",
                HTTPStatus(self.status).phrase,
                self.status,
                f"{self.wrong}; {self.right}",
                self.code,
                self.wrong,
                self.right,
                self.field,
                self.required,
                self.available,
                self.retryable,
                self.instance,
                request_id if self.instance is None else None,
            )
        )


def rule_problem(code: int, field: str | None = None, status: int | None = None) -> Problem:
    """A request refused at the door by one of the engine's rules; nothing was journaled."""
    rule = DENY_RULES[code]
    return Problem(
        status or rule.http_status,
        rule.word,
        rule.wrong,
        rule.right,
        field=field,
        retryable=rule.retryable,
    )


def denied_field(code: int, command: Command) -> str | None:
    """The field that a denial of this command is about, where the rule is about just one."""
    if code in _TRAIL_CODES:
        return _trail_field(command)
    if code in _ANY_PRICE_CODES:
        named = [name for name in _PRICES if getattr(command, name, 0)]
        return named[0] if len(named) == 1 else None
    if code == DenyCode.ALREADY_TRIGGERED:
        return "stop_price" if getattr(command, "stop_price", 0) else _trail_field(command)
    return _FIELDS.get(code)


def _trail_field(command: Command) -> str:
    """The trail that a command names; one that it leaves out is told as an amount."""
    return "trail_percent" if getattr(command, "trail_ppm", 0) else "trail_price"


def denial(
    denied: CommandDenied,
    seq: int,
    instrument: Instrument | None,
    replayed: bool,
    command: Command | None = None,
) -> Problem:
    """What the engine refused at ``seq``; its two numbers are shown in the rule's unit.

    ``command``: what was refused, to name the field it is about.
    """
    rule = DENY_RULES[denied.code]
    field = denied_field(denied.code, command) if command is not None else None
    required, available = _two_numbers(denied, instrument, field)
    return Problem(
        rule.http_status,
        rule.word,
        rule.wrong,
        rule.right,
        field=field,
        required=required,
        available=available,
        retryable=rule.retryable,
        instance=f"urn:stockyard:record:{seq}",
        headers=REPLAYED if replayed else (),
    )


REPLAYED: Final[Headers] = ((b"idempotent-replayed", b"true"),)


def _two_numbers(
    denied: CommandDenied, instrument: Instrument | None, field: str | None
) -> tuple[str | None, str | None]:
    code, required, available = denied.code, denied.required, denied.available
    if required == available == 0:
        return None, None
    if code in _CASH_CODES:
        return format_cash(required), format_cash(available)
    if code in _COUNT_CODES:
        return str(required), str(available)
    if instrument is None:
        return None, None
    if code in _QTY_CODES:
        scale = instrument.qty_scale
        return format_decimal(required, scale), format_decimal(available, scale)
    if code == DenyCode.TRAIL_OUT_OF_RANGE and field == "trail_percent":
        return format_decimal(required, PERCENT_SCALE), format_decimal(available, PERCENT_SCALE)
    if code in _PRICE_CODES or (code == DenyCode.TRAIL_OUT_OF_RANGE and field == "trail_price"):
        scale = instrument.price_scale
        return format_decimal(required, scale, 2), format_decimal(available, scale, 2)
    return None, None


def problem_of(error: Exception) -> Problem | None:
    """The refusal that an expected error means, or None for a fault of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        status, right = _REFUSED.get(error.code, (503, "try again in a moment"))
        after = ((b"retry-after", b"%d" % error.retry_after_s),)
        return Problem(status, error.code, error.detail, right, retryable=True, headers=after)
    if isinstance(error, UserError):
        return _user_problem(error)
    if isinstance(error, StorageUnavailable):
        return Problem(
            503,
            "storage_unavailable",
            "this cannot be kept now",
            "try again later; whoever runs this Stockyard must free the disk",
            retryable=True,
            headers=((b"retry-after", b"5"),),
        )
    return None


def _user_problem(error: UserError) -> Problem:
    headers: Headers = ()
    if isinstance(error, ThrottledError):
        headers = ((b"retry-after", b"%d" % error.retry_after_s),)
    elif error.http_status == 503:
        headers = ((b"retry-after", b"1"),)
    elif error.http_status == 401:
        headers = ((b"www-authenticate", b"Bearer"),)
    return Problem(
        error.http_status,
        error.code,
        error.wrong,
        error.right,
        field=error.field or None,
        headers=headers,
    )


def fault() -> Problem:
    """What is told when the fault is ours; the log has the rest under the request's id."""
    return Problem(
        500,
        "internal_error",
        "something went wrong inside Stockyard",
        "tell whoever runs it the request id; the log says more",
    )
