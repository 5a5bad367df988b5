"""Request bodies: what each may hold, and text to scaled numbers.

Promises: one struct for each body, from which both the decoder and the OpenAPI document are made;
unknown and repeated fields are refused; no float ever becomes a price, a quantity or an amount.
Must not know: who asks, or what becomes of it.
"""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from stockyard.api.contract_answers import MODES
from stockyard.api.problems import PERCENT_SCALE, Problem, rule_problem
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    CLASS_WORDS,
    LOT_METHOD_WORDS,
    SIDE_WORDS,
    TIF_WORDS,
)
from stockyard.model.denials import DenyCode
from stockyard.model.numbers import (
    CASH_SCALE,
    CLIENT_ORDER_ID_LENGTH_MAX,
    INT_MAX,
    TEXT_LENGTH_MAX,
    NumberError,
    parse_decimal,
)
from stockyard.model.order_types import ORDER_TYPES

PATTERN: Final = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.([0-9]+))?", re.ASCII)

ACCOUNT_NAME: Final = "Paper account"
SIDES: Final = {word: side for side, word in SIDE_WORDS.items()}
TYPES: Final = {row.word: row.order_type for row in ORDER_TYPES}
METHODS: Final = {word: method for method, word in LOT_METHOD_WORDS.items()}
KINDS: Final = {word: kind for kind, word in ACCOUNT_KIND_WORDS.items()}
CLASSES: Final = {word: order_class for order_class, word in CLASS_WORDS.items()}
TIMES_IN_FORCE: Final = {word: tif for tif, word in TIF_WORDS.items()}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):\d{2}:\d{2})(?:\.(\d{1,9}))?"
    r"([Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)

Number = Annotated[
    str | int,
    Meta(
        description="Plain decimal text (or a JSON integer), without exponent or separators.",
        examples=["10", "0.25"],
        extra_json_schema={
            "anyOf": [
                {"type": "string", "pattern": PATTERN, "maxLength": TEXT_LENGTH_MAX},
                {"type": "integer"},
            ]
        },
    ),
]
SideWord = Annotated[str, Meta(extra_json_schema={"enum": list(SIDES)})]
TypeWord = Annotated[
    str,
    Meta(
        description="`market` if it is left out; `limit` for an `oco`.",
        extra_json_schema={"enum": list(TYPES)},
    ),
]
TifWord = Annotated[
    str,
    Meta(
        description="How long the order lives: the trading day, until canceled, this moment,"
        " (`gtd`) until `expires_at`, or the opening (`opg`) or closing (`cls`) auction.",
        extra_json_schema={"enum": list(TIMES_IN_FORCE)},
    ),
]
ClientOrderId = Annotated[
    str,
    Meta(
        description="Your own name for the order: unique in the account, for ever.",
        extra_json_schema={"minLength": 1, "maxLength": CLIENT_ORDER_ID_LENGTH_MAX},
    ),
]


StopPrice = Annotated[
    Number, Meta(description="What triggers a stop or stop-limit order; decimal text.")
]
TrailPrice = Annotated[
    Number, Meta(description="How far a trailing stop follows the market, in dollars.")
]
TrailPercent = Annotated[
    Number,
    Meta(
        description="How far a trailing stop follows the market, in percent of the best price:"
        " above 0, below 100, at most 4 decimal places."
    ),
]
ExpiresAt = Annotated[
    str,
    Meta(
        description="When a `gtd` order ends: RFC 3339 with its zone, within the coming year.",
        examples=["2026-03-02T16:00:00-05:00"],
        extra_json_schema={"format": "date-time"},
    ),
]


ExtendedHours = Annotated[
    bool,
    Meta(
        description="Whether the order also trades before and after the regular session: limit"
        " orders with time in force day, gtc or gtd."
    ),
]


ReduceOnly = Annotated[
    bool,
    Meta(description="Whether the order may only reduce a position; it shrinks with the position."),
]
PostOnly = Annotated[
    bool,
    Meta(
        description="Whether a limit order for crypto is refused rather than trade at once; time in"
        " force day, gtc or gtd."
    ),
]


class TakeProfit(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The exit that takes the profit: a limit order."""

    limit_price: Number


class StopLoss(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The exit that bounds the loss: a stop, a stop limit, or one that trails."""

    stop_price: Number | None = None
    limit_price: Number | None = None
    trail_price: TrailPrice | None = None
    trail_percent: TrailPercent | None = None


class ChosenLot(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What a closing order takes of one lot: `id` as in GET /api/v1/positions/{symbol}/lots."""

    id: str
    qty: Number


MethodWord = Annotated[
    str,
    Meta(
        description="Which lots closings take: `average` (the oldest, at the average cost of all),"
        " `fifo`, `lifo`, or `hifo` (the highest cost first).",
        extra_json_schema={"enum": list(METHODS)},
    ),
]
ClassWord = Annotated[
    str,
    Meta(
        description="How the order is linked: `bracket` with `take_profit` and `stop_loss`, `oto`"
        " with one of them, `oco` (itself the take-profit) with `stop_loss`.",
        extra_json_schema={"enum": list(CLASSES)},
    ),
]


class OrderBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A new order. Send exactly one of `qty` and `notional`; GET /api/v1/order-types says which
    further fields a type needs. `expires_at` goes with time in force `gtd`.
    """

    symbol: Annotated[str, Meta(description="As in GET /api/v1/assets.", examples=["AAPL"])]
    side: SideWord
    qty: Number | None = None
    notional: Number | None = None
    type: TypeWord | None = None
    time_in_force: TifWord = "day"
    limit_price: Number | None = None
    stop_price: StopPrice | None = None
    trail_price: TrailPrice | None = None
    trail_percent: TrailPercent | None = None
    expires_at: ExpiresAt | None = None
    extended_hours: ExtendedHours = False
    client_order_id: ClientOrderId | None = None
    order_class: ClassWord = "simple"
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    locate: Annotated[
        bool, Meta(description="Whether a short sale may borrow what is hard to borrow.")
    ] = False
    reduce_only: ReduceOnly = False
    post_only: PostOnly = False
    lots: (
        Annotated[
            list[ChosenLot],
            Meta(description="The lots that a closing order takes; their sum is its `qty`."),
        ]
        | None
    ) = None


class ProtectionBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Exits for a position: a take-profit, a stop-loss or both."""

    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    qty: (
        Annotated[Number, Meta(description="Default: all that no other order would close.")] | None
    ) = None
    time_in_force: TifWord = "gtc"
    expires_at: ExpiresAt | None = None
    client_order_id: ClientOrderId | None = None


class ReplaceBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What shall be different; what is left out stays. `qty` is the new total, fills included."""

    qty: Number | None = None
    limit_price: Number | None = None
    stop_price: StopPrice | None = None
    trail_price: TrailPrice | None = None
    trail_percent: TrailPercent | None = None
    time_in_force: TifWord | None = None
    expires_at: ExpiresAt | None = None
    client_order_id: ClientOrderId | None = None


class RegisterBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new user, who gets a first account."""

    email: Annotated[str, Meta(examples=["ann@example.com"])]
    name: Annotated[str, Meta(description="1 to 100 printable characters.")]
    password: Annotated[
        str,
        Meta(
            description="8 to 128 characters. Where a link has to be opened first it is chosen"
            " there: leave it out, or it is not kept."
        ),
    ] = ""
    account_name: str = ACCOUNT_NAME


class LoginBody(msgspec.Struct, forbid_unknown_fields=True):
    """A sign-in."""

    email: str
    password: str
    code: Annotated[
        str, Meta(description="Of the second factor, where there is one; or a recovery code.")
    ] = ""


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new API key for one account."""

    name: Annotated[str, Meta(description="1 to 100 printable characters.")]
    scopes: Annotated[
        list[str], Meta(description="One or more of read, trade, sim, teach, admin.")
    ] = msgspec.field(default_factory=lambda: ["read", "trade"])
    account_id: Annotated[str, Meta(description="Default: the account of this request.")] | None = (
        None
    )


KindWord = Annotated[
    str,
    Meta(
        description="`cash` pays in full; `margin` borrows cash and shares.",
        extra_json_schema={"enum": list(KINDS)},
    ),
]


class OpenAccountBody(msgspec.Struct, forbid_unknown_fields=True):
    """Another account for the user who asks."""

    name: Annotated[str, Meta(description="1 to 100 printable characters.")]
    profile: (
        Annotated[str, Meta(description="A realism profile: one of GET /api/v1/profiles.")] | None
    ) = None
    kind: KindWord = "cash"


class AccountBody(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of an account: one of these at a time."""

    profile: (
        Annotated[
            str,
            Meta(
                description="A realism profile; it counts for orders placed from now on.",
                examples=["ideal", "realistic", "brutal"],
            ),
        ]
        | None
    ) = None
    kind: KindWord | None = None
    lot_method: MethodWord | None = None


class RestrictionsBody(msgspec.Struct, forbid_unknown_fields=True):
    """What an account restricts its new orders to; what is left out or null stays as it is."""

    suspend_trade: (
        Annotated[bool, Meta(description="Take no new order; open ones stay, and can be canceled.")]
        | None
    ) = None
    no_shorting: Annotated[bool, Meta(description="Sell nothing short.")] | None = None
    fractional_trading: (
        Annotated[bool, Meta(description="Allow to open parts of a share of a stock.")] | None
    ) = None


class LeverageBody(msgspec.Struct, forbid_unknown_fields=True):
    """What positions in a perpetual contract are held with from now on."""

    leverage: Annotated[
        Number, Meta(description="A whole number from 1 to the contract's `leverage_max`.")
    ]
    mode: (
        Annotated[
            str,
            Meta(
                description="`cross`: the whole account stands for the position; `isolated`: only"
                " the margin that is set apart for it. Left out: as it is.",
                extra_json_schema={"enum": list(MODES)},
            ),
        ]
        | None
    ) = None


class AmountBody(msgspec.Struct, forbid_unknown_fields=True):
    """Money to move, in dollars."""

    amount: Number


class ResetBody(msgspec.Struct, forbid_unknown_fields=True):
    """How to start again."""

    starting_cash: Annotated[Number, Meta(description="Default: the house's.")] | None = None


class Reader:
    """Decodes one kind of body."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._fields = kind.__struct_fields__

    def read(self, body: bytes) -> Any:
        """The struct. Raises ``Problem`` 400 for what is not JSON, 422 for what does not fit."""
        try:
            found = self._decode(body)
        except msgspec.ValidationError as error:
            raise _shape_problem(str(error), self._fields) from None
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise _syntax_problem(body, error) from None
        _refuse_repeats(body)
        return found


_KEYS = re.compile(rb'"([a-z_]+)"\s*:')
"""Finds exactly the keys of a decoded body without backslashes: its texts then hold no quote."""


def _refuse_repeats(body: bytes) -> None:
    """Refuse a field that was sent twice, of which decoders keep one without a word."""
    if b"\\" in body:
        json.loads(body, object_pairs_hook=_refuse_repeated)
        return
    names = _KEYS.findall(body)
    if len(set(names)) != len(names):
        json.loads(body, object_pairs_hook=_refuse_repeated)


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Problem(
            422, "repeated_field", f"the field {twice} is there twice", "send it once", field=twice
        )
    return found


def _syntax_problem(body: bytes, error: Exception) -> Problem:
    try:
        body.decode()
    except UnicodeDecodeError:
        return Problem(400, "not_utf8", "the body is not UTF-8 text", "send JSON in UTF-8")
    if not isinstance(error, msgspec.DecodeError | RecursionError):
        return _huge_number()
    return Problem(
        400,
        "invalid_json",
        "the body is not a JSON text",
        "send one JSON object; numbers such as NaN or Infinity are not JSON",
    )


def _huge_number() -> Problem:
    return Problem(
        422,
        "invalid_number",
        "the body holds a number that is far too large",
        f"a number has at most {TEXT_LENGTH_MAX} characters",
    )


def _shape_problem(message: str, fields: tuple[str, ...]) -> Problem:
    """What a decoder's message means, in our words."""
    if "out of range" in message:
        return _huge_number()
    unknown = _UNKNOWN.search(message)
    if unknown is not None:
        return Problem(
            422,
            "unknown_field",
            f"there is no field {unknown[1][:40]}",
            f"the fields are {', '.join(fields)}"
            if "at `$." not in message
            else "send what the OpenAPI document says",
            field=unknown[1][:40],
        )
    missing = _MISSING.search(message)
    if missing is not None:
        return Problem(
            422, "missing_field", f"{missing[1]} is missing", f"send {missing[1]}", field=missing[1]
        )
    expected = _EXPECTED.search(message)
    wanted, got, field = (expected[1], expected[2], expected[3]) if expected else ("", "", None)
    if "int" in wanted and "str" in wanted:
        right = 'send a decimal number as text, such as "10" or "0.25"'
        code = "invalid_number"
    else:
        right = _RIGHT.get(wanted.split(" ")[0], "send what the OpenAPI document says")
        code = "invalid_type"
    wrong = f"{field or 'the body'} is of the wrong kind: {got or message}"
    return Problem(422, code, wrong, right, field=field or None)


_BITS_MAX: Final = 133
"""Of a JSON integer: 40 digits."""
_RIGHT: Final = {
    "str": "send text",
    "int": "send a whole number",
    "bool": "send true or false",
    "array": "send a list",
    "object": "send an object",
}
_EXPECTED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")


def scaled(field: str, value: str | int, scale: int, fine: int = 0, large: int = 0) -> int:
    """A number of a body or query as an integer scaled by ``10**scale``.

    ``fine`` and ``large``: the rules broken by too many decimal places and by too great a number.
    Raises ``Problem`` 422.
    """
    if type(value) is int:
        if value.bit_length() > _BITS_MAX:
            raise _huge_number()
        whole: int = value * 10**scale
        if abs(whole) <= INT_MAX:
            return whole
        raise rule_problem(large, field) if large else _not_a_number(field, str(value), "lower it")
    assert isinstance(value, str)
    try:
        return parse_decimal(value, scale)
    except NumberError as error:
        raise _number_problem(field, value, scale, fine, large, str(error)) from None


def _number_problem(
    field: str, text: str, scale: int, fine: int, large: int, right: str
) -> Problem:
    plain = _PLAIN.fullmatch(text) if len(text) <= TEXT_LENGTH_MAX else None
    if plain is not None:
        code = fine if len((plain[1] or "").rstrip("0")) > scale else large
        if code:
            return rule_problem(code, field)
    return _not_a_number(field, text, right)


def _not_a_number(field: str, text: str, right: str) -> Problem:
    shown = text if len(text) <= 24 else text[:24] + "..."
    return Problem(
        422, "invalid_number", f"{field} {json.dumps(shown)} cannot be taken", right, field=field
    )


def quantity(field: str, value: str | int, scale: int) -> int:
    """A quantity above zero, scaled."""
    qty = scaled(field, value, scale, DenyCode.QUANTITY_OFF_LOT, DenyCode.QUANTITY_TOO_LARGE)
    if qty <= 0:
        raise rule_problem(DenyCode.QUANTITY_NOT_POSITIVE, field)
    return qty


def price(field: str, value: str | int, scale: int) -> int:
    """A price above zero, scaled."""
    found = scaled(field, value, scale, DenyCode.PRICE_OFF_TICK, DenyCode.PRICE_TOO_LARGE)
    if found <= 0:
        raise rule_problem(DenyCode.PRICE_NOT_POSITIVE, field)
    return found


def trail_price(field: str, value: str | int, scale: int) -> int:
    """A trail in dollars above zero, scaled like a price."""
    found = scaled(field, value, scale, DenyCode.PRICE_OFF_TICK, DenyCode.PRICE_TOO_LARGE)
    if found <= 0:
        raise rule_problem(DenyCode.TRAIL_OUT_OF_RANGE, field)
    return found


def trail_percent(field: str, value: str | int) -> int:
    """A trail in percent above zero, in millionths of the price."""
    found = scaled(field, value, PERCENT_SCALE, 0, DenyCode.TRAIL_OUT_OF_RANGE)
    if found <= 0:
        raise rule_problem(DenyCode.TRAIL_OUT_OF_RANGE, field)
    return found


def expiry(field: str, text: str) -> int:
    """The moment an order ends, UTC ns. Raises ``Problem`` 422.

    What lies outside the times that can be stored is outside the coming year too.
    """
    found = moment(field, text)
    if not 0 < found <= INT_MAX:
        raise rule_problem(DenyCode.EXPIRY_NOT_AHEAD, field)
    return found


def moment(field: str, text: str) -> int:
    """An RFC 3339 time with its zone as nanoseconds since 1970, UTC. Raises ``Problem`` 422."""
    match = _TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError("it does not look like one")
        zone = "+00:00" if match[4] in "Zz" else match[4]
        since = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}") - _EPOCH
    except ValueError:
        raise Problem(
            422,
            "invalid_time",
            f"{field} is not a time with its zone",
            'send RFC 3339, such as "2026-03-02T16:00:00-05:00" or "2026-03-02T21:00:00Z"',
            field=field,
        ) from None
    seconds = since.days * 86_400 + since.seconds
    return seconds * 10**9 + int((match[3] or "").ljust(9, "0"))


def day_or_moment(field: str, text: str) -> int:
    """A time, or the beginning of a UTC day, ns from 1970; what cannot be stored is cut."""
    found = moment(field, text if len(text) != 10 else f"{text}T00:00:00Z")
    return min(max(found, 0), INT_MAX)


def notional(field: str, value: str | int) -> int:
    """A notional amount above zero, in micro-dollars."""
    found = scaled(field, value, CASH_SCALE, 0, DenyCode.NOTIONAL_TOO_LARGE)
    if found <= 0:
        raise rule_problem(DenyCode.NOTIONAL_TOO_SMALL, field)
    return found


def amount(field: str, value: str | int, zero: bool = False) -> int:
    """An amount of money above zero (or zero, where that means something), in micro-dollars."""
    found = scaled(field, value, CASH_SCALE, 0, DenyCode.AMOUNT_TOO_LARGE)
    if found < 0 or (found == 0 and not zero):
        raise rule_problem(DenyCode.AMOUNT_NOT_POSITIVE, field)
    return found


def account_kind(word: str) -> int:
    """An ``AccountKind``. Raises ``Problem`` 422."""
    kind = KINDS.get(word)
    if kind is None:
        raise rule_problem(DenyCode.ACCOUNT_KIND_NOT_SUPPORTED, "kind")
    return kind


def lot_method(word: str) -> int:
    """A ``LotMethod``. Raises ``Problem`` 422."""
    method = METHODS.get(word)
    if method is None:
        raise rule_problem(DenyCode.LOT_METHOD_NOT_SUPPORTED, "lot_method")
    return method


def client_order_id(value: str | None) -> str:
    """The client's name for an order, or empty."""
    if value is None:
        return ""
    if not 1 <= len(value) <= CLIENT_ORDER_ID_LENGTH_MAX or not value.isprintable():
        raise Problem(
            422,
            "invalid_client_order_id",
            "client_order_id is empty, too long, or holds a character that cannot be shown",
            f"send 1 to {CLIENT_ORDER_ID_LENGTH_MAX} printable characters, or leave it out",
            field="client_order_id",
        )
    return value
