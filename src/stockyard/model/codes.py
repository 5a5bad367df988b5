"""The permanent numbers: sides, types, statuses, reasons and deny codes.

Promises: a number, once released, never changes its meaning and is never given out again;
everything written in a journal is written in these numbers. Must not know: how anything is decided
or displayed beyond its word.
"""

from typing import Final


class Side:
    """Direction of an order (FIX tag 54)."""

    BUY: Final = 1
    SELL: Final = 2


class OrderType:
    """How an order is priced (FIX tag 40)."""

    MARKET: Final = 1
    LIMIT: Final = 2
    STOP: Final = 3
    STOP_LIMIT: Final = 4
    TRAILING_STOP: Final = 5


class TimeInForce:
    """How long an order lives (FIX tag 59)."""

    DAY: Final = 1
    GTC: Final = 2
    IOC: Final = 3
    FOK: Final = 4
    GTD: Final = 5
    OPG: Final = 6
    CLS: Final = 7


class Phase:
    """Where a calendar stands: shut, before, in or after its regular session."""

    CLOSED: Final = 0
    PRE: Final = 1
    OPEN: Final = 2
    POST: Final = 3


class Auction:
    """Which auction of a session a print comes from."""

    OPENING: Final = 1
    CLOSING: Final = 2


class OrderClass:
    """How an order is linked with others: alone, or with exits of its own."""

    SIMPLE: Final = 0
    BRACKET: Final = 1
    OCO: Final = 2
    OTO: Final = 3


class Status:
    """Where an order stands. The words (see ``STATUS_WORDS``) are Alpaca's."""

    NONE: Final = 0
    ACCEPTED: Final = 1
    NEW: Final = 2
    PARTIALLY_FILLED: Final = 3
    FILLED: Final = 4
    CANCELED: Final = 5
    EXPIRED: Final = 6
    REPLACED: Final = 7
    REJECTED: Final = 8
    HELD: Final = 9
    PENDING_NEW: Final = 10
    PENDING_CANCEL: Final = 11


class Trigger:
    """What moves an order between statuses; the columns of ``engine.orders.TRANSITIONS``."""

    QUEUE: Final = 1
    ADMIT: Final = 2
    FILL_PART: Final = 3
    FILL_REST: Final = 4
    CANCEL: Final = 5
    EXPIRE: Final = 6
    REPLACE: Final = 7
    REJECT: Final = 8
    HOLD: Final = 9
    SEND: Final = 10
    SEND_CANCEL: Final = 11


class Reason:
    """Why an order ended without being filled."""

    BY_CLIENT: Final = 1
    DAY_ENDED: Final = 2
    IMMEDIATE_REST: Final = 3
    NOT_FILLABLE_WHOLE: Final = 4
    BEYOND_COLLAR: Final = 5
    ACCOUNT_RESET: Final = 6
    POSITION_CLOSED: Final = 7
    NOTIONAL_SPENT: Final = 8
    ACCOUNT_AT_LIMIT: Final = 9
    DATE_REACHED: Final = 10
    OTHER_LEG_FILLED: Final = 11
    OTHER_LEG_ENDED: Final = 12
    ENTRY_NOT_FILLED: Final = 13
    NOTHING_TO_EXIT: Final = 14
    PROTECTION_REPLACED: Final = 15
    VENUE_REJECTED: Final = 16
    REPLACED_TOO_LATE: Final = 17
    REPLACEMENT_UNFIT: Final = 18
    NOT_FILLED_IN_AUCTION: Final = 21
    NO_AUCTION_PRINT: Final = 22
    LIQUIDATION: Final = 26
    MARGIN_CALL_MET: Final = 27
    POST_ONLY_WOULD_TRADE: Final = 31
    VENUE_CANCELED: Final = 71


class Plan:
    """What a planned outcome does to an order; ``docs/guides/test-controls.md`` says each."""

    DENY: Final = 1
    REJECT: Final = 2
    FILL: Final = 3
    DELAY: Final = 4
    HOLD: Final = 5
    EXPIRE: Final = 6
    CANCEL: Final = 7


class Rest:
    """What becomes of what a planned fill leaves of an order."""

    WAITS: Final = 1
    CANCELED: Final = 2
    WORKS: Final = 3


class Part:
    """Which orders a planned outcome is for: what was sent as an order, or exits."""

    ORDER: Final = 0
    TAKE_PROFIT: Final = 1
    STOP_LOSS: Final = 2
    EXIT: Final = 3


class AssetClass:
    """Kind of instrument."""

    US_EQUITY: Final = 1
    CRYPTO: Final = 2
    CRYPTO_PERP: Final = 3


class AccountStatus:
    """Whether an account may act."""

    ACTIVE: Final = 1
    SUSPENDED: Final = 2
    CLOSED: Final = 3


class AccountKind:
    """Whether an account pays in full or may borrow cash and shares."""

    CASH: Final = 1
    MARGIN: Final = 2


class ChargeKind:
    """What a daily charge is for."""

    DEBIT_INTEREST: Final = 1
    BORROW_FEE: Final = 2


class LotMethod:
    """Which lots a closing takes, and at which cost."""

    AVERAGE: Final = 1
    FIFO: Final = 2
    LIFO: Final = 3
    HIFO: Final = 4


class Restriction:
    """What an account may restrict itself to, as bits of one set: no new orders at all, none that
    sells short, none that opens a part of a share.
    """

    SUSPENDED: Final = 1
    NO_SHORTING: Final = 2
    NO_FRACTIONS: Final = 4
    ALL: Final = 7


class FillRule:
    """The rule that priced a fill; ``docs/reference/fills.md`` says each in words."""

    TAKE_WHOLE: Final = 1
    TAKE_QUOTED: Final = 2
    REST_WHOLE: Final = 3
    REST_QUOTED: Final = 4
    TAKE_DEPTH: Final = 5
    REST_PASSED: Final = 6
    REST_PRINTED: Final = 7
    REST_QUEUE: Final = 8
    AUCTION_WHOLE: Final = 13
    AUCTION_PRINTED: Final = 14
    PLANNED: Final = 71


class LimitRule:
    """What fills a limit order that waits; ``docs/reference/fills.md`` says each in words."""

    TOUCH: Final = 1
    PENETRATE: Final = 2
    QUEUE: Final = 3


class FeeKind:
    """What a fee line is for."""

    COMMISSION: Final = 1
    SEC: Final = 2
    TAF: Final = 3
    CRYPTO_TAKER: Final = 4
    CRYPTO_MAKER: Final = 5
    ORF: Final = 6
    CAT: Final = 7
    LIQUIDATION: Final = 8


class Book:
    """The house's own ledger books: every customer posting has its counter-posting there."""

    FUNDING: Final = 1
    STREET: Final = 2
    ROUNDING: Final = 3
    COMMISSION: Final = 4
    SEC: Final = 5
    TAF: Final = 6
    EXCHANGE: Final = 7
    INTEREST: Final = 8
    BORROW: Final = 9
    ORF: Final = 10
    CAT: Final = 11
    PERPS: Final = 12
    PERP_FUNDING: Final = 13
    INSURANCE: Final = 14


SIDE_WORDS: Final = {Side.BUY: "buy", Side.SELL: "sell"}
TYPE_WORDS: Final = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.STOP: "stop",
    OrderType.STOP_LIMIT: "stop_limit",
    OrderType.TRAILING_STOP: "trailing_stop",
}
STOP_TYPES: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
TIF_WORDS: Final = {
    TimeInForce.DAY: "day",
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.GTD: "gtd",
    TimeInForce.OPG: "opg",
    TimeInForce.CLS: "cls",
}
AUCTION_TIMES: Final = (TimeInForce.OPG, TimeInForce.CLS)
PHASE_WORDS: Final = {
    Phase.CLOSED: "closed",
    Phase.PRE: "pre",
    Phase.OPEN: "open",
    Phase.POST: "post",
}
CLASS_WORDS: Final = {
    OrderClass.SIMPLE: "simple",
    OrderClass.BRACKET: "bracket",
    OrderClass.OCO: "oco",
    OrderClass.OTO: "oto",
}
STATUS_WORDS: Final = {
    Status.ACCEPTED: "accepted",
    Status.NEW: "new",
    Status.PARTIALLY_FILLED: "partially_filled",
    Status.FILLED: "filled",
    Status.CANCELED: "canceled",
    Status.EXPIRED: "expired",
    Status.REPLACED: "replaced",
    Status.REJECTED: "rejected",
    Status.HELD: "held",
    Status.PENDING_NEW: "pending_new",
    Status.PENDING_CANCEL: "pending_cancel",
}
LIFECYCLE_WORDS: Final = {
    "accepted": "pending",
    "new": "submitted",
    "partially_filled": "partial",
    "filled": "filled",
    "canceled": "canceled",
    "expired": "expired",
    "replaced": "canceled",
    "rejected": "rejected",
    "held": "pending",
    "pending_new": "pending",
    "pending_cancel": "submitted",
}
"""The seven words of a textbook lifecycle, for every status word that a client may see."""

OPEN_STATUSES: Final = (
    Status.ACCEPTED,
    Status.NEW,
    Status.PARTIALLY_FILLED,
    Status.HELD,
    Status.PENDING_NEW,
    Status.PENDING_CANCEL,
)
REASON_WORDS: Final = {
    Reason.BY_CLIENT: "canceled_by_client",
    Reason.DAY_ENDED: "trading_day_ended",
    Reason.IMMEDIATE_REST: "rest_of_immediate_or_cancel",
    Reason.NOT_FILLABLE_WHOLE: "fill_or_kill_not_fillable_whole",
    Reason.BEYOND_COLLAR: "market_moved_beyond_collar",
    Reason.ACCOUNT_RESET: "account_reset",
    Reason.POSITION_CLOSED: "canceled_to_close_position",
    Reason.NOTIONAL_SPENT: "notional_below_one_lot",
    Reason.ACCOUNT_AT_LIMIT: "account_holds_as_much_as_it_may",
    Reason.DATE_REACHED: "good_till_date_reached",
    Reason.OTHER_LEG_FILLED: "other_leg_filled",
    Reason.OTHER_LEG_ENDED: "other_leg_ended",
    Reason.ENTRY_NOT_FILLED: "entry_ended_unfilled",
    Reason.NOTHING_TO_EXIT: "position_has_nothing_free",
    Reason.PROTECTION_REPLACED: "protection_replaced",
    Reason.VENUE_REJECTED: "rejected_by_venue",
    Reason.REPLACED_TOO_LATE: "order_had_ended_before_the_replacement_arrived",
    Reason.REPLACEMENT_UNFIT: "replacement_no_longer_allowed_when_it_arrived",
    Reason.NOT_FILLED_IN_AUCTION: "not_filled_in_auction",
    Reason.NO_AUCTION_PRINT: "no_auction_print",
    Reason.LIQUIDATION: "account_in_liquidation",
    Reason.MARGIN_CALL_MET: "margin_call_met",
    Reason.POST_ONLY_WOULD_TRADE: "post_only_would_trade_at_once",
    Reason.VENUE_CANCELED: "canceled_by_venue",
}
PLAN_WORDS: Final = {
    Plan.DENY: "deny",
    Plan.REJECT: "reject",
    Plan.FILL: "fill",
    Plan.DELAY: "delay",
    Plan.HOLD: "hold",
    Plan.EXPIRE: "expire",
    Plan.CANCEL: "cancel",
}
REST_WORDS: Final = {Rest.WAITS: "wait", Rest.CANCELED: "cancel", Rest.WORKS: "work"}
PART_WORDS: Final = {
    Part.ORDER: "order",
    Part.TAKE_PROFIT: "take_profit",
    Part.STOP_LOSS: "stop_loss",
    Part.EXIT: "exit",
}
ASSET_CLASS_WORDS: Final = {
    AssetClass.US_EQUITY: "us_equity",
    AssetClass.CRYPTO: "crypto",
    AssetClass.CRYPTO_PERP: "crypto_perp",
}
ACCOUNT_STATUS_WORDS: Final = {
    AccountStatus.ACTIVE: "active",
    AccountStatus.SUSPENDED: "suspended",
    AccountStatus.CLOSED: "closed",
}
ACCOUNT_KIND_WORDS: Final = {AccountKind.CASH: "cash", AccountKind.MARGIN: "margin"}
CHARGE_WORDS: Final = {
    ChargeKind.DEBIT_INTEREST: "debit_interest",
    ChargeKind.BORROW_FEE: "borrow_fee",
}
RESTRICTION_WORDS: Final = {
    Restriction.SUSPENDED: "suspend_trade",
    Restriction.NO_SHORTING: "no_shorting",
    Restriction.NO_FRACTIONS: "no_fractions",
}
LOT_METHOD_WORDS: Final = {
    LotMethod.AVERAGE: "average",
    LotMethod.FIFO: "fifo",
    LotMethod.LIFO: "lifo",
    LotMethod.HIFO: "hifo",
}
FILL_RULE_WORDS: Final = {
    FillRule.TAKE_WHOLE: "take_whole_at_quote",
    FillRule.TAKE_QUOTED: "take_displayed_size_at_quote",
    FillRule.REST_WHOLE: "resting_whole_when_quote_reaches_limit",
    FillRule.REST_QUOTED: "resting_displayed_size_when_quote_reaches_limit",
    FillRule.TAKE_DEPTH: "take_deeper_level",
    FillRule.REST_PASSED: "resting_when_quote_passes_limit",
    FillRule.REST_PRINTED: "resting_when_trade_passes_limit",
    FillRule.REST_QUEUE: "resting_when_queue_ahead_has_traded",
    FillRule.AUCTION_WHOLE: "auction_whole_at_print",
    FillRule.AUCTION_PRINTED: "auction_printed_size_at_print",
    FillRule.PLANNED: "planned_by_a_test",
}
FEE_WORDS: Final = {
    FeeKind.COMMISSION: "commission",
    FeeKind.SEC: "sec_section_31",
    FeeKind.TAF: "finra_taf",
    FeeKind.CRYPTO_TAKER: "crypto_taker",
    FeeKind.CRYPTO_MAKER: "crypto_maker",
    FeeKind.ORF: "options_regulatory",
    FeeKind.CAT: "consolidated_audit_trail",
    FeeKind.LIQUIDATION: "liquidation",
}
LIMIT_RULE_WORDS: Final = {
    LimitRule.TOUCH: "touch",
    LimitRule.PENETRATE: "penetrate",
    LimitRule.QUEUE: "queue",
}
MAKING_RULES: Final = (
    FillRule.REST_WHOLE,
    FillRule.REST_QUOTED,
    FillRule.REST_PASSED,
    FillRule.REST_PRINTED,
    FillRule.REST_QUEUE,
)
"""The rules of orders that waited in the market: they pay a maker's fees."""
