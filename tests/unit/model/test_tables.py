"""Goal: every number has one word and every word one number. Method: read the tables themselves."""

import re
from typing import Any

import pytest

from stockyard.engine import order_rules
from stockyard.model import codes
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    ACCOUNT_STATUS_WORDS,
    ASSET_CLASS_WORDS,
    CHARGE_WORDS,
    CLASS_WORDS,
    FEE_WORDS,
    FILL_RULE_WORDS,
    LIFECYCLE_WORDS,
    LIMIT_RULE_WORDS,
    LOT_METHOD_WORDS,
    OPEN_STATUSES,
    PLAN_WORDS,
    REASON_WORDS,
    REST_WORDS,
    SIDE_WORDS,
    STATUS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    AccountKind,
    AccountStatus,
    AssetClass,
    ChargeKind,
    FeeKind,
    FillRule,
    LimitRule,
    LotMethod,
    OrderClass,
    OrderType,
    Plan,
    Reason,
    Rest,
    Side,
    Status,
    TimeInForce,
    Trigger,
)
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.order_types import ORDER_TYPES

WORDED = [
    (Side, SIDE_WORDS),
    (OrderType, TYPE_WORDS),
    (TimeInForce, TIF_WORDS),
    (Status, STATUS_WORDS),
    (Reason, REASON_WORDS),
    (AssetClass, ASSET_CLASS_WORDS),
    (AccountStatus, ACCOUNT_STATUS_WORDS),
    (AccountKind, ACCOUNT_KIND_WORDS),
    (ChargeKind, CHARGE_WORDS),
    (FillRule, FILL_RULE_WORDS),
    (LimitRule, LIMIT_RULE_WORDS),
    (LotMethod, LOT_METHOD_WORDS),
    (FeeKind, FEE_WORDS),
    (Plan, PLAN_WORDS),
    (Rest, REST_WORDS),
]
RELEASED = {
    "Side": "BUY=1 SELL=2",
    "OrderType": "MARKET=1 LIMIT=2 STOP=3 STOP_LIMIT=4 TRAILING_STOP=5",
    "TimeInForce": "DAY=1 GTC=2 IOC=3 FOK=4 GTD=5 OPG=6 CLS=7",
    "Phase": "CLOSED=0 PRE=1 OPEN=2 POST=3",
    "LotMethod": "AVERAGE=1 FIFO=2 LIFO=3 HIFO=4",
    "Auction": "OPENING=1 CLOSING=2",
    "Status": "NONE=0 ACCEPTED=1 NEW=2 PARTIALLY_FILLED=3 FILLED=4 CANCELED=5 EXPIRED=6 "
    "REPLACED=7 REJECTED=8 HELD=9 PENDING_NEW=10 PENDING_CANCEL=11",
    "OrderClass": "SIMPLE=0 BRACKET=1 OCO=2 OTO=3",
    "Trigger": "QUEUE=1 ADMIT=2 FILL_PART=3 FILL_REST=4 CANCEL=5 EXPIRE=6 REPLACE=7 REJECT=8 "
    "HOLD=9 SEND=10 SEND_CANCEL=11",
    "Reason": "BY_CLIENT=1 DAY_ENDED=2 IMMEDIATE_REST=3 NOT_FILLABLE_WHOLE=4 BEYOND_COLLAR=5 "
    "ACCOUNT_RESET=6 POSITION_CLOSED=7 NOTIONAL_SPENT=8 ACCOUNT_AT_LIMIT=9 DATE_REACHED=10 "
    "OTHER_LEG_FILLED=11 OTHER_LEG_ENDED=12 ENTRY_NOT_FILLED=13 NOTHING_TO_EXIT=14 "
    "PROTECTION_REPLACED=15 VENUE_REJECTED=16 REPLACED_TOO_LATE=17 REPLACEMENT_UNFIT=18 "
    "NOT_FILLED_IN_AUCTION=21 NO_AUCTION_PRINT=22 LIQUIDATION=26 MARGIN_CALL_MET=27",
    "AssetClass": "US_EQUITY=1 CRYPTO=2",
    "AccountStatus": "ACTIVE=1 SUSPENDED=2 CLOSED=3",
    "AccountKind": "CASH=1 MARGIN=2",
    "ChargeKind": "DEBIT_INTEREST=1 BORROW_FEE=2",
    "FillRule": "TAKE_WHOLE=1 TAKE_QUOTED=2 REST_WHOLE=3 REST_QUOTED=4 TAKE_DEPTH=5 REST_PASSED=6 "
    "REST_PRINTED=7 REST_QUEUE=8 AUCTION_WHOLE=13 AUCTION_PRINTED=14",
    "Restriction": "SUSPENDED=1 NO_SHORTING=2 NO_FRACTIONS=4 ALL=7",
    "Plan": "DENY=1 REJECT=2 FILL=3 DELAY=4 HOLD=5 EXPIRE=6 CANCEL=7",
    "Rest": "WAITS=1 CANCELED=2 WORKS=3",
    "Part": "ORDER=0 TAKE_PROFIT=1 STOP_LOSS=2 EXIT=3",
    "LimitRule": "TOUCH=1 PENETRATE=2 QUEUE=3",
    "FeeKind": "COMMISSION=1 SEC=2 TAF=3 CRYPTO_TAKER=4 CRYPTO_MAKER=5 ORF=6 CAT=7",
    "Book": "FUNDING=1 STREET=2 ROUNDING=3 COMMISSION=4 SEC=5 TAF=6 EXCHANGE=7 INTEREST=8 BORROW=9 "
    "ORF=10 CAT=11",
}
"""Numbers that stand in journals: new ones are added here, none is changed or taken away."""


def numbers(of: type) -> dict[str, int]:
    """The numbers of a table of codes by name."""
    return {name: value for name, value in vars(of).items() if name.isupper()}


@pytest.mark.parametrize(("table", "words"), WORDED, ids=lambda part: getattr(part, "__name__", ""))
def test_every_number_has_a_word_of_its_own(table: type, words: dict[int, str]) -> None:
    values = [value for value in numbers(table).values() if value]
    assert sorted(values) == sorted(words)
    assert len(set(words.values())) == len(words)
    assert all(re.fullmatch(r"[a-z0-9_]+", word) for word in words.values())


@pytest.mark.parametrize("name", RELEASED)
def test_released_numbers_stay(name: str) -> None:
    released = {part.split("=")[0]: int(part.split("=")[1]) for part in RELEASED[name].split()}
    assert released.items() <= numbers(getattr(codes, name)).items()


def test_every_table_of_codes_is_watched() -> None:
    tables = {name for name, value in vars(codes).items() if isinstance(value, type)}
    assert tables == set(RELEASED)


@pytest.mark.parametrize("table", [getattr(codes, name) for name in RELEASED] + [DenyCode])
def test_numbers_are_given_once(table: type) -> None:
    values = list(numbers(table).values())
    assert len(set(values)) == len(values)


def test_every_order_class_has_a_word() -> None:
    assert sorted(numbers(codes.OrderClass).values()) == sorted(codes.CLASS_WORDS)


def test_every_status_has_its_textbook_word() -> None:
    assert set(LIFECYCLE_WORDS) == set(STATUS_WORDS.values())
    assert {LIFECYCLE_WORDS[STATUS_WORDS[status]] for status in OPEN_STATUSES} == {
        "pending",
        "submitted",
        "partial",
    }


def test_every_deny_code_has_a_rule_and_every_rule_a_code() -> None:
    assert set(numbers(DenyCode).values()) == set(DENY_RULES)
    words = [rule.word for rule in DENY_RULES.values()]
    assert len(set(words)) == len(words)
    for rule in DENY_RULES.values():
        assert re.fullmatch(r"[a-z_]+", rule.word)
        assert rule.http_status in (403, 404, 422)
        assert rule.wrong.strip()
        assert rule.right.strip()


def test_rules_stand_in_order_of_precedence() -> None:
    assert list(DENY_RULES) == sorted(DENY_RULES)


@pytest.mark.parametrize("row", ORDER_TYPES, ids=lambda row: row.word)
def test_every_order_type_has_its_rule_and_its_words(row: Any) -> None:
    assert callable(getattr(order_rules, f"{row.word}_worst_price"))
    assert TYPE_WORDS[row.order_type] == row.word
    assert set(row.times_in_force) <= set(TIF_WORDS)
    assert OrderClass.SIMPLE in row.classes
    assert set(row.classes) <= set(CLASS_WORDS)
    assert row.title.strip()
    assert row.description.endswith(".")


def test_every_order_type_has_a_row() -> None:
    assert [row.order_type for row in ORDER_TYPES] == sorted(numbers(OrderType).values())
    assert len(numbers(Trigger)) == 11
