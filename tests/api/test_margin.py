"""Margin accounts: borrowed cash and shares, calls and what the house closes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from stockyard.model.facts import ClockTick
from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader

DAY = 86_400 * SECOND


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader with a margin account of $100,000."""
    trader = await rig.trader()
    assert (await trader.call("PATCH", "/account", {"kind": "margin"})).json["kind"] == "margin"
    return trader


@pytest.fixture
async def heard(rig: Rig, ann: Trader) -> AsyncIterator[Listener]:
    """A stream that follows the account."""
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    yield listener
    await listener.hang_up()


async def a_day_later(rig: Rig, email: str) -> Trader:
    """The same trader, whose session has ended meanwhile."""
    rig.clock.time_ns += DAY
    return Trader(rig, await rig.sign_in(email))


async def account(trader: Trader) -> Any:
    return (await trader.call("GET", "/account")).json


async def test_cash_is_borrowed_and_the_account_says_so(rig: Rig, ann: Trader) -> None:
    rig.quote("AAPL", 200, 200)
    assert (await account(ann))["buying_power"] == "200000.00"
    taken = (await ann.order(type="limit", limit_price="200", qty="900")).json
    assert (taken["status"], taken["position_intent"]) == ("filled", "buy_to_open")
    told = await account(ann)
    assert told["kind"] == "margin"
    assert (told["cash"], told["equity"]) == ("-80000.00", "100000.00")
    assert (told["long_market_value"], told["short_market_value"]) == ("180000.00", "0.00")
    assert (told["initial_margin"], told["maintenance_margin"]) == ("90000.00", "54000.00")
    assert (told["excess"], told["buying_power"]) == ("46000.00", "20000.00")
    assert (told["withdrawable"], told["margin_call"]) == ("0.00", None)
    too_much = await ann.order(type="limit", limit_price="200", qty="101")
    assert (too_much.status, too_much.json["code"]) == (403, "exceeds_buying_power")
    assert (too_much.json["required"], too_much.json["available"]) == ("10100.00", "10000.00")
    stays = await ann.call("PATCH", "/account", {"kind": "cash"})
    assert (stays.status, stays.json["code"]) == (403, "account_borrows")
    rig.restart()
    assert await account(ann) == told


async def test_shares_are_borrowed_and_given_back(rig: Rig, ann: Trader) -> None:
    rig.quote("AAPL", 200, 200.1)
    previewed = (await ann.call("POST", "/orders/preview", sale(100))).json
    assert (previewed["accepted"], previewed["borrow_fee_per_day"]) == (True, "0.16675")
    assert previewed["reserved"] == "10000.00"
    sold = (await ann.order(**sale(100))).json
    assert (sold["status"], sold["position_intent"]) == ("filled", "sell_to_open")
    rig.quote("AAPL", 209.9, 210)
    held = (await ann.call("GET", "/positions/AAPL")).json
    assert (held["side"], held["qty"], held["qty_available"]) == ("short", "-100", "-100")
    assert (held["avg_entry_price"], held["cost_basis"]) == ("200.00", "-20000.00")
    assert (held["current_price"], held["market_value"]) == ("210.00", "-21000.00")
    assert (held["unrealized_pl"], held["unrealized_pl_percent"]) == ("-1000.00", "-5")
    told = await account(ann)
    assert (told["equity"], told["short_market_value"]) == ("99000.00", "-21000.00")
    portfolio = (await ann.call("GET", "/portfolio")).json
    assert (portfolio["equity"], portfolio["unrealized_pl"]) == ("99000.00", "-1000.00")
    put = {"take_profit": {"limit_price": "190"}, "stop_loss": {"stop_price": "220"}}
    exits = await ann.call("PUT", "/positions/AAPL/protection", put)
    assert exits.json["take_profit"]["position_intent"] == "buy_to_close"
    assert (await ann.call("GET", "/positions/AAPL")).json["qty_available"] == "0"
    closed = await ann.call("DELETE", "/positions/AAPL", query="cancel_orders=true&percentage=50")
    assert (closed.json["side"], closed.json["qty"]) == ("buy", "50")
    story = (await ann.call("GET", f"/orders/{sold['id']}/story")).json
    assert "sells short" in story[0]["text"]


def sale(qty: int, **more: Any) -> dict[str, Any]:
    return {
        "symbol": "AAPL", "side": "sell", "qty": str(qty), "type": "limit", "limit_price": "200",
        **more,
    }  # fmt: skip


async def test_what_is_hard_to_borrow_says_so(rig: Rig, ann: Trader) -> None:
    rig.quote("UNH", 500, 500)
    asset = (await ann.call("GET", "/assets/UNH")).json
    assert (asset["marginable"], asset["shortable"], asset["easy_to_borrow"]) == (True, True, False)
    assert (asset["borrow_rate_percent"], asset["borrowable"]) == ("12", "20000")
    order = sale(10, symbol="UNH", limit_price="500")
    refused = await ann.order(**order)
    assert (refused.status, refused.json["code"]) == (403, "locate_needed")
    assert refused.json["field"] == "locate"
    assert (await ann.order(**order, locate=True)).json["status"] == "filled"
    coin = await ann.order(**sale(1, symbol="BTC/USD", limit_price="60000"))
    assert (coin.status, coin.json["code"]) == (403, "not_shortable")
    assert (await ann.call("GET", "/assets/BTC/USD")).json["marginable"] is False


async def test_a_call_is_told_and_met(rig: Rig, ann: Trader, heard: Listener) -> None:
    rig.quote("AAPL", 200, 200)
    await ann.order(type="limit", limit_price="200", qty="1000")
    rig.quote("AAPL", 142, 142)
    call = (await account(ann))["margin_call"]
    assert call == {"due_at": "2026-01-03T15:00:04.000000000Z", "liquidating": False}
    refused = await ann.order(qty="1")
    assert (refused.status, refused.json["code"]) == (403, "margin_called")
    rig.restart()
    assert (await account(ann))["margin_call"] == call
    assert (await ann.call("POST", "/account/deposits", {"amount": "600"})).status == 201
    assert (await account(ann))["margin_call"] is None
    listed = (await ann.call("GET", "/account/activities", query="kind=margin")).json
    assert [(one["kind"], one["text"]) for one in listed] == [
        ("margin_call_met", "The margin call was met: equity 42600.00, required 42600.00"),
        (
            "margin_called",
            "Margin call: equity 42000.00 of the 42600.00 required;"
            " due 2026-01-03T15:00:04.000000000Z",
        ),
    ]
    told = [await heard.next() for _ in range(3)]
    assert [frame["event"] for frame in told] == ["accepted", "fill", "margin_called"]
    assert told[2]["account"]["equity"] == "42000.00"
    assert told[2]["account"]["maintenance_margin"] == "42600.00"


async def test_a_call_that_is_not_met_ends_in_a_liquidation(
    rig: Rig, ann: Trader, heard: Listener
) -> None:
    rig.quote("AAPL", 200, 200)
    await ann.order(type="limit", limit_price="200", qty="1000")
    rig.quote("AAPL", 142, 142)
    ann = await a_day_later(rig, "ann@example.com")
    rig.feed(ClockTick())
    assert (await account(ann))["margin_call"]["liquidating"] is True
    rig.quote("AAPL", 142, 142)
    told = await account(ann)
    assert (told["margin_call"], told["long_market_value"]) == (None, "0.00")
    assert told["interest"] == "19.444445"
    frames = [await heard.next() for _ in range(7)]
    words = [frame["event"] for frame in frames]
    assert words[2:] == ["margin_called", "interest_charged", "liquidation_started", "accepted",
                         "fill"]  # fmt: skip
    assert frames[3]["account"] | {"account_id": ""} == {
        "account_id": "", "kind": "debit_interest", "symbol": None, "base": "100000.00",
        "rate_percent": "7", "amount": "19.444445", "cash": "-100019.444445",
    }  # fmt: skip
    listed = (await ann.call("GET", "/account/activities")).json
    kinds = [one["kind"] for one in listed[:3]]
    assert kinds == ["margin_call_met", "fill", "liquidation_started"]
    assert listed[2]["text"].startswith("The account is being liquidated: equity 41980.55")
    sale_id = frames[5]["order"]["id"]
    story = (await ann.call("GET", f"/orders/{sale_id}/story")).json
    assert "margin call was not met" in story[0]["text"]


@pytest.mark.parametrize("again", [False, True], ids=["", "repeated"])
async def test_an_answer_is_the_commands_own_whatever_else_its_record_tells(
    rig: Rig, ann: Trader, heard: Listener, again: bool
) -> None:
    """Midnight's interest makes a call, told after the refusal that the same record gives."""
    rig.quote("AAPL", 200, 200)
    key = {"Idempotency-Key": "k"}
    said = {"type": "limit", "limit_price": "200", "qty": "1000"}
    first = await ann.order(headers=key, **said)
    rig.quote("AAPL", 142.86, 142.86)
    assert (await account(ann))["margin_call"] is None
    rig.clock.time_ns += 10 * 3600 * SECOND
    if again:
        answer = await ann.order(headers=key, **said)
        assert (answer.status, answer.json["id"]) == (201, first.json["id"])
        assert answer.headers["idempotent-replayed"] == "true"
    else:
        answer = await ann.order(headers=key, qty="99999999", type="limit", limit_price="1")
        assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
        answer = await ann.order(qty="99999999", type="limit", limit_price="1")
        assert answer.json["code"] == "quantity_too_large"
    told = [(await heard.next())["event"] for _ in range(5)][2:]
    assert told == ["interest_charged", "repeated" if again else "denied", "margin_called"]


async def test_what_borrowing_cost_is_listed(rig: Rig, ann: Trader) -> None:
    rig.quote("AAPL", 200, 200)
    rig.quote("UNH", 300, 300)
    await ann.order(type="limit", limit_price="200", qty="650")
    short = sale(100, symbol="UNH", limit_price="300")
    assert (await ann.order(**short, locate=True)).json["status"] == "filled"
    assert (await account(ann))["cash"] == "0.00"
    assert (await ann.call("GET", "/account/charges")).json == []
    for _ in range(2):
        ann = await a_day_later(rig, "ann@example.com")
        rig.feed(ClockTick())
    rig.restart()
    charges = (await ann.call("GET", "/account/charges")).json
    assert [(c["kind"], c["symbol"], c["amount"]) for c in charges] == [
        ("borrow_fee", "UNH", "10.00"),
        ("debit_interest", None, "0.001945"),
        ("borrow_fee", "UNH", "10.00"),
    ]
    assert charges[1] | {"id": "", "account_id": ""} == {
        "id": "", "account_id": "", "kind": "debit_interest", "symbol": None, "base": "10.00",
        "rate_percent": "7", "amount": "0.001945", "cash_after": "-10.001945",
        "charged_at": charges[0]["charged_at"],
    }  # fmt: skip
    assert (charges[0]["base"], charges[0]["rate_percent"]) == ("30000.00", "12")
    assert charges[0]["charged_at"] > charges[2]["charged_at"]
    assert (await account(ann))["interest"] == "20.001945"
    told = (await ann.call("GET", "/account/activities", query="kind=charge")).json
    assert [(one["text"], one["amount"], one["cash_after"]) for one in told][:2] == [
        ("Fee for borrowed UNH worth 30000.00, at 12 % a year", "-10.00", "-20.001945"),
        ("Interest on 10.00 of borrowed cash, at 7 % a year", "-0.001945", "-10.001945"),
    ]
    paged, query = [], "limit=1"
    while page := (await ann.call("GET", "/account/charges", query=query)).json:
        paged += page
        query = f"limit=1&after={page[0]['id']}"
    assert paged == charges
    other = Trader(rig, (await rig.trader("bob@example.com")).headers)
    assert (await other.call("GET", "/account/charges")).json == []
    wrong = await ann.call("GET", "/account/charges", query="after=yesterday")
    assert (wrong.status, wrong.json["code"], wrong.json["field"]) == (422, "invalid_id", "after")


async def test_proceeds_come_a_day_later_in_a_cash_account(rig: Rig) -> None:
    bob = await rig.trader("bob@example.com")
    rig.quote("AAPL", 200, 200)
    await bob.order(type="limit", limit_price="200", qty="500")
    await bob.order(side="sell", qty="500")
    told = await account(bob)
    assert (told["cash"], told["unsettled"]) == ("100000.00", "100000.00")
    assert (told["buying_power"], told["withdrawable"]) == ("100000.00", "0.00")
    refused = await bob.call("POST", "/account/withdrawals", {"amount": "1"})
    assert (refused.status, refused.json["code"]) == (403, "exceeds_withdrawable_cash")
    await bob.order(type="limit", limit_price="200", qty="10")
    await bob.order(side="sell", qty="10")
    assert (await account(bob))["good_faith_violations"] == 1
    (listed,) = (await bob.call("GET", "/account/activities", query="kind=margin")).json
    assert listed["text"].startswith("Good faith violation 1: 10 AAPL were sold before")
    bob = await a_day_later(rig, "bob@example.com")
    assert (await account(bob))["withdrawable"] == "100000.00"


async def test_an_account_is_opened_as_one_that_borrows(rig: Rig) -> None:
    bob = await rig.trader("bob@example.com")
    opened = await bob.call("POST", "/accounts", {"name": "Bold", "kind": "margin"})
    assert (opened.status, opened.json["kind"]) == (201, "margin")
    assert opened.json["buying_power"] == "200000.00"
    wrong = await bob.call("POST", "/accounts", {"name": "Bold", "kind": "credit"})
    assert (wrong.status, wrong.json["code"]) == (422, "account_kind_not_supported")
    both = {"kind": "cash", "profile": "ideal"}
    for body in ({}, both):
        refused = await bob.call("PATCH", "/account", body)
        assert (refused.status, refused.json["code"]) == (422, "one_change_at_a_time")
