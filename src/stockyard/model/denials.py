"""Why we refuse: one permanent number per broken rule.

Promises: numbers are never reused; when several rules are broken the one with the lowest number is
named; each says whether the same request could ever succeed later. Must not know: HTTP beyond the
status that ``api`` shows for a code.
"""

from typing import Final, NamedTuple


class DenyCode:
    """Numbers of the broken rules, in order of precedence."""

    KEY_REUSED: Final = 10
    UNKNOWN_ACCOUNT: Final = 20
    ACCOUNT_NOT_ACTIVE: Final = 30
    UNKNOWN_INSTRUMENT: Final = 40
    INSTRUMENT_NOT_TRADABLE: Final = 50
    UNKNOWN_PROFILE: Final = 60
    ORDER_TYPE_NOT_SUPPORTED: Final = 100
    TIME_IN_FORCE_NOT_SUPPORTED: Final = 110
    SIDE_NOT_SUPPORTED: Final = 120
    QUANTITY_OR_NOTIONAL: Final = 130
    QUANTITY_NOT_POSITIVE: Final = 140
    QUANTITY_OFF_LOT: Final = 150
    QUANTITY_TOO_LARGE: Final = 160
    NOTIONAL_NOT_ALLOWED: Final = 170
    NOTIONAL_TOO_SMALL: Final = 180
    NOTIONAL_TOO_LARGE: Final = 190
    LIMIT_PRICE_MISSING: Final = 200
    LIMIT_PRICE_NOT_ALLOWED: Final = 210
    PRICE_NOT_POSITIVE: Final = 220
    PRICE_OFF_TICK: Final = 230
    PRICE_TOO_LARGE: Final = 240
    PRICE_OUTSIDE_BAND: Final = 250
    STOP_PRICE_MISSING: Final = 260
    STOP_PRICE_NOT_ALLOWED: Final = 270
    TRAIL_MISSING: Final = 280
    TRAIL_NOT_ALLOWED: Final = 290
    SESSION_CLOSED: Final = 300
    NO_QUOTE: Final = 310
    TRAIL_OUT_OF_RANGE: Final = 320
    STOP_PRICE_WRONG_SIDE: Final = 330
    EXPIRY_MISSING: Final = 340
    EXPIRY_NOT_ALLOWED: Final = 350
    EXPIRY_NOT_AHEAD: Final = 360
    ORDER_CLASS_NOT_SUPPORTED: Final = 361
    LEG_MISSING: Final = 362
    LEG_NOT_ALLOWED: Final = 363
    CLASS_TYPE_NOT_SUPPORTED: Final = 364
    CLASS_TIME_IN_FORCE_NOT_SUPPORTED: Final = 365
    CLASS_NOTIONAL_NOT_ALLOWED: Final = 366
    STOP_LOSS_UNCLEAR: Final = 367
    LEG_PRICE_NOT_POSITIVE: Final = 368
    LEG_PRICE_OFF_TICK: Final = 369
    LEG_PRICE_TOO_LARGE: Final = 370
    LEG_TRAIL_OUT_OF_RANGE: Final = 371
    TAKE_PROFIT_WRONG_SIDE: Final = 372
    STOP_LOSS_WRONG_SIDE: Final = 373
    TAKE_PROFIT_NOT_BEYOND_STOP_LOSS: Final = 374
    PROTECTION_EMPTY: Final = 375
    NO_AUCTION: Final = 381
    AUCTION_CUT_OFF: Final = 382
    NOTIONAL_IN_AUCTION: Final = 383
    EXTENDED_HOURS_NOT_LIMIT: Final = 384
    EXTENDED_HOURS_TIME_IN_FORCE: Final = 385
    EXTENDED_HOURS_CLASS: Final = 386
    TRADING_HALTED: Final = 391
    STALE_QUOTE: Final = 392
    CHANGE_UNDER_WAY: Final = 393
    TOO_MANY_OPEN_ORDERS: Final = 400
    MARGIN_CALLED: Final = 401
    OPPOSITE_ORDER_OPEN: Final = 402
    NOT_SHORTABLE: Final = 403
    SHORT_NOT_WHOLE: Final = 404
    LOCATE_NEEDED: Final = 405
    NOT_ENOUGH_TO_BORROW: Final = 406
    EQUITY_BELOW_MINIMUM: Final = 407
    EXCEEDS_BUYING_POWER: Final = 410
    EXCEEDS_POSITION: Final = 420
    NO_POSITION: Final = 430
    LEG_WOULD_OPEN_POSITION: Final = 431
    ENTRY_WOULD_CLOSE_POSITION: Final = 432
    PROTECTION_EXCEEDS_POSITION: Final = 433
    LOTS_NOT_ALLOWED: Final = 441
    TOO_MANY_LOTS: Final = 442
    UNKNOWN_LOT: Final = 443
    LOT_OF_ANOTHER_SYMBOL: Final = 444
    LOT_NAMED_TWICE: Final = 445
    LOT_QUANTITY_NOT_POSITIVE: Final = 446
    EXCEEDS_LOT: Final = 447
    LOTS_NOT_THE_QUANTITY: Final = 448
    CHOSEN_QUANTITY_FIXED: Final = 449
    ORDER_NOT_OPEN: Final = 500
    REPLACE_NOT_ABOVE_FILLED: Final = 510
    REPLACE_CHANGES_NOTHING: Final = 520
    NOTIONAL_NOT_REPLACEABLE: Final = 530
    ALREADY_TRIGGERED: Final = 540
    LEG_QUANTITY_FIXED: Final = 541
    NO_PROTECTION: Final = 542
    AMOUNT_NOT_POSITIVE: Final = 600
    AMOUNT_TOO_LARGE: Final = 610
    EXCEEDS_WITHDRAWABLE_CASH: Final = 620
    BALANCE_TOO_LARGE: Final = 630
    TOO_MANY_ACCOUNTS: Final = 640
    ACCOUNT_KIND_NOT_SUPPORTED: Final = 651
    MARGIN_NOT_OFFERED: Final = 652
    ACCOUNT_BORROWS: Final = 653
    OPENING_ORDERS_OPEN: Final = 654
    LIQUIDATION_ORDER: Final = 655
    LOT_METHOD_NOT_SUPPORTED: Final = 661


class DenyRule(NamedTuple):
    """What is told about a code: permanent word, HTTP status, retryable, what was wrong, what is
    right.
    """

    word: str
    http_status: int
    retryable: bool
    wrong: str
    right: str


DENY_RULES: Final[dict[int, DenyRule]] = {
    DenyCode.KEY_REUSED: DenyRule(
        "idempotency_key_reused",
        422,
        False,
        "this key was already used for a request with another body",
        "send the same body again, or a new client_order_id or Idempotency-Key",
    ),
    DenyCode.UNKNOWN_ACCOUNT: DenyRule(
        "unknown_account",
        404,
        False,
        "there is no such account",
        "name one of GET /api/v1/accounts",
    ),
    DenyCode.ACCOUNT_NOT_ACTIVE: DenyRule(
        "account_not_active",
        403,
        True,
        "the account is suspended or closed",
        "ask whoever runs this Stockyard to make the account active",
    ),
    DenyCode.UNKNOWN_INSTRUMENT: DenyRule(
        "unknown_symbol", 422, False, "there is no such symbol", "name one of GET /api/v1/assets"
    ),
    DenyCode.INSTRUMENT_NOT_TRADABLE: DenyRule(
        "symbol_not_tradable",
        422,
        True,
        "this symbol cannot be traded now",
        "choose one that GET /api/v1/assets shows as tradable",
    ),
    DenyCode.UNKNOWN_PROFILE: DenyRule(
        "unknown_profile",
        422,
        False,
        "there is no such realism profile",
        "use one of GET /api/v1/profiles",
    ),
    DenyCode.ORDER_TYPE_NOT_SUPPORTED: DenyRule(
        "order_type_not_supported",
        422,
        False,
        "this order type is not offered",
        "use market, limit, stop, stop_limit or trailing_stop",
    ),
    DenyCode.TIME_IN_FORCE_NOT_SUPPORTED: DenyRule(
        "time_in_force_not_supported",
        422,
        False,
        "this time in force is not offered for this order",
        "use one that GET /api/v1/order-types lists for the type",
    ),
    DenyCode.SIDE_NOT_SUPPORTED: DenyRule(
        "side_not_supported", 422, False, "the side is neither buy nor sell", "use buy or sell"
    ),
    DenyCode.QUANTITY_OR_NOTIONAL: DenyRule(
        "quantity_or_notional",
        422,
        False,
        "an order names either a quantity or a notional amount, not both and not neither",
        "send exactly one of qty and notional",
    ),
    DenyCode.QUANTITY_NOT_POSITIVE: DenyRule(
        "quantity_not_positive",
        422,
        False,
        "the quantity is not above zero",
        "send a qty above zero",
    ),
    DenyCode.QUANTITY_OFF_LOT: DenyRule(
        "quantity_off_lot",
        422,
        False,
        "the quantity is not a whole number of lots",
        "send a multiple of the symbol's min_trade_increment",
    ),
    DenyCode.QUANTITY_TOO_LARGE: DenyRule(
        "quantity_too_large",
        422,
        False,
        "the quantity is above the limit for one order",
        "split the order, or stay at or below the symbol's max_order_size",
    ),
    DenyCode.NOTIONAL_NOT_ALLOWED: DenyRule(
        "notional_not_allowed",
        422,
        False,
        "a notional amount is only for market orders that need not be filled whole at once",
        "send qty, or type market with another time in force than fok",
    ),
    DenyCode.NOTIONAL_TOO_SMALL: DenyRule(
        "notional_too_small",
        422,
        False,
        "the order's value is below the minimum, or below one lot",
        "raise qty or notional to at least the symbol's min_notional",
    ),
    DenyCode.NOTIONAL_TOO_LARGE: DenyRule(
        "notional_too_large",
        422,
        False,
        "the order's value is above the limit for one order",
        "split the order",
    ),
    DenyCode.LIMIT_PRICE_MISSING: DenyRule(
        "limit_price_missing",
        422,
        False,
        "a limit or stop-limit order needs a limit price",
        "send limit_price",
    ),
    DenyCode.LIMIT_PRICE_NOT_ALLOWED: DenyRule(
        "limit_price_not_allowed",
        422,
        False,
        "only limit and stop-limit orders take a limit price",
        "leave limit_price out, or use type limit or stop_limit",
    ),
    DenyCode.PRICE_NOT_POSITIVE: DenyRule(
        "price_not_positive", 422, False, "the price is not above zero", "send a price above zero"
    ),
    DenyCode.PRICE_OFF_TICK: DenyRule(
        "price_off_tick",
        422,
        False,
        "the price is not a multiple of the price increment",
        "round the price to the symbol's price_increment",
    ),
    DenyCode.PRICE_TOO_LARGE: DenyRule(
        "price_too_large",
        422,
        False,
        "the price is above what can be represented",
        "lower the price",
    ),
    DenyCode.PRICE_OUTSIDE_BAND: DenyRule(
        "price_outside_band",
        422,
        True,
        "the limit price is too far from the market",
        "move the price closer to the current quote",
    ),
    DenyCode.STOP_PRICE_MISSING: DenyRule(
        "stop_price_missing",
        422,
        False,
        "a stop or stop-limit order needs a stop price",
        "send stop_price",
    ),
    DenyCode.STOP_PRICE_NOT_ALLOWED: DenyRule(
        "stop_price_not_allowed",
        422,
        False,
        "only stop and stop-limit orders take a stop price",
        "leave stop_price out, or use type stop or stop_limit",
    ),
    DenyCode.TRAIL_MISSING: DenyRule(
        "trail_missing",
        422,
        False,
        "a trailing stop needs an amount or a percentage to trail by, not both and not neither",
        "send exactly one of trail_price and trail_percent",
    ),
    DenyCode.TRAIL_NOT_ALLOWED: DenyRule(
        "trail_not_allowed",
        422,
        False,
        "only a trailing stop takes a trail",
        "leave trail_price and trail_percent out, or use type trailing_stop",
    ),
    DenyCode.SESSION_CLOSED: DenyRule(
        "session_closed",
        422,
        True,
        "the market for this symbol is closed and the order must be filled at once",
        "use day or gtc to queue the order for the next session, or wait for the open",
    ),
    DenyCode.NO_QUOTE: DenyRule(
        "no_quote",
        422,
        True,
        "there is no quote to price a market order with",
        "wait for a quote, or send a limit order",
    ),
    DenyCode.TRAIL_OUT_OF_RANGE: DenyRule(
        "trail_out_of_range",
        422,
        False,
        "the trail is not between nothing and the whole price",
        "send a trail_price above zero and below the price, or a trail_percent between 0 and 100",
    ),
    DenyCode.STOP_PRICE_WRONG_SIDE: DenyRule(
        "stop_price_wrong_side",
        422,
        True,
        "the market has reached the stop price already",
        "a stop to buy lies above the market, a stop to sell below it; or send a market order",
    ),
    DenyCode.EXPIRY_MISSING: DenyRule(
        "expiry_missing",
        422,
        False,
        "an order good till a date needs the date",
        "send expires_at, or time in force day or gtc",
    ),
    DenyCode.EXPIRY_NOT_ALLOWED: DenyRule(
        "expiry_not_allowed",
        422,
        False,
        "only an order with time in force gtd takes an expiry",
        "leave expires_at out, or use time in force gtd",
    ),
    DenyCode.EXPIRY_NOT_AHEAD: DenyRule(
        "expiry_not_ahead",
        422,
        False,
        "the expiry is not ahead, or more than a year ahead",
        "send an expires_at within the coming year",
    ),
    DenyCode.ORDER_CLASS_NOT_SUPPORTED: DenyRule(
        "order_class_not_supported",
        422,
        False,
        "there is no such order class",
        "use simple, bracket, oco or oto",
    ),
    DenyCode.LEG_MISSING: DenyRule(
        "leg_missing",
        422,
        False,
        "an exit that this order class needs is missing",
        "send take_profit and stop_loss with bracket, one of them with oto, stop_loss with oco",
    ),
    DenyCode.LEG_NOT_ALLOWED: DenyRule(
        "leg_not_allowed",
        422,
        False,
        "this order class does not take the exits that were sent",
        "send take_profit and stop_loss with bracket, just one of them with oto, stop_loss alone"
        " with oco (whose limit_price is the take-profit), and none with simple",
    ),
    DenyCode.CLASS_TYPE_NOT_SUPPORTED: DenyRule(
        "class_type_not_supported",
        422,
        False,
        "this order class is not offered with this order type",
        "an oco is a limit order; a bracket or oto begins with market, limit, stop or stop_limit",
    ),
    DenyCode.CLASS_TIME_IN_FORCE_NOT_SUPPORTED: DenyRule(
        "class_time_in_force_not_supported",
        422,
        False,
        "linked orders are not offered with this time in force",
        "use day, gtc or gtd",
    ),
    DenyCode.CLASS_NOTIONAL_NOT_ALLOWED: DenyRule(
        "class_notional_not_allowed",
        422,
        False,
        "linked orders are not offered for a notional amount",
        "send qty",
    ),
    DenyCode.STOP_LOSS_UNCLEAR: DenyRule(
        "stop_loss_unclear",
        422,
        False,
        "the stop-loss is neither a stop, nor a stop limit, nor a trailing stop",
        "send just one of stop_price, trail_price and trail_percent; limit_price goes with"
        " stop_price",
    ),
    DenyCode.LEG_PRICE_NOT_POSITIVE: DenyRule(
        "leg_price_not_positive",
        422,
        False,
        "a price of an exit is not above zero",
        "send prices above zero",
    ),
    DenyCode.LEG_PRICE_OFF_TICK: DenyRule(
        "leg_price_off_tick",
        422,
        False,
        "a price of an exit is not a multiple of the price increment",
        "round the exits' prices to the symbol's price_increment",
    ),
    DenyCode.LEG_PRICE_TOO_LARGE: DenyRule(
        "leg_price_too_large",
        422,
        False,
        "a price of an exit is above what can be represented",
        "lower the price",
    ),
    DenyCode.LEG_TRAIL_OUT_OF_RANGE: DenyRule(
        "leg_trail_out_of_range",
        422,
        False,
        "the stop-loss trails by nothing or by the whole price",
        "send a trail_price above zero and below the price, or a trail_percent between 0 and 100",
    ),
    DenyCode.TAKE_PROFIT_WRONG_SIDE: DenyRule(
        "take_profit_wrong_side",
        422,
        True,
        "the take-profit is no profit: it does not lie beyond the entry, or the market",
        "put it at least one price increment above what is bought (below what is sold short)",
    ),
    DenyCode.STOP_LOSS_WRONG_SIDE: DenyRule(
        "stop_loss_wrong_side",
        422,
        True,
        "the stop-loss does not lie on the losing side of the entry, or of the market",
        "put it at least one price increment below what is bought (above what is sold short)",
    ),
    DenyCode.TAKE_PROFIT_NOT_BEYOND_STOP_LOSS: DenyRule(
        "take_profit_not_beyond_stop_loss",
        422,
        False,
        "the take-profit does not lie beyond the stop-loss and its limit",
        "to sell, put the take-profit above both prices of the stop-loss; to buy, below",
    ),
    DenyCode.PROTECTION_EMPTY: DenyRule(
        "protection_empty",
        422,
        False,
        "a protection has a take-profit, a stop-loss or both",
        "send take_profit or stop_loss; to remove the protection, DELETE it",
    ),
    DenyCode.NO_AUCTION: DenyRule(
        "no_auction",
        422,
        False,
        "this symbol has no opening and closing auctions",
        "use day or gtc, or a symbol that GET /api/v1/assets shows with auctions",
    ),
    DenyCode.AUCTION_CUT_OFF: DenyRule(
        "auction_cut_off",
        422,
        True,
        "the auction takes no more orders",
        "send opg until two minutes before the open and again after the close, cls until ten"
        " minutes before the close and again after the closing auction",
    ),
    DenyCode.NOTIONAL_IN_AUCTION: DenyRule(
        "notional_in_auction",
        422,
        False,
        "an auction trades quantities, not amounts",
        "send qty, or another time in force than opg and cls",
    ),
    DenyCode.EXTENDED_HOURS_NOT_LIMIT: DenyRule(
        "extended_hours_not_limit",
        422,
        False,
        "only limit orders trade outside the regular session",
        "use type limit, or leave extended_hours out",
    ),
    DenyCode.EXTENDED_HOURS_TIME_IN_FORCE: DenyRule(
        "extended_hours_time_in_force",
        422,
        False,
        "this time in force does not go with extended hours",
        "use day, gtc or gtd, or leave extended_hours out",
    ),
    DenyCode.EXTENDED_HOURS_CLASS: DenyRule(
        "extended_hours_class",
        422,
        False,
        "linked orders trade in the regular session only",
        "use order_class simple, or leave extended_hours out",
    ),
    DenyCode.TRADING_HALTED: DenyRule(
        "trading_halted",
        422,
        True,
        "trading in this symbol is halted, and the account's profile takes no orders then",
        "wait until GET /api/v1/assets shows it is not halted, or choose a profile that holds them",
    ),
    DenyCode.STALE_QUOTE: DenyRule(
        "stale_quote",
        422,
        True,
        "the last quote is older than the account's profile trades on",
        "wait for a new quote, or choose a profile that holds orders until one comes",
    ),
    DenyCode.CHANGE_UNDER_WAY: DenyRule(
        "change_under_way",
        422,
        True,
        "a cancellation or replacement of this order is on its way to the market",
        "wait until it has arrived; a replacement under way can be canceled",
    ),
    DenyCode.TOO_MANY_OPEN_ORDERS: DenyRule(
        "too_many_open_orders",
        403,
        True,
        "the account has as many open orders as it may have",
        "cancel some, or wait until some are filled",
    ),
    DenyCode.MARGIN_CALLED: DenyRule(
        "margin_called",
        403,
        True,
        "the account has a margin call and opens nothing until it is met",
        "deposit, or close positions, until GET /api/v1/account shows no margin_call",
    ),
    DenyCode.OPPOSITE_ORDER_OPEN: DenyRule(
        "opposite_order_open",
        403,
        True,
        "an open order of the other side would open a position in this symbol too",
        "cancel it first, or wait until it is filled: then this order closes what it opened",
    ),
    DenyCode.NOT_SHORTABLE: DenyRule(
        "not_shortable",
        403,
        True,
        "this symbol cannot be borrowed, so it cannot be sold short",
        "choose one that GET /api/v1/assets shows as shortable",
    ),
    DenyCode.SHORT_NOT_WHOLE: DenyRule(
        "short_not_whole", 422, False, "only whole shares can be sold short", "send a whole qty"
    ),
    DenyCode.LOCATE_NEEDED: DenyRule(
        "locate_needed",
        403,
        True,
        "this symbol is hard to borrow, and the order asks for no locate",
        "send locate: true to borrow at the asset's borrow_rate_percent",
    ),
    DenyCode.NOT_ENOUGH_TO_BORROW: DenyRule(
        "not_enough_to_borrow",
        403,
        True,
        "less of this symbol is left to borrow than the order would sell short",
        "lower the quantity, or try later",
    ),
    DenyCode.EQUITY_BELOW_MINIMUM: DenyRule(
        "equity_below_minimum",
        403,
        True,
        "the account's equity is too small to borrow cash or shares",
        "deposit, or buy no more than the account's cash pays for",
    ),
    DenyCode.EXCEEDS_BUYING_POWER: DenyRule(
        "exceeds_buying_power",
        403,
        True,
        "the order needs more cash than the account has free",
        "lower the quantity or the price, cancel open orders, or deposit",
    ),
    DenyCode.EXCEEDS_POSITION: DenyRule(
        "exceeds_position",
        403,
        True,
        "the account holds fewer than the order would close (open orders that close count)",
        "lower the quantity, or cancel open orders that close; a cash account cannot sell short, a"
        " margin account once the position is closed",
    ),
    DenyCode.NO_POSITION: DenyRule(
        "no_position",
        404,
        True,
        "the account holds none of this symbol",
        "see GET /api/v1/positions",
    ),
    DenyCode.LEG_WOULD_OPEN_POSITION: DenyRule(
        "leg_would_open_position",
        403,
        True,
        "an oco closes a position, and there is not as much to close (open orders count)",
        "lower the quantity, cancel orders that would close it, or send a bracket to open one",
    ),
    DenyCode.ENTRY_WOULD_CLOSE_POSITION: DenyRule(
        "entry_would_close_position",
        403,
        True,
        "a bracket or oto opens a position, and this order would close one",
        "send an oco, or PUT the position's protection",
    ),
    DenyCode.PROTECTION_EXCEEDS_POSITION: DenyRule(
        "protection_exceeds_position",
        403,
        True,
        "the protection is larger than what no other order would close",
        "lower qty, leave it out for all that is free, or cancel orders that would close it",
    ),
    DenyCode.LOTS_NOT_ALLOWED: DenyRule(
        "lots_not_allowed",
        422,
        False,
        "lots can be chosen for a simple order that closes a position, and this is none",
        "leave lots out, or send order_class simple and the side that reduces the position",
    ),
    DenyCode.TOO_MANY_LOTS: DenyRule(
        "too_many_lots",
        422,
        False,
        "the order chooses more lots than one order may",
        "choose at most 64, or split the order",
    ),
    DenyCode.UNKNOWN_LOT: DenyRule(
        "unknown_lot",
        422,
        False,
        "the account has no such open lot",
        "name lots of GET /api/v1/positions/{symbol}/lots",
    ),
    DenyCode.LOT_OF_ANOTHER_SYMBOL: DenyRule(
        "lot_of_another_symbol",
        422,
        False,
        "the lot is one of another symbol's position",
        "name lots of GET /api/v1/positions/{symbol}/lots for the order's own symbol",
    ),
    DenyCode.LOT_NAMED_TWICE: DenyRule(
        "lot_named_twice",
        422,
        False,
        "the order names a lot more than once",
        "name each lot once, with all that is to be taken of it",
    ),
    DenyCode.LOT_QUANTITY_NOT_POSITIVE: DenyRule(
        "lot_quantity_not_positive",
        422,
        False,
        "the quantity to take of a lot is not above zero",
        "send a qty above zero for each lot",
    ),
    DenyCode.EXCEEDS_LOT: DenyRule(
        "exceeds_lot",
        403,
        True,
        "the order takes more of a lot than other open orders have left unchosen",
        "lower the lot's qty to its free_qty, or cancel the orders that chose it",
    ),
    DenyCode.LOTS_NOT_THE_QUANTITY: DenyRule(
        "lots_not_the_quantity",
        422,
        False,
        "what is taken of the lots does not add up to the order's quantity",
        "send a qty (not a notional amount) that is the sum of the lots' quantities",
    ),
    DenyCode.CHOSEN_QUANTITY_FIXED: DenyRule(
        "chosen_quantity_fixed",
        422,
        False,
        "an order that has chosen lots keeps its quantity",
        "change its prices or its time in force, or cancel it and choose anew",
    ),
    DenyCode.ORDER_NOT_OPEN: DenyRule(
        "order_not_open",
        422,
        False,
        "the order is not open any more",
        "only accepted, new and partially_filled orders can be changed or canceled",
    ),
    DenyCode.REPLACE_NOT_ABOVE_FILLED: DenyRule(
        "replace_quantity_not_above_filled",
        422,
        False,
        "the new total quantity is not above what is already filled",
        "send a qty above filled_qty, or cancel the order",
    ),
    DenyCode.REPLACE_CHANGES_NOTHING: DenyRule(
        "replace_changes_nothing",
        422,
        False,
        "the replacement names nothing that differs from the order",
        "change at least one of qty, limit_price, time_in_force",
    ),
    DenyCode.NOTIONAL_NOT_REPLACEABLE: DenyRule(
        "notional_not_replaceable",
        422,
        False,
        "an order for a notional amount cannot be replaced",
        "cancel it and place a new one",
    ),
    DenyCode.ALREADY_TRIGGERED: DenyRule(
        "already_triggered",
        422,
        False,
        "the order was triggered already, so its stop cannot be moved any more",
        "change qty or limit_price, or cancel the order",
    ),
    DenyCode.LEG_QUANTITY_FIXED: DenyRule(
        "leg_quantity_fixed",
        422,
        False,
        "an exit is as large as its entry or its position asks",
        "change its prices, or replace the entry or the protection",
    ),
    DenyCode.NO_PROTECTION: DenyRule(
        "no_protection",
        404,
        False,
        "there is no protection on this position",
        "see GET /api/v1/positions/{symbol}/protection",
    ),
    DenyCode.AMOUNT_NOT_POSITIVE: DenyRule(
        "amount_not_positive",
        422,
        False,
        "the amount is not above zero",
        "send an amount above zero",
    ),
    DenyCode.AMOUNT_TOO_LARGE: DenyRule(
        "amount_too_large", 422, False, "the amount is above the limit for one transfer", "lower it"
    ),
    DenyCode.EXCEEDS_WITHDRAWABLE_CASH: DenyRule(
        "exceeds_withdrawable_cash",
        403,
        True,
        "the amount is above the cash that no open order holds",
        "lower the amount, or cancel open buy orders",
    ),
    DenyCode.BALANCE_TOO_LARGE: DenyRule(
        "balance_too_large",
        422,
        True,
        "the balance would pass what an account may hold",
        "lower it",
    ),
    DenyCode.TOO_MANY_ACCOUNTS: DenyRule(
        "too_many_accounts",
        403,
        False,
        "the user has as many accounts as one may have",
        "use one of them",
    ),
    DenyCode.ACCOUNT_KIND_NOT_SUPPORTED: DenyRule(
        "account_kind_not_supported",
        422,
        False,
        "there is no such kind of account",
        "use cash or margin",
    ),
    DenyCode.MARGIN_NOT_OFFERED: DenyRule(
        "margin_not_offered",
        422,
        True,
        "this Stockyard has no terms for margin accounts",
        "use kind cash",
    ),
    DenyCode.ACCOUNT_BORROWS: DenyRule(
        "account_borrows",
        403,
        True,
        "the account owes cash or shares",
        "close its short positions and pay back what it owes, by a deposit or a sale",
    ),
    DenyCode.OPENING_ORDERS_OPEN: DenyRule(
        "opening_orders_open",
        403,
        True,
        "the account has open orders that would open positions on margin",
        "cancel them, or wait until they are filled",
    ),
    DenyCode.LIQUIDATION_ORDER: DenyRule(
        "liquidation_order",
        403,
        False,
        "the house made this order to meet a margin call",
        "meet the margin call: the order is canceled then",
    ),
    DenyCode.LOT_METHOD_NOT_SUPPORTED: DenyRule(
        "lot_method_not_supported",
        422,
        False,
        "no such lot method",
        "use average, fifo, lifo or hifo",
    ),
}
