"""What the door answers with: one struct for each shape, encoded as it stands.

Promises: the OpenAPI document is made from these same structs; money, prices and quantities are
decimal text, times RFC 3339 UTC with nanoseconds, absent values null. Must not know: where the
values come from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.contract_answers import (
    ContractMarket,
    ContractTerms,
    PositionContract,
    StreamContract,
)
from stockyard.api.health_answers import ReadOnly, Start, Trouble
from stockyard.api.shapes import Decimal, Id, Time
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    ACCOUNT_STATUS_WORDS,
    ASSET_CLASS_WORDS,
    CLASS_WORDS,
    FEE_WORDS,
    FILL_RULE_WORDS,
    LIFECYCLE_WORDS,
    LOT_METHOD_WORDS,
    PHASE_WORDS,
    REASON_WORDS,
    SIDE_WORDS,
    STATUS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
)
from stockyard.people.identity import ROLES

Side = Annotated[str, Meta(extra_json_schema={"enum": list(SIDE_WORDS.values())})]
Type = Annotated[str, Meta(extra_json_schema={"enum": list(TYPE_WORDS.values())})]
Tif = Annotated[str, Meta(extra_json_schema={"enum": list(TIF_WORDS.values())})]
Class = Annotated[str, Meta(extra_json_schema={"enum": list(CLASS_WORDS.values())})]
Status = Annotated[str, Meta(extra_json_schema={"enum": list(STATUS_WORDS.values())})]
Lifecycle = Annotated[str, Meta(extra_json_schema={"enum": sorted(set(LIFECYCLE_WORDS.values()))})]
Reason = Annotated[str, Meta(extra_json_schema={"enum": list(REASON_WORDS.values())})]
AssetClass = Annotated[str, Meta(extra_json_schema={"enum": list(ASSET_CLASS_WORDS.values())})]
AccountStatus = Annotated[
    str, Meta(extra_json_schema={"enum": list(ACCOUNT_STATUS_WORDS.values())})
]
LotMethod = Annotated[str, Meta(extra_json_schema={"enum": list(LOT_METHOD_WORDS.values())})]
AccountKind = Annotated[str, Meta(extra_json_schema={"enum": list(ACCOUNT_KIND_WORDS.values())})]
Intent = Annotated[
    str,
    Meta(
        description="What it does to the position.",
        extra_json_schema={
            "enum": ["buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close"]
        },
    ),
]
Phase = Annotated[
    str,
    Meta(
        description="`open` is the regular session, `pre` and `post` the extended hours around it.",
        extra_json_schema={"enum": list(PHASE_WORDS.values())},
    ),
]
Rule = Annotated[str, Meta(extra_json_schema={"enum": list(FILL_RULE_WORDS.values())})]
Fee = Annotated[str, Meta(extra_json_schema={"enum": list(FEE_WORDS.values())})]


class Order(msgspec.Struct, frozen=True, gc=False):
    """An order. `status` is the trading world's word, `lifecycle` the textbook's."""

    id: Id
    client_order_id: Annotated[str, Meta(description="Yours, or the id when you gave none.")]
    account_id: Id
    symbol: str
    asset_id: Id
    asset_class: AssetClass
    side: Side
    type: Type
    time_in_force: Tif
    extended_hours: Annotated[
        bool, Meta(description="Whether it also trades before and after the regular session.")
    ]
    qty: Decimal
    notional: Decimal | None
    limit_price: Decimal | None
    stop_price: (
        Annotated[
            str,
            Meta(
                description="What triggers it. A trailing stop's moves while it waits, and is here"
                " in answers that show the order as it stands."
            ),
        ]
        | None
    )
    trail_price: Decimal | None
    trail_percent: Decimal | None
    hwm: (
        Annotated[
            str,
            Meta(
                description="The best price a waiting trailing stop has seen: the highest to sell,"
                " the lowest to buy."
            ),
        ]
        | None
    )
    collar_price: (
        Annotated[str, Meta(description="The worst price a market order may take.")] | None
    )
    status: Status
    lifecycle: Lifecycle
    filled_qty: Decimal
    filled_avg_price: Decimal | None
    fees: Decimal
    reason: Annotated[Reason, Meta(description="Why it ended without being filled.")] | None
    replaces: Id | None
    replaced_by: Id | None
    version: Annotated[int, Meta(description="1, and one more for each replacement.")]
    profile: str
    created_at: Time
    updated_at: Time
    submitted_at: Time
    filled_at: Time | None
    canceled_at: Time | None
    expired_at: Time | None
    replaced_at: Time | None
    triggered_at: Annotated[str, Meta(description="When a stop order came alive.")] | None
    expires_at: (
        Annotated[str, Meta(description="End of a day order's trading day, or a gtd order's date.")]
        | None
    )
    order_class: Class = "simple"
    position_intent: Intent = "buy_to_open"
    parent_id: Annotated[Id | None, Meta(description="Of a leg: its entry.")] = None
    sibling_id: Annotated[Id | None, Meta(description="Of an exit: the other of its pair.")] = None
    take_profit_id: Annotated[Id | None, Meta(description="Of an entry: this leg.")] = None
    stop_loss_id: Annotated[Id | None, Meta(description="Of an entry: this leg.")] = None
    protects: Annotated[bool, Meta(description="Whether it was put on a position.")] = False
    reduce_only: Annotated[bool, Meta(description="It may open nothing.")] = False
    post_only: Annotated[bool, Meta(description="It may not trade at once when it comes.")] = False
    legs: Annotated[
        list["Order"] | None,
        Meta(
            description="Of an entry its legs, of an oco its stop-loss, each as it stands; null in"
            " frames, and in the answer to a replacement."
        ),
    ] = None


class Triggered(msgspec.Struct, frozen=True, gc=False):
    """A stop order came alive: `price` reached its `stop_price`."""

    id: Id
    account_id: Id
    symbol: str
    status: Status
    lifecycle: Lifecycle
    price: Decimal
    stop_price: Decimal
    collar_price: (
        Annotated[str, Meta(description="The worst price it may take, but for a stop limit.")]
        | None
    )
    triggered_at: Time


class OrderTypeTerms(msgspec.Struct, frozen=True, gc=False):
    """What one type of order asks for: enough to draw its ticket."""

    type: Type
    title: str
    description: str
    needs: Annotated[
        list[list[str]],
        Meta(
            description="Fields of the order's body: exactly one of each group. `gtd` needs"
            " `expires_at` besides.",
            extra_json_schema={"examples": [[["qty"], ["trail_price", "trail_percent"]]]},
        ),
    ]
    times_in_force: list[Tif]
    lasting_times_in_force: Annotated[
        list[Tif],
        Meta(
            description="Of them, those that go with classes other than `simple`, with"
            " `extended_hours` and with `post_only`."
        ),
    ]
    order_classes: Annotated[
        list[Class],
        Meta(description="Those it goes with; all but `simple` by `qty`, never by `notional`."),
    ]
    extended_hours: Annotated[
        bool,
        Meta(
            description="Whether it can also trade before and after the regular session; such"
            " orders are `simple`."
        ),
    ]
    post_only: Annotated[
        bool,
        Meta(description="Whether it can be sent so, for coins and contracts; such are `simple`."),
    ]


class Cancellation(msgspec.Struct, frozen=True, gc=False):
    """What was left of an order is gone, or (`pending_cancel`) its cancellation is on its way."""

    id: Id
    account_id: Id
    symbol: str
    status: Status
    lifecycle: Lifecycle
    reason: Reason
    canceled_at: Annotated[
        Time | None, Meta(description="Null while the cancellation is on its way.")
    ]


class Reduced(msgspec.Struct, frozen=True, gc=False):
    """The other exit of a pair was filled in part: this one is smaller now."""

    id: Id
    account_id: Id
    symbol: str
    qty: Decimal


class Protection(msgspec.Struct, frozen=True, gc=False):
    """The exits put on a position."""

    symbol: str
    take_profit: Order | None
    stop_loss: Order | None


class FeeLine(msgspec.Struct, frozen=True, gc=False):
    """One fee."""

    kind: Fee
    amount: Decimal


class QuoteSeen(msgspec.Struct, frozen=True, gc=False):
    """The quote a fill was made against."""

    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    seq: Annotated[int, Meta(description="The quote's journal number.")]
    age_ns: int


class ProfileSeen(msgspec.Struct, frozen=True, gc=False):
    """The realism profile a fill was made under."""

    name: str
    version: int


class Execution(msgspec.Struct, frozen=True, gc=False):
    """One fill, with everything that explains it."""

    id: Id
    order_id: Id
    account_id: Id
    symbol: str
    side: Side
    executed_at: Time
    price: Decimal
    qty: Decimal
    value: Annotated[str, Meta(description="What the quantity cost or brought, without fees.")]
    fees: list[FeeLine]
    fees_total: Decimal
    fee_table: Annotated[str, Meta(description="Version of the fee table.")] | None
    realized_pl: Annotated[str, Meta(description="Before fees, against average cost.")]
    order_status: Status
    order_filled_qty: Decimal
    order_qty: Decimal
    cash_after: Decimal
    position_qty_after: Decimal
    quote: QuoteSeen
    size_open: Annotated[str, Meta(description="What was left of the quoted size before it.")]
    size_taken: Decimal
    profile: ProfileSeen
    rule: Rule
    explanation: Annotated[str, Meta(description="The same in one English sentence.")]
    quoted_price: Annotated[str, Meta(description="What the quote, its level or a trade offered.")]
    slippage: Annotated[str, Meta(description="How much worse the price is than offered.")]
    improvement: Annotated[str, Meta(description="How much better the price is than offered.")]
    level: Annotated[int, Meta(description="Levels behind the quote's own price; 0 for the top.")]
    print_size: Annotated[str, Meta(description="Size of the trade that filled it.")] | None
    insured: (
        Annotated[
            str,
            Meta(
                description="Of `realized_pl`, the loss beyond an isolated position's margin, which"
                " the insurance fund bears."
            ),
        ]
        | None
    ) = None


class Denial(msgspec.Struct, frozen=True, gc=False):
    """A rule that would refuse a previewed order."""

    code: str
    wrong: str
    right: str
    field: Annotated[str, Meta(description="The field it is about, if just one.")] | None
    retryable: bool
    required: Decimal | None
    available: Decimal | None


class Preview(msgspec.Struct, frozen=True, gc=False):
    """What an order would cost and do now. Nothing of it is kept."""

    accepted: bool
    denials: Annotated[
        list[Denial], Meta(description="Every rule that would refuse it; an order names the first.")
    ]
    symbol: str
    side: Side
    qty: Decimal
    fillable_qty: Annotated[str, Meta(description="Of it, against the quote of this moment.")]
    price: Annotated[str, Meta(description="The price assumed.")] | None
    value: Decimal
    fees: list[FeeLine]
    fees_total: Decimal
    reserved: Annotated[
        str,
        Meta(
            description="What the order would hold while open: its cost, in a margin account its"
            " initial requirement, for a perpetual contract its margin, with fees."
        ),
    ]
    buying_power_after: Annotated[
        str,
        Meta(
            description="Once it is filled, if all of it is fillable now; else while it is open,"
            " holding `reserved`."
        ),
    ]
    borrow_fee_per_day: Annotated[str, Meta(description="For shares sold short.")]


class MarginCall(msgspec.Struct, frozen=True, gc=False):
    """The account has less equity than its positions require."""

    due_at: Annotated[str, Meta(description="When the house begins to close positions.")]
    liquidating: Annotated[bool, Meta(description="Whether it has begun.")]


class Past(msgspec.Struct, frozen=True, gc=False):
    """A moment of before, and what an account had there besides its figures."""

    seq: Annotated[int, Meta(description="The last input that had happened.")]
    at: Time
    positions: list["Position"]
    open_orders: Annotated[int, Meta(description="How many orders were open.")]
    orders: Annotated[list["Order"], Meta(description="The newest 500 of them, oldest first.")]


class Account(msgspec.Struct, frozen=True, gc=False):
    """An account as it stands: `docs/reference/margin.md` says how its figures are worked out."""

    id: Id
    name: str
    status: AccountStatus
    kind: AccountKind
    profile: Annotated[str, Meta(description="Realism profile of its next orders.")]
    currency: str
    cash: Annotated[str, Meta(description="Below zero: borrowed.")]
    reserved: Annotated[str, Meta(description="Held by open orders that open a position.")]
    buying_power: Decimal
    equity: Annotated[
        str,
        Meta(description="Cash and what the positions would bring, `isolated_equity` included."),
    ]
    long_market_value: Decimal
    short_market_value: Annotated[str, Meta(description="Not above zero.")]
    initial_margin: Annotated[str, Meta(description="What opening its positions requires.")]
    maintenance_margin: Annotated[str, Meta(description="What holding them requires.")]
    excess: Annotated[
        str,
        Meta(description="Equity without `isolated_equity` beyond `maintenance_margin`."),
    ]
    withdrawable: Decimal
    unsettled: Annotated[str, Meta(description="Proceeds of stocks that come with the next day.")]
    good_faith_violations: int
    margin_call: MarginCall | None
    deposited: Annotated[str, Meta(description="What came in less what went out.")]
    realized_pl: Annotated[str, Meta(description="Before fees.")]
    fees: Decimal
    interest: Annotated[str, Meta(description="Charged for borrowed cash and shares.")]
    created_at: Time
    updated_at: Time
    lot_method: Annotated[LotMethod, Meta(description="Which lots its closings take.")] = "average"
    isolated_equity: Annotated[
        str,
        Meta(description="Margin set apart for isolated positions, with what they win or lose."),
    ] = "0.00"
    funding: Annotated[str, Meta(description="Paid for perpetual contracts, less received.")] = (
        "0.00"
    )
    suspend_trade: Annotated[bool, Meta(description="It takes no new order at all.")] = False
    no_shorting: Annotated[bool, Meta(description="It sells nothing short.")] = False
    fractional_trading: Annotated[
        bool, Meta(description="It may open parts of a share of a stock.")
    ] = True
    past: Annotated[
        Past | None, Meta(description="With `at` alone: everything else is as it was then, too.")
    ] = None


class Restrictions(msgspec.Struct, frozen=True, gc=False):
    """What an account has restricted its new orders to."""

    account_id: Id
    suspend_trade: Annotated[bool, Meta(description="It takes no new order at all.")]
    no_shorting: Annotated[bool, Meta(description="It sells nothing short.")]
    fractional_trading: Annotated[
        bool, Meta(description="It may open parts of a share of a stock.")
    ]
    updated_at: Time


class AccountChange(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was changed; it counts from now on."""

    account_id: Id
    updated_at: Time
    profile: str | None = None
    kind: AccountKind | None = None
    lot_method: LotMethod | None = None


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """Cash that came in or went out."""

    id: Id
    account_id: Id
    kind: Annotated[str, Meta(extra_json_schema={"enum": ["deposit", "withdrawal"]})]
    amount: Decimal
    cash_after: Decimal
    created_at: Time


class Charge(msgspec.Struct, frozen=True, gc=False):
    """A day's charge for borrowed cash or shares: `base` at `rate_percent` a year, rounded up. Or
    funding of a position in a perpetual contract: its value at the mark, at the rate of the
    interval; below zero it was received.
    """

    id: Id
    account_id: Id
    kind: Annotated[
        str, Meta(extra_json_schema={"enum": ["debit_interest", "borrow_fee", "funding"]})
    ]
    symbol: Annotated[str, Meta(description="What is borrowed or held; null for cash.")] | None
    base: Annotated[str, Meta(description="The cash owed, or the value of what it is for.")]
    rate_percent: Decimal
    amount: Decimal
    cash_after: Decimal
    charged_at: Time


class Reset(msgspec.Struct, frozen=True, gc=False):
    """The account has started again."""

    account_id: Id
    cash: Decimal
    cash_change: Decimal
    orders_canceled: int
    positions_given_up: int
    reset_at: Time


class Position(msgspec.Struct, frozen=True, gc=False):
    """What the account holds of one asset. Without any price yet it is valued at its cost."""

    account_id: Id
    asset_id: Id
    symbol: str
    asset_class: AssetClass
    side: Annotated[str, Meta(extra_json_schema={"enum": ["long", "short"]})]
    qty: Annotated[str, Meta(description="Below zero when short.")]
    qty_available: Annotated[str, Meta(description="Of it, not held by orders that close it.")]
    avg_entry_price: Decimal
    cost_basis: Annotated[str, Meta(description="Of a short position minus what it brought.")]
    current_price: (
        Annotated[
            str,
            Meta(
                description="The bid, short the ask, else the last trade; of a perpetual contract"
                " the mark."
            ),
        ]
        | None
    )
    market_value: Decimal
    unrealized_pl: Decimal
    unrealized_pl_percent: Decimal
    realized_pl: Annotated[str, Meta(description="Before fees.")]
    fees: Decimal
    updated_at: Time
    protection: Annotated[Protection, Meta(description="The exits put on it, or null.")] | None = (
        None
    )
    lot_method: Annotated[LotMethod, Meta(description="The account's.")] = "average"
    contract: Annotated[PositionContract, Meta(description="Of a perpetual contract.")] | None = (
        None
    )


class OpenLot(msgspec.Struct, frozen=True, gc=False):
    """What is left of an opening execution. `cost` of a short lot is what its sale brought; of a
    lot pooled by average cost, its share, rounded down.
    """

    id: Annotated[str, Meta(description="The execution that opened it.")]
    symbol: str
    side: Annotated[str, Meta(extra_json_schema={"enum": ["long", "short"]})]
    qty: Decimal
    qty_available: Annotated[str, Meta(description="Of it, not chosen by open orders.")]
    cost: Decimal
    fees: Annotated[str, Meta(description="Paid to open it; not part of the cost.")]
    acquired_at: Time


class Asset(msgspec.Struct, frozen=True, gc=False):
    """What can be traded, and on which terms."""

    id: Id
    symbol: str
    name: str
    asset_class: AssetClass
    exchange: str
    calendar: str
    is_open: bool
    phase: Phase
    auctions: Annotated[
        bool, Meta(description="Whether its sessions begin and end with one: opg and cls.")
    ]
    extended_hours: Annotated[
        bool, Meta(description="Whether it trades before and after its regular session.")
    ]
    tradable: bool
    fractionable: bool
    price_increment: Annotated[str, Meta(description="At or above `increment_threshold`.")]
    price_increment_below: Decimal
    increment_threshold: Decimal
    min_trade_increment: Decimal
    round_lot: Decimal
    max_order_size: Decimal
    min_notional: Decimal
    collar_percent: Annotated[
        str, Meta(description="How far a market order may walk from the quote it saw.")
    ]
    band_percent: Annotated[
        str, Meta(description="How far beyond the market a limit price may lie.")
    ]
    halted: Annotated[bool, Meta(description="Whether trading in it is stopped now.")]
    marginable: Annotated[bool, Meta(description="Whether it can be bought in part on margin.")]
    shortable: bool
    easy_to_borrow: Annotated[bool, Meta(description="If not, a short sale needs `locate`.")]
    borrow_rate_percent: Annotated[str, Meta(description="A year's fee on its value.")] | None
    borrowable: Annotated[str, Meta(description="What all accounts together can borrow.")] | None
    contract: Annotated[ContractTerms, Meta(description="Of a perpetual contract.")] | None = None


class Profile(msgspec.Struct, frozen=True, gc=False):
    """A realism profile: how honest fills are for the accounts and orders under it."""

    name: str
    version: int
    size_cap_percent: (
        Annotated[str, Meta(description="Share of a displayed size that fills may take.")] | None
    )
    depth_levels: Annotated[int, Meta(description="Levels behind the quote.")]
    depth_step_percent: Annotated[str, Meta(description="From one to the next, at least a tick.")]
    depth_size_percent: Annotated[str, Meta(description="Size of each, of the quote's own.")]
    limit_rule: Annotated[str, Meta(description="What fills a limit order that waits.")]
    latency_ms: Annotated[str, Meta(description="Of orders, cancellations and replacements.")]
    slippage_percent: Decimal
    improvement_percent: Annotated[str, Meta(description="Of the spread, for a taking order.")]
    improvement_chance_percent: Decimal
    reject_percent: Annotated[str, Meta(description="Share of orders the venue refuses.")]
    quote_age_seconds_max: Annotated[str, Meta(description="Older quotes fill nothing.")] | None
    on_halt: Annotated[str, Meta(description="`hold` or `deny`.")]
    on_stale_quote: Annotated[str, Meta(description="`hold` or `deny`.")]
    fees: bool
    description: Annotated[str, Meta(description="The same in words.")]


class Quote(msgspec.Struct, frozen=True, gc=False):
    """The market for one asset now. `stale`: nobody has said anything for a while."""

    symbol: str
    asset_id: Id
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal | None
    last_size: Decimal | None
    timestamp: Time | None
    last_at: Time | None
    seq: int
    age_ns: int | None
    stale: bool
    contract: Annotated[ContractMarket, Meta(description="Of a perpetual contract.")] | None = None


class StreamQuote(msgspec.Struct, frozen=True, gc=False):
    """A quote as streams tell it: its age is for the reader to work out from `timestamp`."""

    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal | None
    last_size: Decimal | None
    timestamp: Time | None
    last_at: Time | None
    seq: int
    contract: Annotated[StreamContract, Meta(description="Of a perpetual contract.")] | None = None


class Chapter(msgspec.Struct, frozen=True, gc=False):
    """One thing that happened to an order. `token` names the event, as on the stream."""

    token: Annotated[str, Meta(extra_json_schema={"examples": ["177-1"]})]
    at: Time
    event: Annotated[str, Meta(extra_json_schema={"examples": ["filled"]})]
    text: Annotated[str, Meta(description="What happened and why, in words.")]


class CalendarNow(msgspec.Struct, frozen=True, gc=False):
    """Where one calendar stands."""

    name: str
    asset_classes: Annotated[list[AssetClass], Meta(description="What trades on it.")]
    is_open: bool
    phase: Phase
    next_open: Time | None
    next_close: Time | None
    next_pre_open: Annotated[str, Meta(description="Next begin of early trading.")] | None
    next_post_close: Annotated[str, Meta(description="Next end of late trading.")] | None


class CalendarSession(msgspec.Struct, frozen=True, gc=False):
    """One session; without early or late trading `pre_open` or `post_close` is null."""

    pre_open: Time | None
    open: Time
    close: Time
    post_close: Time | None


class Calendar(msgspec.Struct, frozen=True, gc=False):
    """The sessions of one calendar that are known and not over, in order."""

    name: str
    sessions: list[CalendarSession]


class ClockNow(msgspec.Struct, frozen=True, gc=False):
    """The world's time."""

    timestamp: Time
    is_open: Annotated[bool, Meta(description="Whether any calendar is open.")]
    calendars: list[CalendarNow]


class User(msgspec.Struct, frozen=True, gc=False):
    """A person."""

    id: str
    name: str
    email: str
    role: Annotated[str, Meta(extra_json_schema={"enum": list(ROLES)})]
    status: str
    created_at: Time


class Registered(msgspec.Struct, frozen=True, gc=False):
    """A new user with a first account."""

    user: User
    account: Account


class SignedIn(msgspec.Struct, frozen=True, gc=False):
    """A session; the token is shown once."""

    token: str
    expires_at: Time
    user: User


class House(msgspec.Struct, frozen=True, gc=False):
    """What whoever has not signed in yet may know of this Stockyard."""

    version: str
    sign_up: Annotated[
        str,
        Meta(
            description="How people sign up: `open`, at once; `confirmed`, by a link in a mail;"
            " `closed`, not by themselves.",
            extra_json_schema={"enum": ["open", "confirmed", "closed"]},
        ),
    ]
    demo: bool
    starting_cash: Decimal
    mail: Annotated[bool, Meta(description="Whether links are sent by mail.")]


class Me(msgspec.Struct, frozen=True, gc=False):
    """Who is asking, and with what."""

    user: User
    scopes: list[str]
    key_id: str | None
    accounts: list[Account]


class ApiKey(msgspec.Struct, frozen=True, gc=False):
    """An API key without its secret."""

    id: str
    name: str
    account_id: Id
    scopes: list[str]
    created_at: Time
    last_used_at: Time | None
    revoked_at: Time | None


class NewApiKey(msgspec.Struct, frozen=True, gc=False):
    """A new API key. The secret is shown this once."""

    id: str
    secret: str
    name: str
    account_id: Id
    scopes: list[str]
    created_at: Time


class Health(msgspec.Struct, frozen=True, gc=False):
    """Whether this Stockyard works."""

    status: Annotated[
        str,
        Meta(extra_json_schema={"enum": ["ok", "degraded", "read_only", "stopping", "failed"]}),
    ]
    version: str
    engine: Annotated[str, Meta(extra_json_schema={"enum": ["compiled", "interpreted"]})]
    seq: Annotated[int, Meta(description="The last input shown.")]
    uptime_seconds: int
    controls: Annotated[bool, Meta(description="Whether test controls are allowed here.")] = False
    troubles: Annotated[
        list[Trouble], Meta(description="What cannot be written just now; reads are answered.")
    ] = []
    read_only: ReadOnly | None = None
    start: Start | None = None


class Liveness(msgspec.Struct, frozen=True, gc=False):
    """Whether this process can still do anything."""

    alive: bool


class Check(msgspec.Struct, frozen=True, gc=False):
    """One thing that must be well before requests are sent here."""

    name: str
    ok: bool
    detail: str


class Readiness(msgspec.Struct, frozen=True, gc=False):
    """Whether requests should be sent here."""

    ready: bool
    checks: list[Check]
