"""The permanent numbers of the rules we refuse by, and what is told of each.

Promises: numbers are never reused; their order is that of precedence. Must not know: the words for
them (``denials``).
"""

from typing import Final, NamedTuple


class DenyRule(NamedTuple):
    """What is told about a code: permanent word, HTTP status, retryable, what was wrong, what is
    right.
    """

    word: str
    http_status: int
    retryable: bool
    wrong: str
    right: str


class DenyCode:
    """Numbers of the broken rules, in order of precedence."""

    KEY_REUSED: Final = 10
    UNKNOWN_ACCOUNT: Final = 20
    ACCOUNT_NOT_ACTIVE: Final = 30
    TRADING_SUSPENDED: Final = 31
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
    POST_ONLY_NOT_ALLOWED: Final = 395
    POST_ONLY_WOULD_TRADE: Final = 396
    NO_MARK_PRICE: Final = 397
    PERP_NEEDS_MARGIN_ACCOUNT: Final = 398
    TOO_MANY_OPEN_ORDERS: Final = 400
    MARGIN_CALLED: Final = 401
    OPPOSITE_ORDER_OPEN: Final = 402
    NOT_SHORTABLE: Final = 403
    SHORT_NOT_WHOLE: Final = 404
    LOCATE_NEEDED: Final = 405
    NOT_ENOUGH_TO_BORROW: Final = 406
    EQUITY_BELOW_MINIMUM: Final = 407
    SHORTING_RESTRICTED: Final = 408
    FRACTIONS_RESTRICTED: Final = 409
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
    REDUCE_ONLY_WOULD_OPEN: Final = 451
    POSITION_IN_LIQUIDATION: Final = 452
    NOT_A_PERPETUAL: Final = 453
    LEVERAGE_OUT_OF_RANGE: Final = 454
    LEVERAGE_WITH_ORDERS_OPEN: Final = 455
    LEVERAGE_DOES_NOT_FIT: Final = 456
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
    RESTRICTION_NOT_SUPPORTED: Final = 662
    OUTCOME_NOT_SUPPORTED: Final = 671
    TOO_MANY_OUTCOMES: Final = 672
    UNKNOWN_OUTCOME: Final = 673
    ORDER_NOT_HELD_BACK: Final = 674
